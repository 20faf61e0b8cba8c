#!/usr/bin/env python3
"""Golden values for the tests, computed with PyTorch in double precision.

    python3 scripts/golden.py tests/golden      (needs torch >= 1.13 and numpy; about a minute)

Writes safetensors files (all tensors F64, notes in __metadata__) that the C tests
compare with.  The network is written here from its description (Grathwohl et al. 2020,
wideresnet.py: WRN with the stride on the second convolution), independently of the C code.

Every number that goes in is recomputable from a name:

    hash(name): h = FNV-1a 32 of the name;  u_i = i*2654435761 + h mod 2^32;  u ^= u >> 15;
                u *= 2246822519 mod 2^32;  u ^= u >> 13;  v_i = u/2^31 - 1
    parameters  from their state-dict names: weights gain/sqrt(fan_in) * v with gain = 2,
                biases 0.1 * v; of norms: weight, scale and running_var 1 + 0.1 * v,
                bias, loc and running_mean 0.1 * v

Long vectors g are recorded as a "digest" of 6 numbers: |g|_2, <g, hash("probe." + name)>
with the tensor's name, and g[0..3] (zeros where g is shorter).

values.safetensors: names are MODEL/WHAT; MODEL one of wrn-10-2, wrn-10-2-{batch,instance,
layer,act}, -batch-eval (evaluation mode: hash running statistics; all others are in training
mode), wrn-10-2-gloss (128x128, K = 2, D = 10), wrn-28-10, wrn-22-10, wrn-22-8.
    logits [n,K], lse [n]       of x = hash("x"), n = 2 (gloss and full-size networks: 1)
    grad [n,3,32,32] or digest  gradient of sum_i LSE(x_i) to x (digest name: "grad")
    grad_d/NAME, grad_g/NAME    digests of the gradients of l_D (labels 3, 7) and l_G
                                (x+ = hash("x"), x- = hash("xq")) to parameter NAME
    losses [5]                  l_D, l_D with smoothing 0.05, l_G, g_D, g_G
    chain_lse [4]               wrn-10-2: LSE before and after 20 Langevin steps from xq
    batch_mean/NAME, batch_var/NAME  batch norm: statistics of x, variance unbiased
    z [1,D]                     gloss: the projection's output
With norms l_G is computed from two separate forward passes, x+ and then x-.

steps_shared.safetensors and steps_independent.safetensors: ten training steps of WRN-10-1,
K = 10, 3x32x32 images, batch B = 4, no norm, no dropout, no augmentation or input noise.

    for it = 0 .. 9:
        xl = hash("x.IT") [4,3,32,32];  y_j = floor((hash("y.IT")_j + 1) / 2 * 10)
        x+ = xl                          (shared: alpha 0.5, no label smoothing)
        x+ = hash("xplus.IT")            (independent: alpha 0.8, label smoothing 0.05)
        x  = hash("start.IT")
        for k = 0, 1, 2:                 L = 3 Langevin steps, lambda 1, sigma 0.01
            x <- clip(x + (1 - k/3) * grad LSE(x) + 0.01 * hash("noise.IT.K"), -1, 1)
        x- = x
        l_D = mean cross entropy of (xl, y);  l_G = -(mean LSE(x+) - mean LSE(x-))
        G_D, G_G their gradients;  c = |G_D| / (|G_G| + 1e-8)
        Adam (0.9, 0.999, eps 1e-8, step it + 1) with gradient alpha c G_G + (1 - alpha) G_D,
        lr = 1e-3 * it/5 for it <= 5, then 0.5e-3 * (1 + cos(pi (it - 5)/(10 - 5)))
The chain and the gradients use the parameters before the update.

    steps [10,11]   columns as in metadata "columns": lr, l_D, l_G, g_D, g_G, c, cosine of G_D
                    and G_G, mean LSE(x+), mean LSE(x-), sum of x-, |x- - start|_2
    final/NAME [6]  digest of each parameter after the ten steps, in state-dict order
    first_x [4,3,32,32]  x- of iteration 0
metadata "float32_steps", "float32_final": the largest difference, relative to the largest
magnitude of its column or tensor, when PyTorch does the same in float32.
"""
import json
import math
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

GAIN, SLOPE = 2.0, 0.2


# ---- deterministic values and files

def hash_values(name, count):
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 % 2**32
    u = (np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(h)) % np.uint64(2**32)
    u ^= u >> np.uint64(15)
    u = u * np.uint64(2246822519) % np.uint64(2**32)
    u ^= u >> np.uint64(13)
    return u.astype(np.float64) / 2**31 - 1


def hash_tensor(name, *shape):
    return torch.from_numpy(hash_values(name, int(np.prod(shape))).reshape(shape))


def digest(name, g):
    g = g.detach().double().reshape(-1).numpy()
    head = np.zeros(4)
    head[:min(4, g.size)] = g[:4]
    return np.concatenate([[np.linalg.norm(g), g @ hash_values('probe.' + name, g.size)], head])


def save(path, tensors, metadata):
    header, blobs, offset = {'__metadata__': metadata}, [], 0
    for name, value in tensors.items():
        blob = np.ascontiguousarray(value, dtype='<f8').tobytes()
        header[name] = {'dtype': 'F64', 'shape': list(np.shape(value)),
                        'data_offsets': [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(blobs))
    print(f'{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes')


# ---- the network, as a function of a dictionary of parameters

class Net:
    """WRN-depth-width; parameters are created from their names on first use."""

    def __init__(self, depth, width, classes, norm=None, train=True, proj=0, dtype=torch.float64):
        self.blocks, self.width, self.classes = (depth - 4) // 6, width, classes
        self.norm_kind, self.train, self.proj, self.dtype = norm, train, proj, dtype
        self.params, self.running, self.stats, self.z = {}, {}, {}, None

    def param(self, name, *shape, one=False, weight=False):
        if name not in self.params:
            v = hash_tensor(name, *shape)
            if weight:
                v = GAIN / math.sqrt(np.prod(shape[1:])) * v
            else:
                v = 1 + 0.1 * v if one else 0.1 * v
            self.params[name] = v.to(self.dtype).requires_grad_()
        return self.params[name]

    def conv(self, x, name, channels, kernel, stride):
        w = self.param(name + '.weight', channels, x.shape[1], kernel, kernel, weight=True)
        b = self.param(name + '.bias', channels)
        return F.conv2d(x, w, b, stride=stride, padding=kernel // 2)

    def linear(self, x, name, features):
        w = self.param(name + '.weight', features, x.shape[1], weight=True)
        return F.linear(x, w, self.param(name + '.bias', features))

    def norm(self, x, name):
        c = x.shape[1]
        if self.norm_kind is None:
            return x
        if self.norm_kind == 'act':
            scale = self.param(name + '.scale', 1, c, 1, 1, one=True)
            return scale * (x + self.param(name + '.loc', 1, c, 1, 1))
        w, b = self.param(name + '.weight', c, one=True), self.param(name + '.bias', c)
        if self.norm_kind == 'layer':
            return F.group_norm(x, 1, w, b, 1e-5)
        if self.norm_kind == 'instance':
            return F.instance_norm(x, None, None, w, b, True, 0.0, 1e-5)
        mean = 0.1 * hash_tensor(name + '.running_mean', c)
        var = 1 + 0.1 * hash_tensor(name + '.running_var', c)
        if self.train:
            self.stats[name] = (x.detach().mean((0, 2, 3)), x.detach().var((0, 2, 3)))
        return F.batch_norm(x, mean, var, w, b, self.train, 0.0, 1e-5)

    def block(self, x, name, channels, stride):
        h = F.leaky_relu(self.norm(x, name + '.bn1'), SLOPE)
        h = self.conv(h, name + '.conv1', channels, 3, 1)
        h = F.leaky_relu(self.norm(h, name + '.bn2'), SLOPE)
        h = self.conv(h, name + '.conv2', channels, 3, stride)
        if stride != 1 or x.shape[1] != channels:
            x = self.conv(x, name + '.shortcut.0', channels, 1, stride)
        return h + x

    def __call__(self, x):
        h = self.conv(x, 'f.conv1', 16, 3, 1)
        for stage in (1, 2, 3):
            for b in range(self.blocks):
                stride = 2 if stage > 1 and b == 0 else 1
                h = self.block(h, f'f.layer{stage}.{b}', 2**(3 + stage) * self.width, stride)
        h = F.leaky_relu(self.norm(h, 'f.bn1'), SLOPE)
        h = F.avg_pool2d(h, 8, 8).flatten(1)
        if self.proj:
            # concat-ELU along channels; flattened channel-major this is [h, -h] too
            h = F.elu(torch.cat([h, -h], 1))
            h = self.z = self.linear(h, 'proj', self.proj)
        return self.linear(h, 'class_output', self.classes)

    def lse(self, x):
        return torch.logsumexp(self(x), 1)

    def gradients(self, loss):
        return torch.autograd.grad(loss, list(self.params.values()))


def grad_lse(net, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(net.lse(x).sum(), x)[0]


def total_norm(grads):
    return math.sqrt(sum(float((g.double()**2).sum()) for g in grads))


# ---- values.safetensors

def record_losses(out, key, net):
    x, xq, y = hash_tensor('x', 2, 3, 32, 32), hash_tensor('xq', 2, 3, 32, 32), torch.tensor([3, 7])
    logits = net(x)
    l_d = F.cross_entropy(logits, y)
    smooth = F.cross_entropy(logits, y, label_smoothing=0.05)
    l_g = -(torch.logsumexp(logits, 1).mean() - net.lse(xq).mean())
    grad_d = torch.autograd.grad(l_d, list(net.params.values()), retain_graph=True)
    grad_g = net.gradients(l_g)
    out[key + '/losses'] = [float(v) for v in (l_d, smooth, l_g)] + [total_norm(grad_d),
                                                                      total_norm(grad_g)]
    for name, d, g in zip(net.params, grad_d, grad_g):
        out[f'{key}/grad_d/{name}'] = digest(name, d)
        out[f'{key}/grad_g/{name}'] = digest(name, g)


def record_values():
    out = {}
    x = hash_tensor('x', 2, 3, 32, 32)
    kinds = [(None, True, ''), ('batch', True, '-batch'), ('batch', False, '-batch-eval'),
             ('instance', True, '-instance'), ('layer', True, '-layer'), ('act', True, '-act')]
    for norm, train, suffix in kinds:
        net, key = Net(10, 2, 10, norm, train), 'wrn-10-2' + suffix
        logits = net(x)
        out[key + '/logits'], out[key + '/lse'] = logits.detach(), torch.logsumexp(logits, 1).detach()
        for name, (mean, var) in net.stats.items():
            out[f'{key}/batch_mean/{name}'], out[f'{key}/batch_var/{name}'] = mean, var
        grad = grad_lse(net, x)
        out[key + '/grad'] = grad if norm is None else digest('grad', grad)
        record_losses(out, key, net)
    net = Net(10, 2, 10)
    start = chain = hash_tensor('xq', 2, 3, 32, 32)
    before = net.lse(chain).detach()
    for k in range(20):
        chain = (chain + (1 - k / 20) * grad_lse(net, chain)).clamp(-1, 1)
    out['wrn-10-2/chain_lse'] = torch.cat([before, net.lse(chain).detach()])
    out['wrn-10-2/chain_move'] = [float((chain - start).norm()), float(chain.sum())]

    net, x1 = Net(10, 2, 2, proj=10), hash_tensor('x', 1, 3, 128, 128)
    logits = net(x1)
    out['wrn-10-2-gloss/logits'], out['wrn-10-2-gloss/z'] = logits.detach(), net.z.detach()
    out['wrn-10-2-gloss/lse'] = torch.logsumexp(logits, 1).detach()
    out['wrn-10-2-gloss/grad'] = digest('grad', grad_lse(net, x1))

    for name, depth, width, classes, channels in (('wrn-28-10', 28, 10, 10, 3),
                                                  ('wrn-22-10', 22, 10, 10, 3),
                                                  ('wrn-22-8', 22, 8, 1000, 4)):
        net, x1 = Net(depth, width, classes), hash_tensor('x', 1, channels, 32, 32)
        with torch.no_grad():
            logits = net(x1)
        out[name + '/logits'], out[name + '/lse'] = logits, torch.logsumexp(logits, 1)
        out[name + '/grad'] = digest('grad', grad_lse(net, x1))
    return out


# ---- steps_*.safetensors

COLUMNS = ['lr', 'loss_d', 'loss_g', 'g_d', 'g_g', 'c', 'cosine', 'lse_pos', 'lse_neg',
           'sum_x_neg', 'move_x_neg']
BATCH, STEPS, WARMUP, LR, LANGEVIN, SIGMA = 4, 10, 5, 1e-3, 3, 0.01


def learning_rate(it):
    if it <= WARMUP:
        return LR * it / WARMUP
    return 0.5 * LR * (1 + math.cos(math.pi * (it - WARMUP) / (STEPS - WARMUP)))


def images(name, dtype):
    return hash_tensor(name, BATCH, 3, 32, 32).to(dtype)


def run_chain(net, it, dtype):
    x = images(f'start.{it}', dtype)
    for k in range(LANGEVIN):
        step = (1 - k / LANGEVIN) * grad_lse(net, x)
        x = (x + step + SIGMA * images(f'noise.{it}.{k}', dtype)).clamp(-1, 1)
    return x


def adam(net, state, grads, lr, t):
    for p, g in zip(net.params.values(), grads):
        m, v = state.setdefault(id(p), (torch.zeros_like(p), torch.zeros_like(p)))
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g * g
        state[id(p)] = (m, v)
        with torch.no_grad():
            p -= lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)


def train(shared, dtype):
    alpha, smoothing = (0.5, 0.0) if shared else (0.8, 0.05)
    net, state, rows, first = Net(10, 1, 10, dtype=dtype), {}, [], None
    for it in range(STEPS):
        xl = images(f'x.{it}', dtype)
        y = torch.from_numpy(np.floor((hash_values(f'y.{it}', BATCH) + 1) / 2 * 10).astype(np.int64))
        pos = xl if shared else images(f'xplus.{it}', dtype)
        net(xl)  # creates the parameters
        neg = run_chain(net, it, dtype)
        first = neg if first is None else first

        l_d = F.cross_entropy(net(xl), y, label_smoothing=smoothing)
        lse_pos, lse_neg = net.lse(pos).mean(), net.lse(neg).mean()
        l_g = -(lse_pos - lse_neg)
        grad_d, grad_g = net.gradients(l_d), net.gradients(l_g)
        g_d, g_g = total_norm(grad_d), total_norm(grad_g)
        c = g_d / (g_g + 1e-8)
        cosine = sum(float((d.double() * g.double()).sum())
                     for d, g in zip(grad_d, grad_g)) / (g_d * g_g)
        lr = learning_rate(it)
        adam(net, state, [alpha * c * g + (1 - alpha) * d for d, g in zip(grad_d, grad_g)], lr, it + 1)
        move = float((neg - images(f'start.{it}', dtype)).norm())
        rows.append([lr, float(l_d), float(l_g), g_d, g_g, c, cosine, float(lse_pos),
                     float(lse_neg), float(neg.double().sum()), move])
    return np.array(rows), {n: p.detach().double() for n, p in net.params.items()}, first.double()


def record_steps(shared):
    rows, final, first = train(shared, torch.float64)
    rows32, final32, _ = train(shared, torch.float32)
    deviation = np.abs(rows32 - rows).max(0) / np.abs(rows).max(0)
    final_deviation = max(float((final32[n] - p).abs().max() / p.abs().max())
                          for n, p in final.items())
    out = {'steps': rows, 'first_x': first}
    for name, p in final.items():
        out['final/' + name] = digest(name, p)
    return out, {'columns': ','.join(COLUMNS),
                 'float32_steps': ','.join(f'{d:.1e}' for d in deviation),
                 'float32_final': f'{final_deviation:.1e}'}


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: golden.py FOLDER')
    torch.manual_seed(0)
    folder, made = sys.argv[1], {'made_by': f'scripts/golden.py, torch {torch.__version__}'}
    save(os.path.join(folder, 'values.safetensors'), record_values(), made)
    for shared in (True, False):
        tensors, notes = record_steps(shared)
        print(np.array2string(tensors['steps'], precision=5, suppress_small=True, max_line_width=140))
        print(notes)
        name = 'steps_shared.safetensors' if shared else 'steps_independent.safetensors'
        save(os.path.join(folder, name), tensors, dict(made, **notes))


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
"""Trains the golden PixelVAE (model/pixelvae.h) in PyTorch beside jem, from the same start, with the same pictures,
batches, noise and schedule, and prints how far the losses are apart.

    python3 scripts/compare_pixelvae.py make DIR         start, pictures and settings
    jem train DIR/config.yaml --out DIR/run
    python3 scripts/compare_pixelvae.py compare DIR      (needs torch >= 1.13 and numpy; about a minute)

The network is written here from its description (Storrs et al. 2021, PixelCNN++), independently of the C code: in
double, layer by layer, weight norm spelt out.  No dropout; the code's noise is jem's: Philox4x32-10 with the key
(seed), counters (block, picture, step, purpose and node), Box-Muller.
"""
import csv
import json
import math
import os
import struct
import sys

import numpy as np

from golden import hash_values

SIDE, FILTERS, ENCODER, MIXTURES, LATENTS, BLOCKS = 16, 8, 4, 2, 3, 1
PICTURES, BATCH, STEPS, RATE, DECAY, SEED = 8, 4, 200, 1e-3, 0.999995, 1
DROPOUT_PURPOSE, NOISE_NODE = 13, 12  # RNG_DROPOUT; the operator's place in the graph

CONFIG = f"""alpha: 1
seed: {SEED}
model:
  name: pixelvae
  latents: {LATENTS}
  filters: {FILTERS}
  encoder_filters: {ENCODER}
  blocks: {BLOCKS}
  mixtures: {MIXTURES}
  dropout: 0
data:
  kind: npy
  path: DIR
  val_fraction: 0
  order: file
  crop: false
  flip: false
  noise_std: 0
train:
  objective: pixelvae
  init: DIR/start.safetensors
  batch: {BATCH}
  iterations: {STEPS}
  lr: {RATE}
  warmup: 0
  schedule: exponential
  beta1: 0.95
  beta2: 0.9995
  adam_eps_inside: true
  log_every: 1
"""


# ---- the network's layers, by the names of its parameters

def layers():
    """name -> shape of V (or hw), in the order of the authors' code."""
    f, e = FILTERS, ENCODER
    shapes = {}

    def normed(name, *shape):
        shapes[name + ".V"] = shape
        shapes[name + ".g"] = shapes[name + ".b"] = shape[:1]

    for i, (a, b) in enumerate([(3, e), (e, 2 * e), (2 * e, 4 * e)]):
        normed(f"encoder.conv2d_{i}", b, a, 4, 4)
    normed("encoder.dense_0", 8 * e, 4 * e * (SIDE // 8) ** 2)
    normed("encoder.dense_1", LATENTS, 8 * e)
    normed("encoder.dense_2", LATENTS, 8 * e)
    count = {"conv2d": 0, "deconv2d": 0, "dense": 0, "conditional_weights": 0}

    def next_name(kind):
        count[kind] += 1
        return f"model.{kind}_{count[kind] - 1}"

    def block(kh, kw, a):
        normed(next_name("conv2d"), f, 2 * f, kh, kw)
        if a:
            normed(next_name("dense"), f, 2 * a)
        normed(next_name("conv2d"), 2 * f, 2 * f, kh, kw)
        shapes[next_name("conditional_weights") + ".hw"] = (2 * f, LATENTS)

    for kh, kw in [(2, 3), (1, 3), (2, 1)]:
        normed(next_name("conv2d"), f, 4, kh, kw)
    for stage in range(3):
        for _ in range(BLOCKS):
            block(2, 3, 0)
            block(2, 2, f)
        if stage < 2:
            normed(next_name("conv2d"), f, f, 2, 3)
            normed(next_name("conv2d"), f, f, 2, 2)
    for stage in range(3):
        for _ in range(BLOCKS + (stage > 0)):
            block(2, 3, f)
            block(2, 2, 2 * f)
        if stage < 2:
            normed(next_name("deconv2d"), f, f, 2, 3)
            normed(next_name("deconv2d"), f, f, 2, 2)
    normed(next_name("dense"), 10 * MIXTURES, f)
    return shapes


def start():
    out = {}
    for name, shape in layers().items():
        v = np.asarray(hash_values(name, math.prod(shape)), dtype=np.float64).reshape(shape)
        scale = {"V": 1, "w": 0.05}.get(name[-1], 0.1)
        out[name] = (v * scale + (1 if name.endswith(".g") else 0)).astype(np.float32)
    return out


def pictures():
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    out = np.empty((PICTURES, 3, SIDE, SIDE))
    grain = np.asarray(hash_values("grain", out.size)).reshape(out.shape)
    for i in range(PICTURES):
        for c in range(3):
            out[i, c] = 0.8 * np.sin(2 * math.pi * ((1 + i % 3) * x + (i // 3) * y) + c + i)
    return np.clip(np.floor(127.5 * (out + 0.1 * grain + 1)), 0, 255).astype(np.uint8)


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, v in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at + v.nbytes]}
        at += v.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for v in tensors.values():
            f.write(v.tobytes())


def make(folder):
    os.makedirs(folder, exist_ok=True)
    write_safetensors(f"{folder}/start.safetensors", start())
    images = pictures()
    labels = np.arange(PICTURES, dtype=np.int64) % 2
    np.save(f"{folder}/train_x.npy", images)
    np.save(f"{folder}/train_y.npy", labels)
    np.save(f"{folder}/test_x.npy", images[:2])
    np.save(f"{folder}/test_y.npy", labels[:2])
    with open(f"{folder}/config.yaml", "w", encoding="utf-8") as f:
        f.write(CONFIG.replace("DIR", os.path.abspath(folder)))


# ---- jem's noise

def philox(key, counter):
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    c = list(counter)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k0, b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k1, a & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def noise(step, picture):
    z = []
    for block in range((LATENTS + 3) // 4):
        w = philox(SEED, [block, picture, step, DROPOUT_PURPOSE << 24 | NOISE_NODE])
        for i in (0, 2):
            r = math.sqrt(-2 * math.log(((w[i] >> 1) + 0.5) * 2.0**-31))
            z += [r * math.cos(2 * math.pi * w[i + 1] / 2**32), r * math.sin(2 * math.pi * w[i + 1] / 2**32)]
    return z[:LATENTS]


# ---- the network in PyTorch

def weight(p, name):

    v = p[name + ".V"]
    norm = v.flatten(1).norm(dim=1).clamp_min(1e-6)
    return v * (p[name + ".g"] / norm).reshape(-1, *[1] * (v.dim() - 1))


def forward(p, x, z):
    """x [n,3,h,w], z [n,D] standard normal -> what the network says of the pixels [n,10K,h,w]."""
    import torch
    import torch.nn.functional as F
    count = {"conv2d": 0, "deconv2d": 0, "dense": 0, "conditional_weights": 0}

    def next_name(kind):
        count[kind] += 1
        return f"model.{kind}_{count[kind] - 1}"

    def dense(t, name):  # per pixel
        return F.conv2d(t, weight(p, name)[:, :, None, None], p[name + ".b"])

    def conv(t, kind, stride=1):
        name = next_name("conv2d")
        w = weight(p, name)
        kh, kw = w.shape[2:]
        sides = ((kw - 1) // 2, (kw - 1) // 2) if kind == "down" else (kw - 1, 0)
        return F.conv2d(F.pad(t, (*sides, kh - 1, 0)), w, p[name + ".b"], stride=stride)

    def deconv(t):
        name = next_name("deconv2d")
        w = weight(p, name)
        y = F.conv_transpose2d(t, w.transpose(0, 1), p[name + ".b"], stride=2)
        return y[..., 1:] if w.shape[3] == 3 else y

    def celu(t):
        return F.elu(torch.cat([t, -t], 1))

    def gated(t, kind, a=None):
        c1 = conv(celu(t), kind)
        if a is not None:
            c1 = c1 + dense(celu(a), next_name("dense"))
        c2 = conv(celu(c1), kind) + (code @ p[next_name("conditional_weights") + ".hw"].T)[:, :, None, None]
        first, second = c2.chunk(2, 1)
        return t + first * torch.sigmoid(second)

    t = x
    for i in range(3):
        name = f"encoder.conv2d_{i}"
        t = F.leaky_relu(F.conv2d(t, weight(p, name), p[name + ".b"], stride=2, padding=1), 0.1)

    def linear(t, i):
        return F.linear(t, weight(p, f"encoder.dense_{i}"), p[f"encoder.dense_{i}.b"])

    t = F.leaky_relu(linear(t.flatten(1), 0), 0.1)
    code = linear(t, 1) + torch.sigmoid(linear(t, 2)).clamp_min(0.01) * z

    t = torch.cat([x, torch.ones_like(x[:, :1])], 1)

    def down(t):
        return F.pad(t, (0, 0, 1, 0))[:, :, :-1]

    u = down(conv(t, "down"))
    ul = down(conv(t, "down")) + F.pad(conv(t, "right"), (1, 0))[..., :-1]
    us, uls = [u], [ul]
    for stage in range(3):
        for _ in range(BLOCKS):
            u = gated(u, "down")
            ul = gated(ul, "right", u)
            us.append(u), uls.append(ul)
        if stage < 2:
            u, ul = conv(u, "down", 2), conv(ul, "right", 2)
            us.append(u), uls.append(ul)
    us.pop(), uls.pop()
    for stage in range(3):
        for _ in range(BLOCKS + (stage > 0)):
            u = gated(u, "down", us.pop())
            ul = gated(ul, "right", torch.cat([u, uls.pop()], 1))
        if stage < 2:
            u, ul = deconv(u), deconv(ul)
    assert not us and not uls
    return dense(F.elu(ul), next_name("dense"))


def loss(out, x):
    """Sum over pictures and pixels of -log p, in nats."""
    import torch
    import torch.nn.functional as F
    k = MIXTURES
    logits, rest = out[:, :k], out[:, k:].unflatten(1, (3, 3, k))  # colour, (mean, log-scale, coefficient), mixture
    mean, scale, c = rest[:, :, 0], rest[:, :, 1].clamp_min(-7), rest[:, :, 2].tanh()
    v = x[:, :, None]
    mean = torch.stack([mean[:, 0], mean[:, 1] + c[:, 0] * v[:, 0],
                        mean[:, 2] + c[:, 1] * v[:, 0] + c[:, 2] * v[:, 1]], 1)
    inverse, d = torch.exp(-scale), v - mean
    plus, minus, mid = inverse * (d + 1 / 255), inverse * (d - 1 / 255), inverse * d
    apart = torch.sigmoid(plus) - torch.sigmoid(minus)
    inner = torch.where(apart > 1e-5, torch.log(apart.clamp_min(1e-12)),
                        mid - scale - 2 * F.softplus(mid) - math.log(127.5))
    term = torch.where(v < -0.999, plus - F.softplus(plus), torch.where(v > 0.999, -F.softplus(minus), inner))
    return -torch.logsumexp(term.sum(1) + F.log_softmax(logits, 1), 1).sum()


def train():
    import torch
    torch.set_num_threads(1)
    p = {name: torch.tensor(v, dtype=torch.float64, requires_grad=True) for name, v in start().items()}
    m = {name: torch.zeros_like(v) for name, v in p.items()}
    s = {name: torch.zeros_like(v) for name, v in p.items()}
    images = torch.tensor((pictures() - 127.5) / 127.5, dtype=torch.float64)
    losses, rate = [], RATE
    for step in range(STEPS):
        first = step % (PICTURES // BATCH) * BATCH
        z = torch.tensor([noise(step, i) for i in range(BATCH)], dtype=torch.float64)
        x = images[first:first + BATCH]
        value = loss(forward(p, x, z), x)
        losses.append(value.item() / BATCH)
        gradients = torch.autograd.grad(value, list(p.values()))
        rate *= DECAY
        with torch.no_grad():
            for (name, w), g in zip(p.items(), gradients):
                m[name] = 0.95 * m[name] + 0.05 * g
                s[name] = 0.9995 * s[name] + 0.0005 * g * g
                w -= rate * (m[name] / (1 - 0.95 ** (step + 1))) / torch.sqrt(
                    s[name] / (1 - 0.9995 ** (step + 1)) + 1e-8)
    return losses


def compare(folder):
    with open(f"{folder}/run/metrics.csv", encoding="utf-8") as f:
        ours = [float(row["nll"]) for row in csv.DictReader(f)]
    theirs = train()
    assert len(ours) == len(theirs), f"{len(ours)} rows in metrics.csv, expected {len(theirs)}"
    apart = [abs(a - b) / b for a, b in zip(ours, theirs)]
    bits = 1 / (math.log(2) * 3 * SIDE * SIDE)
    for i in (0, 1, 9, 49, 99, 149, 199):
        print(f"step {i + 1}: jem {ours[i]:.6f}, PyTorch {theirs[i]:.6f} nats a picture ({theirs[i] * bits:.4f} bits/dim), "
              f"apart {apart[i]:.2e}")
    print(f"largest relative distance of {STEPS} losses: {max(apart):.3e} (step {apart.index(max(apart)) + 1})")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "compare"):
        sys.exit(__doc__)
    (make if sys.argv[1] == "make" else compare)(sys.argv[2])

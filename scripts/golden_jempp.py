#!/usr/bin/env python3
"""Golden training steps of JEM++ and SADA-JEM, computed with PyTorch in double precision.

    python3 scripts/golden_jempp.py tests/golden      (needs torch >= 1.13 and numpy; seconds)

Writes steps_jempp.safetensors and steps_sada.safetensors.  Network, values from names
(hash), digests and files are those of golden.py: WRN-10-1, K = 10, 3x32x32 images, here with
batch norm (momentum 0.9, running_mean 0.1 hash, running_var 1 + 0.1 hash at the beginning).

    for it = 0 .. 5:
        xl = hash("x.IT") [B,3,32,32];  y_j = floor((hash("y.IT")_j + 1) / 2 * 10)
        x+ = hash("xplus.IT") [G,3,32,32];  x = hash("start.IT") [G,3,32,32]
        fp = f(x+)                                               training mode, as every pass
        for k = 0 .. M-1:   x <- clamp(x + clamp(grad sum LSE(x), -1, 1), -1, 1)
        x- = x (+ sigma hash("noise.IT.k") after each step's clamp)
        l = l_G + l_D, l_G = mean LSE f(x-) - mean LSE fp, l_D = mean cross entropy of f(xl)
    jempp: B = G = 4, M = 3, sigma 0.03
    sada:  B = 6, G = 4, M = 2, sigma 0, then sharpness-aware, adaptive with rho = 2:
        e = rho w^2 g / (| |w| g |_2 + 1e-12), gradient once more at w + e with the same
        x+, x- and xl and with frozen running statistics
    SGD, momentum 0.9, weight decay 4e-4 (sada: 5e-4), lr = 0.1 it/2 for it <= 2, then 0.1, times
    0.2 from iteration 4 on

    steps [6,8]     columns as in metadata "columns": lr, l_D, l_G, g_D, g_G (at w), mean
                    LSE(x+), mean LSE(x-), sum of x-
    final/NAME [6]  digest of each parameter and running statistic after the steps
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

from golden import Net, digest, hash_tensor, hash_values, save, total_norm

COLUMNS = ['lr', 'loss_d', 'loss_g', 'g_d', 'g_g', 'lse_pos', 'lse_neg', 'sum_x_neg']
STEPS, WARMUP, LR = 6, 2, 0.1


class BatchNormNet(Net):
    """Batch norms that keep running statistics as torch.nn.BatchNorm2d(momentum=0.9) does."""

    def __init__(self, dtype):
        super().__init__(10, 1, 10, 'batch', True, dtype=dtype)
        self.frozen = False

    def norm(self, x, name):
        c = x.shape[1]
        w, b = self.param(name + '.weight', c, one=True), self.param(name + '.bias', c)
        if name not in self.running:
            self.running[name] = [(0.1 * hash_tensor(name + '.running_mean', c)).to(self.dtype),
                                  (1 + 0.1 * hash_tensor(name + '.running_var', c)).to(self.dtype)]
        mean, var = self.running[name]
        if self.frozen:
            mean, var = mean.clone(), var.clone()
        return F.batch_norm(x, mean, var, w, b, True, 0.9, 1e-5)


def learning_rate(it):
    lr = LR * it / WARMUP if it <= WARMUP else LR
    return lr * 0.2 if it >= 4 else lr


def clamped_chain(net, x, it, steps, sigma):
    for k in range(steps):
        x = x.detach().requires_grad_()
        grad = torch.autograd.grad(net.lse(x).sum(), x)[0]
        x = (x.detach() + grad.clamp(-1, 1)).clamp(-1, 1)
        if sigma:
            x = x + sigma * hash_tensor(f'noise.{it}.{k}', *x.shape).to(x.dtype)
    return x.detach()


def ascend(net, grads, rho):
    """w <- w + e; returns the old w."""
    params = list(net.params.values())
    old = [p.detach().clone() for p in params]
    norm = total_norm([p.detach().abs() * g for p, g in zip(params, grads)])
    with torch.no_grad():
        for p, g in zip(params, grads):
            p += rho / (norm + 1e-12) * p * p * g
    return old


def train(sada, dtype):
    labelled, generative = (6, 4) if sada else (4, 4)
    steps, sigma, decay = (2, 0.0, 5e-4) if sada else (3, 0.03, 4e-4)
    net, rows = BatchNormNet(dtype), []
    with torch.no_grad():  # creates the parameters without touching the statistics
        net.frozen = True
        net(hash_tensor('x', 1, 3, 32, 32).to(dtype))
        net.frozen = False
    buffers = [torch.zeros_like(p) for p in net.params.values()]
    for it in range(STEPS):
        xl = hash_tensor(f'x.{it}', labelled, 3, 32, 32).to(dtype)
        y = torch.from_numpy(np.floor((hash_values(f'y.{it}', labelled) + 1) / 2 * 10).astype(np.int64))
        pos = hash_tensor(f'xplus.{it}', generative, 3, 32, 32).to(dtype)
        lse_pos = net.lse(pos).mean()
        neg = clamped_chain(net, hash_tensor(f'start.{it}', generative, 3, 32, 32).to(dtype), it,
                            steps, sigma)
        lse_neg = net.lse(neg).mean()
        l_g = lse_neg - lse_pos
        l_d = F.cross_entropy(net(xl), y)
        grad_d, grad_g = net.gradients(l_d), net.gradients(l_g)
        grads = [d + g for d, g in zip(grad_d, grad_g)]
        if sada:
            old = ascend(net, grads, 2.0)
            net.frozen = True
            again = net.lse(neg).mean() - net.lse(pos).mean() + F.cross_entropy(net(xl), y)
            grads = net.gradients(again)
            net.frozen = False
            with torch.no_grad():
                for p, w in zip(net.params.values(), old):
                    p.copy_(w)
        lr = learning_rate(it)
        with torch.no_grad():
            for p, g, buffer in zip(net.params.values(), grads, buffers):
                buffer.mul_(0.9).add_(g + decay * p)
                p -= lr * buffer
        rows.append([lr, float(l_d), float(l_g), total_norm(grad_d), total_norm(grad_g),
                     float(lse_pos), float(lse_neg), float(neg.double().sum())])
    state = {n: p.detach().double() for n, p in net.params.items()}
    for name, (mean, var) in net.running.items():
        state[name + '.running_mean'], state[name + '.running_var'] = mean.double(), var.double()
    return np.array(rows), state


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: golden_jempp.py FOLDER')
    for sada in (False, True):
        rows, final = train(sada, torch.float64)
        rows32, final32 = train(sada, torch.float32)
        deviation = np.abs(rows32 - rows).max(0) / np.abs(rows).max(0)
        worst = max(float((final32[n] - p).abs().max() / p.abs().max()) for n, p in final.items())
        tensors = {'steps': rows}
        for name, p in final.items():
            tensors['final/' + name] = digest(name, p)
        notes = {'made_by': f'scripts/golden_jempp.py, torch {torch.__version__}',
                 'columns': ','.join(COLUMNS),
                 'float32_steps': ','.join(f'{d:.1e}' for d in deviation),
                 'float32_final': f'{worst:.1e}'}
        print(np.array2string(rows, precision=5, suppress_small=True, max_line_width=140))
        print(notes)
        save(os.path.join(sys.argv[1], f'steps_{"sada" if sada else "jempp"}.safetensors'), tensors,
             notes)


if __name__ == '__main__':
    main()

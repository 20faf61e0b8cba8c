#!/usr/bin/env python3
"""The JEM training step as a good PyTorch user would write it, timed.

    python3 perf/peer_pytorch.py --model wrn-16-1 --alpha 0.5 --batch 64 --steps 8 \
        [--precision f32|bf16] [--threads 2] [--compile] [--device cuda]

The same network and the same step of Eq. 8 as `jem train`: L Langevin steps with
gradients to the inputs only, the labelled batch doubling as x+, both gradient norms,
Adam.  channels_last throughout; on a GPU --compile means CUDA graphs as well
(mode "reduce-overhead").  Prints one line of JSON: images/s of each timed step
and the loss of the first step from fixed weights.
"""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, 1, 1)
        self.conv2 = nn.Conv2d(cout, cout, 3, stride, 1)
        project = stride != 1 or cin != cout
        self.shortcut = nn.Conv2d(cin, cout, 1, stride) if project else nn.Identity()

    def forward(self, x):
        h = self.conv1(F.leaky_relu(x, 0.2))
        return self.conv2(F.leaky_relu(h, 0.2)) + self.shortcut(x)


class WRN(nn.Module):
    def __init__(self, depth, width, classes):
        super().__init__()
        layers = [nn.Conv2d(3, 16, 3, 1, 1)]
        cin = 16
        for stage in range(3):
            for b in range((depth - 4) // 6):
                cout = 16 * width << stage
                layers.append(Block(cin, cout, 2 if stage and not b else 1))
                cin = cout
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(cin, classes)

    def forward(self, x):
        return self.head(F.avg_pool2d(F.leaky_relu(self.layers(x), 0.2), 8).flatten(1))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="wrn-16-1")
    p.add_argument("--alpha", type=float, default=0.5)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--langevin", type=int, default=20)
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--device", default="cpu")
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    _, depth, width = a.model.split("-")
    gpu = a.device != "cpu"
    if gpu:
        torch.set_default_device(a.device)
        torch.backends.cudnn.benchmark = True
    net = WRN(int(depth), int(width), 10).to(memory_format=torch.channels_last)
    run = torch.compile(net, mode="reduce-overhead" if gpu else None) if a.compile else net
    params = list(net.parameters())
    adam = torch.optim.Adam(params, lr=1e-4, fused=gpu)
    autocast = torch.autocast("cuda" if gpu else "cpu", dtype=torch.bfloat16, enabled=a.precision == "bf16")
    buffer = torch.rand(10000, 3, 32, 32) * 2 - 1

    def logits(x):
        if gpu and a.compile:
            torch.compiler.cudagraph_mark_step_begin()
        with autocast:
            return run(x).float().clone() if gpu and a.compile else run(x).float()

    def chain(x):
        for q in params:
            q.requires_grad_(False)
        for t in range(a.langevin):
            x.requires_grad_(True)
            g, = torch.autograd.grad(logits(x).logsumexp(1).sum(), x)
            with torch.no_grad():
                x = x + (1 - t / a.langevin) * g + 0.01 * torch.randn_like(x)
                x = x.clamp_(-1, 1)
        for q in params:
            q.requires_grad_(True)
        return x.detach()

    def norm(grads):
        return torch.sqrt(sum((g.double() ** 2).sum() for g in grads))

    def step(x, y):
        if a.alpha == 0:
            loss = F.cross_entropy(logits(x), y)
            update = torch.autograd.grad(loss, params)
        else:
            index = torch.randint(len(buffer), (len(x),))
            fresh = torch.rand(len(x), 1, 1, 1) < 0.05
            start = torch.where(fresh, torch.rand_like(x) * 2 - 1, buffer[index])
            negative = chain(start.contiguous(memory_format=torch.channels_last))
            buffer[index] = negative
            f = logits(torch.cat([x, negative]))
            loss = F.cross_entropy(f[: len(x)], y)
            lse = f.logsumexp(1)
            loss_g = lse[len(x):].mean() - lse[: len(x)].mean()
            gd = torch.autograd.grad(loss, params, retain_graph=True)
            gg = torch.autograd.grad(loss_g, params)
            c = norm(gd) / (norm(gg) + 1e-8)
            update = [float(a.alpha * c) * g + (1 - a.alpha) * d for g, d in zip(gg, gd)]
        for q, g in zip(params, update):
            q.grad = g
        adam.step()
        return float(loss)

    rates = []
    for i in range(a.steps + 2):
        x = torch.rand(a.batch, 3, 32, 32).mul(2).sub(1).to(memory_format=torch.channels_last)
        y = torch.randint(10, (a.batch,))
        if gpu:
            torch.cuda.synchronize()
        start = time.perf_counter()
        step(x, y)
        if gpu:
            torch.cuda.synchronize()
        if i >= 2:  # the first steps warm up
            rates.append(a.batch / (time.perf_counter() - start))
    print(json.dumps({"images_per_s": rates, "torch": torch.__version__,
                      "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()

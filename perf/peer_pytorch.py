#!/usr/bin/env python3
"""The JEM training step as a good PyTorch user would write it, timed.

    python3 perf/peer_pytorch.py --model wrn-16-1 --alpha 0.5 --batch 64 --steps 8 \
        [--precision f32|bf16] [--threads 2] [--compile [MODE]] [--device cuda] \
        [--work step|chain|inference] [--shape 3x32x32] [--classes 10] [--format channels_last|contiguous]
        [--window 8] [--proj 500] [--no-clip] [--check DIR]

The same network and the same step of Eq. 8 as `jem train`: L Langevin steps with
gradients to the inputs only, the labelled batch doubling as x+, both gradient norms,
Adam.  The networks are peer_networks.py's.  On a GPU --compile means CUDA graphs as well
(mode "reduce-overhead", or "max-autotune" by name).  --work chain: a Langevin chain alone, inference: one forward
pass.  Prints one line of JSON: images/s of each timed step and the peak resident memory.

--check DIR: with the weights DIR/weights.safetensors and the images DIR/x.npy, says the
losses there and those of DIR/logits.npy, and how far gradients to the images are from
DIR/grad.npy; `jem apply` makes both.  Times nothing.
"""
import argparse
import json
import os
import resource
import time

import torch
from torch.nn import functional as F

import peer_networks


def check(logits, folder):
    import numpy as np
    x, f, g = (torch.tensor(np.load(os.path.join(folder, name + ".npy"))) for name in ("x", "logits", "grad"))
    y = torch.arange(len(x)) % f.shape[1]
    x.requires_grad_(True)
    ours = logits(x)
    grad, = torch.autograd.grad(ours.logsumexp(1).sum(), x)
    with torch.no_grad():  # the median: where a rectifier's input is all but zero, rounding decides
        apart = [float((p - q).norm() / q.norm()) for p, q in zip(grad, g)]
        print(json.dumps({
            "loss": float(F.cross_entropy(ours, y)), "jem_loss": float(F.cross_entropy(f, y)),
            "energy": -float(ours.logsumexp(1).mean()), "jem_energy": -float(f.logsumexp(1).mean()),
            "gradients_apart": sorted(apart)[len(apart) // 2]}))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="wrn-16-1")
    p.add_argument("--alpha", type=float, default=0.5)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--langevin", type=int, default=20)
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--compile", nargs="?", const="default")
    p.add_argument("--format", choices=["channels_last", "contiguous"], default="channels_last")
    p.add_argument("--device", default="cpu")
    p.add_argument("--work", choices=["step", "chain", "inference"], default="step")
    p.add_argument("--shape", default="3x32x32")
    p.add_argument("--classes", type=int, default=10)
    p.add_argument("--window", type=int, default=0)
    p.add_argument("--proj", type=int, default=0)
    p.add_argument("--no-clip", action="store_true")
    p.add_argument("--buffer", type=int, default=10000)
    p.add_argument("--warm-up", type=int, default=2)
    p.add_argument("--check")
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    image = [int(v) for v in a.shape.split("x")]
    gpu = a.device != "cpu"
    if gpu:
        torch.set_default_device(a.device)
        torch.backends.cudnn.benchmark = True
    layout = torch.channels_last if a.format == "channels_last" else torch.contiguous_format
    net = peer_networks.build(a.model, image[0], a.classes, image[1], a.window, a.proj).to(memory_format=layout)
    if a.compile:
        from torch._functorch import config as functorch
        functorch.donated_buffer = False  # the step takes two gradients of one pass
    if a.compile == "default" and gpu:
        a.compile = "reduce-overhead"
    run = torch.compile(net, mode=a.compile) if a.compile else net
    params = list(net.parameters())
    adam = torch.optim.Adam(params, lr=1e-4, fused=gpu)
    autocast = torch.autocast("cuda" if gpu else "cpu", dtype=torch.bfloat16, enabled=a.precision == "bf16")

    def logits(x):
        if gpu and a.compile:
            torch.compiler.cudagraph_mark_step_begin()
        with autocast:
            return run(x).float().clone() if gpu and a.compile else run(x).float()

    if a.check:
        peer_networks.load(net, os.path.join(a.check, "weights.safetensors"))
        net.eval()
        return check(logits, a.check)
    buffer = torch.rand(a.buffer, *image) * 2 - 1 if a.alpha > 0 else None

    def chain(x, steps):
        for q in params:
            q.requires_grad_(False)
        for t in range(steps):
            x.requires_grad_(True)
            g, = torch.autograd.grad(logits(x).logsumexp(1).sum(), x)
            with torch.no_grad():
                x = x + (1 - t / a.langevin) * g + 0.01 * torch.randn_like(x)
                if not a.no_clip:
                    x = x.clamp_(-1, 1)
        for q in params:
            q.requires_grad_(True)
        return x.detach()

    def norm(grads):
        return torch.sqrt(sum((g.double() ** 2).sum() for g in grads))

    def step(x, y, langevin):
        if a.alpha == 0:
            loss = F.cross_entropy(logits(x), y)
            update = torch.autograd.grad(loss, params)
        else:
            index = torch.randint(len(buffer), (len(x),))
            fresh = torch.rand(len(x), 1, 1, 1) < 0.05
            start = torch.where(fresh, torch.rand_like(x) * 2 - 1, buffer[index])
            negative = chain(start.contiguous(memory_format=layout), langevin)
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
        return float(loss.detach())

    def work(x, y, langevin):
        if a.work == "step":
            step(x, y, langevin)
        elif a.work == "chain":
            chain(x, langevin)
        else:
            net.eval()
            with torch.inference_mode():
                logits(x)

    rates = []
    for i in range(a.warm_up + a.steps):
        x = torch.rand(a.batch, *image).mul(2).sub(1).to(memory_format=layout)
        y = torch.randint(a.classes, (a.batch,))
        warm = i >= a.warm_up
        if gpu:
            torch.cuda.synchronize()
        start = time.perf_counter()
        work(x, y, a.langevin if warm or gpu else min(a.langevin, 2))
        if gpu:
            torch.cuda.synchronize()
        if warm:
            rates.append(a.batch / (time.perf_counter() - start))
    print(json.dumps({"images_per_s": rates, "torch": torch.__version__,
                      "threads": torch.get_num_threads(),
                      "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()

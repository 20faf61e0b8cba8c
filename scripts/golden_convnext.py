#!/usr/bin/env python3
"""The numbers in tests/model/test_convnext.c, by PyTorch in double: python3 scripts/golden_convnext.py

ConvNeXt written from timm 1.0.31's description, independently of the C code; parameters are hash values of
their names (golden.py): more than one dimension 2/sqrt(fan) v, norm weights and gamma 1 + .1 v, biases .1 v."""
import torch
import torch.nn.functional as F
from torch import nn

from golden import hash_values


class LayerNorm(nn.LayerNorm):
    """Over channels at each position."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))
        self.conv_dw = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        y = self.norm(self.conv_dw(x).permute(0, 2, 3, 1))
        y = self.mlp.fc2(F.gelu(self.mlp.fc1(y)))
        return x + (self.gamma * y).permute(0, 3, 1, 2)


class Stage(nn.Module):
    def __init__(self, before, dim, depth, halves):
        super().__init__()
        norm_conv = [LayerNorm(before, eps=1e-6), nn.Conv2d(before, dim, 2, 2)]
        self.downsample = nn.Sequential(*norm_conv) if halves else nn.Identity()
        self.blocks = nn.Sequential(*[Block(dim) for _ in range(depth)])

    def forward(self, x):
        return self.blocks(self.downsample(x))


class ConvNeXt(nn.Module):
    def __init__(self, classes, patch=4, dims=(96, 192, 384, 768), depths=(3, 3, 9, 3)):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, dims[0], patch, patch), LayerNorm(dims[0], eps=1e-6))
        self.stages = nn.ModuleList(Stage(dims[max(i - 1, 0)], dims[i], depths[i], i > 0 or patch == 2)
                                    for i in range(4))
        self.head = nn.Module()
        self.head.norm, self.head.fc = nn.LayerNorm(dims[3], eps=1e-6), nn.Linear(dims[3], classes)
        self.double()
        with torch.no_grad():
            for name, p in self.named_parameters():
                v = torch.as_tensor(hash_values(name, p.numel()), dtype=torch.float64).reshape(p.shape)
                if p.dim() > 1:
                    v = v * 2 / (p.numel() / p.shape[0]) ** 0.5
                else:
                    v = 0.1 * v if name.endswith("bias") else 1 + 0.1 * v
                p.copy_(v)

    def forward(self, x):
        self.norms = [(x := self.stem(x)).norm()]
        for stage in self.stages:
            x = stage(x)
            self.norms.append(x.norm())
        return self.head.fc(self.head.norm(x.mean((2, 3))))


def picture(n, side):
    return torch.as_tensor(hash_values("x", n * 3 * side * side), dtype=torch.float64).reshape(n, 3, side, side)


def show(what, values):
    print(what, " ".join(f"{float(v.detach()):.10g}" for v in values))


def main():
    for classes, side, patch in ((1000, 224, 4), (10, 32, 4), (10, 32, 2), (10, 32, 1)):
        net = ConvNeXt(classes, patch)
        with torch.no_grad():
            y = net(picture(1, side))
        print(f"{classes} classes, {side} pixels, patch {patch}: {sum(p.numel() for p in net.parameters())} parameters")
        show("  logits", y[0, :10])
        show("  |logits|, |stem|, |stages|", [y.norm(), *net.norms])
    net = ConvNeXt(10, dims=(8, 16, 24, 32), depths=(1, 1, 1, 1))
    x = picture(2, 32).requires_grad_(True)
    y = net(x)
    loss = F.cross_entropy(y, torch.tensor([3, 7]))
    loss.backward()
    show("mini logits", y[0])
    grads = {name: p.grad for name, p in net.named_parameters()}
    show("  loss, |g|, |dx|", [loss, sum(g.square().sum() for g in grads.values()).sqrt(), x.grad.norm()])
    for name in ("stem.0.weight", "stages.1.blocks.0.conv_dw.weight", "stages.2.blocks.0.gamma",
                 "stages.3.downsample.0.weight", "head.norm.weight"):
        show("  " + name, [grads[name].norm(), *grads[name].flatten()[:2]])


if __name__ == "__main__":
    main()

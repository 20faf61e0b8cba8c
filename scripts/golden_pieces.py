#!/usr/bin/env python3
"""The numbers in tests/model/test_golden_pieces.c, by PyTorch in double: python3 scripts/golden_pieces.py"""
import torch
import torch.nn.functional as F

from golden import hash_values


def v(name, *shape):
    count = 1
    for n in shape:
        count *= n
    return torch.as_tensor(hash_values(name, count), dtype=torch.float64).reshape(shape)


def show(what, t):
    print(what, [float(f"{x:.10g}") for x in t.flatten()[:4]], "norm %.10g" % t.norm())


p, x = v("p", 1, 2, 6, 6), v("x", 1, 4, 5, 5)
show("ceiled", F.max_pool2d(p, 3, 2, ceil_mode=True))
show("floored", F.max_pool2d(p, 3, 2))
show("padded", F.max_pool2d(p, 3, 2, 1))
show("mean", F.avg_pool2d(v("q", 1, 1, 4, 4), 3, 1, 1, count_include_pad=False))
show("adaptive", F.adaptive_avg_pool2d(v("a", 1, 1, 5, 5), 3))
show("grouped", F.conv2d(x, v("w", 6, 2, 3, 3), stride=2, padding=1, groups=2))
show("row", F.conv2d(x, v("w", 3, 4, 1, 7), padding=(0, 3)))
show("column", F.conv2d(x, v("w", 3, 4, 7, 1), padding=(3, 0)))
weight, bias = 1 + 0.1 * v("g", 4), 0.1 * v("b", 4)
show("channel norm", F.layer_norm(x.permute(0, 2, 3, 1), (4,), weight, bias, 1e-6).permute(0, 3, 1, 2))
z = torch.tensor([-3, -1, -0.5, 0.5, 1, 3], dtype=torch.float64, requires_grad=True)
F.gelu(z).sum().backward()
show("GELU", F.gelu(z).detach()[:4]), show("GELU", F.gelu(z).detach()[4:])
show("GELU slope", z.grad[:4]), show("GELU slope", z.grad[4:])
x.requires_grad_(True)
w = v("w", 4, 1, 7, 7).requires_grad_(True)
y = F.conv2d(x, w, padding=3, groups=4)
show("depthwise", y.detach())
y.backward(v("y", 1, 4, 5, 5))
show("dx", x.grad)
show("dw", w.grad)
x = v("x", 1, 4, 5, 5)
transposed = F.conv_transpose2d(x, v("w", 3, 4, 2, 3).transpose(0, 1), stride=2)
show("transposed", transposed)
show("transposed, without the first column", transposed[..., 1:])

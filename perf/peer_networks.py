"""The networks of jem as PyTorch users write them, with the names of jem's weight files.

build("wrn-16-4") and "wrn-16-4-batch" (with batch norm), "resnet-20", "vgg-15", "convnext-micro"; load() fills one
from a file of jem.
"""
import json
import struct

import torch
from torch import nn
from torch.nn import functional as F


# ---- wide residual networks of the JEM code

class WideBlock(nn.Module):
    def __init__(self, cin, cout, stride, norm):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(cin) if norm else nn.Identity()
        self.conv1 = nn.Conv2d(cin, cout, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(cout) if norm else nn.Identity()
        self.conv2 = nn.Conv2d(cout, cout, 3, stride, 1)
        project = stride != 1 or cin != cout
        self.shortcut = nn.Sequential(nn.Conv2d(cin, cout, 1, stride)) if project else nn.Identity()

    def forward(self, x):
        h = self.conv1(F.leaky_relu(self.bn1(x), 0.2))
        return self.conv2(F.leaky_relu(self.bn2(h), 0.2)) + self.shortcut(x)


class WRN(nn.Module):
    def __init__(self, depth, width, channels, classes, norm=False, window=0, windows=1, proj=0):
        super().__init__()
        self.window = window  # of the pooling; 0: the whole map
        self.f = nn.Module()
        self.f.conv1 = nn.Conv2d(channels, 16, 3, 1, 1)
        cin = 16
        for stage in range(3):
            blocks = []
            for b in range((depth - 4) // 6):
                cout = 16 * width << stage
                blocks.append(WideBlock(cin, cout, 2 if stage and not b else 1, norm))
                cin = cout
            setattr(self.f, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.f.bn1 = nn.BatchNorm2d(cin) if norm else nn.Identity()
        self.proj = nn.Linear(2 * cin * windows, proj) if proj else None
        self.class_output = nn.Linear(proj or cin * windows, classes)

    def forward(self, x):
        f = self.f
        h = F.leaky_relu(f.bn1(f.layer3(f.layer2(f.layer1(f.conv1(x))))), 0.2)
        h = F.avg_pool2d(h, self.window or h.shape[2]).flatten(1)
        if self.proj is not None:
            h = self.proj(F.elu(torch.cat([h, -h], 1)))
        return self.class_output(h)


# ---- classifiers of CIFAR-10: Hysts' pytorch_image_classification

class OwnInput(nn.Module):
    """Pixels from -1 to 1 to normalised values."""

    def __init__(self):
        super().__init__()
        mean, std = torch.tensor([.4914, .4822, .4465]), torch.tensor([.2470, .2435, .2616])
        self.register_buffer("scale", (.5 / std).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", ((.5 - mean) / std).view(1, 3, 1, 1), persistent=False)

    def forward(self, x):
        return x * self.scale + self.shift


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if cin != cout:
            self.shortcut.add_module("conv", nn.Conv2d(cin, cout, 1, stride, bias=False))
            self.shortcut.add_module("bn", nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(y + self.shortcut(x), inplace=True)


class ResNet(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        self.own = OwnInput()
        self.conv = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        cin = 16
        for s in range(3):
            stage = nn.Sequential()
            for b in range((depth - 2) // 6):
                stage.add_module(f"block{b + 1}", BasicBlock(cin, 16 << s, 2 if s and not b else 1))
                cin = 16 << s
            setattr(self, f"stage{s + 1}", stage)
        self.fc = nn.Linear(cin, classes)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(self.own(x))), inplace=True)
        return self.fc(F.adaptive_avg_pool2d(self.stage3(self.stage2(self.stage1(x))), 1).flatten(1))


class VGG(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.own = OwnInput()
        cin = 3
        for s, (convs, out) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))):
            stage = nn.Sequential()
            for i in range(convs):
                stage.add_module(f"conv{i}", nn.Conv2d(cin, out, 3, 1, 1))
                stage.add_module(f"bn{i}", nn.BatchNorm2d(out))
                stage.add_module(f"relu{i}", nn.ReLU(inplace=True))
                cin = out
            stage.add_module("pool", nn.MaxPool2d(2))
            setattr(self, f"stage{s + 1}", stage)
        self.fc = nn.Linear(cin, classes)

    def forward(self, x):
        x = self.own(x)
        for s in range(1, 6):
            x = getattr(self, f"stage{s}")(x)
        return self.fc(x.flatten(1))


# ---- ConvNeXt, with dense layers over the channels of each position as timm has them

class ChannelNorm(nn.LayerNorm):
    def __init__(self, channels):
        super().__init__(channels, eps=1e-6)

    def forward(self, x):  # free where maps are channels_last
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class NextBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_dw = nn.Conv2d(c, c, 7, 1, 3, groups=c)
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(c, 4 * c)
        self.mlp.fc2 = nn.Linear(4 * c, c)
        self.gamma = nn.Parameter(1e-6 * torch.ones(c))

    def forward(self, x):
        y = self.norm(self.conv_dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.mlp.fc2(F.gelu(self.mlp.fc1(y)))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXtMicro(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 16, 1), ChannelNorm(16))
        stages, cin = [], 16
        for out, blocks in ((16, 2), (32, 2), (64, 2), (128, 1)):
            stage = nn.Module()
            stage.downsample = nn.Sequential(ChannelNorm(cin), nn.Conv2d(cin, out, 2, 2)) if stages else nn.Identity()
            stage.blocks = nn.Sequential(*[NextBlock(out) for _ in range(blocks)])
            stages.append(stage)
            cin = out
        self.stages = nn.ModuleList(stages)
        self.head = nn.Module()
        self.head.norm = nn.LayerNorm(cin, eps=1e-6)
        self.head.fc = nn.Linear(cin, classes)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage.blocks(stage.downsample(x))
        return self.head.fc(self.head.norm(x.mean((2, 3))))


# ---- by name

def build(name, channels, classes, side=32, window=0, proj=0):
    """window and proj are model.pool: fixed (8) and model.proj of wide residual networks."""
    parts = name.split("-")
    if parts[0] == "wrn":
        windows = (side // 4 // window) ** 2 if window else 1
        return WRN(int(parts[1]), int(parts[2]), channels, classes, parts[3:] == ["batch"], window, windows, proj)
    if parts[0] == "resnet":
        return ResNet(int(parts[1]), classes)
    if name == "vgg-15":
        return VGG(classes)
    if name == "convnext-micro":
        return ConvNeXtMicro(channels, classes)
    raise SystemExit(f"no such network here: {name}")


def load(net, path):
    """From a file of jem; it does not count batches."""
    import numpy as np
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    state = net.state_dict()
    for name, to in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        at = header[name]
        begin, end = at["data_offsets"]
        to.copy_(torch.tensor(np.frombuffer(data[begin:end], "<f4").reshape(at["shape"])))
    net.load_state_dict(state)

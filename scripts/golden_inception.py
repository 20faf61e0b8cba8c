#!/usr/bin/env python3
"""The numbers of Inception v3 in tests/model/test_inception.c and tests/fid/test_fid.c, by the classes of pytorch-fid:

    pip install torch torchvision pytorch-fid pillow
    python3 scripts/golden_inception.py              prints them (double precision)
    python3 scripts/golden_inception.py --weights F  writes these weights as a state dict, for jem fid --weights
"""
import argparse
import math

import torch
from pytorch_fid import inception

from golden import hash_values
from golden_resize import levels, resized


def v(name, *shape):
    return torch.as_tensor(hash_values(name, math.prod(shape)), dtype=torch.float64).reshape(shape)


def filled():
    """pytorch-fid's network without its download, with parameters that are functions of their names."""
    net = inception._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    for name, channels in (("5b", 192), ("5c", 256), ("5d", 288)):
        setattr(net, "Mixed_" + name, inception.FIDInceptionA(channels, pool_features=32 if name == "5b" else 64))
    for name, inner in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        setattr(net, "Mixed_" + name, inception.FIDInceptionC(768, channels_7x7=inner))
    net.Mixed_7b = inception.FIDInceptionE_1(1280)
    net.Mixed_7c = inception.FIDInceptionE_2(2048)
    net = net.double().eval()
    state = net.state_dict()
    for name, t in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        values = v(name, *t.shape)
        if t.dim() > 1:
            values *= 2 / math.sqrt(t.numel() / t.shape[0])
        elif name.endswith(("bias", "running_mean")):
            values *= 0.1
        else:
            values = 1 + 0.1 * values
        t.copy_(values)
    return net


BLOCKS = ("Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 maxpool1 Conv2d_3b_1x1 Conv2d_4a_3x3 maxpool2 Mixed_5b Mixed_5c "
          "Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e Mixed_7a Mixed_7b Mixed_7c").split()


def trunk(net, x, seen=None):
    """The 2,048 features of normalised images; seen: the norm of every block's value."""
    for name in BLOCKS:
        x = getattr(net, name)(x) if hasattr(net, name) else torch.nn.functional.max_pool2d(x, 3, 2)
        if seen is not None:
            seen[name] = float(x.norm())
    return x.mean((2, 3))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights")
    net = filled()
    path = parser.parse_args().weights
    if path:
        torch.save(net.float().state_dict(), path)
        return
    with torch.no_grad():
        for side in (75, 107, 299):
            seen = {}
            f = trunk(net, v("x", 1, 3, side, side), seen)
            print(f"n={side}: |f| {f.norm():.10g} sum {f.sum():.10g} f", [float(f"{a:.10g}") for a in f[0, :4]])
            print("  ", " ".join(f"{k} {n:.10g}" for k, n in seen.items()))
            logits = net.fc(f)
            print(f"   logits |.| {logits.norm():.10g}", [float(f"{a:.10g}") for a in logits[0, :4]])
        sets = [[levels(32, 32), levels(61, 83)], [levels(20, 31), levels(40, 9), levels(7, 5)]]
        for pictures in sets:
            x = [torch.from_numpy(resized(m, 299, 299)).double()[None] for m in pictures]
            f = torch.cat([trunk(net, (v - 128) / 128) for v in x])
            print(f"statistics: |mu| {f.mean(0).norm():.10g} mu", [float(f"{a:.10g}") for a in f.mean(0)[:4]],
                  f"trace {f.var(0).sum():.10g}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Golden values of the autoencoder, from diffusers' AutoencoderKL in double precision.

    python3 scripts/golden_vae.py tests/golden          (torch, diffusers, numpy; seconds)
    python3 scripts/golden_vae.py --full                (prints the full network's values)
    python3 scripts/golden_vae.py --weights OUT [tiny|small]  (a weights file for jem, float32)

Parameters and inputs are recomputable from names, as in golden.py: weights gain/sqrt(fan_in) v
with gain 1.5, fan_in = elements/shape[0]; norms' weights 1 + 0.1 v; 1-D biases 0.1 v; x, v, w
are the raw hash values of their names.

autoencoder.safetensors (all F64): the network with block_out_channels 8, 16, 16, two layers
per block, 4 groups, 4 latent channels; x [1,3,24,16], v [1,4,6,4], w [1,3,24,16].
    moments [1,8,6,4]    quant_conv(encoder(x)): mean, then log-variance (not clamped)
    down0, down1, down2  outputs of the down blocks
    decode [1,3,24,16]   decode(mean)
    jvp [1,3,24,16]      J_decode(mean) v
    vjp [1,4,6,4]        J_decode(mean)^T w
"""
import math
import os
import sys

import torch
from diffusers import AutoencoderKL

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from golden import hash_tensor, save

GAIN = 1.5
TINY = dict(block_out_channels=(8, 16, 16), layers_per_block=2, norm_num_groups=4)
SMALL = dict(block_out_channels=(16, 32, 32, 32), layers_per_block=1, norm_num_groups=8)
FULL = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2, norm_num_groups=32)


def parameter(name, shape):
    v = hash_tensor(name, *shape)
    if len(shape) > 1:
        return GAIN / math.sqrt(v.numel() // shape[0]) * v
    return 1 + 0.1 * v if name.endswith(".weight") else 0.1 * v


def network(config):
    levels = len(config["block_out_channels"])
    vae = AutoencoderKL(latent_channels=4, down_block_types=("DownEncoderBlock2D",) * levels,
                        up_block_types=("UpDecoderBlock2D",) * levels, **config).double().eval()
    vae.load_state_dict({k: parameter(k, t.shape) for k, t in vae.state_dict().items()})
    for m in vae.modules():
        if hasattr(m, "upcast_softmax"):
            m.upcast_softmax = False  # "up" to float32, which would be down from double
    for p in vae.parameters():
        p.requires_grad_(False)
    return vae


def values(config, height, width):
    """What the C program is compared with."""
    vae = network(config)
    out = {}
    for i, block in enumerate(vae.encoder.down_blocks):
        block.register_forward_hook(lambda m, a, y, i=i: out.__setitem__("down%d" % i, y))
    factor = 2 ** (len(config["block_out_channels"]) - 1)
    x, w = hash_tensor("x", 1, 3, height, width), hash_tensor("w", 1, 3, height, width)
    v = hash_tensor("v", 1, 4, height // factor, width // factor)
    out["moments"] = vae.quant_conv(vae.encoder(x))
    z = out["moments"][:, :4].clone().requires_grad_(True)
    y = vae.decode(z).sample
    out["decode"] = y.detach()
    # J v as the derivative of J^T u by u: twice backward instead of forward mode
    u = torch.zeros_like(y, requires_grad=True)
    back, = torch.autograd.grad(y, z, u, create_graph=True)
    out["jvp"], = torch.autograd.grad(back, u, v, retain_graph=True)
    out["vjp"], = torch.autograd.grad(y, z, w)
    return out


def main():
    if sys.argv[1] == "--full":
        for name, t in values(FULL, 64, 64).items():
            print(name, list(t.shape), "norm %.10g" % t.norm(), "sum %.10g" % t.sum(),
                  "first", t.flatten()[:4].tolist())
    elif sys.argv[1] == "--weights":
        from safetensors.torch import save_file
        config = {"tiny": TINY, "small": SMALL}.get((sys.argv + [""])[3], FULL)
        save_file({k: t.float().contiguous() for k, t in network(config).state_dict().items()},
                  sys.argv[2], metadata={"jem.groups": str(config["norm_num_groups"])})
    else:
        tensors = {k: t.numpy() for k, t in values(TINY, 24, 16).items()}
        save(os.path.join(sys.argv[1], "autoencoder.safetensors"), tensors,
                          {"made_by": "scripts/golden_vae.py", "torch": torch.__version__})


if __name__ == "__main__":
    main()

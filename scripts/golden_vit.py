#!/usr/bin/env python3
"""The numbers in tests/model/test_vit.c, by PyTorch in double: python3 scripts/golden_vit.py

The network is that of golden_networks.py, its parameters hash values of their names; where torchvision is there, its
vit_b_16 must give the same logits."""
import torch
import torch.nn.functional as F

from golden_networks import ViT, fill, hash_tensor


def picture(n, side):
    return hash_tensor("x", n, 3, side, side)


def show(what, values):
    print(what, " ".join(f"{float(v.detach()):.10g}" for v in values))


def main():
    with torch.no_grad():
        net = fill(ViT().double())
        y = net(picture(1, 224))
    print(f"B/16: {sum(p.numel() for p in net.parameters())} parameters")
    show("  logits", y[0, :10])
    show("  |logits|, |stages|", [y.norm(), *net.norms])
    try:
        from torchvision.models import vit_b_16
    except ImportError:
        print("  torchvision is not there to compare with")
    else:
        theirs = vit_b_16().double().eval()
        theirs.load_state_dict(net.state_dict())
        with torch.no_grad():
            print(f"  torchvision's: {float((theirs(picture(1, 224)) - y).abs().max()):.1e} apart")
    with torch.no_grad():
        net = fill(ViT(5, 16, 4, 24, 3, 40, 4).double())
    x = picture(2, 16).requires_grad_(True)
    y = net(x)
    loss = F.cross_entropy(y, torch.tensor([3, 1]))
    loss.backward()
    show("mini logits", y[0])
    grads = {name: p.grad for name, p in net.named_parameters()}
    show("  loss, |g|, |dx|", [loss, sum(g.square().sum() for g in grads.values()).sqrt(), x.grad.norm()])
    for name in ("class_token", "conv_proj.weight", "encoder.pos_embedding",
                 "encoder.layers.encoder_layer_1.self_attention.in_proj_weight",
                 "encoder.layers.encoder_layer_2.mlp.3.weight", "heads.head.bias"):
        show("  " + name, [grads[name].norm(), *grads[name].flatten()[:2]])


if __name__ == "__main__":
    main()

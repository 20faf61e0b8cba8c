#!/usr/bin/env python3
"""Networks beside the JEMs: jem and PyTorch in turn on the same cores.

    python3 perf/networks.py build/network_bench [--networks resnet50,vgg16,efficientnet-lite0] [--side 224]
        [--batch 32] [--threads 2] [--precisions f32,bf16] [--work logits,gradient] [--rounds 5]

Each case: the same recomputable weights and inputs (scripts/golden_networks.py); both must agree; then A B A B ...
Printed are the least processor seconds of all threads of a pass over the batch, which other programs on the machine
lengthen least, their ratio (PyTorch / jem: above 1 jem is faster), the same of wall times, and peak resident sets.
PyTorch: channels_last, autocast for bf16, torch.no_grad for logits, ResNet and EfficientNet with their batch norms
folded (torch.nn.utils.fusion), parameters without gradients.  `make perf` builds network_bench.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))


def peer(args):
    """The other process: the protocol of network_bench, in PyTorch."""
    import numpy as np
    import torch
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval
    from golden_networks import NETWORKS, fill

    torch.set_num_threads(args.threads)

    def fold(module):
        named = dict(module.named_children())
        pairs = [(f"conv{i}", f"bn{i}") for i in range(1, 4)] + [("0", "1"), ("_conv_stem", "_bn0"), ("_conv_head", "_bn1"),
                 ("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        for conv, norm in pairs:
            if isinstance(named.get(conv), nn.Conv2d) and isinstance(named.get(norm), nn.BatchNorm2d):
                fused = fuse_conv_bn_eval(named[conv], named[norm])
                setattr(module, conv, fused), setattr(module, norm, nn.Identity())
        for child in module.children():
            fold(child)

    with torch.no_grad():
        net = fill(NETWORKS[args.name][0]())
        fold(net)
    net = net.to(memory_format=torch.channels_last)
    for p in net.parameters():
        p.requires_grad_(False)
    x = torch.from_numpy(np.load(args.input)).to(memory_format=torch.channels_last)

    def once():
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bf16"):
            if args.work == "logits":
                with torch.no_grad():
                    return net(x)
            images = x.detach().requires_grad_()
            return torch.autograd.grad(torch.logsumexp(net(images).float(), 1).sum(), images)[0]

    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip():
            np.save(line.strip(), out.detach().float().contiguous().numpy())
            continue
        cpu, wall = time.process_time(), time.monotonic()
        out = once()
        print(f"{time.process_time() - cpu:.6f} {time.monotonic() - wall:.6f}", flush=True)


class Side:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.cpu, self.wall = [], []
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{command[0]} did not begin")

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def once(self, counted):
        self.tell("")
        cpu, wall = (float(v) for v in self.process.stdout.readline().split())
        if counted:
            self.cpu.append(cpu), self.wall.append(wall)

    def peak_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def distance(a, b):
    import numpy as np
    x, y = np.load(a).ravel(), np.load(b).ravel()
    return float(np.linalg.norm(x - y) / np.linalg.norm(y))


def case(args, folder, name, precision, work):
    import numpy as np
    import torch
    from golden_networks import hash_tensor
    x = folder / "x.npy"
    np.save(x, hash_tensor("x", args.batch, 3, args.side, args.side).float().numpy())
    jem = Side([args.bench, name, str(args.side), str(args.threads), precision, work, str(x)])
    torch_ = Side([sys.executable, __file__, "--peer", "--name", name, "--precision", precision, "--work-of", work,
                   "--input", str(x), "--threads", str(args.threads)])
    sides = (jem, torch_)
    for number in range(args.rounds + 1):
        for side in sides:
            side.once(number > 0)
    for i, side in enumerate(sides):
        side.tell(str(folder / f"{i}.npy"))
        side.once(False)
    off = distance(folder / "0.npy", folder / "1.npy")
    row = {"network": name, "precision": precision, "work": work, "jem_cpu_s": min(jem.cpu), "torch_cpu_s": min(torch_.cpu),
           "cpu_ratio": min(torch_.cpu) / min(jem.cpu), "jem_wall_s": min(jem.wall), "torch_wall_s": min(torch_.wall),
           "wall_ratio": min(torch_.wall) / min(jem.wall), "jem_mb": jem.peak_mb(), "torch_mb": torch_.peak_mb(), "off": off}
    for side in sides:
        side.end()
    print(json.dumps({k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in row.items()}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="?")
    parser.add_argument("--networks", default="resnet50,vgg16,efficientnet-lite0")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precisions", default="f32,bf16")
    parser.add_argument("--work", default="logits,gradient")
    parser.add_argument("--rounds", type=int, default=5)
    for hidden in ("--name", "--precision", "--input"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work-of", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        args.work = args.work_of
        peer(args)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in args.networks.split(","):
            for precision in args.precisions.split(","):
                for work in args.work.split(","):
                    case(args, pathlib.Path(folder), name, precision, work)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""jem's autoencoder beside diffusers' AutoencoderKL on the same weights, in turn on one machine.

    python3 perf/peer_diffusers.py build/autoencoder_bench [--rounds 3] [--threads 2] [--size 256]
        [--cases encode:1,decode:1,encode:8,decode:8] [--precisions f32,bf16] [--device cuda]

Cases: encode, decode, jvp or vjp : pictures at once.  Both sides keep a process each, loaded and
warmed up, and run A B A B; medians of the wall time, largest resident memory while running
(without loading), and how far the results are apart, relative to their norm: in float32 between
the two, in bf16 of each from the float32 result.  The peer: PyTorch with channels_last,
inference_mode (forward mode or autograd for the products), bf16 weights and activations.
On a GPU (JEM_DEVICE says jem's) both sides' times include copies of inputs and results; memory is the host's.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

CONFIG = dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2, norm_num_groups=32,
              latent_channels=4, down_block_types=("DownEncoderBlock2D",) * 4,
              up_block_types=("UpDecoderBlock2D",) * 4)


def peer(weights, threads, precision, device, what, x, direction):
    """The peer's process: the same lines on standard input as autoencoder_bench."""
    import warnings
    warnings.simplefilter("ignore")
    import numpy as np
    import torch
    import torch.autograd.forward_ad as forward_ad
    from diffusers import AutoencoderKL
    from diffusers.models.attention_processor import AttnProcessor
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    with torch.device("meta"):
        vae = AutoencoderKL(**CONFIG)
    vae.load_state_dict(load_file(weights), assign=True)
    vae = vae.eval().to(device, kind).to(memory_format=torch.channels_last).requires_grad_(False)
    if what == "jvp":
        vae.set_attn_processor(AttnProcessor())  # the default has no forward mode

    def load(path):
        t = torch.from_numpy(np.load(path)).to(kind)
        return t.contiguous(memory_format=torch.channels_last)

    def run():
        return once(*(t if t is None else t.to(device) for t in (x, direction))).cpu()

    def once(x, direction):
        if what == "vjp":
            z = x.clone().requires_grad_(True)
            return torch.autograd.grad(vae.decode(z).sample, z, direction)[0]
        if what == "jvp":
            with torch.no_grad(), forward_ad.dual_level():
                y = vae.decode(forward_ad.make_dual(x, direction)).sample
                return forward_ad.unpack_dual(y).tangent
        with torch.inference_mode():
            return vae.encode(x).latent_dist.mean if what == "encode" else vae.decode(x).sample

    x, direction, y = load(x), load(direction) if direction else None, None
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip():
            np.save(line.strip(), y.float().contiguous().numpy())
            print("written", flush=True)
        else:
            start = time.perf_counter()
            y = run()
            print("%.6f" % (time.perf_counter() - start), flush=True)


class Worker:
    def __init__(self, command):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment)
        self.expect("ready")
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as f:
            f.write("5")  # the peak counts from here

    def expect(self, word=None):
        line = self.process.stdout.readline().strip()
        if not line or (word and line != word):
            sys.exit("%s: said '%s'" % (self.process.args, line))
        return line

    def ask(self, line, word=None):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.expect(word)

    def run(self):
        return float(self.ask(""))

    def close(self, result):
        """The result as an array, and the peak in MiB."""
        import numpy as np
        self.ask(result, "written")
        with open("/proc/%d/status" % self.process.pid) as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        self.process.stdin.close()
        self.process.wait()
        return np.load(result).astype(float), peak / 1024


def apart(a, b):
    return float(((a - b) ** 2).sum() ** 0.5 / (b ** 2).sum() ** 0.5)


def make_inputs(folder, case, size):
    import numpy as np
    what, n = case.split(":")
    rng = np.random.default_rng(1)
    picture = rng.uniform(-1, 1, (int(n), 3, size, size)).astype("f4")
    latent, direction = (rng.standard_normal((int(n), 4, size // 8, size // 8)).astype("f4")
                         for _ in range(2))
    paths = [os.path.join(folder, name + ".npy") for name in ("x", "direction")]
    np.save(paths[0], picture if what == "encode" else 0.5 * latent)
    np.save(paths[1], picture if what == "vjp" else direction)
    return what, int(n), paths if what in ("jvp", "vjp") else paths[:1]


def compare(a, weights, folder, case, precision, exact):
    what, n, inputs = make_inputs(folder, case, a.size)
    result = os.path.join(folder, "result.npy")
    common = [weights, str(a.threads), precision]
    sides = [Worker([a.bench] + common + [what] + inputs),
             Worker([a.python, os.path.abspath(__file__), "--peer"] + common + [a.device, what] + inputs)]
    for s in sides:
        s.run()
    times = [[s.run() for s in sides] for _ in range(a.rounds)]
    ours, theirs = (statistics.median(t) for t in zip(*times))
    (y, peak), (z, peers_peak) = (s.close(result) for s in sides)
    if precision == "f32":
        exact[case] = z
        error = "%.1e" % apart(y, z)
        if apart(y, z) > 1e-4:
            sys.exit("%s: the two sides are %s apart" % (case, error))
    elif case in exact:
        error = "%.1e, %.1e" % (apart(y, exact[case]), apart(z, exact[case]))
    else:
        error = "%.1e" % apart(y, z)
    print("| %s, %d | %s | %.3g s | %.3g s | %.2f | %.0f | %.0f | %.2f | %s |"
          % (what, n, precision, ours, theirs, theirs / ours, peak, peers_peak, peak / peers_peak,
             error), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bench")
    p.add_argument("--python", default=sys.executable)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--cases", default="encode:1,decode:1,encode:8,decode:8")
    p.add_argument("--precisions", default="f32,bf16")
    p.add_argument("--device", default="cpu")
    a = p.parse_args()
    versions = subprocess.run([a.python, "-c", "import torch, diffusers, json; print(json.dumps("
                               "[torch.__version__, diffusers.__version__]))"], check=True,
                              capture_output=True, text=True).stdout
    exact = {}
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "vae.safetensors")
        _, _, inputs = make_inputs(folder, "encode:1", 64)
        maker = Worker([a.bench, "init", "1", "f32", "encode"] + inputs)
        maker.ask("save " + weights, "saved")
        maker.process.kill()
        print("| pass, pictures | precision | jem | diffusers | ratio | jem MiB | diffusers MiB | ratio "
              "| apart |\n|---|---|---|---|---|---|---|---|---|")
        for case in a.cases.split(","):
            for precision in a.precisions.split(","):
                compare(a, weights, folder, case, precision, exact)
    print("\nPyTorch %s, diffusers %s, %s, %d threads, %dx%d, medians of %d alternating rounds."
          % (*json.loads(versions), a.device, a.threads, a.size, a.size, a.rounds))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2], int(sys.argv[3]), *sys.argv[4:8], sys.argv[8] if len(sys.argv) > 8 else None)
    else:
        main()

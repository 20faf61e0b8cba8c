#!/usr/bin/env python3
"""One timing of jem on a GPU, or of PyTorch on the same training step; scripts/gpu-session makes all.

    JEM=build/jem OUT=results python3 perf/gpu_speed.py WHAT [CASE]

WHAT: peak (TFLOP/s of a large matrix product), jem, compiled (PyTorch with CUDA graphs), eager (PyTorch),
autoencoder.  CASE: one of CASES.  jem's side is perf/gpu_bench.c and autoencoder_bench.c, beside the jem
program; PyTorch's perf/peer_pytorch.py.  What was found goes to descriptor 3, or to standard output where
that is not open; OUT/peak.txt keeps the peak for what follows.  GPU_REHEARSE=1: small networks, where
there is no GPU.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

OUT = os.environ.get("OUT", ".")
PROGRAMS = os.path.dirname(os.environ.get("JEM", "build/jem"))
HERE = os.path.dirname(os.path.abspath(__file__))
REHEARSE = bool(os.environ.get("GPU_REHEARSE"))

# steps; settings of jem; steps and arguments of the peer (None: it has no such network)
CASES = {
    "wrn-28-10": (10, ["model.name=wrn-28-10", "train.batch=64"], 4, []),
    "wrn-28-10-b256": (4, ["model.name=wrn-28-10", "train.batch=256"], 3, []),
    "wrn-28-10-alpha-0": (30, ["model.name=wrn-28-10", "train.batch=64", "alpha=0"], 20, ["--alpha", "0"]),
    "wrn-16-4": (20, ["model.name=wrn-16-4", "train.batch=64"], 8, []),
    "latents": (4, ["model.name=wrn-22-8", "train.batch=256", "channels=4", "classes=1000",
                    "sampler.clip=false"], 0, None),
    "gloss-128": (2, ["model.name=wrn-22-10", "train.batch=16", "side=128", "classes=2", "model.proj=500"],
                  0, None),
}
COMMON = ["engine.device=cuda", "engine.precision=bf16", "train.share_batch=true",
          "data.crop=true", "sampler.steps=20"]


def small(settings):
    """The same for a rehearsal: what may be large is made small."""
    least = {"model.name": "wrn-10-1", "train.batch": "8", "side": "32", "model.proj": "8"}
    return [f"{k}={least.get(k, v)}" for k, v in (s.split("=", 1) for s in settings)]


def say(line):
    try:
        os.write(3, (line + "\n").encode())
    except OSError:
        print(line, flush=True)


def run(command, **more):
    print("$", " ".join(command), flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **more)
    print(done.stdout, flush=True)
    if done.returncode:
        sys.exit(f"{os.path.basename(command[0])}: status {done.returncode}")
    return done.stdout


def peak():
    """The median of 10 products of random bf16 values."""
    try:
        import torch
        gpu = torch.cuda.is_available()
    except ImportError:
        gpu = False
    if not gpu:
        print("the peak is measured by PyTorch on a GPU")
        sys.exit(77)
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(13):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        a @ b
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    top = 2 * 8192 ** 3 / sorted(times[3:])[5] * 1e-9
    with open(os.path.join(OUT, "peak.txt"), "w") as f:
        f.write(f"{top}\n")
    say(f"peak: matrix product (PyTorch {torch.__version__}, bf16, 8192^3): {top:.0f} TFLOP/s")


def known_peak():
    try:
        with open(os.path.join(OUT, "peak.txt")) as f:
            return float(f.read())
    except OSError:
        return 0


def jem(case):
    steps, settings, _, _ = CASES[case]
    if case == "wrn-28-10":  # the setting that counts: more than one fused candidate per convolution
        os.environ["JEM_CUDA_TRIES"] = "2"
    settings = COMMON + settings
    if REHEARSE:
        settings, steps = small(settings) + ["sampler.steps=2"], 2
    text = run([os.path.join(PROGRAMS, "gpu_bench"), str(steps), *settings])
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("{"))
    got, top = json.loads(lines[at]), known_peak()
    share = f" ({100 * got['tflops'] / top:.0f} % of the peak)" if top else ""
    say(f"{case}: jem, {got['model']} batch {got['batch']} alpha {got['alpha']} L {got['L']}: median of {steps} "
        f"{got['ms_median']:.2f} ms, best {got['ms_best']:.2f} ms, {got['images_per_s']:.1f} images/s, "
        f"{got['tflops']:.1f} TFLOP/s{share}, 50,000 images {50000 / got['images_per_s']:.1f} s"
        f"{'' if got['resident'] else ', NOT RESIDENT'}; {got['device']}")
    for line in lines[at + 1:]:
        say("    " + line)


def peer(case, mode):
    _, settings, steps, more = CASES[case]
    if more is None:
        sys.exit(f"{case}: PyTorch's side has no such network")
    value = dict(s.split("=", 1) for s in (small(settings) if REHEARSE else settings))
    where = ["cpu", "--langevin", "2"] if REHEARSE else ["cuda", "--precision", "bf16"]
    try:
        import torch  # noqa: F401
    except ImportError:
        print("PyTorch is not installed")
        sys.exit(77)
    text = run([sys.executable, os.path.join(HERE, "peer_pytorch.py"), "--device", *where, "--model",
                value["model.name"], "--batch", value["train.batch"], "--steps", str(2 if REHEARSE else steps),
                *more, *(["--compile"] if mode == "compiled" else [])])
    got = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
    rates = sorted(got["images_per_s"])
    say(f"{case}: PyTorch {got['torch']} {mode}: median of {len(rates)} {rates[len(rates) // 2]:.1f} images/s, "
        f"best {rates[-1]:.1f}")


def write_npy(path, shape):
    """Values that repeat, between -1 and 1."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    count = 1
    for n in shape:
        count *= n
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack("<251f", *(i / 125 - 1 for i in range(251))) * (count // 251 + 1))
        f.truncate(10 + len(header) + 4 * count)


def autoencoder():
    """sd-vae-ft-mse's network with recomputable parameters: pictures of 256 x 256, eight at once."""
    bench, n, side, times = os.path.join(PROGRAMS, "autoencoder_bench"), 8, 256, 6
    if REHEARSE:
        n, side, times = 1, 16, 2
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "in.npy")
        for what, shape in (("encode", (n, 3, side, side)), ("decode", (n, 4, side // 8, side // 8))):
            write_npy(path, shape)
            text = run([bench, "init", "0", "bf16", what, path], input="\n" * times)
            took = sorted(float(line) for line in text.splitlines()[2:])  # behind "ready" and the first
            say(f"autoencoder: {what} {n} pictures of {side} x {side} in bf16: {1e3 * took[len(took) // 2]:.1f} ms, "
                f"{n / took[len(took) // 2]:.1f} pictures/s")


def main():
    what, case = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    if what == "peak":
        peak()
    elif what == "autoencoder":
        autoencoder()
    elif what == "jem":
        jem(case)
    else:
        peer(case, what)


if __name__ == "__main__":
    main()

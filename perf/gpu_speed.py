#!/usr/bin/env python3
"""One timing of jem on a GPU, or of PyTorch on the same training step; scripts/gpu-session makes all.

    JEM=build/jem OUT=results python3 perf/gpu_speed.py WHAT [CASE]

WHAT: peak (TFLOP/s of a large matrix product, TB/s of a large copy), jem, compiled (PyTorch with CUDA graphs),
tuned (the same, mode max-autotune), eager (PyTorch), autoencoder (beside diffusers, where that is).  CASE: one of CASES.  jem's side is perf/gpu_bench.c and autoencoder_bench.c, beside the jem
program; PyTorch's perf/peer_pytorch.py and peer_diffusers.py.  What was found goes to descriptor 3, or to standard output where
that is not open; OUT/peak.txt keeps peak and bandwidth for what follows.  GPU_DRY_RUN=1: small networks, where
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
DRY_RUN = bool(os.environ.get("GPU_DRY_RUN"))

# steps; settings of jem; steps and arguments of the peer
CASES = {
    "wrn-28-10": (10, ["model.name=wrn-28-10", "train.batch=64"], 4, []),
    "wrn-28-10-b256": (4, ["model.name=wrn-28-10", "train.batch=256"], 3, []),
    "wrn-28-10-alpha-0": (30, ["model.name=wrn-28-10", "train.batch=64", "alpha=0"], 20, ["--alpha", "0"]),
    "wrn-16-4": (20, ["model.name=wrn-16-4", "train.batch=64"], 8, []),
    "latents": (4, ["model.name=wrn-22-8", "train.batch=256", "channels=4", "classes=1000",
                    "sampler.clip=false"], 3,
                ["--shape", "4x32x32", "--classes", "1000", "--window", "8", "--no-clip"]),
    "gloss-128": (2, ["model.name=wrn-22-10", "train.batch=16", "side=128", "classes=2", "model.proj=500"],
                  3, ["--shape", "3x128x128", "--classes", "2", "--window", "8", "--proj", "500"]),
    "resnet-20": (50, ["model.name=resnet-20", "train.batch=128", "alpha=0"], 30, ["--alpha", "0"]),
    "vgg-15": (50, ["model.name=vgg-15", "train.batch=128", "alpha=0"], 30, ["--alpha", "0"]),
    "convnext-micro": (50, ["model.name=convnext-micro", "train.batch=128", "alpha=0"], 30, ["--alpha", "0"]),
    # whole configurations, without a peer
    "jempp": (4, ["config=configs/cifar10-jempp.yaml"], 0, []),
    "sada": (4, ["config=configs/cifar10-sada.yaml"], 0, []),
    "pixelvae": (4, ["config=configs/gloss-pixelvae.yaml", "side=128", "engine.precision=f32"], 0, []),
}
COMMON = ["engine.device=cuda", "engine.precision=bf16", "train.share_batch=true",
          "data.crop=true", "sampler.steps=20"]


def small(settings):
    """The same for a dry run: what may be large is made small."""
    if settings[0].startswith("config="):
        return [settings[0], "train.batch=4"] + (
            ["side=16", "model.filters=4", "model.encoder_filters=4", "model.blocks=1"] if "pixelvae" in settings[0] else
            ["model.name=wrn-10-1", "model.pool=adaptive", "side=16", "train.generative_batch=4"])
    least = {"train.batch": "8", "side": "32", "model.proj": "8"}
    if "model.name=wrn" in settings[0]:
        least["model.name"] = "wrn-10-1"
    return [f"{k}={least.get(k, v)}" for k, v in (s.split("=", 1) for s in settings)]


def small_peer(arguments):
    least = {"3x128x128": "3x32x32", "500": "8"}
    return [least.get(a, a) for a in arguments]


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
    """Medians of 10 products of random bf16 values, and of 10 copies of 2 GiB."""
    try:
        import torch
        gpu = torch.cuda.is_available()
    except ImportError:
        gpu = False
    if not gpu:
        print("the peak is measured by PyTorch on a GPU")
        sys.exit(77)
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    c, d = (torch.empty(1 << 30, device="cuda", dtype=torch.bfloat16) for _ in range(2))

    def median_ms(work):
        times = []
        for _ in range(13):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            work()
            end.record()
            torch.cuda.synchronize()
            times.append(begin.elapsed_time(end))
        return sorted(times[3:])[5]

    top = 2 * 8192 ** 3 / median_ms(lambda: a @ b) * 1e-9
    moved = 2 * c.numel() * c.element_size() / median_ms(lambda: d.copy_(c)) * 1e-9  # read and written
    with open(os.path.join(OUT, "peak.txt"), "w") as f:
        f.write(f"{top} {moved}\n")
    say(f"peak: matrix product (PyTorch {torch.__version__}, bf16, 8192^3): {top:.0f} TFLOP/s; copy of 2 GiB: "
        f"{moved:.2f} TB/s")


def known_peak():
    """TFLOP/s and TB/s; zeros where they were not measured."""
    try:
        with open(os.path.join(OUT, "peak.txt")) as f:
            return tuple(float(v) for v in f.read().split())
    except OSError:
        return 0, 0


def jem(case):
    steps, settings, _, _ = CASES[case]
    if case == "wrn-28-10":  # the setting that counts: more than one fused candidate per convolution
        os.environ["JEM_CUDA_TRIES"] = "2"
    if DRY_RUN:
        settings, steps = small(settings) + ["sampler.steps=2"], 2
    top, moved = known_peak()
    whole = settings[0].startswith("config=")
    settings = (COMMON[:2] if whole else COMMON) + settings + [f"peak={top}", f"bandwidth={moved}"]
    text = run([os.path.join(PROGRAMS, "gpu_bench"), str(steps), *settings])
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("{"))
    got = json.loads(lines[at])
    share = (f" ({100 * got['tflops'] / top:.0f} % of the peak; roofline {got['roofline_ms']:.2f} ms, "
             f"{100 * got['roofline_ms'] / got['ms_median']:.0f} % of it reached)") if top else ""
    say(f"{case}: jem, {got['model']} batch {got['batch']} alpha {got['alpha']} L {got['L']}: median of {steps} "
        f"{got['ms_median']:.2f} ms, best {got['ms_best']:.2f} ms, {got['images_per_s']:.1f} images/s, "
        f"{got['tflops']:.1f} TFLOP/s{share}, 50,000 images {50000 / got['images_per_s']:.1f} s"
        f"{'' if got['resident'] else ', NOT RESIDENT'}; {got['device']}")
    for line in lines[at + 1:]:
        say("    " + line)


def peer(case, mode):
    _, settings, steps, more = CASES[case]
    if DRY_RUN:
        more = small_peer(more)
    value = dict(s.split("=", 1) for s in (small(settings) if DRY_RUN else settings))
    where = ["cpu", "--langevin", "2"] if DRY_RUN else ["cuda", "--precision", "bf16"]
    try:
        import torch  # noqa: F401
    except ImportError:
        print("PyTorch is not installed")
        sys.exit(77)
    text = run([sys.executable, os.path.join(HERE, "peer_pytorch.py"), "--device", *where, "--model",
                value["model.name"], "--batch", value["train.batch"], "--steps", str(2 if DRY_RUN else steps),
                *more, *{"compiled": ["--compile"], "tuned": ["--compile", "max-autotune"], "eager": []}[mode]])
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
    """sd-vae-ft-mse's network with recomputable parameters: pictures of 256 x 256, eight at once; in turn with
    diffusers on the same GPU, where it can be imported."""
    have = subprocess.run([sys.executable, "-c", "import diffusers, numpy"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if have.returncode == 0:
        cases = "encode:1,decode:1" if DRY_RUN else "encode:8,decode:8"
        text = run([sys.executable, os.path.join(HERE, "peer_diffusers.py"), os.path.join(PROGRAMS, "autoencoder_bench"),
                    "--device", "cpu" if DRY_RUN else "cuda", "--size", "16" if DRY_RUN else "256", "--cases", cases,
                    "--precisions", "bf16", "--rounds", "2" if DRY_RUN else "6"])
        for line in text.splitlines():
            say("autoencoder: " + line)
        return
    say("autoencoder: diffusers is not here, jem alone")
    bench, n, side, times = os.path.join(PROGRAMS, "autoencoder_bench"), 8, 256, 6
    if DRY_RUN:
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

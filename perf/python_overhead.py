#!/usr/bin/env python3
"""What libjem and `import jem` cost beside the program's own functions.

    perf/python_overhead.py build/library_calls [ROUNDS]

1. Calls without images, which compute nothing: microseconds of each layer.
2. m.grad on 64 images of CIFAR-10's size by WRN-16-1, and the same by the program's function in a process of its own, in
   turns: the median of the ratios of their processor times, and of their wall times.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import jem  # noqa: E402
from jem import _library  # noqa: E402

IMAGES, SIDE = 64, 32


def weights(folder):
    """Those of a training of two steps: what they are changes no time."""
    rng = np.random.default_rng(1)
    data = rng.integers(0, 256, (40, 3, SIDE, SIDE), dtype=np.uint8), np.arange(40) % 10
    run = os.path.join(folder, "run")
    jem.train({"model.name": "wrn-16-1", "train.batch": 8, "train.iterations": 2, "train.warmup": 1, "sampler.steps": 1,
               "sampler.buffer_size": 40, "data.crop": False}, data=data, out=run)
    return os.path.join(run, "best.safetensors")


def microseconds(function, calls=20000):
    """Of the processor; the least of nine means: others on the machine only add."""
    means = []
    for _ in range(9):
        begin = time.process_time()
        for _ in range(calls):
            function()
        means.append((time.process_time() - begin) / calls * 1e6)
    return min(means)


def empty_calls(m):
    x = np.empty((0, 3, SIDE, SIDE), np.float32)
    want = _library.Evaluation(ctypes.sizeof(_library.Evaluation), None, None, None, None)
    place, handle = _library.address(x), m.handle()
    function, reference = _library.lib.jem_model_evaluate, ctypes.byref(want)
    print(f"through ctypes alone          {microseconds(lambda: function(handle, place, 0, reference)):6.2f} us a call")
    print(f"m.logits, of no image         {microseconds(lambda: m.logits(x)):6.2f} us")
    print(f"m.energy, of no image         {microseconds(lambda: m.energy(x)):6.2f} us")
    print(f"m.grad, of no image           {microseconds(lambda: m.grad(x)):6.2f} us")
    print(f"ctypes' call of nothing       {microseconds(_library.lib.jem_version):6.2f} us")


def ratios(m, program, path, x, rounds):
    child = subprocess.Popen([program, path, "1", os.path.join(os.path.dirname(path), "x.npy")], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    found = []
    for i in range(rounds + 2):
        child.stdin.write(f"{IMAGES}\n")
        child.stdin.flush()
        cpu, wall = map(float, child.stdout.readline().split())
        begin = time.process_time(), time.perf_counter()
        m.grad(x)
        ours = time.process_time() - begin[0], time.perf_counter() - begin[1]
        if i >= 2:  # plans are compiled in the first
            found.append((ours[0] / cpu, ours[1] / wall, cpu))
    child.stdin.close()
    child.wait()
    for name, k in (("processor", 0), ("wall", 1)):
        r = sorted(f[k] for f in found)
        print(f"m.grad / the program's, {name:9} {statistics.median(r):.4f}  (quartiles {r[len(r) // 4]:.4f} to "
              f"{r[3 * len(r) // 4]:.4f}, {rounds} pairs of {statistics.median(f[2] for f in found) * 1e3:.1f} ms)")


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as folder:
        path = weights(folder)
        x = np.random.default_rng(2).uniform(-1, 1, (IMAGES, 3, SIDE, SIDE)).astype(np.float32)
        np.save(os.path.join(os.path.dirname(path), "x.npy"), x)
        with jem.load(path, device="cpu", threads=1) as m:
            empty_calls(m)
            ratios(m, program, path, x, rounds)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""PyTorch files for tests/tensor/test_torch_file.c: golden_torch.py [FOLDER]

Writes torch/*.pt and torch_older/*.pt below tests/fuzz/corpus, which fuzzing begins with, too: archives; the older
pickles, those of Python 2 (by hand); views, all types, checkpoints with more than weights, and what is to be refused.  Element i of a ramp
is its start and i / 4.  Recorded with PyTorch 2.15.
"""
import argparse
import pathlib
import pickle
import struct
import sys
from collections import OrderedDict

import torch

corpus = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/fuzz/corpus")
folder, older = corpus / "torch", corpus / "torch_older"
for made in (folder, older):
    made.mkdir(parents=True, exist_ok=True)


def ramp(*shape, dtype=torch.float32, start=0):
    n = torch.Size(shape).numel()
    return (start + torch.arange(n, dtype=torch.float64) / 4).reshape(shape).to(dtype)


def save(name, thing, **how):
    zipped = how.get("_use_new_zipfile_serialization", True)
    torch.save(thing, (folder if zipped else older) / name, **how)


weights = OrderedDict(
    [("conv.weight", ramp(2, 3, 1, 1)), ("conv.bias", ramp(2, start=10)), ("bn.num_batches_tracked", torch.tensor(7))]
)
save("archive.pt", weights)
save("older.pt", weights, _use_new_zipfile_serialization=False)
save("protocol4.pt", weights, pickle_protocol=4)

a = ramp(2, 3)
save("views.pt", {"a": a, "b": a.t(), "c": a[1], "whole": ramp(4, 6)[1:3, ::2], "one": ramp(3)[2], "none": ramp(0, 3)})
save("views_older.pt", {"a": a, "b": a.t(), "c": a[1]}, _use_new_zipfile_serialization=False)

types = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
save("types.pt", {str(t)[6:]: (torch.arange(5) - (0 if t == torch.uint8 else 2)).to(t) for t in types}
     | {"bool": torch.tensor([True, False])})

parallel = OrderedDict(("module." + name, torch.nn.Parameter(t) if t.is_floating_point() else t) for name, t in weights.items())
save("checkpoint.pt", {"epoch": 3, "best": 0.25, "big": 2**70, "args": argparse.Namespace(lr=0.1), "model_state_dict": parallel,
                       "optimizer": {"state": {0: {"exp_avg": ramp(2)}}, "param_groups": [{"params": [0, 1]}]},
                       "replay_buffer": ramp(2, 1, 2, 2)})
save("nested.pt", {"f": {"layer": {"0": {"weight": ramp(2)}}, "bias": ramp(1)}})
save("tensor.pt", ramp(2, 2))
save("model.pt", torch.nn.Linear(2, 1))
torch.jit.script(torch.nn.Linear(2, 1)).save(str(folder / "script.pt"))
save("complex.pt", {"z": torch.zeros(2, dtype=torch.complex64)})
loop = {}
loop["self"] = loop
save("loop.pt", loop)


def text(s):  # as Python 2 wrote it
    return b"U" + bytes([len(s)]) + s.encode()


def python2():
    storage = text("storage") + b"ctorch\nFloatStorage\n" + text("17") + text("cuda:0") + b"K\x06" + b"N"
    tensor = b"ctorch._utils\n_rebuild_tensor\n((" + storage + b"tQK\x00(K\x02K\x03t(K\x03K\x01ttR"
    pair = b"](" + text("lin0.weight") + tensor + b"e"
    made = b"\x80\x02ccollections\nOrderedDict\n](" + pair + b"e\x85R."
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    head += b"\x80\x02}(" + text("little_endian") + b"\x88" + text("protocol_version") + b"M\xe9\x03u."
    keys = b"\x80\x02](" + text("17") + b"e."
    return head + made + keys + struct.pack("<q6f", 6, *[i / 4 for i in range(6)])


(older / "python2.pt").write_bytes(python2())

#!/bin/sh
# EfficientNet-Lite0 with its published weights beside its own PyTorch class, on real pictures (scripts/check_network.py):
# real_network.sh JEM.  Skipped (77) without the weights (JEM_WEIGHTS, scripts/fetch-weights), the data, or a Python
# with PyTorch, NumPy and Pillow; JEM_PYTHON names another interpreter.
set -eu
scripts=$(cd "$(dirname "$0")/../../scripts" && pwd)
data=${JEM_DATA:-$scripts/../../shared/data}
python=${JEM_PYTHON:-python3}
weights=${JEM_WEIGHTS:-}
[ -f "$weights/efficientnet-lite0.pth" ] || { echo "skipped: no published weights (scripts/fetch-weights FOLDER, then JEM_WEIGHTS=FOLDER)"; exit 77; }
[ -f "$data/../reference/imagenet16.tsv" ] || { echo "skipped: no data at $data (JEM_DATA)"; exit 77; }
"$python" -c 'import numpy, PIL, torch' 2>/dev/null || { echo "skipped: $python lacks PyTorch, NumPy or Pillow (JEM_PYTHON)"; exit 77; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$python" "$scripts/check_network.py" --jem "$1" --weights "$weights" --data "$data" --mapping "$data/../reference/imagenet16.tsv" --out "$out"
"$1" report "$out/run" >/dev/null

# and the comparison can fail: with a sign changed in the network's last layer it is another one
"$1" export "$out/run" -o "$out/own.safetensors" >/dev/null
"$python" - "$out/own.safetensors" "$out/changed.npz" <<'PYTHON'
import json, struct, sys
import numpy as np
raw = open(sys.argv[1], "rb").read()
size, = struct.unpack("<Q", raw[:8])
head = json.loads(raw[8:8 + size])
head.pop("__metadata__", None)
tensors = {n: np.frombuffer(raw, "<f4", count=(t["data_offsets"][1] - t["data_offsets"][0]) // 4, offset=8 + size + t["data_offsets"][0]).reshape(t["shape"]).copy()
           for n, t in head.items()}
tensors["_fc.weight"] *= -1
np.savez(sys.argv[2], **tensors)
PYTHON
mkdir "$out/changed"
"$1" import "$out/changed.npz" --model efficientnet-lite0 --out "$out/changed/run" >/dev/null
mkdir -p "$out/few/samples"
cp -r "$data/samples/imagenet-val" "$out/few/samples"
if "$python" "$scripts/check_network.py" --jem "$1" --weights "$weights" --data "$out/few" --mapping "$data/../reference/imagenet16.tsv" --out "$out/changed" >/dev/null 2>&1; then
    echo "a network with another last layer was not noticed"
    exit 1
fi

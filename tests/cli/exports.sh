#!/bin/sh
# Weights of every network through jem import and jem export into PyTorch's classes, under their names
# (scripts/golden_networks.py).  Skipped (77) where python3 has no torch; another interpreter can be
# named in JEM_PYTHON.
set -eu
script=$(dirname "$0")/../../scripts/golden_networks.py
python=${JEM_PYTHON:-python3}
"$python" -c 'import numpy, torch' 2>/dev/null || { echo "skipped: no $python with torch and numpy"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

PYTHONDONTWRITEBYTECODE=1 "$python" "$script" exports "$1" "$folder"

#!/bin/bash
# What health checks, logging and background checkpoints cost.  At their usual pace that is
# less than the noise of a timing, so they are made to happen in every iteration: the
# same training with a row, a verdict and a checkpoint per iteration, and with none, in turn,
# A B A B; from the difference of the medians follows the cost at the default pace.
#
#   perf/overhead.sh JEM CIFAR10-FOLDER [ROUNDS] [ITERATIONS]
set -euo pipefail
jem=$1 data=$2 rounds=${3:-3} iterations=${4:-30}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
config=$(dirname "$0")/../configs/cifar10-small.yaml

run() { # NAME SETTINGS...
    name=$1
    shift
    rm -rf "$work/run"
    "$jem" train "$config" --set data.path="$data" --set data.val_fraction=0.01 \
        --set train.iterations="$iterations" --set engine.precision=bf16 "$@" --out "$work/run" \
        > "$work/log" 2>&1
    sed -n 's/^ *"wall_s": *\([0-9.]*\).*/\1/p' "$work/run/run.json" >> "$work/$name"
}
median() { sort -g "$work/$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for _ in $(seq "$rounds"); do
    run rows --set train.log_every=1 --set train.checkpoint_every=1000000
    run checkpoints --set train.log_every=1000000 --set train.checkpoint_every=1 \
        --set train.event_files=false
    run none --set train.log_every=1000000 --set train.checkpoint_every=1000000 \
        --set train.event_files=false
done
for name in none rows checkpoints; do echo "$name: $(tr '\n' ' ' < "$work/$name")s"; done
awk -v none="$(median none)" -v rows="$(median rows)" -v checkpoints="$(median checkpoints)" \
    -v n="$iterations" 'BEGIN {
    step = none / n; row = (rows - none) / n; checkpoint = (checkpoints - none) / n
    printf "an iteration %.4f s, a row %.4f s, a checkpoint %.4f s\n", step, row, checkpoint
    printf "share of the training at a row every 50 and a checkpoint every 742 iterations: %.4f\n",
           (row / 50 + checkpoint / 742) / step
}'

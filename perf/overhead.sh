#!/bin/bash
# What health checks, logging and background checkpoints cost: the same training with
# all of them (a checkpoint every 50 iterations, a row and a verdict every 10, event
# files) and with none, in turn, A B A B; medians of the wall time.
#
#   perf/overhead.sh JEM CIFAR10-FOLDER [ROUNDS] [ITERATIONS]
set -euo pipefail
jem=$1 data=$2 rounds=${3:-3} iterations=${4:-100}
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

for _ in $(seq "$rounds"); do
    run with --set train.log_every=10 --set train.checkpoint_every=50
    run without --set train.log_every=1000000 --set train.checkpoint_every=1000000 \
        --set train.event_files=false
done
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
a=$(median "$work/with") b=$(median "$work/without")
echo "with: $(tr '\n' ' ' < "$work/with")s"
echo "without: $(tr '\n' ' ' < "$work/without")s"
awk -v a="$a" -v b="$b" 'BEGIN { printf "ratio of the medians %.4f\n", a / b }'

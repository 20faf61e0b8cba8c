# What the system tests share: a tiny run, and what makes two runs equal.
# Sourced by the scripts beside it, with $jem set.

work=$(mktemp -d)
# What a failed test leaves is for looking at.
trap 'code=$?; if [ $code -eq 0 ]; then rm -rf "$work"; else echo "see $work" >&2; fi' EXIT

# Surfaces 16x16, a network that steps in milliseconds, a checkpoint every other step.
tiny_setup() {
    "$jem" data render --n 120 --size 16 --seed 1 -o "$work/surfaces" \
        > "$work/render.log" 2>&1
    cat > "$work/tiny.yaml" <<YAML
model: {name: wrn-10-1, pool: adaptive}
data: {kind: gloss, path: $work/surfaces}
engine: {threads: 1}
sampler: {steps: 2, buffer_size: 100}
train: {batch: 8, iterations: ${ITERATIONS:-600}, lr: 1e-3, warmup: 20, ema: 0.9, log_every: 5, checkpoint_every: 2, event_files: false}
YAML
}

# Columns of metrics.csv that do not depend on the clock.
metrics_of() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) skip[i] = $i == "images_per_s" || $i == "wall_s" }
             { line = ""; for (i = 1; i <= NF; i++) if (!skip[i]) line = line $i ","; print line }' \
        "$1/metrics.csv"
}

# A safetensors file without the bits that name its run, and the checksum over them.
anonymous() {
    LC_ALL=C sed 's/"jem\.\(run\|checksum\)":"[0-9a-f]*"//g' "$1"
}

same_but_for_the_name() {
    anonymous "$1" > "$work/a.safetensors"
    anonymous "$2" > "$work/b.safetensors"
    cmp "$work/a.safetensors" "$work/b.safetensors"
}

# Do two runs have the same selected weights and last state?
same_weights() {
    local last
    last=$(ls "$1/checkpoints" | grep '^[0-9]*\.safetensors$' | sort | tail -n 1)
    same_but_for_the_name "$1/best.safetensors" "$2/best.safetensors" &&
        same_but_for_the_name "$1/checkpoints/$last" "$2/checkpoints/$last"
}

# The same rows?
same_log() {
    metrics_of "$1" > "$work/a.csv"
    metrics_of "$2" > "$work/b.csv"
    cmp "$work/a.csv" "$work/b.csv"
}

# Fails unless the two runs ended with the same weights, state and log.
same_runs() {
    same_weights "$1" "$2"
    same_log "$1" "$2"
}

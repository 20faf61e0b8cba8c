#!/bin/bash
# scripts/gpu-session with programs that are stand-ins: what a slice leaves, whole, failed or cut off.
set -eu
command -v python3 > /dev/null || { echo "python3 is not installed"; exit 77; }
session=$(cd "$(dirname "$0")/../../scripts" && pwd)/gpu-session
work=$(mktemp -d)
trap 'code=$?; if [ $code -eq 0 ]; then rm -rf "$work"; else echo "see $work" >&2; fi' EXIT
unset GPU_SECONDS GPU_CIFAR10 GPU_CIFAR10H
export GPU_BIN=$work/bin GPU_SLICE_SECONDS=60 PATH=$work/tools:$PATH
mkdir "$work/bin" "$work/tools"

stand_in() { # PATH COMMANDS
    printf '#!/bin/sh\n%s\n' "$2" > "$1"
    chmod +x "$1"
}
last_line_is() { # SLICE PATTERN
    tail -n 1 "$work/out/$1/result.txt" | grep -qE "$2" ||
        { echo "$1: the last line is not '$2':"; cat "$work/out/$1/result.txt"; exit 1; }
}

stand_in "$work/bin/jem" 'echo "stand-in $*"'
stand_in "$work/bin/gpu_bench" 'echo "{\"device\": \"D\", \"model\": \"M\", \"batch\": 64, \"alpha\": 0.5, \"L\": 20,
 \"resident\": true, \"ms_median\": 97, \"ms_best\": 96, \"images_per_s\": 659, \"tflops\": 377}" | tr -d "\n"
echo; echo "a convolution: $2"'
for t in conv_hopper cuda_elements resident resident_data resident_pixelvae golden_steps autoencoder cuda_plan cuda_networks; do
    stand_in "$work/bin/test_$t" 'echo "ran $*"'
done
stand_in "$work/tools/compute-sanitizer" 'echo "Device not supported"; exit 1'

# Whole: each part has its line, what the machine cannot do is said, and the second call finds it done.
"$session" "$work/out" tests speed > "$work/log" || { cat "$work/log"; exit 1; }
last_line_is tests '^whole in [0-9]+ s: conv_hopper programs rates$'
grep -q 'memcheck: cannot be done here: compute-sanitizer does not work on this machine: Device not supported' \
    "$work/out/tests/result.txt"
grep -q '^test_resident passed' "$work/out/tests/result.txt"
grep -q 'wrn-28-10: jem, M batch 64 alpha 0.5 L 20: median of 10 97.00 ms' "$work/out/speed/result.txt"
grep -q '    a convolution: engine.device=cuda' "$work/out/speed/result.txt"
grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' "$work/out/speed/about.txt"
grep -q 'gpu-session slice speed, 60 s at most' "$work/out/speed/about.txt"
GPU_SECONDS=1 "$session" "$work/out" > "$work/log"
grep -q '==== speed: whole already' "$work/log"
grep -q '==== large: not begun, too little time is left' "$work/log"

# A part that fails and one that hangs stop no other, are named, and the slice is done again.
stand_in "$work/bin/test_resident" 'echo "17 is not 18"; exit 1'
stand_in "$work/bin/test_conv_hopper" '[ "${1:-}" = time ] && { echo "700 TFLOP/s"; exit 0; }; sleep 1000'
# What is left of the slice is the limit: never more than the slice has.
if GPU_SLICE_SECONDS=11 "$session" "$work/out" tests > "$work/log"; then exit 1; fi
last_line_is tests '^NOT whole after [0-9]+ s: conv_hopper \(stopped after ([1-9]|1[01]) s\), programs \(no time left\)'
stand_in "$work/bin/test_conv_hopper" 'echo "700 TFLOP/s"'
if "$session" "$work/out" tests > "$work/log"; then exit 1; fi
last_line_is tests '^NOT whole after [0-9]+ s: programs \(status 1\); done: conv_hopper rates$'
grep -q '^test_resident: status 1' "$work/out/tests/result.txt"
grep -q '17 is not 18' "$work/out/tests/test_resident.log"
grep -q '^700 TFLOP/s' "$work/out/tests/result.txt"

# No GPU where one is needed is a failure, not a part left out.
stand_in "$work/bin/test_conv_hopper" 'exit 77'
stand_in "$work/bin/test_resident" 'exit 0'
if "$session" "$work/out" tests > "$work/log"; then exit 1; fi
last_line_is tests 'conv_hopper \(status 1\)'

# A sweep without data says so; a slice that does not exist is refused.
if "$session" "$work/out" sweep > "$work/log"; then exit 1; fi
grep -q 'no data: name a folder' "$work/out/sweep/sweep.log"
if "$session" "$work/out" speeds > "$work/log"; then exit 1; fi
grep -q 'peer-more' "$work/log"

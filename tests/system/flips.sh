#!/bin/bash
# One bit flips in one file of an interrupted run, whichever: `jem resume` goes on to the bits of an
# undisturbed run, with a warning where it had to leave something out, or refuses and names the file.
# Never does it end well with other weights.
#
#   tests/system/flips.sh JEM [FLIPS]
set -euo pipefail
jem=$1 flips=${2:-25}
. "$(dirname "$0")/lib.sh"
ITERATIONS=24 tiny_setup
sed -i 's/event_files: false/event_files: true/; s/log_every: 5/log_every: 2/' "$work/tiny.yaml"

"$jem" train "$work/tiny.yaml" --out "$work/undisturbed" > "$work/undisturbed.log" 2>&1
# Interrupted half way, as often as it takes to be neither too early nor too late.
until [ -d "$work/half/checkpoints" ] && [ ! -d "$work/half.done" ]; do
    rm -rf "$work/half" "$work/half.done"
    "$jem" train "$work/tiny.yaml" --out "$work/half" > "$work/half.log" 2>&1 &
    pid=$!
    until [ -e "$work/half/checkpoints/000000010.safetensors" ] || ! kill -0 $pid 2> /dev/null; do :; done
    kill -TERM $pid 2> /dev/null || true
    wait $pid && mkdir -p "$work/half.done" || true
done

# flip FILE BYTE BIT
flip() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %02x $((byte ^ (1 << $3))))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

fail() {
    echo "flip $i: bit $bit of byte $at of $file: $1" >&2
    cat "$work/resume.log" >&2
    exit 1
}

random() { echo $(((RANDOM << 15 | RANDOM) % $1)); }

RANDOM=${SEED:-1}
mapfile -t files < <(cd "$work/half" && find . -type f -size +0 | sort)
same=0 warned=0 refused=0
for i in $(seq "$flips"); do
    rm -rf "$work/run"
    cp -r "$work/half" "$work/run"
    file=${files[$(random ${#files[@]})]}
    at=$(random "$(stat -c %s "$work/run/$file")") bit=$((RANDOM % 8))
    flip "$work/run/$file" "$at" $bit
    code=0
    timeout 600 "$jem" resume "$work/run" > "$work/resume.log" 2>&1 || code=$?
    case $code in
    0)
        same_weights "$work/undisturbed" "$work/run" || fail "ended well with other weights"
        if same_log "$work/undisturbed" "$work/run"; then same=$((same + 1))
        elif grep -q warning "$work/resume.log"; then warned=$((warned + 1))
        else fail "another log without a word"; fi ;;
    2 | 3)
        grep '^jem: ' "$work/resume.log" | grep -v '^jem: warning' | grep -qF "$(basename "$file")" ||
            fail "refused without its name"
        refused=$((refused + 1)) ;;
    *) fail "exit code $code" ;;
    esac
    [ $((i % 100)) -ne 0 ] && [ $i -ne "$flips" ] ||
        echo "$i flips in ${#files[@]} files: $same as if nothing were, $warned with a warning about lost rows, $refused refused"
done

#!/bin/bash
# SIGTERM and SIGINT: saved, exit code 5, resumed with the same bits; a second signal in
# the middle of saving does no harm.
#
#   tests/system/signals.sh JEM [TIMES]
set -euo pipefail
jem=$1 times=${2:-6}
. "$(dirname "$0")/lib.sh"
tiny_setup

"$jem" train "$work/tiny.yaml" --out "$work/undisturbed" > "$work/undisturbed.log" 2>&1

RANDOM=${SEED:-1}
stopped=0
slowest=0
while :; do
    code=0
    "$jem" train "$work/tiny.yaml" --resume --out "$work/stopped" > "$work/stopped.log" 2>&1 &
    pid=$!
    if [ "$stopped" -lt "$times" ]; then
        # Late enough that the handler stands, which is set before the data are read.
        sleep "0.$(printf %03d $((200 + RANDOM % 300)))"
        before=$(date +%s%N)
        if [ $((stopped % 2)) -eq 0 ]; then signal=TERM; else signal=INT; fi
        kill -s "$signal" "$pid" 2>/dev/null || true
        # Every third time once more at once, as an impatient person does.
        [ $((stopped % 3)) -eq 2 ] && { kill -s "$signal" "$pid" 2>/dev/null || true; }
    else
        before=$(date +%s%N)
    fi
    wait "$pid" || code=$?
    [ "$code" -eq 0 ] && break
    # A loaded machine may be slower than that: then nothing was begun either.
    if [ "$code" -eq 143 ] || [ "$code" -eq 130 ]; then continue; fi
    if [ "$code" -ne 5 ]; then
        echo "exit code $code instead of 5" >&2
        cat "$work/stopped.log" >&2
        exit 1
    fi
    took=$((($(date +%s%N) - before) / 1000000))
    [ "$took" -gt "$slowest" ] && slowest=$took
    stopped=$((stopped + 1))
done
same_runs "$work/undisturbed" "$work/stopped"
echo "$stopped signals, at most $slowest ms until saved, equal to the undisturbed run"

#!/bin/bash
# SIGKILL at random moments, checkpoint writes included: however often a training dies,
# the same command goes on, and it ends with the bits of an undisturbed one.
#
#   tests/system/kill.sh JEM [KILLS]
set -euo pipefail
jem=$1 kills=${2:-10}
. "$(dirname "$0")/lib.sh"
tiny_setup

"$jem" train "$work/tiny.yaml" --out "$work/undisturbed" > "$work/undisturbed.log" 2>&1

RANDOM=${SEED:-1}
killed=0 finished=0
while [ "$killed" -lt "$kills" ]; do
    run=$work/killed-$finished
    while :; do
        verb=(train "$work/tiny.yaml" --resume --out "$run")
        code=0
        if [ "$killed" -lt "$kills" ]; then
            # 20 to 420 ms: from before the data are read to many checkpoints later.  (In a
            # shell of its own, so that this one does not report each death; waiting for the
            # training itself: `timeout` dies with it, at times before it has let go of its lock.)
            delay=0.$(printf %03d $((20 + RANDOM % 400)))
            ("$jem" "${verb[@]}" > "$work/killed.log" 2>&1 & pid=$!
             sleep "$delay"; kill -KILL $pid; wait $pid) 2> /dev/null || code=$?
        else
            "$jem" "${verb[@]}" > "$work/killed.log" 2>&1 || code=$?
        fi
        [ "$code" -eq 0 ] && break
        if [ "$code" -ne 137 ]; then
            echo "after $killed kills: exit code $code" >&2
            cat "$work/killed.log" >&2
            exit 1
        fi
        killed=$((killed + 1))
    done
    same_runs "$work/undisturbed" "$run"
    finished=$((finished + 1))
done
echo "$killed kills, $finished runs finished, all equal to the undisturbed one"

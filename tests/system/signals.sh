#!/bin/bash
# What asks a training to end: saved, exit code 5, the signal's name, resumed with the same bits; a
# second signal in the middle of saving does no harm.  What must not end it: ignored signals, closed
# pipes and descriptors.  And files that may not grow.
#
#   tests/system/signals.sh JEM [TIMES]
set -euo pipefail
jem=$1 times=${2:-6}
. "$(dirname "$0")/lib.sh"
ITERATIONS=${ITERATIONS:-$((50 * times))}
tiny_setup
signals=(TERM INT HUP USR1 USR2 XCPU)

fail() {
    echo "$1" >&2
    shift
    [ $# -eq 0 ] || tail -n 3 "$@" >&2
    exit 1
}

"$jem" train "$work/tiny.yaml" --out "$work/undisturbed" > "$work/undisturbed.log" 2>&1

# ---- stopped again and again
RANDOM=${SEED:-1}
stopped=0
slowest=0
while :; do
    code=0
    signal=${signals[stopped % 6]}
    # Bash has background processes ignore SIGINT, and that would stay so.
    env --default-signal "$jem" train "$work/tiny.yaml" --resume --out "$work/stopped" \
        > "$work/stopped.log" 2>&1 &
    pid=$!
    if [ "$stopped" -lt "$times" ]; then
        sleep "0.$(printf %03d $((200 + RANDOM % 300)))"
        before=$(date +%s%N)
        kill -s "$signal" "$pid" 2>/dev/null || true
        # Every third time once more at once, as an impatient person does.
        [ $((stopped % 3)) -eq 2 ] && { kill -s TERM "$pid" 2>/dev/null || true; }
    else
        before=$(date +%s%N)
    fi
    wait "$pid" || code=$?
    [ "$code" -eq 0 ] && break
    # A loaded machine may not have come to main by then: nothing was begun either.
    [ "$code" -gt 128 ] && continue
    [ "$code" -eq 5 ] || fail "exit code $code instead of 5" "$work/stopped.log"
    grep -q "^jem: SIG[A-Z12]*: " "$work/stopped.log" || fail "no name of a signal" "$work/stopped.log"
    took=$((($(date +%s%N) - before) / 1000000))
    [ "$took" -gt "$slowest" ] && slowest=$took
    stopped=$((stopped + 1))
done
same_runs "$work/undisturbed" "$work/stopped"

# ---- what is not for it, or of no importance
short=("$jem" train "$work/tiny.yaml" --set train.iterations=40 --set train.log_every=1
       --set train.event_files=true)
"${short[@]}" --out "$work/plain" > "$work/plain.log" 2>&1

clean() { # RUN: as the undisturbed one, and no message in its files
    same_runs "$work/plain" "$work/$1"
    [ "$(grep -cvE '^[0-9.e+-]+,' "$work/$1/metrics.csv")" -eq 1 ] || fail "$1: not only rows" "$work/$1/metrics.csv"
    ! grep -aqE 'l_D [0-9]|jem: ' "$work/$1"/events/* || fail "$1: messages in event files"
}

for closed in {0,1}{0,1}{0,1}; do
    (
        [ "${closed:0:1}" = 1 ] && exec 0<&-
        [ "${closed:1:1}" = 1 ] && exec 1>&- || exec > "$work/out"
        [ "${closed:2:1}" = 1 ] && exec 2>&- || exec 2> "$work/err"
        exec "${short[@]}" --out "$work/closed$closed"
    ) || fail "closed $closed: exit code $?" "$work/out" "$work/err"
    clean "closed$closed"
done

"${short[@]}" --out "$work/piped" 2>&1 | head -n 1 > "$work/out"
clean piped
"$jem" list options 2> "$work/err" | head -n 1 > "$work/out"
[ ! -s "$work/err" ] || fail "a closed pipe was complained about" "$work/err"

(trap '' HUP INT; exec "${short[@]}" --out "$work/ignoring") > "$work/out" 2>&1 &
pid=$!
for i in 1 2 3 4; do
    sleep 0.1
    kill -s INT "$pid" 2>/dev/null && kill -s HUP "$pid" 2>/dev/null || true
done
wait "$pid" || fail "ended by what it ignores: exit code $?" "$work/out"
clean ignoring

# ---- files that may not grow: nothing can be saved, what was saved before stays
"$jem" train "$work/tiny.yaml" --out "$work/limited" > "$work/out" 2>&1 &
pid=$!
until ls "$work"/limited/checkpoints/*.safetensors > /dev/null 2>&1; do sleep 0.05; done
kill "$pid" 2>/dev/null || true
wait "$pid" || true
code=0
(ulimit -f 8; exec "$jem" resume "$work/limited") > "$work/out" 2>&1 || code=$?
if [ "$code" -ne 0 ]; then # it may have been finished
    [ "$code" -eq 7 ] && grep -q 'ulimit -f' "$work/out" || fail "exit code $code instead of 7" "$work/out"
    "$jem" resume "$work/limited" > "$work/out" 2>&1
fi
same_runs "$work/undisturbed" "$work/limited"

# ---- sweeps: asked alone, and with all their trainings as batch systems do
# (each run with the settings of the undisturbed one: rescued by itself)
sweep() { exec "$jem" sweep "$work/tiny.yaml" --alpha 0.5,1 --slots 2 --rescue run --out "$work/study"; }
study="$work/study"
for signal in HUP USR1 TERM; do
    code=0
    sweep > "$work/sweep.log" 2>&1 &
    pid=$!
    sleep 0.4
    children=
    [ "$signal" = HUP ] || children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
    kill -s "$signal" $children "$pid" 2>/dev/null || true
    wait "$pid" || code=$?
    for log in "$study"/logs/*.log; do # each is locked while its training lives
        flock -n "$log" true || fail "a training outlived its sweep" "$log"
    done
    [ "$code" -eq 0 ] && break
    [ "$code" -eq 5 ] || [ "$code" -gt 128 ] || fail "sweep: exit code $code instead of 5" "$work/sweep.log"
done
(sweep) > "$work/sweep.log" 2>&1 || fail "sweep: exit code $?" "$work/sweep.log"
same_runs "$work/undisturbed" "$study/alpha-0.50-seed-1"

echo "$stopped signals, at most $slowest ms until saved, equal to the undisturbed run"

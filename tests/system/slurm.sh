#!/bin/bash
# A study on a real Slurm, two nodes on this machine (slurm_cluster.sh): six runs, of which one meets the time limit, one
# is on a node that is drained, one is killed.  All end with the bits of an undisturbed sweep, and the report
# follows.  Where a training has to be at work when something happens to it, it is held (SIGSTOP) until then.
#
#   tests/system/slurm.sh JEM [long]      long: also a study that is cancelled and goes on, preemption, a grid
set -euo pipefail
jem=$(readlink -f "$1") long=${2:-}
here=$(dirname "$0")
. "$here/slurm_cluster.sh"
missing=$(slurm_missing)
[ -z "$missing" ] || { echo "skipped: not installed: $(echo $missing) (Debian: slurm-wlm munge)"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "skipped: slurmd needs root"; exit 77; }
. "$here/lib.sh"
trap 'code=$?; slurm_down; if [ $code -eq 0 ]; then rm -rf "$work"; else echo "see $work" >&2; fi' EXIT
trap 'exit 1' INT TERM HUP

ITERATIONS=100
tiny_setup
study="$work/the study's \$1"
alphas=(--alpha 0,0.5,1 --seeds 2)

fail() {
    echo "$1" >&2
    "$jem" sweep --status "$study" >&2 || true
    squeue -r >&2 || true
    tail -v -n 5 "$study"/logs/*.log >&2 || true
    tail -n 20 "$work"/cluster/log/*.log >&2 || true
    exit 1
}

waits() { # seconds, what for, command...
    local tries=$(($1 * 20)) what=$2
    shift 2
    while ! "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited in vain for $what"
        sleep 0.05
    done
}

pid_of() { # run: of the training at work
    grep -o '"pid": [0-9]*' "$study/$1/owner" 2>/dev/null | grep -o '[0-9]*'
}

hold() { # run: as soon as it trains
    waits 60 "the training of $1" has_begun "$1"
    held=$(pid_of "$1")
    kill -STOP "$held"
}
has_begun() { [ -n "$(pid_of "$1")" ]; }
is_through() { is_idle || true; [ -z "$(squeue -h -j "$1" -t PENDING,RUNNING,COMPLETING 2>/dev/null)" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }

# Nothing is left in the queue.  What went back into it would wait for two minutes.
is_idle() {
    local id
    for id in $(squeue -h -r -t PENDING -o '%i %r' | awk '$2 == "BeginTime" { print $1 }'); do
        scontrol update JobId="$id" StartTime=now 2>/dev/null || true
    done
    [ -z "$(squeue -h)" ]
}

submit() {
    "$jem" sweep "$work/tiny.yaml" "${alphas[@]}" --slurm --slurm-arg=--mem=500 "$@" --out "$study" >"$work/submit.log" 2>&1 ||
        { cat "$work/submit.log" >&2; fail "was not submitted"; }
}

all_equal() {
    local run
    for run in "$work"/undisturbed/alpha-*; do
        same_runs "$run" "$study/$(basename "$run")" || fail "$(basename "$run") is another run than undisturbed"
    done
    [ -z "$(ls "$study"/alpha-*/owner 2>/dev/null)" ] || fail "an owner is left"
}

log_of() { cat "$study/logs/$1.log"; }

"$jem" sweep "$work/tiny.yaml" "${alphas[@]}" --slots 2 --out "$work/undisturbed" >"$work/undisturbed.log" 2>&1
slurm_up "$work/cluster" || { tail -n 20 "$work"/cluster/log/*.log >&2; echo "Slurm does not come up" >&2; exit 1; }

# ---- six runs, three of them disturbed
submit --slurm-arg=--time=1
array=$(awk '$1 == "array" { print $2 }' "$study/slurm/jobs")
hold alpha-0.50-seed-1
slow=$held
hold alpha-1.00-seed-1
kill -9 "$held"
hold alpha-0.50-seed-2
node=$(squeue -h -j "${array}_4" -o %N)
scontrol update NodeName="$node" State=DRAIN Reason=test
scontrol requeue "${array}_4"
kill -CONT "$held"
waits 30 "the training on the drained node to end" gone "$held"
waits 50 "the time limit's signal" gone "$slow" # Slurm sends CONT before it
waits 90 "the end of all jobs" is_idle

[ "$("$jem" sweep --status "$study" | tail -n 1)" = "6 finished" ] || fail "not all runs are finished"
all_equal
log_of alpha-0.50-seed-1 | grep -q 'SIGUSR1\|interrupted after iteration' || fail "the time limit saved nothing"
log_of alpha-0.50-seed-1 | grep -q "exit code 5: task ${array}_1 goes into the queue again" || fail "no requeue after the time limit"
log_of alpha-1.00-seed-1 | grep -q "exit code 137: task ${array}_2 goes into the queue again" || fail "no requeue after the kill"
log_of alpha-0.50-seed-2 | grep -q 'interrupted after iteration' || fail "the drained node saved nothing"
[ "$(sinfo -h -N -n "$node" -o %T)" != idle ] || fail "$node is not drained"
[ -s "$study/report.html" ] || fail "there is no report"
ls "$study"/alpha-*/scores/evaluated.txt >/dev/null || fail "nothing was evaluated"
"$jem" sweep "$work/tiny.yaml" "${alphas[@]}" --slurm --out "$study" 2>&1 | grep -q 'no run is left' || fail "finished runs are submitted"
echo "six runs, one met the time limit, one left a drained node, one was killed: the same bits"
[ "$long" = long ] || exit 0

# ---- cancelled and gone on with; then preempted
scontrol update NodeName="$node" State=RESUME
study="$work/cancelled"
submit --slurm-arg=--time=9
hold alpha-0.50-seed-1
"$jem" sweep --cancel "$study" 2>"$work/cancel.log" || fail "was not cancelled"
kill -CONT "$held"
waits 60 "the end of a cancelled study" is_idle
"$jem" sweep --status "$study" | grep -q interrupted || fail "the cancelled run was not saved"
log_of alpha-0.50-seed-1 | grep -q 'goes into the queue again' && fail "a cancelled run returned"
submit --slurm-arg=--time=9
grep -q '5 of 6\|6 of 6' "$work/submit.log" || fail "the rest was not submitted"
waits 120 "the end of what goes on" is_idle
all_equal
echo "cancelled, saved and gone on with: the same bits"

study="$work/preempted"
submit --slurm-arg=--time=9
hold alpha-0.50-seed-1
blocker=$(sbatch --parsable --partition=high --exclusive --nodes=2 --output=/dev/null --wrap 'sleep 1')
kill -CONT "$held"
waits 120 "the job of the higher partition" is_through "$blocker"
waits 180 "the end after preemption" is_idle
all_equal
log_of alpha-0.50-seed-1 | grep -q 'interrupted after iteration' || fail "preemption saved nothing"
echo "preempted, saved and gone on with: the same bits"

study="$work/grid"
alphas=(--alpha 0,0.5 --grid sampler.steps=2,3)
submit --slurm-arg=--time=9
waits 240 "the end of a grid" is_idle
study="$work/grid/steps-2"
[ "$("$jem" sweep --status "$work/grid" | grep -c '^2 finished$')" = 2 ] || fail "not all runs of the grid are finished"
[ -s "$study/report.html" ] && [ -s "$work/grid/report.html" ] || fail "a report of the grid is missing"
grep -q steps-3 "$work/grid/figures/grid-classification.tsv" || fail "no line of a study of the grid"
echo "a grid of two studies: two arrays, their reports and one of both"

#!/bin/bash
# Limits of address space (ulimit -v, what SGE and PBS set): whatever is asked ends by itself, with
# 0 or with 6 and a message; and where there is room, it works.
#
#   tests/system/limits.sh JEM [MIB...]
set -euo pipefail
jem=$1
shift
[ $# -gt 0 ] || set -- 20 60 100 115 130 150 180 220 270 330 400 600 2000
. "$(dirname "$0")/lib.sh"
ITERATIONS=4 tiny_setup

"$jem" train "$work/tiny.yaml" --out "$work/run" > "$work/run.log" 2>&1

# limited MIB ARGUMENTS...: sets code; a run that does not end by itself is 124
limited() {
    local most=$(($1 * 1024))
    shift
    code=0
    (ulimit -v "$most"; ulimit -c 0; exec timeout -k 1 60 "$jem" "$@") > "$work/log" 2>&1 || code=$?
}

fail() {
    echo "$1" >&2
    cat "$work/log" >&2
    exit 1
}

refused=0
for mib; do
    limited "$mib" --version
    [ "$code" -ne 124 ] && [ "$code" -ne 137 ] || fail "$mib MiB: jem --version does not end"
    [ "$code" -eq 0 ] || continue # the loader had too little for the libraries, and said so
    rm -rf "$work/limited"
    for command in "list" "info $work/run" "plan $work/tiny.yaml --no-timing" \
        "train $work/tiny.yaml --out $work/limited" "eval $work/run --force" \
        "report $work/run -o $work/page.html"; do
        # shellcheck disable=SC2086
        limited "$mib" $command
        [ "$code" -eq 0 ] || [ "$code" -eq 6 ] || fail "$mib MiB: jem $command: exit code $code"
        [ "$code" -eq 0 ] && continue
        refused=$((refused + 1))
        grep -q '^jem: .' "$work/log" || fail "$mib MiB: jem $command: refused without a word"
    done
done
[ "$refused" -gt 0 ] || fail "nothing was ever refused"
limited 2000 train "$work/tiny.yaml" --out "$work/roomy"
[ "$code" -eq 0 ] || fail "2000 MiB are not enough: exit code $code"
for command in "train $work/tiny.yaml --out $work/narrow" "plan $work/tiny.yaml --no-timing"; do
    # shellcheck disable=SC2086
    limited 250 $command
    [ "$code" -eq 6 ] || fail "250 MiB: jem $command: exit code $code instead of 6"
    grep -q 'ulimit -v' "$work/log" || fail "jem $command: the limit is not named"
done
echo "at $# limits all ended, $refused times with 6"

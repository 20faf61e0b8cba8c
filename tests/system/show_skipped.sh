#!/bin/sh
# What `make test` says of skipped cases at its end, from the words of cmocka 1.1.5 (Debian 12) and 1.1.7 (13).
#
#   tests/system/show_skipped.sh
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/log" <<'LOG'
skipped: no data at A (set JEM_DATA)
[  SKIPPED ] one
[  SKIPPED ] 2 test(s), listed below:
[  SKIPPED ] one
skipped: no data at B (set JEM_DATA)
[  SKIPPED ] tests: 1 test(s), listed below:
LOG
"$(dirname "$0")/../../scripts/show-skipped" "$work/log" > "$work/said"
diff - "$work/said" <<'SAID'
skipped: 3 cases in 2 programs, else programs as a whole, for want of
  no data at A (set JEM_DATA) (1 times)
  no data at B (set JEM_DATA) (1 times)
SAID

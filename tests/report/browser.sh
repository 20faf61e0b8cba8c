#!/bin/sh
# The report's page in a real browser:   browser.sh JEM SCREENSHOTS
# Skipped (77) where Debian's chromium or chromium-driver is not installed.
set -eu
for program in python3 chromium chromedriver; do
    command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
exec python3 -B "$(dirname "$0")/browser.py" "$@"

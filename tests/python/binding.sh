#!/bin/sh
# The Python binding against the library of this build.
#
#   binding.sh LIBJEM CC     (exit code 77: no python3 with numpy; JEM_PYTHON names another)
set -eu
here=$(dirname "$0")
python=
for p in ${JEM_PYTHON:-python3 /usr/bin/python3}; do # Debian's has Debian's NumPy, whichever comes first in PATH
    "$p" -c 'import numpy' 2>/dev/null && { python=$p; break; }
done
[ -n "$python" ] || { echo "skipped: no python3 with numpy"; exit 77; }
export JEM_LIBRARY="$1" CC="$2" PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$here/../../python"
exec "$python" -W error::DeprecationWarning -m unittest discover -s "$here" -p 'test_*.py'

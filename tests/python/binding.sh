#!/bin/sh
# The Python binding against the library of this build.
#
#   binding.sh LIBJEM CC     (exit code 77: no python3 with numpy; JEM_PYTHON names another)
set -eu
here=$(dirname "$0")
python=${JEM_PYTHON:-python3}
"$python" -c 'import numpy' 2>/dev/null || { echo "skipped: no $python with numpy"; exit 77; }
export JEM_LIBRARY="$1" CC="$2" PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$here/../../python"
exec "$python" -W error::DeprecationWarning -m unittest discover -s "$here" -p 'test_*.py'

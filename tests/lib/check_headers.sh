#!/bin/sh
# Every public header compiles alone, as C11 and as C++17, without a warning.
#
#   check_headers.sh INCLUDE_DIR CC CXX     (exit code 77: no C++ compiler, C checked)
#                                           CC: a command, with options if need be
set -eu
include=$1
cc=$2
cxx=$3
strict="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I$include"

have_cxx=yes
command -v "$cxx" >/dev/null 2>&1 || have_cxx=
for header in "$include"/jem/*.h; do
    name=jem/$(basename "$header")
    # shellcheck disable=SC2086
    printf '#include <%s>\nint main(void) { return 0; }\n' "$name" |
        $cc -std=c11 -Wstrict-prototypes $strict -x c - || { echo "$name: not C11"; exit 1; }
    [ -z "$have_cxx" ] && continue
    # shellcheck disable=SC2086
    printf '#include <%s>\nint main() { return 0; }\n' "$name" |
        "$cxx" -std=c++17 $strict -x c++ - || { echo "$name: not C++17"; exit 1; }
done
[ -n "$have_cxx" ] || { echo "no C++ compiler: checked as C only"; exit 77; }

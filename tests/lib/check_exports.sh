#!/bin/sh
# The libraries show exactly the functions that include/jem marks JEM_API.
#
#   check_exports.sh INCLUDE_DIR LIBJEM.so LIBJEM.a
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# JEM_API ... jem_name(
cat "$1"/jem/*.h | tr '\n' ' ' | sed 's/JEM_API /\n&/g' |
    sed -n 's/^JEM_API [^(]*\(jem_[a-z0-9_]*\)(.*/\1/p' | sort -u > "$work/declared"
[ -s "$work/declared" ]
nm -D --defined-only "$2" | awk '{ print $NF }' | sort -u > "$work/shared"
nm -g --defined-only "$3" | awk 'NF == 3 { print $3 }' | sort -u > "$work/static"
diff "$work/declared" "$work/shared" || { echo "$2: exports differ (<: declared)"; exit 1; }
diff "$work/declared" "$work/static" || { echo "$3: symbols differ (<: declared)"; exit 1; }
readelf -d "$2" | grep -q 'SONAME.*libjem\.so\.[0-9]' || { echo "$2: no SONAME"; exit 1; }

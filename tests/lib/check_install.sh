#!/bin/sh
# Installs into a new folder and builds and runs an example against that, with
# nothing but pkg-config: first with the shared library, then with the static one.
#
#   check_install.sh BUILD_DIR EXAMPLES_DIR CC
set -eu
build=$1
examples=$2
cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/prefix" > "$work/log" || { cat "$work/log"; exit 1; }
"$work/prefix/bin/jem" --version
pc=$(find "$work/prefix" -name jem.pc)
lib=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="$(dirname "$pc")"

# use NAME FLAGS...: builds the examples that make data and train on them, and runs them
use() {
    name=$1
    shift
    mkdir "$work/$name" "$work/$name/data"
    for program in tensor train energy; do
        "$cc" -std=c11 "$examples/$program.c" -o "$work/$name/$program" "$@" -lm
    done
    "$work/$name/tensor" "$work/$name/data"
    "$work/$name/train" "$work/$name/data" "$work/$name/run" 2> "$work/log" ||
        { cat "$work/log"; exit 1; }
    "$work/$name/energy" "$work/$name/run" "$work/$name/data/images.npy" > "$work/$name/out"
    grep -q 'E(x)' "$work/$name/out"
}

# shellcheck disable=SC2046
LD_LIBRARY_PATH=$lib use shared $(pkg-config --cflags --libs jem)
readelf -d "$work/shared/energy" | grep -q 'NEEDED.*libjem\.so'

rm "$lib"/libjem.so* # what -ljem finds now is libjem.a
# Nothing tells a program where the library is that was linked into it came from.
export JEM_BLAS_LIBRARY=$lib/libjem_blas.so
# shellcheck disable=SC2046
use static $(pkg-config --static --cflags --libs jem)
if readelf -d "$work/static/energy" | grep -q 'NEEDED.*libjem'; then
    echo "the static program needs libjem.so"
    exit 1
fi
cmp "$work/shared/out" "$work/static/out"

#!/bin/bash
# The Makefile on machines that lack something, which stand-ins for dpkg, apt and cmake play:
# `make` installs nothing and names what is missing, `make deps` says each step.
set -eu
command -v make > /dev/null || { echo "skipped: make is not installed"; exit 77; }
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD CMAKE_FLAGS DESTDIR
mkdir "$work/tools" "$work/build"
for tool in bash sh make env awk sed grep cat chmod dirname mktemp mkdir touch rm nproc; do
    ln -s "$(command -v $tool)" "$work/tools/$tool"
done

stand_in() { # NAME COMMANDS
    printf '#!/bin/sh\n%s\n' "$2" > "$work/tools/$1"
    chmod +x "$work/tools/$1"
}
# runs STATUS MAKE_ARGUMENTS...: what make says -> $work/said
runs() {
    local want=$1 code=0
    shift
    PATH=$work/tools make -C "$top" --no-print-directory BUILD="$work/build" "$@" > "$work/said" 2>&1 || code=$?
    [ $code -eq "$want" ] || fails "'make $*' ended with $code instead of $want"
}
fails() {
    echo "$1; it said:"
    cat "$work/said"
    exit 1
}
says() { grep -qF -- "$1" "$work/said" || fails "'$1' is missing"; }
says_not() { ! grep -qF -- "$1" "$work/said" || fails "'$1' is too much"; }
touched_nothing() { [ ! -e "$work/installed" ] || fails "something was installed"; }

stand_in dpkg-query '[ "$3" != libyaml-dev ] && echo "install ok installed"'
stand_in apt-get 'echo "apt-get $*" >> '"$work/installed"'; echo "Reading package lists"'
stand_in sudo 'touch '"$work/installed"'; exec "$@"'

# No cmake at all, then one that does not find a library.
runs 2 all
says "these Debian packages, which are missing: libyaml-dev"
says "'make deps' installs them"
stand_in cmake 'echo "-- Checking"; echo "CMake Error at x:1:"; echo "  yaml-0.1 not found"; exit 1'
runs 2 all
says "yaml-0.1 not found"
says_not "-- Checking"
says "libyaml-dev"
touched_nothing

# Whoever may not install reads what is to be installed.
stand_in id 'echo 1000'
mv "$work/tools/sudo" "$work/sudo"
runs 2 deps
says "neither root nor sudo is at hand; have them installed as root:  apt-get install libyaml-dev"
runs 2 test
says "apt-get install libyaml-dev"
touched_nothing

# Steps are said, apt's own words only if it fails.
mv "$work/sudo" "$work/tools/sudo"
runs 0 deps
says "sudo apt-get install -y --no-install-recommends libyaml-dev"
says_not "Reading package lists"
grep -q 'apt-get install -y --no-install-recommends libyaml-dev' "$work/installed"
stand_in apt-get 'echo "E: no space left"; exit 100'
runs 2 deps
says "sudo apt-get update"
says "E: no space left"
says "that failed; have them installed as root"

# Building is quiet; compilers' words pass, and so does its failure.
stand_in dpkg-query 'echo "install ok installed"'
stand_in cmake '[ "$1" = -S ] && exit 0
echo "[ 50%] Building C object x.o"; echo "x.c:1: warning: y"; echo "$*" > '"$work/built"
runs 0 all
says "x.c:1: warning: y"
says_not "Building C object"
grep -q -- '--target product' "$work/built" || fails "other things than the product are built"
stand_in cmake '[ "$1" = -S ] && exit 0; echo "x.c:1: error: y"; exit 2'
runs 2 all
says "x.c:1: error: y"

# A test that leaves something in the temporary folder fails the whole, and is shown.
ln -s "$(command -v find)" "$work/tools/find"
stand_in ctest 'mkdir -p Testing/Temporary; : > Testing/Temporary/LastTest.log; [ -z "$LEAVES" ] || touch "$TMPDIR/$LEAVES"'
stand_in cmake 'exit 0'
runs 0 test
says "skipped: nothing"
LEAVES=a.npy runs 2 test
says "left in the temporary folder"
says "  a.npy"
echo "make: what is missing is named, installed on demand, and building is quiet"

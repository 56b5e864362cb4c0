#!/usr/bin/env bash
# Line and branch coverage of src/ by the whole suite, a table by file:
#
#   tests/coverage.sh           builds with clang, runs ctest, prints the table
#   tests/coverage.sh REGEX     the same with only the tests whose names match
#
# Run tests/run.sh once before, which installs what the tests need. The counters
# are in files that are mapped (%c), so that a program counts which is killed,
# crashes or leaves by _exit(). As a child shares them with its parent, the lines
# behind a fork() are shown as not reached. Where every call is made to fail in
# turn (faults/test_failures, test_torture) the opening of these files would fail
# too, so these tests are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/coverage
profiles=$PWD/$build/profiles
rm -rf "$build" # what the build runs counts too
mkdir -p "$profiles"
# The place is compiled in, as many tests give the program an environment of
# their own. %m: the processes of one program share one.
CC=clang cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS="\
-fprofile-instr-generate=$profiles/%c%m.profraw -fcoverage-mapping \
-mllvm -runtime-counter-relocation -fcoverage-compilation-dir=$PWD" >/dev/null
ninja -C "$build" --quiet

failed=0
ctest --test-dir "$build" --output-on-failure -j 2 --no-tests=error \
    -E '^package/|faults/test_(failures|torture)' ${1:+-R "$1"} || failed=$?
llvm-profdata merge -sparse "$profiles"/*.profraw -o "$build/all.profdata"

mapfile -t programs < <(find "$build" -type f -perm -u+x \
    -not -path '*/CMakeFiles/*' -not -name '*.so' -printf '-object=%p\n')
llvm-cov report "$build/bulk-invite" "${programs[@]}" \
    -instr-profile="$build/all.profdata" -show-region-summary=0 \
    -ignore-filename-regex='(tests|rooms)/' 2>/dev/null |
    tee "$build/coverage.txt"
exit "$failed"

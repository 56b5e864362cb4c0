#!/usr/bin/env bash
# Builds the fuzz targets (clang, libFuzzer, ASan + UBSan) and feeds each for so
# many seconds:
#
#   tests/fuzz/run.sh 10                 the short form, as tests/run.sh does it
#   tests/fuzz/run.sh 3600 fuzz_csv      the long run, of one target or more
#
# Inputs that reach new code are kept in build/fuzz/found/TARGET for the next
# run. One that crashes, hangs or takes too much memory ends the script, which
# says where that input is.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift

build=build/fuzz
CC=clang cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DBULK_INVITE_WERROR=ON -DBULK_INVITE_FUZZ=ON \
    -DBULK_INVITE_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
ninja -C "$build" --quiet fuzzers

[ $# -gt 0 ] || set -- $(cd tests/fuzz && basename -s .c ./*/fuzz_*.c)
for target; do
    found=$build/found/$target
    mkdir -p "$found"
    if ! "$build/tests/fuzz/$target" "$found" "tests/fuzz/corpus/$target" \
        -seed=1 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$build/$target-" \
        >"$build/$target.log" 2>&1 </dev/null; then
        tail -n 60 "$build/$target.log" >&2
        echo "$target failed; its input is the file $(sed -n \
            's/.*Test unit written to //p' "$build/$target.log")" >&2
        exit 1
    fi
    echo "$target: $(tail -n 1 "$build/$target.log")"
done

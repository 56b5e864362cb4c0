#!/usr/bin/env bash
# Builds the fuzz targets (clang, libFuzzer, ASan + UBSan) and feeds each for so
# many seconds, two at a time:
#
#   RUNS=10000 tests/fuzz/run.sh 10      the short form, as tests/run.sh does it:
#                                        so many inputs, the same ones each time
#   tests/fuzz/run.sh 3600 fuzz_csv      the long run, of one target or more
#
# Inputs that reach new code are kept in build/fuzz/found/TARGET for the next
# run. One that crashes, hangs or takes too much memory fails the script, which
# says where that input is.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift
runs=${RUNS:--1}

build=build/fuzz
CC=clang cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DBULK_INVITE_WERROR=ON -DBULK_INVITE_FUZZ=ON \
    -DBULK_INVITE_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
ninja -C "$build" --quiet fuzzers

feed() { # TARGET
    local found=$build/found/$1 log=$build/$1.log
    mkdir -p "$found"
    if ! "$build/tests/fuzz/$1" "$found" "tests/fuzz/corpus/$1" \
        -seed=1 -runs="$runs" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$build/$1-" -close_fd_mask=3 >"$log" 2>&1 </dev/null; then
        tail -n 60 "$log" >&2
        echo "$1 failed; its input is the file $(sed -n \
            's/.*Test unit written to //p' "$log")" >&2
        return 1
    fi
    echo "$1: $(tail -n 1 "$log")"
}
export -f feed
export build runs seconds

[ $# -gt 0 ] || set -- $(cd tests/fuzz && basename -s .c ./*/fuzz_*.c)
printf '%s\n' "$@" | xargs -P 2 -I '{}' bash -c 'feed {}'

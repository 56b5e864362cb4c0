#!/bin/bash
# How fast bulk-invite is beside wrk, and what it costs.
#
#   tests/bench/bench.sh BUILD_DIR
#
# A server that is faster than any client (yardstick) runs on core 1, the
# client on core 0. Environment: ROWS (100000), RUNS (3), LATENCY in ms (0),
# CONCURRENCY (64), MEMORY_ROWS ("1000 1000000").
set -euo pipefail

build=${1:?usage: bench.sh BUILD_DIR}
here=$(cd "$(dirname "$0")" && pwd)
rows=${ROWS:-100000}
runs=${RUNS:-3}
latency=${LATENCY:-0}
concurrency=${CONCURRENCY:-64}
memory_rows=${MEMORY_ROWS:-1000 1000000}

yardstick=$build/tests/bench/yardstick
program=$build/bulk-invite
for file in "$yardstick" "$program"; do
    [ -x "$file" ] || { echo "bench.sh: build $file first" >&2; exit 2; }
done

dir=$(mktemp -d)
server=
stop_server() {
    [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
    server=
}
trap 'stop_server; rm -rf "$dir"' EXIT
export HOME=$dir XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
for name in $(compgen -e BULK_INVITE_ || true); do unset "$name"; done

# Sets $url. Each run has its own server, so that its count is the run's. The
# greeting comes through a FIFO: opening it waits for the server.
start_server() {
    rm -f "$dir/greeting"
    mkfifo "$dir/greeting"
    taskset -c 1 "$yardstick" --latency "$latency" >"$dir/greeting" &
    server=$!
    exec {greeting}<"$dir/greeting"
    read -r _ _ url <&"$greeting"
}

# Ends the server, sets $answered.
finish_server() {
    kill "$server"
    read -r _ answered <&"$greeting"
    wait "$server"
    server=
    exec {greeting}<&-
}

make_rows() {
    awk -v n="$1" 'BEGIN {
        print "email,role"
        for (i = 1; i <= n; i++) printf "person%d@example.com,member\n", i
    }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

run_wrk() {
    start_server
    # Seconds of CPU and KiB, of wrk alone.
    /usr/bin/time -o "$dir/cost" -f '%U %S %M' \
        taskset -c 0 wrk -t1 "-c$concurrency" -d5 -s "$here/post.lua" \
        "$url/v1/organizations/acme/members/invite" >"$dir/wrk"
    finish_server
    awk '/^Requests\/sec:/ { print $2 }' "$dir/wrk"
}

# Prints "seconds user system KiB" for so many rows.
run_send() {
    local count=$1
    make_rows "$count" >"$dir/rows.csv"
    rm -rf "$dir/state" "$dir"/rows.csv.*
    start_server
    if ! /usr/bin/time -q -o "$dir/cost" -f '%e %U %S %M' \
        taskset -c 0 "$program" send "$dir/rows.csv" --org acme \
        --base-url "$url" --concurrency "$concurrency" --yes \
        >"$dir/out" 2>&1; then
        cat "$dir/out" >&2
        return 1
    fi
    finish_server
    local invited
    invited=$(grep -c ',invited,' "$dir/rows.csv.report.csv" || true)
    if [ "$answered" != "$count" ] || [ "$invited" != "$count" ]; then
        echo "bench.sh: $count rows, $answered requests, $invited invited" >&2
        return 1
    fi
    cat "$dir/cost"
}

line='%-24s %10s %8s %11s %9s\n'
# shellcheck disable=SC2059
row() { printf "$line" "$@"; }

echo "$rows rows, $concurrency in flight, latency $latency ms," \
    "medians of $runs runs"
# Anybody else at work on the two cores makes the figures meaningless.
echo "load before: $(cut -d' ' -f1 /proc/loadavg)"
row who rows/s of-wrk us-CPU/row peak-MiB
for ((i = 0; i < runs; i++)); do
    run_wrk >>"$dir/wrk.rates"
    # Requests that wrk had answered, rather than its rounded rate.
    awk -v n="$answered" '{ print ($1 + $2) * 1e6 / n, $3 / 1024 }' \
        "$dir/cost" >>"$dir/wrk.costs"
done
wrk_rate=$(median <"$dir/wrk.rates")
row wrk "${wrk_rate%.*}" 1.00 \
    "$(cut -d' ' -f1 "$dir/wrk.costs" | median | xargs printf '%.1f')" \
    "$(cut -d' ' -f2 "$dir/wrk.costs" | median | xargs printf '%.0f')"

for ((i = 0; i < runs; i++)); do
    run_send "$rows" >"$dir/send.cost"
    awk -v n="$rows" '{ print n / $1, ($2 + $3) * 1e6 / n, $4 / 1024 }' \
        "$dir/send.cost" >>"$dir/send.costs"
done
send_rate=$(cut -d' ' -f1 "$dir/send.costs" | median)
row "bulk-invite send" "${send_rate%.*}" \
    "$(awk -v a="$send_rate" -v b="$wrk_rate" \
        'BEGIN { printf "%.2f", a / b }')" \
    "$(cut -d' ' -f2 "$dir/send.costs" | median | xargs printf '%.1f')" \
    "$(cut -d' ' -f3 "$dir/send.costs" | median | xargs printf '%.1f')"

echo
row "memory of send" rows/s "" us-CPU/row peak-MiB
for count in $memory_rows; do
    run_send "$count" >"$dir/send.cost"
    awk -v n="$count" -v line="$line" '{ printf line, n " rows",
        int(n / ($1 > 0 ? $1 : 0.01)), "",
        sprintf("%.1f", ($2 + $3) * 1e6 / n), sprintf("%.1f", $4 / 1024)
    }' "$dir/send.cost"
done

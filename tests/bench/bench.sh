#!/bin/bash
# bulk-invite beside what people could use instead: one run, one table.
#
#   tests/bench/bench.sh BUILD_DIR [--quick]
#
# A server that is faster than any client (yardstick) runs on core 1, the
# client on core 0. It counts what it answered, and rows/s are those by the
# client's whole time. A client that is not done at the cap is stopped, so that
# its line is about fewer rows. A line is the median of its runs; one that took
# more than eight seconds is not repeated. BUILD_DIR is to be built without
# sanitizers; the set over TLS needs openssl, and libssl-dev when it is built. A
# peer that isn't installed is left out:
#
#   apt-get install wrk nghttp2-client curl nodejs npm python3-aiohttp time
#   cp tests/bench/package*.json BUILD_DIR/tests/bench
#   npm ci --prefix BUILD_DIR/tests/bench
set -euo pipefail

usage="usage: bench.sh BUILD_DIR [--quick]"
build=$(cd "${1:?$usage}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
modules=$build/tests/bench/node_modules
yardstick=$build/tests/bench/yardstick
program=$build/bulk-invite
for file in "$yardstick" "$program"; do
    [ -x "$file" ] || { echo "bench.sh: build $file first" >&2; exit 2; }
done

# latency in ms, rows, in flight, cap in seconds, runs, perhaps "tls"
sets=("0 10 64 10 3" "0 1000 64 10 3" "0 100000 64 15 3"
    "25 1000 64 10 3" "25 20000 64 15 1" "25 100000 256 15 1"
    "200 10 64 10 1" "200 1000 64 10 1" "0 1000000 64 45 1"
    "0 100000 64 15 1 tls")
case ${2-} in
'') ;;
--quick) sets=("0 10 64 5 1" "0 1000 64 5 1" "0 1000 64 5 1 tls") ;;
*) echo "$usage" >&2; exit 2 ;;
esac
plain_peers=(wrk h2load curl undici aiohttp xargs newman
    found-rate durable memory)
tls_peers=(wrk h2load curl undici found-rate durable memory)

dir=$(mktemp -d)
server=
stop_server() {
    [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
    server=
}
trap 'stop_server; rm -rf "$dir"' EXIT
export HOME=$dir XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
for name in $(compgen -e BULK_INVITE_ || true); do unset "$name"; done
printf '{"email":"person1@example.com","role":"member"}' >"$dir/body.json"

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj /CN=yardstick -addext subjectAltName=IP:127.0.0.1 -days 2 \
        -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
    cat "$dir/cert.pem" "$dir/key.pem" >"$dir/both.pem"
}

# Sets $url. Each run has its own server, so that its count is the run's. The
# greeting comes through a FIFO: opening it waits for the server.
start_server() {
    rm -f "$dir/greeting"
    mkfifo "$dir/greeting"
    taskset -c 1 "$yardstick" --latency "$latency" ${tls:+--tls "$dir/both.pem"} \
        >"$dir/greeting" &
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
    awk -v n="$rows" 'BEGIN {
        print "email,role"
        for (i = 1; i <= n; i++) printf "person%d@example.com,member\n", i
    }' >"$dir/rows.csv"
}

make_curl_config() {
    awk -v url="$1" -v ca="${tls:+$dir/cert.pem}" -F, 'NR > 1 {
        if (NR > 2) print "next"
        print "url = \"" url "\"\nsilent\noutput = /dev/null"
        if (ca) print "cacert = \"" ca "\""
        print "header = \"Content-Type: application/json\""
        printf "data = \"{\\\"email\\\":\\\"%s\\\",\\\"role\\\":", $1
        printf "\\\"%s\\\"}\"\n", $2
    }' "$dir/rows.csv" >"$dir/curl.config"
}

# What must be there for a peer, and how many rows it is asked to do at most:
# the slowest are as slow with more.
needs() {
    most=1000000
    case $1 in
    aiohttp) most=100000
        need="python3-aiohttp"
        /usr/bin/python3 -c 'import aiohttp' 2>/dev/null ;;
    undici) need="npm's undici"; [ -d "$modules/undici" ] ;;
    newman) most=1000; need="npm's newman"; [ -d "$modules/newman" ] ;;
    xargs) most=1000; need=curl; command -v curl >/dev/null ;;
    wrk | h2load | curl) need=$1; command -v "$1" >/dev/null ;;
    esac
}

# Sets cmd for a peer, and whatever files it reads.
prepare() {
    local invite=$url/v1/organizations/acme/members/invite
    local few=$((rows < flight ? rows : flight))
    local send=("$program" send "$dir/rows.csv" --org acme --base-url "$url"
        --concurrency "$flight" --yes ${tls:+--cacert "$dir/cert.pem"})
    case $1 in
    wrk) cmd=(wrk -t1 "-c$flight" -d3 -s "$here/post.lua" "$invite") ;;
    h2load) cmd=(h2load --h1 -n "$rows" -c "$few" -d "$dir/body.json"
        -H "Content-Type: application/json" "$invite") ;;
    curl) make_curl_config "$invite"
        cmd=(curl --parallel --parallel-max "$flight" -K "$dir/curl.config") ;;
    undici) export NODE_PATH=$modules NODE_EXTRA_CA_CERTS=${tls:+$dir/cert.pem}
        cmd=(node "$here/undici_post.js" "$invite" "$dir/rows.csv" "$few") ;;
    aiohttp) cmd=(/usr/bin/python3 "$here/aiohttp_post.py" "$invite"
        "$dir/rows.csv" "$few") ;;
    xargs) sed '1d; s/,.*//' "$dir/rows.csv" >"$dir/emails"
        cmd=(xargs -a "$dir/emails" -P16 '-I{}' curl -s -o /dev/null
            -H "Content-Type: application/json"
            -d '{"email":"{}","role":"member"}' "$invite") ;;
    newman) cmd=("$modules/.bin/newman" run "$here/newman.json" --silent
        -d "$dir/rows.csv" --env-var "url=$invite") ;;
    found-rate) cmd=("${send[@]}") ;;
    durable) cmd=("${send[@]}" --rate 1000000/s) ;;
    memory) cmd=("${send[@]}" --rate 1000000/s --ledger :memory:) ;;
    esac
}

label() {
    case $1 in
    curl) echo "curl --parallel" ;;
    xargs) echo "xargs -P16 curl" ;;
    found-rate) echo "bulk-invite" ;;
    durable) echo "... --rate 1000000/s" ;;
    memory) echo "... and --ledger :memory:" ;;
    *) echo "$1" ;;
    esac
}

# Appends "rows/s us-CPU/row MiB rows-done seconds" to the peer's file.
run() {
    local peer=$1 status=0 seconds user system cmd
    rm -rf "$dir/state" "$dir"/rows.csv.*
    start_server
    prepare "$peer"
    local TIMEFORMAT='%3R %3U %3S'
    { time taskset -c 0 /usr/bin/time -q -o "$dir/kib" -f %M \
        timeout --foreground -s INT -k 5 "$cap" "${cmd[@]}" >"$dir/out" 2>&1 ||
        status=$?; } 2>"$dir/cost"
    finish_server
    read -r seconds user system <"$dir/cost"
    if [ "$status" = 0 ] && [ "$peer" != wrk ] && [ "$answered" != "$rows" ] ||
        { [ "$status" != 0 ] && [ "$status" != 124 ] && [ "$status" != 137 ]; }
    then
        echo "bench.sh: $peer ended with $status after $answered of $rows" >&2
        tail -n 5 "$dir/out" >&2
        return 1
    fi
    case $peer in
    found-rate | durable | memory)
        [ "$status" != 0 ] ||
            [ "$(grep -c ',invited,' "$dir/rows.csv.report.csv")" = "$answered" ] ||
            echo "bench.sh: $peer: the report is not what was answered" >&2 ;;
    esac
    awk -v n="$answered" -v s="$seconds" -v cpu="$user $system" -v kib="$(
        tail -n 1 "$dir/kib")" 'BEGIN {
            split(cpu, c, " ")
            print n / s, (c[1] + c[2]) * 1e6 / (n ? n : 1), kib / 1024, n, s
        }' >>"$dir/$peer.runs"
    slow=$(awk -v s="$seconds" 'BEGIN { print (s > 8) }')
}

# The run in the middle by rows/s, and how many there were.
median() {
    sort -g "$1" | awk '{ v[NR] = $0 } END { print v[int((NR + 1) / 2)], NR }'
}

# Sets busy, the time that all cores worked, and ours, that of this script and
# its children (not in a subshell, which has none), in hundredths of a second.
cores() {
    busy=$(awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat)
    times >"$dir/times"
    ours=$(tr 'ms' '  ' <"$dir/times" |
        awk '{ s += ($1 + $3) * 60 + $2 + $4 } END { print s * 100 }')
}

one_set() {
    read -r latency rows flight cap runs tls <<<"$1"
    local load busy ours before start=$SECONDS skipped=() todo=() peer i
    local peers=("${plain_peers[@]}")
    [ -z "$tls" ] || peers=("${tls_peers[@]}")
    load=$(cut -d' ' -f1 /proc/loadavg)
    cores
    before=$busy,$ours
    rm -f "$dir"/*.runs
    make_rows
    [ -z "$tls" ] || make_certificate
    for peer in "${peers[@]}"; do
        if ! needs "$peer"; then
            skipped+=("$need")
        elif [ "$rows" -le "$most" ]; then
            todo+=("$peer")
        fi
    done
    for ((i = 0; i < runs; i++)); do
        local again=()
        for peer in "${todo[@]}"; do
            run "$peer" || continue
            [ "$slow" = 1 ] || again+=("$peer")
        done
        todo=("${again[@]}")
    done
    echo
    echo "$rows rows, latency $latency ms, $flight in flight, cap $cap s${tls:+, TLS}"
    [ "${#skipped[@]}" = 0 ] || echo "not installed: ${skipped[*]}"
    cores
    awk -v load="$load" -v now="$(cut -d' ' -f1 /proc/loadavg)" -F, \
        -v s="$((SECONDS - start))" '
        { others = $3 - $1 - ($4 - $2)
          printf "load %s before, %s after; others used %.1f cores\n",
              load, now, others / 100 / (s ? s : 1) }' \
        <<<"$before,$busy,$ours"
    printf '%-26s %9s %8s %11s %9s %8s %8s %5s\n' \
        who rows/s of-wrk us-CPU/row peak-MiB rows seconds runs
    local wrk=0
    for peer in "${peers[@]}"; do
        [ -f "$dir/$peer.runs" ] || continue
        [ "$peer" != wrk ] || wrk=$(median "$dir/wrk.runs" | cut -d' ' -f1)
        median "$dir/$peer.runs" | awk -v who="$(label "$peer")" -v wrk="$wrk" '{
            printf "%-26s %9.0f %8s %11.1f %9.1f %8d %8.2f %5d\n", who, $1,
                wrk ? sprintf("%.3f", $1 / wrk) : "-", $2, $3, $4, $5, $6 }'
    done
}

echo "$(nproc) cores, $(uname -r), $(date -u +%F)"
for set in "${sets[@]}"; do one_set "$set"; done

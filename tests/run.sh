#!/usr/bin/env bash
# Installs what the tests need, builds with sanitizers, and runs everything
# through ctest. As root or with sudo; a second run installs nothing.
#
#   tests/run.sh            all of it: AddressSanitizer + UBSan (gcc), injected
#                           faults and the package (no sanitizer),
#                           ThreadSanitizer (clang), 10,000 inputs for each fuzz
#                           target, lint
#   tests/run.sh REGEX      only the tests whose names match, ASan + UBSan
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    build-essential cmake ninja-build pkg-config
    clang clang-format clang-tidy libclang-rt-dev cppcheck
    libcurl4-openssl-dev libcsv-dev zlib1g-dev libjansson-dev libsqlite3-dev
    libidn2-dev libunistring-dev libsodium-dev libmicrohttpd-dev
    libcmocka-dev
    python3 python3-fastapi python3-uvicorn openssl mandoc faketime zsh fish
    xlsx2csv python3-openpyxl python3-prometheus-client
    git lintian systemd
    chromium chromium-driver
)
command -v npm >/dev/null || packages+=(nodejs npm)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
        grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# axe-core looks at the page that `report --html` writes.
if ! [ -d build/npm/node_modules ] ||
    ! cmp -s tests/page/package-lock.json build/npm/package-lock.json; then
    mkdir -p build/npm
    cp tests/page/package*.json build/npm/
    npm ci --prefix build/npm --ignore-scripts --no-audit --no-fund --silent
fi

build() { # DIRECTORY COMPILER SANITIZERS
    CC=$2 cmake -S . -B "$1" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DBULK_INVITE_WERROR=ON -DBULK_INVITE_SANITIZE="$3" >/dev/null
    ninja -C "$1" --quiet
}

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1

build build/asan gcc address,undefined
if [ $# -gt 0 ]; then
    exec ctest --test-dir build/asan --output-on-failure -R "$1"
fi

# Tests wait more than they work. So more of them run at once than there are
# cores, and beside them, at low priority, goes on what they don't need.
trap wait EXIT # also after a failure: nothing is left behind
beside() { # COMMAND...
    renice -n 19 $BASHPID >/dev/null
    "$@"
}
check() { # DIRECTORY [CTEST-OPTION...]
    ctest --test-dir "$1" --output-on-failure -j 3 --no-tests=error "${@:2}"
}

# The same inputs each time: what is new is for the long form to find.
RUNS=10000 beside tests/fuzz/run.sh 300 &
fuzz=$!
beside build build/plain gcc "" &
plain=$!
check build/asan
wait $plain
# Faults that are preloaded, memory that is measured, what is packed, and all
# seeds of the simulation need a build without sanitizers.
beside build build/tsan clang thread &
tsan=$!
check build/plain \
    -R '^package/|^sim$|faults/test_(torture|order|failures|starts|clock|names|pressure)|cli/test_(limits|hardening)'
wait $tsan
beside tests/lint.sh build/tsan &
lint=$!
check build/tsan
wait $lint
wait $fuzz

#!/usr/bin/env bash
# From a fresh Debian 12 to a first rehearsal: installs what the build needs,
# builds, and invites a made-up team to a sandbox. Nobody gets an e-mail.
# Running it again is fine and changes nothing that is in place.
set -eu

cd "$(dirname "$0")/.."

packages=(
    cmake ninja-build gcc libc6-dev pkg-config ca-certificates
    libcurl4-openssl-dev libcsv-dev zlib1g-dev libjansson-dev libsqlite3-dev
    libidn2-dev libunistring-dev libsodium-dev libmicrohttpd-dev
)

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

if ! command -v dpkg-query >/dev/null; then
    echo "quickstart.sh is for Debian and its like; elsewhere, install:" >&2
    echo "  ${packages[*]}" >&2
    echo "and build with: cmake -S . -B build && cmake --build build" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "== Installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends "${missing[@]}"
fi

echo "== Building"
# A build folder keeps the generator it was made with.
generator=()
[ -e build/CMakeCache.txt ] || generator=(-G Ninja)
cmake -S . -B build "${generator[@]}" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DBUILD_TESTING=OFF
cmake --build build

echo "== Inviting the people in samples/team.csv, in a sandbox"
build/bulk-invite send samples/team.csv --sandbox --org acme --yes \
    --report build/team.report.csv

echo
echo "== What became of every row (build/team.report.csv)"
cat build/team.report.csv

cat <<'END'

That was a rehearsal: nobody got an e-mail. For real:

  export BULK_INVITE_TOKEN=...      # or --token-file FILE
  build/bulk-invite send YOUR.csv --org YOUR-ORGANIZATION

It says what it is about to do and asks first. See also:

  build/bulk-invite send --help
  man build/bulk-invite.1
  sudo cmake --install build        # programs, man pages, samples
END

#!/usr/bin/env bash
# Tries a package where it will live; not part of tests/run.sh, because it
# fetches a Debian (200 MB) and wants root:
#
#   tests/package/trial.sh build/bulk-invite_VERSION_ARCHITECTURE.deb
#
# 1. In a fresh Debian 12 (debootstrap, minbase): install the package and what
#    it depends on, rehearse.
# 2. In the same Debian with systemd, booted by systemd-nspawn: samples/systemd
#    as an administrator sets them up, against a bulk-invite-sandbox, when all
#    is well and when it isn't (trial_booted.sh).
#
# Needs the packages debootstrap and systemd-container.
set -euo pipefail
deb=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d /tmp/bulk-invite-trial.XXXXXX)
chmod 755 "$root" # it will be somebody's /
trap 'rm -rf "$root"' EXIT

inside() {
    chroot "$root" env -i DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

debootstrap --variant=minbase bookworm "$root" >/dev/null
cp "$deb" "$root/root/"
inside apt-get install -y -qq --no-install-recommends \
    "/root/$(basename "$deb")" >/dev/null
inside bulk-invite version
inside bulk-invite send /usr/share/doc/bulk-invite/samples/team.csv \
    --sandbox --yes --report -
inside dpkg --verify bulk-invite

inside apt-get install -y -qq --no-install-recommends systemd-sysv curl \
    dbus procps >/dev/null
install "$here/trial_booted.sh" "$root/root/trial.sh"
cat >"$root/etc/systemd/system/trial.service" <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/root/trial.sh
StandardOutput=truncate:/root/trial.log
StandardError=inherit
[Install]
WantedBy=multi-user.target
END
inside systemctl -q enable trial.service
timeout 300 systemd-nspawn -q --directory "$root" --boot --register=no \
    --keep-unit --private-network >"$root/boot.log" 2>&1 || true
cat "$root/root/trial.log"
tail -n 1 "$root/root/trial.log" | grep -qx 'trial: passed'

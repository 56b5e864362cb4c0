#!/usr/bin/env bash
# The second half of trial.sh, run as root inside the booted machine, which it
# turns off at the end.
set -o pipefail
trap 'systemctl --no-block poweroff' EXIT
unit=bulk-invite@acme.service
state=/var/lib/bulk-invite
url=http://127.0.0.1:8080
failures=0

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@"; then
        echo "ok: $sentence"
    else
        echo "FAILED: $sentence"
        systemctl status --no-pager -l "$unit" | head -n 20
        failures=$((failures + 1))
    fi
}

is() { # UNIT PROPERTY VALUE
    local value
    value=$(systemctl show --value -p "$2" "$1")
    [ "$value" = "$3" ] || { echo "$2 of $1 is $value"; false; }
}

within_20_s() { # COMMAND...
    local tries
    for tries in {1..100}; do
        "$@" >/dev/null && return
        sleep 0.2
    done
    "$@"
}

ends_with() { # CODE: how the service ends when it is started now
    local since
    since=$(date +%s)
    systemctl reset-failed
    systemctl start "$unit"
    is "$unit" ExecMainStatus "$1" && is "$unit" NRestarts 0
    local is_right=$?
    journalctl --sync
    said=$(journalctl -q -o cat --since "@$since" -t bulk-invite)
    return $is_right
}

posts() { # N: so many requests have reached the server
    [ "$(curl -s $url/_sandbox/requests | grep -o '"at_us"' | wc -l)" = "$1" ]
}

start_server() { # OPTION...
    systemctl stop sandbox.service 2>/dev/null
    systemd-run -q --unit=sandbox bulk-invite-sandbox --port 8080 \
        --token made-up "$@"
    until curl -s -o /dev/null $url/_sandbox/config; do sleep 0.1; done
}

# As docs/guide-cron.md has it.
groupadd --system invite-lists
install -d -m 2750 -g invite-lists /srv/bulk-invite
install -d /etc/bulk-invite
(umask 077 && echo made-up >/etc/bulk-invite/token)
printf '[acme]\norg = acme\nbase-url = %s\ngive-up-after = 1s\n' $url \
    >/etc/bulk-invite/config.ini
printf '[twin]\norg = acme\nbase-url = %s\n' $url >>/etc/bulk-invite/config.ini
cp /usr/share/doc/bulk-invite/samples/systemd/* /etc/systemd/system/
# Only how long it waits is changed, and who is told.
mkdir -p /etc/systemd/system/bulk-invite@.service.d
printf '[Unit]\nOnFailure=told.service\n[Service]\nRestartSec=4s\n' \
    >/etc/systemd/system/bulk-invite@.service.d/trial.conf
printf '[Service]\nExecStart=/usr/bin/touch /run/told\n' \
    >/etc/systemd/system/told.service
systemctl daemon-reload
(umask 027 && cp /usr/share/doc/bulk-invite/samples/team.csv \
    /srv/bulk-invite/acme.csv)
people=$(($(wc -l </srv/bulk-invite/acme.csv) - 1))

start_server
check 'a good list ends with 0' ends_with 0
check 'everybody was invited' posts "$people"
check 'nothing was said' [ -z "$said" ]
check 'the report is there' [ -s $state/acme.report.csv ]
check 'the ledger is there' [ -n "$(find $state/ -name acme.db)" ]
check 'only its user gets at the state' \
    [ "$(stat -c %a /var/lib/private) $(find $state/ -perm /077)" = '700 ' ]

check 'the same list again ends with 0' ends_with 0
check 'and sends nothing' posts "$people"

by_hand() { # as the guide says: what only the service's user may look into
    systemd-run -q --wait --pipe -p DynamicUser=yes -p User=bulk-invite \
        -p StateDirectory=bulk-invite bulk-invite "$@" --profile acme
}
check 'the administrator can look into the ledger' \
    grep -q " $people invited" <<<"$(by_hand status)"

echo 'not-an-address,member' >>/srv/bulk-invite/acme.csv
check 'a row that needs a look ends with 3, not started again' ends_with 3
check 'the unit has failed' is $unit ActiveState failed
check 'the summary is in the journal' grep -q 'a look' <<<"$said"
check 'no address is' [ "$(grep -c '@' <<<"$said")" = 0 ]
check 'somebody was told' within_20_s [ -e /run/told ]

chmod 600 /srv/bulk-invite/acme.csv
check 'a list that may not be read ends with 4' ends_with 4
chmod 640 /srv/bulk-invite/acme.csv
unit=bulk-invite@nobody.service
check 'an unknown profile ends with 2' ends_with 2
unit=bulk-invite@acme.service
echo wrong >/etc/bulk-invite/token
printf 'email,role\nnew1@example.com,member\nnew2@example.com,member\n' \
    >/srv/bulk-invite/acme.csv
check 'a wrong token ends with 7' ends_with 7
mv /etc/bulk-invite/token /etc/bulk-invite/elsewhere
check 'without a token it does not start (243, credentials)' ends_with 243
echo made-up >/etc/bulk-invite/token

systemctl stop sandbox.service
rm -f /run/told
systemctl reset-failed
systemctl start --no-block $unit
check 'a server that is away: it waits to start again' \
    within_20_s is $unit SubState auto-restart
check 'the code was 5' is $unit ExecMainStatus 5
check 'nobody was told yet' [ ! -e /run/told ]
start_server
check 'and when the server is back, it starts by itself' \
    within_20_s is $unit Result success
check 'it ends well' within_20_s is $unit ActiveState inactive
check 'the two new people were invited' posts 2
check 'nobody was told at all' [ ! -e /run/told ]

# Two services, one organization, at once; and what the running process may do.
start_server --latency 2s
printf 'email,role\na1@example.com,member\na2@example.com,member\n' |
    tee /srv/bulk-invite/acme.csv >/srv/bulk-invite/twin.csv
chmod 640 /srv/bulk-invite/*.csv
systemctl reset-failed
systemctl start --no-block $unit bulk-invite@twin.service
is_shut_in() { # by now it is the program, and not systemd on the way to it
    local pid
    pid=$(pgrep -x bulk-invite | head -n 1) &&
        [ "$(stat -c %u "/proc/$pid")" -ge 61184 ] &&
        [ "$(grep -cE '^(CapEff|CapBnd):\s0+$|^NoNewPrivs:\s1$|^Seccomp:\s2$' \
            "/proc/$pid/status")" = 4 ]
}
check 'it has a user of its own, no capability, no way to more, a filter' \
    within_20_s is_shut_in
check 'two at once: the first ends well' within_20_s is $unit ActiveState inactive
check 'and the second' within_20_s is bulk-invite@twin.service ActiveState inactive
check 'with 0' is $unit ExecMainStatus 0
check 'with 0, too' is bulk-invite@twin.service ExecMainStatus 0
check 'and nobody was invited twice' posts 2

start_server
echo 'timed@example.com,member' >>/srv/bulk-invite/acme.csv
mkdir -p /etc/systemd/system/bulk-invite@acme.timer.d
printf '[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=100ms\n' \
    >/etc/systemd/system/bulk-invite@acme.timer.d/trial.conf
systemctl enable -q --now bulk-invite@acme.timer
systemctl list-timers --no-pager 'bulk-invite*'
check 'the timer starts it' within_20_s posts 1

# Where node_exporter looks: only the one drop-in of the guide lets it in there.
groupadd --system invite-metrics
install -d -m 775 -g invite-metrics /var/lib/metrics
check 'its user can replace a file for node_exporter' \
    systemd-run -q --wait -p DynamicUser=yes -p User=bulk-invite \
    -p PrivateUsers=yes -p ProtectSystem=strict -p UMask=0022 \
    -p SupplementaryGroups=invite-metrics -p ReadWritePaths=/var/lib/metrics \
    sh -c 'cd /var/lib/metrics && touch a a.new && mv a.new a'

exposure() { systemd-analyze security --no-pager --threshold=20 $unit | tail -n 1; }
check 'exposure is below 2.0' exposure
[ $failures = 0 ] && echo 'trial: passed' || echo "trial: $failures failed"

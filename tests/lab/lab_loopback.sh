#!/bin/bash
# SPDX-License-Identifier: MIT
# Two phones on a host that has nothing but loopback: --call dials a loopback address all the same.
# $1 is the program `tern`. Exit status 77: this machine does not permit a network namespace.
set -euo pipefail
tern=$1
if [[ -z ${2-} ]]; then
    unshare --net --map-root-user true 2>/dev/null || exit 77
    exec unshare --net --map-root-user "$0" "$tern" inside
fi
ip link set lo up
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# phone NAME PORT [OPTION…]: JSON lines in $work/NAME, commands from there too, for 30 s at most
phone() {
    local name=$1 port=$2
    shift 2
    mkfifo "$work/$name.in"
    timeout 30 "$tern" phone --no-config --json --account "sip:$name@127.0.0.1" --registrar none \
        --sip-port "$port" --audio-device none --tone 440 "$@" <>"$work/$name.in" >"$work/$name" &
}

# heard NAME TEXT: in what NAME says, within ten seconds
heard() {
    for ((i = 0; i < 100; i++)); do
        ! grep -qs "$2" "$work/$1" || return 0
        sleep 0.1
    done
    echo "$1 never said: $2"
    cat "$work/$1"
    exit 1
}

phone bob 5070 --auto-answer
heard bob '"event":"listener".*"open":true'
phone alice 5080 --call sip:bob@127.0.0.1:5070
heard alice '"usable":false'
heard alice '"event":"call_started"'
heard alice '"event":"call_answered"'
heard bob '"event":"call_answered"'
echo "alice has called bob over loopback"

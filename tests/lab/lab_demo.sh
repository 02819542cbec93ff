#!/bin/sh
# SPDX-License-Identifier: MIT
# `tern demo` keeps what it promises: the call lives in each scenario, on each transport, in
# namespaces and on loopback, the summary says so, and nothing stays behind. $1 is the program
# `tern`. Exit status 77: loopback is well, and this machine does not permit a lab.
set -u

tern=${1:?usage: lab_demo.sh PATH-TO-TERN}
dir=$(mktemp -d)
demo_pid=
trap 'test -z "$demo_pid" || kill -9 "$demo_pid" 2>/dev/null; rm -rf "$dir"' EXIT
failures=0

fail() {
    echo "FAIL  $*"
    failures=$((failures + 1))
}

# Status $1 expected of the demo with the options that follow; its output goes to $dir/out.
demo() {
    want=$1
    shift
    timeout 100 "$tern" demo "$@" >"$dir/out" 2>&1
    got=$?
    test "$got" -eq "$want" || fail "demo $*: exit status $got, expected $want:" "$(cat "$dir/out")"
}

says() {
    grep -q -e "$1" "$dir/out" || fail "no '$1' in:" "$(cat "$dir/out")"
}

says_not() {
    ! grep -q -e "$1" "$dir/out" || fail "'$1' in:" "$(cat "$dir/out")"
}

# The member $1 of the last JSON line of event $2.
member() {
    sed -n "s/^{\"event\":\"$2\",.*\"$1\":\([^,}]*\).*/\1/p" "$dir/out" | tail -n 1
}

is() {
    got=$(member "$1" "$2")
    test "$got" = "$3" || fail "$1 of $2 is '$got', expected $3, in:" "$(cat "$dir/out")"
}

at_most() {
    got=$(member "$1" "$2")
    awk -v got="${got:-x}" -v most="$3" 'BEGIN { exit !(got ~ /^[0-9]/ && got + 0 <= most) }' ||
        fail "$1 of $2 is '$got', more than $3, in:" "$(cat "$dir/out")"
}

lives() {
    is success summary true
    is call_lived summary true
    is old_binding_gone summary true
}

echo "wrong options are named"
demo 2 --transport carrier-pigeon
says "want udp, tcp or tls, not 'carrier-pigeon'"
demo 2 --srtp please
says "want off, sdes or dtls, not 'please'"
demo 2 --changes 0
says "want a whole number from 1 to"
demo 2 --rtt soon
says "want a number from 0 to"
demo 2 --no-such-option
says "no option '--no-such-option'"
demo 1 --wav "$dir/nothing.wav"
says "^tern demo: --wav $dir/nothing.wav: "

echo "on loopback: a call lives through two changes over UDP and over TCP"
for transport in udp tcp; do
    demo 0 --loopback --transport $transport --changes 2
    says "127.0.0.2 .* server 127.0.0.1 .* far 127.0.0.4"
    says "far hears 440 Hz"
    says "phone hears 660 Hz"
    says "Change 1: 127.0.0.2 goes, 127.0.0.3 comes"
    says "the call lived, and audio runs both ways"
    says "registrar knows the phone at 127.0.0.5 only: the old binding is gone"
    says_not "again)"
done
echo "on loopback: the same over TLS, with keys by SDES and by DTLS"
for keys in sdes dtls; do
    demo 0 --loopback --transport tls --srtp $keys --changes 2
    says "SIP over TLS, audio over SRTP with keys by $(echo $keys | tr a-z A-Z)"
    says "TLS 1.3 .*full handshake"
    says "TLS 1.3 .*resumed"
    says "phone hears 660 Hz at .* dBFS, secure"
    says "the call lived, and audio runs both ways"
    says "registrar knows the phone at 127.0.0.5 only: the old binding is gone"
done
echo "on loopback: hang-up, and no network for a while"
demo 0 --loopback --hangup
says "the call was hung up as the address changed"
demo 0 --loopback --scenario offline --offline-ms 300 --json
lives

if ! reason=$("$tern" lab --check); then
    demo 0
    says "^No namespaces here:"
    says "the call lived, and audio runs both ways"
    test "$failures" -eq 0 || exit 1
    echo "skipped: the demo in namespaces is not possible here: ${reason#no: }"
    exit 77
fi

# Round trips are short, so that what the machine adds does not pass for one.
for transport in udp tcp; do
    echo "in namespaces: the address breaks, over $transport"
    demo 0 --transport $transport --rtt 40 --json
    lives
    at_most lost_up summary 2
done

for keys in sdes dtls; do
    echo "in namespaces: the address breaks twice, over TLS with keys by $keys"
    demo 0 --transport tls --srtp $keys --rtt 40 --changes 2 --json
    lives
    at_most lost_up summary 4
    is resumed result true
    is srtp setup "\"$keys\""
done

echo "in namespaces: the far end follows nothing but SDP"
demo 0 --far-follows-sdp --rtt 40 --json
lives
is far_follows_sdp setup true

echo "in namespaces: make before break loses nothing"
demo 0 --scenario make --rtt 40 --json
lives
is lost_up summary 0
is lost_down summary 0

echo "in namespaces: no network for a while"
demo 0 --scenario offline --offline-ms 700 --rtt 40 --json
lives

echo "in namespaces: the policy hangs up"
demo 0 --hangup --rtt 40
says "hung up because the address changed, as asked"
says "the call was hung up as the address changed: asked for, and reported"
says "registrar knows the phone at 100.64.1.20 only: the old binding is gone"

echo "in namespaces: the timeline is there to be read"
LC_ALL=C.UTF-8 demo 0 --rtt 40 --verbose
says "─── UPDATE ─*▶ server"
says "◀── 200 OK (REGISTER) ─* server"
says "Contact: "
says "audio reaches far from 100.64.1.20"
says "audio reaches phone at 100.64.1.20"
says "completed  1 registration moved, 1 call kept"
says_not "$(printf '\033')"
LC_ALL=C demo 0 --rtt 0
says "--- UPDATE -*> server"
if LC_ALL=C grep -q '[^ -~]' "$dir/out"; then
    fail "not only ASCII in:" "$(cat "$dir/out")"
fi

# Nobody else has this round trip on a command line.
mark="--rtt=4$(($$ % 100)).$$"
left_over() {
    for file in /proc/[0-9]*/cmdline; do
        tr '\0' ' ' <"$file" | grep -F -e "demo $mark"
    done >"$dir/left" 2>/dev/null
    test -s "$dir/left"
}

for signal in INT TERM KILL; do
    for place in "" --loopback; do
        echo "nothing stays behind after SIG$signal${place:+ $place}"
        : >"$dir/out"
        # A shell starts background commands with SIGINT ignored; env gives it back.
        # shellcheck disable=SC2086
        env --default-signal=INT "$tern" demo "$mark" --changes 20 $place >"$dir/out" 2>&1 &
        demo_pid=$!
        tries=0
        until grep -q 'Change 1' "$dir/out" || test $tries -eq 300; do
            sleep 0.1
            tries=$((tries + 1))
        done
        test $tries -lt 300 || fail "the demo did not come to its first change:" "$(cat "$dir/out")"
        kill -"$signal" "$demo_pid"
        wait "$demo_pid" 2>/dev/null
        demo_pid=
        tries=0
        while left_over && test $tries -lt 100; do
            sleep 0.1
            tries=$((tries + 1))
        done
        ! left_over || fail "after SIG$signal: still running:" "$(cat "$dir/left")"
        test "$signal" = KILL || says "interrupted"
    done
done

test "$failures" -eq 0 && echo passed
exit $((failures > 0))

#!/bin/sh
# SPDX-License-Identifier: MIT
# The lab itself: packets cross it, addresses come and go, and nothing of it stays behind, however
# it ends. $1 is the program `tern`. Exit status 77: this machine does not permit a lab.
set -u

tern=${1:?usage: lab_wire.sh PATH-TO-TERN}
dir=$(mktemp -d)
lab_pid=
trap 'test -z "$lab_pid" || kill -9 "$lab_pid" 2>/dev/null; rm -rf "$dir"' EXIT
failures=0

fail() {
    echo "FAIL  $*"
    failures=$((failures + 1))
}

if ! reason=$("$tern" lab --check); then
    echo "skipped: a lab is not possible here: ${reason#no: }"
    exit 77
fi

# The script on standard input; status $1 expected, output and messages to $dir/out.
lab() {
    want=$1
    shift
    "$tern" lab "$@" - >"$dir/out" 2>&1
    got=$?
    test "$got" -eq "$want" || fail "exit status $got, expected $want:" "$(cat "$dir/out")"
}

says() {
    grep -q -e "$1" "$dir/out" || fail "no '$1' in:" "$(cat "$dir/out")"
}

# Programs that sleep for $nap: nobody else has that number on a command line.
nap=31415.$$
left_over() {
    for file in /proc/[0-9]*/cmdline; do
        tr '\0' ' ' <"$file" | grep "sleep $nap"
    done >"$dir/left" 2>/dev/null
    test -s "$dir/left"
}

# Programs of a killed lab may take a moment to die: wait for that, but not for ever.
gone() {
    tries=0
    while left_over && test $tries -lt 100; do
        sleep 0.1
        tries=$((tries + 1))
    done
    ! left_over || fail "$1: still running:" "$(cat "$dir/left")"
}

echo "two labs at once carry numbered packets"
"$tern" lab --self-test --seed 7 >"$dir/second" 2>&1 &
second=$!
"$tern" lab --self-test --seed 7 || fail "self-test"
wait "$second" || fail "self-test beside another:" "$(cat "$dir/second")"

echo "programs run in their nodes, and their exit status counts"
lab 0 <<EOF
node a b
link a wlan0 delay 1 jitter 0.5 loss 0.1
link b eth0 delay 1
address add a wlan0 10.0.1.2/24
address add b eth0 fd00::2/64
route add a default dev wlan0 metric 5
run a sh -c 'echo "I am \$TERN_LAB_NODE"; cat /proc/net/dev' # a comment
expect-exit 3
run b sh -c 'exit 3'
start b job sh -c 'echo ready; exec sleep $nap'
sleep 300
stop job
stats a wlan0
EOF
says '^a: I am a$'
says '^a:  *wlan0:'
says '^b/job: ready$'
says '^a wlan0: sent '
! grep -q 'eth0' "$dir/out" || fail "node a sees b's device"
gone "after stop"

echo "mistakes are named with their line"
lab 2 <<'EOF'
node a
link a wlan0 delay soon
EOF
says "^standard input:2: delay: want milliseconds"
lab 2 <<'EOF'
link nowhere wlan0
EOF
says "^standard input:1: no node nowhere"
lab 1 <<'EOF'
node a
run a false
EOF
says "^standard input:2: false: exit status 1"

# Includes children in sessions of their own that ignore SIGTERM.
cat >"$dir/long" <<EOF
node a
start a one sh -c 'trap "" TERM; setsid sleep $nap & exec sleep $nap'
echo ready
sleep 600000
EOF
for signal in INT TERM KILL; do
    echo "nothing stays behind after SIG$signal"
    # A shell starts background commands with SIGINT ignored; env gives it back.
    env --default-signal=INT "$tern" lab "$dir/long" >"$dir/out" 2>&1 &
    lab_pid=$!
    tries=0
    until grep -q ready "$dir/out" && left_over || test $tries -eq 100; do
        sleep 0.1
        tries=$((tries + 1))
    done
    test $tries -lt 100 || fail "the lab did not start:" "$(cat "$dir/out")"
    kill -"$signal" "$lab_pid"
    wait "$lab_pid" 2>/dev/null
    lab_pid=
    gone "after SIG$signal"
done

test "$failures" -eq 0 && echo passed
exit $((failures > 0))

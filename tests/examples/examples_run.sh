#!/bin/bash
# Runs every example against a registrar on loopback: 07_registrar, on a port that the system chooses.
# What each prints and returns is what its first lines promise.
set -euo pipefail
examples=$TERN_BUILD/examples
work=$(mktemp -d)
started=()

finish() {
    local pid
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "examples_run: $*" >&2
    tail -n 30 "$work"/*.log >&2
    exit 1
}

# start NAME PROGRAM [ARGS…]: in the background; its output goes to NAME.log, its pid to $last.
start() {
    local name=$1 program=$2
    shift 2
    "$examples/$program" "$@" >"$work/$name.log" 2>&1 &
    last=$!
    started+=("$last")
}

# await NAME PATTERN: until its output has a line with the pattern, for ten seconds.
await() {
    local i
    for ((i = 0; i < 100; i++)); do
        grep -q -- "$2" "$work/$1.log" 2>/dev/null && return 0
        sleep 0.1
    done
    fail "$1 never said '$2'"
}

# run NAME PROGRAM [ARGS…]: to its end, with success, within half a minute.
run() {
    local name=$1 program=$2
    shift 2
    timeout 30 "$examples/$program" "$@" >"$work/$name.log" 2>&1 || fail "$name: exit status $?"
}

# interrupt NAME PID: Ctrl-C, and a good end.
interrupt() {
    local status=0
    kill -INT "$2"
    wait "$2" || status=$?
    ((status == 0)) || fail "$1: exit status $status after SIGINT"
}

says() {
    grep -q -- "$2" "$work/$1.log" || fail "$1 does not say '$2'"
}

run poll_loop 01_poll_loop
says poll_loop 'Alice heard [1-9]'
says poll_loop 'Bob heard [1-9]'

start registrar 07_registrar 0 alice:secret bob:secret
registrar=$last
await registrar 'listening on port'
server_port=$(sed -n 's/^listening on port //p' "$work/registrar.log")
server=127.0.0.1:$server_port

start register 02_register "sip:alice@$server" secret "sip:$server"
register=$last
await register '^registered.*contact 127.0.0.1'
interrupt register "$register"

start wrong 02_register "sip:alice@$server" wrong "sip:$server"
wrong=$last
await wrong '^failed, 401'
! wait "$wrong" || fail 'wrong: a wrong password is a success'

start answer 04_answer "sip:bob@$server" secret "sip:$server"
answer=$last
await answer '^registered'

run call 03_call "sip:alice@$server" secret "sip:bob@$server" 1
says call '^answered, PCM[AU]'
says call 'received [1-9]'

run ip_change 05_ip_change "sip:alice@$server" secret "sip:$server" "sip:bob@$server" --simulate
says ip_change 'update contact *succeeded *127.0.0.3 200'
says ip_change 're-INVITE call *succeeded *127.0.0.3 200'
says ip_change 'move media *succeeded *127.0.0.3'
says ip_change 'completed *succeeded *1 call kept, 0 lost'

run snapshot 09_snapshot "sip:alice@$server" secret "sip:bob@$server" "$work/calls"
says snapshot 'will be killed$'
says snapshot 'takes up the call with sip:bob@'
says snapshot '^completed: 1 call kept, 0 lost'
says snapshot '^ended: hung up; received [1-9]'
[[ ! -e $work/calls ]] || fail 'snapshot: the file is left after a good end'
[[ $(stat -c %a "$work/calls.key") == 600 ]] || fail 'snapshot: others can read the key'

run cpp 06_call "sip:alice@$server" secret "sip:$server" "sip:bob@$server" 1
says cpp '^registered'
says cpp '^answered'
says cpp '^ended: hung up'

# Over TLS: the program's registrar, and its phone at the far end.
port=$((server_port + 20))
HOME=$work "$TERN" registrar --port $port --tls --user alice:secret --user bob:secret >"$work/tls.log" 2>&1 &
tls=$!
started+=("$tls")
await tls '^Ready'
secure=127.0.0.1:$((port + 1))
ca=$work/.local/share/tern/certs/ca.pem
"$TERN" phone --no-config --transport tls --ca "$ca" --account "sip:bob@$secure" --password secret \
    --audio-device none --tone 500 --auto-answer </dev/null >"$work/bob.log" 2>&1 &
bob=$!
started+=("$bob")
await bob 'is registered from .* over TLS'
run secure 08_secure_call "sip:alice@$secure" secret "sip:bob@$secure" 1 "$ca"
says secure '^TLS 1.3$'
says secure '^audio: secure'
says secure 'received [1-9]'
if timeout 30 "$examples/08_secure_call" "sip:alice@$secure" secret "sip:bob@$secure" 1 >"$work/distrust.log" 2>&1; then
    fail 'distrust: a server that nobody vouches for was called'
fi
says distrust '^ended: no trusted authority signed the certificate of 127.0.0.1'
interrupt bob "$bob"
interrupt tls "$tls"

interrupt answer "$answer"
[[ $(grep -c 'call from sip:alice@' "$work/answer.log") == 4 ]] || fail 'answer: four calls came, and not four are told'
interrupt registrar "$registrar"
echo 'every example does what it says'

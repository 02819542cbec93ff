#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 in the middle of a call: a new process takes up the snapshot, and the call goes on.
. "$(dirname "$0")/handover.bash"

# live NAME: the phone's process of that name; all of them share their files, commands and events.
live() {
    lab "start phone $1 sh -c 'exec 3<>phone.in; echo \$\$ >phone.pid; exec \"\$0\" phone \"\$@\" <&3 >>phone.json'" \
        "'$tern' --no-config --json --trace --audio-device none --record phone.wav $(secure_options)" \
        "$(quoted --snapshot calls --auto-answer --tone 440 --transport "$transport" \
            --account "sip:alice@$host" --password wonder)"
}

# killed TRANSPORT SECONDS ADDRESS [hold]: dead for so long, then there again at this address.
killed() {
    world "$1"
    mkfifo phone.in
    live first
    await phone 1 '"state":"registered"'
    call
    if [ "${4:-}" = hold ]; then
        tell phone hold
        await phone 1 '"held_here":true'
    fi
    pause 500
    step phone signal KILL phone.pid
    if [ "$3" != $wifi ]; then
        address del wlan0 $wifi
        address add lte0 "$3"
    fi
    pause $(($2 * 1000))
    live phone-phone
    await phone 1 '"event":"call_restored"'
    completed 1
    if [ "${4:-}" = hold ]; then
        tell phone resume
        await phone 1 '"held_here":false'
    fi
    aftermath
    play
    lived "$3"
    expect "INVITEs that the far end got before it called" "$(count far '"event":"call_incoming"')" -eq 1
    [ "$1" != tls ] || protected
    [ ! -e calls ] || problem "the snapshot is left after a good end"
    expect "mode of the key" "$(stat -c %a calls.key)" = 600
    measured
}

# secured KEYS SECONDS ADDRESS
secured() {
    keys=$1
    killed tls "$2" "$3"
}

# A second phone does not take up what the first, which lives, sends with.
locked() {
    world udp
    mkfifo phone.in
    live first
    await phone 1 '"state":"registered"'
    call
    lab "run phone sh -c '! \"\$0\" phone --no-config --snapshot calls --account sip:alice@$host </dev/null 2>second.err'" \
        "'$tern'"
    tell phone hangup all
    await phone 1 '"call_ended"'
    tell phone quit
    lab wait first
    tell far quit
    lab wait far-phone
    step server signal TERM registrar.pid
    lab wait registrar
    "$tern" lab script >lab.out 2>&1 || problem "the lab: $(tail -n 3 lab.out)"
    grep -q 'another phone uses the snapshot' second.err || problem "it did not say why: $(cat second.err)"
}

scenario "killed, UDP, back after 1 s" killed udp 1 $wifi
scenario "killed, UDP, back after 5 s at another address" killed udp 5 $lte
scenario "killed on hold, UDP" killed udp 1 $wifi hold
scenario "killed, TCP, back after 1 s" killed tcp 1 $wifi
scenario "killed, TLS and SDES, back after 1 s" secured sdes 1 $wifi
scenario "killed, TLS and SDES, back after 5 s at another address" secured sdes 5 $lte
scenario "killed, TLS and DTLS-SRTP, back after 1 s" secured dtls 1 $wifi
scenario "killed, TLS and DTLS-SRTP, back after 5 s at another address" secured dtls 5 $lte
scenario "a snapshot is for one process" locked
run_scenarios

#!/bin/bash
# SPDX-License-Identifier: MIT
# Nobody has answered yet when the address changes (MOBILITY S2, S3): the call rings on, and comes about.
. "$(dirname "$0")/handover.bash"

# ringing TRANSPORT: as world(), and nobody answers by itself.
ringing() {
    transport=$1
    stage
    start_registrar
    start_phone far --tone 880 --account "sip:far@$host" --password builder
    start_phone phone --tone 440 --transport "$1" --password wonder --account "sip:alice@$host"
    await far 1 '"state":"registered"'
    await phone 1 '"state":"registered"'
}

# talked RINGS: it was answered after the far end has rung so often, both hear each other, and hang up.
talked() {
    await phone 1 '"call_answered"'
    await far 1 '"call_answered"'
    pause 1500
    tell phone stats
    pause 1000
    tell phone stats
    pause 100
    tell phone hangup all
    await phone 1 '"call_ended"'
    await far "$1" '"call_ended"'
    bindings after
    play
    hears phone
    bound alice $lte
    tone phone.wav 880
}

# outgoing TRANSPORT RINGS: the phone has called. Over UDP the server sends the answer to where the
# INVITE has come from last; over TCP the connection is gone, and another INVITE rings anew.
outgoing() {
    ringing "$1"
    tell phone call far
    await far 1 '"call_incoming"'
    await phone 1 '"call_progress"'
    roam
    completed 1
    await far "$2" '"call_incoming"'
    pause 2000
    tell far answer
    talked "$2"
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq "$2"
    expect "calls that the phone heard the end of" "$(count phone '"call_ended"')" -eq 1
    tone far.wav 440
}

# incoming TRANSPORT: the phone rings.
incoming() {
    ringing "$1"
    tell far call alice
    await phone 1 '"call_incoming"'
    roam
    completed 1
    pause 500
    tell phone answer
    talked 1
    expect "calls that came to the phone" "$(count phone '"call_incoming"')" -eq 1
    tone far.wav 440
}

scenario "the far end rings, UDP" outgoing udp 1
scenario "the far end rings, TCP" outgoing tcp 2
scenario "the phone rings, UDP" incoming udp
scenario "the phone rings, TCP" incoming tcp
run_scenarios

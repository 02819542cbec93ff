#!/bin/bash
# SPDX-License-Identifier: MIT
# Make before break: the new address is there while the old one still stands.
. "$(dirname "$0")/handover.bash"

# overlap TRANSPORT: LTE is the better way; Wi-Fi goes once nobody needs it.
overlap() {
    world "$1"
    phone
    call
    address add lte0 $lte
    completed 1
    pause 500
    bindings made
    address del wlan0 $wifi
    await phone 1 '"event":"network".*"removed":1'
    aftermath
    play
    lived $lte
    steps media_moved/start media_moved/success completed/success
    steps update_contact/start update_contact/success reinvite_call/success completed/success
    one_round_trip 3 # and the second flow's: where the first one was, and its end with that address
    expect "packets lost on the way to the far end" "$(loss far)" -eq 0
    expect "packets lost on the way to the phone" "$(loss phone)" -eq 0
    expect "packets that the far end missed" "$(lost far)" -eq 0
    expect "packets that the phone missed" "$(lost phone)" -eq 0
    grep -q "@$lte" bindings.made || problem "LTE is not registered before Wi-Fi goes"
    measured
}

# doubled: audio leaves by both ways for a while, and nothing is lost or sealed twice.
doubled() {
    world udp
    phone --doubled-send-ms 1500
    call
    address add lte0 $lte
    completed 1
    pause 2500
    address del wlan0 $wifi
    await phone 1 '"event":"network".*"removed":1'
    aftermath
    play
    lived $lte
    expect "packets that the far end missed" "$(lost far)" -eq 0
    expect "packets that the phone missed" "$(lost phone)" -eq 0
}

# worse TRANSPORT: another address that is no better way comes and goes. Nothing moves; a second flow
# stands there meanwhile.
worse() {
    world "$1"
    lab route del phone default dev lte0
    lab route add phone default dev lte0 metric 200
    phone
    call
    address add lte0 $lte
    await phone 2 '"event":"network".*"added":[13]'
    pause 500
    address del lte0 $lte
    await phone 1 '"event":"network".*"removed":1'
    aftermath
    play
    well $wifi
    expect "changes" "$(count phone '"event":"ip_change"')" -eq 0
    expect "REGISTER sent, with those at start and end" "$(count phone '"sent".*summary":"REGISTER"')" -eq 5
    expect "UPDATE sent" "$(count phone '"sent".*summary":"UPDATE"')" -eq 0
    expect "packets lost on the way to the far end" "$(loss far)" -eq 0
    expect "packets lost on the way to the phone" "$(loss phone)" -eq 0
}

scenario "make before break, UDP" overlap udp
scenario "make before break, TCP" overlap tcp
scenario "make before break, audio by both ways" doubled
scenario "a worse address comes and goes, UDP" worse udp
scenario "a worse address comes and goes, TCP" worse tcp
run_scenarios

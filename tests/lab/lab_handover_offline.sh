#!/bin/bash
# SPDX-License-Identifier: MIT
# No network at all for 5 and 30 seconds: calls and registration wait for the next address.
. "$(dirname "$0")/handover.bash"

# away TRANSPORT SECONDS
away() {
    world "$1"
    phone
    call
    address del wlan0 $wifi
    pause $(($2 * 1000 - 300))
    step phone await phone.json 1 '"event":"network","usable":false' 1
    pause 300
    address add lte0 $lte
    completed 1 20
    aftermath
    play
    lived $lte
    steps media_moved/start media_moved/success completed/success
    steps update_contact/start update_contact/success completed/success
    steps reinvite_call/start reinvite_call/success completed/success
    one_round_trip
    audio_first $lte
    measured
}

scenario "30 s without a network, UDP" away udp 30
scenario "30 s without a network, TCP" away tcp 30
scenario "5 s without a network, UDP" away udp 5
scenario "5 s without a network, TCP" away tcp 5
run_scenarios

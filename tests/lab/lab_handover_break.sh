#!/bin/bash
# SPDX-License-Identifier: MIT
# The address goes before another comes: at once, or after a moment without a network.
. "$(dirname "$0")/handover.bash"

# moved TRANSPORT MS: from Wi-Fi to LTE, with so long in between.
moved() {
    world "$1"
    phone
    call
    roam "$2"
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

# deaf TRANSPORT: the far end sends audio only where SDP says.
deaf() {
    far_options=(--no-symmetric-rtp)
    moved "$1" 0
}

# renumbered TRANSPORT: another address on the same interface.
renumbered() {
    world "$1"
    phone
    call
    address del wlan0 $wifi
    address add wlan0 $wifi2
    completed 1
    aftermath
    play
    lived $wifi2
    steps restart_listener/start media_moved/start update_contact/start reinvite_call/start \
        completed/success
    one_round_trip
    audio_first $wifi2
    measured
}

# on6 FUNCTION ARG...
on6() {
    ipv6
    "$@"
}

# The link goes down and comes back with the address that it had: nobody needs to be told much.
relinked() {
    world "$1"
    phone
    call
    lab down phone wlan0
    await phone 1 '"event":"network","usable":false'
    pause 1500
    lab up phone wlan0
    completed 1
    aftermath
    play
    expect "calls lost" "$(last calls_lost)" -eq 0
    well $wifi
}

scenario "address gone, new one at once, UDP" moved udp 0
scenario "address gone, new one at once, TCP" moved tcp 0
scenario "the far end follows nothing but SDP, UDP" deaf udp
scenario "the far end follows nothing but SDP, TCP" deaf tcp
scenario "half a second without a network, UDP" moved udp 500
scenario "half a second without a network, TCP" moved tcp 500
scenario "address gone, new one at once, IPv6, UDP" on6 moved udp 0
scenario "address gone, new one at once, IPv6, TCP" on6 moved tcp 0
scenario "link down and up again, UDP" relinked udp
scenario "link down and up again, TCP" relinked tcp
scenario "same interface, new address, UDP" renumbered udp
scenario "same interface, new address, TCP" renumbered tcp
run_scenarios

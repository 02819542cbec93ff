#!/bin/bash
# SPDX-License-Identifier: MIT
# The main job against a server that we did not write: Kamailio, with digest and Record-Route; over
# TLS, too, where audio is SRTP.
. "$(dirname "$0")/kamailio.bash"

# moved TRANSPORT PAUSE [PHONE-OPTION...]
moved() {
    local pause=$2
    world "$1"
    shift 2
    phone "$@"
    call
    roam "$pause"
    completed 1
    aftermath
    play
    lived $lte
    steps media_moved/start media_moved/success completed/success
    steps update_contact/start update_contact/success completed/success
    steps reinvite_call/start reinvite_call/success completed/success
    one_round_trip
    audio_first $lte
    secure_well
    measured
}

secure_well() {
    [ "$transport" = tls ] || return 0
    resumed 1
    protected
}

# secretly KEYS FUNCTION ARG...
secretly() {
    keys=$1
    shift
    "$@"
}

overlap() {
    world "$1"
    phone
    call
    address add lte0 $lte
    completed 1
    pause 500
    address del wlan0 $wifi
    await phone 1 '"event":"network".*"removed":1'
    aftermath
    play
    lived $lte
    one_round_trip
    expect "packets lost on the way to the far end" "$(loss far)" -eq 0
    expect "packets lost on the way to the phone" "$(loss phone)" -eq 0
    secure_well
    measured
}

scenario "Kamailio, address gone, new one at once, UDP" moved udp 0
scenario "Kamailio, address gone, new one at once, TCP" moved tcp 0
scenario "Kamailio, re-INVITE in place of UPDATE, UDP" moved udp 0 --no-update
scenario "Kamailio, re-INVITE in place of UPDATE, TCP" moved tcp 0 --no-update
scenario "Kamailio, two seconds without a network, UDP" moved udp 2000
scenario "Kamailio, two seconds without a network, TCP" moved tcp 2000
scenario "Kamailio, make before break, UDP" overlap udp
scenario "Kamailio, make before break, TCP" overlap tcp
scenario "Kamailio, address gone, new one at once, TLS with SDES" secretly sdes moved tls 0
scenario "Kamailio, address gone, new one at once, TLS with DTLS-SRTP" secretly dtls moved tls 0
scenario "Kamailio, re-INVITE in place of UPDATE, TLS with SDES" secretly sdes moved tls 0 --no-update
scenario "Kamailio, re-INVITE in place of UPDATE, TLS with DTLS-SRTP" secretly dtls moved tls 0 --no-update
scenario "Kamailio, two seconds without a network, TLS with SDES" secretly sdes moved tls 2000
scenario "Kamailio, make before break, TLS with DTLS-SRTP" secretly dtls overlap tls
run_scenarios

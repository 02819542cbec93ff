#!/bin/bash
# SPDX-License-Identifier: MIT
# Both ends move at once: each asks the other through the registrar, which knows where both are, by the
# dialog where it gives GRUUs, else by INVITE with Replaces (RFC 3891); nothing rings.
. "$(dirname "$0")/handover.bash"

far2=198.51.100.77

# both TRANSPORT MS: the phone first, the far end so much later.
both() {
    world "$1"
    phone
    call
    address del wlan0 $wifi
    address add lte0 $lte
    [ "$2" -eq 0 ] || pause "$2"
    lab address del far eth0 $far/$bits
    lab address add far eth0 $far2/$bits
    lab route add far default dev eth0
    completed 1 20
    await far 1 '"operation":"completed","status":"success"' 20
    aftermath
    play
    lived $lte
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq 1
    expect "silence at the phone in ms" "$(gap phone)" -lt 3500
    expect "silence at the far end in ms" "$(gap far)" -lt 3500
    measured
}

scenario "both ends at once, UDP" both udp 0
scenario "both ends at once, TCP" both tcp 0
scenario "both ends at once, TLS" both tls 0
scenario "the far end 200 ms later, UDP" both udp 200
run_scenarios

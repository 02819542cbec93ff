#!/bin/bash
# SPDX-License-Identifier: MIT
# Kamailio as a registrar that knows flows (RFC 5626) and GRUUs (RFC 5627).
. "$(dirname "$0")/kamailio.bash"
if [ -z "$(find /usr/lib/*/kamailio/modules -name outbound.so 2>/dev/null)" ]; then
    echo "skipped: Kamailio's module outbound is not installed"
    exit 77
fi
defines=(OUTBOUND)

# What the registrar says of flows, and that the call has named us by a GRUU.
flows() {
    expect "registrations with flows" "$(count phone 'received".*200 OK (REGISTER)".*Require: outbound')" -ge 1
    expect "calls that name an address of ours" \
        "$(count phone '"sent".*"summary":"\(INVITE\|UPDATE\)".*Contact: <sip:alice@[^;>]*>')" -eq 0
}

# moved TRANSPORT: the new binding takes the place of the old one by itself.
moved() {
    world "$1"
    phone
    call
    roam
    completed 1
    aftermath
    play
    lived $lte
    one_round_trip
    flows
    measured
}

# overlap TRANSPORT: two flows stand side by side, and the first goes.
overlap() {
    world "$1"
    phone --second-flow always
    call
    address add lte0 $lte
    completed 1
    pause 700
    bindings made
    address del wlan0 $wifi
    await phone 1 '"event":"network".*"removed":1'
    aftermath
    play
    lived $lte
    flows
    expect "bindings of alice with both networks" "$(grep -c '^alice ' bindings.made)" -eq 2
    expect "packets lost on the way to the far end" "$(loss far)" -eq 0
    expect "packets lost on the way to the phone" "$(loss phone)" -eq 0
    measured
}

# dead TRANSPORT: nothing goes by the first flow any more, and nobody has noticed yet. A call comes.
dead() {
    world "$1"
    phone --second-flow always
    address add lte0 $lte
    completed 1
    pause 700
    bindings made
    lab set phone lte0 loss 100
    tell far call alice
    await phone 1 '"call_incoming"' 5
    await far 1 '"call_answered"' 5
    lab set phone lte0 loss 0
    pause 1500
    tell phone stats
    pause 1000
    tell phone stats
    pause 100
    tell far hangup all
    await phone 1 '"call_ended"'
    play
    flows
    expect "bindings of alice with both networks" "$(grep -c '^alice ' bindings.made)" -eq 2
    expect "calls that came" "$(count phone '"call_incoming"')" -eq 1
    hears phone
    tone phone.wav 880
}

scenario "Kamailio with flows, address gone, new one at once, UDP" moved udp
scenario "Kamailio with flows, the second flow takes over, TLS" overlap tls
scenario "Kamailio with flows, a call by the second where the first is dead, UDP" dead udp
run_scenarios

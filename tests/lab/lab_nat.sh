#!/bin/bash
# SPDX-License-Identifier: MIT
# Behind a NAT on real sockets: it forgets its mappings, or gets another address, in the middle of a
# call (MOBILITY S20). The phone's own address stays what it is.
. "$(dirname "$0")/handover.bash"

PATH=$PATH:/usr/sbin
if ! { command -v nft && command -v conntrack && command -v ip; } >/dev/null; then
    echo "skipped: nftables, conntrack or iproute2 is not installed"
    exit 77
fi
if ! unshare --net --map-root-user "$here/nat_step.sh" possible 2>/dev/null; then
    echo "skipped: the kernel lets nobody translate addresses in a namespace here"
    exit 77
fi
public=100.64.9.1 public2=100.64.9.2

# router WORD...: a step of nat_step.sh.
router() {
    lab "run router '$here/nat_step.sh'" "$(quoted "$@")"
}

# behind TRANSPORT: as world(), with a router in front of the phone.
behind() {
    transport=$1
    lab node server far phone router
    for node in server far; do
        lab link $node eth0
        lab route add $node default dev eth0
    done
    lab address add server eth0 $server/24
    lab address add far eth0 $far/24
    lab link router wan0
    lab route add router default dev wan0
    lab address add router wan0 $public/24
    lab "start phone anchor sh -c 'echo \$\$ >anchor.pid; exec sleep 1000'"
    step phone await anchor.pid 1 . 5
    router build 192.168.1.1 $wifi
    start_registrar
    start_phone far --auto-answer --tone 880 --account "sip:far@$host" --password builder
    await far 1 '"state":"registered"'
    phone --sip-port 5060 --keepalive 2 --stream-keepalive 2
    call
}

# talked ADDRESS: the end, as after any change, and what the phone is registered with.
talked() {
    aftermath
    lab stop anchor
    play
    hears phone
    hears far
    tone far.wav 440
    tone phone.wav 880
    tone far-2.wav 440
    tone phone-2.wav 880
    bound alice "$1"
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq 1
    expect "changes of the phone's own address" "$(count phone '"event":"network".*"removed":1')" -eq 0
    expect "packets that the phone missed" "$(lost phone)" -lt 50
    printf '; lost packets of 20 ms: far end %s, phone %s; registered anew %s ms after it was noticed' \
        "$(lost far)" "$(lost phone)" "$(took update_contact)" >measured
}

# forgets TRANSPORT: another port for SIP; audio opens the way anew by itself.
forgets() {
    behind "$1"
    router forget 32000
    completed 1 10
    talked $public
    if [ "$1" = udp ]; then
        expect "bindings with the new port" "$(grep -c "^alice .*@$public:32000" bindings.after)" -eq 1
    fi
}

# another TRANSPORT: the provider gives the router another address.
another() {
    behind "$1"
    lab address add router wan0 $public2/24
    lab address del router wan0 $public/24
    completed 1 10
    talked $public2
}

scenario "the NAT forgets its mappings, UDP" forgets udp
scenario "the NAT forgets its mappings, TCP" forgets tcp
scenario "the NAT gets another address, UDP" another udp
run_scenarios

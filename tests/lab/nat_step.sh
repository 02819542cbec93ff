#!/bin/sh
# SPDX-License-Identifier: MIT
# A router between the phone and the lab, with the kernel's own NAT; runs in the router's node, in the
# scenario's folder.
set -eu

# What goes out has the router's address and, for SIP, this port, as on many routers: the mapping is
# the same for each destination, and lets in who has been sent to. Audio has any port.
rules() {
    nft -f - <<TEXT
table ip nat
delete table ip nat
table ip nat {
    chain out {
        type nat hook postrouting priority srcnat;
        oifname "wan0" udp sport 5060 masquerade to :$1
        oifname "wan0" tcp dport 5060 masquerade to :$1
        oifname "wan0" udp sport 16384-32767 masquerade to :40000-49999
        oifname "wan0" masquerade
    }
}
TEXT
}

case $1 in
build) # build LAN-ADDRESS PHONE-ADDRESS: a cable to the phone's node, whose anchor says where that is
    pid=$(cat anchor.pid)
    ip link add lan0 type veth peer name wlan0 netns "$pid"
    ip address add "$2/24" dev lan0
    ip link set lan0 up
    nsenter --net="/proc/$pid/ns/net" sh -c "ip address add $3/24 dev wlan0 && ip link set wlan0 up &&
        ip route add default via $2"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    rules 31000
    ;;
possible)
    ip link add lan0 type veth peer name wan0
    echo 1 >/proc/sys/net/ipv4/ip_forward
    rules 31000
    conntrack -F
    ;;
forget) # forget PORT: all mappings, as after a power cut
    rules "$2"
    conntrack -F >/dev/null 2>&1
    ;;
*) exit 1 ;;
esac

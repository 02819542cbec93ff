#!/bin/bash
# SPDX-License-Identifier: MIT
# From IPv4 to IPv6 and back with a call up: server and far end have both, each way of the phone one.
. "$(dirname "$0")/handover.bash"

server6=fd00:5::5 far6=fd00:7::7 lte6=fd00:2::20
name=registrar.test

if ! unshare -m true 2>/dev/null; then
    echo "skipped: no mount namespace, so no names of our own"
    exit 77
fi

# The phone finds the server by name, in a file that only it sees.
named_phone() {
    printf '127.0.0.1 localhost\n%s %s\n%s %s\n' $server $name $server6 $name >hosts
    mkfifo phone.in
    lab "start phone phone-phone unshare -m sh -c 'mount --bind hosts /etc/hosts && exec 3<>phone.in;" \
        "exec \"\$0\" phone \"\$@\" <&3 >phone.json' '$tern' --no-config --json --trace" \
        "--audio-device none --record phone.wav --auto-answer --tone 440 --transport $transport" \
        "--password wonder --proxy 'sip:$name:5060;lr' --account sip:alice@$name"
    await phone 1 '"state":"registered"'
}

# there_and_back TRANSPORT
there_and_back() {
    transport=$1
    stage
    lab address add server eth0 $server6/64
    lab address add far eth0 $far6/64
    start_registrar --domain $name
    start_phone far --auto-answer --tone 880 --account "sip:far@$host" --password builder
    await far 1 '"state":"registered"'
    named_phone
    call
    address del wlan0 $wifi
    lab address add phone lte0 $lte6/64
    completed 1
    pause 1500
    numbers there
    bindings there
    lab address del phone lte0 $lte6/64
    address add wlan0 $wifi
    completed 2
    aftermath
    play
    lived $wifi
    grep -q "\[$lte6\]" bindings.there || problem "over IPv6 it is not registered"
    measured
}

scenario "from IPv4 to IPv6 and back, UDP" there_and_back udp
scenario "from IPv4 to IPv6 and back, TCP" there_and_back tcp
run_scenarios

#!/bin/bash
# SPDX-License-Identifier: MIT
# SIP over TLS and audio over SRTP, through the changes that UDP and TCP go through elsewhere; and
# servers that are not who they should be.
. "$(dirname "$0")/handover.bash"

# twice KEYS MS: from Wi-Fi to LTE with so long in between, and back at once.
twice() {
    keys=$1
    world tls
    phone
    call
    roam "$2"
    completed 1 20
    pause 1500
    address del lte0 $lte
    address add wlan0 $wifi2
    completed 2 20
    aftermath
    play
    lived $wifi2
    steps media_moved/start media_moved/success completed/success
    steps update_contact/start update_contact/success completed/success
    steps reinvite_call/start reinvite_call/success completed/success
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 2
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -eq 2
    expect "challenges" "$(messages phone received '401|407')" -eq 0
    resumed 1 2
    protected
    measured
}

# overlap KEYS
overlap() {
    keys=$1
    world tls
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
    one_round_trip 3 # and the second flow's: where the first one was, and its end with that address
    expect "packets that the far end missed" "$(lost far)" -eq 0
    expect "packets that the phone missed" "$(lost phone)" -eq 0
    resumed 1
    protected
    measured
}

# deaf KEYS: the far end sends audio only where SDP says.
deaf() {
    far_options=(--no-symmetric-rtp)
    keys=$1
    world tls
    phone
    call
    roam 0
    completed 1
    aftermath
    play
    lived $lte
    one_round_trip
    resumed 1
    protected
    measured
}

# refused MAKE-CERTIFICATE REGISTRAR-OPTIONS CA SENTENCE: the phone does not trust it, and says why.
refused() {
    lab node server phone
    lab link server eth0
    lab link phone wlan0
    lab address add server eth0 $server/$bits
    address add wlan0 $wifi
    lab route add server default dev eth0
    lab route add phone default dev wlan0
    [ -z "$1" ] || lab "run server $1"
    lab "start server registrar sh -c 'echo \$\$ >registrar.pid; exec \"\$0\" \"\$@\" >registrar.out'" \
        "'$tern' registrar --user alice:wonder $2"
    step server await registrar.out 1 '^Ready' 10
    lab "start phone phone sh -c 'sleep 3 | \"\$0\" phone --no-config \"\$@\" >phone.out'" \
        "'$tern' --transport tls --ca $3 --account sip:alice@$server --password wonder"
    lab wait phone
    step server signal TERM registrar.pid
    lab wait registrar
    "$tern" lab script >lab.out 2>&1 || problem "the lab: $(tail -n 3 lab.out)"
    grep -q -e "$4" phone.out || problem "no '$4' in: $(cat phone.out)"
    ! grep -q 'is registered from' phone.out || problem "it registered: $(cat phone.out)"
}

certs="'$tern' certs --dir certs"
scenario "TLS, SDES, address gone and another at once, twice" twice sdes 0
scenario "TLS, DTLS-SRTP, address gone and another at once, twice" twice dtls 0
scenario "TLS, SDES, two seconds without a network" twice sdes 2000
scenario "TLS, DTLS-SRTP, two seconds without a network" twice dtls 2000
scenario "TLS, SDES, make before break" overlap sdes
scenario "TLS, DTLS-SRTP, make before break" overlap dtls
scenario "TLS, SDES, the far end follows nothing but SDP" deaf sdes
scenario "TLS, DTLS-SRTP, the far end follows nothing but SDP" deaf dtls
scenario "a certificate for somebody else" refused "$certs other.example" \
    "--cert certs/cert.pem --key certs/key.pem" certs/ca.pem \
    "the certificate is for other.example, not $server).* Call the server by a name"
scenario "a certificate that has expired" refused "" \
    "--cert '$here/expired/cert.pem' --key '$here/expired/key.pem'" "'$here/expired/ca.pem'" \
    "the certificate has expired (2020-01-02)).* The server needs a new one"
scenario "an authority that nobody knows" refused "'$tern' certs --dir others" \
    "--tls --cert-dir certs" others/ca.pem \
    "no trusted authority signed the certificate of $server).* give its ca.pem with --ca FILE"
run_scenarios

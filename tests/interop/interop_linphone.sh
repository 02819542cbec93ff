#!/bin/bash
# SPDX-License-Identifier: MIT
# Linphone behind Kamailio as the far end of a caller that moves: it knows UPDATE and Replaces.
#
# INTEROP: Linphone 5.1 allows PRACK, sends its 180 reliably where that is asked for, and answers the PRACK
# with 501; the call goes on all the same.
if ! command -v linphonec >/dev/null; then
    echo "skipped: linphonec is not installed"
    exit 77
fi
. "$(dirname "$0")/kamailio.bash"
. "$(dirname "$0")/tone.bash"

# configure LINE...: a folder with all that linphonec wants to know; LINEs go into the section sip.
configure() {
    mkdir -p linphone/.local/share/linphone
    {
        printf '[sip]\nsip_port=5060\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\ndefault_proxy=0\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
        printf '[rtp]\naudio_rtp_port=20000\n[sound]\nechocancellation=0\n[video]\nenabled=0\n'
        printf '[audio_codec_0]\nmime=PCMU\nrate=8000\nchannels=1\nenabled=1\n'
        printf '[auth_info_0]\nusername=far\npasswd=builder\nrealm=%s\n' "$server"
        printf '[proxy_0]\nreg_proxy=<sip:%s>\nreg_identity=sip:far@%s\nreg_sendregister=1\n' "$server" "$server"
    } >linphone/rc
    tone_file 880
}

# far_end OPTION...: takes commands as our own phone does.
far_end() {
    mkfifo far.in
    lab "start far linphone sh -c 'exec 3<>far.in; echo \$\$ >far.pid; HOME=\$PWD/linphone exec linphonec \"\$@\"" \
        "-c linphone/rc -d 6 -l far.log <&3 >far.out 2>&1' linphonec $*"
    step far await far.log 1 '^SIP/2.0 200' 10
    tell far soundcard use files
    tell far play "$PWD/tone.wav"
    tell far record "$PWD/far.wav"
}

# leave: all go, and the lab is played.
leave() {
    bindings after
    tell phone hangup
    await phone 1 '"call_ended"'
    tell phone quit
    lab wait phone-phone
    tell far quit
    lab wait linphone
    step server signal TERM registrar.pid
    lab wait registrar
    perform_script
    sane phone
    expect "INVITEs that Linphone rang for" "$(grep -c 'IncomingReceived' far.log)" -ge 1
    hears phone
    tone phone.wav 880
    tone far.wav 440
}

# talk: both hear each other for a while.
talk() {
    pause 1500
    tell phone stats
    pause 1000
    tell phone stats
}

# begin OPTION...: both are registered; OPTIONs are linphonec's.
begin() {
    transport=udp
    stage
    start_registrar
    far_end "$@"
}

# moved LINE PHONE-OPTION...: two changes.
moved() {
    configure "$1"
    shift
    begin -a
    phone "$@"
    tell phone call far
    await phone 1 '"call_answered"'
    pause 1500
    roam 0
    completed 1 20
    pause 1500
    address del lte0 $lte
    address add wlan0 $wifi2
    completed 2 20
    talk
    leave
    expect "status of the change" "$(last status)" = success
    bound alice $wifi2
    printf '; gap out %s ms, in %s ms' "$(gap far)" "$(gap phone)" >measured
}

# meanwhile: it is answered while the phone is nowhere, and asked for with Replaces.
meanwhile() {
    configure
    begin
    phone "$@"
    tell phone call far
    await phone 1 '"call_progress"'
    address del wlan0 $wifi
    pause 300
    tell far answer 1
    pause 700
    address add lte0 $lte
    completed 1 20
    await phone 1 '"call_answered"' 10
    talk
    leave
    expect "INVITEs with Replaces" "$(count phone '"sent".*"summary":"INVITE".*Replaces: ')" -ge 1
    bound alice $lte
}

scenario "Linphone, two changes, UPDATE" moved ''
scenario "Linphone, two changes, re-INVITE, 100rel" moved 100rel_support_level=1 --no-update --reliable required
scenario "Linphone, answered while the caller is nowhere" meanwhile
run_scenarios

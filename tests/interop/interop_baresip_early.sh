#!/bin/bash
# SPDX-License-Identifier: MIT
# baresip before it answers: early media without 100rel, no UPDATE, no Replaces (MOBILITY S2, S13).
if ! command -v baresip >/dev/null; then
    echo "skipped: baresip is not installed"
    exit 77
fi
. "$(dirname "$0")/../lab/handover.bash"
. "$(dirname "$0")/tone.bash"
. "$(dirname "$0")/baresip.bash"
modules=$(dirname "$(dpkg -L baresip-core | grep '/g711\.so$')")

# begin MODE: all are there; MODE says what baresip does with a call until it is told to answer.
begin() {
    transport=udp
    mkdir baresip
    cat >baresip/config <<TEXT
sip_listen 0.0.0.0:5060
call_max_calls 4
audio_source aufile,$PWD/tone.wav
rtp_ports 20000-21000
rtp_timeout 0
cons_listen 127.0.0.1:5555
module_path $modules
module g711.so
module aufile.so
module cons.so
module_tmp account.so
module_app menu.so
TEXT
    echo "<sip:far@$server>;auth_user=far;auth_pass=builder;answermode=$1;audio_codecs=PCMU" \
        >baresip/accounts
    tone_file 880
    stage
    start_registrar --no-auth # its digest gives up at the first algorithm that it does not know
    lab "start far baresip sh -c 'echo \$\$ >far.pid; exec baresip -f baresip </dev/null >far.out 2>&1'"
    step far await far.out 1 '200 OK' 10
    phone
    tell phone call far
    await phone 1 '"call_progress"'
}

answer() {
    lab "run far bash -c 'printf a >/dev/udp/127.0.0.1/5555'"
}

# talked: both hear each other to the end.
talked() {
    await phone 1 '"call_answered"'
    pause 1500
    end_with_baresip
    hears phone
    tone phone.wav 880
    bound alice $lte
    expect "UPDATE sent" "$(count phone '"sent".*"summary":"UPDATE"')" -eq 0
}

# early: audio is there before the answer, and the phone moves meanwhile.
early() {
    begin early
    pause 1000
    roam
    completed 1
    pause 1000
    answer
    talked
    expect "calls that were begun" "$(count phone '"sent","retransmission":false.*"text":"INVITE sip:far@')" -eq 1
    expect "early media" "$(count phone '"early_media":true')" -ge 1
    printf '; gap in %s ms' "$(gap phone)" >measured
}

# meanwhile: it answers while the phone is nowhere, and refuses Replaces with 420.
meanwhile() {
    begin manual
    address del wlan0 $wifi
    pause 300
    answer
    pause 700
    address add lte0 $lte
    completed 1
    talked
    expect "INVITEs with Replaces" "$(count phone '"sent".*"summary":"INVITE".*Replaces: ')" -ge 1
    expect "refusals of it" "$(count phone '"received".*"summary":"420 ')" -ge 1
}

scenario "baresip, early media, the caller moves" early
scenario "baresip, answered while the caller is nowhere" meanwhile
run_scenarios

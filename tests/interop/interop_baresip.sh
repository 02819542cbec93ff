#!/bin/bash
# SPDX-License-Identifier: MIT
# SRTP against a far end that we did not write: baresip, with keys by SDES and by DTLS, over TLS. Our
# phone calls it and moves, twice.
#
# INTEROP: baresip 1.0.0 goes on with the SDES key of the first offer. RFC 4568 7.1.4 wants another one
# where the address is another, as our re-INVITE has it: from there on it hears us no more. So with
# SDES only what it heard before the first move is judged, with DTLS what it hears after the second.
if ! command -v baresip >/dev/null; then
    echo "skipped: baresip is not installed"
    exit 77
fi
. "$(dirname "$0")/../lab/handover.bash"
. "$(dirname "$0")/tone.bash"
. "$(dirname "$0")/baresip.bash"
modules=$(dirname "$(dpkg -L baresip-core | grep '/g711\.so$')")

# configure MEDIA-ENCRYPTION: a folder with all that baresip wants to know.
configure() {
    mkdir baresip
    cat >baresip/config <<TEXT
sip_cafile certs/ca.pem
sip_listen 0.0.0.0:0
call_max_calls 1
audio_source aufile,$PWD/tone.wav
rtp_timeout 0
module_path $modules
module g711.so
module aufile.so
module srtp.so
module dtls_srtp.so
module_tmp account.so
module_app menu.so
TEXT
    echo "<sip:far@$server;transport=tls>;auth_user=far;auth_pass=builder;answermode=auto;mediaenc=$1;audio_codecs=PCMU" \
        >baresip/accounts
    tone_file 880
}

# rates: what it heard in each second of the call, in bits of sound.
rates() {
    tr '\r' '\n' <far.out | sed -n 's|.*audio=[0-9]*/\([0-9]*\) (bit/s).*|\1|p'
}

# moved MEDIA-ENCRYPTION KEYS
moved() {
    transport=tls keys=$2
    configure "$1"
    stage
    start_registrar --no-auth # its digest gives up at the first algorithm that it does not know
    lab "start far baresip sh -c 'echo \$\$ >far.pid; exec baresip -f baresip </dev/null >far.out 2>&1'"
    step far await far.out 1 '200 OK' 10
    phone
    tell phone call far
    await phone 1 '"call_answered"'
    pause 5000 # the rate that baresip tells is that of some seconds
    roam 0
    completed 1 20
    pause 1500
    address del lte0 $lte
    address add wlan0 $wifi2
    completed 2 20
    pause 1500
    end_with_baresip
    expect "status of the change" "$(last status)" = success
    expect "calls kept" "$(last calls_kept)" -eq 1
    hears phone
    tone phone.wav 880
    if [ "$keys" = dtls ]; then
        expect "bits a second that baresip hears at last" "$(rates | tail -n 1)" -gt 55000
    else
        expect "bits a second that baresip heard at best" "$(rates | sort -n | tail -n 1)" -gt 55000
    fi
    bound alice $wifi2
    expect "calls in the clear" "$(count phone '"security":"\(clear\|insecure\)"')" -eq 0
    expect "secure calls" "$(count phone '"security":"secure"')" -ge 1
    resumed 1 2
}

scenario "baresip, two changes, SDES" moved srtp-mand sdes
scenario "baresip, two changes, DTLS-SRTP" moved dtls_srtp dtls
run_scenarios

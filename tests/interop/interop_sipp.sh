#!/bin/bash
# SPDX-License-Identifier: MIT
# SIPp with a script of our own for what no far end of Debian does: a reliable 183 with its PRACK, and an
# UPDATE with an offer before the answer, while the caller moves (MOBILITY S13).
if ! command -v sipp >/dev/null; then
    echo "skipped: SIPp is not installed"
    exit 77
fi
. "$(dirname "$0")/../lab/handover.bash"
scripts=$(dirname "$(realpath "$0")")/sipp

# play_script LAB-COMMAND SCRIPT PORT ARG...: SIPp in the far end's node; what it says is kept.
play_script() {
    lab "$1 sh -c 'exec \"\$0\" \"\$@\" >$2.out 2>&1' $(quoted sipp -sf "$scripts/$2.xml" -i $far -p "$3" \
        -m 1 -nostdin -timeout 30 -timeout_error "${@:4}")"
}

early() {
    transport=udp
    stage
    start_registrar --no-auth
    play_script "run far" register 5099 $server:5060
    play_script "start far callee" early 5060
    phone
    tell phone call far
    await phone 1 '"received".*"summary":"200 OK (PRACK)"'
    roam
    completed 1
    await phone 1 '"call_answered"'
    pause 300
    tell phone hangup
    await phone 1 '"call_ended"'
    lab wait callee
    bindings after
    tell phone quit
    lab wait phone-phone
    step server signal TERM registrar.pid
    lab wait registrar
    perform_script
    sane phone
    bound alice $lte
    expect "early media" "$(count phone '"early_media":true')" -ge 1
    expect "UPDATEs before the answer" "$(events phone '
        get("event") == "call_answered" { exit }
        get("direction") == "sent" && get("summary") == "UPDATE" && get("retransmission") == "false" { n++ }
        END { print n + 0 }')" -eq 1
    expect "calls that were begun" "$(count phone '"sent","retransmission":false.*"text":"INVITE sip:far@')" -eq 1
}

scenario "SIPp, reliable early media, the caller moves" early
run_scenarios

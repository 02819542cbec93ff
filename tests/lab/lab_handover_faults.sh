#!/bin/bash
# SPDX-License-Identifier: MIT
# A registrar that refuses or is silent when the address changes: the call lives all the same, and
# the registration comes back as soon as the registrar does.
. "$(dirname "$0")/handover.bash"

talks() {
    pause "${1:-1000}"
    numbers settled
    pause 1000
    numbers talked
}

# A call to where the phone is registered now, after its own has ended.
ring() {
    bindings after
    tell phone hangup all
    await far 1 '"call_ended"'
    tell far call alice
    await far 2 '"call_answered"'
    pause 1000
    tell far hangup all
    await phone 2 '"call_ended"'
}

# refused TRANSPORT: 403 is for good: the phone does not register again until it is told to.
refused() {
    world "$1" --fault REGISTER=403 --faults-off
    phone
    call
    toggle_faults 1
    roam
    await phone 1 '"operation":"completed"'
    talks
    toggle_faults 2
    tell phone register
    await phone 2 '"state":"registered"'
    pause 300
    ring
    play
    expect "calls kept" "$(last calls_kept)" -eq 1
    expect "status of the change" "$(last status)" = failure
    hears phone
    hears far
    steps update_contact/start update_contact/failure completed/failure
    steps reinvite_call/start reinvite_call/success completed/failure
    audio_first $lte
    rings $lte
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 2
}

# ailing TRANSPORT STATUS: 503, or nothing (0), for a while: tried again, and it succeeds.
ailing() {
    world "$1" --fault "REGISTER=$2" --faults-off
    phone
    call
    toggle_faults 1
    roam
    await phone 1 '"operation":"reinvite_call","status":"success"'
    talks 1500
    toggle_faults 2
    await phone 2 '"state":"registered"' 30
    await phone 1 '"operation":"completed"'
    pause 300
    ring
    play
    lived_late
    [ "$2" -eq 0 ] || steps update_contact/start update_contact/retry update_contact/success completed/success
    steps reinvite_call/success update_contact/success completed/success
    audio_first $lte
}

lived_late() {
    expect "status of the change" "$(last status)" = success
    expect "calls kept" "$(last calls_kept)" -eq 1
    hears phone
    hears far
    rings $lte
}

# dead TRANSPORT: the whole server stops, and goes on three seconds later. Audio needs no server.
dead() {
    world "$1"
    phone
    call
    step server signal STOP registrar.pid
    roam
    talks 1500
    step server signal CONT registrar.pid
    completed 1 30
    pause 300
    ring
    play
    lived_late
    audio_first $lte
}

# no_update TRANSPORT: UPDATE does not come through; re-INVITE does.
no_update() {
    world "$1" --fault UPDATE=501
    phone
    call
    roam
    completed 1
    aftermath
    play
    lived $lte
    expect "UPDATE sent" "$(messages phone sent UPDATE)" -eq 1
    expect "INVITE sent" "$(messages phone sent INVITE)" -eq 1
    expect "used UPDATE" "$(events phone '
        get("operation") == "reinvite_call" && get("status") == "success" { print get("used_update") }')" = false
}

# overloaded TRANSPORT: neither goes through at first. Refused calls are tried again.
overloaded() {
    world "$1" --fault UPDATE=503 --fault INVITE=503 --faults-off
    phone
    call
    toggle_faults 1
    roam
    await phone 1 '"operation":"reinvite_call","status":"retry"'
    talks 500
    toggle_faults 2
    completed 1 40
    pause 300
    ring
    play
    lived_late
    steps reinvite_call/start reinvite_call/retry reinvite_call/success completed/success
}

scenario "registrar answers 403, UDP" refused udp
scenario "registrar answers 403, TCP" refused tcp
scenario "registrar answers 503, UDP" ailing udp 503
scenario "registrar answers 503, TCP" ailing tcp 503
scenario "registrar answers nothing, UDP" ailing udp 0
scenario "registrar answers nothing, TCP" ailing tcp 0
scenario "server stands still, UDP" dead udp
scenario "server stands still, TCP" dead tcp
scenario "UPDATE is refused, UDP" no_update udp
scenario "UPDATE is refused, TCP" no_update tcp
scenario "UPDATE and INVITE are refused for a while, UDP" overloaded udp
scenario "UPDATE and INVITE are refused for a while, TCP" overloaded tcp
run_scenarios

#!/bin/bash
# SPDX-License-Identifier: MIT
# Changes that meet each other, a pending request, a call on hold, or many calls.
. "$(dirname "$0")/handover.bash"

# twice TRANSPORT: before the first change is answered, there is a second. Only that one counts.
twice() {
    world "$1"
    phone
    call
    roam
    pause 100
    address del lte0 $lte
    address add wlan0 $wifi2
    completed 1
    aftermath
    play
    lived $wifi2
    expect "changes that a newer one took over" "$(count phone 'completed","status":"superseded')" -ge 1
    expect "changes that succeeded" "$(count phone 'completed","status":"success')" -eq 1
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -le 2
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -le 2
}

# registering TRANSPORT: a refresh of the registration is under way.
registering() {
    world "$1"
    phone
    call
    tell phone register
    pause 40
    roam
    completed 1
    aftermath
    play
    lived $lte
    steps update_contact/start update_contact/success completed/success
}

# joining TRANSPORT: the first REGISTER of all is under way.
joining() {
    world "$1"
    start_phone phone --auto-answer --tone 440 --transport "$1" --password wonder \
        --account "sip:alice@$host"
    await phone 1 '"sent".*"summary":"REGISTER"'
    roam
    await phone 1 '"state":"registered"' 20
    call
    aftermath
    play
    hears phone
    hears far
    rings $lte
}

# held TRANSPORT: the phone has the call on hold, and takes it back afterwards.
held() {
    world "$1"
    phone
    call
    tell phone hold
    await phone 1 '"held_here":true'
    await far 1 '"held_there":true'
    roam
    completed 1
    pause 500
    step far mark resume
    tell phone resume
    await far 1 '"event":"call_media".*"held_there":false' 10
    aftermath
    play
    lived $lte
    expect "last word on hold before it was taken back" "$(events far '
        get("event") == "call_media" { before = now; now = get("held_there") } END { print before }')" = true
    one_round_trip_but_resume
}

# Hold itself is asked for while the address changes.
holding() {
    world "$1"
    phone
    call
    tell phone hold
    pause 60
    roam
    completed 1
    await far 1 '"held_there":true'
    tell phone resume
    await far 1 '"event":"call_media".*"held_there":false' 10
    aftermath
    play
    lived $lte
    expect "times that audio was waited for in vain" "$(count phone 'media_moved","status":"failure"')" -eq 0
}

one_round_trip_but_resume() {
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 1
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -eq 2
}

# crowd TRANSPORT: five calls on three accounts.
crowd() {
    local users="alice alison alicia" n=0 account
    world "$1"
    phone
    for account in 1 1 2 2 3; do
        n=$((n + 1))
        tell phone account $account
        tell phone call far
        await phone $n '"call_answered"'
    done
    pause 1000
    roam
    completed 1
    pause 1200
    numbers settled
    pause 1000
    numbers talked
    bindings after
    tell phone hangup all
    await far 5 '"call_ended"'
    tell far call alice
    await far 6 '"call_answered"'
    pause 1000
    tell far hangup all
    await phone 6 '"call_ended"'
    play
    expect "status of the change" "$(last status)" = success
    expect "accounts" "$(last accounts)" -eq 3
    expect "calls kept" "$(last calls_kept)" -eq 5
    expect "calls lost" "$(last calls_lost)" -eq 0
    hears phone
    hears far
    for n in '' -2 -3 -4 -5 -6; do
        tone far$n.wav 440
        tone phone$n.wav 880
    done
    for account in $users; do
        bound "$account" $lte
    done
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 3
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -eq 5
    expect "challenges" "$(messages phone received '401|407')" -eq 0
    measured
}

scenario "two changes 100 ms apart, UDP" twice udp
scenario "two changes 100 ms apart, TCP" twice tcp
scenario "change while a REGISTER is pending, UDP" registering udp
scenario "change while a REGISTER is pending, TCP" registering tcp
scenario "change while the first REGISTER is pending, UDP" joining udp
scenario "change while the first REGISTER is pending, TCP" joining tcp
scenario "change during hold, UDP" held udp
scenario "change during hold, TCP" held tcp
scenario "change while hold is pending, UDP" holding udp
scenario "change while hold is pending, TCP" holding tcp
scenario "five calls on three accounts, UDP" crowd udp
scenario "five calls on three accounts, TCP" crowd tcp
run_scenarios

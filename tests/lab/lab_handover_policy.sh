#!/bin/bash
# SPDX-License-Identifier: MIT
# What an account asks for, each setting by itself; and changes that the application handles.
. "$(dirname "$0")/handover.bash"

# change TRANSPORT OPTION...: a change with these options of the phone.
change() {
    world "$1"
    shift
    phone "$@"
    call
    roam
    completed 1
    aftermath
    play
}

hangup() {
    world "$1"
    phone --hangup-calls
    call
    roam
    completed 1
    await phone 1 '"call_ended"'
    await far 1 '"call_ended"'
    bindings after
    tell far call alice
    await far 2 '"call_answered"'
    pause 1000
    tell far hangup all
    await phone 2 '"call_ended"'
    play
    expect "status of the change" "$(last status)" = success
    expect "calls kept" "$(last calls_kept)" -eq 0
    steps hangup_call/start hangup_call/success completed/success
    steps update_contact/start update_contact/success completed/success
    expect "calls ended for the change" "$(count phone '"call_ended".*"cause":"ip_change"')" -eq 1
    expect "calls that the far end saw ended" "$(count far '"call_ended".*"cause":"remote"')" -eq 1
    rings $lte
}

reinvite() {
    change "$1" --no-update
    lived $lte
    expect "UPDATE sent" "$(messages phone sent UPDATE)" -eq 0
    expect "INVITE sent" "$(messages phone sent INVITE)" -eq 1
    expect "challenges" "$(messages phone received '401|407')" -eq 0
}

ordered() {
    change "$1" --order after-register
    lived $lte
    steps update_contact/success reinvite_call/start reinvite_call/success completed/success
    audio_first $lte
}

# Two REGISTER: one removes, one adds.
unregister_first() {
    change "$1" --contact unregister-first
    lived $lte
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 2
}

# The old binding stays: the far end's call is tried there as well, and still comes.
# Where the registrar knows flows, the new binding is in the old one's place (RFC 5626 6).
leave() {
    change "$1" --contact leave --no-outbound
    expect "status of the change" "$(last status)" = success
    hears phone
    hears far
    bound alice $wifi $lte
    tone far-2.wav 440
}

# The far end is told nothing; audio goes on because it follows the source.
silent() {
    change "$1" --reinvite none
    lived $lte
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -eq 0
}

# Only calls move: the registrar has the old address still, and cannot ring.
contact_kept() {
    world "$1"
    phone --no-update-contact
    call
    roam
    completed 1
    pause 1200
    numbers settled
    pause 1000
    numbers talked
    bindings after
    tell phone hangup all
    await far 1 '"call_ended"'
    play
    expect "status of the change" "$(last status)" = success
    hears phone
    hears far
    bound alice $wifi
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq 0
}

# Nothing happens until the application says so.
by_hand() {
    world "$1"
    phone --no-auto-ip-change
    call
    roam
    pause 1000
    step phone mark asked
    tell phone ipchange
    completed 1
    aftermath
    play
    lived $lte
    expect "steps before it was asked for" "$(awk -v address="$lte" '
        FILENAME == "marks" { if ($1 == "asked") asked = $2; next }
        $1 < asked && index($4, address ":") == 1 && /(REGISTER|UPDATE|INVITE) / { n++ }
        END { print n + 0 }' marks packets)" -eq 0
}

# unmoved TRANSPORT OPTION...: the application was told of a change that is none.
unmoved() {
    local transport=$1
    shift
    world "$transport"
    phone
    call
    step phone mark asked
    tell phone ipchange "$@"
    completed 1
    pause 1000
    step phone mark looked
    aftermath
    play
    lived_still
    expect "messages sent" "$(awk -v address="$wifi" '
        FILENAME == "marks" { at[$1] = $2; next }
        $1 > at["asked"] && $1 < at["looked"] && index($4, address ":") == 1 && $3 == "out" &&
            ($6 == "udp" || $6 == "tcp") && $7 > 4 && / (SIP|[A-Z]+ sip:)/ { n++ }
        END { print n + 0 }' marks packets)" -eq 0
}

lived_still() {
    expect "status of the change" "$(last status)" = success
    well $wifi
}

scenario "calls are hung up, UDP" hangup udp
scenario "calls are hung up, TCP" hangup tcp
scenario "re-INVITE in place of UPDATE, UDP" reinvite udp
scenario "re-INVITE in place of UPDATE, TCP" reinvite tcp
scenario "calls after the registration, UDP" ordered udp
scenario "the old binding first, UDP" unregister_first udp
scenario "the old binding first, TCP" unregister_first tcp
scenario "the old binding stays, UDP" leave udp
scenario "calls are told nothing, UDP" silent udp
scenario "the contact is not updated, UDP" contact_kept udp
scenario "the application handles the change, UDP" by_hand udp
scenario "the application handles the change, TCP" by_hand tcp
scenario "wrong notice, UDP" unmoved udp
scenario "wrong notice, TCP" unmoved tcp
scenario "wrong notice, listeners and transports kept, TCP" unmoved tcp keep-listeners keep-transports
run_scenarios

# SPDX-License-Identifier: MIT
# Nobody has answered yet when the address changes (MOBILITY S2, S3): what scripts share that show it with
# one server or another. Needs handover.bash.
# shellcheck shell=bash

# ringing TRANSPORT [OPTION...]: as world(), and nobody answers by itself; OPTIONs are both phones'.
ringing() {
    transport=$1
    shift
    stage
    start_registrar
    start_phone far --tone 880 "$@" --account "sip:far@$host" --password builder
    start_phone phone --tone 440 --transport "$transport" --password wonder "$@" --account "sip:alice@$host"
    await far 1 '"state":"registered"'
    await phone 1 '"state":"registered"'
}

# talked RINGS: it was answered after the far end has rung so often, both hear each other, and hang up.
talked() {
    await phone 1 '"call_answered"'
    await far 1 '"call_answered"'
    pause 1500
    tell phone stats
    pause 1000
    tell phone stats
    pause 100
    tell phone hangup all
    await phone 1 '"call_ended"'
    await far "$1" '"call_ended"'
    bindings after
    play
    hears phone
    bound alice $lte
    tone phone.wav 880
}

# outgoing TRANSPORT RINGS [OPTION...]: the phone has called. Where a repeated INVITE over UDP is answered to where it
# came from, the far end rings once; else, and over TCP, another INVITE rings anew when the first has
# been cancelled.
outgoing() {
    ringing "$1" "${@:3}"
    tell phone call far
    await far 1 '"call_incoming"'
    await phone 1 '"call_progress"'
    roam
    completed 1
    await far "$2" '"call_incoming"'
    pause 2000
    tell far answer
    talked "$2"
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq "$2"
    expect "calls that the phone heard the end of" "$(count phone '"call_ended"')" -eq 1
    expect "calls that rang at once" "$(ringing_at_once)" -eq 1
    tone far.wav 440
}

# The most that ever rang at the far end.
ringing_at_once() {
    events far '
        get("event") == "call_incoming" { if (++now > most) most = now }
        get("event") == "call_ended" || get("event") == "call_answered" { now-- }
        END { print most + 0 }'
}

# meanwhile TRANSPORT: the far end answers while the phone is nowhere.
meanwhile() {
    ringing "$1"
    tell phone call far
    await far 1 '"call_incoming"'
    await phone 1 '"call_progress"'
    address del wlan0 $wifi
    pause 300
    tell far answer
    pause 700
    address add lte0 $lte
    completed 1
    talked 1
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq 1
    expect "calls that the phone heard the end of" "$(count phone '"call_ended"')" -eq 1
    tone far.wav 440
}

# incoming TRANSPORT [OPTION...]: the phone rings.
incoming() {
    ringing "$@"
    tell far call alice
    await phone 1 '"call_incoming"'
    roam
    completed 1
    pause 500
    tell phone answer
    talked 1
    expect "calls that came to the phone" "$(count phone '"call_incoming"')" -eq 1
    tone far.wav 440
}

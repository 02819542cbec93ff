# SPDX-License-Identifier: MIT
# Both ends move at once: what scripts share that show it with one server or another. Needs handover.bash.
# shellcheck shell=bash

far2=198.51.100.77

# both TRANSPORT MS [PHONE-OPTION...]: the phone first, the far end so much later.
both() {
    local later=$2
    far_options=("${@:3}")
    world "$1"
    phone "${@:3}"
    call
    address del wlan0 $wifi
    address add lte0 $lte
    [ "$later" -eq 0 ] || pause "$later"
    lab address del far eth0 $far/$bits
    lab address add far eth0 $far2/$bits
    lab route add far default dev eth0
    completed 1 20
    await far 1 '"operation":"completed","status":"success"' 20
    aftermath
    play
    lived $lte
    expect "calls that came to the far end" "$(count far '"call_incoming"')" -eq 1
    measured
}

# replaced TRANSPORT MS: without GRUUs the dialog does not find the far end: INVITE with Replaces does.
replaced() {
    both "$1" "$2" --gruu off
    expect "INVITEs with Replaces that were accepted" "$(replacements)" -ge 1
}

replacements() {
    cat phone.json far.json | grep -c '"sent","retransmission":false.*"summary":"INVITE".*Replaces: '
}

# SPDX-License-Identifier: MIT
# Scenarios of an address change, on real sockets: what the scripts lab_handover_*.sh share.
#
# A scenario is a function. It writes the script of a lab with `lab`, `await` and their like, plays
# it with `play`, and then looks at what was left: NODE.json (the events of each phone), NODE.wav
# (what it heard), registrar.out, bindings.NAME, and the packets. Each has a folder of its own, and
# three run at a time.
#
#   server  203.0.113.5     registrar and proxy: digest, record-routing
#   far     198.51.100.7    answers at once, sends 880 Hz
#   phone   wlan0, lte0     the one that moves, sends 440 Hz
#
# 25 ms a link: 100 ms for a round trip, 200 ms for one through the proxy.
# shellcheck shell=bash
set -u

tern=$(realpath "${1:?usage: $0 PATH-TO-TERN}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
packets=${TERN_BUILD:-$(dirname "$tern")/..}/tests/lab_packets
parallel=${HANDOVER_PARALLEL:-3}
wifi=192.168.1.20 wifi2=192.168.1.77 lte=100.64.1.20
server=203.0.113.5 far=198.51.100.7 bits=24
host=$server # in a URI
users=alice
far_options=() # of the far end's phone
keys=sdes      # of SRTP, which is mandatory where SIP runs over TLS

if ! reason=$("$tern" lab --check); then
    echo "skipped: a lab is not possible here: ${reason#no: }"
    exit 77
fi

# The whole world on IPv6.
ipv6() {
    wifi=fd00:1::20 wifi2=fd00:1::77 lte=fd00:2::20
    server=fd00:5::5 far=fd00:7::7 bits=64
    host="[$server]"
}

# ---- writing a lab ----

lab() {
    printf '%s\n' "$*" >>script
}

quoted() {
    [ $# -eq 0 ] || printf " '%s'" "$@"
}

# step NODE WORD...: a step of handover_step.sh.
step() {
    local node=$1
    shift
    lab "run $node '$here/handover_step.sh'" "$(quoted "$@")"
}

# await NODE COUNT REGEX [SECONDS]: until that many lines of its events match.
await() {
    step "$1" await "$1.json" "$2" "$3" "${4:-10}"
}

# bindings NAME: keeps what the registrar has now, in bindings.NAME.
bindings() {
    step server bindings "$1"
}

tell() {
    step "$1" tell "$@"
}

pause() {
    lab sleep "$1"
}

address() {
    lab address "$1" phone "$2" "$3/$bits"
}

# secure_options: what a phone needs over TLS; the registrar makes the authority when it starts.
secure_options() {
    [ "$transport" != tls ] ||
        echo "--transport tls --ca certs/ca.pem --srtp mandatory --srtp-keys $keys"
}

# start_phone NODE OPTION...: a phone with its commands in NODE.in and its events in NODE.json.
start_phone() {
    local node=$1
    shift
    mkfifo "$node.in"
    lab "start $node $node-phone sh -c 'exec 3<>$node.in; exec \"\$0\" phone \"\$@\" <&3 >$node.json'" \
        "'$tern' --no-config --json --trace --audio-device none --record $node.wav $(secure_options)" \
        "$(quoted "$@")"
}

# registrar OPTION...: its own faults start with SIGUSR1.
start_registrar() {
    lab "start server registrar sh -c 'echo \$\$ >registrar.pid; exec \"\$0\" \"\$@\" >registrar.out'" \
        "'$tern' registrar --verbose --user alice:wonder --user alison:wonder --user alicia:wonder" \
        "--user far:builder $([ "$transport" != tls ] || echo '--tls --cert-dir certs')" \
        "$(quoted "$@")"
    step server await registrar.out 1 '^Ready' 10
}

# stage: nodes, links and addresses, and nobody there yet.
stage() {
    lab node server far phone
    lab link server eth0
    lab link far eth0
    lab link phone wlan0
    lab link phone lte0
    lab address add server eth0 $server/$bits
    lab address add far eth0 $far/$bits
    address add wlan0 $wifi
    lab route add server default dev eth0
    lab route add far default dev eth0
    lab route add phone default dev wlan0 metric 100
    lab route add phone default dev lte0 metric 50
}

# world TRANSPORT [REGISTRAR-OPTION...]: everything but the phone.
world() {
    transport=$1
    shift
    stage
    start_registrar "$@"
    start_phone far --auto-answer --tone 880 --account "sip:far@$host" --password builder \
        "${far_options[@]}"
    await far 1 '"state":"registered"'
}

# phone OPTION...: the phone, registered, with an account for each of $users.
phone() {
    local user
    for user in $users; do
        set -- "$@" --account "sip:$user@$host"
    done
    start_phone phone --auto-answer --tone 440 --transport "$transport" --password wonder "$@"
    await phone "$(wc -w <<<"$users")" '"state":"registered"'
}

# A call that has talked for a while.
call() {
    tell phone call far
    await phone 1 '"call_answered"'
    await far 1 '"call_answered"'
    pause 1200
    numbers before
}

# numbers NAME: what both have sent and received until now.
numbers() {
    tell phone stats
    tell far stats
    pause 100
    step phone mark "$1"
}

# completed COUNT [SECONDS]: until so many changes have come to a good end.
completed() {
    await phone "$1" '"operation":"completed","status":"success"' "${2:-15}"
}

# Wi-Fi goes, LTE comes.
roam() {
    address del wlan0 $wifi
    [ "${1:-0}" -eq 0 ] || pause "$1"
    address add lte0 $lte
}

# toggle_faults: those that the registrar was given.
toggle_faults() {
    step server signal USR1 registrar.pid
    step server await registrar.out "$1" 'faults o' 5
}

# What was true before is true again: both hear each other, and the registrar knows where to ring.
aftermath() {
    pause "${1:-1200}"
    numbers settled
    pause 1000
    numbers talked
    bindings after
    tell phone hangup all
    await phone 1 '"call_ended"'
    await far 1 '"call_ended"'
    tell far call alice
    await phone 1 '"call_incoming"'
    await far 2 '"call_answered"'
    pause 1000
    tell far hangup all
    await phone 2 '"call_ended"'
}

# The lab is played as written until now.
perform_script() {
    if ! "$tern" lab --source-check --capture capture script >lab.out 2>&1; then
        problem "the lab: $(tail -n 3 lab.out)"
        exit 1
    fi
    "$packets" capture >packets
}

# Everybody leaves, with exit status 0, and the lab is played.
play() {
    tell phone quit
    lab wait phone-phone
    tell far quit
    lab wait far-phone
    step server signal TERM registrar.pid
    lab wait registrar
    perform_script
    sane phone
    sane far
}

# ---- looking at what was left ----

problem() {
    echo "$*" >>problems
}

# expect WHAT ACTUAL TEST WANTED
expect() {
    test "${2:-none}" "$3" "$4" 2>/dev/null || problem "$1: ${2:-none}, expected $3 $4"
}

# events NODE PROGRAM: awk over its events, with get("key").
events() {
    awk 'function get(key) {
             if (!match($0, "\"" key "\":(\"[^\"]*\"|[^,}\"]*)")) return ""
             value = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
             gsub(/"/, "", value)
             return value
         }
         '"$2" "$1.json"
}

# What holds for every change: each generation ends with one COMPLETED, which is its last event, its
# times do not go back, and no generation comes after a newer one.
sane() {
    local what
    what=$(events "$1" '
        get("event") == "error" { print "error: " get("message") }
        get("event") != "ip_change" { next }
        { g = get("generation") + 0; t = get("since_change_us") + 0; seen[g] = 1 }
        done[g] { print "generation " g ": " get("operation") " after completed" }
        t < last[g] { print "generation " g ": time goes back at " get("operation") }
        g < newest && get("operation") != "completed" { print "generation " g " after " newest }
        { last[g] = t; if (g > newest) newest = g }
        get("operation") == "completed" { done[g]++ }
        END { for (g in seen) if (done[g] != 1) print "generation " g ": " done[g] + 0 " completed" }')
    [ -z "$what" ] || problem "$1: $what"
}

# steps OPERATION/STATUS...: these progress events came in this order, all in the last generation
# but `=N` before one names another. Others may be between them.
steps() {
    local left
    left=$(events phone '
        BEGIN { n = split("'"$*"'", want, " "); at = 1 }
        get("event") != "ip_change" { next }
        { key = get("operation") "/" get("status"); if (at <= n && key == want[at]) at++ }
        END { for (; at <= n; at++) printf "%s ", want[at] }')
    [ -z "$left" ] || problem "steps that did not come, or not in order: $left"
}

# last KEY: of the last COMPLETED.
last() {
    events phone 'get("operation") == "completed" { value = get("'"$1"'") } END { print value }'
}

# count NODE REGEX
count() {
    grep -c -e "$2" "$1.json"
}

# messages NODE sent|received SUMMARY-REGEX: between the first step of a change and the end of the
# call, those sent again not counted.
messages() {
    events "$1" '
        get("event") == "ip_change" { changing = 1 }
        get("event") == "call_ended" { exit }
        changing && get("event") == "sip_message" && get("direction") == "'"$2"'" &&
            get("retransmission") == "false" && get("summary") ~ /^('"$3"')/ { n++ }
        END { print n + 0 }'
}

# Each call of the phone received audio in the second before it was hung up.
hears() {
    local what
    what=$(events "$1" '
        get("event") == "stats" {
            n = split($0, part, "\"packets_received\":")
            for (i = 2; i <= n; i++) { before[i] = now[i]; now[i] = part[i] + 0 }
            calls = n
        }
        get("event") == "call_ended" { exit }
        END {
            if (calls < 2) print "no call"
            for (i = 2; i <= calls; i++)
                if (now[i] - before[i] < 25) print "received " now[i] - before[i] " packets in a second"
        }')
    [ -z "$what" ] || problem "$1: $what"
}

# tone FILE HZ: that is what its last half second sounds like, rather than another tone or silence.
# Looked at in pieces of 50 ms: where the jitter buffer skips a moment, the phase jumps.
tone() {
    local pieces
    pieces=$(tail -c 8000 "$1" 2>/dev/null | od -An -v -t d2 -w2 | awk -v hz="$2" '
        BEGIN { w = 2 * cos(2 * 3.14159265358979 * hz / 8000) }
        { s = $1 + w * s1 - s2; s2 = s1; s1 = s; energy += $1 * $1 }
        NR % 400 == 0 {
            power = 2 * (s1 * s1 + s2 * s2 - w * s1 * s2) / 400
            if (energy > 400 * 10000 && power > 0.8 * energy) good++
            s1 = s2 = energy = 0
        }
        END { print good + 0 }')
    expect "tenths of the end of $1 that are a tone of $2 Hz" "$pieces" -ge 8
}

# bound USER ADDRESS...: the registrar has just these.
bound() {
    local user=$1 what
    shift
    what=$(sed -n "s/^$user sip:$user@\[*\([0-9a-f.:]*\)\]*:[0-9]*.*/\1/p" bindings.after 2>/dev/null |
        sort | tr '\n' ' ')
    [ "$what" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ] ||
        problem "bindings of $user: ${what:-none}, expected $*"
}

# lived ADDRESS: what a call that lived through a change looks like.
lived() {
    expect "status of the change" "$(last status)" = success
    expect "calls kept" "$(last calls_kept)" -eq 1
    expect "calls lost" "$(last calls_lost)" -eq 0
    well "$1"
}

# well ADDRESS: audio goes both ways, and the phone is registered there.
well() {
    hears phone
    hears far
    tone far.wav 440
    tone phone.wav 880
    rings "$1"
}

# rings ADDRESS: only that is registered, and a later call reached it.
rings() {
    bound alice "$1"
    tone far-2.wav 440
    tone phone-2.wav 880
}

# one_round_trip [REGISTERS]: the registrar still accepts its nonce.
one_round_trip() {
    expect "REGISTER sent" "$(messages phone sent REGISTER)" -eq "${1:-1}"
    expect "UPDATE and INVITE sent" "$(messages phone sent 'UPDATE|INVITE')" -eq 1
    expect "challenges" "$(messages phone received '401|407')" -eq 0
}

# resumed NUMBER...: the TLS handshakes of the phone after these changes were short ones; the first
# connection, number 0, is its registration.
resumed() {
    local what
    what=$(events phone '
        get("event") == "secured" { if (get("resumed") == "true") short[n + 0] = 1; n++ }
        END {
            count = split("'"$*"'", want, " ")
            for (i = 1; i <= count; i++)
                if (!(want[i] in short)) printf "%s ", want[i]
            if (0 in short) printf "0, which had nothing to resume "
        }')
    [ -z "$what" ] || problem "TLS connections that were not resumed: $what"
}

# Both ends have protected their calls from begin to end.
protected() {
    local node
    for node in phone far; do
        expect "calls of $node in the clear" "$(count $node '"security":"\(clear\|insecure\)"')" -eq 0
        expect "secure calls of $node" "$(count $node '"security":"secure"')" -ge 2
    done
}

# Audio does not wait for answers: RTP has left from ADDRESS before SIP came there.
audio_first() {
    local order
    order=$(awk -v address="$1" '
        $3 == "out" && $6 == "rtp" && index($4, address ":") == 1 { print "rtp"; exit }
        $3 == "in" && /SIP\/2.0 / && index($5, address ":") == 1 { print "sip"; exit }' packets)
    expect "the first at $1" "$order" = rtp
}

# gap NODE: the longest time between two RTP packets that reached it, in ms; loss NODE: how many of
# those that were sent to it did not, or came twice.
gap() {
    awk -v node="$1." '
        index($2, node) == 1 && $3 == "in" && $6 == "rtp" {
            if ($7 in last && $1 - last[$7] > most) most = $1 - last[$7]
            last[$7] = $1
        }
        END { printf "%d\n", most / 1000 }' packets
}

loss() {
    awk -v node="$1." '
        index($2, node) == 1 && $3 == "in" && $6 == "rtp" {
            if ($7 in last) {
                step = ($8 - last[$7] + 65536) % 65536
                if (step != 1) lost++
            }
            last[$7] = $8
        }
        END { print lost + 0 }' packets
}

# lost NODE: what it missed of its calls until they ended, as it counted itself.
lost() {
    events "$1" 'get("event") == "call_ended" { n += get("packets_lost") } END { print n + 0 }'
}

# took OPERATION: milliseconds from the change to its success.
took() {
    events phone 'get("operation") == "'"$1"'" && get("status") == "success" {
        printf "%d", get("since_change_us") / 1000
        exit
    }'
}

# Shown behind the scenario's name; never judged, the machine may be busy.
measured() {
    printf '; gap out %s ms, in %s ms; registered after %s ms, call moved after %s ms' \
        "$(gap far)" "$(gap phone)" "$(took update_contact)" "$(took reinvite_call)" >measured
}

# ---- running them ----

titles=() commands=()

# scenario TITLE FUNCTION ARG...
scenario() {
    titles+=("$1")
    shift
    commands+=("$(printf '%q ' "$@")")
}

# In a folder of its own; play() may end it.
perform() {
    local folder=$1 title=$2 start=$SECONDS
    mkdir "$folder"
    (
        cd "$folder" || exit 1
        eval "$3"
    ) || echo "it did not come to its end" >>"$folder/problems"
    if [ -s "$folder/problems" ]; then
        sed -e "1i not ok $title" -e 's/^/    /' "$folder/problems"
    else
        echo "ok $title ($((SECONDS - start)) s$(cat "$folder/measured" 2>/dev/null))"
        touch "$folder/ok"
    fi
}

# Runs those whose title contains $HANDOVER_ONLY, if that is set; ends the script.
run_scenarios() {
    local top failed=0 ran=0 i
    top=$(mktemp -d "${TMPDIR:-/tmp}/tern-handover.XXXXXX")
    for i in "${!titles[@]}"; do
        [[ ${titles[i]} == *"${HANDOVER_ONLY:-}"* ]] || continue
        while [ "$(jobs -rp | wc -l)" -ge $parallel ]; do wait -n; done
        ran=$((ran + 1))
        perform "$top/$i" "${titles[i]}" "${commands[i]}" &
    done
    wait
    failed=$((ran - $(find "$top" -name ok | wc -l)))
    if [ $failed -gt 0 ]; then
        echo "$failed of $ran scenarios failed; their logs are in $top"
        exit 1
    fi
    echo "$ran scenarios passed"
    if [ -n "${HANDOVER_KEEP:-}" ]; then
        echo "logs: $top"
    else
        rm -rf "$top"
    fi
    exit 0
}

#!/bin/bash
# SPDX-License-Identifier: MIT
# Policies of links (tern/links.h) on real sockets: two interfaces with two default routes. The metrics
# say LTE, the phone says Wi-Fi, and changes its mind while it talks.
. "$(dirname "$0")/handover.bash"

# Both interfaces are there before the phone is.
both() {
    world "$1"
    address add lte0 $lte
    shift
    phone --second-flow off "$@"
    call
}

# Each packet of the phone left by the interface whose address it bears; the metrics alone would have
# sent all of them by lte0.
right_links() {
    local what
    what=$(awk -v wifi="$wifi" -v lte="$lte" '
        $3 != "out" { next }
        $2 == "phone.lte0" && (index($4, wifi ":") == 1 || index($4, "[" wifi "]") == 1) { wrong++ }
        $2 == "phone.wlan0" && (index($4, lte ":") == 1 || index($4, "[" lte "]") == 1) { wrong++ }
        $2 == "phone.wlan0" { by_wifi++ }
        $2 == "phone.lte0" { by_lte++ }
        END { print wrong + 0, (by_wifi > 50), (by_lte > 50) }' packets)
    expect "packets by the wrong link, enough by each" "${what// /-}" = 0-1-1
}

# chosen TRANSPORT POLICY OPTION...: the policy of the options leads to Wi-Fi, the later one to LTE.
chosen() {
    local transport=$1 policy=$2
    shift 2
    both "$transport" "$@"
    tell phone links "$policy"
    completed 1
    aftermath
    play
    lived $lte
    right_links
    measured
}

# Metrics are not asked for: LTE is where they lead, and is not used at all until the end.
only_wifi() {
    both "$1" --links 'only wifi'
    pause 500
    aftermath
    play
    well $wifi
    expect "packets by LTE" "$(awk -v address="$lte:" '
        $2 == "phone.lte0" && $3 == "out" && index($4, address) == 1 { n++ }
        END { print n + 0 }' packets)" -eq 0
}

scenario "another order in mid-call, UDP" chosen udp cellular --links wifi
scenario "another order in mid-call, TCP" chosen tcp cellular --links wifi
scenario "another order in mid-call, TLS" chosen tls cellular --links wifi
scenario "by name, UDP" chosen udp lte0 --links wlan0
scenario "a link is switched off in mid-call, UDP" chosen udp 'only cellular' --links-never cellular
scenario "a link is switched off in mid-call, TCP" chosen tcp 'only cellular' --links-never cellular
scenario "metered is avoided, UDP" chosen udp any --links-metered avoid
scenario "only Wi-Fi, UDP" only_wifi udp
run_scenarios

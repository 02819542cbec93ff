#!/bin/bash
# SPDX-License-Identifier: MIT
# Both ends move at once: each asks the other through the registrar, which knows where both are, by the
# dialog where it gives GRUUs, else by INVITE with Replaces (RFC 3891); nothing rings.
. "$(dirname "$0")/handover.bash"
. "$here/both.bash"

scenario "both ends at once, UDP" both udp 0
scenario "both ends at once, TCP" both tcp 0
scenario "both ends at once, TLS" both tls 0
scenario "the far end 200 ms later, UDP" both udp 200
scenario "both ends at once, without GRUUs, UDP" replaced udp 0
scenario "both ends at once, without GRUUs, TLS" replaced tls 0
run_scenarios

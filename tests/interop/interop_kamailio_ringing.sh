#!/bin/bash
# SPDX-License-Identifier: MIT
# Nobody has answered yet when the address changes, and Kamailio is between (MOBILITY S1 to S3).
. "$(dirname "$0")/kamailio.bash"
. "$here/ringing.bash"

# INTEROP: Kamailio 5.6 takes an INVITE that comes again for a retransmission and answers the first
# address, which is gone (RFC 3261 17.2.1 leaves that open); a CANCEL is answered where it comes from.

scenario "Kamailio, the far end rings, UDP" outgoing udp 2
scenario "Kamailio, it is answered meanwhile, UDP" meanwhile udp
scenario "Kamailio, it is answered meanwhile, TCP" meanwhile tcp
scenario "Kamailio, the phone rings, TCP" incoming tcp
scenario "Kamailio, the far end rings, 100rel, TCP" outgoing tcp 2 --reliable required
scenario "Kamailio, the phone rings, 100rel, UDP" incoming udp --reliable required
run_scenarios

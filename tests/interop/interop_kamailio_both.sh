#!/bin/bash
# SPDX-License-Identifier: MIT
# Both ends move at once, and Kamailio knows where they are (MOBILITY S15): by GRUU, and without.
. "$(dirname "$0")/kamailio.bash"
. "$here/both.bash"

scenario "Kamailio, both ends at once, UDP" both udp 0
scenario "Kamailio, both ends at once, without GRUUs, UDP" replaced udp 0
scenario "Kamailio, both ends at once, without GRUUs, TCP" replaced tcp 0
run_scenarios

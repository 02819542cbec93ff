#!/bin/bash
# SPDX-License-Identifier: MIT
# Nobody has answered yet when the address changes (MOBILITY S2, S3): the call rings on, and comes about.
. "$(dirname "$0")/handover.bash"
. "$here/ringing.bash"

scenario "the far end rings, UDP" outgoing udp 1
scenario "the far end rings, TCP" outgoing tcp 2
scenario "it is answered meanwhile, UDP" meanwhile udp
scenario "it is answered meanwhile, TCP" meanwhile tcp
scenario "the phone rings, UDP" incoming udp
scenario "the phone rings, TCP" incoming tcp
run_scenarios

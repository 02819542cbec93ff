# SPDX-License-Identifier: MIT
# What scripts share whose far end is baresip, and whose server is our registrar. Needs handover.bash.
# shellcheck shell=bash

# end_with_baresip: the call's figures, its end and everybody's; then all of it is played.
end_with_baresip() {
    tell phone stats
    pause 1000
    tell phone stats
    bindings after
    tell phone hangup
    await phone 1 '"call_ended"'
    tell phone quit
    lab wait phone-phone
    step far signal TERM far.pid
    lab wait baresip
    step server signal TERM registrar.pid
    lab wait registrar
    perform_script
    sane phone
}

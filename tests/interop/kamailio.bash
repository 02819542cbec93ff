# SPDX-License-Identifier: MIT
# Kamailio in the place of our registrar, for scenarios of handover.bash.
# shellcheck shell=bash
PATH=$PATH:/usr/sbin
if ! { command -v kamailio && command -v kamcmd; } >/dev/null; then
    echo "skipped: Kamailio is not installed"
    exit 77
fi
. "$(dirname "$0")/../lab/handover.bash"
interop=$(dirname "$(realpath "$0")")
defines=() # that its configuration looks at

kamailio() {
    lab "run server '$interop/kamailio_step.sh'" "$(quoted "$@")"
}

start_registrar() {
    [ "$transport" != tls ] || lab "run server '$tern' certs --dir certs $server"
    lab "start server registrar '$interop/kamailio_step.sh' start '$interop/kamailio.cfg'" \
        "$(quoted "${defines[@]}")"
    kamailio ready
}

bindings() {
    kamailio bindings "$1"
}

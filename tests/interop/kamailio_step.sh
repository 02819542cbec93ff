#!/bin/sh
# SPDX-License-Identifier: MIT
# Kamailio's part of a lab's script; runs in the server's node, in the scenario's folder.
set -u

ctl=unix:$PWD/ctl

case $1 in
start) # start CONFIG [DEFINE...]: in the foreground; with TLS where certificates lie in certs
    config=$2
    shift 2
    for define; do
        shift
        set -- "$@" -A "$define"
    done
    set -- "$@" -A "CTL=\"$ctl\""
    test ! -f certs/cert.pem ||
        set -- "$@" -A "TLS_CERT=\"$PWD/certs/cert.pem\"" -A "TLS_KEY=\"$PWD/certs/key.pem\""
    echo $$ >registrar.pid
    exec "$(command -v kamailio || echo /usr/sbin/kamailio)" -f "$config" "$@" -DD -E \
        -m 32 -M 4 -w "$PWD" -Y "$PWD" >registrar.out 2>&1
    ;;
ready)
    tries=100
    until kamcmd -s "$ctl" core.version >/dev/null 2>&1; do
        tries=$((tries - 1))
        test $tries -gt 0 || {
            echo "Kamailio does not start: $(tail -n 3 registrar.out)"
            exit 1
        }
        sleep 0.1
    done
    ;;
bindings) # bindings NAME: one "user contact" a line
    kamcmd -s "$ctl" ul.dump >"dump.$2" || exit 1
    awk '$1 == "AoR:" { user = $2 } $1 == "Address:" { print user " " $2 }' "dump.$2" >"bindings.$2"
    ;;
*) exit 1 ;;
esac

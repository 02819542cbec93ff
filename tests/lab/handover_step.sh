#!/bin/sh
# SPDX-License-Identifier: MIT
# What a script of a lab needs beside its own commands; runs in a node, in the scenario's folder.
set -u

die() {
    echo "$*"
    exit 1
}

# await FILE COUNT REGEX SECONDS: until that many lines match.
await() {
    tries=$(($4 * 25))
    while :; do
        found=$(grep -c -e "$3" "$1" 2>/dev/null)
        test "${found:-0}" -lt "$2" || return 0
        test $tries -gt 0 || die "waited $4 s in vain for $2 of $3 in $1, found ${found:-0}"
        tries=$((tries - 1))
        sleep 0.04
    done
}

case $1 in
await)
    shift
    await "$@"
    ;;
tell) # tell NODE COMMAND...: to the standard input of its phone
    node=$2
    shift 2
    echo "$*" >"$node.in"
    ;;
mark) # mark NAME: the moment, in microseconds
    echo "$2 $(($(date +%s%N) / 1000))" >>marks
    ;;
bindings) # bindings NAME: what the registrar has now, one "user contact" a line
    awk '$2 == "+" { has[$3 " " $4] = 1 } $2 == "-" { delete has[$3 " " $4] }
         END { for (line in has) print line }' registrar.out | sort >"bindings.$2"
    ;;
signal) # signal NAME PID-FILE
    kill -"$2" "$(cat "$3")"
    ;;
*) die "no step $1" ;;
esac

#!/bin/bash
# SPDX-License-Identifier: MIT
# What tern-sim ($1) says and leaves behind: exit statuses, traces, stories, complaints. One of the
# plans asks for what cannot be: the world ends before the phone has heard that it has moved.
set -euo pipefail
sim=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bad='duplicate 3; settle 1000; notice 5000; 1502 alice dtmf; 4001 alice path 3'

# told STATUS PATTERN OPTION…: the options give this exit status, and a line that matches
told() {
    local status=$1 pattern=$2 got=0
    shift 2
    "$sim" "$@" >out 2>&1 || got=$?
    if ((got != status)) || ! grep -q -- "$pattern" out; then
        echo "tern-sim $*: exit status $got, not $status, or no line with \"$pattern\":"
        cat out
        exit 1
    fi
}

told 0 'seeds 1..3: 3 histories in .*; 0 failed$' --seeds 1..3 --jobs 2
told 0 '^1 history in .*; 0 failed$' --scenario s00_confirmed_dead --twice
told 0 '^s00_confirmed_dead  *S0 ' --list
told 0 'usage: tern-sim' --help
told 0 'Seeds 1..2, from commit none' --from-commit / --count 2
told 0 '"histories":2,.*"failed":0,"first":4,"last":5' --seeds 4..5 --json
told 0 '; 0 failed$' --minutes 0.005
[[ -z $(ls ./*.trace 2>/dev/null) ]] || { echo "there is a trace, and nothing failed"; exit 1; }

told 2 'no option --foo; tern-sim --help lists' --foo
told 2 '--jobs wants a number from 1 to 64, and got "0"' --jobs 0
told 2 '--seed wants one seed.*got "1..3"' --seed 1..3
told 2 '--seeds wants seeds.*got nothing' --seeds
told 2 'no scenario nowhere; --list' --scenario nowhere
told 2 '"1000 nobody call": ' --plan 'delay 5; 1000 nobody call'
told 2 'leave one of them out' --seed 5 --scenario all
told 2 'no plan in ' --regressions /dev/null
told 2 'cannot be read' --regressions nowhere.txt

told 1 'FAILED plan: bindings at ' --plan "$bad"
grep -q '###### bindings' tern-sim-plan.trace
told 1 '"event":"failure","name":"plan","invariant":"bindings"' --plan "$bad" --json --traces none
printf '# none\n\n%s\n1000 alice call\n' "$bad" >plans.txt
told 1 'FAILED regression in line 3: bindings' --regressions plans.txt --traces found --jobs 2
grep -q '###### bindings' found/tern-sim-regression-3.trace

# Nothing is left but what it takes, in round numbers.
told 1 'at  *[0-9]*.000 s alice moves to net 3, the old address is gone;' --plan "$bad" --shrink --traces none
grep -q 'after .* 1 of 2 steps' out
again=$(sed -n "s/^Again with: .* --plan '\(.*\)'\$/\1/p" out)
[[ $again != *4001* && $again != *duplicate* && $again != *dtmf* ]] || { echo "not shrunk: $again"; exit 1; }
told 1 '###### bindings' --plan "$again" --trace

# Told to stop: what has no end is well, what was to be whole is not.
for want in '0 1..' '130 1..1000000'; do
    "$sim" --seeds "${want#* }" >out 2>&1 &
    for ((i = 0; i < 100; i++)); do # it listens before it has children
        ! ps -o pid= --ppid $! | grep -q . || break
        sleep 0.1
    done
    kill -INT $!
    got=0
    wait $! || got=$?
    ((got == ${want% *})) || { echo "stopped: exit status $got for seeds $want"; exit 1; }
    grep -q '; 0 failed$' out
done
echo "the tool says what it should"

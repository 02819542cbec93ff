#!/bin/bash
# usage: mutants.sh TERN-SIM [NAME…]
# Lets tern-sim look for each deliberate mistake (or for those named), and writes a row of a table
# for each: the first seed that shows it, how many of 1000 do, how many named scenarios do, and which
# invariants have seen it. Fails when 10000 seeds do not show one, or show something without any.
set -euo pipefail
sim=$1
shift
jobs=$(nproc)
many=1000
most=10000
status=0

# seeds FIRST..LAST FAILURES [OPTION…]: what tern-sim says
seeds() {
    local range=$1 failures=$2
    shift 2
    "$sim" --seeds "$range" --failures "$failures" --jobs "$jobs" --quiet --traces none "$@" 2>/dev/null || true
}

# of the failures on standard input: the lowest seed
lowest() {
    sed -n 's/^FAILED --seed \([0-9]*\):.*/\1/p' | sort -n | head -n 1
}

# the invariants, the most frequent first
invariants() {
    sed -n 's/^FAILED [^:]*: \([a-z-]*\).*/\1/p' | sort | uniq -c | sort -rn |
        awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $2 }'
}

measure() {
    local name=$1 what=$2 told scenarios first often
    told=$(seeds "1..$many" 1000000 --mutant "$name")
    often=$(sed -n 's/.*; \([0-9]*\) failed$/\1/p' <<<"$told")
    scenarios=$("$sim" --scenario all --failures 1000 --traces none --mutant "$name" 2>/dev/null || true)
    first=$(lowest <<<"$told")
    if [[ -z $first ]]; then
        told=$(seeds "$((many + 1))..$most" 1 --mutant "$name")
        first=$(lowest <<<"$told")
    fi
    if [[ -z $first ]]; then
        first="**none of $most**"
        status=1
        told=$scenarios
    fi
    printf '| %s | %s | %s | %s | %s | %s |\n' "$name" "$what" "$first" "$often" \
        "$(sed -n 's/.*; \([0-9]*\) failed$/\1/p' <<<"$scenarios")" "$(invariants <<<"$told")"
}

told=$(seeds "1..$most" 1)
if [[ $told == *FAILED* ]]; then
    echo "Without any mutant:"
    echo "$told"
    exit 1
fi
echo "| mutant | what is wrong | first seed | of $many seeds | of $("$sim" --list | wc -l) scenarios | seen by |"
echo "|---|---|---|---|---|---|"
while read -r name what; do
    if (($# == 0)) || [[ " $* " == *" $name "* ]]; then measure "$name" "$what"; fi
done < <("$sim" --mutants)
exit $status

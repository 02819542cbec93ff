#!/bin/bash
# Builds the library with one deliberate bug after another, in a copy of the tree, and says at which seed the
# simulator sees it. usage: tests/sim/mutants.sh [NAME…]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seeds=${SEEDS:-10000}

# name | file | sed expression, which must change something
mutants() {
    cat <<'TABLE'
nonce_count_reused|src/txn/digest.c|s/uint32_t nc = challenge->nc + 1;/uint32_t nc = challenge->nc + (challenge->nc == 0);/
cseq_repeated|src/txn/request.c|s/\*r->opts.cseq + 1;/*r->opts.cseq;/
stale_dns_answer|src/ua/handover.c|s/tn_locate_flush(&ep->net);//
answer_not_repeated|src/session/repeat.c|s/repeat->delay = TN_T1;/repeat->delay = 64 * TN_T1;/
ack_not_repeated|src/ua/call_out.c|s/tn_call_out_acknowledge(call, rsp);/(void)rsp;/
old_contact_kept|src/ua/call_send.c|s/tn_put_contact(out, \(.*\), transport, local);/(void)local; tn_put_contact(out, \1, transport, call->signalling_local);/
audio_stays|src/mobility/call.c|s/if (!task->media_late) move_media(mob, task);//
generation_not_closed|src/mobility/mobility.c|s/if (mob->open) complete(mob, TERN_IP_CHANGE_SUPERSEDED);//
binding_left|src/ua/registration.c|s/^    retire(account, &account->contact);$//
connections_left|src/ua/handover.c|s/if (ep->network.address_count > 0) close_dead_flows(ep);/(void)ep;/
invite_not_repeated|src/txn/ict.c|s/TIMER_A: return resend(t);/TIMER_A: return resend(t) \& 0u;/
rtp_sequence_anew|src/ua/call_media.c|s/^    tn_stream_set_local(&call->stream, local);/&\n    call->stream.sender.sequence = 0;/
hold_forgotten|src/ua/call_api.c|s/call->hold = hold != 0;/call->hold = hold > 1;/
TABLE
}

git -C "$root" archive HEAD | tar x -C "$work"
cmake -S "$work" -B "$work/b" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-Wno-error >/dev/null
while IFS='|' read -r name file expression; do
    if (($#)) && [[ " $* " != *" $name "* ]]; then continue; fi
    cp "$work/$file" "$work/kept"
    sed -i "$expression" "$work/$file"
    if cmp -s "$work/$file" "$work/kept"; then
        echo "$name: the line has changed, mend the table"
    elif ! ninja -C "$work/b" tern_sim_tool >"$work/log" 2>&1; then
        echo "$name: does not build"
    else
        "$work/b/tern-sim" --seeds "1..$seeds" --failures 1 --quiet |
            sed -n "s/^FAILED --seed \([0-9]*\): \([a-z-]*\) .*/$name: seed \1, \2/p; s/.* 0 failed$/$name: NOT FOUND/p" | head -n 1 || true
    fi
    cp "$work/kept" "$work/$file"
done < <(mutants)

/* SPDX-License-Identifier: MIT */
/* Reliable provisional answers, both ends: RFC 3262 3 and 4. */
#include "session/reliable.h"

#include "base/assert.h"
#include "base/str.h"
#include "txn/timing.h"

#define BIT(state)     (1u << (state))
#define FIRST_RSEQ_MAX (1u << 30) /* far enough from 2^31 - 1 for all that follow */

/* ---- whether ---- */

struct tn_reliable_peer tn_reliable_of(const struct tn_msg *invite)
{
    tern_str tag = TERN_STR("100rel");
    struct tn_reliable_peer peer = {
        .supports = tn_msg_list_has(invite, TN_HDR_SUPPORTED, tag),
        .requires = tn_msg_list_has(invite, TN_HDR_REQUIRE, tag),
    };
    return peer;
}

unsigned tn_reliable_admit(enum tern_reliable policy, struct tn_reliable_peer peer)
{
    if (policy == TERN_RELIABLE_OFF && peer.requires) return 420;
    if (policy == TERN_RELIABLE_REQUIRED && !peer.supports && !peer.requires) return 421;
    return 0;
}

/*
 * A 180 that says no more than that it rings may be lost: it comes again. A PRACK for each would
 * cost a round trip for nothing.
 */
bool tn_reliable_applies(enum tern_reliable policy, struct tn_reliable_peer peer, bool describes)
{
    if (policy == TERN_RELIABLE_OFF) return false;
    if (peer.requires) return true;
    return peer.supports && (policy == TERN_RELIABLE_REQUIRED || describes);
}

/* ---- the called end ---- */

static const unsigned successors[TN_RELIABLE_STATES] = {
    [TN_RELIABLE_IDLE] = BIT(TN_RELIABLE_WAITING),
    [TN_RELIABLE_WAITING] = BIT(TN_RELIABLE_IDLE) | BIT(TN_RELIABLE_LATE),
    [TN_RELIABLE_LATE] = BIT(TN_RELIABLE_IDLE),
};

/* The only writer of the state; the timer runs in WAITING alone. */
static void enter(struct tn_reliable *reliable, enum tn_reliable_state next)
{
    TN_ASSERT(successors[reliable->state] & BIT(next));
    tn_trace(reliable->ctx, "reliable", 0, tn_reliable_state_name(reliable->state),
             tn_reliable_state_name(next));
    reliable->state = next;
    tn_timer_cancel(reliable->ctx, &reliable->timer);
}

void tn_reliable_init(struct tn_reliable *reliable, struct tn_ctx *ctx,
                      void (*fire)(struct tn_timer *timer))
{
    *reliable = (struct tn_reliable){.ctx = ctx};
    tn_timer_init(&reliable->timer, 0, fire);
}

void tn_reliable_fini(struct tn_reliable *reliable)
{
    if (reliable->ctx) tn_timer_cancel(reliable->ctx, &reliable->timer);
}

uint32_t tn_reliable_next(struct tn_reliable *reliable)
{
    if (reliable->rseq > 0) return reliable->rseq + 1;
    return 1 + tn_random_below(&reliable->ctx->random, FIRST_RSEQ_MAX);
}

static void arm(struct tn_reliable *reliable)
{
    tern_time left = reliable->deadline - reliable->ctx->now;
    if (left < 0) left = 0;
    tn_timer_arm(reliable->ctx, &reliable->timer, reliable->delay < left ? reliable->delay : left);
}

static void begin(struct tn_reliable *reliable)
{
    reliable->delay = TN_T1;
    reliable->deadline = reliable->ctx->now + 64 * TN_T1;
    arm(reliable);
}

void tn_reliable_sent(struct tn_reliable *reliable, uint32_t rseq, uint32_t cseq, bool describes)
{
    TN_ASSERT(reliable->rseq == 0 || rseq == reliable->rseq + 1);
    enter(reliable, TN_RELIABLE_WAITING);
    reliable->rseq = rseq;
    reliable->cseq = cseq;
    reliable->describes = describes;
    begin(reliable);
}

enum tn_reliable_step tn_reliable_timer(struct tn_reliable *reliable)
{
    TN_ASSERT(reliable->state == TN_RELIABLE_WAITING);
    if (reliable->ctx->now >= reliable->deadline) return TN_RELIABLE_OVER;
    reliable->delay *= 2; /* RFC 3262 3: without the bound that T2 is elsewhere */
    arm(reliable);
    return TN_RELIABLE_SEND;
}

void tn_reliable_anew(struct tn_reliable *reliable)
{
    if (reliable->state == TN_RELIABLE_WAITING) begin(reliable);
}

bool tn_reliable_acknowledged(struct tn_reliable *reliable, const struct tn_rack *rack)
{
    if (reliable->state == TN_RELIABLE_IDLE) return false;
    if (rack->rseq != reliable->rseq || rack->cseq.number != reliable->cseq) return false;
    if (!tn_str_eq(rack->cseq.method, TERN_STR("INVITE"))) return false;
    enter(reliable, TN_RELIABLE_IDLE);
    return true;
}

void tn_reliable_final(struct tn_reliable *reliable)
{
    if (reliable->state == TN_RELIABLE_WAITING) enter(reliable, TN_RELIABLE_LATE);
}

bool tn_reliable_waits(const struct tn_reliable *reliable)
{
    return reliable->state == TN_RELIABLE_WAITING;
}

bool tn_reliable_holds_2xx(const struct tn_reliable *reliable)
{
    return reliable->state == TN_RELIABLE_WAITING && reliable->describes;
}

const char *tn_reliable_state_name(enum tn_reliable_state state)
{
    switch (state) {
    case TN_RELIABLE_IDLE: return "idle";
    case TN_RELIABLE_WAITING: return "waiting";
    case TN_RELIABLE_LATE: return "late";
    case TN_RELIABLE_STATES: break;
    }
    TN_UNREACHABLE();
}

/* ---- the calling end ---- */

static bool read_rseq(const struct tn_msg *rsp, uint32_t *rseq)
{
    if (rsp->status <= 100 || rsp->status >= 200 || rsp->to_tag.len == 0) return false;
    if (!tn_msg_list_has(rsp, TN_HDR_REQUIRE, TERN_STR("100rel"))) return false;
    return tn_msg_number(rsp, TN_HDR_RSEQ, rseq) && *rseq > 0;
}

enum tn_reliable_order tn_reliable_take(struct tn_reliable_seen *seen, const struct tn_msg *rsp)
{
    uint32_t rseq;
    if (!read_rseq(rsp, &rseq)) return TN_RELIABLE_PLAIN;
    bool first = seen->cseq != rsp->cseq.number; /* each INVITE counts anew */
    if (!first && rseq == seen->rseq) return TN_RELIABLE_REPEAT;
    if (!first && rseq != seen->rseq + 1) return TN_RELIABLE_ASTRAY;
    seen->cseq = rsp->cseq.number;
    seen->rseq = rseq;
    return TN_RELIABLE_NEXT;
}

/* SPDX-License-Identifier: MIT */
#include "net/keepalive.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "net/impl.h"
#include "wire/stun/stun.h"

/* A far end that has not answered so many in a row does not know STUN. One may get lost. */
enum { STUN_TRIES = 2 };
enum { REQUEST_MAX = 64 };

static const char *state_name(enum tn_keep_state state)
{
    return state == TN_KEEP_RESTING ? "resting" : "pinging";
}

static void enter(struct tn_keeper *k, enum tn_keep_state next)
{
    tn_trace(k->net->ctx, "keepalive", k->flow->flow.id, state_name(k->state), state_name(next));
    k->state = next;
}

static bool is_udp(const struct tn_keeper *k)
{
    return k->flow->stream == NULL;
}

static bool asks_by_stun(const struct tn_keeper *k)
{
    return is_udp(k) && (k->answers || k->silent < STUN_TRIES);
}

/* RFC 5626 4.4.1, 4.4.2: between 80 and 100 %, so that clients of a restarted server spread. */
static tern_time draw_pause(struct tn_keeper *k)
{
    tern_time pause = k->interval;

    if (k->net->impl->watching && pause > TN_KEEP_WATCHED) pause = TN_KEEP_WATCHED;
    uint32_t fifth_ms = (uint32_t)(pause / 5 / TERN_MS(1));
    return pause - TERN_MS(tn_random_below(&k->net->ctx->random, fifth_ms + 1));
}

static void rest(struct tn_keeper *k)
{
    enter(k, TN_KEEP_RESTING);
    tn_timer_arm(k->net->ctx, &k->timer, draw_pause(k));
}

/* ---- asking ---- */

static int send_stun(struct tn_keeper *k)
{
    char space[REQUEST_MAX];
    struct tn_buf buf;
    tern_str text;

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_stun_print_binding(&buf, k->id);
    int err = tn_buf_end(&buf, &text);
    return err ? err : tn_udp_send(k->net, k->flow, text);
}

static int send_ping(struct tn_keeper *k)
{
    if (!is_udp(k)) return tn_conn_ping(k->net, k->flow);
    int err = asks_by_stun(k) ? send_stun(k) : tn_udp_send(k->net, k->flow, TERN_STR("\r\n\r\n"));
    if (!err) tn_udp_touch(k->net, k->flow, false);
    return err;
}

/* RFC 8489 6.2.1: at 0, 500, 1500, 3500, 7500 ms, as long as there is patience. */
static void arm_ping(struct tn_keeper *k)
{
    struct tn_ctx *ctx = k->net->ctx;
    tern_time due = k->deadline;

    if (asks_by_stun(k)) {
        tern_time next = k->asked_at + TN_KEEP_RTO * ((INT64_C(1) << k->sent) - 1);
        if (next < due) due = next;
    }
    tn_timer_arm(ctx, &k->timer, due > ctx->now ? due - ctx->now : 0);
}

static void ping(struct tn_keeper *k)
{
    struct tn_ctx *ctx = k->net->ctx;
    bool watching = k->net->impl->watching;

    tn_random_bytes(&ctx->random, k->id, sizeof(k->id));
    k->asked_at = ctx->now;
    k->deadline = ctx->now + (watching ? TN_KEEP_PATIENCE_WATCHED : TN_KEEP_PATIENCE);
    k->sent = 1;
    if (send_ping(k) != 0) { /* no way now: whoever closes flows knows better than a clock */
        rest(k);
        return;
    }
    if (is_udp(k) && !asks_by_stun(k)) { /* nobody answers that */
        rest(k);
        return;
    }
    enter(k, TN_KEEP_PINGING);
    arm_ping(k);
}

/* ---- the answer, or none ---- */

static bool heard_since(const struct tn_keeper *k)
{
    tern_time last = k->flow->flow.last_received;
    return last != TERN_TIME_NEVER && last >= k->asked_at;
}

static void late(struct tn_keeper *k)
{
    struct tn_net *net = k->net;

    if (heard_since(k)) { /* it lives, whatever it thinks of pings */
        rest(k);
        return;
    }
    if (net->ctx->now - k->deadline > TN_KEEP_OVERSLEPT) { /* the answer may wait to be read */
        ping(k);
        return;
    }
    k->silent++;
    if (!k->answers || !tn_net_has_local(net, k->flow->flow.key.local) ||
        TN_MUTANT(DEAF_KEEPALIVE)) {
        rest(k);
        return;
    }
    tn_flow_blame(net, k->flow, TERN_STR("the far end does not answer any more"));
    tn_net_close(net, k->flow->flow.id, true, false);
}

static void fired(struct tn_timer *timer)
{
    struct tn_keeper *k = TN_OWNER(timer, struct tn_keeper, timer);

    if (k->state == TN_KEEP_RESTING) {
        ping(k);
    } else if (k->net->ctx->now >= k->deadline) {
        late(k);
    } else {
        k->sent++;
        (void)!send_ping(k); /* the deadline tells */
        arm_ping(k);
    }
}

static void answered(struct tn_keeper *k)
{
    k->answers = true;
    k->silent = 0;
    rest(k);
}

bool tn_keep_pong(struct tn_flow_impl *f)
{
    if (!f->keeper || f->keeper->state != TN_KEEP_PINGING) return false;
    answered(f->keeper);
    return true;
}

/* The port of a connection from here is nobody's listener. */
bool tn_net_is_translated(const struct tn_flow *flow)
{
    if (flow->mapped.family == TERN_FAMILY_NONE) return false;
    if (!tern_addr_same_host(flow->mapped, flow->key.local)) return true;
    return flow->key.transport == TERN_TRANSPORT_UDP && flow->mapped.port != flow->key.local.port;
}

void tn_net_mapped(struct tn_net *net, uint64_t flow, tern_addr mapped)
{
    struct tn_flow_impl *f = tn_flow_get(net, flow);

    if (!f || mapped.port == 0 || mapped.family != f->flow.key.remote.family) return;
    mapped.scope = 0; /* theirs means nothing here */
    if (tern_addr_equal(f->flow.mapped, mapped)) return;
    bool first = f->flow.mapped.family == TERN_FAMILY_NONE;
    f->flow.mapped = mapped;
    if (first && !tn_net_is_translated(&f->flow)) return; /* as everybody expects */
    tn_emit(net->ctx, (struct tn_effect){.kind = TN_EFFECT_FLOW_MAPPED, .id = flow, .flow = flow});
}

/* RFC 8489 6.3.3: whoever does not understand all of it must not go by it; 6.3.4: an error lives. */
bool tn_keep_response(struct tn_flow_impl *f, const struct tn_stun *msg)
{
    struct tn_keeper *k = f->keeper;
    uint16_t unknown;
    tern_addr mapped;

    if (!k || k->state != TN_KEEP_PINGING || msg->method != TN_STUN_BINDING) return false;
    if (msg->kind != TN_STUN_SUCCESS && msg->kind != TN_STUN_ERROR) return false;
    if (memcmp(msg->id, k->id, sizeof(k->id)) != 0) return false;
    if (tn_stun_unknown(msg, &unknown, 1) > 0) return false;
    answered(k);
    if (msg->kind == TN_STUN_ERROR) return true;
    if (tn_stun_address(msg, TN_STUN_XOR_MAPPED_ADDRESS, &mapped) == 0 ||
        tn_stun_address(msg, TN_STUN_MAPPED_ADDRESS, &mapped) == 0)
        tn_net_mapped(k->net, f->flow.id, mapped);
    return true;
}

/* ---- who wants it ---- */

static struct tn_keeper *create(struct tn_net *net, struct tn_flow_impl *f)
{
    struct tn_keeper *k = tn_alloc(&net->ctx->alloc, sizeof(*k));

    if (!k) return NULL;
    k->net = net;
    k->flow = f;
    f->keeper = k;
    tn_timer_init(&k->timer, 0, fired);
    tn_list_push(&net->impl->keepers, &k->node);
    return k;
}

int tn_net_keep(struct tn_net *net, uint64_t flow, tern_time interval)
{
    struct tn_flow_impl *f = tn_flow_get(net, flow);

    if (!f) return TERN_ESTALE;
    if (interval <= 0) return TERN_EINVAL;
    struct tn_keeper *k = f->keeper ? f->keeper : create(net, f);
    if (!k) return TERN_ENOMEM;
    if (k->askers++ == 0) {
        k->interval = interval;
        ping(k);
    } else if (interval < k->interval) {
        k->interval = interval;
        if (k->state == TN_KEEP_RESTING) rest(k);
    }
    return 0;
}

void tn_keep_free(struct tn_flow_impl *f)
{
    struct tn_keeper *k = f->keeper;

    if (!k) return;
    f->keeper = NULL;
    if (!TN_MUTANT(LEFT_KEEPALIVE)) tn_timer_cancel(k->net->ctx, &k->timer);
    tn_list_remove(&k->node);
    tn_free(&k->net->ctx->alloc, k);
}

/* Its memory stays with the flow: what the far end answers is worth remembering. */
void tn_net_unkeep(struct tn_net *net, uint64_t flow)
{
    struct tn_flow_impl *f = tn_flow_get(net, flow);

    if (!f || !f->keeper || f->keeper->askers == 0) return;
    if (--f->keeper->askers > 0) return;
    enter(f->keeper, TN_KEEP_RESTING);
    tn_timer_cancel(net->ctx, &f->keeper->timer);
}

void tn_net_probe(struct tn_net *net, uint64_t flow)
{
    struct tn_flow_impl *f = tn_flow_get(net, flow);

    if (!f || !f->keeper || f->keeper->askers == 0) return;
    if (f->keeper->state == TN_KEEP_RESTING) ping(f->keeper);
}

void tn_net_watch(struct tn_net *net, bool closely)
{
    if (net->impl->watching == closely) return;
    net->impl->watching = closely;
    if (!closely) return; /* the next pause is long again */
    TN_LIST_FOR(node, &net->impl->keepers)
    {
        struct tn_keeper *k = TN_OWNER(node, struct tn_keeper, node);
        tern_time limit = net->ctx->now + TN_KEEP_WATCHED;
        bool rests = k->askers > 0 && k->state == TN_KEEP_RESTING;
        if (rests && tn_timer_due(&k->timer) > limit) rest(k);
    }
}

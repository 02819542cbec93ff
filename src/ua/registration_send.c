/* SPDX-License-Identifier: MIT */
/* What a registration sends, and when it tries again: RFC 3261 10.2, RFC 3608, RFC 5626 4.5. */
#include "base/str.h"
#include "txn/timing.h"
#include "ua/registration_impl.h"

#define BACKOFF_BASE TERN_SECONDS(30) /* RFC 5626 4.5, without any flow left */
#define BACKOFF_MAX  TERN_SECONDS(1800)
#define QUICK_BASE   TERN_MS(500) /* with a call up */
#define QUICK_MAX    TERN_SECONDS(30)

static int put_identity(const struct tn_registration *reg, struct tn_buf *buf)
{
    tern_str text;
    tn_buf_char(buf, '<');
    tn_buf_str(buf, tn_text_view(&reg->account->uri));
    tn_buf_char(buf, '>');
    return tn_buf_end(buf, &text);
}

int tn_registration_send(struct tn_registration *reg, uint32_t what)
{
    struct tern_endpoint *ep = reg->account->ep;
    struct tn_buf buf;
    reg->sent_at = ep->ctx.now;
    tn_buf_init(&buf, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    int err = put_identity(reg, &buf);
    size_t to_len = buf.len;
    tn_buf_z(&buf, ";tag=");
    tn_buf_bytes(&buf, reg->from_tag, sizeof(reg->from_tag));
    if (!err) err = buf.err;
    if (!err) {
        tern_str proxy = tn_text_view(&reg->account->proxy);
        struct tn_request_opts opts = {
            .owner = {TN_OWNER_REGISTRATION, reg->number << 1 | what, reg->account->id},
            .method = TN_METHOD_REGISTER,
            .uri = tn_text_view(&reg->account->registrar),
            .from = {buf.ptr, buf.len},
            .to = {buf.ptr, to_len},
            .call_id = tn_text_view(&reg->call_id),
            .cseq = &reg->cseq,
            .next_hop = proxy,
            .transport = reg->account->transport,
            .secure = reg->account->sips,
            .auth = reg->account->old_auth.ctx ? &reg->account->old_auth : &reg->account->auth,
            .headers = tn_outbound_supported(reg->account), /* RFC 3327 5.1 */
            .prepare = true,
            .from_addr = reg->from,
        };
        err = tn_request_start(&ep->txns, &opts, &reg->request);
    }
    tn_buf_fini(&buf);
    return err;
}

int tn_registration_prepare(struct tn_registration *reg, const struct tn_effect *effect)
{
    struct tern_endpoint *ep = reg->account->ep;
    struct tn_request_path path;
    struct tn_buf buf;
    if (!tn_request_path(&ep->txns, effect->id, &path)) return 0;
    reg->pending_local = path.local;
    reg->server = path.remote;
    tn_buf_init(&buf, &ep->ctx.alloc, TN_MSG_SIZE_MAX);
    bool only_removes =
        reg->state == TERN_REGISTRATION_REMOVING || tn_registration_only_removes(effect);
    int err = tn_bindings_put(reg, &path, only_removes, &buf);
    tn_snapshot_changed(ep); /* what it names may be at the registrar soon */
    if (!err) {
        struct tn_request_parts parts = {.contact = tn_buf_view(&buf)};
        err = tn_request_send(&ep->txns, effect->id, &parts);
    }
    tn_buf_fini(&buf);
    return err;
}

/* Nobody answered, or somebody could not: worth another try soon where a call needs the way back. */
static bool is_worth_haste(const struct tn_registration *reg)
{
    int code = reg->last_status;
    return reg->account->calls > 0 && (code < 400 || code >= 500 || code == 408 || code == 480);
}

/* With a call up soon, since it may depend on the binding; else as RFC 5626 4.5 says. */
tern_time tn_registration_pause(struct tn_registration *reg)
{
    bool haste = is_worth_haste(reg);
    tern_time pause = haste ? QUICK_BASE : BACKOFF_BASE;
    tern_time most = haste ? QUICK_MAX : BACKOFF_MAX;
    unsigned doublings = reg->failures < 7 ? reg->failures : 7;
    if (haste && doublings > 0) doublings--; /* the first failure was the try at 0 */
    pause <<= doublings;
    if (pause > most) pause = most;
    /* RFC 5626 4.5: between half and all of it, so that clients of a restarted server spread. */
    tern_time least = haste ? pause : pause / 2;
    return least +
           TERN_MS(tn_random_below(&reg->account->ep->ctx.random, (uint32_t)(pause / 2000)));
}

/*
 * Well before expiry: at 9/10 of the lifetime, but at least 5 s ahead where it is long enough. Never
 * sooner than a second: a registrar that grants nothing must not be asked in a loop.
 */
tern_time tn_registration_refresh_delay(struct tn_registration *reg, uint32_t seconds)
{
    if (seconds < 2) return TERN_SECONDS(1);
    tern_time whole = TERN_SECONDS(seconds);
    tern_time delay = whole / 10 * 9;
    if (whole - delay < TERN_SECONDS(5))
        delay = whole > TERN_SECONDS(10) ? whole - TERN_SECONDS(5) : whole / 2;
    return delay -
           TERN_MS(tn_random_below(&reg->account->ep->ctx.random, (uint32_t)(delay / 20000) + 1));
}

void tn_registration_take_service_route(struct tn_registration *reg, const struct tn_msg *rsp)
{
    struct tn_list_cursor cursor = {0};
    struct tn_buf buf;
    tern_str element;
    tn_buf_init(&buf, &reg->account->ep->ctx.alloc, TN_MSG_SIZE_MAX);
    while (tn_msg_list_next(rsp, TN_HDR_SERVICE_ROUTE, &cursor, &element)) {
        struct tn_name_addr route;
        if (tn_name_addr_parse(element, &route) != 0 || route.is_star) continue;
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, element);
    }
    tern_str routes;
    if (tn_buf_end(&buf, &routes) == 0) {
        /* Without memory the old route stays, which led here. */
        (void)!tn_text_set(&reg->account->ep->ctx.alloc, &reg->account->service_route, routes);
    }
    tn_buf_fini(&buf);
}

tern_str tn_registration_failure_text(int failure)
{
    switch ((enum tn_failure)failure) {
    case TN_FAILURE_TIMEOUT: return TERN_STR("the registrar does not answer");
    case TN_FAILURE_TRANSPORT: return TERN_STR("the connection to the registrar failed");
    case TN_FAILURE_UNRESOLVABLE: return TERN_STR("the registrar's name has no address");
    case TN_FAILURE_NO_ROUTE: return TERN_STR("no network path to the registrar");
    case TN_FAILURE_LIMIT: return TERN_STR("out of memory");
    case TN_FAILURE_NONE: break;
    }
    return TERN_STR("failed");
}

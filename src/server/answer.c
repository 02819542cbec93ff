/* SPDX-License-Identifier: MIT */
/* The way back: RFC 3261 16.7 steps 4 to 9. */
#include <tern/err.h>

#include "base/str.h"
#include "server/proxy.h"

static int forward(struct tn_proxied *proxied, const struct tn_msg *response, tern_str more)
{
    struct tn_server *server = proxied->server;
    struct tn_buf out;

    tn_buf_init(&out, &server->ctx->alloc, TN_MSG_SIZE_MAX);
    int err = tn_put_returned(response, more, &out);
    if (!err) {
        err = tn_server_forward(server->txns, proxied->txn, response->status, tn_buf_view(&out));
    }
    tn_buf_fini(&out);
    return err;
}

/* One that is lost comes again, or is followed by a final one. */
void tn_answer_provisional(struct tn_proxied *proxied, const struct tn_msg *response)
{
    if (proxied->decided) return;
    int lost = forward(proxied, response, (tern_str){NULL, 0});
    (void)lost;
}

/* Of an INVITE each 2xx goes back, as often as it comes (RFC 3261 16.7 step 5, RFC 6026 7.1). */
void tn_answer_success(struct tn_proxied *proxied, const struct tn_msg *response)
{
    bool invite = proxied->request->method == TN_METHOD_INVITE;

    if (proxied->decided && !invite) return;
    int err = forward(proxied, response, (tern_str){NULL, 0});
    if (err && !invite) {
        tn_answer_check(proxied);          /* nobody repeats it */
    } else if (err && !proxied->decided) { /* nor this, once a later one has its ACK */
        tn_timer_arm(proxied->server->ctx, &proxied->again, TN_ANSWER_AGAIN);
    }
    proxied->decided = proxied->decided || !err;
}

/* ---- the best of several ---- */

/* RFC 3261 16.7 step 6: a 2xx that is owed, 6xx, then the lowest class; in it what helps the caller to
 * go on. */
static unsigned rank(unsigned status)
{
    switch (status) {
    case 401:
    case 407:
    case 415:
    case 420:
    case 484: return 4000;
    case 408: return 4900; /* anybody's real word is worth more */
    case 503: return 5900;
    default: break;
    }
    if (status < 300) return 0;
    if (status >= 600) return 1;
    return status / 100 * 1000 + 500;
}

static const struct tn_branch *choose(const struct tn_proxied *proxied)
{
    const struct tn_branch *best = &proxied->branches[0];

    for (size_t i = 1; i < proxied->count; i++) {
        const struct tn_branch *b = &proxied->branches[i];
        if (rank(b->status) < rank(best->status)) best = b;
    }
    return best;
}

static void put_challenges(const struct tn_msg *response, enum tn_hdr_id id, struct tn_buf *out)
{
    const struct tn_hdr *hdr;

    for (size_t i = 0; (hdr = tn_msg_header(response, id, i)) != NULL; i++)
        tn_put_header(out, id, hdr->value);
}

/* RFC 3261 16.7 step 7: the caller answers all challenges at once. */
static void gather_challenges(const struct tn_proxied *proxied, const struct tn_branch *best,
                              struct tn_buf *out)
{
    if (best->status != 401 && best->status != 407) return;
    for (size_t i = 0; i < proxied->count; i++) {
        const struct tn_branch *b = &proxied->branches[i];
        if (b == best || !b->response || (b->status != 401 && b->status != 407)) continue;
        put_challenges(b->response, TN_HDR_WWW_AUTHENTICATE, out);
        put_challenges(b->response, TN_HDR_PROXY_AUTHENTICATE, out);
    }
}

static int forward_best(struct tn_proxied *proxied, const struct tn_branch *best)
{
    struct tn_buf more;

    tn_buf_init(&more, &proxied->server->ctx->alloc, TN_MSG_SIZE_MAX);
    gather_challenges(proxied, best, &more);
    int err = more.err ? more.err : forward(proxied, best->response, tn_buf_view(&more));
    tn_buf_fini(&more);
    return err;
}

/*
 * DEVIATION: RFC 4320 4.2 has a proxy send no 408 to other requests than INVITE. Ours comes when the
 * caller has given up, and does no harm there; the server transaction needs an end.
 */
static int answer_ourselves(struct tn_proxied *proxied, unsigned status)
{
    struct tn_response rsp = {.status = status};

    /* "I cannot serve anybody" would be said of us (RFC 3261 16.7 step 6). */
    if (status == 503) {
        rsp.status = 500;
        rsp.reason = TERN_STR("No Way To The Next Hop");
    }
    return tn_server_respond(proxied->server->txns, proxied->txn, &rsp);
}

static bool all_done(const struct tn_proxied *proxied)
{
    for (size_t i = 0; i < proxied->count; i++)
        if (proxied->branches[i].state != TN_BRANCH_DONE) return false;
    return true;
}

void tn_answer_check(struct tn_proxied *proxied)
{
    if (proxied->decided || proxied->txn == 0 || !all_done(proxied)) return;
    const struct tn_branch *best = choose(proxied);
    bool theirs = best->response && best->status != 503;

    int err = theirs ? forward_best(proxied, best) : answer_ourselves(proxied, best->status);
    if (err == TERN_ENOMEM) {
        tn_timer_arm(proxied->server->ctx, &proxied->again, TN_ANSWER_AGAIN);
        return;
    }
    proxied->decided = true;
}

/* SPDX-License-Identifier: MIT */
/*
 * CANCEL (RFC 3261 9.1): wanted, sent when the INVITE has a 1xx, and again where it gets lost or the network
 * changes (MOBILITY S2, S10).
 */
#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/str.h"
#include "txn/client_impl.h"
#include "txn/limits.h"

/* Of an INVITE and its CANCEL, which share the branch, the other one; or NULL. */
static struct tn_client *twin_of(const struct tn_client *client, enum tn_method method)
{
    struct tn_map_node *node = tn_map_first(&client->txns->client_map, client->by_branch.hash);

    for (; node; node = tn_map_next(node)) {
        struct tn_client *twin = TN_OWNER(node, struct tn_client, by_branch);
        if (twin->method == method && tn_str_eq(twin->branch, client->branch)) return twin;
    }
    return NULL;
}

void tn_cancel_ended(const struct tn_client *cancel, enum tn_cancel how)
{
    struct tn_client *invite = twin_of(cancel, TN_METHOD_INVITE);

    if (!invite || invite->cancel != TN_CANCEL_SENT) return;
    invite->cancel = how;
    if (how != TN_CANCEL_WANTED || invite->machine.ict.state != TN_ICT_PROCEEDING) return;
    unsigned actions = tn_ict_step(&invite->machine.ict, TN_ICT_EV_CANCEL_LOST);
    TN_ASSERT(actions == TN_DO_NOTHING);
}

void tn_cancel_tell_answer(const struct tn_client *cancel, unsigned status)
{
    const struct tn_client *invite = twin_of(cancel, TN_METHOD_INVITE);

    if (!invite || invite->owner.kind == TN_OWNER_NONE) return;
    tn_emit(cancel->txns->ctx, (struct tn_effect){.kind = TN_EFFECT_CANCEL_ANSWERED,
                                                  .owner = invite->owner,
                                                  .id = invite->id,
                                                  .flow = cancel->flow,
                                                  .code = (int)status});
}

static int send_cancel(struct tn_client *invite)
{
    struct tn_txns *txns = invite->txns;
    struct tn_client_plan plan = {
        .method = TN_METHOD_CANCEL, .target = invite->target, .from = invite->from};
    struct tn_client *cancel;
    struct tn_buf out;

    int err = tn_client_way(invite, &plan.flow);
    if (err) return err;
    plan.local = tn_net_get(txns->net, plan.flow)->key.local;
    tn_buf_init(&out, &txns->ctx->alloc, TN_MSG_SIZE_MAX);
    err = tn_put_cancel(invite, &out);
    if (err) {
        tn_buf_fini(&out);
        return err;
    }
    err = tn_client_launch(txns, &plan, &out, &cancel);
    if (err) return err;
    invite->cancel = TN_CANCEL_SENT;
    return 0;
}

/* What finds no way now is tried again: as A says, at the next 1xx, and when the network changes. */
void tn_cancel_again(struct tn_client *invite)
{
    if (invite->cancel != TN_CANCEL_WANTED || send_cancel(invite) == 0) return;
    unsigned actions = tn_ict_step(&invite->machine.ict, TN_ICT_EV_CANCEL_LOST);
    TN_ASSERT(actions == TN_DO_NOTHING);
}

/* 64*T1 after this the INVITE counts as cancelled, even where no CANCEL could be sent. */
void tn_cancel_now(struct tn_client *client)
{
    unsigned actions = tn_ict_step(&client->machine.ict, TN_ICT_EV_CANCEL_SENT);
    TN_ASSERT(actions == TN_DO_NOTHING);
    tn_cancel_again(client);
}

/* The network has changed under the CANCEL: once more, from where we are now (MOBILITY S10). */
void tn_client_renew_cancel(struct tn_client *invite)
{
    if (!tn_client_is_invite(invite) || invite->machine.ict.state != TN_ICT_PROCEEDING) return;
    struct tn_client *cancel = twin_of(invite, TN_METHOD_CANCEL);
    if (invite->cancel == TN_CANCEL_SENT && cancel && !tn_client_stands(cancel)) {
        tn_client_free(cancel);
        invite->cancel = TN_CANCEL_WANTED;
    }
    tn_cancel_again(invite);
}

static int want_cancel(struct tn_client *client, tern_str reason)
{
    if (reason.len > 0) {
        client->cancel_reason = tn_alloc(&client->txns->ctx->alloc, reason.len);
        if (!client->cancel_reason) return TERN_ENOMEM;
        memcpy(client->cancel_reason, reason.ptr, reason.len);
        client->cancel_reason_len = reason.len;
    }
    client->cancel = TN_CANCEL_WANTED;
    return 0;
}

int tn_client_cancel(struct tn_txns *txns, uint64_t id, tern_str reason)
{
    struct tn_client *client = tn_client_get(txns, id);
    int err = 0;

    if (!client) return TERN_ESTALE;
    if (!tn_client_is_invite(client)) return TERN_EINVAL;
    enum tn_ict_state state = client->machine.ict.state;
    if (state != TN_ICT_CALLING && state != TN_ICT_PROCEEDING) return TERN_ESTATE;
    if (client->cancel == TN_CANCEL_NONE) err = want_cancel(client, reason);
    if (err) return err;
    if (client->cancel == TN_CANCEL_SENT) tn_client_renew_cancel(client);
    if (client->cancel == TN_CANCEL_WANTED && state == TN_ICT_PROCEEDING) tn_cancel_now(client);
    return 0;
}

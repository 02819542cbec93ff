/* SPDX-License-Identifier: MIT */
/* The end of a registration: RFC 3261 10.2.2. */
#include "base/str.h"
#include "txn/timing.h"
#include "ua/registration_impl.h"

#define QUICK_BASE TERN_MS(500)

/*
 * A second flow that the registrar did not let go is left to the first one, whose REGISTERs go on: soon,
 * or calls would be forked to it.
 */
static void leave_to_first(struct tn_registration *reg)
{
    struct tn_account *account = reg->account;
    struct tn_registration *first = tn_account_reg(account);
    struct tn_ctx *ctx = &account->ep->ctx;
    if (reg == first || reg->old_contacts.len == 0 || account->ep->state != TN_ENDPOINT_RUNNING)
        return;
    tn_bindings_hand_over(reg, first);
    if (!tn_timer_armed(&first->refresh)) return;
    tern_time soon = TERN_SECONDS(30) + TERN_MS(tn_random_below(&ctx->random, 30000));
    if (ctx->now + soon < tn_timer_due(&first->refresh)) tn_timer_arm(ctx, &first->refresh, soon);
}

void tn_registration_removed(struct tn_registration *reg)
{
    struct tern_endpoint *ep = reg->account->ep;
    bool again = reg->again;
    bool same_place = reg->account->old_auth.ctx == NULL;
    reg->again = false;
    tn_auth_fini(&reg->account->old_auth);
    reg->bound_until = TERN_TIME_NEVER;
    reg->local = (tern_addr){0};
    tn_text_fini(&ep->ctx.alloc, &reg->contact);
    if (!again && same_place) leave_to_first(reg);
    if (!again || !same_place) tn_bindings_forget(reg);
    tn_timer_cancel(&ep->ctx, &reg->retry);
    tn_registration_unkeep(reg);
    if (reg->account->removed && tn_registration_is_first(reg)) {
        tn_account_release(reg->account);
        return;
    }
    tn_registration_enter(reg, TERN_REGISTRATION_NONE, (tern_str){NULL, 0});
    if (again) tn_registration_start(reg);
}

/* It may be answered otherwise in a while, or by another path (MOBILITY S8). */
static bool removal_may_succeed(const struct tn_registration *reg, int code)
{
    if (code == 501 || code == 505) return false;
    if (code != 0 && code != 408 && code != 480 && code < 500) return false;
    /* Where tern_account_modify() has moved the account, its old identity is not known any more. */
    return code < 600 && !reg->again && reg->account->old_auth.ctx == NULL &&
           reg->account->ep->state != TN_ENDPOINT_STOPPED;
}

/* Tried for a time, for there may be nobody left to wait for it. Then the binding expires. */
void tn_registration_removal_failed(struct tn_registration *reg, int code, tern_time retry_after)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    unsigned doublings = reg->failures < 6 ? reg->failures : 6;
    tern_time pause = retry_after > 0 ? retry_after : QUICK_BASE << doublings;
    if (tn_registration_has_network(reg->account->ep)) {
        reg->failures++;
    } else { /* the network that comes hastens it */
        pause = reg->give_up - ctx->now - 1;
    }
    if (pause <= 0 || !removal_may_succeed(reg, code) || ctx->now + pause >= reg->give_up) {
        tn_registration_removed(reg);
        return;
    }
    tn_timer_arm(ctx, &reg->retry, pause);
}

void tn_registration_remove_now(struct tn_registration *reg)
{
    if (tn_registration_send(reg, TN_REGISTER_NEW) != 0) tn_registration_removal_failed(reg, 0, 0);
}

void tn_registration_removal_answered(struct tn_registration *reg, const struct tn_msg *rsp)
{
    struct tn_ctx *ctx = &reg->account->ep->ctx;
    reg->request = 0;
    if (rsp->status >= 300) {
        tn_registration_removal_failed(reg, (int)rsp->status, tn_retry_after(rsp));
        return;
    }
    bool left = tn_bindings_settle(reg, rsp);
    if (!left || reg->again || reg->account->ep->state != TN_ENDPOINT_RUNNING ||
        reg->confirms++ >= TN_CONFIRMS_MAX) {
        tn_registration_removed(reg);
        return;
    }
    tern_time doubt = reg->doubt_until - ctx->now;
    tn_timer_arm(ctx, &reg->retry, doubt > 0 ? doubt : TERN_SECONDS(1));
}

void tn_registration_remove(struct tn_registration *reg)
{
    struct tern_endpoint *ep = reg->account->ep;
    reg->again = false;
    if (reg->state == TERN_REGISTRATION_REMOVING) return; /* is on its way already */
    tn_registration_drop_request(reg);
    tn_bindings_retire(reg);
    if (reg->state == TERN_REGISTRATION_NONE) {
        if (reg->account->removed) tn_account_release(reg->account);
        return;
    }
    reg->failures = 0;
    reg->give_up = ep->ctx.now + TN_REMOVE_TIME;
    tn_registration_enter(reg, TERN_REGISTRATION_REMOVING, (tern_str){NULL, 0});
    bool online = tn_registration_has_network(ep);
    if (reg->old_contacts.len == 0 || (!online && ep->state != TN_ENDPOINT_RUNNING)) {
        tn_registration_removed(reg);
    } else if (online) {
        tn_registration_remove_now(reg);
    } else { /* there may be one soon; whoever switches the phone off does not wait for it */
        tn_timer_arm(&ep->ctx, &reg->retry, TN_REMOVE_TIME);
    }
}

void tn_registration_removal_online(struct tn_registration *reg)
{
    if (reg->request != 0 || !tn_registration_has_network(reg->account->ep)) return;
    tn_timer_cancel(&reg->account->ep->ctx, &reg->retry);
    tn_registration_remove_now(reg);
}

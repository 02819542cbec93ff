/* SPDX-License-Identifier: MIT */
#include "ua/second.h"

#include "base/list.h"
#include "ua/registration_impl.h"

/* RFC 5626 6: a registrar that keeps no flows would fork each call to both. */
static bool is_wanted(const struct tn_account *account)
{
    const struct tn_registration *first = tn_account_reg_view(account);
    bool stands = first->state == TERN_REGISTRATION_REGISTERED ||
                  first->state == TERN_REGISTRATION_REFRESHING;
    if (!stands || !first->outbound || account->removed || !account->wants_registration) {
        return false;
    }
    if (account->ep->state != TN_ENDPOINT_RUNNING) return false;
    switch (account->second_flow) {
    case TERN_SECOND_FLOW_OFF: return false;
    case TERN_SECOND_FLOW_WITH_CALL: return account->calls > 0;
    case TERN_SECOND_FLOW_ALWAYS: return true;
    }
    return false;
}

/* Its address has gone and come back, and with it went the flow that the registrar knows. */
static bool has_lost_its_flow(const struct tn_registration *second)
{
    return second->state == TERN_REGISTRATION_REGISTERED &&
           tn_second_stands(second->account).family == TERN_FAMILY_NONE;
}

static void stand_at(struct tn_registration *second, tern_addr where)
{
    /* Without memory there is none for now. */
    if (second->call_id.len == 0 && tn_registration_identify(second) != 0) return;
    bool moves = !tern_addr_same_host(second->from, where) || has_lost_its_flow(second);
    second->from = where;
    second->outbound = true; /* what the first has heard of the registrar */
    if (second->state == TERN_REGISTRATION_WAITING && !tn_timer_armed(&second->retry)) moves = true;
    if (second->state == TERN_REGISTRATION_FAILED && !moves) return;
    bool gone =
        second->state == TERN_REGISTRATION_NONE || second->state == TERN_REGISTRATION_REMOVING;
    if (gone || moves) tn_registration_start(second);
}

static void settled(struct tn_timer *timer)
{
    tn_second_check(TN_OWNER(timer, struct tn_account, second_timer));
}

void tn_second_init(struct tn_account *account)
{
    tn_timer_init(&account->second_timer, 0, settled);
}

void tn_second_fini(struct tn_account *account)
{
    tn_timer_cancel(&account->ep->ctx, &account->second_timer);
}

/* Its REGISTER waits for a path that is gone: it would go where the first one goes. */
static bool is_stranded(const struct tn_registration *second)
{
    return second->request != 0 && second->state != TERN_REGISTRATION_REMOVING &&
           !tn_net_has_local(&second->account->ep->net, second->from);
}

void tn_second_network(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    struct tn_registration *second = tn_account_second(account);
    if (is_stranded(second)) tn_registration_remove(second);
    if (is_wanted(account) || second->state != TERN_REGISTRATION_NONE) {
        tn_timer_arm(&ep->ctx, &account->second_timer, ep->settle);
    }
}

void tn_second_settled(struct tn_account *account)
{
    tn_timer_arm(&account->ep->ctx, &account->second_timer, 0);
}

void tn_second_check(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    const struct tn_registration *first = tn_account_reg(account);
    struct tn_registration *second = tn_account_second(account);
    tern_addr where = {0};
    if (tn_account_task_active(&account->task)) return; /* the first one first */
    if (is_wanted(account)) {
        where = tn_mob_second_path(&ep->network, first->local, first->server);
    }
    if (where.family != TERN_FAMILY_NONE) {
        stand_at(second, where);
    } else if (second->state != TERN_REGISTRATION_NONE) {
        second->from = (tern_addr){0};
        tn_registration_remove(second);
    }
}

tern_addr tn_second_stands(const struct tn_account *account)
{
    const struct tn_registration *second = &account->regs[1 - account->first];
    const struct tn_flow *flow = tn_net_get(&account->ep->net, second->flow);
    bool bound = second->state == TERN_REGISTRATION_REGISTERED ||
                 second->state == TERN_REGISTRATION_REFRESHING;
    if (!bound || !flow || !flow->open) return (tern_addr){0};
    return tn_net_has_local(&account->ep->net, second->local) ? second->local : (tern_addr){0};
}

void tn_second_promote(struct tn_account *account)
{
    struct tn_registration *first = tn_account_reg(account);
    tn_account_second(account)->from = (tern_addr){0};
    first->from = first->local;
    first->from.port = 0;
    account->first = 1 - account->first;
    if (first->request == 0) return;
    tn_registration_drop_request(first); /* where it goes now is yet to be seen */
    tn_registration_enter(first, TERN_REGISTRATION_WAITING, (tern_str){NULL, 0});
}

void tn_second_fold(struct tn_account *account)
{
    struct tn_registration *second = tn_account_second(account);
    if (second->state == TERN_REGISTRATION_NONE) return;
    tn_registration_drop_request(second);
    tn_bindings_hand_over(second, tn_account_reg(account));
    second->from = (tern_addr){0};
    tn_registration_forget(second);
}

/* SPDX-License-Identifier: MIT */
/* After its last event a handle is stale for every function, and no event names it any more. */
#include "life.h"

/* @return the function that takes it for alive; NULL: none does */
static const char *who_knows_call(struct tern_endpoint *ep, tern_time now, tern_call call)
{
    struct tern_call_info info;
    struct tern_media_stats stats;
    int16_t pcm[TERN_PCM_FRAME] = {0};
    if (tern_call_get_info(ep, call, &info) != TERN_ESTALE) return "get_info";
    if (tern_call_media_stats(ep, call, &stats) != TERN_ESTALE) return "media_stats";
    if (tern_call_answer(ep, now, call, 200) != TERN_ESTALE) return "answer";
    if (tern_call_hangup(ep, now, call, 0) != TERN_ESTALE) return "hangup";
    if (tern_call_hold(ep, now, call) != TERN_ESTALE) return "hold";
    if (tern_call_resume(ep, now, call) != TERN_ESTALE) return "resume";
    if (tern_call_reinvite(ep, now, call, 7) != TERN_ESTALE) return "reinvite";
    if (tern_call_update(ep, now, call, 7) != TERN_ESTALE) return "update";
    if (tern_call_dtmf(ep, now, call, TERN_STR("1")) != TERN_ESTALE) return "dtmf";
    if (tern_audio_send(ep, now, call, pcm) != TERN_ESTALE) return "audio_send";
    if (tern_audio_receive(ep, now, call, pcm) != TERN_ESTALE) return "audio_receive";
    return NULL;
}

static const char *who_knows_account(struct tern_endpoint *ep, tern_time now, tern_account account)
{
    struct tern_account_info info;
    if (tern_account_get_info(ep, account, &info) != TERN_ESTALE) return "get_info";
    if (tern_account_register(ep, now, account) != TERN_ESTALE) return "register";
    if (tern_account_unregister(ep, now, account) != TERN_ESTALE) return "unregister";
    if (tern_account_remove(ep, now, account) != TERN_ESTALE) return "remove";
    return NULL;
}

void handles_call_ended(struct life *life, struct phone *phone, tern_call call)
{
    const char *who = who_knows_call(phone->ep, tern_sim_now(life->sim), call);
    if (who)
        fail(life, "handles", "%s: %s takes a call that has ended", host_name(phone->host), who);
}

void handles_account_removed(struct life *life, struct phone *phone)
{
    const char *who = who_knows_account(phone->ep, tern_sim_now(life->sim), phone->account);
    phone->removed = tern_sim_now(life->sim);
    if (who)
        fail(life, "handles", "%s: %s takes an account that is removed", host_name(phone->host),
             who);
}

static tern_account account_in(const struct tern_event *e)
{
    if (e->type == TERN_EV_REGISTRATION) return e->u.registration.account;
    if (e->type == TERN_EV_IP_CHANGE_PROGRESS) return e->u.ip_change.account;
    if (e->type == TERN_EV_CALL_INCOMING) return e->u.incoming.account;
    return (tern_account){0};
}

/* What was told before the removal may still have been in the queue, at that moment. */
void handles_event(struct life *life, const struct phone *phone, const struct tern_event *e)
{
    uint64_t id = account_in(e).id;
    if (id == 0 || phone->removed == 0 || id != phone->account.id) return;
    if (phone->crash.count > 0) return; /* another process counts anew */
    if (tern_sim_now(life->sim) > phone->removed)
        fail(life, "handles", "%s: event %d of an account that is removed", host_name(phone->host),
             e->type);
}

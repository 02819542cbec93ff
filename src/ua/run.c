/* SPDX-License-Identifier: MIT */
/* What every entry into the endpoint has in common: set the time, then work until nothing is due. */
#include "base/str.h"
#include "core/limits.h"
#include "ua/endpoint.h"

#define EVENTS_MAX 100000 /* an application that reads none for so long has given up */

void tn_ep_enter(struct tern_endpoint *ep, tern_time now)
{
    tn_ctx_enter(&ep->ctx, now);
    /* Within an entry mobility must never be behind: tasks that fall due run from tn_ep_run(). */
    tn_mob_advance(&ep->mob, ep->ctx.now);
}

bool tn_ep_busy(const struct tern_endpoint *ep)
{
    return ep->event_count >= EVENTS_MAX || tn_ctx_busy(&ep->ctx);
}

static bool drain_effects(struct tern_endpoint *ep)
{
    struct tn_effect effect;
    bool any = false;
    while (tn_next_effect(&ep->ctx, &effect)) {
        tn_ep_dispatch(ep, &effect);
        tn_msg_unref(effect.msg);
        (void)tn_ep_decisions(ep); /* one connection's end may be thousands of effects */
        any = true;
    }
    return any;
}

static void tell_sip_messages(struct tern_endpoint *ep);

void tn_ep_run(struct tern_endpoint *ep)
{
    bool again = true;
    while (again) {
        if (ep->sip_events) tell_sip_messages(ep); /* before what they lead to */
        again = drain_effects(ep);
        tn_ep_listener_news(ep);
        if (tn_ep_decisions(ep)) again = true;
        if (ep->ctx.effect_count > 0) again = true; /* listener news may have started something */
        if (!again && tn_ctx_fire(&ep->ctx)) again = true;
    }
    tern_time due = tn_mob_deadline(&ep->mob);
    if (due == TERN_TIME_NEVER) {
        tn_timer_cancel(&ep->ctx, &ep->mob_timer);
    } else if (due != tn_timer_due(&ep->mob_timer)) {
        tn_timer_arm(&ep->ctx, &ep->mob_timer, due > ep->ctx.now ? due - ep->ctx.now : 0);
    }
    if (ep->sip_events) tell_sip_messages(ep);
    tn_ep_check_stopped(ep);
}

void tn_ep_mob_fired(struct tn_timer *timer)
{
    struct tern_endpoint *ep = TN_OWNER(timer, struct tern_endpoint, mob_timer);
    tn_mob_advance(&ep->mob, ep->ctx.now);
}

/* ---- messages for the application ---- */

static tern_str first_line(tern_str text)
{
    tern_str rest;
    tern_str line = tn_str_cut(text, '\n', &rest);
    return tn_str_trim(line);
}

static tern_str value_of(tern_str text, tern_str name)
{
    tern_str rest = text;
    while (rest.len > 0) {
        tern_str line = tn_str_cut(rest, '\n', &rest);
        tern_str value;
        tern_str field = tn_str_cut(line, ':', &value);
        if (tn_str_ieq(tn_str_trim(field), name)) return tn_str_trim(value);
    }
    return (tern_str){NULL, 0};
}

/* "INVITE" for a request, "200 OK (INVITE)" for a response. */
static void put_summary(struct tn_buf *buf, tern_str text)
{
    tern_str line = first_line(text), rest, cseq;
    if (!tn_str_starts(line, TERN_STR("SIP/2.0 "))) {
        tn_buf_str(buf, tn_str_cut(line, ' ', &rest));
        return;
    }
    tn_buf_str(buf, tn_str_from(line, sizeof("SIP/2.0 ") - 1));
    tn_str_cut(value_of(text, TERN_STR("CSeq")), ' ', &cseq);
    if (cseq.len == 0) return;
    tn_buf_z(buf, " (");
    tn_buf_str(buf, tn_str_trim(cseq));
    tn_buf_char(buf, ')');
}

static void tell_sip_messages(struct tern_endpoint *ep)
{
    struct tn_sip_news news;
    char summary[256];
    while (tn_net_next_sip_news(&ep->net, &news)) {
        struct tn_buf buf;
        tn_buf_fixed(&buf, summary, sizeof(summary));
        put_summary(&buf, news.text);
        struct tern_event event = {.type = TERN_EV_SIP_MESSAGE};
        event.u.sip = (struct tern_ev_sip_message){.sent = news.sent,
                                                   .retransmission = news.retransmission,
                                                   .transport = news.key.transport,
                                                   .local = news.key.local,
                                                   .remote = news.key.remote,
                                                   .summary = tn_buf_view(&buf),
                                                   .text = news.text};
        tn_ep_event(ep, &event);
    }
}

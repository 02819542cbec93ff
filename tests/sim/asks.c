/* SPDX-License-Identifier: MIT */
/*
 * What phones ask each other inside a call, with INFO and OPTIONS: all of it is answered in the end,
 * whatever moved meanwhile, and INFOs arrive in their order, each of them once or, where its answer was
 * lost, twice (tern/call.h).
 */
#include <string.h>

#include "life.h"

int asks_do(struct life *life, struct phone *phone, struct end *end, bool info)
{
    struct tern_call_request_opts opts;
    char body[16];
    uint32_t number;
    tern_call_request_opts_init(&opts);
    opts.method = info ? TERN_CALL_REQUEST_INFO : TERN_CALL_REQUEST_OPTIONS;
    if (info) {
        opts.content_type = TERN_STR("text/plain");
        opts.body =
            (tern_str){body, (size_t)snprintf(body, sizeof(body), "%u", end->asks.infos + 1)};
    }
    int err = tern_call_request(phone->ep, tern_sim_now(life->sim), end->call, &opts, &number);
    if (err == TERN_ELIMIT) return 0;
    if (err != 0) return err;
    end->asks.infos += info;
    if (number != ++end->asks.asked)
        fail(life, "asks", "%s: asks no %u as %u", host_name(phone->host), end->asks.asked, number);
    return 0;
}

static void hear_reply(struct life *life, const struct phone *phone, struct end *end,
                       const struct tern_ev_call_response *reply)
{
    if (reply->number != ++end->asks.replied)
        fail(life, "asks", "%s: a reply to %u, not to %u", host_name(phone->host), reply->number,
             end->asks.replied);
    if (reply->status != 200) end->asks.refused = reply->status ? reply->status : 1;
}

/* Several INFOs may have been lost that were given up: that is seen by the replies. */
static void hear_info(struct life *life, const struct phone *phone, struct end *end,
                      const struct tern_ev_call_info *info)
{
    uint32_t number = 0;
    for (size_t i = 0; i < info->body.len && i < 9; i++)
        number = number * 10 + (uint32_t)(info->body.ptr[i] - '0');
    if (number < end->asks.heard)
        fail(life, "asks", "%s: hears INFO %u after %u", host_name(phone->host), number,
             end->asks.heard);
    end->asks.heard = number;
}

void asks_event(struct life *life, const struct phone *phone, struct end *end,
                const struct tern_event *e)
{
    if (e->type == TERN_EV_CALL_RESPONSE) hear_reply(life, phone, end, &e->u.response);
    if (e->type == TERN_EV_CALL_INFO) hear_info(life, phone, end, &e->u.info);
}

void asks_forget(struct end *end)
{
    end->asks.asked = end->asks.replied = 0;
}

void asks_check(struct life *life, const struct phone *phone, const struct end *end,
                const struct end *other)
{
    const char *name = host_name(phone->host);
    if (end->asks.refused)
        fail(life, "asks", "%s: %d to something that it has asked", name, end->asks.refused);
    else if (end->asks.replied != end->asks.asked)
        fail(life, "asks", "%s: has asked %u, and %u were answered", name, end->asks.asked,
             end->asks.replied);
    else if (other->asks.heard != end->asks.infos && !crash_happened(life))
        fail(life, "asks", "%s: has sent %u INFOs, the last that came is %u", name, end->asks.infos,
             other->asks.heard);
}

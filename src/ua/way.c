/* SPDX-License-Identifier: MIT */
#include "ua/way.h"

#include "base/mutant.h"
#include "base/str.h"
#include "ua/call.h"
#include "ua/reach.h"

/* ---- any dialog ---- */

static bool is_literal(tern_str uri_text, tern_addr *out)
{
    struct tn_uri uri;
    if (tn_uri_parse(uri_text, &uri) != 0 || tern_addr_parse(uri.host, out) != 0) return false;
    out->port = uri.port;
    return true;
}

/* A GRUU is its own domain's to find: that is our server (tn_call_aim()), or a name. */
static bool is_gruu(tern_str uri_text)
{
    struct tn_uri uri;
    tern_str gr;
    return tn_uri_parse(uri_text, &uri) == 0 && tn_uri_param(&uri, TERN_STR("gr"), &gr);
}

static bool is_same_name(tern_str a, tern_str b)
{
    struct tn_uri one, other;
    return tn_uri_parse(a, &one) == 0 && tn_uri_parse(b, &other) == 0 &&
           tn_str_ieq(one.host, other.host);
}

bool tn_way_has_other(const struct tn_account *account, const struct tn_dialog *dialog)
{
    tern_addr hop;
    if (account == NULL || TN_MUTANT(NO_SERVER_HOP)) return false;
    tern_addr server = tn_reach_server(account);
    tern_str next = tn_dialog_next_hop(dialog);
    if (server.family == TERN_FAMILY_NONE || is_gruu(next)) return false;
    if (!is_literal(next, &hop)) return !is_same_name(next, tn_reach_server_uri(account));
    return !tern_addr_same_host(hop, server) || (hop.port != 0 && hop.port != server.port);
}

bool tn_way_may_have_other(const struct tn_account *account, const struct tn_dialog *dialog)
{
    tern_addr literal;
    if (tn_way_has_other(account, dialog)) return true;
    if (account == NULL || TN_MUTANT(NO_SERVER_HOP)) return false;
    tern_str server = tn_reach_server_uri(account), next = tn_dialog_next_hop(dialog);
    return server.len > 0 && !is_literal(server, &literal) && is_literal(next, &literal);
}

void tn_way_by_server(const struct tn_account *account, struct tn_request_opts *opts)
{
    opts->next_hop = tn_reach_server_uri(account);
    opts->transport = account->transport;
}

/* ---- a call ---- */

#define SILENCE TERN_SECONDS(2)

static void on_silence(struct tn_timer *timer)
{
    struct tn_call *call = TN_OWNER(timer, struct tn_call, way.silence);
    struct tn_request_path path;
    bool moving = call->task.state == TN_CALL_REFRESHING || call->ep->mob.paused;
    if (call->refresh_request == 0 || moving || call->way.turned) return;
    if (!tn_request_path(&call->ep->txns, call->refresh_request, &path) || path.heard) return;
    if (!tn_call_way_turn(call)) return;
    call->way.turned = true;
    tn_call_drop_refresh(call);
    tn_call_pump_refresh(call);
}

void tn_call_way_init(struct tn_call *call)
{
    tn_timer_init(&call->way.silence, 0, on_silence);
}

void tn_call_way_fini(struct tn_call *call)
{
    tn_timer_cancel(&call->ep->ctx, &call->way.silence);
}

tern_time tn_call_way_patience(const struct tn_call *call)
{
    return SILENCE + (call->account ? 4 * call->account->round_trip : 0);
}

void tn_call_way_asked(struct tn_call *call)
{
    call->way.asked_server = call->way.by_server;
    tn_timer_arm(&call->ep->ctx, &call->way.silence, tn_call_way_patience(call));
}

static void aim(const struct tn_call *call, struct tn_request_opts *opts, bool by_server)
{
    tn_call_aim(call, opts);
    if (by_server && call->account && tn_reach_server_uri(call->account).len > 0) {
        tn_way_by_server(call->account, opts);
    } else {
        tn_reach_by_server(call->account, opts);
    }
}

void tn_call_way_aim(const struct tn_call *call, struct tn_request_opts *opts)
{
    aim(call, opts, call->way.by_server);
}

void tn_call_way_aim_ack(struct tn_call *call, uint32_t cseq, struct tn_request_opts *opts)
{
    struct tn_call_way *way = &call->way;
    if (cseq != way->acked_cseq) way->acks = 0;
    way->acked_cseq = cseq;
    bool other = way->acks++ % 2 == 1 && tn_way_has_other(call->account, &call->dialog);
    aim(call, opts, way->by_server != other);
}

bool tn_call_way_turn_early(struct tn_call *call, const struct tn_dialog *dialog)
{
    if (!call->way.by_server && !tn_way_has_other(call->account, dialog)) return false;
    call->way.by_server = !call->way.by_server;
    return true;
}

bool tn_call_way_turn(struct tn_call *call)
{
    if (!call->way.by_server && !tn_way_may_have_other(call->account, &call->dialog)) return false;
    call->way.by_server = !call->way.by_server;
    return true;
}

bool tn_call_way_is_refused(const struct tn_call *call, int code)
{
    return call->way.asked_server && tn_mob_is_servers_no(code);
}

bool tn_call_way_retry(struct tn_call *call, int code)
{
    struct tn_call_way *way = &call->way;
    if (way->turned || !(tn_mob_is_unreached(code) || tn_call_way_is_refused(call, code))) {
        way->turned = false;
        return false;
    }
    way->turned = tn_call_way_turn(call);
    return way->turned;
}

void tn_call_way_heard(struct tn_call *call, const struct tn_msg *request,
                       const struct tn_flow *flow)
{
    tern_addr target, server;
    tern_str uri = tn_text_view(&call->dialog.remote_target);
    if (call->account == NULL || !tn_dialog_matches_request(&call->dialog, request)) return;
    bool moves = tn_dialog_target_moves(&call->dialog, request);
    server = tn_reach_server(call->account);
    bool by_server = tern_addr_same_host(flow->peer, server) && call->dialog.routes.len == 0 &&
                     is_literal(uri, &target) && !tern_addr_same_host(target, server);
    if (by_server) {
        call->way.by_server = true;
    } else if (moves) {
        call->way.by_server = false;
    }
}

void tn_call_way_proved(struct tn_call *call)
{
    call->way.by_server = call->way.asked_server;
    call->way.turned = false;
    const struct tn_hop hop = {call->hop, call->way.by_server};
    tn_mob_call_goes(&call->task, &hop);
}

void tn_call_way_anew(struct tn_call *call)
{
    call->way.by_server = call->way.turned = false;
    call->way.bye_turns = call->way.acks = 0;
}

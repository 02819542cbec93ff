/* SPDX-License-Identifier: MIT */
#include "ua/outbound.h"

#include <string.h>

#include <tern/err.h>

#include "base/str.h"
#include "crypto/hmac.h"
#include "ua/call.h"

/* ---- the instance ---- */

/* RFC 4122 4.4: random, as far as the seed is. A stream of its own: nothing else draws from it. */
static int make_uuid(const uint8_t seed[32], struct tn_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    const tern_str purpose = TERN_STR("instance-id");
    uint8_t mac[TN_HMAC_MAX];
    int size = tn_hmac(TN_HMAC_SHA256, (tern_str){(const char *)seed, 32}, &purpose, 1, mac);

    if (size < 0) return size;
    mac[6] = (uint8_t)((mac[6] & 0x0f) | 0x40);
    mac[8] = (uint8_t)((mac[8] & 0x3f) | 0x80);
    tn_buf_z(out, "urn:uuid:");
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) tn_buf_char(out, '-');
        tn_buf_char(out, digits[mac[i] >> 4]);
        tn_buf_char(out, digits[mac[i] & 15]);
    }
    return 0;
}

/* RFC 2141: letters, digits, and little else; no bracket, quote or space can stand in it. */
static bool is_urn(tern_str text)
{
    static const char others[] = "()+,-.:=@;$_!*'%/?#";
    if (text.len < 7 || !tn_str_ieq(tn_str_sub(text, 0, 4), TERN_STR("urn:"))) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && memchr(others, c, sizeof(others) - 1) == NULL) return false;
    }
    return true;
}

int tn_instance_init(struct tn_instance *instance, const struct tern_endpoint_opts *opts)
{
    struct tn_buf buf;
    int err = 0;
    tn_buf_fixed(&buf, instance->text, sizeof(instance->text));
    if (opts->instance_id.len > 0) {
        if (!is_urn(opts->instance_id)) return TERN_EINVAL;
        tn_buf_str(&buf, opts->instance_id);
    } else {
        err = make_uuid(opts->seed, &buf);
    }
    instance->len = buf.len;
    if (!err && buf.err) err = TERN_EINVAL;
    return err;
}

/* ---- what a REGISTER says ---- */

static bool asks_for_flows(const struct tn_account *account)
{
    return !account->outbound.off && !account->outbound.refused;
}

void tn_outbound_put(const struct tn_registration *reg, struct tn_buf *buf)
{
    const struct tn_account *account = reg->account;
    const struct tn_instance *instance = &account->ep->instance;
    if (!asks_for_flows(account) && account->outbound.wanted == TERN_GRUU_OFF) return;
    tn_buf_z(buf, ";+sip.instance=\"<");
    tn_buf_bytes(buf, instance->text, instance->len);
    tn_buf_z(buf, ">\"");
    if (!asks_for_flows(account)) return;
    tn_buf_z(buf, ";reg-id=");
    tn_buf_u64(buf, reg->number + 1u);
}

tern_str tn_outbound_supported(const struct tn_account *account)
{
    bool gruu = account->outbound.wanted != TERN_GRUU_OFF;
    if (asks_for_flows(account)) {
        return gruu ? TERN_STR("Supported: path, outbound, gruu\r\n")
                    : TERN_STR("Supported: path, outbound\r\n");
    }
    return gruu ? TERN_STR("Supported: path, gruu\r\n") : TERN_STR("Supported: path\r\n");
}

bool tn_outbound_names(const struct tn_registration *reg, tern_str contact)
{
    struct tn_name_addr addr;
    tern_str text;
    uint32_t reg_id;
    return tn_name_addr_parse(contact, &addr) == 0 &&
           tn_params_get(addr.params, TERN_STR("reg-id"), &text) && tn_str_u32(text, &reg_id) &&
           reg_id == reg->number + 1;
}

bool tn_outbound_replaces(const struct tn_registration *reg, tern_str contact)
{
    return reg->outbound && tn_outbound_names(reg, contact);
}

/* ---- what the answer says ---- */

static void take_gruu(struct tn_account *account, tern_str params, tern_str name,
                      struct tn_text *out)
{
    struct tn_uri uri;
    tern_str value, gr;
    bool usable = tn_params_get(params, name, &value) && tn_uri_parse(value, &uri) == 0 &&
                  (uri.scheme == TN_SCHEME_SIP || uri.scheme == TN_SCHEME_SIPS) &&
                  uri.headers.len == 0 && tn_uri_param(&uri, TERN_STR("gr"), &gr);
    if (!usable) {
        tn_text_fini(&account->ep->ctx.alloc, out);
    } else if (!tn_str_eq(value, tn_text_view(out))) {
        /* Without memory the one before stays, which holds as long. */
        (void)!tn_text_set(&account->ep->ctx.alloc, out, value);
    }
}

void tn_outbound_take(struct tn_registration *reg, const struct tn_msg *rsp, tern_str params)
{
    struct tn_account *account = reg->account;
    if (!tn_msg_number(rsp, TN_HDR_FLOW_TIMER, &reg->flow_timer_s)) reg->flow_timer_s = 0;
    reg->outbound =
        asks_for_flows(account) && tn_msg_list_has(rsp, TN_HDR_REQUIRE, TERN_STR("outbound"));
    if (account->outbound.wanted == TERN_GRUU_OFF) return;
    take_gruu(account, params, TERN_STR("pub-gruu"), &account->outbound.public_gruu);
    take_gruu(account, params, TERN_STR("temp-gruu"), &account->outbound.temporary_gruu);
}

void tn_outbound_forget(struct tn_account *account)
{
    const struct tern_allocator *alloc = &account->ep->ctx.alloc;
    tn_text_fini(alloc, &account->outbound.public_gruu);
    tn_text_fini(alloc, &account->outbound.temporary_gruu);
}

/* ---- our Contact in dialogs ---- */

/* The registrar refuses to know where we are now: what it knows leads nowhere. */
static bool is_bound_elsewhere(const struct tn_registration *reg)
{
    return reg->failures > 0 && reg->last_status >= 300 &&
           !tn_net_has_local(&reg->account->ep->net, reg->local);
}

tern_str tn_account_gruu(const struct tn_account *account)
{
    const struct tn_registration *reg = tn_account_reg_view(account);
    const struct tn_outbound *outbound = &account->outbound;
    bool bound = reg->bound_until != TERN_TIME_NEVER && reg->bound_until > account->ep->ctx.now &&
                 reg->state != TERN_REGISTRATION_REMOVING;
    if (!bound || !account->wants_registration || account->removed) return (tern_str){NULL, 0};
    if (is_bound_elsewhere(reg)) return (tern_str){NULL, 0};
    switch (outbound->wanted) {
    case TERN_GRUU_OFF: break;
    case TERN_GRUU_PUBLIC: return tn_text_view(&outbound->public_gruu);
    case TERN_GRUU_TEMPORARY: return tn_text_view(&outbound->temporary_gruu);
    }
    return (tern_str){NULL, 0};
}

/*
 * RFC 5627 4.4: a GRUU leads to us wherever we are, as long as we are registered. "sips:" wants a
 * Contact of its own kind, which a registrar that is asked for "sip:" does not give.
 */
tern_str tn_call_gruu(const struct tn_call *call)
{
    tern_str gruu = tn_account_gruu(call->account);
    if (call->sips && !tn_uri_is_sips(gruu)) return (tern_str){NULL, 0};
    return gruu;
}

void tn_calls_lose_gruu(struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    uint32_t cursor = 0;
    struct tn_call *call;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        if (call->account != account || !call->contact_gruu || call->ended_told) continue;
        tn_refresh_want(&call->refresh, TERN_CALL_UPDATE_CONTACT);
        tn_call_pump_refresh(call);
    }
}

void tn_call_aim(const struct tn_call *call, struct tn_request_opts *opts)
{
    const struct tn_account *account = call->account;
    struct tn_uri target, aor;
    tern_str value;
    bool parsed = account != NULL && account->registrar.len > 0 && opts->route.len == 0 &&
                  tn_uri_parse(opts->uri, &target) == 0 &&
                  tn_uri_parse(tn_text_view(&account->uri), &aor) == 0;
    if (!parsed || !tn_uri_param(&target, TERN_STR("gr"), &value)) return;
    if (!tn_str_ieq(aor.host, target.host) || aor.port != target.port) return;
    opts->next_hop = tn_text_view(account->proxy.len > 0 ? &account->proxy : &account->registrar);
}

bool tn_call_left_its_flow(const struct tn_call *call)
{
    const struct tn_net *net = &call->ep->net;
    return call->life == TN_LIFE_ACTIVE && !call->ended_told && !call->contact_gruu &&
           call->transport != TERN_TRANSPORT_UDP && call->contact_local.port != 0 &&
           tn_net_has_local(net, call->contact_local) &&
           !tn_net_is_reached(net, call->contact_local);
}

bool tn_calls_left_flow(const struct tn_account *account)
{
    struct tern_endpoint *ep = account->ep;
    uint32_t cursor = 0;
    const struct tn_call *call;
    if (account->calls == 0 || account->transport == TERN_TRANSPORT_UDP) return false;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        bool says = call->refresh_request != 0 || tn_call_task_active(&call->task);
        if (call->account == account && !says && tn_call_left_its_flow(call)) return true;
    }
    return false;
}

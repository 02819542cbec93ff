/* SPDX-License-Identifier: MIT */
/* An IP change as it goes: one line for each step, with the time since the change, and a summary. */
#include <string.h>

#include "phone.h"

/* Names that programs rely on, apart from what the library calls things for people. */
static const char *const operations[] = {
    "",
    "restart_listener",
    "shutdown_transport",
    "update_contact",
    "hangup_call",
    "reinvite_call",
    "media_moved",
    "completed",
    "public_address",
    "replace_call",
    "invite_call",
    "keep_call",
};
static const char *const statuses[] = {"", "start", "success", "retry", "failure", "superseded"};

#define KEY(keys, value) phone_key(keys, sizeof(keys) / sizeof(keys[0]), (unsigned)(value))

static void json_change(struct phone *phone, const struct tern_ip_change_progress *p)
{
    const struct phone_account *account = phone_find_account(phone, p->account);
    const struct phone_call *call = phone_find_call(phone, p->call);
    struct json json;

    if (!phone_json(phone, "ip_change", &json)) return;
    json_text(&json, "operation", KEY(operations, p->op));
    json_text(&json, "status", KEY(statuses, p->status));
    json_int(&json, "generation", p->generation);
    json_int(&json, "attempt", p->attempt);
    json_int(&json, "since_change_us", p->since_change);
    if (account != NULL) json_text(&json, "account", account->name);
    if (call != NULL) json_int(&json, "call", call->number);
    if (p->transport != 0) json_text(&json, "transport", tern_transport_name(p->transport));
    phone_json_addr(&json, "local", p->local);
    phone_json_addr(&json, "remote", p->remote);
    json_int(&json, "sip_code", p->sip_code);
    if (p->op == TERN_IP_CHANGE_OP_REINVITE_CALL) {
        json_bool(&json, "used_update", p->used_update);
        json_bool(&json, "by_server", p->by_server);
    }
    json_str(&json, "reason", p->reason);
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) {
        json_int(&json, "accounts", p->totals.accounts);
        json_int(&json, "calls_kept", p->totals.calls_kept);
        json_int(&json, "calls_lost", p->totals.calls_lost);
        json_int(&json, "gap_out_us", p->totals.gap_out);
        json_int(&json, "gap_in_us", p->totals.gap_in);
    }
    json_close(&json);
}

/* What a step is about: "call 1 (bob@example.com)". */
static const char *subject(struct phone *phone, const struct tern_ip_change_progress *p, char *out,
                           size_t cap)
{
    const struct phone_account *account = phone_find_account(phone, p->account);
    const struct phone_call *call = phone_find_call(phone, p->call);

    if (call != NULL) {
        snprintf(out, cap, "call %u (%s)", call->number, call->peer);
    } else if (account != NULL) {
        snprintf(out, cap, "%s", account->name);
    } else {
        snprintf(out, cap, "%s", p->call.id != 0 ? "a call" : "an account");
    }
    return out;
}

/* How a step stands, for the steps that are answered by the far end. */
static const char *outcome(const struct tern_ip_change_progress *p, char *out, size_t cap)
{
    char why[120], code[16] = "";

    text_clean(p->reason, why, sizeof(why));
    if (p->sip_code > 0) snprintf(code, sizeof(code), ", %d", p->sip_code);
    switch (p->status) {
    case TERN_IP_CHANGE_START:
        out[0] = '\0';
        if (p->attempt > 1) snprintf(out, cap, "attempt %u", p->attempt);
        break;
    case TERN_IP_CHANGE_SUCCESS: snprintf(out, cap, "done%s", code); break;
    case TERN_IP_CHANGE_RETRY:
        snprintf(out, cap, "not yet%s%s%s; trying again", code, why[0] != '\0' ? ", " : "", why);
        break;
    case TERN_IP_CHANGE_FAILURE:
        snprintf(out, cap, "failed%s%s%s", code, why[0] != '\0' ? ", " : "", why);
        break;
    case TERN_IP_CHANGE_SUPERSEDED: snprintf(out, cap, "a newer change took over"); break;
    }
    return out;
}

static void describe(struct phone *phone, const struct tern_ip_change_progress *p, char *out,
                     size_t cap)
{
    char who[2 * PHONE_NAME_CAP], place[PHONE_NAME_CAP], end[200];
    const char *sep;

    subject(phone, p, who, sizeof(who));
    phone_place(phone, p->local, place);
    outcome(p, end, sizeof(end));
    sep = end[0] != '\0' ? ": " : "";
    switch (p->op) {
    case TERN_IP_CHANGE_OP_RESTART_LISTENER:
        snprintf(out, cap, "the listener for %s opens%s%s", tern_transport_name(p->transport), sep,
                 end);
        break;
    case TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT:
        snprintf(out, cap, "the %s connection from %s closes%s%s",
                 tern_transport_name(p->transport), place, sep, end);
        break;
    case TERN_IP_CHANGE_OP_UPDATE_CONTACT:
        snprintf(out, cap, "%s registers from %s%s%s", who, place, sep, end);
        break;
    case TERN_IP_CHANGE_OP_HANGUP_CALL:
        snprintf(out, cap, "%s is hung up%s%s", who, sep, end);
        break;
    case TERN_IP_CHANGE_OP_REINVITE_CALL:
        snprintf(out, cap, "%s is told by %s%s%s%s", who, p->used_update ? "UPDATE" : "re-INVITE",
                 p->by_server ? ", by way of the server" : "", sep, end);
        break;
    case TERN_IP_CHANGE_OP_REPLACE_CALL:
        snprintf(out, cap, "the far end of %s is looked for where it is registered%s%s", who, sep,
                 end);
        break;
    case TERN_IP_CHANGE_OP_INVITE_CALL:
        snprintf(out, cap, "the INVITE of %s goes by the new path%s%s", who, sep, end);
        break;
    case TERN_IP_CHANGE_OP_KEEP_CALL:
        if (p->status == TERN_IP_CHANGE_SUCCESS) {
            snprintf(out, cap, "%s goes on; the far end hears of it with the answer", who);
        } else {
            snprintf(out, cap, "%s is kept%s%s", who, sep, end);
        }
        break;
    case TERN_IP_CHANGE_OP_MEDIA_MOVED:
        if (p->status == TERN_IP_CHANGE_START) {
            snprintf(out, cap, "audio of %s leaves from %s", who, place);
        } else if (p->status == TERN_IP_CHANGE_SUCCESS) {
            snprintf(out, cap, "audio of %s comes in again", who);
        } else {
            snprintf(out, cap, "audio of %s%s%s", who, sep, end);
        }
        break;
    case TERN_IP_CHANGE_OP_PUBLIC_ADDRESS: {
        char remote[TERN_ADDR_TEXT_MAX];
        snprintf(out, cap, "the public address is %s now", tern_addr_print(p->remote, remote));
        break;
    }
    case TERN_IP_CHANGE_OP_COMPLETED: out[0] = '\0'; break;
    }
}

static void tell_summary(struct phone *phone, const struct tern_ip_change_progress *p)
{
    char gap_out[24], gap_in[24], took[24], end[200];
    unsigned kept = p->totals.calls_kept, lost = p->totals.calls_lost;

    text_span(p->since_change, took);
    if (p->status == TERN_IP_CHANGE_SUPERSEDED) {
        phone_tell(phone, TONE_WARN, "IP change %u: a newer one took over after %s.", p->generation,
                   took);
        return;
    }
    if (p->totals.accounts + kept + lost == 0 && p->status == TERN_IP_CHANGE_SUCCESS) {
        phone_tell(phone, TONE_GOOD, "IP change %u: nothing had to be moved.", p->generation);
        return;
    }
    outcome(p, end, sizeof(end));
    phone_tell(phone, lost > 0 || p->status == TERN_IP_CHANGE_FAILURE ? TONE_WARN : TONE_GOOD,
               "IP change %u %s after %s: %u registration%s moved, %u call%s kept, %u lost.",
               p->generation, end, took, p->totals.accounts, p->totals.accounts == 1 ? "" : "s",
               kept, kept == 1 ? "" : "s", lost);
    if (kept == 0) return;
    phone_tell(phone, TONE_PLAIN, "Longest silence: %s out, %s in.",
               text_span(p->totals.gap_out, gap_out), text_span(p->totals.gap_in, gap_in));
}

void phone_on_ip_change(void *user, struct tern_endpoint *ep,
                        const struct tern_ip_change_progress *p)
{
    struct phone *phone = user;
    char text[768], since[24];
    enum phone_tone tone = TONE_PLAIN;

    (void)ep;
    json_change(phone, p);
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) {
        tell_summary(phone, p);
        phone->script.completed += p->status != TERN_IP_CHANGE_SUPERSEDED;
        phone_script_note(phone);
        return;
    }
    if (p->generation != phone->change_told) {
        phone->change_told = p->generation;
        phone_tell(phone, TONE_STRONG, "IP change %u", p->generation);
    }
    describe(phone, p, text, sizeof(text));
    if (p->status == TERN_IP_CHANGE_RETRY) tone = TONE_WARN;
    if (p->status == TERN_IP_CHANGE_FAILURE) tone = TONE_BAD;
    phone_tell(phone, tone, "  %9s  %s", text_span(p->since_change, since), text);
    phone_script_note(phone);
}

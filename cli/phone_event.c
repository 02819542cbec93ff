/* SPDX-License-Identifier: MIT */
/* What the endpoint tells, as a line for people and as a line of JSON. */
#include <string.h>

#include "phone.h"

struct phone_account *phone_find_account(struct phone *phone, tern_account handle)
{
    for (size_t i = 0; i < phone->account_count; i++) {
        if (phone->accounts[i].handle.id == handle.id) return &phone->accounts[i];
    }
    return NULL;
}

static void put_addr(struct json *json, const char *key, tern_addr addr)
{
    char text[TERN_ADDR_TEXT_MAX];

    if (addr.family != TERN_FAMILY_NONE) json_text(json, key, tern_addr_print(addr, text));
}

static void put_call(struct json *json, struct phone *phone, tern_call handle)
{
    const struct phone_call *call = phone_find_call(phone, handle);

    json_int(json, "call", call != NULL ? call->number : 0);
    if (call != NULL) json_text(json, "peer", call->peer);
}

/* " (486 Busy Here)", or "" where there is nothing to say. */
static const char *because(int status, tern_str reason, char *out, size_t cap)
{
    char clean[160];

    text_clean(reason, clean, sizeof(clean));
    if (status > 0 && reason.len > 0) {
        snprintf(out, cap, " (%d %s)", status, clean);
    } else if (status > 0) {
        snprintf(out, cap, " (%d)", status);
    } else if (reason.len > 0) {
        snprintf(out, cap, " (%s)", clean);
    } else {
        out[0] = '\0';
    }
    return out;
}

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    struct phone *phone = user;
    char why[160], addr[TERN_ADDR_TEXT_MAX] = "";
    struct json json;

    (void)ep;
    if (phone_json(phone, "listener", &json)) {
        json_text(&json, "transport", phone_transport_name(ev->transport));
        put_addr(&json, "local", ev->local);
        json_bool(&json, "open", ev->open);
        json_str(&json, "reason", ev->reason);
        json_close(&json);
    } else if (!ev->open && ev->reason.len > 0 && !phone->stopping) {
        if (ev->local.family != TERN_FAMILY_NONE) tern_addr_print(ev->local, addr);
        phone_error(phone, "Cannot listen on %s port %u%s%s: %s.",
                    phone_transport_name(ev->transport), phone->config.sip_port,
                    addr[0] != '\0' ? " of " : "", addr, text_clean(ev->reason, why, sizeof(why)));
    }
    phone_script_note(phone);
}

static void on_network(void *user, struct tern_endpoint *ep, const struct tern_ev_network *ev)
{
    struct phone *phone = user;
    bool first = !phone->network_told, was = phone->network_usable;
    struct json json;

    (void)ep;
    phone->network_usable = ev->usable;
    phone->network_told = true;
    if (phone_json(phone, "network", &json)) {
        json_bool(&json, "usable", ev->usable);
        json_int(&json, "addresses", ev->addresses);
        json_int(&json, "added", ev->added);
        json_int(&json, "removed", ev->removed);
        json_close(&json);
    } else if (!ev->usable && (first || was)) {
        phone_tell(phone, TONE_WARN, "%s; waiting for one.",
                   first ? "There is no network" : "The network is gone");
    } else if (ev->usable && !first && !was) {
        phone_tell(phone, TONE_GOOD, "There is a network.");
    }
    phone_dial_at_start(phone);
    phone_script_note(phone);
}

/* ---- registration ---- */

static void describe_registration(struct phone *phone, const struct phone_account *account,
                                  const struct tern_ev_registration *ev, char *out, size_t cap)
{
    struct tern_account_info info = {.state = ev->state};
    char place[PHONE_NAME_CAP], why[200];
    bool password = ev->status == 401 || ev->status == 403 || ev->status == 407;

    out[0] = '\0';
    because(ev->status, ev->reason, why, sizeof(why));
    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    switch (ev->state) {
    case TERN_REGISTRATION_REGISTERED:
        snprintf(out, cap, "%s is registered from %s over %s.", account->name,
                 phone_place(phone, info.local, place), phone_transport_name(info.transport));
        break;
    case TERN_REGISTRATION_WAITING:
        if (ev->retry_s == 0 && ev->status == 0 && ev->reason.len == 0) break;
        if (ev->retry_s == 0) {
            snprintf(out, cap, "%s could not be registered%s. Waiting for a network.",
                     account->name, why);
        } else {
            snprintf(out, cap, "%s could not be registered%s. Trying again in %u s.", account->name,
                     why, ev->retry_s);
        }
        break;
    case TERN_REGISTRATION_FAILED:
        snprintf(
            out, cap, "%s is not registered: %s%s. It is not tried again by itself.", account->name,
            password ? "the server does not accept user name or password" : "the server refuses",
            why);
        break;
    case TERN_REGISTRATION_NONE:
        snprintf(out, cap, "%s is not registered any more.", account->name);
        break;
    case TERN_REGISTRATION_REGISTERING:
    case TERN_REGISTRATION_REFRESHING:
    case TERN_REGISTRATION_REMOVING: break;
    }
}

static void json_registration(struct phone *phone, const struct phone_account *account,
                              const struct tern_ev_registration *ev)
{
    struct tern_account_info info;
    struct json json;

    if (!phone_json(phone, "registration", &json)) return;
    json_text(&json, "account", account->name);
    json_text(&json, "state", tern_registration_state_name(ev->state));
    json_int(&json, "status", ev->status);
    json_str(&json, "reason", ev->reason);
    json_int(&json, "expires_s", ev->expires_s);
    json_int(&json, "retry_s", ev->retry_s);
    if (tern_account_get_info(phone->ep, account->handle, &info) == 0) {
        put_addr(&json, "local", info.local);
        put_addr(&json, "server", info.server);
    }
    json_close(&json);
}

static void on_registration(void *user, struct tern_endpoint *ep,
                            const struct tern_ev_registration *ev)
{
    struct phone *phone = user;
    struct phone_account *account = phone_find_account(phone, ev->account);
    bool bad = ev->state == TERN_REGISTRATION_FAILED,
         good = ev->state == TERN_REGISTRATION_REGISTERED;
    char text[sizeof(account->told)];

    (void)ep;
    if (account == NULL) return;
    account->state = ev->state;
    account->status = ev->status;
    json_registration(phone, account, ev);
    describe_registration(phone, account, ev, text, sizeof(text));
    if (text[0] != '\0' && strcmp(text, account->told) != 0) {
        memcpy(account->told, text, sizeof(text));
        phone_tell(phone, bad ? TONE_BAD : good ? TONE_GOOD : TONE_WARN, "%s", text);
    }
    phone_dial_at_start(phone);
    phone_script_note(phone);
}

/* ---- calls ---- */

static void tell_incoming(struct phone *phone, const struct phone_call *call,
                          const struct tern_ev_call_incoming *ev)
{
    const struct phone_account *account = phone_find_account(phone, ev->account);
    char name[PHONE_NAME_CAP], subject[PHONE_NAME_CAP], from[2 * PHONE_NAME_CAP + 8];
    bool bell = phone->prompt != NULL;

    text_clean(ev->display_name, name, sizeof(name));
    text_clean(ev->subject, subject, sizeof(subject));
    snprintf(from, sizeof(from), name[0] != '\0' ? "%s, %s" : "%s%s", name, call->peer);
    phone_tell(phone, TONE_STRONG, "%sCall %u from %s%s%s%s%s.", bell ? "\a" : "", call->number,
               from, phone->account_count > 1 && account != NULL ? " for " : "",
               phone->account_count > 1 && account != NULL ? account->name : "",
               subject[0] != '\0' ? ", about: " : "", subject);
    if (phone->config.auto_answer_ms < 0) {
        phone_tell(phone, TONE_PLAIN, "Type 'answer %u' to take it, 'reject %u' to decline.",
                   call->number, call->number);
    }
}

static void on_incoming(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_incoming *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_add_call(phone, ev->call, ev->from);
    const struct phone_account *account = phone_find_account(phone, ev->account);
    struct json json;

    if (call == NULL) {
        if (tern_call_hangup(ep, phone_now(phone), ev->call, 486) < 0) {
            phone_error(phone, "A call too many could not be declined.");
        }
        return;
    }
    call->incoming = true;
    if (phone_json(phone, "call_incoming", &json)) {
        put_call(&json, phone, ev->call);
        json_text(&json, "account", account != NULL ? account->name : "");
        json_str(&json, "from", ev->from);
        json_str(&json, "display_name", ev->display_name);
        json_str(&json, "to", ev->to);
        json_str(&json, "subject", ev->subject);
        json_close(&json);
    }
    tell_incoming(phone, call, ev);
    int err = tern_call_answer(ep, phone_now(phone), ev->call, 180);
    if (err < 0) phone_error(phone, "Call %u does not ring: %s.", call->number, tern_strerror(err));
    if (phone->config.auto_answer_ms >= 0) {
        call->answer_at = phone_now(phone) + TERN_MS(phone->config.auto_answer_ms);
    }
    phone_script_note(phone);
}

static void on_progress(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_progress *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_find_call(phone, ev->call);
    char why[200];
    struct json json;

    (void)ep;
    if (call == NULL) return;
    if (phone_json(phone, "call_progress", &json)) {
        put_call(&json, phone, ev->call);
        json_int(&json, "status", ev->status);
        json_str(&json, "reason", ev->reason);
        json_bool(&json, "early_media", ev->early_media);
        json_close(&json);
    } else if (ev->status > 100) {
        phone_tell(phone, TONE_PLAIN, "Call %u: %s %s%s.", call->number, call->peer,
                   ev->status == 180 ? "rings" : "is being reached",
                   ev->status == 180 ? "" : because(ev->status, ev->reason, why, sizeof(why)));
    }
    if (ev->early_media) phone_connect_audio(phone, call);
}

static void on_answered(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_answered *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_find_call(phone, ev->call);
    struct json json;

    (void)ep;
    if (call == NULL) return;
    call->answered = true;
    if (phone->foreground == NULL) phone->foreground = call;
    if (phone_json(phone, "call_answered", &json)) {
        put_call(&json, phone, ev->call);
        json_int(&json, "codec", ev->codec);
        json_close(&json);
    }
    phone_tell(phone, TONE_GOOD, "Call %u with %s is up%s%s.", call->number, call->peer,
               ev->codec < 0 ? ", without audio" : ", ",
               ev->codec < 0 ? "" : phone_codec_name(ev->codec));
    phone_connect_audio(phone, call);
    phone->script.answered++;
    phone_script_note(phone);
}

static void on_media(void *user, struct tern_endpoint *ep, const struct tern_ev_call_media *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_find_call(phone, ev->call);
    struct json json;

    (void)ep;
    if (call == NULL) return;
    if (phone_json(phone, "call_media", &json)) {
        put_call(&json, phone, ev->call);
        json_bool(&json, "held_here", ev->held_here);
        json_bool(&json, "held_there", ev->held_there);
        json_int(&json, "codec", ev->codec);
        put_addr(&json, "local", ev->local);
        put_addr(&json, "remote", ev->remote);
        json_close(&json);
    }
    if (ev->held_here != call->held_here) {
        phone_tell(phone, TONE_PLAIN, "Call %u is %s.", call->number,
                   ev->held_here ? "on hold" : "off hold");
    }
    if (ev->held_there != call->held_there) {
        phone_tell(phone, TONE_PLAIN, "Call %u: %s %s.", call->number, call->peer,
                   ev->held_there ? "has put you on hold" : "is back");
    }
    call->held_here = ev->held_here;
    call->held_there = ev->held_there;
}

static void on_dtmf(void *user, struct tern_endpoint *ep, const struct tern_ev_call_dtmf *ev)
{
    struct phone *phone = user;
    const struct phone_call *call = phone_find_call(phone, ev->call);
    char digit[2] = {ev->digit, '\0'};
    struct json json;

    (void)ep;
    if (call == NULL) return;
    if (phone_json(phone, "call_dtmf", &json)) {
        put_call(&json, phone, ev->call);
        json_text(&json, "digit", digit);
        json_int(&json, "duration_ms", ev->duration_ms);
        json_close(&json);
    }
    phone_tell(phone, TONE_PLAIN, "Call %u: %s pressed %s.", call->number, call->peer, digit);
}

/* ---- the end of a call ---- */

static const char *cause_key(enum tern_end_cause cause)
{
    static const char *const keys[] = {
        "", "local", "remote", "refused", "no_answer", "unreachable", "lost", "ip_change", "error",
    };

    return (size_t)cause < sizeof(keys) / sizeof(keys[0]) ? keys[cause] : "unknown";
}

static const char *cause_text(const struct tern_ev_call_ended *ev)
{
    switch (ev->cause) {
    case TERN_END_LOCAL: return "ended";
    case TERN_END_REMOTE: return "was ended by the far end";
    case TERN_END_REFUSED:
        switch (ev->status) {
        case 401:
        case 403:
        case 407: return "was not permitted";
        case 404: return "ended: there is nobody of that name";
        case 480: return "ended: not available";
        case 486:
        case 600: return "ended: busy";
        case 603: return "was declined";
        default: return "was refused";
        }
    case TERN_END_NO_ANSWER: return "ended: nobody answered";
    case TERN_END_UNREACHABLE: return "ended: the far end cannot be reached";
    case TERN_END_LOST: return "was lost with the network";
    case TERN_END_IP_CHANGE: return "was ended because the IP address changed";
    case TERN_END_ERROR: return "ended with an error";
    }
    return "ended";
}

static void json_ended(struct phone *phone, const struct tern_ev_call_ended *ev)
{
    struct json json;

    if (!phone_json(phone, "call_ended", &json)) return;
    put_call(&json, phone, ev->call);
    json_text(&json, "cause", cause_key(ev->cause));
    json_int(&json, "status", ev->status);
    json_str(&json, "reason", ev->reason);
    json_time(&json, "talked", ev->talked);
    json_int(&json, "packets_sent", (int64_t)ev->media.packets_sent);
    json_int(&json, "packets_received", (int64_t)ev->media.packets_received);
    json_int(&json, "packets_lost", (int64_t)ev->media.packets_lost);
    json_int(&json, "jitter_us", ev->media.jitter_us);
    json_int(&json, "round_trip_us", ev->media.round_trip_us);
    json_close(&json);
}

static void on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_find_call(phone, ev->call);
    char why[200], clock[16], talked[48] = "";

    (void)ep;
    if (call == NULL) return;
    json_ended(phone, ev);
    if (ev->talked > 0) {
        snprintf(talked, sizeof(talked), " after %s", text_clock(ev->talked, clock));
    }
    bool plain = ev->cause == TERN_END_LOCAL || ev->cause == TERN_END_REMOTE;
    phone_tell(phone, plain ? TONE_PLAIN : TONE_WARN, "Call %u with %s %s%s%s.", call->number,
               call->peer, cause_text(ev), talked,
               plain ? "" : because(ev->status, ev->reason, why, sizeof(why)));
    phone_end_call(phone, call);
    phone_script_note(phone);
}

/* ---- the rest ---- */

static void on_sip(void *user, struct tern_endpoint *ep, const struct tern_ev_sip_message *ev)
{
    struct phone *phone = user;
    char local[TERN_ADDR_TEXT_MAX], remote[TERN_ADDR_TEXT_MAX], line[512];
    struct json json;
    size_t at = 0;

    (void)ep;
    if (phone_json(phone, "sip_message", &json)) {
        json_text(&json, "direction", ev->sent ? "sent" : "received");
        json_bool(&json, "retransmission", ev->retransmission);
        json_text(&json, "transport", phone_transport_name(ev->transport));
        put_addr(&json, "local", ev->local);
        put_addr(&json, "remote", ev->remote);
        json_str(&json, "summary", ev->summary);
        json_str(&json, "text", ev->text);
        json_close(&json);
        return;
    }
    double seconds = (double)(phone_now(phone) - phone->started) / 1e6;
    phone_prompt_hide(phone->prompt);
    phone_tell(phone, TONE_STRONG, "%.3f %s %s  %s  %s %s %s%s", seconds,
               ev->sent ? "sent" : "received", text_clean(ev->summary, line, sizeof(line)),
               phone_transport_name(ev->transport), tern_addr_print(ev->local, local),
               ev->sent ? "->" : "<-", tern_addr_print(ev->remote, remote),
               ev->retransmission ? "  (again)" : "");
    while (at < ev->text.len) {
        const char *start = ev->text.ptr + at, *end = memchr(start, '\n', ev->text.len - at);
        size_t len = end == NULL ? ev->text.len - at : (size_t)(end - start);
        at += len + 1;
        if (len > 0 && start[len - 1] == '\r') len--;
        phone_tell(phone, TONE_DIM, "    %s",
                   text_clean((tern_str){start, len}, line, sizeof(line)));
    }
    phone_prompt_show(phone->prompt);
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    struct phone *phone = user;
    struct json json;

    (void)ep;
    if (phone_json(phone, "stopped", &json)) json_close(&json);
    uv_stop(&phone->loop);
}

const struct tern_callbacks phone_callbacks = {
    .size = sizeof(struct tern_callbacks),
    .on_listener = on_listener,
    .on_network = on_network,
    .on_registration = on_registration,
    .on_call_incoming = on_incoming,
    .on_call_progress = on_progress,
    .on_call_answered = on_answered,
    .on_call_media = on_media,
    .on_call_dtmf = on_dtmf,
    .on_call_ended = on_ended,
    .on_ip_change_progress = phone_on_ip_change,
    .on_sip_message = on_sip,
    .on_stopped = on_stopped,
};

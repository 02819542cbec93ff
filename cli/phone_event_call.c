/* SPDX-License-Identifier: MIT */
/* What the endpoint tells about calls. */
#include <string.h>

#include "phone.h"

static void put_call(struct json *json, struct phone *phone, tern_call handle)
{
    const struct phone_call *call = phone_find_call(phone, handle);

    json_int(json, "call", call != NULL ? call->number : 0);
    if (call != NULL) json_text(json, "peer", call->peer);
}

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

void phone_on_incoming(void *user, struct tern_endpoint *ep, const struct tern_ev_call_incoming *ev)
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

void phone_on_progress(void *user, struct tern_endpoint *ep, const struct tern_ev_call_progress *ev)
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
                   ev->status == 180 ? ""
                                     : phone_because(ev->status, ev->reason, why, sizeof(why)));
    }
    if (ev->early_media) phone_connect_audio(phone, call);
}

void phone_on_answered(void *user, struct tern_endpoint *ep, const struct tern_ev_call_answered *ev)
{
    struct phone *phone = user;
    struct phone_call *call = phone_find_call(phone, ev->call);
    struct json json;

    (void)ep;
    if (call == NULL) return;
    call->answered = true;
    if (phone->foreground == NULL) phone->foreground = call;
    const char *protection = phone_protection(phone, call);
    if (phone_json(phone, "call_answered", &json)) {
        put_call(&json, phone, ev->call);
        json_int(&json, "codec", ev->codec);
        json_text(&json, "security", phone_security_key(call->security));
        json_close(&json);
    }
    phone_tell(phone, TONE_GOOD, "Call %u with %s is up%s%s%s.", call->number, call->peer,
               ev->codec < 0 ? ", without audio" : ", ",
               ev->codec < 0 ? "" : phone_codec_name(ev->codec), protection);
    phone_connect_audio(phone, call);
    phone->script.answered++;
    phone_script_note(phone);
}

void phone_on_media(void *user, struct tern_endpoint *ep, const struct tern_ev_call_media *ev)
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
        phone_json_addr(&json, "local", ev->local);
        phone_json_addr(&json, "remote", ev->remote);
        json_text(&json, "security", phone_security_key(ev->security));
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
    phone_tell_security(phone, call, ev->security);
    call->held_here = ev->held_here;
    call->held_there = ev->held_there;
}

void phone_on_dtmf(void *user, struct tern_endpoint *ep, const struct tern_ev_call_dtmf *ev)
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

void phone_on_silent(void *user, struct tern_endpoint *ep, const struct tern_ev_call_silent *ev)
{
    struct phone *phone = user;
    const struct phone_call *call = phone_find_call(phone, ev->call);
    struct json json;

    (void)ep;
    if (call == NULL) return;
    if (phone_json(phone, "call_silent", &json)) {
        put_call(&json, phone, ev->call);
        json_bool(&json, "silent", ev->silent);
        json_close(&json);
    }
    phone_tell(phone, TONE_PLAIN, "Call %u: %s %s.", call->number,
               ev->silent ? "nothing is heard of" : "audio again from", call->peer);
}

/* ---- the end of a call ---- */

static const char *cause_key(enum tern_end_cause cause)
{
    static const char *const keys[] = {
        "", "local", "remote", "refused", "no_answer", "unreachable", "lost", "ip_change", "error",
    };

    return phone_key(keys, sizeof(keys) / sizeof(keys[0]), (unsigned)cause);
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

void phone_on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
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
               plain ? "" : phone_because(ev->status, ev->reason, why, sizeof(why)));
    phone_end_call(phone, call);
    phone_script_note(phone);
}

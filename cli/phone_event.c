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

/* Notes what is open. @return true for a listener that was open before. */
static bool was_open(struct phone *phone, const struct tern_ev_listener *ev)
{
    for (size_t i = 0; i < phone->listener_count; i++) {
        struct phone_listener *l = &phone->listeners[i];
        if (l->transport != ev->transport || !tern_addr_equal(l->local, ev->local)) continue;
        if (!ev->open) *l = phone->listeners[--phone->listener_count];
        return true;
    }
    if (ev->open && phone->listener_count < PHONE_LISTENERS_MAX) {
        phone->listeners[phone->listener_count++] =
            (struct phone_listener){.transport = ev->transport, .local = ev->local};
    }
    return false;
}

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    struct phone *phone = user;
    bool before = was_open(phone, ev);
    char why[160];
    struct json json;

    (void)ep;
    if (phone_json(phone, "listener", &json)) {
        json_text(&json, "transport", tern_transport_name(ev->transport));
        phone_json_addr(&json, "local", ev->local);
        json_bool(&json, "open", ev->open);
        json_str(&json, "reason", ev->reason);
        json_close(&json);
    } else if (ev->open) {
        phone->listener_told[ev->transport] = false;
    } else if (!before && ev->reason.len > 0 && !phone->stopping &&
               !phone->listener_told[ev->transport]) {
        phone->listener_told[ev->transport] = true;
        phone_error(phone, "Cannot listen for SIP over %s: %s.", tern_transport_name(ev->transport),
                    text_clean(ev->reason, why, sizeof(why)));
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
        json_int(&json, "excluded", ev->excluded);
        json_close(&json);
    } else if (!ev->usable && ev->excluded > 0) {
        phone_tell(phone, TONE_WARN, "No network that is here may be used (see 'links'): waiting.");
    } else if (!ev->usable && (first || was)) {
        phone_tell(phone, TONE_WARN, "%s: waiting for a network.",
                   first ? "No usable address here" : "The network is gone");
    } else if (ev->usable && !first && !was) {
        phone_tell(phone, TONE_GOOD, "There is a network.");
    }
    phone_dial_at_start(phone);
    phone_script_note(phone);
}

/* ---- registration ---- */

/* "", or " (not verified)": what is not sure must not look as if it were. */
static const char *doubt(const struct phone *phone, enum tern_transport transport)
{
    return transport == TERN_TRANSPORT_TLS && !phone->config.verify ? " (not verified)" : "";
}

/* A login may also fail because the server asks for a weaker one than before: then that is said. */
static bool blames_password(const struct tern_ev_registration *ev)
{
    const tern_str wrong = TERN_STR("wrong user name or password");
    if (ev->status != 401 && ev->status != 407) return ev->status == 403;
    return ev->reason.len == wrong.len && memcmp(ev->reason.ptr, wrong.ptr, wrong.len) == 0;
}

static void describe_registration(struct phone *phone, const struct phone_account *account,
                                  const struct tern_ev_registration *ev, char *out, size_t cap)
{
    struct tern_account_info info = {.state = ev->state};
    char place[PHONE_NAME_CAP], why[200];
    bool password = blames_password(ev);

    out[0] = '\0';
    phone_because(ev->status, password ? TERN_STR("") : ev->reason, why, sizeof(why));
    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    switch (ev->state) {
    case TERN_REGISTRATION_REGISTERED:
        snprintf(out, cap, "%s is registered from %s over %s%s.", account->name,
                 phone_place(phone, info.local, place), tern_transport_name(info.transport),
                 doubt(phone, info.transport));
        break;
    case TERN_REGISTRATION_WAITING:
        if (ev->retry_s == 0 && ev->status == 0) break; /* told with the network */
        if (ev->retry_s == 0) {
            snprintf(out, cap, "%s could not be registered%s. Waiting for a network.",
                     account->name, why);
        } else {
            snprintf(out, cap, "%s could not be registered%s. Trying again in %u s.%s",
                     account->name, why, ev->retry_s, phone_advice(ev->reason, info.transport));
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
    json_text(&json, "state", phone_registration_key(ev->state));
    json_int(&json, "status", ev->status);
    json_str(&json, "reason", ev->reason);
    json_int(&json, "expires_s", ev->expires_s);
    json_int(&json, "retry_s", ev->retry_s);
    if (tern_account_get_info(phone->ep, account->handle, &info) == 0) {
        json_text(&json, "transport", tern_transport_name(info.transport));
        phone_json_addr(&json, "local", info.local);
        phone_json_addr(&json, "server", info.server);
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
        json_text(&json, "transport", tern_transport_name(ev->transport));
        phone_json_addr(&json, "local", ev->local);
        phone_json_addr(&json, "remote", ev->remote);
        json_str(&json, "summary", ev->summary);
        json_str(&json, "text", ev->text);
        json_close(&json);
        return;
    }
    double seconds = (double)(phone_now(phone) - phone->started) / 1e6;
    phone_prompt_hide(phone->prompt);
    phone_tell(phone, TONE_STRONG, "%.3f %s %s  %s  %s %s %s%s", seconds,
               ev->sent ? "sent" : "received", text_clean(ev->summary, line, sizeof(line)),
               tern_transport_name(ev->transport), tern_addr_print(ev->local, local),
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

static void on_secured(void *user, struct tern_endpoint *ep, const struct tern_ev_secured *ev)
{
    struct phone *phone = user;
    char server[TERN_ADDR_TEXT_MAX], version[32];
    struct json json;

    (void)ep;
    if (phone_json(phone, "secured", &json)) {
        phone_json_addr(&json, "local", ev->local);
        phone_json_addr(&json, "remote", ev->remote);
        json_str(&json, "version", ev->version);
        json_bool(&json, "resumed", ev->resumed);
        json_int(&json, "took_us", ev->took);
        json_close(&json);
    } else if (phone->config.trace) {
        phone_tell(phone, TONE_DIM, "%s with %s%s",
                   text_clean(ev->version, version, sizeof(version)),
                   tern_addr_print(ev->remote, server), ev->resumed ? ", resumed" : "");
    }
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
    .on_call_incoming = phone_on_incoming,
    .on_call_progress = phone_on_progress,
    .on_call_answered = phone_on_answered,
    .on_call_media = phone_on_media,
    .on_call_dtmf = phone_on_dtmf,
    .on_call_ended = phone_on_ended,
    .on_ip_change_progress = phone_on_ip_change,
    .on_sip_message = on_sip,
    .on_stopped = on_stopped,
    .on_secured = on_secured,
    .on_restored = phone_on_restored,
    .on_snapshot_due = phone_on_snapshot_due,
    .on_call_silent = phone_on_silent,
};

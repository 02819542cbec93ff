/* SPDX-License-Identifier: MIT */
/* What the phone writes: lines, JSON, and the status line. Foreign text comes in cleaned. */
#include <stdarg.h>
#include <string.h>

#include "phone.h"

enum { LINE_CAP = 2048 };

static const char *const tones[] = {"", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m"};

static void print_line(struct phone *phone, FILE *out, enum phone_tone tone, const char *text)
{
    const char *on = phone->colour ? tones[tone] : "";

    phone_prompt_hide(phone->prompt);
    fprintf(out, "%s%s%s\n", on, text, on[0] != '\0' ? "\x1b[0m" : "");
    fflush(out);
    phone_prompt_show(phone->prompt);
}

void phone_tell(struct phone *phone, enum phone_tone tone, const char *format, ...)
{
    char text[LINE_CAP];
    va_list args;

    if (phone->config.json || phone->config.quiet) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_line(phone, stdout, tone, text);
}

void phone_answer(struct phone *phone, const char *format, ...)
{
    char text[LINE_CAP];
    va_list args;

    if (phone->config.json) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_line(phone, stdout, TONE_PLAIN, text);
}

void phone_error(struct phone *phone, const char *format, ...)
{
    char text[LINE_CAP];
    struct json json;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (phone_json(phone, "error", &json)) {
        json_text(&json, "message", text);
        json_close(&json);
    } else {
        print_line(phone, phone->prompt != NULL ? stdout : stderr, TONE_BAD, text);
    }
}

void phone_print_table(struct phone *phone, const struct table *table)
{
    char line[LINE_CAP];

    if (phone->config.json) return;
    phone_prompt_hide(phone->prompt);
    for (unsigned row = 0; row < table->rows; row++) {
        table_line(table, row, line, sizeof(line));
        print_line(phone, stdout, row == 0 ? TONE_DIM : TONE_PLAIN, line);
    }
    phone_prompt_show(phone->prompt);
}

bool phone_json(struct phone *phone, const char *event, struct json *json)
{
    if (!phone->config.json) return false;
    *json = (struct json){.out = stdout};
    json_open(json);
    json_time(json, "time", phone_now(phone) - phone->started);
    json_text(json, "event", event);
    return true;
}

const char *phone_key(const char *const *keys, size_t count, unsigned value)
{
    return value < count ? keys[value] : "unknown";
}

const char *phone_registration_key(enum tern_registration_state state)
{
    static const char *const keys[] = {"none",       "waiting",  "registering", "registered",
                                       "refreshing", "removing", "failed"};

    return phone_key(keys, sizeof(keys) / sizeof(keys[0]), (unsigned)state);
}

const char *phone_call_key(enum tern_call_state state)
{
    static const char *const keys[] = {"",          "calling", "ringing", "incoming",
                                       "answering", "active",  "ending"};

    return phone_key(keys, sizeof(keys) / sizeof(keys[0]), (unsigned)state);
}

void phone_json_addr(struct json *json, const char *key, tern_addr addr)
{
    char text[TERN_ADDR_TEXT_MAX];

    if (addr.family != TERN_FAMILY_NONE) json_text(json, key, tern_addr_print(addr, text));
}

/* " (486 Busy Here)", or "" where there is nothing to say. */
const char *phone_because(int status, tern_str reason, char *out, size_t cap)
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

const char *phone_place(const struct phone *phone, tern_addr addr, char out[PHONE_NAME_CAP])
{
    const struct tern_net_address *found;
    char text[TERN_ADDR_TEXT_MAX];

    if (addr.family == TERN_FAMILY_NONE) {
        snprintf(out, PHONE_NAME_CAP, "no address");
        return out;
    }
    addr.port = 0;
    found = tern_network_find(tern_get_network(phone->ep), addr);
    tern_addr_print(addr, text);
    if (found != NULL && found->name[0] != '\0') {
        snprintf(out, PHONE_NAME_CAP, "%s (%.15s)", text, found->name);
    } else {
        snprintf(out, PHONE_NAME_CAP, "%s", text);
    }
    return out;
}

const char *phone_codec_name(int codec)
{
    return codec == 0 ? "PCMU" : codec == 8 ? "PCMA" : codec < 0 ? "none" : "?";
}

const char *phone_transport_name(enum tern_transport transport)
{
    return transport == TERN_TRANSPORT_TCP ? "TCP" : "UDP";
}

/* ---- the status line ---- */

static void put(char *out, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(char *out, size_t cap, const char *format, ...)
{
    size_t at = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + at, cap - at, format, args);
    va_end(args);
}

static void put_account(struct phone *phone, char *out, size_t cap)
{
    const struct phone_account *account = &phone->accounts[phone->account_used];
    struct tern_account_info info;
    char place[PHONE_NAME_CAP], dot[32];
    enum phone_tone tone = TONE_WARN;

    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    bool bound =
        info.state == TERN_REGISTRATION_REGISTERED || info.state == TERN_REGISTRATION_REFRESHING;
    if (bound) tone = TONE_GOOD;
    if (info.state == TERN_REGISTRATION_FAILED) tone = TONE_BAD;
    if (info.state == TERN_REGISTRATION_NONE) tone = TONE_DIM;
    snprintf(dot, sizeof(dot), "%s%s%s", phone->colour ? tones[tone] : "",
             phone->unicode ? "●" : "*", phone->colour ? "\x1b[0m" : "");
    put(out, cap, "%s %s ", dot, account->name);
    if (bound) {
        put(out, cap, "registered from %s, %s", phone_place(phone, info.local, place),
            phone_transport_name(info.transport));
    } else if (info.state == TERN_REGISTRATION_NONE) {
        put(out, cap, "not registering");
    } else if (!phone->network_usable) {
        put(out, cap, "waiting for a network");
    } else {
        put(out, cap, "%s", tern_registration_state_name(info.state));
    }
}

static void put_call(struct phone *phone, char *out, size_t cap)
{
    const struct phone_call *call = phone->foreground;
    const char *bar = phone->unicode ? " │ " : " | ";
    struct tern_call_info info;
    char clock[16];
    unsigned count = phone_count_calls(phone);

    if (call != NULL && tern_call_get_info(phone->ep, call->handle, &info) == 0) {
        put(out, cap, "%s%s %s ", bar, phone->unicode ? "▶" : ">", call->peer);
        if (info.answered == TERN_TIME_NEVER) {
            put(out, cap, "%s", tern_call_state_name(info.state));
        } else {
            put(out, cap, "%s", text_clock(phone_now(phone) - info.answered, clock));
        }
        if (info.moving) put(out, cap, ", moving");
        if (info.held_here) put(out, cap, ", on hold");
        if (info.held_there) put(out, cap, ", held by them");
        if (call->muted) put(out, cap, ", muted");
    }
    if (count == 0) {
        put(out, cap, "%sno call", bar);
    } else if (count > 1 || call == NULL) {
        put(out, cap, "%s%u call%s", bar, count, count == 1 ? "" : "s");
    }
}

void phone_status_line(void *user, char *out, size_t cap, unsigned columns)
{
    struct phone *phone = user;

    out[0] = '\0';
    if (phone->stopping) {
        snprintf(out, cap, "leaving…");
    } else {
        put_account(phone, out, cap);
        put_call(phone, out, cap);
    }
    text_cut(out, cap, columns);
}

/* SPDX-License-Identifier: MIT */
/* The phone's status line. Where it is too long, names and places get shorter; states never do. */
#include <stdarg.h>
#include <string.h>

#include "phone.h"

enum place { PLACE_FULL, PLACE_NO_TRANSPORT, PLACE_NO_INTERFACE, PLACE_NONE };

/* How much of the names and of the place is said. */
struct detail {
    unsigned name_columns; /* of an account, of a peer */
    bool domains;
    enum place place;
};

/* From all of it to what fits anywhere: names lose first, then the place. */
static const struct detail details[] = {
    {PHONE_NAME_CAP, true, PLACE_FULL},
    {PHONE_NAME_CAP, false, PLACE_FULL},
    {20, false, PLACE_NO_TRANSPORT},
    {20, false, PLACE_NO_INTERFACE},
    {12, false, PLACE_NO_INTERFACE},
    {20, false, PLACE_NONE},
    {12, false, PLACE_NONE},
    {6, false, PLACE_NONE},
};

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

static const char *shorten(const char *name, const struct detail *detail, char out[PHONE_NAME_CAP])
{
    size_t user = strcspn(name, "@");

    snprintf(out, PHONE_NAME_CAP, "%s", name);
    if (!detail->domains && user > 0) out[user] = '\0';
    text_cut(out, PHONE_NAME_CAP, detail->name_columns);
    return out;
}

static void put_bound(struct phone *phone, const struct tern_account_info *info, enum place detail,
                      char *out, size_t cap)
{
    char place[PHONE_NAME_CAP];

    phone_place(phone, info->local, place);
    if (detail == PLACE_NO_INTERFACE && strchr(place, '(') != NULL)
        place[strcspn(place, " ")] = '\0';
    put(out, cap, "registered");
    if (detail != PLACE_NONE) put(out, cap, " from %s", place);
    if (detail == PLACE_FULL) put(out, cap, ", %s", tern_transport_name(info->transport));
    if (info->transport == TERN_TRANSPORT_TLS && !phone->config.verify)
        put(out, cap, ", not verified");
}

static void put_account(struct phone *phone, const struct detail *detail, char *out, size_t cap)
{
    const struct phone_account *account = &phone->accounts[phone->account_used];
    struct tern_account_info info;
    char name[PHONE_NAME_CAP];
    enum phone_tone tone = TONE_WARN;

    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    bool bound =
        info.state == TERN_REGISTRATION_REGISTERED || info.state == TERN_REGISTRATION_REFRESHING;
    if (bound) tone = TONE_GOOD;
    if (info.state == TERN_REGISTRATION_FAILED) tone = TONE_BAD;
    if (info.state == TERN_REGISTRATION_NONE) tone = TONE_DIM;
    put(out, cap, "%s%s%s %s ", phone_tone_on(phone, tone), phone->unicode ? "●" : "*",
        phone_tone_off(phone, tone), shorten(account->name, detail, name));
    if (bound) {
        put_bound(phone, &info, detail->place, out, cap);
    } else if (info.state == TERN_REGISTRATION_NONE) {
        put(out, cap, "not registering");
    } else if (!phone->network_usable) {
        put(out, cap, "waiting for a network");
    } else {
        put(out, cap, "%s", tern_registration_state_name(info.state));
    }
}

/* "on hold, muted, 00:42": the time last. */
static void put_state(struct phone *phone, const struct phone_call *call,
                      const struct tern_call_info *info, char *out, size_t cap)
{
    char clock[16];

    if (info->moving) put(out, cap, "moving, ");
    if (info->held_here) put(out, cap, "on hold, ");
    if (info->held_there) put(out, cap, "held by them, ");
    if (call->muted) put(out, cap, "muted, ");
    if (info->security != TERN_MEDIA_CLEAR) {
        put(out, cap, "%s, ", tern_media_security_name(info->security));
    }
    if (info->answered == TERN_TIME_NEVER) {
        put(out, cap, "%s", tern_call_state_name(info->state));
    } else {
        put(out, cap, "%s", text_clock(phone_now(phone) - info->answered, clock));
    }
}

static void put_call(struct phone *phone, const struct detail *detail, char *out, size_t cap)
{
    const struct phone_call *call = phone->foreground;
    const char *bar = phone->unicode ? " │ " : " | ";
    struct tern_call_info info;
    char name[PHONE_NAME_CAP];
    unsigned count = phone_count_calls(phone);

    if (call != NULL && tern_call_get_info(phone->ep, call->handle, &info) == 0) {
        put(out, cap, "%s%s %s ", bar, phone->unicode ? "▶" : ">",
            shorten(call->peer, detail, name));
        put_state(phone, call, &info, out, cap);
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
    if (phone->stopping) snprintf(out, cap, "leaving…");
    for (size_t i = 0; !phone->stopping && i < sizeof(details) / sizeof(details[0]); i++) {
        out[0] = '\0';
        put_account(phone, &details[i], out, cap);
        put_call(phone, &details[i], out, cap);
        if (text_columns(out) <= columns) return;
    }
    text_cut(out, cap, columns);
}

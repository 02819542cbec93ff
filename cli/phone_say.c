/* SPDX-License-Identifier: MIT */
/* What the phone writes: lines, tables and JSON. Foreign text comes in cleaned. */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "phone.h"

enum { LINE_CAP = 2048 };

static const char *const tones[] = {"", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m"};

const char *phone_tone_on(const struct phone *phone, enum phone_tone tone)
{
    return phone->colour ? tones[tone] : "";
}

const char *phone_tone_off(const struct phone *phone, enum phone_tone tone)
{
    return phone_tone_on(phone, tone)[0] != '\0' ? "\x1b[0m" : "";
}

static void print_line(struct phone *phone, FILE *out, enum phone_tone tone, const char *text)
{
    phone_prompt_hide(phone->prompt);
    fprintf(out, "%s%s%s\n", phone_tone_on(phone, tone), text, phone_tone_off(phone, tone));
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

void phone_print_table(struct phone *phone, struct table *table, const char *const *spare)
{
    char line[LINE_CAP];

    if (phone->config.json) return;
    bool fit = isatty(STDOUT_FILENO); /* programs want all columns, always */
    for (size_t i = 0; fit && spare[i] != NULL && table_width(table) > phone_prompt_columns(); i++)
        table_drop(table, spare[i]);
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
    found = tern_network_find(tern_get_system_network(phone->ep), addr);
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

const char *phone_security_key(enum tern_media_security security)
{
    static const char *const keys[] = {"clear", "securing", "secure", "insecure"};

    return phone_key(keys, sizeof(keys) / sizeof(keys[0]), (unsigned)security);
}

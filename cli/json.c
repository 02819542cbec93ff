/* SPDX-License-Identifier: MIT */
/* JSON lines: see json.h. */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "text.h"

static void print_string(struct json *json, tern_str value)
{
    size_t used;

    putc('"', json->out);
    for (size_t i = 0; i < value.len; i += used) {
        const char *at = value.ptr + i;
        long code = text_decode(at, value.len - i, &used);

        if (code == '"' || code == '\\') {
            fprintf(json->out, "\\%c", (int)code);
        } else if (code == '\n') {
            fputs("\\n", json->out);
        } else if (code == '\r') {
            fputs("\\r", json->out);
        } else if (code >= 0 && (code < 0x20 || code == 0x7f)) {
            fprintf(json->out, "\\u%04lx", code);
        } else if (code < 0) {
            fputs("\xef\xbf\xbd", json->out);
        } else {
            fwrite(at, 1, used, json->out);
        }
    }
    putc('"', json->out);
}

static void print_key(struct json *json, const char *key)
{
    if (json->comma) putc(',', json->out);
    json->comma = true;
    if (key == NULL) return;
    print_string(json, (tern_str){key, strlen(key)});
    putc(':', json->out);
}

static void print_open(struct json *json, const char *key, char bracket)
{
    print_key(json, key);
    putc(bracket, json->out);
    json->comma = false;
}

static void print_close(struct json *json, char bracket)
{
    putc(bracket, json->out);
    json->comma = true;
}

void json_open(struct json *json)
{
    json->comma = false;
    print_open(json, NULL, '{');
}

void json_close(struct json *json)
{
    fputs("}\n", json->out);
    fflush(json->out);
    json->comma = false;
}

void json_open_in(struct json *json, const char *key)
{
    print_open(json, key, '{');
}

void json_close_in(struct json *json)
{
    print_close(json, '}');
}

void json_open_list(struct json *json, const char *key)
{
    print_open(json, key, '[');
}

void json_open_item(struct json *json)
{
    print_open(json, NULL, '{');
}

void json_close_list(struct json *json)
{
    print_close(json, ']');
}

void json_str(struct json *json, const char *key, tern_str value)
{
    print_key(json, key);
    print_string(json, value);
}

void json_text(struct json *json, const char *key, const char *value)
{
    json_str(json, key, (tern_str){value, strlen(value)});
}

void json_int(struct json *json, const char *key, int64_t value)
{
    print_key(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    print_key(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_time(struct json *json, const char *key, tern_time value)
{
    uint64_t us = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    print_key(json, key);
    if (value == TERN_TIME_NEVER) {
        fputs("null", json->out);
        return;
    }
    fprintf(json->out, "%s%" PRIu64 ".%06" PRIu64, value < 0 ? "-" : "", us / 1000000,
            us % 1000000);
}

/* SPDX-License-Identifier: MIT */
/*
 * JSON lines (RFC 8259), written member by member. Whatever a string holds, what comes out is valid
 * UTF-8 without control characters: bytes that are no UTF-8 become U+FFFD.
 */
#ifndef TERN_CLI_JSON_H
#define TERN_CLI_JSON_H

#include <stdio.h>

#include <tern/types.h>

/* A line in the making; zero but for `out`. */
struct json {
    FILE *out;
    bool comma;
};

void json_open(struct json *json);                     /* { of the line */
void json_close(struct json *json);                    /* } and a newline, flushed */
void json_open_in(struct json *json, const char *key); /* { as the member `key` */
void json_close_in(struct json *json);
void json_open_list(struct json *json, const char *key); /* [ as the member `key` */
void json_open_item(struct json *json); /* { as an element of a list; json_close_in() ends it */
void json_close_list(struct json *json);

void json_str(struct json *json, const char *key, tern_str value);
void json_text(struct json *json, const char *key, const char *value);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
/* Microseconds, as seconds with six digits after the point; TERN_TIME_NEVER as null. */
void json_time(struct json *json, const char *key, tern_time value);

#endif

/* SPDX-License-Identifier: MIT */
#include "crypto/reason.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/str.h"

enum { QUOTE_MAX = 64 };

void tn_reason_set_text(struct tn_reason *reason, const struct tn_buf *text)
{
    size_t len = text->len < sizeof(reason->text) - 1 ? text->len : sizeof(reason->text) - 1;

    if (reason->text[0] != '\0') return;
    memcpy(reason->text, text->ptr, len);
    reason->text[len] = '\0';
}

void tn_reason_set(struct tn_reason *reason, const char *before, const char *after)
{
    char room[TN_REASON_MAX];
    struct tn_buf text;

    tn_buf_fixed(&text, room, sizeof(room));
    tn_buf_z(&text, before);
    tn_buf_z(&text, after);
    tn_reason_set_text(reason, &text);
}

/* The first error of the queue is where it went wrong; later ones are who noticed. */
void tn_reason_set_error(struct tn_reason *reason, const char *before)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());

    tn_reason_set(reason, before, text ? text : "the far end broke the protocol");
    ERR_clear_error();
}

/* OpenSSL 3.0 has no words for the one that a server without a client's certificate sends. */
void tn_reason_set_alert(struct tn_reason *reason, const char *before, int alert)
{
    bool required = (alert & 0xff) == TLS13_AD_CERTIFICATE_REQUIRED;

    tn_reason_set(reason, before,
                  required ? "certificate required" : SSL_alert_desc_string_long(alert));
}

void tn_reason_quote(struct tn_buf *buf, tern_str stranger)
{
    for (size_t i = 0; i < stranger.len && i < QUOTE_MAX; i++) {
        char c = stranger.ptr[i];
        tn_buf_char(buf, c > ' ' && c <= '~' ? c : '?');
    }
}

static void print_two(struct tn_buf *buf, int n)
{
    if (n < 10) tn_buf_char(buf, '0');
    tn_buf_i64(buf, n);
}

void tn_reason_date(struct tn_buf *buf, const ASN1_TIME *time)
{
    struct tm day;

    if (ASN1_TIME_to_tm(time, &day) != 1) {
        tn_buf_z(buf, "?");
        return;
    }
    tn_buf_i64(buf, 1900 + day.tm_year);
    tn_buf_char(buf, '-');
    print_two(buf, day.tm_mon + 1);
    tn_buf_char(buf, '-');
    print_two(buf, day.tm_mday);
}

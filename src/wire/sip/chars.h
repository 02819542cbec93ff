/* SPDX-License-Identifier: MIT */
/* Scanning: the character classes of RFC 3261 25.1 and small steps over a view of text. */
#ifndef TN_WIRE_SIP_CHARS_H
#define TN_WIRE_SIP_CHARS_H

#include <tern/types.h>

/* '%' is in TOKEN, VALUE and URI only: elsewhere it starts an escape. */
enum {
    TN_CH_TOKEN = 1,
    TN_CH_USER = 2,
    TN_CH_PARAM = 4,  /* URI parameters */
    TN_CH_HEADER = 8, /* URI headers */
    TN_CH_HOST = 16,
    TN_CH_PASSWORD = 32,
    TN_CH_VALUE = 64, /* header parameters; wider than the RFC: what cannot end one */
    TN_CH_URI = 128,  /* visible, and not what encloses a URI */
};

extern const uint8_t tn_char_class[256];

static inline bool tn_is_class(char c, unsigned class)
{
    return (tn_char_class[(unsigned char)c] & class) != 0;
}

static inline bool tn_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool tn_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char tn_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/** Value of a hexadecimal digit, or -1. */
static inline int tn_hex_value(char c)
{
    if (tn_is_digit(c)) return c - '0';
    c = tn_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline void tn_skip(tern_str *rest, size_t n)
{
    if (n == 0) return; /* empty text may have no pointer to add to */
    rest->ptr += n;
    rest->len -= n;
}

static inline void tn_skip_blank(tern_str *rest)
{
    size_t n = 0;

    while (n < rest->len && tn_is_blank(rest->ptr[n])) {
        n++;
    }
    tn_skip(rest, n);
}

static inline tern_str tn_trim_blank_end(tern_str s)
{
    while (s.len > 0 && tn_is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

static inline tern_str tn_trim_blank(tern_str s)
{
    tn_skip_blank(&s);
    return tn_trim_blank_end(s);
}

static inline bool tn_starts_with(tern_str s, char c)
{
    return s.len > 0 && s.ptr[0] == c;
}

/** Steps over one character if it comes next. */
static inline bool tn_take_char(tern_str *rest, char c)
{
    if (!tn_starts_with(*rest, c)) return false;
    tn_skip(rest, 1);
    return true;
}

/** Takes the longest run of a class; may be empty. */
static inline tern_str tn_take_class(tern_str *rest, unsigned class)
{
    tern_str run = {rest->ptr, 0};

    while (run.len < rest->len && tn_is_class(rest->ptr[run.len], class)) {
        run.len++;
    }
    tn_skip(rest, run.len);
    return run;
}

/** `rest` starts with '"': takes up to its partner, `inside` is between. @return false: no partner */
static inline bool tn_take_quoted(tern_str *rest, tern_str *inside)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == '"') {
            *inside = (tern_str){rest->ptr + 1, i - 1};
            tn_skip(rest, i + 1);
            return true;
        }
    }
    return false;
}

#endif

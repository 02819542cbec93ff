/* SPDX-License-Identifier: MIT */
/* SIP, SIPS and tel URIs: RFC 3261 19.1 and 25.1, RFC 3966. Comparison is in uri_equal.c. */
#include "wire/sip/uri.h"

#include <string.h>
#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/escape.h"
#include "wire/sip/host.h"

static bool is_word(tern_str s, const char *lower, size_t len)
{
    if (s.len != len) return false;
    for (size_t i = 0; i < len; i++) {
        if (tn_lower(s.ptr[i]) != lower[i]) return false;
    }
    return true;
}

/* RFC 3986 3.1: a letter, then letters, digits, '+', '-' and '.'. */
static bool take_scheme(tern_str *rest, enum tn_scheme *out)
{
    size_t len = 0;

    while (len < rest->len && rest->ptr[len] != ':') {
        char c = rest->ptr[len++];
        if (!tn_is_class(c, TN_CH_HOST) && c != '+') return false;
    }
    if (len == 0 || len == rest->len) return false;
    if (tn_lower(rest->ptr[0]) < 'a' || tn_lower(rest->ptr[0]) > 'z') return false;

    tern_str name = {rest->ptr, len};
    tn_skip(rest, len + 1);
    *out = TN_SCHEME_OTHER;
    if (is_word(name, "sip", 3)) *out = TN_SCHEME_SIP;
    if (is_word(name, "sips", 4)) *out = TN_SCHEME_SIPS;
    if (is_word(name, "tel", 3)) *out = TN_SCHEME_TEL;
    return true;
}

/* Takes a run of a class in which "%HH" stands for any character. */
static tern_str take_escaped(tern_str *rest, unsigned class)
{
    tern_str run = {rest->ptr, 0};

    while (run.len < rest->len) {
        if (tn_is_class(rest->ptr[run.len], class)) {
            run.len++;
        } else if (tn_escape_at(*rest, run.len) >= 0) {
            run.len += 3;
        } else {
            break;
        }
    }
    tn_skip(rest, run.len);
    return run;
}

/* name [= value] parts with a separator between; none may be empty. */
static bool take_pairs(tern_str *rest, char separator, unsigned class, tern_str *out)
{
    const char *start = rest->ptr;
    unsigned parts = 0;

    do {
        if (++parts > TN_URI_PARTS_MAX) return false;
        if (take_escaped(rest, class).len == 0) return false;
        if (tn_take_char(rest, '=')) (void)take_escaped(rest, class);
    } while (tn_take_char(rest, separator));
    *out = (tern_str){start, (size_t)(rest->ptr - start)};
    return true;
}

/* user [":" password] "@"; '@' stands nowhere else in a SIP URI. */
static bool take_userinfo(tern_str *rest, struct tn_uri *uri)
{
    if (rest->len == 0 || memchr(rest->ptr, '@', rest->len) == NULL) return true;
    uri->user = take_escaped(rest, TN_CH_USER);
    if (uri->user.len == 0) return false;
    if (tn_take_char(rest, ':')) uri->password = take_escaped(rest, TN_CH_PASSWORD);
    return tn_take_char(rest, '@');
}

static bool parse_sip(tern_str rest, struct tn_uri *uri)
{
    struct tn_host host;

    if (!take_userinfo(&rest, uri)) return false;
    if (!tn_host_take(&rest, &host)) return false;
    uri->host = host.name;
    uri->host_is_ipv6 = host.is_ipv6;
    if (tn_take_char(&rest, ':') && !tn_port_take(&rest, &uri->port)) return false;
    if (tn_take_char(&rest, ';') && !take_pairs(&rest, ';', TN_CH_PARAM, &uri->params)) {
        return false;
    }
    if (tn_take_char(&rest, '?') && !take_pairs(&rest, '&', TN_CH_HEADER, &uri->headers)) {
        return false;
    }
    return rest.len == 0;
}

/* RFC 3966 3: the number is kept as the user part. */
static bool parse_tel(tern_str rest, struct tn_uri *uri)
{
    while (uri->user.len < rest.len && rest.ptr[uri->user.len] != ';') {
        if (!tn_is_class(rest.ptr[uri->user.len], TN_CH_USER) && rest.ptr[uri->user.len] != '#') {
            return false;
        }
        uri->user.len++;
    }
    uri->user.ptr = rest.ptr;
    tn_skip(&rest, uri->user.len);
    if (uri->user.len == 0) return false;
    if (tn_take_char(&rest, ';') && !take_pairs(&rest, ';', TN_CH_PARAM, &uri->params)) {
        return false;
    }
    return rest.len == 0;
}

static bool parse_other(tern_str rest)
{
    return tn_take_class(&rest, TN_CH_URI).len > 0 && rest.len == 0;
}

int tn_uri_parse(tern_str in, struct tn_uri *out)
{
    struct tn_uri uri = {.text = in};
    tern_str rest = in;
    bool ok = take_scheme(&rest, &uri.scheme);

    if (!ok) return TERN_EPARSE;
    switch (uri.scheme) {
    case TN_SCHEME_SIP:
    case TN_SCHEME_SIPS: ok = parse_sip(rest, &uri); break;
    case TN_SCHEME_TEL: ok = parse_tel(rest, &uri); break;
    case TN_SCHEME_OTHER: ok = parse_other(rest); break;
    }
    if (!ok) return TERN_EPARSE;
    *out = uri;
    return 0;
}

static void print_host(const struct tn_uri *uri, struct tn_buf *buf)
{
    if (uri->host_is_ipv6) tn_buf_char(buf, '[');
    tn_buf_str(buf, uri->host);
    if (uri->host_is_ipv6) tn_buf_char(buf, ']');
    if (uri->port == 0) return;
    tn_buf_char(buf, ':');
    tn_buf_u64(buf, uri->port);
}

static void print_part(struct tn_buf *buf, char mark, tern_str text)
{
    if (text.len == 0) return;
    tn_buf_char(buf, mark);
    tn_buf_str(buf, text);
}

void tn_uri_print(const struct tn_uri *uri, struct tn_buf *buf)
{
    switch (uri->scheme) {
    case TN_SCHEME_OTHER: tn_buf_str(buf, uri->text); return;
    case TN_SCHEME_TEL:
        tn_buf_str(buf, TERN_STR("tel:"));
        tn_buf_str(buf, uri->user);
        print_part(buf, ';', uri->params);
        return;
    case TN_SCHEME_SIP: tn_buf_str(buf, TERN_STR("sip:")); break;
    case TN_SCHEME_SIPS: tn_buf_str(buf, TERN_STR("sips:")); break;
    }
    if (uri->user.len > 0) {
        tn_buf_str(buf, uri->user);
        print_part(buf, ':', uri->password);
        tn_buf_char(buf, '@');
    }
    print_host(uri, buf);
    print_part(buf, ';', uri->params);
    print_part(buf, '?', uri->headers);
}

bool tn_uri_param(const struct tn_uri *uri, tern_str name, tern_str *value)
{
    tern_str rest = uri->params, found_name, found;

    while (tn_pair_next(&rest, ';', &found_name, &found)) {
        if (tn_escaped_equal(found_name, name, TN_CASE_IGNORED)) {
            *value = found;
            return true;
        }
    }
    return false;
}

int tn_uri_unescape(tern_str in, struct tn_buf *buf)
{
    for (size_t i = 0; i < in.len; i++) {
        int decoded = tn_escape_at(in, i);
        if (in.ptr[i] != '%') {
            tn_buf_char(buf, in.ptr[i]);
        } else if (decoded >= 0) {
            tn_buf_char(buf, (char)(unsigned char)decoded);
            i += 2;
        } else {
            return TERN_EPARSE;
        }
    }
    return 0;
}

void tn_uri_escape_user(tern_str in, struct tn_buf *buf)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < in.len; i++) {
        unsigned c = (unsigned char)in.ptr[i];
        if (tn_is_class(in.ptr[i], TN_CH_USER)) {
            tn_buf_char(buf, in.ptr[i]);
        } else {
            tn_buf_char(buf, '%');
            tn_buf_char(buf, digits[c >> 4]);
            tn_buf_char(buf, digits[c & 15]);
        }
    }
}

bool tn_uri_transport(tern_str value, enum tern_transport *out)
{
    *out = TERN_TRANSPORT_UDP;
    if (tn_str_ieq(value, TERN_STR("udp"))) return true;
    *out = TERN_TRANSPORT_TCP;
    if (tn_str_ieq(value, TERN_STR("tcp"))) return true;
    *out = TERN_TRANSPORT_TLS;
    return tn_str_ieq(value, TERN_STR("tls"));
}

void tn_put_transport(struct tn_buf *buf, enum tern_transport transport)
{
    if (transport == TERN_TRANSPORT_TCP) tn_buf_z(buf, ";transport=tcp");
    if (transport == TERN_TRANSPORT_TLS) tn_buf_z(buf, ";transport=tls");
}

bool tn_uri_is_sips(tern_str uri)
{
    return tn_str_ieq(tn_str_sub(uri, 0, 5), TERN_STR("sips:"));
}

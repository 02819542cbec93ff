/* SPDX-License-Identifier: MIT */
/* Whether two URIs are the same: RFC 3261 19.1.4. */
#include <string.h>
#include <tern/network.h>

#include "base/str.h"
#include "wire/sip/escape.h"
#include "wire/sip/uri.h"

#define DISTINCT 256 /* added to an escaped reserved character: it differs from the plain one */

static const char reserved[] = ";/?:@&=+$,";

static int next_unit(tern_str s, size_t *at)
{
    int decoded = tn_escape_at(s, *at);

    if (decoded < 0) return (unsigned char)s.ptr[(*at)++];
    *at += 3;
    return memchr(reserved, decoded, sizeof(reserved) - 1) != NULL ? decoded + DISTINCT : decoded;
}

static int fold(int unit, enum tn_case rule)
{
    return rule == TN_CASE_IGNORED && unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}

bool tn_escaped_equal(tern_str a, tern_str b, enum tn_case rule)
{
    size_t i = 0, j = 0;

    while (i < a.len && j < b.len) {
        if (fold(next_unit(a, &i), rule) != fold(next_unit(b, &j), rule)) return false;
    }
    return i == a.len && j == b.len;
}

bool tn_pair_next(tern_str *rest, char separator, tern_str *name, tern_str *value)
{
    if (rest->len == 0) return false;
    tern_str part = tn_str_cut(*rest, separator, rest);
    *name = tn_str_cut(part, '=', value);
    return true;
}

static bool find_pair(tern_str list, char separator, tern_str name, tern_str *value)
{
    tern_str found;

    while (tn_pair_next(&list, separator, &found, value)) {
        if (tn_escaped_equal(found, name, TN_CASE_IGNORED)) return true;
    }
    return false;
}

/* These say where a request goes or what it is: absent is not the same as the default. */
static bool must_be_in_both(tern_str name)
{
    static const char *const names[] = {"transport", "user", "ttl", "method", "maddr"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tn_escaped_equal(name, tn_str(names[i]), TN_CASE_IGNORED)) return true;
    }
    return false;
}

static bool params_match(tern_str a, tern_str b)
{
    tern_str rest = a, name, value, other;

    while (tn_pair_next(&rest, ';', &name, &value)) {
        (void)find_pair(a, ';', name, &value); /* of a name that stands twice, the first counts */
        if (!find_pair(b, ';', name, &other)) {
            if (must_be_in_both(name)) return false;
        } else if (!tn_escaped_equal(value, other, TN_CASE_IGNORED)) {
            return false;
        }
    }
    return true;
}

/* Each header of `a` is in `b`. */
static bool headers_match(tern_str a, tern_str b)
{
    tern_str rest = a, name, value, other;

    while (tn_pair_next(&rest, '&', &name, &value)) {
        (void)find_pair(a, '&', name, &value);
        if (!find_pair(b, '&', name, &other)) return false;
        if (!tn_escaped_equal(value, other, TN_CASE_MATTERS)) return false;
    }
    return true;
}

static bool hosts_match(const struct tn_uri *a, const struct tn_uri *b)
{
    tern_addr x, y;

    if (a->host_is_ipv6 != b->host_is_ipv6) return false;
    if (!a->host_is_ipv6) return tn_str_ieq(a->host, b->host);
    if (tern_addr_parse(a->host, &x) != 0 || tern_addr_parse(b->host, &y) != 0) return false;
    return tern_addr_equal(x, y);
}

bool tn_uri_equal(const struct tn_uri *a, const struct tn_uri *b)
{
    if (a->scheme != b->scheme) return false;
    if (a->scheme == TN_SCHEME_OTHER) return tn_str_eq(a->text, b->text);
    if (!tn_escaped_equal(a->user, b->user, TN_CASE_MATTERS)) return false;
    if (!tn_escaped_equal(a->password, b->password, TN_CASE_MATTERS)) return false;
    if (a->port != b->port || !hosts_match(a, b)) return false;
    if (!params_match(a->params, b->params) || !params_match(b->params, a->params)) return false;
    return headers_match(a->headers, b->headers) && headers_match(b->headers, a->headers);
}

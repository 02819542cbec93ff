/* SPDX-License-Identifier: MIT */
/* Via: RFC 3261 20.42 and 25.1, RFC 3581 (rport), RFC 5118 (IPv6). */
#include "wire/sip/via.h"

#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/host.h"

/* A token with the blanks that may stand around it. */
static tern_str take_token(tern_str *rest)
{
    tn_skip_blank(rest);
    tern_str token = tn_take_class(rest, TN_CH_TOKEN);
    tn_skip_blank(rest);
    return token;
}

/* "SIP" / "2.0" / transport. @return false: unreadable; another version clears `*good` only */
static bool take_protocol(tern_str *rest, struct tn_via *via, bool *good)
{
    tern_str name = take_token(rest);
    if (name.len == 0 || !tn_take_char(rest, '/')) return false;
    tern_str version = take_token(rest);
    if (version.len == 0 || !tn_take_char(rest, '/')) return false;
    via->transport = take_token(rest);
    *good = tn_str_ieq(name, TERN_STR("SIP")) && tn_str_eq(version, TERN_STR("2.0"));
    return via->transport.len > 0;
}

static bool take_sent_by(tern_str *rest, struct tn_via *via)
{
    struct tn_host host;

    if (!tn_host_take(rest, &host)) return false;
    via->host = host.name;
    tn_skip_blank(rest);
    if (!tn_take_char(rest, ':')) return true;
    tn_skip_blank(rest);
    if (!tn_port_take(rest, &via->port)) return false;
    tn_skip_blank(rest);
    return true;
}

/* INTEROP: RFC 5118 4.5 has `received` with and without brackets round an IPv6 address. */
static tern_str without_brackets(tern_str s)
{
    if (s.len < 2 || s.ptr[0] != '[' || s.ptr[s.len - 1] != ']') return s;
    return (tern_str){s.ptr + 1, s.len - 2};
}

static bool read_rport(tern_str value, struct tn_via *via)
{
    via->rport_asked = true;
    if (value.len == 0) return true;
    return tn_port_take(&value, &via->rport) && value.len == 0;
}

static bool read_param(tern_str name, tern_str value, struct tn_via *via)
{
    if (tn_str_ieq(name, TERN_STR("branch"))) {
        via->branch = value;
    } else if (tn_str_ieq(name, TERN_STR("received"))) {
        via->received = without_brackets(value);
    } else if (tn_str_ieq(name, TERN_STR("rport"))) {
        return read_rport(value, via);
    }
    return true;
}

static bool read_params(tern_str rest, struct tn_via *via)
{
    tern_str name, value;
    bool good = rest.len > 0;

    via->params = rest;
    while (tn_params_next(&rest, &name, &value)) {
        good = read_param(name, value, via) && good;
    }
    return good && rest.len == 0;
}

bool tn_via_read(tern_str in, struct tn_via *out)
{
    tern_str rest = tn_trim_blank(in);
    bool good;

    *out = (struct tn_via){.text = rest};
    if (!take_protocol(&rest, out, &good)) return false;
    if (!take_sent_by(&rest, out)) return false;
    if (rest.len == 0) return good;
    if (!tn_take_char(&rest, ';')) return false;
    tn_skip_blank(&rest);
    return read_params(rest, out) && good;
}

int tn_via_parse(tern_str in, struct tn_via *out)
{
    struct tn_via via;

    if (!tn_via_read(in, &via)) return TERN_EPARSE;
    *out = via;
    return 0;
}

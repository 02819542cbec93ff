/* SPDX-License-Identifier: MIT */
/* Challenges, credentials and Authentication-Info: RFC 3261 20.6 and 25.1, RFC 7616, RFC 8760. */
#include <stddef.h>
#include <tern/err.h>

#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

struct field {
    tern_str name;
    size_t offset; /* of a tern_str in struct tn_auth_params */
};

#define FIELD(name)                                                                                \
    {                                                                                              \
        {#name, sizeof(#name) - 1}, offsetof(struct tn_auth_params, name)                          \
    }
static const struct field fields[] = {
    FIELD(realm),  FIELD(nonce),    FIELD(opaque),    FIELD(algorithm),
    FIELD(qop),    FIELD(username), FIELD(uri),       FIELD(response),
    FIELD(cnonce), FIELD(nc),       FIELD(nextnonce), FIELD(rspauth),
};

/* The first of two with the same name counts. */
static void store(struct tn_auth_params *auth, tern_str name, tern_str value)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!tn_str_ieq(name, fields[i].name)) continue;
        tern_str *slot = (tern_str *)(void *)((char *)auth + fields[i].offset);
        if (slot->ptr == NULL) *slot = value;
        return;
    }
    bool is_true = tn_str_ieq(value, TERN_STR("true"));
    if (tn_str_ieq(name, TERN_STR("stale"))) auth->stale = is_true;
    if (tn_str_ieq(name, TERN_STR("userhash"))) auth->userhash = is_true;
}

/* name "=" (token / quoted-string) */
static bool take_param(tern_str *rest, struct tn_auth_params *auth)
{
    tern_str value;
    tern_str name = tn_take_class(rest, TN_CH_TOKEN);

    tn_skip_blank(rest);
    if (name.len == 0 || !tn_take_char(rest, '=')) return false;
    tn_skip_blank(rest);
    if (tn_starts_with(*rest, '"')) {
        if (!tn_take_quoted(rest, &value)) return false;
    } else {
        value = tn_take_class(rest, TN_CH_VALUE);
        /* It goes back between quotes, where a backslash would take the closing one with it. */
        if (value.len == 0 || tn_str_find(value, '\\') != SIZE_MAX) return false;
    }
    tn_skip_blank(rest);
    store(auth, name, value);
    return true;
}

/* Comma-separated; INTEROP: empty elements, and a comma at the end, do no harm. */
static bool take_params(tern_str rest, struct tn_auth_params *auth)
{
    for (;;) {
        while (rest.len > 0 && (tn_is_blank(rest.ptr[0]) || rest.ptr[0] == ',')) {
            tn_skip(&rest, 1);
        }
        if (rest.len == 0) return true;
        if (!take_param(&rest, auth)) return false;
        if (rest.len > 0 && rest.ptr[0] != ',') return false;
    }
}

int tn_auth_parse(tern_str in, struct tn_auth_params *out)
{
    struct tn_auth_params auth = {0};
    tern_str rest = tn_trim_blank(in);

    auth.scheme = tn_take_class(&rest, TN_CH_TOKEN);
    if (auth.scheme.len == 0) return TERN_EPARSE;
    if (rest.len > 0 && !tn_is_blank(rest.ptr[0])) return TERN_EPARSE;
    if (!take_params(rest, &auth)) {
        /* Other schemes need not look like Digest: "Basic QWxhZGRpbg==" is well formed. */
        if (tn_str_ieq(auth.scheme, TERN_STR("Digest"))) return TERN_EPARSE;
        auth = (struct tn_auth_params){.scheme = auth.scheme};
    }
    *out = auth;
    return 0;
}

int tn_auth_info_parse(tern_str in, struct tn_auth_params *out)
{
    struct tn_auth_params auth = {0};

    if (!take_params(in, &auth)) return TERN_EPARSE;
    *out = auth;
    return 0;
}

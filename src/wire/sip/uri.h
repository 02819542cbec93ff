/* SPDX-License-Identifier: MIT */
/* SIP and SIPS URIs: RFC 3261 19.1. Other schemes are kept as text. */
#ifndef TN_WIRE_SIP_URI_H
#define TN_WIRE_SIP_URI_H

#include <tern/types.h>

#include "base/buf.h"

/* Parameters, or headers, of one URI: comparing looks each of them up in the other. */
#define TN_URI_PARTS_MAX 64

enum tn_scheme { TN_SCHEME_OTHER, TN_SCHEME_SIP, TN_SCHEME_SIPS, TN_SCHEME_TEL };

struct tn_uri {
    tern_str text; /* the whole URI as it stood, without angle brackets */
    enum tn_scheme scheme;
    tern_str user;     /* still escaped; of a tel URI the number */
    tern_str password; /* still escaped */
    tern_str host;     /* IPv6 without brackets */
    bool host_is_ipv6;
    uint16_t port;    /* 0: none given */
    tern_str params;  /* after the first ';', without it: "transport=tcp;lr" */
    tern_str headers; /* after '?', without it */
};

/** The whole of `in` must be one URI. @return 0, or TERN_EPARSE. */
TERN_CHECK int tn_uri_parse(tern_str in, struct tn_uri *out);

/** Prints in canonical form from the parts (an other scheme: from `text`). */
void tn_uri_print(const struct tn_uri *uri, struct tn_buf *buf);

/** A parameter's value; present without '=' gives empty text. @return whether it is there. */
bool tn_uri_param(const struct tn_uri *uri, tern_str name, tern_str *value);

/** A look at the scheme alone. */
bool tn_uri_is_sips(tern_str uri);
/** What transport= says. @return false: one that we do not have */
bool tn_uri_transport(tern_str value, enum tern_transport *out);
/** Appends ";transport=tcp" or its like; nothing for UDP, which is what a URI means without. */
void tn_put_transport(struct tn_buf *buf, enum tern_transport transport);

/** RFC 3261 19.1.4, with escapes, parameter rules and defaults. */
bool tn_uri_equal(const struct tn_uri *a, const struct tn_uri *b);

/** Decodes %HH of user, host or header text into `buf`. @return 0, or TERN_EPARSE for a bad escape. */
TERN_CHECK int tn_uri_unescape(tern_str in, struct tn_buf *buf);

/** Appends a user part, escaping what RFC 3261 25.1 does not allow there. */
void tn_uri_escape_user(tern_str in, struct tn_buf *buf);

#endif

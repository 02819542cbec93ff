/* SPDX-License-Identifier: MIT */
/* Header names and values: RFC 3261 20 and 25.1, and the extensions that Tern reads. */
#ifndef TN_WIRE_SIP_HDR_H
#define TN_WIRE_SIP_HDR_H

#include "base/buf.h"
#include "wire/sip/uri.h"

/* X(id, name, compact form or 0) */
#define TN_HDR_MAP(X)                                                                              \
    X(VIA, "Via", 'v')                                                                             \
    X(FROM, "From", 'f')                                                                           \
    X(TO, "To", 't')                                                                               \
    X(CALL_ID, "Call-ID", 'i')                                                                     \
    X(CSEQ, "CSeq", 0)                                                                             \
    X(CONTACT, "Contact", 'm')                                                                     \
    X(MAX_FORWARDS, "Max-Forwards", 0)                                                             \
    X(ROUTE, "Route", 0)                                                                           \
    X(RECORD_ROUTE, "Record-Route", 0)                                                             \
    X(CONTENT_LENGTH, "Content-Length", 'l')                                                       \
    X(CONTENT_TYPE, "Content-Type", 'c')                                                           \
    X(CONTENT_ENCODING, "Content-Encoding", 'e')                                                   \
    X(CONTENT_DISPOSITION, "Content-Disposition", 0)                                               \
    X(AUTHORIZATION, "Authorization", 0)                                                           \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0)                                               \
    X(WWW_AUTHENTICATE, "WWW-Authenticate", 0)                                                     \
    X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0)                                                 \
    X(AUTHENTICATION_INFO, "Authentication-Info", 0)                                               \
    X(EXPIRES, "Expires", 0)                                                                       \
    X(MIN_EXPIRES, "Min-Expires", 0)                                                               \
    X(RETRY_AFTER, "Retry-After", 0)                                                               \
    X(REQUIRE, "Require", 0)                                                                       \
    X(PROXY_REQUIRE, "Proxy-Require", 0)                                                           \
    X(SUPPORTED, "Supported", 'k')                                                                 \
    X(UNSUPPORTED, "Unsupported", 0)                                                               \
    X(ALLOW, "Allow", 0)                                                                           \
    X(ALLOW_EVENTS, "Allow-Events", 'u')                                                           \
    X(ACCEPT, "Accept", 0)                                                                         \
    X(ACCEPT_ENCODING, "Accept-Encoding", 0)                                                       \
    X(ACCEPT_LANGUAGE, "Accept-Language", 0)                                                       \
    X(WARNING, "Warning", 0)                                                                       \
    X(REASON, "Reason", 0)                                                                         \
    X(SUBJECT, "Subject", 's')                                                                     \
    X(DATE, "Date", 0)                                                                             \
    X(SERVER, "Server", 0)                                                                         \
    X(USER_AGENT, "User-Agent", 0)                                                                 \
    X(PATH, "Path", 0)                                                                             \
    X(SERVICE_ROUTE, "Service-Route", 0)                                                           \
    X(REPLACES, "Replaces", 0)                                                                     \
    X(REFER_TO, "Refer-To", 'r')                                                                   \
    X(REFERRED_BY, "Referred-By", 'b')                                                             \
    X(EVENT, "Event", 'o')                                                                         \
    X(SUBSCRIPTION_STATE, "Subscription-State", 0)                                                 \
    X(SESSION_EXPIRES, "Session-Expires", 'x')                                                     \
    X(MIN_SE, "Min-SE", 0)                                                                         \
    X(RSEQ, "RSeq", 0)                                                                             \
    X(RACK, "RAck", 0)                                                                             \
    X(SIP_ETAG, "SIP-ETag", 0)                                                                     \
    X(SIP_IF_MATCH, "SIP-If-Match", 0)                                                             \
    X(FLOW_TIMER, "Flow-Timer", 0)                                                                 \
    X(MIME_VERSION, "MIME-Version", 0)

enum tn_hdr_id {
    TN_HDR_OTHER, /* see the name */
#define TN_HDR_ENUM(id, name, compact) TN_HDR_##id,
    TN_HDR_MAP(TN_HDR_ENUM)
#undef TN_HDR_ENUM
        TN_HDR_IDS,
};

enum tn_hdr_id tn_hdr_parse_name(tern_str name); /* long or compact, case ignored */
tern_str tn_hdr_name(enum tn_hdr_id id);         /* long form; not for OTHER */

/** From, To, Contact, Route, Record-Route, Refer-To …: RFC 3261 20.10. */
struct tn_name_addr {
    tern_str text;    /* the element as it stood */
    tern_str display; /* without quotes, escapes kept; may be empty */
    struct tn_uri uri;
    tern_str params; /* header parameters after the first ';', without it */
    bool is_star;    /* Contact: * ; uri is empty then */
};
/** One element (no comma list). A URI with ',', ';' or '?' must be in brackets (20.10). */
TERN_CHECK int tn_name_addr_parse(tern_str in, struct tn_name_addr *out);

/** A parameter of a ';'-separated list; name without case; quotes off the value, escapes kept. */
bool tn_params_get(tern_str params, tern_str name, tern_str *value);
/** Walks: start with `*rest` the list. @return false at the end (`*rest` empty) or at a bad rest. */
bool tn_params_next(tern_str *rest, tern_str *name, tern_str *value);

/** Via: RFC 3261 20.42, RFC 3581. */
struct tn_via {
    tern_str text;
    tern_str transport; /* "UDP", "TCP", … as written */
    tern_str host;      /* IPv6 without brackets */
    uint16_t port;      /* 0: none given */
    tern_str params;
    tern_str branch;   /* empty: none */
    tern_str received; /* empty: none */
    bool rport_asked;  /* ;rport is there */
    uint16_t rport;    /* its value; 0 while it has none */
};
TERN_CHECK int tn_via_parse(tern_str in, struct tn_via *out);

/** CSeq: RFC 3261 20.16. */
struct tn_cseq {
    uint32_t number; /* below 2^31, RFC 3261 8.1.1.5 */
    tern_str method; /* case matters */
};
TERN_CHECK int tn_cseq_parse(tern_str in, struct tn_cseq *out);

/** Retry-After: seconds; comment and parameters ignored. */
TERN_CHECK int tn_retry_after_parse(tern_str in, uint32_t *seconds);

/** Session-Expires, and Min-SE, which names nobody: RFC 4028 4 and 5. */
enum tn_refresher { TN_REFRESHER_NONE, TN_REFRESHER_UAC, TN_REFRESHER_UAS };
struct tn_session_expires {
    uint32_t seconds;
    enum tn_refresher refresher; /* NONE: not said, or a word that nobody knows */
};
TERN_CHECK int tn_session_expires_parse(tern_str in, struct tn_session_expires *out);

/** RAck (RFC 3262 7.2). */
struct tn_rack {
    uint32_t rseq;
    struct tn_cseq cseq;
};
TERN_CHECK int tn_rack_parse(tern_str in, struct tn_rack *out);

/**
 * Challenges and credentials: RFC 3261 25.1, RFC 7616, RFC 8760. Quotes are taken off, a
 * backslash in them stays: a value that goes back is put between plain quotes as it is.
 */
struct tn_auth_params {
    tern_str scheme; /* "Digest" */
    tern_str realm, nonce, opaque, algorithm, qop, username, uri, response, cnonce, nc, nextnonce;
    tern_str rspauth;
    bool stale;
    bool userhash;
};
/** One challenge or credential, as stands in one header line. Unknown parameters are skipped. */
TERN_CHECK int tn_auth_parse(tern_str in, struct tn_auth_params *out);
/** Authentication-Info has no scheme. */
TERN_CHECK int tn_auth_info_parse(tern_str in, struct tn_auth_params *out);

/** Writes `name: value CRLF`. CR and LF inside the value become spaces: no injection. */
void tn_put_header(struct tn_buf *buf, enum tn_hdr_id id, tern_str value);
void tn_put_header_number(struct tn_buf *buf, enum tn_hdr_id id, uint32_t value);
/** Writes text as a quoted-string, escaping '"' and '\', dropping control characters. */
void tn_put_quoted(struct tn_buf *buf, tern_str text);

/** What User-Agent and Server may say: products and comments (RFC 3261 25.1, server-val). */
bool tn_is_product_line(tern_str s);

/** Reason: RFC 3326, one value. */
struct tn_reason {
    tern_str protocol; /* "SIP", "Q.850" */
    uint32_t cause;    /* 0: none */
    tern_str text;     /* parsed: escapes kept */
};
TERN_CHECK int tn_reason_parse(tern_str in, struct tn_reason *out);
void tn_put_reason(struct tn_buf *buf, const struct tn_reason *reason); /* the value */

#endif

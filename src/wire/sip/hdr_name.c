/* SPDX-License-Identifier: MIT */
/*
 * Header names: RFC 3261 7.3.1, 7.3.3 and 20. Length, first and last letter tell all known names
 * apart, and the factors of SLOT give each of them a slot of its own: a new name that shares one
 * is refused by the compiler (an element initialised twice), and then wants other factors.
 */
#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "wire/sip/chars.h"
#include "wire/sip/hdr.h"

#define SLOTS                  256
#define SLOT(first, last, len) ((4u * (first) + 33u * (last) + 9u * (unsigned)(len)) % SLOTS)

static const unsigned char slots[SLOTS] = {
    [SLOT('v', 'a', 3)] = TN_HDR_VIA,
    [SLOT('f', 'm', 4)] = TN_HDR_FROM,
    [SLOT('t', 'o', 2)] = TN_HDR_TO,
    [SLOT('c', 'd', 7)] = TN_HDR_CALL_ID,
    [SLOT('c', 'q', 4)] = TN_HDR_CSEQ,
    [SLOT('c', 't', 7)] = TN_HDR_CONTACT,
    [SLOT('m', 's', 12)] = TN_HDR_MAX_FORWARDS,
    [SLOT('r', 'e', 5)] = TN_HDR_ROUTE,
    [SLOT('r', 'e', 12)] = TN_HDR_RECORD_ROUTE,
    [SLOT('c', 'h', 14)] = TN_HDR_CONTENT_LENGTH,
    [SLOT('c', 'e', 12)] = TN_HDR_CONTENT_TYPE,
    [SLOT('c', 'g', 16)] = TN_HDR_CONTENT_ENCODING,
    [SLOT('c', 'n', 19)] = TN_HDR_CONTENT_DISPOSITION,
    [SLOT('a', 'n', 13)] = TN_HDR_AUTHORIZATION,
    [SLOT('p', 'n', 19)] = TN_HDR_PROXY_AUTHORIZATION,
    [SLOT('w', 'e', 16)] = TN_HDR_WWW_AUTHENTICATE,
    [SLOT('p', 'e', 18)] = TN_HDR_PROXY_AUTHENTICATE,
    [SLOT('a', 'o', 19)] = TN_HDR_AUTHENTICATION_INFO,
    [SLOT('e', 's', 7)] = TN_HDR_EXPIRES,
    [SLOT('m', 's', 11)] = TN_HDR_MIN_EXPIRES,
    [SLOT('r', 'r', 11)] = TN_HDR_RETRY_AFTER,
    [SLOT('r', 'e', 7)] = TN_HDR_REQUIRE,
    [SLOT('p', 'e', 13)] = TN_HDR_PROXY_REQUIRE,
    [SLOT('s', 'd', 9)] = TN_HDR_SUPPORTED,
    [SLOT('u', 'd', 11)] = TN_HDR_UNSUPPORTED,
    [SLOT('a', 'w', 5)] = TN_HDR_ALLOW,
    [SLOT('a', 's', 12)] = TN_HDR_ALLOW_EVENTS,
    [SLOT('a', 't', 6)] = TN_HDR_ACCEPT,
    [SLOT('a', 'g', 15)] = TN_HDR_ACCEPT_ENCODING,
    [SLOT('a', 'e', 15)] = TN_HDR_ACCEPT_LANGUAGE,
    [SLOT('w', 'g', 7)] = TN_HDR_WARNING,
    [SLOT('r', 'n', 6)] = TN_HDR_REASON,
    [SLOT('s', 't', 7)] = TN_HDR_SUBJECT,
    [SLOT('d', 'e', 4)] = TN_HDR_DATE,
    [SLOT('s', 'r', 6)] = TN_HDR_SERVER,
    [SLOT('u', 't', 10)] = TN_HDR_USER_AGENT,
    [SLOT('p', 'h', 4)] = TN_HDR_PATH,
    [SLOT('s', 'e', 13)] = TN_HDR_SERVICE_ROUTE,
    [SLOT('r', 's', 8)] = TN_HDR_REPLACES,
    [SLOT('r', 'o', 8)] = TN_HDR_REFER_TO,
    [SLOT('r', 'y', 11)] = TN_HDR_REFERRED_BY,
    [SLOT('e', 't', 5)] = TN_HDR_EVENT,
    [SLOT('s', 'e', 18)] = TN_HDR_SUBSCRIPTION_STATE,
    [SLOT('s', 's', 15)] = TN_HDR_SESSION_EXPIRES,
    [SLOT('m', 'e', 6)] = TN_HDR_MIN_SE,
    [SLOT('r', 'q', 4)] = TN_HDR_RSEQ,
    [SLOT('r', 'k', 4)] = TN_HDR_RACK,
    [SLOT('s', 'g', 8)] = TN_HDR_SIP_ETAG,
    [SLOT('s', 'h', 12)] = TN_HDR_SIP_IF_MATCH,
    [SLOT('f', 'r', 10)] = TN_HDR_FLOW_TIMER,
    [SLOT('m', 'n', 12)] = TN_HDR_MIME_VERSION,
    /* compact forms */
    [SLOT('v', 'v', 1)] = TN_HDR_VIA,
    [SLOT('f', 'f', 1)] = TN_HDR_FROM,
    [SLOT('t', 't', 1)] = TN_HDR_TO,
    [SLOT('i', 'i', 1)] = TN_HDR_CALL_ID,
    [SLOT('m', 'm', 1)] = TN_HDR_CONTACT,
    [SLOT('l', 'l', 1)] = TN_HDR_CONTENT_LENGTH,
    [SLOT('c', 'c', 1)] = TN_HDR_CONTENT_TYPE,
    [SLOT('e', 'e', 1)] = TN_HDR_CONTENT_ENCODING,
    [SLOT('k', 'k', 1)] = TN_HDR_SUPPORTED,
    [SLOT('u', 'u', 1)] = TN_HDR_ALLOW_EVENTS,
    [SLOT('s', 's', 1)] = TN_HDR_SUBJECT,
    [SLOT('r', 'r', 1)] = TN_HDR_REFER_TO,
    [SLOT('b', 'b', 1)] = TN_HDR_REFERRED_BY,
    [SLOT('o', 'o', 1)] = TN_HDR_EVENT,
    [SLOT('x', 'x', 1)] = TN_HDR_SESSION_EXPIRES,
};

#define TEXT(id, name, compact) [TN_HDR_##id] = {name, sizeof(name) - 1},
static const tern_str names[TN_HDR_IDS] = {TN_HDR_MAP(TEXT)};
#undef TEXT

#define LETTER(id, name, compact) [TN_HDR_##id] = (compact),
static const char compact_forms[TN_HDR_IDS] = {TN_HDR_MAP(LETTER)};
#undef LETTER

enum tn_hdr_id tn_hdr_parse_name(tern_str name)
{
    if (name.len == 0) return TN_HDR_OTHER;

    unsigned first = (unsigned char)tn_lower(name.ptr[0]);
    unsigned last = (unsigned char)tn_lower(name.ptr[name.len - 1]);
    unsigned id = slots[SLOT(first, last, name.len)];
    tern_str known = names[id];

    if (name.len == 1 && first != 0) {
        return compact_forms[id] == (char)first ? (enum tn_hdr_id)id : TN_HDR_OTHER;
    }
    if (name.len != known.len) return TN_HDR_OTHER;
    if (memcmp(name.ptr, known.ptr, name.len) == 0) return (enum tn_hdr_id)id; /* nearly always */
    return tn_str_ieq(name, known) ? (enum tn_hdr_id)id : TN_HDR_OTHER;
}

tern_str tn_hdr_name(enum tn_hdr_id id)
{
    TN_ASSERT(id > TN_HDR_OTHER);
    TN_ASSERT(id < TN_HDR_IDS);
    return names[id];
}

/* SPDX-License-Identifier: MIT */
#include "txn/digest_response.h"

#include "base/alloc.h"
#include "base/assert.h"

#define COLON TERN_STR(":")

tern_str tn_qop_name(enum tn_qop qop)
{
    switch (qop) {
    case TN_QOP_NONE: return (tern_str){NULL, 0};
    case TN_QOP_AUTH: return TERN_STR("auth");
    case TN_QOP_AUTH_INT: return TERN_STR("auth-int");
    }
    TN_UNREACHABLE();
}

/* RFC 7616 3.4.2; the session key is bound to the nonce and our cnonce. */
static int hash_a1(const struct tn_digest *d, char hex[TN_HASH_HEX_MAX])
{
    const tern_str base[] = {d->user, COLON, d->realm, COLON, d->password};
    int len = tn_hash_hex(d->hash, base, 5, hex);

    if (len < 0 || !d->session) return len;
    char inner[TN_HASH_HEX_MAX];
    for (int i = 0; i < len; i++)
        inner[i] = hex[i];
    const tern_str session[] = {{inner, (size_t)len}, COLON, d->nonce, COLON, d->cnonce};
    len = tn_hash_hex(d->hash, session, 5, hex);
    tn_wipe(inner, sizeof(inner));
    return len;
}

/* RFC 7616 3.4.3 */
static int hash_a2(const struct tn_digest *d, char hex[TN_HASH_HEX_MAX])
{
    tern_str pieces[] = {d->method, COLON, d->uri, COLON, {NULL, 0}};
    char body[TN_HASH_HEX_MAX];

    if (d->qop != TN_QOP_AUTH_INT) return tn_hash_hex(d->hash, pieces, 3, hex);
    int len = tn_hash_hex(d->hash, &d->body, 1, body);
    if (len < 0) return len;
    pieces[4] = (tern_str){body, (size_t)len};
    return tn_hash_hex(d->hash, pieces, 5, hex);
}

int tn_digest_response(const struct tn_digest *d, char hex[TN_HASH_HEX_MAX])
{
    char a1[TN_HASH_HEX_MAX], a2[TN_HASH_HEX_MAX];
    int len1 = hash_a1(d, a1), len2 = hash_a2(d, a2), len;

    if (len1 < 0 || len2 < 0) {
        len = len1 < 0 ? len1 : len2;
    } else if (d->qop == TN_QOP_NONE) {
        const tern_str old[] = {{a1, (size_t)len1}, COLON, d->nonce, COLON, {a2, (size_t)len2}};
        len = tn_hash_hex(d->hash, old, 5, hex);
    } else {
        const tern_str full[] = {
            {a1, (size_t)len1},  COLON, d->nonce,          COLON, d->nc, COLON, d->cnonce, COLON,
            tn_qop_name(d->qop), COLON, {a2, (size_t)len2}};
        len = tn_hash_hex(d->hash, full, sizeof(full) / sizeof(full[0]), hex);
    }
    tn_wipe(a1, sizeof(a1));
    return len;
}

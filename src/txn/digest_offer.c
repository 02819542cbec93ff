/* SPDX-License-Identifier: MIT */
/* What a challenge offers, as it is written: RFC 7616 3.3, RFC 8760 2. */
#include "base/str.h"
#include "txn/digest_impl.h"

/* RFC 8760 2.3: the order of strength is that of enum tn_hash. */
static bool read_algorithm(tern_str name, struct tn_digest_offer *out)
{
    static const struct {
        tern_str name;
        enum tn_hash hash;
        bool session;
    } known[] = {
        {{"MD5", 3}, TN_HASH_MD5, false},
        {{"MD5-sess", 8}, TN_HASH_MD5, true},
        {{"SHA-256", 7}, TN_HASH_SHA256, false},
        {{"SHA-256-sess", 12}, TN_HASH_SHA256, true},
        {{"SHA-512-256", 11}, TN_HASH_SHA512_256, false},
        {{"SHA-512-256-sess", 16}, TN_HASH_SHA512_256, true},
    };

    if (name.len == 0) name = known[0].name;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!tn_str_ieq(name, known[i].name)) continue;
        out->hash = known[i].hash;
        out->session = known[i].session;
        return true;
    }
    return false;
}

/* auth before auth-int, since proxies may change bodies. @return false: only unknown ones */
static bool read_qop(tern_str list, struct tn_digest_offer *out)
{
    bool any = list.len > 0, auth_int = false;

    out->qop = TN_QOP_NONE;
    while (list.len > 0) {
        tern_str token = tn_str_trim(tn_str_cut(list, ',', &list));
        if (tn_str_ieq(token, TERN_STR("auth"))) out->qop = TN_QOP_AUTH;
        if (tn_str_ieq(token, TERN_STR("auth-int"))) auth_int = true;
    }
    if (out->qop == TN_QOP_NONE && auth_int) out->qop = TN_QOP_AUTH_INT;
    return !any || out->qop != TN_QOP_NONE;
}

bool tn_digest_offer_read(tern_str value, struct tn_digest_offer *out)
{
    if (tn_auth_parse(value, &out->params) != 0) return false;
    if (!tn_str_ieq(out->params.scheme, TERN_STR("Digest"))) return false;
    if (out->params.nonce.len == 0) return false;
    return read_algorithm(out->params.algorithm, out) && read_qop(out->params.qop, out);
}

struct tn_strength tn_digest_offer_strength(const struct tn_digest_offer *offer)
{
    return (struct tn_strength){(uint8_t)offer->hash, offer->qop != TN_QOP_NONE};
}

bool tn_digest_offer_beats(const struct tn_digest_offer *a, const struct tn_digest_offer *b)
{
    if (a->hash != b->hash) return a->hash > b->hash;
    return a->qop != TN_QOP_NONE && b->qop == TN_QOP_NONE;
}

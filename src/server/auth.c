/* SPDX-License-Identifier: MIT */
#include "server/auth.h"

#include <string.h>

#include "base/str.h"
#include "crypto/hash.h"
#include "wire/sip/chars.h"

#define COLON TERN_STR(":")

enum { HEX32 = 8, NONCE_LEN = 4 * HEX32, CHALLENGES_MAX = 1024 };

/* ---- nonces: salt, time and the keyed hash of both, in hex ---- */

static void make_nonce(const struct tn_server *server, uint32_t salt, uint32_t time_s,
                       char text[NONCE_LEN])
{
    const uint32_t content[2] = {salt, time_s};
    uint64_t hash = tn_siphash(server->nonce_key, content, sizeof(content));
    struct tn_buf buf;

    tn_buf_fixed(&buf, text, NONCE_LEN);
    tn_buf_hex32(&buf, salt);
    tn_buf_hex32(&buf, time_s);
    tn_buf_hex32(&buf, (uint32_t)(hash >> 32));
    tn_buf_hex32(&buf, (uint32_t)hash);
}

static uint32_t seconds(const struct tn_server *server)
{
    return (uint32_t)(server->ctx->now / TERN_SECONDS(1));
}

static bool parse_hex32(tern_str text, uint32_t *out)
{
    uint32_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        int digit = tn_hex_value(text.ptr[i]);
        if (digit < 0) return false;
        n = n << 4 | (uint32_t)digit;
    }
    *out = n;
    return true;
}

static bool nonce_is_valid(const struct tn_server *server, tern_str nonce)
{
    char ours[NONCE_LEN];
    uint32_t salt, time_s;

    if (nonce.len != NONCE_LEN) return false;
    if (!parse_hex32(tn_str_sub(nonce, 0, HEX32), &salt)) return false;
    if (!parse_hex32(tn_str_sub(nonce, HEX32, HEX32), &time_s)) return false;
    make_nonce(server, salt, time_s, ours);
    if (!tn_equal_secret(nonce, (tern_str){ours, NONCE_LEN})) return false;
    return seconds(server) - time_s <= server->opts.nonce_lifetime_s;
}

/* ---- credentials ---- */

struct secret {
    enum tn_hash hash;
    tern_str ha1;
};

static bool choose_secret(const struct tn_user *user, tern_str algorithm, struct secret *out)
{
    if (algorithm.len == 0 || tn_str_ieq(algorithm, TERN_STR("MD5"))) {
        *out = (struct secret){TN_HASH_MD5, {user->ha1_md5, sizeof(user->ha1_md5)}};
        return true;
    }
    if (!tn_str_ieq(algorithm, TERN_STR("SHA-256"))) return false;
    *out = (struct secret){TN_HASH_SHA256, {user->ha1_sha256, sizeof(user->ha1_sha256)}};
    return true;
}

/* RFC 7616 3.4.1, with qop=auth. */
static bool response_is_right(const struct secret *secret, const struct tn_auth_params *a,
                              tern_str method)
{
    char ha2[TN_HASH_HEX_MAX], want[TN_HASH_HEX_MAX];
    const tern_str request[] = {method, COLON, a->uri};

    int len = tn_hash_hex(secret->hash, request, 3, ha2);
    if (len < 0) return false;
    const tern_str all[] = {secret->ha1, COLON, a->nonce,          COLON,
                            a->nc,       COLON, a->cnonce,         COLON,
                            a->qop,      COLON, {ha2, (size_t)len}};
    len = tn_hash_hex(secret->hash, all, sizeof(all) / sizeof(all[0]), want);
    return len > 0 && tn_equal_secret(a->response, (tern_str){want, (size_t)len});
}

/* RFC 7616 3.4.6: credentials are for the request that they stand in. */
static bool is_for_this(const struct tn_auth_params *a, const struct tn_msg *request)
{
    struct tn_uri uri;

    if (tn_str_eq(a->uri, request->uri.text)) return true;
    return tn_uri_parse(a->uri, &uri) == 0 && tn_uri_equal(&uri, &request->uri);
}

static enum tn_verdict judge(const struct tn_server *server, const struct tn_msg *request,
                             const struct tn_auth_params *a, const struct tn_user **user)
{
    const struct tn_user *known = tn_location_find(&server->location, a->username);
    struct secret secret;

    if (!known || !known->has_password) return TN_VERDICT_WRONG;
    if (!tn_str_ieq(a->qop, TERN_STR("auth")) || a->nc.len == 0 || a->cnonce.len == 0) {
        return TN_VERDICT_WRONG;
    }
    if (!choose_secret(known, a->algorithm, &secret)) return TN_VERDICT_WRONG;
    if (!is_for_this(a, request)) return TN_VERDICT_WRONG;
    if (!response_is_right(&secret, a, request->method_text)) return TN_VERDICT_WRONG;
    if (!nonce_is_valid(server, a->nonce)) return TN_VERDICT_STALE;
    *user = known;
    return TN_VERDICT_GOOD;
}

static bool parse_ours(const struct tn_server *server, tern_str value, struct tn_auth_params *out)
{
    if (tn_auth_parse(value, out) != 0) return false;
    if (!tn_str_ieq(out->scheme, TERN_STR("Digest"))) return false;
    return tn_str_eq(out->realm, server->opts.domain);
}

bool tn_is_our_credential(const struct tn_server *server, tern_str value)
{
    struct tn_auth_params params;
    return parse_ours(server, value, &params);
}

enum tn_verdict tn_verify(const struct tn_server *server, const struct tn_msg *request,
                          enum tn_hdr_id list, const struct tn_user **user)
{
    enum tn_verdict best = TN_VERDICT_NONE;
    struct tn_auth_params params;
    const struct tn_hdr *hdr;

    for (size_t i = 0; (hdr = tn_msg_header(request, list, i)) != NULL; i++) {
        if (!parse_ours(server, hdr->value, &params)) continue;
        enum tn_verdict verdict = judge(server, request, &params, user);
        if (verdict > best) best = verdict;
    }
    return best;
}

/* ---- challenges ---- */

static void put_challenge(const struct tn_server *server, struct tn_buf *out, unsigned status,
                          const char *algorithm)
{
    tn_buf_str(out,
               tn_hdr_name(status == 401 ? TN_HDR_WWW_AUTHENTICATE : TN_HDR_PROXY_AUTHENTICATE));
    tn_buf_z(out, ": Digest realm=");
    tn_put_quoted(out, server->opts.domain);
    tn_buf_z(out, ", algorithm=");
    tn_buf_z(out, algorithm);
    tn_buf_z(out, ", qop=\"auth\"");
}

static void put_nonce(struct tn_buf *out, tern_str nonce, bool stale)
{
    tn_buf_z(out, ", nonce=\"");
    tn_buf_str(out, nonce);
    tn_buf_z(out, stale ? "\", stale=true\r\n" : "\"\r\n");
}

void tn_challenge(struct tn_server *server, uint64_t txn, unsigned status, bool stale)
{
    char nonce[NONCE_LEN];
    struct tn_buf out;

    make_nonce(server, tn_random_u32(&server->ctx->random), seconds(server), nonce);
    tn_buf_init(&out, &server->ctx->alloc, CHALLENGES_MAX);
    put_challenge(server, &out, status, "SHA-256");
    put_nonce(&out, (tern_str){nonce, NONCE_LEN}, stale);
    put_challenge(server, &out, status, "MD5");
    put_nonce(&out, (tern_str){nonce, NONCE_LEN}, stale);
    if (out.err == 0) {
        tn_server_answer(server, txn, status, tn_buf_view(&out));
    } else {
        tn_server_refuse(server, txn, 500, NULL);
    }
    tn_buf_fini(&out);
}

int tn_user_set_password(const struct tn_server *server, struct tn_user *user, tern_str password)
{
    const tern_str pieces[] = {tn_text_view(&user->name), COLON, server->opts.domain, COLON,
                               password};
    char md5[TN_HASH_HEX_MAX], sha256[TN_HASH_HEX_MAX];

    int len = tn_hash_hex(TN_HASH_MD5, pieces, 5, md5);
    if (len < 0) return len;
    len = tn_hash_hex(TN_HASH_SHA256, pieces, 5, sha256);
    if (len < 0) return len;
    memcpy(user->ha1_md5, md5, sizeof(user->ha1_md5));
    memcpy(user->ha1_sha256, sha256, sizeof(user->ha1_sha256));
    user->has_password = true;
    tn_wipe(md5, sizeof(md5));
    tn_wipe(sha256, sizeof(sha256));
    return 0;
}

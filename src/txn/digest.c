/* SPDX-License-Identifier: MIT */
/*
 * The cache of challenges: RFC 3261 22.1 to 22.3, RFC 7616 3.3, 3.5 and 3.6,
 * RFC 8760. One entry for a realm that asks with 401, one for a realm that asks
 * with 407, each for REGISTER and for the rest: whoever answers a call cannot spoil
 * the registrar's. Entries with the same nonce share its count.
 */
#include "txn/digest.h"

#include <string.h>

#include <tern/err.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "txn/digest_impl.h"
#include "txn/digest_response.h"
#include "txn/limits.h"

enum { NC_LEN = 8 };

/* ---- memory ---- */

static void free_challenge(struct tn_auth *auth, struct tn_challenge *challenge)
{
    tn_list_remove(&challenge->node);
    tn_free(&auth->ctx->alloc, challenge);
}

void tn_auth_forget(struct tn_auth *auth)
{
    TN_LIST_FOR(node, &auth->challenges)
    {
        free_challenge(auth, TN_OWNER(node, struct tn_challenge, node));
    }
}

void tn_auth_inherit(struct tn_auth *auth, const struct tn_auth *from)
{
    auth->floors = from->floors;
}

/* The three texts stand in one block, at `user`. */
int tn_auth_init(struct tn_auth *auth, struct tn_ctx *ctx, const struct tn_credentials *credentials)
{
    const tern_str texts[] = {credentials->user, credentials->password, credentials->realm};
    tern_str *const own[] = {&auth->credentials.user, &auth->credentials.password,
                             &auth->credentials.realm};
    size_t size = 1;

    for (size_t i = 0; i < 3; i++) {
        if (texts[i].len > TN_CHALLENGE_SIZE_MAX) return TERN_EINVAL;
        size += texts[i].len;
    }
    char *block = tn_alloc(&ctx->alloc, size);
    if (!block) return TERN_ENOMEM;
    *auth = (struct tn_auth){.ctx = ctx, .block = block};
    auth->block_size = size;
    tn_list_init(&auth->challenges);
    for (size_t i = 0; i < 3; i++) {
        *own[i] = (tern_str){block, texts[i].len};
        for (size_t k = 0; k < texts[i].len; k++)
            *block++ = texts[i].ptr[k];
    }
    return 0;
}

void tn_auth_fini(struct tn_auth *auth)
{
    if (!auth->ctx) return;
    tn_auth_forget(auth);
    tn_wipe(auth->block, auth->block_size);
    tn_free(&auth->ctx->alloc, auth->block);
    *auth = (struct tn_auth){.ctx = NULL};
}

/* ---- reading a challenge ---- */

static tern_str realm_of(tern_str value)
{
    struct tn_auth_params params;
    return tn_auth_parse(value, &params) == 0 ? params.realm : (tern_str){NULL, 0};
}

/* What one realm asks for in one response. */
struct asked {
    const struct tn_msg *response;
    enum tn_hdr_id id;
    struct tn_asker asker;
};

/* The strongest that this realm offers in the response, and that is strong enough. */
static enum tn_auth_result best_offer(const struct tn_auth *auth, const struct asked *asked,
                                      struct tn_digest_offer *out)
{
    enum tn_auth_result result = TN_AUTH_UNSUPPORTED;
    const struct tn_hdr *hdr;

    for (size_t i = 0; (hdr = tn_msg_header(asked->response, asked->id, i)) != NULL; i++) {
        struct tn_digest_offer offer;
        if (!tn_digest_offer_read(hdr->value, &offer)) continue;
        if (!tn_str_eq(offer.params.realm, asked->asker.realm)) continue;
        if (!tn_floor_allows(&auth->floors, &asked->asker, tn_digest_offer_strength(&offer))) {
            if (result != TN_AUTH_RETRY) result = TN_AUTH_DOWNGRADE;
            continue;
        }
        if (result == TN_AUTH_RETRY && !tn_digest_offer_beats(&offer, out)) continue;
        *out = offer;
        result = TN_AUTH_RETRY;
    }
    return result;
}

/* ---- the cache ---- */

static struct tn_challenge *find(const struct tn_auth *auth, bool proxy,
                                 const struct tn_asker *asker)
{
    TN_LIST_FOR(node, &auth->challenges)
    {
        struct tn_challenge *known = TN_OWNER(node, struct tn_challenge, node);
        if (known->proxy != proxy || known->for_register != asker->by_register) continue;
        if (tn_str_eq(known->realm, asker->realm)) return known;
    }
    return NULL;
}

/* A nonce may be known already, from another realm or by 407: its count goes on. */
static uint32_t count_of(const struct tn_auth *auth, tern_str nonce)
{
    TN_LIST_FOR(node, &auth->challenges)
    {
        const struct tn_challenge *known = TN_OWNER(node, struct tn_challenge, node);
        if (tn_str_eq(known->nonce, nonce)) return known->nc;
    }
    return 0;
}

static uint32_t next_count(struct tn_auth *auth, const struct tn_challenge *challenge)
{
    uint32_t nc = challenge->nc + 1;

    TN_LIST_FOR(node, &auth->challenges)
    {
        struct tn_challenge *known = TN_OWNER(node, struct tn_challenge, node);
        if (tn_str_eq(known->nonce, challenge->nonce) && !TN_MUTANT(NONCE_COUNT)) known->nc = nc;
    }
    return nc;
}

static tern_str copy_text(char **at, tern_str text)
{
    tern_str copy = {*at, text.len};

    if (text.len > 0) memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

struct tn_challenge *tn_challenge_new(struct tn_auth *auth, const struct tn_digest_offer *offer)
{
    const struct tn_auth_params *params = &offer->params;
    size_t size =
        params->realm.len + params->nonce.len + params->opaque.len + params->algorithm.len;
    struct tn_challenge *fresh;

    if (size > TN_CHALLENGE_SIZE_MAX) return NULL;
    fresh = tn_alloc(&auth->ctx->alloc, sizeof(*fresh) + size);
    if (!fresh) return NULL;
    tn_list_init(&fresh->node);
    char *at = fresh->texts;
    fresh->realm = copy_text(&at, params->realm);
    fresh->nonce = copy_text(&at, params->nonce);
    fresh->opaque = copy_text(&at, params->opaque);
    fresh->algorithm = copy_text(&at, params->algorithm);
    fresh->hash = offer->hash;
    fresh->session = offer->session;
    fresh->qop = offer->qop;
    fresh->nc = count_of(auth, fresh->nonce);
    tn_random_token(&auth->ctx->random, fresh->cnonce, TN_CNONCE_LEN);
    return fresh;
}

/* The entry that has waited longest for a challenge makes room. */
void tn_challenges_make_room(struct tn_auth *auth)
{
    if (tn_list_count(&auth->challenges) < TN_CHALLENGES_MAX) return;
    free_challenge(auth, TN_OWNER(auth->challenges.next, struct tn_challenge, node));
}

static bool store(struct tn_auth *auth, bool proxy, bool is_register,
                  const struct tn_digest_offer *offer)
{
    struct tn_challenge *fresh = tn_challenge_new(auth, offer);

    if (!fresh) return false;
    const struct tn_asker asker = {fresh->realm, is_register};
    struct tn_challenge *old = find(auth, proxy, &asker);
    fresh->proxy = proxy;
    fresh->for_register = is_register;
    tn_floor_raise(&auth->floors, &asker, tn_digest_offer_strength(offer));
    if (old) free_challenge(auth, old);
    tn_challenges_make_room(auth);
    tn_list_push(&auth->challenges, &fresh->node);
    return true;
}

/* ---- taking a challenge ---- */

/* A nonce that was used once, for this very request, and refused all the same. */
static bool is_refusal(const struct tn_challenge *known, const struct tn_digest_offer *offer,
                       unsigned round)
{
    if (round == 0 || offer->params.stale || known->nonce.len == 0) return false;
    return known->nc <= 1 || tn_str_eq(known->nonce, offer->params.nonce);
}

static enum tn_auth_result take_realm(struct tn_auth *auth, const struct asked *asked,
                                      unsigned round)
{
    const struct tn_credentials *own = &auth->credentials;
    bool proxy = asked->response->status == 407;
    struct tn_digest_offer offer;

    if (own->user.len == 0) return TN_AUTH_NO_CREDENTIALS;
    if (own->realm.len > 0 && !tn_str_eq(own->realm, asked->asker.realm)) {
        return TN_AUTH_NO_CREDENTIALS;
    }
    enum tn_auth_result result = best_offer(auth, asked, &offer);
    if (result != TN_AUTH_RETRY) return result;
    struct tn_challenge *known = find(auth, proxy, &asked->asker);
    if (known && is_refusal(known, &offer, round)) {
        known->nonce.len = 0; /* spent */
        return TN_AUTH_REJECTED;
    }
    return store(auth, proxy, asked->asker.by_register, &offer) ? TN_AUTH_RETRY : TN_AUTH_NO_MEMORY;
}

/* Whether an earlier line of the response is of the same realm: then that has been dealt with. */
static bool seen_before(const struct tn_msg *response, enum tn_hdr_id id, size_t index,
                        tern_str realm)
{
    for (size_t i = 0; i < index; i++) {
        if (tn_str_eq(realm_of(tn_msg_header(response, id, i)->value), realm)) return true;
    }
    return false;
}

/* Of the results for several realms the one that decides. */
static enum tn_auth_result weightier(enum tn_auth_result a, enum tn_auth_result b)
{
    static const unsigned weight[] = {
        [TN_AUTH_UNSUPPORTED] = 0, [TN_AUTH_NO_CREDENTIALS] = 1, [TN_AUTH_NO_MEMORY] = 2,
        [TN_AUTH_DOWNGRADE] = 3,   [TN_AUTH_RETRY] = 4,          [TN_AUTH_REJECTED] = 5,
    };
    return weight[a] > weight[b] ? a : b;
}

enum tn_auth_result tn_auth_challenge(struct tn_auth *auth, const struct tn_msg *response,
                                      unsigned request_round)
{
    struct asked asked = {
        .response = response,
        .id = response->status == 407 ? TN_HDR_PROXY_AUTHENTICATE : TN_HDR_WWW_AUTHENTICATE,
        .asker = {.by_register = response->method == TN_METHOD_REGISTER},
    };
    enum tn_auth_result result = TN_AUTH_UNSUPPORTED;
    const struct tn_hdr *hdr;

    if (request_round >= TN_AUTH_ROUNDS_MAX) return TN_AUTH_REJECTED;
    for (size_t i = 0; (hdr = tn_msg_header(response, asked.id, i)) != NULL; i++) {
        asked.asker.realm = realm_of(hdr->value);
        if (seen_before(response, asked.id, i, asked.asker.realm)) continue;
        result = weightier(result, take_realm(auth, &asked, request_round));
    }
    return result;
}

tern_str tn_auth_result_text(enum tn_auth_result result)
{
    switch (result) {
    case TN_AUTH_RETRY: break;
    case TN_AUTH_REJECTED: return TERN_STR("wrong user name or password");
    case TN_AUTH_NO_CREDENTIALS: return TERN_STR("no password for the realm that asks for one");
    case TN_AUTH_NO_MEMORY: return TERN_STR("out of memory");
    case TN_AUTH_UNSUPPORTED: return TERN_STR("the server asks for a login of an unknown kind");
    case TN_AUTH_DOWNGRADE:
        return TERN_STR("the server asks for a weaker login than before, and gets none");
    }
    return (tern_str){NULL, 0};
}

/* ---- Authentication-Info ---- */

/* It names no realm: only where one entry can be meant. */
static struct tn_challenge *only_entry(const struct tn_auth *auth, bool proxy, bool is_register)
{
    struct tn_challenge *found = NULL;

    TN_LIST_FOR(node, &auth->challenges)
    {
        struct tn_challenge *known = TN_OWNER(node, struct tn_challenge, node);
        if (known->proxy != proxy || known->nonce.len == 0) continue;
        if (known->for_register != is_register) continue;
        if (found) return NULL;
        found = known;
    }
    return found;
}

static void take_info(struct tn_auth *auth, const struct tn_msg *response, const struct tn_hdr *hdr,
                      bool proxy)
{
    struct tn_auth_params info;
    bool is_register = response->method == TN_METHOD_REGISTER;
    struct tn_challenge *known = only_entry(auth, proxy, is_register);

    if (!hdr || !known || tn_auth_info_parse(hdr->value, &info) != 0) return;
    if (info.nextnonce.len == 0 || tn_str_eq(info.nextnonce, known->nonce)) return;
    const struct tn_digest_offer next = {
        .params = {.realm = known->realm,
                   .nonce = info.nextnonce,
                   .opaque = known->opaque,
                   .algorithm = known->algorithm},
        .hash = known->hash,
        .session = known->session,
        .qop = known->qop,
    };
    bool stored = store(auth, proxy, is_register, &next); /* without memory: the old one goes on */
    (void)stored;
}

void tn_auth_info(struct tn_auth *auth, const struct tn_msg *response)
{
    take_info(auth, response, tn_msg_header(response, TN_HDR_AUTHENTICATION_INFO, 0), false);
    take_info(auth, response,
              tn_msg_header_named(response, TERN_STR("Proxy-Authentication-Info"), 0), true);
}

/* ---- answering ---- */

static bool applies(const struct tn_challenge *known, enum tn_method method)
{
    return known->nonce.len > 0 && known->for_register == (method == TN_METHOD_REGISTER);
}

bool tn_auth_ready(const struct tn_auth *auth, enum tn_method method)
{
    TN_LIST_FOR(node, &auth->challenges)
    {
        if (applies(TN_OWNER(node, struct tn_challenge, node), method)) return true;
    }
    return false;
}

/* Text that came between quotes goes back as it was, its escapes included. */
static void put_echo(struct tn_buf *out, const char *name, tern_str text)
{
    tn_buf_z(out, name);
    tn_buf_str(out, TERN_STR("=\""));
    tn_buf_str(out, text);
    tn_buf_char(out, '"');
}

/* RFC 7616 3.4: what is quoted and what is not. */
static void put_line(struct tn_buf *out, const struct tn_challenge *known,
                     const struct tn_digest *digest, tern_str response)
{
    tn_buf_str(out, tn_hdr_name(known->proxy ? TN_HDR_PROXY_AUTHORIZATION : TN_HDR_AUTHORIZATION));
    tn_buf_str(out, TERN_STR(": Digest username="));
    tn_put_quoted(out, TN_MUTANT(SECRET_SENT) ? digest->password : digest->user);
    put_echo(out, ", realm", known->realm);
    put_echo(out, ", nonce", known->nonce);
    put_echo(out, ", uri", digest->uri);
    put_echo(out, ", response", response);
    if (known->algorithm.len > 0) {
        tn_buf_str(out, TERN_STR(", algorithm="));
        tn_buf_str(out, known->algorithm);
    }
    if (digest->qop != TN_QOP_NONE || digest->session) put_echo(out, ", cnonce", digest->cnonce);
    if (known->opaque.len > 0) put_echo(out, ", opaque", known->opaque);
    if (digest->qop != TN_QOP_NONE) {
        tn_buf_str(out, TERN_STR(", qop="));
        tn_buf_str(out, tn_qop_name(digest->qop));
        tn_buf_str(out, TERN_STR(", nc="));
        tn_buf_str(out, digest->nc);
    }
    tn_buf_str(out, TERN_STR("\r\n"));
}

/* RFC 3261 22.1: an ACK carries the credentials that its INVITE would. */
static tern_str hashed_method(enum tn_method method)
{
    return tn_method_name(method == TN_METHOD_ACK ? TN_METHOD_INVITE : method);
}

static int put_answer(struct tn_auth *auth, struct tn_challenge *known,
                      const struct tn_digest *request, struct tn_buf *out)
{
    char hex[TN_HASH_HEX_MAX], nc[NC_LEN];
    struct tn_buf nc_text;

    tn_buf_fixed(&nc_text, nc, sizeof(nc));
    tn_buf_hex32(&nc_text, next_count(auth, known));
    struct tn_digest digest = *request;
    digest.hash = known->hash;
    digest.session = known->session;
    digest.qop = known->qop;
    digest.realm = known->realm;
    digest.nonce = known->nonce;
    digest.cnonce = (tern_str){known->cnonce, TN_CNONCE_LEN};
    digest.nc = tn_buf_view(&nc_text);
    int len = tn_digest_response(&digest, hex);
    if (len < 0) return len;
    put_line(out, known, &digest, (tern_str){hex, (size_t)len});
    return 0;
}

int tn_auth_put(struct tn_auth *auth, enum tn_method method, tern_str uri, tern_str body,
                struct tn_buf *out)
{
    const struct tn_digest request = {.user = auth->credentials.user,
                                      .password = auth->credentials.password,
                                      .method = hashed_method(method),
                                      .uri = uri,
                                      .body = body};

    TN_LIST_FOR(node, &auth->challenges)
    {
        struct tn_challenge *known = TN_OWNER(node, struct tn_challenge, node);
        if (!applies(known, method)) continue;
        int err = put_answer(auth, known, &request, out);
        if (err) return err;
    }
    return 0;
}

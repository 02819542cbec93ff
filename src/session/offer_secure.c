/* SPDX-License-Identifier: MIT */
#include "session/offer_secure.h"

#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "wire/sdp/crypto.h"
#include "wire/sdp/setup.h"

enum { TLS_ID_LEN = 32 }; /* RFC 8842 4: at least 20 characters */

/* Best first. All six are understood; these fit beside the rest of an INVITE in one datagram. */
static const enum tn_srtp_suite offered[] = {
    TN_SRTP_AEAD_AES_256_GCM,
    TN_SRTP_AEAD_AES_128_GCM,
    TN_SRTP_AES_256_CM_HMAC_SHA1_80,
    TN_SRTP_AES_CM_128_HMAC_SHA1_80,
};
#define OFFERED (sizeof(offered) / sizeof(offered[0]))

/* ---- protocols ---- */

enum profile { NO_PROFILE, AVP, SAVP, TLS_SAVP };

static enum profile profile_of(tern_str proto)
{
    static const struct {
        const char *name;
        enum profile profile;
    } known[] = {
        {"RTP/AVP", AVP},
        {"RTP/AVPF", AVP},
        {"RTP/SAVP", SAVP},
        {"RTP/SAVPF", SAVP},
        {"UDP/TLS/RTP/SAVP", TLS_SAVP},
        {"UDP/TLS/RTP/SAVPF", TLS_SAVP},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (tn_str_eq(proto, tn_str(known[i].name))) return known[i].profile;
    }
    return NO_PROFILE;
}

/* ---- what they offer ---- */

static bool fits(const struct tn_sdes *line)
{
    enum tn_srtp_suite suite = tn_srtp_suite_by_name(line->suite);
    return line->usable && suite != TN_SRTP_NONE && line->key_len == tn_srtp_key_len(suite);
}

/* Their first line that we can use is what they want most: RFC 4568 5.1.2. */
static bool find_usable(const struct tn_sdp_media *m, struct tn_sdes *out)
{
    struct tn_sdes lines[TN_SDES_LINES_MAX];
    size_t count = tn_sdes_read(m, lines, TN_SDES_LINES_MAX);
    bool found = false;

    for (size_t i = 0; i < count && !found; i++) {
        found = fits(&lines[i]);
        if (found) *out = lines[i];
    }
    tn_wipe(lines, sizeof(lines));
    return found;
}

static bool has_keys(const struct tn_sdp_media *m)
{
    struct tn_sdes line;
    bool found = find_usable(m, &line);

    if (found) tn_sdes_wipe(&line);
    return found;
}

bool tn_offer_security(const struct tn_offer_opts *opts, const struct tn_sdp *sdp,
                       const struct tn_sdp_media *m, enum tn_plan_security *out)
{
    struct tn_sdp_fingerprint fingerprint;
    enum profile profile = profile_of(m->proto);
    bool wanted = opts->policy != TN_OFFER_PLAIN;
    bool sdes = wanted && profile != TLS_SAVP && has_keys(m);
    bool dtls = wanted && opts->fingerprint.len > 0 && tn_sdp_fingerprint(sdp, m, &fingerprint);

    if (profile == NO_PROFILE) return false;
    *out = TN_PLAN_PLAIN;
    if (sdes) *out = TN_PLAN_SDES;
    if (dtls && (!sdes || opts->prefer_dtls)) *out = TN_PLAN_DTLS;
    if (*out != TN_PLAN_PLAIN) return true;
    return profile == AVP && opts->policy != TN_OFFER_SECURE;
}

/* ---- drafting ---- */

static void add_attr(struct tn_offer_draft *d, tern_str name, tern_str value, bool has_value)
{
    TN_ASSERT(d->attr_count < TN_OFFER_ATTRS_MAX);
    struct tn_sdp_attr *attr = &d->attrs[d->attr_count++];

    *attr = (struct tn_sdp_attr){.name = name, .value = value, .has_value = has_value};
    if (d->attr_count == 1) {
        d->audio->attrs = attr;
    } else {
        attr[-1].next = attr;
    }
}

/* What has been put into d->words since `from`. */
static tern_str words_since(const struct tn_offer_draft *d, size_t from)
{
    TN_ASSERT(!d->words.err);
    return tn_str_from(tn_buf_view(&d->words), from);
}

static void add_mux(struct tn_offer_draft *d)
{
    add_attr(d, TERN_STR("rtcp-mux"), (tern_str){NULL, 0}, false);
}

static void add_crypto(struct tn_offer_draft *d, const struct tn_sdes *line)
{
    size_t from = d->words.len;

    tn_sdes_print(line, &d->words);
    add_attr(d, TERN_STR("crypto"), words_since(d, from), true);
}

static const struct tn_sdp_media *line_of(const struct tn_sdp *sdp, size_t slot)
{
    return slot < sdp->media_count ? &sdp->media[slot] : NULL;
}

static bool is_at(const struct tn_sdp *sdp, const struct tn_sdp_media *m, tern_addr rtp)
{
    return m && tern_addr_equal(tn_offer_address(sdp, m), rtp);
}

static bool find_suite(const struct tn_sdp_media *m, enum tn_srtp_suite suite, struct tn_sdes *out)
{
    struct tn_sdes lines[TN_SDES_LINES_MAX];
    size_t count = tn_sdes_read(m, lines, TN_SDES_LINES_MAX);
    bool found = false;

    for (size_t i = 0; i < count && !found; i++) {
        found = tn_srtp_suite_by_name(lines[i].suite) == suite && fits(&lines[i]);
        if (found) *out = lines[i];
    }
    tn_wipe(lines, sizeof(lines));
    return found;
}

/* The key that we send with, as long as what is agreed names this address. */
static bool find_key_in_use(const struct tn_offer *o, const struct tn_offer_own *own, tern_addr rtp,
                            enum tn_srtp_suite suite, struct tn_sdes *out)
{
    const struct tn_srtp_keys *keys = &o->plan.keys;

    if (o->plan.security != TN_PLAN_SDES || keys->suite != suite) return false;
    bool same = is_at(&own->agreed, line_of(&own->agreed, o->slot), rtp);
    if (!same && !TN_MUTANT(KEY_AGAIN)) return false;
    memcpy(out->key, keys->send, out->key_len);
    return true;
}

/* What was offered from there and refused has protected nothing: the offer made again is the same. */
static bool find_key_refused(const struct tn_offer *o, const struct tn_offer_own *own,
                             tern_addr rtp, enum tn_srtp_suite suite, struct tn_sdes *out)
{
    const struct tn_sdp_media *m = line_of(&own->pending, o->slot);
    return is_at(&own->pending, m, rtp) && find_suite(m, suite, out);
}

/*
 * Our key for this suite. One that was said, and is not in use, is never taken up again: another
 * fork, or the agreement before this one, may have counted packets with it (RFC 3711 9.1).
 */
static void choose_key(const struct tn_offer *o, const struct tn_offer_own *own, tern_addr rtp,
                       enum tn_srtp_suite suite, struct tn_sdes *out)
{
    *out = (struct tn_sdes){
        .suite = tn_srtp_suite_name(suite), .key_len = tn_srtp_key_len(suite), .usable = true};
    if (find_key_in_use(o, own, rtp, suite, out)) return;
    if (find_key_refused(o, own, rtp, suite, out)) return;
    tn_random_bytes(o->opts.random, out->key, out->key_len);
}

static void add_key(struct tn_offer_draft *d, const struct tn_offer *o,
                    const struct tn_offer_own *own, struct tn_offer_key_wish wish)
{
    struct tn_sdes line;

    choose_key(o, own, wish.rtp, wish.suite, &line);
    line.tag = wish.tag;
    add_crypto(d, &line);
    tn_sdes_wipe(&line);
}

static void add_dtls(struct tn_offer_draft *d, const struct tn_offer *o, enum tn_sdp_setup setup,
                     tern_str tls_id)
{
    char token[TLS_ID_LEN];
    size_t from = d->words.len;

    if (tls_id.len == 0) {
        tn_random_token(o->opts.random, token, sizeof(token));
        tls_id = (tern_str){token, sizeof(token)};
    }
    tn_buf_str(&d->words, tls_id);
    add_attr(d, TERN_STR("setup"), tn_sdp_setup_name(setup), true);
    add_attr(d, TERN_STR("fingerprint"), o->opts.fingerprint, true);
    add_attr(d, TERN_STR("tls-id"), words_since(d, from), true);
}

/* Ours goes on while our address does. */
static tern_str own_tls_id(const struct tn_offer *o, const struct tn_offer_own *own, tern_addr rtp)
{
    const struct tn_sdp *const sources[] = {&own->agreed, &own->pending};

    for (size_t i = 0; i < 2; i++) {
        const struct tn_sdp_media *m = line_of(sources[i], o->slot);
        if (!is_at(sources[i], m, rtp)) continue;
        tern_str id = tn_sdp_tls_id(m);
        if (id.len > 0) return id;
    }
    return (tern_str){NULL, 0};
}

static uint32_t tag_of(const struct tn_sdp_media *m, enum tn_srtp_suite suite)
{
    struct tn_sdes line;

    if (!m || !find_suite(m, suite, &line)) return 1;
    uint32_t tag = line.tag;
    tn_sdes_wipe(&line);
    return tag;
}

/* The suite in use, and no other; at first all that we offer. */
static void draft_sdes(struct tn_offer_draft *d, const struct tn_offer *o,
                       const struct tn_offer_own *own, tern_addr rtp)
{
    enum tn_srtp_suite used = o->plan.keys.suite;

    if (o->plan.security == TN_PLAN_SDES && used != TN_SRTP_NONE) {
        uint32_t tag = tag_of(line_of(&own->agreed, o->slot), used);
        add_key(d, o, own, (struct tn_offer_key_wish){rtp, used, tag});
        return;
    }
    for (uint32_t i = 0; i < OFFERED; i++)
        add_key(d, o, own, (struct tn_offer_key_wish){rtp, offered[i], i + 1});
}

static tern_str proto_for(const struct tn_offer_opts *opts, enum tn_plan_security security)
{
    if (opts->policy != TN_OFFER_SECURE) return TERN_STR("RTP/AVP"); /* RFC 8643 3.1 */
    return security == TN_PLAN_DTLS ? TERN_STR("UDP/TLS/RTP/SAVP") : TERN_STR("RTP/SAVP");
}

/* What is agreed stays; before that, what the policy asks for. */
static enum tn_plan_security wanted_security(const struct tn_offer *o)
{
    if (o->plan.active) return o->plan.security;
    if (o->opts.policy == TN_OFFER_PLAIN) return TN_PLAN_PLAIN;
    return o->opts.prefer_dtls && o->opts.fingerprint.len > 0 ? TN_PLAN_DTLS : TN_PLAN_SDES;
}

void tn_offer_draft_secure_offer(struct tn_offer_draft *d, const struct tn_offer *o,
                                 const struct tn_offer_own *own, tern_addr rtp)
{
    enum tn_plan_security wanted = wanted_security(o);
    const struct tn_sdp_media *before = line_of(&own->agreed, o->slot);

    d->audio->proto = o->plan.active && before ? before->proto : proto_for(&o->opts, wanted);
    if (wanted == TN_PLAN_SDES) draft_sdes(d, o, own, rtp);
    if (wanted == TN_PLAN_DTLS) {
        add_dtls(d, o, TN_SDP_SETUP_ACTPASS, own_tls_id(o, own, rtp));
    }
    if (o->plan.active ? o->plan.rtcp_mux : wanted != TN_PLAN_PLAIN) add_mux(d);
}

/* ---- answering ---- */

/* RFC 8842 5.3: the same association goes on, unless what either end says of itself is new. */
static bool is_same_association(const struct tn_offer *o, const struct tn_sdp_media *theirs)
{
    return o->plan.active && o->plan.security == TN_PLAN_DTLS &&
           tn_offer_peer_identity(&o->remote, theirs) == o->peer_identity;
}

static void answer_dtls(struct tn_offer_draft *d, const struct tn_offer *o,
                        const struct tn_offer_own *own, tern_addr rtp)
{
    const struct tn_sdp_media *theirs = &o->remote.media[o->remote_slot];
    enum tn_sdp_setup setup = tn_sdp_setup_answer(tn_sdp_setup(&o->remote, theirs));
    tern_str id = {NULL, 0};

    if (is_same_association(o, theirs)) {
        id = own_tls_id(o, own, rtp);
        setup = o->plan.dtls_active ? TN_SDP_SETUP_ACTIVE : TN_SDP_SETUP_PASSIVE;
    }
    add_dtls(d, o, setup, id);
}

static void answer_sdes(struct tn_offer_draft *d, const struct tn_offer *o,
                        const struct tn_offer_own *own, tern_addr rtp)
{
    struct tn_sdes line;

    if (!find_usable(&o->remote.media[o->remote_slot], &line)) return;
    enum tn_srtp_suite suite = tn_srtp_suite_by_name(line.suite);
    add_key(d, o, own, (struct tn_offer_key_wish){rtp, suite, line.tag});
    tn_sdes_wipe(&line);
}

void tn_offer_draft_secure_answer(struct tn_offer_draft *d, const struct tn_offer *o,
                                  const struct tn_offer_own *own, tern_addr rtp)
{
    const struct tn_sdp_media *theirs = &o->remote.media[o->remote_slot];
    enum tn_plan_security security;

    d->audio->proto = theirs->proto;
    if (!tn_offer_security(&o->opts, &o->remote, theirs, &security)) return;
    if (security == TN_PLAN_SDES) answer_sdes(d, o, own, rtp);
    if (security == TN_PLAN_DTLS) answer_dtls(d, o, own, rtp);
    if (tn_sdp_rtcp_mux(theirs)) add_mux(d);
}

/* ---- the agreement ---- */

static uint64_t hash(uint64_t seed, tern_str text)
{
    static const uint8_t key[16]; /* nobody gains by a collision with himself */
    uint64_t parts[2] = {seed, tn_siphash(key, text.ptr, text.len)};
    return tn_siphash(key, parts, sizeof(parts));
}

uint64_t tn_offer_peer_identity(const struct tn_sdp *sdp, const struct tn_sdp_media *m)
{
    struct tn_sdp_fingerprint fingerprint;
    char room[TERN_ADDR_TEXT_MAX];
    tern_str id = tn_sdp_tls_id(m);

    if (!tn_sdp_fingerprint(sdp, m, &fingerprint)) return 0;
    /* RFC 8842 3.1: without tls-id, another transport address is another association. */
    if (id.len == 0) id = tn_str(tern_addr_print(tn_offer_address(sdp, m), room));
    return hash(hash(0, fingerprint.text), id);
}

static bool agree_sdes(const struct tn_sdp_media *ours, const struct tn_sdp_media *theirs,
                       struct tn_media_plan *plan)
{
    struct tn_sdes their_line, our_line;
    bool agreed = false;

    if (!find_usable(theirs, &their_line)) return false;
    enum tn_srtp_suite suite = tn_srtp_suite_by_name(their_line.suite);
    if (find_suite(ours, suite, &our_line)) {
        agreed = our_line.tag == their_line.tag; /* RFC 4568 5.1.3 */
        plan->keys.suite = suite;
        memcpy(plan->keys.send, our_line.key, our_line.key_len);
        memcpy(plan->keys.receive, their_line.key, their_line.key_len);
        tn_sdes_wipe(&our_line);
    }
    tn_sdes_wipe(&their_line);
    return agreed;
}

/* RFC 5763 5: who is not active is passive; their word counts where ours left it open. */
static bool is_active(const struct tn_sdp_media *ours, enum tn_sdp_setup theirs)
{
    enum tn_sdp_setup own = tn_sdp_setup(NULL, ours);

    if (own == TN_SDP_SETUP_ACTPASS) return theirs == TN_SDP_SETUP_PASSIVE;
    return own == TN_SDP_SETUP_ACTIVE;
}

static bool agree_dtls(struct tn_offer *o, const struct tn_sdp_media *ours,
                       const struct tn_sdp *their_sdp, const struct tn_sdp_media *theirs,
                       struct tn_media_plan *plan)
{
    struct tn_sdp_fingerprint fingerprint;
    struct tn_buf text;

    if (!tn_sdp_fingerprint(their_sdp, theirs, &fingerprint)) return false;
    tn_buf_fixed(&text, plan->peer_fingerprint, sizeof(plan->peer_fingerprint) - 1);
    tn_sdp_fingerprint_print(&fingerprint, &text);
    if (text.err) return false;
    plan->peer_fingerprint[text.len] = '\0';
    plan->dtls_active = is_active(ours, tn_sdp_setup(their_sdp, theirs));
    uint64_t peer = tn_offer_peer_identity(their_sdp, theirs);
    uint64_t both = hash(peer + plan->dtls_active, tn_sdp_tls_id(ours));
    if (both != o->association_hash) o->association++;
    o->association_hash = both;
    o->peer_identity = peer;
    plan->association = o->association;
    return true;
}

/* What our own line says of the stream: of what was offered, the answer may take no more. */
static enum tn_plan_security said(const struct tn_sdp_media *ours)
{
    if (tn_sdp_attr_find(ours->attrs, TERN_STR("crypto"))) return TN_PLAN_SDES;
    if (tn_sdp_attr_find(ours->attrs, TERN_STR("fingerprint"))) return TN_PLAN_DTLS;
    return TN_PLAN_PLAIN;
}

bool tn_offer_agree_security(struct tn_offer *o, const struct tn_sdp_media *ours,
                             const struct tn_sdp *their_sdp, const struct tn_sdp_media *theirs,
                             struct tn_media_plan *plan)
{
    plan->rtcp_mux = tn_sdp_rtcp_mux(ours) && tn_sdp_rtcp_mux(theirs);
    if (!tn_str_eq(ours->proto, theirs->proto)) return false; /* RFC 3264 6 */
    plan->security = said(ours);
    if (plan->security == TN_PLAN_SDES && agree_sdes(ours, theirs, plan)) return true;
    if (plan->security == TN_PLAN_DTLS && agree_dtls(o, ours, their_sdp, theirs, plan)) return true;
    if (plan->security == TN_PLAN_PLAIN) return true;
    plan->security = TN_PLAN_PLAIN;
    return profile_of(theirs->proto) == AVP && o->opts.policy == TN_OFFER_OPPORTUNISTIC;
}

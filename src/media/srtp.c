/* SPDX-License-Identifier: MIT */
#include "media/srtp.h"

#include <srtp2/srtp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/mutant.h"

#define HALF 0x8000u /* of the sequence numbers */

struct tn_srtp {
    struct tern_allocator alloc;
    srtp_t session;
    enum tn_srtp_suite suite;
    bool outbound;
    /* Receiving: the newest packet that was accepted. Sending: the last one. */
    struct tn_srtp_place rtp, rtcp;
    struct tn_srtp_places floor; /* receiving: what was heard before tn_srtp_resume() */
    bool resumed;                /* and nothing since */
    bool limited;                /* sending: below `limit` */
    struct tn_srtp_places limit;
    uint8_t sources; /* SSRCs that were accepted */
    uint8_t wraptry; /* TN_SRTP_WRAPTRY: no more of them */
    size_t rtcp_tag; /* bytes behind the index of SRTCP */
    uint8_t key[TN_SRTP_KEY_MAX];
};

static uint32_t read32(const void *bytes)
{
    const uint8_t *p = bytes;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t sequence_of(tern_str packet)
{
    const uint8_t *p = (const uint8_t *)packet.ptr;

    return (uint16_t)(p[2] << 8 | p[3]);
}

/* RFC 4568 6.2 and RFC 6188 2: the short tag is for RTP alone. */
static void set_suite(srtp_policy_t *policy, enum tn_srtp_suite suite)
{
    switch (suite) {
    case TN_SRTP_AES_CM_128_HMAC_SHA1_32:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
        srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
        return;
    case TN_SRTP_AES_256_CM_HMAC_SHA1_80:
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy->rtp);
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy->rtcp);
        return;
    case TN_SRTP_AES_256_CM_HMAC_SHA1_32:
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy->rtp);
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy->rtcp);
        return;
    case TN_SRTP_AEAD_AES_128_GCM:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
        return;
    case TN_SRTP_AEAD_AES_256_GCM:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
        return;
    case TN_SRTP_AES_CM_128_HMAC_SHA1_80:
    case TN_SRTP_NONE:
    case TN_SRTP_SUITES:
        srtp_crypto_policy_set_rtp_default(&policy->rtp);
        srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
        return;
    }
}

static srtp_policy_t policy_of(struct tn_srtp *srtp, srtp_ssrc_type_t type)
{
    srtp_policy_t policy;

    memset(&policy, 0, sizeof(policy));
    set_suite(&policy, srtp->suite);
    policy.ssrc.type = type;
    policy.key = srtp->key;
    policy.window_size = TN_SRTP_WINDOW;
    return policy;
}

/* See the head of srtp.h. */
static srtp_err_status_t create(srtp_t *session, const srtp_policy_t *policy)
{
    srtp_err_status_t status = srtp_create(session, policy);

    if (status != srtp_err_status_init_fail) return status;
    status = srtp_init();
    if (status != srtp_err_status_ok) return status;
    return srtp_create(session, policy);
}

static int error_of(srtp_err_status_t status)
{
    if (status == srtp_err_status_ok) return 0;
    return status == srtp_err_status_alloc_fail ? TERN_ENOMEM : TERN_EUNSUPPORTED;
}

int tn_srtp_prepare(void)
{
    static const uint8_t no_key[TN_SRTP_KEY_MAX];
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_srtp *srtp;

    int err = tn_srtp_new(&alloc, TN_SRTP_AES_CM_128_HMAC_SHA1_80, no_key, true, &srtp);
    if (err) return TERN_ENOMEM;
    tn_srtp_free(srtp);
    return 0;
}

int tn_srtp_new(const struct tern_allocator *alloc, enum tn_srtp_suite suite,
                const uint8_t *key_and_salt, bool outbound, struct tn_srtp **out)
{
    if (tn_srtp_key_len(suite) == 0) return TERN_EINVAL;
    struct tn_srtp *srtp = tn_alloc(alloc, sizeof(*srtp));
    if (!srtp) return TERN_ENOMEM;
    srtp->alloc = *alloc;
    srtp->suite = suite;
    srtp->outbound = outbound;
    memcpy(srtp->key, key_and_salt, tn_srtp_key_len(suite));

    srtp_policy_t policy = policy_of(srtp, outbound ? ssrc_any_outbound : ssrc_any_inbound);
    srtp->rtcp_tag = suite < TN_SRTP_AEAD_AES_128_GCM ? (size_t)policy.rtcp.auth_tag_len : 0;
    int err = error_of(create(&srtp->session, &policy));
    if (err) {
        srtp->session = NULL;
        tn_srtp_free(srtp);
        return err;
    }
    *out = srtp;
    return 0;
}

void tn_srtp_free(struct tn_srtp *srtp)
{
    if (!srtp) return;
    struct tern_allocator alloc = srtp->alloc;
    if (srtp->session) (void)srtp_dealloc(srtp->session);
    tn_wipe(srtp, sizeof(*srtp));
    tn_free(&alloc, srtp);
}

static int protect(struct tn_srtp *srtp, bool rtcp, uint8_t *packet, size_t *len)
{
    int octets = (int)*len;
    srtp_err_status_t status = rtcp ? srtp_protect_rtcp(srtp->session, packet, &octets)
                                    : srtp_protect(srtp->session, packet, &octets);

    if (status == srtp_err_status_alloc_fail) return TERN_ENOMEM;
    if (status != srtp_err_status_ok) return TERN_EINVAL;
    *len = (size_t)octets;
    return 0;
}

static bool beyond(const struct tn_srtp *srtp, const struct tn_srtp_place *limit,
                   const struct tn_srtp_place *next)
{
    return srtp->limited && limit->ssrc == next->ssrc && next->index >= limit->index;
}

/* What the packet would have: RFC 3711 3.3.1, where numbers only go up. */
static struct tn_srtp_place next_rtp(const struct tn_srtp *srtp, uint32_t ssrc, uint16_t sequence)
{
    struct tn_srtp_place next = {true, ssrc, sequence};
    if (!srtp->rtp.known || srtp->rtp.ssrc != ssrc) return next;
    next.index = srtp->rtp.index + (uint16_t)(sequence - (uint16_t)srtp->rtp.index);
    return next;
}

static struct tn_srtp_place next_rtcp(const struct tn_srtp *srtp, uint32_t ssrc)
{
    bool same = srtp->rtcp.known && srtp->rtcp.ssrc == ssrc;
    return (struct tn_srtp_place){true, ssrc, same ? srtp->rtcp.index + 1 : 1};
}

int tn_srtp_protect(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (*len < TN_SRTP_MIN_RTP || *len > TN_SRTP_PACKET) return TERN_EINVAL;
    if (cap < *len + TN_SRTP_TRAILER) return TERN_ENOBUF;
    struct tn_srtp_place next =
        next_rtp(srtp, read32(packet + 8), sequence_of((tern_str){(const char *)packet, *len}));
    if (beyond(srtp, &srtp->limit.rtp, &next)) return TERN_ELIMIT;
    int err = protect(srtp, false, packet, len);
    if (!err) srtp->rtp = next;
    return err;
}

int tn_srtp_protect_rtcp(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (*len < TN_SRTP_MIN_RTCP || *len > TN_SRTP_PACKET) return TERN_EINVAL;
    if (cap < *len + TN_SRTP_TRAILER) return TERN_ENOBUF;
    struct tn_srtp_place next = next_rtcp(srtp, read32(packet + 4));
    if (beyond(srtp, &srtp->limit.rtcp, &next)) return TERN_ELIMIT;
    int err = protect(srtp, true, packet, len);
    if (!err) srtp->rtcp = next;
    return err;
}

/* ---- receiving ---- */

/* The rollover counter of the first packet after tn_srtp_resume(), by what was heard before. */
static void aim(struct tn_srtp *srtp, uint32_t ssrc, uint16_t sequence)
{
    uint32_t roc = (uint32_t)(srtp->rtp.index >> 16);
    uint16_t last = (uint16_t)srtp->rtp.index;

    if (!srtp->resumed || ssrc != srtp->rtp.ssrc) return;
    if (last >= HALF && sequence < last - HALF) roc++;
    if (last < HALF && sequence > last + HALF && roc > 0) roc--;
    (void)srtp_set_stream_roc(srtp->session, ssrc, roc);
}

static srtp_err_status_t open_rtp(struct tn_srtp *srtp, tern_str packet, uint8_t *out, size_t *len)
{
    int octets = (int)packet.len;

    memcpy(out, packet.ptr, packet.len);
    srtp_err_status_t status = srtp_unprotect(srtp->session, out, &octets);
    if (status == srtp_err_status_ok) *len = (size_t)octets;
    return status;
}

/* INTEROP: libsrtp before 2.6 takes the SSRC in network order here, and only here. */
static void remove_source(struct tn_srtp *srtp, uint32_t ssrc)
{
    uint32_t swapped = ssrc >> 24 | (ssrc >> 8 & 0xff00u) | (ssrc & 0xff00u) << 8 | ssrc << 24;

    if (srtp_remove_stream(srtp->session, ssrc) == srtp_err_status_ok) return;
    (void)srtp_remove_stream(srtp->session, swapped); /* there is no other source yet */
}

/*
 * A key's first packet is taken for one before the first wrap of the sequence number. Where the
 * packets before were lost, among them 65535, it is one behind it, and nothing would ever be
 * authentic again (RFC 3711 3.3.1 leaves this to signalling; SDES does not say, RFC 4568 6.4).
 */
static bool open_wrapped(struct tn_srtp *srtp, tern_str packet, uint8_t *out, size_t *len)
{
    uint32_t ssrc = read32(packet.ptr + 8);
    srtp_policy_t policy = policy_of(srtp, ssrc_specific);

    if (srtp->sources > 0 || srtp->wraptry == TN_SRTP_WRAPTRY) return false;
    if (sequence_of(packet) >= TN_SRTP_WRAPPED) return false;
    srtp->wraptry++;
    policy.ssrc.value = ssrc;
    if (srtp_add_stream(srtp->session, &policy) != srtp_err_status_ok) return false;
    if (srtp_set_stream_roc(srtp->session, ssrc, 1) == srtp_err_status_ok &&
        open_rtp(srtp, packet, out, len) == srtp_err_status_ok) {
        return true;
    }
    remove_source(srtp, ssrc);
    return false;
}

/* Of a packet that was just accepted: RFC 3711 3.3.1, with the rollover counter that libsrtp has. */
static uint64_t index_of(const struct tn_srtp *srtp, uint32_t ssrc, uint16_t sequence)
{
    uint32_t roc = 0;
    bool goes_on = srtp->rtp.known && srtp->rtp.ssrc == ssrc;

    (void)srtp_get_stream_roc(srtp->session, ssrc, &roc);
    uint64_t index = (uint64_t)roc << 16 | sequence;
    if (goes_on && roc > 0 && index > srtp->rtp.index + HALF) index -= 0x10000u;
    return index;
}

/* `first`: nothing was ever accepted from this SSRC. One that comes back has to go on first. */
static enum tn_srtp_verdict rank(struct tn_srtp_place *newest, uint32_t ssrc, uint64_t index,
                                 bool first)
{
    bool same = newest->known && newest->ssrc == ssrc;
    bool newer = !newest->known || (same ? index > newest->index : first);

    if (same && !newer) return TN_SRTP_LATE;
    *newest = (struct tn_srtp_place){true, ssrc, index};
    return newer ? TN_SRTP_NEWEST : TN_SRTP_LATE;
}

/* It may have been heard before, by the process before: nobody remembers. */
static bool is_before(const struct tn_srtp_place *floor, uint32_t ssrc, uint64_t index)
{
    return floor->known && floor->ssrc == ssrc && index <= floor->index;
}

static bool is_known(struct tn_srtp *srtp, uint32_t ssrc)
{
    uint32_t roc;

    return srtp_get_stream_roc(srtp->session, ssrc, &roc) == srtp_err_status_ok;
}

static enum tn_srtp_verdict refused(srtp_err_status_t status)
{
    bool seen = status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old ||
                status == srtp_err_status_pkt_idx_old;

    return seen ? TN_SRTP_REPLAYED : TN_SRTP_FORGED;
}

enum tn_srtp_verdict tn_srtp_unprotect(struct tn_srtp *srtp, tern_str packet,
                                       uint8_t out[TN_SRTP_PACKET], size_t *len)
{
    if (packet.len < TN_SRTP_MIN_RTP || packet.len > TN_SRTP_PACKET) return TN_SRTP_FORGED;
    uint32_t ssrc = read32(packet.ptr + 8);
    bool known = is_known(srtp, ssrc);

    if (!known && srtp->sources == TN_SRTP_SOURCES) return TN_SRTP_FORGED;
    aim(srtp, ssrc, sequence_of(packet));
    srtp_err_status_t status = open_rtp(srtp, packet, out, len);
    if (status != srtp_err_status_ok && !open_wrapped(srtp, packet, out, len)) {
        return refused(status);
    }
    if (!known) srtp->sources++;
    uint64_t index = index_of(srtp, ssrc, sequence_of(packet));
    if (ssrc == srtp->rtp.ssrc) srtp->resumed = false;
    if (is_before(&srtp->floor.rtp, ssrc, index)) return TN_SRTP_REPLAYED;
    return rank(&srtp->rtp, ssrc, index, !known);
}

enum tn_srtp_verdict tn_srtp_unprotect_rtcp(struct tn_srtp *srtp, tern_str packet,
                                            uint8_t out[TN_SRTP_PACKET], size_t *len)
{
    size_t trailer = sizeof(uint32_t) + srtp->rtcp_tag;

    if (packet.len < TN_SRTP_MIN_RTCP + trailer || packet.len > TN_SRTP_PACKET) {
        return TN_SRTP_FORGED;
    }
    uint32_t ssrc = read32(packet.ptr + 4);
    uint32_t index = read32(packet.ptr + packet.len - trailer) & SRTCP_INDEX_MASK;
    bool known = is_known(srtp, ssrc);
    int octets = (int)packet.len;

    if (!known && srtp->sources == TN_SRTP_SOURCES) return TN_SRTP_FORGED;
    memcpy(out, packet.ptr, packet.len);
    srtp_err_status_t status = srtp_unprotect_rtcp(srtp->session, out, &octets);
    if (status != srtp_err_status_ok) return refused(status);
    *len = (size_t)octets;
    if (!known) srtp->sources++;
    if (is_before(&srtp->floor.rtcp, ssrc, index)) return TN_SRTP_REPLAYED;
    return rank(&srtp->rtcp, ssrc, index, !known);
}

/* ---- snapshots ---- */

struct tn_srtp_places tn_srtp_reserve(const struct tn_srtp *srtp, uint32_t ssrc, uint16_t sequence)
{
    uint64_t ahead = TN_MUTANT(INDEX_AGAIN) ? 0 : TN_SRTP_RESERVE;
    struct tn_srtp_places places = {next_rtp(srtp, ssrc, sequence), next_rtcp(srtp, ssrc)};

    places.rtp.index += ahead;
    places.rtcp.index += ahead > 0 ? TN_SRTCP_RESERVE : 0;
    return places;
}

void tn_srtp_limit(struct tn_srtp *srtp, const struct tn_srtp_places *places)
{
    srtp->limited = places != NULL && !TN_MUTANT(INDEX_AGAIN);
    if (places) srtp->limit = *places;
}

static bool is_low(const struct tn_srtp_place *limit, const struct tn_srtp_place *last,
                   uint64_t reserve)
{
    return last->known && last->ssrc == limit->ssrc && last->index + reserve / 2 >= limit->index;
}

bool tn_srtp_reserve_low(const struct tn_srtp *srtp)
{
    return srtp->limited && (is_low(&srtp->limit.rtp, &srtp->rtp, TN_SRTP_RESERVE) ||
                             is_low(&srtp->limit.rtcp, &srtp->rtcp, TN_SRTCP_RESERVE));
}

struct tn_srtp_places tn_srtp_heard(const struct tn_srtp *srtp)
{
    return (struct tn_srtp_places){srtp->rtp, srtp->rtcp};
}

static int add_source(struct tn_srtp *srtp, uint32_t ssrc)
{
    srtp_policy_t policy = policy_of(srtp, ssrc_specific);

    policy.ssrc.value = ssrc;
    srtp->sources++;
    return error_of(srtp_add_stream(srtp->session, &policy));
}

/* libsrtp takes no index for SRTCP: so many reports are made that nobody gets. */
static int spend_rtcp(struct tn_srtp *srtp, uint32_t ssrc, uint64_t until)
{
    int err = 0;

    while (!err && (!srtp->rtcp.known || srtp->rtcp.index + 1 < until)) {
        uint8_t report[TN_SRTP_MIN_RTCP + TN_SRTP_TRAILER] = {0x80, 201, 0, 1};
        size_t len = TN_SRTP_MIN_RTCP;
        tn_put32(report + 4, ssrc);
        err = tn_srtp_protect_rtcp(srtp, report, &len, sizeof(report));
    }
    return err;
}

static int resume_sending(struct tn_srtp *srtp, const struct tn_srtp_places *places)
{
    if (!places->rtp.known || places->rtp.index == 0) return TERN_EPARSE;
    if (places->rtcp.index > TN_SRTCP_RESUMED || places->rtcp.ssrc != places->rtp.ssrc) {
        return TERN_EPARSE;
    }
    int err = add_source(srtp, places->rtp.ssrc);
    if (!err) err = spend_rtcp(srtp, places->rtp.ssrc, places->rtcp.index);
    if (err) return err;
    uint32_t roc = (uint32_t)(places->rtp.index >> 16);
    if (srtp_set_stream_roc(srtp->session, places->rtp.ssrc, roc) != srtp_err_status_ok) {
        return TERN_EPARSE;
    }
    srtp->rtp = places->rtp;
    srtp->rtp.index--;
    tn_srtp_limit(srtp, places);
    return 0;
}

int tn_srtp_resume(struct tn_srtp *srtp, const struct tn_srtp_places *places)
{
    if (srtp->outbound) return resume_sending(srtp, places);
    int err = places->rtp.known ? add_source(srtp, places->rtp.ssrc) : 0;
    bool other = !places->rtp.known || places->rtcp.ssrc != places->rtp.ssrc;
    if (!err && places->rtcp.known && other) err = add_source(srtp, places->rtcp.ssrc);
    if (err) return err;
    srtp->rtp = srtp->floor.rtp = places->rtp;
    srtp->rtcp = srtp->floor.rtcp = places->rtcp;
    srtp->resumed = places->rtp.known;
    return 0;
}

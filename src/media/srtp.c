/* SPDX-License-Identifier: MIT */
#include "media/srtp.h"

#include <srtp2/srtp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/assert.h"

#define HALF 0x8000u /* of the sequence numbers */

/* The newest packet that was accepted, of RTP or of RTCP. */
struct newest {
    bool known;
    uint32_t ssrc;
    uint64_t index;
};

struct tn_srtp {
    struct tern_allocator alloc;
    srtp_t session;
    enum tn_srtp_suite suite;
    struct newest rtp, rtcp;
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

int tn_srtp_protect(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (*len < TN_SRTP_MIN_RTP || *len > TN_SRTP_PACKET) return TERN_EINVAL;
    if (cap < *len + TN_SRTP_TRAILER) return TERN_ENOBUF;
    return protect(srtp, false, packet, len);
}

int tn_srtp_protect_rtcp(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap)
{
    if (*len < TN_SRTP_MIN_RTCP || *len > TN_SRTP_PACKET) return TERN_EINVAL;
    if (cap < *len + TN_SRTP_TRAILER) return TERN_ENOBUF;
    return protect(srtp, true, packet, len);
}

/* ---- receiving ---- */

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
static enum tn_srtp_verdict rank(struct newest *newest, uint32_t ssrc, uint64_t index, bool first)
{
    bool same = newest->known && newest->ssrc == ssrc;
    bool newer = !newest->known || (same ? index > newest->index : first);

    if (same && !newer) return TN_SRTP_LATE;
    *newest = (struct newest){true, ssrc, index};
    return newer ? TN_SRTP_NEWEST : TN_SRTP_LATE;
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
    srtp_err_status_t status = open_rtp(srtp, packet, out, len);
    if (status != srtp_err_status_ok && !open_wrapped(srtp, packet, out, len)) {
        return refused(status);
    }
    if (!known) srtp->sources++;
    uint64_t index = index_of(srtp, ssrc, sequence_of(packet));
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
    return rank(&srtp->rtcp, ssrc, index, !known);
}

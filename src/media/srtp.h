/* SPDX-License-Identifier: MIT */
/*
 * SRTP and SRTCP with one key in one direction: RFC 3711, 6188, 7714, by libsrtp2.
 *
 * libsrtp has a state of the whole process, which srtp_init() makes (25 to 90 ms; ua has it done with
 * the first account that wants SRTP). Nobody has to call it:
 * the first tn_srtp_new() of a process is refused by libsrtp, calls srtp_init() and asks again. So
 * this library needs no variable of its own; but two threads must not both be the first. A program
 * with endpoints in several threads lets tn_srtp_prepare() return before it starts the second one.
 * From then on contexts are as independent as endpoints are.
 *
 * libsrtp takes memory from malloc(); once a source is known, packets take none of it.
 */
#ifndef TN_MEDIA_SRTP_H
#define TN_MEDIA_SRTP_H

#include <tern/err.h>

#include "crypto/srtp_suite.h"

#define TN_SRTP_TRAILER 20   /* SRTCP: index 4, tag 16. SRTP has less */
#define TN_SRTP_PACKET  1500 /* no path carries more in one piece, and phones send 300 */
#define TN_SRTP_WINDOW  1024 /* packets: 20 s of audio; a path that is slower by more is no use */
#define TN_SRTP_SOURCES 16   /* SSRCs under one key, each costs memory; a phone has one or two */
#define TN_SRTP_WRAPPED 4096 /* a key's first packet below this may have crossed 65535 unheard */
#define TN_SRTP_WRAPTRY 64   /* such packets looked at twice; each costs a key derivation */
#define TN_SRTP_RESERVE                                                                            \
    1500 /* packets: 30 s of audio; half of what RFC 3550 A.1 lets a source leap */
#define TN_SRTCP_RESERVE 64         /* a report takes 2 s at the least, and most take 5 */
#define TN_SRTCP_RESUMED (1u << 20) /* reports under one key, two months of them */
#define TN_SRTP_MIN_RTP  12
#define TN_SRTP_MIN_RTCP 8

enum tn_srtp_verdict {
    TN_SRTP_NEWEST,   /* authentic, and its index is higher than every one before */
    TN_SRTP_LATE,     /* authentic, overtaken by another */
    TN_SRTP_REPLAYED, /* seen before, or too old to tell */
    TN_SRTP_FORGED,   /* not made with this key, or no packet at all */
};

struct tern_allocator;
struct tn_srtp;

/* Where a context stands. Sending: the index that comes next; receiving: the highest so far. */
struct tn_srtp_place {
    bool known;
    uint32_t ssrc;
    uint64_t index;
};
struct tn_srtp_places {
    struct tn_srtp_place rtp, rtcp;
};

/** Makes libsrtp ready, where it is not. @return 0 or TERN_ENOMEM */
TERN_CHECK int tn_srtp_prepare(void);

/**
 * @param key_and_salt  tn_srtp_key_len(suite) bytes, copied
 *
 * @return                   0
 * @retval TERN_EINVAL       no suite
 * @retval TERN_EUNSUPPORTED this libsrtp2 was built without it
 * @retval TERN_ENOMEM
 */
TERN_CHECK int tn_srtp_new(const struct tern_allocator *alloc, enum tn_srtp_suite suite,
                           const uint8_t *key_and_salt, bool outbound, struct tn_srtp **out);
/** Wipes the key. NULL is allowed. */
void tn_srtp_free(struct tn_srtp *srtp);

/**
 * Encrypts and authenticates in place. The index goes up with the sequence number; a number that
 * was used is refused, whatever the packet says.
 *
 * @return             0
 * @retval TERN_ENOBUF `cap` is less than *len and TN_SRTP_TRAILER
 * @retval TERN_EINVAL no packet, or its number was used
 * @retval TERN_ELIMIT beyond tn_srtp_limit()
 */
TERN_CHECK int tn_srtp_protect(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap);
TERN_CHECK int tn_srtp_protect_rtcp(struct tn_srtp *srtp, uint8_t *packet, size_t *len, size_t cap);

/**
 * Where another process may go on sending with this key, if this one sends no further than that:
 * behind a reserve (RFC 3711 9.1). `sequence` is that of the next packet.
 */
struct tn_srtp_places tn_srtp_reserve(const struct tn_srtp *srtp, uint32_t ssrc, uint16_t sequence);
/** Send no further than that. NULL: as far as one likes. */
void tn_srtp_limit(struct tn_srtp *srtp, const struct tn_srtp_places *places);
/** Less than half of a reserve is left. */
bool tn_srtp_reserve_low(const struct tn_srtp *srtp);
/** What has been accepted so far. */
struct tn_srtp_places tn_srtp_heard(const struct tn_srtp *srtp);
/**
 * A new context goes on from there: sends nothing before tn_srtp_limit(), or accepts nothing that is
 * not newer.
 *
 * @return TERN_ENOMEM; TERN_EPARSE: too far
 */
TERN_CHECK int tn_srtp_resume(struct tn_srtp *srtp, const struct tn_srtp_places *places);

/**
 * Copies a packet to `out`, checks and decrypts it there.
 *
 * @param out  where NEWEST and LATE leave the packet in the clear; else it holds nothing of use
 * @param len  its length; untouched otherwise
 */
enum tn_srtp_verdict tn_srtp_unprotect(struct tn_srtp *srtp, tern_str packet,
                                       uint8_t out[TN_SRTP_PACKET], size_t *len);
enum tn_srtp_verdict tn_srtp_unprotect_rtcp(struct tn_srtp *srtp, tern_str packet,
                                            uint8_t out[TN_SRTP_PACKET], size_t *len);

#endif

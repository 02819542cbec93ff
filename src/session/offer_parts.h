/* SPDX-License-Identifier: MIT */
/* Inside of session/offer: reading and writing the one m= line that is ours. Pure functions. */
#ifndef TN_SESSION_OFFER_PARTS_H
#define TN_SESSION_OFFER_PARTS_H

#include "session/offer.h"

#define TN_OFFER_FORMATS_MAX (TN_OFFER_CODECS_MAX + 1) /* and telephone-event */
#define TN_OFFER_ANY         SIZE_MAX
#define TN_OFFER_ATTRS_MAX   8    /* four suites, or three attributes of DTLS, and rtcp-mux */
#define TN_OFFER_WORDS_MAX   1024 /* their values */

/* Everything that our SDP points to while it is printed. */
struct tn_offer_draft {
    struct tn_sdp sdp;
    struct tn_sdp_media media[TN_SDP_MEDIA_MAX];
    struct tn_sdp_format formats[TN_OFFER_FORMATS_MAX];
    struct tn_sdp_format rejected[TN_SDP_MEDIA_MAX]; /* one format for each line that needs it */
    char numbers[TN_OFFER_FORMATS_MAX][4];
    char id[20], version[20], origin[TERN_ADDR_TEXT_MAX + 8];
    struct tn_sdp_media *audio; /* our line */
    struct tn_sdp_attr attrs[TN_OFFER_ATTRS_MAX];
    size_t attr_count;
    struct tn_buf words; /* in `room`: keys among them, so that a draft is wiped */
    char room[TN_OFFER_WORDS_MAX];
};

/* A key that our line is to have. */
struct tn_offer_key_wish {
    tern_addr rtp;
    enum tn_srtp_suite suite;
    uint32_t tag;
};

/* Who is behind their end of a DTLS association, as far as RFC 8842 3.1 tells them apart. */
uint64_t tn_offer_peer_identity(const struct tn_sdp *sdp, const struct tn_sdp_media *m);

/* ---- offer_read.c: what a line of theirs means ---- */

/* The codec behind a format, by rtpmap or static payload type. */
enum tn_codec tn_offer_codec_of(const struct tn_sdp_format *f);
bool tn_offer_is_event(const struct tn_sdp_format *f);
bool tn_offer_has_codec(const struct tn_offer_opts *opts, enum tn_codec codec);

/* Audio over RTP that our policy allows, with a port, a unicast address and one of our codecs. */
bool tn_offer_usable(const struct tn_offer_opts *opts, const struct tn_sdp *sdp,
                     const struct tn_sdp_media *m);
/* Each line that has a port has an address. RFC 8866 5.7 */
bool tn_offer_connected(const struct tn_sdp *sdp);
/* The usable line, `preferred` before others; TN_OFFER_ANY when there is none. */
size_t tn_offer_choose(const struct tn_offer_opts *opts, const struct tn_sdp *sdp,
                       size_t preferred);

/* Their direction, where an address of zero takes "receives" away (RFC 3264 8.4). */
bool tn_offer_they_listen(const struct tn_sdp *sdp, const struct tn_sdp_media *m);
/* Family 0 for hold by address zero. */
tern_addr tn_offer_address(const struct tn_sdp *sdp, const struct tn_sdp_media *m);

void tn_offer_no_plan(struct tn_media_plan *plan);
/* What our line and theirs agree on. Both are usable. */
void tn_offer_agree(const struct tn_sdp_media *ours, const struct tn_sdp *their_sdp,
                    const struct tn_sdp_media *theirs, struct tn_media_plan *plan);
/* Bits for the dynamic payload types of a line that are not for codecs of ours. */
uint32_t tn_offer_taken(const struct tn_offer_opts *opts, const struct tn_sdp_media *m);

/* ---- offer_write.c: our SDP ---- */

void tn_offer_draft_start(struct tn_offer_draft *d, uint64_t session_id, tern_addr origin,
                          tern_addr rtp);
void tn_offer_draft_version(struct tn_offer_draft *d, uint64_t version);
/* Adds a line for a stream that we do not take, in the words of theirs. */
void tn_offer_draft_rejected(struct tn_offer_draft *d, const struct tn_sdp_media *theirs);
/* Adds our line, without formats, after which the format functions apply to it. */
struct tn_sdp_media *tn_offer_draft_audio(struct tn_offer_draft *d,
                                          const struct tn_offer_local *local);
void tn_offer_draft_codec(struct tn_offer_draft *d, enum tn_codec codec, int pt);
void tn_offer_draft_event(struct tn_offer_draft *d, int pt);
/* The formats of an offer: `before` is our line in the agreement, or NULL. */
void tn_offer_draft_formats(struct tn_offer_draft *d, const struct tn_offer *o,
                            const struct tn_sdp_media *before);
/* The formats of an answer, in the order and with the numbers of the offer. RFC 3264 6.1 */
void tn_offer_draft_mirror(struct tn_offer_draft *d, const struct tn_offer_opts *opts,
                           const struct tn_sdp_media *theirs);
enum tn_sdp_direction tn_offer_direction(bool send, bool receive);

#endif

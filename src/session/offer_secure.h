/* SPDX-License-Identifier: MIT */
/*
 * Inside of session/offer: what secures the stream. SDES (RFC 4568), DTLS-SRTP (RFC 5763, 8842),
 * either of them opportunistic (RFC 8643), RTP and RTCP on one port (RFC 5761).
 *
 *   they say                          PLAIN        OPPORTUNISTIC     SECURE
 *   RTP/AVP(F), no keys               plain        plain             refused
 *   RTP/AVP(F) with keys              plain        secured           secured
 *   RTP/SAVP(F) with crypto           refused      secured           secured
 *   UDP/TLS/RTP/SAVP(F), or RTP/SAVP(F) with fingerprint: likewise, where we have a certificate
 *
 * Our keys stand in our own SDP and nowhere else; they are read from there again. A key goes on as
 * long as the stream's address does; with another address comes another key (RFC 4568 7.1.4), or
 * another association (RFC 8842 3.1).
 */
#ifndef TN_SESSION_OFFER_SECURE_H
#define TN_SESSION_OFFER_SECURE_H

#include "session/offer_parts.h"

/* How the stream behind a line of theirs can be had. @return false: not at all */
bool tn_offer_security(const struct tn_offer_opts *opts, const struct tn_sdp *sdp,
                       const struct tn_sdp_media *m, enum tn_plan_security *out);

/* Our SDP as it was sent last, parsed: in the agreement, and one that was refused. */
struct tn_offer_own {
    struct tn_sdp agreed, pending; /* no media: there is none */
};

/* Protocol and attributes of our line in an offer. */
void tn_offer_draft_secure_offer(struct tn_offer_draft *d, const struct tn_offer *o,
                                 const struct tn_offer_own *own, tern_addr rtp);
/* The same in the answer to o->remote. */
void tn_offer_draft_secure_answer(struct tn_offer_draft *d, const struct tn_offer *o,
                                  const struct tn_offer_own *own, tern_addr rtp);

/*
 * What our line and theirs agree on; `plan` has the rest already.
 *
 * @return false: nothing, although something is needed
 */
bool tn_offer_agree_security(struct tn_offer *o, const struct tn_sdp_media *ours,
                             const struct tn_sdp *their_sdp, const struct tn_sdp_media *theirs,
                             struct tn_media_plan *plan);

#endif

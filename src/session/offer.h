/* SPDX-License-Identifier: MIT */
/*
 * Offer and answer (RFC 3264) for one call with one audio stream. Bodies go in and out as text;
 * what was agreed comes out as a media plan. Who carries the bodies (INVITE, 2xx, ACK, UPDATE)
 * is the owner's business.
 *
 *           make     take_answer  take            answer   rollback   reopen
 * IDLE      >LOCAL   -            >REMOTE         -        .          -
 * LOCAL     -        >STABLE      - (glare: 491)  -        >I or S    -
 * REMOTE    -        -            - (500)         >STABLE  >I or S    -
 * STABLE    >LOCAL   -            >REMOTE         -        .          >LOCAL
 *
 * "-" is refused with TERN_ESTATE, "." does nothing, "I or S" is STABLE once anything was agreed.
 * Whatever fails leaves the machine as it was, with one exception: an answer that leaves no usable
 * stream ends the exchange (STABLE) with an inactive plan and TERN_EUNSUPPORTED.
 */
#ifndef TN_SESSION_OFFER_H
#define TN_SESSION_OFFER_H

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/random.h"
#include "media/plan.h"
#include "wire/sdp/sdp.h"

#define TN_OFFER_CODECS_MAX 4 /* more than Tern has; with telephone-event they fit in a plan */

struct tn_offer_codec {
    enum tn_codec codec;
    uint8_t pt;
};

/* RFC 8643: opportunistic is secured where both ends can, and in the clear otherwise. */
enum tn_offer_policy { TN_OFFER_PLAIN, TN_OFFER_OPPORTUNISTIC, TN_OFFER_SECURE };

struct tn_offer_opts {
    const struct tern_allocator *alloc; /* borrowed for the machine's life */
    uint64_t session_id;                /* of o=; one bit of it is cut (RFC 3264 5) */
    struct tn_offer_codec codecs[TN_OFFER_CODECS_MAX]; /* preference order */
    size_t codec_count;
    int event_pt; /* telephone-event (RFC 4733) that is offered; -1: none */
    enum tn_offer_policy policy;
    bool prefer_dtls;         /* offer DTLS-SRTP, else SDES; either is answered */
    tern_str fingerprint;     /* of our certificate, borrowed for life; empty: no DTLS */
    struct tn_random *random; /* for keys, borrowed for life; may be NULL with PLAIN */
};

enum tn_offer_state {
    TN_OFFER_IDLE,   /* nothing agreed yet */
    TN_OFFER_LOCAL,  /* our offer is out */
    TN_OFFER_REMOTE, /* theirs waits for our answer */
    TN_OFFER_STABLE,
    TN_OFFER_STATES,
};

enum tn_offer_event {
    TN_OFFER_EV_MAKE,
    TN_OFFER_EV_TAKE_ANSWER,
    TN_OFFER_EV_TAKE,
    TN_OFFER_EV_ANSWER,
    TN_OFFER_EV_ROLLBACK_FIRST, /* nothing was agreed before */
    TN_OFFER_EV_ROLLBACK,
    TN_OFFER_EV_REOPEN,
    TN_OFFER_EVENTS,
};

/* Where we want to receive. */
struct tn_offer_local {
    tern_addr rtp;  /* address and port for c= and m= */
    tern_addr from; /* where audio leaves from: the same, where no NAT shows it as `rtp` */
    tern_addr rtcp; /* family 0, or rtp with the next port: not said */
    bool hold;      /* we hold: we do not want to hear them */
};

/* Embedded in its owner; may be moved in memory. */
struct tn_offer {
    struct tn_offer_opts opts;
    enum tn_offer_state state;
    bool agreed_once;
    bool our_offer;        /* the agreement answers an offer of ours */
    bool remote_hold;      /* they do not want to hear us */
    uint32_t taken;        /* payload types 96 + bit that they use for other things */
    uint64_t version;      /* o= version of what was sent last; 0: nothing */
    tern_addr origin;      /* o= address: that of the first SDP, for ever */
    struct tn_buf agreed;  /* our SDP in the agreement */
    struct tn_buf pending; /* our offer that is out, or was refused and nothing sent since */
    struct tn_media_plan plan;
    size_t slot;                              /* our m= line in the agreement */
    uint64_t peer_identity, association_hash; /* of the DTLS association */
    uint32_t association;
    /* REMOTE only */
    struct tn_arena arena;
    struct tn_sdp remote;
    size_t remote_slot;
    bool withdrawn; /* they take the stream away: port 0 */
};

/** @retval TERN_EINVAL no codec, an unknown one, or a payload type that is too big or used twice */
TERN_CHECK int tn_offer_init(struct tn_offer *o, const struct tn_offer_opts *opts);
void tn_offer_fini(struct tn_offer *o);

/**
 * A second machine in the state of the first, which goes its own way from then on: what an INVITE that
 * another has taken the place of may still be answered with.
 *
 * @param out  not initialised
 * @retval TERN_ESTATE an offer of theirs waits
 * @retval TERN_ENOMEM
 */
TERN_CHECK int tn_offer_clone(const struct tn_offer *o, struct tn_offer *out);

/**
 * Makes an offer and appends it to `body`. The version grows only when the content differs from
 * the SDP that was sent last. A re-offer keeps the m= lines, the payload types, the codec in use
 * first, and the direction: it does not ask a peer that holds us to listen.
 *
 * @retval TERN_ESTATE an exchange is going on
 * @retval TERN_EINVAL local->rtp has no address or port
 * @retval TERN_ENOMEM, TERN_ENOBUF no memory; `body` too small, or its earlier failure
 */
TERN_CHECK int tn_offer_make(struct tn_offer *o, const struct tn_offer_local *local,
                             struct tn_buf *body);

/**
 * Takes the answer to our offer. Codecs that we did not offer are passed over. Lines beyond ours
 * are not looked at, so that a peer which forgets the rejected ones is understood.
 *
 * @param plan  receives the agreement; may be NULL
 * @retval TERN_ESTATE       we have no offer out (a repeated answer, for one)
 * @retval TERN_EPARSE       nonsense, or no line for ours; still LOCAL
 * @retval TERN_EUNSUPPORTED stream rejected, no codec in common, or no unicast address to send to;
 *                           STABLE, and `plan` is inactive
 * @retval TERN_ENOMEM       still LOCAL
 */
TERN_CHECK int tn_offer_take_answer(struct tn_offer *o, tern_str body, struct tn_media_plan *plan);

/**
 * Takes an offer of theirs; tn_offer_answer() follows, or tn_offer_rollback() when it is refused.
 *
 * @retval TERN_ESTATE       glare: ours is out (answer 491), or theirs is unanswered (500)
 * @retval TERN_EPARSE       answer 400 or 488
 * @retval TERN_EUNSUPPORTED no usable audio stream or no codec in common: answer 488
 * @retval TERN_ENOMEM
 */
TERN_CHECK int tn_offer_take(struct tn_offer *o, tern_str body);

/**
 * Answers their offer: appends the answer to `body`. Other streams are rejected with port 0.
 *
 * @param plan  receives the agreement; may be NULL. Inactive when they withdrew the stream
 * @retval TERN_ESTATE, TERN_EINVAL, TERN_ENOMEM, TERN_ENOBUF as tn_offer_make(); still REMOTE
 */
TERN_CHECK int tn_offer_answer(struct tn_offer *o, const struct tn_offer_local *local,
                               struct tn_buf *body, struct tn_media_plan *plan);

/** The offer in progress failed or was refused: back to the old agreement, which is untouched. */
void tn_offer_rollback(struct tn_offer *o);

/**
 * Another fork answers the offer that is answered already (RFC 3261 13.2.2.4): the same offer is
 * out again. A rollback goes back to the agreement with the first.
 *
 * @retval TERN_ESTATE the agreement is not one by an offer of ours
 * @retval TERN_ENOMEM
 */
TERN_CHECK int tn_offer_reopen(struct tn_offer *o);

/**
 * Appends once more, unchanged: the offer that is out, else our SDP in the agreement. Changes no
 * state: for retransmissions, and for an INVITE that is sent again with credentials. A re-INVITE
 * that changes nothing is made with tn_offer_make() and the same `local`.
 *
 * @retval TERN_ESTATE nothing was sent yet
 * @retval TERN_ENOMEM, TERN_ENOBUF as tn_offer_make()
 */
TERN_CHECK int tn_offer_repeat(struct tn_offer *o, struct tn_buf *body);

/** Appends the body for the answer to OPTIONS: RFC 3261 11.2, RFC 3264 9. */
void tn_offer_capabilities(const struct tn_offer_opts *opts, tern_addr local, struct tn_buf *body);

struct tn_pack;
/** Writes the agreement for a snapshot, once there is one; or takes it up after tn_offer_init(). */
void tn_offer_pack(struct tn_offer *o, struct tn_pack *p);

enum tn_offer_state tn_offer_state(const struct tn_offer *o);
const char *tn_offer_state_name(enum tn_offer_state state);

/** They do not want to hear us, as far as is agreed. */
bool tn_offer_remote_hold(const struct tn_offer *o);

/** The last agreement; an inactive plan before the first. */
const struct tn_media_plan *tn_offer_plan(const struct tn_offer *o);

/** In REMOTE: where their offer wants audio, to choose our address by; family 0: nowhere. */
tern_addr tn_offer_remote_rtp(const struct tn_offer *o);

#endif

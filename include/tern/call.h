/* SPDX-License-Identifier: MIT */
/*
 * Calls: make, answer, hold, move, hang up.
 *
 * All functions here return at once and do no I/O. What they cause to be sent
 * waits in the endpoint until tern_next_output(); what becomes of the call is
 * told by events. TERN_EV_CALL_ENDED is the last event that names a call (but
 * for the progress of an IP change that hangs it up); the handle is stale from
 * the moment that it is queued.
 */
#ifndef TERN_CALL_H
#define TERN_CALL_H

#include <tern/account.h>
#include <tern/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to start a call. Fill with tern_call_opts_init(). Strings are copied. */
struct tern_call_opts {
    size_t size;
    tern_account account; /**< required */
    tern_str target;      /**< SIP URI, or a user name at the account's domain; required */
    bool no_offer;        /**< send the INVITE without SDP: the far end offers (RFC 3261 13.2.1) */
    tern_str subject;     /**< Subject header; may be empty */
};

/**
 * What tern_call_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_call_opts_init_sized(struct tern_call_opts *opts, size_t size);

/** Set `opts` to the defaults, all zero; `account` and `target` stay to be set. */
static inline void tern_call_opts_init(struct tern_call_opts *opts)
{
    tern_call_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Start a call: send an INVITE.
 *
 * @param opts  read during this function only
 * @param out   receives the handle; untouched on failure
 *
 * @return              0; the outcome follows as events
 * @retval TERN_EINVAL  `target` is no SIP URI and no user name, or `subject` not one line of UTF-8
 * @retval TERN_ESTALE  no such account
 * @retval TERN_ELIMIT  `max_calls` calls are in progress
 * @retval TERN_ESTATE  the endpoint is not started, or is being stopped
 * @retval TERN_ENOMEM, TERN_EVERSION
 *
 * @events TERN_EV_CALL_PROGRESS (0..n), then TERN_EV_CALL_ANSWERED or TERN_EV_CALL_ENDED
 * @rfc 3261 13.2, 8.1.1
 */
TERN_API TERN_CHECK int tern_call_make(struct tern_endpoint *ep, tern_time now,
                                       const struct tern_call_opts *opts, tern_call *out);

/**
 * Answer an incoming call: 180 while it goes on ringing, 200 to take it.
 *
 * 183 describes our audio to the caller: from then on it may be sent and taken as in a call, before
 * it is answered (early media). Where the caller can, and `reliable` of the account does not say no,
 * it is sent until the caller has acknowledged it, and a 200 waits for that.
 *
 * @param status       180..183, or 200
 * @return             0
 * @retval TERN_ESTATE not incoming, or already answered
 * @retval TERN_EINVAL another status; refuse with tern_call_hangup()
 * @retval TERN_ESTALE
 * @events TERN_EV_CALL_ANSWERED when the ACK has come
 * @rfc 3261 13.3.1; 3262 3 and 5
 */
TERN_API TERN_CHECK int tern_call_answer(struct tern_endpoint *ep, tern_time now, tern_call call,
                                         int status);

/**
 * End a call in whichever way its state asks for: CANCEL, 4xx or BYE.
 *
 * Calling this again, or after the far end hung up, is harmless.
 *
 * @param status  SIP status for the refusal of an unanswered incoming call (400..699, typically
 *                486 or 603; 0 means 603); ignored otherwise
 *
 * @return             0, also when the call is already ending
 * @retval TERN_EINVAL `status` is none of these
 * @retval TERN_ESTALE the call has ended
 * @events TERN_EV_CALL_ENDED, exactly once
 * @rfc 3261 9.1, 15.1; 5407 3.1.2 (CANCEL crossing 200)
 */
TERN_API TERN_CHECK int tern_call_hangup(struct tern_endpoint *ep, tern_time now, tern_call call,
                                         int status);

/** In whose numbers a cause is given. RFC 3326 2 */
enum tern_cause_of {
    TERN_CAUSE_OF_SIP = 0,  /**< SIP status codes */
    TERN_CAUSE_OF_Q850 = 1, /**< those of the telephone network, ITU-T Q.850 */
};

/** How to end a call. Fill with tern_call_end_opts_init(). Strings are copied. */
struct tern_call_end_opts {
    size_t size;
    int status;       /**< as in tern_call_hangup() */
    uint8_t cause_of; /**< enum tern_cause_of; default TERN_CAUSE_OF_SIP */
    uint16_t cause;   /**< 100..699, or 1..127 for Q.850; 0: none */
    tern_str text;    /**< for people at the far end, one line of UTF-8; may be empty */
};

/**
 * What tern_call_end_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_call_end_opts_init_sized(struct tern_call_end_opts *opts, size_t size);

/** Set `opts` to the defaults, all zero. */
static inline void tern_call_end_opts_init(struct tern_call_end_opts *opts)
{
    tern_call_end_opts_init_sized(opts, sizeof(*opts));
}

/**
 * End a call as tern_call_hangup() does, and tell the far end why: in a Reason header of the BYE, the
 * CANCEL or the refusal. A call that is ending already says what it said.
 *
 * @param opts  read during this function only
 *
 * @return               0, also when the call is already ending
 * @retval TERN_EINVAL   `status` or `cause` is none of these, or `text` not one line of UTF-8
 * @retval TERN_ESTALE   the call has ended
 * @retval TERN_ENOMEM   for the reason; the call goes on
 * @retval TERN_EVERSION
 * @events TERN_EV_CALL_ENDED, exactly once
 * @rfc 3326 2; 6432 2 (Q.850 in responses)
 */
TERN_API TERN_CHECK int tern_call_end(struct tern_endpoint *ep, tern_time now, tern_call call,
                                      const struct tern_call_end_opts *opts);

/**
 * Hold: offer sendonly, or inactive if the far end holds too. Holding twice is harmless.
 *
 * Sent with a re-INVITE, at once or as soon as a refresh that is under way permits. What the far
 * end offers meanwhile is answered as held, and an IP change keeps the hold.
 *
 * @return             0
 * @retval TERN_ESTALE the call has ended
 * @retval TERN_ESTATE not answered, or ending
 * @events TERN_EV_CALL_MEDIA when the far end has agreed
 * @rfc 3264 8.4; 6337 5.3
 */
TERN_API TERN_CHECK int tern_call_hold(struct tern_endpoint *ep, tern_time now, tern_call call);

/**
 * Resume what tern_call_hold() did; if the far end holds, it goes on doing so. Harmless without a
 * hold of ours.
 *
 * @return             0
 * @retval TERN_ESTALE the call has ended
 * @retval TERN_ESTATE not answered, or ending
 * @events TERN_EV_CALL_MEDIA when the far end has agreed
 * @rfc 3264 8.4
 */
TERN_API TERN_CHECK int tern_call_resume(struct tern_endpoint *ep, tern_time now, tern_call call);

/**
 * Refresh the call with a re-INVITE, as after an IP change.
 *
 * A refresh that cannot be sent now (another is pending, 491) is kept and sent when it can.
 *
 * @param flags  enum tern_reinvite_flags, not 0
 *
 * @return             0
 * @retval TERN_EINVAL `flags` is 0 or has unknown bits
 * @retval TERN_ESTALE the call has ended
 * @retval TERN_ESTATE not answered, or ending
 * @events TERN_EV_CALL_MEDIA if addresses, codec or direction change
 * @rfc 3261 14.1
 */
TERN_API TERN_CHECK int tern_call_reinvite(struct tern_endpoint *ep, tern_time now, tern_call call,
                                           uint32_t flags);

/**
 * The same with an UPDATE, where the far end allows it; else with a re-INVITE.
 *
 * @return             0
 * @retval TERN_EINVAL `flags` is 0 or has unknown bits
 * @retval TERN_ESTALE the call has ended
 * @retval TERN_ESTATE not answered, or ending
 * @events TERN_EV_CALL_MEDIA if addresses, codec or direction change
 * @rfc 3311 5
 */
TERN_API TERN_CHECK int tern_call_update(struct tern_endpoint *ep, tern_time now, tern_call call,
                                         uint32_t flags);

/**
 * Send DTMF digits as telephone-events, each for 160 ms.
 *
 * @param digits  0-9 * # A-D; copied
 *
 * @return                   0
 * @retval TERN_EUNSUPPORTED the far end did not agree to telephone-event
 * @retval TERN_ESTATE       not answered, ending, or without audio
 * @retval TERN_ESTALE       the call has ended
 * @retval TERN_EINVAL       another character; nothing is sent
 * @retval TERN_ELIMIT       too many digits wait; those before are sent
 * @rfc 4733
 */
TERN_API TERN_CHECK int tern_call_dtmf(struct tern_endpoint *ep, tern_time now, tern_call call,
                                       tern_str digits);

/** What tern_call_request() sends. */
enum tern_call_request_method {
    TERN_CALL_REQUEST_INFO = 1, /**< tells the far end something of the application's; RFC 6086 */
    TERN_CALL_REQUEST_OPTIONS = 2, /**< asks whether it is there, what it can do; RFC 3261 11 */
};

#define TERN_CALL_REQUEST_BODY_MAX 16384 /* bytes; over UDP stay below 1000 */

/** A request inside a call. Fill with tern_call_request_opts_init(). Strings are copied. */
struct tern_call_request_opts {
    size_t size;
    uint8_t method;        /**< enum tern_call_request_method; default TERN_CALL_REQUEST_INFO */
    tern_str content_type; /**< INFO: what the body is, "application/dtmf-relay"; empty: no body */
    tern_str body;         /**< at most TERN_CALL_REQUEST_BODY_MAX bytes */
};

/**
 * What tern_call_request_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_call_request_opts_init_sized(struct tern_call_request_opts *opts, size_t size);

/** Set `opts` to the defaults, those written beside the members. */
static inline void tern_call_request_opts_init(struct tern_call_request_opts *opts)
{
    tern_call_request_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Send a request inside the call. Each leaves when the one before it is answered, in the order of the
 * calls of this function, and beside no refresh of the call.
 *
 * When an address changes here or there before the answer has come, it is sent anew as soon as the far
 * end knows where we are, or is found: nothing is lost, but what had arrived arrives twice. Say in the
 * body what makes it different from the one before where that matters. Without a network it waits.
 *
 * @param number  receives what TERN_EV_CALL_RESPONSE names it by, counted for each call; untouched on
 *                failure
 *
 * @return             0
 * @retval TERN_EINVAL `method` is none of these, a body without a type or a type without a body, a body
 *                     that is too long or goes with OPTIONS
 * @retval TERN_ESTATE not answered, or ending
 * @retval TERN_ESTALE the call has ended
 * @retval TERN_ELIMIT 16 wait for their answers
 * @retval TERN_ENOMEM, TERN_EVERSION
 * @events TERN_EV_CALL_RESPONSE
 * @rfc 6086 4.2.1; 3261 11.1, 12.2
 */
TERN_API TERN_CHECK int tern_call_request(struct tern_endpoint *ep, tern_time now, tern_call call,
                                          const struct tern_call_request_opts *opts,
                                          uint32_t *number);

/** How far a call is. */
enum tern_call_state {
    TERN_CALL_CALLING = 1,  /**< INVITE sent, nothing heard */
    TERN_CALL_RINGING = 2,  /**< outgoing: a provisional answer came */
    TERN_CALL_INCOMING = 3, /**< incoming: waits for tern_call_answer() */
    TERN_CALL_ANSWERING =
        4, /**< incoming: answered; the 200 is sent, or will be, and the ACK awaited */
    TERN_CALL_ACTIVE = 5,
    TERN_CALL_ENDING = 6,
};

/** For people: "calling", "active" …; of any other value "unknown". Static storage. */
TERN_API const char *tern_call_state_name(enum tern_call_state state);

/** A call at this moment. */
struct tern_call_info {
    enum tern_call_state state;
    tern_account account;
    bool incoming;
    bool held_here;         /**< we hold */
    bool held_there;        /**< the far end holds */
    bool moving;            /**< an IP change is not yet repaired */
    int codec;              /**< RTP payload type: 0 PCMU, 8 PCMA, -1 none */
    tern_time started;      /**< tern_call_make() or the INVITE */
    tern_time answered;     /**< TERN_TIME_NEVER: not yet */
    tern_addr local_media;  /**< what RTP is sent from; family 0: not known yet */
    tern_addr remote_media; /**< what RTP is sent to; family 0: not known yet */
    enum tern_media_security security;
    char peer[256];    /**< URI, NUL-terminated, cut if longer */
    char call_id[128]; /**< NUL-terminated, cut if longer */
};

/**
 * Read how a call is doing.
 *
 * @param out  receives a copy; untouched on failure
 *
 * @return             0
 * @retval TERN_ESTALE the call has ended
 */
TERN_API TERN_CHECK int tern_call_get_info(const struct tern_endpoint *ep, tern_call call,
                                           struct tern_call_info *out);

/**
 * Walk over the calls, in no particular order; making and ending calls while walking is allowed.
 *
 * @param call  {0} to begin, else what the last call returned, even if it has ended by now
 *
 * @return  the next call; {0} at the end
 */
TERN_API tern_call tern_call_next(const struct tern_endpoint *ep, tern_call call);

#ifdef __cplusplus
}
#endif
#endif

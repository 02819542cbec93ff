/* SPDX-License-Identifier: MIT */
/*
 * A call: composes dialog, offer/answer, refresh, repeated 2xx and the RTP
 * stream. Each is a machine of its own; this one is the call's life:
 *
 *   outgoing  PREPARING --sockets--> CALLING --1xx--> RINGING --2xx--> ACTIVE
 *   incoming  INCOMING --answered--> ANSWERING --ACK--> ACTIVE
 *   end       CALLING, RINGING --> CANCELLING;  ACTIVE, ANSWERING --> LEAVING (BYE);  all --> GONE
 *
 * The application's ENDED comes when the call enters CANCELLING, LEAVING or GONE;
 * the object stays until nothing of it is under way.
 */
#ifndef TN_UA_CALL_H
#define TN_UA_CALL_H

#include "dialog/dialog.h"
#include "media/stream.h"
#include "session/offer.h"
#include "session/refresh.h"
#include "session/repeat.h"
#include "ua/account.h"
#include "ua/ask.h"
#include "ua/call_early.h"
#include "ua/call_probe.h"
#include "ua/call_replace.h"
#include "ua/call_stun.h"
#include "ua/call_timer.h"
#include "ua/early.h"
#include "ua/fork.h"
#include "ua/prack.h"
#include "ua/update.h"
#include "ua/way.h"

#define TN_RINGING_MAX_S 300 /* proxies give up after three minutes (RFC 3261 16.6, timer C) */

enum tn_call_life {
    TN_LIFE_PREPARING,
    TN_LIFE_CALLING,
    TN_LIFE_RINGING,
    TN_LIFE_INCOMING,
    TN_LIFE_ANSWERING,
    TN_LIFE_ACTIVE,
    TN_LIFE_CANCELLING,
    TN_LIFE_LEAVING,
    TN_LIFE_GONE,
    TN_LIVES,
};

/* What a request of a call is for (tn_owner.tag). */
enum tn_call_tag {
    TN_TAG_INVITE,
    TN_TAG_REFRESH,
    TN_TAG_BYE,
    TN_TAG_ACK,
    TN_TAG_PRACK,
    TN_TAG_REPLACE,
    TN_TAG_UPDATE,
    TN_TAG_ASK,
};

/* A media socket's place in the endpoint's map. */
struct tn_media_socket {
    struct tn_map_node node;
    struct tn_call *call;
    uint32_t id;
    uint16_t port;
    bool open;
};

/* The family that the far end does not want for audio: it said 488 (MOBILITY S16); 0: none. */
struct tn_call_family {
    uint8_t refused;
};

/* Audio that goes through a NAT64: the far end, and what stands for it in this network. */
struct tn_call_nat64 {
    tern_addr peer, aim;
};

struct tn_call {
    struct tern_endpoint *ep;
    struct tn_account *account; /* stays until its last call is gone */
    uint64_t id;
    enum tn_call_life life;
    bool ended_told;
    struct tn_event_item *last_event; /* room for ENDED */
    bool incoming;
    bool stranger; /* incoming, unanswered, and not from where we send to ourselves */

    struct tn_map_node dialog_node;
    struct tn_dialog dialog;
    struct tn_earlies earlies; /* outgoing, unanswered */
    struct tn_text peer;       /* URI for people */
    struct tn_call_replace replace;
    struct tn_snapshot_mark snapshot;
    struct tn_call_probe probe;

    uint64_t invite;        /* outgoing request; 0: none */
    uint32_t invite_cseq;   /* for ACK and the CANCEL race */
    uint32_t answered_cseq; /* of the INVITE whose 2xx waits for its ACK */
    uint64_t invite_txn; /* incoming INVITE transaction that waits for its final response or ACK */
    bool offerless;      /* the INVITE being answered had no offer: the answer comes in the ACK */
    bool sips;           /* the Request-URI was "sips:": so is our Contact (RFC 3261 8.1.1.8) */
    bool refused;        /* outgoing: by a final answer */
    bool no_offer;       /* outgoing: let the far end offer */
    unsigned answer_wanted; /* 200 as soon as the sockets are open; else 0 */
    unsigned redirects;
    unsigned invite_tries; /* that came to nothing, one after the other */
    tern_time rescue_until;
    struct tn_text subject;
    struct tn_text end_reason; /* what Reason says in our BYE, CANCEL or refusal */
    struct tn_repeat repeat;
    bool repeat_stalled; /* there was no path for it when the network changed last */

    uint64_t request; /* BYE */
    uint64_t ack;
    uint32_t ack_cseq;
    uint64_t refresh_request;
    struct tn_refresh refresh;
    tern_time asked_until;     /* a re-INVITE, given up or not, may be answered until then */
    tern_addr refresh_local;   /* media address in the refresh under way; family 0: none */
    tern_addr refresh_contact; /* Contact in it */
    tern_addr refresh_path;    /* where it leaves from */
    bool refresh_offers;       /* it carries an offer */
    bool refresh_hold;         /* which says that we hold */

    struct tn_call_prack prack; /* provisional answers */
    struct tn_call_update update;
    struct tn_call_asks asks;

    struct tn_offer offer;
    struct tn_media_socket rtp, rtcp;
    unsigned port_tries;
    struct tn_stream stream;
    bool stream_ready;
    tern_addr media_local; /* address and RTP port that audio leaves from */
    tern_addr media_told;  /* that the far end has of us, by a description before the answer */
    bool hold;             /* we hold, or ask to */
    bool hold_agreed;      /* what the far end has accepted */
    bool hold_open;        /* it may have heard otherwise since, or not: nobody knows */
    tern_addr gap_local;   /* waiting for audio that comes in here, after a move */
    bool moving;
    tern_time last_out; /* last packet sent */

    tern_addr contact_local; /* what the peer has of us */
    bool contact_open;       /* it may have heard of another since, or not */
    bool contact_gruu; /* the last Contact that we have said leads to us by our registration */
    tern_addr signalling_local; /* what its last request or answer left from */
    enum tern_transport transport;
    tern_addr hop; /* the dialog's next hop, as last used */
    struct tn_call_way way;
    tern_addr answer_hop;  /* incoming: whom its INVITE came from, which may be another */
    tern_addr answer_from; /* and where it came to */
    uint64_t answer_flow;  /* by which flow */

    struct tn_call_timer timer; /* call_timer.h */
    struct tn_call_nat64 nat64;
    struct tn_call_family family;
    struct tn_timer answer_timer; /* unanswered for too long; LEAVING: the next BYE, or its end */
    struct tn_timer
        ring_timer; /* incoming: the provisional answer once more; outgoing: the INVITE */
    unsigned ring_status;
    unsigned bye_tries; /* BYEs that took the place of one that failed */
    bool bye_kept;      /* until the network changes */
    tern_time started, answered;
    struct tn_call_task task;
    struct tn_call_public outside;
    struct tn_call_stun stun;
};

/* ---- call.c: life ---- */

struct tn_call *tn_call_find(const struct tern_endpoint *ep, tern_call handle); /* visible ones */
struct tn_call *tn_call_by_id(const struct tern_endpoint *ep, uint64_t id);     /* all */
TERN_CHECK int tn_call_new(struct tern_endpoint *ep, struct tn_account *account, bool incoming,
                           struct tn_call **out);
void tn_call_free(struct tn_call *call);
/* The only writer of `life`. */
void tn_call_enter(struct tn_call *call, enum tn_call_life next);
/* It has been answered, or is over: strangers have room for another. */
void tn_call_no_stranger(struct tn_call *call);
uint64_t tn_call_dialog_hash(const struct tern_endpoint *ep, tern_str call_id, tern_str local_tag);
void tn_call_index_dialog(struct tn_call *call);
struct tn_call *tn_call_for_request(const struct tern_endpoint *ep, const struct tn_msg *request);
struct tn_call *tn_call_for_response(const struct tern_endpoint *ep, const struct tn_msg *response);
struct tn_call *tn_call_named(const struct tern_endpoint *ep, const struct tn_replaces *replaces);
/* Tells ENDED, once, and takes the call out of sight. */
void tn_call_tell_ended(struct tn_call *call, enum tern_end_cause cause, int status,
                        tern_str reason);
/* The same for an end by BYE or CANCEL, which may say why. */
void tn_call_tell_remote_end(struct tn_call *call, const struct tn_msg *msg, int status,
                             tern_str otherwise);
/* Frees the call when nothing of it is under way. */
void tn_call_reap(struct tn_call *call);
/* The Reason line of our BYE or refusal, or nothing. The caller ends the buffer. */
void tn_call_put_end_reason(const struct tn_call *call, struct tn_buf *line);
/* Ends it by what its life asks for. `status` refuses an incoming one. */
void tn_call_end(struct tn_call *call, enum tern_end_cause cause, int status, tern_str reason);
void tn_call_effect(struct tn_call *call, const struct tn_effect *effect);
void tn_call_tell_media(struct tn_call *call);
int tn_call_codec(const struct tn_call *call);

/* ---- call_out.c, call_in.c: set-up ---- */

void tn_call_out_sockets_ready(struct tn_call *call);
/*
 * An INVITE in `dialog`, by way of our proxy or registrar where we have one, with these header lines; its
 * effects bear `tag`. What depends on the path is put in when it is prepared.
 */
TERN_CHECK int tn_call_start_invite(struct tn_call *call, struct tn_dialog *dialog, uint32_t tag,
                                    struct tn_buf *lines, uint64_t *id);
TERN_CHECK int tn_call_out_invite(struct tn_call *call);
void tn_call_out_effect(struct tn_call *call, const struct tn_effect *effect);
void tn_call_out_acknowledge(struct tn_call *call, const struct tn_msg *rsp);
/* The first 2xx to its INVITE. */
void tn_call_out_accepted(struct tn_call *call, const struct tn_msg *rsp);

/* ---- call_again.c: an INVITE that gets nowhere ---- */

/* The network has changed, and nobody has answered yet. */
void tn_call_out_moved(struct tn_call *call);
/* @return whether it is tried again soon. `status` 0: no answer, for that reason */
bool tn_call_out_again(struct tn_call *call, int status, enum tn_failure failure);
void tn_call_out_failed(struct tn_call *call, const struct tn_effect *effect);
void tn_call_out_timer(struct tn_call *call);
void tn_call_out_cancel_answered(struct tn_call *call, const struct tn_effect *effect);
/* ---- call_leg.c: an INVITE that takes another's place ---- */

/* The INVITE under way is given up, and leaves a trace; the next one has another Call-ID. */
TERN_CHECK int tn_call_leave_leg(struct tn_call *call);
/*
 * A 2xx to an INVITE that was left; its trace is used up. @return false: the call has an answer already,
 * or is over (MOBILITY C8)
 */
bool tn_call_adopt(struct tn_call *call, struct tn_fork *leg, const struct tn_msg *rsp);

/* ---- answers to it, and incoming calls ---- */

/* A 2xx for an INVITE of ours that another fork, or nobody, has taken: ACK and BYE. */
void tn_call_decline_fork(struct tn_call *call, const struct tn_msg *rsp);
/* A 2xx to an INVITE of ours may still come when the call is gone. */
bool tn_call_may_be_answered(const struct tn_call *call);
void tn_call_tell_answered(struct tn_call *call);
void tn_call_in_invite(struct tern_endpoint *ep, const struct tn_effect *effect);
/*
 * The INVITE of transaction `first` has come by another way. @return whether that one takes its place,
 * because nothing leads back by the first any more; else it is 482 (MOBILITY S3)
 */
bool tn_call_in_merged(struct tern_endpoint *ep, const struct tn_effect *effect, uint64_t first);
void tn_call_in_answer(struct tn_call *call, unsigned status);
void tn_call_in_ready(struct tn_call *call);
void tn_call_in_ack(struct tn_call *call, const struct tn_msg *ack);
/* The caller has our 2xx: by its ACK, or by what it has answered since. */
void tn_call_in_confirmed(struct tn_call *call);
void tn_call_in_cancelled(struct tn_call *call, const struct tn_msg *cancel);
void tn_call_in_timeout(struct tn_call *call);

/* ---- call_request.c: requests inside the dialog, from the peer ---- */

void tn_call_request(struct tn_call *call, const struct tn_effect *effect);
/*
 * BYE in a dialog whose place an INVITE of the far end has taken. As long as it has not acknowledged
 * our 2xx, it knows of no other dialog, and has hung up; who knows leaves it to us to end the old one
 * (RFC 3891 3).
 */
void tn_call_bye_before(struct tn_call *call, const struct tn_msg *bye);
/* A body of another type has been found to be optional by then (RFC 3204 4). */
bool tn_call_has_sdp(const struct tn_msg *msg);
/* An offer inside the dialog. @return 0, or the status that refuses it */
unsigned tn_call_take_offer(struct tn_call *call, tern_str body);
/* 2xx for an INVITE with Contact and, where asked, SDP; starts the repetition. */
TERN_CHECK int tn_call_respond_2xx(struct tn_call *call, uint64_t txn, tern_str body);
/* Offer or answer for the 2xx to an INVITE: their offer waits, or we make one. */
TERN_CHECK int tn_call_describe(struct tn_call *call, struct tn_buf *body);
/* What Contact says in an answer to this transaction. */
tern_addr tn_call_answer_contact(struct tn_call *call, uint64_t txn);

/* ---- call_send.c: requests inside the dialog, to the peer ---- */

/* A target refresh that counts. @return 0, TERN_EINVAL (no usable Contact), TERN_ENOMEM */
TERN_CHECK int tn_call_take_target(struct tn_call *call, const struct tn_msg *msg);
/* What has not been sent yet goes where this dialog's far end is. */
void tn_call_retarget(struct tn_call *call, struct tn_dialog *dialog, uint64_t request);
/* A 2xx to a re-INVITE that is settled, or was given up: the far end has accepted it (MOBILITY C8). */
void tn_call_acknowledge_late(struct tn_call *call, const struct tn_msg *rsp);
TERN_CHECK int tn_call_send(struct tn_call *call, enum tn_method method, uint32_t tag, bool prepare,
                            uint64_t *id);
void tn_call_send_ack(struct tn_call *call, uint32_t cseq, tern_str body);
/* Sends the next refresh when one is wanted and possible. */
void tn_call_pump_refresh(struct tn_call *call);
void tn_call_refresh_effect(struct tn_call *call, const struct tn_effect *effect);
void tn_call_drop_refresh(struct tn_call *call);
/* The far end has just been told where we are, and whether we hold, by something else. */
void tn_call_refresh_told(struct tn_call *call);
/* A request of the far end gets 491 for ours that is under way. Where the far end is, ours may not be. */
void tn_call_meet(struct tn_call *call, const struct tn_msg *request);
/* A request of the far end has been accepted: what had given way to it follows. */
void tn_call_settled(struct tn_call *call);
/* An offer or answer of ours says whether we hold. */
void tn_call_say_hold(struct tn_call *call, bool hold);
void tn_call_put_contact(struct tn_call *call, enum tern_transport transport, tern_addr local,
                         struct tn_buf *out);
/* The call became active while its path had gone: refresh it now. */
void tn_call_check_path(struct tn_call *call);
bool tn_call_path_lost(const struct tn_call *call);

/* ---- call_bye.c: the end of the dialog, in LEAVING ---- */

/* From the start; where one is waiting for a way, it goes now. The caller reaps. */
void tn_call_send_bye(struct tn_call *call);
/* A request of the far end inside the dialog, or with Replaces, says where it is. */
void tn_call_bye_follow(struct tn_call *call, const struct tn_msg *msg);
void tn_call_bye_effect(struct tn_call *call, const struct tn_effect *effect);
void tn_call_bye_timer(struct tn_call *call);

/* ---- call_double.c ---- */

/* A better path has come beside the one in use. */
void tn_call_double(struct tn_call *call);
/* Audio leaves by another path than `old` now. */
void tn_call_double_moved(struct tn_call *call, tern_addr old);
/* The network has changed. */
void tn_call_double_check(struct tn_call *call);

/* ---- call_media.c ---- */

void tn_call_media_open(struct tn_call *call);
void tn_call_media_close(struct tn_call *call);
/* Taken up from a snapshot: a stream without a path, on these ports where they are free. */
TERN_CHECK int tn_call_media_resume(struct tn_call *call, uint16_t rtp_port, uint16_t rtcp_port);
bool tn_call_media_ready(const struct tn_call *call);
void tn_call_socket_opened(struct tn_call *call, uint32_t socket, uint16_t port);
void tn_call_socket_failed(struct tn_call *call, uint32_t socket, tern_str reason);
struct tn_call *tn_call_for_socket(const struct tern_endpoint *ep, uint32_t socket);
/* Codecs that we offer, for this endpoint's next session. */
void tn_call_offer_opts(struct tern_endpoint *ep, struct tn_offer_opts *out);
/* The same with what the account says of SRTP. */
void tn_call_secure_opts(const struct tn_account *account, struct tn_offer_opts *out);
enum tern_media_security tn_call_security(const struct tn_call *call);
/* The stream has other keys, or none can be had. */
void tn_call_security_effect(struct tn_call *call);
/* Address and ports for an offer or answer, as the snapshot has it now for this peer. */
struct tn_offer_local tn_call_offer_local(struct tn_call *call, tern_addr signalling);
/* Where audio leaves from, then. */
tern_addr tn_call_offer_from(const struct tn_call *call, tern_addr signalling);
/* Whether audio ought to come in. */
bool tn_call_expects_audio(const struct tn_call *call);
/* Where audio goes in the network as it is: through a NAT64, too. */
tern_addr tn_call_media_target(const struct tn_call *call);
void tn_call_match_family(struct tn_call *call, const struct tn_media_plan *plan,
                          tern_addr offered);
/* The agreement is in force. */
void tn_call_apply_plan(struct tn_call *call, const struct tn_media_plan *plan, tern_addr local);
void tn_call_move_media(struct tn_call *call, tern_addr local);
void tn_call_media_datagram(struct tn_call *call, const struct tern_datagram *datagram);

#endif

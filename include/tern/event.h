/* SPDX-License-Identifier: MIT */
/*
 * What the endpoint tells the application. Drain tern_next_event() after each
 * input, or hand the queue to tern_dispatch(), which calls a function for each.
 * The application may call anything from there.
 */
#ifndef TERN_EVENT_H
#define TERN_EVENT_H

#include <tern/account.h>
#include <tern/call.h>
#include <tern/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a struct tern_event is about. Ignore what you do not know: more types may come. */
enum tern_event_type {
    TERN_EV_LISTENER = 1,
    TERN_EV_NETWORK = 2,
    TERN_EV_REGISTRATION = 3,
    TERN_EV_CALL_INCOMING = 4,
    TERN_EV_CALL_PROGRESS = 5,
    TERN_EV_CALL_ANSWERED = 6,
    TERN_EV_CALL_MEDIA = 7,
    TERN_EV_CALL_DTMF = 8,
    TERN_EV_CALL_ENDED = 9,
    TERN_EV_IP_CHANGE_PROGRESS = 10,
    TERN_EV_SIP_MESSAGE = 11,
    TERN_EV_STOPPED = 12, /**< what tern_endpoint_stop() began is done; free the endpoint */
    TERN_EV_SECURED = 13,
    TERN_EV_CALL_SILENT = 14,
    TERN_EV_CALL_RESPONSE = 17, /**< to tern_call_request() */
    TERN_EV_CALL_INFO = 18,     /**< the far end has sent an INFO */
    TERN_EV_RESTORED = 20,      /**< tern_snapshot_restore() has taken it up */
    TERN_EV_SNAPSHOT_DUE = 21,  /**< call tern_snapshot_save() */
};

/** A listener opened, failed or closed. */
struct tern_ev_listener {
    enum tern_transport transport;
    tern_addr local; /**< UDP: family 0, all addresses */
    bool open;
    bool failed; /**< it could not be opened and is tried again; else it was closed on purpose */
    tern_str reason; /**< why it is not open */
};

/** A new snapshot is in force. */
struct tern_ev_network {
    bool usable;             /**< there is an address other than loopback that may be used */
    uint32_t addresses;      /**< in the snapshot in force */
    uint32_t added, removed; /**< since the one before */
    uint32_t excluded; /**< further addresses that are there, but that the policy of links does not
                                  allow (tern/links.h) */
};

/** A registration has changed its state, or could not (`status`, `reason`). RFC 3261 10. */
struct tern_ev_registration {
    tern_account account;
    enum tern_registration_state state;
    int status;         /**< SIP status that brought it here; 0: none */
    tern_str reason;    /**< for people */
    uint32_t expires_s; /**< REGISTERED: lifetime of the binding */
    uint32_t retry_s;   /**< WAITING: seconds until the next try; 0: waits for a network */
};

/** Somebody calls: let it ring or take it with tern_call_answer(), refuse it with
    tern_call_hangup(). RFC 3261 13.3. */
struct tern_ev_call_incoming {
    tern_call call;
    tern_account account;
    tern_str from;         /**< URI */
    tern_str display_name; /**< may be empty */
    tern_str to;           /**< the URI that was called */
    tern_str subject;      /**< may be empty */
};

/** A provisional response to our INVITE. RFC 3261 13.2.2.1. */
struct tern_ev_call_progress {
    tern_call call;
    int status;       /**< 100..199 */
    tern_str reason;  /**< for people */
    bool early_media; /**< the far end sends audio already: ring back with that */
};

/** The call is up: our INVITE was accepted, or the ACK for our answer has come. RFC 3261 13. */
struct tern_ev_call_answered {
    tern_call call;
    int codec; /**< RTP payload type; -1: no audio agreed */
};

/** Direction, codec or addresses of the audio have changed. */
struct tern_ev_call_media {
    tern_call call;
    bool held_here;   /**< we hold */
    bool held_there;  /**< the far end holds */
    int codec;        /**< RTP payload type; -1: no audio agreed */
    tern_addr local;  /**< what RTP is sent from */
    tern_addr remote; /**< what RTP is sent to */
    enum tern_media_security security;
};

/** The far end has pressed a key; told once, when it is released. RFC 4733 2.5. */
struct tern_ev_call_dtmf {
    tern_call call;
    char digit; /**< 0-9 * # A-D */
    uint32_t duration_ms;
};

/**
 * Nothing has come of the far end's audio for `media_timeout_s` of the account, or it is back. Meanwhile
 * the far end is asked whether it still has the call; if nobody answers, it ends with
 * TERN_END_UNREACHABLE.
 */
struct tern_ev_call_silent {
    tern_call call;
    bool silent;    /**< false: audio has come again, or is not expected any more */
    tern_time last; /**< when the last packet had come; TERN_TIME_NEVER: none ever has */
};

/**
 * What has become of a tern_call_request(): once for each, in their order, unless the call ends before.
 */
struct tern_ev_call_response {
    tern_call call;
    uint32_t number;       /**< that tern_call_request() has given */
    int status;            /**< final SIP status; 0: nobody has answered */
    tern_str reason;       /**< for people */
    tern_str content_type; /**< may be empty */
    tern_str body;         /**< may be empty */
};

/**
 * The far end has sent an INFO with a body of one of the endpoint's `info_types`, and has its 200. It may
 * come a second time where the far end has moved before it had heard that. RFC 6086
 */
struct tern_ev_call_info {
    tern_call call;
    tern_str content_type;
    tern_str body;
};

/** Why a call ended. */
enum tern_end_cause {
    TERN_END_LOCAL = 1,       /**< tern_call_hangup() */
    TERN_END_REMOTE = 2,      /**< BYE or CANCEL from the far end */
    TERN_END_REFUSED = 3,     /**< final response; see `status` */
    TERN_END_NO_ANSWER = 4,   /**< nobody answered in time */
    TERN_END_UNREACHABLE = 5, /**< no address, no route, connection refused, silence */
    TERN_END_LOST = 6,        /**< could not be kept through an IP change */
    TERN_END_IP_CHANGE = 7,   /**< hung up as `hangup_calls` asks */
    TERN_END_ERROR = 8,       /**< protocol error or out of memory */
};

/** A call has ended: the last event that names it (but see call.h). */
struct tern_ev_call_ended {
    tern_call call; /**< stale from now on */
    enum tern_end_cause cause;
    int status;                    /**< SIP status; 0: none */
    tern_str reason;               /**< for people */
    tern_time talked;              /**< from answer to end; 0: never answered */
    struct tern_media_stats media; /**< all that it sent and heard */
};

/** One SIP message on the wire; only with `sip_events`. Credentials are blanked out. */
struct tern_ev_sip_message {
    bool sent;           /**< else received */
    bool retransmission; /**< sent again by the transaction layer */
    enum tern_transport transport;
    tern_addr local, remote;
    tern_str summary; /**< "INVITE", "200 OK (INVITE)" */
    tern_str text;    /**< all of it */
};

/**
 * A TLS connection that we opened is up: the far end has shown who it is (unless `tls_no_verify`), and
 * what waited for it goes out.
 */
struct tern_ev_secured {
    tern_addr local, remote;
    tern_str version; /**< "TLS 1.3" */
    bool
        resumed; /**< with keys from an earlier connection: no certificates were sent; RFC 8446 2.2 */
    tern_time took; /**< since it was wanted, the TCP connection included */
};

/** An account, or a call with its account, has come out of a snapshot. */
struct tern_ev_restored {
    tern_account account;
    tern_account account_was; /**< its handle in the process before */
    tern_call call;           /**< {0}: this is about the account itself */
    tern_call call_was;
    bool incoming;    /**< call: they called */
    tern_str uri;     /**< of the far end; else the address of record */
    tern_str call_id; /**< call: the Call-ID, which both processes know it by */
};

/** The steps of an IP change, as pjsua's ip_change_op names them, and then some. */
enum tern_ip_change_op {
    TERN_IP_CHANGE_OP_RESTART_LISTENER = 1,
    TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT = 2,
    TERN_IP_CHANGE_OP_UPDATE_CONTACT = 3,
    TERN_IP_CHANGE_OP_HANGUP_CALL = 4,
    TERN_IP_CHANGE_OP_REINVITE_CALL = 5,  /**< with re-INVITE or UPDATE; UPDATE also where
                                              nobody has answered the call yet */
    TERN_IP_CHANGE_OP_MEDIA_MOVED = 6,    /**< START: audio leaves by the new path;
                                              SUCCESS: audio has come in by it */
    TERN_IP_CHANGE_OP_COMPLETED = 7,      /**< the last of its generation */
    TERN_IP_CHANGE_OP_PUBLIC_ADDRESS = 8, /**< what changed is how `local` looks from outside a NAT:
                                              as `remote` now */
    TERN_IP_CHANGE_OP_REPLACE_CALL = 9,   /**< the call goes on in another dialog: the far end has
                                              moved, too, and one of both has found the other by an
                                              INVITE with Replaces; RFC 3891 */
    TERN_IP_CHANGE_OP_INVITE_CALL = 10, /**< a call that nobody has answered: its INVITE, which lost
                                              its path, goes by the new one, the same or another;
                                              SUCCESS: it is heard there */
    TERN_IP_CHANGE_OP_KEEP_CALL = 11,   /**< SUCCESS: one that needs nothing, or nothing that may be
                                              said before the answer: it rings on. FAILURE: it was
                                              too long without a network */
};

/** How a step goes. */
enum tern_ip_change_status {
    TERN_IP_CHANGE_START = 1,
    TERN_IP_CHANGE_SUCCESS = 2,
    TERN_IP_CHANGE_RETRY = 3, /**< this attempt failed; another follows */
    TERN_IP_CHANGE_FAILURE = 4,
    TERN_IP_CHANGE_SUPERSEDED = 5, /**< a newer change took over */
};

/** For people: "move media", "completed" …; of any other value "unknown". Static storage. */
TERN_API const char *tern_ip_change_op_name(enum tern_ip_change_op op);
/** For people: "started", "succeeded" …; of any other value "unknown". Static storage. */
TERN_API const char *tern_ip_change_status_name(enum tern_ip_change_status status);

/** Progress of an IP change. Every generation ends with exactly one COMPLETED. */
struct tern_ip_change_progress {
    enum tern_ip_change_op op;
    enum tern_ip_change_status status;
    uint32_t generation;           /**< 1 for the first change of this endpoint */
    uint32_t attempt;              /**< of this operation in this generation, from 1 */
    tern_time since_change;        /**< microseconds since the snapshot or the request */
    tern_account account;          /**< UPDATE_CONTACT, SHUTDOWN_TRANSPORT; else {0} */
    tern_call call;                /**< of the call; {0} where it is about none */
    enum tern_transport transport; /**< RESTART_LISTENER, SHUTDOWN_TRANSPORT, UPDATE_CONTACT */
    tern_addr local;  /**< the new local address; SHUTDOWN_TRANSPORT: that of the flow */
    tern_addr remote; /**< where to */
    int sip_code;     /**< final status; 0: none yet, or none came */
    bool used_update; /**< REINVITE_CALL: with UPDATE */
    tern_str reason;  /**< for people; may be empty */
    struct {
        uint32_t accounts; /**< registrations moved */
        uint32_t calls_kept;
        uint32_t calls_lost;
        tern_time gap_out; /**< longest time in which a call could not send audio */
        tern_time gap_in;  /**< longest time between two audio packets received across the change */
    } totals;              /**< COMPLETED only */
    /** REINVITE_CALL: by way of the account's server, for the dialog's own next hop does not answer, or did
        not when it was tried last */
    bool by_server;
};

/** An event: its type, and the member of the union that goes with it. */
struct tern_event {
    enum tern_event_type type;
    union {
        struct tern_ev_listener listener;
        struct tern_ev_network network;
        struct tern_ev_registration registration;
        struct tern_ev_call_incoming incoming;
        struct tern_ev_call_progress progress;
        struct tern_ev_call_answered answered;
        struct tern_ev_call_media media;
        struct tern_ev_call_dtmf dtmf;
        struct tern_ev_call_ended ended;
        struct tern_ip_change_progress ip_change;
        struct tern_ev_sip_message sip;
        struct tern_ev_secured secured;
        struct tern_ev_call_silent silent;
        struct tern_ev_restored restored;
        struct tern_ev_call_response response;
        struct tern_ev_call_info info;
        uint8_t reserved[512]; /**< the union grows inside this */
    } u;
};

/**
 * Take the next event.
 *
 * @param out  receives it; text that it points to lives until the next tern_next_event() on this
 *             endpoint
 * @return     true; false when there is none
 */
TERN_API bool tern_next_event(struct tern_endpoint *ep, struct tern_event *out);

/** A function for each type of event. Set only what you need. */
struct tern_callbacks {
    size_t size; /**< sizeof(struct tern_callbacks) */
    void (*on_listener)(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev);
    void (*on_network)(void *user, struct tern_endpoint *ep, const struct tern_ev_network *ev);
    void (*on_registration)(void *user, struct tern_endpoint *ep,
                            const struct tern_ev_registration *ev);
    void (*on_call_incoming)(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_incoming *ev);
    void (*on_call_progress)(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_progress *ev);
    void (*on_call_answered)(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_answered *ev);
    void (*on_call_media)(void *user, struct tern_endpoint *ep,
                          const struct tern_ev_call_media *ev);
    void (*on_call_dtmf)(void *user, struct tern_endpoint *ep, const struct tern_ev_call_dtmf *ev);
    void (*on_call_ended)(void *user, struct tern_endpoint *ep,
                          const struct tern_ev_call_ended *ev);
    void (*on_ip_change_progress)(void *user, struct tern_endpoint *ep,
                                  const struct tern_ip_change_progress *progress);
    void (*on_sip_message)(void *user, struct tern_endpoint *ep,
                           const struct tern_ev_sip_message *ev);
    void (*on_stopped)(void *user, struct tern_endpoint *ep);
    void (*on_secured)(void *user, struct tern_endpoint *ep, const struct tern_ev_secured *ev);
    void (*on_restored)(void *user, struct tern_endpoint *ep, const struct tern_ev_restored *ev);
    void (*on_snapshot_due)(void *user, struct tern_endpoint *ep);
    void (*on_call_silent)(void *user, struct tern_endpoint *ep,
                           const struct tern_ev_call_silent *ev);
    void (*on_call_response)(void *user, struct tern_endpoint *ep,
                             const struct tern_ev_call_response *ev);
    void (*on_call_info)(void *user, struct tern_endpoint *ep, const struct tern_ev_call_info *ev);
};

/**
 * Hand every waiting event to its function. The uv driver calls this once per loop turn.
 *
 * The functions may call anything except tern_dispatch(), tern_next_event() and
 * tern_endpoint_free().
 *
 * @return the number of events handed out
 */
TERN_API size_t tern_dispatch(struct tern_endpoint *ep, const struct tern_callbacks *callbacks,
                              void *user);

#ifdef __cplusplus
}
#endif
#endif

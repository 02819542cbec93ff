/* SPDX-License-Identifier: MIT */
/*
 * Accounts: who we are, where we register, and what is done for us when the
 * IP address changes.
 */
#ifndef TERN_ACCOUNT_H
#define TERN_ACCOUNT_H

#include <tern/err.h>
#include <tern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_endpoint;

/** What becomes of the old binding when the Contact changes. */
enum tern_contact_flags {
    TERN_CONTACT_REPLACE = 0,          /**< one REGISTER: new Contact, old one with expires=0 */
    TERN_CONTACT_UNREGISTER_FIRST = 1, /**< remove the old one, then register the new one */
    TERN_CONTACT_LEAVE_OLD = 2,        /**< the old binding expires by itself */
};

/** What a re-INVITE or UPDATE after an IP change carries. */
enum tern_reinvite_flags {
    TERN_CALL_REINIT_MEDIA = 1,   /**< a new offer with the new media address */
    TERN_CALL_UPDATE_CONTACT = 2, /**< the new Contact: target refresh, RFC 3261 12.2.1.1 */
    TERN_CALL_UPDATE_VIA = 4,     /**< send from the new address; without it, the old one as long as
                                       it stands (a Via never carries an address that is gone) */
};
#define TERN_CALL_REINVITE_DEFAULT                                                                 \
    (TERN_CALL_REINIT_MEDIA | TERN_CALL_UPDATE_CONTACT | TERN_CALL_UPDATE_VIA)

/** When calls are refreshed after an IP change. */
enum tern_order {
    TERN_ORDER_PARALLEL = 0,       /**< together with the REGISTER: one round trip for both */
    TERN_ORDER_AFTER_REGISTER = 1, /**< when the REGISTER has succeeded, or has failed for good */
};

/** Whether audio is protected by SRTP. RFC 3711 */
enum tern_srtp {
    TERN_SRTP_OFF = 0,       /**< in the clear; a far end that insists is refused */
    TERN_SRTP_OPTIONAL = 1,  /**< protected where the far end can, else in the clear; RFC 8643 */
    TERN_SRTP_MANDATORY = 2, /**< protected, or no call at all */
};

/** How the keys of our offers are agreed on; a far end's offer may have either. */
enum tern_srtp_keys {
    TERN_SRTP_SDES = 0, /**< in the signalling: as secret as that is, so use TLS; RFC 4568 */
    TERN_SRTP_DTLS = 1, /**< by a handshake on the media path; RFC 5763 */
};

/** Whether provisional answers (180, 183) arrive for certain: "100rel", RFC 3262. */
enum tern_reliable {
    TERN_RELIABLE_SUPPORTED = 0, /**< where the far end asks for it, and where a 183 with a
                                      description of the audio goes to a far end that can */
    TERN_RELIABLE_OFF = 1,       /**< never; a far end that insists is refused with 420 */
    TERN_RELIABLE_REQUIRED = 2,  /**< always, or no call at all: 421 for those who cannot */
};

/** What our Contact is in calls, where the registrar gives GRUUs. RFC 5627 */
enum tern_gruu {
    TERN_GRUU_OFF = 0,       /**< our address */
    TERN_GRUU_PUBLIC = 1,    /**< a URI that leads to this device, wherever it is */
    TERN_GRUU_TEMPORARY = 2, /**< the same without telling the address of record */
};

/** Whether a second flow to the registrar stands ready on another interface. RFC 5626 */
enum tern_second_flow {
    TERN_SECOND_FLOW_OFF = 0,
    TERN_SECOND_FLOW_WITH_CALL = 1, /**< while there is a call */
    TERN_SECOND_FLOW_ALWAYS = 2,
};

/** What is done for an account when the IP address changes. */
struct tern_account_ip_change {
    bool update_contact;       /**< re-REGISTER with the new Contact; default true */
    uint8_t contact_flags;     /**< enum tern_contact_flags; default TERN_CONTACT_REPLACE */
    bool shutdown_transport;   /**< close the registration's TCP flow even if its address still
                                      stands; default true: after its successor is registered */
    bool hangup_calls;         /**< end the calls instead of moving them; default false */
    uint32_t reinvite_flags;   /**< enum tern_reinvite_flags; 0: calls send nothing; default all */
    bool use_update;           /**< UPDATE where the peer allows it, else re-INVITE; default true */
    uint8_t order;             /**< enum tern_order; default TERN_ORDER_PARALLEL */
    uint32_t rescue_window_ms; /**< how long a call that cannot be refreshed is kept, counted while
                                      a network is there; default 60000 */
    uint32_t offline_window_ms; /**< how long a call is kept without any network; default 300000 */
};

/** An account. Fill with tern_account_opts_init(). Strings are copied. */
struct tern_account_opts {
    size_t size;
    tern_str uri;          /**< address of record, "sip:alice@example.com"; required */
    tern_str display_name; /**< UTF-8 */
    tern_str registrar;    /**< URI to register at; empty: no registration (IP to IP, trunks) */
    tern_str proxy;        /**< outbound proxy URI, a preloaded route; may be empty */
    tern_str auth_user;    /**< default: the user of `uri` */
    tern_str password;     /**< kept until the account goes, then wiped; never traced */
    tern_str realm;        /**< only answer challenges of this realm; empty: any */
    enum tern_transport transport; /**< towards registrar and proxy, where their URIs do not say */
    uint32_t expires_s;            /**< asked-for lifetime of the binding; default 600, 60..86400 */
    /**
     * UDP: each 80 to 100 % of so many seconds the flow to the registrar is kept alive by STUN, or by
     * CRLF where the far end does not answer that; default 25, 0 for none. While a call is up it is
     * at most 20. A flow that has answered before and does not any more has failed: the account
     * registers anew.
     */
    uint32_t keepalive_s;
    bool no_register; /**< do not register until tern_account_register() */
    /** An outgoing call that is unanswered for so long is cancelled; default 180. */
    uint32_t answer_timeout_s;
    uint8_t srtp;      /**< enum tern_srtp; default TERN_SRTP_OFF */
    uint8_t srtp_keys; /**< enum tern_srtp_keys; default TERN_SRTP_SDES */
    struct tern_account_ip_change ip_change;
    /**
     * For how long a call lasts unless it is refreshed, which happens by itself, so that neither end
     * keeps a call whose other end has gone; default 1800, 0..86400. 0: none is asked for, and what
     * the far end asks for is done. At least `min_se_s`. RFC 4028
     */
    uint32_t session_expires_s;
    uint32_t min_se_s; /**< whoever calls and wants less is asked for more; default 90, the least */
    uint8_t reliable;  /**< enum tern_reliable; default TERN_RELIABLE_SUPPORTED */
    /**
     * Behind a NAT, Contact names the address and port that the registrar sees, not our own: a
     * registrar that stores what it is given reaches us then. One that goes by where a REGISTER came
     * from needs it not, and takes no harm. Two public addresses within 10 s end it, since such a NAT
     * has one for each destination. Default true, as in PJSIP.
     */
    bool contact_rewrite;
    /**
     * When neither RTP nor RTCP has come for so long in a call that nobody holds, TERN_EV_CALL_SILENT
     * tells, and the far end is asked for a sign of life by a refresh. A call whose far end does not
     * answer for `offline_window_ms`, as long as it may be without a network, ends; default 20, 0: never.
     */
    uint32_t media_timeout_s;
    /** While the old and the new path both stand after a change, each audio packet leaves by both for so
        long: what one of them loses is not lost, at twice the rate; default 0, at most 60000. */
    uint32_t doubled_send_ms;
    uint32_t stream_keepalive_s; /**< the same over TCP and TLS, by CRLF; default 110, 0 for none */
    bool no_outbound; /**< do not tell the registrar of flows; default: where it knows them, a new
                           address replaces the old one by itself. RFC 5626 */
    uint8_t gruu;     /**< enum tern_gruu; default TERN_GRUU_PUBLIC */
    uint8_t second_flow; /**< enum tern_second_flow; default TERN_SECOND_FLOW_WITH_CALL; where the
                              registrar knows flows and another interface reaches it */
};

/**
 * What tern_account_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_account_opts_init_sized(struct tern_account_opts *opts, size_t size);

/** Set `opts` to the defaults, those written beside the members; `uri` stays to be set. */
static inline void tern_account_opts_init(struct tern_account_opts *opts)
{
    tern_account_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Add an account; it registers as soon as there is a network (unless `no_register`).
 *
 * @return              0
 * @retval TERN_EINVAL  a URI is malformed, a text is not one line of UTF-8, or a value is out of range
 * @retval TERN_ELIMIT  `max_accounts` reached
 * @retval TERN_ESTATE  the endpoint is being stopped
 * @retval TERN_ENOMEM, TERN_EVERSION
 * @events TERN_EV_REGISTRATION
 * @rfc 3261 10.2; 5626
 */
TERN_API TERN_CHECK int tern_account_add(struct tern_endpoint *ep, tern_time now,
                                         const struct tern_account_opts *opts, tern_account *out);

/**
 * Change an account. Calls go on. A new URI, registrar or transport removes the old binding first.
 *
 * @param opts  all settings, not only those that change; read during this function only
 *
 * @return             0
 * @retval TERN_ESTALE the account is removed
 * @retval TERN_EINVAL, TERN_ENOMEM, TERN_EVERSION as tern_account_add(); the account is as it was
 * @events TERN_EV_REGISTRATION
 * @rfc 3261 10.2.2
 */
TERN_API TERN_CHECK int tern_account_modify(struct tern_endpoint *ep, tern_time now,
                                            tern_account account,
                                            const struct tern_account_opts *opts);

/**
 * Remove an account: its calls are hung up, its binding is removed.
 *
 * The handle is stale from now on, also for the events of its calls. The REGISTER that removes the
 * binding goes on by itself; tern_endpoint_stop() waits for it.
 *
 * @return             0
 * @retval TERN_ESTALE the account is removed already
 * @events TERN_EV_CALL_ENDED for each of its calls
 * @rfc 3261 10.2.2
 */
TERN_API TERN_CHECK int tern_account_remove(struct tern_endpoint *ep, tern_time now,
                                            tern_account account);

/**
 * Register now, or refresh a binding ahead of time. From here on the account registers by itself,
 * even if it was added with `no_register` or was refused.
 *
 * @return             0
 * @retval TERN_ESTALE the account is removed
 * @retval TERN_ESTATE the account has no registrar
 * @events TERN_EV_REGISTRATION
 * @rfc 3261 10.2
 */
TERN_API TERN_CHECK int tern_account_register(struct tern_endpoint *ep, tern_time now,
                                              tern_account account);

/**
 * Remove the binding and stay unregistered until tern_account_register(). Calls go on. Without a
 * binding nothing is sent.
 *
 * @return             0
 * @retval TERN_ESTALE the account is removed
 * @events TERN_EV_REGISTRATION, the last with TERN_REGISTRATION_NONE; none if that is the state
 * @rfc 3261 10.2.2
 */
TERN_API TERN_CHECK int tern_account_unregister(struct tern_endpoint *ep, tern_time now,
                                                tern_account account);

/** What has become of an account's registration. */
enum tern_registration_state {
    TERN_REGISTRATION_NONE = 0,        /**< not wanted */
    TERN_REGISTRATION_WAITING = 1,     /**< wanted; no network yet, or waiting to try again */
    TERN_REGISTRATION_REGISTERING = 2, /**< REGISTER is on its way; no binding yet */
    TERN_REGISTRATION_REGISTERED = 3,
    TERN_REGISTRATION_REFRESHING = 4, /**< as REGISTERED, with a REGISTER on its way */
    TERN_REGISTRATION_REMOVING = 5,
    TERN_REGISTRATION_FAILED = 6, /**< refused for good (wrong password, unknown user): not tried
                                         again by itself; 403 and 5xx are, as WAITING */
};

/** For people: "registered", "waiting" …; of any other value "unknown". Static storage. */
TERN_API const char *tern_registration_state_name(enum tern_registration_state state);

/** An account at this moment. */
struct tern_account_info {
    enum tern_registration_state state;
    int status;         /**< last final SIP status for a REGISTER; 0: none */
    uint32_t expires_s; /**< seconds left of the binding */
    enum tern_transport transport;
    tern_addr local;  /**< address of the Contact; family 0: none */
    tern_addr server; /**< where REGISTER was last sent */
    uint32_t calls;   /**< of this account; those that only wait for the answer to BYE count */
    char uri[256];    /**< address of record, NUL-terminated, cut if longer */
    bool outbound;    /**< the registrar knows flows: RFC 5626 */
    tern_addr second; /**< address of a second flow that stands; family 0: none */
    char gruu[256];   /**< what our Contact is in calls, NUL-terminated; empty: our address */
};

/**
 * Read how an account is doing.
 *
 * @param out  receives a copy; untouched on failure
 *
 * @return             0
 * @retval TERN_ESTALE the account is removed
 */
TERN_API TERN_CHECK int tern_account_get_info(const struct tern_endpoint *ep, tern_account account,
                                              struct tern_account_info *out);

/**
 * Walk over the accounts, in no particular order; adding and removing while walking is allowed.
 *
 * @param account  {0} to begin, else what the last call returned, even if it is removed by now
 *
 * @return  the next account; {0} at the end
 */
TERN_API tern_account tern_account_next(const struct tern_endpoint *ep, tern_account account);

#ifdef __cplusplus
}
#endif
#endif

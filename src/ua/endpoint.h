/* SPDX-License-Identifier: MIT */
/* The endpoint's parts, for the files of this room. */
#ifndef TN_UA_ENDPOINT_H
#define TN_UA_ENDPOINT_H

#include <tern/tern.h>

#include "base/map.h"
#include "base/slots.h"
#include "base/text.h"
#include "core/service.h"
#include "mobility/mobility.h"
#include "net/net.h"
#include "txn/request.h"
#include "txn/txn.h"
#include "ua/outbound.h"
#include "ua/snapshot.h"

struct tn_account;
struct tn_call;

/* As many lists as accounts are usual on a big machine: each flow finds its own at once. */
#define TN_REGISTRATION_FLOW_LISTS 256

enum tn_endpoint_state {
    TN_ENDPOINT_NEW,
    TN_ENDPOINT_RUNNING,
    TN_ENDPOINT_STOPPING,
    TN_ENDPOINT_STOPPED
};

struct tern_endpoint {
    enum tn_endpoint_state state;
    struct tn_ctx ctx;
    struct tn_tls_ctx *tls;   /* NULL: none is wanted */
    struct tn_dtls_ctx *dtls; /* NULL: no account has wanted SRTP yet */
    struct tn_net net;
    struct tn_txns txns;
    struct tn_service *service; /* NULL: a user agent */
    struct tn_text product;
    struct tn_text stun_servers; /* "host[:port]", with commas */
    struct tn_text info_types;   /* "type/subtype", with commas */
    struct tn_instance instance;

    uint16_t rtp_port_min, rtp_port_max;
    bool sip_events;
    bool auto_ip_change;
    bool symmetric_rtp;
    tern_time settle;
    uint32_t max_calls;

    struct tn_slots accounts, calls;
    struct tn_list registration_flows[TN_REGISTRATION_FLOW_LISTS];
    struct tn_map sockets;  /* media sockets by number */
    struct tn_map dialogs;  /* by Call-ID and local tag */
    struct tn_map replaces; /* the same, of INVITEs with Replaces: ua/call_replace.h */
    struct tn_slots forks;  /* late answers to INVITEs: ua/fork.h */
    struct tn_map fork_map; /* by Call-ID and local tag */
    uint32_t calls_visible; /* calls whose ENDED has not been told */

    struct tn_mobility mob;
    bool network_known; /* a snapshot has been given */
    bool nat64_learnt;  /* the NAT64 prefix is not the snapshot's, but the name servers' */
    struct tern_link_policy links;
    struct tern_network system;  /* as it was given */
    struct tern_network network; /* in force for mobility: what the net room has */
    uint32_t excluded;           /* addresses that the policy of links keeps from use */
    struct tn_timer settle_timer, mob_timer, stop_timer;
    bool listener_failed; /* at least once: do not wait for it any more */
    bool listeners_ready; /* as last told to mobility */

    struct tn_snapshots snapshots;

    uint32_t strangers; /* calls of theirs that wait for an answer of the application */

    struct tn_list events; /* struct tn_event_item */
    size_t event_count;
    struct tn_event_item *last_event; /* room for STOPPED */
    struct tn_event_item *event_out;  /* the one the application looks at */
};

/* ---- entry and exit of every public function (run.c) ---- */

void tn_ep_enter(struct tern_endpoint *ep, tern_time now);
/* Effects, timers and decisions, until nothing is left to do now. */
void tn_ep_run(struct tern_endpoint *ep);
/* Outputs or events pile up: refuse input. */
bool tn_ep_busy(const struct tern_endpoint *ep);
/* STOPPED is told once nothing is left. */
void tn_ep_check_stopped(struct tern_endpoint *ep);

/* ---- events (event.c) ---- */

void tn_ep_event(struct tern_endpoint *ep, const struct tern_event *event); /* copies its text */
/*
 * Room for an object's last event, made with the object: it comes without memory, too. Used up by
 * tn_ep_event_last(), or given back. NULL is no reserve.
 */
TERN_CHECK int tn_ep_event_reserve(struct tern_endpoint *ep, struct tn_event_item **reserve);
void tn_ep_event_unreserve(struct tern_endpoint *ep, struct tn_event_item **reserve);
void tn_ep_event_last(struct tern_endpoint *ep, struct tn_event_item **reserve,
                      const struct tern_event *event);
void tn_ep_events_fini(struct tern_endpoint *ep);

/* ---- effects (dispatch.c) ---- */

void tn_ep_dispatch(struct tern_endpoint *ep, const struct tn_effect *effect);

/* ---- requests outside any call (uas.c) ---- */

void tn_ep_request(struct tern_endpoint *ep, const struct tn_effect *effect);
void tn_ep_refuse(struct tern_endpoint *ep, uint64_t txn, unsigned status, tern_str headers);
/* Lines that dialog-forming messages carry: Allow, Supported. */
tern_str tn_ep_capability_lines(void);

/* ---- handover (handover.c) ---- */

/* An answer may have waited for a path, or for a connection. */
void tn_ep_answers_online(struct tern_endpoint *ep);
/* The name servers have told a NAT64 prefix (network.c). */
void tn_ep_nat64_learnt(struct tern_endpoint *ep);
void tn_ep_network_changed(struct tern_endpoint *ep, const struct tern_ip_change_param *param,
                           bool forced);
/* There is a path again, or another one: `changed`. */
void tn_ep_registrations_online(struct tern_endpoint *ep, bool changed);
/* Those whose address has gone. */
void tn_ep_close_left_flows(struct tern_endpoint *ep);
/* Our public address is another: `seen` has the local one, and what it looks like from outside. */
void tn_ep_public_changed(struct tern_endpoint *ep, const struct tn_path *seen);
/* Carries out what mobility has decided. @return whether there was anything */
bool tn_ep_decisions(struct tern_endpoint *ep);
void tn_ep_listener_news(struct tern_endpoint *ep);
void tn_ep_settle_fired(struct tn_timer *timer);
void tn_ep_mob_fired(struct tn_timer *timer);

/* ---- security (secure.c) ---- */

/* A certificate of our own making for DTLS-SRTP; once. @return TERN_ENOMEM, TERN_EUNSUPPORTED */
TERN_CHECK int tn_ep_need_dtls(struct tern_endpoint *ep);

/* ---- texts (text.c) ---- */

/* What Retry-After says, at least T1 where it is there and at most an hour; 0: not said. */
tern_time tn_retry_after(const struct tn_msg *rsp);
/* A display name as people read it: without the escapes of a quoted-string (RFC 3261 25.1). */
void tn_put_display_name(struct tn_buf *buf, tern_str display);

/* Where we can be called. */
struct tn_reach {
    enum tern_transport transport;
    tern_addr local;
    bool sips; /* by TLS on every hop, or not at all */
};
/* "<sip:user@host:port;transport=tcp>" */
void tn_put_contact(struct tn_buf *buf, tern_str user, const struct tn_reach *reach);

#endif

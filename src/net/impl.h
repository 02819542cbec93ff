/* SPDX-License-Identifier: MIT */
/* What the files of this room share. */
#ifndef TN_NET_IMPL_H
#define TN_NET_IMPL_H

#include "base/tally.h"
#include "net/conn.h"
#include "net/dns.h"
#include "net/domain.h"
#include "net/keepalive.h"
#include "net/kept.h"
#include "net/limits.h"
#include "net/listen.h"
#include "net/net.h"
#include "net/news.h"
#include "net/pref64.h"

struct tn_flow_impl {
    struct tn_flow flow;
    struct tn_map_node node;  /* in net->by_key */
    struct tn_list lru;       /* UDP: in udp.ours or udp.theirs, longest unused first */
    tern_time last_used;      /* sent, received or asked for */
    bool ours;                /* UDP: we have asked for it */
    bool known;               /* a request of ours went there, or a call was taken from there */
    struct tn_conn *stream;   /* NULL: UDP */
    struct tn_keeper *keeper; /* NULL: nobody has wanted it kept alive */
};

/* Why a flow ended. */
struct tn_obituary {
    uint64_t flow;
    size_t len;
    char reason[TN_REASON_MAX];
};

struct tn_udp {
    struct tn_list ours, theirs; /* flows that we asked for; flows that only came in */
    size_t count;
    struct tn_timer sweep;
    struct tn_list waiting; /* datagrams for a socket that is being opened again */
    size_t waiting_count;
    uint16_t flows_port; /* the port that the flows' keys carry */
};

struct tn_net_impl {
    struct tn_net *net;
    struct tn_net_opts opts;
    bool started;
    uint32_t last_id;
    struct tn_listeners listeners;
    struct tn_udp udp;
    struct tn_map by_stream;
    size_t streams, streams_incoming;
    struct tn_tally callers; /* streams_incoming, by host */
    struct tn_tally shaking; /* of these, those whose TLS handshake is not over */
    size_t shaking_count;
    size_t partial_bytes;     /* what streams hold of incomplete messages */
    tern_time handshakes_due; /* when the handshakes that came in would be through at their pace */
    tern_time bindings_due;   /* likewise the STUN messages of strangers */
    struct tn_list keepers;   /* of the flows that are kept alive, or were */
    bool watching;            /* somebody talks */
    struct tn_dns dns;
    struct tn_domains domains;
    struct tn_kept kept[TN_KEPT_MAX];
    struct tn_pref64 pref64;
    struct tn_obituary dead[TN_OBITUARIES]; /* of the last flows, with their reasons */
    size_t dead_next;
    struct tn_news_queue sip_news, listener_news;
};

/* ---- flow.c ---- */

/* A new flow, with a number, in the table. @return TERN_ENOMEM, TERN_ELIMIT */
int tn_flow_new(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out);
/* Any flow of this transport to this remote; `local` without family fits all. Lingering: never. */
struct tn_flow_impl *tn_flow_find(struct tn_net *net, const struct tn_flow_key *key);
/* `came_by`: as in struct tn_target. */
struct tn_flow_impl *tn_flow_choose(struct tn_net *net, const struct tn_flow_key *key,
                                    uint64_t came_by);
struct tn_flow_impl *tn_flow_get(const struct tn_net *net, uint64_t id);
/* Remembers why it is about to end. */
void tn_flow_blame(struct tn_net *net, const struct tn_flow_impl *f, tern_str reason);
/* Ends its number; FLOW_DOWN is emitted unless `quiet`. Sends nothing. */
void tn_flow_free(struct tn_net *net, struct tn_flow_impl *f, bool quiet);
/*
 * Parses what came in: a broken request goes up to be answered, a broken response helps nobody
 * (RFC 3261 8.1.3.1). @return what tn_msg_parse() says; a failure is counted
 */
int tn_flow_parse(struct tn_net *net, tern_str text, struct tn_msg **out);
/* Hands it up. Takes over the reference. */
void tn_flow_deliver(struct tn_net *net, struct tn_flow_impl *f, struct tn_msg *msg, tern_str text);
void tn_net_tell(struct tn_net *net, const struct tn_news *head, tern_str text);

/* ---- udp.c ---- */

void tn_udp_init(struct tn_net *net);
void tn_udp_fini(struct tn_net *net);
int tn_udp_flow(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out);
int tn_udp_send(struct tn_net *net, struct tn_flow_impl *f, tern_str data);
/* Marks as used now, by us or only by them. */
void tn_udp_touch(struct tn_net *net, struct tn_flow_impl *f, bool ours);
/* A sign of life from the far end of a flow; where there is none, none is made. */
void tn_udp_heard(struct tn_net *net, const struct tn_flow_key *key);
/* Sends without a flow; not where the socket is closed or the address has gone. */
void tn_udp_reply(struct tn_net *net, const struct tn_flow_key *key, tern_str data);
/* The socket is open: flows of another port end, what waited goes out. */
void tn_udp_opened(struct tn_net *net);
void tn_udp_detach(struct tn_net *net, struct tn_flow_impl *f);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Keep-alive of a flow, and the discovery that it has failed: RFC 5626 3.5, 4.4, 5.4.
 *
 *              due        answered             late
 *   RESTING    >PINGING   -                    -
 *   PINGING    (again)    >RESTING             >RESTING, or the flow ends
 *
 * Streams: CRLFCRLF, which asks for CRLF. UDP: a STUN Binding request from the SIP port (RFC 8489
 * 6.2.1), whose answer also says how the far end sees us; a far end that leaves STUN unanswered gets
 * CRLFCRLF instead, which holds the NAT's binding and asks for nothing. Only a flow on which a ping
 * has been answered before can fail by silence: RFC 5626 has no other way to tell who would. It ends
 * as any flow does, with TN_EFFECT_FLOW_DOWN.
 */
#ifndef TN_NET_KEEPALIVE_H
#define TN_NET_KEEPALIVE_H

#include "net/net.h"

struct tn_stun;
struct tn_flow_impl;

enum tn_keep_state { TN_KEEP_RESTING, TN_KEEP_PINGING };

struct tn_keeper {
    struct tn_net *net;
    struct tn_flow_impl *flow;
    struct tn_list node; /* of all keepers */
    struct tn_timer timer;
    enum tn_keep_state state;
    unsigned askers;
    tern_time interval;
    tern_time asked_at, deadline; /* of the ping under way */
    unsigned sent;                /* how often this ping has gone out */
    unsigned silent;              /* pings in a row that nobody answered */
    bool answers;                 /* one was answered */
    uint8_t id[12];               /* of the STUN transaction */
};

/*
 * One more wants this flow kept alive: a ping now, and then each 80 to 100 % of `interval`, of the
 * shortest that was asked for. Each tn_net_keep() is taken back by a tn_net_unkeep(), which is
 * harmless when the flow is gone.
 *
 * @return 0, TERN_ESTALE, TERN_ENOMEM, TERN_EINVAL (no interval)
 */
TERN_CHECK int tn_net_keep(struct tn_net *net, uint64_t flow, tern_time interval);
void tn_net_unkeep(struct tn_net *net, uint64_t flow);
/* Something is amiss: ask now. Nothing, where the flow is not kept or is being asked. */
void tn_net_probe(struct tn_net *net, uint64_t flow);
/* Somebody talks: flows are asked more often, and waited for less (net/limits.h). */
void tn_net_watch(struct tn_net *net, bool closely);
/*
 * This is how the far end sees us. TN_EFFECT_FLOW_MAPPED follows when that is news, and tn_flow says
 * it. It is nothing that anybody has proved.
 */
void tn_net_mapped(struct tn_net *net, uint64_t flow, tern_addr mapped);

/* It has said so, and it is another address than ours: a NAT is on the way. */
bool tn_net_is_translated(const struct tn_flow *flow);

/* ---- for this room ---- */

/* CRLF has come in by a stream. @return false: nobody waits for it */
bool tn_keep_pong(struct tn_flow_impl *f);
/* A STUN response has come in by a UDP flow. @return false: it answers nothing of ours */
bool tn_keep_response(struct tn_flow_impl *f, const struct tn_stun *msg);
/* From the flow's end. */
void tn_keep_free(struct tn_flow_impl *f);

#endif

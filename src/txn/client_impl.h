/* SPDX-License-Identifier: MIT */
/* What the files of client transactions share; nobody else includes it. */
#ifndef TN_TXN_CLIENT_IMPL_H
#define TN_TXN_CLIENT_IMPL_H

#include "txn/txn_impl.h"

static inline struct tn_client *tn_client_get(const struct tn_txns *txns, uint64_t id)
{
    return tn_slots_get(&txns->clients, id);
}

static inline bool tn_client_is_invite(const struct tn_client *client)
{
    return client->method == TN_METHOD_INVITE;
}

/* client.c */
void tn_client_use_flow(struct tn_client *client, uint64_t flow);
void tn_client_start_machine(struct tn_client *client);
void tn_client_stop_machine(struct tn_client *client);
/* Its flow is there, and so is the address that it leaves from. */
bool tn_client_stands(const struct tn_client *client);
/* ACK and CANCEL go the INVITE's way, or a new one where that is gone (MOBILITY S2, S10). */
TERN_CHECK int tn_client_way(const struct tn_client *invite, uint64_t *out);

/* client_start.c */
struct tn_client_plan {
    struct tn_owner owner;
    enum tn_method method;
    struct tn_target target;
    tern_addr from;
    uint64_t flow;
    tern_addr local; /* of the flow */
    bool switched;
};
/* Takes over the text, also on failure. */
TERN_CHECK int tn_client_launch(struct tn_txns *txns, const struct tn_client_plan *plan,
                                struct tn_buf *text, struct tn_client **out);
/* The same transaction once more from its start, over UDP. @return false when there is no way */
bool tn_client_back_to_udp(struct tn_client *client);

/* client_cancel.c. A CANCEL has an answer (ANSWERED), or is to be sent again (WANTED). */
void tn_cancel_ended(const struct tn_client *cancel, enum tn_cancel how);
void tn_cancel_tell_answer(const struct tn_client *cancel, unsigned status);
/* Sends one that is wanted. */
void tn_cancel_again(struct tn_client *invite);
void tn_cancel_now(struct tn_client *invite);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Alice, registered at a registrar that is a peer, with an allocator that counts; and strangers who
 * send her what they like, from one address or from as many as they can feign.
 */
#ifndef TERN_TEST_FLOOD_H
#define TERN_TEST_FLOOD_H

#include "peer.h"

struct flood {
    struct world world;
    struct host *alice, *registrar;
    size_t bytes, most; /* held by Alice's endpoint, now and at most */
    uint64_t sent;
    size_t heard; /* messages of the registrar's inbox that are dealt with */
};

enum flood_kind { FLOOD_OPTIONS, FLOOD_INVITE, FLOOD_REGISTER, FLOOD_BYE, FLOOD_OK, FLOOD_GARBAGE };
#define FLOOD_KINDS 6

/* Registered. `calls`: as max_calls; `secure`: with TLS listeners. */
void flood_start(struct flood *flood, uint32_t calls, bool secure);
void flood_end(struct flood *flood);
/* From one address, or (`feigned`) each from another one. */
void flood_udp(struct flood *flood, enum flood_kind kind, bool feigned, unsigned count);
/* A message of this kind, with numbers of its own. @return its length */
int flood_text(struct flood *flood, enum flood_kind kind, char out[1024]);
/* Outputs are thrown away, events are heard. */
void flood_drain(struct flood *flood);
/* Connections from one host, or each from another one. @return how many were taken */
unsigned flood_connect(struct flood *flood, uint16_t port, bool feigned, unsigned count,
                       uint32_t *streams);
/* A call by way of the registrar, to Alice and from her, is set up, talks and ends. */
void flood_call_works(struct flood *flood);

#endif

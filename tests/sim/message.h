/* SPDX-License-Identifier: MIT */
/*
 * A SIP reader of the tests' own, strict and independent of the core's: what Tern sends must please
 * it. It knows the headers that the checks need, RFC 3261 7, 20 and 25 for all, and SDP as in
 * RFC 4566 5 (description.c).
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include <tern/network.h>

#define ROUTES_MAX 6

/* An SDP body. Hashes: of text that is compared and not read. */
struct description {
    uint64_t origin;   /* hash of o= without the version */
    uint64_t version;  /* … which is this */
    uint64_t content;  /* hash of all lines but o= */
    uint64_t kinds;    /* hash of what each m= is for, in order; its port left out */
    uint32_t lines;    /* m= lines */
    tern_str formats;  /* of the first m= */
    bool sends, hears; /* by its direction */
    tern_str address;  /* of c= */
    uint16_t port;     /* of the last m= */
};

struct message {
    tern_str text; /* header and body */
    bool request;
    int status;
    tern_str method; /* of the CSeq in a response */
    tern_str uri;
    uint32_t cseq;
    uint32_t rseq;       /* of RSeq or RAck; 0: none */
    uint32_t rack_cseq;  /* of RAck */
    bool wants_reliable; /* Require: 100rel */
    tern_str call_id, from_tag, to_tag, branch;
    tern_str sent_by; /* host of the topmost Via, without brackets */
    tern_str contact; /* host of the first Contact; empty: none, "*", or one that is removed */
    tern_str contact_uri;
    tern_str from, to;   /* as they stand, tags and all */
    uint64_t vias_below; /* hash of all Vias but the topmost */
    uint32_t hops;       /* Max-Forwards */
    tern_str routes[ROUTES_MAX], record_routes[ROUTES_MAX];
    uint32_t route_count, record_route_count;
    tern_str replaces; /* Call-ID in Replaces */
    tern_str nonce;    /* of Authorization or Proxy-Authorization */
    uint32_t nonce_count;
    tern_str body;
    struct description sdp; /* of `body`, if there is one */
};

/* Reads one message from the start of `data`. @return NULL, or what is wrong; *used: its length */
const char *message_read(tern_str data, struct message *m, size_t *used);
bool str_is(tern_str s, const char *text);
bool same_text(tern_str a, tern_str b);
uint64_t hash_text(uint64_t before, tern_str s); /* FNV-1a; `before` 0 to begin */
bool read_number(tern_str s, uint64_t most, uint64_t *out);
/* Cuts `s` at the first `c`; what is before it is returned, `*s` is what comes after. */
tern_str cut(tern_str *s, char c);

/* description.c */
const char *description_read(tern_str body, struct description *sdp);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A SIP reader of the tests' own, strict and independent of the core's: what Tern sends must please
 * it. It knows the headers that the checks need, RFC 3261 7, 20 and 25 for all, and SDP as in
 * RFC 4566 5.
 */
#ifndef SIM_MESSAGE_H
#define SIM_MESSAGE_H

#include <tern/network.h>

struct message {
    tern_str text; /* header and body */
    bool request;
    int status;
    tern_str method; /* of the CSeq in a response */
    tern_str uri;
    uint32_t cseq;
    tern_str call_id, from_tag, to_tag, branch;
    tern_str sent_by; /* host of the topmost Via, without brackets */
    tern_str contact; /* host of the first Contact; empty: none, "*", or one that is removed */
    tern_str nonce;   /* of Authorization or Proxy-Authorization */
    uint32_t nonce_count;
    tern_str media; /* address of c= */
    uint16_t media_port;
    tern_str body;
};

/* Reads one message from the start of `data`. @return NULL, or what is wrong; *used: its length */
const char *message_read(tern_str data, struct message *m, size_t *used);
bool str_is(tern_str s, const char *text);

#endif

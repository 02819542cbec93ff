/* SPDX-License-Identifier: MIT */
/*
 * TLS between a stream's bytes and the framing of SIP: RFC 3261 26.2.1, RFC 5922. The engine is
 * crypto/tls.h; here it meets a connection.
 */
#ifndef TN_NET_SECURE_H
#define TN_NET_SECURE_H

#include "net/conn.h"

/* The connection is up: the handshake begins. @return 0, TERN_ENOMEM, TERN_ELIMIT */
TERN_CHECK int tn_secure_start(struct tn_conn *s);
void tn_secure_end(struct tn_conn *s);

enum tn_secure_result {
    TN_SECURE_MORE,   /* nothing to do but to wait */
    TN_SECURE_READY,  /* text can be read and written; tn_secure_read() until it has no more */
    TN_SECURE_CLOSED, /* the far end says goodbye; there may be text to read before it */
    TN_SECURE_FAILED, /* the reason is noted (tn_net_why_down()), the alert is on its way */
};
enum tn_secure_result tn_secure_receive(struct tn_conn *s, tern_str data);
/* @return how much was read; 0: no more */
size_t tn_secure_read(struct tn_conn *s, void *out, size_t cap);

/* What is put goes out with tn_secure_flush(), all in one piece. */
void tn_secure_put(struct tn_conn *s, tern_str text);
void tn_secure_flush(struct tn_conn *s);
/* The engine has failed: bytes are missing, and what is put from now on is lost. */
bool tn_secure_is_broken(const struct tn_conn *s);
/* Why, for tn_net_why_down(). */
void tn_secure_blame(const struct tn_conn *s);
/* The last word of a connection that ends in good order. */
void tn_secure_goodbye(struct tn_conn *s);

#endif

/* SPDX-License-Identifier: MIT */
/* The demo over TLS and with SRTP: certificates, what the nodes need of them, and what is told. */
#ifndef TERN_CLI_DEMO_SECURE_H
#define TERN_CLI_DEMO_SECURE_H

#include "demo_story.h"

/* An authority, and a certificate of it for the server at `address`. @return 0 or TERN_E… */
TERN_CHECK int demo_certs_make(struct demo_certs *certs, const char *address);
void demo_certs_free(struct demo_certs *certs);

/* The server shows its certificate; the others trust the authority. */
void demo_secure_endpoint(const struct demo_part *part, struct tern_endpoint_opts *opts);
void demo_secure_account(const struct demo_opts *from, struct tern_account_opts *opts);

/* "tls" */
const char *demo_transport_key(enum tern_transport transport);
/* "off", "sdes", "dtls" */
const char *demo_srtp_key(enum demo_srtp srtp);
/* " with SRTP, keys by SDES"; "" without */
const char *demo_srtp_text(enum demo_srtp srtp);

/* A connection of the phone's is up. */
void demo_tell_secured(struct demo_story *story, const struct demo_report *report);
/* Of the round trips that an answer took, these went to the connection. */
void demo_put_connecting(struct demo_writer *w, const struct demo_story *story,
                         const struct demo_secured *secured, bool by_far);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A peer without a stack: it keeps the SIP messages that come, and says what the
 * test writes, right or wrong. UDP, port 5060.
 */
#ifndef TERN_TEST_PEER_H
#define TERN_TEST_PEER_H

#include "world.h"

#define INBOX_MAX 512

struct peer {
    char *inbox[INBOX_MAX]; /* NUL-terminated, oldest first */
    size_t count;
    tern_addr far; /* whom it talks to: where the last message came from */
    unsigned branches;
    uint32_t cseq;     /* of its own requests in the dialog */
    char call_id[128]; /* of the dialog: from peer_invite() or peer_join() */
    char local[256], remote[256], target[256]; /* From and To as it writes them, and the Contact */
    bool (*answer)(struct host *host, const char *text); /* at once; may be NULL */
};

#define PEER_SDP                                                                                   \
    "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"                      \
    "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

struct host *peer_new(struct world *world, const char *address);
/* A world with Alice at 10.0.0.1, who has an account without a registrar, and a peer at 10.0.0.7. */
struct host *peer_meet(struct world *world, struct host **alice,
                       void (*tune)(struct tern_account_opts *opts));
/* Whatever ends a call is agreed to: an `answer`. */
bool peer_lets_go(struct host *host, const char *text);
/* Alice's call is ended, if she has one; nothing of it is left, and neither is the world. */
void peer_part(struct host *peer, struct host *alice);
struct peer *peer_of(struct host *host);
/* The last message whose first line starts with this, or NULL. "SIP/2.0 200" for responses. */
const char *peer_last(struct host *host, const char *start);
/* The same, where its To has this in it. */
const char *peer_last_to(struct host *host, const char *start, const char *tag);
size_t peer_count(struct host *host, const char *start);
/* Value of a header, in static storage, "" when it is absent. */
const char *peer_header(const char *text, const char *name);
uint32_t peer_number(const char *text, const char *name); /* that it begins with; 0: none */
const char *peer_body(const char *text);

void peer_say(struct host *host, const char *text);
/* The type of a body is SDP unless `headers` say another. */
struct peer_answer {
    const char *status;  /* "200 OK" */
    const char *tag;     /* NULL: none */
    const char *headers; /* lines with CRLF, or NULL */
    const char *body;    /* or NULL */
};
void peer_reply(struct host *host, const char *request, const struct peer_answer *answer);
/* Calls the endpoint at `address`: INVITE with these extra lines and this body (NULL: none). */
void peer_invite(struct host *host, const char *address, const char *headers, const char *body);
/* Takes the dialog of an INVITE that came, as its callee with `tag`. */
void peer_join(struct host *host, const char *invite, const char *tag);
/* Takes the dialog of a response to peer_invite(). */
void peer_form(struct host *host, const char *response);
/* A request inside the dialog. */
void peer_request(struct host *host, const char *method, const char *headers, const char *body);
void peer_ack(struct host *host, const char *body); /* for the last 2xx that came */
/* A request outside any dialog. */
void peer_outside(struct host *host, const char *address, const char *method, const char *headers,
                  const char *body);

#endif

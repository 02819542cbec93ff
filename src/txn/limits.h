/* SPDX-License-Identifier: MIT */
/* Upper bounds of the transaction layer, each with its reason. */
#ifndef TN_TXN_LIMITS_H
#define TN_TXN_LIMITS_H

/*
 * 20000 calls that all move at once have a refresh, the request before it, and a transaction that
 * waits out its 32 s each; the same again for set-up and tear-down.
 */
#define TN_CLIENTS_MAX 131072
#define TN_SERVERS_MAX 131072

/*
 * An endpoint for fewer calls has room for fewer: so many for each of them, and for registrars' and
 * presence servers' questions to one that has hardly any. Each may hold so many bytes on the average:
 * an INVITE with its answer is 4 KiB, a BYE 1 KiB, and most are not there all the time.
 */
#define TN_SERVERS_PER_CALL 6
#define TN_SERVERS_LEAST    2048
#define TN_SERVER_BYTES     2048

/*
 * One host has half of the room, which is enough for a proxy with 20000 calls behind it; the last
 * quarter is for those that we know (net.h).
 */
#define TN_SERVERS_OF_HOST(most)      ((most) / 2)
#define TN_SERVERS_OF_STRANGERS(most) ((most) - (most) / 4)

/* Strangers beyond that are told so at this pace, after a burst; the others hear nothing. */
#define TN_REFUSAL_INTERVAL TERN_MS(5)
#define TN_REFUSAL_BURST    TERN_SECONDS(1)
/* When to try again, at the least: by then the first have gone (RFC 3261 21.5.4; 64*T1 is 32 s). */
#define TN_REFUSAL_AFTER_S  32

/* One a call in progress, a few a registration; a request is gone when it is answered. */
#define TN_REQUESTS_MAX 65536

/*
 * How often one request may be challenged: a proxy, a second proxy and the far end, one of them
 * with a nonce that went stale on the way.
 */
#define TN_AUTH_ROUNDS_MAX 4

/* Realms that one account is remembered at; beyond, the one unused for longest goes. */
#define TN_CHALLENGES_MAX 16

/* Realms of which it is remembered how strong a login they want. */
#define TN_FLOORS_MAX 16

/* Realm, nonce and opaque of a challenge; nonces with signed tickets inside stay below. */
#define TN_CHALLENGE_SIZE_MAX 8192

/* RFC 3261 18.1.1: a request longer than this goes over a stream where the MTU is not known. */
#define TN_UDP_REQUEST_MAX 1300

/* The most that an IPv4 datagram carries. */
#define TN_UDP_PAYLOAD_MAX 65507

/* Texts of one request: Request-URI, routes, headers, body; no message can be longer. */
#define TN_REQUEST_TEXT_MAX 131072

/* RFC 8305 5: connections to one server's addresses that are begun before one is up, and how far apart. */
#define TN_RACE_MAX   4
#define TN_RACE_DELAY TERN_MS(250)

/* Over UDP a request is sent three times in this, then another address of the server has its turn … */
#define TN_HUNT_DELAY TERN_MS(2500)
/* … so often that the last one has the better part of timer F. */
#define TN_HUNTS_MAX  5

/* How long a name server may take before the last good server is tried, in the same network. */
#define TN_LAST_GOOD_DELAY TERN_MS(300)
/* An INVITE to that server, which the name does not lead to any more: so long it may be answered. */
#define TN_ASTRAY_DELAY    TERN_MS(500)

/* A refusal that found no memory is sent without its headers after this, and so on until there is some. */
#define TN_OWED_AGAIN TERN_SECONDS(1)
#define TN_OWED_TAG   16

/* Characters of a branch behind the magic cookie: about 80 random bits (RFC 3261 8.1.1.7). */
#define TN_BRANCH_LEN 16

#endif

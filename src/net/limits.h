/* SPDX-License-Identifier: MIT */
/* How much the network may make this room hold, and how long it may keep it waiting. */
#ifndef TN_NET_LIMITS_H
#define TN_NET_LIMITS_H

#include <tern/types.h>

/* ---- UDP flows ---- */

/* One for each peer of 20000 calls, and some. Beyond it the longest unused one goes. */
#define TN_UDP_FLOWS_MAX      32768
/* A flow that only the peer uses: 64*T1 (RFC 3261 17) is 32 s; a late ACK or BYE still finds it. */
#define TN_UDP_FLOW_IDLE      TERN_SECONDS(120)
/* A flow that we asked for: an INVITE may ring for minutes before its CANCEL is sent. */
#define TN_UDP_FLOW_IDLE_OURS TERN_SECONDS(900)
#define TN_UDP_SWEEP          TERN_SECONDS(10)
/* Datagrams that wait for the socket to be opened again; it takes milliseconds. */
#define TN_UDP_WAITING_MAX    256
/* STUN from where no SIP has come is read and answered at this pace, after a burst: 20000 clients
   of a server that has just begun anew ask 800 times a second. */
#define TN_BINDING_INTERVAL   TERN_MS(1)
#define TN_BINDING_BURST      TERN_SECONDS(1)
/* Bytes. A Binding request needs 20; larger ones than this would not pass every path. */
#define TN_BINDING_MAX        1280

/* ---- streams ---- */

/* Connections in both directions, below the usual limits on open files … */
#define TN_STREAMS_MAX          4096
/* … of which so many may be the doing of others: a flood leaves room for our own. */
#define TN_STREAMS_INCOMING_MAX 3072
/* … and so many that of one host: an office behind a NAT has fewer phones, a proxy one connection. */
#define TN_STREAMS_PER_HOST     256
/* Handshakes that others begin cost a signature each, about a millisecond: a third of a core. What
   comes beyond, after a burst, is turned away, and tries again. */
#define TN_HANDSHAKE_INTERVAL   TERN_MS(3)
#define TN_HANDSHAKE_BURST      TERN_SECONDS(1)
/* Handshakes that are under way, each worth some 60 KiB, and of one host: a proxy's come one by one. */
#define TN_SHAKING_MAX          512
#define TN_SHAKING_PER_HOST     64
/* A path that is up answers a SYN in one round trip; two are lost before this. */
#define TN_STREAM_CONNECT       TERN_SECONDS(8)
/* The TLS handshake: two round trips, and two losses. */
#define TN_STREAM_SECURE        TERN_SECONDS(8)
/* From the first byte of a message to its last: a slow writer does not hold a connection. */
#define TN_STREAM_PARTIAL       TERN_SECONDS(30)
/* A connection that came in and has said nothing. */
#define TN_STREAM_SILENT        TERN_SECONDS(32)
/* Unused in both directions. Longer than the usual hour of a registration. */
#define TN_STREAM_IDLE          TERN_SECONDS(4200)
/* After a framing error, so that the answer still goes out. */
#define TN_STREAM_LINGER        TERN_SECONDS(1)
/* A message (65535 bytes at most) and what came in behind it. */
#define TN_STREAM_IN_MAX        (128 * 1024)
/* Incomplete messages of all connections: as many long ones as a NAT's worth of phones may send. */
#define TN_STREAMS_PARTIAL_MAX  (16 * 1024 * 1024)
/* Written before the connection is up. */
#define TN_STREAM_PENDING_MAX   (256 * 1024)

/* Why the last flows ended, and how many of them are remembered: until their requests have failed. */
#define TN_OBITUARIES 16
#define TN_REASON_MAX 128

/* ---- keep-alives: RFC 5626 4.4, 5.4, MOBILITY timers ---- */

/* How long a ping may stay unanswered; less while somebody talks … */
#define TN_KEEP_PATIENCE         TERN_SECONDS(10)
#define TN_KEEP_PATIENCE_WATCHED TERN_SECONDS(3)
/* … and then a flow is asked at least so often. */
#define TN_KEEP_WATCHED          TERN_SECONDS(20)
/* STUN: RFC 8489 6.2.1 */
#define TN_KEEP_RTO              TERN_MS(500)
/* A deadline that is missed by so much was slept through, by a lap-top for one. */
#define TN_KEEP_OVERSLEPT        TERN_SECONDS(1)

/* ---- listeners ---- */

#define TN_LISTEN_PAUSE_MIN TERN_MS(100)
#define TN_LISTEN_PAUSE_MAX TERN_SECONDS(5)

/* ---- news for the application, which drains them after each input ---- */

#define TN_NEWS_MAX       8192
#define TN_NEWS_BYTES_MAX (8 * 1024 * 1024)

/* ---- server location ---- */

/* Look-ups that wait: one for each call, when all lose their network at once. */
#define TN_LOOKUPS_MAX      32768
#define TN_LOOKUP_TIME      TERN_SECONDS(20)
/* Answers kept, and questions on their way (two families for each of 16 SRV targets, some names). */
#define TN_ANSWERS_MAX      64
#define TN_QUESTIONS_MAX    128
#define TN_QUESTION_TIME    TERN_SECONDS(10)
/* RFC 8305 3: for the other family's addresses, once those of one are known. */
#define TN_RESOLUTION_DELAY TERN_MS(50)
/* Name servers that drop what they do not know: then NAPTR is taken for absent. */
#define TN_NAPTR_PATIENCE   TERN_SECONDS(1)
/* Records of one answer that are kept; more servers are not tried anyway. */
#define TN_RECORDS_MAX      32
/* Kept no longer than a day, whatever the TTL says. */
#define TN_TTL_MAX_S        86400
/* How long "no such name" is believed without an SOA to say so, and a failure of the server. */
#define TN_TTL_NONE_S       30
#define TN_TTL_FAILED_S     1
/* The same for NAPTR, which a domain has or has not: nobody waits for that more often than so. */
#define TN_TTL_NO_NAPTR_S   600
/* RFC 1035 2.3.4 */
#define TN_NAME_MAX         255

#endif

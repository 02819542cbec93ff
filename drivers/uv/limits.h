/* SPDX-License-Identifier: MIT */
/* Every bound of the uv driver, with its reason. */
#ifndef TN_UV_LIMITS_H
#define TN_UV_LIMITS_H

/* Outputs carried out before the loop looks at its sockets again: keeps receiving fair. */
#define TN_UV_OUTPUTS_A_TURN 4096

/* A datagram cannot be longer than this; media fits in an Ethernet frame. */
#define TN_UV_DATAGRAM_MAX       65536
#define TN_UV_MEDIA_DATAGRAM_MAX 2048
/* One recvmmsg() or sendmmsg(). More gains little and makes others wait. */
#define TN_UV_BATCH              32
#define TN_UV_BATCHES_A_TURN     4
/* Room of a batch of SIP datagrams, and of the buffer that streams are read into. */
#define TN_UV_RECEIVE_BUFFER     (8 * TN_UV_DATAGRAM_MAX)
/* Bytes that wait behind a full socket buffer; what exceeds them is lost, as in any network. */
#define TN_UV_UDP_QUEUE_MAX      (256 * 1024)
/* A port that the system chose for IPv4 may be taken for IPv6: so often another is tried. */
#define TN_UV_PORT_TRIES         16

/* One read of a stream, and reads of one stream in a turn. */
#define TN_UV_STREAM_READ         65536
#define TN_UV_READS_A_TURN        4
#define TN_UV_ACCEPTS_A_TURN      32
#define TN_UV_BACKLOG             128
/* Bytes that wait on a stream whose far end does not read; then it is closed. */
#define TN_UV_STREAM_QUEUE_MAX    (1024 * 1024)
/* How long sent data may stay without acknowledgement before the connection counts as dead. */
#define TN_UV_TCP_USER_TIMEOUT_MS 10000
/* How long a closed stream may take to deliver its last bytes. */
#define TN_UV_LINGER_MS           5000
/* Pause between looks at lingering streams and at listeners that ran out of descriptors. */
#define TN_UV_TICK_MS             250

#define TN_UV_QUERIES_MAX    4096
#define TN_UV_RECORDS_MAX    64
#define TN_UV_DNS_TIMEOUT_MS 2000
#define TN_UV_DNS_TRIES      2

#define TN_UV_LINKS_MAX       256
#define TN_UV_ADDRESSES_MAX   512
/* A host with a longer main table is a router; its routes are not looked at. */
#define TN_UV_ROUTES_MAX      2048
/* A dump that changes under way is repeated so often. */
#define TN_UV_DUMP_TRIES      3
/* Notices read in one go; the rest waits for the next loop turn. */
#define TN_UV_NOTICES_A_TURN  256
#define TN_UV_POLL_DEFAULT_MS 1000

/* Frames of 20 ms that are made up for after a stall; older ones are skipped. */
#define TN_UV_CATCH_UP_FRAMES 3

#define TN_UV_POSTS_MAX 65536

/* A file of certificates; the authorities of a system are a quarter of a megabyte. */
#define TN_UV_PEM_MAX (4 * 1024 * 1024)

#endif

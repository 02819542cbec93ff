/* SPDX-License-Identifier: MIT */
/*
 * One audio stream of a call: RTP and RTCP both ways (RFC 3550, 3551, 4733,
 * 4961), or SRTP with keys from the plan or from DTLS (RFC 3711, 5764). It outlives every renegotiation and every change of address: SSRC,
 * sequence numbers and timestamps go on from tn_stream_init() to the end, and
 * so do the keys with their counters, whatever happens to addresses and plans.
 *
 * It holds all of its memory, except what libsrtp and OpenSSL keep for keys and
 * a handshake; no packet allocates. It does no I/O: packets leave through
 * tn_output(). Timers: RTCP, the handshake, and an old key's end.
 */
#ifndef TN_MEDIA_STREAM_H
#define TN_MEDIA_STREAM_H

#include <tern/endpoint.h>
#include <tern/media.h>

#include "core/ctx.h"
#include "crypto/dtls.h"
#include "media/dtmf.h"
#include "media/plan.h"
#include "media/playout.h"
#include "media/reception.h"
#include "media/security.h"
#include "media/source.h"

struct tn_stream_opts {
    struct tn_ctx *ctx;
    uint32_t rtp_socket, rtcp_socket; /* ids for TERN_OUT_DATAGRAM; the same one for both is fine */
    uint32_t ssrc;
    uint16_t first_seq;
    uint32_t first_timestamp;
    char cname[17]; /* NUL-terminated */
    bool symmetric; /* follow the observed source (source.h); else send only where the plan says */
    struct tn_dtls_ctx *dtls; /* for TN_PLAN_DTLS; NULL: there is none. Outlives the stream */
    struct tn_owner owner;    /* who gets TN_EFFECT_SECURITY; kind NONE: nobody */
};

/* What we send. */
struct tn_stream_sender {
    uint32_t ssrc;
    uint16_t sequence;       /* of the next packet */
    uint32_t timestamp;      /* of the next frame */
    bool talking;            /* the last tick sent audio */
    bool ssrc_changed;       /* after a collision; once is enough */
    uint32_t packets, bytes; /* under this SSRC: for the sender report */
    uint32_t packets_reported;
    tern_time last_sent; /* TERN_TIME_NEVER before */
    uint32_t last_timestamp;
    uint64_t swallowed; /* frames for which there was no path */
};

/* RTCP, both ways. */
struct tn_stream_rtcp {
    struct tn_timer timer;
    tern_addr observed;      /* where the far end's RTCP comes from; family 0 before */
    tern_time last_received; /* that is welcome; TERN_TIME_NEVER before */
    uint32_t lsr;            /* of the last sender report that came; 0 before */
    tern_time lsr_time;
    uint32_t round_trip_us;
    uint32_t remote_lost, remote_jitter_us;
    bool sent;   /* so that a BYE makes sense */
    bool proven; /* `observed` is from an authentic packet, and RTP has not moved since */
};

/* DTLS; `dtls` stays a while after it has given the keys, to repeat its last flight. */
struct tn_stream_handshake {
    struct tn_dtls *dtls;
    struct tn_timer timer;
    bool known;    /* `association` is that of a plan */
    bool begun;    /* there was a path for its first flight */
    bool paused;   /* and it waits for what is under way to be over */
    bool answered; /* something has come since it began */
    bool agreed;   /* this association of the plan has given keys, at `opened` */
    tern_time opened;
    uint32_t association;
    tern_addr observed; /* where its last datagram came from; family 0 before */
    uint8_t restarts;   /* of what came from where the plan says … */
    uint8_t spoilt;     /* … and from elsewhere */
    uint8_t repeats, timeouts;
    struct tn_buf flight; /* our last one: length (16 bits) and bytes of each datagram */
    struct tn_buf early;  /* the newest datagram that came before the first plan */
    tern_addr early_from;
};

/* An SSRC that would replace the present one, RFC 3550 A.1. */
struct tn_stream_trial {
    uint32_t ssrc;
    tern_addr remote;
    uint16_t next_sequence;
    uint8_t count; /* 0: none */
};

/* Packets of a source on trial, so that a far end that moves loses none of them. */
struct tn_stream_held {
    tern_time arrived;
    uint32_t timestamp;
    uint16_t sequence;
    uint8_t payload_type;
    uint8_t len;
    uint8_t payload[TN_HELD_BYTES];
};

struct tn_stream {
    struct tn_ctx *ctx;
    uint32_t rtp_socket, rtcp_socket;
    char cname[17];
    bool symmetric;
    tern_addr local;
    tern_addr second; /* RTP leaves from there, too, until then; family 0: it does not */
    tern_time second_until;
    struct tn_media_plan plan; /* {0} before the first: not active. Without its keys */

    struct tn_dtls_ctx *dtls_ctx;
    struct tn_security security;
    struct tn_stream_handshake handshake;

    struct tn_stream_sender sender;
    struct tn_stream_rtcp rtcp;
    struct tn_source source;
    bool doubts; /* taken up from a snapshot, and not sure yet who is who */
    tern_time doubt_until;
    struct tn_stream_trial trial;
    struct tn_reception reception;
    struct tn_dtmf_sender dtmf_sender;
    struct tn_dtmf_receiver dtmf_receiver;
    tern_time last_received;
    struct tern_media_stats counts; /* only the members that are plain counters */
    tern_addr held_from;
    uint8_t held_count;
    struct tn_stream_held held[TN_HELD_PACKETS];
    struct tn_playout playout;
};

/** Draws nothing at random and sends nothing. @return 0 or TERN_EINVAL */
TERN_CHECK int tn_stream_init(struct tn_stream *stream, const struct tn_stream_opts *opts);
/** Sends nothing. Harmless when called twice. */
void tn_stream_fini(struct tn_stream *stream);

/**
 * What offer and answer agree on from now on; any number of times. A new remote address takes the
 * place of the observed one; the same address as before keeps the observed one. Keys are taken over
 * at once (plan.h); a plan that is not active changes nothing about them.
 */
void tn_stream_configure(struct tn_stream *stream, const struct tn_media_plan *plan);
/**
 * Source address of everything sent from now on. Family 0: there is no path at present, frames
 * are counted in sender.swallowed and time goes on.
 */
void tn_stream_set_local(struct tn_stream *stream, tern_addr local);

/**
 * Until then each RTP packet leaves from `local` as well: the same bytes, sealed once, so that no
 * keystream is used twice. Family 0: no longer.
 */
void tn_stream_double(struct tn_stream *stream, tern_addr local, tern_time until);

/** One frame of TERN_PCM_FRAME samples, NULL for silence; at once one packet where we may send. */
int tn_stream_send(struct tn_stream *stream, const int16_t *pcm);
/**
 * Queue a digit; it is sent in the ticks of tn_stream_send().
 *
 * @param duration_ms   1..TN_DTMF_MAX_MS; less than TN_DTMF_MIN_MS is made that
 * @return              0
 * @retval TERN_EINVAL, TERN_ELIMIT (TN_DTMF_QUEUE waiting), TERN_EUNSUPPORTED (not agreed)
 */
int tn_stream_dtmf(struct tn_stream *stream, char digit, uint32_t duration_ms);

/** RTP, RTCP or DTLS, told apart by socket and first bytes (RFC 7983). What makes no sense is counted and dropped. */
void tn_stream_receive(struct tn_stream *stream, const struct tern_datagram *datagram);
/** One frame of received audio. @return true when it is audio, false for a guess or comfort */
bool tn_stream_take(struct tn_stream *stream, int16_t *pcm);
/** Each digit heard, once. */
bool tn_stream_next_dtmf(struct tn_stream *stream, char *digit, uint32_t *duration_ms);

void tn_stream_stats(const struct tn_stream *stream, struct tern_media_stats *out);
/** When the last RTP packet came that passed every check; TERN_TIME_NEVER before. */
tern_time tn_stream_last_received(const struct tn_stream *stream);
/** The same for RTP or RTCP. */
tern_time tn_stream_last_heard(const struct tn_stream *stream);
/** Has such a packet come after `since`? */
bool tn_stream_moved_since(const struct tn_stream *stream, tern_time since);
/** Where RTP is sent now; family 0 where the plan has no address. */
tern_addr tn_stream_remote(const struct tn_stream *stream);
/** Is it in the clear, without keys yet, protected, or refused? `reason` may be NULL; it receives
 *  why it has FAILED, for people, or "". TN_EFFECT_SECURITY tells of each change. */
enum tn_security_state tn_stream_security(const struct tn_stream *stream, const char **reason);
/** RTCP BYE, where anything was ever sent. @return 0 */
int tn_stream_bye(struct tn_stream *stream);

/* ---- stream_snapshot.c ---- */

struct tn_pack;
/**
 * Writes what a snapshot keeps, or takes it up after tn_stream_init() and before the first plan. What
 * is sent then goes on behind what the snapshot has reserved.
 */
void tn_stream_pack(struct tn_stream *stream, struct tn_pack *p);
/** What was just written is where a crash does not reach it: send as far as it has reserved. */
void tn_stream_reserve(struct tn_stream *stream);
/** It will not be taken up: send as far as one likes. */
void tn_stream_unreserve(struct tn_stream *stream);
/** A snapshot is due, or sending will stop. */
bool tn_stream_reserve_low(const struct tn_stream *stream);

/* ---- between the parts ---- */

/* May a packet go out now? */
bool tn_stream_can_send(const struct tn_stream *stream);
void tn_stream_output(struct tn_stream *stream, uint32_t socket, tern_addr remote, tern_str data);
void tn_stream_drop(struct tn_stream *stream); /* count a packet that makes no sense */

void tn_stream_rtcp_init(struct tn_stream *stream);
void tn_stream_rtcp_configure(struct tn_stream *stream); /* starts or stops the reports */
void tn_stream_rtcp_receive(struct tn_stream *stream, const struct tern_datagram *datagram,
                            enum tn_source_proof proof);
void tn_stream_handshake_init(struct tn_stream *stream);
void tn_stream_handshake_fini(struct tn_stream *stream);
void tn_stream_handshake_configure(struct tn_stream *stream); /* the plan is DTLS */
void tn_stream_handshake_move(struct tn_stream *stream);      /* `local` is another one now */
bool tn_stream_is_dtls(tern_str datagram);
void tn_stream_handshake_receive(struct tn_stream *stream, const struct tern_datagram *datagram);
/* Another SSRC of ours from now on (RFC 3550 8.2). */
void tn_stream_change_ssrc(struct tn_stream *stream);

#endif

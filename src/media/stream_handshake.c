/* SPDX-License-Identifier: MIT */
/*
 * DTLS-SRTP of a stream: the handshake goes by the socket of RTP, between the addresses that media
 * has now. RFC 5763, RFC 5764 5.1, RFC 8842 5.
 *
 * It is answered to wherever its last datagram came from, since a far end behind a NAT says a
 * private address; who it is, the fingerprint tells. So a stranger who guesses the port can disturb
 * a handshake, and so can what is left of the far end's last one, where a move has overtaken it: one
 * that fails begins anew, a few times. What ends it is a certificate of somebody else than the plan
 * names, shown from there, or silence. An alert in the clear ends nothing: anybody can send that.
 */
#include "media/stream.h"

#include <string.h>

#include "base/list.h"
#include "base/str.h"

#define DTLS_FIRST 20 /* RFC 7983 7: the first byte of a record */
#define DTLS_LAST  63

/* RFC 6347 4.1, 4.3.2 */
#define DTLS_ALERT        21
#define DTLS_HANDSHAKE    22
#define DTLS_HEADER       13
#define DTLS_CLIENT_HELLO 1
#define DTLS_SERVER_HELLO 2
#define DTLS_HELLO_VERIFY 3

static bool has_path(const struct tn_stream *stream, tern_addr remote)
{
    return remote.family != TERN_FAMILY_NONE && remote.family == stream->local.family;
}

static tern_addr handshake_remote(const struct tn_stream *stream)
{
    const struct tn_stream_handshake *handshake = &stream->handshake;

    if (stream->symmetric && has_path(stream, handshake->observed)) return handshake->observed;
    return tn_stream_remote(stream);
}

static void keep(struct tn_buf *flight, tern_str datagram)
{
    tn_buf_char(flight, (char)(datagram.len >> 8));
    tn_buf_char(flight, (char)(datagram.len & 0xff));
    tn_buf_str(flight, datagram);
}

/* @return false: there was nothing to send */
static bool flush(struct tn_stream *stream)
{
    struct tn_buf *flight = &stream->handshake.flight;
    tern_addr remote = handshake_remote(stream);
    tern_str datagram;
    bool any = false;

    for (; tn_dtls_take(stream->handshake.dtls, &datagram); any = true) {
        if (!any) tn_buf_reset(flight);
        if (tn_dtls_state(stream->handshake.dtls) == TN_DTLS_HANDSHAKE) keep(flight, datagram);
        if (!has_path(stream, remote)) continue; /* the timer repeats it */
        tn_stream_output(stream, stream->rtp_socket, remote, datagram);
    }
    return any;
}

/*
 * A ClientHello that comes again: our answer was lost, or the far end has moved meanwhile. OpenSSL
 * would wait for its timer, up to TN_DTLS_TIMER_MAX (RFC 6347 4.2.4 wants it answered). Bounded, as
 * anybody can repeat one.
 */
static void repeat_flight(struct tn_stream *stream)
{
    struct tn_stream_handshake *handshake = &stream->handshake;
    tern_str rest;

    if (handshake->repeats == TN_HANDSHAKE_REPEATS) return;
    if (tn_buf_end(&handshake->flight, &rest) != 0) return; /* it was too long to be kept */
    handshake->repeats++;
    while (rest.len > 2) {
        size_t len = (size_t)(uint8_t)rest.ptr[0] << 8 | (uint8_t)rest.ptr[1];
        tn_stream_output(stream, stream->rtp_socket, handshake_remote(stream),
                         tn_str_sub(rest, 2, len));
        rest = tn_str_from(rest, 2 + len);
    }
}

/* RFC 6347 4.1.2.7: of epoch 0, and so of anybody. */
static bool is_clear_alert(const struct tern_datagram *datagram)
{
    const uint8_t *data = datagram->data;

    return datagram->len >= DTLS_HEADER && data[0] == DTLS_ALERT && data[3] == 0 && data[4] == 0;
}

static bool begins_with(const struct tern_datagram *datagram, uint8_t message)
{
    const uint8_t *data = datagram->data;

    return datagram->len > DTLS_HEADER && data[0] == DTLS_HANDSHAKE && data[3] == 0 &&
           data[4] == 0 && data[DTLS_HEADER] == message;
}

static bool is_client_hello(const struct tern_datagram *datagram)
{
    return begins_with(datagram, DTLS_CLIENT_HELLO);
}

/* RFC 6347 4.2.1 */
static bool is_answer(const struct tern_datagram *datagram)
{
    return begins_with(datagram, DTLS_SERVER_HELLO) || begins_with(datagram, DTLS_HELLO_VERIFY);
}

/*
 * Without a path time stands still, so that an outage is no refusal. An association weighs as much
 * as some calls: once it has given the keys it stays only as long as the far end may want its last
 * flight again.
 */
static void arm(struct tn_stream *stream)
{
    struct tn_stream_handshake *handshake = &stream->handshake;
    tern_time in;

    if (!handshake->dtls || handshake->paused) return;
    if (tn_dtls_state(handshake->dtls) != TN_DTLS_HANDSHAKE) {
        if (!tn_timer_armed(&handshake->timer)) {
            tn_timer_arm(stream->ctx, &handshake->timer, TN_HANDSHAKE_LINGER);
        }
        return;
    }
    tn_timer_cancel(stream->ctx, &handshake->timer);
    if (!has_path(stream, handshake_remote(stream))) return;
    if (tn_dtls_due(handshake->dtls, &in)) tn_timer_arm(stream->ctx, &handshake->timer, in);
}

/* What has given keys once takes nothing with it. */
static void fail(struct tn_stream *stream, const char *reason)
{
    if (!stream->handshake.agreed) tn_security_fail(&stream->security, reason);
    tn_timer_cancel(stream->ctx, &stream->handshake.timer);
    tn_dtls_free(stream->handshake.dtls);
    stream->handshake.dtls = NULL;
    tn_buf_fini(&stream->handshake.flight);
}

/* The first flight waits for a path, rather than for the timer that would repeat it. */
static void begin(struct tn_stream *stream)
{
    struct tn_stream_handshake *handshake = &stream->handshake;

    if (!handshake->dtls || handshake->begun || handshake->paused) return;
    if (!has_path(stream, handshake_remote(stream))) return;
    handshake->begun = true;
    if (tn_dtls_start(handshake->dtls) != 0) {
        fail(stream, "there is no memory for DTLS");
        return;
    }
    (void)flush(stream);
}

/* `pause`: before the first flight. */
static void start(struct tn_stream *stream, tern_time pause)
{
    struct tn_stream_handshake *handshake = &stream->handshake;
    tern_str fingerprint = tn_str(stream->plan.peer_fingerprint);

    tn_dtls_free(handshake->dtls);
    handshake->dtls = NULL;
    handshake->observed = (tern_addr){0};
    handshake->repeats = handshake->timeouts = 0;
    handshake->answered = false;
    tn_buf_fini(&handshake->flight);
    tn_buf_init(&handshake->flight, &stream->ctx->alloc, TN_HANDSHAKE_FLIGHT);
    if (!stream->dtls_ctx) {
        fail(stream, "there is no certificate for DTLS");
        return;
    }
    int err =
        tn_dtls_new(stream->dtls_ctx, stream->plan.dtls_active, fingerprint, &handshake->dtls);
    if (err) {
        fail(stream, err == TERN_EPARSE ? "the far end's fingerprint is of no use"
                                        : "there is no memory for DTLS");
        return;
    }
    handshake->begun = false;
    handshake->paused = pause > 0;
    tn_timer_cancel(stream->ctx, &handshake->timer);
    if (pause > 0) tn_timer_arm(stream->ctx, &handshake->timer, pause);
    begin(stream);
    arm(stream);
}

/*
 * The far end has answered, and has begun anew since then, as after a move of its own: it waits for
 * another ClientHello, and will not say more to this one.
 */
static bool is_stuck(struct tn_stream *stream)
{
    struct tn_stream_handshake *handshake = &stream->handshake;

    handshake->timeouts++;
    if (!stream->plan.dtls_active || !handshake->answered) return false;
    return handshake->timeouts >= TN_HANDSHAKE_STUCK && handshake->restarts < TN_HANDSHAKE_RESTARTS;
}

static void on_timer(struct tn_timer *timer)
{
    struct tn_stream *stream = TN_OWNER(timer, struct tn_stream, handshake.timer);
    struct tn_dtls *dtls = stream->handshake.dtls;

    if (stream->handshake.paused) {
        stream->handshake.paused = false;
        begin(stream);
        arm(stream);
        return;
    }
    if (tn_dtls_state(dtls) != TN_DTLS_HANDSHAKE) {
        tn_dtls_free(dtls);
        stream->handshake.dtls = NULL;
        return;
    }
    if (is_stuck(stream)) {
        stream->handshake.restarts++;
        start(stream, 0);
        return;
    }
    int err = tn_dtls_timeout(dtls);
    (void)flush(stream);
    if (err) {
        fail(stream, tn_dtls_reason(dtls));
    } else {
        arm(stream);
    }
}

void tn_stream_handshake_init(struct tn_stream *stream)
{
    tn_timer_init(&stream->handshake.timer, 0, on_timer);
}

void tn_stream_handshake_fini(struct tn_stream *stream)
{
    tn_timer_cancel(stream->ctx, &stream->handshake.timer);
    tn_dtls_free(stream->handshake.dtls);
    stream->handshake.dtls = NULL;
    stream->handshake.known = false;
    tn_buf_fini(&stream->handshake.flight);
    tn_buf_fini(&stream->handshake.early);
}

bool tn_stream_is_dtls(tern_str datagram)
{
    if (datagram.len == 0) return false;
    uint8_t first = (uint8_t)datagram.ptr[0];
    return first >= DTLS_FIRST && first <= DTLS_LAST;
}

static void take_keys(struct tn_stream *stream)
{
    struct tn_srtp_keys keys;

    if (tn_dtls_keys(stream->handshake.dtls, &keys) != 0) {
        fail(stream, "there is no memory for the media keys");
        return;
    }
    stream->handshake.agreed = true;
    stream->handshake.opened = stream->ctx->now;
    tn_buf_fini(&stream->handshake.flight);
    tn_timer_cancel(stream->ctx,
                    &stream->handshake.timer); /* of repetitions; arm() begins another */
    tn_security_install(&stream->security, &keys);
    tn_wipe(&keys, sizeof(keys));
}

static bool is_stranger(const struct tn_stream *stream, tern_addr remote)
{
    return !tern_addr_same_host(remote, stream->plan.remote_rtp);
}

/* Whether it has begun anew. */
static bool restart(struct tn_stream *stream, tern_addr remote)
{
    struct tn_stream_handshake *handshake = &stream->handshake;
    bool stranger = is_stranger(stream, remote);
    uint8_t *count = stranger ? &handshake->spoilt : &handshake->restarts;

    if (*count == TN_HANDSHAKE_RESTARTS) return false;
    if (!stranger && tn_dtls_is_mistaken(handshake->dtls)) return false;
    unsigned doubled = *count < TN_HANDSHAKE_DOUBLED ? *count : TN_HANDSHAKE_DOUBLED;
    ++*count;
    /* What is under way still would spoil the next one, too. */
    start(stream, stranger || !stream->plan.dtls_active ? 0 : TN_HANDSHAKE_PAUSE << doubled);
    return true;
}

/*
 * What only a stranger can gain by, or is left of another association: alerts in the clear; a
 * ClientHello for who sends one himself, and what precedes the answer to that (it comes again);
 * whatever another host says while the one that the plan names goes on; and anything from there once
 * too much of it has spoilt the handshake.
 */
static bool is_out_of_place(const struct tn_stream *stream, const struct tern_datagram *datagram)
{
    const struct tn_stream_handshake *handshake = &stream->handshake;

    if (is_clear_alert(datagram)) return true;
    if (stream->plan.dtls_active && (handshake->paused || is_client_hello(datagram))) return true;
    if (stream->plan.dtls_active && !handshake->answered && !is_answer(datagram)) return true;
    if (!is_stranger(stream, datagram->remote)) return false;
    bool goes_on = handshake->observed.family && handshake->timeouts == 0 &&
                   !is_stranger(stream, handshake->observed);
    return goes_on || handshake->spoilt == TN_HANDSHAKE_RESTARTS;
}

/*
 * The far end begins anew: where it answers a move, its plan is ahead of ours. A stranger may have
 * sent that; so it must come from where the last one came from, else wait for the timer; and as long
 * as the far end may still want our last flight, it is not heard. Keys in use stay.
 */
static bool begins_anew(const struct tn_stream *stream, const struct tern_datagram *datagram)
{
    const struct tn_stream_handshake *handshake = &stream->handshake;

    if (!tn_dtls_is_other_hello(handshake->dtls, datagram->data, datagram->len)) return false;
    if (tn_dtls_state(handshake->dtls) == TN_DTLS_HANDSHAKE)
        return tern_addr_equal(handshake->observed, datagram->remote);
    bool over = stream->security.heard || stream->ctx->now - handshake->opened >= TN_HANDSHAKE_LAST;
    return over && handshake->restarts < TN_HANDSHAKE_RESTARTS;
}

/* The far end answers our offer and begins: its ClientHello is often here before the answer is. */
static void hold_early(struct tn_stream *stream, const struct tern_datagram *datagram)
{
    struct tn_buf *early = &stream->handshake.early;

    tn_buf_fini(early);
    tn_buf_init(early, &stream->ctx->alloc, TN_SRTP_PACKET);
    tn_buf_bytes(early, datagram->data, datagram->len);
    stream->handshake.early_from = datagram->remote;
}

void tn_stream_handshake_receive(struct tn_stream *stream, const struct tern_datagram *datagram)
{
    struct tn_stream_handshake *handshake = &stream->handshake;

    if (!handshake->known) {
        hold_early(stream, datagram);
        return;
    }
    /* Without a path the engine would say its answer into the void, and wait all the longer. */
    if (!handshake->dtls || !has_path(stream, datagram->remote) ||
        is_out_of_place(stream, datagram)) {
        tn_stream_drop(stream);
        return;
    }
    if (begins_anew(stream, datagram)) {
        if (tn_dtls_state(handshake->dtls) != TN_DTLS_HANDSHAKE) handshake->restarts++;
        start(stream, 0);
        if (!handshake->dtls) return;
    }
    bool open = tn_dtls_state(handshake->dtls) != TN_DTLS_HANDSHAKE;
    bool other = tn_dtls_is_other_hello(handshake->dtls, datagram->data, datagram->len);
    handshake->observed = datagram->remote;
    handshake->answered = true;
    handshake->timeouts = 0;
    int err = tn_dtls_receive(handshake->dtls, datagram->data, datagram->len);
    bool answered = flush(stream);
    if (!err && !open && !answered && !other && is_client_hello(datagram)) repeat_flight(stream);
    if (!err && !open && tn_dtls_state(handshake->dtls) == TN_DTLS_OPEN) take_keys(stream);
    if (err && !open && restart(stream, datagram->remote)) return;
    if (err && !open) {
        fail(stream, tn_dtls_reason(handshake->dtls));
    } else {
        arm(stream); /* once the keys are here, an association that breaks takes nothing with it */
    }
}

static void take_early(struct tn_stream *stream)
{
    struct tn_buf early = stream->handshake.early;
    tern_str data;

    if (early.len == 0 || !stream->handshake.begun) return;
    stream->handshake.early = (struct tn_buf){0};
    if (!stream->plan.dtls_active && tn_buf_end(&early, &data) == 0) {
        struct tern_datagram datagram = {
            .socket = stream->rtp_socket,
            .remote = stream->handshake.early_from,
            .data = data.ptr,
            .len = data.len,
        };
        tn_stream_handshake_receive(stream, &datagram);
    }
    tn_buf_fini(&early);
}

void tn_stream_handshake_configure(struct tn_stream *stream)
{
    struct tn_stream_handshake *handshake = &stream->handshake;

    if (handshake->known && handshake->association == stream->plan.association) {
        tn_stream_handshake_move(stream); /* the plan may have brought an address */
        return;
    }
    handshake->known = true;
    handshake->association = stream->plan.association;
    handshake->restarts = handshake->spoilt = 0;
    handshake->agreed = false;
    start(stream, 0);
    take_early(stream);
}

void tn_stream_handshake_move(struct tn_stream *stream)
{
    begin(stream);
    take_early(stream);
    arm(stream); /* what is overdue is repeated at once, from the new address */
}

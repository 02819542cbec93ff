/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <string.h>

#include "base/assert.h"
#include "base/str.h"
#include "net/admit.h"
#include "net/impl.h"
#include "net/secure.h"
#include "wire/sip/msg.h"
#include "wire/sip/stream.h"

#define BIT(n) (1U << (n))

static const unsigned successors[TN_CONN_STATES] = {
    [TN_CONN_CONNECTING] = BIT(TN_CONN_SECURING) | BIT(TN_CONN_OPEN),
    [TN_CONN_SECURING] = BIT(TN_CONN_OPEN),
    [TN_CONN_OPEN] = BIT(TN_STREAM_LINGERING),
    [TN_STREAM_LINGERING] = 0,
};

static const char *state_name(enum tn_conn_state state)
{
    static const char *const names[TN_CONN_STATES] = {"connecting", "securing", "open", "linger"};
    return names[state];
}

static void later_of(tern_time *due, tern_time then)
{
    if (then < *due) *due = then;
}

/* What OPEN waits for: the rest of a message, the first one, or any use at all. */
static tern_time open_due(const struct tn_conn *s)
{
    tern_time due = s->flow->last_used + TN_STREAM_IDLE;

    if (tn_secure_is_broken(s)) return s->net->ctx->now;
    if (s->partial_since != TERN_TIME_NEVER) later_of(&due, s->partial_since + TN_STREAM_PARTIAL);
    if (s->flow->flow.incoming && !s->heard) later_of(&due, s->opened + TN_STREAM_SILENT);
    return due;
}

static void arm_open(struct tn_conn *s)
{
    tn_timer_arm(s->net->ctx, &s->timer, open_due(s) - s->net->ctx->now);
}

static void enter(struct tn_conn *s, enum tn_conn_state next)
{
    struct tn_ctx *ctx = s->net->ctx;

    TN_ASSERT(successors[s->state] & BIT(next));
    tn_trace(ctx, "stream", s->id, state_name(s->state), state_name(next));
    s->state = next;
    if (next == TN_CONN_SECURING) tn_timer_arm(ctx, &s->timer, TN_STREAM_SECURE);
    if (next == TN_CONN_OPEN) arm_open(s);
    if (next == TN_STREAM_LINGERING) tn_timer_arm(ctx, &s->timer, TN_STREAM_LINGER);
}

/* Whoever sends has the flow in hand: a connection that breaks by it ends a moment later. */
static void end_if_broken(struct tn_conn *s)
{
    if (s->state == TN_CONN_OPEN && tn_secure_is_broken(s)) arm_open(s);
}

/* In one segment, as far as that is for us to say: the driver knows no Nagle. */
static void write_now(struct tn_conn *s, tern_str data)
{
    if (s->tls) {
        tn_secure_put(s, data);
        tn_secure_flush(s);
        end_if_broken(s);
        return;
    }
    struct tern_output out = {.type = TERN_OUT_WRITE, .id = s->id, .data = data};
    tn_output(s->net->ctx, &out);
}

/* The driver must close it, and the flow ends. */
static void give_up(struct tn_conn *s, bool abort)
{
    struct tn_net *net = s->net;
    struct tn_flow_impl *f = s->flow;

    tn_conn_disconnect(net, f, abort);
    tn_flow_free(net, f, false);
}

static void timeout(struct tn_timer *timer)
{
    struct tn_conn *s = TN_OWNER(timer, struct tn_conn, timer);

    if (s->state == TN_CONN_OPEN && open_due(s) > s->net->ctx->now) {
        arm_open(s); /* it was used meanwhile */
        return;
    }
    if (s->state == TN_CONN_SECURING) {
        tn_flow_blame(s->net, s->flow, TERN_STR("the TLS handshake was not finished in time"));
    }
    if (tn_secure_is_broken(s)) tn_secure_blame(s);
    give_up(s, s->state == TN_CONN_CONNECTING);
}

/* ---- life ---- */

static uint64_t hash_of(const struct tn_net *net, uint32_t id)
{
    return tn_map_hash(&net->impl->by_stream, &id, sizeof(id));
}

static struct tn_conn *find(const struct tn_net *net, uint32_t id)
{
    struct tn_map_node *node = tn_map_first(&net->impl->by_stream, hash_of(net, id));

    for (; node; node = tn_map_next(node)) {
        struct tn_conn *s = TN_OWNER(node, struct tn_conn, node);
        if (s->id == id) return s;
    }
    return NULL;
}

static int create(struct tn_net *net, const struct tn_flow_key *key, struct tn_conn **out)
{
    struct tn_net_impl *impl = net->impl;
    struct tn_flow_impl *f;

    if (impl->streams >= TN_STREAMS_MAX) return TERN_ELIMIT;
    struct tn_conn *s = tn_alloc(&net->ctx->alloc, sizeof(*s));
    if (!s) return TERN_ENOMEM;
    int err = tn_flow_new(net, key, &f);
    if (err) {
        tn_free(&net->ctx->alloc, s);
        return err;
    }
    s->net = net;
    s->flow = f;
    s->id = tn_net_next_id(net);
    s->opened = net->ctx->now;
    s->partial_since = TERN_TIME_NEVER;
    tn_buf_init(&s->in, &net->ctx->alloc, TN_STREAM_IN_MAX);
    tn_buf_init(&s->pending, &net->ctx->alloc, TN_STREAM_PENDING_MAX);
    tn_timer_init(&s->timer, 0, timeout);
    tn_map_insert(&impl->by_stream, &s->node, hash_of(net, s->id));
    f->stream = s;
    impl->streams++;
    *out = s;
    return 0;
}

/* One that others began, and that TLS has not come to an end with. */
static bool is_shaking(const struct tn_conn *s)
{
    const struct tn_flow *flow = &s->flow->flow;
    return flow->incoming && flow->key.transport == TERN_TRANSPORT_TLS && s->state < TN_CONN_OPEN;
}

void tn_conn_free(struct tn_net *net, struct tn_conn *s)
{
    tn_timer_cancel(net->ctx, &s->timer);
    if (is_shaking(s)) tn_handshake_over(net, s->flow->flow.key.remote);
    net->impl->partial_bytes -= s->held;
    tn_map_remove(&net->impl->by_stream, &s->node);
    tn_secure_end(s);
    tn_buf_fini(&s->in);
    tn_buf_fini(&s->pending);
    net->impl->streams--;
    if (s->flow->flow.incoming) tn_dismiss(net, s->flow->flow.key.remote);
    tn_free(&net->ctx->alloc, s);
}

int tn_conn_connect(struct tn_net *net, const struct tn_flow_key *key, struct tn_flow_impl **out)
{
    struct tn_conn *s;
    int err = create(net, key, &s);

    if (err) return err;
    tn_timer_arm(net->ctx, &s->timer, TN_STREAM_CONNECT);
    struct tern_output connect = {
        .type = TERN_OUT_CONNECT, .id = s->id, .local = key->local, .remote = key->remote};
    tn_output(net->ctx, &connect);
    *out = s->flow;
    return 0;
}

void tn_conn_disconnect(struct tn_net *net, struct tn_flow_impl *f, bool abort)
{
    if (f->stream->tls && !abort) tn_secure_goodbye(f->stream);
    struct tern_output out = {.type = TERN_OUT_DISCONNECT, .id = f->stream->id, .abort = abort};
    tn_output(net->ctx, &out);
}

/* ---- out ---- */

static int keep(struct tn_conn *s, tern_str data)
{
    struct tn_buf *pending = &s->pending;
    size_t before = pending->len;

    tn_buf_bytes(pending, &data.len, sizeof(data.len));
    tn_buf_str(pending, data);
    int err = pending->err;
    if (err) {
        pending->len = before;
        pending->err = 0;
    }
    return err;
}

void tn_conn_take_back(struct tn_flow_impl *f, tern_str data)
{
    struct tn_buf *pending = &f->stream->pending;
    size_t at = 0, len = 0;

    while (at < pending->len) {
        memcpy(&len, pending->ptr + at, sizeof(len));
        size_t whole = sizeof(len) + len;
        tern_str kept = {pending->ptr + at + sizeof(len), len};
        if (tn_str_eq(kept, data)) {
            memmove(pending->ptr + at, pending->ptr + at + whole, pending->len - at - whole);
            pending->len -= whole;
            return;
        }
        at += whole;
    }
}

/* Each message is one write; over TLS all of them go out together with the end of the handshake. */
static void write_pending(struct tn_conn *s)
{
    tern_str rest = tn_buf_view(&s->pending);

    while (rest.len > 0) {
        size_t len;
        memcpy(&len, rest.ptr, sizeof(len));
        tern_str message = tn_str_sub(rest, sizeof(len), len);
        if (s->tls) {
            tn_secure_put(s, message);
        } else {
            write_now(s, message);
        }
        rest = tn_str_from(rest, sizeof(len) + len);
    }
    tn_buf_fini(&s->pending);
    if (!s->tls) return;
    tn_secure_flush(s);
    end_if_broken(s);
}

int tn_conn_send(struct tn_net *net, struct tn_flow_impl *f, tern_str data)
{
    f->last_used = net->ctx->now;
    if (f->stream->state < TN_CONN_OPEN) return keep(f->stream, data);
    write_now(f->stream, data);
    return 0;
}

int tn_conn_ping(struct tn_net *net, struct tn_flow_impl *f)
{
    if (f->stream->state != TN_CONN_OPEN) return TERN_ENOROUTE;
    f->last_used = net->ctx->now;
    write_now(f->stream, TERN_STR("\r\n\r\n"));
    return 0;
}

/* ---- in ---- */

static void announce(struct tn_conn *s)
{
    uint64_t id = s->flow->flow.id;

    tn_emit(s->net->ctx, (struct tn_effect){.kind = TN_EFFECT_FLOW_UP, .id = id, .flow = id});
}

static void become_open(struct tn_conn *s)
{
    s->flow->flow.open = true;
    s->flow->last_used = s->net->ctx->now;
    enter(s, TN_CONN_OPEN);
    write_pending(s);
    announce(s);
}

/* Connected, either way. */
static void become_connected(struct tn_conn *s)
{
    if (s->flow->flow.key.transport != TERN_TRANSPORT_TLS) {
        become_open(s);
        return;
    }
    enter(s, TN_CONN_SECURING);
    if (tn_secure_start(s) != 0) {
        s->net->ctx->out_of_memory = true;
        give_up(s, true);
    }
}

void tn_net_stream_opened(struct tn_net *net, uint32_t stream, tern_addr local, tern_addr remote)
{
    struct tn_conn *s = find(net, stream);

    (void)remote; /* the one that was asked for: the table of flows goes by it */
    if (!s || s->state != TN_CONN_CONNECTING) return;
    s->flow->flow.key.local = local;
    become_connected(s);
}

int tn_net_stream_accepted(struct tn_net *net, uint32_t listener, tern_addr local, tern_addr remote,
                           uint32_t *stream)
{
    const struct tn_listener *l = tn_listener_by_socket(net, listener);
    struct tn_conn *s;

    if (!l || l->transport == TERN_TRANSPORT_UDP) return TERN_ELIMIT; /* closed meanwhile */
    struct tn_flow_key key = {.transport = l->transport, .local = local, .remote = remote};
    if (tn_admit(net, &key) != 0) return TERN_ELIMIT;
    if (create(net, &key, &s) != 0) {
        if (key.transport == TERN_TRANSPORT_TLS) tn_handshake_over(net, remote);
        tn_dismiss(net, remote);
        return TERN_ELIMIT;
    }
    s->flow->flow.incoming = true;
    *stream = s->id;
    become_connected(s);
    return 0;
}

void tn_net_stream_closed(struct tn_net *net, uint32_t stream, tern_str reason)
{
    struct tn_conn *s = find(net, stream);

    if (!s) return;
    tn_flow_blame(net, s->flow, reason);
    tn_flow_free(net, s->flow, false);
}

static const char *defect_text(unsigned status)
{
    if (status == 413) return "the body is too large";
    if (status == 513) return "the message is too large";
    return "Content-Length is missing or malformed";
}

/*
 * The next message cannot be found. A request whose head can be read is answered before the
 * connection is closed.
 */
static void refuse(struct tn_conn *s, tern_str head, unsigned status)
{
    struct tn_msg *msg;

    if (status == 0 || head.len == 0) {
        s->net->ctx->stats.messages_dropped++;
        give_up(s, false);
        return;
    }
    if (tn_flow_parse(s->net, head, &msg) != 0) {
        give_up(s, false);
        return;
    }
    if (!msg->is_request) {
        s->net->ctx->stats.messages_dropped++;
        tn_msg_unref(msg);
        give_up(s, false);
        return;
    }
    msg->defect_status = status;
    msg->defect = defect_text(status);
    enter(s, TN_STREAM_LINGERING);
    tn_flow_deliver(s->net, s->flow, msg, head);
}

/* @return false: the stream is not OPEN any more, or gone */
static bool take_message(struct tn_conn *s, tern_str text)
{
    struct tn_msg *msg;
    int err = tn_flow_parse(s->net, text, &msg);

    if (err == 0) {
        s->heard = true;
        s->half_ping = false;
        tn_flow_deliver(s->net, s->flow, msg, text);
        return true;
    }
    give_up(s, false);
    return false;
}

static void answer_ping(struct tn_conn *s)
{
    write_now(s, TERN_STR("\r\n"));
    s->heard = true;
    s->half_ping = false;
}

/* CRLF alone: the pong that was asked for, or half a ping, which TCP may bring in two pieces. */
static void take_line_end(struct tn_conn *s)
{
    if (tn_keep_pong(s->flow)) {
        s->half_ping = false;
    } else if (s->half_ping) {
        answer_ping(s);
    } else {
        s->half_ping = true;
    }
}

/* Takes all that is complete from the front. @return false: the stream is not OPEN any more */
static bool take_frames(struct tn_conn *s, tern_str data, size_t *taken)
{
    *taken = 0;
    for (;;) {
        tern_str rest = tn_str_from(data, *taken);
        struct tn_frame frame = tn_stream_next(rest, &s->scanned);
        tern_str text = tn_str_sub(rest, frame.skip, frame.len);
        switch (frame.kind) {
        case TN_FRAME_MORE: return true;
        case TN_FRAME_MESSAGE:
            if (!take_message(s, text)) return false;
            break;
        case TN_FRAME_PING: answer_ping(s); break;
        case TN_FRAME_PONG: take_line_end(s); break;
        case TN_FRAME_ERROR: refuse(s, text, frame.status); return false;
        }
        *taken += frame.skip + frame.len;
    }
}

/* Keeps the front of the incomplete message that `data` ends with. @return false without memory */
static bool keep_rest(struct tn_conn *s, tern_str data)
{
    tn_buf_str(&s->in, data);
    if (s->in.err) {
        s->net->ctx->out_of_memory |= s->in.err == TERN_ENOMEM;
        return false;
    }
    return true;
}

/* A clock runs while a message is incomplete; a next incomplete one starts it anew. */
static void watch_partial(struct tn_conn *s, bool progressed)
{
    tern_time before = s->partial_since;

    if (s->in.len == 0) {
        tn_buf_fini(&s->in);
        s->partial_since = TERN_TIME_NEVER;
    } else if (progressed || before == TERN_TIME_NEVER) {
        s->partial_since = s->net->ctx->now;
    }
    if (s->partial_since != before) arm_open(s);
}

/* @return false: others make us hold too much of what is incomplete */
static bool hold(struct tn_conn *s)
{
    size_t *all = &s->net->impl->partial_bytes;

    *all = *all - s->held + s->in.cap;
    s->held = s->in.cap;
    if (!s->flow->flow.incoming || *all <= TN_STREAMS_PARTIAL_MAX || s->held == 0) return true;
    tn_flow_blame(s->net, s->flow, TERN_STR("too many messages are incomplete"));
    return false;
}

/* @return false: the stream is not OPEN any more */
static bool take_piece(struct tn_conn *s, tern_str piece)
{
    size_t taken;
    bool buffered = s->in.len > 0;

    if (buffered && !keep_rest(s, piece)) {
        give_up(s, true);
        return false;
    }
    if (!take_frames(s, buffered ? tn_buf_view(&s->in) : piece, &taken)) return false;
    if (buffered) {
        tn_buf_consume(&s->in, taken);
    } else if (!keep_rest(s, tn_str_from(piece, taken))) {
        give_up(s, true);
        return false;
    }
    watch_partial(s, taken > 0);
    if (hold(s)) return true;
    give_up(s, true);
    return false;
}

/* @return false: the stream is not OPEN any more, or gone */
static bool take_text(struct tn_conn *s, tern_str rest)
{
    s->flow->flow.last_received = s->flow->last_used = s->net->ctx->now;
    while (rest.len > 0) {
        size_t n = TN_STREAM_IN_MAX - s->in.len; /* never 0: framing refuses long before */
        if (n > rest.len) n = rest.len;
        if (!take_piece(s, tn_str_sub(rest, 0, n))) return false;
        rest = tn_str_from(rest, n);
    }
    return true;
}

/* Reads what has been deciphered. @return false: the stream is not OPEN any more, or gone */
static bool take_deciphered(struct tn_conn *s)
{
    char text[4096];
    size_t n;

    while ((n = tn_secure_read(s, text, sizeof(text))) > 0)
        if (!take_text(s, (tern_str){text, n})) return false;
    tn_secure_flush(s); /* what TLS has to say for itself */
    return true;
}

static void become_secure(struct tn_conn *s)
{
    const struct tn_flow *flow = &s->flow->flow;

    if (is_shaking(s)) tn_handshake_over(s->net, flow->key.remote);
    if (!flow->incoming) tn_domain_proved(s->net, flow->key.domain, flow->peer);
    become_open(s);
}

static void take_ciphered(struct tn_conn *s, tern_str data)
{
    enum tn_secure_result result = tn_secure_receive(s, data);

    if (result == TN_SECURE_MORE) return;
    if (result == TN_SECURE_READY && s->state == TN_CONN_SECURING) become_secure(s);
    if (result != TN_SECURE_FAILED && s->state == TN_CONN_OPEN && !take_deciphered(s)) return;
    if (result != TN_SECURE_READY) give_up(s, false);
}

void tn_net_stream_received(struct tn_net *net, uint32_t stream, const void *data, size_t len)
{
    struct tn_conn *s = find(net, stream);
    tern_str bytes = {data, len};

    if (!s) return;
    if (s->tls && (s->state == TN_CONN_SECURING || s->state == TN_CONN_OPEN)) {
        take_ciphered(s, bytes);
    } else if (s->state == TN_CONN_OPEN) {
        (void)take_text(s, bytes);
    }
}

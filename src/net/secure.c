/* SPDX-License-Identifier: MIT */
#include "net/secure.h"

#include "base/str.h"
#include "crypto/tls.h"
#include "net/impl.h"

/* Whom a connection of ours is to: the domain, else the address itself (RFC 5922 7.2, SAN IP). */
static tern_str whom(const struct tn_conn *s, char room[TERN_ADDR_TEXT_MAX])
{
    const struct tn_flow_key *key = &s->flow->flow.key;
    tern_str domain = tn_domain_name(s->net, key->domain);

    if (domain.len > 0) return domain;
    tern_addr host = s->flow->flow.peer;
    host.port = 0;
    return tn_str(tern_addr_print(host, room));
}

int tn_secure_start(struct tn_conn *s)
{
    struct tn_tls_ctx *ctx = s->net->impl->opts.tls;
    const struct tn_flow *flow = &s->flow->flow;
    char room[TERN_ADDR_TEXT_MAX];

    if (!ctx) return TERN_ELIMIT;
    int err = flow->incoming ? tn_tls_accept(ctx, &s->tls)
                             : tn_tls_connect(ctx, whom(s, room), flow->key.remote.port, &s->tls);
    if (!err) tn_secure_flush(s);
    return err;
}

void tn_secure_end(struct tn_conn *s)
{
    tn_tls_free(s->tls);
    s->tls = NULL;
}

bool tn_secure_is_broken(const struct tn_conn *s)
{
    return s->tls && tn_tls_state(s->tls) == TN_TLS_FAILED;
}

void tn_secure_blame(const struct tn_conn *s)
{
    tn_flow_blame(s->net, s->flow, tn_str(tn_tls_reason(s->tls)));
}

enum tn_secure_result tn_secure_receive(struct tn_conn *s, tern_str data)
{
    int err = tn_tls_receive(s->tls, data.ptr, data.len);

    if (err == TERN_ENOMEM) s->net->ctx->out_of_memory = true;
    switch (tn_tls_state(s->tls)) {
    case TN_TLS_HANDSHAKE: tn_secure_flush(s); return err ? TN_SECURE_FAILED : TN_SECURE_MORE;
    case TN_TLS_OPEN: return err ? TN_SECURE_FAILED : TN_SECURE_READY;
    case TN_TLS_CLOSED: return TN_SECURE_CLOSED;
    case TN_TLS_FAILED: break;
    }
    tn_secure_blame(s);
    tn_secure_flush(s);
    return TN_SECURE_FAILED;
}

size_t tn_secure_read(struct tn_conn *s, void *out, size_t cap)
{
    return tn_tls_read(s->tls, out, cap);
}

void tn_secure_put(struct tn_conn *s, tern_str text)
{
    /* Without memory the message counts as lost on the way, as at tn_output(). */
    if (tn_tls_write(s->tls, text) != 0) s->net->ctx->out_of_memory = true;
}

void tn_secure_flush(struct tn_conn *s)
{
    struct tern_output out = {.type = TERN_OUT_WRITE, .id = s->id};

    if (tn_tls_take(s->tls, &out.data)) tn_output(s->net->ctx, &out);
}

bool tn_net_security(const struct tn_net *net, uint64_t id, struct tn_flow_security *out)
{
    const struct tn_flow_impl *f = tn_flow_get(net, id);

    if (!f || !f->stream || !f->stream->tls || f->flow.incoming) return false;
    *out = (struct tn_flow_security){.version = tn_str(tn_tls_version(f->stream->tls)),
                                     .resumed = tn_tls_resumed(f->stream->tls),
                                     .took = net->ctx->now - f->stream->opened};
    return true;
}

void tn_secure_goodbye(struct tn_conn *s)
{
    tn_tls_close(s->tls);
    tn_secure_flush(s);
}

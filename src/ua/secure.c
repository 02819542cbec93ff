/* SPDX-License-Identifier: MIT */
/* What calls are secured with: our certificate for DTLS-SRTP, an account's policy, the keys' fate. */
#include "base/str.h"
#include "crypto/dtls.h"
#include "media/srtp.h"
#include "ua/call.h"

#define CERT_DAYS 3650 /* it is known by its fingerprint, not by its dates; it dies with us */

static int make_identity(struct tern_endpoint *ep)
{
    const struct tn_cert_opts opts = {.days = CERT_DAYS};
    const struct tern_allocator *a = &ep->ctx.alloc;
    struct tn_buf cert, key;

    tn_buf_init(&cert, a, TN_CERT_PEM_MAX);
    tn_buf_init_secret(&key, a, TN_CERT_PEM_MAX);
    int err = tn_cert_make(&opts, &cert, &key);
    if (!err) err = tn_text_set(a, &ep->snapshots.cert, tn_buf_view(&cert));
    if (!err) err = tn_text_set(a, &ep->snapshots.key, tn_buf_view(&key));
    if (err) tn_text_fini(a, &ep->snapshots.cert);
    tn_buf_fini(&cert);
    tn_buf_fini(&key);
    return err;
}

/* libsrtp's first breath takes up to 90 ms: here they delay nobody's call. */
int tn_ep_need_dtls(struct tern_endpoint *ep)
{
    const struct tn_snapshots *s = &ep->snapshots;

    if (ep->dtls) return 0;
    int err = tn_srtp_prepare();
    if (err) return err;
    if (s->cert.len == 0) err = make_identity(ep);
    if (err) return err;
    return tn_dtls_ctx_new(&ep->ctx.alloc, tn_text_view(&s->cert), tn_text_view(&s->key),
                           &ep->dtls);
}

static enum tn_offer_policy policy_of(enum tern_srtp srtp)
{
    switch (srtp) {
    case TERN_SRTP_OFF: return TN_OFFER_PLAIN;
    case TERN_SRTP_OPTIONAL: return TN_OFFER_OPPORTUNISTIC;
    case TERN_SRTP_MANDATORY: break;
    }
    return TN_OFFER_SECURE;
}

void tn_call_secure_opts(const struct tn_account *account, struct tn_offer_opts *out)
{
    struct tern_endpoint *ep = account->ep;

    out->policy = policy_of(account->srtp);
    out->prefer_dtls = account->srtp_keys == TERN_SRTP_DTLS;
    out->random = &ep->ctx.random;
    if (ep->dtls) out->fingerprint = tn_str(tn_dtls_fingerprint(ep->dtls));
}

enum tern_media_security tn_call_security(const struct tn_call *call)
{
    if (!call->stream_ready) return TERN_MEDIA_CLEAR;
    switch (tn_stream_security(&call->stream, NULL)) {
    case TN_SECURITY_PLAIN: return TERN_MEDIA_CLEAR;
    case TN_SECURITY_PENDING: return TERN_MEDIA_SECURING;
    case TN_SECURITY_SECURE: return TERN_MEDIA_SECURE;
    case TN_SECURITY_FAILED:
    case TN_SECURITY_STATES: break;
    }
    return TERN_MEDIA_INSECURE;
}

/*
 * A call whose keys fail has no audio, and never will have: it ends, and says why. Where older keys
 * are in use it goes on with them.
 */
void tn_call_security_effect(struct tn_call *call)
{
    const char *reason;

    if (!call->stream_ready || call->ended_told) return;
    enum tn_security_state state = tn_stream_security(&call->stream, &reason);
    if (call->life == TN_LIFE_ACTIVE) tn_call_tell_media(call);
    if (state != TN_SECURITY_FAILED || tn_security_ready(&call->stream.security)) return;
    tn_call_end(call, TERN_END_ERROR, 488, tn_str(reason));
}

const char *tern_media_security_name(enum tern_media_security security)
{
    switch (security) {
    case TERN_MEDIA_CLEAR: return "in the clear";
    case TERN_MEDIA_SECURING: return "agreeing on keys";
    case TERN_MEDIA_SECURE: return "secure";
    case TERN_MEDIA_INSECURE: return "without keys";
    }
    return "unknown";
}

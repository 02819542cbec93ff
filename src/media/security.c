/* SPDX-License-Identifier: MIT */
#include "media/security.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "media/limits.h"

#define BIT(n) (1u << (n))

static const unsigned successors[TN_SECURITY_STATES] = {
    [TN_SECURITY_PLAIN] = BIT(TN_SECURITY_PENDING),
    [TN_SECURITY_PENDING] =
        BIT(TN_SECURITY_PLAIN) | BIT(TN_SECURITY_SECURE) | BIT(TN_SECURITY_FAILED),
    [TN_SECURITY_SECURE] = BIT(TN_SECURITY_PLAIN) | BIT(TN_SECURITY_FAILED),
    [TN_SECURITY_FAILED] = BIT(TN_SECURITY_PLAIN) | BIT(TN_SECURITY_SECURE),
};

static void enter(struct tn_security *security, enum tn_security_state next)
{
    if (security->state == next) return;
    TN_ASSERT(successors[security->state] & BIT(next));
    tn_trace(security->ctx, "security", security->owner.id, tn_security_state_name(security->state),
             tn_security_state_name(next));
    security->state = next;
    if (next != TN_SECURITY_FAILED) security->reason[0] = '\0';
    if (security->owner.kind == TN_OWNER_NONE) return;
    struct tn_effect effect = {
        .kind = TN_EFFECT_SECURITY,
        .owner = security->owner,
        .code = (int)next,
    };
    tn_emit(security->ctx, effect);
}

static void forget(struct tn_srtp **srtp)
{
    tn_srtp_free(*srtp);
    *srtp = NULL;
}

static void on_overlap(struct tn_timer *timer)
{
    struct tn_security *security = TN_OWNER(timer, struct tn_security, overlap);

    forget(&security->before);
}

static void forget_all(struct tn_security *security)
{
    tn_timer_cancel(security->ctx, &security->overlap);
    forget(&security->send);
    forget(&security->receive);
    forget(&security->before);
    tn_wipe(&security->keys, sizeof(security->keys));
    security->heard = false;
}

void tn_security_init(struct tn_security *security, struct tn_ctx *ctx, struct tn_owner owner)
{
    memset(security, 0, sizeof(*security));
    security->ctx = ctx;
    security->owner = owner;
    tn_timer_init(&security->overlap, 0, on_overlap);
}

void tn_security_fini(struct tn_security *security)
{
    forget_all(security);
}

void tn_security_plan(struct tn_security *security, enum tn_plan_security wanted)
{
    if (wanted == TN_PLAN_PLAIN) {
        forget_all(security);
        enter(security, TN_SECURITY_PLAIN);
    } else if (security->state == TN_SECURITY_PLAIN) {
        enter(security, TN_SECURITY_PENDING);
    }
}

void tn_security_fail(struct tn_security *security, const char *reason)
{
    struct tn_buf buf;

    TN_ASSERT(security->state != TN_SECURITY_PLAIN);
    memset(security->reason, 0, sizeof(security->reason));
    tn_buf_fixed(&buf, security->reason, sizeof(security->reason) - 1);
    tn_buf_str(&buf, tn_str_sub(tn_str(reason), 0, sizeof(security->reason) - 1));
    enter(security, TN_SECURITY_FAILED);
}

/* ---- keys ---- */

static bool is_other(const struct tn_security *security, const struct tn_srtp_keys *keys,
                     const uint8_t *was, const uint8_t *is)
{
    size_t len = tn_srtp_key_len(keys->suite);

    if (security->keys.suite != keys->suite) return true;
    return !tn_equal_secret((tern_str){(const char *)was, len}, (tern_str){(const char *)is, len});
}

static uint64_t hash_of_send(const struct tn_srtp_keys *keys)
{
    static const uint8_t key[16];
    return tn_siphash(key, keys->send, tn_srtp_key_len(keys->suite));
}

bool tn_security_is_spent(const struct tn_security *security, const struct tn_srtp_keys *keys)
{
    uint64_t hash = hash_of_send(keys);
    bool found = false;

    if (!is_other(security, keys, security->keys.send, keys->send)) return false;
    for (size_t i = 0; i < TN_SECURITY_SPENT; i++)
        found = found || security->spent[i] == hash;
    return found;
}

static void take_send(struct tn_security *security, const struct tn_srtp_keys *keys,
                      struct tn_srtp *send)
{
    tn_srtp_free(security->send);
    security->send = send;
    security->spent[security->next_spent++ % TN_SECURITY_SPENT] = hash_of_send(keys);
}

/* Packets under the key before are on their way still. */
static void take_receive(struct tn_security *security, struct tn_srtp *receive)
{
    forget(&security->before);
    security->before = security->receive;
    security->receive = receive;
    security->heard = false;
    tn_timer_cancel(security->ctx, &security->overlap);
    if (security->before) tn_timer_arm(security->ctx, &security->overlap, TN_KEY_OVERLAP);
}

void tn_security_install(struct tn_security *security, const struct tn_srtp_keys *keys)
{
    const struct tn_srtp_keys *now = &security->keys;
    const struct tern_allocator *alloc = &security->ctx->alloc;
    struct tn_srtp *send = NULL, *receive = NULL;
    int err = 0;

    TN_ASSERT(security->state != TN_SECURITY_PLAIN);
    if (is_other(security, keys, now->send, keys->send) || TN_MUTANT(ROC_RESET_BY_MOVE)) {
        err = tn_srtp_new(alloc, keys->suite, keys->send, true, &send);
    }
    if (!err &&
        (is_other(security, keys, now->receive, keys->receive) || TN_MUTANT(REPLAY_WINDOW_LOST))) {
        err = tn_srtp_new(alloc, keys->suite, keys->receive, false, &receive);
    }
    if (err) {
        tn_srtp_free(send);
        tn_security_fail(security, err == TERN_ENOMEM ? "there is no memory for the media keys"
                                                      : "the SRTP suite cannot be used");
        return;
    }
    if (receive) take_receive(security, receive);
    if (send) take_send(security, keys, send);
    security->keys = *keys;
    enter(security, TN_SECURITY_SECURE);
}

int tn_security_resume(struct tn_security *security, const struct tn_srtp_keys *keys,
                       const struct tn_srtp_places *send, const struct tn_srtp_places *receive)
{
    if (keys->suite == TN_SRTP_NONE) return TERN_EPARSE;
    tn_security_plan(security, TN_PLAN_SDES);
    tn_security_install(security, keys);
    if (security->state != TN_SECURITY_SECURE) return TERN_ENOMEM;
    int err = tn_srtp_resume(security->send, send);
    return err ? err : tn_srtp_resume(security->receive, receive);
}

bool tn_security_ready(const struct tn_security *security)
{
    return security->state == TN_SECURITY_PLAIN || security->send != NULL;
}

bool tn_security_seal(struct tn_security *security, bool rtcp, uint8_t *packet, size_t *len,
                      size_t cap)
{
    if (security->state == TN_SECURITY_PLAIN) return true;
    if (!security->send) return false;
    int err = rtcp ? tn_srtp_protect_rtcp(security->send, packet, len, cap)
                   : tn_srtp_protect(security->send, packet, len, cap);
    return err == 0;
}

static enum tn_srtp_verdict try_key(struct tn_srtp *srtp, bool rtcp, tern_str packet, uint8_t *out,
                                    size_t *len)
{
    if (!srtp) return TN_SRTP_FORGED;
    return rtcp ? tn_srtp_unprotect_rtcp(srtp, packet, out, len)
                : tn_srtp_unprotect(srtp, packet, out, len);
}

enum tn_srtp_verdict tn_security_open(struct tn_security *security, bool rtcp, tern_str packet,
                                      uint8_t out[TN_SRTP_PACKET], size_t *len)
{
    TN_ASSERT(security->state != TN_SECURITY_PLAIN);
    enum tn_srtp_verdict verdict = try_key(security->receive, rtcp, packet, out, len);
    if (verdict != TN_SRTP_FORGED) {
        security->heard = true;
        return verdict;
    }
    verdict = try_key(security->before, rtcp, packet, out, len);
    /* Whoever has spoken under the new key has left the old one. */
    return verdict == TN_SRTP_NEWEST && security->heard ? TN_SRTP_LATE : verdict;
}

const char *tn_security_state_name(enum tn_security_state state)
{
    switch (state) {
    case TN_SECURITY_PLAIN: return "plain";
    case TN_SECURITY_PENDING: return "pending";
    case TN_SECURITY_SECURE: return "secure";
    case TN_SECURITY_FAILED: return "failed";
    case TN_SECURITY_STATES: break;
    }
    TN_UNREACHABLE();
}

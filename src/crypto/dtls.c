/* SPDX-License-Identifier: MIT */
/* One association: RFC 6347 by OpenSSL, the keys by RFC 5764 4.2. */
#include "crypto/dtls.h"

#include <openssl/err.h>
#include <sys/time.h> /* struct timeval, which OpenSSL's timer is asked with */

#include "base/alloc.h"
#include "base/assert.h"
#include "crypto/dtls_impl.h"

enum { CHUNK_BYTES = 2048, FATAL = 2, RECORD_HEADER_BYTES = 13, US = 1000000 };

#define BIT(n) (1u << (n))

static const unsigned successors[] = {
    [TN_DTLS_HANDSHAKE] = BIT(TN_DTLS_OPEN) | BIT(TN_DTLS_FAILED),
    [TN_DTLS_OPEN] = BIT(TN_DTLS_CLOSED) | BIT(TN_DTLS_FAILED),
    [TN_DTLS_FAILED] = 0,
    [TN_DTLS_CLOSED] = 0,
};

static void enter(struct tn_dtls *dtls, enum tn_dtls_state next)
{
    TN_ASSERT(successors[dtls->state] & BIT(next));
    dtls->state = next;
}

static int fail(struct tn_dtls *dtls, const char *why)
{
    tn_reason_set(&dtls->reason, why, "");
    ERR_clear_error();
    enter(dtls, TN_DTLS_FAILED);
    return TERN_EPARSE;
}

static int fail_ssl(struct tn_dtls *dtls)
{
    tn_reason_set_error(&dtls->reason, "the DTLS handshake failed: ");
    return fail(dtls, "");
}

static void note_alert(const SSL *ssl, int where, int alert)
{
    struct tn_dtls *dtls = SSL_get_app_data(ssl);

    if (where != SSL_CB_READ_ALERT || alert >> 8 != FATAL) return;
    tn_reason_set_alert(&dtls->reason, "the far end refused: ", alert);
}

/* `us`: the time that has just run out; 0: the first of a flight. */
static unsigned int next_timer(SSL *ssl, unsigned int us)
{
    (void)ssl;
    if (us == 0) return (unsigned int)TN_DTLS_TIMER_FIRST;
    return us < TN_DTLS_TIMER_MAX / 2 ? 2 * us : (unsigned int)TN_DTLS_TIMER_MAX;
}

static int shake_hands(struct tn_dtls *dtls)
{
    int result = SSL_do_handshake(dtls->ssl);

    if (result != 1)
        return SSL_get_error(dtls->ssl, result) == SSL_ERROR_WANT_READ ? 0 : fail_ssl(dtls);
    if (!SSL_get_selected_srtp_profile(dtls->ssl))
        return fail(dtls, "the far end does not speak SRTP over DTLS");
    enter(dtls, TN_DTLS_OPEN);
    return 0;
}

/* Repeated flights are answered in here; application data has no meaning (RFC 5764 5.1.2). */
static int read_on(struct tn_dtls *dtls)
{
    char chunk[CHUNK_BYTES];
    size_t len;

    while (SSL_read_ex(dtls->ssl, chunk, sizeof(chunk), &len) == 1)
        ;
    switch (SSL_get_error(dtls->ssl, 0)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_ZERO_RETURN: enter(dtls, TN_DTLS_CLOSED); return 0;
    default: return fail_ssl(dtls);
    }
}

static int set_up(struct tn_dtls *dtls)
{
    SSL *ssl = SSL_new(dtls->ctx->ssl);
    BIO *bio = tn_pipe_bio(dtls->ctx->pipe, &dtls->pipe);
    if (!ssl || !bio) {
        SSL_free(ssl);
        BIO_free(bio);
        return TERN_ENOMEM;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, dtls);
    SSL_set_info_callback(ssl, note_alert);
    DTLS_set_timer_cb(ssl, next_timer);
    SSL_set_mtu(ssl, TN_DTLS_MTU);
    if (dtls->active)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    dtls->ssl = ssl;
    return 0;
}

int tn_dtls_new(struct tn_dtls_ctx *ctx, bool active, tern_str peer_fingerprint,
                struct tn_dtls **out)
{
    struct tn_fingerprint peer;

    int err = tn_fingerprint_parse(peer_fingerprint, &peer);
    if (err) return err;
    struct tn_dtls *dtls = tn_alloc(&ctx->alloc, sizeof(*dtls));
    if (!dtls) return TERN_ENOMEM;
    dtls->ctx = ctx;
    dtls->active = active;
    dtls->peer = peer;
    tn_pipe_init(&dtls->pipe, &ctx->alloc, TN_DTLS_UNTAKEN_MAX);
    dtls->pipe.datagrams = true;
    err = set_up(dtls);
    ERR_clear_error();
    if (err)
        tn_dtls_free(dtls);
    else
        *out = dtls;
    return err;
}

void tn_dtls_free(struct tn_dtls *dtls)
{
    if (!dtls) return;
    const struct tern_allocator alloc = dtls->ctx->alloc;

    SSL_free(dtls->ssl);
    tn_pipe_fini(&dtls->pipe);
    tn_free(&alloc, dtls);
}

int tn_dtls_start(struct tn_dtls *dtls)
{
    tn_pipe_begin(&dtls->pipe);
    if (dtls->started) return TERN_ESTATE;
    dtls->started = true;
    if (!dtls->active) return 0;
    ERR_clear_error();
    int err = shake_hands(dtls);
    return err ? TERN_ENOMEM : 0; /* nothing has been received yet */
}

/* RFC 6347 4.1, 4.2.2, RFC 5246 7.4.1.2: the random of a ClientHello, or NULL. */
static const unsigned char *hello_of(const unsigned char *datagram, size_t len)
{
    enum { TYPE = 0, EPOCH = 3, MESSAGE = 13, OFFSET = 19, RANDOM = 27, HANDSHAKE = 22, HELLO = 1 };
    static const unsigned char zero[3];

    if (len < RANDOM + TN_DTLS_HELLO_BYTES) return NULL;
    if (datagram[TYPE] != HANDSHAKE || memcmp(datagram + EPOCH, zero, 2) != 0) return NULL;
    if (datagram[MESSAGE] != HELLO || memcmp(datagram + OFFSET, zero, 3) != 0) return NULL;
    return datagram + RANDOM;
}

static bool has_answered(const struct tn_dtls *dtls)
{
    static const unsigned char none[TN_DTLS_HELLO_BYTES];
    return memcmp(dtls->hello, none, sizeof(none)) != 0;
}

bool tn_dtls_is_other_hello(const struct tn_dtls *dtls, const void *datagram, size_t len)
{
    const unsigned char *hello = dtls->active ? NULL : hello_of(datagram, len);

    return hello && has_answered(dtls) && memcmp(hello, dtls->hello, sizeof(dtls->hello)) != 0;
}

/*
 * A stranger's ClientHello must not keep the peer's from being heard. Another one takes its place,
 * but not before ours has gone unanswered for a timer: so a flood costs one handshake a timer.
 */
static int make_way(struct tn_dtls *dtls, const unsigned char *datagram, size_t len)
{
    const unsigned char *hello = dtls->active ? NULL : hello_of(datagram, len);

    if (!hello || memcmp(hello, dtls->hello, sizeof(dtls->hello)) == 0) return 0;
    if (has_answered(dtls)) {
        if (!dtls->unanswered) return 0;
        SSL *old = dtls->ssl;
        int err = set_up(dtls);
        if (err) return err;
        SSL_free(old);
    }
    dtls->unanswered = false;
    memcpy(dtls->hello, hello, sizeof(dtls->hello));
    return 0;
}

/* RFC 5764 5.1.2: the first byte of a record is 20 to 63. */
static bool is_dtls(const unsigned char *datagram, size_t len)
{
    if (len < RECORD_HEADER_BYTES || len > TN_DTLS_DATAGRAM_MAX) return false;
    return datagram[0] >= 20 && datagram[0] <= 63;
}

int tn_dtls_receive(struct tn_dtls *dtls, const void *datagram, size_t len)
{
    int err = 0;

    tn_pipe_begin(&dtls->pipe);
    if (dtls->state == TN_DTLS_FAILED) return TERN_EPARSE;
    if (dtls->state == TN_DTLS_CLOSED || !is_dtls(datagram, len)) return 0;
    ERR_clear_error();
    dtls->pipe.in = (tern_str){datagram, len};
    if (dtls->state == TN_DTLS_HANDSHAKE) {
        err = make_way(dtls, datagram, len);
        /* What precedes the first ClientHello is left of another association. */
        if (!err && (dtls->active || has_answered(dtls))) err = shake_hands(dtls);
    }
    if (dtls->state == TN_DTLS_OPEN) err = read_on(dtls);
    dtls->pipe.in = (tern_str){NULL, 0};
    ERR_clear_error();
    return err;
}

bool tn_dtls_take(struct tn_dtls *dtls, tern_str *out)
{
    return tn_pipe_take(&dtls->pipe, out);
}

bool tn_dtls_due(const struct tn_dtls *dtls, tern_time *in)
{
    struct timeval left;

    if (dtls->state != TN_DTLS_HANDSHAKE) return false;
    if (DTLSv1_get_timeout(dtls->ssl, &left) != 1) return false;
    *in = (tern_time)left.tv_sec * US + (tern_time)left.tv_usec;
    return true;
}

int tn_dtls_timeout(struct tn_dtls *dtls)
{
    tn_pipe_begin(&dtls->pipe);
    if (dtls->state != TN_DTLS_HANDSHAKE) return 0;
    ERR_clear_error();
    long result = DTLSv1_handle_timeout(dtls->ssl);
    ERR_clear_error();
    if (result > 0) dtls->unanswered = true;
    return result < 0 ? fail(dtls, "the far end does not answer the DTLS handshake") : 0;
}

void tn_dtls_close(struct tn_dtls *dtls)
{
    tn_pipe_begin(&dtls->pipe);
    if (dtls->state != TN_DTLS_OPEN) return;
    ERR_clear_error();
    (void)SSL_shutdown(dtls->ssl);
    ERR_clear_error();
}

enum tn_dtls_state tn_dtls_state(const struct tn_dtls *dtls)
{
    return dtls->state;
}

bool tn_dtls_is_mistaken(const struct tn_dtls *dtls)
{
    return dtls->state == TN_DTLS_FAILED && dtls->mistaken;
}

const char *tn_dtls_reason(const struct tn_dtls *dtls)
{
    return dtls->state == TN_DTLS_FAILED ? dtls->reason.text : "";
}

static enum tn_srtp_suite suite_of(const SRTP_PROTECTION_PROFILE *profile)
{
    switch (profile->id) {
    case SRTP_AES128_CM_SHA1_80: return TN_SRTP_AES_CM_128_HMAC_SHA1_80;
    case SRTP_AEAD_AES_128_GCM: return TN_SRTP_AEAD_AES_128_GCM;
    case SRTP_AEAD_AES_256_GCM: return TN_SRTP_AEAD_AES_256_GCM;
    default: TN_UNREACHABLE(); /* only what we offered is agreed on */
    }
}

static size_t salt_len(enum tn_srtp_suite suite)
{
    return suite == TN_SRTP_AES_CM_128_HMAC_SHA1_80 ? 14 : 12; /* RFC 3711 8.2, RFC 7714 12 */
}

/* RFC 5764 4.2: the client's key, the server's, the client's salt, the server's. */
int tn_dtls_keys(const struct tn_dtls *dtls, struct tn_srtp_keys *out)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    unsigned char material[2 * TN_SRTP_KEY_MAX];

    if (dtls->state != TN_DTLS_OPEN) return TERN_ESTATE;
    enum tn_srtp_suite suite = suite_of(SSL_get_selected_srtp_profile(dtls->ssl));
    size_t len = tn_srtp_key_len(suite), salt = salt_len(suite), key = len - salt;
    int exported = SSL_export_keying_material(dtls->ssl, material, 2 * len, label,
                                              sizeof(label) - 1, NULL, 0, 0);
    ERR_clear_error();
    if (exported != 1) return TERN_ENOMEM;
    uint8_t *client = dtls->active ? out->send : out->receive;
    uint8_t *server = dtls->active ? out->receive : out->send;
    memset(out, 0, sizeof(*out));
    out->suite = suite;
    memcpy(client, material, key);
    memcpy(server, material + key, key);
    memcpy(client + key, material + 2 * key, salt);
    memcpy(server + key, material + 2 * key + salt, salt);
    tn_wipe(material, sizeof(material));
    return 0;
}

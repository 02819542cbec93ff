/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include "base/str.h"
#include "tern_test.h"

const int pair_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
struct rig_identity pair_root, pair_stranger, pair_own;
struct tn_tls_ctx *pair_client_ctx, *pair_server_ctx;
struct tn_tls *pair_client, *pair_server;
static const struct tern_allocator libc = {0};

struct tn_tls_ctx *pair_make_ctx(const struct rig_identity *own, const struct rig_identity *ca)
{
    struct tn_tls_opts opts = {0};
    struct tn_tls_ctx *ctx;

    if (own) opts.cert_pem = rig_cert(own), opts.key_pem = rig_key(own);
    if (ca) opts.ca_pem = rig_cert(ca);
    CHECK_EQ(tn_tls_ctx_new(&libc, &opts, &ctx), 0);
    return ctx;
}

void pair_start(void)
{
    rig_set_day(1);
    pair_client_ctx = pair_make_ctx(NULL, &pair_root);
    pair_server_ctx = pair_make_ctx(&pair_own, NULL);
}

void pair_disconnect(void)
{
    tn_tls_free(pair_client);
    tn_tls_free(pair_server);
    pair_client = pair_server = NULL;
}

void pair_stop(void)
{
    pair_disconnect();
    tn_tls_ctx_free(pair_client_ctx);
    tn_tls_ctx_free(pair_server_ctx);
}

void pair_connect_to(const char *domain, uint16_t port)
{
    CHECK_EQ(tn_tls_connect(pair_client_ctx, tern_cstr(domain), port, &pair_client), 0);
    CHECK_EQ(tn_tls_accept(pair_server_ctx, &pair_server), 0);
}

/* What `from` has to say, in pieces of at most `piece` bytes. @return bytes */
size_t pair_carry(struct tn_tls *from, struct tn_tls *to, size_t piece)
{
    tern_str bytes;

    if (!tn_tls_take(from, &bytes)) return 0;
    for (size_t at = 0; at < bytes.len; at += piece) {
        tern_str part = tn_str_sub(bytes, at, piece);
        if (tn_tls_receive(to, part.ptr, part.len) != 0) CHECK_EQ(tn_tls_state(to), TN_TLS_FAILED);
    }
    return bytes.len;
}

void pair_shake_hands_in_pieces(size_t piece)
{
    size_t bytes = 1;

    for (int i = 0; i < 20 && bytes > 0; i++)
        bytes = pair_carry(pair_client, pair_server, piece) +
                pair_carry(pair_server, pair_client, piece);
    CHECK_EQ(bytes, 0);
}

void pair_shake_hands(void)
{
    pair_shake_hands_in_pieces(SIZE_MAX / 2);
}

bool pair_is_open(void)
{
    return tn_tls_state(pair_client) == TN_TLS_OPEN && tn_tls_state(pair_server) == TN_TLS_OPEN;
}

void pair_set_version(struct tn_tls_ctx *ctx, int version)
{
    SSL_CTX_set_security_level(ctx->ssl, 0);
    CHECK_EQ(SSL_CTX_set_min_proto_version(ctx->ssl, version), 1);
    CHECK_EQ(SSL_CTX_set_max_proto_version(ctx->ssl, version), 1);
}

void pair_check_read(struct tn_tls *tls, const char *want)
{
    char got[100];
    size_t len = tn_tls_read(tls, got, sizeof(got));

    CHECK_EQ(len, strlen(want));
    CHECK(memcmp(got, want, len) == 0);
}

void pair_write_to(struct tn_tls *tls, const char *text)
{
    CHECK_EQ(tn_tls_write(tls, tern_cstr(text)), 0);
}

void pair_check_client(const char *reason)
{
    if (!reason) {
        CHECK(pair_is_open());
        return;
    }
    if (strcmp(tn_tls_reason(pair_client), reason) != 0) {
        fprintf(stderr, "got  %s\nwant %s\n", tn_tls_reason(pair_client), reason);
        abort();
    }
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED); /* by the alert */
    CHECK(strstr(tn_tls_reason(pair_server), ": ") != NULL);
}

int pair_run(const struct test *tests, size_t count, int argc, char **argv)
{
    rig_set_day(-100);
    rig_make_authority(&pair_root, "authority.example");
    rig_make_authority(&pair_stranger, "stranger.example");
    rig_set_day(0);
    rig_make(&pair_own, "example.com", &pair_root);
    int result = run_tests(tests, count, argc, argv);
    rig_free(&pair_root);
    rig_free(&pair_stranger);
    rig_free(&pair_own);
    return result;
}

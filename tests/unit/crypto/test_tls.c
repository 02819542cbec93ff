/* SPDX-License-Identifier: MIT */
/* What TLS carries, how it ends and what it does not put up with: RFC 8446, RFC 5246. */
#include "crypto/pem.h"
#include "pair.h"
#include "tern_test.h"

static const struct tern_allocator libc = {0};

static void both_versions_carry_text_both_ways_in_pieces_of_any_size(void)
{
    static const size_t pieces[] = {1, 2, 7, 100, SIZE_MAX / 2};

    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
            pair_start();
            pair_set_version(pair_server_ctx, pair_versions[v]);
            pair_connect_to("example.com", 5061);
            pair_shake_hands_in_pieces(pieces[i]);
            CHECK(pair_is_open());
            CHECK(strcmp(tn_tls_version(pair_client), v ? "TLS 1.3" : "TLS 1.2") == 0);
            CHECK(strcmp(tn_tls_version(pair_server), v ? "TLS 1.3" : "TLS 1.2") == 0);
            CHECK(!tn_tls_resumed(pair_client) && strcmp(tn_tls_reason(pair_client), "") == 0);
            pair_write_to(pair_client, "over");
            pair_write_to(pair_client, " there");
            pair_write_to(pair_server, "here");
            (void)pair_carry(pair_client, pair_server, pieces[i]);
            (void)pair_carry(pair_server, pair_client, pieces[i]);
            pair_check_read(pair_server, "over there");
            pair_check_read(pair_client, "here");
            pair_check_read(pair_client, "");
            pair_stop();
        }
    }
}

/* The first message leaves with the handshake's last flight. */
static void what_a_client_writes_at_once_goes_with_its_finished(void)
{
    for (size_t v = 0; v < 2; v++) {
        pair_start();
        pair_set_version(pair_server_ctx, pair_versions[v]);
        pair_connect_to("example.com", 5061);
        while (tn_tls_state(pair_client) == TN_TLS_HANDSHAKE)
            CHECK(pair_carry(pair_client, pair_server, SIZE_MAX / 2) +
                      pair_carry(pair_server, pair_client, SIZE_MAX / 2) >
                  0);
        pair_write_to(pair_client, "REGISTER");
        (void)pair_carry(pair_client, pair_server, SIZE_MAX / 2); /* one take */
        CHECK_EQ(tn_tls_state(pair_server), TN_TLS_OPEN);
        pair_check_read(pair_server, "REGISTER");
        pair_stop();
    }
}

static void a_megabyte_arrives(void)
{
    static char sent[TN_TLS_UNTAKEN_MAX], got[TN_TLS_UNTAKEN_MAX];
    tern_str text = {sent, sizeof(sent)};

    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 7 + i / 1000);
    pair_start();
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    CHECK_EQ(tn_tls_write(pair_client, text), 0);
    CHECK_EQ(tn_tls_write(pair_client, TERN_STR("x")), TERN_ELIMIT);
    (void)pair_carry(pair_client, pair_server, 1500);
    CHECK_EQ(tn_tls_read(pair_server, got, sizeof(got)), sizeof(got));
    CHECK(memcmp(sent, got, sizeof(got)) == 0);
    CHECK_EQ(tn_tls_write(pair_client, TERN_STR("x")), 0);
    pair_stop();
}

static void who_does_not_read_is_cut_off_at_a_megabyte(void)
{
    static char sent[TN_TLS_UNTAKEN_MAX];

    pair_start();
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(tn_tls_write(pair_client, (tern_str){sent, sizeof(sent)}), 0);
        (void)pair_carry(pair_client, pair_server, SIZE_MAX / 2);
    }
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
    CHECK_EQ(tn_tls_read(pair_server, sent, sizeof(sent)),
             sizeof(sent)); /* what was before is good */
    pair_stop();
}

/* RFC 8446 6.1: with close_notify it is an end, without it a truncation. */
static void close_notify_closes_and_what_came_before_can_be_read(void)
{
    for (size_t v = 0; v < 2; v++) {
        pair_start();
        pair_set_version(pair_server_ctx, pair_versions[v]);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        pair_write_to(pair_client, "bye");
        tn_tls_close(pair_client);
        tn_tls_close(pair_client);
        CHECK_EQ(tn_tls_write(pair_client, TERN_STR("more")), TERN_ESTATE);
        (void)pair_carry(pair_client, pair_server, SIZE_MAX / 2);
        CHECK_EQ(tn_tls_state(pair_server), TN_TLS_CLOSED);
        pair_check_read(pair_server, "bye");
        CHECK_EQ(tn_tls_write(pair_server, TERN_STR("more")), TERN_ESTATE);
        CHECK_EQ(tn_tls_receive(pair_server, "junk", 4), 0);
        CHECK_EQ(tn_tls_state(pair_server), TN_TLS_CLOSED);
        tn_tls_close(pair_server);
        CHECK(pair_carry(pair_server, pair_client, SIZE_MAX / 2) > 0);
        CHECK_EQ(tn_tls_state(pair_client), TN_TLS_CLOSED);
        pair_stop();
    }
}

static void a_stream_that_is_cut_is_never_closed(void)
{
    tern_str bytes;

    pair_start();
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    pair_write_to(pair_client, "INVITE");
    tn_tls_close(pair_client);
    CHECK(tn_tls_take(pair_client, &bytes));
    for (size_t len = 0; len + 1 < bytes.len; len++) {
        CHECK_EQ(tn_tls_receive(pair_server, bytes.ptr + len, 1), 0);
        CHECK_EQ(tn_tls_state(pair_server), TN_TLS_OPEN);
    }
    pair_stop();
}

static void a_record_that_was_tampered_with_fails_the_connection(void)
{
    for (size_t v = 0; v < 2; v++) {
        for (size_t at = 5; at < 40; at += 6) {
            char copy[200];
            tern_str bytes;

            pair_start();
            pair_set_version(pair_server_ctx, pair_versions[v]);
            pair_connect_to("example.com", 5061);
            pair_shake_hands();
            pair_write_to(pair_client, "REGISTER sip:example.com");
            CHECK(tn_tls_take(pair_client, &bytes) && bytes.len < sizeof(copy));
            memcpy(copy, bytes.ptr, bytes.len);
            copy[at] = (char)(copy[at] ^ 1);
            CHECK_EQ(tn_tls_receive(pair_server, copy, bytes.len), TERN_EPARSE);
            CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
            pair_check_read(pair_server, "");
            CHECK(strstr(tn_tls_reason(pair_server), "the connection is broken: ") != NULL);
            (void)pair_carry(pair_server, pair_client, SIZE_MAX / 2); /* the alert */
            CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
            CHECK(strcmp(tn_tls_reason(pair_client), "the far end broke off: bad record mac") == 0);
            pair_stop();
        }
    }
}

static void garbage_fails_either_end_and_it_stays_failed(void)
{
    static const char *const cases[] = {
        "GET / HTTP/1.1\r\n\r\n",
        "REGISTER sip:example.com SIP/2.0\r\n",
        "\x16\x03\x01\xff\xff garbage that says it is a huge record of the handshake",
        "\x15\x03\x03\x01\x01\x02 an alert that is too long",
        "\x17\x03\x03\x01\x05hello",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        pair_start();
        pair_connect_to("example.com", 5061);
        for (int end = 0; end < 2; end++) {
            struct tn_tls *tls = end ? pair_server : pair_client;
            char junk[1000];
            memset(junk, cases[i][0], sizeof(junk));
            memcpy(junk, cases[i], strlen(cases[i]));
            CHECK_EQ(tn_tls_receive(tls, junk, sizeof(junk)), TERN_EPARSE);
            CHECK_EQ(tn_tls_state(tls), TN_TLS_FAILED);
            CHECK(strstr(tn_tls_reason(tls), "the handshake failed: ") != NULL);
            CHECK_EQ(tn_tls_receive(tls, "x", 1), TERN_EPARSE);
            CHECK_EQ(tn_tls_write(tls, TERN_STR("x")), TERN_ESTATE);
            tn_tls_close(tls);
            pair_check_read(tls, "");
        }
        pair_stop();
    }
}

static void a_truncated_alert_waits_and_harms_nobody(void)
{
    pair_start();
    pair_connect_to("example.com", 5061);
    CHECK_EQ(tn_tls_receive(pair_client, "\x15\x03\x03\x00", 4), 0);
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_HANDSHAKE);
    CHECK_EQ(tn_tls_receive(pair_client, "\x02\x02", 2), 0);
    CHECK_EQ(tn_tls_receive(pair_client, "\x28", 1), TERN_EPARSE);
    CHECK(strcmp(tn_tls_reason(pair_client), "the handshake was refused: handshake failure") == 0);
    pair_stop();
}

/* Harmless alerts for ever: OpenSSL has limits of its own, ours is that of the bytes. */
static void a_handshake_does_not_go_on_for_ever(void)
{
    static const char hello[] = {0x16, 3, 1, 0x40, 0, 1, 0, (char)0xff, 0}; /* of 65 KiB */
    static char filler[0x4000];
    size_t sent = 0;

    pair_start();
    SSL_CTX_set_max_cert_list(pair_server_ctx->ssl, 1 << 20);
    pair_connect_to("example.com", 5061);
    while (tn_tls_state(pair_server) == TN_TLS_HANDSHAKE) {
        CHECK(sent <= TN_TLS_HANDSHAKE_MAX + sizeof(filler));
        (void)!tn_tls_receive(pair_server, hello, sizeof(hello));
        (void)!tn_tls_receive(pair_server, filler, sizeof(filler) - 4);
        sent += sizeof(hello) + sizeof(filler) - 4;
    }
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
    pair_stop();
}

/* A certificate that is far too long, in records that are all well-formed. */
static void a_handshake_of_more_than_64_kib_fails(void)
{
    static const char *const names[] = {"example.com", "a.example", "b.example", "c.example"};
    struct rig_identity many;
    struct tn_buf chain;

    rig_make(&many, names[0], &pair_root);
    tn_buf_init(&chain, &libc, TN_PEM_MAX);
    tn_buf_str(&chain, rig_cert(&many));
    for (int i = 0; i < 200; i++)
        tn_buf_str(&chain, rig_cert(&pair_root));
    pair_start();
    tn_tls_ctx_free(pair_server_ctx);
    struct tn_tls_opts opts = {.cert_pem = tn_buf_view(&chain), .key_pem = rig_key(&many)};
    CHECK_EQ(tn_tls_ctx_new(&libc, &opts, &pair_server_ctx), 0);
    SSL_CTX_set_max_cert_list(pair_client_ctx->ssl, 1 << 20);
    pair_connect_to(names[0], 5061);
    pair_shake_hands();
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
    CHECK(strcmp(tn_tls_reason(pair_client), "the handshake is too long") == 0);
    pair_stop();
    tn_buf_fini(&chain);
    rig_free(&many);
}

/* RFC 8996: nothing older than 1.2, from neither end. */
static void tls_1_1_is_refused(void)
{
    pair_start();
    pair_set_version(pair_client_ctx, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(pair_client_ctx->ssl, "ALL:@SECLEVEL=0");
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
    CHECK(strcmp(tn_tls_reason(pair_server), "the handshake failed: unsupported protocol") == 0);
    CHECK(strcmp(tn_tls_reason(pair_client), "the handshake was refused: protocol version") == 0);
    pair_stop();

    pair_start();
    pair_set_version(pair_server_ctx, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(pair_server_ctx->ssl, "ALL:@SECLEVEL=0");
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
    pair_stop();
}

static void suites_without_aead_or_forward_secrecy_are_refused(void)
{
    static const char *const cases[] = {"ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"};

    for (size_t i = 0; i < 2; i++) {
        pair_start();
        pair_set_version(pair_client_ctx, TLS1_2_VERSION);
        CHECK_EQ(SSL_CTX_set_cipher_list(pair_client_ctx->ssl, cases[i]), 1);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        CHECK_EQ(tn_tls_state(pair_server), TN_TLS_FAILED);
        CHECK(strcmp(tn_tls_reason(pair_server), "the handshake failed: no shared cipher") == 0);
        pair_stop();
    }
}

/* CVE-2009-3555 and the cost of it: the server goes on as it was. */
static void renegotiation_is_refused(void)
{
    pair_start();
    pair_set_version(pair_server_ctx, TLS1_2_VERSION);
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    SSL_clear_options(pair_client->ssl, SSL_OP_NO_RENEGOTIATION);
    CHECK_EQ(SSL_renegotiate(pair_client->ssl), 1);
    (void)SSL_do_handshake(pair_client->ssl);
    CHECK(pair_carry(pair_client, pair_server, SIZE_MAX / 2) > 0);
    CHECK_EQ(tn_tls_state(pair_server), TN_TLS_OPEN);
    CHECK(SSL_is_init_finished(pair_server->ssl) && SSL_num_renegotiations(pair_server->ssl) == 0);
    (void)pair_carry(pair_server, pair_client, SIZE_MAX / 2);
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
    pair_stop();
}

static int exchange_with(const struct tern_allocator *alloc)
{
    struct tn_tls_opts opts = {.ca_pem = rig_cert(&pair_root),
                               .cert_pem = rig_cert(&pair_own),
                               .key_pem = rig_key(&pair_own)};
    struct tn_tls_ctx *ctx;
    int err = tn_tls_ctx_new(alloc, &opts, &ctx);
    if (err) return err;
    err = tn_tls_connect(ctx, TERN_STR("example.com"), 5061, &pair_client);
    if (!err) err = tn_tls_accept(ctx, &pair_server);
    if (!err) {
        pair_shake_hands();
        if (pair_is_open()) err = tn_tls_write(pair_client, TERN_STR("text"));
        pair_shake_hands();
        char got[4];
        if (pair_is_open() && tn_tls_read(pair_server, got, 4) != 4) err = TERN_ENOMEM;
        if (!pair_is_open()) err = TERN_ENOMEM;
    }
    pair_disconnect();
    tn_tls_ctx_free(ctx);
    return err;
}

static void every_allocation_may_fail(void)
{
    rig_set_day(1);
    for (long n = 1;; n++) {
        struct rig_memory memory = {.fail_at = n};
        struct tern_allocator alloc = rig_allocator(&memory);
        int err = exchange_with(&alloc);
        CHECK(err == 0 || err == TERN_ENOMEM);
        CHECK_EQ(memory.live, 0);
        if (memory.count < n) break;
    }
}

static void an_idle_connection_keeps_no_buffers(void)
{
    struct rig_memory memory = {0};
    struct tern_allocator alloc = rig_allocator(&memory);
    struct tn_tls_opts opts = {.ca_pem = rig_cert(&pair_root),
                               .cert_pem = rig_cert(&pair_own),
                               .key_pem = rig_key(&pair_own)};

    rig_set_day(1);
    CHECK_EQ(tn_tls_ctx_new(&alloc, &opts, &pair_client_ctx), 0);
    pair_server_ctx = pair_client_ctx;
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    pair_write_to(pair_client, "text");
    pair_shake_hands();
    pair_check_read(pair_server, "text");
    CHECK_EQ(memory.live,
             1 + 2 + 1 + 2); /* ctx; two connections, one domain; a session, its domain */
    pair_disconnect();
    tn_tls_ctx_free(pair_client_ctx);
    CHECK_EQ(memory.live, 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(both_versions_carry_text_both_ways_in_pieces_of_any_size),
        TEST(what_a_client_writes_at_once_goes_with_its_finished),
        TEST(a_megabyte_arrives),
        TEST(who_does_not_read_is_cut_off_at_a_megabyte),
        TEST(close_notify_closes_and_what_came_before_can_be_read),
        TEST(a_stream_that_is_cut_is_never_closed),
        TEST(a_record_that_was_tampered_with_fails_the_connection),
        TEST(garbage_fails_either_end_and_it_stays_failed),
        TEST(a_truncated_alert_waits_and_harms_nobody),
        TEST(a_handshake_does_not_go_on_for_ever),
        TEST(a_handshake_of_more_than_64_kib_fails),
        TEST(tls_1_1_is_refused),
        TEST(suites_without_aead_or_forward_secrecy_are_refused),
        TEST(renegotiation_is_refused),
        TEST(every_allocation_may_fail),
        TEST(an_idle_connection_keeps_no_buffers),
    };
    return pair_run(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}

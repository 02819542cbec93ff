/* SPDX-License-Identifier: MIT */
/* Which handshakes are short: RFC 8446 2.2, RFC 5077. */
#include "pair.h"
#include "tern_test.h"

static const struct tern_allocator libc = {0};

/* A session is known once the ticket has come; with TLS 1.3 that is after the handshake. */
static void a_moved_connection_is_resumed(void)
{
    for (size_t v = 0; v < 2; v++) {
        pair_start();
        pair_set_version(pair_server_ctx, pair_versions[v]);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        pair_disconnect(); /* without close_notify: the address is gone */
        for (int i = 0; i < 3; i++) {
            rig_set_day(1);
            rig_now += (int64_t)i * 3600 * 1000000;
            pair_connect_to("EXAMPLE.com", 5061);
            pair_shake_hands();
            CHECK(pair_is_open() && tn_tls_resumed(pair_client) && tn_tls_resumed(pair_server));
            pair_write_to(pair_client, "again");
            (void)pair_carry(pair_client, pair_server, 1000);
            pair_check_read(pair_server, "again");
            pair_disconnect();
        }
        pair_stop();
    }
}

static void a_session_is_for_its_domain_port_ctx_and_time_only(void)
{
    static const struct {
        const char *domain;
        uint16_t port;
        int day;
        bool resumed;
    } cases[] = {
        {"example.com", 5061, 1, true},
        {"example.com", 5062, 1, false},
        {"example.org", 5061, 1, false},
        {"example.com", 5061, 3, false}, /* the ticket is too old */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct rig_identity both;
        rig_set_day(0);
        rig_make(&both, "example.com example.org", &pair_root);
        pair_start();
        tn_tls_ctx_free(pair_server_ctx);
        pair_server_ctx = pair_make_ctx(&both, NULL);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        pair_disconnect();
        rig_set_day(cases[i].day);
        pair_connect_to(cases[i].domain, cases[i].port);
        pair_shake_hands();
        CHECK(pair_is_open());
        CHECK_EQ(tn_tls_resumed(pair_client), cases[i].resumed);
        pair_stop();
        rig_free(&both);
    }
}

/* A resumed handshake shows no certificate: one that has expired must not come back by it. */
static void a_session_ends_with_its_certificate(void)
{
    for (size_t v = 0; v < 2; v++) {
        pair_start();
        pair_set_version(pair_server_ctx, pair_versions[v]);
        rig_set_day(99);
        rig_now += (int64_t)23 * 3600 * 1000000;
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        CHECK(pair_is_open());
        CHECK_EQ(pair_client_ctx->session_count, 1);
        pair_disconnect();
        rig_now += (int64_t)2 * 3600 * 1000000;
        pair_connect_to("example.com", 5061);
        CHECK_EQ(pair_client_ctx->session_count, 0);
        pair_shake_hands();
        pair_check_client("the certificate has expired (2026-04-11)");
        pair_stop();
    }
}

static void a_session_made_without_verification_is_not_offered_with_it(void)
{
    struct tn_tls_opts lax = {.no_verify = true};
    struct rig_identity alone;

    rig_set_day(0);
    rig_make(&alone, "example.com", NULL);
    pair_start();
    tn_tls_ctx_free(pair_server_ctx);
    pair_server_ctx = pair_make_ctx(&alone, NULL);
    struct tn_tls_ctx *strict = pair_client_ctx;
    CHECK_EQ(tn_tls_ctx_new(&libc, &lax, &pair_client_ctx), 0);
    for (int i = 0; i < 2; i++) {
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        CHECK(pair_is_open());
        CHECK_EQ(tn_tls_resumed(pair_client), i == 1);
        pair_disconnect();
    }
    tn_tls_ctx_free(pair_client_ctx);
    pair_client_ctx = strict;
    pair_connect_to("example.com", 5061);
    pair_shake_hands();
    pair_check_client("the certificate is signed by itself only, and not trusted");
    CHECK_EQ(strict->session_count, 0);
    pair_stop();
    rig_free(&alone);
}

static void a_failed_connection_leaves_no_session(void)
{
    pair_start();
    pair_connect_to("other.example", 5061);
    pair_shake_hands();
    CHECK_EQ(tn_tls_state(pair_client), TN_TLS_FAILED);
    CHECK_EQ(pair_client_ctx->session_count, 0);
    pair_stop();
}

static void the_oldest_session_goes_when_there_are_too_many(void)
{
    pair_start();
    for (int i = 0; i <= TN_TLS_SESSIONS_MAX; i++) {
        pair_connect_to("example.com", (uint16_t)(1000 + i));
        pair_shake_hands();
        pair_disconnect();
        CHECK(pair_client_ctx->session_count <= TN_TLS_SESSIONS_MAX);
        if (i != 1) continue;
        pair_connect_to("example.com", 1000); /* the first is the newest now */
        pair_shake_hands();
        CHECK(tn_tls_resumed(pair_client));
        pair_disconnect();
    }
    CHECK_EQ(pair_client_ctx->session_count, TN_TLS_SESSIONS_MAX);
    pair_connect_to("example.com", 1000);
    pair_shake_hands();
    CHECK(tn_tls_resumed(pair_client));
    pair_disconnect();
    pair_connect_to("example.com", 1001);
    pair_shake_hands();
    CHECK(!tn_tls_resumed(pair_client));
    pair_stop();
}

/* A server that restarted knows its tickets no more: the handshake is a full one. */
static void a_ticket_that_the_server_does_not_know_costs_nothing_but_time(void)
{
    for (size_t v = 0; v < 2; v++) {
        pair_start();
        pair_set_version(pair_server_ctx, pair_versions[v]);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        pair_disconnect();
        tn_tls_ctx_free(pair_server_ctx);
        pair_server_ctx = pair_make_ctx(&pair_own, NULL);
        pair_set_version(pair_server_ctx, pair_versions[v]);
        pair_connect_to("example.com", 5061);
        pair_shake_hands();
        CHECK(pair_is_open() && !tn_tls_resumed(pair_client));
        pair_stop();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_moved_connection_is_resumed),
        TEST(a_session_is_for_its_domain_port_ctx_and_time_only),
        TEST(a_session_ends_with_its_certificate),
        TEST(a_session_made_without_verification_is_not_offered_with_it),
        TEST(a_failed_connection_leaves_no_session),
        TEST(the_oldest_session_goes_when_there_are_too_many),
        TEST(a_ticket_that_the_server_does_not_know_costs_nothing_but_time),
    };
    return pair_run(tests, sizeof(tests) / sizeof(*tests), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* What the application sees of messages, and what it must not see. */
#include "base/str.h"
#include "world.h"

static const struct {
    const char *in, *out;
} cases[] = {
    {"A: response=\"x\"\r\n\r\n", "A: response=\"x\"\r\n\r\n"},
    {"Authorization: Digest a=b, response=\"0123456789\", c=d\r\n\r\n",
     "Authorization: Digest a=b, response=..., c=d\r\n\r\n"},
    {"Proxy-Authorization:Digest response=\"0123456789\"\r\n\r\n",
     "Proxy-Authorization:Digest response=...\r\n\r\n"},
    {"AUTHORIZATION : Digest a=b,\r\n RESPONSE = \"0123456789\"\r\nB: c\r\n\r\n",
     "AUTHORIZATION : Digest a=b,\r\n RESPONSE = ...\r\nB: c\r\n\r\n"},
    {"Authorization: Digest a=b,response=0123456789\r\n\r\n",
     "Authorization: Digest a=b,response=...\r\n\r\n"},
    {"Authorization: Digest response=\"01234\r\nB: c\r\n\r\n", /* no closing quote */
     "Authorization: Digest response=...\r\nB: c\r\n\r\n"},
    {"Authorization: Digest response=\"\"\r\n\r\n", "Authorization: Digest response=..\r\n\r\n"},
    {"Authorization: Digest response\r\n\r\n", "Authorization: Digest response\r\n\r\n"},
    {"Authorization: Digest response=", "Authorization: Digest response="},
    {"Authorization: Basic YTpi\r\nB: c\r\n\r\n", "Authorization: ...\r\nB: c\r\n\r\n"},
    {"Authorization:", "Authorization:"},
    {"Authorization:\r\n\r\n", "Authorization:\r\n\r\n"},
    {"Authorization", "Authorization"},
    {"A: b\r\n\r\nAuthorization: Digest response=\"x\"\r\n",
     "A: b\r\n\r\nAuthorization: Digest response=\"x\"\r\n"}, /* a body */
    {"INVITE sip:a SIP/2.0\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
     "inline:c2VjcmV0|2^20\r\na=x\r\n",
     "INVITE sip:a SIP/2.0\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:...\r\na=x\r\n"},
    {"A: b\r\n\r\ninline:ab;inline:c", "A: b\r\n\r\ninline:..;inline:."},
    {"", ""},
};

static void proofs_of_passwords_are_blanked(void)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = strlen(cases[i].in);
        char *text = malloc(len + 1); /* exact, for the sanitizer */
        memcpy(text, cases[i].in, len);
        size_t got = tn_blank_credentials(text, len);
        tern_str want = tn_str(cases[i].out);
        if (!tn_str_eq((tern_str){text, got}, want)) {
            fprintf(stderr, "case %d: \"%.*s\"\n", (int)i, (int)got, text);
            abort();
        }
        free(text);
    }
}

static void any_prefix_of_a_message_is_blanked_without_harm(void)
{
    static const char text[] =
        "REGISTER sip:a SIP/2.0\r\nAuthorization: Digest realm=\"r\", "
        "response=\"0123456789abcdef\", qop=auth\r\nContact: <sip:b>\r\n\r\n";

    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, text, len);
        CHECK(tn_blank_credentials(copy, len) <= len);
        free(copy);
    }
}

static void start_with_events(void)
{
    struct tn_net_opts opts = {.port = 5060, .sip_events = true};

    world_start(opts, "192.0.2.1");
    tn_net_start(&net);
    open_all(5060);
}

static void each_message_is_told_once_in_order(void)
{
    struct tn_sip_news news;
    uint64_t id;

    start_with_events();
    datagram("192.0.2.1:5060", "192.0.2.7:5060", request());
    datagram("192.0.2.1:5060", "192.0.2.7:5060", TERN_STR("garbage"));
    CHECK_EQ(tn_net_flow(&net,
                         &(struct tn_target){.transport = TERN_TRANSPORT_UDP,
                                             .addr = addr("192.0.2.7:5060")},
                         (tern_addr){0}, &id),
             0);
    CHECK_EQ(tn_net_send(&net, id, tn_str(response_text), true), 0);
    drain_effects();
    CHECK(tn_net_next_sip_news(&net, &news));
    CHECK(!news.sent && !news.retransmission);
    CHECK(tn_str_eq(news.text, request()));
    CHECK(tern_addr_equal(news.key.remote, addr("192.0.2.7:5060")));
    CHECK(tern_addr_equal(news.key.local, addr("192.0.2.1:5060")));
    CHECK(tn_net_next_sip_news(&net, &news));
    CHECK(news.sent && news.retransmission);
    CHECK(tn_str_eq(news.text, tn_str(response_text)));
    CHECK(!tn_net_next_sip_news(&net, &news));
    world_stop();
}

static void without_sip_events_nothing_is_kept(void)
{
    struct tn_sip_news news;

    world_start_open("192.0.2.1");
    datagram("192.0.2.1:5060", "192.0.2.7:5060", request());
    CHECK(!tn_net_next_sip_news(&net, &news));
    world_stop();
}

static void an_application_that_does_not_read_costs_bounded_memory(void)
{
    start_with_events();
    for (int i = 0; i < TN_NEWS_MAX + 100; i++) {
        datagram("192.0.2.1:5060", "192.0.2.7:5060", request());
        drain_effects();
    }
    CHECK_EQ(net.impl->sip_news.count, TN_NEWS_MAX);
    CHECK(net.impl->sip_news.bytes <= TN_NEWS_BYTES_MAX);
    struct tn_sip_news news;
    while (tn_net_next_sip_news(&net, &news)) {
    }
    CHECK_EQ(net.impl->sip_news.bytes, 0);
    world_stop();
}

/* ---- the room itself ---- */

static void begin(void)
{
    static const struct tn_net_opts opts = {.port = 5060};

    world_start(opts, "");
    tn_net_fini(&net);
    int err = tn_net_init(&net, &ctx, &opts);
    CHECK(err == 0 || err == TERN_ENOMEM);
    tn_net_fini(&net);
    tn_ctx_fini(&ctx);
}

static void a_room_that_cannot_begin_leaves_nothing_behind(void)
{
    with_each_failure(begin);
}

static void numbers_are_never_zero(void)
{
    world_start_open("192.0.2.1");
    net.impl->last_id = UINT32_MAX - 1;
    CHECK_EQ(tn_net_next_id(&net), UINT32_MAX);
    CHECK_EQ(tn_net_next_id(&net), 1);
    world_stop();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(proofs_of_passwords_are_blanked),
        TEST(any_prefix_of_a_message_is_blanked_without_harm),
        TEST(each_message_is_told_once_in_order),
        TEST(without_sip_events_nothing_is_kept),
        TEST(an_application_that_does_not_read_costs_bounded_memory),
        TEST(a_room_that_cannot_begin_leaves_nothing_behind),
        TEST(numbers_are_never_zero),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}

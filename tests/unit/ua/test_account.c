/* SPDX-License-Identifier: MIT */
/* Accounts: options, and a registrar that answers as the test wants. */
#include "peer.h"

static struct world world;
static struct host *alice, *peer;

static void meet(void)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    peer = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    world_run(&world, TERN_MS(1));
}

static void set_up(struct tern_account_opts *opts)
{
    tern_account_opts_init(opts);
    opts->uri = TERN_STR("sip:alice@example.com");
    opts->registrar = TERN_STR("sip:10.0.0.7");
    opts->password = TERN_STR("secret");
}

static const char *registering(void)
{
    struct tern_account_opts opts;
    meet();
    set_up(&opts);
    CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &alice->account), 0);
    world_run(&world, TERN_MS(50));
    const char *text = peer_last(peer, "REGISTER");
    CHECK(text != NULL);
    return text;
}

static void accept(const char *request)
{
    char contact[512];
    snprintf(contact, sizeof(contact), "Contact: %s\r\n", peer_header(request, "Contact"));
    peer_reply(peer, request, &(struct peer_answer){"200 OK", "r", contact, NULL});
    world_run(&world, TERN_MS(50));
}

static void part(void)
{
    world_end(&world);
}

static void options_out_of_range_are_refused(void)
{
    struct tern_account_opts opts;
    tern_account account;
    meet();
    for (int i = 0; i < 17; i++) {
        set_up(&opts);
        switch (i) {
        case 0: opts.uri = TERN_STR(""); break;
        case 1: opts.uri = TERN_STR("alice"); break;
        case 2: opts.uri = TERN_STR("sip:example.com"); break;
        case 3: opts.uri = TERN_STR("tel:+1"); break;
        case 4: opts.uri = TERN_STR("sip:alice@"); break;
        case 5: opts.registrar = TERN_STR("nonsense"); break;
        case 6: opts.proxy = TERN_STR("http://x"); break;
        case 7: opts.transport = (enum tern_transport)0; break;
        case 8: opts.transport = (enum tern_transport)4; break;
        case 9: opts.expires_s = 59; break;
        case 10: opts.expires_s = 86401; break;
        case 11: opts.ip_change.contact_flags = 3; break;
        case 12: opts.ip_change.order = 2; break;
        case 13: opts.ip_change.reinvite_flags = 8; break;
        case 14: opts.uri = TERN_STR("sip:alice@example.com\r\nX: y"); break;
        case 15: opts.uri = TERN_STR("sip:al ice@example.com"); break;
        case 16: opts.registrar = TERN_STR("sip:10.0.0.7\r\n"); break;
        default: break;
        }
        int err = tern_account_add(alice->ep, world.now, &opts, &account);
        if (err != TERN_EINVAL) fprintf(stderr, "case %d\n", i);
        CHECK_EQ(err, TERN_EINVAL);
    }
    set_up(&opts);
    opts.size = 0;
    CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &account), TERN_EVERSION);
    struct {
        struct tern_account_opts opts;
        char more[16];
    } newer = {.more = {0}};
    tern_account_opts_init_sized(&newer.opts, sizeof(newer));
    newer.opts.uri = TERN_STR("sip:alice@example.com");
    CHECK_EQ(tern_account_add(alice->ep, world.now, &newer.opts, &account), 0);
    newer.more[15] = 1;
    CHECK_EQ(tern_account_add(alice->ep, world.now, &newer.opts, &account), TERN_EVERSION);
    part();
}

static void a_registration_is_refreshed_before_it_expires(void)
{
    const char *first = registering();
    accept(first);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    struct tern_account_info info;
    CHECK_EQ(tern_account_get_info(alice->ep, alice->account, &info), 0);
    CHECK(info.expires_s > 590 && info.expires_s <= 600);
    CHECK(strcmp(info.uri, "sip:alice@example.com") == 0);
    world_run(&world, TERN_SECONDS(500));
    CHECK_EQ(peer_count(peer, "REGISTER"), 1);
    world_run(&world, TERN_SECONDS(60));
    const char *second = peer_last(peer, "REGISTER");
    CHECK(second != first);
    CHECK(strcmp(peer_header(first, "Call-ID"), peer_header(second, "Call-ID")) == 0);
    CHECK_EQ(strtol(peer_header(second, "CSeq"), NULL, 10),
             strtol(peer_header(first, "CSeq"), NULL, 10) + 1);
    part();
}

static void a_final_refusal_waits_for_the_person(void)
{
    static const char *const final[] = {"404 Who", "405 No", "410 Gone"};
    for (size_t i = 0; i < 3; i++) {
        const char *text = registering();
        peer_reply(peer, text, &(struct peer_answer){final[i], "r", NULL, NULL});
        world_run(&world, TERN_SECONDS(300));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_FAILED);
        CHECK_EQ(alice->registration_status, strtol(final[i], NULL, 10));
        CHECK_EQ(peer_count(peer, "REGISTER"), 1);
        CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_MS(50));
        accept(peer_last(peer, "REGISTER"));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
        part();
    }
}

/* One retry at most for a nonce, then a clear state. */
static void a_wrong_password_is_tried_once(void)
{
    static const char challenge[] =
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";
    const char *first = registering();
    peer_reply(peer, first, &(struct peer_answer){"401 Unauthorized", "r", challenge, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    const char *second = peer_last(peer, "REGISTER");
    CHECK(strstr(peer_header(second, "Authorization"), "nonce=\"n1\"") != NULL);
    peer_reply(peer, second, &(struct peer_answer){"401 Unauthorized", "r", challenge, NULL});
    world_run(&world, TERN_SECONDS(300));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_FAILED);
    CHECK_EQ(alice->registration_status, 401);
    part();
}

static void a_server_in_trouble_is_tried_again(void)
{
    const char *text = registering();
    peer_reply(peer, text, &(struct peer_answer){"503 Busy", "r", "Retry-After: 7\r\n", NULL});
    world_run(&world, TERN_MS(6900));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_WAITING);
    CHECK_EQ(peer_count(peer, "REGISTER"), 1);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    accept(peer_last(peer, "REGISTER"));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    part();
}

static void an_interval_too_brief_is_asked_for_longer(void)
{
    const char *text = registering();
    peer_reply(peer, text,
               &(struct peer_answer){"423 Interval Too Brief", "r", "Min-Expires: 1800\r\n", NULL});
    world_run(&world, TERN_MS(50));
    const char *second = peer_last(peer, "REGISTER");
    CHECK(strstr(peer_header(second, "Contact"), "expires=1800") != NULL);
    peer_reply(peer, second,
               &(struct peer_answer){"423 Interval Too Brief", "r", "Min-Expires: 1800\r\n", NULL});
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2); /* no loop */
    CHECK(alice->registration != TERN_REGISTRATION_REGISTERED);
    part();
}

static void unregistering_removes_the_binding_and_stays_so(void)
{
    accept(registering());
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_MS(50));
    const char *text = peer_last(peer, "REGISTER");
    CHECK(strstr(peer_header(text, "Contact"), "expires=0") != NULL);
    peer_reply(peer, text, &(struct peer_answer){"200 OK", "r", NULL, NULL});
    world_run(&world, TERN_SECONDS(1000));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_NONE);
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "REGISTER"), 3);
    part();
}

/* Whatever is under way when the person changes his mind. */
static void register_and_unregister_at_any_moment(void)
{
    for (int ms = 0; ms < 60; ms += 5) {
        const char *text = registering();
        if (ms > 20) accept(text);
        CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
        world_run(&world, TERN_MS(ms));
        CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
        CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
        for (int i = 0; i < 4; i++) {
            accept(peer_last(peer, "REGISTER"));
            world_run(&world, TERN_MS(50));
        }
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
        part();
    }
}

static void a_removed_account_is_stale_and_its_binding_goes(void)
{
    struct tern_account_info info;
    struct tern_account_opts opts;
    accept(registering());
    tern_account gone = alice->account;
    CHECK_EQ(tern_account_remove(alice->ep, world.now, gone), 0);
    set_up(&opts);
    CHECK_EQ(tern_account_get_info(alice->ep, gone, &info), TERN_ESTALE);
    CHECK_EQ(tern_account_modify(alice->ep, world.now, gone, &opts), TERN_ESTALE);
    CHECK_EQ(tern_account_register(alice->ep, world.now, gone), TERN_ESTALE);
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, gone), TERN_ESTALE);
    CHECK_EQ(tern_account_remove(alice->ep, world.now, gone), TERN_ESTALE);
    CHECK_EQ(tern_account_next(alice->ep, (tern_account){0}).id, 0);
    struct tern_call_opts call_opts;
    tern_call call;
    tern_call_opts_init(&call_opts);
    call_opts.account = gone;
    call_opts.target = TERN_STR("bob");
    CHECK_EQ(tern_call_make(alice->ep, world.now, &call_opts, &call), TERN_ESTALE);
    world_run(&world, TERN_MS(50));
    CHECK(strstr(peer_header(peer_last(peer, "REGISTER"), "Contact"), "expires=0") != NULL);
    world_run(&world, TERN_SECONDS(80)); /* nobody answers: it goes all the same */
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.accounts, 0);
    CHECK_EQ(stats.transactions, 0);
    part();
}

static void modify_keeps_the_account_on_a_bad_value(void)
{
    struct tern_account_opts opts;
    struct tern_account_info info;
    accept(registering());
    set_up(&opts);
    opts.expires_s = 1;
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), TERN_EINVAL);
    CHECK_EQ(tern_account_get_info(alice->ep, alice->account, &info), 0);
    CHECK_EQ(info.state, TERN_REGISTRATION_REGISTERED);
    set_up(&opts);
    opts.uri = TERN_STR("sip:other@example.com");
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
    world_run(&world, TERN_MS(50));
    const char *text = peer_last(peer, "REGISTER");
    CHECK(strstr(peer_header(text, "To"), "alice@") != NULL); /* the old binding goes first */
    CHECK(strstr(peer_header(text, "Contact"), "expires=0") != NULL);
    peer_reply(peer, text, &(struct peer_answer){"200 OK", "r", NULL, NULL});
    world_run(&world, TERN_MS(50));
    text = peer_last(peer, "REGISTER");
    CHECK(strstr(peer_header(text, "To"), "other@") != NULL);
    accept(text);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    part();
}

/* A generation is not held open by an account that is unregistered in the middle of it. */
static void unregistering_in_mid_handover_completes_it(void)
{
    accept(registering());
    host_network(alice, "10.0.0.3", NULL);
    world_run(&world, TERN_MS(50)); /* REGISTER is out, and not answered */
    CHECK_EQ(alice->completed, 0);
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->completed, 1);
    part();
}

static void no_registrar_no_registration(void)
{
    struct tern_account_opts opts;
    meet();
    set_up(&opts);
    opts.registrar = TERN_STR("");
    CHECK_EQ(tern_account_add(alice->ep, world.now, &opts, &alice->account), 0);
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), TERN_ESTATE);
    CHECK_EQ(tern_account_unregister(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(peer_count(peer, "REGISTER"), 0);
    part();
}

static void a_call_goes_where_the_account_says(void)
{
    static const struct {
        const char *target;
        int err;
        const char *uri;
    } cases[] = {
        {"bob", 0, "INVITE sip:bob@example.com "},
        {"bob@10.0.0.7", 0, "INVITE sip:bob@10.0.0.7 "},
        {" sip:bob@10.0.0.7 ", 0, "INVITE sip:bob@10.0.0.7 "},
        {"", TERN_EINVAL, NULL},
        {"sip:", TERN_EINVAL, NULL},
        {"sip:bob@", TERN_EINVAL, NULL},
        {"tel:+123", TERN_EINVAL, NULL},
        {"a b", TERN_EINVAL, NULL},
        {"bob\r\nX: y", TERN_EINVAL, NULL},
        {"bob>", TERN_EINVAL, NULL},
        {"SIP:bob@10.0.0.7", 0, "INVITE SIP:bob@10.0.0.7 "},
        {"sip:bob@10.0.0.7;user=phone", 0, "INVITE sip:bob@10.0.0.7;user=phone "},
        {"sips:bob@10.0.0.7", TERN_EUNSUPPORTED, NULL}, /* the endpoint has no TLS */
        {"tel:112", TERN_EINVAL, NULL},
        /* RFC 3261 19.1.1: neither belongs in a Request-URI */
        {"sip:bob@10.0.0.7?Subject=x", TERN_EINVAL, NULL},
        {"sip:bob@10.0.0.7;method=BYE", TERN_EINVAL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tern_call_opts opts;
        tern_call call;
        accept(registering());
        tern_call_opts_init(&opts);
        opts.account = alice->account;
        opts.target = (tern_str){cases[i].target, strlen(cases[i].target)};
        int err = tern_call_make(alice->ep, world.now, &opts, &call);
        if (err != cases[i].err) fprintf(stderr, "case %zu\n", i);
        CHECK_EQ(err, cases[i].err);
        world_run(&world, TERN_MS(50));
        if (cases[i].uri) CHECK(peer_last(peer, cases[i].uri) != NULL);
        part();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(options_out_of_range_are_refused),
        TEST(a_registration_is_refreshed_before_it_expires),
        TEST(a_final_refusal_waits_for_the_person),
        TEST(a_wrong_password_is_tried_once),
        TEST(a_server_in_trouble_is_tried_again),
        TEST(an_interval_too_brief_is_asked_for_longer),
        TEST(unregistering_removes_the_binding_and_stays_so),
        TEST(register_and_unregister_at_any_moment),
        TEST(a_removed_account_is_stale_and_its_binding_goes),
        TEST(modify_keeps_the_account_on_a_bad_value),
        TEST(unregistering_in_mid_handover_completes_it),
        TEST(no_registrar_no_registration),
        TEST(a_call_goes_where_the_account_says),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

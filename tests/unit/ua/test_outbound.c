/* SPDX-License-Identifier: MIT */
/* Instances, flows and GRUUs, the user agent's side: RFC 5626 4, RFC 5627 4. */
#include "peer.h"

#define URN    "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define PUBLIC "sip:alice@example.com;gr=" URN
#define GRUUS  ";pub-gruu=\"" PUBLIC "\";temp-gruu=\"sip:tgruu.x7@example.com;gr\""

static struct world world;
static struct host *alice, *peer;
static void (*tune)(struct tern_account_opts *opts);

static void meet(void)
{
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.0.1", NULL);
    peer = peer_new(&world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", "sip:10.0.0.7", tune);
    world_run(&world, TERN_MS(50));
}

static void part(void)
{
    tune = NULL;
    world_end(&world);
}

static const char *last_register(void)
{
    const char *text = peer_last(peer, "REGISTER");
    CHECK(text != NULL);
    return text;
}

static bool says(const char *header, const char *what)
{
    return strstr(peer_header(last_register(), header), what) != NULL;
}

/* As a registrar with flows and GRUUs: the Contact comes back with what hangs on it. */
static void accept(const char *require, const char *gruus)
{
    char lines[1024];
    const char *contact = peer_header(last_register(), "Contact");
    snprintf(lines, sizeof(lines), "Contact: %s%s\r\n%s", contact, gruus, require);
    peer_reply(peer, last_register(), &(struct peer_answer){"200 OK", "r", lines, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
}

#define OUTBOUND "Require: outbound\r\n"

static void a_register_says_who_we_are_by_which_flow(void)
{
    meet();
    CHECK(says("Contact", ";+sip.instance=\"<urn:uuid:"));
    CHECK(says("Contact", ";reg-id=1;expires=600"));
    CHECK(says("Supported", "path, outbound, gruu"));
    part();
}

static void an_instance_id_is_a_urn(void)
{
    struct tern_endpoint_opts opts;
    struct tern_endpoint *ep;
    static const struct {
        const char *id;
        int result;
    } cases[] = {
        {URN, 0},
        {"urn:uuid:\"", TERN_EINVAL},
        {"uuid:1", TERN_EINVAL},
        {"urn:uuid:<1>", TERN_EINVAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tern_endpoint_opts_init(&opts);
        opts.seed[0] = 1;
        opts.instance_id = (tern_str){cases[i].id, strlen(cases[i].id)};
        CHECK_EQ(tern_endpoint_new(&opts, &ep), cases[i].result);
        if (cases[i].result == 0) tern_endpoint_free(ep);
    }
}

/* RFC 5626 6: the new address takes the place of the old one, which need not be removed. */
static void where_the_registrar_knows_flows_the_old_binding_is_not_removed(void)
{
    struct tern_account_info info;
    meet();
    accept(OUTBOUND, "");
    CHECK_EQ(tern_account_get_info(alice->ep, alice->account, &info), 0);
    CHECK(info.outbound);
    host_network(alice, "10.0.0.3", NULL);
    world_run(&world, TERN_MS(50));
    CHECK(says("Contact", "<sip:alice@10.0.0.3:5060>;"));
    CHECK(says("Contact", ";reg-id=1;"));
    CHECK(!says("Contact", "10.0.0.1"));
    part();
}

static void where_it_does_not_the_old_one_goes_in_the_same_request(void)
{
    meet();
    accept("", "");
    host_network(alice, "10.0.0.3", NULL);
    world_run(&world, TERN_MS(50));
    CHECK(says("Contact", "<sip:alice@10.0.0.1:5060>;"));
    CHECK(says("Contact", ";expires=0"));
    part();
}

/* RFC 5626 4.2.1 */
static void a_first_hop_without_flows_is_asked_again_without(void)
{
    meet();
    peer_reply(peer, last_register(),
               &(struct peer_answer){"439 First Hop Lacks Outbound Support", "r", "", NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "REGISTER"), 2);
    CHECK(!says("Contact", "reg-id"));
    CHECK(!says("Supported", "outbound"));
    CHECK(says("Contact", ";+sip.instance="));
    part();
}

static void temporary(struct tern_account_opts *opts)
{
    opts->gruu = TERN_GRUU_TEMPORARY;
}

static void no_gruu(struct tern_account_opts *opts)
{
    opts->gruu = TERN_GRUU_OFF;
}

static void the_contact_in_calls_is_the_gruu_that_was_asked_for(void)
{
    static const struct {
        void (*tune)(struct tern_account_opts *opts);
        const char *gruus, *contact;
    } cases[] = {
        {NULL, GRUUS, "<" PUBLIC ">"},
        {NULL, "", "<sip:alice@10.0.0.1:5060>"},
        {NULL, ";pub-gruu=\"http://alice\"", "<sip:alice@10.0.0.1:5060>"},
        {NULL, ";pub-gruu=\"sip:alice@example.com\"", "<sip:alice@10.0.0.1:5060>"},
        {temporary, GRUUS, "<sip:tgruu.x7@example.com;gr>"},
        {no_gruu, GRUUS, "<sip:alice@10.0.0.1:5060>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tune = cases[i].tune;
        meet();
        accept(OUTBOUND, cases[i].gruus);
        host_call(alice, "sip:bob@10.0.0.7");
        world_run(&world, TERN_MS(50));
        const char *invite = peer_last(peer, "INVITE");
        CHECK(invite != NULL);
        CHECK(strcmp(peer_header(invite, "Contact"), cases[i].contact) == 0);
        part();
    }
}

static void reply(const char *request, const char *status, const char *tag, const char *body)
{
    const struct peer_answer answer = {status, tag, "Contact: <sip:peer@10.0.0.7>\r\n", body};
    CHECK(request != NULL);
    peer_reply(peer, request, &answer);
    world_run(&world, TERN_MS(50));
}

/* A GRUU stays when the address goes: what the far end of an adopted call lacks is where audio goes. */
static void whose_late_answer_is_adopted_hears_where_audio_goes_now(void)
{
    char first[4096], call_id[128];

    meet();
    accept(OUTBOUND, GRUUS);
    host_call(alice, "sip:bob@10.0.0.7");
    world_run(&world, TERN_MS(50));
    snprintf(first, sizeof(first), "%s", peer_last(peer, "INVITE"));
    snprintf(call_id, sizeof(call_id), "%s", peer_header(first, "Call-ID"));
    reply(first, "180 Ringing", "one", NULL);
    host_network(alice, "10.0.0.2", NULL);
    world_run(&world, TERN_MS(30));
    accept(OUTBOUND, GRUUS);
    world_run(&world, TERN_MS(450));
    reply(peer_last(peer, "CANCEL"), "200 OK", NULL, NULL);
    reply(peer_last(peer, "INVITE"), "420 Bad Extension", "x", NULL);
    reply(peer_last(peer, "INVITE"), "180 Ringing", "two", NULL);
    CHECK(strcmp(peer_header(peer_last(peer, "INVITE"), "Call-ID"), call_id) != 0);
    reply(first, "200 OK", "one", PEER_SDP);
    CHECK_EQ(alice->answered, 1);
    world_run(&world, TERN_MS(50));
    const char *refresh = peer_last(peer, "INVITE");
    CHECK(strcmp(peer_header(refresh, "Call-ID"), call_id) == 0);
    CHECK(strstr(peer_body(refresh), "c=IN IP4 10.0.0.2") != NULL);
    part();
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(a_register_says_who_we_are_by_which_flow),
        TEST(an_instance_id_is_a_urn),
        TEST(where_the_registrar_knows_flows_the_old_binding_is_not_removed),
        TEST(where_it_does_not_the_old_one_goes_in_the_same_request),
        TEST(a_first_hop_without_flows_is_asked_again_without),
        TEST(the_contact_in_calls_is_the_gruu_that_was_asked_for),
        TEST(whose_late_answer_is_adopted_hears_where_audio_goes_now),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

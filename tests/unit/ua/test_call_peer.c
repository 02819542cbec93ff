/* SPDX-License-Identifier: MIT */
/* Calls with a peer that does what real ones do: forks, redirects, loses, and errs. */
#include "peer.h"

#define ALICE "10.0.0.1"
#define OK_CONTACT                                                                                 \
    "Contact: <sip:peer@10.0.0.7:5060>\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"

static struct world world;
static struct host *alice, *peer;

static void meet(void)
{
    peer = peer_meet(&world, &alice, NULL);
}

static const char *dial(void)
{
    meet();
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(&world, TERN_MS(50));
    const char *invite = peer_last(peer, "INVITE");
    CHECK(invite != NULL);
    return invite;
}

static const char *talk(void)
{
    const char *invite = dial();
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
    peer_join(peer, invite, "bob");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(peer_count(peer, "ACK"), 1);
    return invite;
}

/* The peer calls, alice answers. */
static void be_called(const char *body)
{
    meet();
    peer_invite(peer, ALICE, NULL, body);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->incoming, 1);
    CHECK(peer_last(peer, "SIP/2.0 200") != NULL);
}

static void be_in_a_call(void)
{
    be_called(PEER_SDP);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
}

static void part(void)
{
    peer_part(peer, alice);
}

static void every_final_refusal_ends_the_call_with_an_ack(void)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {{"486 Busy Here", 486}, {"404 Not Found", 404},     {"480 Gone out", 480},
                 {"503 Service", 503},   {"603 Decline", 603},       {"401 Who", 401},
                 {"407 Who", 407},       {"302 Moved", 302},         {"699 Odd", 699},
                 {"488 No codec", 488},  {"500 Server broken", 500}, {"487 Terminated", 487}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *invite = dial();
        peer_reply(peer, invite, &(struct peer_answer){cases[i].line, "bob", NULL, NULL});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->last_ended.cause, TERN_END_REFUSED);
        CHECK_EQ(alice->last_ended.status, cases[i].status);
        CHECK_EQ(peer_count(peer, "ACK"), 1);
        part();
    }
}

static void redirection_is_followed_by_q(void)
{
    const char *invite = dial();
    peer_reply(peer, invite,
               &(struct peer_answer){
                   "302 Moved", "bob",
                   "Contact: <sip:worse@10.0.0.7>;q=0.1, <sip:best@10.0.0.7>;q=0.9\r\n"
                   "Contact: <sip:middle@10.0.0.7>;q=0.5, <mailto:peer@example.com>;q=1.0\r\n",
                   NULL});
    world_run(&world, TERN_MS(50));
    const char *second = peer_last(peer, "INVITE sip:best@10.0.0.7 ");
    CHECK(second != NULL);
    CHECK(strcmp(peer_header(second, "Call-ID"), peer_header(invite, "Call-ID")) == 0);
    CHECK(strcmp(peer_header(second, "To"), "<sip:peer@10.0.0.7>") == 0); /* no tag */
    CHECK(strcmp(peer_header(second, "From"), peer_header(invite, "From")) == 0);
    CHECK_EQ(alice->ended, 0);
    peer_reply(peer, second, &(struct peer_answer){"200 OK", "best", OK_CONTACT, PEER_SDP});
    peer_join(peer, second, "best");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

static void a_ring_of_redirections_ends(void)
{
    const char *invite = dial();
    for (int i = 0; i < 30 && alice->ended == 0; i++) {
        char contact[64];
        snprintf(contact, sizeof(contact), "Contact: <sip:p%d@10.0.0.7>\r\n", i);
        peer_reply(peer, invite, &(struct peer_answer){"302 Moved", "bob", contact, NULL});
        world_run(&world, TERN_MS(50));
        invite = peer_last(peer, "INVITE");
    }
    CHECK_EQ(alice->last_ended.status, 302);
    part();
}

static void redirection_after_ringing_and_early_media(void)
{
    const char *invite = dial();
    peer_reply(peer, invite, &(struct peer_answer){"183 Early", "early", OK_CONTACT, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->progress_status, 183);
    peer_reply(
        peer, invite,
        &(struct peer_answer){"302 Moved", "early", "Contact: <sip:other@10.0.0.7>\r\n", NULL});
    world_run(&world, TERN_MS(50));
    const char *second = peer_last(peer, "INVITE sip:other");
    CHECK(second != NULL);
    CHECK(strstr(peer_body(second), "m=audio") != NULL);
    peer_reply(peer, second, &(struct peer_answer){"200 OK", "best", OK_CONTACT, PEER_SDP});
    peer_join(peer, second, "best");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

/* RFC 3261 13.2.2.4: the first 2xx wins, the others are acknowledged and ended. */
static void of_two_forks_that_answer_the_first_wins(void)
{
    const char *invite = dial();
    peer_reply(peer, invite, &(struct peer_answer){"180 Ringing", "one", OK_CONTACT, NULL});
    peer_reply(peer, invite, &(struct peer_answer){"180 Ringing", "two", OK_CONTACT, NULL});
    world_run(&world, TERN_MS(50));
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "two", OK_CONTACT, PEER_SDP});
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "one", OK_CONTACT, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(peer_count(peer, "ACK"), 2);
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    CHECK(strstr(peer_header(peer_last(peer, "BYE"), "To"), ";tag=one") != NULL);
    peer_reply(peer, peer_last(peer, "BYE"), &(struct peer_answer){"200 OK", NULL, NULL, NULL});
    peer_join(peer, invite, "two");
    peer_request(peer, "OPTIONS", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->ended, 0);
    CHECK(strstr(peer_header(peer_last(peer, "SIP/2.0 200"), "CSeq"), "OPTIONS") != NULL);
    part();
}

/* The answer to the fork's BYE comes, or is a challenge, when the call itself is long over. */
static void a_fork_may_outlive_the_call(void)
{
    static const char *const answers[] = {"200 OK", "401 Unauthorized", "481 Gone"};
    for (size_t i = 0; i < 3; i++) {
        const char *invite = talk();
        peer_reply(peer, invite, &(struct peer_answer){"200 OK", "late", OK_CONTACT, PEER_SDP});
        world_run(&world, TERN_MS(50));
        const char *bye = peer_last(peer, "BYE");
        CHECK(bye != NULL);
        peer_request(peer, "BYE", NULL, NULL);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->ended, 1);
        peer_reply(peer, bye,
                   &(struct peer_answer){
                       answers[i], NULL,
                       i == 1 ? "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=MD5, "
                                "qop=\"auth\"\r\n"
                              : NULL,
                       NULL});
        world_run(&world, TERN_MS(50));
        part();
    }
}

static void a_2xx_that_comes_again_is_acknowledged_again(void)
{
    const char *invite = talk();
    for (int i = 0; i < 3; i++) {
        peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
        world_run(&world, TERN_SECONDS(1));
    }
    CHECK_EQ(peer_count(peer, "ACK"), 4);
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    CHECK_EQ(alice->answered, 1);
    part();
}

static void a_2xx_after_the_end_is_acknowledged_and_ended(void)
{
    const char *invite = dial();
    peer_reply(peer, invite, &(struct peer_answer){"180 Ringing", "bob", OK_CONTACT, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
    peer_reply(peer, peer_last(peer, "CANCEL"), &(struct peer_answer){"200 OK", "bob", NULL, NULL});
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "ACK"), 1);
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    CHECK_EQ(alice->answered, 0);
    peer_reply(peer, peer_last(peer, "BYE"), &(struct peer_answer){"200 OK", NULL, NULL, NULL});
    part();
}

/* The CANCEL is answered, the INVITE is not: after 64*T1 it counts as ended. */
static void a_cancel_whose_invite_is_never_answered_ends(void)
{
    const char *invite = dial();
    peer_reply(peer, invite, &(struct peer_answer){"180 Ringing", "bob", OK_CONTACT, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
    peer_reply(peer, peer_last(peer, "CANCEL"), &(struct peer_answer){"200 OK", "bob", NULL, NULL});
    world_run(&world, TERN_SECONDS(40));
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.transactions, 0);
    part();
}

/* RFC 3261 13.2.2.4: each 2xx is acknowledged; what cannot be talked with is then ended. */
static void answers_that_make_no_sense_end_the_call(void)
{
    static const struct {
        const char *what, *headers, *body;
    } cases[] = {
        {"no Contact", NULL, PEER_SDP},
        {"no SDP", OK_CONTACT, NULL},
        {"not SDP at all", OK_CONTACT, "hello\r\n"},
        {"no media", OK_CONTACT, "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nt=0 0\r\n"},
        {"rejected", OK_CONTACT,
         "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
         "m=audio 0 RTP/AVP 8\r\n"},
        {"another codec", OK_CONTACT,
         "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
         "m=audio 4000 RTP/AVP 3\r\n"},
        {"Contact *", "Contact: *\r\n", PEER_SDP},
        {"Contact tel", "Contact: <tel:+1>\r\n", PEER_SDP},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *invite = dial();
        peer_of(peer)->answer = peer_lets_go;
        peer_reply(peer, invite,
                   &(struct peer_answer){"200 OK", "bob", cases[i].headers, cases[i].body});
        world_run(&world, TERN_SECONDS(1));
        if (alice->ended != 1) fprintf(stderr, "%s\n", cases[i].what);
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(alice->last_ended.cause, TERN_END_ERROR);
        CHECK_EQ(alice->answered, 0);
        CHECK_EQ(peer_count(peer, "BYE"), 1);
        CHECK_EQ(peer_count(peer, "ACK"), 1);
        part();
    }
}

static void an_offer_in_the_200_is_answered_in_the_ack(void)
{
    meet();
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:peer@10.0.0.7");
    opts.no_offer = true;
    CHECK_EQ(tern_call_make(alice->ep, world.now, &opts, &alice->call), 0);
    world_run(&world, TERN_MS(50));
    const char *invite = peer_last(peer, "INVITE");
    CHECK(peer_body(invite)[0] == '\0');
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK(strstr(peer_body(peer_last(peer, "ACK")), "m=audio") != NULL);
    peer_reply(peer, invite,
               &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP}); /* the ACK was lost */
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "ACK"), 2);
    CHECK(strstr(peer_body(peer_last(peer, "ACK")), "m=audio") != NULL);
    CHECK_EQ(alice->answered, 1);
    part();
}

static void an_offerless_invite_gets_our_offer(void)
{
    static const struct {
        const char *ack;
        bool ends;
    } cases[] = {{PEER_SDP, false}, {NULL, true}, {"rubbish", true}};
    for (size_t i = 0; i < 3; i++) {
        be_called(NULL);
        CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "m=audio") != NULL);
        peer_of(peer)->answer = peer_lets_go;
        peer_ack(peer, cases[i].ack);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(alice->ended, cases[i].ends);
        CHECK_EQ(peer_count(peer, "BYE"), cases[i].ends);
        CHECK_EQ(alice->answered, !cases[i].ends);
        part();
    }
}

static const char *last_status(const char *method)
{
    struct peer *p = peer_of(peer);
    for (size_t i = p->count; i > 0; i--) {
        const char *text = p->inbox[i - 1];
        if (strncmp(text, "SIP/2.0 ", 8) == 0 && strstr(peer_header(text, "CSeq"), method))
            return text + 8;
    }
    return "";
}

static void expect(const char *method, const char *headers, const char *body, const char *status)
{
    peer_request(peer, method, headers, body);
    world_run(&world, TERN_MS(50));
    if (strncmp(last_status(method), status, strlen(status)) != 0) {
        fprintf(stderr, "%s: %.20s, want %s\n", method, last_status(method), status);
    }
    CHECK(strncmp(last_status(method), status, strlen(status)) == 0);
}

static void requests_inside_the_dialog_are_answered(void)
{
    be_in_a_call();
    expect("OPTIONS", NULL, NULL, "200");
    expect("UPDATE", NULL, NULL, "200");
    CHECK(peer_body(peer_last(peer, "SIP/2.0 200"))[0] == '\0');
    expect("UPDATE", NULL, PEER_SDP, "200");
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "m=audio") != NULL);
    expect("UPDATE", NULL, "rubbish", "4");
    expect("UPDATE", "Require: frobnicate\r\n", NULL, "420");
    CHECK(strcmp(peer_header(peer_last(peer, "SIP/2.0 420"), "Unsupported"), "frobnicate") == 0);
    expect("INFO", NULL, NULL, "200");
    expect("PRACK", NULL, NULL, "481");
    expect("REFER", NULL, NULL, "405");
    expect("SUBSCRIBE", NULL, NULL, "405");
    expect("NONSENSE", NULL, NULL, "405");
    CHECK(strstr(peer_header(peer_last(peer, "SIP/2.0 405"), "Allow"), "UPDATE") != NULL);
    expect("INVITE", NULL, "rubbish", "4");
    CHECK_EQ(alice->ended, 0);
    part();
}

/* RFC 3261 12.2.2 */
static void a_cseq_out_of_order_is_500(void)
{
    be_in_a_call();
    peer_of(peer)->cseq += 10;
    expect("OPTIONS", NULL, NULL, "200");
    peer_of(peer)->cseq -= 3;
    expect("OPTIONS", NULL, NULL, "500");
    peer_of(peer)->cseq += 100;
    expect("UPDATE", NULL, NULL, "200");
    part();
}

static void a_wrong_dialog_is_481(void)
{
    be_in_a_call();
    struct peer *p = peer_of(peer);
    size_t end = strlen(p->remote);
    snprintf(p->remote + end, sizeof(p->remote) - end, "x");
    expect("BYE", NULL, NULL, "481");
    expect("UPDATE", NULL, NULL, "481");
    expect("INVITE", NULL, PEER_SDP, "481");
    CHECK_EQ(alice->ended, 0);
    part();
}

static void a_reinvite_without_sdp_gets_our_offer(void)
{
    be_in_a_call();
    expect("INVITE", NULL, NULL, "200");
    const char *ok = peer_last(peer, "SIP/2.0 200");
    CHECK(strstr(peer_body(ok), "m=audio") != NULL);
    CHECK(strstr(peer_body(ok), "a=sendrecv") != NULL || strstr(peer_body(ok), "a=") != NULL);
    peer_ack(peer, PEER_SDP);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(alice->last_media.codec, 8);
    expect("INVITE", NULL, NULL, "200"); /* and once more: nothing is stuck */
    peer_ack(peer, PEER_SDP);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "INVITE") != NULL);
    part();
}

static void a_reinvite_moves_the_target_and_the_media(void)
{
    be_in_a_call();
    static const char moved[] =
        "v=0\r\no=- 1 2 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
        "m=audio 4444 RTP/AVP 8\r\na=sendonly\r\n";
    expect("INVITE", NULL, moved, "200");
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->last_media.remote.port, 4444);
    CHECK(alice->last_media.held_there);
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "a=recvonly") != NULL);
    part();
}

/* RFC 3261 14.1: theirs comes while ours is under way. */
static void glare_is_491(void)
{
    be_in_a_call();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(50));
    const char *ours = peer_last(peer, "INVITE");
    CHECK(ours != NULL);
    expect("INVITE", NULL, PEER_SDP, "491");
    expect("UPDATE", NULL, PEER_SDP, "491");
    expect("UPDATE", NULL, NULL, "200"); /* no offer: no glare */
    peer_reply(peer, ours, &(struct peer_answer){"491 Pending", NULL, NULL, NULL});
    world_run(&world, TERN_SECONDS(5));
    ours = peer_last(peer, "INVITE");
    CHECK(strstr(peer_body(ours), "a=sendonly") != NULL);
    peer_reply(peer, ours, &(struct peer_answer){"200 OK", NULL, OK_CONTACT, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK(alice->last_media.held_here);
    part();
}

static void an_update_that_is_not_allowed_becomes_a_reinvite(void)
{
    static const char *const refusals[] = {"405 No", "501 No", "488 No", "504 No"};
    for (size_t i = 0; i < 4; i++) {
        talk();
        CHECK_EQ(tern_call_update(alice->ep, world.now, alice->call, 7), 0);
        world_run(&world, TERN_MS(50));
        CHECK(peer_last(peer, "UPDATE") != NULL);
        peer_reply(peer, peer_last(peer, "UPDATE"),
                   &(struct peer_answer){refusals[i], NULL, NULL, NULL});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(peer_count(peer, "INVITE"), 2);
        peer_reply(peer, peer_last(peer, "INVITE"),
                   &(struct peer_answer){"200 OK", NULL, OK_CONTACT, PEER_SDP});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(peer_count(peer, "ACK"), 2);
        CHECK_EQ(alice->ended, 0);
        part();
    }
}

static void a_peer_that_does_not_allow_update_is_sent_none(void)
{
    const char *invite = dial();
    peer_reply(peer, invite,
               &(struct peer_answer){"200 OK", "bob",
                                     "Contact: <sip:peer@10.0.0.7>\r\nAllow: INVITE, ACK, BYE\r\n",
                                     PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_update(alice->ep, world.now, alice->call, 7), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "UPDATE"), 0);
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    part();
}

/* RFC 3261 12.2.1.2 */
static void a_481_to_a_refresh_ends_the_call(void)
{
    talk();
    CHECK_EQ(tern_call_reinvite(alice->ep, world.now, alice->call, 7), 0);
    world_run(&world, TERN_MS(50));
    peer_reply(peer, peer_last(peer, "INVITE"),
               &(struct peer_answer){"481 Gone", NULL, NULL, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    part();
}

static void a_refused_reinvite_leaves_the_session_as_it_was(void)
{
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(50));
    peer_reply(peer, peer_last(peer, "INVITE"), &(struct peer_answer){"488 No", NULL, NULL, NULL});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->ended, 0);
    struct tern_media_stats before, after;
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &before), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &after), 0);
    CHECK(after.packets_sent > before.packets_sent + 40);
    CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "INVITE"), 3);
    part();
}

/* MOBILITY S16: it may be the address that a far end cannot do with. */
static void a_refused_offer_is_made_once_in_the_other_family(void)
{
    talk();
    host_network(alice, "10.0.0.1", "2001:db8::1");
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(tern_call_reinvite(alice->ep, world.now, alice->call, 7), 0);
        world_run(&world, TERN_MS(50));
        size_t before = peer_count(peer, "INVITE");
        const char *first = peer_last(peer, "INVITE");
        CHECK((strstr(peer_body(first), "c=IN IP4 10.0.0.1") != NULL) == (i == 0));
        peer_reply(peer, first, &(struct peer_answer){"488 No", NULL, NULL, NULL});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(peer_count(peer, "INVITE"), before + (i == 0));
        if (i > 0) break;
        const char *second = peer_last(peer, "INVITE");
        CHECK(strstr(peer_body(second), "c=IN IP6 2001:db8::1") != NULL);
        peer_reply(peer, second, &(struct peer_answer){"488 No", NULL, NULL, NULL});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(peer_count(peer, "INVITE"), before + 1);
    }
    CHECK_EQ(alice->ended, 0);
    part();
}

/* RFC 3261 15.1.2: the caller may say BYE instead of CANCEL. */
static void bye_in_an_early_dialog_ends_the_invite_with_487(void)
{
    meet();
    alice->auto_answer = false;
    peer_invite(peer, ALICE, NULL, PEER_SDP);
    world_run(&world, TERN_MS(50));
    peer_form(peer, peer_last(peer, "SIP/2.0 180"));
    expect("BYE", NULL, NULL, "200");
    CHECK(peer_last(peer, "SIP/2.0 487") != NULL);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    part();
}

static void a_cancel_of_nothing_is_481(void)
{
    meet();
    peer_outside(peer, ALICE, "CANCEL", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 481") != NULL);
    part();
}

static void an_ack_of_another_invite_does_not_stop_the_2xx(void)
{
    be_in_a_call();
    expect("INVITE", NULL, PEER_SDP, "200");
    size_t before = peer_count(peer, "SIP/2.0 200");
    uint32_t kept = peer_of(peer)->cseq;
    /* An ACK for the first INVITE, late. */
    char ack[1024];
    snprintf(ack, sizeof(ack),
             "ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKlate\r\n"
             "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u ACK\r\nContent-Length: 0\r\n\r\n",
             peer_of(peer)->target, peer_of(peer)->local, peer_of(peer)->remote,
             peer_of(peer)->call_id, kept - 1);
    peer_say(peer, ack);
    world_run(&world, TERN_SECONDS(2));
    CHECK(peer_count(peer, "SIP/2.0 200") >= before + 2);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    before = peer_count(peer, "SIP/2.0 200");
    world_run(&world, TERN_SECONDS(5));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), before);
    part();
}

static void provisional_answers_of_all_kinds_do_no_harm(void)
{
    static const char *const odd[] = {"100 Trying", "181 Forwarded", "182 Queued",
                                      "199 Over",   "183 Session",   "180 Ringing"};
    const char *invite = dial();
    for (size_t i = 0; i < 6; i++) {
        peer_reply(peer, invite, &(struct peer_answer){odd[i], NULL, NULL, NULL}); /* no tag */
        peer_reply(peer, invite, &(struct peer_answer){odd[i], "a", NULL, NULL});  /* no Contact */
        peer_reply(peer, invite,
                   &(struct peer_answer){odd[i], "b", OK_CONTACT, "junk"}); /* no SDP, really */
        peer_reply(peer, invite, &(struct peer_answer){odd[i], "c", "Contact: <<<\r\n", NULL});
        peer_reply(
            peer, invite,
            &(struct peer_answer){odd[i], "d", "Record-Route: nonsense\r\n" OK_CONTACT, NULL});
    }
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->ended, 0);
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", OK_CONTACT, PEER_SDP});
    peer_join(peer, invite, "bob");
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    expect("OPTIONS", NULL, NULL, "200");
    part();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(every_final_refusal_ends_the_call_with_an_ack),
        TEST(redirection_is_followed_by_q),
        TEST(a_ring_of_redirections_ends),
        TEST(redirection_after_ringing_and_early_media),
        TEST(of_two_forks_that_answer_the_first_wins),
        TEST(a_fork_may_outlive_the_call),
        TEST(a_2xx_that_comes_again_is_acknowledged_again),
        TEST(a_2xx_after_the_end_is_acknowledged_and_ended),
        TEST(a_cancel_whose_invite_is_never_answered_ends),
        TEST(answers_that_make_no_sense_end_the_call),
        TEST(an_offer_in_the_200_is_answered_in_the_ack),
        TEST(an_offerless_invite_gets_our_offer),
        TEST(requests_inside_the_dialog_are_answered),
        TEST(a_cseq_out_of_order_is_500),
        TEST(a_wrong_dialog_is_481),
        TEST(a_reinvite_without_sdp_gets_our_offer),
        TEST(a_reinvite_moves_the_target_and_the_media),
        TEST(glare_is_491),
        TEST(an_update_that_is_not_allowed_becomes_a_reinvite),
        TEST(a_peer_that_does_not_allow_update_is_sent_none),
        TEST(a_481_to_a_refresh_ends_the_call),
        TEST(a_refused_reinvite_leaves_the_session_as_it_was),
        TEST(a_refused_offer_is_made_once_in_the_other_family),
        TEST(bye_in_an_early_dialog_ends_the_invite_with_487),
        TEST(a_cancel_of_nothing_is_481),
        TEST(an_ack_of_another_invite_does_not_stop_the_2xx),
        TEST(provisional_answers_of_all_kinds_do_no_harm),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* Provisional answers that arrive for certain, and early media: RFC 3262, with a peer. */
#include "peer.h"

#define ALICE   "10.0.0.1"
#define CAN     "Supported: 100rel\r\n"
#define INSISTS "Require: 100rel\r\n"
#define CONTACT "Contact: <sip:peer@10.0.0.7:5060>\r\n"
#define ALLOW   "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK\r\n"

#define OTHER_SDP                                                                                  \
    "v=0\r\no=- 1 2 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"                      \
    "m=audio 4200 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static struct world world;
static struct host *alice, *peer;
static enum tern_reliable reliable;

static void tune(struct tern_account_opts *opts)
{
    opts->reliable = (uint8_t)reliable;
}

static void meet(enum tern_reliable policy)
{
    reliable = policy;
    peer = peer_meet(&world, &alice, tune);
    alice->auto_answer = false;
    alice->rings_with = 0;
}

static void part(void)
{
    peer_part(peer, alice);
}

/* ---- called ---- */

static void be_called(enum tern_reliable policy, const char *headers, const char *body)
{
    meet(policy);
    peer_invite(peer, ALICE, headers, body);
    world_run(&world, TERN_MS(50));
}

static const char *ring(int status)
{
    char line[32];
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, status), 0);
    world_run(&world, TERN_MS(50));
    snprintf(line, sizeof(line), "SIP/2.0 %d", status);
    const char *rsp = peer_last(peer, line);
    if (rsp) peer_form(peer, rsp);
    return rsp;
}

static uint32_t rseq_of(const char *rsp)
{
    return (uint32_t)strtoul(peer_header(rsp, "RSeq"), NULL, 10);
}

/* The last answer to requests of this method and CSeq, or NULL. */
static const char *answer_to(unsigned cseq, const char *method)
{
    char value[32];
    struct peer *p = peer_of(peer);
    snprintf(value, sizeof(value), "%u %s", cseq, method);
    for (size_t i = p->count; i > 0; i--) {
        const char *text = p->inbox[i - 1];
        if (strncmp(text, "SIP/2.0", 7) == 0 && strcmp(peer_header(text, "CSeq"), value) == 0)
            return text;
    }
    return NULL;
}

/* PRACK for this answer, whose INVITE is the peer's only one. @return the status it gets */
static int acknowledge(const char *rsp, uint32_t more, const char *body)
{
    char lines[128];
    unsigned invite = (unsigned)strtoul(peer_header(rsp, "CSeq"), NULL, 10);
    snprintf(lines, sizeof(lines), "RAck: %u %u INVITE\r\n", (unsigned)(rseq_of(rsp) + more),
             invite);
    peer_request(peer, "PRACK", lines, body);
    world_run(&world, TERN_MS(50));
    const char *last = answer_to(peer_of(peer)->cseq, "PRACK");
    CHECK(last != NULL);
    return (int)strtol(last + 8, NULL, 10);
}

static void who_cannot_do_what_is_required_is_refused(void)
{
    static const struct {
        enum tern_reliable policy;
        const char *headers, *status, *name, *value;
    } cases[] = {
        {TERN_RELIABLE_OFF, INSISTS, "SIP/2.0 420", "Unsupported", "100rel"},
        {TERN_RELIABLE_REQUIRED, NULL, "SIP/2.0 421", "Require", "100rel"},
        {TERN_RELIABLE_SUPPORTED, "Require: 100rel, foo\r\n", "SIP/2.0 420", "Unsupported", "foo"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        be_called(cases[i].policy, cases[i].headers, PEER_SDP);
        const char *rsp = peer_last(peer, cases[i].status);
        CHECK(rsp != NULL);
        CHECK(strcmp(peer_header(rsp, cases[i].name), cases[i].value) == 0);
        CHECK_EQ(alice->incoming, 0);
        part();
    }
}

static void a_180_is_reliable_where_it_has_to_be(void)
{
    static const struct {
        enum tern_reliable policy;
        const char *headers;
        bool reliable;
    } cases[] = {
        {TERN_RELIABLE_OFF, CAN, false},       {TERN_RELIABLE_SUPPORTED, NULL, false},
        {TERN_RELIABLE_SUPPORTED, CAN, false}, {TERN_RELIABLE_SUPPORTED, INSISTS, true},
        {TERN_RELIABLE_REQUIRED, CAN, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        be_called(cases[i].policy, cases[i].headers, PEER_SDP);
        const char *rsp = ring(180);
        CHECK(rsp != NULL);
        CHECK_EQ(rseq_of(rsp) > 0, cases[i].reliable);
        CHECK_EQ(strcmp(peer_header(rsp, "Require"), "100rel") == 0, cases[i].reliable);
        CHECK_EQ(strlen(peer_body(rsp)), 0);
        if (cases[i].reliable) CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 1);
        part();
    }
}

/* RFC 3262 3. */
static void it_is_repeated_until_its_own_prack_comes(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, PEER_SDP);
    const char *rsp = ring(180);
    world_run(&world, TERN_MS(3600));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 4); /* 0, 0.5, 1.5, 3.5 s */
    CHECK_EQ(acknowledge(rsp, 1, NULL), 481);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 481);
    world_run(&world, TERN_SECONDS(30));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 4);
    part();
}

static void a_prack_without_a_rack_makes_no_sense(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, PEER_SDP);
    ring(180);
    peer_request(peer, "PRACK", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 400") != NULL);
    peer_request(peer, "PRACK", "RAck: 1 INVITE\r\n", NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(peer_count(peer, "SIP/2.0 400"), 2);
    part();
}

static void without_any_prack_the_call_is_refused(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, PEER_SDP);
    ring(180);
    world_run(&world, TERN_SECONDS(33));
    CHECK(peer_last(peer, "SIP/2.0 504") != NULL);
    CHECK_EQ(alice->last_ended.cause, TERN_END_UNREACHABLE);
    part();
}

static void the_next_one_waits_for_the_prack_and_has_the_next_number(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, PEER_SDP);
    const char *first = ring(180);
    CHECK(ring(182) == NULL);
    CHECK(ring(183) == NULL);
    CHECK_EQ(acknowledge(first, 0, NULL), 200);
    CHECK(peer_last(peer, "SIP/2.0 182") == NULL); /* out of date by then */
    const char *second = peer_last(peer, "SIP/2.0 183");
    CHECK(second != NULL);
    CHECK_EQ(rseq_of(second), rseq_of(first) + 1);
    CHECK_EQ(acknowledge(second, 0, NULL), 200);
    part();
}

/* The answer is in it, so the 2xx waits, and says nothing more. */
static void early_media_is_agreed_by_a_183_that_holds_the_2xx(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, CAN, PEER_SDP);
    const char *rsp = ring(183);
    CHECK(rseq_of(rsp) > 0);
    CHECK(strstr(peer_body(rsp), "m=audio") != NULL);
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 4000);
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
    world_run(&world, TERN_MS(200));
    CHECK_EQ(peer_count(peer, "SIP/2.0 200"), 0);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
    const char *ok = answer_to(1, "INVITE");
    CHECK(ok != NULL && strncmp(ok, "SIP/2.0 200", 11) == 0);
    CHECK_EQ(strlen(peer_body(ok)), 0);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

static void to_one_who_cannot_the_2xx_says_it_once_more(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, NULL, PEER_SDP);
    char early[1024];
    const char *rsp = ring(183);
    CHECK_EQ(rseq_of(rsp), 0);
    snprintf(early, sizeof(early), "%s", peer_body(rsp));
    CHECK(strstr(early, "m=audio") != NULL);
    /* RFC 3311 5.2: with an answer that may be lost no other offer is taken. */
    peer_request(peer, "UPDATE", CONTACT, OTHER_SDP);
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 500") != NULL);
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
    world_run(&world, TERN_MS(50));
    CHECK(strcmp(peer_body(peer_last(peer, "SIP/2.0 200")), early) == 0);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

static void after_the_prack_an_update_may_change_the_session(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, CAN, PEER_SDP);
    const char *rsp = ring(183);
    peer_request(peer, "UPDATE", CONTACT, OTHER_SDP); /* before it: 500, come again */
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 500") != NULL);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
    peer_request(peer, "UPDATE", CONTACT, OTHER_SDP);
    world_run(&world, TERN_MS(50));
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "m=audio") != NULL);
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 4200);
    part();
}

/* RFC 3262 5: an offer in a PRACK is answered in its 2xx. */
static void an_offer_in_the_prack_is_answered_in_its_200(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, CAN, PEER_SDP);
    const char *rsp = ring(183);
    CHECK_EQ(acknowledge(rsp, 0, OTHER_SDP), 200);
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "m=audio") != NULL);
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 4200);
    part();
}

/* RFC 3261 13.2.1: without an offer in the INVITE, ours is in the first answer that is reliable. */
static void an_invite_without_offer_is_answered_in_the_prack(void)
{
    static const int statuses[] = {180, 183};
    for (size_t i = 0; i < 2; i++) {
        be_called(TERN_RELIABLE_SUPPORTED, INSISTS, NULL);
        const char *rsp = ring(statuses[i]);
        CHECK(strstr(peer_body(rsp), "m=audio") != NULL);
        CHECK_EQ(acknowledge(rsp, 0, PEER_SDP), 200);
        struct tern_call_info info;
        CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
        CHECK_EQ(info.remote_media.port, 4000);
        CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(strlen(peer_body(peer_last(peer, "SIP/2.0 200"))), 0);
        peer_ack(peer, NULL);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->answered, 1);
        part();
    }
}

static void without_an_answer_in_the_prack_the_call_is_refused(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, NULL);
    const char *rsp = ring(180);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 488);
    CHECK_EQ(alice->last_ended.cause, TERN_END_ERROR);
    part();
}

/* RFC 3262 3: what only rings does not hold the 2xx, and its late PRACK is still taken. */
static void a_180_does_not_hold_the_2xx(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS, PEER_SDP);
    const char *rsp = ring(180);
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
    world_run(&world, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 200") != NULL);
    peer_ack(peer, NULL);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 1);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
    part();
}

/* ---- calling ---- */

static const char *dial(enum tern_reliable policy, bool no_offer)
{
    meet(policy);
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = TERN_STR("sip:peer@10.0.0.7");
    opts.no_offer = no_offer;
    CHECK_EQ(tern_call_make(alice->ep, world.now, &opts, &alice->call), 0);
    world_run(&world, TERN_MS(50));
    const char *invite = peer_last(peer, "INVITE");
    CHECK(invite != NULL);
    return invite;
}

/* A provisional answer of the peer's, with this RSeq (0: not reliable). */
static void say(const char *invite, const char *status, const char *tag, unsigned rseq,
                const char *body)
{
    char lines[256] = CONTACT ALLOW;
    size_t len = strlen(lines);
    if (rseq) {
        snprintf(lines + len, sizeof(lines) - len, "Require: 100rel\r\nRSeq: %u\r\n", rseq);
    }
    peer_reply(peer, invite, &(struct peer_answer){status, tag, lines, body});
    world_run(&world, TERN_MS(50));
}

static void say_yes(const char *request, const char *body)
{
    peer_reply(peer, request, &(struct peer_answer){"200 OK", "bob", CONTACT ALLOW, body});
    world_run(&world, TERN_MS(50));
}

static unsigned cseq_of(const char *text)
{
    return (unsigned)strtoul(peer_header(text, "CSeq"), NULL, 10);
}

static const char *last_prack(unsigned rseq, const char *invite)
{
    char rack[64];
    const char *prack = peer_last(peer, "PRACK sip:peer@10.0.0.7:5060 ");
    CHECK(prack != NULL);
    snprintf(rack, sizeof(rack), "%u %u INVITE", rseq, cseq_of(invite));
    CHECK(strcmp(peer_header(prack, "RAck"), rack) == 0);
    return prack;
}

static uint16_t remote_port(void)
{
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    return info.remote_media.port;
}

static void the_invite_says_what_the_account_says(void)
{
    static const struct {
        enum tern_reliable policy;
        bool supported, required;
    } cases[] = {
        {TERN_RELIABLE_OFF, false, false},
        {TERN_RELIABLE_SUPPORTED, true, false},
        {TERN_RELIABLE_REQUIRED, false, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *invite = dial(cases[i].policy, false);
        CHECK_EQ(strstr(invite, "\r\nSupported: 100rel\r\n") != NULL, cases[i].supported);
        CHECK_EQ(strstr(invite, "\r\nRequire: 100rel\r\n") != NULL, cases[i].required);
        CHECK(strstr(peer_header(invite, "Allow"), "PRACK") != NULL);
        /* One that comes all the same is acknowledged where we have said that we can. */
        say(invite, "180 Ringing", "bob", 17, NULL);
        CHECK_EQ(peer_count(peer, "PRACK"), cases[i].policy == TERN_RELIABLE_OFF ? 0 : 1);
        part();
    }
}

/* RFC 3262 4. */
static void each_is_acknowledged_once_and_in_order(void)
{
    const char *invite = dial(TERN_RELIABLE_SUPPORTED, false);
    say(invite, "180 Ringing", "bob", 17, NULL);
    const char *prack = last_prack(17, invite);
    CHECK_EQ(cseq_of(prack), cseq_of(invite) + 1);
    CHECK(strstr(peer_header(prack, "To"), ";tag=bob") != NULL);
    CHECK(strcmp(peer_header(prack, "Contact"), "") == 0);
    say_yes(prack, NULL);
    unsigned progress = alice->progress;
    say(invite, "180 Ringing", "bob", 17, NULL);
    say(invite, "183 Later", "bob", 19, PEER_SDP); /* 18 is missing */
    CHECK_EQ(peer_count(peer, "PRACK"), 1);
    CHECK_EQ(alice->progress, progress);
    CHECK_EQ(remote_port(), 0);
    say(invite, "183 Early", "bob", 18, PEER_SDP);
    prack = last_prack(18, invite);
    CHECK_EQ(cseq_of(prack), cseq_of(invite) + 2);
    CHECK_EQ(alice->progress, progress + 1);
    CHECK_EQ(remote_port(), 4000);
    say_yes(prack, NULL);
    say_yes(invite, NULL); /* RFC 3261 13.2.1: it need not describe it once more */
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(cseq_of(peer_last(peer, "ACK")), cseq_of(invite));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(cseq_of(peer_last(peer, "BYE")), cseq_of(invite) + 3);
    part();
}

static void an_offer_of_the_callee_is_answered_in_the_prack(void)
{
    const char *invite = dial(TERN_RELIABLE_SUPPORTED, true);
    CHECK_EQ(strlen(peer_body(invite)), 0);
    say(invite, "180 Ringing", "bob", 5, PEER_SDP);
    const char *prack = last_prack(5, invite);
    CHECK(strstr(peer_body(prack), "m=audio") != NULL);
    CHECK_EQ(remote_port(), 4000);
    say_yes(prack, NULL);
    say_yes(invite, NULL);
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(strlen(peer_body(peer_last(peer, "ACK"))), 0);
    part();
}

static void an_offer_that_cannot_be_used_ends_the_call(void)
{
    const char *invite = dial(TERN_RELIABLE_SUPPORTED, true);
    say(invite, "183 Early", "bob", 5,
        "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 9\r\n");
    CHECK_EQ(peer_count(peer, "PRACK"), 0);
    CHECK_EQ(alice->last_ended.cause, TERN_END_ERROR);
    CHECK_EQ(peer_count(peer, "CANCEL"), 1);
    part();
}

/* Each early dialog has an answer of its own; that of the one which answers counts. */
static void each_fork_has_its_own_answer(void)
{
    static const bool second[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        const char *invite = dial(TERN_RELIABLE_SUPPORTED, false);
        say(invite, "183 Early", "one", 17, PEER_SDP);
        say_yes(last_prack(17, invite), NULL);
        say(invite, "183 Early", "two", 900, OTHER_SDP);
        const char *prack = last_prack(900, invite);
        CHECK(strstr(peer_header(prack, "To"), ";tag=two") != NULL);
        CHECK_EQ(cseq_of(prack), cseq_of(invite) + 1); /* RFC 3261 12.1.2 */
        CHECK_EQ(remote_port(), 4000);
        peer_reply(peer, invite,
                   &(struct peer_answer){"200 OK", second[i] ? "two" : "one", CONTACT ALLOW, NULL});
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->answered, 1);
        CHECK_EQ(remote_port(), second[i] ? 4200 : 4000);
        part();
    }
}

static void a_prack_that_nobody_answers_is_made_anew_when_it_is_asked_for(void)
{
    const char *invite = dial(TERN_RELIABLE_SUPPORTED, true);
    say(invite, "183 Early", "bob", 17, PEER_SDP);
    char first[1024];
    const char *prack = last_prack(17, invite);
    snprintf(first, sizeof(first), "%s", peer_body(prack));
    world_run(&world, TERN_SECONDS(33));
    CHECK_EQ(cseq_of(last_prack(17, invite)), cseq_of(invite) + 1);
    say(invite, "183 Early", "bob", 17, PEER_SDP);
    prack = last_prack(17, invite);
    CHECK_EQ(cseq_of(prack), cseq_of(invite) + 2);
    CHECK(strcmp(peer_body(prack), first) == 0); /* it may have arrived: nothing else is said */
    say_yes(prack, NULL);
    say(invite, "183 Early", "bob", 17, PEER_SDP);
    CHECK_EQ(cseq_of(last_prack(17, invite)), cseq_of(invite) + 2);
    part();
}

/* ---- whoever moves before the answer ---- */

static void move_to(const char *address)
{
    host_network(alice, address, NULL);
    world_run(&world, TERN_MS(50));
}

static void answer_update(const char *status)
{
    const char *update = peer_last(peer, "UPDATE");
    CHECK(update != NULL);
    peer_reply(peer, update, &(struct peer_answer){status, NULL, CONTACT ALLOW, NULL});
    world_run(&world, TERN_MS(50));
}

/* MOBILITY S3: 180 and UPDATE from where it rings now; the answer says the same. */
static void who_rings_and_moves_tells_the_caller(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, ALLOW, PEER_SDP);
    ring(180);
    move_to("10.0.0.2");
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 2);
    const char *update = peer_last(peer, "UPDATE");
    CHECK(update != NULL);
    CHECK(strstr(peer_header(update, "Contact"), "10.0.0.2") != NULL);
    CHECK_EQ(strlen(peer_body(update)), 0);
    answer_update("200 OK");
    move_to("10.0.0.2"); /* nothing new */
    CHECK_EQ(peer_count(peer, "UPDATE"), 1);
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 200), 0);
    world_run(&world, TERN_MS(50));
    const char *ok = peer_last(peer, "SIP/2.0 200");
    CHECK(strstr(peer_header(ok, "Contact"), "10.0.0.2") != NULL);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    part();
}

static void without_update_in_allow_there_is_none(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, NULL, PEER_SDP);
    ring(180);
    move_to("10.0.0.2");
    CHECK_EQ(peer_count(peer, "UPDATE"), 0);
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 2);
    part();
}

/* A caller that has acknowledged a provisional answer knows the dialog, or has gone. */
static void a_481_ends_the_call_of_a_caller_that_knew_it(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS ALLOW, PEER_SDP);
    const char *rsp = ring(180);
    CHECK_EQ(acknowledge(rsp, 0, NULL), 200);
    move_to("10.0.0.2");
    answer_update("481 Gone");
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    CHECK_EQ(alice->last_ended.status, 487);
    part();
}

static void one_that_may_have_lost_the_180_is_asked_again(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, ALLOW, PEER_SDP);
    ring(180);
    move_to("10.0.0.2");
    for (unsigned i = 1; i <= 3; i++) {
        CHECK_EQ(peer_count(peer, "UPDATE"), i);
        answer_update("481 Unknown");
        CHECK_EQ(alice->ended, 0);
        world_run(&world, TERN_MS(500) << (i - 1));
    }
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 5);
    answer_update("481 Unknown");
    CHECK_EQ(alice->ended, 1);
    part();
}

/* What waits for its PRACK goes at once by the new path. */
static void a_reliable_answer_goes_on_by_the_new_path(void)
{
    be_called(TERN_RELIABLE_SUPPORTED, INSISTS ALLOW, PEER_SDP);
    const char *rsp = ring(180);
    uint32_t rseq = rseq_of(rsp);
    move_to("10.0.0.2");
    CHECK_EQ(peer_count(peer, "SIP/2.0 180"), 2);
    CHECK_EQ(rseq_of(peer_last(peer, "SIP/2.0 180")), rseq);
    CHECK_EQ(peer_count(peer, "UPDATE"), 1);
    part();
}

/* RFC 3261 13.2.2.4, and why not: the 2xx was written before the UPDATE. */
static void a_2xx_does_not_undo_an_update(void)
{
    static const char before[] = "Contact: <sip:before@10.0.0.7:5060>\r\n";
    const char *invite = dial(TERN_RELIABLE_SUPPORTED, false);
    peer_reply(peer, invite, &(struct peer_answer){"180 Ringing", "bob", before, NULL});
    world_run(&world, TERN_MS(50));
    peer_join(peer, invite, "bob");
    peer_request(peer, "UPDATE", NULL, NULL); /* its Contact: sip:peer@ */
    world_run(&world, TERN_MS(50));
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", before, PEER_SDP});
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    CHECK(peer_last(peer, "ACK sip:peer@") != NULL);
    part();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(who_cannot_do_what_is_required_is_refused),
        TEST(a_180_is_reliable_where_it_has_to_be),
        TEST(it_is_repeated_until_its_own_prack_comes),
        TEST(a_prack_without_a_rack_makes_no_sense),
        TEST(without_any_prack_the_call_is_refused),
        TEST(the_next_one_waits_for_the_prack_and_has_the_next_number),
        TEST(early_media_is_agreed_by_a_183_that_holds_the_2xx),
        TEST(to_one_who_cannot_the_2xx_says_it_once_more),
        TEST(after_the_prack_an_update_may_change_the_session),
        TEST(an_offer_in_the_prack_is_answered_in_its_200),
        TEST(an_invite_without_offer_is_answered_in_the_prack),
        TEST(without_an_answer_in_the_prack_the_call_is_refused),
        TEST(a_180_does_not_hold_the_2xx),
        TEST(the_invite_says_what_the_account_says),
        TEST(each_is_acknowledged_once_and_in_order),
        TEST(an_offer_of_the_callee_is_answered_in_the_prack),
        TEST(an_offer_that_cannot_be_used_ends_the_call),
        TEST(each_fork_has_its_own_answer),
        TEST(a_prack_that_nobody_answers_is_made_anew_when_it_is_asked_for),
        TEST(who_rings_and_moves_tells_the_caller),
        TEST(without_update_in_allow_there_is_none),
        TEST(a_481_ends_the_call_of_a_caller_that_knew_it),
        TEST(one_that_may_have_lost_the_180_is_asked_again),
        TEST(a_reliable_answer_goes_on_by_the_new_path),
        TEST(a_2xx_does_not_undo_an_update),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

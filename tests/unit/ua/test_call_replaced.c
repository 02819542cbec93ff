/* SPDX-License-Identifier: MIT */
/* An INVITE with Replaces, from a peer that has lost the call: RFC 3891 3. */
#include "peer.h"

#define ALICE "10.0.0.1"
#define NEW_SDP                                                                                    \
    "v=0\r\no=- 9 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"                      \
    "m=audio 7000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static struct world world;
static struct host *alice, *peer;
static char first[512]; /* Replaces of the first dialog */

/* The tag of a From or To value. */
static const char *tag_of(const char *value)
{
    const char *tag = strstr(value, ";tag=");
    CHECK(tag != NULL);
    return tag + 5;
}

static void name_dialog(char out[512], const char *more)
{
    struct peer *p = peer_of(peer);
    snprintf(out, 512, "Replaces: %s;to-tag=%s;from-tag=%s%s\r\n", p->call_id, tag_of(p->remote),
             tag_of(p->local), more);
}

/* The peer calls; Alice answers. */
static void talk(void)
{
    peer = peer_meet(&world, &alice, NULL);
    peer_invite(peer, ALICE, NULL, PEER_SDP);
    world_run(&world, TERN_MS(50));
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    name_dialog(first, "");
}

static void end(void)
{
    peer_part(peer, alice);
}

static void replace(const char *replaces, const char *body)
{
    peer_invite(peer, ALICE, replaces, body);
    world_run(&world, TERN_MS(50));
}

static const char *status(void)
{
    static char line[32];
    const char *last = peer_last(peer, "SIP/2.0 ");
    snprintf(line, sizeof(line), "%.3s", last + 8);
    return line;
}

#define CHECK_STATUS(code) CHECK(strcmp(status(), code) == 0)

static void the_call_goes_on_in_the_new_dialog_without_a_ring(void)
{
    struct tern_call_info info;
    talk();
    tern_call call = alice->call;
    CHECK_EQ(tern_call_get_info(alice->ep, call, &info), 0);
    uint16_t port = info.local_media.port;
    replace(first, NEW_SDP);
    CHECK_STATUS("200");
    CHECK(strstr(peer_header(peer_last(peer, "SIP/2.0 200"), "Supported"), "replaces") != NULL);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->incoming, 1);
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(tern_call_get_info(alice->ep, call, &info), 0);
    CHECK_EQ(info.state, TERN_CALL_ACTIVE);
    CHECK_EQ(info.local_media.port, port);
    CHECK_EQ(info.remote_media.port, 7000);
    CHECK(strcmp(info.call_id, peer_of(peer)->call_id) == 0);
    /* The old dialog is ended, and the new one lives. */
    CHECK_EQ(peer_count(peer, "BYE"), 1);
    CHECK(strstr(first, peer_header(peer_last(peer, "BYE"), "Call-ID")) != NULL);
    peer_request(peer, "OPTIONS", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_STATUS("200");
    peer_request(peer, "BYE", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    end();
}

static void a_bye_in_the_old_dialog_ends_nothing(void)
{
    talk();
    struct peer old = *peer_of(peer);
    replace(first, NEW_SDP);
    peer_ack(peer, NULL);
    struct peer *p = peer_of(peer);
    struct peer now = *p;
    memcpy(p->call_id, old.call_id, sizeof(old.call_id));
    memcpy(p->local, old.local, sizeof(old.local));
    memcpy(p->remote, old.remote, sizeof(old.remote));
    p->cseq += 10;
    peer_request(peer, "BYE", NULL, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_STATUS("200");
    CHECK_EQ(alice->ended, 0);
    memcpy(p->call_id, now.call_id, sizeof(now.call_id));
    end();
}

static void hold_is_kept(void)
{
    struct tern_call_info info;
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_MS(50));
    peer_reply(
        peer, peer_last(peer, "INVITE"),
        &(struct peer_answer){"200 OK", NULL, "Contact: <sip:peer@10.0.0.7:5060>\r\n", PEER_SDP});
    world_run(&world, TERN_MS(50));
    replace(first, NEW_SDP);
    CHECK_STATUS("200");
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "a=sendonly") != NULL);
    peer_ack(peer, NULL);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK(info.held_here);
    end();
}

static void without_an_offer_ours_is_answered_in_the_ack(void)
{
    struct tern_call_info info;
    talk();
    replace(first, NULL);
    CHECK_STATUS("200");
    CHECK(strstr(peer_body(peer_last(peer, "SIP/2.0 200")), "m=audio") != NULL);
    peer_ack(peer, NEW_SDP);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 7000);
    end();
}

static void a_refresh_of_ours_gives_way(void)
{
    talk();
    CHECK_EQ(tern_call_reinvite(alice->ep, world.now, alice->call, 7), 0);
    world_run(&world, TERN_MS(20));
    CHECK_EQ(peer_count(peer, "INVITE"), 1);
    replace(first, NEW_SDP);
    CHECK_STATUS("200");
    peer_ack(peer, NULL);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(alice->ended, 0);
    end();
}

static void what_does_not_fit_is_refused_and_the_call_goes_on(void)
{
    static const struct {
        const char *what, *more, *status;
    } cases[] = {
        {NULL, ";early-only", "486"},
        {"Replaces: peercall1@10.0.0.7;to-tag=nobody;from-tag=peertag1\r\n", NULL, "481"},
        {"Replaces: peercall1@10.0.0.7;to-tag=nobody\r\n", NULL, "400"},
        {"Replaces: a;to-tag=1;from-tag=1\r\nReplaces: a;to-tag=1;from-tag=1\r\n", NULL, "400"},
        {"Replaces: a;to-tag=1;from-tag=1\r\nRequire: replaces\r\n", NULL, "481"},
        {"Replaces: a;to-tag=1;from-tag=1\r\nRequire: replaces, x\r\n", NULL, "420"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[512];
        talk();
        name_dialog(line, cases[i].more ? cases[i].more : "");
        struct peer before = *peer_of(peer);
        replace(cases[i].what ? cases[i].what : line, NEW_SDP);
        CHECK_STATUS(cases[i].status);
        CHECK_EQ(alice->incoming, 1);
        CHECK_EQ(alice->ended, 0);
        CHECK_EQ(peer_count(peer, "BYE"), 0);
        struct peer *p = peer_of(peer);
        memcpy(p->call_id, before.call_id, sizeof(before.call_id));
        memcpy(p->local, before.local, sizeof(before.local));
        memcpy(p->remote, before.remote, sizeof(before.remote));
        memcpy(p->target, before.target, sizeof(before.target));
        peer_request(peer, "OPTIONS", NULL, NULL);
        world_run(&world, TERN_MS(50));
        CHECK_STATUS("200");
        end();
    }
}

static void a_description_that_makes_no_sense_leaves_the_call_as_it_was(void)
{
    struct tern_call_info info;
    talk();
    replace(first, "v=0\r\no=- 9 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\n"
                   "m=audio 7000 RTP/AVP 33\r\n");
    CHECK_STATUS("488");
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.remote_media.port, 4000);
    end();
}

/* RFC 3891 8: who calls is not the far end of the call, although he knows its names. */
static void a_stranger_does_not_get_the_call(void)
{
    char text[2048];
    talk();
    snprintf(text, sizeof(text),
             "INVITE sip:alice@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7:5060;branch="
             "z9hG4bKstranger\r\nMax-Forwards: 70\r\nFrom: <sip:mallory@10.0.0.7>;tag=m\r\n"
             "To: <sip:alice@10.0.0.1>\r\nCall-ID: stranger\r\nCSeq: 1 INVITE\r\n"
             "Contact: <sip:mallory@10.0.0.7>\r\n%sContent-Type: application/sdp\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             first, strlen(NEW_SDP), NEW_SDP);
    peer_say(peer, text);
    world_run(&world, TERN_MS(50));
    CHECK_STATUS("403");
    CHECK_EQ(alice->incoming, 1);
    CHECK_EQ(alice->ended, 0);
    end();
}

/* Its 2xx was lost: it asks again, in the same leg, or in another. */
static void who_asks_again_is_followed(void)
{
    struct tern_call_info info;
    for (int another = 0; another < 2; another++) {
        char again[512];
        talk();
        replace(first, NEW_SDP);
        CHECK_STATUS("200");
        struct peer *p = peer_of(peer);
        if (!another) {
            char via[256];
            snprintf(via, sizeof(via),
                     "INVITE sip:alice@10.0.0.1 SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKagain\r\n");
            char text[2048];
            snprintf(text, sizeof(text),
                     "%sMax-Forwards: 70\r\nFrom: %s\r\nTo: <sip:alice@10.0.0.1>\r\n"
                     "Call-ID: %s\r\nCSeq: %u INVITE\r\nContact: <sip:peer@10.0.0.7:5060>\r\n%s"
                     "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                     via, p->local, p->call_id, ++p->cseq, first, strlen(NEW_SDP), NEW_SDP);
            peer_say(peer, text);
            world_run(&world, TERN_MS(50));
        } else {
            replace(first, NEW_SDP);
        }
        CHECK_STATUS("200");
        peer_ack(peer, NULL);
        world_run(&world, TERN_MS(50));
        CHECK_EQ(alice->incoming, 1);
        CHECK_EQ(alice->ended, 0);
        CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
        CHECK_EQ(info.state, TERN_CALL_ACTIVE);
        /* What has come about since cannot be taken back by what was overtaken. */
        snprintf(again, sizeof(again), "%s", first);
        replace(again, NEW_SDP);
        CHECK_STATUS("481");
        CHECK_EQ(alice->ended, 0);
        end();
    }
}

static void of_a_call_that_has_ended_there_is_nothing_to_take(void)
{
    talk();
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_MS(50));
    replace(first, NEW_SDP);
    CHECK_STATUS("603");
    CHECK_EQ(alice->incoming, 1);
    end();
}

static void what_rings_cannot_be_taken(void)
{
    peer = peer_meet(&world, &alice, NULL);
    alice->auto_answer = false;
    peer_invite(peer, ALICE, NULL, PEER_SDP);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(tern_call_answer(alice->ep, world.now, alice->call, 180), 0);
    world_run(&world, TERN_MS(50));
    peer_form(peer, peer_last(peer, "SIP/2.0 180"));
    name_dialog(first, "");
    replace(first, NEW_SDP);
    CHECK_STATUS("481");
    CHECK_EQ(alice->incoming, 1);
    end();
}

/* RFC 3891 3 */
static void only_an_invite_may_carry_it(void)
{
    talk();
    peer_outside(peer, ALICE, "OPTIONS", "Replaces: a;to-tag=1;from-tag=1\r\n", NULL);
    world_run(&world, TERN_MS(50));
    CHECK_STATUS("400");
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_call_goes_on_in_the_new_dialog_without_a_ring),
        TEST(a_bye_in_the_old_dialog_ends_nothing),
        TEST(hold_is_kept),
        TEST(without_an_offer_ours_is_answered_in_the_ack),
        TEST(a_refresh_of_ours_gives_way),
        TEST(what_does_not_fit_is_refused_and_the_call_goes_on),
        TEST(a_description_that_makes_no_sense_leaves_the_call_as_it_was),
        TEST(a_stranger_does_not_get_the_call),
        TEST(who_asks_again_is_followed),
        TEST(of_a_call_that_has_ended_there_is_nothing_to_take),
        TEST(what_rings_cannot_be_taken),
        TEST(only_an_invite_may_carry_it),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

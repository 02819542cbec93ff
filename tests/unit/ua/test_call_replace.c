/* SPDX-License-Identifier: MIT */
/* INVITE with Replaces of ours: both ends move at once, and each looks for the other (MOBILITY S15). */
#include "peer.h"
#include "phones.h"

#define REPLACED TERN_IP_CHANGE_OP_REPLACE_CALL, TERN_IP_CHANGE_SUCCESS

/* ---- with another phone ---- */

static void move_both(tern_time apart)
{
    host_network(alice, at(3), NULL);
    if (apart) world_run(&world, apart);
    host_network(bob, at(4), NULL);
}

static void nothing_has_rung_or_ended(void)
{
    CHECK_EQ(alice->incoming + bob->incoming, 1);
    CHECK_EQ(alice->answered + bob->answered, 2);
    CHECK_EQ(alice->ended + bob->ended, 0);
    still_talking();
}

static void find_each_other(void)
{
    static const int apart_ms[] = {0, 10, 50, 200, 1000};
    FOR_EACH_TRANSPORT
    {
        for (size_t i = 0; i < sizeof(apart_ms) / sizeof(apart_ms[0]); i++) {
            talk();
            tern_call call = alice->call;
            move_both(TERN_MS(apart_ms[i]));
            world_run(&world, TERN_SECONDS(8));
            nothing_has_rung_or_ended();
            CHECK_EQ(alice->call.id, call.id);
            each_generation_has_one_completed(alice);
            each_generation_has_one_completed(bob);
            CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
            CHECK_EQ(bob->last_completed.totals.calls_kept, 1);
            /* Where the registrar gives GRUUs, the dialog finds the far end by itself. */
            tern_time most = no_gruu ? TERN_MS(2500) : TERN_MS(400);
            CHECK(alice->longest_gap < most + handshake_time());
            CHECK(bob->longest_gap < most + handshake_time());
            world_end(&world);
        }
    }
}

static void both_find_each_other_whatever_the_transport_and_the_order(void)
{
    find_each_other();
}

static void with_gruus_no_invite_is_needed(void)
{
    no_gruu = false;
    find_each_other();
    no_gruu = true;
}

/* One second for the one that goes first, and two ways of the INVITE. */
static void at_the_same_time_it_takes_little_more_than_a_second(void)
{
    talk();
    move_both(0);
    world_run(&world, TERN_SECONDS(8));
    CHECK(host_step(alice, REPLACED, 0) >= 0);
    CHECK(host_step(bob, REPLACED, 0) >= 0 ||
          host_step(bob, TERN_IP_CHANGE_OP_REINVITE_CALL, TERN_IP_CHANGE_SUCCESS, 0) >= 0);
    CHECK(alice->longest_gap < TERN_MS(1300));
    CHECK(bob->longest_gap < TERN_MS(1300));
    world_end(&world);
}

static void the_new_dialog_is_as_good_as_the_old_one(void)
{
    struct tern_call_info info;
    talk();
    move_both(0);
    world_run(&world, TERN_SECONDS(8));
    nothing_has_rung_or_ended();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(tern_call_get_info(bob->ep, bob->call, &info), 0);
    CHECK(info.held_there);
    CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(1));
    host_network(bob, at(5), NULL);
    world_run(&world, TERN_SECONDS(3));
    host_network(alice, at(6), NULL);
    world_run(&world, TERN_SECONDS(3));
    nothing_has_rung_or_ended();
    move_both(0);
    world_run(&world, TERN_SECONDS(8));
    nothing_has_rung_or_ended();
    CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    host_rests(alice);
    host_rests(bob);
    world_end(&world);
}

static void hold_is_kept_by_both(void)
{
    struct tern_call_info a, b;
    talk();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(tern_call_hold(bob->ep, world.now, bob->call), 0);
    world_run(&world, TERN_SECONDS(1));
    move_both(0);
    world_run(&world, TERN_SECONDS(8));
    CHECK(host_step(alice, REPLACED, 0) >= 0);
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &a), 0);
    CHECK_EQ(tern_call_get_info(bob->ep, bob->call, &b), 0);
    CHECK(a.held_here && a.held_there && b.held_here && b.held_there);
    world_end(&world);
}

/* Where the far end has been rescued meanwhile, who comes back late is found, too. */
static void who_was_offline_is_found_when_he_is_back(void)
{
    talk();
    host_network(alice, NULL, NULL);
    world_run(&world, TERN_SECONDS(1));
    host_network(bob, at(4), NULL);
    world_run(&world, TERN_SECONDS(20));
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(10));
    nothing_has_rung_or_ended();
    world_end(&world);
}

/* INVITEs to the server are lost until both ends have sent one: they cross. */
static tern_time lost_until;

static bool lose_replaces(struct host *host, const char *text, size_t len)
{
    static const char name[] = "\nReplaces:";
    if (host->world->now >= lost_until || len < 6 || memcmp(text, "INVITE", 6) != 0) return false;
    for (size_t i = 0; i + sizeof(name) <= len; i++) {
        if (memcmp(text + i, name, sizeof(name) - 1) == 0) return true;
    }
    return false;
}

static void invites_that_cross_leave_one_dialog(void)
{
    for (int ms = 2000; ms <= 4500; ms += 100) {
        talk();
        lost_until = world.now + TERN_MS(ms);
        server->drop = lose_replaces;
        move_both(0);
        world_run(&world, TERN_SECONDS(25));
        nothing_has_rung_or_ended();
        world_end(&world);
    }
}

/* ---- with a peer that is our registrar, too ---- */

static struct world *w = &world;
static struct host *peer;

static bool answer(struct host *host, const char *text)
{
    if (strncmp(text, "REGISTER", 8) == 0) {
        char line[300];
        snprintf(line, sizeof(line), "Contact: %s;expires=600\r\n", peer_header(text, "Contact"));
        peer_reply(host, text, &(struct peer_answer){"200 OK", "reg", line, NULL});
        return true;
    }
    if (strncmp(text, "BYE", 3) == 0 || strncmp(text, "CANCEL", 6) == 0) {
        peer_reply(host, text, &(struct peer_answer){"200 OK", NULL, NULL, NULL});
        return true;
    }
    return false;
}

#define CONTACT "Contact: <sip:peer@10.0.0.7:5060>\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"

/* Alice has moved, and nobody answers her UPDATE. @return her INVITE with Replaces */
static const char *lose_the_peer(void)
{
    world_start(w, TERN_MS(10));
    alice = world_host(w, "alice", "10.0.0.1", NULL);
    peer = peer_new(w, "10.0.0.7");
    peer_of(peer)->answer = answer;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.0.7", "sip:10.0.0.7", NULL);
    world_run(w, TERN_MS(100));
    host_call(alice, "sip:peer@10.0.0.7");
    world_run(w, TERN_MS(50));
    const char *invite = peer_last(peer, "INVITE");
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", "bob", CONTACT, PEER_SDP});
    peer_join(peer, invite, "bob");
    world_run(w, TERN_MS(50));
    CHECK_EQ(alice->answered, 1);
    host_network(alice, "10.0.1.1", NULL);
    for (int i = 0; i < 40 && peer_count(peer, "INVITE") < 2; i++)
        world_run(w, TERN_MS(100));
    invite = peer_last(peer, "INVITE");
    CHECK(strstr(invite, "Replaces:") != NULL);
    return invite;
}

static void hang_up_and_rest(void)
{
    tern_call call = tern_call_next(alice->ep, (tern_call){0});
    if (call.id) CHECK_EQ(tern_call_hangup(alice->ep, world.now, call, 0), 0);
    world_run(w, TERN_SECONDS(300));
    struct tern_stats stats;
    tern_get_stats(alice->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    CHECK_EQ(stats.transactions, 0);
    world_end(w);
}

static void it_names_the_dialog_and_never_rings(void)
{
    char replaces[512];
    const char *invite = lose_the_peer();
    const struct peer *p = peer_of(peer);
    const char *ours = strstr(p->remote, ";tag=") + 5;
    snprintf(replaces, sizeof(replaces), "%s;to-tag=bob;from-tag=%s", p->call_id, ours);
    CHECK(strcmp(peer_header(invite, "Replaces"), replaces) == 0);
    CHECK(strcmp(peer_header(invite, "Require"), "replaces") == 0);
    CHECK(strncmp(invite, "INVITE sip:peer@10.0.0.7 ", 25) == 0);
    CHECK(strcmp(peer_header(invite, "To"), "<sip:peer@10.0.0.7>") == 0);
    CHECK(strncmp(peer_header(invite, "From"), "<sip:alice@10.0.0.7>;tag=", 25) == 0);
    CHECK(strstr(peer_header(invite, "From"), ours) == NULL);
    CHECK(strcmp(peer_header(invite, "Call-ID"), p->call_id) != 0);
    CHECK(strstr(peer_body(invite), "c=IN IP4 10.0.1.1") != NULL);
    hang_up_and_rest();
}

static void accept(const char *invite, const char *tag)
{
    peer_reply(peer, invite, &(struct peer_answer){"200 OK", tag, CONTACT, PEER_SDP});
    world_run(w, TERN_MS(100));
}

static void it_is_accepted_and_the_old_dialog_is_left_to_the_far_end(void)
{
    struct tern_call_info info;
    const char *invite = lose_the_peer();
    size_t acks = peer_count(peer, "ACK");
    accept(invite, "new");
    CHECK_EQ(peer_count(peer, "ACK"), acks + 1);
    CHECK(strstr(peer_header(peer_last(peer, "ACK"), "To"), "tag=new") != NULL);
    CHECK_EQ(peer_count(peer, "BYE"), 0); /* RFC 3891 3: who has accepted it ends the old one */
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK(strcmp(info.call_id, peer_header(invite, "Call-ID")) == 0);
    accept(invite, "new"); /* its ACK was lost */
    CHECK_EQ(peer_count(peer, "ACK"), acks + 2);
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    hang_up_and_rest();
}

static void refuse(const char *invite, const char *status)
{
    peer_reply(peer, invite, &(struct peer_answer){status, "no", NULL, NULL});
    world_run(w, TERN_MS(600));
}

static void a_far_end_that_has_hung_up_says_so(void)
{
    refuse(lose_the_peer(), "603 Decline");
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_LOST);
    CHECK_EQ(alice->last_ended.status, 603);
    hang_up_and_rest();
}

/* The first may be of another phone of theirs. */
static void who_does_not_know_the_call_is_believed_the_second_time(void)
{
    refuse(lose_the_peer(), "481 Who");
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(peer_count(peer, "INVITE"), 3);
    refuse(peer_last(peer, "INVITE"), "481 Who");
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.status, 481);
    hang_up_and_rest();
}

static void who_does_not_know_replaces_is_asked_inside_the_dialog(void)
{
    refuse(lose_the_peer(), "420 Bad Extension");
    world_run(w, TERN_SECONDS(20));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(peer_count(peer, "INVITE"), 2);
    const char *update = peer_last(peer, "UPDATE");
    peer_reply(peer, update, &(struct peer_answer){"200 OK", NULL, CONTACT, PEER_SDP});
    world_run(w, TERN_SECONDS(6));
    CHECK_EQ(alice->last_completed.totals.calls_kept, 1);
    hang_up_and_rest();
}

/* Each try is a new request of the same leg: the far end knows the newest by its CSeq. */
static void what_gets_lost_is_sent_anew_and_whichever_is_accepted_counts(void)
{
    struct tern_call_info info;
    const char *first = lose_the_peer();
    peer_reply(peer, first, &(struct peer_answer){"100 Trying", NULL, NULL, NULL});
    world_run(w, TERN_SECONDS(4));
    const char *second = peer_last(peer, "INVITE");
    CHECK(second != first);
    CHECK(strcmp(peer_header(first, "Call-ID"), peer_header(second, "Call-ID")) == 0);
    CHECK(strcmp(peer_header(first, "From"), peer_header(second, "From")) == 0);
    CHECK(peer_number(first, "CSeq") < peer_number(second, "CSeq"));
    accept(first, "one");
    CHECK(strstr(peer_header(peer_last(peer, "ACK"), "To"), "tag=one") != NULL);
    accept(second, "two");
    CHECK(strstr(peer_header(peer_last(peer, "ACK"), "To"), "tag=two") != NULL);
    CHECK_EQ(peer_count(peer, "BYE"), 0);
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.state, TERN_CALL_ACTIVE);
    accept(first, "one"); /* once more, overtaken: acknowledged, and nothing else */
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK_EQ(info.state, TERN_CALL_ACTIVE);
    CHECK_EQ(alice->ended, 0);
    hang_up_and_rest();
}

static void a_bye_that_overtakes_the_answer_ends_nothing(void)
{
    const char *invite = lose_the_peer();
    peer_request(peer, "BYE", NULL, NULL); /* as RFC 3891 3 has the far end do */
    world_run(w, TERN_SECONDS(1));
    CHECK_EQ(alice->ended, 0);
    accept(invite, "new");
    world_run(w, TERN_SECONDS(10));
    CHECK_EQ(alice->ended, 0);
    hang_up_and_rest();
}

static void a_bye_that_stands_alone_ends_the_call(void)
{
    (void)lose_the_peer();
    peer_request(peer, "BYE", NULL, NULL);
    world_run(w, TERN_SECONDS(5));
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    hang_up_and_rest();
    const char *invite = lose_the_peer();
    peer_request(peer, "BYE", NULL, NULL);
    world_run(w, TERN_MS(100));
    refuse(invite, "603 Decline");
    CHECK_EQ(alice->ended, 1);
    CHECK_EQ(alice->last_ended.cause, TERN_END_REMOTE);
    hang_up_and_rest();
}

static void hung_up_meanwhile_it_is_taken_back(void)
{
    const char *invite = lose_the_peer();
    peer_reply(peer, invite, &(struct peer_answer){"100 Trying", NULL, NULL, NULL});
    world_run(w, TERN_MS(50));
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(w, TERN_MS(100));
    CHECK_EQ(peer_count(peer, "CANCEL"), 1);
    accept(invite, "new"); /* it crosses */
    CHECK(strstr(peer_header(peer_last(peer, "ACK"), "To"), "tag=new") != NULL);
    CHECK(strstr(peer_header(peer_last(peer, "BYE"), "To"), "tag=new") != NULL);
    hang_up_and_rest();
}

static void the_far_end_asks_inside_the_dialog_meanwhile(void)
{
    const char *invite = lose_the_peer();
    peer_request(peer, "INVITE", NULL, PEER_SDP);
    world_run(w, TERN_MS(50));
    CHECK(peer_last(peer, "SIP/2.0 491") != NULL);
    accept(invite, "new");
    CHECK_EQ(alice->ended, 0);
    hang_up_and_rest();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(both_find_each_other_whatever_the_transport_and_the_order),
        TEST(with_gruus_no_invite_is_needed),
        TEST(at_the_same_time_it_takes_little_more_than_a_second),
        TEST(the_new_dialog_is_as_good_as_the_old_one),
        TEST(hold_is_kept_by_both),
        TEST(who_was_offline_is_found_when_he_is_back),
        TEST(invites_that_cross_leave_one_dialog),
        TEST(it_names_the_dialog_and_never_rings),
        TEST(it_is_accepted_and_the_old_dialog_is_left_to_the_far_end),
        TEST(a_far_end_that_has_hung_up_says_so),
        TEST(who_does_not_know_the_call_is_believed_the_second_time),
        TEST(who_does_not_know_replaces_is_asked_inside_the_dialog),
        TEST(what_gets_lost_is_sent_anew_and_whichever_is_accepted_counts),
        TEST(a_bye_that_overtakes_the_answer_ends_nothing),
        TEST(a_bye_that_stands_alone_ends_the_call),
        TEST(hung_up_meanwhile_it_is_taken_back),
        TEST(the_far_end_asks_inside_the_dialog_meanwhile),
    };
    no_gruu = true;
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

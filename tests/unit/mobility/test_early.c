/* SPDX-License-Identifier: MIT */
/* Calls that nobody has answered: what is decided of them, and what is told (MOBILITY S1 to S3, S13). */
#include "rig.h"

#define ASK     TERN_IP_CHANGE_OP_INVITE_CALL
#define TELL    TERN_IP_CHANGE_OP_REINVITE_CALL
#define KEEP    TERN_IP_CHANGE_OP_KEEP_CALL
#define MEDIA   TERN_IP_CHANGE_OP_MEDIA_MOVED
#define START   TERN_IP_CHANGE_START
#define SUCCESS TERN_IP_CHANGE_SUCCESS
#define RETRY   TERN_IP_CHANGE_RETRY
#define FAILURE TERN_IP_CHANGE_FAILURE

/* A call without an account; its address stays beside the new one, or goes. */
static struct bench_call *ring(bool stays, enum tn_early_need need)
{
    bench_start();
    set_net("10.0.1.1", stays ? "10.0.0.1" : NULL, NULL);
    add_account("10.0.0.1", "10.0.9.1");
    bench.accounts[0].facts.registers = false;
    bench.param.restart_listener = false;
    struct bench_call *c = add_call(0, "10.0.0.1", "10.0.9.1", "10.0.8.1");
    c->facts.phase = TN_PHASE_EARLY;
    c->facts.early = need;
    return c;
}

static struct bench_call *lose(enum tn_early_need need)
{
    struct bench_call *c = ring(false, need);
    c->facts.talking = false;
    change(false);
    return c;
}

static void is_complete(uint32_t kept, uint32_t lost)
{
    const struct tern_ip_change_progress *p = completed(0);
    CHECK(p != NULL);
    CHECK_EQ(p->totals.calls_kept, kept);
    CHECK_EQ(p->totals.calls_lost, lost);
    CHECK_EQ(p->status, lost ? FAILURE : SUCCESS);
}

static void what_needs_nothing_rings_on(void)
{
    struct bench_call *c = lose(TN_EARLY_KEEPS);
    CHECK_EQ(reports(KEEP, SUCCESS, 0), 1);
    CHECK_EQ(count(TN_DECIDE_ASK, 0) + count(TN_DECIDE_TELL, 0) + count(TN_DECIDE_REFRESH, 0), 0);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
    is_complete(1, 0);
}

static void an_invite_that_is_heard_is_kept(void)
{
    struct bench_call *c = lose(TN_EARLY_ASKS);
    CHECK(c->asks);
    CHECK_EQ(reports(ASK, START, 0), 1);
    CHECK(completed(0) == NULL);
    early_heard(c, 180, false);
    CHECK_EQ(bench.log[find_report(ASK, SUCCESS, 0)].report.sip_code, 180);
    is_complete(1, 0);
}

static void one_that_is_not_heard_is_made_anew_and_counted(void)
{
    struct bench_call *c = lose(TN_EARLY_ASKS);
    early_anew(c); /* where nothing is probed, it is the first */
    CHECK_EQ(reports(ASK, START, 0), 1);
    early_unheard(c, 0);
    early_unheard(c, 0);
    CHECK_EQ(reports(ASK, RETRY, 0), 1);
    early_anew(c);
    early_anew(c);
    CHECK_EQ(reports(ASK, START, 0), 2);
    early_unheard(c, 503);
    early_anew(c);
    size_t last =
        find_report(ASK, START, find_report(ASK, START, find_report(ASK, START, 0) + 1) + 1);
    CHECK_EQ(bench.log[last].report.attempt, 3);
    early_heard(c, 100, false);
    is_complete(1, 0);
}

/* S14: several early dialogs. What is accepted of some is not all of it. */
static void an_update_is_done_when_none_is_under_way(void)
{
    struct bench_call *c = lose(TN_EARLY_TELLS);
    CHECK(c->tells);
    CHECK_EQ(reports(TELL, START, 0), 1);
    CHECK(bench.log[find_report(TELL, START, 0)].report.used_update);
    early_told(c, 491, true, false);
    early_told(c, 200, true, false);
    CHECK_EQ(reports(TELL, RETRY, 0), 1);
    CHECK_EQ(reports(TELL, SUCCESS, 0), 0);
    early_told(c, 200, false, false);
    CHECK_EQ(reports(TELL, SUCCESS, 0), 1);
    is_complete(1, 0);
}

/* The answer says it as well: a call that rings is not given up for an UPDATE. */
static void one_that_fails_costs_no_call(void)
{
    static const int codes[] = {0, 405, 488, 503};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct bench_call *c = lose(TN_EARLY_TELLS);
        early_told(c, codes[i], false, false);
        CHECK_EQ(reports(TELL, FAILURE, 0), 1);
        CHECK_EQ(c->task.state, TN_CALL_DONE);
        is_complete(1, 0);
    }
}

/* C10: audio is expected of who has sent it, and where the offer was accepted. */
static void audio_is_waited_for_where_it_was_offered(void)
{
    struct bench_call *c = lose(TN_EARLY_TELLS);
    c->task.talking = true;
    early_told(c, 200, false, true);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    hear(c);
    CHECK_EQ(reports(MEDIA, SUCCESS, 0), 1);
    is_complete(1, 0);
}

/* C5: where the old path stands nothing is lost. Audio waits where it may be offered, else it goes. */
static void audio_waits_for_the_offer_while_the_old_path_stands(void)
{
    for (int may = 0; may < 2; may++) {
        struct bench_call *c = ring(true, TN_EARLY_TELLS);
        c->facts.may_offer = may;
        change(false);
        CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), may ? 0 : 1);
        early_told(c, 200, false, may);
        CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 1);
        hear(c);
        is_complete(1, 0);
    }
}

static void the_first_invite_that_is_heard_may_be_told_more(void)
{
    struct bench_call *c = lose(TN_EARLY_ASKS);
    early_heard(c, 180, true);
    CHECK_EQ(c->task.state, TN_CALL_TELLING);
    CHECK(completed(0) == NULL);
    early_told(c, 200, false, false);
    CHECK(find_report(TELL, START, 0) > find_report(ASK, SUCCESS, 0));
    is_complete(1, 0);
}

static void an_update_may_give_way_to_another_invite(void)
{
    struct bench_call *c = lose(TN_EARLY_TELLS);
    early_anew(c);
    CHECK_EQ(c->task.state, TN_CALL_ASKING);
    early_heard(c, 100, false);
    is_complete(1, 0);
}

/* What has not been said by then is said by a refresh, which is tried as for any call. */
static void an_answer_is_followed_by_a_refresh_where_it_is_needed(void)
{
    static const enum tn_early_need needs[] = {TN_EARLY_ASKS, TN_EARLY_TELLS};
    for (size_t i = 0; i < 4; i++) {
        struct bench_call *c = lose(needs[i / 2]);
        early_answered(c, i % 2);
        CHECK_EQ(count(TN_DECIDE_REFRESH, 0), i % 2);
        if (i % 2 == 0) {
            CHECK_EQ(reports(needs[i / 2] == TN_EARLY_ASKS ? ASK : TELL, SUCCESS, 0), 1);
        } else {
            CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
            answer_refresh(c, 503);
            CHECK_EQ(c->task.state, TN_CALL_WAITING);
            pass(TERN_MS(500));
            answer_refresh(c, 200);
        }
        is_complete(1, 0);
    }
}

static void the_end_of_a_call_is_told_with_its_reason(void)
{
    for (int lost = 0; lost < 2; lost++) {
        struct bench_call *c = lose(TN_EARLY_ASKS);
        early_end(c, lost ? 0 : 486, TERN_STR("why"), lost);
        const struct tern_ip_change_progress *p = &bench.log[find_report(ASK, FAILURE, 0)].report;
        CHECK_EQ(p->sip_code, lost ? 0 : 486);
        CHECK_EQ(p->reason.len, 3);
        is_complete(0, lost ? 1 : 0);
    }
}

/* A person may hang up meanwhile: that is no failure. */
static void a_call_that_is_hung_up_is_nobodys_failure(void)
{
    struct bench_call *c = lose(TN_EARLY_ASKS);
    end_call(c);
    drain();
    CHECK_EQ(reports(ASK, FAILURE, 0), 0);
    is_complete(0, 0);
}

static void each_further_change_begins_anew(void)
{
    struct bench_call *c = lose(TN_EARLY_ASKS);
    set_net("10.0.2.1", NULL, NULL);
    change(false);
    CHECK_EQ(count(TN_DECIDE_ASK, 0), 2);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_SUPERSEDED);
    set_net(NULL, NULL, NULL);
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_OFFLINE);
    pass(TERN_SECONDS(301));
    CHECK_EQ(reports(ASK, FAILURE, 0), 1);
    CHECK(!c->exists);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_needs_nothing_rings_on),
        TEST(an_invite_that_is_heard_is_kept),
        TEST(one_that_is_not_heard_is_made_anew_and_counted),
        TEST(an_update_is_done_when_none_is_under_way),
        TEST(one_that_fails_costs_no_call),
        TEST(audio_is_waited_for_where_it_was_offered),
        TEST(audio_waits_for_the_offer_while_the_old_path_stands),
        TEST(the_first_invite_that_is_heard_may_be_told_more),
        TEST(an_update_may_give_way_to_another_invite),
        TEST(an_answer_is_followed_by_a_refresh_where_it_is_needed),
        TEST(the_end_of_a_call_is_told_with_its_reason),
        TEST(a_call_that_is_hung_up_is_nobodys_failure),
        TEST(each_further_change_begins_anew),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* The call task, cell by cell of its table in mobility.h, and every setting that it obeys. */
#include "rig.h"

#define OLD   "10.0.0.1"
#define NEW   "10.0.1.1"
#define OTHER "10.0.2.1"
#define RE    TERN_IP_CHANGE_OP_REINVITE_CALL
#define MEDIA TERN_IP_CHANGE_OP_MEDIA_MOVED
#define PROXY "10.0.9.1"
#define PEER  "10.0.8.1"

/* An account and a call at 10.0.0.1, which is replaced by 10.0.1.1. */
static struct bench_call *lose(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    add_account("10.0.0.1", PROXY);
    bench.param.restart_listener = false;
    return add_call(0, "10.0.0.1", PROXY, PEER);
}

static struct bench_call *lose_and_begin(void)
{
    struct bench_call *c = lose();
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    return c;
}

static const struct {
    const char *what, *signalling, *media, *pending, *net[2];
    enum tn_call_phase phase;
    bool offline;
    enum tn_verdict verdict;
} verdicts[] = {
    {"same", OLD, OLD, NULL, {OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_STAYS},
    {"lost", OLD, OLD, NULL, {NEW}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_LOST},
    {"early lost", OLD, OLD, NULL, {NEW}, TN_PHASE_EARLY, 0, TN_VERDICT_LOST},
    {"ending", OLD, OLD, NULL, {NEW}, TN_PHASE_ENDING, 0, TN_VERDICT_STAYS},
    {"better", OLD, OLD, NULL, {NEW, OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_BETTER},
    {"media only", OLD, NEW, NULL, {OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_LOST},
    {"signalling only", NEW, OLD, NULL, {OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_LOST},
    {"no audio agreed", OLD, NULL, NULL, {OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_STAYS},
    {"refresh is right", NEW, OLD, NEW, {NEW, OLD}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_STAYS},
    {"refresh is right, audio is not",
     NEW,
     OLD,
     NEW,
     {NEW},
     TN_PHASE_CONFIRMED,
     0,
     TN_VERDICT_LOST},
    {"refresh is wrong", NEW, OLD, NEW, {OTHER}, TN_PHASE_CONFIRMED, 0, TN_VERDICT_LOST},
    {"offline still", OLD, OLD, NULL, {NULL}, TN_PHASE_CONFIRMED, 1, TN_VERDICT_STAYS},
    {"offline, back", OLD, OLD, NULL, {OLD}, TN_PHASE_CONFIRMED, 1, TN_VERDICT_LOST},
};

static void verdict_is_the_worse_of_signalling_and_media(void)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        bench_start();
        set_net(verdicts[i].net[0], verdicts[i].net[1], NULL);
        add_account("10.0.0.1", PROXY);
        struct bench_call *c = add_call(0, verdicts[i].signalling, PROXY, PEER);
        c->facts.media.local = at(verdicts[i].media);
        if (verdicts[i].media == NULL) c->facts.media.remote = (tern_addr){0};
        c->facts.pending_from = at(verdicts[i].pending);
        c->facts.phase = verdicts[i].phase;
        c->facts.offline = verdicts[i].offline;
        enum tn_verdict got = tn_mob_judge_call(&bench.net, &c->facts);
        if (got != verdicts[i].verdict) fprintf(stderr, "%s\n", verdicts[i].what);
        CHECK_EQ(got, verdicts[i].verdict);
    }
}

/* Media has no path while signalling has one: it moves as soon as there is one for it, too. */
static void media_that_lost_its_only_path_comes_back_by_itself(void)
{
    bench_start();
    add_account("fd00::1", "fd00::9");
    struct bench_call *c = add_call(0, "fd00::1", "fd00::9", PEER);
    c->facts.media.local = at("10.0.0.1");
    bench.param.restart_listener = false;
    set_net("fd00::1", NULL, NULL);
    CHECK_EQ(worst(), TN_VERDICT_LOST);
    change(false);
    CHECK_EQ(c->facts.media.local.family, TERN_FAMILY_NONE);
    answer_refresh(c, 200);
    pass(TERN_SECONDS(10));
    set_net("fd00::1", "10.0.1.1", NULL);
    CHECK_EQ(worst(), TN_VERDICT_LOST);
    change(false);
    CHECK(tern_addr_equal(c->facts.media.local, at("10.0.1.1")));
}

static void media_before_register_before_refresh(void)
{
    lose_and_begin();
    size_t media = find(TN_DECIDE_MOVE_MEDIA, 0), reg = find(TN_DECIDE_REGISTER, 0);
    size_t refresh = find(TN_DECIDE_REFRESH, 0);
    CHECK(find(TN_DECIDE_CLOSE_DEAD, 0) < media);
    CHECK(media < reg);
    CHECK(reg < refresh);
    CHECK(refresh != SIZE_MAX);
    CHECK(tern_addr_equal(bench.log[media].local, at("10.0.1.1")));
}

/* Make before break: the peer is told first, so that no packet is lost on the way. */
static void media_moves_late_while_the_old_path_stands(void)
{
    struct bench_call *c = lose();
    set_net("10.0.1.1", "10.0.0.1", NULL);
    change(false);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 0);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 1);
    size_t from = bench.log_count;
    answer_refresh(c, 200);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, from), 1);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_START, from), 1);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    hear(c);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_SUCCESS, from), 1);
}

static void the_refresh_carries_what_the_policy_asks(void)
{
    for (uint32_t flags = 1; flags <= TERN_CALL_REINVITE_DEFAULT; flags++) {
        for (int update = 0; update < 2; update++) {
            struct bench_call *c = lose();
            c->policy.reinvite_flags = flags;
            c->policy.use_update = update;
            change(false);
            const struct tn_decision *d = &bench.log[find(TN_DECIDE_REFRESH, 0)];
            CHECK_EQ(d->flags, flags);
            CHECK_EQ(d->use_update, update);
            answer_refresh(c, 200);
            size_t success = find_report(RE, TERN_IP_CHANGE_SUCCESS, 0);
            CHECK_EQ(bench.log[success].report.used_update, update);
        }
    }
}

/* MOBILITY S18: a VPN comes up on the way to the peer, but not on the way to the proxy. */
static void the_peer_is_told_when_only_media_moves(void)
{
    for (int stands = 0; stands < 2; stands++) {
        bench_start();
        add_account("fd00::1", "fd00::9");
        struct bench_call *c = add_call(0, "fd00::1", "fd00::9", PEER);
        c->facts.media.local = at("10.0.0.1");
        bench.param.restart_listener = false;
        set_net("fd00::1", "10.0.1.1", stands ? "10.0.0.1" : NULL);
        change(false);
        CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), stands ? 0 : 1);
        CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 1);
        CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 0);
    }
}

/* The old address dies while the peer is being told of the new one: told once is enough. */
static void a_refresh_under_way_covers_media_that_moves_late(void)
{
    struct bench_call *c = lose();
    set_net("10.0.1.1", "10.0.0.1", NULL);
    change(false);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 0);
    size_t from = bench.log_count;
    set_net("10.0.1.1", NULL, NULL);
    change(true);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, from), 1);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 0);
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
}

static void reinvite_flags_0_sends_nothing_and_moves_media(void)
{
    struct bench_call *c = lose();
    c->policy.reinvite_flags = 0;
    change(false);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 1);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    answer_register(&bench.accounts[0], 200);
    hear(c);
    CHECK_EQ(bench.completed, 1);
    CHECK_EQ(completed(0)->totals.calls_kept, 1);
}

static void hangup_calls_ends_them_and_moves_nothing(void)
{
    struct bench_call *c = lose();
    c->policy.hangup_calls = true;
    change(false);
    CHECK_EQ(count(TN_DECIDE_HANG_UP, 0), 1);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 0);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
    CHECK_EQ(reports(TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_START, 0), 1);
    CHECK_EQ(reports(TERN_IP_CHANGE_OP_HANGUP_CALL, TERN_IP_CHANGE_SUCCESS, 0), 1);
    CHECK(!c->exists);
    answer_register(&bench.accounts[0], 200);
    CHECK_EQ(completed(0)->totals.calls_kept, 0);
    CHECK_EQ(completed(0)->totals.calls_lost, 0);
}

static void hangup_calls_leaves_a_call_that_need_not_move(void)
{
    struct bench_call *c = lose();
    c->policy.hangup_calls = true;
    set_net("10.0.0.1", NULL, NULL);
    change(true);
    CHECK_EQ(count(TN_DECIDE_HANG_UP, 0), 0);
    CHECK_EQ(completed(0)->totals.calls_kept, 1);
}

static void after_register_waits_for_its_end_good_or_bad(void)
{
    static const int codes[] = {200, 403};
    for (size_t i = 0; i < 2; i++) {
        struct bench_call *c = lose();
        c->policy.order = TERN_ORDER_AFTER_REGISTER;
        change(false);
        CHECK_EQ(c->task.state, TN_CALL_HELD_BACK);
        CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 1); /* media never waits */
        CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
        answer_register(&bench.accounts[0], codes[i]);
        CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
        answer_refresh(c, 200);
        hear(c);
        CHECK_EQ(bench.completed, 1);
    }
}

static void after_register_does_not_wait_for_an_account_at_rest(void)
{
    struct bench_call *c = lose();
    c->policy.order = TERN_ORDER_AFTER_REGISTER;
    bench.accounts[0].facts.registers = false;
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
}

static void a_held_back_call_is_released_when_its_account_goes(void)
{
    struct bench_call *c = lose();
    c->policy.order = TERN_ORDER_AFTER_REGISTER;
    change(false);
    end_account(&bench.accounts[0]);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    CHECK(c->task.account == NULL);
}

static void a_forced_reopen_of_the_listener_gates_the_refresh(void)
{
    struct bench_call *c = lose();
    bench.param.restart_listener = true;
    change(true);
    CHECK_EQ(c->task.state, TN_CALL_LISTENING);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 1);
    listeners(true);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);

    c = lose();
    c->policy.order = TERN_ORDER_AFTER_REGISTER;
    bench.param.restart_listener = true;
    change(true);
    listeners(true);
    CHECK_EQ(c->task.state, TN_CALL_HELD_BACK);
}

static void refreshing_ends_as_the_answer_says(void)
{
    static const struct {
        int code;
        enum tn_call_task_state state;
        enum tern_ip_change_status report;
    } cases[] = {
        {200, TN_CALL_VERIFYING, TERN_IP_CHANGE_SUCCESS},
        {0, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {408, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {430, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {480, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {491, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {500, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {503, TN_CALL_WAITING, TERN_IP_CHANGE_RETRY},
        {403, TN_CALL_HELD_BACK, TERN_IP_CHANGE_RETRY},
        {404, TN_CALL_HELD_BACK, TERN_IP_CHANGE_RETRY},
        {410, TN_CALL_HELD_BACK, TERN_IP_CHANGE_RETRY},
        {481, TN_CALL_HELD_BACK, TERN_IP_CHANGE_RETRY},
        {488, TN_CALL_VERIFYING, TERN_IP_CHANGE_FAILURE},
        {501, TN_CALL_VERIFYING, TERN_IP_CHANGE_FAILURE},
        {603, TN_CALL_VERIFYING, TERN_IP_CHANGE_FAILURE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench_call *c = lose_and_begin();
        answer_refresh(c, cases[i].code);
        CHECK_EQ(c->task.state, cases[i].state);
        size_t at_report = find_report(RE, cases[i].report, 0);
        CHECK(at_report != SIZE_MAX);
        CHECK_EQ(bench.log[at_report].report.sip_code, cases[i].code);
        CHECK_EQ(count(TN_DECIDE_GIVE_UP, 0), 0);
    }
}

/* MOBILITY C6 b: the proxy may not know us before the registration is through. */
static void unknown_is_believed_only_when_it_is_said_again_after_the_register(void)
{
    static const struct {
        int code;
        bool lost;
    } cases[] = {{481, true}, {404, true}, {410, true}, {403, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench_call *c = lose_and_begin();
        answer_refresh(c, cases[i].code);
        answer_register(&bench.accounts[0], 200);
        CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
        answer_refresh(c, cases[i].code);
        CHECK_EQ(c->exists, !cases[i].lost);
        CHECK_EQ(count(TN_DECIDE_GIVE_UP, 0), cases[i].lost ? 1 : 0);
        if (!cases[i].lost) continue;
        CHECK_EQ(bench.log[find(TN_DECIDE_GIVE_UP, 0)].sip_code, cases[i].code);
        CHECK_EQ(completed(0)->totals.calls_lost, 1);
        CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_FAILURE);
    }
}

static void unknown_without_a_registration_under_way_is_tried_once_more(void)
{
    struct bench_call *c = lose();
    bench.accounts[0].facts.registers = false;
    change(false);
    answer_refresh(c, 481);
    CHECK_EQ(c->task.state, TN_CALL_WAITING);
    pass(TERN_MS(500));
    answer_refresh(c, 481);
    CHECK(!c->exists);
}

static void waiting_tries_until_the_rescue_window_then_gives_up(void)
{
    struct bench_call *c = lose_and_begin();
    answer_register(&bench.accounts[0], 200);
    static const int64_t pauses_ms[] = {500, 1000, 2000, 4000, 8000, 16000};
    for (size_t i = 0; i < 6; i++) {
        answer_refresh(c, 0);
        CHECK_EQ(c->task.state, TN_CALL_WAITING);
        pass(TERN_MS(pauses_ms[i]) - 1);
        CHECK_EQ(c->task.state, TN_CALL_WAITING);
        pass(1);
        CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    }
    answer_refresh(c, 0);
    CHECK(!c->exists);
    CHECK_EQ(count(TN_DECIDE_GIVE_UP, 0), 1);
    CHECK_EQ(reports(RE, TERN_IP_CHANGE_RETRY, 0), 6);
    CHECK_EQ(reports(RE, TERN_IP_CHANGE_FAILURE, 0), 1);
    CHECK_EQ(completed(0)->totals.calls_lost, 1);
}

static void retry_after_is_obeyed_and_may_end_the_window(void)
{
    struct bench_call *c = lose_and_begin();
    answer_refresh_after(c, 503, TERN_SECONDS(9));
    CHECK_EQ(tn_mob_deadline(&bench.mob) - bench.now, TERN_SECONDS(9));
    pass(TERN_SECONDS(9));
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_refresh_after(c, 500, TERN_SECONDS(60));
    CHECK(!c->exists);
}

/* It is not lost: the server has said when. But nobody waits longer than without any network. */
static void a_server_that_is_busy_is_waited_for_beyond_the_window(void)
{
    struct bench_call *c = lose_and_begin();
    answer_refresh_after(c, 503, TERN_SECONDS(120));
    pass(TERN_SECONDS(120));
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_refresh_after(c, 503, TERN_SECONDS(181));
    CHECK(!c->exists);
}

static void verifying_ends_with_audio_or_after_five_seconds(void)
{
    struct bench_call *c = lose_and_begin();
    answer_register(&bench.accounts[0], 200);
    answer_refresh(c, 200);
    pass(TERN_SECONDS(5) - 1);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    pass(1);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_FAILURE, 0), 1);
    CHECK_EQ(completed(0)->totals.calls_kept, 1); /* the call is there; silence is no refusal */
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_SUCCESS);
}

static void audio_that_comes_before_the_answer_counts(void)
{
    struct bench_call *c = lose_and_begin();
    hear(c);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_SUCCESS, 0), 1);
    hear(c);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_SUCCESS, 0), 1); /* once */
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
}

static void a_call_on_hold_needs_no_audio(void)
{
    struct bench_call *c = lose();
    c->facts.talking = false;
    change(false);
    answer_refresh(c, 200);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
}

/* Only the way to the proxy has changed: nothing is said of media, nothing waits for it. */
static void media_that_stays_is_not_moved(void)
{
    struct bench_call *c = lose();
    set_net("10.0.1.1", NULL, NULL);
    c->facts.media.local = at("10.0.1.1");
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_refresh(c, 200);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 0);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_START, 0), 0);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
}

static void an_early_call_moves_media_and_is_refreshed_later(void)
{
    struct bench_call *c = lose();
    c->facts.phase = TN_PHASE_EARLY;
    change(false);
    CHECK_EQ(count(TN_DECIDE_REFRESH, 0), 0);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, 0), 1);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
    answer_register(&bench.accounts[0], 200);
    CHECK_EQ(completed(0)->totals.calls_kept, 1);
}

static void offline_waits_and_gives_up_after_its_window(void)
{
    struct bench_call *c = lose();
    set_net(NULL, NULL, NULL);
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_OFFLINE);
    CHECK_EQ(bench.log[find(TN_DECIDE_MOVE_MEDIA, 0)].local.family, TERN_FAMILY_NONE);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_START, 0), 0);
    pass(TERN_SECONDS(300) - 1);
    CHECK(c->exists);
    pass(1);
    CHECK(!c->exists);
    CHECK_EQ(bench.completed, 1);
    CHECK_EQ(completed(0)->totals.calls_lost, 1);
}

/* The rescue window counts while a network is there; being offline does not use it up. */
static void offline_then_back_with_the_same_address_refreshes(void)
{
    struct bench_call *c = lose();
    set_net(NULL, NULL, NULL);
    change(false);
    pass(TERN_SECONDS(100));
    set_net("10.0.0.1", NULL, NULL);
    size_t from = bench.log_count;
    change(false);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    CHECK_EQ(count(TN_DECIDE_MOVE_MEDIA, from), 1);
    CHECK_EQ(bench.log[find_report(RE, TERN_IP_CHANGE_START, from)].report.attempt, 1);
    answer_refresh(c, 0);
    CHECK_EQ(c->task.state, TN_CALL_WAITING);
}

static void a_second_change_leaves_a_refresh_that_is_right_alone(void)
{
    struct bench_call *c = lose_and_begin();
    size_t from = bench.log_count;
    set_net("10.0.1.1", "10.0.2.1", NULL);
    change(true);
    CHECK_EQ(count(TN_DECIDE_REFRESH, from), 0);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
    answer_refresh(c, 200);
    hear(c);
    answer_register(&bench.accounts[0], 200);
    CHECK_EQ(bench.completed, 2);
}

static void a_second_change_replaces_a_refresh_that_is_wrong(void)
{
    static const enum tn_call_task_state states[] = {TN_CALL_REFRESHING, TN_CALL_WAITING,
                                                     TN_CALL_VERIFYING, TN_CALL_DONE};
    for (size_t i = 0; i < 4; i++) {
        struct bench_call *c = lose_and_begin();
        if (states[i] == TN_CALL_WAITING) answer_refresh(c, 503);
        if (states[i] >= TN_CALL_VERIFYING) answer_refresh(c, 200);
        if (states[i] == TN_CALL_DONE) hear(c);
        CHECK_EQ(c->task.state, states[i]);
        size_t from = bench.log_count;
        set_net("10.0.2.1", NULL, NULL);
        change(false);
        CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
        CHECK_EQ(count(TN_DECIDE_REFRESH, from), 1);
        CHECK_EQ(bench.log[find_report(RE, TERN_IP_CHANGE_START, from)].report.attempt, 1);
        CHECK(tern_addr_equal(bench.log[find(TN_DECIDE_MOVE_MEDIA, from)].local, at("10.0.2.1")));
    }
}

/* The attempt counts within its generation, also where only the way to the proxy has changed. */
static void attempts_count_from_one_in_each_generation(void)
{
    struct bench_call *c = lose_and_begin();
    answer_refresh(c, 503);
    pass(TERN_MS(500));
    answer_refresh(c, 503);
    pass(TERN_SECONDS(1));
    CHECK_EQ(c->task.attempt, 3);
    size_t from = bench.log_count;
    c->asked = false;
    c->facts.pending_from = (tern_addr){0};
    c->facts.signalling.local = at("10.0.0.1"); /* media is right by now */
    change(true);
    CHECK_EQ(bench.log[find_report(RE, TERN_IP_CHANGE_START, from)].report.attempt, 1);
}

static void a_second_change_while_waiting_tries_at_once(void)
{
    struct bench_call *c = lose_and_begin();
    answer_refresh(c, 503);
    c->facts.signalling.local = c->facts.media.local = at("10.0.1.1"); /* it is right by now */
    change(true);
    CHECK_EQ(c->task.state, TN_CALL_REFRESHING);
}

static void a_second_change_lets_verifying_go_on(void)
{
    struct bench_call *c = lose_and_begin();
    answer_register(&bench.accounts[0], 200);
    answer_refresh(c, 200);
    size_t from = bench.log_count;
    set_net("10.0.1.1", "10.0.2.1", NULL);
    change(true);
    CHECK_EQ(c->task.state, TN_CALL_VERIFYING);
    hear(c);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
    CHECK_EQ(reports(MEDIA, TERN_IP_CHANGE_SUCCESS, from), 1);
    const struct tern_ip_change_progress *done = completed(from);
    CHECK_EQ(done->status, TERN_IP_CHANGE_SUPERSEDED);
    CHECK_EQ(bench.completed, 2);
}

static void a_call_that_ends_holds_nothing_up(void)
{
    static const enum tn_call_task_state states[] = {TN_CALL_REFRESHING, TN_CALL_WAITING,
                                                     TN_CALL_VERIFYING};
    for (size_t i = 0; i < 3; i++) {
        struct bench_call *c = lose_and_begin();
        answer_register(&bench.accounts[0], 200);
        if (states[i] == TN_CALL_WAITING) answer_refresh(c, 503);
        if (states[i] == TN_CALL_VERIFYING) answer_refresh(c, 200);
        end_call(c);
        drain();
        CHECK_EQ(bench.completed, 1);
        CHECK_EQ(completed(0)->totals.calls_lost, 0);
        CHECK_EQ(tn_mob_deadline(&bench.mob), TERN_TIME_NEVER);
    }
}

static void late_results_of_a_task_at_rest_say_nothing(void)
{
    struct bench_call *c = lose_and_begin();
    answer_register(&bench.accounts[0], 200);
    answer_refresh(c, 200);
    hear(c);
    size_t from = bench.log_count;
    tn_mob_refreshed(&bench.mob, bench.now, &c->task, 481, false, 0);
    hear(c);
    CHECK_EQ(bench.log_count, from);
    CHECK_EQ(c->task.state, TN_CALL_DONE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(verdict_is_the_worse_of_signalling_and_media),
        TEST(media_that_lost_its_only_path_comes_back_by_itself),
        TEST(media_before_register_before_refresh),
        TEST(media_moves_late_while_the_old_path_stands),
        TEST(the_refresh_carries_what_the_policy_asks),
        TEST(the_peer_is_told_when_only_media_moves),
        TEST(a_refresh_under_way_covers_media_that_moves_late),
        TEST(reinvite_flags_0_sends_nothing_and_moves_media),
        TEST(hangup_calls_ends_them_and_moves_nothing),
        TEST(hangup_calls_leaves_a_call_that_need_not_move),
        TEST(after_register_waits_for_its_end_good_or_bad),
        TEST(after_register_does_not_wait_for_an_account_at_rest),
        TEST(a_held_back_call_is_released_when_its_account_goes),
        TEST(a_forced_reopen_of_the_listener_gates_the_refresh),
        TEST(refreshing_ends_as_the_answer_says),
        TEST(unknown_is_believed_only_when_it_is_said_again_after_the_register),
        TEST(unknown_without_a_registration_under_way_is_tried_once_more),
        TEST(waiting_tries_until_the_rescue_window_then_gives_up),
        TEST(retry_after_is_obeyed_and_may_end_the_window),
        TEST(a_server_that_is_busy_is_waited_for_beyond_the_window),
        TEST(verifying_ends_with_audio_or_after_five_seconds),
        TEST(audio_that_comes_before_the_answer_counts),
        TEST(a_call_on_hold_needs_no_audio),
        TEST(media_that_stays_is_not_moved),
        TEST(an_early_call_moves_media_and_is_refreshed_later),
        TEST(offline_waits_and_gives_up_after_its_window),
        TEST(offline_then_back_with_the_same_address_refreshes),
        TEST(a_second_change_leaves_a_refresh_that_is_right_alone),
        TEST(a_second_change_replaces_a_refresh_that_is_wrong),
        TEST(attempts_count_from_one_in_each_generation),
        TEST(a_second_change_while_waiting_tries_at_once),
        TEST(a_second_change_lets_verifying_go_on),
        TEST(a_call_that_ends_holds_nothing_up),
        TEST(late_results_of_a_task_at_rest_say_nothing),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

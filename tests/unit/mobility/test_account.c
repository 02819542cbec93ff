/* SPDX-License-Identifier: MIT */
/* The account task, cell by cell of its table in mobility.h, and every setting that it obeys. */
#include "rig.h"

#define OLD   "10.0.0.1"
#define NEW   "10.0.1.1"
#define OTHER "10.0.2.1"
#define PROXY "10.0.9.1"
#define UC    TERN_IP_CHANGE_OP_UPDATE_CONTACT

/* An account whose address 10.0.0.1 has been replaced by 10.0.1.1. */
static struct bench_account *lose(void)
{
    bench_start();
    set_net("10.0.1.1", NULL, NULL);
    return add_account("10.0.0.1", "10.0.9.1");
}

static struct bench_account *lose_and_begin(void)
{
    struct bench_account *a = lose();
    bench.param.restart_listener = false;
    change(false);
    CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
    return a;
}

static const struct {
    const char *what, *local, *pending, *net[2], *server;
    bool registers, update_contact, offline;
    enum tn_verdict verdict;
} verdicts[] = {
    {"same", OLD, NULL, {OLD}, PROXY, 1, 1, 0, TN_VERDICT_STAYS},
    {"gone", OLD, NULL, {NEW}, PROXY, 1, 1, 0, TN_VERDICT_LOST},
    {"no network", OLD, NULL, {NULL}, PROXY, 1, 1, 0, TN_VERDICT_LOST},
    {"other family", OLD, NULL, {"fd00::1"}, PROXY, 1, 1, 0, TN_VERDICT_LOST},
    {"better", OLD, NULL, {NEW, OLD}, PROXY, 1, 1, 0, TN_VERDICT_BETTER},
    {"worse", OLD, NULL, {OLD, NEW}, PROXY, 1, 1, 0, TN_VERDICT_STAYS},
    {"not registered", NULL, NULL, {NEW}, PROXY, 1, 1, 0, TN_VERDICT_STAYS},
    {"server unknown", OLD, NULL, {NEW}, NULL, 1, 1, 0, TN_VERDICT_STAYS},
    {"no registrar", OLD, NULL, {NEW}, PROXY, 0, 1, 0, TN_VERDICT_STAYS},
    {"update_contact off", OLD, NULL, {NEW}, PROXY, 1, 0, 0, TN_VERDICT_STAYS},
    {"pending is right", OLD, NEW, {NEW}, PROXY, 1, 1, 0, TN_VERDICT_STAYS},
    {"pending is gone", OLD, NEW, {OTHER}, PROXY, 1, 1, 0, TN_VERDICT_LOST},
    {"old comes back, pending gone", OLD, NEW, {OLD}, PROXY, 1, 1, 0, TN_VERDICT_LOST},
    {"offline, and still", OLD, NULL, {NULL}, PROXY, 1, 1, 1, TN_VERDICT_STAYS},
    {"offline, same address back", OLD, NULL, {OLD}, PROXY, 1, 1, 1, TN_VERDICT_LOST},
    {"offline, another address", OLD, NULL, {NEW}, PROXY, 1, 1, 1, TN_VERDICT_LOST},
};

static void verdict_follows_the_address_in_use(void)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        bench_start();
        set_net(verdicts[i].net[0], verdicts[i].net[1], NULL);
        struct bench_account *a = add_account(verdicts[i].local, verdicts[i].server);
        a->facts.pending_from = at(verdicts[i].pending);
        a->facts.registers = verdicts[i].registers;
        a->facts.offline = verdicts[i].offline;
        a->policy.update_contact = verdicts[i].update_contact;
        enum tn_verdict got = tn_mob_judge_account(&bench.net, &a->facts);
        if (got != verdicts[i].verdict) fprintf(stderr, "%s\n", verdicts[i].what);
        CHECK_EQ(got, verdicts[i].verdict);
    }
}

/* MOBILITY S19, RFC 6724 rule 7: a temporary address is liked better, and is for what is new. */
static void a_second_address_moves_nothing_until_the_first_is_deprecated(void)
{
    static const struct {
        const char *first, *second;
        bool other_interface;
        uint16_t flags; /* of the first */
        enum tn_verdict verdict;
    } cases[] = {
        {"2001:db8::1", "2001:db8::2", false, 0, TN_VERDICT_STAYS},
        {"2001:db8::1", "2001:db8:1::2", false, 0, TN_VERDICT_STAYS},
        {"2001:db8::1", "2001:db8::2", true, 0, TN_VERDICT_BETTER},
        {"2001:db8::1", "2001:db8::2", false, TERN_NET_DEPRECATED, TN_VERDICT_BETTER},
        {"fd00::1", "2001:db8::2", false, 0, TN_VERDICT_BETTER},
        {"fe80::1", "2001:db8::2", false, 0, TN_VERDICT_BETTER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_start();
        set_net(cases[i].first, cases[i].second, NULL);
        struct tern_net_address *a = bench.net.addresses;
        a[0].preference = a[1].preference;
        a[0].flags = cases[i].flags;
        a[1].flags = TERN_NET_TEMPORARY;
        if (!cases[i].other_interface) a[1].interface = a[0].interface;
        struct bench_account *account = add_account(cases[i].first, "2001:db8:9::1");
        CHECK_EQ(tn_mob_judge_account(&bench.net, &account->facts), cases[i].verdict);
    }
}

static void lost_at_once_better_after_settling_else_never(void)
{
    tern_time settle = TERN_MS(75);
    CHECK_EQ(tn_mob_when(TN_VERDICT_LOST, false, settle), 0);
    CHECK_EQ(tn_mob_when(TN_VERDICT_BETTER, false, settle), settle);
    CHECK_EQ(tn_mob_when(TN_VERDICT_STAYS, false, settle), TERN_TIME_NEVER);
    CHECK_EQ(tn_mob_when(TN_VERDICT_LOST, true, settle), 0);
    CHECK_EQ(tn_mob_when(TN_VERDICT_BETTER, true, settle), 0);
    CHECK_EQ(tn_mob_when(TN_VERDICT_STAYS, true, settle), 0);
}

static void idle_registers_at_once_when_its_address_is_lost(void)
{
    lose_and_begin();
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 1);
    const struct tn_decision *d = &bench.log[find(TN_DECIDE_REGISTER, 0)];
    CHECK(tern_addr_equal(d->local, at("10.0.1.1")));
    CHECK_EQ(d->flags, TERN_CONTACT_REPLACE);
    CHECK_EQ(reports(UC, TERN_IP_CHANGE_START, 0), 1);
    CHECK(find_report(UC, TERN_IP_CHANGE_START, 0) < find(TN_DECIDE_REGISTER, 0));
}

static void idle_stays_when_nothing_changed(void)
{
    bench_start();
    set_net("10.0.0.1", NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", "10.0.9.1");
    bench.param.restart_listener = false;
    change(true);
    CHECK_EQ(a->task.state, TN_ACCOUNT_IDLE);
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 0);
    CHECK(completed(0) != NULL);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(completed(0)->totals.accounts, 0);
}

/* The net room tries again; nothing else waits for it, and in the end the generation does not either. */
static void a_listener_that_cannot_open_holds_up_nothing(void)
{
    struct bench_account *a = lose();
    change(true);
    CHECK_EQ(a->task.state, TN_ACCOUNT_LISTENING);
    listeners(false);
    CHECK_EQ(reports(TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_RETRY, 0), 1);
    CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
    answer_register(a, 200);
    CHECK_EQ(bench.completed, 0);
    pass(TERN_SECONDS(11));
    listeners(false);
    CHECK_EQ(reports(TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_FAILURE, 0), 1);
    CHECK_EQ(bench.completed, 1);
}

static void a_forced_reopen_of_the_listener_gates_the_register(void)
{
    for (int forced = 0; forced < 2; forced++) {
        struct bench_account *a = lose();
        change(forced);
        CHECK_EQ(a->task.state, forced ? TN_ACCOUNT_LISTENING : TN_ACCOUNT_REGISTERING);
        CHECK_EQ(bench.log[find(TN_DECIDE_LISTEN, 0)].reopen, forced);
        CHECK_EQ(bench.log[find(TN_DECIDE_LISTEN, 0)].delay, TERN_MS(10));
        listeners(true);
        CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
        CHECK_EQ(reports(TERN_IP_CHANGE_OP_RESTART_LISTENER, TERN_IP_CHANGE_SUCCESS, 0), 1);
        CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 1);
        answer_register(a, 200);
        CHECK_EQ(bench.completed, 1);
    }
}

static void restart_listener_off_touches_no_listener(void)
{
    for (int forced = 0; forced < 2; forced++) {
        struct bench_account *a = lose();
        bench.param.restart_listener = false;
        change(forced);
        CHECK_EQ(count(TN_DECIDE_LISTEN, 0), 0);
        CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
        answer_register(a, 200);
        CHECK_EQ(bench.completed, 1);
    }
}

static void registering_ends_as_the_answer_says(void)
{
    static const struct {
        int code;
        enum tn_account_task_state state;
        enum tern_ip_change_status report;
    } cases[] = {
        {200, TN_ACCOUNT_DONE, TERN_IP_CHANGE_SUCCESS},
        {202, TN_ACCOUNT_DONE, TERN_IP_CHANGE_SUCCESS},
        {0, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {408, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {430, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {480, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {500, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {503, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {504, TN_ACCOUNT_WAITING, TERN_IP_CHANGE_RETRY},
        {501, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
        {505, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
        {401, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
        {403, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
        {404, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
        {600, TN_ACCOUNT_FAILED, TERN_IP_CHANGE_FAILURE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench_account *a = lose_and_begin();
        answer_register(a, cases[i].code);
        CHECK_EQ(a->task.state, cases[i].state);
        size_t at_report = find_report(UC, cases[i].report, 0);
        CHECK(at_report != SIZE_MAX);
        CHECK_EQ(bench.log[at_report].report.sip_code, cases[i].code);
        if (cases[i].state == TN_ACCOUNT_WAITING) {
            CHECK(completed(0) == NULL);
            continue;
        }
        bool well = cases[i].state == TN_ACCOUNT_DONE;
        CHECK_EQ(completed(0)->status, well ? TERN_IP_CHANGE_SUCCESS : TERN_IP_CHANGE_FAILURE);
        CHECK_EQ(completed(0)->totals.accounts, well ? 1 : 0);
    }
}

static void contact_flags_are_handed_on(void)
{
    for (unsigned flags = 0; flags <= TERN_CONTACT_LEAVE_OLD; flags++) {
        struct bench_account *a = lose();
        a->policy.contact_flags = (uint8_t)flags;
        change(false);
        CHECK_EQ(bench.log[find(TN_DECIDE_REGISTER, 0)].flags, flags);
    }
}

static void backoff_doubles_from_half_a_second_to_thirty(void)
{
    static const int64_t ms[] = {0, 0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (uint32_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
        CHECK_EQ(tn_mob_backoff(i), TERN_MS(ms[i]));
    CHECK_EQ(tn_mob_backoff(UINT32_MAX), TERN_SECONDS(30));
}

static void waiting_tries_again_until_the_rescue_window_closes(void)
{
    static const int64_t pauses_ms[] = {500, 1000, 2000, 4000, 8000, 16000};
    struct bench_account *a = lose_and_begin();
    for (size_t i = 0; i < 6; i++) {
        size_t from = bench.log_count;
        answer_register(a, 503);
        CHECK_EQ(a->task.state, TN_ACCOUNT_WAITING);
        CHECK_EQ(tn_mob_deadline(&bench.mob) - bench.now, TERN_MS(pauses_ms[i]));
        pass(TERN_MS(pauses_ms[i]) - 1);
        CHECK_EQ(a->task.state, TN_ACCOUNT_WAITING);
        pass(1);
        CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
        size_t start = find_report(UC, TERN_IP_CHANGE_START, from);
        CHECK_EQ(bench.log[start].report.attempt, i + 2);
    }
    answer_register(a, 503); /* 31.5 s are gone; 30 more would be after the window of 60 s */
    CHECK_EQ(a->task.state, TN_ACCOUNT_FAILED);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_FAILURE);
}

static void waiting_obeys_retry_after(void)
{
    struct bench_account *a = lose_and_begin();
    a->asked = false;
    tn_mob_registered(&bench.mob, bench.now, &a->task, 503, TERN_SECONDS(7));
    drain();
    CHECK_EQ(tn_mob_deadline(&bench.mob) - bench.now, TERN_SECONDS(7));
}

static void offline_waits_and_gives_up_after_its_window(void)
{
    bench_start();
    set_net(NULL, NULL, NULL);
    struct bench_account *a = add_account("10.0.0.1", "10.0.9.1");
    change(false);
    CHECK_EQ(a->task.state, TN_ACCOUNT_OFFLINE);
    CHECK_EQ(count(TN_DECIDE_PAUSE, 0), 1);
    CHECK_EQ(count(TN_DECIDE_LISTEN, 0), 0);
    CHECK_EQ(count(TN_DECIDE_REGISTER, 0), 0);
    pass(TERN_SECONDS(300) - 1);
    CHECK_EQ(a->task.state, TN_ACCOUNT_OFFLINE);
    pass(1);
    CHECK_EQ(a->task.state, TN_ACCOUNT_FAILED);
    CHECK_EQ(completed(0)->status, TERN_IP_CHANGE_FAILURE);
}

static void offline_registers_when_an_address_comes(void)
{
    static const char *const back[] = {"10.0.0.1", "10.0.1.1"}; /* the same one, too */
    for (size_t i = 0; i < 2; i++) {
        bench_start();
        set_net(NULL, NULL, NULL);
        struct bench_account *a = add_account("10.0.0.1", "10.0.9.1");
        change(false);
        pass(TERN_SECONDS(30));
        set_net(back[i], NULL, NULL);
        CHECK_EQ(worst(), TN_VERDICT_LOST);
        size_t from = bench.log_count;
        change(false);
        CHECK_EQ(count(TN_DECIDE_RESUME, from), 1);
        CHECK_EQ(completed(from)->status, TERN_IP_CHANGE_SUPERSEDED);
        CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
        answer_register(a, 200);
        listeners(true);
        CHECK_EQ(bench.completed, 2);
    }
}

static void a_second_change_leaves_a_register_that_is_right_alone(void)
{
    struct bench_account *a = lose_and_begin();
    pass(TERN_MS(100));
    size_t from = bench.log_count;
    set_net("10.0.1.1", "10.0.2.1", NULL); /* the pending address still is the best */
    change(true);
    CHECK_EQ(completed(from)->status, TERN_IP_CHANGE_SUPERSEDED);
    CHECK_EQ(completed(from)->generation, 1);
    CHECK_EQ(count(TN_DECIDE_REGISTER, from), 0);
    CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
    answer_register(a, 200);
    size_t success = find_report(UC, TERN_IP_CHANGE_SUCCESS, from);
    CHECK_EQ(bench.log[success].report.generation, 2);
    CHECK_EQ(bench.completed, 2);
}

static void a_second_change_replaces_a_register_that_is_wrong(void)
{
    struct bench_account *a = lose_and_begin();
    size_t from = bench.log_count;
    set_net("10.0.2.1", NULL, NULL);
    change(false);
    CHECK_EQ(count(TN_DECIDE_REGISTER, from), 1);
    CHECK(tern_addr_equal(bench.log[find(TN_DECIDE_REGISTER, from)].local, at("10.0.2.1")));
    CHECK_EQ(bench.log[find_report(UC, TERN_IP_CHANGE_START, from)].report.attempt, 1);
    answer_register(a, 200);
    CHECK_EQ(bench.completed, 2);
}

static void a_second_change_while_waiting_tries_at_once(void)
{
    struct bench_account *a = lose_and_begin();
    answer_register(a, 503);
    CHECK_EQ(a->task.state, TN_ACCOUNT_WAITING);
    set_net("10.0.1.1", "10.0.2.1", NULL);
    change(true);
    CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
    CHECK_EQ(a->task.attempt, 1);
}

static void a_rest_is_left_by_the_next_loss(void)
{
    static const int codes[] = {200, 403};
    for (size_t i = 0; i < 2; i++) {
        struct bench_account *a = lose_and_begin();
        answer_register(a, codes[i]);
        CHECK(!tn_account_task_active(&a->task));
        set_net("10.0.2.1", NULL, NULL);
        change(false);
        CHECK_EQ(a->task.state, TN_ACCOUNT_REGISTERING);
        set_net(NULL, NULL, NULL);
        change(false);
        CHECK_EQ(a->task.state, TN_ACCOUNT_OFFLINE);
    }
}

static void the_old_flow_closes_only_where_all_ask_for_it(void)
{
    static const struct {
        enum tern_transport transport;
        bool account, param, stands, closes;
    } cases[] = {
        {TERN_TRANSPORT_TCP, 1, 1, 1, 1}, {TERN_TRANSPORT_UDP, 1, 1, 1, 0},
        {TERN_TRANSPORT_TCP, 0, 1, 1, 0}, {TERN_TRANSPORT_TCP, 1, 0, 1, 0},
        {TERN_TRANSPORT_TCP, 1, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench_account *a = lose();
        if (cases[i].stands) set_net("10.0.1.1", "10.0.0.1", NULL);
        a->facts.transport = cases[i].transport;
        a->policy.shutdown_transport = cases[i].account;
        bench.param.shutdown_transport = cases[i].param;
        bench.param.restart_listener = false;
        change(false);
        CHECK_EQ(count(TN_DECIDE_CLOSE_FLOW, 0), 0); /* not before its successor is registered */
        answer_register(a, 200);
        CHECK_EQ(count(TN_DECIDE_CLOSE_FLOW, 0), cases[i].closes ? 1 : 0);
        if (!cases[i].closes) continue;
        const struct tn_decision *d = &bench.log[find(TN_DECIDE_CLOSE_FLOW, 0)];
        CHECK(tern_addr_equal(d->local, at("10.0.0.1")));
    }
}

static void an_account_that_goes_away_holds_nothing_up(void)
{
    struct bench_account *a = lose_and_begin();
    end_account(a);
    CHECK_EQ(bench.completed, 1);
    CHECK_EQ(completed(0)->totals.accounts, 0);
}

static void a_late_answer_is_not_counted_twice(void)
{
    struct bench_account *a = lose_and_begin();
    answer_register(a, 200);
    size_t from = bench.log_count;
    tn_mob_registered(&bench.mob, bench.now, &a->task, 503, 0);
    drain();
    CHECK_EQ(bench.log_count, from);
    CHECK_EQ(a->task.state, TN_ACCOUNT_DONE);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(verdict_follows_the_address_in_use),
        TEST(a_second_address_moves_nothing_until_the_first_is_deprecated),
        TEST(lost_at_once_better_after_settling_else_never),
        TEST(idle_registers_at_once_when_its_address_is_lost),
        TEST(idle_stays_when_nothing_changed),
        TEST(a_forced_reopen_of_the_listener_gates_the_register),
        TEST(a_listener_that_cannot_open_holds_up_nothing),
        TEST(restart_listener_off_touches_no_listener),
        TEST(registering_ends_as_the_answer_says),
        TEST(contact_flags_are_handed_on),
        TEST(backoff_doubles_from_half_a_second_to_thirty),
        TEST(waiting_tries_again_until_the_rescue_window_closes),
        TEST(waiting_obeys_retry_after),
        TEST(offline_waits_and_gives_up_after_its_window),
        TEST(offline_registers_when_an_address_comes),
        TEST(a_second_change_leaves_a_register_that_is_right_alone),
        TEST(a_second_change_replaces_a_register_that_is_wrong),
        TEST(a_second_change_while_waiting_tries_at_once),
        TEST(a_rest_is_left_by_the_next_loss),
        TEST(the_old_flow_closes_only_where_all_ask_for_it),
        TEST(an_account_that_goes_away_holds_nothing_up),
        TEST(a_late_answer_is_not_counted_twice),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

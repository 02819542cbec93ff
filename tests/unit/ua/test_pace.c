/* SPDX-License-Identifier: MIT */
/* Many calls at once: audio moves in one instant, signalling at the pace that the options say. */
#include "phones.h"

#define MANY   100
#define RATE   50
#define FLIGHT 10

static void paced(struct tern_endpoint_opts *opts)
{
    opts->handover_rate = RATE;
    opts->handover_in_flight = FLIGHT;
}

static void talk_much(void)
{
    tune_alice_endpoint = paced;
    meet();
    alice->talks = bob->talks = false;
    for (int i = 0; i < MANY; i++) {
        host_call(alice, "bob");
        if (i % 10 == 9) world_run(&world, TERN_MS(300));
    }
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->answered, MANY);
    tune_alice_endpoint = NULL;
}

static bool is_refresh(const char *line)
{
    return strncmp(line, "> UPDATE", 8) == 0 || strncmp(line, "> REGISTER", 10) == 0;
}

/* The most of them in a second, and the most that had no answer. */
static void load(size_t from, size_t *in_second, size_t *in_flight)
{
    size_t waiting = 0;
    *in_second = *in_flight = 0;
    for (size_t i = from; i < alice->log_count; i++) {
        size_t n = 0;
        if (is_refresh(alice->log[i])) waiting++;
        if (strstr(alice->log[i], "< ") == alice->log[i] && strstr(alice->log[i], "(UPDATE)"))
            waiting--;
        if (strstr(alice->log[i], "< ") == alice->log[i] && strstr(alice->log[i], "(REGISTER)"))
            waiting--;
        if (waiting > *in_flight) *in_flight = waiting;
        for (size_t k = i; k < alice->log_count; k++) {
            if (alice->log_time[k] - alice->log_time[i] >= TERN_SECONDS(1)) break;
            n += is_refresh(alice->log[k]);
        }
        if (n > *in_second) *in_second = n;
    }
}

static void all_media_moves_at_once_and_signalling_at_its_pace(void)
{
    size_t in_second, in_flight, moved_at_once = 0;
    talk_much();
    size_t line = alice->log_count;
    host_network(alice, at(3), NULL);
    for (size_t i = 0; i < alice->step_count; i++) {
        const struct tern_ip_change_progress *p = &alice->steps[i];
        moved_at_once += p->op == TERN_IP_CHANGE_OP_MEDIA_MOVED &&
                         p->status == TERN_IP_CHANGE_START && p->since_change == 0;
    }
    CHECK_EQ(moved_at_once, MANY);
    /* The registration goes first: the proxy is to know us. */
    size_t first = line;
    while (!is_refresh(alice->log[first]))
        first++;
    CHECK(strncmp(alice->log[first], "> REGISTER", 10) == 0);
    world_run(&world, TERN_SECONDS(12));
    load(line, &in_second, &in_flight);
    CHECK(in_second <= RATE + FLIGHT + 1);
    CHECK(in_flight <= FLIGHT);
    CHECK_EQ(alice->last_completed.totals.calls_kept, MANY);
    CHECK_EQ(alice->last_completed.totals.accounts, 1);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(host_count(alice, "> UPDATE", line), MANY);
    registered_only_at(at(3));
    world_end(&world);
}

/* What waits is superseded, not added to; and the last address is told to all. */
static void several_changes_in_a_row_ask_no_more_often(void)
{
    size_t in_second, in_flight;
    talk_much();
    size_t line = alice->log_count;
    for (int i = 3; i < 9; i++) {
        host_network(alice, at(i == 8 ? 3 : i), NULL);
        world_run(&world, TERN_MS(100));
    }
    world_run(&world, TERN_SECONDS(15));
    load(line, &in_second, &in_flight);
    CHECK(in_second <= RATE + FLIGHT + 7); /* REGISTER of each change */
    CHECK(host_count(alice, "> UPDATE", line) <= MANY + 6 * FLIGHT);
    each_generation_has_one_completed(alice);
    CHECK_EQ(alice->last_completed.totals.calls_kept, MANY);
    CHECK_EQ(alice->ended, 0);
    world_end(&world);
}

/* 503 for everybody, for three seconds: nobody is lost, and it is no storm. */
static void a_server_that_is_overloaded_is_left_in_peace(void)
{
    talk_much();
    server_fault("UPDATE", 503);
    size_t line = alice->log_count;
    host_network(alice, at(3), NULL);
    world_run(&world, TERN_SECONDS(3));
    size_t asked = host_count(alice, "> UPDATE", line);
    CHECK(asked < 2 * RATE);
    server_fault("UPDATE", -1);
    world_run(&world, TERN_SECONDS(40));
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(alice->last_completed.status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(alice->last_completed.totals.calls_kept, MANY);
    world_end(&world);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(all_media_moves_at_once_and_signalling_at_its_pace),
        TEST(several_changes_in_a_row_ask_no_more_often),
        TEST(a_server_that_is_overloaded_is_left_in_peace),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

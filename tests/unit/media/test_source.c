/* SPDX-License-Identifier: MIT */
#include "media/source.h"

#include "../../tern_test.h"
#include "rig.h"

static struct tn_source source;
static tern_time now;
static tern_addr a, b, c;

static void start(void)
{
    a = addr_of("192.0.2.1:4000");
    b = addr_of("198.51.100.2:5000");
    c = addr_of("203.0.113.3:6000");
    now = TERN_SECONDS(10);
    tn_source_init(&source);
    tn_source_plan(&source, a, now);
}

static enum tn_source_verdict hear_proof(tern_addr remote, enum tn_source_proof proof)
{
    struct tn_source_packet packet = {remote, 77, true, false, proof};

    return tn_source_packet(&source, &packet, now);
}

static enum tn_source_verdict hear(tern_addr remote, uint16_t sequence)
{
    struct tn_source_packet packet = {remote, sequence, true, false, TN_SOURCE_UNPROVEN};

    return tn_source_packet(&source, &packet, now);
}

static enum tn_source_verdict hear_after(tern_time span, tern_addr remote, uint16_t sequence)
{
    now += span;
    return hear(remote, sequence);
}

static void enter(enum tn_source_state state)
{
    start();
    if (state == TN_SOURCE_SILENT) return;
    CHECK_EQ(hear(a, 1), TN_SOURCE_MOVED);
    if (state == TN_SOURCE_PROVING) CHECK_EQ(hear(b, 2), TN_SOURCE_HOLD);
    if (state == TN_SOURCE_RENEWED) tn_source_plan(&source, c, now);
    CHECK_EQ(source.state, state);
}

/* Brings about an event; NOT in the tables below says that it cannot occur in that state. */
static enum tn_source_verdict cause(enum tn_source_event event)
{
    struct tn_source_packet odd = {b, 3, false, false, TN_SOURCE_UNPROVEN};
    struct tn_source_packet claim = {a, 3, true, true, TN_SOURCE_UNPROVEN};

    switch (event) {
    case TN_SOURCE_EV_PLAN:
        tn_source_plan(&source, addr_of("192.0.2.99:4000"), now);
        return TN_SOURCE_IGNORE;
    case TN_SOURCE_EV_CURRENT: return hear(a, 2);
    case TN_SOURCE_EV_EARLY: return hear(a, 2);
    case TN_SOURCE_EV_FIRST: return hear(source.state == TN_SOURCE_PROVING ? c : b, 3);
    case TN_SOURCE_EV_REPEAT: return hear_after(TERN_MS(10), b, 3);
    case TN_SOURCE_EV_PROOF:
        CHECK_EQ(hear_after(TERN_MS(15), b, 3), TN_SOURCE_HOLD);
        return hear_after(TERN_MS(20), b, 4);
    case TN_SOURCE_EV_CLAIM:
        claim.remote.port++; /* the plan has said so all along, but somebody else spoke first */
        source.announced = claim.remote;
        return tn_source_packet(&source, &claim, now);
    case TN_SOURCE_EV_ODD: return tn_source_packet(&source, &odd, now);
    case TN_SOURCE_EV_NEWEST: return hear_proof(b, TN_SOURCE_PROVEN);
    case TN_SOURCE_EV_OVERTAKEN: return hear_proof(b, TN_SOURCE_OVERTAKEN);
    case TN_SOURCE_EVENTS: break;
    }
    CHECK(false);
    return TN_SOURCE_IGNORE;
}

static void each_event_in_each_state_goes_where_the_table_says(void)
{
    enum {
        SIL = TN_SOURCE_SILENT,
        REN = TN_SOURCE_RENEWED,
        FOL = TN_SOURCE_FOLLOWING,
        PRO = TN_SOURCE_PROVING,
        NOT = TN_SOURCE_STATES
    };
    enum {
        IGN = TN_SOURCE_IGNORE,
        HOL = TN_SOURCE_HOLD,
        PLA = TN_SOURCE_PLAY,
        MOV = TN_SOURCE_MOVED
    };
    /* clang-format off */
    static const int next[TN_SOURCE_STATES][TN_SOURCE_EVENTS] = {
        /*                       plan current early first repeat proof claim odd  new  over */
        [TN_SOURCE_SILENT]    = {SIL, NOT,    NOT,  FOL,  NOT,   NOT,  NOT,   SIL, FOL, SIL},
        [TN_SOURCE_RENEWED]   = {REN, NOT,    REN,  FOL,  NOT,   NOT,  NOT,   REN, FOL, REN},
        [TN_SOURCE_FOLLOWING] = {REN, FOL,    NOT,  PRO,  NOT,   NOT,  FOL,   FOL, FOL, FOL},
        [TN_SOURCE_PROVING]   = {REN, FOL,    NOT,  PRO,  PRO,   FOL,  FOL,   PRO, FOL, PRO},
    };
    static const int verdict[TN_SOURCE_STATES][TN_SOURCE_EVENTS] = {
        [TN_SOURCE_SILENT]    = {IGN, NOT,    NOT,  MOV,  NOT,   NOT,  NOT,   IGN, MOV, PLA},
        [TN_SOURCE_RENEWED]   = {IGN, NOT,    PLA,  MOV,  NOT,   NOT,  NOT,   IGN, MOV, PLA},
        [TN_SOURCE_FOLLOWING] = {IGN, PLA,    NOT,  HOL,  NOT,   NOT,  MOV,   IGN, MOV, PLA},
        [TN_SOURCE_PROVING]   = {IGN, PLA,    NOT,  HOL,  HOL,   MOV,  MOV,   IGN, MOV, PLA},
    };
    /* clang-format on */
    for (int state = 0; state < TN_SOURCE_STATES; state++) {
        for (int event = 0; event < TN_SOURCE_EVENTS; event++) {
            if (next[state][event] == NOT) continue;
            enter((enum tn_source_state)state);
            CHECK_EQ(cause((enum tn_source_event)event), verdict[state][event]);
            CHECK_EQ(source.state, next[state][event]);
        }
    }
}

static void a_move_takes_two_packets_and_a_silent_predecessor(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    CHECK_EQ(hear_after(TERN_MS(5), b, 11), TN_SOURCE_HOLD);
    CHECK_EQ(hear_after(TERN_MS(5), b, 12), TN_SOURCE_HOLD);
    CHECK_EQ(hear_after(TERN_MS(5), b, 13), TN_SOURCE_HOLD); /* enough packets, too soon */
    CHECK_EQ(hear_after(TERN_MS(20), b, 14), TN_SOURCE_MOVED);
    CHECK(tern_addr_equal(tn_source_target(&source), b));
    CHECK_EQ(source.moves, 1);
}

static void a_predecessor_that_still_speaks_resets_the_trial(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    for (uint16_t i = 0; i < 100; i++) {
        CHECK_EQ(hear_after(TERN_MS(10), a, (uint16_t)(11 + i)), TN_SOURCE_PLAY);
        CHECK_EQ(hear_after(TERN_MS(10), b, (uint16_t)(12 + i)), TN_SOURCE_HOLD);
    }
    CHECK_EQ(source.moves, 0);
}

static void the_same_packet_again_proves_nothing(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    CHECK_EQ(hear_after(TERN_MS(100), b, 11), TN_SOURCE_HOLD);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(hear_after(TERN_MS(10), b, 11), TN_SOURCE_IGNORE);
    CHECK_EQ(hear_after(TERN_MS(10), b, 5), TN_SOURCE_IGNORE);
}

static void there_is_one_move_in_half_a_second(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    CHECK_EQ(hear_after(TERN_MS(20), b, 11), TN_SOURCE_HOLD);
    CHECK_EQ(hear_after(TERN_MS(20), b, 12), TN_SOURCE_MOVED);
    tern_time moved = now;
    uint16_t sequence = 13;
    while (hear_after(TERN_MS(20), c, sequence++) != TN_SOURCE_MOVED)
        CHECK(now - moved < TERN_MS(600));
    CHECK(now - moved >= TERN_MS(500));
}

static void another_address_family_is_never_followed(void)
{
    start();
    CHECK_EQ(hear(addr_of("[2001:db8::1]:4000"), 1), TN_SOURCE_IGNORE);
    CHECK_EQ(hear(a, 1), TN_SOURCE_MOVED);
    now += TERN_SECONDS(1);
    for (uint16_t i = 2; i < 10; i++)
        CHECK_EQ(hear_after(TERN_MS(20), addr_of("[2001:db8::1]:4000"), i), TN_SOURCE_IGNORE);
}

/* Packets in flight from before must not bind us to where the far end no longer is. */
static void after_a_new_plan_the_old_address_does_not_come_back_at_once(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    tn_source_plan(&source, b, now);
    CHECK(tern_addr_equal(tn_source_target(&source), b));
    CHECK_EQ(hear_after(TERN_MS(20), a, 11), TN_SOURCE_PLAY);
    CHECK(tern_addr_equal(tn_source_target(&source), b));
    CHECK_EQ(hear_after(TERN_MS(20), b, 12), TN_SOURCE_MOVED);
    CHECK_EQ(source.state, TN_SOURCE_FOLLOWING);
}

/* A far end that sends from another address than it receives at. */
static void after_a_new_plan_the_old_address_comes_back_if_it_goes_on(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    tn_source_plan(&source, b, now);
    CHECK_EQ(hear_after(TERN_MS(499), a, 11), TN_SOURCE_PLAY);
    CHECK_EQ(hear_after(TERN_MS(1), a, 12), TN_SOURCE_MOVED);
    CHECK(tern_addr_equal(tn_source_target(&source), a));
}

/* It moved behind a NAT; media showed the way first, and then its SDP says a private address. */
static void a_source_that_no_plan_announced_is_taken_back_at_once(void)
{
    start();
    CHECK_EQ(hear(a, 10), TN_SOURCE_MOVED);
    CHECK_EQ(hear_after(TERN_MS(20), c, 11), TN_SOURCE_HOLD);
    CHECK_EQ(hear_after(TERN_MS(20), c, 12), TN_SOURCE_MOVED);
    tn_source_plan(&source, addr_of("10.0.0.7:4000"), now);
    CHECK_EQ(source.state, TN_SOURCE_RENEWED);
    CHECK_EQ(hear_after(TERN_MS(20), c, 13), TN_SOURCE_MOVED);
    CHECK(tern_addr_equal(tn_source_target(&source), c));
    CHECK_EQ(source.moves, 1);
}

static void a_plan_that_confirms_what_is_observed_changes_nothing(void)
{
    start();
    CHECK_EQ(hear(b, 10), TN_SOURCE_MOVED);
    tn_source_plan(&source, b, now);
    CHECK_EQ(source.state, TN_SOURCE_FOLLOWING);
    tn_source_plan(&source, (tern_addr){0}, now); /* hold of RFC 2543, and back */
    tn_source_plan(&source, b, now);
    CHECK_EQ(source.state, TN_SOURCE_FOLLOWING);
}

/* It was seen elsewhere, has gone from there unseen, and is where it said at first. */
static void who_is_back_where_he_was_says_so_in_the_words_of_then(void)
{
    start();
    CHECK_EQ(hear(b, 10), TN_SOURCE_MOVED);
    now += TERN_MS(190);
    tn_source_plan(&source, a, now);
    CHECK(tern_addr_equal(tn_source_target(&source), b));
    now += TERN_MS(10);
    tn_source_plan(&source, a, now);
    CHECK(tern_addr_equal(tn_source_target(&source), a));
    CHECK_EQ(hear(b, 11), TN_SOURCE_MOVED); /* a NAT stands before him after all */
    CHECK(tern_addr_equal(tn_source_target(&source), b));
}

/* The far end walks through three networks in 40 ms; only it can have made those packets. */
static void authentic_packets_move_as_often_as_they_come(void)
{
    start();
    CHECK_EQ(hear_proof(a, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    CHECK_EQ(hear_proof(b, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    now += TERN_MS(20);
    CHECK_EQ(hear_proof(c, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    now += TERN_MS(20);
    CHECK_EQ(hear_proof(a, TN_SOURCE_OVERTAKEN), TN_SOURCE_PLAY);
    CHECK_EQ(hear_proof(b, TN_SOURCE_OVERTAKEN), TN_SOURCE_PLAY);
    CHECK(tern_addr_equal(tn_source_target(&source), c));
    CHECK_EQ(source.moves, 2);
}

/* It may send there and listen elsewhere: what was sent before the plan does not outrank it. */
static void an_authentic_packet_in_flight_does_not_undo_a_new_plan(void)
{
    start();
    CHECK_EQ(hear_proof(a, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    tn_source_plan(&source, b, now);
    CHECK_EQ(hear_proof(a, TN_SOURCE_PROVEN), TN_SOURCE_PLAY);
    CHECK(tern_addr_equal(tn_source_target(&source), b));
    CHECK_EQ(hear_proof(c, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    CHECK(tern_addr_equal(tn_source_target(&source), c));
}

static void an_authentic_packet_of_another_family_is_played_and_not_followed(void)
{
    start();
    CHECK_EQ(hear_proof(a, TN_SOURCE_PROVEN), TN_SOURCE_MOVED);
    CHECK_EQ(hear_proof(addr_of("[2001:db8::1]:4000"), TN_SOURCE_PROVEN), TN_SOURCE_PLAY);
    CHECK(tern_addr_equal(tn_source_target(&source), a));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_event_in_each_state_goes_where_the_table_says),
        TEST(a_move_takes_two_packets_and_a_silent_predecessor),
        TEST(a_predecessor_that_still_speaks_resets_the_trial),
        TEST(the_same_packet_again_proves_nothing),
        TEST(there_is_one_move_in_half_a_second),
        TEST(another_address_family_is_never_followed),
        TEST(after_a_new_plan_the_old_address_does_not_come_back_at_once),
        TEST(after_a_new_plan_the_old_address_comes_back_if_it_goes_on),
        TEST(a_source_that_no_plan_announced_is_taken_back_at_once),
        TEST(a_plan_that_confirms_what_is_observed_changes_nothing),
        TEST(who_is_back_where_he_was_says_so_in_the_words_of_then),
        TEST(authentic_packets_move_as_often_as_they_come),
        TEST(an_authentic_packet_in_flight_does_not_undo_a_new_plan),
        TEST(an_authentic_packet_of_another_family_is_played_and_not_followed),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

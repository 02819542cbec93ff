/* SPDX-License-Identifier: MIT */
/* Provisional answers that arrive for certain: each cell of the table, RFC 3262 3 and 4. */
#include "session/reliable.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tern_test.h"

static struct tn_ctx ctx;
static struct tn_reliable reliable;
static tern_time start, sent[64], over;
static size_t count;

static void fire(struct tn_timer *timer)
{
    (void)timer;
    CHECK(count < 64);
    if (tn_reliable_timer(&reliable) == TN_RELIABLE_SEND) {
        sent[count++] = ctx.now - start;
    } else {
        CHECK_EQ(over, 0); /* once */
        over = ctx.now - start;
    }
}

static void begin(void)
{
    uint8_t seed[32] = {1};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, seed), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(77));
    tn_reliable_init(&reliable, &ctx, fire);
    start = ctx.now;
    count = 0;
    over = 0;
}

static void end(void)
{
    tn_reliable_fini(&reliable);
    tn_ctx_fini(&ctx);
}

static void run(tern_time until)
{
    while (tn_ctx_deadline(&ctx) <= start + until) {
        tn_ctx_enter(&ctx, tn_ctx_deadline(&ctx));
        while (tn_ctx_fire(&ctx))
            continue;
    }
    tn_ctx_enter(&ctx, start + until);
}

static struct tn_rack rack(uint32_t rseq, uint32_t cseq, const char *method)
{
    return (struct tn_rack){rseq, {cseq, tn_str(method)}};
}

/* ---- the called end ---- */

static void doubles_from_t1_without_bound_and_is_over_after_64_t1(void)
{
    static const int64_t ms[] = {500, 1500, 3500, 7500, 15500, 31500};
    begin();
    tn_reliable_sent(&reliable, tn_reliable_next(&reliable), 7, false);
    run(TERN_SECONDS(100));
    CHECK_EQ(count, sizeof(ms) / sizeof(ms[0]));
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(sent[i], TERN_MS(ms[i]));
    CHECK_EQ(over, TERN_SECONDS(32));
    CHECK(tn_reliable_waits(&reliable)); /* until the owner has refused the INVITE */
    end();
}

static void each_has_the_number_after_the_one_before(void)
{
    begin();
    uint32_t first = tn_reliable_next(&reliable);
    CHECK(first >= 1 && first <= INT32_MAX);
    for (uint32_t i = 0; i < 5; i++) {
        if (i > 0) CHECK_EQ(tn_reliable_next(&reliable), first + i);
        tn_reliable_sent(&reliable, first + i, 7, false);
        struct tn_rack ack = rack(first + i, 7, "INVITE");
        CHECK(tn_reliable_acknowledged(&reliable, &ack));
        CHECK(!tn_reliable_waits(&reliable));
    }
    run(TERN_SECONDS(100));
    CHECK_EQ(count, 0);
    CHECK_EQ(over, 0);
    end();
}

static void only_its_own_prack_acknowledges_it(void)
{
    static const struct {
        uint32_t rseq, cseq;
        const char *method;
    } others[] = {{11, 7, "INVITE"}, {9, 7, "INVITE"}, {10, 8, "INVITE"}, {10, 7, "UPDATE"}};
    static const bool finals[] = {false, true};
    for (size_t f = 0; f < 2; f++) {
        begin();
        tn_reliable_sent(&reliable, 10, 7, true);
        if (finals[f]) tn_reliable_final(&reliable);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            struct tn_rack other = rack(others[i].rseq, others[i].cseq, others[i].method);
            CHECK(!tn_reliable_acknowledged(&reliable, &other));
        }
        struct tn_rack own = rack(10, 7, "INVITE");
        CHECK(tn_reliable_acknowledged(&reliable, &own));
        CHECK(!tn_reliable_acknowledged(&reliable, &own)); /* RFC 3262 3: 481 */
        end();
    }
}

static void nothing_is_acknowledged_before_one_was_sent(void)
{
    begin();
    struct tn_rack none = rack(0, 0, "INVITE");
    CHECK(!tn_reliable_acknowledged(&reliable, &none));
    tn_reliable_final(&reliable); /* nothing to end */
    tn_reliable_anew(&reliable);
    CHECK_EQ(reliable.state, TN_RELIABLE_IDLE);
    CHECK_EQ(tn_ctx_deadline(&ctx), TERN_TIME_NEVER);
    end();
}

/* RFC 3262 3: it is not repeated any more, and a PRACK still finds it. */
static void after_the_final_answer_it_is_not_repeated(void)
{
    begin();
    tn_reliable_sent(&reliable, 10, 7, false);
    run(TERN_MS(600));
    CHECK_EQ(count, 1);
    tn_reliable_final(&reliable);
    tn_reliable_final(&reliable);
    tn_reliable_anew(&reliable);
    CHECK_EQ(reliable.state, TN_RELIABLE_LATE);
    run(TERN_SECONDS(100));
    CHECK_EQ(count, 1);
    CHECK_EQ(over, 0);
    end();
}

static void only_one_that_describes_the_session_holds_the_2xx(void)
{
    begin();
    CHECK(!tn_reliable_holds_2xx(&reliable));
    tn_reliable_sent(&reliable, 10, 7, false);
    CHECK(!tn_reliable_holds_2xx(&reliable));
    struct tn_rack ack = rack(10, 7, "INVITE");
    CHECK(tn_reliable_acknowledged(&reliable, &ack));
    tn_reliable_sent(&reliable, 11, 7, true);
    CHECK(tn_reliable_holds_2xx(&reliable));
    ack = rack(11, 7, "INVITE");
    CHECK(tn_reliable_acknowledged(&reliable, &ack));
    CHECK(!tn_reliable_holds_2xx(&reliable));
    end();
}

static void a_new_path_gives_it_its_time_anew(void)
{
    begin();
    tn_reliable_sent(&reliable, 10, 7, false);
    run(TERN_SECONDS(20)); /* 0.5 1.5 3.5 7.5 15.5 */
    CHECK_EQ(count, 5);
    tn_reliable_anew(&reliable);
    run(TERN_SECONDS(51));
    CHECK_EQ(sent[5], TERN_MS(20500));
    CHECK_EQ(sent[6], TERN_MS(21500));
    CHECK_EQ(over, 0);
    run(TERN_SECONDS(53));
    CHECK_EQ(over, TERN_SECONDS(52));
    end();
}

/* ---- whether ---- */

static void what_is_refused_and_what_goes_reliably(void)
{
    static const struct {
        enum tern_reliable policy;
        bool supports, requires;
        unsigned status;
        bool plain, described;
    } cases[] = {
        {TERN_RELIABLE_OFF, false, false, 0, false, false},
        {TERN_RELIABLE_OFF, true, false, 0, false, false},
        {TERN_RELIABLE_OFF, false, true, 420, false, false},
        {TERN_RELIABLE_SUPPORTED, false, false, 0, false, false},
        {TERN_RELIABLE_SUPPORTED, true, false, 0, false, true},
        {TERN_RELIABLE_SUPPORTED, false, true, 0, true, true},
        {TERN_RELIABLE_REQUIRED, false, false, 421, false, false},
        {TERN_RELIABLE_REQUIRED, true, false, 0, true, true},
        {TERN_RELIABLE_REQUIRED, false, true, 0, true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_reliable_peer peer = {cases[i].supports, cases[i].requires};
        CHECK_EQ(tn_reliable_admit(cases[i].policy, peer), cases[i].status);
        CHECK_EQ(tn_reliable_applies(cases[i].policy, peer, false), cases[i].plain);
        CHECK_EQ(tn_reliable_applies(cases[i].policy, peer, true), cases[i].described);
    }
}

static struct tern_allocator alloc; /* a message keeps a pointer to it */

static struct tn_msg *parse(const char *first, const char *lines)
{
    char text[1024];
    struct tn_msg *msg;
    alloc = tn_default_allocator();
    int len = snprintf(text, sizeof(text),
                       "%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=f\r\n"
                       "To: <sip:b@h>;tag=t\r\nCall-ID: c\r\nMax-Forwards: 70\r\n"
                       "%sContent-Length: 0\r\n\r\n",
                       first, lines);
    CHECK_EQ(tn_msg_parse(&alloc, (tern_str){text, (size_t)len}, &msg), 0);
    CHECK_EQ(msg->defect_status, 0);
    return msg;
}

static void an_invite_says_what_its_sender_can(void)
{
    static const struct {
        const char *lines;
        bool supports, requires;
    } cases[] = {
        {"", false, false},
        {"Supported: 100rel\r\n", true, false},
        {"Supported: timer, 100REL\r\n", true, false},
        {"k: timer\r\nk: 100rel\r\n", true, false},
        {"Require: 100rel\r\n", false, true},
        {"Proxy-Require: 100rel\r\nSupported: 100relx\r\n", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[128];
        snprintf(lines, sizeof(lines), "CSeq: 1 INVITE\r\n%s", cases[i].lines);
        struct tn_msg *invite = parse("INVITE sip:b@h SIP/2.0", lines);
        struct tn_reliable_peer peer = tn_reliable_of(invite);
        CHECK_EQ(peer.supports, cases[i].supports);
        CHECK_EQ(peer.requires, cases[i].requires);
        tn_msg_unref(invite);
    }
}

/* ---- the calling end ---- */

static enum tn_reliable_order take(struct tn_reliable_seen *seen, const char *first, uint32_t cseq,
                                   const char *lines)
{
    char all[256];
    snprintf(all, sizeof(all), "CSeq: %u INVITE\r\n%s", (unsigned)cseq, lines);
    struct tn_msg *rsp = parse(first, all);
    enum tn_reliable_order order = tn_reliable_take(seen, rsp);
    tn_msg_unref(rsp);
    return order;
}

/* RFC 3262 4. */
static void they_are_taken_in_order(void)
{
    static const struct {
        uint32_t cseq, rseq;
        enum tn_reliable_order order;
    } steps[] = {
        {1, 500, TN_RELIABLE_NEXT},   {1, 500, TN_RELIABLE_REPEAT}, {1, 502, TN_RELIABLE_ASTRAY},
        {1, 499, TN_RELIABLE_ASTRAY}, {1, 501, TN_RELIABLE_NEXT},   {1, 500, TN_RELIABLE_ASTRAY},
        {1, 501, TN_RELIABLE_REPEAT}, {2, 77, TN_RELIABLE_NEXT},    {2, 78, TN_RELIABLE_NEXT},
    };
    struct tn_reliable_seen seen = {0};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        char lines[64];
        snprintf(lines, sizeof(lines), "Require: 100rel\r\nRSeq: %u\r\n", (unsigned)steps[i].rseq);
        CHECK_EQ(take(&seen, "SIP/2.0 180 Ringing", steps[i].cseq, lines), steps[i].order);
    }
}

static void what_lacks_something_is_a_plain_one(void)
{
    static const struct {
        const char *first, *lines;
    } cases[] = {
        {"SIP/2.0 180 Ringing", ""},
        {"SIP/2.0 180 Ringing", "RSeq: 5\r\n"},
        {"SIP/2.0 180 Ringing", "Require: 100rel\r\n"},
        {"SIP/2.0 180 Ringing", "Require: 100rel\r\nRSeq: 0\r\n"},
        {"SIP/2.0 180 Ringing", "Require: 100rel\r\nRSeq: x\r\n"},
        {"SIP/2.0 180 Ringing", "Supported: 100rel\r\nRSeq: 5\r\n"},
        {"SIP/2.0 100 Trying", "Require: 100rel\r\nRSeq: 5\r\n"},
        {"SIP/2.0 200 OK", "Require: 100rel\r\nRSeq: 5\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_reliable_seen seen = {0};
        CHECK_EQ(take(&seen, cases[i].first, 1, cases[i].lines), TN_RELIABLE_PLAIN);
        CHECK_EQ(seen.cseq, 0);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(doubles_from_t1_without_bound_and_is_over_after_64_t1),
        TEST(each_has_the_number_after_the_one_before),
        TEST(only_its_own_prack_acknowledges_it),
        TEST(nothing_is_acknowledged_before_one_was_sent),
        TEST(after_the_final_answer_it_is_not_repeated),
        TEST(only_one_that_describes_the_session_holds_the_2xx),
        TEST(a_new_path_gives_it_its_time_anew),
        TEST(what_is_refused_and_what_goes_reliably),
        TEST(an_invite_says_what_its_sender_can),
        TEST(they_are_taken_in_order),
        TEST(what_lacks_something_is_a_plain_one),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

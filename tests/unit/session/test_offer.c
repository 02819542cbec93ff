/* SPDX-License-Identifier: MIT */
/* The offer/answer machine: its table cell by cell, versions, refused offers, forks, memory. */
#include "test_offer.h"

static const char good[] = THEIRS(AUDIO "0\r\n");
static const char no_codec[] = THEIRS(AUDIO "18\r\n");
static const char rejecting[] = THEIRS("m=audio 0 RTP/AVP 0\r\n");

/* ---- the table ---- */

enum { IDLE = TN_OFFER_IDLE, LOCAL = TN_OFFER_LOCAL, REMOTE = TN_OFFER_REMOTE };
enum { STABLE = TN_OFFER_STABLE, FRESH = 0, AGREED = 1 };

/* Brings a new machine into a state, with or without an older agreement by an offer of ours. */
static void bring(struct tn_offer *o, int state, int history)
{
    start(o);
    if (history == AGREED || state == STABLE) {
        make(o, here("10.0.0.1:5000"));
        CHECK_EQ(take_answer(o, good, NULL), 0);
    }
    if (state == LOCAL) make(o, here("10.0.0.2:5000"));
    if (state == REMOTE) CHECK_EQ(take(o, good), 0);
    CHECK_EQ(tn_offer_state(o), state);
}

enum action { MAKE, TAKE_ANSWER, TAKE, ANSWER, ROLLBACK, REOPEN, ACTIONS };

static int act(struct tn_offer *o, int action, const char *body)
{
    struct tn_offer_local local = here("10.0.0.3:5000");
    struct tn_buf buf;
    char room[2000];

    tn_buf_fixed(&buf, room, sizeof(room));
    switch ((enum action)action) {
    case MAKE: return tn_offer_make(o, &local, &buf);
    case TAKE_ANSWER: return take_answer(o, body, NULL);
    case TAKE: return take(o, body);
    case ANSWER: return tn_offer_answer(o, &local, &buf, NULL);
    case ROLLBACK: tn_offer_rollback(o); return 0;
    case REOPEN: return tn_offer_reopen(o);
    case ACTIONS: break;
    }
    abort();
}

static void each_action_in_each_state_goes_where_the_table_says(void)
{
    enum { NO = -1 };
    static const struct {
        int from, history, to[ACTIONS];
    } rows[] = {
        /*                make   answer  take    our ans. rollback reopen */
        {IDLE, FRESH, {LOCAL, NO, REMOTE, NO, IDLE, NO}},
        {LOCAL, FRESH, {NO, STABLE, NO, NO, IDLE, NO}},
        {LOCAL, AGREED, {NO, STABLE, NO, NO, STABLE, NO}},
        {REMOTE, FRESH, {NO, NO, NO, STABLE, IDLE, NO}},
        {REMOTE, AGREED, {NO, NO, NO, STABLE, STABLE, NO}},
        {STABLE, AGREED, {LOCAL, NO, REMOTE, NO, STABLE, LOCAL}},
    };
    struct tn_offer o;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int action = 0; action < ACTIONS; action++) {
            int to = rows[i].to[action];
            bring(&o, rows[i].from, rows[i].history);
            CHECK_EQ(act(&o, action, good), to == NO ? TERN_ESTATE : 0);
            CHECK_EQ(tn_offer_state(&o), to == NO ? rows[i].from : to);
            tn_offer_fini(&o);
        }
    }
    CHECK_EQ(budget.live, 0);
}

static void bodies_that_are_no_use_leave_the_state_or_end_the_exchange(void)
{
    static const struct {
        int from, action;
        const char *body;
        int err, to;
    } cases[] = {
        {LOCAL, TAKE_ANSWER, "", TERN_EPARSE, LOCAL},
        {LOCAL, TAKE_ANSWER, "garbage", TERN_EPARSE, LOCAL},
        {LOCAL, TAKE_ANSWER, THEIRS(""), TERN_EPARSE, LOCAL},
        {LOCAL, TAKE_ANSWER, THEIRS("m=video 9 RTP/AVP 31\r\n"), TERN_EPARSE, LOCAL},
        {LOCAL, TAKE_ANSWER, "v=0\no=- 1 1 IN IP4 a\nm=audio 9 RTP/AVP 0", TERN_EPARSE, LOCAL},
        {LOCAL, TAKE_ANSWER, rejecting, TERN_EUNSUPPORTED, STABLE},
        {LOCAL, TAKE_ANSWER, no_codec, TERN_EUNSUPPORTED, STABLE},
        {IDLE, TAKE, "", TERN_EPARSE, IDLE},
        {IDLE, TAKE, "v=0\no=- 1 1 IN IP4 a\nm=audio 9 RTP/AVP 0", TERN_EPARSE, IDLE},
        {IDLE, TAKE, THEIRS(""), TERN_EUNSUPPORTED, IDLE},
        {IDLE, TAKE, rejecting, TERN_EUNSUPPORTED, IDLE},
        {IDLE, TAKE, no_codec, TERN_EUNSUPPORTED, IDLE},
        {STABLE, TAKE, "garbage", TERN_EPARSE, STABLE},
        {STABLE, TAKE, no_codec, TERN_EUNSUPPORTED, STABLE},
    };
    struct tn_offer o;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bring(&o, cases[i].from, FRESH);
        CHECK_EQ(act(&o, cases[i].action, cases[i].body), cases[i].err);
        CHECK_EQ(tn_offer_state(&o), cases[i].to);
        CHECK_EQ(tn_offer_plan(&o)->active, cases[i].from == STABLE);
        tn_offer_fini(&o);
    }
    CHECK_EQ(budget.live, 0);
}

static void each_state_has_a_name(void)
{
    static const char *const names[] = {"idle", "local", "remote", "stable"};
    for (int i = 0; i < TN_OFFER_STATES; i++)
        check_same(tn_offer_state_name((enum tn_offer_state)i), names[i]);
}

/* ---- arguments ---- */

static void options_that_make_no_sense_are_refused(void)
{
    struct tn_offer_opts bad[9];
    struct tn_offer o;

    for (size_t i = 0; i < 9; i++)
        bad[i] = both_codecs();
    bad[0].codec_count = 0;
    bad[1].codec_count = 5;
    bad[2].codecs[0].codec = TN_CODEC_NONE;
    bad[3].codecs[0].pt = 128;
    bad[4].codecs[1].codec = TN_CODEC_PCMU;
    bad[5].codecs[1].pt = 0;
    bad[6].event_pt = 128;
    bad[7].event_pt = 8;
    bad[8].alloc = NULL;
    for (size_t i = 0; i < 9; i++)
        CHECK_EQ(tn_offer_init(&o, &bad[i]), TERN_EINVAL);
}

static void without_an_address_nothing_is_said(void)
{
    struct tn_offer_local nowhere = {.hold = false};
    struct tn_offer_local portless = here("10.0.0.1");
    struct tn_offer o;
    struct tn_buf buf;
    char room[2000];

    tn_buf_fixed(&buf, room, sizeof(room));
    start(&o);
    CHECK_EQ(tn_offer_make(&o, &nowhere, &buf), TERN_EINVAL);
    CHECK_EQ(tn_offer_make(&o, &portless, &buf), TERN_EINVAL);
    CHECK_EQ(take(&o, good), 0);
    CHECK_EQ(tn_offer_answer(&o, &nowhere, &buf, NULL), TERN_EINVAL);
    CHECK_EQ(tn_offer_state(&o), TN_OFFER_REMOTE);
    CHECK_EQ(buf.len, 0);
    tn_offer_fini(&o);
}

static void a_body_that_is_too_small_changes_nothing(void)
{
    struct tn_offer_local local = here("10.0.0.1:5000");
    struct tn_offer o;
    struct tn_buf buf;
    char room[40];

    tn_buf_fixed(&buf, room, sizeof(room));
    start(&o);
    CHECK_EQ(tn_offer_make(&o, &local, &buf), TERN_ENOBUF);
    CHECK_EQ(tn_offer_state(&o), TN_OFFER_IDLE);
    CHECK_EQ(take(&o, good), 0);
    CHECK_EQ(tn_offer_answer(&o, &local, &buf, NULL), TERN_ENOBUF);
    CHECK_EQ(tn_offer_state(&o), TN_OFFER_REMOTE);
    check_has(answer(&o, local, NULL).z, "o=- 77 1 "); /* nothing was counted as sent */
    tn_offer_fini(&o);
}

/* ---- what is sent ---- */

static void the_first_offer_is_this_text(void)
{
    struct tn_offer o;

    start(&o);
    check_same(make(&o, here("192.0.2.1:4000")).z, "v=0\r\n"
                                                   "o=- 77 1 IN IP4 192.0.2.1\r\n"
                                                   "s=-\r\n"
                                                   "c=IN IP4 192.0.2.1\r\n"
                                                   "t=0 0\r\n"
                                                   "m=audio 4000 RTP/AVP 0 8 101\r\n"
                                                   "a=rtpmap:0 PCMU/8000\r\n"
                                                   "a=rtpmap:8 PCMA/8000\r\n"
                                                   "a=rtpmap:101 telephone-event/8000\r\n"
                                                   "a=fmtp:101 0-15\r\n"
                                                   "a=ptime:20\r\n"
                                                   "a=sendrecv\r\n");
    tn_offer_fini(&o);
}

static void ipv6_and_a_separate_rtcp_address_are_written(void)
{
    static const struct {
        const char *rtp, *rtcp, *line;
    } cases[] = {
        {"[2001:db8::1]:4000", "[2001:db8::1]:4001", NULL},
        {"[2001:db8::1]:4000", "[2001:db8::1]:4002", "a=rtcp:4002\r\n"},
        {"[2001:db8::1]:4000", "[2001:db8::2]:4001", "a=rtcp:4001 IN IP6 2001:db8::2\r\n"},
        {"192.0.2.1:65535", "192.0.2.1:9", "a=rtcp:9\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn_offer_local local = here(cases[i].rtp);
        struct tn_offer o;
        start(&o);
        local.rtcp = at(cases[i].rtcp);
        local.rtp.scope = 3; /* ours alone */
        local.rtcp.scope = 3;
        struct text t = make(&o, local);
        check_has(t.z, i < 3 ? "c=IN IP6 2001:db8::1\r\n" : "c=IN IP4 192.0.2.1\r\n");
        if (cases[i].line) check_has(t.z, cases[i].line);
        if (!cases[i].line) check_lacks(t.z, "a=rtcp");
        tn_offer_fini(&o);
    }
}

static void session_ids_fit_in_63_bits(void)
{
    struct tn_offer_opts opts = both_codecs();
    struct tn_offer o;

    opts.session_id = UINT64_MAX;
    start_with(&o, &opts);
    check_has(make(&o, here("192.0.2.1:4000")).z, "o=- 9223372036854775807 1 ");
    tn_offer_fini(&o);
}

/* ---- versions: RFC 3264 8 ---- */

static void the_version_grows_only_with_the_content(void)
{
    struct tn_offer o;

    start(&o);
    struct text first = make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(
        take_answer(&o, THEIRS(AUDIO "0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"), NULL), 0);
    check_same(make(&o, here("10.0.0.1:5000")).z, first.z);
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    check_has(make(&o, holding("10.0.0.1:5000")).z, "o=- 77 2 ");
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    check_has(make(&o, here("10.0.0.1:5000")).z, "o=- 77 3 ");
    tn_offer_fini(&o);
}

/* The o= address is a name and stays, whatever happens to the address that it was. */
static void after_an_ip_change_only_version_and_media_address_differ(void)
{
    struct tn_offer o;

    start(&o);
    make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    check_same(make(&o, here("[2001:db8::7]:6000")).z, "v=0\r\n"
                                                       "o=- 77 2 IN IP4 10.0.0.1\r\n"
                                                       "s=-\r\n"
                                                       "c=IN IP6 2001:db8::7\r\n"
                                                       "t=0 0\r\n"
                                                       "m=audio 6000 RTP/AVP 0 8 101\r\n"
                                                       "a=rtpmap:0 PCMU/8000\r\n"
                                                       "a=rtpmap:8 PCMA/8000\r\n"
                                                       "a=rtpmap:101 telephone-event/8000\r\n"
                                                       "a=fmtp:101 0-15\r\n"
                                                       "a=ptime:20\r\n"
                                                       "a=sendrecv\r\n");
    tn_offer_fini(&o);
}

static void a_refused_offer_leaves_the_agreement_and_uses_up_its_version(void)
{
    struct tn_offer o;

    start(&o);
    struct text agreed = make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    struct tn_media_plan before = *tn_offer_plan(&o);

    struct text refused = make(&o, here("10.0.0.2:5000"));
    check_same(repeat(&o).z, refused.z);
    tn_offer_rollback(&o);
    CHECK(same_plan(&before, tn_offer_plan(&o)));
    check_same(repeat(&o).z, agreed.z);

    check_same(make(&o, here("10.0.0.2:5000")).z, refused.z); /* the same again after a 491 */
    tn_offer_rollback(&o);
    check_has(make(&o, here("10.0.0.3:5000")).z, "o=- 77 3 ");
    tn_offer_rollback(&o);
    CHECK_EQ(take(&o, good), 0);
    check_has(answer(&o, here("10.0.0.1:5000"), NULL).z, "o=- 77 4 ");
    check_has(make(&o, here("10.0.0.9:5000")).z, "o=- 77 5 ");
    tn_offer_fini(&o);
}

static void a_refused_first_offer_leads_back_to_idle(void)
{
    struct tn_offer o;

    start(&o);
    struct text first = make(&o, here("10.0.0.1:5000"));
    tn_offer_rollback(&o);
    CHECK(!tn_offer_plan(&o)->active);
    check_same(make(&o, here("10.0.0.1:5000")).z, first.z);
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    tn_offer_fini(&o);
}

static void their_refused_offer_leaves_everything(void)
{
    struct tn_offer o;

    start(&o);
    struct text agreed = make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    CHECK_EQ(take(&o, THEIRS("m=audio 1 RTP/AVP 8\r\na=sendonly\r\n")), 0);
    tn_offer_rollback(&o);
    CHECK_EQ(tn_offer_plan(&o)->send_codec, TN_CODEC_PCMU);
    CHECK(!tn_offer_remote_hold(&o));
    check_same(repeat(&o).z, agreed.z);
    tn_offer_fini(&o);
}

static void repeat_gives_what_was_sent_last(void)
{
    struct tn_offer o;
    struct tn_buf buf;
    char room[2000];

    tn_buf_fixed(&buf, room, sizeof(room));
    start(&o);
    CHECK_EQ(tn_offer_repeat(&o, &buf), TERN_ESTATE);
    CHECK_EQ(take(&o, good), 0);
    CHECK_EQ(tn_offer_repeat(&o, &buf), TERN_ESTATE);
    struct text t = answer(&o, here("10.0.0.1:5000"), NULL);
    check_same(repeat(&o).z, t.z);
    CHECK_EQ(tn_offer_state(&o), TN_OFFER_STABLE);
    CHECK_EQ(take(&o, good), 0);
    check_same(repeat(&o).z, t.z);
    check_same(answer(&o, here("10.0.0.1:5000"), NULL).z, t.z); /* nothing new: same version */
    tn_offer_fini(&o);
}

/* ---- forks: RFC 3261 13.2.2.4 ---- */

static void a_second_fork_answers_the_same_offer(void)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    start(&o);
    struct text offer = make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, good, &plan), 0);
    CHECK_EQ(tn_offer_reopen(&o), 0);
    check_same(repeat(&o).z, offer.z);
    CHECK_EQ(take_answer(&o, THEIRS("m=audio 7000 RTP/AVP 8\r\n"), &plan), 0);
    check_addr(plan.remote_rtp, "192.0.2.9:7000");
    CHECK_EQ(plan.send_codec, TN_CODEC_PCMA);
    CHECK_EQ(tn_offer_reopen(&o), 0);
    tn_offer_rollback(&o);
    CHECK_EQ(tn_offer_state(&o), TN_OFFER_STABLE);
    CHECK_EQ(tn_offer_plan(&o)->send_codec, TN_CODEC_PCMA);
    tn_offer_fini(&o);
}

static void an_agreement_by_their_offer_cannot_be_reopened(void)
{
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, good), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    CHECK_EQ(tn_offer_reopen(&o), TERN_ESTATE);
    tn_offer_fini(&o);
}

/* ---- memory ---- */

/* A body too big for scratch memory, so that each step has allocations that can fail. */
static const char *big_body(const char *lines)
{
    static char text[9000];
    size_t len = (size_t)snprintf(text, sizeof(text), THEIRS("%s"), lines);

    while (len < 7000)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "a=x:yyyyyyyyyyyyyyyyyyyyyyyy\r\n");
    return text;
}

/* Runs one step with the n-th allocation failing, for every n, until it gets through. */
static long fail_each_allocation(struct tn_offer *o, int action, const char *body)
{
    enum tn_offer_state before = tn_offer_state(o);
    struct tn_media_plan plan = *tn_offer_plan(o);
    long failures = 0;

    for (;; failures++) {
        budget.left = failures;
        int err = act(o, action, body);
        budget.left = -1;
        if (!err) return failures;
        CHECK_EQ(err, TERN_ENOMEM);
        CHECK_EQ(tn_offer_state(o), before);
        CHECK(same_plan(&plan, tn_offer_plan(o)));
    }
}

static void every_failed_allocation_leaves_the_machine_as_it_was(void)
{
    struct tn_offer o;

    start(&o);
    CHECK(fail_each_allocation(&o, TAKE, big_body(AUDIO "0 8\r\n")) > 0);
    CHECK(fail_each_allocation(&o, ANSWER, NULL) > 0);
    CHECK(fail_each_allocation(&o, MAKE, NULL) > 0);
    CHECK(fail_each_allocation(&o, TAKE_ANSWER, big_body(AUDIO "0\r\n")) > 0);
    CHECK(fail_each_allocation(&o, REOPEN, NULL) > 0);
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    check_has(make(&o, here("10.0.0.4:5000")).z, "o=- 77 3 "); /* no version was lost */
    tn_offer_fini(&o);
    CHECK_EQ(budget.live, 0);
}

/* What the owner's budget of memory for a confirmed call counts on. */
static void a_stable_machine_holds_one_block_and_no_offer(void)
{
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, good), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    CHECK_EQ(budget.live, 1);
    make(&o, here("10.0.0.2:5000"));
    CHECK_EQ(take_answer(&o, good, NULL), 0);
    CHECK_EQ(budget.live, 1);
    tn_offer_fini(&o);
    CHECK_EQ(budget.live, 0);
    tn_offer_fini(&o); /* twice is harmless */
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(each_action_in_each_state_goes_where_the_table_says),
        TEST(bodies_that_are_no_use_leave_the_state_or_end_the_exchange),
        TEST(each_state_has_a_name),
        TEST(options_that_make_no_sense_are_refused),
        TEST(without_an_address_nothing_is_said),
        TEST(a_body_that_is_too_small_changes_nothing),
        TEST(the_first_offer_is_this_text),
        TEST(ipv6_and_a_separate_rtcp_address_are_written),
        TEST(session_ids_fit_in_63_bits),
        TEST(the_version_grows_only_with_the_content),
        TEST(after_an_ip_change_only_version_and_media_address_differ),
        TEST(a_refused_offer_leaves_the_agreement_and_uses_up_its_version),
        TEST(a_refused_first_offer_leads_back_to_idle),
        TEST(their_refused_offer_leaves_everything),
        TEST(repeat_gives_what_was_sent_last),
        TEST(a_second_fork_answers_the_same_offer),
        TEST(an_agreement_by_their_offer_cannot_be_reopened),
        TEST(every_failed_allocation_leaves_the_machine_as_it_was),
        TEST(a_stable_machine_holds_one_block_and_no_offer),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

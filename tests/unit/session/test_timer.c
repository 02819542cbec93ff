/* SPDX-License-Identifier: MIT */
/* Session timers: the table of session/timer.h cell by cell, and RFC 4028 7 to 10. */
#include "session/timer.h"

#include "base/alloc.h"
#include "tern_test.h"

static struct tn_ctx ctx;
static struct tn_session_timer timer;
static bool online;
static enum tn_session_act last_act;
static unsigned fired;

static void fire(struct tn_timer *t)
{
    (void)t;
    fired++;
    last_act = tn_session_timer_fire(&timer, online);
}

static void open_with(uint32_t wanted_s, uint32_t least_s)
{
    uint8_t bytes[32] = {7};
    struct tern_allocator alloc = tn_default_allocator();
    CHECK_EQ(tn_ctx_init(&ctx, &alloc, bytes), 0);
    tn_ctx_enter(&ctx, TERN_SECONDS(10));
    tn_session_timer_init(&timer, &ctx, fire);
    tn_session_timer_want(&timer, wanted_s, least_s);
    online = true;
    fired = 0;
    last_act = TN_SESSION_WAIT;
}

static void close_all(void)
{
    tn_session_timer_stop(&timer);
    CHECK(!tn_timer_armed(&timer.timer));
    tn_ctx_fini(&ctx);
}

static void pass(tern_time time)
{
    tn_ctx_enter(&ctx, ctx.now + time);
    while (tn_ctx_fire(&ctx))
        continue;
}

static void agree(uint32_t seconds, enum tn_refresher refresher)
{
    struct tn_session_terms terms = {true, seconds, refresher, 0};
    tn_session_timer_answered(&timer, &terms);
}

static void in_state(enum tn_session_state state)
{
    open_with(1800, 90);
    if (state == TN_SESSION_OURS || state == TN_SESSION_ASKED) agree(1800, TN_REFRESHER_UAC);
    if (state == TN_SESSION_THEIRS || state == TN_SESSION_OVERDUE) agree(1800, TN_REFRESHER_UAS);
    if (state == TN_SESSION_ASKED) pass(TERN_SECONDS(900));
    if (state == TN_SESSION_OVERDUE) {
        online = false;
        pass(TERN_SECONDS(1800));
        online = true;
    }
    if (state == TN_SESSION_OVER) tn_session_timer_stop(&timer);
    CHECK_EQ(timer.state, state);
    fired = 0;
    last_act = TN_SESSION_WAIT;
}

#define FOR_EACH_STATE for (enum tn_session_state s = 0; s < TN_SESSION_STATES; s++)

static void what_is_agreed_on_decides_the_state_until_it_is_over(void)
{
    static const struct {
        uint32_t seconds;
        enum tn_refresher refresher;
        enum tn_session_state then;
    } cases[] = {{1800, TN_REFRESHER_UAC, TN_SESSION_OURS},
                 {1800, TN_REFRESHER_UAS, TN_SESSION_THEIRS},
                 {1800, TN_REFRESHER_NONE, TN_SESSION_OURS},
                 {0, TN_REFRESHER_NONE, TN_SESSION_UNLIMITED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        FOR_EACH_STATE
        {
            in_state(s);
            agree(cases[i].seconds, cases[i].refresher);
            CHECK_EQ(timer.state, s == TN_SESSION_OVER ? TN_SESSION_OVER : cases[i].then);
            close_all();
        }
    }
}

static void each_state_ends_as_its_column_says(void)
{
    static const struct {
        enum tn_session_state from;
        bool online;
        enum tn_session_state to;
        enum tn_session_act act;
    } cells[] = {
        {TN_SESSION_OURS, true, TN_SESSION_ASKED, TN_SESSION_REFRESH},
        {TN_SESSION_OURS, false, TN_SESSION_ASKED, TN_SESSION_REFRESH},
        {TN_SESSION_ASKED, true, TN_SESSION_OVER, TN_SESSION_END},
        {TN_SESSION_ASKED, false, TN_SESSION_OVERDUE, TN_SESSION_WAIT},
        {TN_SESSION_THEIRS, true, TN_SESSION_OVER, TN_SESSION_END},
        {TN_SESSION_THEIRS, false, TN_SESSION_OVERDUE, TN_SESSION_WAIT},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        in_state(cells[i].from);
        online = cells[i].online;
        CHECK(tn_timer_armed(&timer.timer));
        pass(tn_timer_due(&timer.timer) - ctx.now);
        CHECK_EQ(fired, 1);
        CHECK_EQ(last_act, cells[i].act);
        CHECK_EQ(timer.state, cells[i].to);
        close_all();
    }
    FOR_EACH_STATE /* the others have no end of their own */
    {
        if (s == TN_SESSION_OURS || s == TN_SESSION_ASKED || s == TN_SESSION_THEIRS) continue;
        in_state(s);
        CHECK(!tn_timer_armed(&timer.timer));
        close_all();
    }
}

static void who_comes_back_late_asks_at_once_and_has_32_s(void)
{
    static const struct {
        enum tn_session_state from, to;
        enum tn_session_act act;
    } cells[] = {
        {TN_SESSION_UNLIMITED, TN_SESSION_UNLIMITED, TN_SESSION_WAIT},
        {TN_SESSION_OURS, TN_SESSION_OURS, TN_SESSION_WAIT},
        {TN_SESSION_ASKED, TN_SESSION_ASKED, TN_SESSION_REFRESH},
        {TN_SESSION_THEIRS, TN_SESSION_THEIRS, TN_SESSION_WAIT},
        {TN_SESSION_OVERDUE, TN_SESSION_ASKED, TN_SESSION_REFRESH},
        {TN_SESSION_OVER, TN_SESSION_OVER, TN_SESSION_WAIT},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        in_state(cells[i].from);
        CHECK_EQ(tn_session_timer_online(&timer), cells[i].act);
        CHECK_EQ(timer.state, cells[i].to);
        close_all();
    }
    static const enum tn_session_state nearly[] = {TN_SESSION_ASKED, TN_SESSION_THEIRS};
    for (size_t i = 0; i < 2; i++) { /* with little left */
        in_state(nearly[i]);
        pass(timer.expires - ctx.now - TERN_SECONDS(1));
        CHECK_EQ(tn_session_timer_online(&timer), TN_SESSION_REFRESH);
        CHECK_EQ(timer.state, TN_SESSION_ASKED);
        CHECK_EQ(tn_timer_due(&timer.timer), ctx.now + TERN_SECONDS(32));
        close_all();
    }
}

static void the_end_comes_32_s_or_a_third_before_the_interval_is_over(void)
{
    static const struct {
        uint32_t seconds;
        tern_time end;
    } cases[] = {{1800, TERN_SECONDS(1768)},
                 {96, TERN_SECONDS(64)},
                 {90, TERN_SECONDS(60)},
                 {10, TERN_SECONDS(60)}, /* nobody may ask for so little: 90 */
                 {UINT32_MAX, TERN_SECONDS(7 * 86400 - 32)}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_with(1800, 90);
        agree(cases[i].seconds, TN_REFRESHER_UAS);
        CHECK_EQ(tn_timer_due(&timer.timer), ctx.now + cases[i].end);
        close_all();
    }
}

static void refreshes_of_calls_that_began_together_are_spread(void)
{
    tern_time first = TERN_TIME_NEVER, last = 0;
    open_with(1800, 90);
    for (int i = 0; i < 200; i++) {
        agree(1800, TN_REFRESHER_UAC);
        tern_time due = tn_timer_due(&timer.timer) - ctx.now;
        if (due < first) first = due;
        if (due > last) last = due;
    }
    CHECK(first >= TERN_SECONDS(780) && first < TERN_SECONDS(800));
    CHECK(last > TERN_SECONDS(880) && last <= TERN_SECONDS(900));
    close_all();
}

/* ---- texts ---- */

static const char *lines_of(void (*put)(struct tn_buf *buf))
{
    static char text[256];
    struct tn_buf buf;
    tn_buf_fixed(&buf, text, sizeof(text) - 1);
    put(&buf);
    CHECK_EQ(buf.err, 0);
    text[buf.len] = '\0';
    return text;
}

static void put_request(struct tn_buf *buf)
{
    tn_session_timer_put_request(&timer, buf);
}

static void put_answer(struct tn_buf *buf)
{
    tn_session_timer_put_answer(&timer, buf);
}

static void put_refusal(struct tn_buf *buf)
{
    tn_session_timer_put_refusal(&timer, buf);
}

static bool same(const char *a, const char *b)
{
    if (strcmp(a, b) == 0) return true;
    fprintf(stderr, "[%s]\nis not\n[%s]\n", a, b);
    return false;
}

/* RFC 4028 7.1, 7.4. */
static void a_request_says_who_refreshes_once_that_is_known(void)
{
    open_with(1800, 90);
    CHECK(same(lines_of(put_request), "Session-Expires: 1800\r\n"));
    agree(1200, TN_REFRESHER_UAC);
    CHECK(same(lines_of(put_request), "Session-Expires: 1200;refresher=uac\r\n"));
    agree(1200, TN_REFRESHER_UAS);
    CHECK(same(lines_of(put_request), "Session-Expires: 1200;refresher=uas\r\n"));
    agree(0, TN_REFRESHER_NONE);
    CHECK(same(lines_of(put_request), "Session-Expires: 1800\r\n"));
    close_all();
    open_with(300, 600);
    CHECK(same(lines_of(put_request), "Session-Expires: 600\r\nMin-SE: 600\r\n"));
    close_all();
    open_with(0, 0);
    CHECK(same(lines_of(put_request), ""));
    close_all();
}

/* RFC 4028 7.3: 422 is obeyed as long as it wants more than was asked, and not for ever. */
static void a_422_raises_what_is_asked(void)
{
    open_with(300, 90);
    CHECK(!tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = 600}));
    (void)lines_of(put_request);
    CHECK(tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = 600}));
    CHECK(same(lines_of(put_request), "Session-Expires: 600\r\nMin-SE: 600\r\n"));
    CHECK(!tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = 600}));
    CHECK(!tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = 0}));
    CHECK(!tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = UINT32_MAX}));
    uint32_t asked = 600, raises = 0;
    while (raises < 100 &&
           tn_session_timer_raise(&timer, &(struct tn_session_terms){.min_s = ++asked})) {
        (void)lines_of(put_request);
        raises++;
    }
    CHECK_EQ(raises, 3);
    close_all();
}

/* RFC 4028 9 with table 2. */
static void an_answer_follows_table_2(void)
{
    static const struct {
        struct tn_session_terms asked;
        enum tn_session_state before;
        const char *lines;
        enum tn_session_state then;
    } cases[] = {
        {{false, 0, TN_REFRESHER_NONE, 0},
         TN_SESSION_UNLIMITED,
         "Session-Expires: 1800;refresher=uas\r\n",
         TN_SESSION_OURS},
        {{true, 0, TN_REFRESHER_NONE, 0},
         TN_SESSION_UNLIMITED,
         "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n",
         TN_SESSION_THEIRS},
        {{true, 3600, TN_REFRESHER_NONE, 0},
         TN_SESSION_UNLIMITED,
         "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n",
         TN_SESSION_THEIRS},
        {{true, 3600, TN_REFRESHER_UAS, 2400},
         TN_SESSION_UNLIMITED,
         "Session-Expires: 2400;refresher=uas\r\n",
         TN_SESSION_OURS},
        {{true, 600, TN_REFRESHER_UAC, 0},
         TN_SESSION_OURS,
         "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n",
         TN_SESSION_THEIRS},
        {{true, 600, TN_REFRESHER_NONE, 0},
         TN_SESSION_OURS,
         "Session-Expires: 600;refresher=uas\r\n",
         TN_SESSION_OURS},
        {{false, 20, TN_REFRESHER_NONE, 0}, /* who does not know Min-SE cannot be refused by it */
         TN_SESSION_UNLIMITED,
         "Session-Expires: 90;refresher=uas\r\n",
         TN_SESSION_OURS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        in_state(cases[i].before);
        CHECK_EQ(tn_session_timer_take(&timer, &cases[i].asked), 0);
        CHECK(same(lines_of(put_answer), cases[i].lines));
        tn_session_timer_agreed(&timer);
        CHECK_EQ(timer.state, cases[i].then);
        close_all();
    }
}

static void without_a_wish_of_ours_theirs_is_done(void)
{
    open_with(0, 90);
    CHECK_EQ(tn_session_timer_take(&timer, &(struct tn_session_terms){.supported = true}), 0);
    CHECK(same(lines_of(put_answer), ""));
    tn_session_timer_agreed(&timer);
    CHECK_EQ(timer.state, TN_SESSION_UNLIMITED);
    CHECK_EQ(tn_session_timer_take(&timer, &(struct tn_session_terms){true, 600, 0, 0}), 0);
    CHECK(same(lines_of(put_answer), "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n"));
    close_all();
}

static void too_short_an_interval_is_refused_to_who_understands_it(void)
{
    open_with(1800, 300);
    CHECK_EQ(tn_session_timer_take(&timer, &(struct tn_session_terms){true, 120, 0, 0}), 422);
    CHECK(same(lines_of(put_refusal), "Min-SE: 300\r\n"));
    CHECK_EQ(tn_session_timer_take(&timer, &(struct tn_session_terms){false, 120, 0, 0}), 0);
    CHECK_EQ(tn_session_timer_take(&timer, &(struct tn_session_terms){true, 300, 0, 0}), 0);
    close_all();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_is_agreed_on_decides_the_state_until_it_is_over),
        TEST(each_state_ends_as_its_column_says),
        TEST(who_comes_back_late_asks_at_once_and_has_32_s),
        TEST(the_end_comes_32_s_or_a_third_before_the_interval_is_over),
        TEST(refreshes_of_calls_that_began_together_are_spread),
        TEST(a_request_says_who_refreshes_once_that_is_known),
        TEST(a_422_raises_what_is_asked),
        TEST(an_answer_follows_table_2),
        TEST(without_a_wish_of_ours_theirs_is_done),
        TEST(too_short_an_interval_is_refused_to_who_understands_it),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

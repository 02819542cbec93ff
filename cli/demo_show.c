/* SPDX-License-Identifier: MIT */
/*
 * The director: brings the nodes on, lets them talk, changes the phone's
 * address, measures what comes of it, and has it told.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_show.h"

enum {
    START_LIMIT_MS = 20000,  /* for each step until both hear each other */
    CHANGE_LIMIT_MS = 30000, /* from the new address until all is well again */
    STOP_LIMIT_MS = 4000,
    TALK_MS = 1500,   /* between changes */
    LINGER_MS = 2000, /* make before break: until the old address goes */
    SETTLE_MS = 600,  /* and what may still come is waited for */
    MEASURE_EVERY_MS = 100,
};

/* ---- until both hear each other ---- */

static bool server_is_ready(struct demo_show *show)
{
    return show->known[DEMO_SERVER].ready;
}

static bool far_is_registered(struct demo_show *show)
{
    return show->known[DEMO_FAR].registered;
}

static bool phone_is_registered(struct demo_show *show)
{
    return show->known[DEMO_PHONE].registered;
}

static bool both_have_answered(struct demo_show *show)
{
    return show->known[DEMO_PHONE].answered && show->known[DEMO_FAR].answered;
}

static bool hears(const struct demo_show *show, enum demo_who who, tern_time since)
{
    tern_time heard = show->known[who].measure.heard;

    return heard != TERN_TIME_NEVER && heard > since;
}

/* Asks at most ten times a second. */
static bool both_hear_since(struct demo_show *show, tern_time since)
{
    if (!demo_measure(show, since)) return false;
    if (hears(show, DEMO_FAR, since) && hears(show, DEMO_PHONE, since)) return true;
    (void)demo_pause(show, TERN_MS(MEASURE_EVERY_MS));
    return false;
}

static bool both_hear(struct demo_show *show)
{
    return both_hear_since(show, 0);
}

static bool enter(struct demo_show *show, enum demo_who who, demo_condition until, const char *what)
{
    if (demo_stage_enter(&show->stage, who)) return demo_fail(show, "%s", show->stage.why);
    if (demo_wait(show, until, START_LIMIT_MS)) return true;
    return demo_fail(show, "%s in %d s", what, START_LIMIT_MS / 1000);
}

static void tell_sound(struct demo_show *show, tern_time at)
{
    const struct demo_measure *far = &show->known[DEMO_FAR].measure;
    const struct demo_measure *phone = &show->known[DEMO_PHONE].measure;
    bool secure = far->security == TERN_MEDIA_SECURE && phone->security == TERN_MEDIA_SECURE;
    char sound[32] = "the file";

    if (show->opts->wav == NULL) snprintf(sound, sizeof(sound), "%.0f Hz", DEMO_PHONE_HZ);
    demo_tell(&show->story, at, DEMO_NOTE,
              "far hears %s at %.0f dBFS, phone hears %.0f Hz at %.0f dBFS%s", sound, far->level_db,
              DEMO_FAR_HZ, phone->level_db, secure ? ", secure" : "");
}

/* After the nodes have been forked: they need not have them. */
static bool open_taps(struct demo_show *show)
{
    struct lab *lab = show->stage.lab;

    if (lab == NULL) return true;
    int err = demo_tap_open(&show->taps[DEMO_FAR], lab, "far", false);
    if (!err) err = demo_tap_open(&show->taps[DEMO_PHONE], lab, "phone", true);
    return !err || demo_fail(show, "the audio cannot be watched: %s", lab_error(lab));
}

static bool begin_talking(struct demo_show *show)
{
    struct demo_order call = {.kind = DEMO_ORDER_CALL};

    demo_tell_phase(&show->story, demo_now(), 0, "The phone registers and calls");
    if (!enter(show, DEMO_SERVER, server_is_ready, "the server does not listen")) return false;
    if (!enter(show, DEMO_FAR, far_is_registered, "the far end is not registered")) return false;
    if (!enter(show, DEMO_PHONE, phone_is_registered, "the phone is not registered")) return false;
    if (!open_taps(show)) return false;
    if (demo_stage_order(&show->stage, DEMO_PHONE, &call)) {
        return demo_fail(show, "%s", show->stage.why);
    }
    if (!demo_wait(show, both_have_answered, START_LIMIT_MS)) {
        return demo_fail(show, "the call is not answered");
    }
    show->talk_began = demo_now();
    if (!demo_wait(show, both_hear, START_LIMIT_MS)) {
        return demo_fail(show, "the two do not hear each other");
    }
    tell_sound(show, demo_now());
    return demo_pause(show, TERN_MS(TALK_MS));
}

/* ---- a change ---- */

static bool has_ended(struct demo_show *show)
{
    return show->known[DEMO_PHONE].ended || show->known[DEMO_FAR].ended;
}

static bool is_over(struct demo_show *show)
{
    if (show->opts->hangup) {
        return show->known[DEMO_PHONE].ended && show->known[DEMO_FAR].ended &&
               show->completed != TERN_TIME_NEVER;
    }
    if (has_ended(show)) return true;
    if (show->completed == TERN_TIME_NEVER) return false;
    return both_hear_since(show, show->completed);
}

/* Loopback addresses have no interfaces that one could tell apart. */
static const char *arrival(const struct demo_show *show, const struct demo_place *place,
                           char text[80])
{
    if (show->stage.lab == NULL) {
        snprintf(text, 80, "%s comes", place->address);
    } else {
        snprintf(text, 80, "%s gets %s", place->ifname, place->address);
    }
    return text;
}

static const char *departure(const struct demo_show *show, const struct demo_place *place,
                             char text[80])
{
    if (show->stage.lab == NULL) {
        snprintf(text, 80, "%s goes", place->address);
    } else {
        snprintf(text, 80, "%s loses %s", place->ifname, place->address);
    }
    return text;
}

/* Nothing that has not happened yet. */
static void title_of(const struct demo_show *show, const struct demo_result *result,
                     char title[240])
{
    const char *worse = show->stage.lab != NULL ? result->from.ifname : result->from.address;
    char comes[80], goes[80];

    arrival(show, &result->to, comes);
    departure(show, &result->from, goes);
    switch (show->opts->scenario) {
    case DEMO_BREAK:
        snprintf(title, 240, "Change %zu: %s, %s", show->result_count, goes, comes);
        break;
    case DEMO_MAKE:
        snprintf(title, 240, "Change %zu: %s, a better way than %s", show->result_count, comes,
                 worse);
        break;
    case DEMO_OFFLINE: snprintf(title, 240, "Change %zu: %s", show->result_count, goes); break;
    }
}

/* @return 0, also when the show is broken meanwhile */
static int perform_offline(struct demo_show *show, struct demo_result *result)
{
    int err = demo_stage_leave(&show->stage, &result->from);
    char comes[80];

    if (err) return err;
    demo_tell(&show->story, demo_now(), DEMO_DOT, "no network%s",
              show->opts->hangup ? "" : ": the call waits");
    if (!demo_pause(show, show->opts->offline)) return 0;
    show->usable = demo_now();
    result->offline = show->usable - result->began;
    demo_tell(&show->story, show->usable, DEMO_DOT, "%s", arrival(show, &result->to, comes));
    return demo_stage_arrive(&show->stage, &result->to);
}

static int perform(struct demo_show *show, struct demo_result *result)
{
    switch (show->opts->scenario) {
    case DEMO_BREAK: return demo_stage_swap(&show->stage, &result->from, &result->to);
    case DEMO_MAKE: return demo_stage_arrive(&show->stage, &result->to);
    case DEMO_OFFLINE: return perform_offline(show, result);
    }
    return 0;
}

/* The old address stands until all has moved, and a little longer. */
static bool take_old_away(struct demo_show *show, const struct demo_result *result)
{
    char goes[80];

    if (!demo_pause(show, TERN_MS(LINGER_MS))) return false;
    tern_time at = demo_now();
    if (demo_stage_leave(&show->stage, &result->from))
        return demo_fail(show, "%s", show->stage.why);
    demo_tell(&show->story, at, DEMO_DOT, "%s", departure(show, &result->from, goes));
    show->completed = at + show->opts->rtt / 2; /* what was under way may still be heard */
    return true;
}

/* The tap's gap where there is one: it is of what arrives, whatever the node accepts. */
static void take_way(struct demo_show *show, enum demo_who ear, const struct demo_measure *before,
                     struct demo_way *way)
{
    const struct demo_measure *after = &show->known[ear].measure;
    const struct demo_tap *tap = &show->taps[ear];

    way->gap = way->accepted = after->gap;
    way->open = after->open;
    if (tap->fd >= 0) {
        way->gap = demo_arrivals_gap(&tap->arrivals, show->present->began, demo_now(), &way->open);
    }
    way->concealed = after->concealed - before->concealed;
    way->lost = after->lost > before->lost ? after->lost - before->lost : 0;
    way->heard = show->completed != TERN_TIME_NEVER && hears(show, ear, show->completed);
}

static void judge(struct demo_show *show, struct demo_result *result)
{
    const struct demo_known *phone = &show->known[DEMO_PHONE], *far = &show->known[DEMO_FAR];

    result->alive = !has_ended(show) && show->failure[0] == '\0';
    result->hung_up =
        phone->ended && phone->cause == TERN_END_IP_CHANGE && far->ended && show->hangup_reported;
}

static bool change(struct demo_show *show)
{
    struct demo_result *result = &show->results[show->result_count++];
    const struct demo_answer never = {TERN_TIME_NEVER, TERN_TIME_NEVER};
    char title[240];

    if (!demo_measure(show, demo_now())) return false;
    const struct demo_measure far = show->known[DEMO_FAR].measure;
    const struct demo_measure phone = show->known[DEMO_PHONE].measure;
    *result = (struct demo_result){.from = show->stage.homes[DEMO_PHONE],
                                   .to = demo_stage_next(&show->stage),
                                   .registered = never,
                                   .refreshed = never,
                                   .began = demo_now()};
    title_of(show, result, title);
    show->usable = result->began;
    show->completed = TERN_TIME_NEVER;
    show->present = result;
    demo_tell_phase(&show->story, result->began, (unsigned)show->result_count, title);
    if (perform(show, result)) return demo_fail(show, "%s", show->stage.why);

    bool well = demo_wait(show, is_over, CHANGE_LIMIT_MS);
    if (well && !show->opts->hangup && !has_ended(show)) tell_sound(show, demo_now());
    if (well && show->opts->scenario == DEMO_MAKE && !has_ended(show)) {
        well = take_old_away(show, result);
    }
    if (well) well = demo_pause(show, TERN_MS(SETTLE_MS) + show->opts->rtt);
    (void)demo_measure(show, result->began);
    take_way(show, DEMO_FAR, &far, &result->up);
    take_way(show, DEMO_PHONE, &phone, &result->down);
    judge(show, result);
    show->present = NULL;
    demo_tell_result(&show->story, result);
    return well && result->alive;
}

/* ---- the end ---- */

static bool phone_is_gone(struct demo_show *show)
{
    return show->stage.cast[DEMO_PHONE].channel < 0;
}

static bool bindings_are_known(struct demo_show *show)
{
    return show->bindings_known;
}

static void ask_registrar(struct demo_show *show)
{
    struct demo_order order = {.kind = DEMO_ORDER_BINDINGS};

    if (demo_stage_order(&show->stage, DEMO_SERVER, &order)) return;
    (void)demo_wait(show, bindings_are_known, 2000);
}

static bool bye_is_answered(struct demo_show *show)
{
    return show->bye_answered || phone_is_gone(show);
}

/* The phone first, so that the others can answer its BYE. */
static void end(struct demo_show *show)
{
    struct demo_order hang_up = {.kind = DEMO_ORDER_HANG_UP}, quit = {.kind = DEMO_ORDER_QUIT};
    tern_time deadline = demo_now() + TERN_MS(STOP_LIMIT_MS);
    bool talks = !show->known[DEMO_PHONE].ended;

    demo_tell_phase(&show->story, demo_now(), 0,
                    talks ? "The phone hangs up and leaves" : "The phone leaves");
    if (talks && demo_stage_order(&show->stage, DEMO_PHONE, &hang_up) == 0) {
        (void)demo_wait(show, bye_is_answered, STOP_LIMIT_MS);
    }
    if (demo_stage_order(&show->stage, DEMO_PHONE, &quit)) return;
    while (!phone_is_gone(show) && !show->interrupted && demo_now() < deadline) {
        demo_attend(show);
    }
    for (enum demo_who who = DEMO_SERVER; who <= DEMO_FAR; who++) {
        if (demo_stage_order(&show->stage, who, &quit)) continue;
    }
}

static bool is_success(const struct demo_show *show)
{
    const struct demo_result *last = &show->results[show->result_count - 1];

    if (show->result_count < show->opts->changes && !show->opts->hangup) return false;
    if (show->opts->hangup) return last->hung_up;
    return last->alive && last->up.heard && last->down.heard;
}

static bool play(struct demo_show *show)
{
    struct demo_summary summary = {.results = show->results};

    bool well = begin_talking(show);
    while (well && show->result_count < show->opts->changes) {
        well = change(show);
        if (show->opts->hangup) break;
        if (well && show->result_count < show->opts->changes) {
            well = demo_pause(show, TERN_MS(TALK_MS));
        }
    }
    summary.success = show->failure[0] == '\0' && show->result_count > 0 && is_success(show);
    summary.lived = !has_ended(show);
    tern_time over = summary.lived ? demo_now() : show->talk_ended;
    if (show->talk_began != TERN_TIME_NEVER) summary.talked = over - show->talk_began;
    if (show->failure[0] == '\0') {
        ask_registrar(show);
        end(show);
    }
    summary.count = show->result_count;
    summary.bindings = show->bindings;
    summary.bindings_known = show->bindings_known;
    if (show->failure[0] != '\0') summary.failure = show->failure;
    demo_screen_flush(&show->story.screen, TERN_TIME_NEVER);
    demo_tell_phase(&show->story, demo_now(), 0, "Summary");
    demo_tell_summary(&show->story, &summary);
    return summary.success;
}

/* @return exit status */
static int open_and_play(struct demo_show *show)
{
    bool well;

    if (demo_stage_open(&show->stage, show->opts)) {
        fprintf(stderr, "tern demo: %s\n", show->stage.why);
        return 1;
    }
    demo_screen_init(&show->story.screen, show->opts->json);
    demo_tell_header(&show->story);
    well = play(show);
    demo_screen_fini(&show->story.screen);
    if (show->interrupted) return 128 + show->interrupted;
    return well ? 0 : 1;
}

int demo_show(const struct demo_opts *opts)
{
    struct demo_show *show = calloc(1, sizeof(*show));

    if (show == NULL) return 1;
    show->opts = opts;
    show->talk_began = show->talk_ended = show->completed = TERN_TIME_NEVER;
    show->story = (struct demo_story){.opts = opts, .stage = &show->stage};
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        show->taps[who].fd = -1;
    }
    demo_catch_signals();
    int status = open_and_play(show);
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        demo_tap_close(&show->taps[who]);
    }
    if (demo_stage_close(&show->stage) && status == 0) {
        fprintf(stderr, "tern demo: %s\n", show->stage.why);
        status = 1;
    }
    free(show);
    return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * The director: brings the nodes on, lets them talk, changes the phone's
 * address, measures what comes of it, and has it told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo_stage.h"
#include "demo_story.h"

enum {
    START_LIMIT_MS = 20000,  /* for each step until both hear each other */
    CHANGE_LIMIT_MS = 30000, /* from the new address until all is well again */
    STOP_LIMIT_MS = 4000,
    TALK_MS = 1500,   /* between changes */
    LINGER_MS = 2000, /* make before break: until the old address goes */
    SETTLE_MS = 600,  /* and what may still come is waited for */
    MEASURE_EVERY_MS = 100,
};

/* What the nodes have said of themselves. */
struct known {
    bool ready, registered, answered, ended, gone;
    enum tern_end_cause cause;
    struct demo_measure measure;
    unsigned measures; /* how many came */
};

struct show {
    const struct demo_opts *opts;
    struct demo_stage stage;
    struct demo_story story;
    struct known known[DEMO_CAST];
    struct demo_result results[DEMO_CHANGES_MAX];
    size_t result_count;
    struct demo_result *present; /* the change that is on */
    tern_time usable;            /* when its new address was there */
    tern_time completed;         /* NEVER: not yet */
    bool hangup_reported;
    struct demo_bindings bindings;
    bool bindings_known;
    tern_time talk_began, talk_ended; /* NEVER: not yet */
    char failure[256];
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

/* ---- hearing the nodes ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The first success for REGISTER, and for UPDATE or re-INVITE, since the new address. */
static void note_sip(struct show *show, const struct demo_report *report)
{
    const struct demo_sip *sip = &report->u.sip;
    struct demo_result *result = show->present;

    if (result == NULL || report->at < show->usable) return;
    if (sip->sent) {
        if (result->refreshed != TERN_TIME_NEVER) return;
        if (strcmp(sip->summary, "UPDATE") == 0) result->refresh = "UPDATE";
        if (strcmp(sip->summary, "INVITE") == 0) result->refresh = "re-INVITE";
        return;
    }
    if (!starts_with(sip->summary, "2")) return;
    tern_time took = report->at - show->usable;
    if (strstr(sip->summary, "(REGISTER)") != NULL) {
        if (took < result->registered) result->registered = took;
    } else if (strstr(sip->summary, "(UPDATE)") != NULL ||
               strstr(sip->summary, "(INVITE)") != NULL) {
        if (took < result->refreshed) result->refreshed = took;
    }
}

static void note_progress(struct show *show, const struct demo_report *report)
{
    const struct tern_ip_change_progress *p = &report->u.progress;

    if (show->present == NULL || report->at < show->usable) return;
    if (p->op == TERN_IP_CHANGE_OP_HANGUP_CALL && p->status == TERN_IP_CHANGE_SUCCESS) {
        show->hangup_reported = true;
    }
    if (p->op != TERN_IP_CHANGE_OP_COMPLETED || p->status == TERN_IP_CHANGE_SUPERSEDED) return;
    show->completed = report->at;
}

static void note(struct show *show, const struct demo_report *report)
{
    struct known *known = &show->known[report->who];

    switch (report->kind) {
    case DEMO_READY: known->ready = true; return;
    case DEMO_REGISTERED: known->registered = true; return;
    case DEMO_ANSWERED: known->answered = true; return;
    case DEMO_ENDED:
        known->ended = true;
        known->cause = report->u.plain.cause;
        if (show->talk_ended == TERN_TIME_NEVER) show->talk_ended = report->at;
        return;
    case DEMO_PROGRESS: note_progress(show, report); return;
    case DEMO_SIP: note_sip(show, report); return;
    case DEMO_MEASURED:
        known->measure = report->u.measure;
        known->measures++;
        return;
    case DEMO_BINDINGS:
        show->bindings = report->u.bindings;
        show->bindings_known = true;
        return;
    case DEMO_UNREGISTERED:
    case DEMO_FAILED: snprintf(show->failure, sizeof(show->failure), "%s", report->reason); return;
    case DEMO_RESUMED: return;
    }
}

static bool is_told(const struct show *show, const struct demo_report *report)
{
    if (report->who == DEMO_PHONE) return true;
    if (report->kind == DEMO_RESUMED) return show->present != NULL;
    return report->kind != DEMO_PROGRESS;
}

/* @return false when there is nothing to read */
static bool hear(struct show *show, enum demo_who who)
{
    static struct demo_report report; /* large; each begins as nothing */
    int channel = show->stage.cast[who].channel;

    memset(&report, 0, offsetof(struct demo_report, text));
    ssize_t len = recv(channel, &report, sizeof(report), MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (len < (ssize_t)offsetof(struct demo_report, text)) {
        close(channel);
        show->stage.cast[who].channel = -1;
        show->known[who].gone = true;
        return false;
    }
    report.who = who;
    note(show, &report);
    if (is_told(show, &report)) demo_tell_report(&show->story, &report);
    return true;
}

/* Waits a little, and hears whoever has something to say. */
static void attend(struct show *show)
{
    struct pollfd polls[DEMO_CAST];

    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        polls[who] = (struct pollfd){.fd = show->stage.cast[who].channel, .events = POLLIN};
    }
    if (poll(polls, DEMO_CAST, 10) > 0) {
        for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
            while (polls[who].revents != 0 && hear(show, who)) {
                continue;
            }
        }
    }
    demo_screen_flush(&show->story.screen, demo_now());
}

/* ---- waiting ---- */

__attribute__((format(printf, 2, 3))) static bool fail(struct show *show, const char *format, ...)
{
    va_list args;

    if (show->failure[0] != '\0') return false; /* the first one counts */
    va_start(args, format);
    vsnprintf(show->failure, sizeof(show->failure), format, args);
    va_end(args);
    return false;
}

static bool is_broken(struct show *show)
{
    static const char *const names[] = {
        [DEMO_SERVER] = "server", [DEMO_FAR] = "far", [DEMO_PHONE] = "phone"};

    if (interrupted) fail(show, "interrupted");
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        if (show->known[who].gone) fail(show, "the %s process has ended", names[who]);
    }
    return show->failure[0] != '\0';
}

typedef bool (*condition)(struct show *show);

/* @return false when it has not come true in time, or the show is broken */
static bool wait_for(struct show *show, condition is_true, int limit_ms)
{
    tern_time deadline = demo_now() + TERN_MS(limit_ms);

    while (!is_true(show)) {
        if (is_broken(show) || demo_now() > deadline) return false;
        attend(show);
    }
    return !is_broken(show);
}

static bool pause_for(struct show *show, tern_time duration)
{
    tern_time deadline = demo_now() + duration;

    while (demo_now() < deadline) {
        if (is_broken(show)) return false;
        attend(show);
    }
    return true;
}

/* Asks both ends what they have heard between `from` and now. */
static bool measure(struct show *show, tern_time from)
{
    struct demo_order order = {.kind = DEMO_ORDER_MEASURE, .from = from, .to = demo_now()};
    tern_time deadline = order.to + TERN_SECONDS(2);
    unsigned far = show->known[DEMO_FAR].measures, phone = show->known[DEMO_PHONE].measures;

    for (enum demo_who who = DEMO_FAR; who < DEMO_CAST; who++) {
        if (demo_stage_order(&show->stage, who, &order)) return fail(show, "%s", show->stage.why);
    }
    while (show->known[DEMO_FAR].measures == far || show->known[DEMO_PHONE].measures == phone) {
        if (is_broken(show)) return false;
        if (demo_now() > deadline) return fail(show, "a node does not answer");
        attend(show);
    }
    return true;
}

/* ---- until both hear each other ---- */

static bool server_is_ready(struct show *show)
{
    return show->known[DEMO_SERVER].ready;
}

static bool far_is_registered(struct show *show)
{
    return show->known[DEMO_FAR].registered;
}

static bool phone_is_registered(struct show *show)
{
    return show->known[DEMO_PHONE].registered;
}

static bool both_have_answered(struct show *show)
{
    return show->known[DEMO_PHONE].answered && show->known[DEMO_FAR].answered;
}

static bool hears(const struct show *show, enum demo_who who, tern_time since)
{
    tern_time heard = show->known[who].measure.heard;

    return heard != TERN_TIME_NEVER && heard > since;
}

/* Asks at most ten times a second. */
static bool both_hear_since(struct show *show, tern_time since)
{
    if (!measure(show, since)) return false;
    if (hears(show, DEMO_FAR, since) && hears(show, DEMO_PHONE, since)) return true;
    (void)pause_for(show, TERN_MS(MEASURE_EVERY_MS));
    return false;
}

static bool both_hear(struct show *show)
{
    return both_hear_since(show, 0);
}

static bool enter(struct show *show, enum demo_who who, condition until, const char *what)
{
    if (demo_stage_enter(&show->stage, who)) return fail(show, "%s", show->stage.why);
    if (wait_for(show, until, START_LIMIT_MS)) return true;
    return fail(show, "%s in %d s", what, START_LIMIT_MS / 1000);
}

static void tell_sound(struct show *show, tern_time at)
{
    const struct demo_measure *far = &show->known[DEMO_FAR].measure;
    const struct demo_measure *phone = &show->known[DEMO_PHONE].measure;

    if (show->opts->wav != NULL) {
        demo_tell(&show->story, at, DEMO_NOTE, "far hears the file (%.0f dBFS)", far->level_db);
    } else {
        demo_tell(&show->story, at, DEMO_NOTE,
                  "far hears %.0f Hz (%.0f dBFS, %.0f %% of the sound)", DEMO_PHONE_HZ,
                  far->level_db, far->share * 100);
    }
    demo_tell(&show->story, at, DEMO_NOTE, "phone hears %.0f Hz (%.0f dBFS, %.0f %% of the sound)",
              DEMO_FAR_HZ, phone->level_db, phone->share * 100);
}

static bool begin_talking(struct show *show)
{
    struct demo_order call = {.kind = DEMO_ORDER_CALL};

    demo_tell_phase(&show->story, demo_now(), 0, "The phone registers and calls");
    if (!enter(show, DEMO_SERVER, server_is_ready, "the server does not listen")) return false;
    if (!enter(show, DEMO_FAR, far_is_registered, "the far end is not registered")) return false;
    if (!enter(show, DEMO_PHONE, phone_is_registered, "the phone is not registered")) return false;
    if (demo_stage_order(&show->stage, DEMO_PHONE, &call)) {
        return fail(show, "%s", show->stage.why);
    }
    if (!wait_for(show, both_have_answered, START_LIMIT_MS)) {
        return fail(show, "the call is not answered");
    }
    show->talk_began = demo_now();
    if (!wait_for(show, both_hear, START_LIMIT_MS)) {
        return fail(show, "the two do not hear each other");
    }
    tell_sound(show, demo_now());
    return pause_for(show, TERN_MS(TALK_MS));
}

/* ---- a change ---- */

static bool has_ended(struct show *show)
{
    return show->known[DEMO_PHONE].ended || show->known[DEMO_FAR].ended;
}

static bool is_over(struct show *show)
{
    if (show->opts->hangup) {
        return show->known[DEMO_PHONE].ended && show->known[DEMO_FAR].ended &&
               show->completed != TERN_TIME_NEVER;
    }
    if (has_ended(show)) return true;
    if (show->completed == TERN_TIME_NEVER) return false;
    return both_hear_since(show, show->completed);
}

static void title_of(const struct show *show, const struct demo_result *result, char title[160])
{
    const char *old_name = result->from.ifname, *new_name = result->to.ifname;

    if (show->opts->scenario == DEMO_MAKE) {
        snprintf(title, 160, "Change %zu: %s gets %s, a better way than %s", show->result_count,
                 new_name, result->to.address, old_name);
    } else {
        snprintf(title, 160, "Change %zu: %s loses %s, %s gets %s", show->result_count, old_name,
                 result->from.address, new_name, result->to.address);
    }
}

static int perform(struct show *show, struct demo_result *result)
{
    int err = 0;

    switch (show->opts->scenario) {
    case DEMO_BREAK: err = demo_stage_swap(&show->stage, &result->from, &result->to); break;
    case DEMO_MAKE: err = demo_stage_arrive(&show->stage, &result->to); break;
    case DEMO_OFFLINE:
        err = demo_stage_leave(&show->stage, &result->from);
        if (!err && !pause_for(show, show->opts->offline)) return 0;
        show->usable = demo_now();
        result->offline = show->usable - result->began;
        demo_tell(&show->story, show->usable, DEMO_DOT, "%s gets %s", result->to.ifname,
                  result->to.address);
        if (!err) err = demo_stage_arrive(&show->stage, &result->to);
        break;
    }
    return err;
}

/* The old address stands until all has moved, and a little longer. */
static bool take_old_away(struct show *show, const struct demo_result *result)
{
    if (!pause_for(show, TERN_MS(LINGER_MS))) return false;
    tern_time at = demo_now();
    if (demo_stage_leave(&show->stage, &result->from)) return fail(show, "%s", show->stage.why);
    demo_tell(&show->story, at, DEMO_DOT, "%s loses %s", result->from.ifname, result->from.address);
    return true;
}

static void take_way(struct show *show, enum demo_who ear, const struct demo_measure *before,
                     struct demo_way *way)
{
    const struct demo_measure *after = &show->known[ear].measure;

    way->gap = after->gap;
    way->open = after->open;
    way->lost = after->lost > before->lost ? after->lost - before->lost : 0;
    way->heard = show->completed != TERN_TIME_NEVER && hears(show, ear, show->completed);
}

static void judge(struct show *show, struct demo_result *result)
{
    const struct known *phone = &show->known[DEMO_PHONE], *far = &show->known[DEMO_FAR];

    result->alive = !has_ended(show) && show->failure[0] == '\0';
    result->hung_up =
        phone->ended && phone->cause == TERN_END_IP_CHANGE && far->ended && show->hangup_reported;
}

static bool change(struct show *show)
{
    struct demo_result *result = &show->results[show->result_count++];
    char title[160];

    if (!measure(show, demo_now())) return false;
    const struct demo_measure far = show->known[DEMO_FAR].measure;
    const struct demo_measure phone = show->known[DEMO_PHONE].measure;
    *result = (struct demo_result){.from = show->stage.homes[DEMO_PHONE],
                                   .to = demo_stage_next(&show->stage),
                                   .registered = TERN_TIME_NEVER,
                                   .refreshed = TERN_TIME_NEVER,
                                   .began = demo_now()};
    title_of(show, result, title);
    show->usable = result->began;
    show->completed = TERN_TIME_NEVER;
    show->present = result;
    demo_tell_phase(&show->story, result->began, (unsigned)show->result_count, title);
    if (perform(show, result)) return fail(show, "%s", show->stage.why);

    bool well = wait_for(show, is_over, CHANGE_LIMIT_MS);
    if (well && show->opts->scenario == DEMO_MAKE && !has_ended(show)) {
        well = take_old_away(show, result);
    }
    if (well) well = pause_for(show, TERN_MS(SETTLE_MS));
    (void)measure(show, result->began);
    take_way(show, DEMO_FAR, &far, &result->up);
    take_way(show, DEMO_PHONE, &phone, &result->down);
    judge(show, result);
    show->present = NULL;
    demo_tell_result(&show->story, result);
    return well && result->alive;
}

/* ---- the end ---- */

static bool phone_is_gone(struct show *show)
{
    return show->stage.cast[DEMO_PHONE].channel < 0;
}

static bool bindings_are_known(struct show *show)
{
    return show->bindings_known;
}

static void ask_registrar(struct show *show)
{
    struct demo_order order = {.kind = DEMO_ORDER_BINDINGS};

    if (demo_stage_order(&show->stage, DEMO_SERVER, &order)) return;
    (void)wait_for(show, bindings_are_known, 2000);
}

/* The phone first, so that the others can answer its BYE. */
static void end(struct show *show)
{
    struct demo_order quit = {.kind = DEMO_ORDER_QUIT};
    tern_time deadline = demo_now() + TERN_MS(STOP_LIMIT_MS);

    demo_tell_phase(&show->story, demo_now(), 0,
                    show->opts->hangup ? "The phone leaves" : "The phone hangs up and leaves");
    if (demo_stage_order(&show->stage, DEMO_PHONE, &quit)) return;
    while (!phone_is_gone(show) && !interrupted && demo_now() < deadline) {
        attend(show);
    }
    for (enum demo_who who = DEMO_SERVER; who <= DEMO_FAR; who++) {
        if (demo_stage_order(&show->stage, who, &quit)) continue;
    }
}

static bool is_success(const struct show *show)
{
    const struct demo_result *last = &show->results[show->result_count - 1];

    if (show->result_count < show->opts->changes && !show->opts->hangup) return false;
    if (show->opts->hangup) return last->hung_up;
    return last->alive && last->up.heard && last->down.heard;
}

static bool play(struct show *show)
{
    struct demo_summary summary = {.results = show->results};

    bool well = begin_talking(show);
    while (well && show->result_count < show->opts->changes) {
        well = change(show);
        if (show->opts->hangup) break;
        if (well && show->result_count < show->opts->changes) {
            well = pause_for(show, TERN_MS(TALK_MS));
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

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&action.sa_mask);
    interrupted = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

int demo_show(const struct demo_opts *opts)
{
    struct show *show = calloc(1, sizeof(*show));
    int status = 1;

    if (show == NULL) return status;
    show->opts = opts;
    show->talk_began = show->talk_ended = show->completed = TERN_TIME_NEVER;
    show->story = (struct demo_story){.opts = opts, .stage = &show->stage};
    catch_signals();
    if (demo_stage_open(&show->stage, opts)) {
        fprintf(stderr, "tern demo: %s\n", show->stage.why);
    } else {
        demo_screen_init(&show->story.screen, opts->json);
        demo_tell_header(&show->story);
        if (play(show)) status = 0;
        if (interrupted) status = 128 + (int)interrupted;
        demo_screen_fini(&show->story.screen);
    }
    demo_stage_close(&show->stage);
    free(show);
    return status;
}

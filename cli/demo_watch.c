/* SPDX-License-Identifier: MIT */
/* Hears nodes and taps, notes what matters, and waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo_show.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

void demo_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&action.sa_mask);
    interrupted = 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        sigaction(numbers[i], &action, NULL);
    }
}

/* ---- hearing the nodes ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void note_answer(struct demo_answer *answer, const struct demo_sip *sip, tern_time when)
{
    if (sip->sent) {
        if (when < answer->sent) answer->sent = when;
    } else if (starts_with(sip->summary, "2") && answer->sent != TERN_TIME_NEVER) {
        if (when < answer->answered) answer->answered = when;
    }
}

/* Requests and responses of one method: "UPDATE", "200 OK (UPDATE)". */
static bool is_of(const struct demo_sip *sip, const char *method)
{
    const char *at = sip->sent ? sip->summary : strchr(sip->summary, '(');

    if (at == NULL) return false;
    if (!sip->sent) at++;
    return strncmp(at, method, strlen(method)) == 0;
}

static void note_sip(struct demo_show *show, const struct demo_report *report)
{
    const struct demo_sip *sip = &report->u.sip;
    struct demo_result *result = show->present;
    tern_time when = report->at - show->usable;

    if (!sip->sent && is_of(sip, "BYE")) show->bye_answered = true;
    if (result == NULL || when < 0) return;
    if (is_of(sip, "REGISTER")) note_answer(&result->registered, sip, when);
    if (!is_of(sip, "UPDATE") && !is_of(sip, "INVITE")) return;
    note_answer(&result->refreshed, sip, when);
    if (sip->sent && result->refreshed.answered == TERN_TIME_NEVER) {
        result->refresh = is_of(sip, "UPDATE") ? "UPDATE" : "re-INVITE";
    }
}

static void note_progress(struct demo_show *show, const struct demo_report *report)
{
    const struct tern_ip_change_progress *p = &report->u.progress;

    if (show->present == NULL || report->at < show->usable) return;
    if (p->op == TERN_IP_CHANGE_OP_HANGUP_CALL && p->status == TERN_IP_CHANGE_SUCCESS) {
        show->hangup_reported = true;
    }
    if (p->op != TERN_IP_CHANGE_OP_COMPLETED || p->status == TERN_IP_CHANGE_SUPERSEDED) return;
    show->completed = report->at;
}

static void note(struct demo_show *show, const struct demo_report *report)
{
    struct demo_known *known = &show->known[report->who];

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
    case DEMO_SECURED:
        if (show->present != NULL) show->present->secured = report->u.secured;
        return;
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

/* The taps know better when audio came again. Of the far end, its own affairs are left out. */
static bool is_told(const struct demo_show *show, const struct demo_report *report)
{
    if (report->kind == DEMO_READY) return !show->known[DEMO_SERVER].ready; /* the first listener */
    if (report->kind == DEMO_RESUMED) return show->present != NULL && show->stage.lab == NULL;
    if (report->who == DEMO_PHONE) return true;
    return report->kind != DEMO_PROGRESS;
}

/* @return false when there is nothing to read */
static bool hear(struct demo_show *show, enum demo_who who)
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
    if (is_told(show, &report)) demo_tell_report(&show->story, &report);
    note(show, &report);
    return true;
}

/* Other paths than before are worth a line. */
static void read_tap(struct demo_show *show, enum demo_who who)
{
    struct demo_tap_news news;

    while (demo_tap_read(&show->taps[who], &news)) {
        if (news.at != 0) demo_tell_path(&show->story, who, &news);
    }
}

void demo_attend(struct demo_show *show)
{
    struct pollfd polls[2 * DEMO_CAST];

    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        polls[who] = (struct pollfd){.fd = show->stage.cast[who].channel, .events = POLLIN};
        polls[DEMO_CAST + who] = (struct pollfd){.fd = show->taps[who].fd, .events = POLLIN};
    }
    if (poll(polls, 2 * DEMO_CAST, 10) > 0) {
        for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
            if (polls[DEMO_CAST + who].revents & POLLIN) read_tap(show, who);
            while (polls[who].revents != 0 && hear(show, who)) {
                continue;
            }
        }
    }
    show->interrupted = (int)interrupted;
    demo_screen_flush(&show->story.screen, demo_now());
}

/* ---- waiting ---- */

bool demo_fail(struct demo_show *show, const char *format, ...)
{
    va_list args;

    if (show->failure[0] != '\0') return false; /* the first one counts */
    va_start(args, format);
    vsnprintf(show->failure, sizeof(show->failure), format, args);
    va_end(args);
    return false;
}

bool demo_is_broken(struct demo_show *show)
{
    static const char *const names[] = {
        [DEMO_SERVER] = "server", [DEMO_FAR] = "far", [DEMO_PHONE] = "phone"};

    if (show->interrupted) demo_fail(show, "interrupted");
    if (ferror(show->story.screen.out)) demo_fail(show, "nobody reads this");
    for (enum demo_who who = DEMO_SERVER; who < DEMO_CAST; who++) {
        if (show->known[who].gone) demo_fail(show, "the %s process has ended", names[who]);
    }
    return show->failure[0] != '\0';
}

bool demo_wait(struct demo_show *show, demo_condition is_true, int limit_ms)
{
    tern_time deadline = demo_now() + TERN_MS(limit_ms);

    while (!is_true(show)) {
        if (demo_is_broken(show) || demo_now() > deadline) return false;
        demo_attend(show);
    }
    return !demo_is_broken(show);
}

bool demo_pause(struct demo_show *show, tern_time duration)
{
    tern_time deadline = demo_now() + duration;

    while (demo_now() < deadline) {
        if (demo_is_broken(show)) return false;
        demo_attend(show);
    }
    return true;
}

bool demo_measure(struct demo_show *show, tern_time from)
{
    struct demo_order order = {.kind = DEMO_ORDER_MEASURE, .from = from, .to = demo_now()};
    tern_time deadline = order.to + TERN_SECONDS(2);
    unsigned far = show->known[DEMO_FAR].measures, phone = show->known[DEMO_PHONE].measures;

    for (enum demo_who who = DEMO_FAR; who < DEMO_CAST; who++) {
        if (demo_stage_order(&show->stage, who, &order))
            return demo_fail(show, "%s", show->stage.why);
    }
    while (show->known[DEMO_FAR].measures == far || show->known[DEMO_PHONE].measures == phone) {
        if (demo_is_broken(show)) return false;
        if (demo_now() > deadline) return demo_fail(show, "a node does not answer");
        demo_attend(show);
    }
    return true;
}

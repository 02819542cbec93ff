/* SPDX-License-Identifier: MIT */
/* What became of a change, and of the whole: the figures at the end. */
#include <math.h>
#include <string.h>

#include "demo_secure.h"
#include "demo_story.h"

/* Packets come every 20 ms; up to twice that nobody was silent. */
#define NO_PAUSE TERN_MS(40)

static double ms(tern_time t)
{
    return (double)t / 1000;
}

/* The round trip that audio has; 0 on loopback, where counting them makes no sense. */
static tern_time path_rtt(const struct demo_story *story)
{
    return story->stage->lab != NULL ? story->opts->rtt : 0;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- a direction ---- */

static tern_time own_gap(const struct demo_way *way, tern_time offline)
{
    return way->gap > offline ? way->gap - offline : 0;
}

static void way_as_json(struct demo_writer *w, const struct demo_story *story,
                        const struct demo_way *way, tern_time offline)
{
    tern_time rtt = path_rtt(story);

    json_time(&w->json, "gap", way->gap);
    json_time(&w->json, "gap_without_offline", own_gap(way, offline));
    if (rtt > 0) demo_json_ratio(w, "gap_round_trips", ms(own_gap(way, offline)) / ms(rtt));
    json_bool(&w->json, "still_silent", way->open);
    json_time(&w->json, "gap_of_accepted", way->accepted);
    json_time(&w->json, "concealed", way->concealed);
    json_int(&w->json, "packets_lost", (int64_t)way->lost);
    json_bool(&w->json, "heard_again", way->heard);
}

/* "41 ms, 0.4 round trips; 1 packet lost" */
static void put_gap(struct demo_writer *w, const struct demo_story *story,
                    const struct demo_way *way, tern_time offline)
{
    tern_time rtt = path_rtt(story), own = own_gap(way, offline);

    if (!way->heard) {
        demo_tint(w, DEMO_BAD);
        fprintf(w->to, "silent since %.0f ms", ms(way->gap));
        demo_tint(w, DEMO_PLAIN);
        return;
    }
    demo_tint(w, DEMO_BOLD);
    fprintf(w->to, "%.0f ms", ms(offline > 0 ? own : way->gap));
    demo_tint(w, DEMO_PLAIN);
    if (offline > 0) fprintf(w->to, " after %.1f s offline", ms(offline) / 1000);
    if (way->gap <= NO_PAUSE) {
        fputs(", no pause", w->to);
    } else if (rtt > 0) {
        fprintf(w->to, ", %.1f round trips", ms(own) / ms(rtt));
    }
    fprintf(w->to, "; %llu", (unsigned long long)way->lost);
    if (offline == 0) fprintf(w->to, " packet%s", plural(way->lost));
    fputs(" lost", w->to);
}

static void put_way(struct demo_writer *w, const struct demo_story *story, bool up,
                    const struct demo_result *result)
{
    const struct demo_way *way = up ? &result->up : &result->down;
    const char *arrow = w->screen->utf8 ? "→" : "->";

    demo_put_mark(w, way->heard ? DEMO_TICK : DEMO_CROSS);
    fprintf(w->to, "%-5s %s %-5s   gap ", up ? "phone" : "far", arrow, up ? "far" : "phone");
    put_gap(w, story, way, result->offline);
}

/* ---- a change ---- */

static void result_as_json(struct demo_story *story, const struct demo_result *result)
{
    tern_time now = demo_now();
    const struct {
        const char *name;
        const struct demo_way *way;
    } ways[] = {{"phone to far", &result->up}, {"far to phone", &result->down}};

    for (size_t i = 0; i < 2; i++) {
        struct demo_writer w = demo_json(&story->screen, now, "gap");
        json_text(&w.json, "direction", ways[i].name);
        way_as_json(&w, story, ways[i].way, result->offline);
        demo_json_end(&w);
    }
    struct demo_writer w = demo_json(&story->screen, now, "result");
    json_text(&w.json, "from", result->from.address);
    json_text(&w.json, "to", result->to.address);
    json_time(&w.json, "offline", result->offline);
    json_time(&w.json, "register_sent", result->registered.sent);
    json_time(&w.json, "registered", result->registered.answered);
    json_time(&w.json, "refresh_sent", result->refreshed.sent);
    json_time(&w.json, "refreshed", result->refreshed.answered);
    if (result->secured.known) {
        json_time(&w.json, "connected_in", result->secured.took);
        json_bool(&w.json, "resumed", result->secured.resumed);
    }
    if (result->refresh != NULL) json_text(&w.json, "refresh_method", result->refresh);
    json_bool(&w.json, "call_alive", result->alive);
    json_bool(&w.json, "hung_up_as_asked", result->hung_up);
    demo_json_end(&w);
}

void demo_tell_result(struct demo_story *story, const struct demo_result *result)
{
    if (story->screen.json) {
        result_as_json(story, result);
        return;
    }
    if (story->opts->hangup) return; /* the silence is wanted */
    struct demo_writer w = demo_write(&story->screen, demo_now());
    fputs("  ", w.to);
    put_way(&w, story, true, result);
    fputs("\n  ", w.to);
    put_way(&w, story, false, result);
    demo_write_end(&w);
}

/* ---- the whole ---- */

/* The worst of all changes, one field at a time. */
static struct demo_result worst_of(const struct demo_summary *summary)
{
    struct demo_result worst = {0};

    for (size_t i = 0; i < summary->count; i++) {
        const struct demo_result *r = &summary->results[i];
        if (i == 0) worst = *r;
        if (own_gap(&r->up, r->offline) > own_gap(&worst.up, worst.offline)) {
            worst.up.gap = r->up.gap;
        }
        if (own_gap(&r->down, r->offline) > own_gap(&worst.down, worst.offline)) {
            worst.down.gap = r->down.gap;
        }
        if (r->registered.answered > worst.registered.answered) worst.registered = r->registered;
        if (r->refreshed.answered > worst.refreshed.answered) worst.refreshed = r->refreshed;
        if (r->secured.took > worst.secured.took) worst.secured = r->secured;
        if (i == 0) continue;
        worst.up.lost += r->up.lost;
        worst.down.lost += r->down.lost;
        worst.up.concealed += r->up.concealed;
        worst.down.concealed += r->down.concealed;
        worst.up.heard = worst.up.heard && r->up.heard;
        worst.down.heard = worst.down.heard && r->down.heard;
    }
    return worst;
}

static struct demo_writer begin_line(struct demo_story *story, enum demo_mark mark)
{
    struct demo_writer w = demo_write(&story->screen, demo_now());

    fputs("  ", w.to);
    demo_put_mark(&w, mark);
    return w;
}

static const char *verdict_on_hangup(const struct demo_summary *summary,
                                     const struct demo_result *last)
{
    if (summary->success)
        return "the call was hung up as the address changed: asked for, and reported";
    if (last->alive) return "the call was not hung up, though it was asked for";
    return "the call ended, but one end does not know, or it was not reported";
}

static const char *verdict(const struct demo_story *story, const struct demo_summary *summary)
{
    const struct demo_result *last = &summary->results[summary->count > 0 ? summary->count - 1 : 0];

    if (summary->failure != NULL) return summary->failure;
    if (story->opts->hangup) return verdict_on_hangup(summary, last);
    if (!summary->lived) return "the call did not live";
    if (summary->success) return "the call lived, and audio runs both ways";
    if (last->up.heard) return "the call lived, but the phone hears nothing";
    if (last->down.heard) return "the call lived, but the far end hears nothing";
    return "the call lived, but neither end hears the other";
}

static void tell_verdict(struct demo_story *story, const struct demo_summary *summary)
{
    struct demo_writer w = begin_line(story, summary->success ? DEMO_TICK : DEMO_CROSS);

    demo_tint(&w, summary->success ? DEMO_GOOD : DEMO_BAD);
    fputs(verdict(story, summary), w.to);
    demo_tint(&w, DEMO_PLAIN);
    if (summary->success && !story->opts->hangup) {
        fprintf(w.to, " (%.1f s, %zu change%s%s)", ms(summary->talked) / 1000, summary->count,
                plural(summary->count), summary->count > 1 ? "; longest times, all losses" : "");
    }
    demo_write_end(&w);
}

/* How long it took until there was a connection for the request. */
static tern_time connecting(const struct demo_story *story, const struct demo_result *result)
{
    switch (story->opts->transport) {
    case TERN_TRANSPORT_UDP: return 0;
    case TERN_TRANSPORT_TCP: return path_rtt(story);
    case TERN_TRANSPORT_TLS: break;
    }
    return result->secured.known ? result->secured.took : 0;
}

/* Waiting before anything is sent, as for a better path to last, is no round trip. */
static void tell_answer(struct demo_story *story, const char *method,
                        const struct demo_result *worst, bool by_far)
{
    const struct demo_answer *answer = by_far ? &worst->refreshed : &worst->registered;
    const char *dash = story->screen.utf8 ? "–" : "-";
    bool answered = answer->answered != TERN_TIME_NEVER;
    tern_time begun = answer->sent - connecting(story, worst);
    bool waited = begun > TERN_MS(20);
    tern_time rtt = path_rtt(story) * (by_far ? 2 : 1);
    tern_time took = waited ? answer->answered - begun : answer->answered;
    struct demo_writer w = begin_line(story, answered ? DEMO_TICK : DEMO_CROSS);

    fprintf(w.to, "%-9s ", method);
    if (!answered) {
        fputs("not answered with success", w.to);
    } else {
        if (waited) fprintf(w.to, "begun after %.0f ms, ", ms(begun));
        fprintf(w.to, "answered %s%.0f ms%s", waited ? "" : "after ", ms(took),
                waited ? " later" : "");
    }
    if (answered && rtt > 0) {
        fprintf(w.to, ": %.1f round trips phone%sserver%s%s", ms(took) / ms(rtt), dash,
                by_far ? dash : "", by_far ? "far" : "");
        demo_put_connecting(&w, story, &worst->secured, by_far);
    }
    demo_write_end(&w);
}

static void tell_way(struct demo_story *story, const struct demo_result *worst, bool up)
{
    struct demo_writer w = demo_write(&story->screen, demo_now());

    fputs("  ", w.to);
    put_way(&w, story, up, worst);
    demo_write_end(&w);
}

static bool only_the_new(const struct demo_story *story, const struct demo_bindings *bindings)
{
    const char *here = story->stage->homes[DEMO_PHONE].address;

    return bindings->count == 1 && strstr(bindings->contacts[0], here) != NULL;
}

static void tell_bindings(struct demo_story *story, const struct demo_bindings *bindings)
{
    bool good = only_the_new(story, bindings);
    struct demo_writer w = begin_line(story, good ? DEMO_TICK : DEMO_CROSS);

    if (good) {
        fprintf(w.to, "registrar knows the phone at %s only: the old binding is gone",
                story->stage->homes[DEMO_PHONE].address);
    } else {
        fprintf(w.to, "registrar has %u bindings of the phone:", bindings->count);
        for (uint32_t i = 0; i < bindings->count && i < DEMO_BINDINGS_MAX; i++) {
            fprintf(w.to, " %s", bindings->contacts[i]);
        }
    }
    demo_write_end(&w);
}

static void summary_as_json(struct demo_story *story, const struct demo_summary *summary,
                            const struct demo_result *worst)
{
    struct demo_writer w = demo_json(&story->screen, demo_now(), "summary");

    json_bool(&w.json, "success", summary->success);
    json_bool(&w.json, "call_lived", summary->lived);
    if (summary->failure != NULL) json_text(&w.json, "failure", summary->failure);
    json_time(&w.json, "talked", summary->talked);
    json_int(&w.json, "changes", (int64_t)summary->count);
    json_time(&w.json, "gap_up", own_gap(&worst->up, worst->offline));
    json_time(&w.json, "gap_down", own_gap(&worst->down, worst->offline));
    json_int(&w.json, "lost_up", (int64_t)worst->up.lost);
    json_int(&w.json, "lost_down", (int64_t)worst->down.lost);
    json_time(&w.json, "registered", worst->registered.answered);
    json_time(&w.json, "refreshed", worst->refreshed.answered);
    if (summary->bindings_known) {
        json_int(&w.json, "bindings", summary->bindings.count);
        json_bool(&w.json, "old_binding_gone", only_the_new(story, &summary->bindings));
    }
    demo_json_end(&w);
}

void demo_tell_summary(struct demo_story *story, const struct demo_summary *summary)
{
    struct demo_result worst = worst_of(summary);

    if (story->screen.json) {
        summary_as_json(story, summary, &worst);
        return;
    }
    tell_verdict(story, summary);
    if (summary->count > 0) {
        if (!story->opts->hangup) {
            tell_way(story, &worst, true);
            tell_way(story, &worst, false);
        }
        tell_answer(story, "REGISTER", &worst, false);
        if (worst.refresh != NULL) tell_answer(story, worst.refresh, &worst, true);
    }
    if (summary->bindings_known) tell_bindings(story, &summary->bindings);
}

/* SPDX-License-Identifier: MIT */
/* What became of a change, and of the whole: the figures at the end. */
#include <math.h>
#include <string.h>

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
    json_int(&w->json, "packets_lost", (int64_t)way->lost);
    json_bool(&w->json, "heard_again", way->heard);
}

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
    if (way->gap <= NO_PAUSE) {
        fprintf(w->to, "no pause: never more than %.0f ms between packets", ms(way->gap));
        return;
    }
    demo_tint(w, DEMO_BOLD);
    fprintf(w->to, "%.0f ms", ms(way->gap));
    demo_tint(w, DEMO_PLAIN);
    if (offline > 0) fprintf(w->to, ", of which %.0f ms with a network", ms(own));
    if (rtt > 0) fprintf(w->to, ", %.1f round trips", ms(own) / ms(rtt));
}

static void put_way(struct demo_writer *w, const struct demo_story *story, bool up,
                    const struct demo_result *result)
{
    const struct demo_way *way = up ? &result->up : &result->down;
    const char *arrow = w->screen->utf8 ? "→" : "->";

    demo_put_blank(w);
    demo_put_mark(w, way->heard ? DEMO_TICK : DEMO_CROSS);
    fprintf(w->to, "%s %s %s   silence ", up ? "phone" : "far", arrow, up ? "far" : "phone");
    put_gap(w, story, way, result->offline);
    fprintf(w->to, "; %llu packet%s lost", (unsigned long long)way->lost, plural(way->lost));
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
    json_time(&w.json, "registered", result->registered);
    json_time(&w.json, "refreshed", result->refreshed);
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
    put_way(&w, story, true, result);
    fputc('\n', w.to);
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
        if (r->registered > worst.registered) worst.registered = r->registered;
        if (r->refreshed > worst.refreshed) worst.refreshed = r->refreshed;
        if (i == 0) continue;
        worst.up.lost += r->up.lost;
        worst.down.lost += r->down.lost;
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

static void tell_verdict(struct demo_story *story, const struct demo_summary *summary)
{
    const struct demo_result *last = &summary->results[summary->count - (summary->count > 0)];
    struct demo_writer w = begin_line(story, summary->success ? DEMO_TICK : DEMO_CROSS);

    demo_tint(&w, summary->success ? DEMO_GOOD : DEMO_BAD);
    if (summary->failure != NULL) {
        fputs(summary->failure, w.to);
    } else if (story->opts->hangup) {
        fputs(summary->success
                  ? "the call was hung up when the address changed, as asked, and reported"
                  : "the call was not hung up as asked",
              w.to);
    } else if (!summary->lived) {
        fputs("the call did not live", w.to);
    } else if (!summary->success) {
        bool up = last->up.heard, down = last->down.heard;
        fprintf(w.to, "the call lived, but %s",
                up ? "the phone is left in silence"
                   : (down ? "the far end is left in silence" : "both ends are left in silence"));
    } else {
        fprintf(w.to, "the call lived, and audio runs both ways (%.1f s, %zu change%s)",
                ms(summary->talked) / 1000, summary->count, plural(summary->count));
    }
    demo_tint(&w, DEMO_PLAIN);
    demo_write_end(&w);
}

static void tell_answer(struct demo_story *story, const char *method, tern_time took, bool by_far)
{
    const char *dash = story->screen.utf8 ? "–" : "-";
    tern_time rtt = path_rtt(story) * (by_far ? 2 : 1);
    struct demo_writer w = begin_line(story, took == TERN_TIME_NEVER ? DEMO_CROSS : DEMO_TICK);

    if (took == TERN_TIME_NEVER) {
        fprintf(w.to, "%-9s not answered with success", method);
    } else {
        fprintf(w.to, "%-9s answered after %.0f ms", method, ms(took));
        if (rtt > 0) {
            fprintf(w.to, ": %.1f round trips phone%sserver%s%s (%g ms)", ms(took) / ms(rtt), dash,
                    by_far ? dash : "", by_far ? "far" : "", ms(rtt));
        }
    }
    demo_write_end(&w);
}

static void tell_silence(struct demo_story *story, const struct demo_result *worst, bool up)
{
    struct demo_writer w = begin_line(story, DEMO_DOT);
    const struct demo_way *way = up ? &worst->up : &worst->down;

    fprintf(w.to, "%-9s ", up ? "far" : "phone");
    fputs("hears silence of ", w.to);
    tern_time own = own_gap(way, worst->offline), rtt = path_rtt(story);
    fprintf(w.to, "%.0f ms at most", ms(own));
    if (worst->offline > 0) fputs(" besides the time without a network", w.to);
    if (rtt > 0) fprintf(w.to, ": %.1f round trips", ms(own) / ms(rtt));
    fprintf(w.to, "; %llu packet%s lost", (unsigned long long)way->lost, plural(way->lost));
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
    json_time(&w.json, "registered", worst->registered);
    json_time(&w.json, "refreshed", worst->refreshed);
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
            tell_silence(story, &worst, true);
            tell_silence(story, &worst, false);
        }
        tell_answer(story, "REGISTER", worst.registered, false);
        if (worst.refresh != NULL) tell_answer(story, worst.refresh, worst.refreshed, true);
    }
    if (summary->bindings_known) tell_bindings(story, &summary->bindings);
}

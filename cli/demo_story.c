/* SPDX-License-Identifier: MIT */
/* The timeline: what the nodes report, as it happens. The sums are in demo_sums.c. */
#define _GNU_SOURCE
#include "demo_story.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "demo_secure.h"

/* ---- header and phases ---- */

static void header_as_json(struct demo_story *story)
{
    const struct demo_opts *opts = story->opts;
    const struct demo_stage *stage = story->stage;
    static const char *const scenarios[] = {
        [DEMO_BREAK] = "break", [DEMO_MAKE] = "make", [DEMO_OFFLINE] = "offline"};
    struct demo_writer w = demo_json(&story->screen, demo_now(), "setup");

    json_text(&w.json, "transport", demo_transport_key(opts->transport));
    json_text(&w.json, "srtp", demo_srtp_key(opts->srtp));
    json_text(&w.json, "scenario", scenarios[opts->scenario]);
    json_int(&w.json, "changes", opts->changes);
    json_bool(&w.json, "hangup", opts->hangup);
    json_bool(&w.json, "far_follows_sdp", opts->far_follows_sdp);
    json_bool(&w.json, "loopback", stage->lab == NULL);
    if (stage->lab == NULL) json_text(&w.json, "loopback_reason", stage->why);
    json_time(&w.json, "rtt", stage->lab != NULL ? opts->rtt : 0);
    json_text(&w.json, "phone", stage->homes[DEMO_PHONE].address);
    json_text(&w.json, "server", stage->homes[DEMO_SERVER].address);
    json_text(&w.json, "far", stage->homes[DEMO_FAR].address);
    demo_json_end(&w);
}

/* Each on a line of its own: they are long. */
static void put_reasons(struct demo_writer *w, const char *why)
{
    const char *end;

    fputs("No namespaces here:\n", w->to);
    while ((end = strstr(why, "; ")) != NULL) {
        fprintf(w->to, "  %.*s;\n", (int)(end - why), why);
        why = end + 2;
    }
    fprintf(w->to, "  %s.\n", why);
}

static void header_of_path(struct demo_story *story, struct demo_writer *w)
{
    const struct demo_opts *opts = story->opts;
    double ms = (double)opts->rtt / 1000;

    if (story->stage->lab == NULL) {
        if (!opts->loopback) put_reasons(w, story->stage->why);
        fprintf(w->to, "On loopback addresses%s: no delay, hence no round trips to count.",
                opts->loopback ? ", as asked" : " instead");
        return;
    }
    fprintf(
        w->to,
        "Round trip from the phone to the server, and to the far end: %g ms (four links of %g).",
        ms, ms / 4);
    if (opts->far_follows_sdp)
        fputs("\nThe far end sends where SDP says, and nowhere else.", w->to);
    if (opts->loss_permille == 0 && opts->jitter == 0) return;
    fprintf(w->to, "\nThe phone's links lose %g %% and jitter by %g ms.",
            (double)opts->loss_permille / 10, (double)opts->jitter / 1000);
}

void demo_tell_header(struct demo_story *story)
{
    const struct demo_stage *stage = story->stage;

    if (story->screen.json) {
        header_as_json(story);
        return;
    }
    struct demo_writer w = demo_write(&story->screen, demo_now());
    demo_tint(&w, DEMO_BOLD);
    fprintf(w.to, "phone %s", stage->homes[DEMO_PHONE].address);
    fputs(story->screen.utf8 ? " ── " : " -- ", w.to);
    fprintf(w.to, "server %s", stage->homes[DEMO_SERVER].address);
    fputs(story->screen.utf8 ? " ── " : " -- ", w.to);
    fprintf(w.to, "far %s", stage->homes[DEMO_FAR].address);
    demo_tint(&w, DEMO_PLAIN);
    fprintf(w.to, "   SIP over %s%s\n", tern_transport_name(story->opts->transport),
            demo_srtp_text(story->opts->srtp));
    header_of_path(story, &w);
    demo_write_end(&w);
}

void demo_tell_phase(struct demo_story *story, tern_time at, unsigned change, const char *title)
{
    demo_screen_phase(&story->screen, at, change);
    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, at, change > 0 ? "change" : "phase");
        json_text(&w.json, "title", title);
        demo_json_end(&w);
        return;
    }
    struct demo_writer w = demo_write(&story->screen, at);
    fputc('\n', w.to);
    demo_tint(&w, DEMO_BOLD);
    fputs(title, w.to);
    demo_tint(&w, DEMO_PLAIN);
    demo_write_end(&w);
}

void demo_tell(struct demo_story *story, tern_time at, enum demo_mark mark, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, at, "note");
        json_text(&w.json, "text", text);
        demo_json_end(&w);
        return;
    }
    struct demo_writer w = demo_write(&story->screen, at);
    demo_put_time(&w, at);
    demo_put_mark(&w, mark);
    fputs(text, w.to);
    demo_write_end(&w);
}

/* ---- SIP ---- */

static const char *peer_name(const struct demo_story *story, tern_addr remote)
{
    char text[TERN_ADDR_TEXT_MAX];

    remote.port = 0;
    tern_addr_print(remote, text);
    if (strcmp(text, story->stage->homes[DEMO_FAR].address) == 0) return "far";
    return "server";
}

/* The label of an arrow: what does not fit loses its reason phrase, not its method. */
static void shorten(const char *summary, char *out, size_t cap)
{
    const size_t fits = 44; /* "407 Proxy Authentication Required (INVITE)", in 80 columns */
    const char *method = strchr(summary, '(');

    if (strlen(summary) <= fits || method == NULL) {
        snprintf(out, cap, "%s", summary);
    } else {
        snprintf(out, cap, "%.3s %s", summary, method);
    }
}

static void put_message(struct demo_writer *w, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");
        fputc('\n', w->to);
        demo_put_blank(w);
        demo_tint(w, DEMO_DIM);
        fprintf(w->to, "  %.*s", (int)len, text);
        demo_tint(w, DEMO_PLAIN);
        text += len;
        if (*text == '\r') text++;
        if (*text == '\n') text++;
    }
}

static void tell_sip(struct demo_story *story, const struct demo_report *report)
{
    const struct demo_sip *sip = &report->u.sip;
    const char *peer = peer_name(story, sip->remote);
    char label[96];

    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, report->at, "sip");
        json_text(&w.json, "from", sip->sent ? "phone" : peer);
        json_text(&w.json, "to", sip->sent ? peer : "phone");
        json_text(&w.json, "summary", sip->summary);
        json_bool(&w.json, "retransmission", sip->again);
        if (report->text_len > 0) json_text(&w.json, "text", report->text);
        demo_json_end(&w);
        return;
    }
    struct demo_writer w = demo_write(&story->screen, report->at);
    demo_put_time(&w, report->at);
    shorten(sip->summary, label, sizeof(label));
    fputs("phone ", w.to);
    demo_put_arrow(&w, sip->sent, label);
    fprintf(w.to, " %s", peer);
    if (sip->again) {
        demo_tint(&w, DEMO_CARE);
        fputs(" (again)", w.to);
        demo_tint(&w, DEMO_PLAIN);
    }
    if (report->text_len > 0) put_message(&w, report->text);
    demo_write_end(&w);
}

/* ---- progress of an IP change ---- */

static enum demo_mark mark_of(enum tern_ip_change_status status)
{
    switch (status) {
    case TERN_IP_CHANGE_START: return DEMO_DOT;
    case TERN_IP_CHANGE_SUCCESS: return DEMO_TICK;
    case TERN_IP_CHANGE_RETRY: return DEMO_AGAIN;
    case TERN_IP_CHANGE_FAILURE: return DEMO_CROSS;
    case TERN_IP_CHANGE_SUPERSEDED: return DEMO_DOT;
    }
    return DEMO_DOT;
}

static const char *subject_of(enum tern_ip_change_op op, enum tern_ip_change_status status)
{
    switch (op) {
    case TERN_IP_CHANGE_OP_RESTART_LISTENER: return "listeners";
    case TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT: return "transport";
    case TERN_IP_CHANGE_OP_UPDATE_CONTACT: return "contact";
    case TERN_IP_CHANGE_OP_HANGUP_CALL: return "hang up";
    case TERN_IP_CHANGE_OP_REINVITE_CALL:
    case TERN_IP_CHANGE_OP_REPLACE_CALL:
    case TERN_IP_CHANGE_OP_INVITE_CALL:
    case TERN_IP_CHANGE_OP_KEEP_CALL: return "call";
    case TERN_IP_CHANGE_OP_MEDIA_MOVED: return "audio";
    case TERN_IP_CHANGE_OP_PUBLIC_ADDRESS: return "public address";
    case TERN_IP_CHANGE_OP_COMPLETED:
        return status == TERN_IP_CHANGE_SUPERSEDED ? "superseded" : "completed";
    }
    return "";
}

/* What to say of a step that begins, or has succeeded; NULL: only the state. */
static const char *step_text(const struct tern_ip_change_progress *p)
{
    bool begins = p->status == TERN_IP_CHANGE_START;

    if (!begins && p->status != TERN_IP_CHANGE_SUCCESS) return NULL;
    switch (p->op) {
    case TERN_IP_CHANGE_OP_RESTART_LISTENER: return begins ? "being opened" : "open";
    case TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT:
        return begins ? "the old one closes" : "old one closed";
    case TERN_IP_CHANGE_OP_UPDATE_CONTACT: return begins ? "moves to" : "registered at";
    case TERN_IP_CHANGE_OP_HANGUP_CALL: return begins ? "as the policy says" : "done";
    case TERN_IP_CHANGE_OP_REINVITE_CALL: return begins ? "moves to" : "moved to";
    case TERN_IP_CHANGE_OP_REPLACE_CALL: return begins ? "looks for the far end" : "found it";
    case TERN_IP_CHANGE_OP_INVITE_CALL: return begins ? "invites anew" : "heard";
    case TERN_IP_CHANGE_OP_KEEP_CALL: return "rings on";
    case TERN_IP_CHANGE_OP_MEDIA_MOVED: return begins ? "leaves from" : "comes in at";
    case TERN_IP_CHANGE_OP_PUBLIC_ADDRESS: return "changed";
    case TERN_IP_CHANGE_OP_COMPLETED: return NULL;
    }
    return NULL;
}

static bool names_address(const struct tern_ip_change_progress *p)
{
    return p->op == TERN_IP_CHANGE_OP_UPDATE_CONTACT || p->op == TERN_IP_CHANGE_OP_MEDIA_MOVED ||
           p->op == TERN_IP_CHANGE_OP_REINVITE_CALL;
}

static void progress_as_json(struct demo_story *story, const struct demo_report *report)
{
    const struct tern_ip_change_progress *p = &report->u.progress;
    struct demo_writer w = demo_json(&story->screen, report->at, "progress");
    char local[TERN_ADDR_TEXT_MAX];

    json_text(&w.json, "operation", tern_ip_change_op_name(p->op));
    json_text(&w.json, "status", tern_ip_change_status_name(p->status));
    json_int(&w.json, "generation", p->generation);
    json_int(&w.json, "attempt", p->attempt);
    json_time(&w.json, "since_notice", p->since_change);
    if (p->local.family != TERN_FAMILY_NONE) {
        json_text(&w.json, "local", tern_addr_print(p->local, local));
    }
    if (p->sip_code != 0) json_int(&w.json, "sip_code", p->sip_code);
    if (p->op == TERN_IP_CHANGE_OP_REINVITE_CALL) json_bool(&w.json, "update", p->used_update);
    if (report->reason[0] != '\0') json_text(&w.json, "reason", report->reason);
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) {
        json_int(&w.json, "accounts_moved", p->totals.accounts);
        json_int(&w.json, "calls_kept", p->totals.calls_kept);
        json_int(&w.json, "calls_lost", p->totals.calls_lost);
        json_time(&w.json, "gap_out", p->totals.gap_out);
        json_time(&w.json, "gap_in", p->totals.gap_in);
    }
    demo_json_end(&w);
}

static void put_step(struct demo_writer *w, const struct tern_ip_change_progress *p)
{
    const char *text = step_text(p);
    tern_addr local = p->local;
    char address[TERN_ADDR_TEXT_MAX];

    if (p->op == TERN_IP_CHANGE_OP_COMPLETED && p->status == TERN_IP_CHANGE_SUCCESS) {
        fprintf(w->to, "%u registration%s moved, %u call%s kept", p->totals.accounts,
                p->totals.accounts == 1 ? "" : "s", p->totals.calls_kept,
                p->totals.calls_kept == 1 ? "" : "s");
        return;
    }
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED && p->status == TERN_IP_CHANGE_SUPERSEDED) {
        fputs("the network has changed again", w->to);
        return;
    }
    fputs(text != NULL ? text : tern_ip_change_status_name(p->status), w->to);
    if (text == NULL || !names_address(p) || local.family == TERN_FAMILY_NONE) return;
    local.port = 0;
    fprintf(w->to, " %s", tern_addr_print(local, address));
}

static void tell_step(struct demo_story *story, tern_time at,
                      const struct tern_ip_change_progress *p, const char *reason)
{
    struct demo_writer w = demo_write(&story->screen, at);

    demo_put_time(&w, at);
    demo_put_mark(&w, mark_of(p->status));
    fprintf(w.to, "%-10s ", subject_of(p->op, p->status));
    put_step(&w, p);
    if (p->op == TERN_IP_CHANGE_OP_REINVITE_CALL && p->status == TERN_IP_CHANGE_START) {
        fprintf(w.to, " by %s%s", p->used_update ? "UPDATE" : "re-INVITE",
                p->by_server ? ", by way of the server" : "");
    }
    if (p->attempt > 1) fprintf(w.to, ", attempt %u", p->attempt);
    if (p->sip_code != 0) fprintf(w.to, " (%d)", p->sip_code);
    if (reason[0] != '\0' && p->status != TERN_IP_CHANGE_SUCCESS) {
        fprintf(w.to, ": %s", reason);
    }
    demo_write_end(&w);
}

/* @return whether the step belongs to a change of which it is not known yet that it matters */
static bool hold(struct demo_story *story, tern_time at, const struct tern_ip_change_progress *p)
{
    bool quiet = p->op == TERN_IP_CHANGE_OP_RESTART_LISTENER &&
                 (p->status == TERN_IP_CHANGE_START || p->status == TERN_IP_CHANGE_SUCCESS);

    if (!quiet || p->generation == story->moved || story->held_count == DEMO_HELD_MAX) return false;
    story->held[story->held_count++] = (struct demo_held){at, *p};
    return true;
}

/*
 * Between two addresses there is often a moment without any. The phone begins a change for it, which
 * the next one takes over before it moves anything: nobody misses that.
 */
static bool is_nothing(struct demo_story *story, const struct tern_ip_change_progress *p)
{
    return p->op == TERN_IP_CHANGE_OP_COMPLETED && p->status == TERN_IP_CHANGE_SUPERSEDED &&
           p->generation != story->moved;
}

static void tell_progress(struct demo_story *story, const struct demo_report *report)
{
    const struct tern_ip_change_progress *p = &report->u.progress;

    if (story->screen.json) {
        progress_as_json(story, report);
        return;
    }
    if (hold(story, report->at, p)) return;
    bool nothing = is_nothing(story, p);
    for (size_t i = 0; i < story->held_count && !nothing; i++) {
        const struct demo_held *held = &story->held[i];
        if (held->progress.generation == p->generation)
            tell_step(story, held->at, &held->progress, "");
    }
    story->held_count = 0;
    if (nothing) return;
    if (p->op != TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT) story->moved = p->generation;
    tell_step(story, report->at, p, report->reason);
}

/* ---- the rest ---- */

/* Audio comes after a silence, or by another way than before. */
static void tell_audio(struct demo_story *story, enum demo_who who,
                       const struct demo_tap_news *news)
{
    const char *ear = who == DEMO_FAR ? "far" : "phone", *mouth = who == DEMO_FAR ? "phone" : "far";
    const char *by = who == DEMO_FAR ? " from " : " at ";

    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, news->at, "audio");
        json_text(&w.json, "to", ear);
        json_text(&w.json, "from", mouth);
        json_text(&w.json, "address", news->address);
        json_time(&w.json, "after", news->gap);
        demo_json_end(&w);
        return;
    }
    demo_tell(story, news->at, DEMO_NOTE, "audio reaches %s%s%s after a gap of %.0f ms", ear,
              news->address[0] != '\0' ? by : "", news->address, (double)news->gap / 1000);
}

void demo_tell_path(struct demo_story *story, enum demo_who who, const struct demo_tap_news *news)
{
    tell_audio(story, who, news);
}

static void tell_resumed(struct demo_story *story, const struct demo_report *report)
{
    struct demo_tap_news news = {.at = report->at, .gap = report->u.plain.gap};

    tell_audio(story, report->who, &news);
}

static void tell_end_of_call(struct demo_story *story, const struct demo_report *report)
{
    static const char *const causes[] = {
        [TERN_END_LOCAL] = "hung up here",
        [TERN_END_REMOTE] = "hung up by the other side",
        [TERN_END_REFUSED] = "refused",
        [TERN_END_NO_ANSWER] = "not answered",
        [TERN_END_UNREACHABLE] = "unreachable",
        [TERN_END_LOST] = "lost in the change",
        [TERN_END_IP_CHANGE] = "hung up because the address changed, as asked",
        [TERN_END_ERROR] = "ended by an error",
    };
    const char *who = report->who == DEMO_FAR ? "far" : "phone";
    size_t cause = (size_t)report->u.plain.cause;
    bool is_plain =
        cause == TERN_END_LOCAL || cause == TERN_END_REMOTE || cause == TERN_END_IP_CHANGE;
    bool known = cause < sizeof(causes) / sizeof(*causes) && causes[cause] != NULL;

    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, report->at, "ended");
        json_text(&w.json, "at", who);
        json_text(&w.json, "cause", known ? causes[cause] : "unknown");
        json_int(&w.json, "status", report->u.plain.status);
        json_text(&w.json, "reason", report->reason);
        demo_json_end(&w);
        return;
    }
    demo_tell(story, report->at, DEMO_DOT, "%s: the call has ended: %s%s%s", who,
              known ? causes[cause] : "unknown", is_plain ? "" : ", ",
              is_plain ? "" : report->reason);
}

static void tell_failure(struct demo_story *story, const struct demo_report *report)
{
    static const char *const names[] = {
        [DEMO_SERVER] = "server", [DEMO_FAR] = "far", [DEMO_PHONE] = "phone"};

    demo_tell(story, report->at, DEMO_CROSS, "%s: %s", names[report->who], report->reason);
}

void demo_tell_report(struct demo_story *story, const struct demo_report *report)
{
    switch (report->kind) {
    case DEMO_READY:
        demo_tell(story, report->at, DEMO_TICK, "server listens at %s:%u",
                  story->stage->homes[DEMO_SERVER].address, demo_stage_port(story->stage));
        return;
    case DEMO_REGISTERED:
        if (report->who != DEMO_FAR) return; /* the phone's is seen in full */
        demo_tell(story, report->at, DEMO_TICK, "far end registered");
        return;
    case DEMO_ANSWERED:
        if (report->who != DEMO_PHONE) return;
        demo_tell(story, report->at, DEMO_TICK, "the call is answered");
        return;
    case DEMO_RESUMED: tell_resumed(story, report); return;
    case DEMO_ENDED: tell_end_of_call(story, report); return;
    case DEMO_PROGRESS: tell_progress(story, report); return;
    case DEMO_SIP: tell_sip(story, report); return;
    case DEMO_SECURED: demo_tell_secured(story, report); return;
    case DEMO_UNREGISTERED:
    case DEMO_FAILED: tell_failure(story, report); return;
    case DEMO_MEASURED:
    case DEMO_BINDINGS: return;
    }
}

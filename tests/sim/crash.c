/* SPDX-License-Identifier: MIT */
/*
 * Programs that die in the middle of it and are started again, with what they have saved
 * (tern/snapshot.h). A phone that will crash saves when it is asked to, and the newest file is what its
 * successor finds. Calls that were up at both ends, and saved, go on.
 */
#include <stdlib.h>
#include <string.h>

#include <tern/snapshot.h>

#include "life.h"

#define LEAP_MOST 3000 /* numbers of packets that the two processes may leave out */
#define UNSAVED   TERN_SECONDS(1)

static struct tern_snapshot_opts opts_of(const struct life *life)
{
    struct tern_snapshot_opts opts;
    tern_snapshot_opts_init(&opts);
    memset(opts.key, 0x5a, sizeof(opts.key));
    opts.wall_us = TERN_SECONDS(1000000) + tern_sim_now(life->sim);
    return opts;
}

static int store(void *user, const void *data, size_t len)
{
    struct crash *crash = user;
    uint8_t *bytes = realloc(crash->bytes, len);
    if (bytes == NULL) return TERN_ENOMEM;
    memcpy(bytes, data, len);
    crash->bytes = bytes;
    crash->len = len;
    return 0;
}

static void save(struct life *life, struct phone *phone)
{
    struct tern_snapshot_opts opts = opts_of(life);
    tern_time now = tern_sim_now(life->sim);
    int err = tern_snapshot_save(phone->ep, now, &opts, store, &phone->crash);
    if (err != 0)
        fail(life, "snapshot", "%s: save: %s", host_name(phone->host), tern_strerror(err));
}

void crash_begin(struct life *life, struct phone *phone)
{
    for (size_t i = 0; i < life->plan->count; i++) {
        const struct step *step = &life->plan->steps[i];
        if (step->verb == DO_crash && (int)step->who == phone->who) phone->crash.saves = true;
    }
    if (phone->crash.saves) save(life, phone);
}

void crash_end(struct life *life)
{
    for (int i = 0; i < PHONES; i++)
        free(life->phones[i].crash.bytes);
}

/* ---- dying ---- */

/* What has changed a moment ago is in no file yet. */
static bool is_unsaved(const struct life *life, const struct phone *phone)
{
    return tern_snapshot_due(phone->ep) - tern_sim_now(life->sim) < UNSAVED;
}

static void leave_ends(struct life *life, struct phone *phone)
{
    bool unsaved = is_unsaved(life, phone);
    if (unsaved) phone->crash.unsaved = true;
    for (uint32_t i = 0; i < phone->end_count; i++) {
        struct end *end = &phone->ends[i];
        struct tern_call_info info;
        bool up =
            tern_call_get_info(phone->ep, end->call, &info) == 0 && info.state == TERN_CALL_ACTIVE;
        if (!end->ended && (!up || unsaved)) end->excuses |= 1u << EXCUSE_DEAD;
        end->was = end->call;
        asks_forget(end);
        end->call = (tern_call){0}; /* the next process begins to count anew */
    }
}

/* It will not know what it has been asked, and has answered. */
static void forget_answers(struct life *life, const struct phone *phone)
{
    struct rules *rules = &life->rules[phone->host - 1];
    struct witness *witness = &life->witness[phone->host - 1];
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        struct asked *a = &rules->asked[i];
        if (!a->heard) continue;
        a->final = 0;
        a->own_tag = a->words = 0;
        a->rseq = 0;
        a->answered = false;
    }
    for (uint32_t i = 0; i < witness->leg_count; i++)
        witness->legs[i].local_tag = 0;
    for (uint32_t i = 0; i < witness->stream_count; i++)
        witness->streams[i].leaps = true;
}

static void revive(void *user, uint64_t host);

void crash_die(struct life *life, struct phone *phone, int32_t ms)
{
    struct tern_endpoint *ep = phone->ep;
    tern_time until = tern_sim_now(life->sim) + TERN_MS(ms);
    if (phone->stopping) return;
    leave_ends(life, phone);
    tern_sim_suspend(life->sim, phone->host, 0); /* who slept does not any more */
    tern_sim_host_endpoint(life->sim, phone->host, NULL);
    phone->ep = NULL;
    tern_endpoint_free(ep);
    phone->crash.dead = true;
    phone->crash.count++;
    phone->moved = until;
    phone->reaction_count = 0;
    sound_sleeps(phone, until);
    forget_answers(life, phone);
    if (phone->crash.unsaved && !phone->wants_binding) phone->denied = true;
    if (tern_sim_at(life->sim, until, revive, life, phone->host) != 0) fail(life, "memory", "at");
}

/* ---- and living on ---- */

/* What is not taken up is over, and nobody is told. */
static void forget_ends(struct life *life, struct phone *phone)
{
    for (uint32_t i = 0; i < phone->end_count; i++) {
        struct end *end = &phone->ends[i];
        if (end->ended || end->call.id != 0) continue;
        end->ended = true;
        end->over = tern_sim_now(life->sim);
        end->cause = TERN_END_ERROR;
    }
}

static void forgotten(void *user, uint64_t host)
{
    struct life *life = user;
    if (!life->failed) forget_ends(life, &life->phones[host - 1]);
}

static void revive(void *user, uint64_t host)
{
    struct life *life = user;
    struct phone *phone = &life->phones[host - 1];
    struct tern_snapshot_opts opts = opts_of(life);
    tern_time now = tern_sim_now(life->sim);
    if (life->failed) return;
    trace(life, "%-6s is started again", host_name(phone->host));
    phone->crash.dead = false;
    phone->progress = (struct progress){.completed = phone->progress.completed};
    phone->pace.open = false;
    phone->ep = life_endpoint(life, phone->host);
    if (phone->ep == NULL) {
        fail(life, "memory", "endpoint");
        return;
    }
    const tern_str bytes = {(const char *)phone->crash.bytes, phone->crash.len};
    int err = tern_snapshot_restore(phone->ep, now, &opts, bytes);
    if (err != 0) fail(life, "snapshot", "%s: %s", host_name(phone->host), tern_strerror(err));
    if (err != 0 || tern_endpoint_start(phone->ep, now) != 0) return;
    again_spur(life, phone);
    tern_sim_notice(life->sim, phone->host);
    if (tern_sim_at(life->sim, now + 1, forgotten, life, phone->host) != 0)
        fail(life, "memory", "at");
}

void crash_event(struct life *life, struct phone *phone, const struct tern_event *e)
{
    if (e->type == TERN_EV_SNAPSHOT_DUE) save(life, phone);
    if (e->type != TERN_EV_RESTORED) return;
    const struct tern_ev_restored *ev = &e->u.restored;
    if (ev->call.id == 0) {
        if (phone->wants_account) phone->account = ev->account;
        if (!phone->wants_account &&
            tern_account_remove(phone->ep, tern_sim_now(life->sim), ev->account) != 0)
            fail(life, "api", "remove");
        return;
    }
    for (uint32_t i = phone->end_count; i-- > 0;) {
        struct end *end = &phone->ends[i];
        if (end->was.id != ev->call_was.id) continue;
        end->call = ev->call;
        if (end->ended && !phone->crash.unsaved)
            fail(life, "snapshot", "%s: a call is taken up that had ended", host_name(phone->host));
        if (end->ended) end->excuses |= 1u << EXCUSE_DEAD;
        end->ended = false;
        return;
    }
    fail(life, "snapshot", "%s: a call is taken up that nobody knows", host_name(phone->host));
}

bool crash_happened(const struct life *life)
{
    bool any = false;
    for (int i = 0; i < PHONES; i++)
        any = any || life->phones[i].crash.count > 0;
    return any;
}

bool crash_leaps(const struct rtp_stream *stream, uint16_t sequence)
{
    uint16_t step = (uint16_t)(sequence - stream->sequence);
    return stream->leaps && step > 0 && step <= LEAP_MOST;
}

/* SPDX-License-Identifier: MIT */
/*
 * How often something is asked: no REGISTER beside another one (RFC 3261 10.2), a pause before what
 * has failed is tried again (MOBILITY, "Timers and defaults"), and so many requests for each call
 * and change, however bad the network is. What the user or the network does begins it anew.
 */
#include "life.h"

#define PAUSE    TERN_MS(400) /* the shortest is 0.5 s, less a way that has become shorter */
#define EACH     6            /* requests of one attempt: twice with a challenge, ACKs, a removal */
#define TIMER_F  TERN_SECONDS(32)
#define PAUSES_S 30          /* the longest pause */
#define SETTLE   TERN_MS(75) /* a better path is gone to so much later */

/* Legs of a fork share their Call-ID. */
static uint64_t leg_of(const struct message *m)
{
    return hash_text(hash_text(0, m->call_id), m->from_tag);
}

static struct again *again_of(struct life *life, uint32_t host)
{
    return &life->phones[host - 1].again;
}

/* Of this request, or of what it answers; NULL: no refresh of it was sent since then. */
static struct again_leg *find_leg(struct again *a, const struct message *m)
{
    uint64_t key = leg_of(m);
    for (uint32_t i = 0; i < AGAIN_LEGS; i++) {
        if (a->legs[i].key == key) return &a->legs[i];
    }
    return NULL;
}

static struct again_leg *make_leg(struct again *a, const struct message *m)
{
    struct again_leg *leg = find_leg(a, m);
    if (leg) return leg;
    leg = &a->legs[a->leg_next++ % AGAIN_LEGS];
    *leg = (struct again_leg){.key = leg_of(m)};
    return leg;
}

static void forgive(struct again *a)
{
    for (uint32_t i = 0; i < AGAIN_LEGS; i++)
        a->legs[i].failed = 0;
}

void again_spur(struct life *life, struct phone *phone)
{
    struct again *a = &phone->again;
    *a = (struct again){.since = tern_sim_now(life->sim)};
    for (uint32_t i = 0; i < phone->end_count; i++)
        a->calls += !phone->ends[i].ended;
}

/* Attempts at 0, 0.5, 1.5, 3.5, 7.5 … s, then every 30 s; and one that a REGISTER releases. */
static uint32_t attempts_in(tern_time duration)
{
    uint32_t attempts = 2;
    tern_time pause = TERN_MS(500);
    for (; duration >= pause && attempts < 1000; attempts++) {
        duration -= pause;
        pause = pause * 2 < TERN_SECONDS(PAUSES_S) ? pause * 2 : TERN_SECONDS(PAUSES_S);
    }
    return attempts;
}

static bool has_register(const struct life *life, uint32_t host)
{
    const struct rules *rules = &life->rules[host - 1];
    tern_time now = tern_sim_now(life->sim);
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        const struct asked *a = &rules->asked[i];
        if (a->key && !a->heard && a->registers && a->final == 0 && now - a->at < TIMER_F &&
            a->at > life->phones[host - 1].again.since + SETTLE)
            return true;
    }
    return false;
}

/* What cannot be sent, or is on a connection that fails, has ended, which is not seen from outside. */
static bool may_fail_unseen(const struct life *life, uint32_t host)
{
    return life->plan->set[SET_notice] || life->plan->set[SET_names] || life->disturbed ||
           rules_connects(life, host) > 0;
}

/*
 * What a person does, and a phone that wakes up, has a schedule of its own; a name may have a second
 * server, which is asked at once (RFC 3263 4.3), and so has a dialog (MOBILITY C6 c).
 */
static bool is_plain(const struct life *life)
{
    const struct plan *plan = life->plan;
    for (size_t i = 0; i < plan->count; i++) {
        enum verb verb = plan->steps[i].verb;
        if (verb != DO_path && verb != DO_call && verb != DO_hangup && verb != DO_fault)
            return false;
    }
    return !plan->set[SET_names] && !plan->set[SET_private] &&
           !plan->set[SET_outbound]; /* two flows: two REGISTERs */
}

/* A new request, not yet in the book of rules.c. */
void again_sent(struct life *life, uint32_t host, const struct message *m)
{
    struct again *a = again_of(life, host);
    tern_time now = tern_sim_now(life->sim);
    bool registers = str_is(m->method, "REGISTER");
    bool refresh = str_is(m->method, "UPDATE") || str_is(m->method, "INVITE");
    uint32_t most = EACH * (1 + a->calls) * attempts_in(now - a->since);
    /* Calls that had ended a moment before it died: another process ends them once more. */
    bool ends_anew = host <= PHONES && life->phones[host - 1].crash.unsaved;
    if (++a->asked > most && !ends_anew)
        fail(life, "storm", "%s: %u requests in %lld ms, with %u calls", host_name(host), a->asked,
             (long long)(now - a->since) / 1000, a->calls);
    if (!is_plain(life)) return;
    if (registers && !may_fail_unseen(life, host) && has_register(life, host))
        fail(life, "again", "%s: a REGISTER beside another one", host_name(host));
    tern_time failed = registers ? a->failed_register : 0;
    if (refresh) {
        struct again_leg *leg = make_leg(a, m);
        leg->cseq = m->cseq;
        failed = leg->failed;
    }
    if (failed && now - failed < PAUSE && now - a->since > TERN_SECONDS(1))
        fail(life, "again", "%s: %.*s again, %lld ms after it has failed", host_name(host),
             (int)m->method.len, m->method.ptr, (long long)(now - failed) / 1000);
}

/* What is answered by trying again, or otherwise, at once: 401, 407, 423, 3xx; 491 has its own pause. */
static bool is_final_failure(int status)
{
    return status >= 400 && status != 401 && status != 407 && status != 423 && status != 491 &&
           status != 403 && status != 404 && status != 481;
}

void again_heard(struct life *life, uint32_t host, const struct message *m)
{
    struct again *a = again_of(life, host);
    tern_time now = tern_sim_now(life->sim);
    bool registers = str_is(m->method, "REGISTER");
    if (m->request) forgive(a); /* glare: what the far end wanted is done with */
    if (m->request || m->status < 200) return;
    if (registers && m->status < 300) forgive(a); /* MOBILITY C6 b: now they know us */
    if (!is_final_failure(m->status)) return;
    const struct asked *asked = rules_asked(life, host, m, false);
    if (!asked || now - asked->at >= TIMER_F) return; /* given up already */
    if (asked->final) return;                         /* once more: the ACK was lost */
    if (registers) a->failed_register = now;
    if (!str_is(m->method, "UPDATE") && !str_is(m->method, "INVITE")) return;
    struct again_leg *leg = make_leg(a, m);
    if (leg->cseq && leg->cseq != m->cseq) return; /* another has taken its place */
    leg->failed = now;
}

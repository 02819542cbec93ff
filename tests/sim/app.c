/* SPDX-License-Identifier: MIT */
/* The application of a phone: it answers, keeps book of its calls, and acts on a whim. */
#include <string.h>

#include "life.h"

struct end *app_end(struct phone *phone, tern_call call)
{
    for (uint32_t i = 0; i < phone->end_count; i++) {
        if (phone->ends[i].call.id == call.id) return &phone->ends[i];
    }
    return NULL;
}

static bool is_registered(const struct phone *phone)
{
    struct tern_account_info info;
    return phone->ep && phone->wants_account &&
           tern_account_get_info(phone->ep, phone->account, &info) == 0 &&
           (info.state == TERN_REGISTRATION_REGISTERED ||
            info.state == TERN_REGISTRATION_REFRESHING);
}

static struct end *latest(struct phone *phone, uint32_t dialled)
{
    struct end *found = NULL;
    for (uint32_t i = 0; i < phone->end_count; i++) {
        if (phone->ends[i].dialled != dialled) continue;
        if (found == NULL || found->ended) found = &phone->ends[i];
    }
    return found;
}

struct end *app_other_end(struct life *life, const struct end *end)
{
    struct end *found = latest(&life->phones[end->peer], end->dialled);
    if (!life->plan->set[SET_shared] || end->peer == ALICE || (found && !found->ended))
        return found;
    struct end *fork = latest(&life->phones[end->peer == BOB ? CAROL : BOB], end->dialled);
    return fork && (found == NULL || !fork->ended) ? fork : found;
}

bool app_is_replaced(const struct life *life, int who, const struct end *end)
{
    bool shared = life->plan->set[SET_shared] && who != ALICE;
    for (int at = 0; at < PHONES; at++) {
        const struct phone *phone = &life->phones[at];
        if (at != who && (!shared || at == ALICE)) continue;
        for (uint32_t i = 0; i < phone->end_count; i++) {
            const struct end *e = &phone->ends[i];
            if (e != end && e->dialled == end->dialled) return true;
        }
    }
    return false;
}

/*
 * Nobody can say yet where the far end is; or this end has not noticed that its address has gone,
 * so that what it sends is lost, and no connection comes up.
 */
static bool is_called_too_early(const struct life *life, const struct phone *from,
                                const struct phone *to)
{
    tern_time now = tern_sim_now(life->sim), unnoticed = TERN_MS(life->plan->set[SET_notice]);
    return (to->progress.generation && !to->progress.closed) ||
           now - to->moved < TERN_SECONDS(2) + unnoticed || now - from->moved <= unnoticed;
}

/* Nothing is wrong but NATs that have started anew, and everybody has had the time to notice. */
static bool only_nats(const struct life *life)
{
    for (size_t i = 0; i < life->plan->count; i++) {
        enum verb verb = life->plan->steps[i].verb;
        if (verb_is_fault(verb) && verb != DO_nat && verb != DO_rebind) return false;
    }
    for (int i = 0; i < PHONES; i++) {
        if (tern_sim_now(life->sim) < life->phones[i].remapped) return false;
    }
    return true;
}

struct end *app_add(struct life *life, struct phone *phone, tern_call call, int peer)
{
    struct tern_call_info info;
    if (phone->end_count == CALLS_MAX) {
        fail(life, "storm", "%s: more calls than were made", host_name(phone->host));
        return NULL;
    }
    if (app_end(phone, call)) fail(life, "handles", "a call's handle was given out twice");
    struct end *end = &phone->ends[phone->end_count++];
    *end = (struct end){.call = call, .peer = peer, .excuses = life->excuses};
    if (links_network(life, phone)->address_count == 0) end->excuses |= 1u << EXCUSE_EARLY;
    if (life->disturbed && !only_nats(life)) end->excuses |= 1u << EXCUSE_EARLY;
    if (!is_registered(&life->phones[peer])) end->excuses |= 1u << EXCUSE_REFUSED;
    if (tern_call_get_info(phone->ep, call, &info) != 0) return end;
    tern_str call_id = {info.call_id, strlen(info.call_id)};
    end->dialled = rings_number(life, call_id);
    end->call_id = hash_of(call_id.ptr, call_id.len);
    end->began = tern_sim_now(life->sim);
    if (!info.incoming && is_called_too_early(life, phone, &life->phones[peer]))
        end->excuses |= 1u << EXCUSE_EARLY;
    return end;
}

/* ---- answering ---- */

/* Only what rings: to another call it is not said. */
static void take(struct life *life, struct phone *phone, struct end *end, int status)
{
    struct tern_call_info info;
    tern_time now = tern_sim_now(life->sim);
    if (tern_call_get_info(phone->ep, end->call, &info) != 0 || info.state != TERN_CALL_INCOMING)
        return;
    if (status >= 400) end->by_app = true;
    int err = status < 300 ? tern_call_answer(phone->ep, now, end->call, status)
                           : tern_call_hangup(phone->ep, now, end->call, status);
    /* An answer may be given already, and wait for a network. */
    if (err != 0 && err != TERN_ESTATE) fail(life, "api", "answer: %s", tern_strerror(err));
}

static void answer_now(void *user, uint64_t arg)
{
    struct life *life = user;
    struct phone *phone = &life->phones[arg % PHONES];
    struct end *end = &phone->ends[arg / PHONES];
    int32_t reject = life->plan->set[SET_reject];
    if (phone->ep == NULL || end->ended || life->failed) return;
    take(life, phone, end, reject >= 400 ? reject : 200);
    tern_sim_touch(life->sim, phone->host);
}

void app_answer(struct life *life, struct phone *phone, int status)
{
    for (uint32_t i = 0; i < phone->end_count && phone->ep; i++) {
        if (!phone->ends[i].ended) take(life, phone, &phone->ends[i], status);
    }
}

static void ring(struct life *life, struct phone *phone, struct end *end)
{
    tern_time now = tern_sim_now(life->sim);
    int err = tern_call_answer(phone->ep, now, end->call, life->plan->set[SET_early] ? 183 : 180);
    /* It may have ended with the event in the queue: with the account, too. */
    if (err != 0 && err != TERN_ESTALE) fail(life, "api", "ringing: %s", tern_strerror(err));
    if (err != 0) end->by_app = !phone->wants_account;
    if (err != 0) return;
    uint64_t arg = (uint64_t)(end - phone->ends) * PHONES + (uint64_t)phone->who;
    tern_time when = now + TERN_MS(life->plan->set[SET_answer]);
    if (tern_sim_at(life->sim, when, answer_now, life, arg) != 0) fail(life, "memory", "at");
}

/* Who calls: "sip:NAME@…". Nobody calls himself. */
static int caller(const struct phone *phone, tern_str from)
{
    for (int who = 0; who < PHONES; who++) {
        size_t len = strlen(phone_name(who));
        if (from.len > 4 + len && memcmp(from.ptr + 4, phone_name(who), len) == 0 &&
            from.ptr[4 + len] == '@')
            return who;
    }
    return phone->who == ALICE ? BOB : ALICE;
}

/* ---- events ---- */

/* The call that an event names; {0}: none. */
static tern_call call_in(const struct tern_event *e)
{
    switch (e->type) {
    case TERN_EV_CALL_INCOMING: return e->u.incoming.call;
    case TERN_EV_CALL_PROGRESS: return e->u.progress.call;
    case TERN_EV_CALL_ANSWERED: return e->u.answered.call;
    case TERN_EV_CALL_MEDIA: return e->u.media.call;
    case TERN_EV_CALL_DTMF: return e->u.dtmf.call;
    case TERN_EV_CALL_SILENT: return e->u.silent.call;
    case TERN_EV_CALL_RESPONSE: return e->u.response.call;
    case TERN_EV_CALL_INFO: return e->u.info.call;
    case TERN_EV_CALL_ENDED: return e->u.ended.call;
    case TERN_EV_IP_CHANGE_PROGRESS:
    case TERN_EV_LISTENER:
    case TERN_EV_NETWORK:
    case TERN_EV_REGISTRATION:
    case TERN_EV_SIP_MESSAGE:
    case TERN_EV_STOPPED:
    case TERN_EV_SECURED:
    case TERN_EV_RESTORED:
    case TERN_EV_SNAPSHOT_DUE: return (tern_call){0};
    }
    return (tern_call){0};
}

static void check_handle(struct life *life, struct phone *phone, const struct tern_event *e)
{
    struct tern_call_info info;
    tern_call call = call_in(e);
    if (call.id == 0) return;
    struct end *end = app_end(phone, call);
    if (e->type == TERN_EV_CALL_INCOMING || life->failed) return;
    if (end == NULL) {
        fail(life, "handles", "%s: an event names an unknown call", host_name(phone->host));
    } else if (end->ended) {
        fail(life, "handles", "%s: event %d after CALL_ENDED", host_name(phone->host), e->type);
    } else if (e->type == TERN_EV_CALL_ENDED &&
               tern_call_get_info(phone->ep, call, &info) != TERN_ESTALE) {
        fail(life, "handles", "%s: a call that has ended is not stale", host_name(phone->host));
    }
}

static void tell(struct life *life, uint32_t host, const struct tern_event *e)
{
    uint64_t id = call_in(e).id;
    mix(life, &e->type, sizeof(e->type));
    mix(life, &id, sizeof(id));
    if (e->type == TERN_EV_IP_CHANGE_PROGRESS) {
        const struct tern_ip_change_progress *p = &e->u.ip_change;
        mix(life, &p->since_change, sizeof(p->since_change));
        trace(life, "%-6s ! generation %u: %s %s, attempt %u, %d, %.*s", host_name(host),
              p->generation, tern_ip_change_op_name(p->op), tern_ip_change_status_name(p->status),
              p->attempt, p->sip_code, (int)p->reason.len, p->reason.ptr);
    } else if (e->type == TERN_EV_REGISTRATION) {
        trace(life, "%-6s ! %s %d %.*s", host_name(host),
              tern_registration_state_name(e->u.registration.state), e->u.registration.status,
              (int)e->u.registration.reason.len, e->u.registration.reason.ptr);
    } else if (e->type == TERN_EV_CALL_ENDED) {
        trace(life, "%-6s ! call ended: cause %d, %d, %.*s", host_name(host), e->u.ended.cause,
              e->u.ended.status, (int)e->u.ended.reason.len, e->u.ended.reason.ptr);
    } else if (e->type == TERN_EV_CALL_MEDIA) {
        char local[TERN_ADDR_TEXT_MAX], remote[TERN_ADDR_TEXT_MAX];
        (void)tern_addr_print(e->u.media.local, local);
        (void)tern_addr_print(e->u.media.remote, remote);
        trace(life, "%-6s ! audio from %s to %s", host_name(host), local, remote);
    } else {
        trace(life, "%-6s ! event %d", host_name(host), e->type);
    }
}

static void react(struct life *life, struct phone *phone, enum tern_event_type type)
{
    for (uint32_t i = 0; i < phone->reaction_count && phone->ep; i++) {
        if (phone->reactions[i].event != (int32_t)type) continue;
        struct step step = {
            .at_ms = 0, .who = (enum who)phone->who, .verb = (enum verb)phone->reactions[i].verb};
        phone->reactions[i] = phone->reactions[--phone->reaction_count];
        act(life, &step);
        return;
    }
}

void app_event(void *user, uint32_t host, const struct tern_event *e)
{
    struct life *life = user;
    if (life->failed) return;
    if (e->type == TERN_EV_SIP_MESSAGE) {
        wire_told(life, host, &e->u.sip);
        return;
    }
    if (host == SERVER_HOST) return;
    struct phone *phone = &life->phones[host - 1];
    struct end *end = app_end(phone, call_in(e));
    tell(life, host, e);
    sound_look(life, phone);
    handles_event(life, phone, e);
    crash_event(life, phone, e);
    check_handle(life, phone, e);
    if (e->type == TERN_EV_CALL_INCOMING) {
        end = app_add(life, phone, e->u.incoming.call, caller(phone, e->u.incoming.from));
        if (end) rings_incoming(life, phone, end);
        if (end) ring(life, phone, end);
    }
    if (e->type == TERN_EV_CALL_ANSWERED && end) end->answered = true;
    if (e->type == TERN_EV_CALL_ENDED && end) {
        end->ended = true;
        end->over = tern_sim_now(life->sim);
        end->cause = e->u.ended.cause;
        end->status = e->u.ended.status;
        handles_call_ended(life, phone, end->call);
    }
    if (e->type == TERN_EV_REGISTRATION && e->u.registration.state == TERN_REGISTRATION_REGISTERED)
        secrecy_registered(life, host);
    if (e->type == TERN_EV_NETWORK) dns_heard(life, phone);
    if (e->type == TERN_EV_IP_CHANGE_PROGRESS) progress_check(life, host, &e->u.ip_change);
    if (e->type == TERN_EV_STOPPED) {
        if (phone->stopped) fail(life, "handles", "STOPPED twice");
        phone->stopped = true;
        phone->addresses_then = tern_sim_network(life->sim, host)->address_count;
    }
    if (end && !life->failed) asks_event(life, phone, end, e);
    react(life, phone, e->type);
}

/* SPDX-License-Identifier: MIT */
/*
 * What one clean change of address costs: DESIGN's table of budgets, in virtual time, which is
 * exact. A change is clean when nothing else happens, nothing is lost, and nothing is under way.
 *
 *   REGISTER                  one round trip to the server
 *   UPDATE or re-INVITE       one round trip to the other phone, by the server
 *   TCP                       one round trip more each, for the connection; TLS two
 *   a nonce that has run out  one round trip to the server more each
 *   audio, the old path dead  leaves with the first frame; comes after a round trip and a packet,
 *                             and one packet more without SRTP
 *   make before break         no frame is lost either way
 */
#include <string.h>

#include "life.h"

#define FRAME  TERN_MS(20)
#define SETTLE TERN_MS(75) /* settle_ms as it is by default */
#define CALM   TERN_SECONDS(3)
#define PROOF  2 /* frames that plain RTP must show from a new address before it is followed */

static tern_time now_of(const struct life *life)
{
    return tern_sim_now(life->sim);
}

/* To the server and back; to another phone and back takes the same. */
static tern_time round_trip(const struct life *life)
{
    return TERN_MS(2) * life->plan->set[SET_delay];
}

/* ---- is it clean? ---- */

static bool is_perfect(const struct life *life)
{
    const int32_t *set = life->plan->set;
    if (now_of(life) - life->acted > TERN_MS(set[SET_notice])) return false; /* woken up */
    if (set[SET_split] || life->tunnels) return false; /* each costs time of its own */
    return !set[SET_jitter] && !set[SET_loss] && !set[SET_burst] && !set[SET_duplicate] &&
           !set[SET_reorder] && !set[SET_rate] && !set[SET_names] && !set[SET_families] &&
           !set[SET_private] && !set[SET_hangup_calls] && set[SET_reinvite] == 7 &&
           !life->disturbed && !excuse_counts(life, life->excuses);
}

static bool is_at_rest(const struct life *life, const struct phone *phone)
{
    const struct rules *rules = &life->rules[phone->host - 1];
    if (now_of(life) - life->witness[phone->host - 1].last_sent < CALM / 2)
        return false; /* an ACK */
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        const struct asked *a = &rules->asked[i];
        tern_time age = now_of(life) - a->at;
        if (a->key && (age < CALM / 2 || (a->final == 0 && age < TERN_SECONDS(33)))) return false;
    }
    const struct progress *g = &phone->progress;
    return (g->generation == 0 || g->closed) && phone->sound.since <= now_of(life) &&
           now_of(life) - phone->sound.wakes >= CALM;
}

static bool is_registered(const struct phone *phone)
{
    struct tern_account_info info;
    return phone->wants_account && phone->wants_binding &&
           tern_account_get_info(phone->ep, phone->account, &info) == 0 &&
           info.state == TERN_REGISTRATION_REGISTERED;
}

static bool is_clean(const struct life *life, struct phone *phone)
{
    if (!is_perfect(life) || life->calm || now_of(life) - life->acted_before < CALM) return false;
    for (int i = 0; i < PHONES; i++) {
        const struct phone *p = &life->phones[i];
        if (p->ep && (p->stopped || !is_at_rest(life, p))) return false;
        if (p->ep && tern_sim_network(life->sim, p->host)->address_count == 0) return false;
        if (p->ep == NULL && p->end_count > 0) return false;
    }
    /* A REGISTER that was overtaken is followed up within ten seconds. */
    if (phone->overtaken && now_of(life) - phone->overtaken < TERN_SECONDS(12)) return false;
    return phone->ep && is_registered(phone) && tern_get_network(phone->ep)->address_count > 0 &&
           links_network(life, phone)->address_count > 0;
}

static bool has_call(const struct phone *phone, const struct tern_call_info *info, tern_call *out)
{
    struct tern_call_info other;
    tern_call call = {0};
    while (phone->ep && (call = tern_call_next(phone->ep, call)).id != 0) {
        if (tern_call_get_info(phone->ep, call, &other) != 0 ||
            strcmp(other.call_id, info->call_id) != 0)
            continue;
        *out = call;
        return true;
    }
    return false;
}

/* Both ends of the only call can speak. */
static bool can_listen(struct life *life, struct phone *phone)
{
    struct pace *p = &phone->pace;
    struct tern_call_info info;
    tern_call call = tern_call_next(phone->ep, (tern_call){0}), far;
    if (p->calls != 1 || !sound_flows(life, phone, call)) return false;
    if (tern_call_get_info(phone->ep, call, &info) != 0) return false;
    for (p->far = 0; p->far < PHONES; p->far++) {
        struct phone *other = &life->phones[p->far];
        if (other != phone && has_call(other, &info, &far))
            return sound_flows(life, other, far) && tern_call_next(other->ep, far).id == 0;
    }
    return false;
}

static void begin(struct life *life, struct phone *phone)
{
    struct pace *p = &phone->pace;
    struct tern_account_info info;
    tern_call call = {0};
    *p = (struct pace){.open = true, .challenged = {p->challenged[0], p->challenged[1]}};
    if (tern_account_get_info(phone->ep, phone->account, &info) != 0) return;
    const struct tern_network *network = links_network(life, phone);
    bool lost = tern_network_find(network, info.local) == NULL;
    p->alive = true;
    while ((call = tern_call_next(phone->ep, call)).id != 0) {
        struct tern_call_info about;
        p->calls++;
        if (tern_call_get_info(phone->ep, call, &about) != 0) continue;
        if (about.local_media.family && !tern_network_find(network, about.local_media))
            p->alive = false;
    }
    p->began = now_of(life) + (lost || !p->alive ? 0 : SETTLE);
    p->listens = can_listen(life, phone);
    if (!p->listens) return;
    p->missing_here = phone->sound.missing;
    p->missing_there = life->phones[p->far].sound.missing;
}

void pace_notice(struct life *life, struct phone *phone)
{
    if (is_clean(life, phone)) begin(life, phone);
}

/* ---- audio ---- */

/* What the whole change has cost, at its end. */
static void check_missing(struct life *life, const struct phone *phone)
{
    const struct pace *p = &phone->pace;
    const struct phone *far = &life->phones[p->far];
    if (!p->listens || now_of(life) - p->began < TERN_SECONDS(1))
        return; /* some are on their way */
    uint64_t here = phone->sound.missing - p->missing_here;
    uint64_t there = far->sound.missing - p->missing_there;
    int32_t unseen = (life->plan->set[SET_notice] + 19) / 20; /* frames, until it was noticed */
    uint64_t up = p->alive ? 0 : (uint64_t)unseen;
    uint64_t down = p->alive ? 0 : up + (uint64_t)(round_trip(life) / FRAME) + PROOF + 1;
    if (there > up)
        fail(life, "gap", "%s: %llu frames of %s were lost, at most %llu may be",
             host_name(far->host), (unsigned long long)there, host_name(phone->host),
             (unsigned long long)up);
    if (here > down)
        fail(life, "gap", "%s: %llu frames were lost, at most %llu may be", host_name(phone->host),
             (unsigned long long)here, (unsigned long long)down);
}

void pace_act(struct life *life)
{
    life->acted_before = life->acted;
    life->acted = now_of(life);
    for (int i = 0; i < PHONES && !life->failed; i++) {
        struct phone *phone = &life->phones[i];
        if (phone->pace.open) check_missing(life, phone);
        phone->pace.open = false;
    }
}

/* RTP, sent or received. */
void pace_media(struct life *life, const struct tern_sim_wire *wire)
{
    struct pace *p = &life->phones[wire->host - 1].pace;
    tern_time now = now_of(life);
    if (!p->open || !p->listens || p->alive) return;
    if (wire->fate == TERN_SIM_SENT && p->first_sent == 0) {
        p->first_sent = now;
        if (now - p->began > FRAME)
            fail(life, "gap", "%s: the first frame from the new address leaves after %lld ms",
                 host_name(wire->host), (long long)(now - p->began) / 1000);
    } else if (wire->fate == TERN_SIM_RECEIVED && p->first_sent && p->first_heard == 0) {
        p->first_heard = now;
        if (now - p->first_sent > round_trip(life) + PROOF * FRAME)
            fail(life, "gap", "%s: the first frame at the new address comes after %lld ms",
                 host_name(wire->host), (long long)(now - p->first_sent) / 1000);
    }
}

/* ---- signalling ---- */

static tern_time register_most(const struct life *life, uint32_t host)
{
    const struct pace *p = &life->phones[host - 1].pace;
    bool first = life->plan->set[SET_contact] == TERN_CONTACT_UNREGISTER_FIRST;
    int32_t transport = life->plan->set[host == 1 ? SET_transport : SET_bob_transport];
    return round_trip(life) * (tern_time)(1u + first + (unsigned)transport + p->registers);
}

/* The server knows whose connection it is while that one is registered: nobody asks for RFC 5923. */
static bool must_be_connected_to(const struct life *life, uint32_t host)
{
    for (int i = 0; i < PHONES; i++) {
        const struct phone *p = &life->phones[i];
        if (p->ep && p->host != host && p->end_count && rules_connects(life, p->host) &&
            !is_registered(p))
            return true;
    }
    return false;
}

static tern_time refresh_most(const struct life *life, uint32_t host)
{
    const struct pace *p = &life->phones[host - 1].pace;
    const int32_t *set = life->plan->set;
    /* A GRUU leads by the server, whoever is in the route set. */
    bool direct =
        set[SET_no_record_route] && set[SET_outbound] < 2 && !secrecy_is_wanted(life->plan);
    unsigned stream = (unsigned)rules_connects(life, host);
    if (direct && (set[SET_transport] || set[SET_bob_transport])) stream = 1;
    stream += !direct && must_be_connected_to(life, host);
    tern_time most = round_trip(life) * (tern_time)((direct ? 1u : 2u) + stream + p->refreshes);
    return most + (set[SET_order] ? register_most(life, host) : 0);
}

static void check_time(struct life *life, uint32_t host, const char *what, tern_time most)
{
    tern_time took = now_of(life) - life->phones[host - 1].pace.began;
    if (took > most)
        fail(life, "budget", "%s: %s takes %lld ms, at most %lld", host_name(host), what,
             (long long)took / 1000, (long long)most / 1000);
}

void pace_sent(struct life *life, uint32_t host, const struct message *m)
{
    (void)m;
    life->phones[host - 1].pace.asked++;
}

/* RFC 7616 3.3: a nonce serves as long as the server says; a proxy's is another (RFC 3261 22.3). */
static void hear_challenge(struct life *life, uint32_t host, bool registers)
{
    struct pace *p = &life->phones[host - 1].pace;
    tern_time *last = &p->challenged[registers], age = now_of(life) - *last;
    if (p->open && *last && age > round_trip(life) &&
        age < TERN_SECONDS(life->plan->set[SET_nonce] - 1))
        fail(life, "budget", "%s: is challenged, and knows a nonce of %lld ms", host_name(host),
             (long long)age / 1000);
    *last = now_of(life);
    *(registers ? &p->registers : &p->refreshes) += 1;
}

void pace_heard(struct life *life, uint32_t host, const struct message *m)
{
    struct pace *p = &life->phones[host - 1].pace;
    bool registers = str_is(m->method, "REGISTER");
    if (m->request) return;
    if (m->status == 401 || m->status == 407) hear_challenge(life, host, registers);
    const struct asked *asked = rules_asked(life, host, m, false);
    if (!p->open || m->status < 200 || m->status >= 300 || !asked || asked->final) return;
    /* A second flow is made beside all that, and no call waits for it. */
    if (registers && life->plan->set[SET_outbound] > 0) return;
    check_time(life, host, registers ? "REGISTER" : "a refresh",
               registers ? register_most(life, host) : refresh_most(life, host));
}

static uint32_t asked_most(const struct life *life, const struct pace *p)
{
    uint32_t refresh = life->plan->set[SET_no_update] ? 2 : 1; /* an INVITE has an ACK */
    bool first = life->plan->set[SET_contact] == TERN_CONTACT_UNREGISTER_FIRST;
    /* A second flow comes, goes, or goes where the first one was. */
    unsigned second = life->plan->set[SET_outbound] > 0 ? 2 : 0;
    return 1u + first + second + p->registers + (p->calls + p->refreshes) * refresh;
}

void pace_completed(struct life *life, uint32_t host, const struct tern_ip_change_progress *c)
{
    const struct pace *p = &life->phones[host - 1].pace;
    tern_time most = register_most(life, host), refresh = refresh_most(life, host);
    if (!p->open) return;
    if (p->calls && refresh > most) most = refresh;
    if (p->calls) most += FRAME * 2; /* until it is heard that audio comes */
    check_time(life, host, "a change", most);
    if (c->status != TERN_IP_CHANGE_SUCCESS)
        fail(life, "budget", "%s: a change that did not succeed", host_name(host));
    if (p->asked > asked_most(life, p))
        fail(life, "budget", "%s: %u messages for one change, at most %u", host_name(host),
             p->asked, asked_most(life, p));
}

/* SPDX-License-Identifier: MIT */
/*
 * What is dialled once rings once: where the path goes before anybody has answered, the INVITE that takes
 * the first one's place rings when that one has been cancelled. And each 2xx gets its ACK, as often as
 * it comes, however late (RFC 3261 13.2.2.4).
 */
#include <string.h>

#include "life.h"

#define ACK_WAIT TERN_SECONDS(1) /* a connection for it may have to be made */

/* ---- Call-IDs ---- */

static struct dialled *find(struct life *life, tern_str call_id)
{
    uint64_t hash = hash_of(call_id.ptr, call_id.len);
    for (uint32_t i = 0; i < life->rings.count; i++) {
        if (life->rings.dialled[i].call_id == hash) return &life->rings.dialled[i];
    }
    return NULL;
}

uint32_t rings_dialled(struct life *life, tern_str call_id)
{
    const struct dialled *d = find(life, call_id);
    return d ? d->number : 0;
}

static void add(struct life *life, tern_str call_id, uint32_t number)
{
    if (life->rings.count == DIALLED_MAX) {
        fail(life, "storm", "more Call-IDs than are counted");
        return;
    }
    life->rings.dialled[life->rings.count++] =
        (struct dialled){.call_id = hash_of(call_id.ptr, call_id.len), .number = number};
}

uint32_t rings_number(struct life *life, tern_str call_id)
{
    uint32_t known = rings_dialled(life, call_id);
    if (known) return known;
    add(life, call_id, ++life->rings.numbers);
    return life->rings.numbers;
}

void rings_invites(struct life *life, uint32_t host, const struct message *m)
{
    struct phone *phone = &life->phones[host - 1];
    struct tern_call_info info;
    if (find(life, m->call_id)) return;
    uint32_t replaced = m->replaces.len ? rings_dialled(life, m->replaces) : 0;
    if (replaced) {
        add(life, m->call_id, replaced);
        return;
    }
    for (uint32_t i = 0; i < phone->end_count; i++) {
        const struct end *end = &phone->ends[i];
        if (end->ended || tern_call_get_info(phone->ep, end->call, &info) != 0) continue;
        if (!str_is(m->call_id, info.call_id)) continue;
        add(life, m->call_id, end->dialled);
        return;
    }
}

/* ---- once ---- */

static bool may_lose(const struct life *life)
{
    const int32_t *set = life->plan->set;
    bool other_family = set[SET_family] == 46; /* nothing leads to where the INVITE went */
    bool overtakes =
        set[SET_jitter] || set[SET_reorder]; /* the INVITE its CANCEL, on the last hop */
    return overtakes || set[SET_loss] || set[SET_burst] || set[SET_rate] || life->disturbed ||
           excuse_counts(life, life->excuses) || other_family;
}

/* The caller had heard that it rings: from there on nobody on the way holds a CANCEL back (9.2, 16.10). */
static bool was_heard(struct life *life, const struct end *end)
{
    const struct dialled *d = NULL;
    for (uint32_t i = 0; i < life->rings.count; i++) {
        if (life->rings.dialled[i].call_id == end->call_id) d = &life->rings.dialled[i];
    }
    return d && d->heard;
}

void rings_incoming(struct life *life, struct phone *phone, const struct end *fresh)
{
    struct tern_call_info info;
    if (may_lose(life) || excuse_counts(life, fresh->excuses) || phone->crash.count > 0) return;
    for (uint32_t i = 0; i < phone->end_count; i++) {
        const struct end *end = &phone->ends[i];
        if (end == fresh || end->ended || end->answered || end->dialled != fresh->dialled) continue;
        if (excuse_counts(life, end->excuses) || phone->moved >= end->began ||
            !was_heard(life, end))
            continue;
        if (tern_call_get_info(phone->ep, end->call, &info) != 0) continue;
        if (info.state != TERN_CALL_INCOMING) continue;
        fail(life, "rings", "%s: rings twice for one call", host_name(phone->host));
    }
}

/* ---- each 2xx ---- */

static bool is_it(const struct owed *o, const struct message *m)
{
    return o->call_id == hash_of(m->call_id.ptr, m->call_id.len) &&
           o->tag == hash_of(m->to_tag.ptr, m->to_tag.len) && o->cseq == m->cseq;
}

void rings_heard(struct life *life, uint32_t host, const struct message *m)
{
    struct rings *r = &life->rings;
    struct dialled *d = m->request ? NULL : find(life, m->call_id);
    if (d && m->status > 100 && m->status < 200) d->heard = true;
    if (m->request || m->status < 200 || m->status >= 300 || !str_is(m->method, "INVITE")) return;
    uint32_t i = 0;
    while (i < r->owed_count && !(r->owed[i].host == host && is_it(&r->owed[i], m)))
        i++;
    if (i == OWED_MAX) i = r->owed_next++ % OWED_MAX;
    if (i == r->owed_count) r->owed_count++;
    r->owed[i] = (struct owed){.call_id = hash_of(m->call_id.ptr, m->call_id.len),
                               .tag = hash_of(m->to_tag.ptr, m->to_tag.len),
                               .cseq = m->cseq,
                               .host = host,
                               .since = tern_sim_now(life->sim)};
}

void rings_sent(struct life *life, uint32_t host, const struct message *m)
{
    struct rings *r = &life->rings;
    if (!m->request || !str_is(m->method, "ACK")) return;
    for (uint32_t i = 0; i < r->owed_count; i++) {
        if (r->owed[i].host == host && is_it(&r->owed[i], m)) r->owed[i].since = TERN_TIME_NEVER;
    }
}

/* An ACK that goes straight to the far end waits for a connection to where that is no more. */
void rings_check(struct life *life)
{
    if (life->plan->set[SET_no_record_route]) return;
    for (uint32_t i = 0; i < life->rings.owed_count; i++) {
        const struct owed *o = &life->rings.owed[i];
        const struct phone *phone = &life->phones[o->host - 1];
        bool rested = phone->ep && phone->crash.count == 0 && !phone->stopped &&
                      phone->moved + ACK_WAIT < o->since;
        if (o->since == TERN_TIME_NEVER || may_lose(life) || !rested) continue;
        if (phone->crash.unsaved) continue; /* its INVITE was in no snapshot */
        if (tern_sim_now(life->sim) - o->since < ACK_WAIT) continue;
        fail(life, "ack", "%s: a 2xx to INVITE %u was not acknowledged", host_name(o->host),
             o->cseq);
    }
}

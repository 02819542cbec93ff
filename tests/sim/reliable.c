/* SPDX-License-Identifier: MIT */
/* Provisional answers that arrive for certain: their order, their PRACKs, and the 2xx: RFC 3262 3, 4. */
#include "life.h"

/* By its RSeq, too: a phone that was started again may ring by another branch of the same INVITE. */
static struct asked *invite_of(struct rules *rules, const struct message *prack)
{
    uint64_t call = hash_text(0, prack->call_id);
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        struct asked *a = &rules->asked[i];
        bool same = a->call == call && a->cseq == prack->rack_cseq && a->rseq == prack->rseq;
        if (a->key && a->heard && a->invite && same) return a;
    }
    return NULL;
}

/* The called end: one at a time, each with the next number, and no 2xx before what describes it. */
void reliable_answered(struct life *life, uint32_t host, const struct message *m,
                       struct asked *asked)
{
    if (!asked->invite || asked->in_dialog) return;
    if (m->status < 200 && m->sdp.lines) asked->early = m->sdp.content;
    bool waits = asked->rseq != 0 && asked->racked != asked->rseq;
    if (m->status >= 200) {
        if (m->status < 300 && asked->final == 0 && waits && asked->described)
            fail(life, "reliable", "%s: a 2xx before the PRACK for %u", host_name(host),
                 asked->rseq);
        return;
    }
    if (m->status == 100 || m->rseq == asked->rseq) return;
    if (m->rseq == 0) {
        if (waits) fail(life, "reliable", "%s: a %d before the PRACK", host_name(host), m->status);
        return;
    }
    if (!m->wants_reliable) {
        fail(life, "reliable", "%s: RSeq without Require", host_name(host));
    } else if (waits || (asked->rseq != 0 && m->rseq != asked->rseq + 1)) {
        fail(life, "reliable", "%s: RSeq %u after %u, acknowledged %u", host_name(host), m->rseq,
             asked->rseq, asked->racked);
    }
    asked->rseq = m->rseq;
    asked->described = m->sdp.lines > 0;
}

/* What comes in: PRACKs for ours, and those that we have to acknowledge. */
void reliable_heard(struct life *life, uint32_t host, const struct message *m)
{
    struct rules *rules = &life->rules[host - 1];
    if (m->request && str_is(m->method, "PRACK")) {
        struct asked *invite = invite_of(rules, m);
        if (invite) invite->racked = m->rseq;
    }
    if (m->request || m->rseq == 0 || m->to_tag.len == 0 || m->status >= 200) return;
    struct dialog *d = rules_dialog(rules, m, true);
    bool first = d->rseq_of != m->cseq;
    if (first) d->racked = 0;
    if (first || m->rseq == d->rseq + 1) d->rseq = m->rseq;
    d->rseq_of = m->cseq;
}

/* The calling end: a PRACK is for one that came, and for the next. */
void reliable_asked(struct life *life, uint32_t host, const struct message *m)
{
    if (!str_is(m->method, "PRACK")) return;
    struct dialog *d = rules_dialog(&life->rules[host - 1], m, true);
    bool in_order = d->racked == 0 || m->rseq == d->racked || m->rseq == d->racked + 1;
    if (m->rseq == 0 || m->rseq > d->rseq || m->rack_cseq != d->rseq_of || !in_order)
        fail(life, "reliable", "%s: PRACK for %u of %u, heard %u of %u", host_name(host), m->rseq,
             m->rack_cseq, d->rseq, d->rseq_of);
    if (m->rseq > d->racked) d->racked = m->rseq;
}

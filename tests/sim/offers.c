/* SPDX-License-Identifier: MIT */
/* Offers and answers: RFC 3264 5, 6 and 8, RFC 3261 13.2.1, RFC 3311 5. */
#include <string.h>

#include "life.h"

static struct session *session_of(struct rules *rules, const struct message *m)
{
    uint64_t key = hash_text(0, m->call_id);
    key = hash_text(key, m->request ? m->from_tag : m->to_tag) | 1;
    for (uint32_t i = 0; i < DIALOGS_MAX; i++) {
        if (rules->sessions[i].key == key) return &rules->sessions[i];
    }
    struct session *s = &rules->sessions[rules->session_next++ % DIALOGS_MAX];
    *s = (struct session){.key = key};
    return s;
}

/* RFC 3264 8: one session; its version grows by one with each change, and with nothing else. */
static void check_version(struct life *life, uint32_t host, const struct message *m)
{
    struct session *s = session_of(&life->rules[host - 1], m);
    const struct description *sdp = &m->sdp;
    bool same = s->content == sdp->content, first = s->origin == 0;
    uint64_t least = s->version + !same;
    /*
     * What waited for a connection and was given up has taken a number, too; and so has what was said
     * in the dialog that an INVITE with Replaces is to take the place of, or in that.
     */
    if (m->request && m->replaces.len) life->rules[host - 1].replaces = true;
    bool unsent = rules_may_wait(life, host) || life->rules[host - 1].replaces;
    /* Another process does not know how far the one before it came. */
    if (crash_happened(life) && sdp->version > s->version) least = sdp->version;
    if (!first && !m->request && sdp->version < s->version && unsent) return; /* overtaken */
    if (!first && s->origin != sdp->origin) {
        fail(life, "offer", "%s: another session in o=", host_name(host));
    } else if (!first && (sdp->version < least || (sdp->version > least && !unsent))) {
        fail(life, "offer", "%s: version %llu after %llu of %s SDP", host_name(host),
             (unsigned long long)sdp->version, (unsigned long long)s->version,
             same ? "the same" : "another");
    }
    s->origin = sdp->origin;
    s->content = sdp->content;
    s->version = sdp->version;
}

/* 6.1: one of what was offered. */
static bool has_common(tern_str answer, const char *offer)
{
    while (answer.len) {
        tern_str mine = cut(&answer, ' '), theirs = {offer, strlen(offer)};
        while (theirs.len) {
            if (same_text(mine, cut(&theirs, ' '))) return true;
        }
    }
    return false;
}

static const char *what_is_wrong(const struct description *answer, const struct asked *asked)
{
    const struct description *offer = &asked->offer;
    if (answer->lines != offer->lines) return "another number of m= lines than the offer";
    if (answer->kinds != offer->kinds) return "other m= lines than the offer";
    if (answer->sends && !offer->hears) return "audio for somebody who does not want it";
    if (answer->hears && !offer->sends) return "a wish for audio that is not offered";
    if (answer->port && !has_common(answer->formats, asked->formats))
        return "no format of the offer";
    return NULL;
}

/* The same INVITE has come by another way, and was described there reliably (MOBILITY S3). */
static bool is_answered_elsewhere(const struct rules *rules, const struct asked *asked)
{
    for (uint32_t i = 0; i < ASKED_MAX && asked->invite; i++) {
        const struct asked *a = &rules->asked[i];
        bool same = a->key && a->heard && a->invite && a->call == asked->call &&
                    a->from == asked->from && a->cseq == asked->cseq;
        if (same && a->answered && a->rseq && a->racked == a->rseq) return true;
    }
    return false;
}

static void check_answer(struct life *life, uint32_t host, const struct message *m,
                         struct asked *asked)
{
    bool good = m->status > 100 && m->status < 300;
    if (asked->offer.lines == 0 || !good) return;
    const char *why = m->sdp.lines ? what_is_wrong(&m->sdp, asked) : NULL;
    if (m->sdp.lines) asked->answered = true;
    const struct rules *rules = &life->rules[host - 1];
    if (m->status >= 200 && !asked->answered && !is_answered_elsewhere(rules, asked))
        why = "no SDP";
    if (why) fail(life, "answer", "%s: a %d with %s", host_name(host), m->status, why);
}

void offers_sent(struct life *life, uint32_t host, const struct message *m, struct asked *asked)
{
    if (!m->request) check_answer(life, host, m, asked);
    if (m->sdp.lines) check_version(life, host, m);
}

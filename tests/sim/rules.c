/* SPDX-License-Identifier: MIT */
/*
 * What a response copies and when it may come (RFC 3261 8.2.6, 16.7, 17.2); where the requests of a
 * dialog go (12.1, 12.2.1.1); what an ACK of a failure and a CANCEL repeat (9.1, 17.1.1.3).
 */
#include <string.h>

#include "life.h"

static uint64_t hash_list(const tern_str *list, uint32_t count, bool backwards)
{
    uint64_t h = count;
    for (uint32_t i = 0; i < count; i++)
        h = hash_text(h, list[backwards ? count - 1 - i : i]);
    return h;
}

static uint64_t key_of(const struct message *m, tern_str method, bool heard)
{
    return (hash_text(hash_text(0, m->branch), method) ^ (heard ? 0x5555 : 0)) | 1;
}

static struct asked *find(struct rules *rules, uint64_t key)
{
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        if (rules->asked[i].key == key) return &rules->asked[i];
    }
    return NULL;
}

struct asked *rules_asked(struct life *life, uint32_t host, const struct message *m, bool heard)
{
    return find(&life->rules[host - 1], key_of(m, m->method, heard));
}

static struct asked *note(struct life *life, uint32_t host, const struct message *m, bool heard)
{
    struct rules *rules = &life->rules[host - 1];
    struct asked *a = &rules->asked[rules->asked_next++ % ASKED_MAX];
    *a = (struct asked){.key = key_of(m, m->method, heard),
                        .call = hash_text(0, m->call_id),
                        .from = hash_text(0, m->from),
                        .to = hash_text(0, m->to),
                        .vias_below = m->vias_below,
                        .record_routes = hash_list(m->record_routes, m->record_route_count, false),
                        .routes = hash_list(m->routes, m->route_count, false),
                        .uri = hash_text(0, m->uri),
                        .contact = hash_text(0, m->contact_uri),
                        .cseq = m->cseq,
                        .heard = heard,
                        .in_dialog = m->to_tag.len > 0,
                        .invite = str_is(m->method, "INVITE"),
                        .registers = str_is(m->method, "REGISTER"),
                        .at = tern_sim_now(life->sim),
                        .offer = m->sdp};
    size_t len = m->sdp.formats.len;
    if (len < sizeof(a->formats) && len > 0) memcpy(a->formats, m->sdp.formats.ptr, len);
    return a;
}

/* ---- dialogs ---- */

struct dialog *rules_dialog(struct rules *rules, const struct message *m, bool from_here)
{
    uint64_t key = hash_text(0, m->call_id);
    key = hash_text(key, from_here ? m->from_tag : m->to_tag);
    key = hash_text(key, from_here ? m->to_tag : m->from_tag) | 1;
    for (uint32_t i = 0; i < DIALOGS_MAX; i++) {
        if (rules->dialogs[i].key == key) return &rules->dialogs[i];
    }
    struct dialog *d = &rules->dialogs[rules->dialog_next++ % DIALOGS_MAX];
    *d = (struct dialog){.key = key};
    return d;
}

static bool is_refresh(const struct message *m)
{
    return str_is(m->method, "INVITE") || str_is(m->method, "UPDATE");
}

/*
 * Who has lost us says where he is, by Replaces (RFC 3891), or by a refresh, which gets 481 as we have hung
 * up. A BYE that he has not got may follow him there, and the ACK of a 2xx that comes once more.
 */
static void seek(struct rules *rules, uint64_t contact)
{
    rules->sought[rules->sought_next++ % SOUGHT_MAX] = contact;
}

static bool is_sought(const struct rules *rules, const struct message *m)
{
    uint64_t uri = hash_text(0, m->uri);
    bool may_follow = str_is(m->method, "BYE") || str_is(m->method, "ACK");
    for (int i = 0; i < SOUGHT_MAX && may_follow; i++) {
        if (rules->sought[i] == uri) return true;
    }
    return false;
}

/* @return whether it is another than before */
static bool aim(struct life *life, struct dialog *d, uint64_t contact, uint32_t cseq, bool heard)
{
    if (cseq <= d->target_cseq[heard] || contact == hash_text(0, (tern_str){0})) return false;
    d->target_cseq[heard] = cseq;
    if (d->target == contact) return false;
    d->target_before = d->target;
    d->target = contact;
    d->target_changed = tern_sim_now(life->sim);
    return true;
}

/* An UPDATE before the answer: what it replaces, a 2xx may name once more. */
static void leave(struct dialog *d, bool moved, bool in_dialog)
{
    if (moved && in_dialog && !d->confirmed) d->left = d->target_before;
}

/* 12.1.2: as the client, from what answers an INVITE; 13.2.2.4: the 2xx decides. */
static void heard_response(struct life *life, uint32_t host, const struct message *m,
                           struct asked *asked)
{
    bool final = m->status >= 200;
    if (m->status > 100 && m->status < 300 && is_refresh(m) && m->to_tag.len) {
        struct dialog *d = rules_dialog(&life->rules[host - 1], m, true);
        if (!asked->in_dialog && !d->confirmed)
            d->routes = hash_list(m->record_routes, m->record_route_count, true);
        /* 13.2.2.4: its first 2xx decides, unless what it names has been left since. */
        uint64_t contact = hash_text(0, m->contact_uri);
        bool forms = !asked->in_dialog && !d->confirmed && contact != d->left;
        if (forms) d->target_cseq[false] = 0; /* and a 1xx from elsewhere names where that is */
        d->confirmed |= final && !asked->in_dialog;
        bool left = !asked->in_dialog && contact == d->left;
        if (m->contact_uri.len && !left && (final || forms || d->target == 0))
            leave(d, aim(life, d, contact, m->cseq * 2 + final, false), asked->in_dialog);
    }
    if (final && asked->final == 0) asked->final = m->status;
}

/* 12.1.1: as the server. RFC 6141 4.4: a refresh counts when it is accepted. */
static void sent_response(struct life *life, uint32_t host, const struct message *m,
                          const struct asked *asked)
{
    bool refresh = is_refresh(m) && m->to_tag.len > 0;
    if (refresh && asked->in_dialog && m->status == 481)
        seek(&life->rules[host - 1], asked->contact);
    if (m->status <= 100 || m->status >= 300 || !refresh) return;
    struct dialog *d = rules_dialog(&life->rules[host - 1], m, false);
    if (!asked->in_dialog) {
        d->routes = asked->record_routes;
        d->confirmed = true;
    }
    if (!asked->in_dialog || m->status >= 200)
        leave(d, aim(life, d, asked->contact, m->cseq * 2 + 1, true), asked->in_dialog);
}

/* TCP one, TLS 1.3 one more. With keys in SDP an INVITE is too long for UDP (RFC 3261 18.1.1). */
int32_t rules_connects(const struct life *life, uint32_t host)
{
    const int32_t *set = life->plan->set;
    int32_t transport = set[host == 1 ? SET_transport : SET_bob_transport];
    return transport ? transport : set[SET_srtp] > 0;
}

bool rules_may_wait(const struct life *life, uint32_t host)
{
    const int32_t *set = life->plan->set;
    bool any = set[SET_transport] || set[SET_bob_transport];
    return rules_connects(life, host) || (any && set[SET_no_record_route]);
}

/* What was written before the target changed, in the same entry or for a connection to come. */
static bool may_go_to(const struct life *life, uint32_t host, const struct dialog *d, uint64_t uri)
{
    if (uri == d->target) return true;
    if (life->phones[host - 1].crash.unsaved) return true;
    if (uri != d->target_before) return false;
    return d->target_changed == tern_sim_now(life->sim) || rules_may_wait(life, host);
}

static void check_in_dialog(struct life *life, uint32_t host, const struct message *m)
{
    struct dialog *d = rules_dialog(&life->rules[host - 1], m, true);
    uint64_t uri = hash_text(0, m->uri);
    if (d->target == 0) {
        fail(life, "dialog", "%s: %.*s %u in a dialog that nobody has begun", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq);
    } else if (hash_list(m->routes, m->route_count, false) != d->routes) {
        fail(life, "route", "%s: %.*s %u has other Routes than its dialog", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq);
    } else if (!may_go_to(life, host, d, uri) && !is_sought(&life->rules[host - 1], m) &&
               !(str_is(m->method, "ACK") && uri == d->target_before)) { /* its 2xx has said so */
        fail(life, "target", "%s: %.*s %u goes to %.*s, not to the last Contact", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq, (int)m->uri.len, m->uri.ptr);
    }
}

/* ---- requests ---- */

static void check_ridden(struct life *life, uint32_t host, const struct message *m,
                         const struct asked *invite)
{
    if (hash_text(0, m->uri) != invite->uri ||
        hash_list(m->routes, m->route_count, false) != invite->routes ||
        hash_text(0, m->from) != invite->from || m->cseq != invite->cseq)
        fail(life, "ack", "%s: %.*s %u differs from its INVITE", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq);
}

static void sent_request(struct life *life, uint32_t host, const struct message *m)
{
    bool rides = str_is(m->method, "CANCEL") || str_is(m->method, "ACK");
    if (host != SERVER_HOST) again_sent(life, host, m);
    const struct asked *invite =
        rides ? find(&life->rules[host - 1], key_of(m, TERN_STR("INVITE"), false)) : NULL;
    uint32_t hops = host == SERVER_HOST && !rides ? 69 : 70;
    if (m->hops != hops && !(host == SERVER_HOST && rides))
        fail(life, "hops", "%s: Max-Forwards %u, not %u", host_name(host), m->hops, hops);
    if (invite) {
        check_ridden(life, host, m, invite);
    } else if (str_is(m->method, "CANCEL")) {
        fail(life, "ack", "%s: a CANCEL of nothing", host_name(host));
    } else if (m->to_tag.len && host != SERVER_HOST) {
        check_in_dialog(life, host, m);
        if (!life->failed) reliable_asked(life, host, m);
    }
    if (str_is(m->method, "ACK")) return;
    struct asked *a = note(life, host, m, false);
    if (host != SERVER_HOST) offers_sent(life, host, m, a);
}

/* ---- responses ---- */

static const char *what_differs(const struct message *m, const struct asked *a, bool proxied)
{
    tern_str to = m->to;
    if (m->vias_below != a->vias_below) return "the Vias";
    if (hash_text(0, m->from) != a->from) return "From";
    if (hash_text(0, m->call_id) != a->call) return "the Call-ID";
    if (m->cseq != a->cseq) return "the CSeq";
    if (!a->in_dialog && m->to_tag.len) to.len -= m->to_tag.len + 5; /* ;tag= */
    if (hash_text(0, to) != a->to) return "To";
    if (m->status > 100 && m->to_tag.len == 0) return "the To tag, which is missing,";
    bool begins = a->invite && !a->in_dialog && m->status > 100 && m->status < 300;
    if (begins && !proxied &&
        hash_list(m->record_routes, m->record_route_count, false) != a->record_routes &&
        m->record_route_count > 0)
        return "Record-Route";
    return begins && m->contact_uri.len == 0 ? "the Contact, which is missing," : NULL;
}

/* 13.3.1.4, 17.2.1: the first final response is the only one. */
static const char *what_is_late(struct message m, const struct asked *a)
{
    if (a->final && m.status < 200) return "a provisional response after a final one";
    if (a->final && a->final != m.status) return "a second final response";
    if (a->final && a->words != hash_text(0, m.text)) return "a final response in other words";
    return NULL;
}

static void sent_answer(struct life *life, uint32_t host, const struct message *m)
{
    struct asked *a = rules_asked(life, host, m, true);
    if (a == NULL) {
        if (life->rules[host - 1].asked_next < ASKED_MAX)
            fail(life, "response", "%s: %d to a %.*s that nobody has sent", host_name(host),
                 m->status, (int)m->method.len, m->method.ptr);
        return;
    }
    const char *why = what_differs(m, a, host == SERVER_HOST);
    if (why)
        fail(life, "response", "%s: %s of a %d is not the request's", host_name(host), why,
             m->status);
    why = host == SERVER_HOST ? NULL : what_is_late(*m, a);
    if (why)
        fail(life, "response", "%s: %s: %d after %d", host_name(host), why, m->status, a->final);
    uint64_t tag = hash_text(0, m->to_tag);
    if (m->status > 100 && a->own_tag && a->own_tag != tag && host != SERVER_HOST)
        fail(life, "response", "%s: another To tag in a %d", host_name(host), m->status);
    if (m->status > 100) a->own_tag = tag;
    if (host != SERVER_HOST && !life->failed) {
        sent_response(life, host, m, a);
        reliable_answered(life, host, m, a);
        if (a->final == 0) offers_sent(life, host, m, a);
    }
    if (m->status >= 200) {
        a->final = m->status;
        a->words = hash_text(0, m->text);
    }
}

void rules_sent(struct life *life, uint32_t host, const struct message *m, bool repeated)
{
    if (!m->request) {
        sent_answer(life, host, m);
    } else if (!repeated) {
        sent_request(life, host, m);
    }
}

void rules_heard(struct life *life, uint32_t host, const struct message *m)
{
    if (host != SERVER_HOST) reliable_heard(life, host, m);
    if (m->request) {
        if (m->replaces.len) seek(&life->rules[host - 1], hash_text(0, m->contact_uri));
        if (!str_is(m->method, "ACK") && !rules_asked(life, host, m, true))
            (void)note(life, host, m, true);
        return;
    }
    struct asked *a = rules_asked(life, host, m, false);
    if (a && host != SERVER_HOST) heard_response(life, host, m, a);
}

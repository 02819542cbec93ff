/* SPDX-License-Identifier: MIT */
/* What is sent, held against RFC 3261, 3264, 3550 and 7616, message by message. */
#include <string.h>

#include "life.h"

#define STORM 60 /* SIP messages in one second, of one endpoint with a few calls */

static uint64_t hash_str(tern_str s)
{
    return hash_of(s.ptr, s.len);
}

/* ---- addresses ---- */

/* Its outside address, of those that world.c gives; a Contact may name it, or one that it had. */
bool wire_is_nats(const struct life *life, tern_addr addr)
{
    static const uint8_t ip4[] = {100, 64}, ip6[] = {0x20, 0x01, 0x0d, 0xb8, 0x64};
    if (!life->natted) return false;
    if (addr.family == TERN_FAMILY_IPV4) return memcmp(addr.ip, ip4, sizeof(ip4)) == 0;
    return memcmp(addr.ip, ip6, sizeof(ip6)) == 0;
}

static bool is_own(const struct life *life, uint32_t host, tern_str text)
{
    tern_addr addr;
    const struct tern_endpoint *ep = host == SERVER_HOST ? life->server : life->phones[host - 1].ep;
    if (tern_addr_parse(text, &addr) != 0) return false;
    if (wire_is_nats(life, addr)) return true;
    return tern_network_find(tern_get_network(ep), addr) != NULL;
}

/* The account may want its calls to keep their old Contact (TERN_CALL_UPDATE_CONTACT). */
static bool must_update(const struct life *life, const struct message *m)
{
    return str_is(m->method, "REGISTER") || life->plan->set[SET_reinvite] == 7;
}

/*
 * A 2xx that waits for its connection is as it was printed, even if a change overtakes it, and so is
 * each repeat. Not yet promised: see promises.c. Requests are prepared when they can leave.
 */
static bool answer_waited(const struct life *life, uint32_t host, const struct message *m)
{
    return !m->request && life->phones[host - 1].moved > life->start &&
           rules_connects(life, host) > 0;
}

/* RFC 5627 4.4: no address at all, but a name for this device at its domain. */
static bool is_gruu(const struct life *life, const struct message *m)
{
    return life->plan->set[SET_outbound] == 2 && str_is(m->contact, "example.com");
}

/* RFC 3261 13.2.1: an answer that may have been lost is given once more, word for word. */
static bool says_again(struct life *life, uint32_t host, const struct message *m)
{
    const struct asked *asked = m->request ? NULL : rules_asked(life, host, m, true);
    return asked && asked->invite && asked->early == m->sdp.content;
}

static void check_addresses(struct life *life, uint32_t host, const struct message *m)
{
    if (host == SERVER_HOST) return; /* a proxy passes on what others say */
    if (answer_waited(life, host, m)) return;
    /* ACK of a failure and CANCEL have the Via of their INVITE (RFC 3261 9.1, 17.1.1.3). */
    bool rides = str_is(m->method, "ACK") || str_is(m->method, "CANCEL");
    if (m->request && !rides && !is_own(life, host, m->sent_by)) {
        fail(life, "own-address", "%s: a Via with %.*s", host_name(host), (int)m->sent_by.len,
             m->sent_by.ptr);
    } else if (m->contact.len && (m->request || m->status < 300) &&
               !(str_is(m->method, "REGISTER") && !m->request) && must_update(life, m) &&
               !is_own(life, host, m->contact) && !is_gruu(life, m)) {
        fail(life, "own-address", "%s: a Contact with %.*s", host_name(host), (int)m->contact.len,
             m->contact.ptr);
    } else if (m->sdp.address.len && m->sdp.port && must_update(life, m) &&
               !says_again(life, host, m) && !life->phones[host - 1].hasty &&
               !is_own(life, host, m->sdp.address)) {
        fail(life, "own-address", "%s: SDP with %.*s", host_name(host), (int)m->sdp.address.len,
             m->sdp.address.ptr);
    }
}

/* ---- transactions ---- */

static struct branch *branch_at(struct witness *w, uint64_t key)
{
    for (uint64_t i = key;; i++) {
        struct branch *b = &w->branches[i & (BRANCHES - 1)];
        if (b->key == key || b->key == 0) return b;
    }
}

/* 17.1.3: a branch is one request's, save for the CANCEL of it and the ACK of a failure. */
static bool is_repeated(struct life *life, uint32_t host, const struct message *m)
{
    struct witness *w = &life->witness[host - 1];
    uint64_t method = hash_str(m->method);
    bool rides = str_is(m->method, "ACK") || str_is(m->method, "CANCEL");
    uint64_t key = (hash_str(m->branch) ^ (rides ? method : 0)) | 1;
    struct branch *b = branch_at(w, key);
    uint64_t text = hash_str(m->text);
    if (b->key == 0) {
        if (w->branch_count++ > BRANCHES / 2) fail(life, "storm", "more branches than are counted");
        if (!life->failed) *b = (struct branch){key, text, m->cseq, method};
        return false;
    }
    if (b->method != method || b->cseq != m->cseq) {
        fail(life, "branch", "%s: %.*s %u has the branch of another request", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq);
    } else if (b->text != text) {
        fail(life, "branch", "%s: %.*s %u was repeated with other words", host_name(host),
             (int)m->method.len, m->method.ptr, m->cseq);
    }
    return true;
}

/* RFC 7616 3.4: a nonce count is used once. Two flows may carry them out of order. */
static void check_nonce(struct life *life, uint32_t host, const struct message *m)
{
    struct witness *w = &life->witness[host - 1];
    uint32_t i = 0;
    if (m->nonce.len == 0) return;
    uint64_t nonce = hash_str(m->nonce), bit = UINT64_C(1) << (m->nonce_count & 63);
    while (i < NONCES_MAX && w->nonces[i].nonce != nonce)
        i++;
    if (i == NONCES_MAX) {
        i = w->nonce_next++ % NONCES_MAX;
        w->nonces[i].nonce = nonce;
        w->nonces[i].used = 0;
    }
    if (w->nonces[i].used & bit && m->nonce_count < 64)
        fail(life, "nonce-count", "%s: nc %u again", host_name(host), m->nonce_count);
    w->nonces[i].used |= bit;
}

/* ---- dialogs ---- */

/* `part`: the local tag for what is asked from here, the CSeq of an INVITE that is answered here. */
static struct leg *leg_of(struct life *life, uint32_t host, tern_str call_id, uint64_t part)
{
    struct witness *w = &life->witness[host - 1];
    uint64_t key = hash_str(call_id) + part;
    for (uint32_t i = 0; i < w->leg_count; i++) {
        if (w->legs[i].call_id == key) return &w->legs[i];
    }
    if (w->leg_count == LEGS_MAX) {
        fail(life, "storm", "%s: more dialogs than are counted", host_name(host));
        return NULL;
    }
    struct leg *leg = &w->legs[w->leg_count++];
    *leg = (struct leg){.call_id = key};
    return leg;
}

/* 12.1: a tag belongs to its dialog, and the far end's is used as it was heard. */
static void check_tag(struct life *life, uint32_t host, uint64_t *known, tern_str tag)
{
    if (tag.len == 0) return;
    uint64_t now = hash_str(tag);
    if (*known && *known != now)
        fail(life, "tags", "%s: the tag %.*s is new in this dialog", host_name(host), (int)tag.len,
             tag.ptr);
    *known = now;
}

static void hear_tag(struct life *life, uint32_t host, const struct message *m)
{
    struct witness *w = &life->witness[host - 1];
    tern_str tag = m->request ? m->from_tag : m->to_tag;
    if (tag.len == 0) return;
    uint64_t key = hash_str(m->call_id) ^ hash_str(tag) * 3;
    for (uint32_t i = 0; i < TAGS_MAX; i++) {
        if (w->tags[i] == key) return;
    }
    w->tags[w->tag_next++ % TAGS_MAX] = key;
}

static void check_far_tag(struct life *life, uint32_t host, const struct message *m)
{
    const struct witness *w = &life->witness[host - 1];
    uint64_t key = hash_str(m->call_id) ^ hash_str(m->to_tag) * 3;
    if (m->to_tag.len == 0) return;
    for (uint32_t i = 0; i < TAGS_MAX; i++) {
        if (w->tags[i] == key) return;
    }
    fail(life, "tags", "%s: nobody has named the tag %.*s in this call", host_name(host),
         (int)m->to_tag.len, m->to_tag.ptr);
}

static bool sent_invite(const struct leg *leg, uint32_t cseq)
{
    for (uint32_t i = 0; i < INVITES_KEPT && i < leg->invite_count; i++) {
        if (leg->invites[i] == cseq) return true;
    }
    return false;
}

/* To is the response's: the INVITE was the first one, without a tag, or one of this dialog. */
static void check_follower(struct life *life, uint32_t host, const struct message *m)
{
    uint64_t from = hash_str(m->from_tag);
    struct leg *first = leg_of(life, host, m->call_id, from);
    struct leg *dialog = leg_of(life, host, m->call_id, from + 3 * hash_str(m->to_tag));
    if (first == NULL || dialog == NULL) return;
    if (!sent_invite(first, m->cseq) && !sent_invite(dialog, m->cseq))
        fail(life, "ack", "%s: %.*s %u, but no such INVITE", host_name(host), (int)m->method.len,
             m->method.ptr, m->cseq);
}

/* 12.2.1.1, 8.1.1.5, 13.2.2.4: each dialog of an INVITE counts for itself, from there on (12.1.2). */
static void check_request(struct life *life, uint32_t host, const struct message *m)
{
    uint64_t part = hash_str(m->from_tag);
    check_far_tag(life, host, m);
    if (str_is(m->method, "ACK") || str_is(m->method, "CANCEL")) {
        check_follower(life, host, m);
        return;
    }
    if (m->to_tag.len > 0) part += 3 * hash_str(m->to_tag);
    struct leg *leg = leg_of(life, host, m->call_id, part);
    if (leg == NULL) return;
    if (m->cseq <= leg->cseq)
        fail(life, "cseq", "%s: %.*s %u after %u", host_name(host), (int)m->method.len,
             m->method.ptr, m->cseq, leg->cseq);
    leg->cseq = m->cseq;
    if (str_is(m->method, "INVITE")) leg->invites[leg->invite_count++ % INVITES_KEPT] = m->cseq;
}

static void check_response(struct life *life, uint32_t host, const struct message *m)
{
    if (!str_is(m->method, "INVITE") || m->status <= 100 || m->status >= 300) return;
    struct leg *leg = leg_of(life, host, m->call_id, m->cseq);
    if (leg) check_tag(life, host, &leg->local_tag, m->to_tag);
}

/* ---- one message ---- */

static void count(struct life *life, uint32_t host)
{
    struct witness *w = &life->witness[host - 1];
    tern_time now = tern_sim_now(life->sim);
    if (now - w->second >= TERN_SECONDS(1)) {
        w->second = now;
        w->second_sent = 0;
    }
    /* The server says what both ends of each call say, and answers them beside that. */
    if (++w->second_sent > (host == SERVER_HOST ? 2 * STORM : STORM))
        fail(life, "storm", "%s: %u messages in a second", host_name(host), w->second_sent);
}

static void check_message(struct life *life, uint32_t host, const struct message *m)
{
    struct witness *w = &life->witness[host - 1];
    w->sent++;
    w->last_sent = tern_sim_now(life->sim);
    count(life, host);
    if (host != SERVER_HOST) keys_said(life, host, m);
    if (host != SERVER_HOST) rings_sent(life, host, m);
    if (host == SERVER_HOST) {
        rules_sent(life, host, m, m->request && is_repeated(life, host, m));
        return;
    }
    if (m->request) {
        bool repeated = is_repeated(life, host, m);
        rules_sent(life, host, m, repeated);
        if (repeated) return;
        if (str_is(m->method, "INVITE") && m->to_tag.len == 0) rings_invites(life, host, m);
        check_request(life, host, m);
        pace_sent(life, host, m);
        check_nonce(life, host, m);
        check_addresses(life, host, m);
        dns_check(life, host, m);
        progress_sent(life, host, m);
        return;
    }
    rules_sent(life, host, m, false);
    check_response(life, host, m);
    struct branch *b = branch_at(&life->witness[host - 1], hash_str(m->text) | 1);
    if (b->key) return; /* sent before: it is what it was then */
    if (life->witness[host - 1].branch_count++ < BRANCHES / 2) b->key = hash_str(m->text) | 1;
    check_addresses(life, host, m);
}

static void hear(struct life *life, const struct tern_sim_wire *wire)
{
    struct message m;
    size_t used;
    tern_str text = {wire->data, wire->len};
    while (text.len && (text.ptr[0] == '\r' || text.ptr[0] == '\n'))
        text.ptr++, text.len--;
    while (text.len > 4 && message_read(text, &m, &used) == NULL) {
        if (wire->host != SERVER_HOST) {
            hear_tag(life, wire->host, &m);
            progress_heard(life, wire->host, &m);
            pace_heard(life, wire->host, &m);
            again_heard(life, wire->host, &m);
            rings_heard(life, wire->host, &m);
        }
        rules_heard(life, wire->host, &m);
        text.ptr += used;
        text.len -= used;
    }
}

static void check_secret(struct life *life, const struct tern_sim_wire *wire)
{
    const char *at = wire->data, *end = at + wire->len;
    size_t len = strlen(PASSWORD);
    while (at && (size_t)(end - at) >= len && memcmp(at, PASSWORD, len) != 0)
        at = memchr(at + 1, PASSWORD[0], (size_t)(end - at - 1));
    if (at && (size_t)(end - at) >= len)
        fail(life, "secret", "%s: sends a password", host_name(wire->host));
}

/* RFC 8489 5: whoever keeps a flow alive sends such between the messages. */
static bool is_stun(const struct tern_sim_wire *wire)
{
    static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};
    const uint8_t *p = wire->data;
    return wire->transport == TERN_TRANSPORT_UDP && wire->len >= 20 && p[0] < 4 &&
           memcmp(p + 4, cookie, sizeof(cookie)) == 0;
}

/* 14: attributes one after the other, each filled up to a multiple of four bytes. */
static void check_stun(struct life *life, const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    size_t at = 20;
    bool whole = wire->len == at + (size_t)(p[2] << 8 | p[3]);
    while (whole && at < wire->len) {
        if (wire->len - at < 4) break;
        at += 4 + ((size_t)(p[at + 2] << 8 | p[at + 3]) + 3) / 4 * 4;
    }
    if (at != wire->len || !whole)
        fail(life, "grammar", "%s: a malformed STUN message", host_name(wire->host));
    count(life, wire->host);
}

static void check_sip(struct life *life, const struct tern_sim_wire *wire)
{
    tern_str rest = {wire->data, wire->len};
    while (rest.len && !life->failed) {
        struct message m;
        size_t used = 0;
        if (rest.ptr[0] == '\r' || rest.ptr[0] == '\n') { /* RFC 5626 3.5.1 */
            rest.ptr++;
            rest.len--;
            continue;
        }
        const char *why = message_read(rest, &m, &used);
        if (why) {
            fail(life, "grammar", "%s: %s in:\n%.*s", host_name(wire->host), why,
                 (int)(rest.len < 300 ? rest.len : 300), rest.ptr);
            return;
        }
        check_message(life, wire->host, &m);
        if (wire->transport == TERN_TRANSPORT_UDP) return;
        rest.ptr += used;
        rest.len -= used;
    }
}

/* RFC 7983 7: a handshake's records begin with 20 to 63; RFC 5761 4. */
static bool is_rtp(const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    return wire->len >= 12 && p[0] >> 6 == 2 && (p[1] < 192 || p[1] > 223);
}

/* The last packet once more, by another path: the same bytes, or it would be a second source. */
static bool is_doubled(const struct life *life, const struct tern_sim_wire *wire, uint32_t ssrc)
{
    const struct witness *w = &life->witness[wire->host - 1];
    if (life->plan->set[SET_doubled] == 0 || wire->host != 1) return false;
    for (uint32_t i = 0; i < w->stream_count; i++) {
        const struct rtp_stream *s = &w->streams[i];
        if (s->ssrc == ssrc && s->bytes == hash_of(wire->data, wire->len)) return true;
    }
    return false;
}

/* RFC 3550 5.1: one source a call, whose numbers go on through every change. */
static void check_rtp(struct life *life, const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    struct witness *w = &life->witness[wire->host - 1];
    if (!is_rtp(wire)) return;
    uint32_t ssrc = (uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 | (uint32_t)p[10] << 8 | p[11];
    uint16_t sequence = (uint16_t)(p[2] << 8 | p[3]);
    if (is_doubled(life, wire, ssrc)) return;
    pace_media(life, wire);
    keys_media(life, wire);
    sound_sent(life, wire, ssrc);
    for (uint32_t i = w->stream_count; i-- > 0;) {
        struct rtp_stream *s = &w->streams[i];
        if (s->ssrc != ssrc) continue;
        if (sequence != (uint16_t)(s->sequence + 1) && !crash_leaps(s, sequence))
            fail(life, "rtp", "%s: sequence %u after %u", host_name(wire->host), sequence,
                 s->sequence);
        s->sequence = sequence;
        s->leaps = false;
        s->bytes = hash_of(wire->data, wire->len);
        s->count++;
        return;
    }
    if (w->stream_count == STREAMS_MAX ||
        w->stream_count >= life->phones[wire->host - 1].end_count) {
        fail(life, "rtp", "%s: a new source in a call that had one", host_name(wire->host));
        return;
    }
    w->streams[w->stream_count++] = (struct rtp_stream){
        .ssrc = ssrc, .sequence = sequence, .count = 1, .bytes = hash_of(wire->data, wire->len)};
}

static bool is_handshake(const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    return wire->media && wire->len >= 14 && p[0] >= 20 && p[0] <= 63;
}

static void tell_handshake(struct life *life, const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    trace(life, "       DTLS record %d, epoch %d, message %d, %zu bytes", p[0], p[4], p[13],
          wire->len);
}

static void tell(struct life *life, const struct tern_sim_wire *wire)
{
    static const char *const fates[] = {"", ">", "<", "x"};
    const uint8_t *p = wire->data;
    char local[TERN_ADDR_TEXT_MAX], remote[TERN_ADDR_TEXT_MAX];
    trace(life, "%-6s %s %s %s %s%s%s%s", host_name(wire->host), fates[wire->fate],
          wire->media ? "RTP" : tern_transport_name(wire->transport),
          tern_addr_print(wire->local, local), tern_addr_print(wire->remote, remote),
          wire->why ? " (" : "", wire->why ? wire->why : "", wire->why ? ")" : "");
    if (is_handshake(wire)) tell_handshake(life, wire);
    bool text = wire->transport == TERN_TRANSPORT_TLS || !secrecy_is_ciphered(life, wire->host);
    if (is_stun(wire)) trace(life, "       STUN, class and method %02x%02x", p[0], p[1]);
    if (!wire->media && wire->len > 4 && wire->fate != TERN_SIM_LOST && text && !is_stun(wire))
        trace(life, "\n%.*s", (int)wire->len, (const char *)wire->data);
}

void wire_check(void *user, const struct tern_sim_wire *wire)
{
    struct life *life = user;
    if (life->failed) return;
    if (wire->injected) {
        attack_injected(life, wire);
        return;
    }
    if (life->trace && (!wire->media || is_handshake(wire))) tell(life, wire);
    if (wire->media && wire->host != SERVER_HOST) attack_media(life, wire);
    bool readable = !wire->media && !secrecy_is_ciphered(life, wire->host) && !is_stun(wire);
    if (wire->fate == TERN_SIM_RECEIVED && readable) hear(life, wire);
    if (wire->fate == TERN_SIM_RECEIVED && wire->media && wire->host != SERVER_HOST &&
        is_rtp(wire)) {
        sound_heard(&life->phones[wire->host - 1], wire);
        pace_media(life, wire);
    }
    if (wire->fate != TERN_SIM_SENT) return;
    if (wire->media) {
        mix(life, wire->data, wire->len < 12 ? wire->len : 12);
    } else {
        mix(life, wire->data, wire->len);
    }
    const struct tern_endpoint *ep =
        wire->host == SERVER_HOST ? life->server : life->phones[wire->host - 1].ep;
    char text[TERN_ADDR_TEXT_MAX];
    if (!tern_network_find(tern_get_network(ep), wire->local)) {
        fail(life, "vanished-address", "%s: sent from %s, which has gone", host_name(wire->host),
             tern_addr_print(wire->local, text));
    } else if (wire->media) {
        check_rtp(life, wire);
    } else if (is_stun(wire)) {
        check_stun(life, wire);
    } else {
        check_secret(life, wire);
        if (readable) check_sip(life, wire);
    }
}

void wire_told(struct life *life, uint32_t host, const struct tern_ev_sip_message *m)
{
    struct tern_sim_wire wire = {.fate = m->sent ? TERN_SIM_SENT : TERN_SIM_RECEIVED,
                                 .host = host,
                                 .transport = m->transport,
                                 .local = m->local,
                                 .remote = m->remote};
    char room[SECRECY_TEXT];
    wire.len = secrecy_restore(m->text, room);
    wire.data = room;
    if (life->trace) tell(life, &wire);
    if (!m->sent && host != SERVER_HOST && m->transport == TERN_TRANSPORT_UDP) return;
    if (!m->sent) {
        hear(life, &wire);
        return;
    }
    check_secret(life, &wire);
    check_sip(life, &wire);
}

/* SPDX-License-Identifier: MIT */
/*
 * Attackers who can send to a phone whatever they like, from any address, and know ports, the
 * Call-ID, and the SSRC and sequence of media, but neither keys nor tags. What must hold, as
 * invariant `attack`: media never goes to one of them, no frame of theirs is heard, and no call ends
 * by what they do (which peace.c sees). Without SRTP whoever speaks as the far end would is believed
 * while that is silent, as in a move (src/media/source.h): there media is attacked only in calm.
 */
#include <string.h>

#include "life.h"

#define SHOTS  16
#define PACE   TERN_MS(7) /* between any two frames of a phone there is one, now and then */
#define LATER  TERN_SECONDS(3)
#define EFFECT TERN_SECONDS(1)

enum kind {
    FORGED_RTP = 1, /* the call's SSRC and next sequence, from a stranger */
    REPLAYED,       /* what was captured, from a third address */
    REPLAYED_BACK,  /* … from the far end's address before this one, or else its present one */
    REPLAYED_LATE,  /* … seconds later, from both */
    SPOOFED_RTP,    /* as the first, with the far end's own address; only where there are keys */
    FORGED_BYE,     /* RTCP, from a stranger, and from the far end's address */
    HANDSHAKE,      /* ClientHello, alert and garbage, from both */
    SIGNALLING,     /* BYE, CANCEL, 481 and 200 with a Contact, from the server's address */
    GARBAGE,        /* on the SIP port */
};

static const tern_addr stranger = {
    .family = TERN_FAMILY_IPV4, .port = 40000, .ip = {203, 0, 113, 66}};
static const tern_addr stranger6 = {
    .family = TERN_FAMILY_IPV6, .port = 40000, .ip = {0x20, 0x01, 0x0d, 0xb8, 0x66, [15] = 0x66}};

static tern_addr stranger_to(tern_addr local)
{
    return local.family == TERN_FAMILY_IPV6 ? stranger6 : stranger;
}

bool attack_is_sender(tern_addr addr)
{
    return tern_addr_same_host(addr, stranger) || tern_addr_same_host(addr, stranger6);
}

static void inject(struct life *life, const struct phone *phone, const struct tern_datagram *d)
{
    if (tern_sim_inject(life->sim, phone->host, d) != 0) fail(life, "memory", "inject");
}

static void shoot(struct life *life, struct phone *phone, const struct captured *packet)
{
    const struct tern_datagram datagram = {
        .local = packet->local, .remote = packet->remote, .data = packet->data, .len = packet->len};
    if (packet->len == 0 || packet->local.port == 0 || packet->remote.port == 0) return;
    inject(life, phone, &datagram);
}

/* From the stranger as well. */
static void shoot_twice(struct life *life, struct phone *phone, struct captured *packet)
{
    shoot(life, phone, packet);
    packet->remote = stranger_to(packet->local);
    shoot(life, phone, packet);
}

/* ---- what can be seen on the way ---- */

/* RFC 7983 7 */
static bool is_media(const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    return wire->len >= 8 && p[0] >> 6 == 2;
}

/*
 * Keys may come after the audio that they are for. What nobody could read is no replay when it comes
 * once more, from wherever: it is the newest until the next packet, which moves the audio back.
 */
static bool can_read(const struct phone *phone)
{
    struct tern_call_info info;
    tern_call call = {0};
    for (int i = 0; i < CALLS_MAX; i++) {
        call = tern_call_next(phone->ep, call);
        if (call.id == 0) return i > 0;
        if (tern_call_get_info(phone->ep, call, &info) != 0 || info.state != TERN_CALL_ACTIVE)
            return false;
    }
    return true;
}

static void capture(struct life *life, const struct tern_sim_wire *wire)
{
    struct phone *phone = &life->phones[wire->host - 1];
    struct attack *a = &phone->attack;
    tern_time now = tern_sim_now(life->sim);
    if (wire->len > CAPTURED_BYTES) return;
    if (life->plan->set[SET_srtp] && (phone->ep == NULL || !can_read(phone))) return;
    struct captured *c = &a->recent[a->recent_next++ % CAPTURED];
    c->local = wire->local;
    c->remote = wire->remote;
    c->len = (uint16_t)wire->len;
    memcpy(c->data, wire->data, wire->len);
    if (now - a->kept_at < TERN_SECONDS(1)) return;
    a->kept_at = now;
    a->old[a->old_next++ % CAPTURED] = *c;
}

static bool is_calm(const struct life *life, const struct attack *a)
{
    return a->calm && life->acted <= a->began && tern_sim_now(life->sim) <= a->until;
}

void attack_media(struct life *life, const struct tern_sim_wire *wire)
{
    char text[TERN_ADDR_TEXT_MAX];
    if (!is_media(wire)) return;
    if (wire->fate == TERN_SIM_RECEIVED) capture(life, wire);
    if (wire->fate != TERN_SIM_SENT || !attack_is_sender(wire->remote)) return;
    if (life->plan->set[SET_srtp] || is_calm(life, &life->phones[wire->host - 1].attack))
        fail(life, "attack", "%s: sends media to %s, who is not in the call", host_name(wire->host),
             tern_addr_print(wire->remote, text));
}

/* Answers to what was never asked are looked at as answers to something. */
void attack_injected(struct life *life, const struct tern_sim_wire *wire)
{
    char local[TERN_ADDR_TEXT_MAX], remote[TERN_ADDR_TEXT_MAX];
    struct message m;
    size_t used;
    trace(life, "%-6s %s INJECTED %s %s, %zu bytes", host_name(wire->host),
          wire->fate == TERN_SIM_LOST ? "x" : "<", tern_addr_print(wire->local, local),
          tern_addr_print(wire->remote, remote), wire->len);
    if (wire->fate != TERN_SIM_RECEIVED) return;
    if (message_read((tern_str){wire->data, wire->len}, &m, &used) == NULL && m.request)
        rules_heard(life, wire->host, &m);
}

/* ---- shots ---- */

/* The last one that came to this port. */
static const struct captured *last_to(const struct attack *a, tern_addr local)
{
    for (uint32_t i = 0; i < CAPTURED && i < a->recent_next; i++) {
        const struct captured *c = &a->recent[(a->recent_next - 1 - i) % CAPTURED];
        if (c->len > 100 && c->local.port == local.port) return c;
    }
    return NULL;
}

/* The first of the old ones, which may be from where the far end was before. */
static tern_addr back_of(const struct attack *a, tern_addr present)
{
    for (uint32_t i = 0; i < CAPTURED && i < a->old_next; i++) {
        const struct captured *c = &a->old[(a->old_next - 1 - i) % CAPTURED];
        if (!tern_addr_same_host(c->remote, present)) return c->remote;
    }
    return present;
}

/* Full scale, which nobody else sends. */
static void forge_rtp(struct captured *packet, uint32_t shot)
{
    uint16_t sequence = (uint16_t)((packet->data[2] << 8 | packet->data[3]) + 1u + shot);
    packet->data[1] &= 0x7f;
    packet->data[2] = (uint8_t)(sequence >> 8);
    packet->data[3] = (uint8_t)sequence;
    for (int i = 12; i < 172; i++)
        packet->data[i] = packet->data[1] == 8 ? 0x2a : 0x00; /* G.711: A-law, µ-law */
    packet->len = 172;
}

static void forge_bye(struct captured *packet, uint32_t shot)
{
    uint8_t bye[] = {0x80, 201, 0, 1, 0, 0, 0, 0, 0x81, 203, 0, 1, 0, 0, 0, 0};
    memcpy(bye + 4, packet->data + 8, 4);
    memcpy(bye + 12, packet->data + 8, 4);
    memcpy(packet->data, bye, sizeof(bye));
    packet->len = sizeof(bye);
    if (shot % 2) packet->local.port++; /* RTCP has a port of its own */
    if (shot % 2) packet->remote.port++;
}

static void forge_handshake(struct life *life, struct captured *packet, uint32_t shot)
{
    static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    static const uint8_t hello[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9,  0,    54,  1,
                                    0,  0,    42,   0, 0, 0, 0, 0, 0, 0, 42, 0xfe, 0xfd};
    packet->len = 67;
    for (int i = 0; i < packet->len; i++)
        packet->data[i] = (uint8_t)tern_sim_random(life->sim, 256);
    packet->data[0] = (uint8_t)(20 + packet->data[0] % 44);
    if (shot % 3 == 0) memcpy(packet->data, hello, sizeof(hello));
    if (shot % 3 == 1) memcpy(packet->data, alert, sizeof(alert));
    if (shot % 3 == 1) packet->len = sizeof(alert);
}

static void shoot_media(struct life *life, struct phone *phone, tern_addr local, uint64_t arg)
{
    struct attack *a = &phone->attack;
    uint32_t kind = (uint32_t)(arg / 256 % 16), shot = (uint32_t)(arg / 4096);
    const struct captured *last = last_to(a, local);
    struct captured packet = last ? *last : (struct captured){.remote = stranger_to(local)};
    packet.local = local;
    if (last == NULL && kind != HANDSHAKE) return;
    if (kind == REPLAYED || kind == REPLAYED_BACK || kind == REPLAYED_LATE) {
        tern_addr present = packet.remote;
        packet = kind == REPLAYED_LATE ? a->old[shot % CAPTURED] : a->recent[shot % CAPTURED];
        if (packet.len == 0) return;
        packet.local = local;
        packet.remote = kind == REPLAYED ? stranger_to(local) : back_of(a, present);
        (void)(kind == REPLAYED_LATE ? shoot_twice(life, phone, &packet)
                                     : shoot(life, phone, &packet));
        return;
    }
    if (kind == FORGED_RTP || kind == SPOOFED_RTP) forge_rtp(&packet, shot);
    if (kind == FORGED_BYE) forge_bye(&packet, shot);
    if (kind == HANDSHAKE) forge_handshake(life, &packet, shot);
    if (kind == FORGED_RTP) packet.remote = stranger_to(local);
    if (kind == FORGED_RTP || kind == SPOOFED_RTP) {
        shoot(life, phone, &packet);
    } else {
        shoot_twice(life, phone, &packet);
    }
}

static tern_addr at_port(tern_addr addr, uint16_t port)
{
    addr.port = port;
    return addr;
}

static tern_addr server_to(tern_addr local)
{
    if (local.family == TERN_FAMILY_IPV4)
        return (tern_addr){.family = TERN_FAMILY_IPV4, .port = 5060, .ip = {10, 7, 0, 9}};
    return (tern_addr){.family = TERN_FAMILY_IPV6,
                       .port = 5060,
                       .ip = {0x20, 0x01, 0x0d, 0xb8, 0, SERVER_NET, [15] = 9}};
}

static void shoot_signalling(struct life *life, struct phone *phone,
                             const struct tern_call_info *info, uint64_t arg)
{
    static const char *const starts[] = {
        "BYE sip:you@example.com SIP/2.0", "CANCEL sip:you@example.com SIP/2.0",
        "SIP/2.0 481 Call/Transaction Does Not Exist", "SIP/2.0 200 OK"};
    static const char *const methods[] = {"BYE", "CANCEL", "INVITE", "INVITE"};
    uint32_t shot = (uint32_t)(arg / 4096);
    unsigned word = (unsigned)tern_sim_random(life->sim, 1000000);
    struct tern_datagram packet = {.local = at_port(info->local_media, 5060)};
    char text[700];
    packet.data = text;
    packet.len = (size_t)snprintf(
        text, sizeof(text),
        "%s\r\nVia: SIP/2.0/UDP 203.0.113.66:40000;branch=z9hG4bK%u;rport\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:you@example.com>;tag=%u\r\n"
        "To: <sip:me@example.com>;tag=%u\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
        "Contact: <sip:evil@203.0.113.66:40000>\r\nContent-Length: 0\r\n\r\n",
        starts[shot % 4], word, word, word + 1, info->call_id, word, methods[shot % 4]);
    packet.remote = shot < 4 ? server_to(packet.local) : stranger_to(packet.local);
    inject(life, phone, &packet);
}

static void shoot_garbage(struct life *life, struct phone *phone, tern_addr local)
{
    struct captured packet = {.local = at_port(local, 5060), .remote = server_to(local)};
    packet.len = (uint16_t)(1 + tern_sim_random(life->sim, CAPTURED_BYTES));
    for (int i = 0; i < packet.len; i++)
        packet.data[i] = (uint8_t)tern_sim_random(life->sim, 256);
    if (packet.len > 8 && packet.len % 2) memcpy(packet.data, "SIP/2.0 ", 8);
    shoot_twice(life, phone, &packet);
}

/* The shot has hit, and nothing else has happened yet. */
static void look_where(void *user, uint64_t host)
{
    struct life *life = user;
    struct phone *phone = &life->phones[host - 1];
    struct tern_call_info info;
    tern_call call = {0};
    if (life->failed || !life->plan->set[SET_srtp]) return;
    for (int i = 0; phone->ep && i < CALLS_MAX; i++) {
        call = tern_call_next(phone->ep, call);
        if (call.id == 0) return;
        if (tern_call_get_info(phone->ep, call, &info) == 0 && attack_is_sender(info.remote_media))
            fail(life, "attack", "%s: would send media to a stranger", host_name(phone->host));
    }
}

/* arg: the phone, the kind, the number of the shot */
static void fire(void *user, uint64_t arg)
{
    struct life *life = user;
    struct phone *phone = &life->phones[arg % 256];
    struct tern_call_info info;
    tern_call call = {0};
    uint64_t kind = arg / 256 % 16;
    if (life->failed || phone->ep == NULL) return;
    if (kind < HANDSHAKE && !life->plan->set[SET_srtp] && !is_calm(life, &phone->attack)) return;
    for (int i = 0; i < CALLS_MAX && (call = tern_call_next(phone->ep, call)).id != 0; i++) {
        if (tern_call_get_info(phone->ep, call, &info) != 0 || info.local_media.port == 0) continue;
        if (kind == SIGNALLING) {
            shoot_signalling(life, phone, &info, arg);
        } else if (kind == GARBAGE) {
            shoot_garbage(life, phone, info.local_media);
        } else {
            shoot_media(life, phone, info.local_media, arg);
        }
    }
    if (tern_sim_at(life->sim, tern_sim_now(life->sim), look_where, life, phone->host) != 0)
        fail(life, "memory", "at");
}

/* Frames that nobody in the world has sent, in all calls. */
static uint64_t foreign_to(const struct life *life, const struct phone *phone)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < phone->end_count; i++)
        sum += tern_sim_get_hearing(life->sim, phone->host, phone->ends[i].call).foreign;
    return sum;
}

static void look(void *user, uint64_t host)
{
    struct life *life = user;
    const struct phone *phone = &life->phones[host - 1];
    const struct attack *a = &phone->attack;
    uint64_t before = life->plan->set[SET_srtp] ? 0 : a->foreign, now = foreign_to(life, phone);
    if (life->failed || (!life->plan->set[SET_srtp] && !is_calm(life, a))) return;
    if (now > before)
        fail(life, "attack", "%s: hears %llu frames of a stranger", host_name(phone->host),
             (unsigned long long)(now - before));
}

void attack_begin(struct life *life, struct phone *phone, int32_t kind)
{
    struct attack *a = &phone->attack;
    tern_time now = tern_sim_now(life->sim), first = kind == REPLAYED_LATE ? now + LATER : now;
    /* Only the far end's own keys tell the two apart. */
    if (kind == SPOOFED_RTP && life->plan->set[SET_srtp] == 0) return;
    a->until = first + SHOTS * PACE + EFFECT;
    a->began = now;
    a->calm = now - life->acted_before > TERN_SECONDS(2) && !life->disturbed &&
              !life->plan->set[SET_burst];
    a->foreign = foreign_to(life, phone);
    for (uint64_t shot = 0; shot < SHOTS; shot++) {
        uint64_t arg = (uint64_t)phone->who + (uint64_t)kind * 256 + shot * 4096;
        tern_time when = first + (tern_time)shot * PACE;
        if (tern_sim_at(life->sim, when, fire, life, arg) != 0) fail(life, "memory", "at");
    }
    if (tern_sim_at(life->sim, a->until, look, life, phone->host) != 0) fail(life, "memory", "at");
}

void attack_check(struct life *life)
{
    for (uint32_t host = 1; host <= PHONES; host++)
        look(life, host);
}

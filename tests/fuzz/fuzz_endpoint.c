/* SPDX-License-Identifier: MIT */
/*
 * A whole endpoint with a call up, and a peer whose messages are bent: whatever
 * comes, it neither crashes nor leaks, and comes to rest.
 *
 * The input is a program. Each step is an operation byte; most take a template
 * by number and edit it: replace, insert, cut or repeat bytes. Where the template
 * says $B a fresh branch stands, $T our tag, $L Via to CSeq of our last request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tern/tern.h>

#define TEXT_MAX  4096
#define STEPS_MAX 64
#define DIALOG                                                                                     \
    "Max-Forwards: 70\r\nFrom: <sip:p@192.0.2.7>;tag=peer\r\nTo: <sip:a@192.0.2.1>;tag=$T\r\n"     \
    "Call-ID: call@192.0.2.7\r\n"
#define VIA     "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK$B\r\n"
#define CONTACT "Contact: <sip:p@192.0.2.7:5060>\r\n"
#define SDP                                                                                        \
    "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"                    \
    "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
#define WITH_SDP "Content-Type: application/sdp\r\n\r\n" SDP
#define EMPTY    "Content-Length: 0\r\n\r\n"

static const char *const templates[] = {
    "INVITE sip:a@192.0.2.1 SIP/2.0\r\n" VIA
    "Max-Forwards: 70\r\nFrom: <sip:p@192.0.2.7>;tag=peer$B\r\nTo: <sip:a@192.0.2.1>\r\n"
    "Call-ID: $B\r\nCSeq: 1 INVITE\r\n" CONTACT WITH_SDP,
    "ACK sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: 1 ACK\r\n" EMPTY,
    "INVITE sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N INVITE\r\n" CONTACT WITH_SDP,
    "INVITE sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N INVITE\r\n" CONTACT EMPTY,
    "ACK sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N ACK\r\n" WITH_SDP,
    "UPDATE sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N UPDATE\r\n" CONTACT WITH_SDP,
    "UPDATE sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N UPDATE\r\n" CONTACT EMPTY,
    "BYE sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N BYE\r\n" EMPTY,
    "CANCEL sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: 1 CANCEL\r\n" EMPTY,
    "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n" VIA
    "From: <sip:p@192.0.2.7>;tag=x\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: o$B\r\n"
    "CSeq: 1 OPTIONS\r\nRequire: x\r\n" EMPTY,
    "INFO sip:a@192.0.2.1 SIP/2.0\r\n" VIA DIALOG "CSeq: $N INFO\r\n" EMPTY,
    "SIP/2.0 100 Trying\r\n$L" EMPTY,
    "SIP/2.0 180 Ringing\r\n$L" CONTACT EMPTY,
    "SIP/2.0 200 OK\r\n$L" CONTACT "Allow: INVITE, ACK, BYE, UPDATE\r\n" WITH_SDP,
    "SIP/2.0 200 OK\r\n$L" CONTACT EMPTY,
    "SIP/2.0 302 Moved\r\n$L"
    "Contact: <sip:q@192.0.2.7>;q=0.7, <sip:r@192.0.2.7>\r\n" EMPTY,
    "SIP/2.0 401 Unauthorized\r\n$L"
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\n" EMPTY,
    "SIP/2.0 491 Pending\r\n$L" EMPTY,
    "SIP/2.0 500 Later\r\n$LRetry-After: 1\r\n" EMPTY,
    "SIP/2.0 481 Gone\r\n$L" EMPTY,
    "SIP/2.0 423 Brief\r\n$LMin-Expires: 900\r\n" EMPTY,
};
#define TEMPLATES (sizeof(templates) / sizeof(templates[0]))

struct fuzz {
    struct tern_endpoint *ep;
    tern_time now;
    const uint8_t *in;
    size_t left;
    char tag[64];
    char last[2048]; /* Via to CSeq of the last request that it sent */
    uint32_t sip_socket, rtp_socket, listener, stream;
    uint8_t stun[20]; /* the last STUN request that it sent: its header … */
    bool stun_media;  /* … from the RTP socket, or from the SIP port */
    tern_addr stun_local;
    unsigned branch, cseq;
    tern_account account;
    tern_call call;
    struct tern_network network;
};

static unsigned take(struct fuzz *f)
{
    if (f->left == 0) return 0;
    f->left--;
    return *f->in++;
}

static tern_addr addr(const char *text)
{
    tern_addr a = {0};
    if (tern_addr_parse((tern_str){text, strlen(text)}, &a) != 0) abort();
    return a;
}

/* ---- what the endpoint sends ---- */

static const char *find(const char *text, size_t len, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= len; i++) {
        if (memcmp(text + i, what, n) == 0) return text + i;
    }
    return NULL;
}

static void copy_line(struct fuzz *f, const char *text, size_t len, const char *name)
{
    const char *line = find(text, len, name);
    if (!line) return;
    size_t have = strlen(f->last), room = sizeof(f->last) - have - 1;
    const char *end = find(line + 2, len - (size_t)(line + 2 - text), "\r\n");
    size_t n = end ? (size_t)(end + 2 - (line + 2)) : 0;
    if (n > room) return;
    memcpy(f->last + have, line + 2, n);
    f->last[have + n] = '\0';
    if (strcmp(name, "\r\nTo: ") == 0 && !find(line, n, ";tag=") && room > n + 16) {
        memcpy(f->last + have + n - 2, ";tag=fuzz\r\n", 12);
    }
}

static void note(struct fuzz *f, const char *text, size_t len)
{
    if (len > 8 && memcmp(text, "SIP/2.0 ", 8) == 0) {
        const char *to = find(text, len, "\r\nTo: ");
        const char *tag = to ? find(to, len - (size_t)(to - text), ";tag=") : NULL;
        if (!tag || !find(text, len, "Call-ID: call@192.0.2.7")) return;
        size_t n = 0, room = len - (size_t)(tag + 5 - text);
        while (n < room && n < sizeof(f->tag) - 1 && tag[5 + n] != '\r' && tag[5 + n] != ';')
            n++;
        memcpy(f->tag, tag + 5, n);
        f->tag[n] = '\0';
        return;
    }
    if (len < 3 || memcmp(text, "ACK", 3) == 0) return;
    f->last[0] = '\0';
    copy_line(f, text, len, "\r\nVia: ");
    copy_line(f, text, len, "\r\nFrom: ");
    copy_line(f, text, len, "\r\nTo: ");
    copy_line(f, text, len, "\r\nCall-ID: ");
    copy_line(f, text, len, "\r\nCSeq: ");
}

static void carry_out(struct fuzz *f, const struct tern_output *out)
{
    switch (out->type) {
    case TERN_OUT_UDP_OPEN:
        if (!out->media) f->sip_socket = out->id;
        if (out->media && out->port % 2 == 0) f->rtp_socket = out->id;
        tern_socket_opened(f->ep, f->now, out->id, out->port);
        return;
    case TERN_OUT_LISTEN:
        f->listener = out->id;
        tern_socket_opened(f->ep, f->now, out->id, out->port);
        return;
    case TERN_OUT_CONNECT: tern_stream_closed(f->ep, f->now, out->id, TERN_STR("refused")); return;
    case TERN_OUT_RESOLVE: tern_resolved(f->ep, f->now, out->id, NULL, 0, false); return;
    case TERN_OUT_DATAGRAM:
        if (out->data.len >= sizeof(f->stun) && out->data.ptr[0] == 0) {
            memcpy(f->stun, out->data.ptr, sizeof(f->stun));
            f->stun_media = out->media;
            f->stun_local = out->local;
        } else if (!out->media && out->data.len > 4) {
            note(f, out->data.ptr, out->data.len);
        }
        return;
    case TERN_OUT_DISCONNECT:
        if (out->id == f->stream) f->stream = 0;
        return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN:
    case TERN_OUT_WRITE: return;
    }
}

static void drain(struct fuzz *f)
{
    struct tern_output out;
    struct tern_event event;
    bool any = true;
    while (any) {
        any = false;
        while (tern_next_output(f->ep, &out)) {
            carry_out(f, &out);
            any = true;
        }
        while (tern_next_event(f->ep, &event)) {
            if (event.type != TERN_EV_CALL_INCOMING) continue;
            f->call = event.u.incoming.call;
            (void)!tern_call_answer(f->ep, f->now, f->call, 180);
            (void)!tern_call_answer(f->ep, f->now, f->call, 200);
            any = true;
        }
    }
}

static void advance(struct fuzz *f, tern_time time)
{
    tern_time end = f->now + time;
    drain(f);
    while (tern_deadline(f->ep) <= end) {
        tern_time due = tern_deadline(f->ep);
        if (due > f->now) f->now = due;
        tern_advance(f->ep, f->now);
        drain(f);
    }
    f->now = end;
}

/* ---- what comes ---- */

static size_t expand(struct fuzz *f, const char *from, char *out)
{
    size_t len = 0;
    char number[16];
    for (; *from && len < TEXT_MAX - 2100; from++) {
        const char *insert = NULL;
        if (from[0] == '$' && from[1] == 'T') insert = f->tag;
        if (from[0] == '$' && from[1] == 'L') insert = f->last;
        if (from[0] == '$' && (from[1] == 'B' || from[1] == 'N')) {
            snprintf(number, sizeof(number), "%u", from[1] == 'B' ? f->branch : f->cseq);
            insert = number;
        }
        if (!insert) {
            out[len++] = *from;
            continue;
        }
        while (*insert)
            out[len++] = *insert++;
        from++;
    }
    return len;
}

static size_t edit(struct fuzz *f, char *text, size_t len)
{
    unsigned edits = take(f) % 4;
    for (unsigned i = 0; i < edits && len > 0; i++) {
        unsigned how = take(f) % 4;
        size_t at = (take(f) * 256u + take(f)) % len, n = take(f) % 32;
        if (n > len - at) n = len - at;
        if (how == 0) {
            for (size_t k = 0; k < n; k++)
                text[at + k] = (char)take(f);
        } else if (how == 1) {
            memmove(text + at, text + at + n, len - at - n);
            len -= n;
        } else if (len + n < TEXT_MAX) {
            memmove(text + at + n, text + at, len - at);
            for (size_t k = 0; how == 2 && k < n; k++)
                text[at + k] = (char)take(f);
            len += n;
        }
    }
    return len;
}

static void receive(struct fuzz *f, const char *text, size_t len)
{
    struct tern_datagram d = {.socket = f->sip_socket,
                              .local = addr("192.0.2.1:5060"),
                              .remote = addr("192.0.2.7:5060"),
                              .data = text,
                              .len = len};
    d.local.ip[3] = f->network.addresses[0].addr.ip[3];
    (void)!tern_receive(f->ep, f->now, &d);
    drain(f);
}

static void receive_template(struct fuzz *f, unsigned number, bool by_stream, bool bent)
{
    char text[TEXT_MAX];
    f->branch += take(f) % 4 != 0; /* at times a retransmission */
    f->cseq += 1;
    size_t len = expand(f, templates[number % TEMPLATES], text);
    if (bent) len = edit(f, text, len);
    if (!by_stream) {
        receive(f, text, len);
        return;
    }
    if (f->stream == 0 && tern_stream_accepted(f->ep, f->now, f->listener, addr("192.0.2.1:5060"),
                                               addr("192.0.2.7:40000"), &f->stream) != 0) {
        return;
    }
    (void)!tern_stream_received(f->ep, f->now, f->stream, text, len);
    drain(f);
}

static void receive_rtp(struct fuzz *f)
{
    uint8_t packet[172] = {0x80, 8};
    size_t len = 12 + take(f) % 160;
    packet[1] = (uint8_t)take(f);
    packet[3] = (uint8_t)take(f);
    struct tern_datagram d = {.socket = f->rtp_socket,
                              .local = addr("192.0.2.1:4000"),
                              .remote = addr("192.0.2.7:4000"),
                              .data = packet,
                              .len = len};
    (void)!tern_receive(f->ep, f->now, &d);
    drain(f);
}

/* What a server answers that lies, or is none: the transaction is right, the rest is the input's. */
static void receive_stun(struct fuzz *f)
{
    uint8_t packet[20 + 64] = {0};
    size_t len = take(f) % 65;
    memcpy(packet, f->stun, sizeof(f->stun));
    packet[0] = 1;
    packet[1] = (uint8_t)(1 | (take(f) & 0x10)); /* success or error */
    packet[3] = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        packet[20 + i] = (uint8_t)take(f);
    struct tern_datagram d = {.socket = f->stun_media ? f->rtp_socket : f->sip_socket,
                              .local = f->stun_local,
                              .remote = addr("192.0.2.7:5060"),
                              .data = packet,
                              .len = 20 + len};
    (void)!tern_receive(f->ep, f->now, &d);
    drain(f);
}

static void set_network(struct fuzz *f, unsigned last_byte)
{
    memset(&f->network, 0, sizeof(f->network));
    if (last_byte != 0) {
        struct tern_net_address *a = &f->network.addresses[f->network.address_count++];
        a->addr = addr("192.0.2.1");
        a->addr.ip[3] = (uint8_t)last_byte;
        a->prefix_len = 24;
        a->interface = 1;
    }
    (void)!tern_set_network(f->ep, f->now, &f->network);
    drain(f);
}

static void dial(struct fuzz *f)
{
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = f->account;
    opts.target = TERN_STR("sip:p@192.0.2.7");
    opts.no_offer = take(f) & 1;
    (void)!tern_call_make(f->ep, f->now, &opts, &f->call);
    drain(f);
}

static void act(struct fuzz *f)
{
    switch (take(f) % 9) {
    case 0: (void)!tern_call_hold(f->ep, f->now, f->call); break;
    case 1: (void)!tern_call_resume(f->ep, f->now, f->call); break;
    case 2: (void)!tern_call_update(f->ep, f->now, f->call, 7); break;
    case 3: (void)!tern_call_hangup(f->ep, f->now, f->call, 0); break;
    case 4: dial(f); break;
    case 5: set_network(f, take(f) % 4); break;
    case 6: (void)!tern_handle_ip_change(f->ep, f->now, NULL); break;
    case 7: (void)!tern_account_register(f->ep, f->now, f->account); break;
    case 8: (void)!tern_audio_send(f->ep, f->now, f->call, NULL); break;
    default: break;
    }
    drain(f);
}

static void begin(struct fuzz *f)
{
    struct tern_endpoint_opts opts;
    struct tern_account_opts account;
    tern_endpoint_opts_init(&opts);
    opts.seed[0] = 1;
    opts.sip_port = 5060;
    opts.max_calls = 4;
    opts.stun_servers = TERN_STR("192.0.2.7:5060");
    if (tern_endpoint_new(&opts, &f->ep) != 0) abort();
    set_network(f, 1);
    if (tern_endpoint_start(f->ep, f->now) != 0) abort();
    drain(f);
    tern_account_opts_init(&account);
    account.uri = TERN_STR("sip:a@192.0.2.1");
    account.registrar = TERN_STR("sip:192.0.2.7");
    account.password = TERN_STR("secret");
    if (tern_account_add(f->ep, f->now, &account, &f->account) != 0) abort();
    drain(f);
}

/* The peer's call, answered and acknowledged. */
static void call_up(struct fuzz *f)
{
    static const char invite[] = "INVITE sip:a@192.0.2.1 SIP/2.0\r\n"
                                 "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKfirst\r\n"
                                 "Max-Forwards: 70\r\nFrom: <sip:p@192.0.2.7>;tag=peer\r\n"
                                 "To: <sip:a@192.0.2.1>\r\nCall-ID: call@192.0.2.7\r\n"
                                 "CSeq: 1 INVITE\r\n" CONTACT WITH_SDP;
    char text[TEXT_MAX];
    receive(f, invite, sizeof(invite) - 1);
    size_t len = expand(f, templates[1], text);
    receive(f, text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    struct fuzz *f = &fuzz;
    memset(f, 0, sizeof(*f));
    f->in = data;
    f->left = size;
    f->now = TERN_SECONDS(5);
    f->cseq = f->branch = 10;
    begin(f);
    call_up(f);
    for (int step = 0; step < STEPS_MAX && f->left > 0; step++) {
        unsigned op = take(f);
        switch (op % 8) {
        case 0:
        case 1:
        case 2: receive_template(f, take(f), false, true); break;
        case 3: receive_template(f, take(f), false, false); break;
        case 4: receive_template(f, take(f), true, true); break;
        case 5: (op & 0x40 ? receive_stun : receive_rtp)(f); break;
        case 6: act(f); break;
        default: advance(f, TERN_MS(take(f) * 40)); break;
        }
    }
    struct tern_stats stats;
    if (tern_endpoint_stop(f->ep, f->now, 1000) != 0) abort();
    advance(f, TERN_SECONDS(400)); /* a BYE without a path is kept for 300 s */
    tern_get_stats(f->ep, &stats);
    if (stats.calls != 0) abort();
    tern_endpoint_free(f->ep);
    return 0;
}

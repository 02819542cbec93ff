/* SPDX-License-Identifier: MIT */
#include "flood.h"

#include "base/alloc.h"
#include "crypto/cert.h"

static struct flood *present;

/* Each block has its size in front of it. */
union header {
    size_t size;
    max_align_t align;
};

static void *count_resize(void *user, void *ptr, size_t size)
{
    struct flood *flood = user;
    union header *old = ptr ? (union header *)ptr - 1 : NULL;
    size_t before = old ? old->size : 0;
    if (size == 0) {
        flood->bytes -= before;
        free(old);
        return NULL;
    }
    union header *block = realloc(old, sizeof(*block) + size);
    CHECK(block != NULL);
    block->size = size;
    flood->bytes += size - before;
    if (flood->bytes > flood->most) flood->most = flood->bytes;
    return block + 1;
}

/* ---- Alice and her registrar ---- */

static uint32_t calls_wanted;
static bool is_secure;
static struct tern_allocator memory;
static struct tn_buf certificate, private_key;

static void make_certificate(void)
{
    const struct tn_cert_opts opts = {.days = 1, .authority = true};
    if (certificate.len > 0) return;
    memory = tn_default_allocator();
    tn_buf_init(&certificate, &memory, TN_CERT_PEM_MAX);
    tn_buf_init(&private_key, &memory, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&opts, &certificate, &private_key), 0);
}

static void tune(struct tern_endpoint_opts *opts)
{
    opts->allocator = (struct tern_allocator){present, count_resize};
    opts->max_calls = calls_wanted;
    opts->sip_events = false;
    if (!is_secure) return;
    make_certificate();
    opts->tls_cert = tn_buf_view(&certificate);
    opts->tls_key = tn_buf_view(&private_key);
}

static bool answer(struct host *host, const char *text)
{
    struct peer_answer reply = {.status = "200 OK", .tag = "r"};
    if (strncmp(text, "INVITE", 6) == 0) {
        reply.headers = "Contact: <sip:peer@10.0.0.7>\r\n";
        reply.body = PEER_SDP;
    }
    if (strncmp(text, "ACK", 3) == 0 || strncmp(text, "SIP/2.0", 7) == 0) return true;
    peer_reply(host, text, &reply);
    return true;
}

void flood_start(struct flood *flood, uint32_t calls, bool secure)
{
    memset(flood, 0, sizeof(*flood));
    present = flood;
    calls_wanted = calls;
    is_secure = secure;
    world_start(&flood->world, TERN_MS(5));
    flood->alice = world_host(&flood->world, "alice", "10.0.1.1", tune);
    flood->alice->talks = flood->alice->auto_answer = false;
    flood->registrar = peer_new(&flood->world, "10.0.0.7");
    peer_of(flood->registrar)->answer = answer;
    CHECK_EQ(tern_endpoint_start(flood->alice->ep, flood->world.now), 0);
    host_account(flood->alice, "sip:alice@example.com", "sip:10.0.0.7", NULL);
    world_run(&flood->world, TERN_SECONDS(6)); /* timer K of the REGISTER is over */
    CHECK_EQ(flood->alice->registration, TERN_REGISTRATION_REGISTERED);
}

void flood_end(struct flood *flood)
{
    world_end(&flood->world);
    CHECK_EQ(flood->bytes, 0);
}

/* ---- strangers ---- */

int flood_text(struct flood *flood, enum flood_kind kind, char out[1024])
{
    static const char *const methods[] = {"OPTIONS", "INVITE", "REGISTER", "BYE", "OPTIONS", ""};
    static const char sdp[] =
        "v=0\r\no=- 1 1 IN IP4 10.9.9.9\r\ns=-\r\nc=IN IP4 10.9.9.9\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0 8\r\n";
    unsigned long long n = flood->sent++;
    const char *body = kind == FLOOD_INVITE ? sdp : "";

    if (kind == FLOOD_GARBAGE) {
        return snprintf(out, 1024, "\x80garbage %llu: \xff\xfe that is no SIP at all\r\n\r\n", n);
    }
    int len = kind == FLOOD_OK
                  ? snprintf(out, 1024, "SIP/2.0 200 OK\r\n")
                  : snprintf(out, 1024, "%s sip:alice@10.0.1.1 SIP/2.0\r\n", methods[kind]);
    return len + snprintf(out + len, 1024 - (size_t)len,
                          "Via: SIP/2.0/UDP 10.9.9.9:5060;rport;branch=z9hG4bK%llx\r\n"
                          "Max-Forwards: 70\r\nFrom: <sip:x@10.9.9.9>;tag=%llx\r\n"
                          "To: <sip:alice@10.0.1.1>%s\r\nCall-ID: %llx\r\nCSeq: 1 %s\r\n"
                          "Contact: <sip:x@10.9.9.9>\r\n%sContent-Length: %zu\r\n\r\n%s",
                          n, n, kind == FLOOD_BYE ? ";tag=x" : "", n, methods[kind],
                          body[0] ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

static tern_addr stranger(const struct flood *flood, bool feigned)
{
    tern_addr addr = {.family = TERN_FAMILY_IPV4, .port = 5060, .ip = {10, 9, 9, 9}};
    if (!feigned) return addr;
    addr.ip[0] = 99;
    for (int i = 1; i < 4; i++)
        addr.ip[i] = (uint8_t)(flood->sent >> 8 * (3 - i));
    return addr;
}

void flood_drain(struct flood *flood)
{
    world_run(&flood->world, 0);
}

void flood_udp(struct flood *flood, enum flood_kind kind, bool feigned, unsigned count)
{
    char text[1024];
    uint32_t socket = world_socket(flood->alice, 5060, false);
    for (unsigned i = 0; i < count; i++) {
        tern_addr from = stranger(flood, feigned);
        int len = flood_text(flood, kind, text);
        struct tern_datagram d = {.socket = socket,
                                  .local = flood->alice->network.addresses[0].addr,
                                  .remote = from,
                                  .data = text,
                                  .len = (size_t)len};
        d.local.port = 5060;
        CHECK_EQ(tern_receive(flood->alice->ep, flood->world.now, &d), 0);
        if (i % 16 == 15) flood_drain(flood);
    }
    flood_drain(flood);
}

unsigned flood_connect(struct flood *flood, uint16_t port, bool feigned, unsigned count,
                       uint32_t *streams)
{
    tern_addr local = flood->alice->network.addresses[0].addr;
    uint32_t listener = world_socket(flood->alice, port, true);
    unsigned taken = 0;
    CHECK(listener != 0);
    local.port = port;
    for (unsigned i = 0; i < count; i++) {
        tern_addr from = stranger(flood, feigned);
        from.port = (uint16_t)(1024 + flood->sent++ % 60000);
        taken += tern_stream_accepted(flood->alice->ep, flood->world.now, listener, local, from,
                                      &streams[taken]) == 0;
        flood_drain(flood);
    }
    return taken;
}

/* ---- what must go on ---- */

static void call_from_alice(struct flood *flood)
{
    struct host *alice = flood->alice;
    unsigned answered = alice->answered, ended = alice->ended;
    host_call(alice, "sip:bob@10.0.0.7");
    tern_call call = alice->call;
    world_run(&flood->world, TERN_MS(100));
    CHECK_EQ(alice->answered, answered + 1);
    CHECK_EQ(tern_call_hangup(alice->ep, flood->world.now, call, 0), 0);
    world_run(&flood->world, TERN_MS(100));
    CHECK_EQ(alice->ended, ended + 1);
}

static void call_to_alice(struct flood *flood)
{
    struct host *alice = flood->alice;
    unsigned answered = alice->answered, ended = alice->ended;
    peer_invite(flood->registrar, "10.0.1.1", NULL, PEER_SDP);
    world_run(&flood->world, TERN_MS(50));
    CHECK_EQ(tern_call_answer(alice->ep, flood->world.now, alice->call, 200), 0);
    world_run(&flood->world, TERN_MS(50));
    peer_ack(flood->registrar, NULL);
    world_run(&flood->world, TERN_MS(50));
    CHECK_EQ(alice->answered, answered + 1);
    peer_request(flood->registrar, "BYE", NULL, NULL);
    world_run(&flood->world, TERN_MS(50));
    CHECK_EQ(alice->ended, ended + 1);
}

static void forget_inbox(struct host *host)
{
    struct peer *peer = peer_of(host);
    for (size_t i = 0; i < peer->count; i++)
        free(peer->inbox[i]);
    peer->count = 0;
}

void flood_call_works(struct flood *flood)
{
    forget_inbox(flood->registrar);
    call_from_alice(flood);
    call_to_alice(flood);
}

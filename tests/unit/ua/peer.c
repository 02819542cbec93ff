/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <ctype.h>

#define TEXT_MAX 70000

static char out[TEXT_MAX];
static size_t length;

struct peer *peer_of(struct host *host)
{
    return host->user;
}

static void begin(void)
{
    length = 0;
    out[0] = '\0';
}

static void grow(int n)
{
    CHECK(n >= 0 && length + (size_t)n < TEXT_MAX);
    length += (size_t)n;
}

#define put(...) grow(snprintf(out + length, TEXT_MAX - length, __VA_ARGS__))

static void put_end(const char *headers, const char *body)
{
    put("%s", headers ? headers : "");
    bool typed = headers && strstr(headers, "Content-Type:") != NULL;
    if (body && !typed) put("Content-Type: application/sdp\r\n");
    put("Content-Length: %zu\r\n\r\n%s", body ? strlen(body) : 0, body ? body : "");
}

static void send_text(struct host *host)
{
    if (getenv("WORLD_TRACE")) {
        printf("%8.3f peer >\n%s\n", (double)host->world->now / 1e6, out);
    }
    world_datagram(host, 5060, peer_of(host)->far, out, length);
}

static void take(struct host *host, const char *data, size_t len, tern_addr remote)
{
    struct peer *peer = peer_of(host);
    if (len < 12 || !isupper((unsigned char)data[0])) return; /* RTP, keep-alive */
    CHECK(peer->count < INBOX_MAX);
    char *copy = malloc(len + 1);
    memcpy(copy, data, len);
    copy[len] = '\0';
    peer->inbox[peer->count++] = copy;
    peer->far = remote;
    if (getenv("WORLD_TRACE")) {
        printf("%8.3f peer <\n%s\n", (double)host->world->now / 1e6, copy);
    }
    if (peer->answer) (void)peer->answer(host, copy);
}

static void forget(struct host *host)
{
    struct peer *peer = peer_of(host);
    for (size_t i = 0; i < peer->count; i++)
        free(peer->inbox[i]);
    free(peer);
}

struct host *peer_new(struct world *world, const char *address)
{
    struct host *host = world_bare_host(world, "peer", address);
    host->user = calloc(1, sizeof(struct peer));
    host->take = take;
    host->forget = forget;
    return host;
}

const char *peer_last(struct host *host, const char *start)
{
    struct peer *peer = peer_of(host);
    for (size_t i = peer->count; i > 0; i--) {
        if (strncmp(peer->inbox[i - 1], start, strlen(start)) == 0) return peer->inbox[i - 1];
    }
    return NULL;
}

const char *peer_last_to(struct host *host, const char *start, const char *tag)
{
    struct peer *p = peer_of(host);
    for (size_t i = p->count; i > 0; i--) {
        const char *text = p->inbox[i - 1];
        bool is = strncmp(text, start, strlen(start)) == 0;
        if (is && strstr(peer_header(text, "To"), tag) != NULL) return text;
    }
    return NULL;
}

size_t peer_count(struct host *host, const char *start)
{
    struct peer *peer = peer_of(host);
    size_t n = 0;
    for (size_t i = 0; i < peer->count; i++)
        n += strncmp(peer->inbox[i], start, strlen(start)) == 0;
    return n;
}

static const char *find_line(const char *message, const char *name)
{
    size_t len = strlen(name);
    const char *line = strstr(message, "\r\n");
    while (line != NULL && line[2] != '\r') {
        line += 2;
        if (strncmp(line, name, len) == 0 && line[len] == ':') return line + len + 1;
        line = strstr(line, "\r\n");
    }
    return NULL;
}

const char *peer_header(const char *text, const char *name)
{
    static char values[8][512];
    static unsigned next;
    char *value = values[next++ % 8];
    const char *at = find_line(text, name);
    value[0] = '\0';
    if (at == NULL) return value;
    while (*at == ' ')
        at++;
    size_t len = (size_t)(strstr(at, "\r\n") - at);
    CHECK(len < sizeof(values[0]));
    memcpy(value, at, len);
    value[len] = '\0';
    return value;
}

uint32_t peer_number(const char *text, const char *name)
{
    return (uint32_t)strtoul(peer_header(text, name), NULL, 10);
}

const char *peer_body(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    return end ? end + 4 : "";
}

void peer_say(struct host *host, const char *text)
{
    begin();
    put("%s", text);
    send_text(host);
}

static void put_copied(const char *request, const char *name)
{
    const char *value = peer_header(request, name);
    if (value[0]) put("%s: %s\r\n", name, value);
}

void peer_reply(struct host *host, const char *request, const struct peer_answer *answer)
{
    begin();
    put("SIP/2.0 %s\r\n", answer->status);
    put_copied(request, "Via");
    put_copied(request, "From");
    const char *to = peer_header(request, "To");
    put("To: %s", to);
    if (answer->tag && strstr(to, ";tag=") == NULL) put(";tag=%s", answer->tag);
    put("\r\n");
    put_copied(request, "Call-ID");
    put_copied(request, "CSeq");
    put_end(answer->headers, answer->body);
    send_text(host);
}

static void put_via(struct host *host)
{
    char addr[TERN_ADDR_TEXT_MAX];
    tern_addr_print(host->network.addresses[0].addr, addr);
    put("Via: SIP/2.0/UDP %s:5060;branch=z9hG4bKpeer%u\r\nMax-Forwards: 70\r\n", addr,
        ++peer_of(host)->branches);
}

static void put_contact(struct host *host)
{
    char addr[TERN_ADDR_TEXT_MAX];
    tern_addr_print(host->network.addresses[0].addr, addr);
    put("Contact: <sip:peer@%s:5060>\r\n", addr);
}

void peer_outside(struct host *host, const char *address, const char *method, const char *headers,
                  const char *body)
{
    struct peer *peer = peer_of(host);
    tern_addr far;
    CHECK_EQ(tern_addr_parse((tern_str){address, strlen(address)}, &far), 0);
    far.port = 5060;
    peer->far = far;
    begin();
    put("%s sip:alice@%s SIP/2.0\r\n", method, address);
    put_via(host);
    put("From: <sip:peer@10.0.0.7>;tag=peertag%u\r\nTo: <sip:alice@%s>\r\n", peer->branches,
        address);
    put("Call-ID: peercall%u@10.0.0.7\r\nCSeq: %u %s\r\n", peer->branches, ++peer->cseq, method);
    put_contact(host);
    put_end(headers, body);
    send_text(host);
}

void peer_invite(struct host *host, const char *address, const char *headers, const char *body)
{
    struct peer *peer = peer_of(host);
    peer_outside(host, address, "INVITE", headers, body);
    snprintf(peer->call_id, sizeof(peer->call_id), "peercall%u@10.0.0.7", peer->branches);
    snprintf(peer->local, sizeof(peer->local), "<sip:peer@10.0.0.7>;tag=peertag%u", peer->branches);
    snprintf(peer->remote, sizeof(peer->remote), "<sip:alice@%s>", address);
    snprintf(peer->target, sizeof(peer->target), "sip:alice@%s", address);
}

static void set_target(struct peer *peer, const char *message)
{
    const char *contact = peer_header(message, "Contact");
    const char *start = strchr(contact, '<'), *end = strchr(contact, '>');
    if (start == NULL || end == NULL) return;
    snprintf(peer->target, sizeof(peer->target), "%.*s", (int)(end - start - 1), start + 1);
}

void peer_form(struct host *host, const char *response)
{
    struct peer *peer = peer_of(host);
    snprintf(peer->remote, sizeof(peer->remote), "%s", peer_header(response, "To"));
    set_target(peer, response);
}

void peer_join(struct host *host, const char *invite, const char *tag)
{
    struct peer *peer = peer_of(host);
    snprintf(peer->call_id, sizeof(peer->call_id), "%s", peer_header(invite, "Call-ID"));
    snprintf(peer->local, sizeof(peer->local), "%s;tag=%s", peer_header(invite, "To"), tag);
    snprintf(peer->remote, sizeof(peer->remote), "%s", peer_header(invite, "From"));
    set_target(peer, invite);
}

static void put_in_dialog(struct host *host, const char *method, uint32_t cseq)
{
    struct peer *peer = peer_of(host);
    begin();
    put("%s %s SIP/2.0\r\n", method, peer->target);
    put_via(host);
    put("From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", peer->local, peer->remote,
        peer->call_id, cseq, method);
    put_contact(host);
}

void peer_request(struct host *host, const char *method, const char *headers, const char *body)
{
    put_in_dialog(host, method, ++peer_of(host)->cseq);
    put_end(headers, body);
    send_text(host);
}

void peer_ack(struct host *host, const char *body)
{
    const char *ok = peer_last(host, "SIP/2.0 200");
    CHECK(ok != NULL);
    peer_form(host, ok);
    put_in_dialog(host, "ACK", (uint32_t)strtoul(peer_header(ok, "CSeq"), NULL, 10));
    put_end(NULL, body);
    send_text(host);
}

/* ---- with Alice ---- */

struct host *peer_meet(struct world *world, struct host **alice,
                       void (*tune)(struct tern_account_opts *opts))
{
    world_start(world, TERN_MS(10));
    *alice = world_host(world, "alice", "10.0.0.1", NULL);
    struct host *peer = peer_new(world, "10.0.0.7");
    CHECK_EQ(tern_endpoint_start((*alice)->ep, world->now), 0);
    host_account(*alice, "sip:alice@10.0.0.1", NULL, tune);
    return peer;
}

bool peer_lets_go(struct host *host, const char *text)
{
    if (strncmp(text, "BYE", 3) != 0 && strncmp(text, "CANCEL", 6) != 0) return false;
    peer_reply(host, text, &(struct peer_answer){"200 OK", "bob", NULL, NULL});
    return true;
}

void peer_part(struct host *peer, struct host *alice)
{
    peer_of(peer)->answer = peer_lets_go;
    tern_call call = tern_call_next(alice->ep, (tern_call){0});
    if (call.id) CHECK_EQ(tern_call_hangup(alice->ep, alice->world->now, call, 0), 0);
    host_rests(alice);
    world_end(alice->world);
}

/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <ctype.h>

#include "base/str.h"
#include "crypto/hash.h"

static tern_addr addr(const char *text)
{
    tern_addr out;
    CHECK_EQ(tern_addr_parse(tn_str(text), &out), 0);
    return out;
}

/* ---- the endpoint's part ---- */

static void keep(struct rig *rig, const struct tern_output *out)
{
    CHECK(rig->count < RIG_PACKETS_MAX);
    CHECK(out->data.len < RIG_TEXT_MAX);
    struct packet *p = &rig->packets[rig->count++];
    memset(p, 0, offsetof(struct packet, text));
    if (out->type == TERN_OUT_WRITE) p->stream = out->id;
    p->local = out->local;
    p->remote = out->remote;
    p->len = out->data.len;
    memcpy(p->text, out->data.ptr, p->len);
    p->text[p->len] = '\0';
}

static void dispatch(struct rig *rig, const struct tn_effect *effect)
{
    if (rig->server && tn_server_effect(rig->server, effect)) return;
    switch ((int)effect->kind) {
    case TN_EFFECT_MESSAGE: tn_txns_message(&rig->txns, effect->msg, effect->flow); return;
    case TN_EFFECT_FLOW_UP: tn_txns_flow_up(&rig->txns, effect->flow); return;
    case TN_EFFECT_FLOW_DOWN: tn_txns_flow_down(&rig->txns, effect->flow); return;
    default: CHECK_EQ(effect->kind, TN_EFFECT_MESSAGE); return; /* for nobody */
    }
}

static void carry_out(struct rig *rig, const struct tern_output *out)
{
    switch (out->type) {
    case TERN_OUT_DATAGRAM:
    case TERN_OUT_WRITE: keep(rig, out); return;
    case TERN_OUT_UDP_OPEN:
        rig->udp = out->id;
        tn_net_socket_opened(&rig->net, out->id, 5060);
        return;
    case TERN_OUT_LISTEN:
        rig->listener = out->id;
        tn_net_socket_opened(&rig->net, out->id, 5060);
        return;
    case TERN_OUT_CONNECT: rig->connecting = out->id; return;
    case TERN_OUT_RESOLVE: rig->query = out->id; return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN:
    case TERN_OUT_DISCONNECT: return;
    }
}

void rig_run(struct rig *rig)
{
    struct tn_effect effect;
    struct tern_output out;
    bool again = true;

    while (again) {
        again = false;
        while (tn_next_effect(&rig->ctx, &effect)) {
            dispatch(rig, &effect);
            tn_msg_unref(effect.msg);
            again = true;
        }
        while (tn_next_output(&rig->ctx, &out)) {
            carry_out(rig, &out);
            again = true;
        }
        if (tn_ctx_fire(&rig->ctx)) again = true;
    }
}

void rig_advance(struct rig *rig, tern_time delay)
{
    tern_time end = rig->ctx.now + delay;

    while (tn_ctx_deadline(&rig->ctx) <= end) {
        tn_ctx_enter(&rig->ctx, tn_ctx_deadline(&rig->ctx));
        rig_run(rig);
    }
    tn_ctx_enter(&rig->ctx, end);
    rig_run(rig);
}

static void add_address(struct tern_network *network, const char *text)
{
    struct tern_net_address *a = &network->addresses[network->address_count++];

    a->addr = addr(text);
    a->prefix_len = 24;
    a->interface = network->address_count;
}

static void set_network(struct rig *rig, const char *other_side)
{
    struct tern_network network = {0};

    add_address(&network, "192.0.2.1");
    network.routes[network.route_count++] = (struct tern_net_route){
        .destination = {.family = TERN_FAMILY_IPV4}, .interface = 1, .metric = 100};
    if (other_side) {
        add_address(&network, other_side);
        struct tern_net_route *route = &network.routes[network.route_count++];
        *route = (struct tern_net_route){
            .destination = addr("198.51.100.0"), .prefix_len = 24, .interface = 2};
    }
    tn_net_set_network(&rig->net, &network);
}

void rig_start(struct rig *rig, struct rig_opts opts)
{
    static const uint8_t seed[32] = {7};
    struct tern_server_opts server = {.size = sizeof(server),
                                      .domain = tn_str(opts.domain ? opts.domain : DOMAIN),
                                      .no_auth = opts.no_auth,
                                      .nonce_lifetime_s = 300,
                                      .min_expires_s = 30,
                                      .max_expires_s = 3600,
                                      .no_record_route = opts.no_record_route};

    memset(rig, 0, sizeof(*rig));
    rig->alloc = memory_allocator(&rig->memory);
    CHECK_EQ(tn_ctx_init(&rig->ctx, &rig->alloc, seed), 0);
    CHECK_EQ(tn_net_init(&rig->net, &rig->ctx, &(struct tn_net_opts){.port = 5060}), 0);
    CHECK_EQ(tn_txns_init(&rig->txns, &rig->ctx, &rig->net, TERN_STR("Tern")), 0);
    tn_ctx_enter(&rig->ctx, TERN_SECONDS(1000));
    CHECK_EQ(tn_server_new(&rig->ctx, &rig->net, &rig->txns, &server, &rig->server), 0);
    CHECK_EQ(tn_server_add_user(rig->server, TERN_STR("alice"), TERN_STR("wonder")), 0);
    CHECK_EQ(tn_server_add_user(rig->server, TERN_STR("bob"), TERN_STR("builder")), 0);
    set_network(rig, opts.other_side);
    tn_net_start(&rig->net);
    tn_net_sync_listeners(&rig->net, false, 0);
    rig_run(rig);
}

void rig_stop(struct rig *rig)
{
    tn_server_close(rig->server);
    tn_txns_fini(&rig->txns);
    tn_net_fini(&rig->net);
    tn_ctx_fini(&rig->ctx);
    CHECK_EQ(rig->memory.blocks, 0);
}

/* ---- input ---- */

static size_t with_crlf(const char *text, char *out)
{
    size_t len = 0;

    for (; *text; text++) {
        CHECK(len + 2 < RIG_TEXT_MAX);
        if (*text == '\n' && (len == 0 || out[len - 1] != '\r')) out[len++] = '\r';
        out[len++] = *text;
    }
    return len;
}

void rig_udp(struct rig *rig, const char *from, const char *text)
{
    char wire[RIG_TEXT_MAX];
    struct tern_datagram d = {.socket = rig->udp, .remote = addr(from), .data = wire};

    d.local = addr(SERVER);
    for (uint32_t i = 0; i < rig->net.network.address_count; i++) {
        tern_addr mine = rig->net.network.addresses[i].addr;
        if (memcmp(mine.ip, d.remote.ip, 3) == 0) memcpy(d.local.ip, mine.ip, 4);
    }
    d.len = with_crlf(text, wire);
    tn_net_datagram(&rig->net, &d);
    rig_run(rig);
}

uint32_t rig_accept(struct rig *rig, const char *from)
{
    uint32_t stream;

    CHECK_EQ(tn_net_stream_accepted(&rig->net, rig->listener, addr(SERVER), addr(from), &stream),
             0);
    rig_run(rig);
    return stream;
}

void rig_tcp(struct rig *rig, uint32_t stream, const char *text)
{
    char wire[RIG_TEXT_MAX];
    size_t len = with_crlf(text, wire);

    tn_net_stream_received(&rig->net, stream, wire, len);
    rig_run(rig);
}

void rig_tcp_closed(struct rig *rig, uint32_t stream)
{
    tn_net_stream_closed(&rig->net, stream, TERN_STR("closed"));
    rig_run(rig);
}

/* ---- output ---- */

const struct packet *rig_next_packet(struct rig *rig, const char *to)
{
    bool is_stream = to[0] == '#';
    tern_addr remote = is_stream ? (tern_addr){0} : addr(to);

    for (size_t i = 0; i < rig->count; i++) {
        struct packet *p = &rig->packets[i];
        bool fits = is_stream ? p->stream == (uint32_t)strtoul(to + 1, NULL, 10)
                              : p->stream == 0 && tern_addr_equal(p->remote, remote);
        if (p->taken || !fits) continue;
        p->taken = true;
        return p;
    }
    return NULL;
}

const char *rig_next(struct rig *rig, const char *to)
{
    const struct packet *p = rig_next_packet(rig, to);
    return p ? p->text : NULL;
}

const char *rig_expect(struct rig *rig, const char *to, const char *start)
{
    const char *text = rig_next(rig, to);

    if (!text || strncmp(text, start, strlen(start)) != 0) {
        fprintf(stderr, "want '%s' to %s, got: %s\n", start, to, text ? text : "nothing");
        abort();
    }
    return text;
}

void rig_expect_nothing(struct rig *rig, const char *to)
{
    const char *text = rig_next(rig, to);

    if (!text) return;
    fprintf(stderr, "want nothing to %s, got: %s\n", to, text);
    abort();
}

void rig_forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++)
        rig->packets[i].taken = true;
}

const char *rig_header(const char *message, const char *name, int index)
{
    static char values[8][1024];
    static int turn;
    char *value = values[turn++ % 8];
    size_t name_len = strlen(name);

    for (const char *line = message; line && *line != '\r'; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':') continue;
        if (index-- > 0) continue;
        const char *start = line + name_len + 1;
        while (*start == ' ')
            start++;
        size_t len = (size_t)(strstr(start, "\r\n") - start);
        CHECK(len < sizeof(values[0]));
        memcpy(value, start, len);
        value[len] = '\0';
        return value;
    }
    return "";
}

bool rig_has(const char *message, const char *part)
{
    return strstr(message, part) != NULL;
}

/* ---- a user agent in text ---- */

static void hash(enum tn_hash kind, const char *text, char *hex)
{
    const tern_str piece = tn_str(text);
    int len = tn_hash_hex(kind, &piece, 1, hex);

    CHECK(len > 0);
    hex[len] = '\0';
}

static void param(const char *challenge, const char *name, char *out, size_t cap)
{
    const char *at = strstr(challenge, name);
    CHECK(at);
    at += strlen(name) + 1;
    bool quoted = *at == '"';
    at += quoted;
    size_t len = strcspn(at, quoted ? "\"" : ", ");
    CHECK(len < cap);
    memcpy(out, at, len);
    out[len] = '\0';
}

const char *rig_credentials(const char *response, int line, struct rig_login login)
{
    static char out[1024];
    char realm[64], nonce[64], algorithm[16], a[256], ha1[65], ha2[65], digest[65];
    bool proxy = rig_has(response, "Proxy-Authenticate:");
    const char *challenge =
        rig_header(response, proxy ? "Proxy-Authenticate" : "WWW-Authenticate", line);

    param(challenge, "realm", realm, sizeof(realm));
    param(challenge, "nonce", nonce, sizeof(nonce));
    param(challenge, "algorithm", algorithm, sizeof(algorithm));
    enum tn_hash kind = strcmp(algorithm, "MD5") == 0 ? TN_HASH_MD5 : TN_HASH_SHA256;
    snprintf(a, sizeof(a), "%s:%s:%s", login.user, realm, login.password);
    hash(kind, a, ha1);
    snprintf(a, sizeof(a), "%s:%s", login.method, login.uri);
    hash(kind, a, ha2);
    snprintf(a, sizeof(a), "%s:%s:00000001:abc:auth:%s", ha1, nonce, ha2);
    hash(kind, a, digest);
    snprintf(out, sizeof(out),
             "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
             "algorithm=%s, qop=auth, nc=00000001, cnonce=\"abc\", response=\"%s\"\n",
             proxy ? "Proxy-Authorization" : "Authorization", login.user, realm, nonce, login.uri,
             algorithm, digest);
    return out;
}

static const char *send_register(struct rig *rig, struct ua *ua, const char *lines,
                                 const char *credentials)
{
    char text[RIG_TEXT_MAX];

    ua->cseq++;
    snprintf(text, sizeof(text),
             "REGISTER sip:" DOMAIN " SIP/2.0\n"
             "Via: SIP/2.0/UDP %s;branch=z9hG4bK%s%u;rport\n"
             "From: <sip:%s@" DOMAIN ">;tag=%s\nTo: <sip:%s@" DOMAIN ">\n"
             "Call-ID: reg-%s-%s\nCSeq: %u REGISTER\nMax-Forwards: 70\n%s%s"
             "Content-Length: 0\n\n",
             ua->address, ua->user, ua->cseq, ua->user, ua->user, ua->user, ua->user, ua->branch,
             ua->cseq, credentials, lines);
    rig_udp(rig, ua->address, text);
    return rig_expect(rig, ua->address, "SIP/2.0 ");
}

const char *rig_register(struct rig *rig, struct ua *ua, const char *lines)
{
    const char *answer = send_register(rig, ua, lines, "");

    if (strncmp(answer, "SIP/2.0 401", 11) != 0) return answer;
    char credentials[1024];
    snprintf(credentials, sizeof(credentials), "%s",
             rig_credentials(
                 answer, 0, (struct rig_login){ua->user, ua->password, "REGISTER", "sip:" DOMAIN}));
    return send_register(rig, ua, lines, credentials);
}

size_t rig_bindings(struct rig *rig)
{
    size_t n = 0;

    while (tn_location_at(&rig->server->location, n))
        n++;
    return n;
}

const struct tn_binding *rig_binding(struct rig *rig, size_t index)
{
    return tn_location_at(&rig->server->location, index);
}

static size_t copy_lines(char *out, size_t cap, const char *request, const char *name)
{
    size_t len = 0;

    for (int i = 0; *rig_header(request, name, i); i++)
        len +=
            (size_t)snprintf(out + len, cap - len, "%s: %s\n", name, rig_header(request, name, i));
    return len;
}

void rig_reply(struct rig *rig, const char *from, const char *request, const char *status,
               const char *lines)
{
    char text[RIG_TEXT_MAX];
    const char *to = rig_header(request, "To", 0);
    bool tagged = rig_has(to, ";tag=");
    size_t len = (size_t)snprintf(text, sizeof(text), "SIP/2.0 %s\n", status);

    len += copy_lines(text + len, sizeof(text) - len, request, "Via");
    len += copy_lines(text + len, sizeof(text) - len, request, "Record-Route");
    len += copy_lines(text + len, sizeof(text) - len, request, "From");
    len += (size_t)snprintf(text + len, sizeof(text) - len, "To: %s%s%.4s\n", to,
                            tagged ? "" : ";tag=far", tagged ? "" : strrchr(from, ':') + 1);
    len += copy_lines(text + len, sizeof(text) - len, request, "Call-ID");
    len += copy_lines(text + len, sizeof(text) - len, request, "CSeq");
    snprintf(text + len, sizeof(text) - len, "%sContent-Length: 0\n\n", lines);
    rig_udp(rig, from, text);
}

/* SPDX-License-Identifier: MIT */
#include "nat/stun_client.h"

#include <string.h>

#include "base/str.h"
#include "net/dns.h"
#include "wire/stun/stun.h"

#define RTO TERN_MS(500)
enum { ROUNDS = 3, REQUEST_MAX = 64 }; /* at 0, 500 and 1500 ms; the next server at 3500 */

struct server {
    tern_str host;
    uint16_t port;
};

/* "[2001:db8::1]:3478", "2001:db8::1", "stun.example.com:3478", "192.0.2.1" */
static bool parse(tern_str text, struct server *out)
{
    uint32_t port = TN_STUN_PORT;
    tern_str rest;
    tern_addr addr;

    if (tern_addr_parse(text, &addr) == 0) {
        *out = (struct server){text, addr.port ? addr.port : TN_STUN_PORT};
        return true;
    }
    tern_str host = tn_str_cut(text, ':', &rest);
    if (host.len < text.len && (!tn_str_u32(rest, &port) || port == 0 || port > UINT16_MAX))
        return false;
    *out = (struct server){host, (uint16_t)port};
    return host.len > 0 && tn_dns_is_name(host);
}

static bool server_at(tern_str list, size_t index, struct server *out)
{
    for (size_t i = 0; list.len > 0; i++) {
        tern_str text = tn_str_trim(tn_str_cut(list, ',', &list));
        if (i == index) return parse(text, out);
    }
    return false;
}

bool tn_stun_is_list(tern_str servers)
{
    struct server server;
    size_t count = 0;

    for (tern_str rest = servers; rest.len > 0; count++) {
        tern_str text = tn_str_trim(tn_str_cut(rest, ',', &rest));
        if (count == TN_STUN_SERVERS_MAX || !parse(text, &server)) return false;
    }
    return true;
}

/* ---- asking ---- */

/* @return 0, 1: being looked up, TERN_ENOTFOUND */
static int locate(struct tn_stun_client *c, const struct server *server, tern_addr *out)
{
    static const uint16_t types[] = {TERN_DNS_A, TERN_DNS_AAAA};
    const struct tn_answer *answer;
    tern_addr source;
    int result = TERN_ENOTFOUND;

    if (tern_addr_parse(server->host, out) == 0) {
        out->port = server->port;
        return tern_network_source(&c->net->network, *out, &source) == 0 ? 0 : TERN_ENOTFOUND;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        int err = tn_dns_ask(c->net, server->host, types[i], c->net->ctx->now, &answer);
        if (err == 1) result = 1;
        for (size_t k = 0; err == 0 && k < answer->count; k++) {
            *out = answer->records[k].addr;
            out->port = server->port;
            if (tern_network_source(&c->net->network, *out, &source) == 0) return 0;
        }
    }
    return result;
}

static void transmit(const struct tn_stun_client *c)
{
    char space[REQUEST_MAX];
    struct tn_buf buf;
    tern_str text;

    tn_buf_fixed(&buf, space, sizeof(space));
    tn_stun_print_binding(&buf, c->id);
    if (tn_buf_end(&buf, &text) != 0) return;
    struct tern_output out = {.type = TERN_OUT_DATAGRAM,
                              .id = c->socket,
                              .local = c->local,
                              .remote = c->remote,
                              .data = text,
                              .media = true};
    tn_output(c->net->ctx, &out);
}

/* @return false: this server will not do */
static bool try_server(struct tn_stun_client *c, const struct server *server)
{
    tern_addr remote, local;
    int err = c->rounds < ROUNDS ? locate(c, server, &remote) : TERN_ENOTFOUND;

    if (err < 0) return false;
    if (err == 0 && tern_network_source(&c->net->network, remote, &local) != 0) return false;
    if (err == 0) {
        local.port = c->port;
        bool same = tern_addr_equal(c->remote, remote) && tern_addr_equal(c->local, local);
        if (!same) tn_random_bytes(&c->net->ctx->random, c->id, sizeof(c->id));
        c->remote = remote;
        c->local = local;
        transmit(c);
    }
    tn_timer_arm(c->net->ctx, &c->timer, RTO << c->rounds++);
    return true;
}

static void go_on(struct tn_stun_client *c)
{
    struct server server;

    while (server_at(c->servers, c->server, &server)) {
        if (try_server(c, &server)) return;
        c->server++;
        c->rounds = 0;
    }
    c->asking = false;
}

static void fired(struct tn_timer *timer)
{
    go_on(TN_OWNER(timer, struct tn_stun_client, timer));
}

void tn_stun_client_ask(struct tn_stun_client *c)
{
    if (c->socket == 0) return;
    if (c->asking && tern_network_find(&c->net->network, c->local) != NULL) return;
    c->asking = true;
    c->server = 0;
    c->rounds = 0;
    c->local = c->remote = (tern_addr){0};
    go_on(c);
}

void tn_stun_client_start(struct tn_stun_client *c, const struct tn_stun_client_opts *opts)
{
    *c = (struct tn_stun_client){.net = opts->net,
                                 .servers = opts->servers,
                                 .owner = opts->owner,
                                 .socket = opts->socket,
                                 .port = opts->port};
    tn_timer_init(&c->timer, 0, fired);
    tn_stun_client_ask(c);
}

void tn_stun_client_stop(struct tn_stun_client *c)
{
    if (c->socket == 0) return;
    tn_timer_cancel(c->net->ctx, &c->timer);
    *c = (struct tn_stun_client){0};
}

/* ---- the answer ---- */

static bool is_answer(const struct tn_stun_client *c, const struct tern_datagram *datagram,
                      struct tn_stun *msg)
{
    tern_str text = {datagram->data, datagram->len};
    uint16_t unknown;

    if (!c->asking || c->local.family == TERN_FAMILY_NONE) return false;
    if (!tern_addr_equal(datagram->remote, c->remote)) return false;
    if (!tern_addr_same_host(datagram->local, c->local)) return false;
    if (tn_stun_parse(text, msg) != 0 || msg->method != TN_STUN_BINDING) return false;
    if (msg->kind != TN_STUN_SUCCESS && msg->kind != TN_STUN_ERROR) return false;
    return memcmp(msg->id, c->id, sizeof(c->id)) == 0 && tn_stun_unknown(msg, &unknown, 1) == 0;
}

static void learn(struct tn_stun_client *c, tern_addr mapped)
{
    bool same = tern_addr_equal(c->mapped, mapped) && tern_addr_equal(c->mapped_local, c->local);

    c->asking = false;
    tn_timer_cancel(c->net->ctx, &c->timer);
    c->mapped = mapped;
    c->mapped_local = c->local;
    if (!same) tn_emit(c->net->ctx, (struct tn_effect){.kind = TN_EFFECT_STUN, .owner = c->owner});
}

bool tn_stun_client_receive(struct tn_stun_client *c, const struct tern_datagram *datagram)
{
    struct tn_stun msg;
    tern_addr mapped;

    if (c->socket == 0 || datagram->socket != c->socket) return false;
    if (!tn_stun_is_message((tern_str){datagram->data, datagram->len})) return false;
    if (!is_answer(c, datagram, &msg)) return false;
    bool told = tn_stun_address(&msg, TN_STUN_XOR_MAPPED_ADDRESS, &mapped) == 0 ||
                tn_stun_address(&msg, TN_STUN_MAPPED_ADDRESS, &mapped) == 0;
    if (msg.kind == TN_STUN_SUCCESS && told && mapped.port != 0 &&
        mapped.family == c->local.family) {
        mapped.scope = 0;
        learn(c, mapped);
        return true;
    }
    c->server++; /* it answers, and does not help */
    c->rounds = 0;
    c->local = c->remote = (tern_addr){0};
    go_on(c);
    return true;
}

bool tn_stun_client_mapped(const struct tn_stun_client *c, tern_addr local, tern_addr *out)
{
    if (c->mapped.family == TERN_FAMILY_NONE) return false;
    if (!tern_addr_same_host(c->mapped_local, local)) return false;
    *out = c->mapped;
    return true;
}

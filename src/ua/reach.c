/* SPDX-License-Identifier: MIT */
#include "ua/reach.h"

#include "base/str.h"
#include "dialog/routes.h"

enum { SIP_PORT = 5060 };

static bool has_source(const struct tn_account *account, tern_addr remote)
{
    tern_addr source;
    return tern_network_source(&account->ep->network, remote, &source) == 0;
}

static tern_str server_of(const struct tn_account *account)
{
    tern_str proxy = tn_text_view(&account->proxy);
    return proxy.len > 0 ? proxy : tn_text_view(&account->registrar);
}

/* A name, which may have an address of the other family. */
static bool has_named_server(const struct tn_account *account)
{
    struct tn_uri uri;
    tern_str host;
    tern_addr literal;
    if (tn_uri_parse(server_of(account), &uri) != 0) return false;
    host = uri.host;
    (void)tn_uri_param(&uri, TERN_STR("maddr"), &host);
    return tern_addr_parse(host, &literal) != 0;
}

/* Anywhere: it is only asked from which address one gets there (RFC 5737, RFC 3849). */
static const tern_addr stand_ins[] = {
    {.family = TERN_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1}},
    {.family = TERN_FAMILY_IPV4, .ip = {203, 0, 113, 1}},
};

tern_addr tn_reach_source(const struct tern_network *network, uint8_t family)
{
    tern_addr source = {0};
    for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
        if (stand_ins[i].family != family) continue;
        if (tern_network_source(network, stand_ins[i], &source) != 0) return (tern_addr){0};
    }
    return source.family == family ? source : (tern_addr){0}; /* else it is a NAT64's doing */
}

tern_addr tn_reach(const struct tn_account *account, tern_addr remote)
{
    if (remote.family == TERN_FAMILY_NONE || account == NULL) return remote;
    if (has_source(account, remote) || !has_named_server(account)) return remote;
    for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
        if (stand_ins[i].family == remote.family) continue;
        if (has_source(account, stand_ins[i])) return stand_ins[i];
    }
    return remote;
}

bool tn_reaches(const struct tn_account *account, tern_addr remote)
{
    return has_source(account, tn_reach(account, remote));
}

tern_str tn_reach_server_uri(const struct tn_account *account)
{
    tern_str route = tn_text_view(&account->service_route), uri;
    if (account->proxy.len == 0 && tn_routes_first(route, &uri)) return uri;
    return server_of(account);
}

tern_addr tn_reach_server(const struct tn_account *account)
{
    struct tn_uri uri;
    tern_addr literal, known = tn_account_reg_view(account)->server;
    tern_str server = tn_reach_server_uri(account);
    if (server.len == 0 || tn_uri_parse(server, &uri) != 0) return (tern_addr){0};
    if (known.family != TERN_FAMILY_NONE && account->service_route.len == 0) return known;
    if (tern_addr_parse(uri.host, &literal) != 0) {
        return known.family != TERN_FAMILY_NONE ? known : stand_ins[1];
    }
    literal.port = uri.port ? uri.port : SIP_PORT;
    return literal;
}

void tn_reach_by_server(const struct tn_account *account, struct tn_request_opts *opts)
{
    tern_addr hop;
    if (account == NULL) return;
    if (!tn_request_literal_hop(opts, &hop) || has_source(account, hop)) return;
    if (has_named_server(account)) opts->next_hop = server_of(account);
}

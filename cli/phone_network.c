/* SPDX-License-Identifier: MIT */
/* The network as the phone sees it: addresses, routes, which links are used, and why. */
#include <string.h>

#include "links.h"
#include "phone.h"

#define CELL "\x1f" /* between the cells of a row */

static const char *flags_text(unsigned flags, char out[64])
{
    snprintf(out, 64, "%s%s%s%s", flags & TERN_NET_TENTATIVE ? "tentative " : "",
             flags & TERN_NET_DEPRECATED ? "deprecated " : "",
             flags & TERN_NET_TEMPORARY ? "temporary " : "",
             flags & TERN_NET_METERED ? "metered " : "");
    return out;
}

static const char *prefix_text(tern_addr addr, unsigned bits, char out[TERN_ADDR_TEXT_MAX + 8])
{
    char text[TERN_ADDR_TEXT_MAX];

    addr.port = 0;
    snprintf(out, TERN_ADDR_TEXT_MAX + 8, "%s/%u", tern_addr_print(addr, text), bits);
    return out;
}

static const char *interface_name(const struct tern_network *network, uint32_t interface)
{
    for (uint32_t i = 0; i < network->address_count; i++) {
        if (network->addresses[i].interface == interface) return network->addresses[i].name;
    }
    return "?";
}

/* ---- which link is used ---- */

/* Where the way leads out, of each family; NULL: nowhere (RFC 5737, RFC 3849: documentation). */
struct way {
    const struct tern_net_address *chosen, *routed; /* as the policy has it, as routing has it */
};

static const struct tern_net_address *way_out(const struct tern_network *network, uint8_t family)
{
    static const tern_addr anywhere[] = {
        {.family = TERN_FAMILY_IPV4, .ip = {203, 0, 113, 1}},
        {.family = TERN_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1}},
    };
    tern_addr source;
    int err = tern_network_source(network, anywhere[family == TERN_FAMILY_IPV6], &source);

    return err < 0 || source.family != family ? NULL : tern_network_find(network, source);
}

static struct way find_way(struct phone *phone, uint8_t family)
{
    return (struct way){way_out(tern_get_network(phone->ep), family),
                        way_out(tern_get_system_network(phone->ep), family)};
}

static void json_way(struct phone *phone, struct json *json, uint8_t family)
{
    struct way way = find_way(phone, family);
    bool v4 = family == TERN_FAMILY_IPV4;

    if (way.chosen) json_text(json, v4 ? "ipv4_by" : "ipv6_by", way.chosen->name);
    if (way.routed) json_text(json, v4 ? "ipv4_routed_by" : "ipv6_routed_by", way.routed->name);
}

static void json_ways(struct phone *phone, struct json *json)
{
    char text[LINKS_TEXT_CAP];

    json_text(json, "links", links_print(tern_get_link_policy(phone->ep), text));
    json_way(phone, json, TERN_FAMILY_IPV4);
    json_way(phone, json, TERN_FAMILY_IPV6);
}

static void say_way(struct phone *phone, uint8_t family)
{
    struct way way = find_way(phone, family);
    const char *name = family == TERN_FAMILY_IPV4 ? "IPv4" : "IPv6";

    if (!way.routed && !way.chosen) return;
    if (!way.chosen) {
        phone_answer(phone, "No %s: %.15s may not be used.", name, way.routed->name);
    } else if (way.routed && way.chosen->interface == way.routed->interface) {
        phone_answer(phone, "%s goes by %.15s.", name, way.chosen->name);
    } else {
        phone_answer(phone, "%s goes by %.15s; routing alone would take %.15s.", name,
                     way.chosen->name, way.routed ? way.routed->name : "none");
    }
}

static void say_ways(struct phone *phone)
{
    char text[LINKS_TEXT_CAP];

    phone_answer(phone, "Links: %s.", links_print(tern_get_link_policy(phone->ep), text));
    say_way(phone, TERN_FAMILY_IPV4);
    say_way(phone, TERN_FAMILY_IPV6);
}

void phone_show_links(struct phone *phone)
{
    struct json json;

    if (phone_json(phone, "links", &json)) {
        json_ways(phone, &json);
        json_close(&json);
    }
    say_ways(phone);
}

/* ---- all there is ---- */

/* Where a policy says nothing of order, there is none. */
static const char *rank_text(struct phone *phone, const struct tern_net_address *a, char out[16])
{
    const struct tern_link_policy *policy = tern_get_link_policy(phone->ep);
    bool ordered = policy->order_count > 0 || policy->metered == TERN_METERED_AVOID;
    int rank = tern_link_rank(policy, a);

    if (a->kind == TERN_LINK_LOOPBACK) return "";
    if (rank < 0) return "never";
    snprintf(out, 16, "%d", rank + 1);
    return ordered ? out : "";
}

static void json_address(struct phone *phone, struct json *json, const struct tern_net_address *a)
{
    char text[TERN_ADDR_TEXT_MAX + 8];
    int rank = tern_link_rank(tern_get_link_policy(phone->ep), a);

    json_open_item(json);
    json_text(json, "address", prefix_text(a->addr, a->prefix_len, text));
    json_text(json, "interface", a->name);
    json_text(json, "kind", tern_link_kind_name((enum tern_link_kind)a->kind));
    json_int(json, "preference", a->preference);
    json_bool(json, "tentative", a->flags & TERN_NET_TENTATIVE);
    json_bool(json, "deprecated", a->flags & TERN_NET_DEPRECATED);
    json_bool(json, "metered", a->flags & TERN_NET_METERED);
    json_bool(json, "allowed", rank >= 0);
    if (rank >= 0) json_int(json, "rank", rank);
    json_close_in(json);
}

static void json_network(struct phone *phone, const struct tern_network *network)
{
    char text[TERN_ADDR_TEXT_MAX + 8];
    struct json json;

    if (!phone_json(phone, "network_list", &json)) return;
    json_open_list(&json, "addresses");
    for (uint32_t i = 0; i < network->address_count; i++)
        json_address(phone, &json, &network->addresses[i]);
    json_close_list(&json);
    json_open_list(&json, "routes");
    for (uint32_t i = 0; i < network->route_count; i++) {
        const struct tern_net_route *r = &network->routes[i];
        json_open_item(&json);
        json_text(&json, "destination", prefix_text(r->destination, r->prefix_len, text));
        json_text(&json, "interface", interface_name(network, r->interface));
        json_int(&json, "metric", r->metric);
        json_close_in(&json);
    }
    json_close_list(&json);
    json_ways(phone, &json);
    json_close(&json);
}

void phone_show_network(struct phone *phone)
{
    const struct tern_network *network = tern_get_system_network(phone->ep);
    struct table *table = phone_new_table("ADDRESS|INTERFACE|KIND|>ORDER|>PREFERENCE|FLAGS");
    char text[TERN_ADDR_TEXT_MAX + 8], flags[64], rank[16];

    json_network(phone, network);
    if (table == NULL) return;
    for (uint32_t i = 0; i < network->address_count; i++) {
        const struct tern_net_address *a = &network->addresses[i];
        table_row(table, "%s" CELL "%.15s" CELL "%s" CELL "%s" CELL "%d" CELL "%s",
                  prefix_text(a->addr, a->prefix_len, text), a->name,
                  tern_link_kind_name((enum tern_link_kind)a->kind), rank_text(phone, a, rank),
                  a->preference, flags_text(a->flags, flags));
    }
    if (table->rows == 1) phone_answer(phone, "There is no network.");
    phone_show_table(phone, table);
    table = phone_new_table("ROUTE|INTERFACE|>METRIC");
    if (table == NULL) return;
    for (uint32_t i = 0; i < network->route_count; i++) {
        const struct tern_net_route *r = &network->routes[i];
        table_row(table, "%s" CELL "%.15s" CELL "%u",
                  prefix_text(r->destination, r->prefix_len, text),
                  interface_name(network, r->interface), r->metric);
    }
    phone_show_table(phone, table);
    say_ways(phone);
}

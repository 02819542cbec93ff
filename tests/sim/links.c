/* SPDX-License-Identifier: MIT */
/*
 * Policies of links (tern/links.h): a phone says which nets it likes, in mid-life. Nets 1 and 2 are Wi-Fi,
 * 3 and 4 cellular and metered, 5 and 6 Ethernet.
 */
#include "life.h"

uint8_t links_kind(int32_t net)
{
    if (net >= 5) return TERN_LINK_ETHERNET;
    return net >= 3 ? TERN_LINK_CELLULAR : TERN_LINK_WIFI;
}

const struct tern_network *links_network(const struct life *life, struct phone *phone)
{
    const struct tern_network *given = tern_sim_network(life->sim, phone->host);
    if (!phone->choosy) return given;
    tern_link_policy_apply(&phone->links, given, &phone->allowed);
    return &phone->allowed;
}

/* 23: first what is of kind 2, then what is of kind 3. */
static uint8_t read_kinds(int32_t digits, struct tern_link_match *list)
{
    uint8_t count = 0;
    for (int32_t unit = 10000; unit > 0; unit /= 10) {
        int32_t kind = digits / unit % 10;
        if (kind > 0 && kind < TERN_LINK_LOOPBACK) list[count++].kind = (uint8_t)kind;
    }
    return count;
}

void links_read(struct phone *phone, const int32_t arg[3])
{
    struct tern_link_policy *p = &phone->links;
    tern_link_policy_init(p);
    p->order_count = read_kinds(arg[0] < 0 ? -arg[0] : arg[0], p->order);
    p->never_count = read_kinds(arg[1], p->never);
    p->only_listed = arg[0] < 0;
    p->metered = (uint8_t)(arg[2] < 0 || arg[2] > TERN_METERED_NEVER ? 0 : arg[2]);
    phone->choosy = true;
}

void links_tell(struct life *life, struct phone *phone)
{
    if (phone->ep == NULL) return;
    dns_before(life, phone);
    if (tern_set_link_policy(phone->ep, tern_sim_now(life->sim), &phone->links) != 0)
        fail(life, "api", "links");
}

/* ---- what must be true in peace ---- */

/* Of what it may use in that family, and that leads everywhere. */
static int best_rank(struct life *life, struct phone *phone, uint8_t family)
{
    const struct tern_network *network = links_network(life, phone);
    int best = 999;
    for (uint32_t i = 0; i < network->address_count; i++) {
        const struct tern_net_address *a = &network->addresses[i];
        int rank = tern_link_rank(&phone->links, a);
        bool good = !(a->flags & (TERN_NET_TENTATIVE | TERN_NET_DEPRECATED));
        if (good && a->addr.family == family && rank < best) best = rank;
    }
    return best;
}

static void check_place(struct life *life, struct phone *phone, tern_addr local, const char *what)
{
    const struct tern_net_address *a = tern_network_find(links_network(life, phone), local);
    char text[TERN_ADDR_TEXT_MAX];
    if (local.family == TERN_FAMILY_NONE || !a || a->kind == TERN_LINK_VPN) return;
    if (tern_link_rank(&phone->links, a) <= best_rank(life, phone, local.family)) return;
    local.port = 0;
    fail(life, "links", "%s: %s from %s, and a link that it likes better is there",
         host_name(phone->host), what, tern_addr_print(local, text));
}

void links_check(struct life *life, struct phone *phone)
{
    struct tern_account_info account;
    struct tern_call_info info;
    tern_call call = {0};
    if (!phone->choosy || phone->ep == NULL || phone->stopping || phone->vpn) return;
    if (phone->wants_binding && tern_account_get_info(phone->ep, phone->account, &account) == 0 &&
        account.state == TERN_REGISTRATION_REGISTERED)
        check_place(life, phone, account.local, "registered");
    while ((call = tern_call_next(phone->ep, call)).id != 0) {
        if (tern_call_get_info(phone->ep, call, &info) != 0) continue;
        if (info.state == TERN_CALL_ACTIVE && !info.held_here && !info.held_there)
            check_place(life, phone, info.local_media, "a call");
    }
}

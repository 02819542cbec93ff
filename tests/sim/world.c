/* SPDX-License-Identifier: MIT */
/* All but the phones: nets, names, and the server. */
#include <string.h>

#include "life.h"

#define NOBODY 99 /* no host is on that net */
#define LIE_S  5  /* a wrong answer is good for so long: it is asked for again before peace ends */
#define INSIDE 10 /* last part of the address that the VPN's name servers know */

/* ---- nets ---- */

static bool is_behind_router(const struct life *life, uint32_t net)
{
    int32_t router = life->plan->set[SET_router];
    return net <= PHONE_NETS && (router == 2 || (router == 1 && net <= 3));
}

/* From a phone to the server it is `delay`, with a router on the way or without. */
static void path_of(const struct life *life, uint32_t net, struct tern_sim_path *path)
{
    const int32_t *set = life->plan->set;
    bool half = net == ROUTER_NET || net == VPN_NET || is_behind_router(life, net);
    *path = (struct tern_sim_path){.delay = TERN_MS(set[SET_delay]) / (half ? 4 : 2)};
    if (net == VPN_NET) path->mtu = 1400;
    if (net > PHONE_NETS) return;
    if (net >= 3) path->black_hole = (uint8_t)set[SET_black_hole];
    if (set[SET_private]) path->site = net <= (uint32_t)set[SET_private] ? 1 : 2;
    path->jitter = TERN_MS(set[SET_jitter]);
    path->loss = (uint32_t)set[SET_loss] * 1000;
    path->burst = (uint32_t)set[SET_burst] * 1000;
    path->burst_length = TERN_MS(200);
    path->duplicate = (uint32_t)set[SET_duplicate] * 1000;
    path->reorder = (uint32_t)set[SET_reorder] * 1000;
    path->rate_bps = (uint32_t)set[SET_rate] * 1000;
}

static void set_nat64(struct life *life, uint32_t net)
{
    struct tern_sim_nat nat = {
        .mapping = TERN_SIM_NAT_ENDPOINT_INDEPENDENT,
        .filtering = TERN_SIM_NAT_ADDRESS_DEPENDENT,
        .outside = {.family = TERN_FAMILY_IPV4, .ip = {100, 64, (uint8_t)net, 64}},
        .nat64 = {.family = TERN_FAMILY_IPV6, .ip = {0x20, 0x01, 0x0d, 0xb8, 0x64, (uint8_t)net}},
    };
    tern_sim_net_nat(life->sim, net, &nat);
}

static bool begin_nets(struct life *life)
{
    uint32_t split = (uint32_t)life->plan->set[SET_split] * TERN_SIM_MILLION / 100, number;
    struct tern_sim_tcp tcp = {.cut = split, .partial = split, .join = split};
    tern_sim_tcp_set(life->sim, &tcp);
    for (uint32_t net = 1; net <= NETS; net++) {
        struct tern_sim_path path;
        path_of(life, net, &path);
        if (tern_sim_net_add(life->sim, &path, &number) != 0) return false;
    }
    for (uint32_t net = 1; net <= PHONE_NETS; net++) {
        if (place_families(life->plan, (int32_t)net) == 8) set_nat64(life, net);
        if (is_behind_router(life, net) && tern_sim_net_behind(life->sim, net, ROUTER_NET) != 0)
            return false;
    }
    return true;
}

static void set_nat(struct life *life, const struct step *step)
{
    uint8_t net = (uint8_t)step->arg[0];
    struct tern_sim_nat nat = {
        .mapping = (enum tern_sim_nat_kind)step->arg[1],
        .filtering = (enum tern_sim_nat_kind)step->arg[2],
        .outside = {.family = TERN_FAMILY_IPV4, .ip = {100, 64, net, 1}},
        .no_hairpin = step->arg[3] & 1,
        .udp_timeout = step->arg[3] & 4 ? TERN_SECONDS(30) : 0,
    };
    if (step->arg[3] & 2)
        nat.outside6 = (tern_addr){.family = TERN_FAMILY_IPV6,
                                   .ip = {0x20, 0x01, 0x0d, 0xb8, 0x64, net, [15] = 1}};
    tern_sim_net_nat(life->sim, net, &nat);
}

static void set_net(struct life *life, const struct step *step)
{
    int32_t net = step->arg[0];
    if (net < 1 || net > NETS) return;
    struct tern_sim_path path = tern_sim_net_get(life->sim, (uint32_t)net);
    if (step->verb == DO_nat || step->verb == DO_rebind) {
        excuse_early(life, EXCUSE_NAT);
        life->registrar_refused = true; /* a connection that the NAT has forgotten */
        life->natted = true;
    }
    if (step->verb == DO_nat) {
        set_nat(life, step);
        life->nats |= 1u << net;
        if (step->arg[1] > 1) life->fickle = true;
        for (int i = 0; i < PHONES; i++)
            place_see_nat(life, &life->phones[i]);
    }
    for (int i = 0; (step->verb == DO_nat || step->verb == DO_rebind) && i < PHONES; i++) {
        if (life->phones[i].natted) act_remap(life, &life->phones[i]);
    }
    if (step->verb == DO_rebind) tern_sim_net_rebind(life->sim, (uint32_t)net);
    if (step->verb == DO_down) path.down = step->arg[1] != 0;
    if (step->verb == DO_captive) path.captive = step->arg[1] != 0;
    if (step->verb == DO_loss) path.loss = (uint32_t)step->arg[1] * 1000;
    if (step->verb == DO_mtu) path.mtu = (uint32_t)step->arg[1];
    tern_sim_net_set(life->sim, (uint32_t)net, &path);
}

/* ---- the server's addresses, and its name ---- */

static tern_addr server_addr(int family, uint8_t net, uint8_t last)
{
    if (family == TERN_FAMILY_IPV4)
        return (tern_addr){.family = TERN_FAMILY_IPV4, .ip = {10, net, 0, last}};
    return (tern_addr){.family = TERN_FAMILY_IPV6,
                       .ip = {0x20, 0x01, 0x0d, 0xb8, 0, net, [15] = last}};
}

/* A record in one view of the world, and the address to it. */
static bool add_name(struct life *life, int family, uint32_t view, uint8_t last)
{
    bool wrong = life->wrong_names && view == 0;
    struct tern_dns_record record = {
        .type = family == TERN_FAMILY_IPV4 ? TERN_DNS_A : TERN_DNS_AAAA,
        .ttl_s = wrong ? LIE_S : (uint32_t)life->plan->set[SET_ttl],
        .addr = server_addr(family, wrong ? NOBODY : SERVER_NET, last)};
    struct tern_net_address address = {.addr = server_addr(family, SERVER_NET, last),
                                       .prefix_len = family == TERN_FAMILY_IPV4 ? 24 : 64,
                                       .preference = 10,
                                       .kind = TERN_LINK_ETHERNET};
    return tern_sim_dns_add_in(life->sim, view, TERN_STR("example.com"), &record) == 0 &&
           tern_sim_plug(life->sim, SERVER_HOST, SERVER_NET, &address) == 0;
}

static bool add_record(struct life *life, tern_str name, struct tern_dns_record record)
{
    record.ttl_s = (uint32_t)life->plan->set[SET_ttl];
    return tern_sim_dns_add(life->sim, name, &record) == 0;
}

/* RFC 3263 4.1, 4.2 */
static bool add_services(struct life *life)
{
    struct tern_dns_record naptr = {.type = TERN_DNS_NAPTR, .flags = TERN_STR("s")};
    struct tern_dns_record srv = {
        .type = TERN_DNS_SRV, .priority = 10, .target = TERN_STR("example.com")};
    struct tern_dns_record udp = naptr, tls = naptr;
    udp.priority = 1;
    udp.service = TERN_STR("SIP+D2U");
    udp.target = TERN_STR("u.example.com");
    tls.priority = 2;
    tls.service = TERN_STR("SIPS+D2T");
    tls.target = TERN_STR("t.example.com");
    if (!add_record(life, srv.target, udp) || !add_record(life, srv.target, tls)) return false;
    srv.port = 5060;
    if (!add_record(life, udp.target, srv)) return false;
    if (!add_record(life, TERN_STR("_sip._tcp.example.com"), srv)) return false;
    srv.port = 5061;
    return add_record(life, tls.target, srv);
}

static bool set_names(struct life *life)
{
    static const int families[] = {TERN_FAMILY_IPV4, TERN_FAMILY_IPV6};
    int32_t wanted = life->plan->set[SET_family];
    tern_sim_dns_clear(life->sim);
    if (life->plan->set[SET_names] == 2 && !add_services(life)) return false;
    for (int i = 0; i < 2; i++) {
        if (wanted != 46 && wanted != families[i]) continue;
        if (!add_name(life, families[i], 0, life->server_at)) return false;
        if (life->plan->set[SET_inside] && !add_name(life, families[i], VPN_NET, INSIDE))
            return false;
    }
    return true;
}

bool world_begin(struct life *life)
{
    life->server_at = 9;
    return begin_nets(life) && set_names(life);
}

/*
 * To another address; the record follows. It stays to be reached by the old one as well, which calls
 * have in their routes for good, and phones in their memory for the TTL.
 */
static void move_server(struct life *life, int32_t to)
{
    if (!life->plan->set[SET_names]) return;
    if (life->plan->set[SET_lone]) tern_sim_unplug(life->sim, SERVER_HOST, (tern_addr){0});
    life->server_at = (uint8_t)(9 + 16 * (to % 15));
    if (!set_names(life)) fail(life, "memory", "names");
    tern_sim_notice(life->sim, SERVER_HOST);
}

static void set_dns(struct life *life, int32_t how)
{
    bool wrong = how == -3;
    tern_time delay = how >= 0 ? TERN_MS(how) : how == -1 ? TERN_TIME_NEVER : TERN_MS(10);
    tern_sim_dns_set(life->sim, delay, how == -2);
    if (wrong == life->wrong_names) return;
    life->wrong_names = wrong;
    life->registrar_refused = true; /* who was told a wrong address believes it for the TTL */
    if (wrong && life->plan->set[SET_order]) { /* calls that wait for the registration wait on */
        excuse_all(life, EXCUSE_REFUSED);
        life->excuses |= 1u << EXCUSE_REFUSED;
    }
    if (!set_names(life)) fail(life, "memory", "names");
}

/* ---- the server ---- */

bool world_refuses(const struct life *life)
{
    int32_t status = life->register_fault;
    return status >= 400 && status < 500 && status != 408 && status != 480;
}

static void set_register_fault(struct life *life, int32_t status)
{
    tern_time now = tern_sim_now(life->sim);
    life->register_fault = status;
    if (status >= 0) life->registrar_refused = true;
    for (int i = 0; i < PHONES; i++) {
        struct phone *phone = &life->phones[i];
        bool leaving = phone->left && now - phone->left < TERN_SECONDS(40);
        if (leaving && world_refuses(life)) phone->denied = true;
    }
}

static void set_fault(struct life *life, int32_t method, int32_t status)
{
    static const char *const methods[] = {"REGISTER", "INVITE", "UPDATE", "BYE"};
    if (method < 0 || method > 3 || life->server == NULL) return;
    if (method == 0) set_register_fault(life, status);
    if (method > 0 && status > 0 && status < 500) excuse_all(life, EXCUSE_REFUSED);
    if (method > 0 && status > 0 && status < 500) life->excuses |= 1u << EXCUSE_REFUSED;
    tern_str name = {methods[method], strlen(methods[method])};
    if (tern_server_set_fault(life->server, name, status) != 0) fail(life, "api", "fault");
}

void world_act(struct life *life, const struct step *step)
{
    if (step->verb == DO_fault) set_fault(life, step->arg[0], step->arg[1]);
    if (step->verb == DO_restart && !life_restart_server(life)) fail(life, "memory", "restart");
    if (step->verb == DO_refuse) life->registrar_refused = true;
    if (step->verb == DO_refuse) tern_sim_refuse(life->sim, SERVER_HOST, step->arg[0] != 0);
    if (step->verb == DO_dns) set_dns(life, step->arg[0]);
    if (step->verb == DO_path && step->who == SERVER) move_server(life, step->arg[0]);
    if (step->who == WORLD) set_net(life, step);
}

void world_calm(struct life *life)
{
    for (uint32_t net = 1; net <= NETS; net++) {
        struct tern_sim_path path;
        path_of(life, net, &path);
        path.loss = path.burst = path.duplicate = path.reorder = 0;
        path.rate_bps = 0;
        tern_sim_net_set(life->sim, net, &path);
    }
    tern_sim_refuse(life->sim, SERVER_HOST, false);
    set_dns(life, -4);
    for (int32_t method = 0; method < 4; method++)
        set_fault(life, method, -1);
}

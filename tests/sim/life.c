/* SPDX-License-Identifier: MIT */
/* From the first light of a world to its end. */
#include "life.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- bookkeeping ---- */

void fail(struct life *life, const char *invariant, const char *format, ...)
{
    va_list args;
    if (life->failed || memory_excuses(life, invariant)) return;
    life->failed = true;
    life->failed_at = life->sim ? tern_sim_now(life->sim) - life->start : 0;
    snprintf(life->invariant, sizeof(life->invariant), "%s", invariant);
    va_start(args, format);
    vsnprintf(life->detail, sizeof(life->detail), format, args);
    va_end(args);
    trace(life, "###### %s: %s", invariant, life->detail);
}

void trace(struct life *life, const char *format, ...)
{
    va_list args;
    if (life->trace == NULL) return;
    fprintf(life->trace, "%10.3f ", (double)(tern_sim_now(life->sim) - life->start) / 1000);
    va_start(args, format);
    vfprintf(life->trace, format, args);
    va_end(args);
    fputc('\n', life->trace);
}

uint64_t hash_of(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

void mix(struct life *life, const void *data, size_t len)
{
    tern_time now = tern_sim_now(life->sim);
    life->hash = (life->hash ^ hash_of(data, len) ^ (uint64_t)now) * 0x9e3779b97f4a7c15u;
}

const char *host_name(uint32_t host)
{
    static const char *const names[] = {"nobody", "alice", "bob", "carol", "server"};
    return names[host <= SERVER_HOST ? host : 0];
}

const char *phone_name(int who)
{
    return host_name((uint32_t)who + 1);
}

/* ---- birth ---- */

/* The registrar is one (RFC 5626 8); nobody is at the other address. */
static tern_str stun_servers(const struct life *life)
{
    static const char *const lists[][2] = {
        {"", ""},
        {"10.7.0.9:5060", "10.7.0.9:5060, [2001:db8:0:7::9]:5060"},
        {"10.7.0.99:5060", "10.7.0.99, nowhere.example.com"},
        {"10.7.0.99:5060, 10.7.0.9:5060", "10.7.0.99, [2001:db8:0:7::9]:5060"},
    };
    const char *list = lists[life->plan->set[SET_stun]][life->plan->set[SET_family] != 4];
    return (tern_str){list, strlen(list)};
}

struct tern_endpoint *life_endpoint(struct life *life, uint32_t host)
{
    struct tern_endpoint_opts opts;
    struct tern_endpoint *ep;
    tern_endpoint_opts_init(&opts);
    opts.allocator = (struct tern_allocator){life, memory_resize};
    for (size_t i = 0; i < sizeof(opts.seed); i++)
        opts.seed[i] = (uint8_t)(tern_sim_random(life->sim, 255) + 1);
    opts.sip_port = 5060;
    if (host != SERVER_HOST) opts.stun_servers = stun_servers(life);
    if (host != SERVER_HOST && life->phones[host - 1].choosy)
        opts.links = &life->phones[host - 1].links;
    opts.info_types = TERN_STR("text/plain");
    secrecy_endpoint(life, host, &opts);
    bool starves = life->starves;
    memory_starve(life, false);
    int err = tern_endpoint_new(&opts, &ep);
    memory_starve(life, starves);
    if (err) return NULL;
    tern_sim_host_endpoint(life->sim, host, ep);
    return ep;
}

static bool start_server(struct life *life)
{
    const int32_t *set = life->plan->set;
    struct tern_server_opts opts;
    life->server = life_endpoint(life, SERVER_HOST);
    tern_server_opts_init(&opts);
    opts.domain = TERN_STR("example.com");
    opts.no_auth = set[SET_no_auth];
    opts.nonce_lifetime_s = (uint32_t)set[SET_nonce];
    opts.no_outbound = set[SET_outbound] == 0;
    opts.no_gruu = set[SET_outbound] < 2;
    opts.forgets_removed = set[SET_forgets] != 0;
    /* The direct way to a phone is not for TLS: phones have no certificates. */
    bool direct = !secrecy_is_wanted(life->plan) || set[SET_private] > 0;
    opts.no_record_route = set[SET_no_record_route] && direct;
    if (life->server == NULL || tern_server_attach(life->server, &opts) != 0) return false;
    for (int who = 0; who < set[SET_phones]; who++) {
        tern_str name = {phone_name(who), strlen(phone_name(who))};
        if (tern_server_add_user(life->server, name, TERN_STR(PASSWORD)) != 0) return false;
    }
    tern_sim_notice(life->sim, SERVER_HOST);
    int err = tern_endpoint_start(life->server, tern_sim_now(life->sim));
    tern_sim_touch(life->sim, SERVER_HOST);
    return err == 0;
}

bool life_restart_server(struct life *life)
{
    struct tern_endpoint *old = life->server;
    /* Bindings are gone until the phones register anew, and transactions for good. */
    excuse_all(life, EXCUSE_REFUSED);
    tern_sim_host_endpoint(life->sim, SERVER_HOST, NULL);
    tern_endpoint_free(old);
    life->registrar_refused = life->forgotten = true;
    life->witness[SERVER_HOST - 1] = (struct witness){0};
    bool starves = life->starves; /* a world without a server shows little */
    memory_starve(life, false);
    bool good = start_server(life);
    memory_starve(life, starves);
    return good;
}

static tern_str registrar(const struct life *life, int32_t transport, char room[64])
{
    static const char *const parameters[] = {"", ";transport=tcp", ";transport=tls"};
    const int32_t *set = life->plan->set;
    const char *host = set[SET_names]         ? "example.com"
                       : set[SET_family] == 6 ? "[2001:db8:7::9]"
                                              : "10.7.0.9";
    bool by_naptr = set[SET_names] == 2 && transport != 1; /* it says nothing of TCP */
    int len = snprintf(room, 64, "sip:%s%s", host, by_naptr ? "" : parameters[transport]);
    return (tern_str){room, (size_t)len};
}

static bool start_phone(struct life *life, int who)
{
    const int32_t *set = life->plan->set;
    struct phone *phone = &life->phones[who];
    struct tern_account_opts opts;
    static const enum tern_transport transports[] = {TERN_TRANSPORT_UDP, TERN_TRANSPORT_TCP,
                                                     TERN_TRANSPORT_TLS};
    char uri[64], room[64];
    tern_time now = tern_sim_now(life->sim);
    phone->ep = life_endpoint(life, phone->host);
    if (phone->ep == NULL) return false;
    life->calm = true; /* no delay for the first notice */
    act_plug(life, phone, who + 1, 0);
    life->calm = false;
    tern_account_opts_init(&opts);
    int32_t transport = set[who == ALICE ? SET_transport : SET_bob_transport];
    int user = who == CAROL && life->plan->set[SET_shared] ? BOB : who;
    int len = snprintf(uri, sizeof(uri), "sip:%s@example.com", phone_name(user));
    opts.uri = (tern_str){uri, (size_t)len};
    opts.password = TERN_STR(PASSWORD);
    opts.registrar = registrar(life, transport, room);
    opts.expires_s = (uint32_t)set[SET_expires];
    opts.session_expires_s = (uint32_t)set[SET_session];
    if (who != ALICE) opts.min_se_s = (uint32_t)set[SET_min_se];
    if (who == ALICE) opts.doubled_send_ms = (uint32_t)set[SET_doubled];
    opts.transport = transports[transport];
    secrecy_account(life, &opts);
    opts.ip_change.use_update = !set[SET_no_update];
    opts.reliable = (uint8_t)set[SET_reliable];
    opts.ip_change.order = (uint8_t)set[SET_order];
    opts.ip_change.contact_flags = (uint8_t)set[SET_contact];
    opts.ip_change.hangup_calls = who == ALICE && set[SET_hangup_calls];
    opts.ip_change.reinvite_flags = (uint32_t)set[SET_reinvite];
    if (tern_endpoint_start(phone->ep, now) != 0 ||
        tern_account_add(phone->ep, now, &opts, &phone->account) != 0)
        return false;
    phone->wants_account = phone->wants_binding = true;
    phone->moved = now - TERN_SECONDS(60);
    crash_begin(life, phone);
    tern_sim_touch(life->sim, phone->host);
    return true;
}

static bool be_born(struct life *life)
{
    struct tern_sim_opts opts;
    uint32_t number;
    tern_sim_opts_init(&opts);
    opts.seed = life->plan->seed;
    opts.user = life;
    opts.on_event = app_event;
    opts.on_wire = wire_check;
    opts.media_wire = true;
    if (tern_sim_new(&opts, &life->sim) != 0) return false;
    life->start = tern_sim_now(life->sim);
    for (uint32_t host = 1; host <= SERVER_HOST; host++) {
        if (tern_sim_host_add(life->sim, &number) != 0) return false;
        if (host > PHONES) continue;
        life->phones[host - 1].host = host;
        life->phones[host - 1].who = (int)host - 1;
    }
    if (life->plan->set[SET_cert]) life->excuses |= 1u << EXCUSE_REFUSED;
    if (!world_begin(life) || !start_server(life)) return false;
    for (int who = 0; who < life->plan->set[SET_phones]; who++) {
        if (!start_phone(life, who)) return false;
    }
    return true;
}

/* ---- life, and peace at its end ---- */

static void run_until(struct life *life, tern_time when)
{
    if (life->failed) return;
    int err = tern_sim_run(life->sim, life->start + when);
    if (err == TERN_ELIMIT) fail(life, "spin", "an endpoint goes round in circles");
    if (err == TERN_ENOMEM) fail(life, "memory", "out of memory");
}

static void talk(struct life *life, bool on)
{
    for (uint32_t i = 1; i <= PHONES; i++)
        tern_sim_talk(life->sim, i, on);
    life->talks = on;
    for (int i = 0; i < PHONES; i++)
        sound_look(life, &life->phones[i]);
}

static void live(struct life *life)
{
    const struct plan *plan = life->plan;
    tern_time last = 0;
    memory_starve(life, true);
    for (size_t i = 0; i < plan->count && !life->failed; i++) {
        last = TERN_MS(plan->steps[i].at_ms);
        run_until(life, last);
        if (plan->steps[i].verb == DO_call) talk(life, true);
        if (!life->failed) act(life, &plan->steps[i]);
    }
    run_until(life, last + TERN_SECONDS(2));
    if (life->failed) return;
    memory_starve(life, false);
    act_calm(life);
    tern_time calm = tern_sim_now(life->sim) - life->start;
    run_until(life, calm + TERN_SECONDS(1));
    talk(life, false);
    run_until(life, calm + TERN_MS(plan->set[SET_settle]));
    talk(life, true);
    if (!life->failed) peace_calls(life);
    talk(life, false);
    if (!life->failed) peace_bindings(life);
    if (!life->failed) peace_rest(life);
}

bool life_run(struct life *life, const struct plan *plan, FILE *out)
{
    memset(life, 0, sizeof(*life));
    life->plan = plan;
    life->trace = out;
    if (be_born(life)) {
        live(life);
    } else {
        fail(life, "memory", "the world could not begin");
    }
    life->trace = NULL;
    for (int i = 0; i < PHONES; i++)
        tern_endpoint_free(life->phones[i].ep);
    tern_endpoint_free(life->server);
    memory_end(life);
    keys_end(life);
    crash_end(life);
    if (life->blocks != 0) fail(life, "leak", "%lld blocks are left", (long long)life->blocks);
    tern_sim_free(life->sim);
    return !life->failed;
}

/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <sys/time.h>

/* The timer of DTLS asks the system for the time: here it is the world's. */
static const struct world *present;

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    tern_time now = present ? present->now : 0;

    (void)tz;
    tv->tv_sec = (time_t)(now / 1000000);
    tv->tv_usec = (suseconds_t)(now % 1000000);
    return 0;
}

/* Something on its way to a host. */
struct flight {
    struct flight *next;
    tern_time due;
    struct host *to;
    enum { DATAGRAM, CONNECTED, REFUSED, ACCEPT, BYTES, CLOSED } kind;
    tern_addr local, remote; /* as the receiver sees them */
    uint32_t id;             /* stream of the receiver */
    struct link *link;
    size_t len;
    char data[];
};

/* A stream between two hosts, or one on its way. */
struct link {
    struct link *next;
    struct host *host[2];
    uint32_t id[2]; /* 0: not known yet, or closed */
    tern_addr addr[2];
};

/* Sockets and listeners of all hosts. */
static struct {
    struct host *host;
    uint32_t id;
    uint16_t port;
    bool tcp;
    tern_addr local;
} ports[512];
static size_t port_count;

/* Sockets that could not be opened: a close may still come for them. */
#define FAILED_MAX 64
static struct failed {
    const struct host *host;
    uint32_t id;
} failed[FAILED_MAX];
static size_t failed_count;
static uint16_t next_port;

static tern_addr addr_of(const char *text)
{
    tern_addr a;
    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &a), 0);
    return a;
}

static bool has_address(const struct host *host, tern_addr addr)
{
    return tern_network_find(&host->network, addr) != NULL;
}

static struct host *host_at(struct world *world, tern_addr addr)
{
    for (size_t i = 0; i < world->host_count; i++) {
        if (has_address(&world->hosts[i], addr)) return &world->hosts[i];
    }
    return NULL;
}

static void fly(struct world *world, struct flight *flight, const void *data, size_t len)
{
    struct flight *copy = malloc(sizeof(*copy) + len);
    *copy = *flight;
    copy->len = len;
    if (len > 0) memcpy(copy->data, data, len);
    copy->due = world->now + world->delay;
    struct flight **at = &world->flights;
    while (*at && (*at)->due <= copy->due)
        at = &(*at)->next;
    copy->next = *at;
    *at = copy;
}

/* ---- what a host's endpoint asks for ---- */

static void refuse_port(struct host *host, const struct tern_output *out)
{
    failed[failed_count++ % FAILED_MAX] = (struct failed){host, out->id};
    tern_socket_failed(host->ep, host->world->now, out->id, TERN_STR("address already in use"));
}

static void open_port(struct host *host, const struct tern_output *out)
{
    bool tcp = out->type == TERN_OUT_LISTEN;
    uint16_t port = out->port ? out->port : next_port++;
    if (tcp && !has_address(host, out->local)) {
        tern_socket_failed(host->ep, host->world->now, out->id, TERN_STR("no such address"));
        return;
    }
    if (host->refuse && host->refuse(host, out)) {
        refuse_port(host, out);
        return;
    }
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host != host || ports[i].port != port || ports[i].tcp != tcp) continue;
        if (tcp && !tern_addr_same_host(ports[i].local, out->local)) continue;
        refuse_port(host, out);
        return;
    }
    CHECK(port_count < sizeof(ports) / sizeof(ports[0]));
    ports[port_count].host = host;
    ports[port_count].id = out->id;
    ports[port_count].port = port;
    ports[port_count].tcp = tcp;
    ports[port_count++].local = out->local;
    tern_socket_opened(host->ep, host->world->now, out->id, port);
}

static void close_port(struct host *host, uint32_t id)
{
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host != host || ports[i].id != id) continue;
        ports[i] = ports[--port_count];
        return;
    }
    for (size_t i = 0; i < FAILED_MAX; i++) {
        if (failed[i].host == host && failed[i].id == id) return;
    }
    bool was_open = false;
    CHECK(was_open);
}

uint32_t world_socket(const struct host *host, uint16_t port, bool listener)
{
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host == host && ports[i].port == port && ports[i].tcp == listener) {
            return ports[i].id;
        }
    }
    return 0;
}

static void send_datagram(struct host *host, const struct tern_output *out)
{
    tern_addr local = out->local;
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host == host && ports[i].id == out->id) local.port = ports[i].port;
    }
    /* What a test asserts all the time: nothing leaves from an address that is not ours. */
    CHECK(has_address(host, out->local));
    struct host *to = host_at(host->world, out->remote);
    if (to == NULL) {
        host->world->sent_to_nobody++;
        return;
    }
    struct flight f = {.to = to, .kind = DATAGRAM, .local = out->remote, .remote = local};
    fly(host->world, &f, out->data.ptr, out->data.len);
}

static uint32_t listener_at(const struct host *host, tern_addr addr)
{
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host == host && ports[i].tcp && ports[i].port == addr.port &&
            tern_addr_same_host(ports[i].local, addr)) {
            return ports[i].id;
        }
    }
    return 0;
}

static void connect_stream(struct host *host, const struct tern_output *out)
{
    struct world *world = host->world;
    struct host *to = host_at(world, out->remote);
    struct link *link = calloc(1, sizeof(*link));
    link->next = world->links;
    world->links = link;
    link->host[0] = host;
    link->id[0] = out->id;
    link->addr[0] = out->local;
    link->addr[0].port = next_port++;
    link->addr[1] = out->remote;
    if (to == NULL) return; /* silence: the connect time-out is the endpoint's */
    struct flight f = {.to = to, .kind = ACCEPT, .link = link};
    if (listener_at(to, out->remote) == 0)
        f = (struct flight){.to = host, .kind = REFUSED, .link = link};
    link->host[1] = to;
    fly(world, &f, NULL, 0);
}

static struct link *link_of(struct host *host, uint32_t id, int *side)
{
    for (struct link *l = host->world->links; l; l = l->next) {
        for (*side = 0; *side < 2; (*side)++) {
            if (l->host[*side] == host && l->id[*side] == id) return l;
        }
    }
    return NULL;
}

static void write_stream(struct host *host, const struct tern_output *out, bool close)
{
    int side;
    struct link *link = link_of(host, out->id, &side);
    if (link == NULL) return;
    struct flight f = {.to = link->host[1 - side], .kind = close ? CLOSED : BYTES, .link = link};
    if (f.to && has_address(host, link->addr[side]))
        fly(host->world, &f, out->data.ptr, out->data.len);
    if (close) link->id[side] = 0;
}

static void carry_out(struct host *host, const struct tern_output *out)
{
    switch (out->type) {
    case TERN_OUT_DATAGRAM: send_datagram(host, out); return;
    case TERN_OUT_UDP_OPEN:
    case TERN_OUT_LISTEN: open_port(host, out); return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN: close_port(host, out->id); return;
    case TERN_OUT_CONNECT: connect_stream(host, out); return;
    case TERN_OUT_WRITE: write_stream(host, out, false); return;
    case TERN_OUT_DISCONNECT: write_stream(host, out, true); return;
    case TERN_OUT_RESOLVE:
        tern_resolved(host->ep, host->world->now, out->id, NULL, 0, false);
        return;
    }
}

/* ---- what a host's application does ---- */

static void log_message(struct host *host, const struct tern_ev_sip_message *ev)
{
    CHECK(host->log_count < LOG_MAX);
    char *line = malloc(ev->summary.len + 8);
    snprintf(line, ev->summary.len + 8, "%c%s %.*s", ev->sent ? '>' : '<',
             ev->retransmission ? "*" : "", (int)ev->summary.len, ev->summary.ptr);
    if (getenv("WORLD_TRACE")) {
        printf("%8.3f %s %s\n%.*s\n", (double)host->world->now / 1e6, host->name, line,
               (int)ev->text.len, ev->text.ptr);
    }
    host->log_time[host->log_count] = host->world->now;
    host->log[host->log_count++] = line;
}

static void take_step(struct host *host, const struct tern_ip_change_progress *step)
{
    CHECK(host->step_count < PROGRESS_MAX);
    struct tern_ip_change_progress *kept = &host->steps[host->step_count++];
    *kept = *step;
    kept->reason = (tern_str){NULL, 0};
    if (step->op != TERN_IP_CHANGE_OP_COMPLETED) return;
    host->completed++;
    host->last_completed = *kept;
}

/* Stale: it has ended before its first event was read. */
static void answer(struct host *host, int status)
{
    int err = tern_call_answer(host->ep, host->world->now, host->call, status);
    CHECK(err == 0 || err == TERN_ESTALE);
}

static void keep_text(char out[128], tern_str text)
{
    snprintf(out, 128, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
}

static void hear(struct host *host, const struct tern_event *ev)
{
    if (host->watch) host->watch(host, ev);
    switch (ev->type) {
    case TERN_EV_LISTENER: host->listeners++; return;
    case TERN_EV_NETWORK: return;
    case TERN_EV_REGISTRATION:
        host->registration = ev->u.registration.state;
        host->registration_status = ev->u.registration.status;
        keep_text(host->registration_reason, ev->u.registration.reason);
        return;
    case TERN_EV_CALL_INCOMING:
        host->incoming++;
        host->call = ev->u.incoming.call;
        if (host->rings_with) answer(host, host->rings_with);
        if (host->auto_answer) answer(host, 200);
        return;
    case TERN_EV_CALL_PROGRESS:
        host->progress++;
        host->progress_status = ev->u.progress.status;
        return;
    case TERN_EV_CALL_ANSWERED: host->answered++; return;
    case TERN_EV_CALL_MEDIA:
        host->media++;
        host->last_media = ev->u.media;
        return;
    case TERN_EV_CALL_DTMF:
        if (host->dtmf < sizeof(host->digits) - 1) host->digits[host->dtmf++] = ev->u.dtmf.digit;
        return;
    case TERN_EV_CALL_ENDED:
        host->ended++;
        host->last_ended = ev->u.ended;
        keep_text(host->ended_reason, ev->u.ended.reason);
        host->last_ended.reason = (tern_str){NULL, 0};
        return;
    case TERN_EV_IP_CHANGE_PROGRESS: take_step(host, &ev->u.ip_change); return;
    case TERN_EV_SIP_MESSAGE: log_message(host, &ev->u.sip); return;
    case TERN_EV_STOPPED: host->stopped++; return;
    case TERN_EV_SECURED:
        host->secured++;
        host->resumed += ev->u.secured.resumed;
        return;
    case TERN_EV_CALL_SILENT:
        if (ev->u.silent.silent) host->silent++;
        if (!ev->u.silent.silent) host->back++;
        return;
    case TERN_EV_CALL_RESPONSE:
    case TERN_EV_CALL_INFO:
    case TERN_EV_RESTORED:
    case TERN_EV_SNAPSHOT_DUE: return; /* for `watch` */
    }
}

static void drain(struct host *host)
{
    struct tern_output out;
    struct tern_event event;
    bool any = host->ep != NULL;
    while (any) {
        any = false;
        while (tern_next_output(host->ep, &out)) {
            carry_out(host, &out);
            any = true;
        }
        while (tern_next_event(host->ep, &event)) {
            hear(host, &event);
            any = true;
        }
    }
}

static void tick(struct host *host)
{
    int16_t pcm[TERN_PCM_FRAME];
    tern_call call = tern_call_next(host->ep, (tern_call){0});
    for (; call.id != 0; call = tern_call_next(host->ep, call)) {
        for (int i = 0; i < TERN_PCM_FRAME; i++)
            pcm[i] = (int16_t)((i % 20) * 800 - 8000);
        CHECK_EQ(tern_audio_send(host->ep, host->world->now, call, pcm), 0);
        int got = tern_audio_receive(host->ep, host->world->now, call, pcm);
        if (got == 1) host->heard++;
    }
    drain(host);
}

/* ---- the world ---- */

static void arrive_stream(struct world *world, struct flight *f)
{
    struct host *to = f->to;
    struct link *link = f->link;
    int side = to == link->host[0] ? 0 : 1;
    if (!has_address(to, link->addr[side]) && f->kind != REFUSED) return; /* lost on the way */
    struct flight back = {.to = link->host[0], .kind = CONNECTED, .link = link};
    switch (f->kind) {
    case DATAGRAM: return;
    case ACCEPT:
        if (tern_stream_accepted(to->ep, world->now, listener_at(to, link->addr[1]), link->addr[1],
                                 link->addr[0], &link->id[1]) == 0) {
            fly(world, &back, NULL, 0);
        }
        return;
    case CONNECTED:
        if (link->id[0])
            tern_stream_opened(to->ep, world->now, link->id[0], link->addr[0], link->addr[1]);
        return;
    case REFUSED:
        tern_stream_closed(to->ep, world->now, link->id[0], TERN_STR("connection refused"));
        return;
    case BYTES:
        if (link->id[side]) {
            CHECK_EQ(tern_stream_received(to->ep, world->now, link->id[side], f->data, f->len), 0);
        }
        return;
    case CLOSED:
        if (link->id[side]) {
            uint32_t id = link->id[side];
            link->id[side] = 0;
            tern_stream_closed(to->ep, world->now, id, TERN_STR("closed"));
        }
        return;
    }
}

static void arrive(struct world *world, struct flight *f)
{
    struct host *to = f->to;
    if (to->ep == NULL) {
        if (f->kind == DATAGRAM && to->take) to->take(to, f->data, f->len, f->remote);
        return;
    }
    if (f->kind != DATAGRAM) {
        arrive_stream(world, f);
        drain(to);
        return;
    }
    if (!has_address(to, f->local)) return;
    if (to->drop && f->len > 12 && f->data[0] >= 'A' && to->drop(to, f->data, f->len)) return;
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host != to || ports[i].tcp || ports[i].port != f->local.port) continue;
        struct tern_datagram d = {.socket = ports[i].id,
                                  .local = f->local,
                                  .remote = f->remote,
                                  .data = f->data,
                                  .len = f->len};
        CHECK_EQ(tern_receive(to->ep, world->now, &d), 0);
        break;
    }
    drain(to);
}

void world_start(struct world *world, tern_time delay)
{
    present = world;
    memset(world, 0, sizeof(*world));
    world->delay = delay;
    world->now = TERN_SECONDS(1000);
    world->next_tick = world->now;
    port_count = 0;
    memset(failed, 0, sizeof(failed));
    next_port = 40000;
}

void world_end(struct world *world)
{
    for (size_t i = 0; i < world->host_count; i++) {
        if (world->hosts[i].forget) world->hosts[i].forget(&world->hosts[i]);
        tern_endpoint_free(world->hosts[i].ep);
        for (size_t k = 0; k < world->hosts[i].log_count; k++)
            free(world->hosts[i].log[k]);
    }
    while (world->flights) {
        struct flight *next = world->flights->next;
        free(world->flights);
        world->flights = next;
    }
    while (world->links) {
        struct link *next = world->links->next;
        free(world->links);
        world->links = next;
    }
}

void host_network(struct host *host, const char *first, const char *second)
{
    const char *list[] = {first, second};
    drain(host); /* what the test asked for by the addresses until now */
    memset(&host->network, 0, sizeof(host->network));
    for (size_t i = 0; i < 2; i++) {
        if (list[i] == NULL) continue;
        struct tern_net_address *a = &host->network.addresses[host->network.address_count++];
        a->addr = addr_of(list[i]);
        a->prefix_len = a->addr.family == TERN_FAMILY_IPV4 ? 32 : 128;
        a->interface = (uint32_t)i + 1;
        a->preference = 10 - (int)i;
    }
    if (host->ep) CHECK_EQ(tern_set_network(host->ep, host->world->now, &host->network), 0);
    drain(host);
}

struct host *world_host(struct world *world, const char *name, const char *address,
                        void (*tune)(struct tern_endpoint_opts *opts))
{
    struct host *host = &world->hosts[world->host_count++];
    struct tern_endpoint_opts opts;
    host->world = world;
    host->name = name;
    host->rings_with = 180;
    host->auto_answer = true;
    host->talks = true;
    tern_endpoint_opts_init(&opts);
    memset(opts.seed, (int)world->host_count, sizeof(opts.seed));
    opts.sip_port = 5060;
    opts.sip_events = true;
    if (tune) tune(&opts);
    CHECK_EQ(tern_endpoint_new(&opts, &host->ep), 0);
    return address ? (host_network(host, address, NULL), host) : host;
}

void host_kill(struct host *host)
{
    struct world *world = host->world;
    size_t kept = 0;
    tern_endpoint_free(host->ep); /* says nothing to anybody */
    host->ep = NULL;
    for (size_t i = 0; i < port_count; i++) {
        if (ports[i].host != host) ports[kept++] = ports[i];
    }
    port_count = kept;
    for (struct link *l = world->links; l; l = l->next) {
        for (int side = 0; side < 2; side++) {
            if (l->host[side] != host || l->id[side] == 0) continue;
            struct flight f = {.to = l->host[1 - side], .kind = CLOSED, .link = l};
            l->id[side] = 0;
            if (f.to) fly(world, &f, NULL, 0);
        }
    }
}

void host_revive(struct host *host, void (*tune)(struct tern_endpoint_opts *opts))
{
    struct tern_endpoint_opts opts;
    tern_endpoint_opts_init(&opts);
    host->lives++;
    memset(opts.seed, 0x80, sizeof(opts.seed));
    memcpy(opts.seed, &host->lives, sizeof(host->lives));
    opts.sip_port = 5060;
    opts.sip_events = true;
    if (tune) tune(&opts);
    host->network = (struct tern_network){.address_count = 0};
    CHECK_EQ(tern_endpoint_new(&opts, &host->ep), 0);
}

struct host *world_bare_host(struct world *world, const char *name, const char *address)
{
    CHECK(world->host_count < HOSTS_MAX);
    struct host *host = &world->hosts[world->host_count++];
    host->world = world;
    host->name = name;
    host_network(host, address, NULL);
    return host;
}

void world_datagram(struct host *from, uint16_t port, tern_addr to, const void *data, size_t len)
{
    tern_addr local = from->network.addresses[0].addr;
    local.port = port;
    struct flight f = {
        .to = host_at(from->world, to), .kind = DATAGRAM, .local = to, .remote = local};
    if (f.to) fly(from->world, &f, data, len);
}

static tern_time next_due(struct world *world)
{
    tern_time due = world->next_tick;
    for (size_t i = 0; i < world->host_count; i++) {
        if (world->hosts[i].ep == NULL) continue;
        tern_time d = tern_deadline(world->hosts[i].ep);
        if (d < due) due = d;
    }
    if (world->flights && world->flights->due < due) due = world->flights->due;
    return due < world->now ? world->now : due;
}

static void step(struct world *world)
{
    if (world->flights && world->flights->due <= world->now) {
        struct flight *f = world->flights;
        world->flights = f->next;
        arrive(world, f);
        free(f);
        return;
    }
    for (size_t i = 0; i < world->host_count; i++) {
        struct host *host = &world->hosts[i];
        if (host->ep == NULL) continue;
        drain(host); /* what the test asked for since */
        if (tern_deadline(host->ep) > world->now) continue;
        tern_advance(host->ep, world->now);
        drain(host);
    }
    if (world->next_tick > world->now) return;
    world->next_tick += TERN_MS(20);
    for (size_t i = 0; i < world->host_count; i++) {
        if (world->hosts[i].talks && world->hosts[i].ep) tick(&world->hosts[i]);
    }
}

static bool never(const void *arg)
{
    (void)arg;
    return false;
}

bool world_until(struct world *world, bool (*done)(const void *arg), const void *arg,
                 tern_time limit)
{
    tern_time end = world->now + limit;
    unsigned spins = 0;
    tern_time last = world->now;
    for (size_t i = 0; i < world->host_count; i++)
        drain(&world->hosts[i]);
    while (!done(arg)) {
        tern_time due = next_due(world);
        if (due > end) {
            world->now = end;
            return false;
        }
        world->now = due;
        spins = due == last ? spins + 1 : 0;
        last = due;
        CHECK(spins < 100000); /* the world must come forward */
        step(world);
    }
    return true;
}

void world_run(struct world *world, tern_time duration)
{
    (void)world_until(world, never, NULL, duration);
}

/* ---- shorthand ---- */

tern_account host_account(struct host *host, const char *uri, const char *registrar,
                          void (*tune)(struct tern_account_opts *opts))
{
    struct tern_account_opts opts;
    tern_account_opts_init(&opts);
    opts.uri = (tern_str){uri, strlen(uri)};
    if (registrar) opts.registrar = (tern_str){registrar, strlen(registrar)};
    opts.password = TERN_STR("secret");
    if (tune) tune(&opts);
    CHECK_EQ(tern_account_add(host->ep, host->world->now, &opts, &host->account), 0);
    drain(host);
    return host->account;
}

struct tern_account_info host_info(const struct host *host)
{
    struct tern_account_info info;
    CHECK_EQ(tern_account_get_info(host->ep, host->account, &info), 0);
    return info;
}

bool addr_is(tern_addr addr, const char *text)
{
    tern_addr wanted;
    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &wanted), 0);
    return tern_addr_same_host(addr, wanted);
}

tern_call host_call(struct host *host, const char *target)
{
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = host->account;
    opts.target = (tern_str){target, strlen(target)};
    CHECK_EQ(tern_call_make(host->ep, host->world->now, &opts, &host->call), 0);
    drain(host);
    return host->call;
}

size_t host_count(const struct host *host, const char *prefix, size_t from)
{
    size_t n = 0;
    for (size_t i = from; i < host->log_count; i++)
        n += strncmp(host->log[i], prefix, strlen(prefix)) == 0;
    return n;
}

int host_step(const struct host *host, enum tern_ip_change_op op, enum tern_ip_change_status status,
              size_t from)
{
    for (size_t i = from; i < host->step_count; i++) {
        if (host->steps[i].op == op && host->steps[i].status == status) return (int)i;
    }
    return -1;
}

void host_rests(struct host *host)
{
    struct tern_stats stats;
    world_run(host->world, TERN_SECONDS(64));
    tern_get_stats(host->ep, &stats);
    CHECK_EQ(stats.calls, 0);
    CHECK_EQ(stats.transactions, 0);
    CHECK_EQ(tern_call_next(host->ep, (tern_call){0}).id, 0);
    if (host->registration != TERN_REGISTRATION_NONE) return;
    host->world->next_tick = host->world->now + TERN_SECONDS(1000);
    world_run(host->world,
              TERN_SECONDS(940)); /* by then the net room has forgotten each path, too */
    host->world->next_tick = host->world->now;
    CHECK_EQ(tern_deadline(host->ep), TERN_TIME_NEVER);
}

void host_print(const struct host *host)
{
    for (size_t i = 0; i < host->log_count; i++)
        printf("%10.3f %s %s\n", (double)host->log_time[i] / 1e6, host->name, host->log[i]);
    for (size_t i = 0; i < host->step_count; i++) {
        printf("%10.3f ms gen %u %s %s code %d\n", (double)host->steps[i].since_change / 1e3,
               host->steps[i].generation, tern_ip_change_op_name(host->steps[i].op),
               tern_ip_change_status_name(host->steps[i].status), host->steps[i].sip_code);
    }
}

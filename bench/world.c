/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

#define ROUND_TRIP  TERN_MS(20)
#define READ_BATCH  32  /* datagrams that a driver reads before it writes */
#define SETUP_BATCH 200 /* requests at once before the change: a round trip each */
#define TURNS_MAX   1000

static void hear(struct world *world, const struct tern_event *ev)
{
    switch (ev->type) {
    case TERN_EV_REGISTRATION:
        world->registered += ev->u.registration.state == TERN_REGISTRATION_REGISTERED;
        return;
    case TERN_EV_CALL_ANSWERED: world->answered++; return;
    case TERN_EV_CALL_ENDED: world->ended++; return;
    case TERN_EV_IP_CHANGE_PROGRESS:
        if (ev->u.ip_change.op != TERN_IP_CHANGE_OP_COMPLETED) return;
        world->completed++;
        world->last_completed = ev->u.ip_change;
        return;
    case TERN_EV_LISTENER:
    case TERN_EV_NETWORK:
    case TERN_EV_CALL_INCOMING:
    case TERN_EV_CALL_PROGRESS:
    case TERN_EV_CALL_MEDIA:
    case TERN_EV_CALL_DTMF:
    case TERN_EV_CALL_SILENT:
    case TERN_EV_CALL_RESPONSE:
    case TERN_EV_CALL_INFO:
    case TERN_EV_SIP_MESSAGE:
    case TERN_EV_STOPPED:
    case TERN_EV_RESTORED:
    case TERN_EV_SNAPSHOT_DUE:
    case TERN_EV_SECURED: return;
    }
}

static void note_opening(struct world *world, const struct tern_output *out)
{
    if (world->opening_count + 2 > world->opening_cap) {
        world->opening_cap = world->opening_cap ? world->opening_cap * 2 : 64;
        world->opening = realloc(world->opening, world->opening_cap * sizeof(world->opening[0]));
    }
    require(world->opening != NULL, "out of memory");
    world->opening[world->opening_count++] = out->id;
    world->opening[world->opening_count++] = out->port ? out->port : 5060;
}

static void carry_out(struct world *world, const struct tern_output *out)
{
    struct packet packet = {.socket = out->id,
                            .local = out->local,
                            .remote = out->remote,
                            .len = out->data.len,
                            .media = out->media};
    switch (out->type) {
    case TERN_OUT_DATAGRAM:
        world->packets_out++;
        world->bytes_out += out->data.len;
        packets_add(&world->sent, &packet, out->data.ptr);
        return;
    case TERN_OUT_UDP_OPEN:
    case TERN_OUT_LISTEN: note_opening(world, out); return;
    case TERN_OUT_UDP_CLOSE:
    case TERN_OUT_UNLISTEN:
    case TERN_OUT_DISCONNECT: return;
    case TERN_OUT_CONNECT:
    case TERN_OUT_WRITE:
    case TERN_OUT_RESOLVE: require(false, "an output that this world does not have");
    }
}

static void drain(struct world *world)
{
    struct tern_output out;
    struct tern_event event;
    do {
        for (size_t i = 0; i < world->opening_count; i += 2) {
            tern_socket_opened(world->ep, world->now, world->opening[i],
                               (uint16_t)world->opening[i + 1]);
        }
        world->opening_count = 0;
        while (tern_next_output(world->ep, &out))
            carry_out(world, &out);
        while (tern_next_event(world->ep, &event))
            hear(world, &event);
    } while (world->opening_count > 0);
}

static size_t requests_in(const struct packets *packets)
{
    size_t n = 0;
    for (size_t i = 0; i < packets->count; i++) {
        const struct packet *p = &packets->items[i];
        const char *text = packets->bytes + p->at;
        if (p->media || p->len <= 12) continue;
        n += memcmp(text, "SIP/", 4) != 0 && memcmp(text, "ACK", 3) != 0;
    }
    return n;
}

void world_exchange(struct world *world)
{
    size_t requests = requests_in(&world->sent);
    if (requests > world->most_in_flight) world->most_in_flight = requests;
    packets_clear(&world->coming);
    for (size_t i = 0; i < world->sent.count; i++)
        far_answer(&world->far, &world->sent, &world->sent.items[i], &world->coming);
    packets_clear(&world->sent);

    double began = cpu_now();
    world->now += world->round_trip;
    for (size_t i = 0; i < world->coming.count; i++) {
        const struct packet *p = &world->coming.items[i];
        struct tern_datagram d = {.socket = p->socket,
                                  .local = p->local,
                                  .remote = p->remote,
                                  .data = world->coming.bytes + p->at,
                                  .len = p->len};
        require(tern_receive(world->ep, world->now, &d) == 0, "the endpoint is busy");
        if (i % READ_BATCH == READ_BATCH - 1) drain(world);
    }
    if (tern_deadline(world->ep) <= world->now) tern_advance(world->ep, world->now);
    drain(world);
    world->cpu += cpu_now() - began;
}

void world_run(struct world *world, tern_time duration)
{
    tern_time end = world->now + duration;
    while (world->now < end) {
        tern_time due = tern_deadline(world->ep);
        if (world->sent.count == 0) {
            if (due > end - world->round_trip) due = end - world->round_trip;
            if (due > world->now) world->now = due;
        }
        world_exchange(world);
    }
}

void world_tick(struct world *world)
{
    int16_t pcm[TERN_PCM_FRAME];
    for (int i = 0; i < TERN_PCM_FRAME; i++)
        pcm[i] = (int16_t)(i * 397 % 16000 - 8000);
    double began = cpu_now();
    for (size_t i = 0; i < world->call_count; i++) {
        int16_t heard[TERN_PCM_FRAME];
        require(tern_audio_send(world->ep, world->now, world->calls[i], pcm) == 0, "send audio");
        require(tern_audio_receive(world->ep, world->now, world->calls[i], heard) >= 0,
                "receive audio");
        if (i % READ_BATCH == READ_BATCH - 1) drain(world);
    }
    drain(world);
    world->cpu += cpu_now() - began;
}

/* ---- set-up ---- */

static void set_address(struct world *world)
{
    static struct tern_network network; /* 16 KiB of zeroes */
    char text[32];
    (void)snprintf(text, sizeof(text), "10.0.0.%u", world->address);
    network.address_count = 1;
    network.addresses[0].prefix_len = 8;
    network.addresses[0].interface = 1;
    require(tern_addr_parse((tern_str){text, strlen(text)}, &network.addresses[0].addr) == 0,
            "address");
    require(tern_set_network(world->ep, world->now, &network) == 0, "network");
}

void world_open(struct world *world, const struct world_opts *opts)
{
    struct tern_endpoint_opts ep;
    *world = (struct world){.now = TERN_SECONDS(1), .address = 101};
    world->round_trip = opts->round_trip ? opts->round_trip : ROUND_TRIP;
    world->far.no_update = opts->no_update;
    world->far.direct = opts->direct;
    tern_endpoint_opts_init(&ep);
    ep.allocator = opts->allocator;
    ep.seed[0] = 1;
    ep.sip_port = 5060;
    ep.rtp_port_min = 10000;
    ep.rtp_port_max = 65534;
    require(tern_endpoint_new(&ep, &world->ep) == 0, "endpoint");
    require(tern_endpoint_start(world->ep, world->now) == 0, "start");
    set_address(world);
    drain(world);
    world->accounts = calloc(opts->accounts, sizeof(world->accounts[0]));
    world->calls = calloc(opts->calls + 1, sizeof(world->calls[0]));
    require(world->accounts != NULL && world->calls != NULL, "out of memory");
}

static void add_account(struct world *world, size_t number)
{
    struct tern_account_opts opts;
    char uri[64];
    tern_account_opts_init(&opts);
    (void)snprintf(uri, sizeof(uri), "sip:line%zu@bench.example.com", number);
    opts.uri = (tern_str){uri, strlen(uri)};
    opts.registrar = TERN_STR("sip:10.0.0.1");
    if (!world->far.direct) opts.proxy = TERN_STR("sip:10.0.0.1;lr");
    opts.password = TERN_STR("secret");
    opts.expires_s = 3600;
    opts.keepalive_s = 0;
    require(tern_account_add(world->ep, world->now, &opts, &world->accounts[number]) == 0,
            "account");
}

void world_register(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_account(world, world->account_count++);
        drain(world);
        if (i % SETUP_BATCH == SETUP_BATCH - 1) world_exchange(world);
    }
    for (int i = 0; i < TURNS_MAX && world->registered < world->account_count; i++)
        world_exchange(world);
    require(world->registered >= world->account_count, "an account is not registered");
}

void world_call(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tern_call_opts opts;
        char target[64] = "sip:bob@bench.example.com";
        if (world->far.direct)
            (void)snprintf(target, sizeof(target), "sip:bob@10.1.%zu.%zu", i / 250, i % 250 + 1);
        tern_call_opts_init(&opts);
        opts.account = world->accounts[i % world->account_count];
        opts.target = (tern_str){target, strlen(target)};
        require(tern_call_make(world->ep, world->now, &opts, &world->calls[world->call_count++]) ==
                    0,
                "call");
        drain(world);
        if (i % SETUP_BATCH == SETUP_BATCH - 1) world_exchange(world);
    }
    for (int i = 0; i < TURNS_MAX && world->answered < world->call_count; i++)
        world_exchange(world);
    require(world->answered >= world->call_count, "a call is not answered");
}

void world_start(struct world *world, const struct world_opts *opts)
{
    world_open(world, opts);
    world_register(world, opts->accounts);
    world_call(world, opts->calls);
    for (int i = 0; i < 5; i++) {
        world_tick(world);
        world_exchange(world);
    }
}

void world_hang_up(struct world *world)
{
    for (size_t i = 0; i < world->call_count; i++) {
        require(tern_call_hangup(world->ep, world->now, world->calls[i], 0) == 0, "hang up");
        drain(world);
        if (i % SETUP_BATCH == SETUP_BATCH - 1) world_exchange(world);
    }
    world->call_count = 0;
    world->answered = 0;
    world_exchange(world);
}

void world_end(struct world *world)
{
    tern_endpoint_free(world->ep);
    packets_free(&world->sent);
    packets_free(&world->coming);
    free(world->accounts);
    free(world->calls);
    free(world->opening);
}

void world_move(struct world *world)
{
    world->address = world->address == 199 ? 101 : world->address + 1;
    double began = cpu_now();
    set_address(world);
    drain(world);
    world->cpu += cpu_now() - began;
}

void world_change(struct world *world)
{
    world_move(world);
    unsigned long before = world->completed; /* with that of a change which is superseded */
    world_tick(world);
    for (int i = 0; i < TURNS_MAX && world->completed == before; i++)
        world_exchange(world);
    require(world->completed == before + 1, "the change is not completed");
}

/* SPDX-License-Identifier: MIT */
/* A small world: see rig.h. The core that only listens is the one of the uv driver's tests. */
#include "rig.h"

#include "tern_test.h"

#include "unit/uv/fake_core.c"

struct tern_sim *sim;
struct tern_endpoint *hosts[RIG_HOSTS + 1];

bool tern_next_event(struct tern_endpoint *ep, struct tern_event *out)
{
    (void)ep;
    (void)out;
    return false;
}

tern_call tern_call_next(const struct tern_endpoint *ep, tern_call call)
{
    (void)ep;
    (void)call;
    return (tern_call){0};
}

void rig_begin(uint32_t nets, uint32_t host_count)
{
    struct tern_sim_path path = {.delay = TERN_MS(10)};
    struct tern_sim_opts opts;
    uint32_t number;
    tern_sim_opts_init(&opts);
    opts.seed = 7;
    CHECK_EQ(tern_sim_new(&opts, &sim), 0);
    for (uint32_t i = 1; i <= nets; i++) {
        CHECK_EQ(tern_sim_net_add(sim, &path, &number), 0);
        CHECK_EQ(number, i);
    }
    for (uint32_t i = 1; i <= host_count; i++) {
        CHECK_EQ(tern_sim_host_add(sim, &number), 0);
        hosts[i] = fake_new();
        tern_sim_host_endpoint(sim, i, hosts[i]);
        fake_want(hosts[i], (struct tern_output){.type = TERN_OUT_UDP_OPEN, .id = 1, .port = 5060});
        tern_sim_touch(sim, i);
    }
}

void rig_end(void)
{
    tern_sim_free(sim);
    for (uint32_t i = 1; i <= RIG_HOSTS; i++) {
        if (hosts[i]) fake_free(hosts[i]);
        hosts[i] = NULL;
    }
}

tern_addr rig_addr(const char *text)
{
    tern_addr addr;
    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &addr), 0);
    return addr;
}

void rig_plug(uint32_t host, uint32_t net, const char *address, int32_t preference)
{
    struct tern_net_address a = {
        .addr = rig_addr(address), .prefix_len = 24, .preference = preference};
    CHECK_EQ(tern_sim_plug(sim, host, net, &a), 0);
}

void rig_nat(uint32_t net, struct tern_sim_nat nat, const char *outside)
{
    tern_addr addr = rig_addr(outside);
    if (nat.mapping == TERN_SIM_NAT_NONE) nat.mapping = TERN_SIM_NAT_ENDPOINT_INDEPENDENT;
    if (nat.filtering == TERN_SIM_NAT_NONE) nat.filtering = TERN_SIM_NAT_ENDPOINT_INDEPENDENT;
    nat.outside = addr;
    tern_sim_net_nat(sim, net, &nat);
}

void rig_run(tern_time duration)
{
    CHECK_EQ(tern_sim_run(sim, tern_sim_now(sim) + duration), 0);
}

const struct fake_input *rig_last(uint32_t host, enum fake_kind kind)
{
    size_t count = fake_count(hosts[host], kind);
    return count ? fake_nth(hosts[host], kind, count - 1) : NULL;
}

static bool send_to(uint32_t from, tern_addr local, tern_addr remote, uint32_t to)
{
    size_t before = fake_count(hosts[to], FAKE_RECEIVED);
    if (remote.port == 0) remote.port = 5060;
    fake_want(hosts[from], (struct tern_output){.type = TERN_OUT_DATAGRAM,
                                                .id = 1,
                                                .local = local,
                                                .remote = remote,
                                                .data = TERN_STR("hello")});
    rig_run(TERN_MS(200));
    return fake_count(hosts[to], FAKE_RECEIVED) > before;
}

bool rig_reaches(uint32_t from, const char *local, const char *remote, uint32_t to)
{
    return send_to(from, rig_addr(local), rig_addr(remote), to);
}

bool rig_answers(uint32_t from, uint32_t to)
{
    const struct fake_input *got = rig_last(from, FAKE_RECEIVED);
    CHECK(got);
    return send_to(from, got->local, got->remote, to);
}

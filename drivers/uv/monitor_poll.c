/* SPDX-License-Identifier: MIT */
/*
 * The portable way to watch the network: look at the interfaces every so often. It knows neither
 * routes nor flags, and is late by half its period on average.
 */
#include "monitor.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "sockaddr.h"

struct poll {
    uv_timer_t timer;
    struct tn_uv_monitor *monitor;
    struct tern_uv *uv;
};

static uint8_t prefix_len(const uint8_t *mask, size_t len)
{
    uint8_t bits = 0;

    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0x80; bit; bit >>= 1) {
            if (!(mask[i] & bit)) return bits;
            bits++;
        }
    }
    return bits;
}

static void add_interface(struct tn_uv_facts *facts, const uv_interface_address_t *from)
{
    struct tn_uv_fact_link link = {.usable = true, .loopback = from->is_internal};
    struct tn_uv_fact_address address = {0};

    link.index = if_nametoindex(from->name);
    if (link.index == 0) return; /* gone meanwhile */
    strncpy(link.name, from->name, sizeof(link.name) - 1);
    address.interface = link.index;
    if (from->address.address4.sin_family == AF_INET) {
        address.addr = tn_uv_addr_in(from->address.address4.sin_addr, 0);
        address.prefix_len = prefix_len((const uint8_t *)&from->netmask.netmask4.sin_addr, 4);
    } else {
        address.addr = tn_uv_addr_in6(&from->address.address6.sin6_addr, link.index, 0);
        address.prefix_len = prefix_len(from->netmask.netmask6.sin6_addr.s6_addr, 16);
    }
    tn_uv_facts_add_link(facts, &link);
    tn_uv_facts_add_address(facts, &address);
}

static int collect(struct tn_uv_monitor *monitor, struct tn_uv_facts *facts)
{
    uv_interface_address_t *list = NULL;
    int count = 0;

    (void)monitor;
    if (uv_interface_addresses(&list, &count) != 0) return TERN_EIO;
    for (int i = 0; i < count; i++) {
        add_interface(facts, &list[i]);
    }
    uv_free_interface_addresses(list, count);
    return 0;
}

static void elapsed(uv_timer_t *timer)
{
    struct poll *poll = timer->data;

    tn_uv_monitor_look(poll->monitor);
}

static int open_poll(struct tn_uv_monitor *monitor, uint32_t poll_ms)
{
    struct poll *poll = calloc(1, sizeof(*poll));

    if (!poll) return TERN_ENOMEM;
    poll->monitor = monitor;
    poll->uv = monitor->uv;
    uv_timer_init(monitor->uv->loop, &poll->timer);
    poll->timer.data = poll;
    tn_uv_handle_opened(monitor->uv);
    (void)uv_timer_start(&poll->timer, elapsed, poll_ms, poll_ms);
    monitor->state = poll;
    return 0;
}

static void closed(uv_handle_t *handle)
{
    struct poll *poll = handle->data;
    struct tern_uv *uv = poll->uv;

    free(poll);
    tn_uv_handle_closed(uv);
}

static void close_poll(struct tn_uv_monitor *monitor)
{
    struct poll *poll = monitor->state;

    uv_close((uv_handle_t *)&poll->timer, closed);
}

const struct tn_uv_monitor_way tn_uv_monitor_poll = {open_poll, collect, close_poll};

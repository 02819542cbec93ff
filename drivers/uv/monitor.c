/* SPDX-License-Identifier: MIT */
/* The monitor: chooses its way, and takes snapshots. */
#include "monitor.h"

#include <stdlib.h>

void tn_uv_monitor_look(struct tn_uv_monitor *monitor)
{
    struct tern_network network;

    tn_uv_facts_clear(&monitor->facts);
    if (monitor->way->collect(monitor, &monitor->facts) != 0) return;
    tn_uv_snapshot_build(&monitor->facts, &network);
    tn_uv_set_network(monitor->uv, &network);
}

static int open_way(struct tn_uv_monitor *monitor, uint32_t poll_ms)
{
    monitor->way = &tn_uv_monitor_netlink;
    if (poll_ms == 0 && monitor->way->open(monitor, 0) == 0) return 0;
    monitor->way = &tn_uv_monitor_poll;
    return monitor->way->open(monitor, poll_ms ? poll_ms : TN_UV_POLL_DEFAULT_MS);
}

int tn_uv_monitor_open(struct tern_uv *uv, uint32_t poll_ms, struct tn_uv_monitor **out)
{
    struct tn_uv_monitor *monitor = calloc(1, sizeof(*monitor));

    if (!monitor) return TERN_ENOMEM;
    monitor->uv = uv;
    int err = open_way(monitor, poll_ms);
    if (err) {
        free(monitor);
        return err;
    }
    *out = monitor;
    tn_uv_monitor_look(monitor);
    return 0;
}

void tn_uv_monitor_close(struct tn_uv_monitor *monitor)
{
    if (!monitor) return;
    monitor->way->close(monitor);
    free(monitor);
}

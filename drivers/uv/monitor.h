/* SPDX-License-Identifier: MIT */
/*
 * The network monitor: gives the core a snapshot at the start and whenever something may have
 * changed; the core compares. No debouncing: the first notice is acted on.
 */
#ifndef TN_UV_MONITOR_H
#define TN_UV_MONITOR_H

#include "driver.h"
#include "snapshot.h"

struct tn_uv_monitor;

/* A way of finding out. */
struct tn_uv_monitor_way {
    /* Starts to watch. @return 0, or an error when this way is closed here. */
    int (*open)(struct tn_uv_monitor *monitor, uint32_t poll_ms);
    /* Asks for the present state. @return 0, or an error, which leaves the last snapshot standing */
    int (*collect)(struct tn_uv_monitor *monitor, struct tn_uv_facts *facts);
    void (*close)(struct tn_uv_monitor *monitor);
};

extern const struct tn_uv_monitor_way tn_uv_monitor_netlink;
extern const struct tn_uv_monitor_way tn_uv_monitor_poll;

struct tn_uv_monitor {
    struct tern_uv *uv;
    const struct tn_uv_monitor_way *way;
    void *state; /* of the way */
    struct tn_uv_facts facts;
};

int tn_uv_monitor_open(struct tern_uv *uv, uint32_t poll_ms, struct tn_uv_monitor **out);
void tn_uv_monitor_close(struct tn_uv_monitor *monitor);
/* From a way: something has changed, or may have. */
void tn_uv_monitor_look(struct tn_uv_monitor *monitor);

/* uv.c: tells the core, and repeats it if the core has no room now. */
void tn_uv_set_network(struct tern_uv *uv, const struct tern_network *network);

#endif

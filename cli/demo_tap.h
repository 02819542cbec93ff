/* SPDX-License-Identifier: MIT */
/*
 * Audio packets as they reach a node's interface: a packet socket in its
 * namespace, with the kernel's time of each. It sees what the wire delivers,
 * whatever the node makes of it.
 */
#ifndef TERN_CLI_DEMO_TAP_H
#define TERN_CLI_DEMO_TAP_H

#include "demo_ear.h"
#include "lab.h"

struct demo_tap {
    int fd;        /* -1: there is none */
    bool receives; /* the path is told by the destination, else by the source */
    uint32_t path; /* the node's peer or own address by which audio came last; 0: none yet */
    struct demo_arrivals arrivals;
};

/** Audio has come by another address than before. */
struct demo_tap_news {
    tern_time at, gap;
    char address[DEMO_ADDRESS_CAP];
};

/** @return 0 or TERN_E…; lab_error() says why */
TERN_CHECK int demo_tap_open(struct demo_tap *tap, struct lab *lab, const char *node,
                             bool receives);
void demo_tap_close(struct demo_tap *tap);

/** Reads one packet. @return false when there is none; `news->at` is 0 when it is nothing new */
bool demo_tap_read(struct demo_tap *tap, struct demo_tap_news *news);

#endif

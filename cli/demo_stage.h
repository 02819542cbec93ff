/* SPDX-License-Identifier: MIT */
/*
 * Where the show takes place: a lab of namespaces, or loopback addresses where
 * this machine does not permit that. Starts the nodes, and changes the phone's
 * address.
 */
#ifndef TERN_CLI_DEMO_STAGE_H
#define TERN_CLI_DEMO_STAGE_H

#include <sys/types.h>

#include "demo.h"
#include "lab.h"

struct demo_actor {
    pid_t pid;   /* 0: not started, or reaped */
    int channel; /* -1: closed */
};

struct demo_stage {
    const struct demo_opts *opts;
    struct lab *lab; /* NULL: loopback */
    uint16_t port;   /* of the server; TLS has the next one */
    struct demo_certs certs;
    struct demo_actor cast[DEMO_CAST];
    struct demo_place homes[DEMO_CAST]; /* the phone's: the newest */
    unsigned moves;                     /* how many addresses the phone has had, less one */
    char why[LAB_WHY_CAP];              /* why there is no lab, or what went wrong */
};

/** @return 0, also on loopback (then `why` says why); TERN_E… with `why` */
TERN_CHECK int demo_stage_open(struct demo_stage *stage, const struct demo_opts *opts);

/** Fork a node into its place. @return 0 or TERN_E… with `why` */
TERN_CHECK int demo_stage_enter(struct demo_stage *stage, enum demo_who who);

TERN_CHECK int demo_stage_order(struct demo_stage *stage, enum demo_who who,
                                const struct demo_order *order);

/** Of the server, for the transport that the show is about. */
uint16_t demo_stage_port(const struct demo_stage *stage);

/** Where the phone goes next. */
struct demo_place demo_stage_next(const struct demo_stage *stage);

/** The phone gets `next`; `better` than what it has. Or loses `old`. */
TERN_CHECK int demo_stage_arrive(struct demo_stage *stage, const struct demo_place *next);
TERN_CHECK int demo_stage_leave(struct demo_stage *stage, const struct demo_place *old);
/** From `old` to `next` with nothing in between. */
TERN_CHECK int demo_stage_swap(struct demo_stage *stage, const struct demo_place *old,
                               const struct demo_place *next);

/** End whatever still runs, and wait for it. @return 0, or TERN_EIO when a node did not end well */
TERN_CHECK int demo_stage_close(struct demo_stage *stage);

#endif

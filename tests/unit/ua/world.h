/* SPDX-License-Identifier: MIT */
/*
 * A small world for tests of whole endpoints: a virtual clock, hosts with
 * addresses, and a network that carries datagrams and streams between them
 * after a fixed delay. Nothing is lost unless its destination address is gone.
 * Public API only.
 */
#ifndef TERN_TEST_WORLD_H
#define TERN_TEST_WORLD_H

#include <tern/tern.h>

#include "../../tern_test.h"

#define HOSTS_MAX    8
#define LOG_MAX      4096
#define PROGRESS_MAX 1024

struct world;

/* What a host's application has heard. */
struct host {
    struct world *world;
    unsigned lives; /* times it was revived */
    struct tern_endpoint *ep;
    const char *name;
    struct tern_network network;
    tern_account account;
    tern_call call; /* the last one */
    enum tern_registration_state registration;
    int registration_status;
    char registration_reason[128], ended_reason[128];
    int rings_with; /* what an incoming call is answered with at once; 0: nothing */
    bool auto_answer;
    bool talks; /* sends and takes audio every 20 ms on each call */
    unsigned incoming, progress, answered, ended, media, dtmf, listeners, stopped, secured, resumed;
    unsigned silent, back; /* TERN_EV_CALL_SILENT */
    int progress_status;
    struct tern_ev_call_ended last_ended;
    struct tern_ev_call_media last_media;
    char digits[64];
    struct tern_ip_change_progress steps[PROGRESS_MAX];
    size_t step_count;
    unsigned completed;
    struct tern_ip_change_progress last_completed;
    uint64_t heard; /* frames of real audio */
    tern_time last_heard, longest_gap;
    char *log[LOG_MAX]; /* "> INVITE", "< 200 OK (INVITE)" */
    tern_time log_time[LOG_MAX];
    size_t log_count;
    /* A bare host, without an endpoint: what it does with a datagram, and frees in the end. */
    void (*take)(struct host *host, const char *data, size_t len, tern_addr remote);
    void (*forget)(struct host *host);
    void *user;
    void (*watch)(struct host *host, const struct tern_event *event); /* each, before all else */
    bool (*drop)(struct host *host, const char *text, size_t len); /* a SIP message to this host */
    /* A socket or listener that cannot be opened, as if its port were taken. */
    bool (*refuse)(struct host *host, const struct tern_output *out);
};

struct world {
    tern_time now;
    tern_time delay; /* one way */
    struct host hosts[HOSTS_MAX];
    size_t host_count;
    struct flight *flights; /* ordered by time */
    uint64_t sent_to_nobody;
    struct link *links; /* streams */
    tern_time next_tick;
};

void world_start(struct world *world, tern_time delay);
void world_end(struct world *world);
/* A host with one address, "10.0.0.2", or none (NULL). The options may be changed by `tune`. */
struct host *world_host(struct world *world, const char *name, const char *address,
                        void (*tune)(struct tern_endpoint_opts *opts));
/* A host without an endpoint, for peers that speak as the test wants (peer.h). */
struct host *world_bare_host(struct world *world, const char *name, const char *address);
/* A datagram from the host's first address and this port. */
void world_datagram(struct host *from, uint16_t port, tern_addr to, const void *data, size_t len);
/* As kill -9: the endpoint is gone and says nothing; connections are closed by the system. */
void host_kill(struct host *host);
/* A new endpoint, not started and without a network. */
void host_revive(struct host *host, void (*tune)(struct tern_endpoint_opts *opts));
/* The id of the host's UDP socket or listener on this port; 0: none. */
uint32_t world_socket(const struct host *host, uint16_t port, bool listener);
/* Replaces the host's addresses by those given, NULL-terminated; later ones are preferred less. */
void host_network(struct host *host, const char *first, const char *second);
void world_run(struct world *world, tern_time duration);
/* Runs until `done` is true or `limit` has passed. @return whether it is */
bool world_until(struct world *world, bool (*done)(const void *arg), const void *arg,
                 tern_time limit);

tern_account host_account(struct host *host, const char *uri, const char *registrar,
                          void (*tune)(struct tern_account_opts *opts));
tern_call host_call(struct host *host, const char *target);
struct tern_account_info host_info(const struct host *host); /* of its account */
bool addr_is(tern_addr addr, const char *text);              /* whatever the ports */
/* How many log lines start with `prefix`, from line `from` on. */
size_t host_count(const struct host *host, const char *prefix, size_t from);
/* Index of the first step with this op and status from `from` on, or -1. */
int host_step(const struct host *host, enum tern_ip_change_op op, enum tern_ip_change_status status,
              size_t from);
/* After 64 s nothing of a call is left: no transactions, and no timers where nobody registers. */
void host_rests(struct host *host);
void host_print(const struct host *host);

#endif

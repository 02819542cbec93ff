/* SPDX-License-Identifier: MIT */
/*
 * The planner on a bench: accounts and calls as plain facts, and a log of what
 * was decided. The bench carries decisions out in the facts, as ua/handover.c
 * does in the endpoint, and holds what must be true after every step.
 */
#ifndef TERN_TEST_MOBILITY_RIG_H
#define TERN_TEST_MOBILITY_RIG_H

#include "mobility/internal.h"
#include "mobility/mobility.h"

#include "../../tern_test.h"

#define ACCOUNTS_MAX  4
#define CALLS_MAX     8
#define DECISIONS_LOG 4096

struct bench_account {
    struct tn_account_task task;
    struct tn_account_facts facts;
    struct tern_account_ip_change policy;
    bool exists, asked; /* asked: a REGISTER is under way */
};

struct bench_call {
    struct tn_call_task task;
    struct tn_call_facts facts;
    struct tern_account_ip_change policy;
    size_t account; /* index */
    bool exists, asked;
    bool asks, tells; /* early: an INVITE, an UPDATE is under way */
    bool replaces;    /* by INVITE with Replaces */
};

struct bench {
    struct tn_mobility mob;
    struct tern_network net;
    struct tern_ip_change_param param;
    tern_time now;
    struct bench_account accounts[ACCOUNTS_MAX];
    struct bench_call calls[CALLS_MAX];
    size_t account_count, call_count;
    struct tn_decision log[DECISIONS_LOG];
    size_t log_count;
    uint32_t completed; /* the last generation whose COMPLETED was seen */
    tern_time last_since;
    uint32_t last_generation;
    bool listener_asked;
};

extern struct bench bench;

void bench_start(void);
tern_addr at(const char *text);
/* Up to three addresses, the first preferred; NULL ends. */
void set_net(const char *a, const char *b, const char *c);
struct bench_account *add_account(const char *local, const char *server);
struct bench_call *add_call(size_t account, const char *local, const char *proxy, const char *peer);
/* A whole generation as ua/handover.c begins it. */
void change(bool forced);
enum tn_verdict worst(void);

/* Results. 0 as `code`: no answer. */
void answer_register(struct bench_account *account, int code);
void answer_refresh(struct bench_call *call, int code);
void answer_refresh_after(struct bench_call *call, int code, tern_time retry_after);
/* The far end has asked for it. */
void be_replaced(struct bench_call *call);
/* Before it is answered: what becomes of its INVITE, of its UPDATE, of itself. */
void early_heard(struct bench_call *call, int code, bool tells);
void early_unheard(struct bench_call *call, int code);
void early_anew(struct bench_call *call);
void early_told(struct bench_call *call, int code, bool again, bool offered);
void early_answered(struct bench_call *call, bool moves);
void early_end(struct bench_call *call, int code, tern_str reason, bool lost);
void listeners(bool ready);
void hear(struct bench_call *call);
void end_call(struct bench_call *call);
void end_account(struct bench_account *account);
void pass(tern_time time);

/* How many decisions of a kind from `from` on. */
size_t count(enum tn_decision_kind kind, size_t from);
size_t reports(enum tern_ip_change_op op, enum tern_ip_change_status status, size_t from);
/* Index of the first, or SIZE_MAX. */
size_t find(enum tn_decision_kind kind, size_t from);
size_t find_report(enum tern_ip_change_op op, enum tern_ip_change_status status, size_t from);
const struct tern_ip_change_progress *completed(size_t from); /* NULL: not yet */
void drain(void);

#endif

/* SPDX-License-Identifier: MIT */
#include "rig.h"

struct bench bench;

tern_addr at(const char *text)
{
    tern_addr a = {0};
    if (text) CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &a), 0);
    return a;
}

void bench_start(void)
{
    memset(&bench, 0, sizeof(bench));
    bench.now = TERN_SECONDS(100);
    bench.param = (struct tern_ip_change_param){.size = sizeof(bench.param),
                                                .restart_listener = true,
                                                .restart_listener_delay_ms = 10,
                                                .shutdown_transport = true};
    tn_mob_init(&bench.mob);
    tn_mob_advance(&bench.mob, bench.now);
}

void set_net(const char *a, const char *b, const char *c)
{
    const char *list[] = {a, b, c};
    memset(&bench.net, 0, sizeof(bench.net));
    for (size_t i = 0; i < 3; i++) {
        if (list[i] == NULL) continue;
        struct tern_net_address *entry = &bench.net.addresses[bench.net.address_count++];
        entry->addr = at(list[i]);
        entry->prefix_len = entry->addr.family == TERN_FAMILY_IPV4 ? 32 : 128;
        entry->interface = (uint32_t)i + 1;
        entry->preference = 10 - (int)i;
    }
}

static struct tern_account_ip_change default_policy(void)
{
    return (struct tern_account_ip_change){.update_contact = true,
                                           .contact_flags = TERN_CONTACT_REPLACE,
                                           .shutdown_transport = true,
                                           .reinvite_flags = TERN_CALL_REINVITE_DEFAULT,
                                           .use_update = true,
                                           .order = TERN_ORDER_PARALLEL,
                                           .rescue_window_ms = 60000,
                                           .offline_window_ms = 300000};
}

struct bench_account *add_account(const char *local, const char *server)
{
    CHECK(bench.account_count < ACCOUNTS_MAX);
    struct bench_account *a = &bench.accounts[bench.account_count++];
    memset(a, 0, sizeof(*a));
    a->exists = true;
    a->policy = default_policy();
    a->facts = (struct tn_account_facts){.id = bench.account_count,
                                         .registers = true,
                                         .transport = TERN_TRANSPORT_UDP,
                                         .path = {at(local), at(server)},
                                         .policy = &a->policy};
    tn_account_task_init(&a->task);
    return a;
}

struct bench_call *add_call(size_t account, const char *local, const char *proxy, const char *peer)
{
    CHECK(bench.call_count < CALLS_MAX);
    struct bench_call *c = &bench.calls[bench.call_count++];
    memset(c, 0, sizeof(*c));
    c->exists = true;
    c->policy = default_policy();
    c->account = account;
    c->facts = (struct tn_call_facts){.id = 100 + bench.call_count,
                                      .phase = TN_PHASE_CONFIRMED,
                                      .signalling = {at(local), at(proxy)},
                                      .media = {at(local), at(peer)},
                                      .talking = true,
                                      .policy = &c->policy};
    tn_call_task_init(&c->task);
    return c;
}

/* ---- what must be true after every step ---- */

static void check_report(const struct tern_ip_change_progress *p)
{
    CHECK(p->generation > bench.completed); /* nothing after COMPLETED */
    if (p->generation == bench.last_generation) {
        CHECK(p->since_change >= bench.last_since);
    } else {
        CHECK_EQ(p->generation, bench.last_generation + 1);
        CHECK_EQ(bench.completed, bench.last_generation);
    }
    CHECK(p->since_change >= 0);
    CHECK(p->attempt >= 1);
    bench.last_generation = p->generation;
    bench.last_since = p->since_change;
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) bench.completed = p->generation;
}

static void check_state(void)
{
    size_t active = 0;
    for (size_t i = 0; i < bench.account_count; i++)
        active += tn_account_task_active(&bench.accounts[i].task);
    for (size_t i = 0; i < bench.call_count; i++)
        active += tn_call_task_active(&bench.calls[i].task);
    CHECK_EQ(bench.mob.active, active);
    CHECK_EQ(bench.mob.open, bench.completed != bench.mob.generation);
    if (!bench.mob.open) CHECK_EQ(active, 0);
}

/* ---- decisions, carried out ---- */

static struct bench_account *account_of(const struct tn_decision *d)
{
    CHECK(d->account >= 1 && d->account <= bench.account_count);
    struct bench_account *a = &bench.accounts[d->account - 1];
    CHECK(a->exists); /* no decision for an object that is gone */
    return a;
}

static struct bench_call *call_of(const struct tn_decision *d)
{
    CHECK(d->call > 100 && d->call <= 100 + bench.call_count);
    struct bench_call *c = &bench.calls[d->call - 101];
    CHECK(c->exists);
    return c;
}

static void ask(struct bench_call *c)
{
    c->asked = true;
    c->facts.pending_from = tn_mob_source(&bench.net, c->facts.media.remote);
    c->facts.signalling.local = tn_mob_source(&bench.net, c->facts.signalling.remote);
}

static void ask_refresh(struct bench_call *c, const struct tn_decision *d)
{
    CHECK_EQ(d->flags, c->policy.reinvite_flags);
    CHECK(d->flags != 0);
    ask(c);
    c->replaces = false;
}

static void carry_out(const struct tn_decision *d)
{
    struct bench_account *a;
    struct bench_call *c;
    switch (d->kind) {
    case TN_DECIDE_LISTEN: bench.listener_asked = true; return;
    case TN_DECIDE_REGISTER:
        a = account_of(d);
        a->asked = true; /* it leaves from where the present snapshot says */
        a->facts.pending_from = tn_mob_source(&bench.net, a->facts.path.remote);
        return;
    case TN_DECIDE_CLOSE_FLOW: account_of(d); return;
    case TN_DECIDE_MOVE_MEDIA:
        c = call_of(d);
        c->facts.media.local = d->local;
        return;
    case TN_DECIDE_REFRESH: ask_refresh(call_of(d), d); return;
    case TN_DECIDE_TURN: call_of(d)->facts.by_server = d->by_server; return;
    case TN_DECIDE_ASK: call_of(d)->asks = true; return;
    case TN_DECIDE_TELL: call_of(d)->tells = true; return;
    case TN_DECIDE_REPLACE:
        c = call_of(d);
        CHECK(c->facts.may_replace);
        ask(c);
        c->replaces = true;
        return;
    case TN_DECIDE_HANG_UP:
    case TN_DECIDE_GIVE_UP: end_call(call_of(d)); return;
    case TN_DECIDE_REPORT: check_report(&d->report); return;
    case TN_DECIDE_CLOSE_DEAD:
    case TN_DECIDE_PAUSE:
    case TN_DECIDE_RESUME: return;
    }
}

void drain(void)
{
    struct tn_decision d;
    while (tn_mob_next(&bench.mob, &d)) {
        CHECK(bench.log_count < DECISIONS_LOG);
        bench.log[bench.log_count++] = d;
        carry_out(&d);
    }
    if (!bench.mob.beginning) check_state();
}

enum tn_verdict worst(void)
{
    enum tn_verdict result = TN_VERDICT_STAYS, v;
    for (size_t i = 0; i < bench.account_count; i++) {
        struct bench_account *a = &bench.accounts[i];
        if (!a->exists) continue;
        a->facts.offline = a->task.state == TN_ACCOUNT_OFFLINE;
        v = tn_mob_judge_account(&bench.net, &a->facts);
        if (v > result) result = v;
    }
    for (size_t i = 0; i < bench.call_count; i++) {
        struct bench_call *c = &bench.calls[i];
        if (!c->exists) continue;
        c->facts.offline = c->task.state == TN_CALL_OFFLINE;
        v = tn_mob_judge_call(&bench.net, &c->facts);
        if (v > result) result = v;
    }
    return result;
}

void change(bool forced)
{
    struct tn_mobility *mob = &bench.mob;
    (void)worst(); /* brings the facts up to date */
    bench.listener_asked = false;
    bool online = false;
    for (uint32_t i = 0; i < bench.net.address_count; i++)
        online = online || !(bench.net.addresses[i].flags & TERN_NET_TENTATIVE);
    struct tn_change change = {&bench.net, &bench.param, forced, online};
    tn_mob_begin(mob, bench.now, &change);
    drain();
    for (size_t i = 0; i < bench.call_count; i++) {
        if (!bench.calls[i].exists) continue;
        tn_mob_call_media(mob, &bench.calls[i].task, &bench.calls[i].facts);
        drain();
    }
    for (size_t i = 0; i < bench.account_count; i++) {
        struct bench_account *a = &bench.accounts[i];
        if (!a->exists) continue;
        tn_mob_account_begin(mob, bench.now, &a->task, &a->facts);
        drain();
    }
    for (size_t i = 0; i < bench.call_count; i++) {
        struct bench_call *c = &bench.calls[i];
        if (!c->exists) continue;
        struct bench_account *a = &bench.accounts[c->account];
        tn_mob_call_begin(mob, bench.now, &c->task, a->exists ? &a->task : NULL, &c->facts);
        drain();
    }
    tn_mob_begun(mob, bench.now);
    drain();
}

/* ---- results ---- */

void answer_register(struct bench_account *a, int code)
{
    CHECK(a->asked);
    a->asked = false;
    if (code >= 200 && code < 300) a->facts.path.local = a->facts.pending_from;
    a->facts.pending_from = (tern_addr){0};
    tn_mob_registered(&bench.mob, bench.now, &a->task, code, 0);
    drain();
}

void answer_refresh_after(struct bench_call *c, int code, tern_time retry_after)
{
    CHECK(c->asked);
    c->asked = false;
    c->facts.pending_from = (tern_addr){0};
    if (c->replaces) {
        tn_mob_replaced(&bench.mob, bench.now, &c->task, code, retry_after);
    } else {
        tn_mob_refreshed(&bench.mob, bench.now, &c->task, code, c->policy.use_update, retry_after);
    }
    drain();
}

void early_heard(struct bench_call *c, int code, bool tells)
{
    tn_mob_invite_heard(&bench.mob, bench.now, &c->task, code, tells);
    drain();
}

void early_unheard(struct bench_call *c, int code)
{
    tn_mob_invite_unheard(&bench.mob, bench.now, &c->task, code);
    drain();
}

void early_anew(struct bench_call *c)
{
    tn_mob_invite_anew(&bench.mob, bench.now, &c->task);
    drain();
}

void early_told(struct bench_call *c, int code, bool again, bool offered)
{
    const struct tn_told told = {code, again, offered};
    tn_mob_told(&bench.mob, bench.now, &c->task, &told);
    drain();
}

void early_answered(struct bench_call *c, bool moves)
{
    c->facts.phase = TN_PHASE_CONFIRMED;
    tn_mob_call_answered(&bench.mob, bench.now, &c->task, &c->facts, moves);
    drain();
}

void early_end(struct bench_call *c, int code, tern_str reason, bool lost)
{
    const struct tn_early_end end = {code, reason, lost};
    tn_mob_early_ended(&bench.mob, bench.now, &c->task, &end);
    drain();
    end_call(c);
    drain();
}

void be_replaced(struct bench_call *c)
{
    c->asked = false;
    c->facts.pending_from = (tern_addr){0};
    tn_mob_was_replaced(&bench.mob, bench.now, &c->task, c->facts.media.remote);
    drain();
}

void answer_refresh(struct bench_call *c, int code)
{
    answer_refresh_after(c, code, 0);
}

void listeners(bool ready)
{
    tn_mob_listeners(&bench.mob, bench.now, ready, ready ? TERN_STR("") : TERN_STR("in use"));
    drain();
}

void hear(struct bench_call *c)
{
    tn_mob_media_seen(&bench.mob, bench.now, &c->task);
    drain();
}

void end_call(struct bench_call *c)
{
    c->exists = c->asked = false;
    tn_mob_call_gone(&bench.mob, bench.now, &c->task, 200);
}

void end_account(struct bench_account *a)
{
    a->exists = a->asked = false;
    tn_mob_account_gone(&bench.mob, bench.now, &a->task);
    drain();
}

/* Every deadline on the way is kept exactly. */
void pass(tern_time time)
{
    tern_time end = bench.now + time;
    drain();
    while (tn_mob_deadline(&bench.mob) <= end) {
        tern_time due = tn_mob_deadline(&bench.mob);
        if (due > bench.now) bench.now = due;
        tn_mob_advance(&bench.mob, bench.now);
        drain();
    }
    bench.now = end;
    tn_mob_advance(&bench.mob, bench.now);
}

/* ---- the log ---- */

size_t find(enum tn_decision_kind kind, size_t from)
{
    for (size_t i = from; i < bench.log_count; i++) {
        if (bench.log[i].kind == kind) return i;
    }
    return SIZE_MAX;
}

size_t count(enum tn_decision_kind kind, size_t from)
{
    size_t n = 0;
    for (size_t i = find(kind, from); i != SIZE_MAX; i = find(kind, i + 1))
        n++;
    return n;
}

size_t find_report(enum tern_ip_change_op op, enum tern_ip_change_status status, size_t from)
{
    for (size_t i = find(TN_DECIDE_REPORT, from); i != SIZE_MAX;
         i = find(TN_DECIDE_REPORT, i + 1)) {
        if (bench.log[i].report.op == op && bench.log[i].report.status == status) return i;
    }
    return SIZE_MAX;
}

size_t reports(enum tern_ip_change_op op, enum tern_ip_change_status status, size_t from)
{
    size_t n = 0;
    for (size_t i = find_report(op, status, from); i != SIZE_MAX;
         i = find_report(op, status, i + 1))
        n++;
    return n;
}

const struct tern_ip_change_progress *completed(size_t from)
{
    for (size_t i = from; i < bench.log_count; i++) {
        const struct tn_decision *d = &bench.log[i];
        if (d->kind == TN_DECIDE_REPORT && d->report.op == TERN_IP_CHANGE_OP_COMPLETED)
            return &d->report;
    }
    return NULL;
}

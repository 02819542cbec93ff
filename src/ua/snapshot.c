/* SPDX-License-Identifier: MIT */
/*
 * The functions of tern/snapshot.h. A snapshot is
 *
 *   "TERNSNAP" version (16 bits) 0 (16 bits)        in the clear, and sealed with the rest
 *   nonce, sealed record, tag                       crypto/seal.h, base/pack.h
 */
#include <tern/snapshot.h>

#include "base/bytes.h"
#include "base/options.h"
#include "base/str.h"
#include "crypto/seal.h"
#include "ua/call.h"

enum {
    ROOT_WALL = 1,
    ROOT_CERT = 2,
    ROOT_KEY = 3,
    ROOT_INSTANCE = 4, /* accounts and calls have 20 and 21 */
};

#define MAGIC        TERN_STR("TERNSNAP")
#define VERSION      1 /* another one cannot be read at all; new members need none */
#define HEADER       12
#define SIZE_MAX_ALL ((size_t)1 << 28)
#define SETTLE       TERN_MS(50)      /* changes come in bunches … */
#define SETTLE_EACH  TERN_MS(1)       /* … and a big endpoint has more to write */
#define AGAIN        TERN_SECONDS(1)  /* after a failure */
#define LONGEST      TERN_SECONDS(60) /* with calls up: what RTCP of 2 s leaves of its reserve */

void tern_snapshot_opts_init_sized(struct tern_snapshot_opts *opts, size_t size)
{
    const struct tern_snapshot_opts defaults = {.max_age_s = 86400};
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

static int take_opts(const struct tern_snapshot_opts *given, struct tern_snapshot_opts *opts)
{
    static const uint8_t no_key[TERN_SNAPSHOT_KEY];
    int err = tn_options_take(given, opts, sizeof(*opts));
    if (err) return err;
    const tern_str key = {(const char *)opts->key, sizeof(opts->key)};
    bool empty = tn_equal_secret(key, (tern_str){(const char *)no_key, sizeof(no_key)});
    return empty ? TERN_EINVAL : 0;
}

/* ---- when ---- */

static void fired(struct tn_timer *timer)
{
    struct tern_endpoint *ep = TN_OWNER(timer, struct tern_endpoint, snapshots.timer);
    struct tern_event event = {.type = TERN_EV_SNAPSHOT_DUE};
    ep->snapshots.told = true;
    tn_ep_event(ep, &event);
}

static void due_in(struct tern_endpoint *ep, tern_time delay)
{
    struct tn_snapshots *s = &ep->snapshots;
    if (!s->on || s->told) return;
    if (tn_timer_armed(&s->timer) && tn_timer_due(&s->timer) <= ep->ctx.now + delay) return;
    tn_timer_arm(&ep->ctx, &s->timer, delay);
}

void tn_snapshot_changed(struct tern_endpoint *ep)
{
    due_in(ep, SETTLE + SETTLE_EACH * (ep->calls.count + ep->accounts.count));
}

void tn_snapshot_sent(struct tn_call *call)
{
    if (call->ep->snapshots.on && tn_stream_reserve_low(&call->stream)) due_in(call->ep, 0);
}

tern_time tern_snapshot_due(const struct tern_endpoint *ep)
{
    return ep->snapshots.told ? ep->ctx.now : tn_timer_due(&ep->snapshots.timer);
}

void tn_snapshots_init(struct tern_endpoint *ep)
{
    tn_timer_init(&ep->snapshots.timer, 0, fired);
}

void tn_snapshots_fini(struct tern_endpoint *ep)
{
    struct tn_snapshots *s = &ep->snapshots;
    tn_timer_cancel(&ep->ctx, &s->timer);
    if (s->key.len > 0) tn_wipe(s->key.ptr, s->key.len);
    tn_text_fini(&ep->ctx.alloc, &s->key);
    tn_text_fini(&ep->ctx.alloc, &s->cert);
}

/* ---- saving ---- */

/* Whose calls these are, to far ends and registrars: RFC 5626 4.1, RFC 5763. */
static void pack_identity(struct tern_endpoint *ep, struct tn_pack *p)
{
    struct tn_instance *instance = &ep->instance;
    tern_str name = tn_pack_str(p, ROOT_INSTANCE, (tern_str){instance->text, instance->len});
    if (tn_pack_reads(p) && !p->err && name.len > 0 && name.len < sizeof(instance->text)) {
        memcpy(instance->text, name.ptr, name.len);
        instance->len = name.len;
    }
    tn_pack_text(p, ROOT_CERT, &ep->snapshots.cert);
    tn_pack_text(p, ROOT_KEY, &ep->snapshots.key);
}

static void put_header(struct tn_buf *out)
{
    uint8_t version[4] = {0};
    tn_put16(version, VERSION);
    tn_buf_str(out, MAGIC);
    tn_buf_bytes(out, version, sizeof(version));
}

static int write(struct tern_endpoint *ep, const struct tern_snapshot_opts *opts,
                 struct tn_buf *out)
{
    struct tn_buf record;
    struct tn_pack p;
    tern_str text;
    tn_buf_init_secret(&record, &ep->ctx.alloc, SIZE_MAX_ALL);
    tn_pack_write(&p, &record, ep->ctx.now);
    (void)tn_pack_number(&p, ROOT_WALL, (uint64_t)opts->wall_us, UINT64_MAX);
    pack_identity(ep, &p);
    tn_snapshot_accounts(ep, &p);
    tn_snapshot_calls(ep, &p);
    int err = p.err ? p.err : tn_buf_end(&record, &text);
    put_header(out);
    if (!err) err = out->err;
    if (!err) {
        char header[HEADER]; /* the buffer moves as it grows */
        memcpy(header, out->ptr, HEADER);
        const struct tn_seal seal = {opts->key, {header, HEADER}};
        err = tn_seal(&seal, &ep->ctx.random, text, out);
    }
    tn_buf_fini(&record);
    return err;
}

/* Only what is in the snapshot, and only now that it is safe. */
static void reserve(struct tern_endpoint *ep)
{
    struct tn_call *call;
    uint32_t walk = 0;
    while ((call = tn_slots_each(&ep->calls, &walk)) != NULL) {
        if (tn_snapshot_keeps_stream(call)) tn_stream_reserve(&call->stream);
    }
}

static void saved(struct tern_endpoint *ep, bool well)
{
    struct tn_snapshots *s = &ep->snapshots;
    s->told = false;
    tn_timer_cancel(&ep->ctx, &s->timer);
    if (well) {
        reserve(ep);
        s->on = true;
        if (ep->calls_visible > 0) due_in(ep, LONGEST);
    } else {
        due_in(ep, AGAIN);
    }
}

int tern_snapshot_save(struct tern_endpoint *ep, tern_time now,
                       const struct tern_snapshot_opts *given, tern_snapshot_sink sink, void *user)
{
    struct tern_snapshot_opts opts = {0};
    struct tn_buf out;
    int err = take_opts(given, &opts);
    if (err) return err;
    tn_ep_enter(ep, now);
    tn_buf_init(&out, &ep->ctx.alloc, SIZE_MAX_ALL);
    err = write(ep, &opts, &out);
    tn_wipe(opts.key, sizeof(opts.key));
    if (!err) err = sink(user, out.ptr, out.len);
    tn_buf_fini(&out);
    saved(ep, err == 0);
    tn_ep_run(ep);
    return err;
}

void tern_snapshot_forget(struct tern_endpoint *ep)
{
    struct tn_call *call;
    uint32_t walk = 0;
    while ((call = tn_slots_each(&ep->calls, &walk)) != NULL) {
        if (call->stream_ready) tn_stream_unreserve(&call->stream);
    }
    ep->snapshots.on = ep->snapshots.told = false;
    tn_timer_cancel(&ep->ctx, &ep->snapshots.timer);
}

/* ---- taking up ---- */

tern_addr tn_snapshot_nowhere(tern_addr remote)
{
    return (tern_addr){.family = remote.family};
}

bool tn_snapshot_is_nowhere(tern_addr addr)
{
    return tern_addr_same_host(addr, tn_snapshot_nowhere(addr));
}

static int check_header(tern_str snapshot)
{
    if (snapshot.len < HEADER + TN_SEAL_EXTRA || !tn_str_starts(snapshot, MAGIC)) {
        return TERN_EPARSE;
    }
    const uint8_t *version = (const uint8_t *)snapshot.ptr + MAGIC.len;
    return tn_get16(version) == VERSION ? 0 : TERN_EVERSION;
}

static void undo(struct tern_endpoint *ep)
{
    struct tn_call *call;
    struct tn_account *account;
    uint32_t walk = 0;
    while ((call = tn_slots_each(&ep->calls, &walk)) != NULL)
        tn_call_free(call);
    tn_forks_forget(ep);
    walk = 0;
    while ((account = tn_slots_each(&ep->accounts, &walk)) != NULL)
        tn_account_free(account);
    tn_ep_events_fini(ep);
    if (ep->dtls == NULL) tn_snapshots_fini(ep); /* else it has this certificate by now */
}

static int read_age(const struct tern_snapshot_opts *opts, struct tn_pack *p, tern_time *age)
{
    int64_t then = (int64_t)tn_pack_number(p, ROOT_WALL, 0, INT64_MAX);
    bool told = then > 0 && opts->wall_us > then; /* a clock that was set back tells nothing */
    *age = told ? opts->wall_us - then : 0;
    if (p->err) return p->err;
    return *age / TERN_SECONDS(1) > (tern_time)opts->max_age_s ? TERN_EAGE : 0;
}

int tn_snapshot_take(struct tern_endpoint *ep, const struct tern_snapshot_opts *opts,
                     tern_str record)
{
    struct tn_pack p;
    tern_time age;
    tn_pack_read(&p, record, &ep->ctx.alloc, ep->ctx.now);
    int err = read_age(opts, &p, &age);
    if (err) return err;
    p.origin = ep->ctx.now - age;
    pack_identity(ep, &p);
    if (!p.err) tn_snapshot_accounts(ep, &p);
    if (!p.err) tn_snapshot_calls(ep, &p);
    if (!p.err && ep->ctx.out_of_memory) p.err = TERN_ENOMEM;
    if (p.err) {
        undo(ep);
        return p.err;
    }
    ep->snapshots.on = ep->snapshots.resuming = true;
    due_in(ep, 0);
    return 0;
}

static bool is_new(const struct tern_endpoint *ep)
{
    return ep->state == TN_ENDPOINT_NEW && ep->accounts.count == 0 && !ep->network_known;
}

int tern_snapshot_restore(struct tern_endpoint *ep, tern_time now,
                          const struct tern_snapshot_opts *given, tern_str snapshot)
{
    struct tern_snapshot_opts opts = {0};
    struct tn_buf record;
    if (!is_new(ep)) return TERN_ESTATE;
    int err = check_header(snapshot);
    if (!err) err = take_opts(given, &opts);
    if (err) return err;
    tn_ep_enter(ep, now);
    const struct tn_seal seal = {opts.key, tn_str_sub(snapshot, 0, HEADER)};
    tn_buf_init_secret(&record, &ep->ctx.alloc, SIZE_MAX_ALL);
    err = tn_unseal(&seal, tn_str_from(snapshot, HEADER), &record);
    tn_wipe(opts.key, sizeof(opts.key));
    if (!err) err = tn_snapshot_take(ep, &opts, tn_buf_view(&record));
    tn_buf_fini(&record);
    tn_ep_run(ep);
    return err;
}

static void remove_bindings(struct tern_endpoint *ep)
{
    struct tn_account *account;
    uint32_t walk = 0;
    while ((account = tn_slots_each(&ep->accounts, &walk)) != NULL) {
        if (!account->snapshot.removes) continue;
        account->snapshot.removes = false;
        tn_account_leave(account);
    }
}

bool tn_snapshot_resume(struct tern_endpoint *ep)
{
    struct tern_ip_change_param param;
    struct tn_snapshots *s = &ep->snapshots;
    if (!s->resuming) return false;
    if (!ep->network_known || ep->state != TN_ENDPOINT_RUNNING) return true;
    tn_net_sync_listeners(&ep->net, false, 0);
    bool listens = tn_net_listeners_ready(&ep->net) || ep->listener_failed;
    if (s->awaited > 0 || !listens) return true; /* milliseconds */
    s->resuming = false;
    remove_bindings(ep);
    tern_ip_change_param_init(&param);
    tn_ep_network_changed(ep, &param, false);
    return true;
}

void tn_snapshot_call_ready(struct tn_call *call)
{
    if (!call->snapshot.awaited) return;
    call->snapshot.awaited = false;
    call->ep->snapshots.awaited--;
    (void)tn_snapshot_resume(call->ep);
}

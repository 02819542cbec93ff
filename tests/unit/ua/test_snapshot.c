/* SPDX-License-Identifier: MIT */
/* An endpoint that is killed in mid-call and taken up by another process: the call goes on. */
#include "phones.h"

#include "base/str.h"
#include "ua/call.h"

/* What alice's program keeps on its disk. */
static struct disk {
    char *bytes;
    size_t len;
    unsigned saves;
    bool full;     /* saving fails */
    bool careless; /* it saves only when the test does */
} disk;
static tern_call restored, restored_was;
static unsigned restored_accounts, restored_calls, asked;
static tern_time clock_skew;

static int sink(void *user, const void *data, size_t len)
{
    struct disk *d = user;
    if (d->full) return TERN_EIO;
    d->bytes = realloc(d->bytes, len);
    memcpy(d->bytes, data, len);
    d->len = len;
    d->saves++;
    return 0;
}

static struct tern_snapshot_opts opts_now(void)
{
    struct tern_snapshot_opts opts;
    tern_snapshot_opts_init(&opts);
    memset(opts.key, 7, sizeof(opts.key));
    opts.wall_us = TERN_SECONDS(1000000) + world.now + clock_skew;
    return opts;
}

static void save(void)
{
    struct tern_snapshot_opts opts = opts_now();
    CHECK_EQ(tern_snapshot_save(alice->ep, world.now, &opts, sink, &disk),
             disk.full ? TERN_EIO : 0);
}

static void watch(struct host *host, const struct tern_event *event)
{
    if (event->type == TERN_EV_SNAPSHOT_DUE) {
        asked++;
        if (!disk.careless) save();
    }
    if (event->type != TERN_EV_RESTORED) return;
    const struct tern_ev_restored *ev = &event->u.restored;
    if (ev->call.id == 0) {
        restored_accounts++;
        host->account = ev->account;
        return;
    }
    restored_calls++;
    restored = host->call = ev->call;
    restored_was = ev->call_was;
    CHECK(ev->call_id.len > 0);
    CHECK_EQ(ev->account.id, host->account.id);
}

static void begin(void)
{
    disk.saves = 0;
    disk.full = disk.careless = false;
    restored_accounts = restored_calls = asked = 0;
    clock_skew = 0;
    talk();
    alice->watch = watch;
    save();
}

static void end(void)
{
    world_end(&world);
    free(disk.bytes);
    disk.bytes = NULL;
    srtp = TERN_SRTP_OFF;
    srtp_keys = TERN_SRTP_SDES;
    over = TERN_TRANSPORT_UDP;
}

static void again_as_alice(struct tern_endpoint_opts *opts)
{
    tune_alice_endpoint = NULL;
    trust_the_server(opts);
}

static int take_up(void)
{
    struct tern_snapshot_opts opts = opts_now();
    host_revive(alice, again_as_alice);
    return tern_snapshot_restore(alice->ep, world.now, &opts, (tern_str){disk.bytes, disk.len});
}

/* Killed now, dead for so long, then back at this address. */
static void kill_and_revive(tern_time dead, const char *address)
{
    host_kill(alice);
    world_run(&world, dead);
    CHECK_EQ(take_up(), 0);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_network(alice, address, NULL);
}

static void gone_on(void)
{
    CHECK_EQ(restored_accounts, 1);
    CHECK_EQ(restored_calls, 1);
    world_run(&world, TERN_SECONDS(2));
    moved(1);
    CHECK_EQ(alice->last_completed.totals.accounts, 1);
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(bindings("alice", ""), 1);
    still_talking();
    CHECK_EQ(bob->incoming, 1);
}

static void a_call_goes_on_in_another_process_by_every_transport(void)
{
    for (int t = TERN_TRANSPORT_UDP; t <= TERN_TRANSPORT_TLS; t++) {
        over = (enum tern_transport)t;
        begin();
        world_run(&world, TERN_SECONDS(3));
        tern_call was = alice->call;
        kill_and_revive(TERN_SECONDS(2), at(1));
        CHECK_EQ(restored_was.id, was.id);
        gone_on();
        end();
    }
}

static void it_goes_on_from_another_address(void)
{
    for (int t = TERN_TRANSPORT_UDP; t <= TERN_TRANSPORT_TLS; t++) {
        over = (enum tern_transport)t;
        begin();
        world_run(&world, TERN_SECONDS(3));
        kill_and_revive(TERN_SECONDS(5), at(5));
        gone_on();
        registered_only_at(at(5));
        end();
    }
}

static void a_protected_call_goes_on_with_its_keys(void)
{
    for (int k = 0; k < 4; k++) {
        struct tern_media_stats before, after;
        srtp = TERN_SRTP_MANDATORY;
        srtp_keys = k % 2 ? TERN_SRTP_DTLS : TERN_SRTP_SDES;
        over = TERN_TRANSPORT_TLS;
        begin();
        world_run(&world, TERN_SECONDS(40));
        CHECK_EQ(tern_call_media_stats(bob->ep, bob->call, &before), 0);
        kill_and_revive(TERN_SECONDS(2), at(k < 2 ? 1 : 5));
        gone_on();
        CHECK_EQ(tern_call_media_stats(bob->ep, bob->call, &after), 0);
        CHECK_EQ(after.packets_replayed, before.packets_replayed);
        struct tern_call_info info;
        CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
        CHECK_EQ(info.security, TERN_MEDIA_SECURE);
        world_run(&world, TERN_SECONDS(60));
        still_talking();
        end();
    }
}

static void the_held_call_stays_held(void)
{
    begin();
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(2));
    kill_and_revive(TERN_SECONDS(2), at(5));
    world_run(&world, TERN_SECONDS(2));
    moved(1);
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(alice->ep, alice->call, &info), 0);
    CHECK(info.held_here);
    CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(1));
    still_talking();
    end();
}

static void it_survives_being_killed_again_and_again(void)
{
    srtp = TERN_SRTP_MANDATORY;
    over = TERN_TRANSPORT_TLS;
    begin();
    for (int i = 0; i < 6; i++) {
        world_run(&world, TERN_MS(300) * i);
        kill_and_revive(TERN_MS(500), at(i % 2 ? 1 : 5));
        world_run(&world, TERN_SECONDS(1));
    }
    world_run(&world, TERN_SECONDS(3));
    still_talking();
    CHECK_EQ(restored_calls, 6);
    end();
}

/* RFC 3711 9.1: nobody knows whether the snapshot is taken up once more. */
static void what_is_taken_up_sends_nothing_protected_before_it_is_saved(void)
{
    struct tern_media_stats stats;
    srtp = TERN_SRTP_MANDATORY;
    over = TERN_TRANSPORT_TLS;
    begin();
    disk.careless = true;
    kill_and_revive(TERN_SECONDS(1), at(1));
    world_run(&world, TERN_SECONDS(2));
    CHECK(asked > 0);
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &stats), 0);
    CHECK_EQ(stats.packets_sent, 0);
    save();
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &stats), 0);
    CHECK(stats.packets_sent > 90);
    end();
}

static void who_does_not_save_sends_no_further_than_the_reserve(void)
{
    struct tern_media_stats before, stats;
    srtp = TERN_SRTP_MANDATORY;
    over = TERN_TRANSPORT_TLS;
    begin();
    disk.full = true;
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &before), 0);
    world_run(&world, TERN_SECONDS(60));
    CHECK_EQ(tern_call_media_stats(alice->ep, alice->call, &stats), 0);
    CHECK_EQ(stats.packets_sent - before.packets_sent, TN_SRTP_RESERVE);
    disk.full = false;
    world_run(&world, TERN_SECONDS(3));
    still_talking();
    tern_snapshot_forget(alice->ep);
    disk.full = true;
    CHECK_EQ(tern_snapshot_due(alice->ep), TERN_TIME_NEVER);
    world_run(&world, TERN_SECONDS(60));
    still_talking();
    end();
}

static void an_unanswered_call_is_ended_and_its_late_answer_too(void)
{
    begin();
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    bob->auto_answer = false;
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(bob->incoming, 2);
    host_kill(alice);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(take_up(), 0);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_network(alice, at(1), NULL);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(restored_calls, 0);
    CHECK_EQ(bob->ended, 2);
    CHECK_EQ(tern_call_next(alice->ep, (tern_call){0}).id, 0);
    end();
}

static void a_call_that_is_being_ended_is_ended(void)
{
    begin();
    alice->talks = false;
    host_network(alice, NULL, NULL);
    CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    kill_and_revive(TERN_SECONDS(1), at(5));
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(restored_calls, 0);
    CHECK_EQ(bob->ended, 1);
    CHECK_EQ(bob->last_ended.cause, TERN_END_REMOTE);
    end();
}

/* ---- settings ---- */

/* None of them at its default: whoever adds one packs it in ua/snapshot_account.c. */
static const struct tern_account_opts unusual = {
    .size = sizeof(unusual),
    .uri = {"sip:alice@example.com", 21},
    .display_name = {"Alice", 5},
    .registrar = {"sip:10.0.9.1", 12},
    .proxy = {"sip:10.0.9.2;lr", 15},
    .auth_user = {"al", 2},
    .password = {"secret", 6},
    .realm = {"example.com", 11},
    .transport = TERN_TRANSPORT_TCP,
    .expires_s = 777,
    .keepalive_s = 11,
    .stream_keepalive_s = 111,
    .no_register = true,
    .answer_timeout_s = 99,
    .session_expires_s = 1234,
    .min_se_s = 100,
    .reliable = TERN_RELIABLE_REQUIRED,
    .contact_rewrite = false,
    .media_timeout_s = 33,
    .doubled_send_ms = 250,
    .no_outbound = true,
    .gruu = TERN_GRUU_TEMPORARY,
    .second_flow = TERN_SECOND_FLOW_ALWAYS,
    .srtp = TERN_SRTP_OPTIONAL,
    .srtp_keys = TERN_SRTP_DTLS,
    .ip_change = {.contact_flags = TERN_CONTACT_LEAVE_OLD,
                  .hangup_calls = true,
                  .reinvite_flags = TERN_CALL_UPDATE_CONTACT,
                  .order = TERN_ORDER_AFTER_REGISTER,
                  .rescue_window_ms = 1111,
                  .offline_window_ms = 2222},
};

static void same_text(const struct tn_text *a, const struct tn_text *b)
{
    CHECK(tn_str_eq(tn_text_view(a), tn_text_view(b)));
}

static void same_settings(const struct tn_account *a, const struct tn_account *b)
{
    same_text(&a->uri, &b->uri);
    same_text(&a->display, &b->display);
    same_text(&a->registrar, &b->registrar);
    same_text(&a->proxy, &b->proxy);
    CHECK(tn_str_eq(a->auth.credentials.user, b->auth.credentials.user));
    CHECK(tn_str_eq(a->auth.credentials.password, b->auth.credentials.password));
    CHECK(tn_str_eq(a->auth.credentials.realm, b->auth.credentials.realm));
    CHECK_EQ(a->transport, b->transport);
    CHECK_EQ(a->expires_s, b->expires_s);
    CHECK_EQ(a->keepalive_s, b->keepalive_s);
    CHECK_EQ(a->stream_keepalive_s, b->stream_keepalive_s);
    CHECK_EQ(a->answer_timeout_s, b->answer_timeout_s);
    CHECK_EQ(a->session_expires_s, b->session_expires_s);
    CHECK_EQ(a->min_se_s, b->min_se_s);
    CHECK_EQ(a->reliable, b->reliable);
    CHECK_EQ(a->contact_rewrite, b->contact_rewrite);
    CHECK_EQ(a->media_timeout_s, b->media_timeout_s);
    CHECK_EQ(a->doubled_send_ms, b->doubled_send_ms);
    CHECK_EQ(a->outbound.off, b->outbound.off);
    CHECK_EQ(a->outbound.wanted, b->outbound.wanted);
    CHECK_EQ(a->second_flow, b->second_flow);
    CHECK_EQ(a->srtp, b->srtp);
    CHECK_EQ(a->srtp_keys, b->srtp_keys);
    CHECK_EQ(a->wants_registration, b->wants_registration);
    CHECK_EQ(a->ip_change.update_contact, b->ip_change.update_contact);
    CHECK_EQ(a->ip_change.contact_flags, b->ip_change.contact_flags);
    CHECK_EQ(a->ip_change.shutdown_transport, b->ip_change.shutdown_transport);
    CHECK_EQ(a->ip_change.hangup_calls, b->ip_change.hangup_calls);
    CHECK_EQ(a->ip_change.reinvite_flags, b->ip_change.reinvite_flags);
    CHECK_EQ(a->ip_change.use_update, b->ip_change.use_update);
    CHECK_EQ(a->ip_change.order, b->ip_change.order);
    CHECK_EQ(a->ip_change.rescue_window_ms, b->ip_change.rescue_window_ms);
    CHECK_EQ(a->ip_change.offline_window_ms, b->ip_change.offline_window_ms);
}

static void every_setting_and_who_we_are_comes_back(void)
{
    struct tern_snapshot_opts opts;
    struct tern_endpoint *first;
    tern_account account;
    disk.full = false;
    world_start(&world, TERN_MS(25));
    alice = world_host(&world, "alice", NULL, NULL);
    CHECK_EQ(tern_account_add(alice->ep, world.now, &unusual, &account), 0);
    opts = opts_now();
    CHECK_EQ(tern_snapshot_save(alice->ep, world.now, &opts, sink, &disk), 0);
    first = alice->ep;
    CHECK_EQ(take_up(), 0);
    CHECK(memcmp(&first->instance, &alice->ep->instance, sizeof(first->instance)) == 0);
    tern_account again = tern_account_next(alice->ep, (tern_account){0});
    same_settings(tn_account_find(first, account), tn_account_find(alice->ep, again));
    tern_endpoint_free(first);
    end();
}

/* ---- what is not taken up ---- */

static void refused(int want)
{
    int got = take_up();
    CHECK_EQ(got, want);
    CHECK_EQ(tern_account_next(alice->ep, (tern_account){0}).id, 0);
    tern_endpoint_free(alice->ep);
    alice->ep = NULL;
}

static void damaged_foreign_old_and_newer_snapshots_are_refused_whole(void)
{
    begin();
    host_kill(alice);
    size_t len = disk.len;
    for (size_t i = 0; i < len; i += i < 64 ? 1 : 97) {
        disk.bytes[i] ^= 1;
        refused(i < 8 ? TERN_EPARSE : i < 10 ? TERN_EVERSION : TERN_EKEY);
        disk.bytes[i] ^= 1;
        disk.len = i;
        refused(i < 12 + 28 ? TERN_EPARSE : TERN_EKEY);
        disk.len = len;
    }
    clock_skew = TERN_SECONDS(86400) + TERN_SECONDS(1);
    refused(TERN_EAGE);
    clock_skew = -TERN_SECONDS(86400);
    CHECK_EQ(take_up(), 0); /* a clock that was set back says nothing */
    struct tern_snapshot_opts opts = opts_now();
    const tern_str bytes = {disk.bytes, disk.len};
    CHECK_EQ(tern_snapshot_restore(alice->ep, world.now, &opts, bytes), TERN_ESTATE);
    memset(opts.key, 0, sizeof(opts.key));
    CHECK_EQ(tern_snapshot_save(alice->ep, world.now, &opts, sink, &disk), TERN_EINVAL);
    end();
}

static void an_endpoint_without_what_it_needs_takes_up_nothing(void)
{
    srtp = TERN_SRTP_MANDATORY;
    over = TERN_TRANSPORT_TLS;
    begin();
    host_kill(alice);
    struct tern_snapshot_opts opts = opts_now();
    host_revive(alice, NULL); /* trusts nobody: no TLS */
    CHECK_EQ(tern_snapshot_restore(alice->ep, world.now, &opts, (tern_str){disk.bytes, disk.len}),
             TERN_EUNSUPPORTED);
    CHECK_EQ(tern_account_next(alice->ep, (tern_account){0}).id, 0);
    end();
}

static struct limited {
    int calls, fail_at;
} limited;

static void *limited_resize(void *user, void *ptr, size_t size)
{
    struct limited *l = user;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return ++l->calls == l->fail_at ? NULL : realloc(ptr, size);
}

static void use_limited(struct tern_endpoint_opts *opts)
{
    opts->allocator = (struct tern_allocator){&limited, limited_resize};
    trust_the_server(opts);
}

static void without_memory_nothing_is_taken_up_or_all_of_it(void)
{
    for (int k = 0; k < 2; k++) {
        int err = TERN_ENOMEM;
        srtp = k ? TERN_SRTP_MANDATORY : TERN_SRTP_OFF;
        begin();
        host_kill(alice);
        for (int n = 1; err != 0; n++) {
            struct tern_snapshot_opts opts = opts_now();
            limited.fail_at = 0;
            host_revive(alice, use_limited);
            limited.fail_at = limited.calls + n;
            err = tern_snapshot_restore(alice->ep, world.now, &opts,
                                        (tern_str){disk.bytes, disk.len});
            if (err != 0) CHECK_EQ(err, TERN_ENOMEM);
            bool any = tern_account_next(alice->ep, (tern_account){0}).id != 0 ||
                       tern_call_next(alice->ep, (tern_call){0}).id != 0;
            CHECK_EQ(any, err == 0);
            if (limited.calls < limited.fail_at) CHECK_EQ(err, 0);
            tern_endpoint_free(alice->ep);
            alice->ep = NULL;
        }
        end();
    }
}

static void without_memory_saving_changes_nothing(void)
{
    int err = TERN_ENOMEM;
    tune_alice_endpoint = use_limited;
    limited.fail_at = 0;
    begin();
    for (int n = 1; err != 0; n++) {
        struct tern_snapshot_opts opts = opts_now();
        unsigned saves = disk.saves;
        limited.fail_at = limited.calls + n;
        err = tern_snapshot_save(alice->ep, world.now, &opts, sink, &disk);
        CHECK(err == 0 || err == TERN_ENOMEM);
        CHECK_EQ(disk.saves, saves + (err == 0));
    }
    limited.fail_at = 0;
    still_talking();
    tune_alice_endpoint = NULL;
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_call_goes_on_in_another_process_by_every_transport),
        TEST(it_goes_on_from_another_address),
        TEST(a_protected_call_goes_on_with_its_keys),
        TEST(the_held_call_stays_held),
        TEST(it_survives_being_killed_again_and_again),
        TEST(what_is_taken_up_sends_nothing_protected_before_it_is_saved),
        TEST(who_does_not_save_sends_no_further_than_the_reserve),
        TEST(an_unanswered_call_is_ended_and_its_late_answer_too),
        TEST(a_call_that_is_being_ended_is_ended),
        TEST(every_setting_and_who_we_are_comes_back),
        TEST(damaged_foreign_old_and_newer_snapshots_are_refused_whole),
        TEST(an_endpoint_without_what_it_needs_takes_up_nothing),
        TEST(without_memory_nothing_is_taken_up_or_all_of_it),
        TEST(without_memory_saving_changes_nothing),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

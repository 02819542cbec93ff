/* SPDX-License-Identifier: MIT */
/*
 * A call that outlives its program: it calls, is killed in the middle of the call, and its successor
 * goes on with it.
 *     09_snapshot sip:alice@example.com SECRET sip:bob@example.com FILE
 * Exit status 0 if the call went on until we hung up.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tern/tern.h>
#include <tern/uv.h>

static struct tern_uv *uv;
static struct tern_uv_snapshot *snapshot;
static tern_call call;
static bool second, went_on;

static void check(int err)
{
    if (err == 0) return;
    fprintf(stderr, "%s\n", tern_strerror(err));
    exit(1);
}

static tern_str text(const char *s)
{
    return (tern_str){s, strlen(s)};
}

/* Whatever happens after this, there is something to go on with. */
static void on_snapshot_due(void *user, struct tern_endpoint *ep)
{
    (void)user;
    check(tern_uv_snapshot_save(snapshot, ep));
}

static void on_restored(void *user, struct tern_endpoint *ep, const struct tern_ev_restored *ev)
{
    (void)user, (void)ep;
    if (ev->call.id == 0) return; /* an account */
    call = ev->call;
    printf("takes up the call with %.*s\n", (int)ev->uri.len, ev->uri.ptr);
    check(tern_uv_audio(uv, call, tern_audio_tone(440, 0.3), NULL));
}

static void on_ip_change(void *user, struct tern_endpoint *ep,
                         const struct tern_ip_change_progress *progress)
{
    (void)user, (void)ep;
    if (progress->op != TERN_IP_CHANGE_OP_COMPLETED) return;
    printf("completed: %u call kept, %u lost\n", progress->totals.calls_kept,
           progress->totals.calls_lost);
    went_on = progress->totals.calls_kept == 1;
}

static void on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
{
    (void)user;
    printf("ended: %.*s; received %llu packets\n", (int)ev->reason.len, ev->reason.ptr,
           (unsigned long long)ev->media.packets_received);
    went_on = went_on && ev->cause == TERN_END_LOCAL;
    check(tern_endpoint_stop(ep, tern_uv_now(uv), 2000));
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)user, (void)ep;
    tern_uv_stop(uv);
}

static const struct tern_callbacks callbacks = {
    .size = sizeof(callbacks),
    .on_call_ended = on_ended,
    .on_ip_change_progress = on_ip_change,
    .on_stopped = on_stopped,
    .on_restored = on_restored,
    .on_snapshot_due = on_snapshot_due,
};

static void two_seconds_later(int number)
{
    (void)number;
    if (!second) kill(getpid(), SIGKILL);
    tern_uv_stop(uv); /* allowed here: NOLINT(bugprone-signal-handler) */
}

static void make_call(struct tern_endpoint *ep, char **argv)
{
    struct tern_account_opts account;
    struct tern_call_opts opts;

    tern_account_opts_init(&account);
    account.uri = text(argv[1]);
    account.registrar = account.uri;
    account.password = text(argv[2]);
    tern_call_opts_init(&opts);
    check(tern_account_add(ep, tern_uv_now(uv), &account, &opts.account));
    opts.target = text(argv[3]);
    check(tern_call_make(ep, tern_uv_now(uv), &opts, &call));
    check(tern_uv_audio(uv, call, tern_audio_tone(440, 0.3), NULL));
}

static int live(char **argv)
{
    struct tern_endpoint_opts opts;
    struct tern_endpoint *ep;
    struct tern_uv_opts uv_opts;

    tern_endpoint_opts_init(&opts);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));
    check(tern_uv_snapshot_open(argv[4], &snapshot));
    int err = tern_uv_snapshot_restore(snapshot, ep); /* before there is a network */
    if (err != TERN_ENOTFOUND) check(err);
    second = err == 0;
    tern_uv_opts_init(&uv_opts);
    uv_opts.callbacks = &callbacks;
    check(tern_uv_new(ep, &uv_opts, &uv));
    check(tern_endpoint_start(ep, tern_uv_now(uv)));
    if (!second) make_call(ep, argv);
    check(tern_uv_snapshot_save(snapshot, ep));
    printf("process %d %s\n", (int)getpid(), second ? "takes over" : "will be killed");
    fflush(stdout);
    signal(SIGALRM, two_seconds_later);
    alarm(2);
    check(tern_uv_run(uv));
    check(tern_call_hangup(ep, tern_uv_now(uv), call, 0));
    check(tern_uv_run(uv)); /* until on_stopped() */

    tern_uv_free(uv);
    tern_endpoint_free(ep);
    tern_uv_snapshot_close(snapshot, true); /* ended in good order: nothing to take up */
    return went_on ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 5) return fprintf(stderr, "usage: %s URI PASSWORD TARGET FILE\n", argv[0]), 2;
    pid_t child = fork(); /* the one that is killed */
    if (child == 0) return live(argv);
    if (child < 0 || waitpid(child, NULL, 0) != child) return 1;
    return live(argv);
}

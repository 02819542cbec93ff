/* SPDX-License-Identifier: MIT */
/*
 * Calls somebody, plays a tone, hangs up after some seconds:
 *     03_call sip:alice@example.com SECRET sip:bob@example.com 5
 * The libuv loop and the timer are the application's own. Exit status 0 if the call was answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <tern/tern.h>
#include <tern/uv.h>

#define PATIENCE_MS 60000 /* for an answer */

static uv_loop_t loop;
static uv_timer_t timer;
static struct tern_uv *uv;
static tern_call call;
static uint64_t talk_ms;
static bool answered, stopped;

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

static void hang_up(uv_timer_t *handle)
{
    (void)handle;
    check(tern_call_hangup(tern_uv_endpoint(uv), tern_uv_now(uv), call, 0));
}

static void on_progress(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_progress *ev)
{
    (void)user;
    (void)ep;
    printf("%d %.*s\n", ev->status, (int)ev->reason.len, ev->reason.ptr);
}

static void on_answered(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_answered *ev)
{
    (void)user;
    (void)ep;
    printf("answered, %s\n", ev->codec == 0 ? "PCMU" : ev->codec == 8 ? "PCMA" : "no audio");
    answered = true;
    uv_timer_start(&timer, hang_up, talk_ms, 0);
}

/* The last word about the call; then the endpoint ends in good order. */
static void on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
{
    (void)user;
    printf("ended: %.*s\n", (int)ev->reason.len, ev->reason.ptr);
    printf("talked %.1f s; sent %llu packets, received %llu, lost %llu\n", (double)ev->talked / 1e6,
           (unsigned long long)ev->media.packets_sent,
           (unsigned long long)ev->media.packets_received,
           (unsigned long long)ev->media.packets_lost);
    uv_timer_stop(&timer);
    check(tern_endpoint_stop(ep, tern_uv_now(uv), 2000));
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)user;
    (void)ep;
    stopped = true;
}

static const struct tern_callbacks callbacks = {
    .size = sizeof(callbacks),
    .on_call_progress = on_progress,
    .on_call_answered = on_answered,
    .on_call_ended = on_ended,
    .on_stopped = on_stopped,
};

int main(int argc, char **argv)
{
    struct tern_endpoint_opts opts;
    struct tern_uv_opts uv_opts;
    struct tern_account_opts account;
    struct tern_call_opts call_opts;
    struct tern_endpoint *ep;

    if (argc != 5) {
        fprintf(stderr, "usage: %s URI PASSWORD TARGET SECONDS\n", argv[0]);
        return 2;
    }
    talk_ms = 1000 * strtoul(argv[4], NULL, 10);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);

    tern_endpoint_opts_init(&opts);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));
    tern_uv_opts_init(&uv_opts);
    uv_opts.loop = &loop;
    uv_opts.callbacks = &callbacks;
    check(tern_uv_new(ep, &uv_opts, &uv));
    check(tern_endpoint_start(ep, tern_uv_now(uv)));

    /* An account without a registrar: enough to call, and to prove who we are when asked. */
    tern_account_opts_init(&account);
    account.uri = text(argv[1]);
    account.password = text(argv[2]);
    tern_call_opts_init(&call_opts);
    check(tern_account_add(ep, tern_uv_now(uv), &account, &call_opts.account));

    call_opts.target = text(argv[3]);
    check(tern_call_make(ep, tern_uv_now(uv), &call_opts, &call));
    check(tern_uv_audio(uv, call, tern_audio_tone(440, 0.3), NULL));
    uv_timer_start(&timer, hang_up, PATIENCE_MS, 0); /* whatever becomes of it, there is an end */
    while (!stopped) {
        uv_run(&loop, UV_RUN_ONCE);
    }

    tern_uv_free(uv);
    tern_endpoint_free(ep);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return answered ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * Answers each call and sends back what it hears, until Ctrl-C:
 *     04_answer sip:bob@example.com SECRET sip:example.com
 * Shows an audio source and sink of the application's own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/tern.h>
#include <tern/uv.h>

static struct tern_uv *uv;

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

/* One frame from the sink to the source. Both are called on the loop's thread, in turn. */
struct echo {
    struct tern_audio_source source;
    struct tern_audio_sink sink;
    int open; /* ends */
    int16_t frame[TERN_PCM_FRAME];
};

static struct echo *echo_of(struct tern_audio_sink *sink)
{
    return (struct echo *)((char *)sink - offsetof(struct echo, sink));
}

static bool echo_read(struct tern_audio_source *source, int16_t *pcm)
{
    struct echo *echo = (struct echo *)source; /* its first member */
    memcpy(pcm, echo->frame, sizeof(echo->frame));
    memset(echo->frame, 0, sizeof(echo->frame));
    return true;
}

static void echo_write(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    if (heard) memcpy(echo_of(sink)->frame, pcm, sizeof(echo_of(sink)->frame));
}

static void echo_close(struct echo *echo)
{
    if (--echo->open == 0) free(echo);
}

static void source_close(struct tern_audio_source *source)
{
    echo_close((struct echo *)source);
}

static void sink_close(struct tern_audio_sink *sink)
{
    echo_close(echo_of(sink));
}

static void on_incoming(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_incoming *ev)
{
    (void)user;
    printf("call from %.*s\n", (int)ev->from.len, ev->from.ptr);
    check(tern_call_answer(ep, tern_uv_now(uv), ev->call, 200));

    struct echo *echo = calloc(1, sizeof(*echo));
    if (echo == NULL) return; /* they hear silence */
    echo->source = (struct tern_audio_source){.read = echo_read, .close = source_close};
    echo->sink = (struct tern_audio_sink){.write = echo_write, .close = sink_close};
    echo->open = 2;
    check(tern_uv_audio(uv, ev->call, &echo->source, &echo->sink));
}

static void on_registration(void *user, struct tern_endpoint *ep,
                            const struct tern_ev_registration *ev)
{
    (void)user;
    (void)ep;
    puts(tern_registration_state_name(ev->state));
    if (ev->state == TERN_REGISTRATION_FAILED) tern_uv_stop(uv);
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)user;
    (void)ep;
    tern_uv_stop(uv);
}

static void interrupted(int signal)
{
    (void)signal;
    tern_uv_stop(uv); /* allowed here: NOLINT(bugprone-signal-handler) */
}

static const struct tern_callbacks callbacks = {
    .size = sizeof(callbacks),
    .on_registration = on_registration,
    .on_call_incoming = on_incoming,
    .on_stopped = on_stopped,
};

int main(int argc, char **argv)
{
    struct tern_endpoint_opts opts;
    struct tern_uv_opts uv_opts;
    struct tern_account_opts account_opts;
    struct tern_endpoint *ep;
    tern_account account;

    if (argc != 4) {
        fprintf(stderr, "usage: %s URI PASSWORD REGISTRAR\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    tern_endpoint_opts_init(&opts);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));
    tern_uv_opts_init(&uv_opts);
    uv_opts.callbacks = &callbacks;
    check(tern_uv_new(ep, &uv_opts, &uv));
    check(tern_endpoint_start(ep, tern_uv_now(uv)));

    tern_account_opts_init(&account_opts);
    account_opts.uri = text(argv[1]);
    account_opts.password = text(argv[2]);
    account_opts.registrar = text(argv[3]);
    check(tern_account_add(ep, tern_uv_now(uv), &account_opts, &account));

    signal(SIGINT, interrupted);
    check(tern_uv_run(uv));
    check(tern_endpoint_stop(ep, tern_uv_now(uv), 2000)); /* calls, then the binding */
    check(tern_uv_run(uv));
    tern_uv_free(uv);
    tern_endpoint_free(ep);
    return 0;
}

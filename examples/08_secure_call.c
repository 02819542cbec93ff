/* SPDX-License-Identifier: MIT */
/*
 * Calls somebody so that nobody on the way can listen: SIP over TLS, audio over SRTP or not at all.
 *     08_secure_call sip:alice@example.com SECRET sip:bob@example.com 5 [CA-FILE]
 * Without CA-FILE, the authorities of the system vouch for the server. Exit status 0 if the call was
 * answered, and protected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <tern/tern.h>
#include <tern/uv.h>

static struct tern_uv *uv;
static tern_call call;
static bool answered, protected;

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

static void hang_up(uv_timer_t *timer)
{
    (void)timer;
    check(tern_call_hangup(tern_uv_endpoint(uv), tern_uv_now(uv), call, 0));
}

/* The server has shown that it is who it should be; what waited goes out now. */
static void on_secured(void *user, struct tern_endpoint *ep, const struct tern_ev_secured *ev)
{
    (void)user;
    (void)ep;
    printf("%.*s%s\n", (int)ev->version.len, ev->version.ptr, ev->resumed ? ", resumed" : "");
}

static void on_answered(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_answered *ev)
{
    uv_timer_t *timer = user;

    (void)ep;
    (void)ev;
    answered = true;
    uv_timer_start(timer, hang_up, *(uint64_t *)timer->data, 0);
}

/* With keys by SDES at once; with DTLS when their handshake is done. */
static void on_media(void *user, struct tern_endpoint *ep, const struct tern_ev_call_media *ev)
{
    (void)user;
    (void)ep;
    printf("audio: %s\n", tern_media_security_name(ev->security));
    if (ev->security == TERN_MEDIA_SECURE) protected = true;
}

static void on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev)
{
    uv_timer_stop(user);
    printf("ended: %.*s; received %llu packets\n", (int)ev->reason.len, ev->reason.ptr,
           (unsigned long long)ev->media.packets_received);
    check(tern_endpoint_stop(ep, tern_uv_now(uv), 2000));
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)user;
    (void)ep;
    tern_uv_stop(uv);
}

static const struct tern_callbacks callbacks = {
    .size = sizeof(callbacks),
    .on_call_answered = on_answered,
    .on_call_media = on_media,
    .on_call_ended = on_ended,
    .on_secured = on_secured,
    .on_stopped = on_stopped,
};

/* Whom we trust is read once; the endpoint keeps what it needs of it. */
static struct tern_endpoint *new_endpoint(const char *ca_file)
{
    struct tern_endpoint_opts opts;
    struct tern_endpoint *ep;
    struct tern_uv_pem ca = {0};

    check(ca_file ? tern_uv_read_pem(ca_file, &ca) : tern_uv_system_ca(&ca));
    tern_endpoint_opts_init(&opts);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) exit(1);
    opts.tls_ca = (tern_str){ca.text, ca.len};
    check(tern_endpoint_new(&opts, &ep));
    tern_uv_pem_free(&ca);
    return ep;
}

int main(int argc, char **argv)
{
    struct tern_uv_opts uv_opts;
    struct tern_account_opts account;
    struct tern_call_opts call_opts;
    uv_loop_t loop;
    uv_timer_t timer;

    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: %s URI PASSWORD TARGET SECONDS [CA-FILE]\n", argv[0]);
        return 2;
    }
    uint64_t talk_ms = 1000 * strtoul(argv[4], NULL, 10);
    struct tern_endpoint *ep = new_endpoint(argc == 6 ? argv[5] : NULL);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    timer.data = &talk_ms;
    tern_uv_opts_init(&uv_opts);
    uv_opts.loop = &loop;
    uv_opts.callbacks = &callbacks;
    uv_opts.user = &timer;
    check(tern_uv_new(ep, &uv_opts, &uv));
    check(tern_endpoint_start(ep, tern_uv_now(uv)));

    tern_account_opts_init(&account);
    account.uri = text(argv[1]);
    account.password = text(argv[2]);
    account.transport = TERN_TRANSPORT_TLS;
    account.srtp = TERN_SRTP_MANDATORY;
    tern_call_opts_init(&call_opts);
    check(tern_account_add(ep, tern_uv_now(uv), &account, &call_opts.account));
    call_opts.target = text(argv[3]);
    check(tern_call_make(ep, tern_uv_now(uv), &call_opts, &call));
    check(tern_uv_audio(uv, call, tern_audio_tone(440, 0.3), NULL));
    uv_timer_start(&timer, hang_up, 60000, 0);
    check(tern_uv_run(uv));

    tern_uv_free(uv);
    tern_endpoint_free(ep);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return answered && protected ? 0 : 1;
}

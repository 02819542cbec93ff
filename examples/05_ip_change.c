/* SPDX-License-Identifier: MIT */
/*
 * Registers, calls, and prints each step of an IP change:
 *     05_ip_change sip:alice@example.com SECRET sip:example.com sip:bob@example.com
 * Pull the cable, or change the Wi-Fi, while the two talk; Enter ends it. With --simulate as the
 * last word it moves from 127.0.0.2 to 127.0.0.3 by itself, once, and then leaves.
 * The endpoint has a thread of its own; the main thread reaches it by tern_uv_post().
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/tern.h>
#include <tern/uv.h>

static bool simulate, moved;
static sem_t news; /* from the loop's thread to the main thread */

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

static void on_answered(void *user, struct tern_endpoint *ep,
                        const struct tern_ev_call_answered *ev)
{
    (void)user;
    (void)ep;
    (void)ev;
    if (simulate) sem_post(&news);
}

static void on_progress(void *user, struct tern_endpoint *ep,
                        const struct tern_ip_change_progress *p)
{
    char local[TERN_ADDR_TEXT_MAX];

    (void)user;
    (void)ep;
    printf("%8.1f ms  change %u  %-18s %-10s", (double)p->since_change / 1000, p->generation,
           tern_ip_change_op_name(p->op), tern_ip_change_status_name(p->status));
    if (p->local.family) printf(" %s", tern_addr_print(p->local, local));
    if (p->sip_code) printf(" %d", p->sip_code);
    if (p->op == TERN_IP_CHANGE_OP_COMPLETED) {
        printf(" %u call%s kept, %u lost", p->totals.calls_kept,
               p->totals.calls_kept == 1 ? "" : "s", p->totals.calls_lost);
        moved = p->status == TERN_IP_CHANGE_SUCCESS && p->totals.calls_kept == 1;
        if (simulate) sem_post(&news);
    }
    printf("\n");
    fflush(stdout);
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    (void)user;
    (void)ep;
    sem_post(&news);
}

/* What a platform does that learns of the network by other ways than the driver's monitor. */
static void use_address(struct tern_uv *uv, void *arg)
{
    struct tern_network network = {.address_count = 1};

    network.addresses[0].interface = 1;
    check(tern_addr_parse(text(arg), &network.addresses[0].addr));
    check(tern_set_network(tern_uv_endpoint(uv), tern_uv_now(uv), &network));
}

static void start_call(struct tern_uv *uv, void *arg)
{
    char **argv = arg;
    struct tern_endpoint *ep = tern_uv_endpoint(uv);
    struct tern_account_opts account;
    struct tern_call_opts opts;
    tern_call call;

    tern_account_opts_init(&account);
    account.uri = text(argv[1]);
    account.password = text(argv[2]);
    account.registrar = text(argv[3]);
    account.ip_change.use_update = false; /* any of the settings in docs/ip-change.md */
    tern_call_opts_init(&opts);
    check(tern_account_add(ep, tern_uv_now(uv), &account, &opts.account));
    opts.target = text(argv[4]);
    check(tern_call_make(ep, tern_uv_now(uv), &opts, &call));
    check(tern_uv_audio(uv, call, tern_audio_tone(440, 0.3), NULL));
}

static void stop(struct tern_uv *uv, void *arg)
{
    (void)arg;
    check(tern_endpoint_stop(tern_uv_endpoint(uv), tern_uv_now(uv), 2000));
}

int main(int argc, char **argv)
{
    static const struct tern_callbacks callbacks = {.size = sizeof(callbacks),
                                                    .on_call_answered = on_answered,
                                                    .on_ip_change_progress = on_progress,
                                                    .on_stopped = on_stopped};
    struct tern_endpoint_opts opts;
    struct tern_uv_opts uv_opts;
    struct tern_endpoint *ep;
    struct tern_uv *uv;
    static char before[] = "127.0.0.2", after[] = "127.0.0.3";

    simulate = argc == 6 && strcmp(argv[5], "--simulate") == 0;
    if (argc != 5 && !simulate) {
        fprintf(stderr, "usage: %s URI PASSWORD REGISTRAR TARGET [--simulate]\n", argv[0]);
        return 2;
    }
    if (sem_init(&news, 0, 0) != 0) return 1;
    tern_endpoint_opts_init(&opts);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));
    tern_uv_opts_init(&uv_opts);
    uv_opts.callbacks = &callbacks;
    uv_opts.no_monitor = simulate;
    check(tern_uv_new(ep, &uv_opts, &uv));
    if (simulate) use_address(uv, before);
    check(tern_endpoint_start(ep, tern_uv_now(uv)));
    start_call(uv, argv);

    check(tern_uv_thread_start(uv)); /* from here on, only by post and from callbacks */
    if (simulate) {
        sem_wait(&news); /* answered */
        sleep(1);
        check(tern_uv_post(uv, use_address, after));
        sem_wait(&news); /* completed */
    } else {
        getchar();
    }
    check(tern_uv_post(uv, stop, NULL));
    sem_wait(&news);
    check(tern_uv_thread_stop(uv));
    tern_uv_free(uv);
    tern_endpoint_free(ep);
    return moved || !simulate ? 0 : 1;
}

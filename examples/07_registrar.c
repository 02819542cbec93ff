/* SPDX-License-Identifier: MIT */
/*
 * A registrar and proxy for those who try things, until Ctrl-C:
 *     07_registrar PORT [USER:PASSWORD ...]
 * Port 0 is chosen by the system, and printed. `tern registrar` is the grown-up form of this.
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

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    (void)user;
    (void)ep;
    if (ev->transport != TERN_TRANSPORT_UDP) return;
    if (ev->open) {
        printf("listening on port %u\n", ev->local.port);
    } else {
        printf("cannot listen: %.*s\n", (int)ev->reason.len, ev->reason.ptr);
    }
    fflush(stdout);
}

static void interrupted(int signal)
{
    (void)signal;
    tern_uv_stop(uv); /* allowed here: NOLINT(bugprone-signal-handler) */
}

int main(int argc, char **argv)
{
    static const struct tern_callbacks callbacks = {.size = sizeof(callbacks),
                                                    .on_listener = on_listener};
    struct tern_endpoint_opts opts;
    struct tern_server_opts server;
    struct tern_uv_opts uv_opts;
    struct tern_endpoint *ep;

    if (argc < 2) {
        fprintf(stderr, "usage: %s PORT [USER:PASSWORD ...]\n", argv[0]);
        return 2;
    }
    tern_endpoint_opts_init(&opts);
    opts.sip_port = (uint16_t)strtoul(argv[1], NULL, 10);
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));

    tern_server_opts_init(&server);
    server.domain = TERN_STR("tern.test");
    check(tern_server_attach(ep, &server));
    for (int i = 2; i < argc; i++) {
        size_t user = strcspn(argv[i], ":");
        if (argv[i][user] == '\0') return 2;
        const char *password = argv[i] + user + 1;
        check(tern_server_add_user(ep, (tern_str){argv[i], user},
                                   (tern_str){password, strlen(password)}));
    }

    tern_uv_opts_init(&uv_opts);
    uv_opts.callbacks = &callbacks;
    check(tern_uv_new(ep, &uv_opts, &uv));
    check(tern_endpoint_start(ep, tern_uv_now(uv)));
    signal(SIGINT, interrupted);
    check(tern_uv_run(uv));
    tern_uv_free(uv);
    tern_endpoint_free(ep);
    return 0;
}

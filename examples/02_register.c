/* SPDX-License-Identifier: MIT */
/*
 * Registers and stays registered until Ctrl-C, also when the address changes:
 *     02_register sip:alice@example.com SECRET sip:example.com
 * Exit status 0 if the registrar accepted us.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tern/tern.h>
#include <tern/uv.h>

static struct tern_uv *uv;
static bool accepted;

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

static void on_registration(void *user, struct tern_endpoint *ep,
                            const struct tern_ev_registration *ev)
{
    struct tern_account_info info;
    char contact[TERN_ADDR_TEXT_MAX] = "";

    (void)user;
    if (tern_account_get_info(ep, ev->account, &info) == 0 && info.local.family) {
        tern_addr_print(info.local, contact);
    }
    printf("%s", tern_registration_state_name(ev->state));
    if (ev->status) printf(", %d", ev->status);
    if (ev->reason.len) printf(", %.*s", (int)ev->reason.len, ev->reason.ptr);
    if (ev->expires_s) printf(", for %u s", ev->expires_s);
    if (ev->retry_s) printf(", next try in %u s", ev->retry_s);
    printf("%s%s\n", contact[0] ? ", contact " : "", contact);
    fflush(stdout);

    if (ev->state == TERN_REGISTRATION_REGISTERED) accepted = true;
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

int main(int argc, char **argv)
{
    static const struct tern_callbacks callbacks = {
        .size = sizeof(callbacks),
        .on_registration = on_registration,
        .on_stopped = on_stopped,
    };
    struct tern_endpoint_opts opts;
    struct tern_uv_opts uv_opts;
    struct tern_account_opts account_opts;
    struct tern_endpoint *ep;
    tern_account account;

    if (argc != 4) {
        fprintf(stderr, "usage: %s URI PASSWORD REGISTRAR\n", argv[0]);
        return 2;
    }

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
    check(tern_uv_run(uv)); /* until Ctrl-C, or refused */

    /* Remove the binding, then leave. */
    check(tern_endpoint_stop(ep, tern_uv_now(uv), 2000));
    check(tern_uv_run(uv));
    tern_uv_free(uv);
    tern_endpoint_free(ep);
    return accepted ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * `tern phone`: a softphone for the terminal, and for scripts. This file starts and ends it; phone.h
 * says where the rest is.
 */
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "links.h"
#include "phone.h"

tern_time phone_now(const struct phone *phone)
{
    return tern_uv_now(phone->uv);
}

void phone_stop(struct phone *phone, int status)
{
    if (phone->exit_status == 0) phone->exit_status = status;
    if (phone->stopping) return;
    phone->stopping = true;
    if (tern_endpoint_stop(phone->ep, phone_now(phone), PHONE_STOP_MS) < 0) uv_stop(&phone->loop);
    phone_prompt_refresh(phone->prompt);
}

/* ---- time ---- */

static tern_time earlier(tern_time a, tern_time b)
{
    return a < b ? a : b;
}

static tern_time duration_end(const struct phone *phone)
{
    if (phone->config.duration_s == 0 || phone->stopping) return TERN_TIME_NEVER;
    return phone->started + TERN_SECONDS((tern_time)phone->config.duration_s);
}

/* Everything that has come due; then again when the next thing is. */
static void on_timer(uv_timer_t *timer)
{
    struct phone *phone = timer->data;
    tern_time now = phone_now(phone);
    tern_time next = TERN_TIME_NEVER;

    for (size_t i = 0; i < PHONE_CALLS_MAX && !phone->stopping; i++) {
        struct phone_call *call = &phone->calls[i];
        if (call->handle.id == 0) continue;
        if (call->answer_at <= now) phone_take_call(phone, call);
        next = earlier(next, call->answer_at);
    }
    if (now >= duration_end(phone)) phone_stop(phone, 0);
    phone_script_run(phone);
    phone_script_refill(phone);
    if (phone->script.len > 0 && !phone->script.waiting) phone_script_run(phone);
    phone_prompt_refresh(phone->prompt);
    next = earlier(next, earlier(duration_end(phone), phone_script_deadline(phone)));
    if (phone->prompt != NULL) next = earlier(next, now + TERN_SECONDS(1));
    if (next == TERN_TIME_NEVER) return;
    tern_time wait_ms = next > now ? (next - now + 999) / 1000 : 0;
    uv_timer_start(timer, on_timer, (uint64_t)wait_ms, 0);
}

/* Not at once: whoever calls this may be in the middle of an event. */
void phone_schedule(struct phone *phone)
{
    uv_timer_start(&phone->timer, on_timer, 0, 0);
}

/* ---- signals and the terminal ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    struct phone *phone = handle->data;

    if (number == SIGWINCH) phone_prompt_resized(phone->prompt);
    if (number == SIGCONT) phone_prompt_resumed(phone->prompt);
    if (number == SIGWINCH || number == SIGCONT) return;
    if (phone->stopping) {
        uv_stop(&phone->loop);
        return;
    }
    phone_tell(phone, TONE_DIM, "Hanging up and unregistering; once more leaves at once.");
    phone_stop(phone, 0);
}

static void on_line(void *user, const char *line)
{
    struct phone *phone = user;

    if (line == NULL) {
        phone->script.end_of_file = true;
        phone_stop(phone, 0);
        return;
    }
    if (!phone_script_add(phone, line, strlen(line)) || !phone_script_add(phone, "\n", 1)) {
        phone_error(phone, "Too many commands are waiting.");
    }
    phone_script_run(phone);
}

/* ~/.local/state/tern/history, or as XDG_STATE_HOME says; with its folders. */
static void find_history(struct phone *phone)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[CONFIG_TEXT_CAP];

    if (state != NULL && state[0] == '/') {
        snprintf(path, sizeof(path), "%s/tern/history", state);
    } else if (home != NULL && home[0] == '/') {
        snprintf(path, sizeof(path), "%s/.local/state/tern/history", home);
    } else {
        return;
    }
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* where it cannot be made, saving fails later, and that is all */
        *slash = '/';
    }
    snprintf(phone->history_path, sizeof(phone->history_path), "%s", path);
}

static void start_prompt(struct phone *phone)
{
    const char *term = getenv("TERM");
    bool able = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL &&
                strcmp(term, "dumb") != 0 && term[0] != '\0';

    phone->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    phone->colour = able && getenv("NO_COLOR") == NULL;
    if (!able || phone->config.json) return;
    find_history(phone);
    struct phone_prompt_opts opts = {.history_path = phone->history_path,
                                     .status = phone_status_line,
                                     .line = on_line,
                                     .user = phone};
    phone->prompt = phone_prompt_new(&opts);
    phone_tell(phone, TONE_DIM, "Type 'help' for the commands, 'quit' to leave.");
}

/* ---- start ---- */

static int fail(const char *what, int err)
{
    fprintf(stderr, "tern phone: %s: %s\n", what, tern_strerror(err));
    return EXIT_ERROR;
}

static int open_endpoint(struct phone *phone)
{
    const struct config *config = &phone->config;
    struct tern_endpoint_opts opts;
    struct tern_link_policy links;
    struct phone_pems pems;

    tern_endpoint_opts_init(&opts);
    if (getrandom(opts.seed, sizeof(opts.seed), 0) != (ssize_t)sizeof(opts.seed)) {
        return fail("random bytes", TERN_EIO);
    }
    opts.sip_port = (uint16_t)config->sip_port;
    opts.rtp_port_min = (uint16_t)config->rtp_port_min;
    opts.rtp_port_max = (uint16_t)config->rtp_port_max;
    opts.settle_ms = config->settle_ms;
    opts.no_auto_ip_change = !config->auto_ip_change;
    opts.no_symmetric_rtp = !config->symmetric_rtp;
    opts.stun_servers = text_str(config->stun);
    links_policy(config, &links);
    opts.links = &links;
    opts.sip_events = config->trace;
    opts.max_calls = PHONE_CALLS_MAX;
    if (!phone_load_pems(config, &pems, &opts)) return EXIT_ERROR;
    int err = tern_endpoint_new(&opts, &phone->ep);
    explicit_bzero(opts.seed, sizeof(opts.seed));
    phone_free_pems(&pems);
    return err < 0 ? fail(err == TERN_EPARSE ? "certificates" : "the phone", err) : 0;
}

static int open_driver(struct phone *phone)
{
    struct tern_uv_opts opts;

    tern_uv_opts_init(&opts);
    opts.loop = &phone->loop;
    opts.callbacks = &phone_callbacks;
    opts.user = phone;
    opts.dscp = phone->config.dscp;
    opts.poll_ms = phone->config.poll_ms;
    opts.dns_servers = text_str(phone->config.dns_servers);
    if (!phone->config.network_monitor && opts.poll_ms == 0) opts.poll_ms = 1000;
    int err = tern_uv_new(phone->ep, &opts, &phone->uv);
    if (err == TERN_EINVAL) return fail("dns-servers", err);
    return err < 0 ? fail("the network", err) : 0;
}

static int add_accounts(struct phone *phone)
{
    struct tern_account_opts opts;
    char registrar[CONFIG_TEXT_CAP], what[CONFIG_TEXT_CAP + 16];

    for (size_t i = 0; i < phone->config.account_count; i++) {
        struct config_account *from = &phone->config.accounts[i];
        struct phone_account *account = &phone->accounts[i];

        phone_account_opts(from, registrar, &opts);
        text_short_uri(opts.uri, account->name, sizeof(account->name));
        bool here = phone_snapshot_account(phone, account, opts.uri);
        int err = here ? 0 : tern_account_add(phone->ep, phone_now(phone), &opts, &account->handle);
        if (err < 0) {
            snprintf(what, sizeof(what), "account %s", account->name);
            return fail(what, err);
        }
        explicit_bzero(from->password, sizeof(from->password)); /* the library has it now */
        phone->account_count++;
    }
    phone_snapshot_settle(phone);
    return 0;
}

static void watch_signals(struct phone *phone)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGWINCH, SIGCONT};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uv_signal_init(&phone->loop, &phone->signals[i]);
        phone->signals[i].data = phone;
        uv_signal_start(&phone->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&phone->signals[i]);
    }
}

static int start(struct phone *phone)
{
    int err;

    if (open_endpoint(phone) != 0 || phone_snapshot_take_up(phone) < 0) return EXIT_ERROR;
    if (open_driver(phone) != 0) return EXIT_ERROR;
    phone->started = phone_now(phone);
    err = tern_endpoint_start(phone->ep, phone_now(phone));
    if (err < 0) return fail("the phone", err);
    if (add_accounts(phone) != 0) return EXIT_ERROR;
    uv_timer_init(&phone->loop, &phone->timer);
    phone->timer.data = phone;
    watch_signals(phone);
    start_prompt(phone);
    if (!phone->config.verify) {
        phone_tell(phone, TONE_WARN,
                   "Certificates are not checked (verify = no): anybody on the "
                   "way can pretend to be the server.");
    }
    err = phone_script_start(phone);
    if (err < 0) return fail("standard input", err);
    phone_schedule(phone);
    return 0;
}

/* ---- end ---- */

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void finish(struct phone *phone)
{
    phone_prompt_free(phone->prompt);
    phone->prompt = NULL;
    phone_script_stop(phone);
    tern_uv_free(phone->uv);
    phone_close_audio(phone);
    uv_walk(&phone->loop, close_handle, NULL);
    uv_run(&phone->loop, UV_RUN_DEFAULT);
    uv_loop_close(&phone->loop);
    tern_endpoint_free(phone->ep);
    phone_snapshot_close(phone);
}

int cmd_phone(int argc, char **argv)
{
    struct phone *phone = calloc(1, sizeof(*phone));
    int status;

    if (phone == NULL) return fail("the phone", TERN_ENOMEM);
    status = phone_read_options(&phone->config, argc, argv);
    if (status < 0 && uv_loop_init(&phone->loop) < 0) status = fail("the loop", TERN_EIO);
    if (status < 0) {
        status = start(phone);
        if (status == 0) {
            uv_run(&phone->loop, UV_RUN_DEFAULT);
            status = phone->exit_status;
        }
        finish(phone);
    }
    config_fini(&phone->config);
    free(phone);
    return status;
}

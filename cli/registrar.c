/* SPDX-License-Identifier: MIT */
/* The command `tern registrar`: the small registrar and proxy of tern/server.h on real sockets. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <tern/server.h>
#include <tern/tern.h>
#include <tern/uv.h>
#include <uv.h>

#include "command.h"
#include "registrar_tls.h"
#include "text.h"

static const char help[] =
    "usage: tern registrar --user NAME:PASSWORD... [OPTION...]\n"
    "\n"
    "A registrar and proxy for trying things without a server, on UDP and TCP, and on TLS where\n"
    "asked. It prints who comes and goes. Not for the open Internet.\n"
    "\n"
    "  --user NAME:PASSWORD  a user; may be given many times\n"
    "  --no-auth             let everybody in, without passwords\n"
    "  --domain NAME         domain that it serves, besides its own addresses (default localhost)\n"
    "  --port N              port for UDP and TCP (default 5060; 0: any)\n"
    "  --tls                 listen for TLS, too. The first start makes a certificate for this "
    "host\n"
    "                        and an authority that signs it, which phones are told to trust\n"
    "  --cert-dir DIR        where those are (default ~/.local/share/tern/certs; see tern certs)\n"
    "  --cert FILE           a certificate of your own, with --key FILE; both imply --tls\n"
    "  --tls-port N          port for TLS (default: the one after --port)\n"
    "  --no-record-route     do not stay in the path of calls\n"
    "  --min-expires S       refuse shorter registrations (default 30)\n"
    "  --nonce-lifetime S    how long a client may use a nonce again (default 300)\n"
    "  --fault METHOD=STATUS answer requests of a method with a status from 400, or, with 0, not "
    "at\n"
    "                        all; SIGUSR1 turns faults off and on\n"
    "  --faults-off          start with faults off\n"
    "  --verbose             print each SIP message\n"
    "  --ready-file FILE     write the line \"Ready: ...\" there too, once it listens\n"
    "  --help                this text\n"
    "\n"
    "Ctrl-C ends it.\n";

enum {
    USERS_MAX = 64,
    FAULTS_MAX = 16,
    BINDINGS_SHOWN_MAX = 4096,
    TICK_MS = 100,
    STOP_MS = 1000,
    LINE_CAP = 256,
};

/* What goes wrong on purpose. */
struct fault {
    const char *method; /* not NUL-terminated */
    size_t method_len;
    int status; /* 0: silence */
};

struct options {
    struct tern_server_opts server;
    const char *domain, *ready_file;
    struct registrar_tls tls;
    uint16_t port;
    bool verbose;
    char *users[USERS_MAX]; /* NAME:PASSWORD */
    unsigned user_count;
    struct fault faults[FAULTS_MAX];
    unsigned fault_count;
    bool faults_off;
};

struct shown {
    bool still_there;
    char line[LINE_CAP]; /* user and contact */
};

struct registrar {
    struct options *options;
    struct tern_endpoint *ep;
    struct tern_uv *uv;
    uv_loop_t loop;
    uv_timer_t tick;
    uv_signal_t interrupted, terminated, toggled;
    uint16_t udp_port, tcp_port, tls_port;
    bool ready, failed, stopping, faulty;
    struct shown *shown;
    size_t shown_count;
};

/* ---- what it says ---- */

/* Begins a line. */
static void stamp(void)
{
    char clock[16];
    time_t now = time(NULL);
    struct tm local;

    strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
    printf("%s  ", clock);
}

static int complain(const char *what, int err)
{
    fprintf(stderr, "tern registrar: %s: %s\n", what, tern_strerror(err));
    return EXIT_ERROR;
}

/* ---- bindings that come and go ---- */

static struct shown *find_shown(struct registrar *r, const char *line)
{
    for (size_t i = 0; i < r->shown_count; i++)
        if (strcmp(r->shown[i].line, line) == 0) return &r->shown[i];
    return NULL;
}

static void show_binding(struct registrar *r, const struct tern_server_binding *b)
{
    char user[LINE_CAP / 4], contact[LINE_CAP / 2], line[LINE_CAP], source[TERN_ADDR_TEXT_MAX];

    text_clean(b->user, user, sizeof(user));
    text_clean(b->contact, contact, sizeof(contact));
    snprintf(line, sizeof(line), "%-12s %s", user, contact);
    struct shown *known = find_shown(r, line);
    if (known) {
        known->still_there = true;
        return;
    }
    if (r->shown_count == BINDINGS_SHOWN_MAX) return;
    known = &r->shown[r->shown_count++];
    memcpy(known->line, line, sizeof(line));
    known->still_there = true;
    stamp();
    printf("+ %s  from %s, for %u s\n", line, tern_addr_print(b->source, source), b->expires_s);
}

static void show_bindings(struct registrar *r)
{
    struct tern_server_binding binding;
    size_t cursor = 0, kept = 0;

    for (size_t i = 0; i < r->shown_count; i++)
        r->shown[i].still_there = false;
    while (tern_server_next_binding(r->ep, tern_uv_now(r->uv), &cursor, &binding))
        show_binding(r, &binding);
    for (size_t i = 0; i < r->shown_count; i++) {
        if (!r->shown[i].still_there) {
            stamp();
            printf("- %s\n", r->shown[i].line);
        } else {
            if (kept != i) r->shown[kept] = r->shown[i];
            kept++;
        }
    }
    r->shown_count = kept;
}

/* ---- events ---- */

static void stop(struct registrar *r)
{
    if (r->stopping) {
        tern_uv_stop(r->uv); /* asked twice: at once */
        return;
    }
    r->stopping = true;
    if (tern_endpoint_stop(r->ep, tern_uv_now(r->uv), STOP_MS) != 0) tern_uv_stop(r->uv);
}

static void tell_open(struct registrar *r, const struct tern_ev_listener *ev)
{
    char address[TERN_ADDR_TEXT_MAX];

    stamp();
    switch (ev->transport) {
    case TERN_TRANSPORT_UDP:
        r->udp_port = ev->local.port;
        printf("listening on UDP port %u of every address\n", (unsigned)ev->local.port);
        return;
    case TERN_TRANSPORT_TCP: r->tcp_port = ev->local.port; break;
    case TERN_TRANSPORT_TLS: r->tls_port = ev->local.port; break;
    }
    printf("listening on %s %s\n", tern_transport_name(ev->transport),
           tern_addr_print(ev->local, address));
}

/* What was asked for by name, and is not to be had when we begin. */
static bool is_fatal(const struct registrar *r, const struct tern_ev_listener *ev)
{
    if (r->ready || !ev->failed) return false;
    return ev->transport == TERN_TRANSPORT_UDP || ev->transport == TERN_TRANSPORT_TLS;
}

static void on_listener(void *user, struct tern_endpoint *ep, const struct tern_ev_listener *ev)
{
    struct registrar *r = user;
    const char *name = tern_transport_name(ev->transport);
    bool udp = ev->transport == TERN_TRANSPORT_UDP;
    char address[TERN_ADDR_TEXT_MAX], reason[LINE_CAP];

    (void)ep;
    if (r->stopping) return;
    if (ev->open) {
        tell_open(r, ev);
        return;
    }
    text_clean(ev->reason, reason, sizeof(reason));
    if (is_fatal(r, ev)) {
        const char *option = udp ? "--port" : "--tls-port";
        fprintf(stderr,
                "tern registrar: cannot listen on %s port %u: %s\n"
                "Another port: %s N, or --port 0 for any that is free.\n",
                name, (unsigned)(udp ? r->options->port : ev->local.port), reason, option);
        r->failed = true;
        stop(r);
        return;
    }
    stamp();
    printf("not listening on %s %s: %s\n", name, udp ? "" : tern_addr_print(ev->local, address),
           reason);
}

static void on_sip_message(void *user, struct tern_endpoint *ep,
                           const struct tern_ev_sip_message *ev)
{
    char remote[TERN_ADDR_TEXT_MAX], summary[LINE_CAP];

    (void)user;
    (void)ep;
    stamp();
    printf("%s %s %-21s %s%s\n", tern_transport_name(ev->transport), ev->sent ? "->" : "<-",
           tern_addr_print(ev->remote, remote), text_clean(ev->summary, summary, sizeof(summary)),
           ev->retransmission ? " (again)" : "");
}

static void on_stopped(void *user, struct tern_endpoint *ep)
{
    struct registrar *r = user;

    (void)ep;
    tern_uv_stop(r->uv);
}

/* ---- ready ---- */

/* Whoever waits for the file finds it whole. */
static bool write_ready_file(const char *path, const char *line)
{
    char draft[4096];

    if (snprintf(draft, sizeof(draft), "%s.tmp", path) >= (int)sizeof(draft)) return false;
    FILE *file = fopen(draft, "we");
    if (!file) return false;
    bool written = fprintf(file, "%s\n", line) > 0;
    if (fclose(file) != 0) written = false;
    return written && rename(draft, path) == 0;
}

static void tell_ready(struct registrar *r)
{
    const char *path = r->options->ready_file, *ca = r->options->tls.ca_path;
    char line[LINE_CAP], tls[32] = "";

    r->ready = true;
    if (r->tls_port) snprintf(tls, sizeof(tls), ", and port %u (TLS)", (unsigned)r->tls_port);
    snprintf(line, sizeof(line), "Ready: sip:%.160s on port %u (UDP%s)%s", r->options->domain,
             (unsigned)r->udp_port, r->tcp_port ? ", TCP" : "", tls);
    puts(line);
    if (ca[0] != '\0') printf("Phones trust it by: --transport tls --ca %s\n", ca);
    if (!path || write_ready_file(path, line)) return;
    fprintf(stderr, "tern registrar: --ready-file: cannot write %s: %s\n", path, strerror(errno));
    r->failed = true;
    stop(r);
}

static void on_tick(uv_timer_t *timer)
{
    struct registrar *r = timer->data;
    bool tls = r->tls_port || !r->options->tls.on;

    if (!r->ready && !r->failed && r->udp_port && tls) tell_ready(r);
    show_bindings(r);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data);
}

/* ---- faults ---- */

static int set_faults(struct registrar *r, bool on)
{
    int err = 0;

    r->faulty = on;
    for (unsigned i = 0; i < r->options->fault_count && !err; i++) {
        const struct fault *fault = &r->options->faults[i];
        err = tern_server_set_fault(r->ep, (tern_str){fault->method, fault->method_len},
                                    on ? fault->status : -1);
    }
    return err;
}

static void on_toggle(uv_signal_t *handle, int number)
{
    struct registrar *r = handle->data;

    (void)number;
    if (r->options->fault_count == 0) return;
    int err = set_faults(r, !r->faulty);
    stamp();
    printf("faults %s%s%s\n", r->faulty ? "on" : "off", err ? ": " : "",
           err ? tern_strerror(err) : "");
}

/* ---- options ---- */

static int usage(const char *text, const char *what)
{
    fprintf(stderr, "tern registrar: %s%s\nTry 'tern registrar --help'.\n", text, what);
    return EXIT_USAGE;
}

static bool parse_number(const char *text, unsigned long max, unsigned long *out)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= max;
}

static bool add_user(struct options *o, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon || colon == text || o->user_count == USERS_MAX) return false;
    o->users[o->user_count++] = text;
    return true;
}

static bool add_fault(struct options *o, const char *text)
{
    const char *equals = strchr(text, '=');
    unsigned long status;

    if (!equals || equals == text || o->fault_count == FAULTS_MAX) return false;
    if (!parse_number(equals + 1, 699, &status) || (status != 0 && status < 400)) return false;
    o->faults[o->fault_count++] = (struct fault){text, (size_t)(equals - text), (int)status};
    return true;
}

static bool take_number(struct options *o, int option, const char *text)
{
    unsigned long n;

    if (!parse_number(text, option == 'p' || option == 't' ? 65535 : 86400, &n)) return false;
    switch (option) {
    case 'p': o->port = (uint16_t)n; return true;
    case 't': o->tls.port = (uint16_t)n; return true;
    case 'm': o->server.min_expires_s = (uint32_t)n; return n <= o->server.max_expires_s;
    case 'n': o->server.nonce_lifetime_s = (uint32_t)n; return n > 0;
    default: return false;
    }
}

/* -1 to go on, else the exit status. */
static int take_option(struct options *o, int option, const char *spelled)
{
    switch (option) {
    case 'u':
        if (add_user(o, optarg)) return -1;
        return usage("--user: want NAME:PASSWORD, for 64 users at most, not ", optarg);
    case 'p':
    case 't':
    case 'm':
    case 'n':
        if (take_number(o, option, optarg)) return -1;
        return usage(option == 'p'   ? "--port: want a number from 0 to 65535, not "
                     : option == 't' ? "--tls-port: want a number from 0 to 65535, not "
                     : option == 'm' ? "--min-expires: want seconds from 0 to 3600, not "
                                     : "--nonce-lifetime: want seconds from 1 to 86400, not ",
                     optarg);
    case 'x':
        if (add_fault(o, optarg)) return -1;
        return usage("--fault: want METHOD=STATUS, 0 or 400 to 699, for 16 at most, not ", optarg);
    case 'X': o->faults_off = true; return -1;
    case 'T': o->tls.on = true; return -1;
    case 'D': o->tls.folder = optarg; return -1;
    case 'c': o->tls.cert = optarg; return -1;
    case 'k': o->tls.key = optarg; return -1;
    case 'd': o->domain = optarg; return -1;
    case 'f': o->ready_file = optarg; return -1;
    case 'A': o->server.no_auth = true; return -1;
    case 'R': o->server.no_record_route = true; return -1;
    case 'v': o->verbose = true; return -1;
    case 'h': fputs(help, stdout); return EXIT_DONE;
    case ':': return usage("a value is missing after ", spelled);
    default: return usage("no option ", spelled);
    }
}

/* -1 to go on, else the exit status. */
static int check_options(struct options *o)
{
    if (*o->domain == '\0') return usage("--domain: want a name", "");
    if ((o->tls.cert != NULL) != (o->tls.key != NULL)) {
        return usage("--cert and --key belong together: give both", "");
    }
    if (o->tls.cert != NULL) o->tls.on = true;
    if (!o->tls.on && (o->tls.folder != NULL || o->tls.port != 0)) {
        return usage("--cert-dir and --tls-port are for --tls", "");
    }
    if (o->user_count > 0 || o->server.no_auth) return -1;
    return usage("nobody could register: give --user NAME:PASSWORD, or --no-auth for everybody",
                 "");
}

/* -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {{"user", required_argument, NULL, 'u'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"domain", required_argument, NULL, 'd'},
                                            {"tls", no_argument, NULL, 'T'},
                                            {"cert-dir", required_argument, NULL, 'D'},
                                            {"cert", required_argument, NULL, 'c'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"tls-port", required_argument, NULL, 't'},
                                            {"min-expires", required_argument, NULL, 'm'},
                                            {"nonce-lifetime", required_argument, NULL, 'n'},
                                            {"ready-file", required_argument, NULL, 'f'},
                                            {"fault", required_argument, NULL, 'x'},
                                            {"faults-off", no_argument, NULL, 'X'},
                                            {"no-auth", no_argument, NULL, 'A'},
                                            {"no-record-route", no_argument, NULL, 'R'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    optind = 0; /* glibc: start over, whoever has used getopt before */
    while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        int status = take_option(o, option, argv[optind - 1]);
        if (status >= 0) return status;
    }
    if (optind < argc) return usage("want options only, not ", argv[optind]);
    return check_options(o);
}

/* ---- life ---- */

static int make_endpoint(struct registrar *r)
{
    struct tern_endpoint_opts opts;

    tern_endpoint_opts_init(&opts);
    opts.sip_port = r->options->port;
    registrar_tls_opts(&r->options->tls, &opts);
    opts.sip_events = r->options->verbose;
    if (getrandom(opts.seed, sizeof(opts.seed), 0) != (ssize_t)sizeof(opts.seed)) return TERN_EIO;
    int err = tern_endpoint_new(&opts, &r->ep);
    explicit_bzero(opts.seed, sizeof(opts.seed));
    return err;
}

/* Passwords vanish from the list of processes. */
static int add_users(struct registrar *r)
{
    int err = 0;

    for (unsigned i = 0; i < r->options->user_count; i++) {
        char *name = r->options->users[i], *password = strchr(name, ':') + 1;
        tern_str user = {name, (size_t)(password - 1 - name)};
        if (!err) err = tern_server_add_user(r->ep, user, text_str(password));
        explicit_bzero(password, strlen(password));
    }
    return err;
}

static int start_server(struct registrar *r)
{
    int err = make_endpoint(r);

    if (err) return err;
    r->options->server.domain = text_str(r->options->domain);
    err = tern_server_attach(r->ep, &r->options->server);
    if (!err) err = add_users(r);
    if (!err && !r->options->faults_off) err = set_faults(r, true);
    return err;
}

static int start_driver(struct registrar *r)
{
    static const struct tern_callbacks quiet = {
        .size = sizeof(quiet), .on_listener = on_listener, .on_stopped = on_stopped};
    static const struct tern_callbacks talkative = {.size = sizeof(talkative),
                                                    .on_listener = on_listener,
                                                    .on_sip_message = on_sip_message,
                                                    .on_stopped = on_stopped};
    struct tern_uv_opts opts;

    tern_uv_opts_init(&opts);
    opts.loop = &r->loop;
    opts.callbacks = r->options->verbose ? &talkative : &quiet;
    opts.user = r;
    int err = tern_uv_new(r->ep, &opts, &r->uv);
    return err ? err : tern_endpoint_start(r->ep, tern_uv_now(r->uv));
}

static int start_handles(struct registrar *r)
{
    r->tick.data = r->interrupted.data = r->terminated.data = r->toggled.data = r;
    if (uv_timer_init(&r->loop, &r->tick) != 0) return TERN_EIO;
    if (uv_signal_init(&r->loop, &r->interrupted) != 0) return TERN_EIO;
    if (uv_signal_init(&r->loop, &r->terminated) != 0) return TERN_EIO;
    if (uv_signal_init(&r->loop, &r->toggled) != 0) return TERN_EIO;
    if (uv_signal_start(&r->toggled, on_toggle, SIGUSR1) != 0) return TERN_EIO;
    if (uv_signal_start(&r->interrupted, on_signal, SIGINT) != 0) return TERN_EIO;
    if (uv_signal_start(&r->terminated, on_signal, SIGTERM) != 0) return TERN_EIO;
    return uv_timer_start(&r->tick, on_tick, 1, TICK_MS) == 0 ? 0 : TERN_EIO;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void clean_up(struct registrar *r)
{
    tern_uv_free(r->uv);
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    tern_endpoint_free(r->ep);
    registrar_tls_free(&r->options->tls);
    if (r->options->ready_file && r->ready) unlink(r->options->ready_file);
    free(r->shown);
}

static int run(struct registrar *r)
{
    char why[CERTS_WHY_CAP];

    if (registrar_tls_load(&r->options->tls, r->options->domain, why) != 0) {
        fprintf(stderr, "tern registrar: %s\n", why);
        return EXIT_ERROR;
    }
    int err = start_server(r);
    if (err == TERN_EPARSE) return complain("certificate and key do not fit", err);
    if (err) return complain("cannot make a server", err);
    err = start_handles(r);
    if (!err) err = start_driver(r);
    if (err) return complain("cannot start", err);
    err = tern_uv_run(r->uv);
    if (err) return complain("cannot run", err);
    if (!r->failed) puts("Stopped.");
    return r->failed ? EXIT_ERROR : EXIT_DONE;
}

int cmd_registrar(int argc, char **argv)
{
    struct options options = {.domain = "localhost", .port = 5060};
    struct registrar registrar = {.options = &options};

    tern_server_opts_init(&options.server);
    int status = read_options(argc, argv, &options);
    if (status >= 0) return status;
    setvbuf(stdout, NULL, _IOLBF, 0);
    registrar.shown = calloc(BINDINGS_SHOWN_MAX, sizeof(*registrar.shown));
    if (!registrar.shown || uv_loop_init(&registrar.loop) != 0) {
        free(registrar.shown);
        return complain("cannot start", TERN_ENOMEM);
    }
    status = run(&registrar);
    clean_up(&registrar);
    return status;
}

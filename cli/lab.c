/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of a lab: each function is one question to the keeper.
 * Programs are forked here, so that the caller is their parent.
 */
#define _GNU_SOURCE
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_proto.h"

struct node {
    char name[LAB_NAME_CAP];
    int netns;
};

struct lab {
    int ctl;
    int userns; /* -1 when the caller's own rights sufficed */
    pid_t caller, keeper;
    struct node nodes[LAB_NODES_MAX];
    size_t node_count;
    pid_t jobs[LAB_JOBS_MAX];
    size_t job_count;
    struct lab_rsp rsp; /* the last answer: lab_error() points into it */
};

__attribute__((format(printf, 3, 4))) static int fail(struct lab *lab, int err, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(lab->rsp.why, sizeof(lab->rsp.why), format, args);
    va_end(args);
    return err;
}

static int refuse(struct lab *lab, const char *what)
{
    return fail(lab, TERN_EIO, "%s: %s", what, strerror(errno));
}

/* Asks the keeper; `fd` gets the descriptor that came with the answer, if any. */
static int ask(struct lab *lab, const struct lab_req *req, int *fd)
{
    int err = lab_send(lab->ctl, req, sizeof(*req), -1);

    if (err == 0) err = lab_recv(lab->ctl, &lab->rsp, sizeof(lab->rsp), fd);
    if (err != 0) return fail(lab, TERN_EIO, "the lab's keeper has died");
    return lab->rsp.err;
}

/* Names go into the kernel, file names and tables: letters, digits, '-', '_' and '.'. */
static bool good_name(const char *name, size_t cap)
{
    size_t len = strnlen(name, cap);

    if (len == 0 || len == cap || name[0] == '.' || name[0] == '-') return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == len;
}

static int prepare(struct lab *lab, struct lab_req *req, const char *node, const char *ifname)
{
    if (!good_name(node, sizeof(req->node))) {
        return fail(lab, TERN_EINVAL, "'%s' is not a node's name", node);
    }
    if (ifname != NULL && !good_name(ifname, sizeof(req->ifname))) {
        return fail(lab, TERN_EINVAL, "'%s' is not an interface's name", ifname);
    }
    snprintf(req->node, sizeof(req->node), "%s", node);
    if (ifname != NULL) snprintf(req->ifname, sizeof(req->ifname), "%s", ifname);
    return 0;
}

static int ask_about_link(struct lab *lab, enum lab_op op, const char *node, const char *ifname)
{
    struct lab_req req = {.op = op};
    int err = prepare(lab, &req, node, ifname);

    return err < 0 ? err : ask(lab, &req, NULL);
}

/* ---- opening and closing ---- */

static int start_keeper(struct lab *lab, const struct lab_keeper_opts *opts)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return refuse(lab, "socketpair");
    }
    lab->keeper = fork();
    if (lab->keeper == 0) {
        lab_keeper_run(pair[1], opts);
        _exit(0);
    }
    close(pair[1]);
    lab->ctl = pair[0];
    if (lab->keeper < 0) return refuse(lab, "fork");
    int err = lab_recv(lab->ctl, &lab->rsp, sizeof(lab->rsp), &lab->userns);
    if (err != 0) return fail(lab, TERN_EIO, "the lab's keeper has died");
    return lab->rsp.err;
}

static void stop_keeper(struct lab *lab)
{
    if (lab->ctl >= 0) close(lab->ctl);
    if (lab->keeper > 0) {
        while (waitpid(lab->keeper, NULL, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    if (lab->userns >= 0) close(lab->userns);
    lab->ctl = lab->userns = -1;
    lab->keeper = -1;
}

/* With our own rights first; then in a user namespace. Both reasons matter to the user. */
static int start_either(struct lab *lab, struct lab_keeper_opts *opts)
{
    char first[sizeof(lab->rsp.why) / 2];

    int err = start_keeper(lab, opts);
    if (err == 0) return 0;
    stop_keeper(lab);
    snprintf(first, sizeof(first), "%.*s", (int)sizeof(first) - 1, lab->rsp.why);
    opts->user_namespace = true;
    err = start_keeper(lab, opts);
    if (err == 0) return 0;
    stop_keeper(lab);
    char second[sizeof(first)];
    snprintf(second, sizeof(second), "%.*s", (int)sizeof(second) - 1, lab->rsp.why);
    return fail(lab, TERN_EUNSUPPORTED, "%.110s; in a user namespace of its own: %.90s", first,
                second);
}

int lab_open(const struct lab_opts *opts, struct lab **out, char *why, size_t why_cap)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    struct lab_keeper_opts keeper = {.caller = getpid(), .capture = -1};
    int err = 0;

    if (lab == NULL) {
        snprintf(why, why_cap, "out of memory");
        return TERN_ENOMEM;
    }
    lab->ctl = lab->userns = -1;
    lab->caller = keeper.caller;
    if (opts != NULL) keeper.lab = *opts;
    if (keeper.lab.capture_path != NULL) {
        keeper.capture =
            open(keeper.lab.capture_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (keeper.capture < 0) err = refuse(lab, keeper.lab.capture_path);
    }
    if (err == 0) err = start_either(lab, &keeper);
    if (keeper.capture >= 0) close(keeper.capture);
    if (err < 0) {
        snprintf(why, why_cap, "%s", lab->rsp.why);
        free(lab);
        return err;
    }
    *out = lab;
    return 0;
}

static void forget_ended_jobs(struct lab *lab)
{
    size_t kept = 0;

    for (size_t i = 0; i < lab->job_count; i++) {
        siginfo_t info = {0};
        /* Looks without reaping: the status is the caller's. */
        bool child = waitid(P_PID, (id_t)lab->jobs[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0;
        if (child) lab->jobs[kept++] = lab->jobs[i];
    }
    lab->job_count = kept;
}

void lab_close(struct lab *lab)
{
    struct lab_req req = {.op = LAB_OP_CLOSE};

    if (lab == NULL) return;
    (void)ask(lab, &req, NULL);
    stop_keeper(lab);
    forget_ended_jobs(lab);
    for (size_t i = 0; i < lab->job_count; i++) {
        kill(lab->jobs[i], SIGKILL); /* still our child, so still that process: dead already */
        while (waitpid(lab->jobs[i], NULL, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    for (size_t i = 0; i < lab->node_count; i++) {
        close(lab->nodes[i].netns);
    }
    free(lab);
}

const char *lab_error(const struct lab *lab)
{
    return lab->rsp.why;
}

/* ---- nodes, links, addresses, routes ---- */

int lab_node_add(struct lab *lab, const char *node)
{
    struct lab_req req = {.op = LAB_OP_NODE_ADD};
    int fd = -1;
    int err = prepare(lab, &req, node, NULL);

    if (err == 0) err = ask(lab, &req, &fd);
    if (err < 0) return err;
    struct node *added = &lab->nodes[lab->node_count++];
    memcpy(added->name, req.node, sizeof(added->name));
    added->netns = fd;
    return 0;
}

static int check_opts(struct lab *lab, const struct lab_link_opts *opts)
{
    if (opts->delay_us < 0 || opts->delay_us > LAB_DELAY_MAX_US) {
        return fail(lab, TERN_EINVAL, "a delay is 0 to %d ms", LAB_DELAY_MAX_US / 1000);
    }
    if (opts->jitter_us < 0 || opts->jitter_us > LAB_DELAY_MAX_US) {
        return fail(lab, TERN_EINVAL, "a jitter is 0 to %d ms", LAB_DELAY_MAX_US / 1000);
    }
    if (opts->loss_permille > 1000) return fail(lab, TERN_EINVAL, "a loss is 0 to 100 %%");
    if (opts->mtu < 576 || opts->mtu > 9000) return fail(lab, TERN_EINVAL, "an MTU is 576 to 9000");
    return 0;
}

int lab_link_add(struct lab *lab, const char *node, const char *ifname,
                 const struct lab_link_opts *opts)
{
    struct lab_req req = {.op = LAB_OP_LINK_ADD};
    int err = prepare(lab, &req, node, ifname);

    if (err < 0) return err;
    req.link = opts != NULL ? *opts : lab_link_opts_init();
    err = check_opts(lab, &req.link);
    return err < 0 ? err : ask(lab, &req, NULL);
}

int lab_link_get(struct lab *lab, const char *node, const char *ifname, struct lab_link_opts *opts)
{
    int err = ask_about_link(lab, LAB_OP_LINK_GET, node, ifname);

    if (err == 0) *opts = lab->rsp.link;
    return err;
}

int lab_link_set(struct lab *lab, const char *node, const char *ifname,
                 const struct lab_link_opts *opts)
{
    struct lab_req req = {.op = LAB_OP_LINK_SET};
    struct lab_link_opts present = {0};
    int err = lab_link_get(lab, node, ifname, &present);

    if (err == 0) err = prepare(lab, &req, node, ifname);
    if (err < 0) return err;
    req.link = *opts;
    req.link.mtu = present.mtu;
    err = check_opts(lab, &req.link);
    return err < 0 ? err : ask(lab, &req, NULL);
}

int lab_link_down(struct lab *lab, const char *node, const char *ifname)
{
    return ask_about_link(lab, LAB_OP_LINK_DOWN, node, ifname);
}

int lab_link_up(struct lab *lab, const char *node, const char *ifname)
{
    return ask_about_link(lab, LAB_OP_LINK_UP, node, ifname);
}

static int change_address(struct lab *lab, struct lab_req *req, const char *address)
{
    struct lab_address parsed;

    if (!lab_address_parse(address, &parsed)) {
        return fail(lab, TERN_EINVAL, "'%.64s' is not ADDRESS/LENGTH", address);
    }
    snprintf(req->address, sizeof(req->address), "%s", address);
    return ask(lab, req, NULL);
}

int lab_address_add(struct lab *lab, const char *node, const char *ifname, const char *address)
{
    struct lab_req req = {.op = LAB_OP_ADDRESS_ADD};
    int err = prepare(lab, &req, node, ifname);

    return err < 0 ? err : change_address(lab, &req, address);
}

int lab_address_del(struct lab *lab, const char *node, const char *ifname, const char *address)
{
    struct lab_req req = {.op = LAB_OP_ADDRESS_DEL};
    int err = prepare(lab, &req, node, ifname);

    return err < 0 ? err : change_address(lab, &req, address);
}

int lab_route_default(struct lab *lab, const char *node, const char *ifname, uint32_t metric)
{
    struct lab_req req = {.op = LAB_OP_ROUTE_ADD, .metric = metric};
    int err = prepare(lab, &req, node, ifname);

    return err < 0 ? err : ask(lab, &req, NULL);
}

int lab_route_default_del(struct lab *lab, const char *node, const char *ifname)
{
    return ask_about_link(lab, LAB_OP_ROUTE_DEL, node, ifname);
}

int lab_socket(struct lab *lab, const char *node, int domain, int type)
{
    struct lab_req req = {.op = LAB_OP_SOCKET, .domain = domain, .type = type};
    int fd = -1;
    int err = prepare(lab, &req, node, NULL);

    if (err == 0) err = ask(lab, &req, &fd);
    return err < 0 ? err : fd;
}

int lab_stats_get(struct lab *lab, const char *node, const char *ifname, struct lab_stats *stats)
{
    struct lab_req req = {.op = LAB_OP_STATS};
    int err = node == NULL ? 0 : prepare(lab, &req, node, ifname);

    if (err == 0) err = ask(lab, &req, NULL);
    if (err == 0) *stats = lab->rsp.stats;
    return err;
}

/* ---- programs ---- */

static const struct node *find_node(const struct lab *lab, const char *name)
{
    for (size_t i = 0; i < lab->node_count; i++) {
        if (strcmp(lab->nodes[i].name, name) == 0) return &lab->nodes[i];
    }
    return NULL;
}

/* In a forked child. The parent-death signal comes last: a change of rights clears it. */
static int move_in(const struct lab *lab, const struct node *node)
{
    if (lab->userns >= 0 && setns(lab->userns, CLONE_NEWUSER) < 0) return -1;
    if (setns(node->netns, CLONE_NEWNET) < 0) return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -1;
    if (getppid() != lab->caller) raise(SIGKILL); /* it died before we could ask */
    return 0;
}

int lab_enter(struct lab *lab, const char *name)
{
    const struct node *node = find_node(lab, name);

    if (node == NULL) return fail(lab, TERN_ENOTFOUND, "no node %s", name);
    if (move_in(lab, node) < 0) return refuse(lab, "entering the node");
    close(lab->ctl);
    lab->ctl = -1;
    return 0;
}

static int place_fds(const int fds[3])
{
    int copies[3];

    /* Copies above 2 first: the caller may have given us 1 for 0 and so on. */
    for (int i = 0; i < 3; i++) {
        int fd = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
        copies[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copies[i] < 0) return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(copies[i], i) < 0) return -1;
    }
    return 0;
}

static void reset_signals(void)
{
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        (void)signal(i, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

struct birth {
    const struct lab *lab;
    const struct node *node;
    char *const *argv;
    const int *fds; /* three, or NULL */
    int report;     /* closes when the program runs; else brings a struct stillbirth */
};

struct stillbirth {
    bool entered;
    int error;
};

/* In the child. */
_Noreturn static void become(const struct birth *birth)
{
    int report = fcntl(birth->report, F_DUPFD_CLOEXEC, 3); /* out of the way of `fds` */
    struct stillbirth failed = {.entered = move_in(birth->lab, birth->node) == 0};

    if (failed.entered && (birth->fds == NULL || place_fds(birth->fds) == 0)) {
        reset_signals();
        setenv("TERN_LAB_NODE", birth->node->name, 1);
        execvp(birth->argv[0], birth->argv);
    }
    failed.error = errno;
    ssize_t ignored = write(report, &failed, sizeof(failed));
    (void)ignored;
    _exit(127);
}

static int hear(struct lab *lab, int report, const char *program)
{
    struct stillbirth failed;
    ssize_t n;

    do {
        n = read(report, &failed, sizeof(failed));
    } while (n < 0 && errno == EINTR);
    if (n == 0) return 0;
    if (n != (ssize_t)sizeof(failed)) return fail(lab, TERN_EIO, "starting %.64s", program);
    int err = failed.entered && failed.error == ENOENT ? TERN_ENOTFOUND : TERN_EIO;
    return fail(lab, err, "%.64s: %s%s", program,
                failed.entered ? "" : "entering the node: ", strerror(failed.error));
}

int lab_spawn(struct lab *lab, const char *name, char *const argv[], const int fds[3], pid_t *pid)
{
    const struct node *node = find_node(lab, name);
    int report[2];

    if (node == NULL) return fail(lab, TERN_ENOTFOUND, "no node %s", name);
    if (lab->job_count == LAB_JOBS_MAX) forget_ended_jobs(lab);
    if (lab->job_count == LAB_JOBS_MAX) {
        return fail(lab, TERN_ELIMIT, "more than %d programs", LAB_JOBS_MAX);
    }
    if (pipe2(report, O_CLOEXEC) < 0) return refuse(lab, "pipe");
    struct birth birth = {lab, node, argv, fds, report[1]};
    pid_t child = fork();
    if (child == 0) become(&birth);
    int err = child < 0 ? refuse(lab, "fork") : 0;
    close(report[1]);
    if (err == 0) err = hear(lab, report[0], argv[0]);
    close(report[0]);
    if (err < 0) {
        if (child > 0) (void)waitpid(child, NULL, 0);
        return err;
    }
    lab->jobs[lab->job_count++] = child;
    *pid = child;
    return 0;
}

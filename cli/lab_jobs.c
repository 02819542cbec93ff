/* SPDX-License-Identifier: MIT */
/*
 * The programs that a lab script starts. One loop prints what they write, whole
 * lines with a label in front, sees them end, and takes the signals that end the
 * script, so that the lab is always closed.
 */
#define _GNU_SOURCE
#include "lab_script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static tern_time now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return TERN_SECONDS(ts.tv_sec) + ts.tv_nsec / 1000;
}

static void fill_mask(sigset_t *mask)
{
    sigemptyset(mask);
    sigaddset(mask, SIGCHLD);
    sigaddset(mask, SIGINT);
    sigaddset(mask, SIGTERM);
    sigaddset(mask, SIGHUP);
}

int lab_jobs_init(struct lab_jobs *jobs, struct lab *lab)
{
    sigset_t mask;

    memset(jobs, 0, sizeof(*jobs));
    jobs->lab = lab;
    jobs->input = -1;
    fill_mask(&mask);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0) return TERN_EIO;
    jobs->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return jobs->signals < 0 ? TERN_EIO : 0;
}

void lab_jobs_fini(struct lab_jobs *jobs)
{
    sigset_t mask;

    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        lab_job_free(&jobs->slots[i]);
    }
    close(jobs->signals);
    fill_mask(&mask);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void print_line(struct lab_job *job)
{
    printf("%s: %.*s\n", job->label, (int)job->line_len, job->line);
    job->line_len = 0;
}

static void print_output(struct lab_job *job, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n') {
            print_line(job);
            continue;
        }
        if (job->line_len == sizeof(job->line)) print_line(job);
        job->line[job->line_len++] = data[i];
    }
    fflush(stdout);
}

/* Up to what is there now: a program that floods must not keep us from the others. */
static void read_output(struct lab_job *job)
{
    char data[4096];

    for (int i = 0; i < 16; i++) {
        ssize_t n = read(job->output, data, sizeof(data));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            if (job->line_len > 0) print_output(job, "\n", 1);
            close(job->output);
            job->output = -1;
            return;
        }
        print_output(job, data, (size_t)n);
    }
}

static void reap(struct lab_jobs *jobs)
{
    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        struct lab_job *job = &jobs->slots[i];
        if (job->pid == 0 || job->ended) continue;
        if (waitpid(job->pid, &job->status, WNOHANG) != job->pid) continue;
        job->ended = true;
        if (job->output >= 0) read_output(job); /* its last words; others may hold the pipe open */
    }
}

static void read_signals(struct lab_jobs *jobs)
{
    struct signalfd_siginfo info;

    while (read(jobs->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGCHLD && jobs->caught == 0) jobs->caught = (int)info.ssi_signo;
    }
    reap(jobs);
}

/* One turn of the loop, of at most the time until `until`. */
static void turn(struct lab_jobs *jobs, tern_time until)
{
    struct pollfd fds[2 + LAB_JOBS_MAX] = {{.fd = jobs->signals, .events = POLLIN}};
    struct pollfd *input = &fds[1 + LAB_JOBS_MAX];
    tern_time left = until - now_us();
    struct timespec ts, *timeout = NULL;

    if (until != TERN_TIME_NEVER) {
        if (left < 0) left = 0;
        ts = (struct timespec){.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
        timeout = &ts;
    }
    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        const struct lab_job *job = &jobs->slots[i];
        fds[i + 1] = (struct pollfd){.fd = job->pid != 0 ? job->output : -1, .events = POLLIN};
    }
    *input = (struct pollfd){.fd = jobs->input, .events = POLLIN};
    if (ppoll(fds, 2 + LAB_JOBS_MAX, timeout, NULL) <= 0) return;
    if (input->revents != 0) jobs->input = -1;
    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        if (fds[i + 1].revents != 0) read_output(&jobs->slots[i]);
    }
    if (fds[0].revents != 0) read_signals(jobs);
}

void lab_jobs_sleep(struct lab_jobs *jobs, tern_time us)
{
    tern_time until = now_us() + us;

    do {
        turn(jobs, until);
    } while (jobs->caught == 0 && now_us() < until);
}

void lab_jobs_wait_input(struct lab_jobs *jobs, int fd)
{
    jobs->input = fd;
    while (jobs->input >= 0 && jobs->caught == 0) {
        turn(jobs, TERN_TIME_NEVER);
    }
    jobs->input = -1;
}

bool lab_job_wait(struct lab_jobs *jobs, struct lab_job *job, tern_time us)
{
    tern_time until = us == TERN_TIME_NEVER ? us : now_us() + us;

    while (!job->ended && jobs->caught == 0 && now_us() < until) {
        turn(jobs, until);
    }
    return job->ended;
}

struct lab_job *lab_job_find(struct lab_jobs *jobs, const char *name)
{
    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        struct lab_job *job = &jobs->slots[i];
        if (job->pid != 0 && strcmp(job->name, name) == 0) return job;
    }
    return NULL;
}

static struct lab_job *find_free(struct lab_jobs *jobs)
{
    for (size_t i = 0; i < LAB_JOBS_MAX; i++) {
        if (jobs->slots[i].pid == 0) return &jobs->slots[i];
    }
    return NULL;
}

struct lab_job *lab_job_start(struct lab_jobs *jobs, const char *node, const char *name,
                              char *const argv[], int *err)
{
    struct lab_job *job = find_free(jobs);
    int ends[2];

    *err = TERN_ELIMIT;
    if (job == NULL || pipe2(ends, O_CLOEXEC) < 0) return NULL;
    int fds[3] = {-1, ends[1], ends[1]};
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *job = (struct lab_job){.output = ends[0]};
    snprintf(job->name, sizeof(job->name), "%s", name);
    snprintf(job->label, sizeof(job->label), name[0] != '\0' ? "%s/%s" : "%s", node, name);
    *err = lab_spawn(jobs->lab, node, argv, fds, &job->pid);
    close(ends[1]);
    if (*err == 0) return job;
    close(ends[0]);
    *job = (struct lab_job){0};
    return NULL;
}

void lab_job_free(struct lab_job *job)
{
    if (job->pid == 0) return;
    if (job->output >= 0) {
        if (job->line_len > 0) print_output(job, "\n", 1);
        close(job->output);
    }
    *job = (struct lab_job){0};
}

int lab_jobs_shell(struct lab_jobs *jobs, const char *node, char *const argv[])
{
    int status = 0;
    pid_t pid;

    int err = lab_spawn(jobs->lab, node, argv, NULL, &pid);
    if (err < 0) return err;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    /* Ctrl-C was for the shell; it comes to us only because we share its terminal. */
    read_signals(jobs);
    if (jobs->caught == SIGINT) jobs->caught = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

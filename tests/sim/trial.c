/* SPDX-License-Identifier: MIT */
/*
 * One history: here, twice, or in a process of its own. Whoever crashes or goes round in circles in
 * another process is only a verdict.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define PATIENCE_S                                                                                 \
    60 /* of CPU: histories take milliseconds, a thousand times that under valgrind */

static void judge(const struct life *life, bool good, struct verdict *verdict)
{
    *verdict = (struct verdict){.failed = !good, .at_s = (double)life->failed_at / 1e6};
    memcpy(verdict->invariant, life->invariant, sizeof(verdict->invariant));
    memcpy(verdict->detail, life->detail, sizeof(verdict->detail));
}

/* @return the hash of all that was sent and told */
static uint64_t live(const struct plan *plan, FILE *out, struct verdict *verdict)
{
    struct life *life = calloc(1, sizeof(*life)); /* its clock is read from the first moment on */
    if (life == NULL) abort();
    entropy_begin(life, plan);
    bool good = life_run(life, plan, out);
    entropy_end();
    uint64_t hash = life->hash;
    judge(life, good, verdict);
    free(life);
    return hash;
}

/* ---- twice ---- */

struct record {
    char *text;
    size_t len;
    uint64_t hash;
};

static void live_recorded(const struct plan *plan, struct record *record, struct verdict *verdict)
{
    *record = (struct record){0};
    FILE *out = open_memstream(&record->text, &record->len);
    if (out == NULL) abort();
    record->hash = live(plan, out, verdict);
    if (fclose(out) != 0) abort();
}

static size_t line_length(const struct record *record, size_t at)
{
    const char *end = memchr(record->text + at, '\n', record->len - at);
    return end ? (size_t)(end - record->text) - at : record->len - at;
}

/* The first line that differs says more than that one does. */
static void compare(const struct record *a, const struct record *b, struct verdict *verdict)
{
    size_t shorter = a->len < b->len ? a->len : b->len, at = 0, line = 0, number = 1;
    if (a->len == b->len && memcmp(a->text, b->text, a->len) == 0 && a->hash == b->hash) return;
    for (; at < shorter && a->text[at] == b->text[at]; at++) {
        if (a->text[at] != '\n') continue;
        line = at + 1;
        number++;
    }
    *verdict = (struct verdict){.failed = true, .invariant = "determinism"};
    snprintf(verdict->detail, sizeof(verdict->detail),
             "the same plan lived another life: line %zu of the trace is \"%.*s\", then \"%.*s\"",
             number, (int)line_length(a, line), a->text + line, (int)line_length(b, line),
             b->text + line);
}

void live_plan(const struct plan *plan, bool twice, struct verdict *verdict)
{
    struct record first, second;
    if (!twice) {
        (void)live(plan, NULL, verdict);
        return;
    }
    live_recorded(plan, &first, verdict);
    if (!verdict->failed) {
        live_recorded(plan, &second, verdict);
        compare(&first, &second, verdict);
        free(second.text);
    }
    free(first.text);
}

/* ---- processes ---- */

void watch_over(bool on)
{
    struct itimerval timer = {.it_value = {.tv_sec = on ? PATIENCE_S : 0}};
    (void)setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

void verdict_of_crash(int status, struct verdict *verdict)
{
    *verdict = (struct verdict){.failed = true, .crashed = true, .invariant = "crash"};
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM) {
        strcpy(verdict->invariant, "hang");
        snprintf(verdict->detail, sizeof(verdict->detail), "not over after %d s of CPU",
                 PATIENCE_S);
    } else if (WIFSIGNALED(status)) {
        snprintf(verdict->detail, sizeof(verdict->detail), "signal %d, %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(verdict->detail, sizeof(verdict->detail), "exit status %d", WEXITSTATUS(status));
    }
}

/* What a sanitizer or an assertion says stands at the end of the trace. */
static _Noreturn void live_and_exit(const struct plan *plan, bool twice, FILE *out, int verdict_fd)
{
    struct verdict verdict;
    (void)signal(SIGINT, SIG_IGN); /* the parent decides */
    (void)signal(SIGTERM, SIG_IGN);
    if (out && out != stdout) (void)dup2(fileno(out), STDERR_FILENO);
    watch_over(true);
    if (out) (void)live(plan, out, &verdict);
    if (out == NULL || (twice && !verdict.failed)) live_plan(plan, twice, &verdict);
    if (out) fflush(out);
    _exit(write(verdict_fd, &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
}

void try_plan(const struct plan *plan, bool twice, FILE *out, struct verdict *verdict)
{
    int ends[2], status;
    if (pipe(ends) != 0) abort();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        close(ends[0]);
        live_and_exit(plan, twice, out, ends[1]);
    }
    close(ends[1]);
    bool told = read(ends[0], verdict, sizeof(*verdict)) == sizeof(*verdict);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child) abort();
    if (!told || status != 0) verdict_of_crash(status, verdict);
}

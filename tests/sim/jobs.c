/* SPDX-License-Identifier: MIT */
/*
 * Many seeds in several processes. Each writes what it does into memory that it shares with the
 * parent, so that a crash is put down to its seed, and the seeds after it still have their turn.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define JOBS_MAX 64
#define FOUND    256

struct slot { /* of one process */
    volatile uint64_t seed, done;
    volatile bool busy;
    pid_t pid;
};

struct found {
    uint64_t seed;
    struct verdict verdict;
};

struct board {
    struct slot slots[JOBS_MAX];
    uint64_t next; /* atomic: the next seed to live */
    uint64_t last; /* and the last one */
    int found_count;
    struct found found[FOUND];
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(struct board *board, uint64_t seed, const struct verdict *verdict)
{
    int at = __atomic_fetch_add(&board->found_count, 1, __ATOMIC_SEQ_CST);
    if (at < FOUND) board->found[at] = (struct found){seed, *verdict};
}

static void work(struct board *board, struct slot *slot, const struct options *options)
{
    for (;;) {
        struct plan plan;
        struct verdict verdict;
        uint64_t seed = __atomic_fetch_add(&board->next, 1, __ATOMIC_SEQ_CST);
        if (seed > board->last || board->found_count >= options->failures_max) _exit(0);
        slot->seed = seed;
        slot->busy = true;
        plan_draw(&plan, seed);
        live_plan(&plan, NULL, options->twice, &verdict);
        if (verdict.failed) put(board, seed, &verdict);
        slot->busy = false;
        slot->done++;
    }
}

static bool employ(struct board *board, struct slot *slot, const struct options *options)
{
    fflush(NULL);
    slot->busy = false;
    pid_t pid = fork();
    if (pid == 0) work(board, slot, options);
    slot->pid = pid; /* the board is shared: only the parent writes this */
    return pid > 0;
}

/* A process has ended. @return whether it died in the middle of a history */
static bool bury(struct board *board, struct slot *slot, int status)
{
    struct verdict crash = {.failed = true, .crashed = true, .invariant = "crash"};
    slot->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
    if (slot->busy) put(board, slot->seed, &crash);
    slot->done++;
    return true;
}

static uint64_t lived(const struct board *board)
{
    uint64_t n = 0;
    for (int i = 0; i < JOBS_MAX; i++)
        n += board->slots[i].done;
    return n;
}

static void show(const struct board *board, const struct options *options, double began)
{
    double elapsed = now_s() - began;
    uint64_t n = lived(board);
    if (options->quiet || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%llu histories, %.0f a second, %d failed \033[K", (unsigned long long)n,
            (double)n / (elapsed > 0 ? elapsed : 1), board->found_count);
    fflush(stderr);
}

static void supervise(struct board *board, const struct options *options, double began)
{
    int working = options->jobs;
    while (working > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (options->minutes > 0 && now_s() - began > options->minutes * 60)
            __atomic_store_n(&board->last, 0, __ATOMIC_SEQ_CST);
        show(board, options, began);
        if (pid == 0) {
            usleep(50000);
            continue;
        }
        for (int i = 0; i < options->jobs; i++) {
            struct slot *slot = &board->slots[i];
            if (slot->pid != pid) continue;
            if (!bury(board, slot, status) || !employ(board, slot, options)) working--;
        }
    }
}

static int report(const struct board *board, double elapsed, int jobs)
{
    int found = board->found_count < FOUND ? board->found_count : FOUND;
    uint64_t n = lived(board);
    for (int i = 0; i < found; i++) {
        struct plan plan;
        char what[64];
        plan_draw(&plan, board->found[i].seed);
        snprintf(what, sizeof(what), "--seed %llu", (unsigned long long)board->found[i].seed);
        print_failure(&plan, &board->found[i].verdict, what);
    }
    printf("%llu histories in %.1f s: %.0f a second, %.0f a second and process; %d failed\n",
           (unsigned long long)n, elapsed, (double)n / elapsed, (double)n / elapsed / jobs,
           board->found_count);
    return board->found_count;
}

int jobs_run(const struct options *options)
{
    double began = now_s();
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) return 1;
    board->next = options->first;
    board->last = options->last;
    for (int i = 0; i < options->jobs; i++) {
        if (!employ(board, &board->slots[i], options)) return 1;
    }
    supervise(board, options, began);
    if (!options->quiet && isatty(STDERR_FILENO)) fputc('\n', stderr);
    int found = report(board, now_s() - began, options->jobs);
    munmap(board, sizeof(*board));
    return found;
}

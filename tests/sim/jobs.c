/* SPDX-License-Identifier: MIT */
/*
 * Many histories in several processes. Each writes what it does into memory that it shares with the
 * parent, so that a crash is put down to its history, and those after it still have their turn;
 * what fails comes through a pipe, and is reported at once.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

struct slot { /* of one process */
    volatile uint64_t number, done;
    volatile bool busy;
    pid_t pid; /* only the parent writes this */
};

struct board {
    struct slot slots[JOBS_MAX];
    uint64_t next; /* atomic: the next history to live */
    bool over;     /* atomic: no more of them */
};

struct found { /* shorter than PIPE_BUF: comes whole */
    uint64_t number;
    struct verdict verdict;
};

struct crew {
    const struct work *work;
    const struct options *options;
    struct board *board;
    int pipe[2];
    pid_t parent;
    int working;
    uint64_t failed;
    bool crashed; /* a history took its process with it */
    double began_s;
};

/* ---- signals ---- */

static volatile sig_atomic_t stops, last_stop;

static void on_stop(int number)
{
    stops++;
    last_stop = number;
}

void stop_listen(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, NULL);
}

int stop_asked(void)
{
    return stops;
}

int stop_signal(void)
{
    return last_stop;
}

/* ---- the worker's side ---- */

static bool take(const struct crew *crew, uint64_t *number)
{
    struct board *board = crew->board;
    if (getppid() != crew->parent || __atomic_load_n(&board->over, __ATOMIC_SEQ_CST)) return false;
    *number = __atomic_fetch_add(&board->next, 1, __ATOMIC_SEQ_CST);
    return *number <= crew->work->last;
}

static _Noreturn void work_on(const struct crew *crew, struct slot *slot)
{
    struct item item;
    struct found found;
    (void)signal(SIGINT, SIG_IGN); /* the parent decides */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    close(crew->pipe[0]);
    while (take(crew, &found.number)) {
        slot->number = found.number;
        slot->busy = true;
        watch_over(true);
        work_item(crew->work, found.number, &item);
        live_plan(&item.plan, crew->options->twice, &found.verdict);
        watch_over(false);
        if (found.verdict.failed &&
            write(crew->pipe[1], &found, sizeof(found)) != (ssize_t)sizeof(found))
            _exit(1);
        slot->busy = false;
        slot->done++;
    }
    _exit(0);
}

/* ---- the parent's side ---- */

static bool employ(struct crew *crew, struct slot *slot)
{
    fflush(NULL);
    slot->busy = false;
    pid_t pid = fork();
    if (pid == 0) work_on(crew, slot);
    if (pid < 0) return false;
    slot->pid = pid; /* the board is shared: the child would write 0 */
    crew->working++;
    return true;
}

/* Of those that have ended. */
static double crew_cpu_s(void)
{
    struct rusage use;
    if (getrusage(RUSAGE_CHILDREN, &use) != 0) return 0;
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static struct tally count(const struct crew *crew)
{
    const struct work *work = crew->work;
    struct tally tally = {.failed = crew->failed,
                          .elapsed_s = clock_s() - crew->began_s,
                          .whole_s = crew->options->minutes * 60};
    for (int i = 0; i < JOBS_MAX; i++)
        tally.lived += crew->board->slots[i].done;
    if (work->last != SEED_LAST) tally.all = work->last - work->first + 1;
    return tally;
}

static void stop_all(struct crew *crew)
{
    __atomic_store_n(&crew->board->over, true, __ATOMIC_SEQ_CST);
}

static void add_failure(struct crew *crew, uint64_t number, const struct verdict *verdict)
{
    struct failure failure = {.verdict = *verdict};
    int most = crew->options->failures_max;
    if (most && crew->failed >= (uint64_t)most) return; /* others were under way */
    crew->failed++;
    if (most && crew->failed >= (uint64_t)most) stop_all(crew);
    work_item(crew->work, number, &failure.item);
    bar_clear(crew->options);
    report_failure(&failure, crew->options);
}

static void listen_to_crew(struct crew *crew, int wait_ms)
{
    struct pollfd poller = {.fd = crew->pipe[0], .events = POLLIN};
    struct found found;
    while (poll(&poller, 1, wait_ms) > 0 &&
           read(crew->pipe[0], &found, sizeof(found)) == (ssize_t)sizeof(found)) {
        add_failure(crew, found.number, &found.verdict);
        wait_ms = 0;
    }
}

static void bury(struct crew *crew, struct slot *slot, int status)
{
    struct verdict crash;
    bool dead = status != 0;
    crew->crashed |= dead;
    slot->pid = 0;
    crew->working--;
    if (!dead) return;
    if (slot->busy) {
        verdict_of_crash(status, &crash);
        slot->done++;
        add_failure(crew, slot->number, &crash);
    }
    if (!employ(crew, slot)) complain("no new process: %s.", strerror(errno));
}

static void look_after(struct crew *crew)
{
    int status;
    for (int i = 0; i < crew->options->jobs; i++) {
        struct slot *slot = &crew->board->slots[i];
        if (slot->pid > 0 && waitpid(slot->pid, &status, WNOHANG) == slot->pid)
            bury(crew, slot, status);
    }
}

static void supervise(struct crew *crew)
{
    const struct options *options = crew->options;
    while (crew->working > 0 && stop_asked() < 2) {
        struct tally tally = count(crew);
        bar_show(options, &tally);
        if (stop_asked() || (tally.whole_s > 0 && tally.elapsed_s > tally.whole_s)) stop_all(crew);
        listen_to_crew(crew, 20);
        look_after(crew);
    }
    listen_to_crew(crew, 0);
    bar_clear(options);
    for (int i = 0; i < options->jobs; i++) {
        if (crew->board->slots[i].pid > 0) (void)kill(crew->board->slots[i].pid, SIGKILL);
    }
}

/* Who is told to stop what has no end has done all that was asked for. */
static int exit_status(const struct crew *crew, const struct tally *tally)
{
    bool whole = tally->all == 0 || tally->lived == tally->all;
    if (stop_asked() > 1 || (stop_asked() && !whole)) return EXIT_SIGNAL + stop_signal();
    if (tally->whole_s > 0 && tally->elapsed_s > tally->whole_s) whole = true;
    /* A crash is never tolerated. */
    bool bad = crew->crashed || crew->failed > (uint64_t)crew->options->tolerated;
    return bad || !whole ? EXIT_FAILED : EXIT_GOOD;
}

int jobs_run(const struct work *work, const struct options *options)
{
    struct crew crew = {.work = work, .options = options, .parent = getpid(), .began_s = clock_s()};
    crew.board =
        mmap(NULL, sizeof(*crew.board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew.board == MAP_FAILED || pipe(crew.pipe) != 0) {
        complain("no memory to share, or no pipe: %s.", strerror(errno));
        return EXIT_FAILED;
    }
    crew.board->next = work->first;
    stop_listen();
    for (int i = 0; i < options->jobs; i++) {
        if (!employ(&crew, &crew.board->slots[i])) break;
    }
    supervise(&crew);
    struct tally tally = count(&crew);
    tally.cpu_s = crew_cpu_s();
    uint64_t reached = crew.board->next - 1;
    report_summary(&tally, work, reached < work->last ? reached : work->last, options);
    (void)munmap(crew.board, sizeof(*crew.board));
    close(crew.pipe[0]);
    close(crew.pipe[1]);
    return exit_status(&crew, &tally);
}

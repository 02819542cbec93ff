/* SPDX-License-Identifier: MIT */
/*
 * The program tern-sim: what its files share. main.c decides; options.c reads what is asked for,
 * work.c makes plans of it, trial.c lives through one in a process of its own, jobs.c through many,
 * bar.c shows how far that is, report.c says what failed, shrink.c and story.c say it shortly.
 */
#ifndef SIM_TOOL_H
#define SIM_TOOL_H

#include "life.h"

#define JOBS_MAX  64
#define PLAN_TEXT 4096 /* a plan as a line */
#define SEED_LAST UINT64_MAX

enum { EXIT_GOOD, EXIT_FAILED, EXIT_USAGE, EXIT_SIGNAL = 128 };

/* ---- options.c ---- */

struct options {
    uint64_t first, last; /* seeds; `last` SEED_LAST: until told to stop */
    uint64_t count;       /* of seeds, from the commit's on */
    double minutes;       /* 0: not by time */
    int jobs;
    int failures_max; /* stop after so many; 0: never */
    int tolerated;    /* failures that are reported, and no failure of the whole */
    bool help, list, mutants;
    bool trace;  /* on standard output */
    bool twice;  /* each history again: both must be the same */
    bool shrink; /* what fails */
    bool quiet, progress, json;
    bool seeds; /* `first` and `last` were given */
    const char *commit_of, *set, *scenario, *plan, *regressions, *mutant;
    const char *traces; /* the folder for traces of failures; "none" */
};

/* @return false: something is wrong with them, and it has been said what */
bool options_read(struct options *options, int argc, char **argv);
void options_help(void);
/* "tern-sim: ", a sentence, and the end of the line, on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- work.c ---- */

struct item {
    char name[64]; /* as a failure is reported */
    char stem[64]; /* as its trace is named */
    struct plan plan;
};

/* What is to be lived through: seeds, or plans that are known. */
struct work {
    uint64_t first, last; /* seeds, or numbers of items */
    bool seeds;
    const char *set;    /* is read into each plan at its end; NULL: nothing */
    struct item *items; /* NULL for seeds */
};

/* @return false: there is no such thing, and it has been said why */
bool work_begin(struct work *work, struct options *options);
void work_item(const struct work *work, uint64_t number, struct item *out);
void work_end(struct work *work);

/* ---- trial.c ---- */

struct verdict {
    bool failed;
    bool crashed; /* and so is not known at what time */
    double at_s;  /* virtual */
    char invariant[32];
    char detail[512];
};

/* One plan, here. */
void live_plan(const struct plan *plan, bool twice, struct verdict *verdict);
/* In a process of its own, so that a crash is a verdict as well; `out`: its trace, or NULL. */
void try_plan(const struct plan *plan, bool twice, FILE *out, struct verdict *verdict);
/* For a process in which plans are lived: one that hangs is ended by a signal. */
void watch_over(bool on);
/* What the end of a process says of the history that it was in. */
void verdict_of_crash(int status, struct verdict *verdict);

/* ---- entropy.c: what OpenSSL takes for the time and for chance is the world's, during one life ---- */

void entropy_begin(const struct life *life, const struct plan *plan);
void entropy_end(void);

/* ---- jobs.c ---- */

/* All of it, in several processes. @return the program's exit status */
int jobs_run(const struct work *work, const struct options *options);
/* Ctrl-C and its like: how often, and which signal was the last. */
void stop_listen(void);
int stop_asked(void);
int stop_signal(void);

/* ---- bar.c ---- */

struct tally {
    uint64_t lived, all; /* all: 0 when nobody knows */
    uint64_t failed;
    double elapsed_s, whole_s; /* whole_s: 0 without a limit of time */
    double cpu_s;              /* of all processes, when they have ended */
};

void bar_show(const struct options *options, const struct tally *tally);
void bar_clear(const struct options *options);
double clock_s(void);

/* ---- report.c ---- */

struct failure {
    struct item item;
    struct verdict verdict;
};

/* Says it, writes its trace, and says it again with less, as the options ask. */
void report_failure(const struct failure *failure, const struct options *options);
void report_summary(const struct tally *tally, const struct work *work, uint64_t last,
                    const struct options *options);

/* ---- shrink.c, story.c ---- */

/* The same invariant with fewer steps, plainer settings and rounder numbers. @return tries */
unsigned shrink(struct plan *plan, const char *invariant, bool twice);
void print_story(const struct plan *plan, const struct verdict *verdict);

/* ---- mutant.c: deliberate mistakes in the library ---- */

/* @return false: there is none of that name, and it has been said so */
bool mutant_choose(const char *name);
void mutant_list(void);

#endif

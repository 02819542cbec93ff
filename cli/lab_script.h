/* SPDX-License-Identifier: MIT */
/* The scripts of `tern lab`: their commands and the programs that these start. */
#ifndef TERN_CLI_LAB_SCRIPT_H
#define TERN_CLI_LAB_SCRIPT_H

#include <stdio.h>
#include <sys/types.h>

#include "lab.h"

/**
 * Run a script, until its end, its first error or a signal to this process.
 *
 * @param name  of the script, for messages
 * @return      exit status: 0, 1 for a failed command, 2 for a script that is
 *              wrong, 128 + n for signal n
 */
int lab_script_run(struct lab *lab, FILE *script, const char *name);

/** Numbered packets between two nodes; prints what it finds. @return exit status */
int lab_self_test(uint64_t seed);

/* lab_jobs.c: programs, their output line by line with a label in front, and signals. */

struct lab_job {
    char name[LAB_NAME_CAP]; /* empty for a foreground program */
    char label[2 * LAB_NAME_CAP];
    pid_t pid;  /* 0 for a free slot */
    int output; /* -1 once it has ended */
    bool ended;
    int status; /* as of waitpid() */
    char line[1024];
    size_t line_len;
};

struct lab_jobs {
    struct lab *lab;
    struct lab_job slots[LAB_JOBS_MAX];
    int signals; /* signalfd: SIGCHLD and the signals that end the script */
    int caught;  /* the one that did, or 0 */
    int input;   /* what lab_jobs_wait_input() waits for; -1 for nothing */
};

/* `init` blocks the signals that it takes over; `fini` gives them back. */
TERN_CHECK int lab_jobs_init(struct lab_jobs *jobs, struct lab *lab);
void lab_jobs_fini(struct lab_jobs *jobs);

/* NULL, with the reason in lab_error() where `*err` is not TERN_ELIMIT. `name` "" for none. */
struct lab_job *lab_job_start(struct lab_jobs *jobs, const char *node, const char *name,
                              char *const argv[], int *err);
struct lab_job *lab_job_find(struct lab_jobs *jobs, const char *name);
void lab_job_free(struct lab_job *job);

/* These go on printing, and return early when a signal was caught. */
void lab_jobs_sleep(struct lab_jobs *jobs, tern_time us);
void lab_jobs_wait_input(struct lab_jobs *jobs, int fd);
/* True when it has ended within `us` (TERN_TIME_NEVER: whenever it does). */
bool lab_job_wait(struct lab_jobs *jobs, struct lab_job *job, tern_time us);

/* Foreground program with the terminal for itself; its exit status, or a negative error. */
int lab_jobs_shell(struct lab_jobs *jobs, const char *node, char *const argv[]);

#endif

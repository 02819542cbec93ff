/* SPDX-License-Identifier: MIT */
/* The program tern-sim: what its files share. */
#ifndef SIM_TOOL_H
#define SIM_TOOL_H

#include "life.h"

struct options {
    uint64_t first, last; /* seeds */
    bool seeds;
    double minutes; /* 0: not by time */
    int jobs;
    int failures_max; /* stop after so many */
    bool twice;       /* each history again: the hashes must agree */
    bool quiet;
};

struct verdict {
    bool failed;
    bool crashed;
    double at_s; /* virtual */
    char invariant[32];
    char detail[512];
};

/* shrink.c: the same invariant with fewer steps and plainer settings, each tried in its own process */
void shrink(struct plan *plan, const char *invariant);
/* jobs.c: many seeds in several processes. @return how many failed */
int jobs_run(const struct options *options);
/* mutant.c: a deliberate mistake in the library. @return false: there is none of that name */
bool mutant_choose(const char *name);
void mutant_list(void);
/* One plan in a process of its own, so that a crash is a verdict as well. */
void try_plan(const struct plan *plan, struct verdict *out);
/* One plan, here; `trace` may be NULL. */
void live_plan(const struct plan *plan, FILE *out, bool twice, struct verdict *verdict);
void print_failure(const struct plan *plan, const struct verdict *verdict, const char *what);

#endif

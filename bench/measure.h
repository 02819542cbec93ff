/* SPDX-License-Identifier: MIT */
/* What every benchmark needs: CPU time, the machine's name, and figures with their spread. */
#ifndef TERN_BENCH_MEASURE_H
#define TERN_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#define SAMPLES_MAX 16

struct samples {
    double values[SAMPLES_MAX];
    size_t count;
};

/* Seconds of CPU that this process has used: what else runs on the machine disturbs it least. */
double cpu_now(void);
void print_machine(void);
/* Ends the program with a message. */
_Noreturn void give_up(const char *what);

static inline void require(bool cond, const char *what)
{
    if (!cond) give_up(what);
}

void samples_add(struct samples *samples, double value);
double samples_median(struct samples *samples);
/* "median (min to max)", each multiplied by `scale`. */
void samples_print(struct samples *samples, double scale, int decimals);

#endif

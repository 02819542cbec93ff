/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double cpu_now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

void print_machine(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL) continue;
        printf("machine: one core of%s", colon + 1);
        break;
    }
    if (file != NULL) (void)fclose(file);
}

_Noreturn void give_up(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void samples_add(struct samples *samples, double value)
{
    require(samples->count < SAMPLES_MAX, "too many samples");
    samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double samples_median(struct samples *samples)
{
    require(samples->count > 0, "no samples");
    qsort(samples->values, samples->count, sizeof(samples->values[0]), compare);
    return samples->values[samples->count / 2];
}

void samples_print(struct samples *samples, double scale, int decimals)
{
    double median = samples_median(samples);
    printf("%8.*f (%.*f to %.*f)", decimals, median * scale, decimals, samples->values[0] * scale,
           decimals, samples->values[samples->count - 1] * scale);
}

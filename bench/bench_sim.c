/* SPDX-License-Identifier: MIT */
/*
 * Histories that tern-sim lives through in a second on one core, with all invariants held: two
 * phones, one server, one call and five changes of network; and those that it draws at random.
 * Prints figures, the machine and the budget, judges nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "life.h"
#include "measure.h"

#define SAMPLES 5
#define LIVES   40 /* in one sample */
#define BUDGET  200.0

static const struct {
    const char *name, *text; /* text NULL: drawn */
} cases[] = {
    {"five changes, UDP", "1000 bob call; 4000 alice path 3; 6000 alice path 4; 8000 alice path 5; "
                          "10000 alice path 6; 12000 alice path 3"},
    {"five changes, TCP", "transport 1; bob_transport 1; 1000 bob call; 4000 alice path 3; "
                          "6000 alice path 4; 8000 alice path 5; 10000 alice path 6; "
                          "12000 alice path 3"},
    {"drawn at random", NULL},
};

static void bench(struct life *life, const char *name, const char *text)
{
    struct samples rates = {0};
    for (uint64_t i = 0; i < SAMPLES; i++) {
        double began = cpu_now();
        for (uint64_t k = 0; k < LIVES; k++) {
            struct plan plan;
            uint64_t seed = 1 + i * LIVES + k;
            plan_init(&plan, seed);
            require(text == NULL || plan_read(&plan, text) == NULL, "the plan is wrong");
            if (text == NULL) plan_draw(&plan, seed);
            bool good = life_run(life, &plan, NULL);
            if (!good) fprintf(stderr, "seed %llu: ", (unsigned long long)seed);
            require(good, life->invariant);
        }
        samples_add(&rates, LIVES / (cpu_now() - began));
    }
    printf("%-18s ", name);
    samples_print(&rates, 1, 0);
    printf(" histories a second  %.1f times the budget\n", samples_median(&rates) / BUDGET);
    fflush(stdout);
}

int main(void)
{
    struct life *life = malloc(sizeof(*life)); /* too large for some stacks */
    require(life != NULL, "out of memory");
    print_machine();
    printf("budget: %.0f histories a second with five changes of network\n", BUDGET);
    printf("median of %d samples (least to most)\n", SAMPLES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        bench(life, cases[i].name, cases[i].text);
    free(life);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Fewer faults that still fail: take away steps, then settings, as long as the verdict stays. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

void live_plan(const struct plan *plan, FILE *out, bool twice, struct verdict *verdict)
{
    struct life *life = malloc(sizeof(*life));
    if (life == NULL) abort();
    bool good = life_run(life, plan, out);
    uint64_t hash = life->hash;
    if (good && twice) {
        good = life_run(life, plan, NULL);
        if (good && life->hash != hash) {
            good = false;
            strcpy(life->invariant, "determinism");
            strcpy(life->detail, "the same seed lived another life");
        }
    }
    memset(verdict, 0, sizeof(*verdict));
    verdict->failed = !good;
    verdict->at_s = (double)life->failed_at / 1e6;
    memcpy(verdict->invariant, life->invariant, sizeof(verdict->invariant));
    memcpy(verdict->detail, life->detail, sizeof(verdict->detail));
    free(life);
}

void try_plan(const struct plan *plan, struct verdict *out)
{
    int pipe_ends[2], status;
    *out = (struct verdict){0};
    if (pipe(pipe_ends) != 0) abort();
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) abort();
    if (child == 0) {
        struct verdict verdict;
        close(pipe_ends[0]);
        live_plan(plan, NULL, false, &verdict);
        _exit(write(pipe_ends[1], &verdict, sizeof(verdict)) == sizeof(verdict) ? 0 : 1);
    }
    close(pipe_ends[1]);
    bool told = read(pipe_ends[0], out, sizeof(*out)) == sizeof(*out);
    close(pipe_ends[0]);
    (void)waitpid(child, &status, 0);
    if (told && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    *out = (struct verdict){.failed = true, .crashed = true, .invariant = "crash"};
}

static bool still(const struct plan *plan, const char *invariant)
{
    struct verdict verdict;
    try_plan(plan, &verdict);
    return verdict.failed && strcmp(verdict.invariant, invariant) == 0;
}

static bool fewer_steps(struct plan *plan, const char *invariant)
{
    bool any = false;
    for (size_t i = plan->count; i-- > 0;) {
        struct plan less = *plan;
        plan_remove(&less, i);
        if (!still(&less, invariant)) continue;
        *plan = less;
        any = true;
    }
    return any;
}

static bool plainer_settings(struct plan *plan, const char *invariant)
{
    bool any = false;
    for (int i = 0; i < SETTING_COUNT; i++) {
        struct plan less = *plan;
        if (plan->set[i] == setting_preset((enum setting)i)) continue;
        less.set[i] = setting_preset((enum setting)i);
        if (!still(&less, invariant)) continue;
        *plan = less;
        any = true;
    }
    return any;
}

/* Each round takes away at least one thing: there are at most as many rounds as things. */
void shrink(struct plan *plan, const char *invariant)
{
    bool any = true;
    for (int round = 0; any && round < STEPS_MAX; round++) {
        any = fewer_steps(plan, invariant);
        any = plainer_settings(plan, invariant) || any;
    }
}

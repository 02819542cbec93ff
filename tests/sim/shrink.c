/* SPDX-License-Identifier: MIT */
/*
 * Fewer faults that still fail, and plainer ones: steps are taken away, first many at once, settings
 * go back to what they are by themselves, pauses become short and numbers round, for as long as the
 * same invariant does not hold. Whatever is kept is smaller than before by some measure, so there is
 * an end to it.
 */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define ROUNDS_MAX 16
#define TRIES_MAX  10000

struct search {
    struct plan *plan; /* the smallest so far */
    const char *invariant;
    bool twice;
    unsigned tries;
};

/* Rounding may leave the range of a setting: then it is no plan. */
static bool can_be_said(const struct plan *plan)
{
    char text[PLAN_TEXT];
    struct plan again;
    plan_print(plan, text, sizeof(text));
    plan_init(&again, 1);
    return plan_read(&again, text) == NULL;
}

static bool keep(struct search *search, const struct plan *less)
{
    struct verdict verdict;
    if (stop_asked() || search->tries == TRIES_MAX || !can_be_said(less)) return false;
    search->tries++;
    try_plan(less, search->twice, NULL, &verdict);
    if (!verdict.failed || strcmp(verdict.invariant, search->invariant) != 0) return false;
    *search->plan = *less;
    return true;
}

/* ---- less ---- */

static bool take_away(struct search *search, size_t chunk)
{
    bool any = false;
    size_t at = search->plan->count;
    while (at > 0) {
        size_t from = at > chunk ? at - chunk : 0;
        struct plan less = *search->plan;
        for (size_t i = at; i-- > from;)
            plan_remove(&less, i);
        any = keep(search, &less) || any;
        at = from;
    }
    return any;
}

static bool fewer_steps(struct search *search)
{
    bool any = false;
    for (size_t chunk = search->plan->count / 2; chunk > 1; chunk /= 2)
        any = take_away(search, chunk) || any;
    return take_away(search, 1) || any;
}

static bool plainer_settings(struct search *search)
{
    bool any = false;
    for (int i = 0; i < SETTING_COUNT; i++) {
        struct plan less = *search->plan;
        less.set[i] = setting_preset((enum setting)i);
        if (less.set[i] != search->plan->set[i]) any = keep(search, &less) || any;
    }
    struct plan less = *search->plan;
    less.seed = 1;
    return (search->plan->seed != 1 && keep(search, &less)) || any;
}

/* Whole seconds go from a pause, and all that comes later comes sooner. */
static bool shorter_pauses(struct search *search)
{
    bool any = false;
    for (size_t i = 1; i < search->plan->count; i++) {
        const struct step *steps = search->plan->steps;
        int32_t seconds = (steps[i].at_ms - steps[i - 1].at_ms) / 1000;
        for (int32_t left = 0; left < seconds; left = left ? 2 * left : 1) {
            struct plan less = *search->plan;
            for (size_t k = i; k < less.count; k++)
                less.steps[k].at_ms -= 1000 * (seconds - left);
            if (!keep(search, &less)) continue;
            any = true;
            break;
        }
    }
    return any;
}

/* ---- rounder ---- */

/* Without the zeros at the end: 1450 has three digits, 2000 one, 0 none. */
static int digits(int32_t value)
{
    int count = 0;
    while (value != 0 && value % 10 == 0)
        value /= 10;
    for (; value != 0; value /= 10)
        count++;
    return count;
}

static int32_t round_to(int32_t value, int32_t unit)
{
    int32_t half = value < 0 ? -unit / 2 : unit / 2;
    return (value + half) / unit * unit;
}

static const int32_t units[] = {100000, 10000, 1000, 500, 100, 50, 10};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* A number in `less`, a copy of the plan that is to be changed. */
static bool round_value(struct search *search, struct plan *less, int32_t *value)
{
    int32_t old = *value;
    for (size_t i = 0; i < UNITS; i++) {
        *value = round_to(old, units[i]);
        if (*value != 0 && digits(*value) < digits(old) && keep(search, less)) return true;
    }
    return false;
}

static bool rounder_values(struct search *search)
{
    bool any = false;
    for (int i = 0; i < SETTING_COUNT; i++) {
        struct plan less = *search->plan;
        if (less.set[i] != setting_preset((enum setting)i))
            any = round_value(search, &less, &less.set[i]) || any;
    }
    for (size_t i = 0; i < search->plan->count; i++) {
        for (int k = 0; k < ARGS_MAX; k++) {
            struct plan less = *search->plan;
            int32_t *arg = &less.steps[i].arg[k];
            if (k > 0 && *arg != 0) {
                *arg = 0;
                if (keep(search, &less)) any = true;
                less = *search->plan;
            }
            any = round_value(search, &less, arg) || any;
        }
    }
    return any;
}

static int time_digits(const struct plan *plan)
{
    int sum = 0;
    for (size_t i = 0; i < plan->count; i++)
        sum += digits(plan->steps[i].at_ms);
    return sum;
}

/* A step alone, or with it all that follows, at a rounder time between its neighbours'. */
static bool move_step(struct search *search, size_t at, bool alone)
{
    const struct plan *plan = search->plan;
    int32_t old = plan->steps[at].at_ms;
    for (size_t i = 0; i < UNITS; i++) {
        struct plan less = *plan;
        int32_t by = round_to(old, units[i]) - old;
        for (size_t k = at; k < (alone ? at + 1 : less.count); k++)
            less.steps[k].at_ms += by;
        bool early = at > 0 && less.steps[at].at_ms < less.steps[at - 1].at_ms;
        bool late = at + 1 < less.count && less.steps[at].at_ms > less.steps[at + 1].at_ms;
        if (less.steps[at].at_ms <= 0 || early || late) continue;
        if (time_digits(&less) < time_digits(plan) && keep(search, &less)) return true;
    }
    return false;
}

static bool rounder_times(struct search *search)
{
    bool any = false;
    for (size_t i = 0; i < search->plan->count; i++) {
        any = move_step(search, i, false) || any;
        any = move_step(search, i, true) || any;
    }
    return any;
}

unsigned shrink(struct plan *plan, const char *invariant, bool twice)
{
    struct search search = {plan, invariant, twice, 0};
    bool any = true;
    for (int round = 0; any && round < ROUNDS_MAX; round++) {
        any = fewer_steps(&search);
        any = plainer_settings(&search) || any;
        any = shorter_pauses(&search) || any;
        any = rounder_values(&search) || any;
        any = rounder_times(&search) || any;
    }
    return search.tries;
}

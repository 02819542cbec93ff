/* SPDX-License-Identifier: MIT */
/*
 * The named scenarios: rows of the table of what happens to each thing in flight. `_alive`: the old
 * path stands for a while; `_dead`: it goes at once. The rows themselves stand in scenarios/.
 */
#include <string.h>

#include "scenarios/scenarios.h"

static const struct scenario_list *const lists[] = {
    &confirmed_scenarios, &pending_scenarios, &early_scenarios,    &flows_scenarios,
    &timers_scenarios,    &both_scenarios,    &ways_scenarios,     &hops_scenarios,
    &links_scenarios,     &nat_scenarios,     &snapshot_scenarios, &attack_scenarios,
};

const struct scenario *scenario_at(size_t index)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (index < lists[i]->count) return &lists[i]->all[index];
        index -= lists[i]->count;
    }
    return NULL;
}

const struct scenario *scenario_find(const char *name)
{
    const struct scenario *s;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++) {
        if (strcmp(s->name, name) == 0) return s;
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
/* The named scenarios: a file and a list for rows that belong together. scenarios.c makes one of them. */
#ifndef SIM_SCENARIOS_H
#define SIM_SCENARIOS_H

#include <stddef.h>

#include "plan.h"

struct scenario_list {
    const struct scenario *all;
    size_t count;
};

#define SCENARIO_LIST(table)                                                                       \
    {                                                                                              \
        table, sizeof(table) / sizeof((table)[0])                                                  \
    }

extern const struct scenario_list confirmed_scenarios;
extern const struct scenario_list pending_scenarios;
extern const struct scenario_list early_scenarios;
extern const struct scenario_list flows_scenarios;
extern const struct scenario_list timers_scenarios;
extern const struct scenario_list both_scenarios;
extern const struct scenario_list ways_scenarios;
extern const struct scenario_list hops_scenarios;
extern const struct scenario_list links_scenarios;
extern const struct scenario_list nat_scenarios;
extern const struct scenario_list snapshot_scenarios;
extern const struct scenario_list attack_scenarios;

#endif

/* SPDX-License-Identifier: MIT */
/* C3, C4: session timers (RFC 4028), and far ends that die or fall silent. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"s_timer", "-", "session 90; settle 180000; 1000 alice call"},
    {"s_timer_tcp", "-",
     "transport 1; bob_transport 1; session 90; settle 180000; 1000 alice call"},
    {"s_timer_reinvite", "-", "no_update 1; session 90; settle 180000; 1000 alice call"},
    {"s_timer_loss", "-", "loss 100; session 90; settle 180000; 1000 alice call"},
    {"s_timer_422", "-", "session 120; min_se 300; settle 200000; 1000 alice call"},
    {"s_timer_hold", "S12",
     "session 90; settle 180000; 1000 alice call; 4000 alice hold; 5000 bob hold"},
    {"s_timer_change_dead", "S0",
     "session 90; settle 180000; 1000 alice call; 43000 alice path 3; 45000 alice path 4; 46500 "
     "bob path 3"},
    {"s_timer_change_alive", "S0",
     "session 90; settle 180000; 1000 alice call; 43000 alice path 3 1; 46000 alice path 3"},
    {"s_timer_callee_moves", "S0",
     "session 90; settle 180000; 1000 alice call; 44000 bob path 3; 90000 bob path 4"},
    {"s_timer_offline_40s", "S17",
     "session 90; settle 180000; 1000 alice call; 10000 alice path 0; 50000 alice path 3"},
    {"s_timer_callee_offline_40s", "S17",
     "session 90; settle 180000; 1000 alice call; 10000 bob path 0; 50000 bob path 3"},
    {"s_dead_callee", "-", "settle 400000; 1000 alice call; 4000 bob die"},
    {"s_dead_caller", "-", "settle 400000; 1000 alice call; 4000 alice die"},
    {"s_dead_callee_tcp", "-",
     "transport 1; bob_transport 1; settle 400000; 1000 alice call; 4000 bob die"},
    {"s_silent_120s", "S17", "settle 90000; 1000 alice call; 4000 bob path 0; 124000 bob path 3"},
};

const struct scenario_list timers_scenarios = SCENARIO_LIST(scenarios);

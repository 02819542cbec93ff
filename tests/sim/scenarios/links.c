/* SPDX-License-Identifier: MIT */
/* Which link is used (MOBILITY C1): policies of links, set and changed in mid-call. */
#include "scenarios.h"

/* Nets 1 and 2 are Wi-Fi, 3 and 4 cellular, 5 and 6 Ethernet; kinds: 1 Ethernet, 2 Wi-Fi, 3 cellular. */
static const struct scenario scenarios[] = {
    {"links_preferred", "C1", "1000 alice call; 3000 alice path 1 3; 6000 alice links 32"},
    {"links_preferred_tcp", "C1",
     "transport 1; bob_transport 1; 1000 alice call; 3000 alice path 1 3; 6000 alice links 32"},
    {"links_preferred_tls", "C1",
     "transport 2; bob_transport 2; 1000 alice call; 3000 alice path 1 3; 6000 alice links 32"},
    {"links_preferred_loss", "C1",
     "loss 50; 1000 alice call; 3000 alice path 1 3; 6000 alice links 32"},
    {"links_preferred_flows", "C1",
     "outbound 1; transport 1; 1000 alice call; 3000 alice path 1 3; 6000 alice links 32"},
    {"links_comes_back", "C1",
     "500 alice links 23; 1000 alice call; 4000 alice path 3; 9000 alice path 3 1; 14000 alice "
     "path 3"},
    {"links_comes_back_tcp", "C1",
     "transport 1; bob_transport 1; 500 alice links 23; 1000 alice call; 4000 alice path 3; 9000 "
     "alice path 3 1; 14000 alice path 3"},
    {"links_again_50ms", "C1",
     "1000 alice call; 3000 alice path 1 3; 6000 alice links 32; 6050 alice links 23; 6100 alice "
     "links 32"},
    {"links_never", "C1", "1000 alice call; 3000 alice path 1 3; 6000 alice links 0 2"},
    {"links_never_tcp", "C1",
     "transport 1; bob_transport 1; 1000 alice call; 3000 alice path 1 3; 6000 alice links 0 2"},
    {"links_never_tls", "C1",
     "transport 2; bob_transport 2; 1000 alice call; 3000 alice path 1 3; 6000 alice links 0 2"},
    {"links_never_the_last", "C1",
     "1000 alice call; 5000 alice links 0 2; 12000 alice path 1 5; 18000 alice links 0"},
    {"links_never_the_last_tcp", "C1",
     "transport 1; bob_transport 1; 1000 alice call; 5000 alice links 0 2; 12000 alice path 1 5; "
     "18000 alice links 0"},
    {"links_only", "C1",
     "1000 alice call; 4000 alice links -2; 6000 alice path 3; 9000 alice path 3 2; 14000 alice "
     "links 0"},
    {"links_metered_avoid", "C1",
     "1000 alice call; 3000 alice path 3 1; 6000 alice links 0 0 1; 10000 alice path 3; 14000 "
     "alice path 3 5"},
    {"links_metered_never", "C1",
     "1000 alice call; 3000 alice path 3 1; 6000 alice links 0 0 2; 10000 alice path 3; 14000 "
     "alice path 3 5"},
    {"links_held", "C1",
     "1000 alice call; 3000 alice path 1 3; 4000 alice hold; 6000 alice links 32; 9000 alice "
     "resume"},
    {"links_named", "C1",
     "names 1; 1000 alice call; 3000 alice path 1 3; 6000 alice links 0 2; 12000 alice links 32"},
    {"links_crash", "C1",
     "1000 alice call; 3000 alice path 1 3; 5000 alice links 32; 8000 alice crash 500"},
    {"links_both", "C1",
     "outbound 2; 1000 alice call; 3000 alice path 1 3; 3000 bob path 2 4; 6000 alice links 32; "
     "6000 bob links 32"},
};

const struct scenario_list links_scenarios = SCENARIO_LIST(scenarios);

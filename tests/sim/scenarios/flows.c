/* SPDX-License-Identifier: MIT */
/* S8, flows (RFC 5626), GRUUs (RFC 5627): what the registrar knows of an account that moves. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"s00_gruu_dead", "S0", "outbound 2; 1000 alice call; 4000 alice path 3"},
    {"s00_gruu_alive", "S0", "outbound 2; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s00_warm_flow", "S0",
     "outbound 2; 500 alice path 1 3; 1000 alice call; 4000 alice path 3; 9000 alice path 3 4; "
     "12000 alice path 4"},
    {"s08_outbound_dead", "S8", "outbound 1; 4000 alice register; 4010 alice path 3"},
    {"s08_outbound_alive", "S8",
     "outbound 1; 4000 alice path 3 1; 4010 alice register; 9000 alice path 3"},
    {"s03_incoming_finds_a_way", "S3", "outbound 1; answer 2000; 1000 alice call; 1005 bob path 3"},
    {"s00_gruu_dead_tcp", "S0",
     "transport 1; bob_transport 1; outbound 2; 1000 alice call; 4000 alice path 3"},
    {"s00_gruu_alive_tcp", "S0",
     "transport 1; bob_transport 1; outbound 2; 1000 alice call; 4000 alice path 3 1; 9000 alice "
     "path 3"},
    {"s00_warm_flow_tcp", "S0",
     "transport 1; bob_transport 1; outbound 2; 500 alice path 1 3; 1000 alice call; 4000 alice "
     "path 3; 9000 alice path 3 4; 12000 alice path 4"},
    {"s08_outbound_dead_tcp", "S8",
     "transport 1; bob_transport 1; outbound 1; 4000 alice register; 4010 alice path 3"},
    {"s08_outbound_alive_tcp", "S8",
     "transport 1; bob_transport 1; outbound 1; 4000 alice path 3 1; 4010 alice register; 9000 "
     "alice path 3"},
    {"s03_incoming_finds_a_way_tcp", "S3",
     "transport 1; bob_transport 1; outbound 1; answer 2000; 1000 alice call; 1005 bob path 3"},
    {"s00_gruu_dead_tls", "S0",
     "transport 2; bob_transport 2; outbound 2; 1000 alice call; 4000 alice path 3"},
    {"s00_gruu_alive_tls", "S0",
     "transport 2; bob_transport 2; outbound 2; 1000 alice call; 4000 alice path 3 1; 9000 alice "
     "path 3"},
    {"s00_warm_flow_tls", "S0",
     "transport 2; bob_transport 2; outbound 2; 500 alice path 1 3; 1000 alice call; 4000 alice "
     "path 3; 9000 alice path 3 4; 12000 alice path 4"},
    {"s08_outbound_dead_tls", "S8",
     "transport 2; bob_transport 2; outbound 1; 4000 alice register; 4010 alice path 3"},
    {"s08_outbound_alive_tls", "S8",
     "transport 2; bob_transport 2; outbound 1; 4000 alice path 3 1; 4010 alice register; 9000 "
     "alice path 3"},
    {"s03_incoming_finds_a_way_tls", "S3",
     "transport 2; bob_transport 2; outbound 1; answer 2000; 1000 alice call; 1005 bob path 3"},
    {"s08_outbound_again_50ms", "S8",
     "outbound 1; 1000 alice call; 4000 alice path 3 1; 4050 alice path 3; 4100 alice path 4"},
    {"s00_gruu_unregistered", "S0",
     "outbound 2; 1000 alice call; 4000 alice unregister; 8000 bob hangup"},
    {"s08_register_dead", "S8", "1000 alice call; 4000 alice register; 4010 alice path 3"},
    {"s08_register_dead_tcp", "S8",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice register; 4010 alice path 3"},
    {"registrar_503", "S8",
     "1000 alice call; 3900 server fault 0 503; 4000 alice path 3; 7000 server fault 0 -1"},
    {"registrar_silent", "S8",
     "1000 alice call; 3900 server fault 0 0; 4000 alice path 3; 7000 server fault 0 -1"},
};

const struct scenario_list flows_scenarios = SCENARIO_LIST(scenarios);

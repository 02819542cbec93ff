/* SPDX-License-Identifier: MIT */
/* S20: a NAT gives another public address. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"s20_nat_rebinding_udp", "S20",
     "100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1; 40000 bob hangup"},
    {"s20_nat_rebinding_tcp", "S20",
     "transport 1; bob_transport 1; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1; 40000 "
     "bob hangup"},
    {"s20_nat_rebinding_tls", "S20",
     "transport 2; bob_transport 2; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1; 40000 "
     "bob hangup"},
    {"s20_nat_rebinding_udp_sdes", "S20",
     "srtp 1; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1"},
    {"s20_nat_rebinding_tcp_sdes", "S20",
     "transport 1; bob_transport 1; srtp 1; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1"},
    {"s20_nat_rebinding_tls_sdes", "S20",
     "transport 2; bob_transport 2; srtp 1; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1"},
    {"s20_nat_rebinding_callee", "S20",
     "100 net nat 2 2 2; 1000 alice call; 6000 net rebind 2; 40000 alice hangup"},
    {"s20_nat_rebinding_loss", "S20",
     "loss 100; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1"},
    {"s20_nat_rebinding_held", "S20",
     "100 net nat 1 1 1; 1000 alice call; 4000 alice hold; 6000 net rebind 1; 40000 bob hangup"},
    {"s20_nat_rebinding_ringing", "S20",
     "answer 9000; 100 net nat 2 1 1; 1000 alice call; 3000 net rebind 2"},
    {"s20_nat_rebinding_called", "S20",
     "100 net nat 1 1 1; 1000 alice register; 6000 net rebind 1; 45000 bob call 1"},
    {"s20_nat_rebinding_called_tcp", "S20",
     "transport 1; bob_transport 1; 100 net nat 1 1 1; 1000 alice register; 6000 net rebind 1; "
     "130000 bob call 1"},
    {"s20_nat_in_between", "S20", "1000 alice call; 4000 net nat 1 1 1; 40000 bob hangup"},
    {"s20_nat_and_path", "S20",
     "100 net nat 1 1 1; 300 net nat 3 3 3; 1000 alice call; 6000 alice path 3; 12000 net rebind "
     "3; 50000 bob hangup"},
    {"s20_symmetric_nat", "S20",
     "100 net nat 1 3 3; 1000 alice call; 6000 net rebind 1; 6100 alice register; 8000 net rebind "
     "1; 8100 alice register; 10000 net rebind 1; 10100 alice register; 12000 net rebind 1; 12100 "
     "alice register; 50000 bob hangup"},
    {"s20_nat_reboot", "S20",
     "100 net nat 1 1 1; 1000 alice call; 5000 net down 1 1; 5100 net rebind 1; 9000 net down 1 0; "
     "50000 bob hangup"},
    {"s20_nat_reboot_tcp", "S20",
     "transport 1; bob_transport 1; 100 net nat 1 1 1; 1000 alice call; 5000 net down 1 1; 5100 "
     "net rebind 1; 9000 net down 1 0; 50000 bob hangup"},
    {"s20_mapping_timeout", "S20",
     "100 net nat 1 1 1 4; 1000 alice call; 5000 alice sleep 60000; 110000 bob hangup"},
    {"s20_carrier_nat", "S20",
     "router 1; 100 net nat 1 1 1; 200 net nat 8 3 3; 1000 alice call; 6000 net rebind 8; 40000 "
     "bob hangup"},
    {"s20_both_behind_nats", "S20",
     "stun 1; 100 net nat 1 1 3; 200 net nat 2 1 3; 1000 alice call"},
    {"s20_both_behind_nats_sdes", "S20",
     "srtp 1; stun 1; 100 net nat 1 1 3; 200 net nat 2 1 3; 1000 alice call"},
    {"s20_both_behind_nats_rebinding", "S20",
     "stun 1; 100 net nat 1 1 3; 200 net nat 2 1 3; 1000 alice call; 6000 net rebind 1"},
    {"s20_both_behind_nats_path", "S20",
     "stun 1; 100 net nat 1 1 3; 150 net nat 3 1 3; 200 net nat 2 1 3; 1000 alice call; 6000 alice "
     "path 3"},
    {"stun_dead", "S20", "stun 2; 1000 alice call; 6000 alice path 3"},
    {"stun_dead_nat", "S20", "stun 2; 100 net nat 1 1 1; 1000 alice call; 6000 net rebind 1"},
    {"stun_slow", "S20",
     "stun 3; delay 1500; 100 net nat 1 1 1; 3000 alice call; 20000 alice path 3"},
    {"stun_symmetric_nat", "S20", "stun 1; 100 net nat 1 3 3; 1000 alice call; 6000 net rebind 1"},
    {"flow_failed_keepalive_udp", "S20",
     "1000 alice call; 4000 net down 1 1; 30000 net down 1 0; 60000 bob hangup"},
    {"flow_failed_keepalive_tcp", "S20",
     "transport 1; bob_transport 1; 1000 alice call; 4000 net down 1 1; 30000 net down 1 0; 60000 "
     "bob hangup"},
};

const struct scenario_list nat_scenarios = SCENARIO_LIST(scenarios);

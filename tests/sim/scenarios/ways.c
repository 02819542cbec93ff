/* SPDX-License-Identifier: MIT */
/* S16, S18, S19: another family, a VPN, a second address; names, and paths that lead nowhere. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"s19_second_address", "S19", "1000 alice call; 4000 alice path 1 3; 8000 alice path 1"},
    {"s19_temporary_address", "S19",
     "family 6; 1000 alice call; 5000 alice renumber 2 4; 8000 alice renumber 3 4; 12000 alice "
     "renumber 4 4"},
    {"s19_renumbered_tcp", "S19",
     "transport 1; family 46; 1000 alice call; 5000 alice renumber 1; 5500 alice renumber 2; 9000 "
     "alice renumber 3; 13000 alice renumber 4"},
    {"s18_vpn", "S18", "1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_vpn_tcp", "S18",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_vpn_split_dns", "S18",
     "names 1; inside 1; 1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_last_good_server", "S18",
     "names 1; 1000 alice call; 3900 net dns -1; 4000 alice path 3; 9000 alice path 4"},
    {"s18_last_good_server_tcp", "S18",
     "transport 1; bob_transport 1; names 1; 1000 alice call; 3900 net dns -1; 4000 alice path 3"},
    {"s18_last_good_server_tls", "S18",
     "transport 2; bob_transport 2; names 2; 1000 alice call; 3900 net dns -1; 4000 alice path 3"},
    {"s18_last_good_server_slow", "S18",
     "names 1; 1000 alice call; 3900 net dns 4000; 4000 alice path 3; 12000 alice path 4"},
    {"s18_last_good_server_refused", "S18",
     "names 1; 1000 alice call; 3900 net dns -2; 4000 alice path 3; 9000 alice call 2"},
    {"s18_vpn_split_dns_tcp", "S18",
     "transport 1; bob_transport 1; names 1; inside 1; 1000 alice call; 4000 alice vpn 1; 9000 "
     "alice vpn 0"},
    {"captive_portal", "S0",
     "1000 alice call; 3900 net captive 3 1; 4000 alice path 3; 9000 net captive 3 0"},
    {"new_path_is_dead", "S0",
     "1000 alice call; 3900 net down 3 1; 4000 alice path 3; 12000 net down 3 0"},
    {"dns_dead", "S18",
     "names 1; 1000 alice call; 3900 net dns -1; 4000 alice path 3; 9000 net dns -4"},
    {"naptr_dead", "S0", "names 2; 1000 alice call; 4000 alice path 3"},
    {"naptr_dead_tls", "S0",
     "transport 2; bob_transport 2; names 2; 1000 alice call; 4000 alice path 3"},
    {"naptr_alive", "S0", "names 2; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s16_4to6_dead", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3"},
    {"s16_4to6_dead_tcp", "S16",
     "transport 1; bob_transport 1; family 46; names 1; families 406000; 1000 alice call; 4000 "
     "alice path 3"},
    {"s16_4to6_dead_tls", "S16",
     "transport 2; bob_transport 2; family 46; names 1; families 406000; 1000 alice call; 4000 "
     "alice path 3"},
    {"s16_4to6_sdes", "S16",
     "srtp 1; family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3"},
    {"s16_4to6_dtls", "S16",
     "srtp 2; family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3"},
    {"s16_4to6_loss", "S16",
     "loss 100; family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3"},
    {"s16_4to6_alive", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3 1; 9000 alice path "
     "3"},
    {"s16_4to6_alive_tcp", "S16",
     "transport 1; bob_transport 1; family 46; names 1; families 406000; 1000 alice call; 4000 "
     "alice path 3 1; 9000 alice path 3"},
    {"s16_4to6_alive_tls", "S16",
     "transport 2; bob_transport 2; family 46; names 1; families 406000; 1000 alice call; 4000 "
     "alice path 3 1; 9000 alice path 3"},
    {"s16_4to6_again_50ms", "S16",
     "family 46; names 1; families 406400; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s16_4to6_and_back", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice path 3; 9000 alice path 1"},
    {"s16_4to6_hold", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice hold; 6000 alice path 3; "
     "9000 alice resume"},
    {"s16_4to6_offline", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice path 0; 9000 alice path 3"},
    {"s16_6to4_dead", "S16",
     "family 46; names 1; families 604000; 1000 alice call; 4000 alice path 3"},
    {"s16_6to4_dead_tcp", "S16",
     "transport 1; bob_transport 1; family 46; names 1; families 604000; 1000 alice call; 4000 "
     "alice path 3"},
    {"s16_6to4_dead_tls", "S16",
     "transport 2; bob_transport 2; family 46; names 1; families 604000; 1000 alice call; 4000 "
     "alice path 3"},
    {"s16_6to4_alive", "S16",
     "family 46; names 1; families 604000; 1000 alice call; 4000 alice path 3 1; 9000 alice path "
     "3"},
    {"s16_6to4_sdes", "S16",
     "srtp 1; family 46; names 1; families 604000; 1000 alice call; 4000 alice path 3"},
    {"s16_black_hole", "S16",
     "black_hole 6; names 1; family 46; families 040000; 1000 alice call; 4000 alice path 3"},
    {"s16_black_hole_tcp", "S16",
     "transport 1; bob_transport 1; black_hole 6; names 1; family 46; families 040000; 1000 alice "
     "call; 4000 alice path 3"},
    {"s16_black_hole_tls", "S16",
     "transport 2; bob_transport 2; black_hole 6; names 1; family 46; families 040000; 1000 alice "
     "call; 4000 alice path 3"},
    {"s16_nat64_dead", "S16", "family 46; families 408000; 1000 alice call; 4000 alice path 3"},
    {"s16_nat64_dead_tcp", "S16",
     "transport 1; bob_transport 1; family 46; families 408000; 1000 alice call; 4000 alice path "
     "3"},
    {"s16_nat64_dead_tls", "S16",
     "transport 2; bob_transport 2; family 46; families 408000; 1000 alice call; 4000 alice path "
     "3"},
    {"s16_nat64_alive", "S16",
     "family 46; families 408000; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s16_nat64_sdes", "S16",
     "srtp 1; family 46; families 408000; 1000 alice call; 4000 alice path 3"},
    {"s16_nat64_dtls", "S16",
     "srtp 2; family 46; families 408000; 1000 alice call; 4000 alice path 3"},
    {"s16_nat64_and_back", "S16",
     "family 46; families 408000; 1000 alice call; 4000 alice path 3; 9000 alice path 1"},
    {"s16_nat64_to_nat64", "S16",
     "family 46; families 408800; 1000 alice call; 4000 alice path 3; 9000 alice path 4"},
    {"s16_nat64_again_50ms", "S16",
     "family 46; families 408800; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s16_nat64_dns64", "S16",
     "names 1; family 46; families 408000; 1000 alice call; 4000 alice path 3"},
    {"s16_calling_dead", "S16",
     "delay 150; family 46; names 1; families 406000; 1000 alice call; 1100 alice path 3"},
    {"s16_ringing_dead", "S16",
     "answer 3000; family 46; names 1; families 406000; 1000 alice call; 2500 alice path 3"},
    {"s16_rung_dead", "S16",
     "answer 3000; family 46; names 1; families 000400; 1000 alice call; 2500 bob path 4"},
    {"s16_rung_dead_tcp", "S16",
     "transport 1; bob_transport 1; answer 3000; family 46; names 1; families 000400; 1000 alice "
     "call; 2500 bob path 4"},
    {"s16_rung_dead_tls", "S16",
     "transport 2; bob_transport 2; answer 3000; family 46; names 1; families 000400; 1000 alice "
     "call; 2500 bob path 4"},
    {"s16_bye_dead", "S16",
     "family 46; names 1; families 406000; 1000 alice call; 4000 alice hangup; 4010 alice path 3"},
    {"both_families", "S16", "family 46; 1000 alice call; 4000 alice path 3"},
};

const struct scenario_list ways_scenarios = SCENARIO_LIST(scenarios);

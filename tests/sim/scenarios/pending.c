/* SPDX-License-Identifier: MIT */
/* S4 to S7, S10: a request is under way when the address changes, or gets lost. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"s04_answered_no_ack_dead", "S4", "delay 400; answer 0; 1000 alice call; 2700 bob path 3"},
    {"s05_our_reinvite_dead", "S5", "1000 alice call; 4000 alice reinvite; 4010 alice path 3"},
    {"s05_our_hold_dead", "S5", "1000 alice call; 4000 alice hold; 4010 alice path 3"},
    {"s06_their_reinvite_dead", "S6", "1000 alice call; 4000 bob reinvite; 4010 alice path 3"},
    {"s06_info_dead", "S6", "1000 alice call; 4000 alice info; 4010 alice path 3"},
    {"s06_info_dead_tcp", "S6",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice info; 4010 alice path 3"},
    {"s06_info_dead_tls", "S6",
     "transport 2; bob_transport 2; 1000 alice call; 4000 alice info; 4010 alice path 3"},
    {"s06_info_alive", "S6",
     "1000 alice call; 4000 alice info; 4010 alice path 3 1; 9000 alice path 3"},
    {"s06_info_loss", "S6",
     "loss 100; 1000 alice call; 4000 alice info; 4001 alice info; 4002 alice info; 4010 alice "
     "path 3"},
    {"s06_info_again_50ms", "S6",
     "1000 alice call; 4000 alice info; 4010 alice path 3; 4060 alice path 4"},
    {"s06_info_offline", "S6",
     "1000 alice call; 4000 alice info; 4010 alice path 0; 4500 alice info; 14000 alice path 3"},
    {"s06_info_beside_hold", "S6",
     "1000 alice call; 4000 alice hold; 4000 alice info; 4010 alice path 3; 9000 alice resume"},
    {"s06_info_both_dead", "S6",
     "1000 alice call; 4000 alice info; 4000 bob info; 4010 alice path 3; 4010 bob path 4"},
    {"s06_their_info_dead", "S6", "1000 alice call; 4000 bob info; 4010 alice path 3"},
    {"s06_their_info_dead_tcp", "S6",
     "transport 1; bob_transport 1; 1000 alice call; 4000 bob info; 4010 alice path 3"},
    {"s06_their_info_dead_tls", "S6",
     "transport 2; bob_transport 2; 1000 alice call; 4000 bob info; 4010 alice path 3"},
    {"s06_their_info_alive", "S6",
     "1000 alice call; 4000 bob info; 4010 alice path 3 1; 9000 alice path 3"},
    {"s06_options_dead", "S6", "1000 alice call; 4000 alice options; 4010 alice path 3"},
    {"s06_options_dead_tcp", "S6",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice options; 4010 alice path 3"},
    {"s06_their_options_dead", "S6", "1000 alice call; 4000 bob options; 4010 alice path 3"},
    {"s06_their_options_dead_tcp", "S6",
     "transport 1; bob_transport 1; 1000 alice call; 4000 bob options; 4010 alice path 3"},
    {"s07_bye_dead", "S7", "1000 alice call; 4000 alice hangup; 4010 alice path 3"},
    {"s07_their_bye_dead", "S7", "1000 alice call; 4000 bob hangup; 4010 alice path 3"},
    {"s07_bye_lost", "S7",
     "1000 alice call; 3900 net down 1 1; 4000 alice hangup; 4300 alice path 3; 9000 net down 1 0"},
    {"s05_both_hold_at_once", "S5", "1000 alice call; 4000 alice hold; 4000 bob hold"},
    {"s04_update_contact", "S4",
     "reliable 2; delay 400; answer 0; 1000 alice call; 2700 bob path 3"},
    {"s05_update_in_glare", "S5",
     "delay 150; 1000 alice call; 4000 alice path 6; 4000 bob hold; 8000 bob resume"},
    {"s05_update_in_glare_tcp", "S5",
     "transport 1; bob_transport 1; delay 150; 1000 alice call; 4000 alice path 6; 4000 bob hold; "
     "8000 bob resume"},
    {"s10_cancel_dead", "S10",
     "answer 9000; 1000 alice call; 2500 alice hangup; 2510 alice path 3"},
    {"s10_cancel_dead_tcp", "S10",
     "transport 1; bob_transport 1; answer 9000; 1000 alice call; 2500 alice hangup; 2510 alice "
     "path 3"},
    {"s10_cancel_lost", "S10",
     "answer 9000; 1000 alice call; 2400 net down 1 1; 2500 alice hangup; 2800 alice path 3; 7000 "
     "net down 1 0"},
    {"s10_cancel_lost_tcp", "S10",
     "transport 1; bob_transport 1; answer 9000; 1000 alice call; 2400 net down 1 1; 2500 alice "
     "hangup; 2800 alice path 3; 7000 net down 1 0"},
    /* Seeds that lose just that; call-lost where it is not sent again. */
    {"lost_invite", "-", "seed 6; loss 300; answer 0; 9000 alice call"},
    {"lost_ok", "-", "seed 4; loss 300; answer 0; 9000 alice call"},
    {"lost_ack", "-", "seed 7; loss 300; answer 0; 9000 alice call"},
};

const struct scenario_list pending_scenarios = SCENARIO_LIST(scenarios);

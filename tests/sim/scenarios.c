/* SPDX-License-Identifier: MIT */
/*
 * The named scenarios: rows of the table of what happens to each thing in flight. `_alive`: the old
 * path stands for a while; `_dead`: it goes at once.
 */
#include <string.h>

#include "plan.h"

static const struct scenario scenarios[] = {
    {"s00_confirmed_dead", "S0", "1000 alice call; 4000 alice path 3"},
    {"s00_confirmed_dead_tcp", "S0",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3"},
    {"s00_confirmed_alive", "S0", "1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s00_confirmed_alive_tcp", "S0",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3 1; 9000 alice "
     "path 3"},
    {"s00_confirmed_again_50ms", "S0", "1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s00_confirmed_again_500ms", "S0", "1000 alice call; 4000 alice path 3; 4500 alice path 4"},
    {"s00_confirmed_again_5s", "S0", "1000 alice call; 4000 alice path 3; 9000 alice path 4"},
    {"s00_confirmed_loss", "S0", "loss 100; 1000 alice call; 4000 alice path 3"},
    {"s00_confirmed_stale_nonce", "S0", "nonce 1; 1000 alice call; 8000 alice path 3"},
    {"s00_confirmed_callee", "S0", "1000 alice call; 4000 bob path 3"},
    {"s04_answered_no_ack_dead", "S4", "delay 400; answer 0; 1000 alice call; 2700 bob path 3"},
    {"s05_our_reinvite_dead", "S5", "1000 alice call; 4000 alice reinvite; 4010 alice path 3"},
    {"s05_our_hold_dead", "S5", "1000 alice call; 4000 alice hold; 4010 alice path 3"},
    {"s06_their_reinvite_dead", "S6", "1000 alice call; 4000 bob reinvite; 4010 alice path 3"},
    {"s07_bye_dead", "S7", "1000 alice call; 4000 alice hangup; 4010 alice path 3"},
    {"s07_their_bye_dead", "S7", "1000 alice call; 4000 bob hangup; 4010 alice path 3"},
    {"s07_bye_lost", "S7",
     "1000 alice call; 3900 net down 1 1; 4000 alice hangup; 4300 alice path 3; 9000 net down 1 0"},
    {"s05_both_hold_at_once", "S5", "1000 alice call; 4000 alice hold; 4000 bob hold"},
    {"s08_register_dead", "S8", "1000 alice call; 4000 alice register; 4010 alice path 3"},
    {"s08_register_dead_tcp", "S8",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice register; 4010 alice path 3"},
    {"s12_hold_dead", "S12", "1000 alice call; 4000 alice hold; 6000 alice path 3"},
    {"s12_held_dead", "S12", "1000 alice call; 4000 bob hold; 6000 alice path 3"},
    {"s12_both_hold_dead", "S12",
     "1000 alice call; 4000 bob hold; 5000 alice hold; 6000 alice path 3"},
    {"s17_offline_1s", "S17", "1000 alice call; 4000 alice path 0; 5000 alice path 3"},
    {"s17_offline_30s", "S17", "1000 alice call; 4000 alice path 0; 34000 alice path 3"},
    {"s17_offline_same_address", "S17", "1000 alice call; 4000 alice path 0; 9000 alice path 1"},
    {"s17_asleep_20s", "S17", "1000 alice call; 4000 alice sleep 20000"},
    {"s19_second_address", "S19", "1000 alice call; 4000 alice path 1 3; 8000 alice path 1"},
    {"registrar_503", "S8",
     "1000 alice call; 3900 server fault 0 503; 4000 alice path 3; 7000 server fault 0 -1"},
    {"registrar_silent", "S8",
     "1000 alice call; 3900 server fault 0 0; 4000 alice path 3; 7000 server fault 0 -1"},
    {"captive_portal", "S0",
     "1000 alice call; 3900 net captive 3 1; 4000 alice path 3; 9000 net captive 3 0"},
    {"new_path_is_dead", "S0",
     "1000 alice call; 3900 net down 3 1; 4000 alice path 3; 12000 net down 3 0"},
    {"dns_dead", "S18",
     "names 1; 1000 alice call; 3900 net dns -1; 4000 alice path 3; 9000 net dns -4"},
    {"ip6", "S0", "family 6; 1000 alice call; 4000 alice path 3"},
    {"both_families", "S16", "family 46; 1000 alice call; 4000 alice path 3"},
};

const struct scenario *scenario_at(size_t index)
{
    return index < sizeof(scenarios) / sizeof(scenarios[0]) ? &scenarios[index] : NULL;
}

const struct scenario *scenario_find(const char *name)
{
    const struct scenario *s;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++) {
        if (strcmp(s->name, name) == 0) return s;
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * C6 (c): the account's server as next hop of a request in a dialog. With `private` the far end's Contact
 * is reached from another site by the server alone; `path` of the server with `names` and `lone` has a
 * call's Route name an address that nobody has any more.
 */
#include "scenarios.h"

#define SITES "no_record_route 1; private 2; "
#define TCP   "transport 1; bob_transport 1; "
#define TLS   "transport 2; bob_transport 2; "
#define FLED  "names 1; lone 1; ttl 1; "

static const struct scenario scenarios[] = {
    {"c06_by_the_server_dead", "C6", SITES "1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_dead_tcp", "C6", SITES TCP "1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_dead_tls", "C6", SITES TLS "1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_mixed", "C6",
     SITES "bob_transport 1; 1000 alice call; 4000 alice path 3; 9000 bob hold"},
    {"c06_by_the_server_alive", "C6",
     SITES "1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"c06_by_the_server_reinvite", "C6",
     SITES "no_update 1; 1000 alice call; 4000 alice path 3; 9000 bob reinvite"},
    {"c06_by_the_server_loss", "C6", SITES "loss 100; 1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_again_50ms", "C6",
     SITES "1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"c06_by_the_server_and_back", "C6",
     SITES "1000 alice call; 4000 alice path 3; 9000 alice path 1; 14000 bob path 4"},
    {"c06_by_the_server_callee", "C6", SITES "1000 alice call; 4000 bob path 3; 9000 alice hold"},
    {"c06_by_the_server_hold", "C6",
     SITES "1000 alice call; 4000 alice hold; 6000 alice path 3; 12000 alice resume"},
    {"c06_by_the_server_sdes", "C6", SITES "srtp 1; 1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_dtls", "C6", SITES "srtp 2; 1000 alice call; 4000 alice path 3"},
    {"c06_by_the_server_both", "C6",
     SITES "1000 alice call; 4000 alice path 3; 4000 bob path 4; 12000 alice path 1"},
    {"c06_by_the_server_refused_403", "C6",
     SITES "1000 alice call; 3900 server fault 2 403; 4000 alice path 3; 20000 server fault 2 -1"},
    {"c06_by_the_server_refused_404", "C6",
     SITES "1000 alice call; 3900 server fault 2 404; 4000 alice path 3; 20000 server fault 2 -1"},
    {"c06_by_the_server_refused_404_tcp", "C6",
     SITES TCP "1000 alice call; 3900 server fault 2 404; 4000 alice path 3; 20000 server fault 2 "
               "-1"},
    {"c06_by_the_server_refused_481", "C6",
     SITES "1000 alice call; 3900 server fault 2 481; 4000 alice path 3; 20000 server fault 2 -1"},
    {"c06_by_the_server_bye", "C6", SITES "1000 alice call; 4000 alice path 3; 4100 alice hangup"},
    {"c06_by_the_server_bye_tcp", "C6",
     SITES TCP "1000 alice call; 4000 alice path 3; 4100 alice hangup"},
    {"c06_by_the_server_bye_tls", "C6",
     SITES TLS "1000 alice call; 4000 alice path 3; 4100 alice hangup"},
    {"c06_by_the_server_their_bye", "C6",
     SITES "1000 alice call; 4000 alice path 3; 4100 bob hangup"},
    {"c06_by_the_server_later_bye", "C6",
     SITES "1000 alice call; 4000 alice path 3; 9000 bob hangup"},
    {"c06_by_the_server_ack", "C6", "no_record_route 1; private 1; 1000 alice call; 4000 bob hold"},
    {"c06_by_the_server_ack_tcp", "C6",
     TCP "no_record_route 1; private 1; 1000 alice call; 4000 bob hold"},
    {"c06_by_the_server_prack", "C6",
     "no_record_route 1; private 1; reliable 2; early 1; 1000 alice call; 4000 alice hangup"},
    {"c06_by_the_server_no_ack_dead", "C6",
     SITES "delay 200; answer 2000; 1000 alice call; 4000 bob path 4"},
    {"c06_proxy_fled_dead", "C6",
     FLED "1000 alice call; 4000 server path 1; 6000 alice path 3; 12000 bob hold"},
    {"c06_proxy_fled_dead_tcp", "C6",
     FLED TCP "1000 alice call; 4000 server path 1; 6000 alice path 3; 12000 bob hold"},
    {"c06_proxy_fled_dead_tls", "C6",
     FLED TLS "1000 alice call; 4000 server path 1; 6000 alice path 3; 12000 bob hold"},
    {"c06_proxy_fled_alive", "C6",
     FLED "1000 alice call; 4000 server path 1; 6000 alice path 3 1; 9000 alice path 3"},
    {"c06_proxy_fled_bye", "C6", FLED "1000 alice call; 4000 server path 1; 9000 alice hangup"},
    {"c06_proxy_fled_bye_tcp", "C6",
     FLED TCP "1000 alice call; 4000 server path 1; 9000 bob hangup"},
    {"c06_proxy_fled_hold", "C6", FLED "1000 alice call; 4000 server path 1; 9000 alice hold"},
};

const struct scenario_list hops_scenarios = SCENARIO_LIST(scenarios);

/* SPDX-License-Identifier: MIT */
/* What somebody else sends, and who is not who he says. */
#include "scenarios.h"

static const struct scenario scenarios[] = {
    {"attack_forged_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 1; 4050 bob attack 1; 8000 alice "
     "attack 1; 8000 bob attack 1"},
    {"attack_forged_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 1; 4050 bob attack 1; 8000 "
     "alice attack 1; 8000 bob attack 1"},
    {"attack_forged_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 1; 4050 bob attack 1; 8000 "
     "alice attack 1; 8000 bob attack 1"},
    {"attack_replayed_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 2; 4050 bob attack 2; 8000 alice "
     "attack 2; 8000 bob attack 2"},
    {"attack_replayed_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 2; 4050 bob attack 2; 8000 "
     "alice attack 2; 8000 bob attack 2"},
    {"attack_replayed_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 2; 4050 bob attack 2; 8000 "
     "alice attack 2; 8000 bob attack 2"},
    {"attack_replayed_back_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 3; 4050 bob attack 3; 8000 alice "
     "attack 3; 8000 bob attack 3"},
    {"attack_replayed_back_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 3; 4050 bob attack 3; 8000 "
     "alice attack 3; 8000 bob attack 3"},
    {"attack_replayed_back_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 3; 4050 bob attack 3; 8000 "
     "alice attack 3; 8000 bob attack 3"},
    {"attack_replayed_late_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 4; 4050 bob attack 4; 8000 alice "
     "attack 4; 8000 bob attack 4"},
    {"attack_replayed_late_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 4; 4050 bob attack 4; 8000 "
     "alice attack 4; 8000 bob attack 4"},
    {"attack_replayed_late_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 4; 4050 bob attack 4; 8000 "
     "alice attack 4; 8000 bob attack 4"},
    {"attack_spoofed_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 5; 4050 bob attack 5; 8000 "
     "alice attack 5; 8000 bob attack 5"},
    {"attack_spoofed_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 5; 4050 bob attack 5; 8000 "
     "alice attack 5; 8000 bob attack 5"},
    {"attack_rtcp_bye_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 6; 4050 bob attack 6; 8000 alice "
     "attack 6; 8000 bob attack 6"},
    {"attack_rtcp_bye_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 6; 4050 bob attack 6; 8000 "
     "alice attack 6; 8000 bob attack 6"},
    {"attack_rtcp_bye_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 6; 4050 bob attack 6; 8000 "
     "alice attack 6; 8000 bob attack 6"},
    {"attack_handshake_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 7; 4050 bob attack 7; 8000 alice "
     "attack 7; 8000 bob attack 7"},
    {"attack_handshake_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 7; 4050 bob attack 7; 8000 "
     "alice attack 7; 8000 bob attack 7"},
    {"attack_handshake_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 7; 4050 bob attack 7; 8000 "
     "alice attack 7; 8000 bob attack 7"},
    {"attack_sip_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 8; 4050 bob attack 8; 8000 alice "
     "attack 8; 8000 bob attack 8"},
    {"attack_sip_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 8; 4050 bob attack 8; 8000 "
     "alice attack 8; 8000 bob attack 8"},
    {"attack_sip_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 8; 4050 bob attack 8; 8000 "
     "alice attack 8; 8000 bob attack 8"},
    {"attack_garbage_clear", "S0",
     "1000 alice call; 4000 alice path 3; 4050 alice attack 9; 4050 bob attack 9; 8000 alice "
     "attack 9; 8000 bob attack 9"},
    {"attack_garbage_sdes", "S0",
     "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice attack 9; 4050 bob attack 9; 8000 "
     "alice attack 9; 8000 bob attack 9"},
    {"attack_garbage_dtls", "S0",
     "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice attack 9; 4050 bob attack 9; 8000 "
     "alice attack 9; 8000 bob attack 9"},
    {"attack_handshake_at_first", "S0",
     "srtp 2; 1000 alice call; 1310 alice attack 7; 1350 bob attack 7"},
    {"certificate_of_another", "S0", "transport 2; cert 1; 1000 alice path 3"},
    {"certificate_by_another", "S0", "transport 2; cert 2; 1000 alice path 3"},
};

const struct scenario_list attack_scenarios = SCENARIO_LIST(scenarios);

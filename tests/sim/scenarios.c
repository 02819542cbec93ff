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
    {"s19_temporary_address", "S19",
     "family 6; 1000 alice call; 5000 alice renumber 2 4; 8000 alice renumber 3 4; 12000 alice "
     "renumber 4 4"},
    {"s19_renumbered_tcp", "S19",
     "transport 1; family 46; 1000 alice call; 5000 alice renumber 1; 5500 alice renumber 2; 9000 "
     "alice renumber 3; 13000 alice renumber 4"},
    {"s01_calling_dead", "S1", "delay 150; 1000 alice call; 1100 alice path 3"},
    {"s01_calling_dead_tcp", "S1",
     "transport 1; bob_transport 1; delay 150; 1000 alice call; 1100 alice path 3"},
    {"s01_calling_alive", "S1", "delay 150; 1000 alice call; 1100 alice path 3 1"},
    {"s01_calling_alive_tcp", "S1",
     "transport 1; bob_transport 1; delay 150; 1000 alice call; 1100 alice path 3 1"},
    {"s01_calling_again_500ms", "S1",
     "delay 150; 1000 alice call; 1100 alice path 3; 1600 alice path 4"},
    {"s01_calling_again_500ms_tcp", "S1",
     "transport 1; bob_transport 1; delay 150; 1000 alice call; 1100 alice path 3; 1600 alice path "
     "4"},
    {"s01_calling_loss", "S1", "loss 100; delay 150; 1000 alice call; 1100 alice path 3"},
    {"s02_ringing_dead", "S2", "answer 3000; 1000 alice call; 2500 alice path 3"},
    {"s02_ringing_dead_tcp", "S2",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 alice path 3"},
    {"s02_ringing_alive", "S2", "answer 3000; 1000 alice call; 2500 alice path 3 1"},
    {"s02_ringing_alive_tcp", "S2",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 alice path 3 1"},
    {"s02_ringing_again_500ms", "S2",
     "answer 3000; 1000 alice call; 2500 alice path 3; 3000 alice path 4"},
    {"s02_ringing_again_500ms_tcp", "S2",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 alice path 3; 3000 alice "
     "path 4"},
    {"s02_ringing_loss", "S2", "loss 100; answer 3000; 1000 alice call; 2500 alice path 3"},
    {"s03_rung_dead", "S3", "answer 3000; 1000 alice call; 2500 bob path 3"},
    {"s03_rung_dead_tcp", "S3",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 bob path 3"},
    {"s03_rung_alive", "S3", "answer 3000; 1000 alice call; 2500 bob path 3 2"},
    {"s03_rung_alive_tcp", "S3",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 bob path 3 2"},
    {"s03_rung_again_500ms", "S3",
     "answer 3000; 1000 alice call; 2500 bob path 3; 3000 bob path 4"},
    {"s03_rung_again_500ms_tcp", "S3",
     "transport 1; bob_transport 1; answer 3000; 1000 alice call; 2500 bob path 3; 3000 bob path "
     "4"},
    {"s03_rung_loss", "S3", "loss 100; answer 3000; 1000 alice call; 2500 bob path 3"},
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
    /* Both ends: each looks for the other where it is registered. */
    {"s15_both_dead", "S15", "1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_dead_tcp", "S15",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_dead_tls", "S15",
     "transport 2; bob_transport 2; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_mixed", "S15", "transport 2; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_alive", "S15",
     "1000 alice call; 4000 alice path 3 1; 4000 bob path 4 2; 9000 alice path 3; 9000 bob path 4"},
    {"s15_both_sdes", "S15", "srtp 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_dtls", "S15", "srtp 2; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_hold", "S15",
     "1000 alice call; 3000 alice hold; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_held", "S15",
     "1000 alice call; 3000 alice hold; 3500 bob hold; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_hold_in_it", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 4500 alice hold; 4500 bob reinvite; "
     "9000 alice resume"},
    {"s15_both_10ms_apart", "S15", "1000 alice call; 4000 alice path 3; 4010 bob path 4"},
    {"s15_both_10ms_apart_tls", "S15",
     "transport 2; bob_transport 2; 1000 alice call; 4000 bob path 4; 4010 alice path 3"},
    {"s15_both_50ms_apart", "S15", "1000 alice call; 4000 alice path 3; 4050 bob path 4"},
    {"s15_both_50ms_apart_tls", "S15",
     "transport 2; bob_transport 2; 1000 alice call; 4000 bob path 4; 4050 alice path 3"},
    {"s15_both_200ms_apart", "S15", "1000 alice call; 4000 alice path 3; 4200 bob path 4"},
    {"s15_both_200ms_apart_tls", "S15",
     "transport 2; bob_transport 2; 1000 alice call; 4000 bob path 4; 4200 alice path 3"},
    {"s15_both_1000ms_apart", "S15", "1000 alice call; 4000 alice path 3; 5000 bob path 4"},
    {"s15_both_1000ms_apart_tls", "S15",
     "transport 2; bob_transport 2; 1000 alice call; 4000 bob path 4; 5000 alice path 3"},
    {"s15_both_again_50ms", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 4050 alice path 5; 4050 bob path 6"},
    {"s15_both_again_500ms", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 4500 alice path 5; 4500 bob path 6"},
    {"s15_both_again_1100ms", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 5100 alice path 5; 5100 bob path 6"},
    {"s15_both_again_1100ms_tcp", "S15",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4; 5100 "
     "alice path 5; 5100 bob path 6"},
    {"s15_both_again_in_turn", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 5030 alice path 5; 5080 bob path 6; "
     "6100 alice path 2; 7100 bob path 1"},
    {"s15_both_loss", "S15", "loss 100; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_heavy_loss", "S15", "loss 250; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_stale_nonce", "S15", "nonce 1; 1000 alice call; 8000 alice path 3; 8000 bob path 4"},
    {"s15_both_no_record_route", "S15",
     "no_record_route 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_no_record_route_tls", "S15",
     "transport 2; bob_transport 2; no_record_route 1; 1000 alice call; 4000 alice path 3; 4000 "
     "bob path 4"},
    {"s15_both_reinvite", "S15",
     "no_update 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_after_register", "S15",
     "order 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_slow", "S15", "delay 400; 1000 alice call; 8000 alice path 3; 8000 bob path 4"},
    {"s15_both_hangup", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 4500 alice hangup"},
    {"s15_both_hangup_as_found", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 5060 alice hangup"},
    {"s15_both_names", "S15", "names 1; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_ip6", "S15", "family 6; 1000 alice call; 4000 alice path 3; 4000 bob path 4"},
    {"s15_both_offline", "S15",
     "1000 alice call; 4000 alice path 0; 4000 bob path 0; 9000 alice path 3; 12000 bob path 4"},
    {"s15_both_registrar_silent", "S15",
     "1000 alice call; 3900 server fault 0 0; 4000 alice path 3; 4000 bob path 4; 12000 server "
     "fault 0 -1"},
    {"s15_both_twice", "S15",
     "1000 alice call; 4000 alice path 3; 4000 bob path 4; 12000 alice path 5; 12000 bob path 6"},
    {"s17_both_offline_30s", "S17",
     "1000 alice call; 4000 alice path 0; 6000 bob path 4; 34000 alice path 3"},
    {"s17_forgotten", "S17",
     "1000 alice call; 4000 alice path 0; 6000 bob path 4; 30000 bob hangup; 90000 alice path 3"},
    {"s00_confirmed_again_50ms_tcp", "S0",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s00_confirmed_again_50ms_loss", "S0",
     "loss 100; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s00_confirmed_again_50ms_stale", "S0",
     "nonce 1; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s12_hold_again_50ms", "S12",
     "1000 alice call; 3000 alice hold; 4000 alice path 3; 4050 alice path 4"},
    {"s12_hold_again_50ms_tcp", "S12",
     "transport 1; bob_transport 1; 1000 alice call; 3000 alice hold; 4000 alice path 3; 4050 "
     "alice path 4"},
    {"s00_confirmed_again_500ms_tcp", "S0",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3; 4500 alice path 4"},
    {"s00_confirmed_again_500ms_loss", "S0",
     "loss 100; 1000 alice call; 4000 alice path 3; 4500 alice path 4"},
    {"s00_confirmed_again_500ms_stale", "S0",
     "nonce 1; 1000 alice call; 4000 alice path 3; 4500 alice path 4"},
    {"s12_hold_again_500ms", "S12",
     "1000 alice call; 3000 alice hold; 4000 alice path 3; 4500 alice path 4"},
    {"s12_hold_again_500ms_tcp", "S12",
     "transport 1; bob_transport 1; 1000 alice call; 3000 alice hold; 4000 alice path 3; 4500 "
     "alice path 4"},
    {"s00_confirmed_again_5s_tcp", "S0",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice path 3; 9000 alice path 4"},
    {"s00_confirmed_again_5s_loss", "S0",
     "loss 100; 1000 alice call; 4000 alice path 3; 9000 alice path 4"},
    {"s00_confirmed_again_5s_stale", "S0",
     "nonce 1; 1000 alice call; 4000 alice path 3; 9000 alice path 4"},
    {"s12_hold_again_5s", "S12",
     "1000 alice call; 3000 alice hold; 4000 alice path 3; 9000 alice path 4"},
    {"s12_hold_again_5s_tcp", "S12",
     "transport 1; bob_transport 1; 1000 alice call; 3000 alice hold; 4000 alice path 3; 9000 "
     "alice path 4"},
    {"s00_confirmed_loss_tcp", "S0",
     "transport 1; bob_transport 1; loss 100; 1000 alice call; 4000 alice path 3"},
    {"s00_confirmed_stale_nonce_tcp", "S0",
     "transport 1; bob_transport 1; nonce 1; 1000 alice call; 8000 alice path 3"},
    {"s00_reinvite_dead", "S0", "no_update 1; 1000 alice call; 4000 alice path 3"},
    {"s00_mixed_dead", "S0",
     "bob_transport 1; 1000 alice call; 4000 alice path 3; 9000 bob path 4"},
    {"s12_hold_offer_dead", "S12",
     "1000 alice call; 4000 alice hold; 6000 bob path 3; 9000 alice resume"},
    {"s18_vpn", "S18", "1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_vpn_tcp", "S18",
     "transport 1; bob_transport 1; 1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_vpn_split_dns", "S18",
     "names 1; inside 1; 1000 alice call; 4000 alice vpn 1; 9000 alice vpn 0"},
    {"s18_vpn_split_dns_tcp", "S18",
     "transport 1; bob_transport 1; names 1; inside 1; 1000 alice call; 4000 alice vpn 1; 9000 "
     "alice vpn 0"},
    /* Seeds that lose just that; call-lost where it is not sent again. */
    {"lost_invite", "-", "seed 6; loss 300; answer 0; 9000 alice call"},
    {"lost_ok", "-", "seed 4; loss 300; answer 0; 9000 alice call"},
    {"lost_ack", "-", "seed 7; loss 300; answer 0; 9000 alice call"},
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
    {"s00_confirmed_dead_tls", "S0",
     "transport 2; bob_transport 2; 1000 alice call; 4000 alice path 3"},
    {"s00_confirmed_alive_tls", "S0",
     "transport 2; bob_transport 2; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s00_confirmed_again_50ms_tls", "S0",
     "transport 2; bob_transport 2; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s00_sdes_dead", "S0", "srtp 1; 1000 alice call; 4000 alice path 3"},
    {"s00_sdes_dead_tls", "S0",
     "transport 2; bob_transport 2; srtp 1; 1000 alice call; 4000 alice path 3"},
    {"s00_sdes_alive", "S0", "srtp 1; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s00_sdes_again_50ms", "S0", "srtp 1; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s12_sdes_hold", "S12",
     "srtp 1; 1000 alice call; 4000 alice hold; 6000 alice path 3; 9000 alice resume"},
    {"s17_sdes_offline", "S17", "srtp 1; 1000 alice call; 4000 alice path 0; 9000 alice path 3"},
    {"s00_dtls_dead", "S0", "srtp 2; 1000 alice call; 4000 alice path 3"},
    {"s00_dtls_dead_tls", "S0",
     "transport 2; bob_transport 2; srtp 2; 1000 alice call; 4000 alice path 3"},
    {"s00_dtls_alive", "S0", "srtp 2; 1000 alice call; 4000 alice path 3 1; 9000 alice path 3"},
    {"s00_dtls_again_50ms", "S0", "srtp 2; 1000 alice call; 4000 alice path 3; 4050 alice path 4"},
    {"s12_dtls_hold", "S12",
     "srtp 2; 1000 alice call; 4000 alice hold; 6000 alice path 3; 9000 alice resume"},
    {"s17_dtls_offline", "S17", "srtp 2; 1000 alice call; 4000 alice path 0; 9000 alice path 3"},
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
    {"s00_sequence_wraps", "S0",
     "srtp 1; 1000 alice call; 1380000 alice path 3; 1384000 bob path 4"},
    {"certificate_of_another", "S0", "transport 2; cert 1; 1000 alice path 3"},
    {"certificate_by_another", "S0", "transport 2; cert 2; 1000 alice path 3"},
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

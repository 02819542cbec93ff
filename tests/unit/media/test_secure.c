/* SPDX-License-Identifier: MIT */
/* A stream with keys from the plan: what leaves, what is believed, and who can move it. */
#include "rig.h"

#include "wire/rtp/rtp.h"

#include "../../tern_test.h"

static struct rig rig;
static tern_addr near, far, moved, stranger;

static void start(enum tn_srtp_suite suite)
{
    rig_start(&rig);
    near = addr_of("192.0.2.1:4000");
    far = addr_of("192.0.2.2:5000");
    moved = addr_of("198.51.100.7:6000");
    stranger = addr_of("203.0.113.66:7000");
    rig_set_keys(&rig, suite, 10);
    rig_configure(&rig);
}

static bool goes_to(int side, tern_addr where)
{
    return tern_addr_equal(tn_stream_remote(&rig.side[side]), where);
}

static bool is_clear(const struct packet *packet)
{
    return packet->len == TN_RTP_HEADER + TERN_PCM_FRAME &&
           packet->data[TN_RTP_HEADER] == 0xff; /* the tone begins with 0 */
}

static uint64_t received(int side)
{
    return rig_stats(&rig, side).packets_received;
}

static void with_each_suite_both_sides_hear_each_other_and_nothing_is_in_the_clear(void)
{
    static const size_t tags[TN_SRTP_SUITES] = {0, 10, 4, 10, 4, 16, 16};

    for (int suite = TN_SRTP_NONE + 1; suite < TN_SRTP_SUITES; suite++) {
        start((enum tn_srtp_suite)suite);
        CHECK_EQ(tn_stream_security(&rig.side[0], NULL), TN_SECURITY_SECURE);
        struct packet packet = rig_say(&rig, 0);
        CHECK(!is_clear(&packet));
        CHECK_EQ(packet.len, TN_RTP_HEADER + TERN_PCM_FRAME + tags[suite]);
        rig_deliver(&rig, 1, &packet, near);
        CHECK(rig_converse(&rig, 100) > 90); /* the sequence wraps on the way */
        CHECK_EQ(received(1), 101);
        CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 0);
        rig_stop(&rig);
    }
}

static void without_keys_nothing_leaves_and_the_clear_is_not_heard(void)
{
    struct packet packet;

    rig_start(&rig);
    packet = rig_say(&rig, 0);
    CHECK(is_clear(&packet));
    rig_set_keys(&rig, TN_SRTP_NONE, 0);
    rig_configure(&rig);
    CHECK_EQ(tn_stream_security(&rig.side[1], NULL), TN_SECURITY_PENDING);
    rig_deliver(&rig, 1, &packet, near);
    CHECK_EQ(received(1), 0);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 1);
    CHECK_EQ(tn_stream_last_received(&rig.side[1]), TERN_TIME_NEVER);
    for (int i = 0; i < 500; i++) { /* reports would be due, too */
        rig_talk(&rig, 0, 8000);
        CHECK(!rig_next(&rig, &packet));
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK_EQ(tn_stream_bye(&rig.side[0]), 0);
    CHECK(!rig_next(&rig, &packet));
    rig_set_keys(&rig, TN_SRTP_AEAD_AES_128_GCM, 1);
    rig_configure(&rig);
    CHECK(rig_converse(&rig, 20) > 10);
    rig_stop(&rig);
}

static void one_authentic_packet_moves_media_at_once(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    (void)rig_converse(&rig, 5);
    CHECK(goes_to(1, near));
    struct packet late = rig_say(&rig, 0), first = rig_say(&rig, 0), second = rig_say(&rig, 0);
    rig_deliver(&rig, 1, &first, moved);
    CHECK(goes_to(1, moved));
    rig_deliver(&rig, 1, &late, near); /* it took the old path, and is heard */
    CHECK(goes_to(1, moved));
    CHECK_EQ(received(1), 7);
    rig_deliver(&rig, 1, &second, near); /* and back, 0 ms later */
    CHECK(goes_to(1, near));
    CHECK_EQ(rig_stats(&rig, 1).source_switches, 2);
    rig_stop(&rig);
}

/* What an attacker has: all that was ever sent, and everything that he can make of it. */
static void attack(const struct packet *captured, size_t count, tern_addr from)
{
    for (size_t i = 0; i < count; i++) {
        struct packet packet = captured[i];
        rig_deliver(&rig, 1, &packet, from);
        for (size_t byte = 0; byte < packet.len; byte += 7) {
            packet.data[byte] ^= 0x10;
            rig_deliver(&rig, 1, &packet, from);
            packet.data[byte] ^= 0x10;
        }
        packet.data[2] = (uint8_t)(packet.data[2] + 1); /* a number that is to come */
        rig_deliver(&rig, 1, &packet, from);
        packet.len -= 10; /* without its tag */
        rig_deliver(&rig, 1, &packet, from);
    }
}

static void nobody_else_moves_media_or_is_heard(void)
{
    enum { CAPTURED = 40 };
    static struct packet captured[CAPTURED];
    size_t count = 0;

    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    for (int i = 0; i < CAPTURED; i++) { /* over the wrap, so that there are some with an old ROC */
        captured[count++] = rig_say(&rig, 0);
        rig_deliver(&rig, 1, &captured[i], i < CAPTURED / 2 ? near : moved);
        rig_advance(&rig, TERN_MS(20));
        tern_time before = tn_stream_last_received(&rig.side[1]);
        tern_addr target = tn_stream_remote(&rig.side[1]);
        rig_advance(&rig, TERN_MS(1));
        attack(captured, count, stranger);
        attack(captured, count, near);
        attack(captured, count, moved);
        CHECK(goes_to(1, target));
        CHECK_EQ(tn_stream_last_received(&rig.side[1]), before);
        CHECK_EQ(received(1), count);
    }
    struct tern_media_stats stats = rig_stats(&rig, 1);
    CHECK(stats.packets_forged > 1000);
    CHECK(stats.packets_replayed > 1000);
    CHECK_EQ(rig.side[1].counts.packets_dropped, stats.packets_forged + stats.packets_replayed);
    CHECK_EQ(stats.source_switches, 1);
    rig_stop(&rig);
}

/* He holds back what the far end sent last and shows it first. That is worth one packet time. */
static void a_packet_that_was_held_back_moves_media_until_the_next_one(void)
{
    start(TN_SRTP_AEAD_AES_256_GCM);
    (void)rig_converse(&rig, 5);
    struct packet held = rig_say(&rig, 0), next = rig_say(&rig, 0);
    rig_deliver(&rig, 1, &held, stranger);
    CHECK(goes_to(1, stranger));
    rig_deliver(&rig, 1, &next, near);
    CHECK(goes_to(1, near));
    rig_deliver(&rig, 1, &held, stranger);
    CHECK(goes_to(1, near));
    rig_stop(&rig);
}

/* RFC 3711 3.3.1: the wrap falls into the gap of a move; the counter goes on over plans and holds. */
static void the_rollover_counter_goes_on_over_moves_plans_and_holds(void)
{
    start(TN_SRTP_AES_256_CM_HMAC_SHA1_80);
    (void)rig_converse(&rig, 3); /* 65530, 31, 32 */
    for (int i = 0; i < 10; i++)
        (void)rig_say(&rig, 0); /* lost, 65535 among them */
    tn_stream_set_local(&rig.side[0], moved);
    rig_configure(&rig);
    (void)rig_converse(&rig, 20);
    CHECK_EQ(received(1), 23);
    rig.plan[0].send = rig.plan[1].listen = false;
    rig_configure(&rig);
    (void)rig_converse(&rig, 10);
    rig.plan[0].active = rig.plan[1].active = false; /* and such a plan says nothing about keys */
    rig.plan[0].security = rig.plan[1].security = TN_PLAN_PLAIN;
    rig_configure(&rig);
    rig.plan[0].active = rig.plan[1].active = rig.plan[0].send = rig.plan[1].listen = true;
    rig.plan[0].security = rig.plan[1].security = TN_PLAN_SDES;
    rig_configure(&rig);
    CHECK(rig_converse(&rig, 20) > 10);
    CHECK_EQ(received(1), 43);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 0);
    CHECK_EQ(rig.side[0].sender.ssrc, 0x1000);
    rig_stop(&rig);
}

static void what_was_heard_before_a_plan_is_not_heard_again_after_it(void)
{
    start(TN_SRTP_AEAD_AES_128_GCM);
    struct packet packet = rig_say(&rig, 0);
    rig_deliver(&rig, 1, &packet, near);
    rig.plan[1].remote_rtp = moved;
    rig_configure(&rig);
    rig_deliver(&rig, 1, &packet, stranger);
    CHECK_EQ(received(1), 1);
    CHECK_EQ(rig_stats(&rig, 1).packets_replayed, 1);
    CHECK(goes_to(1, moved));
    rig_stop(&rig);
}

/* RFC 4568 7.1.4. The far end has both keys for a while, as packets cross the answer. */
static void a_new_key_is_used_at_once_and_the_old_one_is_heard_for_five_seconds(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    (void)rig_converse(&rig, 2);
    struct packet old[3];
    for (int i = 0; i < 3; i++)
        old[i] = rig_say(&rig, 0);
    rig_set_keys(&rig, TN_SRTP_AEAD_AES_256_GCM, 50);
    rig_configure(&rig);
    rig_deliver(&rig, 1, &old[0], moved); /* nothing is newer yet */
    CHECK(goes_to(1, moved));
    struct packet fresh = rig_say(&rig, 0); /* 65535, and the wrap comes next */
    CHECK_EQ(fresh.len, TN_RTP_HEADER + TERN_PCM_FRAME + 16);
    rig_deliver(&rig, 1, &fresh, near);
    CHECK(goes_to(1, near));
    rig_deliver(&rig, 1, &old[2], moved); /* heard, and outranked */
    CHECK(goes_to(1, near));
    CHECK_EQ(received(1), 5);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 0);
    CHECK(rig_converse(&rig, 240) > 230);
    rig_advance(&rig, TERN_MS(300));
    CHECK(rig.side[1].security.before == NULL);
    rig_deliver(&rig, 1, &old[1], near);
    CHECK_EQ(rig_stats(&rig, 1).packets_forged, 1);
    rig_stop(&rig);
}

static void a_new_key_survives_the_loss_of_its_packets_before_the_wrap(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    (void)rig_converse(&rig, 3);
    rig_set_keys(&rig, TN_SRTP_AES_CM_128_HMAC_SHA1_80, 50);
    rig_configure(&rig);
    for (int i = 0; i < 10; i++)
        (void)rig_say(&rig, 0);
    (void)rig_converse(&rig, 20);
    CHECK_EQ(received(1), 23);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 0);
    rig_stop(&rig);
}

static void one_direction_gets_a_new_key_and_the_other_goes_on(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    (void)rig_converse(&rig, 20);
    struct tn_srtp *kept = rig.side[1].security.send;
    memset(rig.plan[0].keys.send, 77, sizeof(rig.plan[0].keys.send));
    memset(rig.plan[1].keys.receive, 77, sizeof(rig.plan[1].keys.receive));
    rig_configure(&rig);
    CHECK(rig_converse(&rig, 20) > 15);
    CHECK(rig.side[1].security.send == kept);
    CHECK(rig.side[1].security.before != NULL);
    CHECK(rig.side[0].security.before == NULL);
    CHECK_EQ(rig_stats(&rig, 0).packets_dropped + rig_stats(&rig, 1).packets_dropped, 0);
    rig_stop(&rig);
}

/* RFC 3711 3.4: reports are protected, understood, and show the way for reports. */
static void reports_are_protected_and_move_their_target(void)
{
    struct packet packet, report = {0};

    start(TN_SRTP_AES_CM_128_HMAC_SHA1_32);
    (void)rig_converse(&rig, 1000);
    CHECK(rig_stats(&rig, 0).round_trip_us > 0 || rig.side[0].rtcp.lsr != 0);
    CHECK_EQ(rig_stats(&rig, 0).packets_dropped, 0);
    for (int i = 0; i < 500 && report.len == 0; i++) {
        rig_advance(&rig, TERN_MS(20));
        rig_talk(&rig, 0, 8000);
        while (rig_next(&rig, &packet))
            if (packet.socket == SOCKET_RTCP) report = packet;
    }
    CHECK(report.len > 14);
    CHECK(report.data[report.len - 14] & 0x80); /* E: encrypted */
    tern_addr elsewhere = addr_of("198.51.100.7:6001");
    struct packet forged = report;
    forged.data[12] ^= 1;
    rig_deliver(&rig, 1, &forged, stranger);
    CHECK_EQ(rig_stats(&rig, 1).packets_forged, 1);
    CHECK(!rig.side[1].rtcp.proven || !tern_addr_equal(rig.side[1].rtcp.observed, stranger));
    rig_deliver(&rig, 1, &report, elsewhere);
    CHECK(tern_addr_equal(rig.side[1].rtcp.observed, elsewhere));
    rig_deliver(&rig, 1, &report, stranger);
    CHECK_EQ(rig_stats(&rig, 1).packets_replayed, 1);
    CHECK(tern_addr_equal(rig.side[1].rtcp.observed, elsewhere));
    CHECK_EQ(tn_stream_bye(&rig.side[1]), 0);
    CHECK(rig_next(&rig, &packet));
    CHECK(tern_addr_equal(packet.remote, elsewhere));
    rig_stop(&rig);
}

/* RFC 5761 4, with keys and without. */
static void rtp_and_rtcp_share_a_port_where_the_plan_says_so(void)
{
    for (int secure = 0; secure < 2; secure++) {
        struct packet packet;
        int reports = 0;
        start(TN_SRTP_AEAD_AES_128_GCM);
        if (!secure) rig.plan[0].security = rig.plan[1].security = TN_PLAN_PLAIN;
        rig.plan[0].rtcp_mux = rig.plan[1].rtcp_mux = true;
        rig_configure(&rig);
        CHECK(rig_converse(&rig, 500) > 480);
        CHECK(rig.side[0].rtcp.lsr != 0);
        CHECK_EQ(rig_stats(&rig, 0).packets_dropped, 0);
        for (int i = 0; i < 500; i++) {
            rig_advance(&rig, TERN_MS(20));
            rig_talk(&rig, 0, 8000);
            while (rig_next(&rig, &packet)) {
                CHECK(packet.socket % 2 == 1); /* the socket of RTP */
                CHECK(tern_addr_equal(packet.remote, packet.socket == SOCKET_RTP ? far : near));
                tern_str data = {(const char *)packet.data, packet.len};
                reports += tn_rtp_is_rtcp(data);
            }
        }
        CHECK(reports > 1);
        rig_stop(&rig);
    }
}

static void back_in_the_clear_keys_are_forgotten(void)
{
    start(TN_SRTP_AEAD_AES_128_GCM);
    (void)rig_converse(&rig, 2);
    rig.plan[0].security = rig.plan[1].security = TN_PLAN_PLAIN;
    rig_configure(&rig);
    struct packet packet = rig_say(&rig, 0);
    CHECK(is_clear(&packet));
    CHECK(rig.side[0].security.send == NULL);
    CHECK(rig.side[0].security.receive == NULL);
    rig_stop(&rig);
}

static void the_owner_is_told_of_each_state(void)
{
    struct tn_effect effect;

    rig_start(&rig);
    rig.side[0].security.owner = (struct tn_owner){TN_OWNER_CALL, 3, 4711};
    rig_set_keys(&rig, TN_SRTP_NONE, 0);
    rig_configure(&rig);
    rig_set_keys(&rig, TN_SRTP_AEAD_AES_128_GCM, 1);
    rig_configure(&rig);
    rig_configure(&rig);
    static const int states[] = {TN_SECURITY_PENDING, TN_SECURITY_SECURE};
    for (int i = 0; i < 2; i++) {
        CHECK(tn_next_effect(&rig.ctx, &effect));
        CHECK_EQ(effect.kind, TN_EFFECT_SECURITY);
        CHECK_EQ(effect.owner.id, 4711);
        CHECK_EQ(effect.code, states[i]);
    }
    CHECK(!tn_next_effect(&rig.ctx, &effect));
    rig_stop(&rig);
}

static void without_memory_for_keys_nothing_leaves_and_a_reason_is_given(void)
{
    for (size_t n = 1; n <= 2; n++) {
        const char *reason = "";
        struct packet packet;
        rig_start(&rig);
        rig_talk(&rig, 0, 8000); /* the outbox has its memory */
        CHECK(rig_next(&rig, &packet));
        rig_set_keys(&rig, TN_SRTP_AEAD_AES_128_GCM, 1);
        rig.fail_at = rig.allocations + n;
        tn_stream_configure(&rig.side[0], &rig.plan[0]);
        CHECK_EQ(tn_stream_security(&rig.side[0], &reason), TN_SECURITY_FAILED);
        CHECK(strstr(reason, "memory") != NULL);
        rig_talk(&rig, 0, 8000);
        CHECK(!rig_next(&rig, &packet));
        rig_configure(&rig); /* the next plan repairs it */
        CHECK_EQ(tn_stream_security(&rig.side[0], &reason), TN_SECURITY_SECURE);
        CHECK_EQ(strlen(reason), 0);
        CHECK(rig_converse(&rig, 20) > 10);
        rig_stop(&rig);
    }
}

static void a_protected_stream_takes_no_memory_of_ours(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    (void)rig_converse(&rig, 10);
    size_t before = rig.allocations;
    (void)rig_converse(&rig, 500);
    CHECK_EQ(rig.allocations, before);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(with_each_suite_both_sides_hear_each_other_and_nothing_is_in_the_clear),
        TEST(without_keys_nothing_leaves_and_the_clear_is_not_heard),
        TEST(one_authentic_packet_moves_media_at_once),
        TEST(nobody_else_moves_media_or_is_heard),
        TEST(a_packet_that_was_held_back_moves_media_until_the_next_one),
        TEST(the_rollover_counter_goes_on_over_moves_plans_and_holds),
        TEST(what_was_heard_before_a_plan_is_not_heard_again_after_it),
        TEST(a_new_key_is_used_at_once_and_the_old_one_is_heard_for_five_seconds),
        TEST(a_new_key_survives_the_loss_of_its_packets_before_the_wrap),
        TEST(one_direction_gets_a_new_key_and_the_other_goes_on),
        TEST(reports_are_protected_and_move_their_target),
        TEST(rtp_and_rtcp_share_a_port_where_the_plan_says_so),
        TEST(back_in_the_clear_keys_are_forgotten),
        TEST(the_owner_is_told_of_each_state),
        TEST(without_memory_for_keys_nothing_leaves_and_a_reason_is_given),
        TEST(a_protected_stream_takes_no_memory_of_ours),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

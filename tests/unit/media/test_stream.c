/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "wire/rtp/rtp.h"

#include "../../tern_test.h"

static struct rig rig;

static struct tn_rtp parse(const struct packet *packet)
{
    struct tn_rtp rtp;

    CHECK_EQ(tn_rtp_parse((tern_str){(const char *)packet->data, packet->len}, &rtp), 0);
    return rtp;
}

static struct packet talk_once(int side)
{
    struct packet packet;

    rig_talk(&rig, side, 8000);
    CHECK(rig_next_rtp(&rig, side, &packet));
    return packet;
}

/* `count` ticks of both sides talking and listening; @return frames heard by side 1 */
static int converse(int count)
{
    int16_t pcm[TERN_PCM_FRAME];
    int heard = 0;

    for (int i = 0; i < count; i++) {
        rig_talk(&rig, 0, 8000);
        rig_talk(&rig, 1, 8000);
        rig_exchange(&rig);
        (void)tn_stream_take(&rig.side[0], pcm);
        heard += tn_stream_take(&rig.side[1], pcm);
        rig_advance(&rig, TERN_MS(20));
    }
    return heard;
}

static struct tern_media_stats stats_of(int side)
{
    struct tern_media_stats stats;

    tn_stream_stats(&rig.side[side], &stats);
    return stats;
}

static void a_frame_becomes_one_packet_at_once(void)
{
    rig_start(&rig);
    struct packet packet = talk_once(0);
    struct tn_rtp rtp = parse(&packet);
    CHECK_EQ(packet.socket, SOCKET_RTP);
    CHECK(tern_addr_equal(packet.remote, rig.plan[0].remote_rtp));
    CHECK(tern_addr_equal(packet.local, addr_of("192.0.2.1:4000")));
    CHECK_EQ(rtp.payload.len, TERN_PCM_FRAME);
    CHECK_EQ(rtp.payload_type, 0);
    CHECK_EQ(rtp.sequence, 65530);
    CHECK_EQ(rtp.timestamp, UINT32_MAX - 800);
    CHECK(rtp.marker);
    packet = talk_once(0);
    rtp = parse(&packet);
    CHECK(!rtp.marker);
    CHECK_EQ(rtp.sequence, 65531);
    CHECK_EQ(rtp.timestamp, UINT32_MAX - 640);
    rig_stop(&rig);
}

static void silence_is_sent_when_there_is_no_pcm(void)
{
    struct packet packet;

    rig_start(&rig);
    CHECK_EQ(tn_stream_send(&rig.side[0], NULL), 0);
    CHECK(rig_next_rtp(&rig, 0, &packet));
    for (size_t i = TN_RTP_HEADER; i < packet.len; i++)
        CHECK_EQ(packet.data[i], 0xff);
    rig_stop(&rig);
}

static void both_sides_hear_each_other(void)
{
    rig_start(&rig);
    CHECK(converse(100) >= 97); /* all but the first delay */
    struct tern_media_stats stats = stats_of(1);
    CHECK_EQ(stats.packets_received, 100);
    CHECK_EQ(stats.packets_lost, 0);
    CHECK_EQ(stats.packets_late, 0);
    CHECK_EQ(stats.packets_dropped, 0);
    CHECK_EQ(stats.jitter_us, 0);
    CHECK_EQ(stats.source_switches, 0);
    rig_stop(&rig);
}

/* Hold, no path, another plan: SSRC, sequence and timestamp go on. RFC 3550 5.1, RFC 3551 4.1. */
static void numbers_go_on_over_holds_and_changes_of_path(void)
{
    rig_start(&rig);
    struct packet packet = talk_once(0);
    struct tn_rtp first = parse(&packet), next;
    struct tn_media_plan held = rig.plan[0];

    held.send = false;
    tn_stream_configure(&rig.side[0], &held);
    rig_talk(&rig, 0, 8000);
    CHECK(!rig_next_rtp(&rig, 0, &packet));
    CHECK_EQ(rig.side[0].sender.swallowed, 0); /* held on purpose */
    tn_stream_configure(&rig.side[0], &rig.plan[0]);

    tn_stream_set_local(&rig.side[0], (tern_addr){0});
    rig_talk(&rig, 0, 8000);
    CHECK(!rig_next_rtp(&rig, 0, &packet));
    CHECK_EQ(rig.side[0].sender.swallowed, 1);

    tn_stream_set_local(&rig.side[0], addr_of("198.51.100.7:4000"));
    packet = talk_once(0);
    next = parse(&packet);
    CHECK(tern_addr_equal(packet.local, addr_of("198.51.100.7:4000")));
    CHECK_EQ(next.ssrc, first.ssrc);
    CHECK_EQ(next.sequence, (uint16_t)(first.sequence + 1));
    CHECK_EQ(next.timestamp, first.timestamp + 3 * TERN_PCM_FRAME);
    CHECK(next.marker);
    rig_stop(&rig);
}

static void nothing_is_sent_where_the_plan_has_no_address_or_the_path_no_such_family(void)
{
    struct packet packet;

    rig_start(&rig);
    rig.plan[0].remote_rtp = (tern_addr){0}; /* hold of RFC 2543 */
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    rig_talk(&rig, 0, 8000);
    CHECK_EQ(tn_stream_remote(&rig.side[0]).family, TERN_FAMILY_NONE);
    rig.plan[0].remote_rtp = addr_of("[2001:db8::1]:4000");
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    rig_talk(&rig, 0, 8000);
    CHECK(!rig_next(&rig, &packet));
    CHECK_EQ(rig.side[0].sender.swallowed, 2);
    rig_stop(&rig);
}

static void media_follows_a_far_end_that_moves_and_loses_nothing(void)
{
    int16_t pcm[TERN_PCM_FRAME];
    tern_addr moved = addr_of("203.0.113.9:6000");
    int heard = 0;

    rig_start(&rig);
    (void)converse(50);
    tn_stream_set_local(&rig.side[0], moved);
    for (int i = 0; i < 50; i++) {
        struct packet packet = talk_once(0);
        rig_deliver(&rig, 1, &packet, moved);
        heard += tn_stream_take(&rig.side[1], pcm);
        rig_advance(&rig, TERN_MS(20));
        if (i == 0) CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), rig.plan[1].remote_rtp));
        if (i == 1) CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), moved));
    }
    CHECK_EQ(stats_of(1).source_switches, 1);
    CHECK_EQ(stats_of(1).packets_lost, 0);
    CHECK_EQ(stats_of(1).packets_received, 100);
    CHECK_EQ(stats_of(1).packets_late, 0);
    CHECK(heard >= 46); /* the packets on trial are played late, not never */
    rig_stop(&rig);
}

/* It still speaks on the old path when the new one has begun, and the old packets come late. */
static void media_loses_nothing_when_the_old_path_is_the_slower_one(void)
{
    tern_addr moved = addr_of("203.0.113.9:6000");
    struct packet late;

    rig_start(&rig);
    (void)converse(50);
    late = talk_once(0);
    rig_advance(&rig, TERN_MS(20));
    struct packet packet = talk_once(0);
    rig_deliver(&rig, 1, &packet, moved);
    rig_deliver(&rig, 1, &late, rig.side[0].local);
    for (int i = 0; i < 10; i++) {
        rig_advance(&rig, TERN_MS(20));
        packet = talk_once(0);
        rig_deliver(&rig, 1, &packet, moved);
    }
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), moved));
    CHECK_EQ(stats_of(1).packets_received, 62);
    CHECK_EQ(stats_of(1).packets_lost, 0);
    rig_stop(&rig);
}

/* The far end sits behind a NAT: whoever speaks first, with the right payload type, is it. */
/*
 * The same bytes by both, for as long as it is asked for; the far end takes one of the two. In the clear it
 * cannot know that the other path is no stranger's, and hears the one that it knows.
 */
static void double_for_a_second(bool protect, int least)
{
    int16_t pcm[TERN_PCM_FRAME];
    rig_start(&rig);
    if (protect) {
        rig_set_keys(&rig, TN_SRTP_AES_CM_128_HMAC_SHA1_80, 1);
        rig_configure(&rig);
    }
    converse(50);
    tern_addr other = addr_of("198.51.100.9:4000");
    tn_stream_double(&rig.side[0], other, rig.ctx.now + TERN_MS(1000));
    uint64_t sent = stats_of(0).packets_sent;
    int heard = 0;
    for (int i = 0; i < 50; i++) {
        struct packet by[2];
        rig_talk(&rig, 0, 8000);
        CHECK(rig_next_rtp(&rig, 0, &by[0]));
        CHECK(rig_next_rtp(&rig, 0, &by[1]));
        CHECK(tern_addr_equal(by[0].local, addr_of("192.0.2.1:4000")));
        CHECK(tern_addr_equal(by[1].local, other));
        CHECK(by[0].len == by[1].len && memcmp(by[0].data, by[1].data, by[0].len) == 0);
        /* Each path loses every third packet, and not the same one. */
        if (i % 3 != 0) rig_deliver(&rig, 1, &by[0], by[0].local);
        if (i % 3 != 1) rig_deliver(&rig, 1, &by[1], by[1].local);
        heard += tn_stream_take(&rig.side[1], pcm);
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK_EQ(stats_of(0).packets_sent - sent, 50); /* counted once */
    CHECK(heard >= least);
    struct packet only = talk_once(0);
    struct packet none;
    CHECK(tern_addr_equal(only.local, addr_of("192.0.2.1:4000")));
    CHECK(!rig_next_rtp(&rig, 0, &none));
    rig_stop(&rig);
}

static void doubled_packets_leave_by_both_paths_and_are_heard_once(void)
{
    double_for_a_second(true, 48);
    double_for_a_second(false, 30);
}

static void the_first_source_ever_heard_is_followed_at_once(void)
{
    tern_addr mapped = addr_of("203.0.113.9:33333");

    rig_start(&rig);
    struct packet packet = talk_once(0);
    rig_deliver(&rig, 1, &packet, mapped);
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), mapped));
    CHECK_EQ(stats_of(1).source_switches, 0);
    tn_stream_configure(&rig.side[1], &rig.plan[1]); /* the same address again: a refresh */
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), mapped));
    rig.plan[1].remote_rtp = addr_of("198.51.100.3:7000");
    tn_stream_configure(&rig.side[1], &rig.plan[1]);
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), rig.plan[1].remote_rtp));
    rig_stop(&rig);
}

static void without_symmetric_media_goes_only_where_the_plan_says(void)
{
    rig_start(&rig);
    rig.side[1].symmetric = false;
    struct packet packet = talk_once(0);
    rig_deliver(&rig, 1, &packet, addr_of("203.0.113.9:33333"));
    CHECK_EQ(stats_of(1).packets_received, 1);
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), rig.plan[1].remote_rtp));
    rig_stop(&rig);
}

static void strangers_are_counted_and_move_nothing(void)
{
    tern_addr stranger = addr_of("203.0.113.66:666");
    struct packet packet;

    rig_start(&rig);
    (void)converse(10);
    for (int i = 0; i < 50; i++) { /* another SSRC */
        packet = talk_once(0);
        rig_deliver(&rig, 1, &packet, rig.side[0].local);
        packet.data[11] ^= 0x55;
        rig_deliver(&rig, 1, &packet, stranger);
        rig_advance(&rig, TERN_MS(20));
    }
    for (int i = 0; i < 10; i++) { /* the right SSRC while the far end speaks */
        packet = talk_once(0);
        rig_deliver(&rig, 1, &packet, rig.side[0].local);
        packet.data[3]++;
        rig_deliver(&rig, 1, &packet, stranger);
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), rig.side[0].local));
    CHECK_EQ(stats_of(1).packets_received, 70);
    CHECK(stats_of(1).packets_dropped >= 56);
    rig_stop(&rig);
}

static void garbage_is_counted_and_dropped(void)
{
    uint64_t state = 1;
    struct packet packet;

    rig_start(&rig);
    for (int i = 0; i < 2000; i++) {
        packet.socket = 1 + (uint32_t)i % 2;
        packet.len = (size_t)i % 64;
        for (size_t at = 0; at < packet.len; at++) {
            state = state * UINT64_C(6364136223846793005) + 1;
            packet.data[at] = (uint8_t)(state >> 56);
        }
        rig_deliver(&rig, 1, &packet, rig.side[0].local);
    }
    struct tern_media_stats stats = stats_of(1);
    CHECK(stats.packets_dropped > 1900);
    CHECK_EQ(rig.ctx.stats.rtp_dropped, stats.packets_dropped);
    rig_stop(&rig);
}

/* RFC 3550 A.1: the second packet in sequence makes another SSRC the far end's. */
static void another_ssrc_of_the_same_source_is_accepted_after_probation(void)
{
    struct packet packet;

    rig_start(&rig);
    (void)converse(20);
    for (int i = 0; i < 5; i++) {
        packet = talk_once(0);
        packet.data[8] = 0x77;
        packet.data[2] = 0;
        packet.data[3] = (uint8_t)i; /* its sequence starts at 0 */
        rig_deliver(&rig, 1, &packet, rig.side[0].local);
    }
    CHECK_EQ(stats_of(1).packets_received, 24);
    CHECK_EQ(stats_of(1).packets_dropped, 1);
    CHECK_EQ(stats_of(1).packets_lost, 0);
    CHECK_EQ(rig.side[1].reception.ssrc, 0x77001000);
    rig_stop(&rig);
}

/* A stream from an earlier call on this port spoke first; the far end is who the SDP says it is. */
static void the_announced_source_takes_over_from_a_stranger(void)
{
    tern_addr stranger = addr_of("203.0.113.66:666");
    struct packet packet;

    rig_start(&rig);
    for (int i = 0; i < 20; i++) {
        packet = talk_once(0);
        if (i >= 10) rig_deliver(&rig, 1, &packet, rig.side[0].local);
        packet.data[8] = 0x99;
        rig_deliver(&rig, 1, &packet, stranger);
        if (i == 9) CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), stranger));
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), rig.side[0].local));
    CHECK_EQ(rig.side[1].reception.ssrc, 0x1000);
    CHECK_EQ(stats_of(1).packets_received, 11 + 9);
    rig_stop(&rig);
}

/* RFC 3550 8.2 */
static void a_collision_changes_our_ssrc_once_and_an_echo_is_dropped(void)
{
    struct packet packet;

    rig_start(&rig);
    packet = talk_once(1);
    rig_deliver(&rig, 1, &packet, rig.plan[1].remote_rtp);
    uint32_t changed = rig.side[1].sender.ssrc;
    CHECK(changed != 0x1001);
    CHECK(rig_next(&rig, &packet)); /* BYE for the old one */
    CHECK_EQ(packet.socket, 4);
    packet = talk_once(1);
    CHECK_EQ(parse(&packet).ssrc, changed);
    rig_deliver(&rig, 1, &packet, rig.plan[1].remote_rtp);
    CHECK_EQ(rig.side[1].sender.ssrc, changed);
    CHECK_EQ(stats_of(1).packets_dropped, 2);
    rig_stop(&rig);
}

/* A NAT that forgot has given RTP the port that was RTCP's: the report names our SSRC where RTP has its own. */
static void a_report_on_the_port_of_rtp_is_no_collision(void)
{
    struct packet packet;
    int16_t pcm[TERN_PCM_FRAME];

    rig_start(&rig);
    for (int i = 0; i < 500; i++) {
        rig_talk(&rig, 0, 8000);
        rig_talk(&rig, 1, 8000);
        while (rig_next(&rig, &packet)) {
            int from = packet.socket > 2;
            bool rtcp = packet.socket % 2 == 0;
            packet.socket = (uint32_t)(SOCKET_RTP + 2 * from);
            rig_deliver(&rig, 1 - from, &packet, rig.side[from].local);
            if (!rtcp) continue;
            CHECK_EQ(packet.data[1], 200);
            CHECK_EQ(rig.side[1 - from].rtcp.last_received, rig.ctx.now);
            CHECK_EQ(rig.side[1 - from].rtcp.observed.family, TERN_FAMILY_NONE);
        }
        for (int side = 0; side < SIDES; side++)
            (void)tn_stream_take(&rig.side[side], pcm);
        rig_advance(&rig, TERN_MS(20));
    }
    for (int side = 0; side < SIDES; side++) {
        CHECK_EQ(rig.side[side].sender.ssrc, 0x1000 + (uint32_t)side);
        CHECK_EQ(stats_of(side).packets_dropped, 0);
        CHECK(rig.side[side].rtcp.last_received != TERN_TIME_NEVER);
    }
    rig_stop(&rig);
}

static void reports_carry_loss_jitter_and_round_trip(void)
{
    struct packet packet;
    int16_t pcm[TERN_PCM_FRAME];

    rig_start(&rig);
    for (int i = 0; i < 1500; i++) {
        rig_talk(&rig, 0, 8000);
        rig_talk(&rig, 1, 8000);
        bool odd = false;
        while (rig_next(&rig, &packet)) {
            int from = packet.socket > 2;
            bool rtcp = packet.socket % 2 == 0;
            tern_addr source = rig.side[from].local;
            if (rtcp) source.port++;
            if (rtcp) rig_advance(&rig, TERN_MS(5));         /* half of the round trip */
            if (!rtcp && from == 0 && i % 10 == 5) continue; /* a tenth is lost */
            rig_deliver(&rig, 1 - from, &packet, source);
            odd = odd || rtcp;
        }
        (void)tn_stream_take(&rig.side[1], pcm);
        rig_advance(&rig, odd ? TERN_MS(15) : TERN_MS(20));
    }
    struct tern_media_stats stats = stats_of(0);
    CHECK(stats.round_trip_us >= 5000 && stats.round_trip_us <= 45000);
    CHECK(stats.remote_lost > 100 && stats.remote_lost <= 150);
    CHECK_EQ(stats_of(1).packets_lost, 150);
    CHECK(stats_of(1).frames_concealed >= 140);
    rig_stop(&rig);
}

/* RFC 3550 6.2: about five seconds; the first one sooner. */
static void reports_begin_with_the_plan_and_end_with_it(void)
{
    struct packet packet;
    int count = 0;

    rig_start(&rig);
    rig_talk(&rig, 0, 8000);
    rig_advance(&rig, TERN_SECONDS(60));
    while (rig_next(&rig, &packet))
        count += packet.socket == SOCKET_RTCP;
    CHECK(count >= 8 && count <= 30);
    rig.plan[0].active = rig.plan[1].active = false;
    for (int i = 0; i < SIDES; i++)
        tn_stream_configure(&rig.side[i], &rig.plan[i]);
    CHECK_EQ(tn_ctx_deadline(&rig.ctx), TERN_TIME_NEVER);
    rig_stop(&rig);
}

static void bye_is_sent_once_and_only_by_those_who_spoke(void)
{
    struct packet packet;

    rig_start(&rig);
    CHECK_EQ(tn_stream_bye(&rig.side[1]), 0);
    CHECK(!rig_next(&rig, &packet));
    (void)talk_once(0);
    CHECK_EQ(tn_stream_bye(&rig.side[0]), 0);
    CHECK_EQ(tn_stream_bye(&rig.side[0]), 0);
    CHECK(rig_next(&rig, &packet));
    CHECK_EQ(packet.socket, SOCKET_RTCP);
    CHECK(tern_addr_equal(packet.remote, rig.plan[0].remote_rtcp));
    CHECK(!rig_next(&rig, &packet));
    rig_stop(&rig);
}

/* RTCP goes beside RTP: to the moved host, and to the port that its RTCP comes from. */
static void rtcp_follows_rtp(void)
{
    tern_addr moved = addr_of("203.0.113.9:6000"), mapped = addr_of("203.0.113.9:6543");
    struct packet packet;

    rig_start(&rig);
    packet = talk_once(0);
    rig_deliver(&rig, 1, &packet, moved);
    (void)talk_once(1);
    rig_advance(&rig, TERN_SECONDS(4));
    bool found = false;
    while (rig_next(&rig, &packet)) {
        if (packet.socket == 4) CHECK(tern_addr_equal(packet.remote, addr_of("203.0.113.9:6001")));
        if (packet.socket != 2) continue;
        found = true;
        rig_deliver(&rig, 1, &packet, mapped);
    }
    CHECK(found);
    (void)tn_stream_bye(&rig.side[1]);
    CHECK(rig_next(&rig, &packet));
    CHECK(tern_addr_equal(packet.remote, mapped));
    rig_stop(&rig);
}

/* RFC 4733 2.5.1: growing duration, one timestamp, marker first, the end three times. */
static void a_digit_is_sent_as_an_event_and_heard_once(void)
{
    struct packet packet;
    int events = 0, ends = 0, audio = 0;
    char digit;
    uint32_t duration, timestamp = 0;

    rig_start(&rig);
    (void)converse(5);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '#', 100), 0);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '5', 60), 0);
    for (int i = 0; i < 20; i++) {
        rig_talk(&rig, 0, 8000);
        while (rig_next(&rig, &packet)) {
            struct tn_rtp rtp = parse(&packet);
            rig_deliver(&rig, 1, &packet, rig.side[0].local);
            audio += rtp.payload_type == 0;
            if (rtp.payload_type != 101) continue;
            CHECK(rtp.marker == (events == 0 || events == 7));
            if (rtp.marker) timestamp = rtp.timestamp;
            CHECK_EQ(rtp.timestamp, timestamp);
            events++;
            ends += rtp.payload.ptr[1] < 0;
        }
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK_EQ(events, 7 + 5);
    CHECK_EQ(ends, 6);
    CHECK_EQ(audio, 20 - 5 - 3);
    CHECK(tn_stream_next_dtmf(&rig.side[1], &digit, &duration));
    CHECK_EQ(digit, '#');
    CHECK_EQ(duration, 100);
    CHECK(tn_stream_next_dtmf(&rig.side[1], &digit, &duration));
    CHECK_EQ(digit, '5');
    CHECK_EQ(duration, 60);
    CHECK(!tn_stream_next_dtmf(&rig.side[1], &digit, &duration));
    CHECK_EQ(stats_of(1).packets_lost, 0);
    rig_stop(&rig);
}

static void dtmf_says_what_it_cannot_do(void)
{
    rig_start(&rig);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], 'x', 100), TERN_EINVAL);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '1', 0), TERN_EINVAL);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '1', 8001), TERN_EINVAL);
    for (int i = 0; i < TN_DTMF_QUEUE; i++)
        CHECK_EQ(tn_stream_dtmf(&rig.side[0], '1', 100), 0);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '1', 100), TERN_ELIMIT);
    rig.plan[0].event_send_pt = -1;
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    CHECK_EQ(tn_stream_dtmf(&rig.side[0], '1', 100), TERN_EUNSUPPORTED);
    rig_stop(&rig);
}

static void an_established_stream_allocates_nothing(void)
{
    rig_start(&rig);
    (void)converse(10);
    size_t before = rig.allocations;
    (void)converse(1000);
    CHECK_EQ(rig.allocations, before);
    rig_stop(&rig);
}

static void a_stream_is_small(void)
{
    CHECK(sizeof(struct tn_stream) <= 10 * 1024);
}

static void the_time_of_the_last_packet_is_known(void)
{
    rig_start(&rig);
    tern_time start = rig.ctx.now;
    CHECK_EQ(tn_stream_last_received(&rig.side[1]), TERN_TIME_NEVER);
    CHECK(!tn_stream_moved_since(&rig.side[1], start));
    rig_advance(&rig, TERN_MS(20));
    struct packet packet = talk_once(0);
    rig_deliver(&rig, 1, &packet, rig.side[0].local);
    CHECK_EQ(tn_stream_last_received(&rig.side[1]), start + TERN_MS(20));
    CHECK(tn_stream_moved_since(&rig.side[1], start));
    CHECK(!tn_stream_moved_since(&rig.side[1], start + TERN_MS(20)));
    rig_stop(&rig);
}

static void one_port_for_both_is_fine(void)
{
    struct packet packet;
    int16_t pcm[TERN_PCM_FRAME];

    rig_start(&rig);
    for (int i = 0; i < SIDES; i++)
        rig.side[i].rtcp_socket = rig.side[i].rtp_socket;
    for (int i = 0; i < 300; i++) {
        rig_talk(&rig, 0, 8000);
        while (rig_next(&rig, &packet))
            rig_deliver(&rig, packet.socket == SOCKET_RTP, &packet,
                        packet.socket == SOCKET_RTP ? rig.side[0].local : rig.side[1].local);
        (void)tn_stream_take(&rig.side[1], pcm);
        rig_advance(&rig, TERN_MS(20));
    }
    CHECK_EQ(stats_of(1).packets_received, 300);
    CHECK_EQ(stats_of(1).packets_dropped, 0);
    CHECK(rig.side[1].rtcp.lsr != 0);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_frame_becomes_one_packet_at_once),
        TEST(silence_is_sent_when_there_is_no_pcm),
        TEST(both_sides_hear_each_other),
        TEST(numbers_go_on_over_holds_and_changes_of_path),
        TEST(nothing_is_sent_where_the_plan_has_no_address_or_the_path_no_such_family),
        TEST(media_follows_a_far_end_that_moves_and_loses_nothing),
        TEST(media_loses_nothing_when_the_old_path_is_the_slower_one),
        TEST(doubled_packets_leave_by_both_paths_and_are_heard_once),
        TEST(the_first_source_ever_heard_is_followed_at_once),
        TEST(without_symmetric_media_goes_only_where_the_plan_says),
        TEST(strangers_are_counted_and_move_nothing),
        TEST(garbage_is_counted_and_dropped),
        TEST(another_ssrc_of_the_same_source_is_accepted_after_probation),
        TEST(the_announced_source_takes_over_from_a_stranger),
        TEST(a_collision_changes_our_ssrc_once_and_an_echo_is_dropped),
        TEST(a_report_on_the_port_of_rtp_is_no_collision),
        TEST(reports_carry_loss_jitter_and_round_trip),
        TEST(reports_begin_with_the_plan_and_end_with_it),
        TEST(bye_is_sent_once_and_only_by_those_who_spoke),
        TEST(rtcp_follows_rtp),
        TEST(a_digit_is_sent_as_an_event_and_heard_once),
        TEST(dtmf_says_what_it_cannot_do),
        TEST(an_established_stream_allocates_nothing),
        TEST(a_stream_is_small),
        TEST(the_time_of_the_last_packet_is_known),
        TEST(one_port_for_both_is_fine),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* Keys by DTLS, RFC 5763 and 5764: over paths that lose, delay and move, and among strangers. */
#include "rig.h"

#include <sys/time.h>

#include "../../tern_test.h"
#include "base/alloc.h"
#include "base/str.h"
#include "crypto/cert.h"

#define DELAY TERN_MS(30)
#define WIRE  256 /* packets under way */

struct identity {
    struct tn_dtls_ctx *ctx;
    char fingerprint[TN_PLAN_FINGERPRINT_MAX];
};

struct flight {
    tern_time due;
    int to;
    tern_addr from;
    struct packet packet;
};

static struct rig rig;
static struct identity identities[SIDES + 1]; /* the last one is a stranger's */
static tern_addr near, far, moved, stranger;
static struct {
    struct flight flights[WIRE];
    size_t count;
    unsigned loss_percent;
    uint32_t draw;
    int handshakes; /* datagrams of DTLS that left */
    int clear;      /* packets that anybody could read */
} wire;

/* OpenSSL's timer goes by this; here it is the rig's clock. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(rig.ctx.now / 1000000);
    tv->tv_usec = (suseconds_t)(rig.ctx.now % 1000000);
    return 0;
}

static void make_identity(struct identity *identity)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_cert_opts opts = {.days = 30};
    struct tn_buf cert, key;

    tn_buf_init(&cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init(&key, &alloc, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&opts, &cert, &key), 0);
    CHECK_EQ(tn_dtls_ctx_new(&alloc, tn_buf_view(&cert), tn_buf_view(&key), &identity->ctx), 0);
    CHECK(strlen(tn_dtls_fingerprint(identity->ctx)) < sizeof(identity->fingerprint));
    memcpy(identity->fingerprint, tn_dtls_fingerprint(identity->ctx),
           strlen(tn_dtls_fingerprint(identity->ctx)) + 1);
    tn_buf_fini(&cert);
    tn_buf_fini(&key);
}

/* Side 0 is active, as who answers is. */
static void start(void)
{
    for (int i = 0; i < SIDES + 1; i++)
        if (!identities[i].ctx) make_identity(&identities[i]);
    memset(&wire, 0, sizeof(wire));
    wire.draw = 1;
    rig_start(&rig);
    near = addr_of("192.0.2.1:4000");
    far = addr_of("192.0.2.2:5000");
    moved = addr_of("198.51.100.7:6000");
    stranger = addr_of("203.0.113.66:7000");
    for (int i = 0; i < SIDES; i++) {
        struct tn_media_plan *plan = &rig.plan[i];
        rig.side[i].dtls_ctx = identities[i].ctx;
        plan->security = TN_PLAN_DTLS;
        plan->rtcp_mux = true;
        plan->dtls_active = i == 0;
        plan->association = 1;
        memcpy(plan->peer_fingerprint, identities[1 - i].fingerprint,
               sizeof(plan->peer_fingerprint));
    }
}

static void stop(void)
{
    struct packet packet;

    while (rig_next(&rig, &packet))
        ;
    rig_stop(&rig);
}

static bool is_lost(void)
{
    wire.draw = wire.draw * 1664525u + 1013904223u;
    return (wire.draw >> 16) % 100 < wire.loss_percent;
}

/* What leaves now arrives after DELAY, or never. */
static void put_on_wire(void)
{
    struct flight *flight = &wire.flights[wire.count];

    while (rig_next(&rig, &flight->packet)) {
        bool dtls = flight->packet.data[0] >= 20 && flight->packet.data[0] < 64;
        wire.handshakes += dtls;
        const struct tn_stream *side = &rig.side[flight->packet.socket > 2];
        bool clear = !dtls && flight->packet.len == 172;
        wire.clear += clear && side->security.state != TN_SECURITY_PLAIN;
        flight->due = rig.ctx.now + DELAY;
        flight->to = flight->packet.socket < 3;
        flight->from = flight->packet.local;
        bool misled = tern_addr_equal(flight->packet.remote, stranger);
        if (misled || is_lost()) continue;
        CHECK(++wire.count < WIRE);
        flight = &wire.flights[wire.count];
    }
}

static void take_off_wire(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < wire.count; i++) {
        struct flight *flight = &wire.flights[i];
        if (flight->due <= rig.ctx.now) {
            rig_deliver(&rig, flight->to, &flight->packet, flight->from);
        } else {
            wire.flights[kept++] = *flight;
        }
    }
    wire.count = kept;
}

/* @return frames heard by side 1 */
static int live(tern_time span)
{
    tern_time end = rig.ctx.now + span;
    int16_t pcm[TERN_PCM_FRAME];
    int heard = 0;

    for (int tick = 0; rig.ctx.now < end; tick++) {
        if (tick % 4 == 0) {
            rig_talk(&rig, 0, 8000);
            rig_talk(&rig, 1, 8000);
            (void)tn_stream_take(&rig.side[0], pcm);
            heard += tn_stream_take(&rig.side[1], pcm);
        }
        put_on_wire();
        rig_advance(&rig, TERN_MS(5));
        put_on_wire();
        take_off_wire();
    }
    return heard;
}

static bool both(enum tn_security_state state)
{
    return tn_stream_security(&rig.side[0], NULL) == state &&
           tn_stream_security(&rig.side[1], NULL) == state;
}

static void a_handshake_takes_two_round_trips_and_then_both_are_heard(void)
{
    start();
    rig_configure(&rig);
    CHECK(both(TN_SECURITY_PENDING));
    tern_time began = rig.ctx.now;
    while (!both(TN_SECURITY_SECURE) && rig.ctx.now - began < TERN_SECONDS(1))
        (void)live(TERN_MS(5));
    CHECK(rig.ctx.now - began <= 4 * DELAY + TERN_MS(30));
    CHECK(live(TERN_SECONDS(4)) > 180);
    CHECK_EQ(wire.clear, 0);
    CHECK(rig_stats(&rig, 0).packets_received > 190);
    stop();
}

static void lost_datagrams_are_repeated_until_both_have_keys(void)
{
    for (unsigned loss = 10; loss <= 40; loss += 10) {
        for (uint32_t seed = 1; seed <= 10; seed++) {
            start();
            wire.loss_percent = loss;
            wire.draw = seed;
            rig_configure(&rig);
            (void)live(TERN_SECONDS(25));
            CHECK(both(TN_SECURITY_SECURE));
            CHECK_EQ(wire.clear, 0);
            stop();
        }
    }
}

/* The passive side has the answer later than the ClientHello, which is kept for it. */
static void a_client_hello_that_comes_before_the_answer_is_not_lost(void)
{
    static const struct tn_media_plan nothing;

    start();
    tn_stream_configure(&rig.side[1], &nothing);
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    (void)live(TERN_MS(100));
    tn_stream_configure(&rig.side[1], &rig.plan[1]);
    (void)live(3 * DELAY + TERN_MS(30));
    CHECK(both(TN_SECURITY_SECURE));
    stop();
}

/* A call's plan may come before the path for it is known. */
static void the_first_flight_leaves_as_soon_as_there_is_a_path(void)
{
    struct packet packet;

    start();
    tn_stream_set_local(&rig.side[0], (tern_addr){0});
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    CHECK(!rig_next(&rig, &packet));
    tn_stream_set_local(&rig.side[0], near);
    CHECK(rig_next(&rig, &packet));
    CHECK_EQ(packet.data[0], 22);
    stop();
}

static void a_far_end_that_is_not_there_is_given_up_with_a_reason(void)
{
    const char *reason = "";

    start();
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    wire.loss_percent = 100;
    (void)live(TERN_SECONDS(60));
    CHECK_EQ(tn_stream_security(&rig.side[0], &reason), TN_SECURITY_FAILED);
    CHECK(strstr(reason, "does not answer") != NULL);
    CHECK_EQ(wire.clear, 0);
    CHECK(wire.handshakes > 8 && wire.handshakes < 30);
    stop();
}

static void the_wrong_certificate_ends_it_on_both_sides_with_a_reason(void)
{
    const char *reason = "";

    for (int side = 0; side < SIDES; side++) {
        start();
        memcpy(rig.plan[side].peer_fingerprint, identities[2].fingerprint,
               sizeof(rig.plan[side].peer_fingerprint));
        rig_configure(&rig);
        (void)live(TERN_SECONDS(2));
        CHECK_EQ(tn_stream_security(&rig.side[side], &reason), TN_SECURITY_FAILED);
        CHECK(strlen(reason) > 0);
        CHECK_EQ(wire.clear, 0);
        CHECK_EQ(rig_stats(&rig, side).packets_received, 0);
        stop();
    }
}

static void what_no_handshake_can_use_is_refused_at_once(void)
{
    const char *reason = "";

    start();
    memcpy(rig.plan[0].peer_fingerprint, "sha-256 AB", 11);
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    CHECK_EQ(tn_stream_security(&rig.side[0], &reason), TN_SECURITY_FAILED);
    CHECK(strstr(reason, "fingerprint") != NULL);
    rig.side[1].dtls_ctx = NULL;
    tn_stream_configure(&rig.side[1], &rig.plan[1]);
    CHECK_EQ(tn_stream_security(&rig.side[1], &reason), TN_SECURITY_FAILED);
    CHECK(strstr(reason, "certificate") != NULL);
    stop();
}

/* An outage in the middle: no path for 20 s, then another one. The other side tries for 35 s. */
static void a_handshake_survives_an_outage_and_a_move(void)
{
    start();
    rig_configure(&rig);
    (void)live(TERN_MS(50));
    tn_stream_set_local(&rig.side[0], (tern_addr){0});
    (void)live(TERN_SECONDS(20));
    CHECK(both(TN_SECURITY_PENDING));
    tn_stream_set_local(&rig.side[0], moved);
    (void)live(TERN_MS(300));
    CHECK(both(TN_SECURITY_SECURE));
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), moved));
    CHECK(live(TERN_SECONDS(1)) > 40);
    stop();
}

/* A move asks for no new association (RFC 8842 5): keys and counters go on. */
static void after_the_handshake_a_move_costs_nothing(void)
{
    start();
    rig_configure(&rig);
    (void)live(TERN_SECONDS(1));
    int handshakes = wire.handshakes;
    tn_stream_set_local(&rig.side[0], moved);
    rig.plan[1].remote_rtp = rig.plan[1].remote_rtcp = moved;
    (void)live(TERN_MS(50));
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), moved));
    rig_configure(&rig);
    CHECK(live(TERN_SECONDS(2)) > 95);
    CHECK_EQ(wire.handshakes, handshakes);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, 0);
    stop();
}

static void an_association_goes_when_nobody_can_want_it_any_more(void)
{
    start();
    rig_configure(&rig);
    CHECK(live(TERN_SECONDS(41)) > 1900);
    CHECK(rig.side[0].handshake.dtls == NULL && rig.side[1].handshake.dtls == NULL);
    rig_configure(&rig); /* the same plan asks for no other */
    CHECK(live(TERN_SECONDS(1)) > 45);
    CHECK(both(TN_SECURITY_SECURE));
    CHECK(rig.side[0].handshake.dtls == NULL);
    stop();
}

/* RFC 8842 5: the old keys go on until the new ones are there. */
static void a_new_association_is_not_heard(void)
{
    start();
    rig_configure(&rig);
    (void)live(TERN_SECONDS(1));
    uint64_t dropped = rig_stats(&rig, 1).packets_dropped;
    uint64_t before = rig_stats(&rig, 1).packets_received;
    struct tn_srtp *old = rig.side[1].security.receive;
    for (int i = 0; i < SIDES; i++) {
        rig.plan[i].association = 2;
        rig.plan[i].dtls_active = i == 1;
    }
    rig_configure(&rig);
    CHECK(both(TN_SECURITY_SECURE));
    (void)live(TERN_SECONDS(2));
    CHECK(both(TN_SECURITY_SECURE));
    CHECK(rig.side[1].security.receive != old);
    CHECK_EQ(rig_stats(&rig, 1).packets_dropped, dropped);
    CHECK_EQ(rig_stats(&rig, 1).packets_received - before, 100);
    CHECK_EQ(wire.clear, 0);
    (void)live(TERN_SECONDS(5));
    CHECK(rig.side[1].security.before == NULL);
    stop();
}

static void a_new_association_that_fails_says_so_and_leaves_the_old_keys(void)
{
    start();
    rig_configure(&rig);
    (void)live(TERN_SECONDS(1));
    for (int i = 0; i < SIDES; i++)
        rig.plan[i].association = 2;
    memcpy(rig.plan[0].peer_fingerprint, identities[2].fingerprint,
           sizeof(rig.plan[0].peer_fingerprint));
    rig_configure(&rig);
    (void)live(TERN_SECONDS(1));
    CHECK_EQ(tn_stream_security(&rig.side[0], NULL), TN_SECURITY_FAILED);
    CHECK(live(TERN_SECONDS(1)) > 40);
    CHECK_EQ(wire.clear, 0);
    stop();
}

/* The datagrams of a handshake that a stranger leads with side 1. */
static void disturb(struct tn_dtls *dtls)
{
    struct packet packet = {.socket = SOCKET_RTP};
    tern_str datagram;

    while (tn_dtls_take(dtls, &datagram)) {
        CHECK(datagram.len <= sizeof(packet.data));
        packet.len = datagram.len;
        memcpy(packet.data, datagram.ptr, datagram.len);
        rig_deliver(&rig, 1, &packet, stranger);
    }
}

static void a_stranger_cannot_end_a_handshake_or_see_media(void)
{
    struct tn_dtls *dtls;

    start();
    tn_stream_configure(&rig.side[1], &rig.plan[1]);
    for (int i = 0; i < 3; i++) {
        tern_str fingerprint = tn_str(identities[1].fingerprint);
        CHECK_EQ(tn_dtls_new(identities[2].ctx, true, fingerprint, &dtls), 0);
        CHECK_EQ(tn_dtls_start(dtls), 0);
        struct packet packet;
        for (int round = 0; round < 4; round++) {
            disturb(dtls);
            while (rig_next(&rig, &packet)) {
                CHECK(tern_addr_equal(packet.remote, stranger));
                if (tn_dtls_receive(dtls, packet.data, packet.len) != 0) break; /* seen through */
            }
        }
        tn_dtls_free(dtls);
    }
    CHECK_EQ(tn_stream_security(&rig.side[1], NULL), TN_SECURITY_PENDING);
    CHECK(rig.side[1].handshake.spoilt > 0);
    tn_stream_configure(&rig.side[0], &rig.plan[0]);
    (void)live(TERN_SECONDS(2));
    CHECK(both(TN_SECURITY_SECURE));
    CHECK(tern_addr_equal(tn_stream_remote(&rig.side[1]), near));
    CHECK(live(TERN_SECONDS(1)) > 40);
    stop();
}

static void garbage_that_looks_like_dtls_does_no_harm(void)
{
    start();
    rig_configure(&rig);
    for (uint32_t i = 0; i < 500; i++) {
        struct packet packet = {.socket = SOCKET_RTP, .len = i % 300};
        for (size_t k = 0; k < packet.len; k++) {
            wire.draw = wire.draw * 1664525u + 1013904223u;
            packet.data[k] = (uint8_t)(wire.draw >> 24);
        }
        packet.data[0] = (uint8_t)(20 + i % 44);
        rig_deliver(&rig, (int)(i % 2), &packet, i % 3 ? stranger : near);
        if (i % 50 == 0) (void)live(TERN_MS(5));
    }
    (void)live(TERN_SECONDS(2));
    CHECK(both(TN_SECURITY_SECURE));
    stop();
}

/* RFC 5764 3: RTCP of its own port would need a handshake of its own. */
static void without_rtcp_mux_there_is_no_rtcp(void)
{
    start();
    rig.plan[0].rtcp_mux = rig.plan[1].rtcp_mux = false;
    rig_configure(&rig);
    CHECK(live(TERN_SECONDS(20)) > 900);
    CHECK_EQ(rig.side[0].rtcp.lsr, 0);
    CHECK(!rig.side[0].rtcp.sent);
    stop();
}

static void free_identities(void)
{
    for (int i = 0; i < SIDES + 1; i++)
        tn_dtls_ctx_free(identities[i].ctx);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_handshake_takes_two_round_trips_and_then_both_are_heard),
        TEST(lost_datagrams_are_repeated_until_both_have_keys),
        TEST(a_client_hello_that_comes_before_the_answer_is_not_lost),
        TEST(the_first_flight_leaves_as_soon_as_there_is_a_path),
        TEST(a_far_end_that_is_not_there_is_given_up_with_a_reason),
        TEST(the_wrong_certificate_ends_it_on_both_sides_with_a_reason),
        TEST(what_no_handshake_can_use_is_refused_at_once),
        TEST(a_handshake_survives_an_outage_and_a_move),
        TEST(after_the_handshake_a_move_costs_nothing),
        TEST(an_association_goes_when_nobody_can_want_it_any_more),
        TEST(a_new_association_is_not_heard),
        TEST(a_new_association_that_fails_says_so_and_leaves_the_old_keys),
        TEST(a_stranger_cannot_end_a_handshake_or_see_media),
        TEST(garbage_that_looks_like_dtls_does_no_harm),
        TEST(without_rtcp_mux_there_is_no_rtcp),
    };
    int status = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);

    free_identities();
    return status;
}

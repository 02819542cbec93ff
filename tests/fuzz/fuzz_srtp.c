/* SPDX-License-Identifier: MIT */
/*
 * Any input, as datagrams for a stream whose keys nobody else has: it is never heard, moves nothing
 * and is counted. The first byte chooses the suite; then come, each behind a byte of length and one
 * of address and socket, datagrams; between them genuine ones, which are all heard.
 */
#include "media/stream.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond) ((cond) ? (void)0 : abort())
#define DATAGRAMS     16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tn_ctx ctx;
static struct tn_stream near, far;

static tern_addr address(uint8_t host)
{
    return (tern_addr){.family = TERN_FAMILY_IPV4, .port = 4000, .ip = {192, 0, 2, host}};
}

static void start(struct tn_stream *stream, uint8_t host, enum tn_srtp_suite suite)
{
    struct tn_stream_opts opts = {
        .ctx = &ctx,
        .rtp_socket = 1,
        .rtcp_socket = 2,
        .ssrc = host,
        .first_seq = 65530,
        .cname = "fuzz",
        .symmetric = true,
    };
    struct tn_media_plan plan = {
        .active = true,
        .send = true,
        .listen = true,
        .send_codec = TN_CODEC_PCMU,
        .event_send_pt = -1,
        .event_receive_pt = -1,
        .receive = {{0, TN_CODEC_PCMU}},
        .receive_count = 1,
        .remote_rtp = address((uint8_t)(3 - host)),
        .remote_rtcp = address((uint8_t)(3 - host)),
        .rtcp_mux = true,
        .security = TN_PLAN_SDES,
        .keys = {.suite = suite},
    };

    memset(plan.keys.send, host, sizeof(plan.keys.send));
    memset(plan.keys.receive, 3 - host, sizeof(plan.keys.receive));
    REQUIRE(tn_stream_init(stream, &opts) == 0);
    tn_stream_set_local(stream, address(host));
    tn_stream_configure(stream, &plan);
}

/* One genuine packet from `near` to `far`. */
static void speak(void)
{
    struct tern_media_stats before, after;
    struct tern_output out;

    tn_stream_stats(&far, &before);
    REQUIRE(tn_stream_send(&near, NULL) == 0);
    while (tn_next_output(&ctx, &out)) {
        struct tern_datagram datagram = {
            .socket = out.id,
            .remote = out.local,
            .data = out.data.ptr,
            .len = out.data.len,
        };
        tn_stream_receive(&far, &datagram);
    }
    tn_stream_stats(&far, &after);
    REQUIRE(after.packets_received == before.packets_received + 1);
}

static void attack(const uint8_t *data, size_t len, uint8_t how)
{
    struct tern_media_stats before, after;
    tern_addr target = tn_stream_remote(&far);
    struct tern_datagram datagram = {
        .socket = 1 + (how & 1u),
        .remote = address(how >> 1),
        .data = data,
        .len = len,
    };

    tn_stream_stats(&far, &before);
    tn_stream_receive(&far, &datagram);
    tn_stream_stats(&far, &after);
    REQUIRE(after.packets_received == before.packets_received);
    REQUIRE(after.last_received == before.last_received);
    REQUIRE(after.packets_forged + after.packets_replayed ==
            before.packets_forged + before.packets_replayed + 1);
    REQUIRE(tern_addr_equal(tn_stream_remote(&far), target));
    REQUIRE(!far.rtcp.proven);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    uint8_t head = size > 0 ? data[0] : 0;
    enum tn_srtp_suite suite = (enum tn_srtp_suite)(1 + head % (TN_SRTP_SUITES - 1));
    size_t at = 1;

    REQUIRE(tn_ctx_init(&ctx, NULL, seed) == 0);
    start(&near, 1, suite);
    start(&far, 2, suite);
    for (int i = 0; i < DATAGRAMS && at + 2 <= size; i++) {
        size_t len = data[at], rest = size - at - 2;
        if (len > rest) len = rest;
        if (i % 4 == 1) speak();
        attack(data + at + 2, len, data[at + 1]);
        at += 2 + len;
    }
    speak();
    tn_stream_fini(&near);
    tn_stream_fini(&far);
    tn_ctx_fini(&ctx);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Any packet: what the parser accepts survives print and parse. Any series of
 * packets: an RTP stream takes it, plays something, and stays whole. The series
 * is cut from the input as (flags, milliseconds, length, bytes).
 */
#include <stdlib.h>
#include <string.h>

#include "media/stream.h"
#include "wire/rtp/rtp.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())
#define SSRC          0x1001

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const uint8_t *data, size_t size)
{
    static uint8_t bytes[1 << 16];
    struct tn_rtp first, again;

    if (tn_rtp_parse((tern_str){(const char *)data, size}, &first) != 0) return;
    int len = tn_rtp_print(&first, bytes, sizeof(bytes));
    if (size > sizeof(bytes)) return;
    REQUIRE(len > 0 && (size_t)len == size);
    REQUIRE(tn_rtp_parse((tern_str){(const char *)bytes, (size_t)len}, &again) == 0);
    REQUIRE(again.sequence == first.sequence && again.timestamp == first.timestamp);
    REQUIRE(again.ssrc == first.ssrc && again.csrc_count == first.csrc_count);
    REQUIRE(again.payload.len == first.payload.len && again.padding == first.padding);
    REQUIRE(memcmp(bytes + size - first.padding - first.payload.len, first.payload.ptr,
                   first.payload.len) == 0);
}

static void start(struct tn_ctx *ctx, struct tn_stream *stream)
{
    static const uint8_t seed[32] = {1};
    static const tern_addr here = {.family = TERN_FAMILY_IPV4, .port = 4000, .ip = {192, 0, 2, 1}};
    struct tn_stream_opts opts = {.ctx = ctx,
                                  .rtp_socket = 1,
                                  .rtcp_socket = 2,
                                  .ssrc = SSRC,
                                  .cname = "fuzz",
                                  .symmetric = true};
    struct tn_media_plan plan = {.active = true,
                                 .send = true,
                                 .listen = true,
                                 .send_codec = TN_CODEC_PCMA,
                                 .send_pt = 8,
                                 .event_send_pt = 101,
                                 .event_receive_pt = 101,
                                 .receive = {{8, TN_CODEC_PCMA}, {0, TN_CODEC_PCMU}},
                                 .receive_count = 2,
                                 .remote_rtp = here,
                                 .remote_rtcp = here};

    REQUIRE(tn_ctx_init(ctx, NULL, seed) == 0);
    REQUIRE(tn_stream_init(stream, &opts) == 0);
    tn_stream_set_local(stream, here);
    tn_stream_configure(stream, &plan);
}

static void step(struct tn_stream *stream, uint8_t flags, const uint8_t *data, size_t len)
{
    struct tern_datagram datagram = {
        .socket = flags & 1 ? 2 : 1,
        .remote = {.family = TERN_FAMILY_IPV4, .port = 4000, .ip = {192, 0, 2, flags >> 6}},
        .data = data,
        .len = len,
    };
    struct tern_media_stats stats;
    int16_t pcm[TERN_PCM_FRAME];
    char digit;
    uint32_t duration;

    tn_stream_receive(stream, &datagram);
    if (flags & 2) (void)tn_stream_take(stream, pcm);
    if (flags & 4) (void)tn_stream_send(stream, NULL);
    if (flags & 8) (void)tn_stream_next_dtmf(stream, &digit, &duration);
    tn_stream_stats(stream, &stats);
    REQUIRE(stats.jitter_buffer_us <= 1000000);
}

static void run_series(const uint8_t *data, size_t size)
{
    struct tn_ctx ctx;
    struct tn_stream stream;
    struct tern_output out;

    start(&ctx, &stream);
    while (size >= 3) {
        size_t len = data[2] < size - 3 ? data[2] : size - 3;
        tn_ctx_enter(&ctx, ctx.now + TERN_MS(data[1]));
        while (tn_ctx_fire(&ctx))
            ;
        step(&stream, data[0], data + 3, len);
        while (tn_next_output(&ctx, &out))
            ;
        data += 3 + len;
        size -= 3 + len;
    }
    tn_stream_fini(&stream);
    tn_ctx_fini(&ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    round_trip(data, size);
    run_series(data, size);
    return 0;
}

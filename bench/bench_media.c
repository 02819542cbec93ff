/* SPDX-License-Identifier: MIT */
/*
 * How many streams one core carries: a frame is encoded and sent, its packet is
 * received, buffered, decoded and played; in the clear and with the suites of SRTP.
 * Prints rates and the machine, judges nothing.
 */
#include <stdio.h>

#include "measure.h"
#include "media/stream.h"

#define SAMPLES           5
#define FRAMES            20000
#define SECONDS_PER_FRAME 0.02

struct bench {
    struct tn_ctx ctx;
    struct tn_stream near, far;
    int16_t pcm[TERN_PCM_FRAME], heard[TERN_PCM_FRAME];
};

static int start_stream(struct bench *bench, struct tn_stream *stream, uint32_t number,
                        enum tn_srtp_suite suite)
{
    tern_addr here = {.family = TERN_FAMILY_IPV4, .port = 4000, .ip = {127, 0, 0, 1}};
    struct tn_stream_opts opts = {
        .ctx = &bench->ctx,
        .rtp_socket = number,
        .rtcp_socket = number + 100,
        .ssrc = number,
        .cname = "bench",
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
        .remote_rtp = here,
        .remote_rtcp = here,
    };

    if (suite != TN_SRTP_NONE) {
        plan.security = TN_PLAN_SDES;
        plan.keys.suite = suite;
    }
    int err = tn_stream_init(stream, &opts);
    if (err) return err;
    tn_stream_set_local(stream, here);
    tn_stream_configure(stream, &plan);
    return 0;
}

static void run_frame(struct bench *bench)
{
    struct tern_output out;

    (void)tn_stream_send(&bench->near, bench->pcm);
    while (tn_next_output(&bench->ctx, &out)) {
        struct tern_datagram datagram = {
            .socket = 2,
            .remote = out.local,
            .data = out.data.ptr,
            .len = out.data.len,
        };
        if (out.id == 1) tn_stream_receive(&bench->far, &datagram);
    }
    (void)tn_stream_take(&bench->far, bench->heard);
    tn_ctx_enter(&bench->ctx, bench->ctx.now + TERN_MS(20));
    while (tn_ctx_fire(&bench->ctx))
        ;
}

/* @return seconds a packet */
static double measure(struct bench *bench)
{
    struct samples samples = {0};

    for (int sample = 0; sample < SAMPLES; sample++) {
        double began = cpu_now();
        for (int i = 0; i < FRAMES; i++)
            run_frame(bench);
        samples_add(&samples, (cpu_now() - began) / FRAMES);
    }
    samples_print(&samples, 1e6, 2);
    return samples_median(&samples);
}

/* `plain_s`: what it costs in the clear; 0: this is that. @return seconds a packet */
static double run_suite(enum tn_srtp_suite suite, double plain_s)
{
    static const uint8_t seed[32] = {1};
    static struct bench bench;
    tern_str name = tn_srtp_suite_name(suite);

    for (int i = 0; i < TERN_PCM_FRAME; i++)
        bench.pcm[i] = (int16_t)(i * 397 % 16000 - 8000);
    require(tn_ctx_init(&bench.ctx, NULL, seed) == 0, "no memory");
    require(start_stream(&bench, &bench.near, 1, suite) == 0, "no stream");
    require(start_stream(&bench, &bench.far, 2, suite) == 0, "no stream");
    if (suite == TN_SRTP_NONE) {
        printf("encode, send, receive, buffer, decode, play: ");
    } else {
        printf("the same with %.*s: ", (int)name.len, name.ptr);
    }
    double each_s = measure(&bench);
    printf(" us a packet, %.0f packets/s, %.0f calls a core", 1 / each_s,
           SECONDS_PER_FRAME / each_s);
    if (suite != TN_SRTP_NONE) {
        printf(", protect and unprotect %.2f us", (each_s - plain_s) * 1e6);
    }
    printf("\n");
    require(bench.far.counts.packets_received >= (uint64_t)SAMPLES * FRAMES, "packets were lost");
    tn_stream_fini(&bench.near);
    tn_stream_fini(&bench.far);
    tn_ctx_fini(&bench.ctx);
    return each_s;
}

int main(void)
{
    print_machine();
    double plain_s = run_suite(TN_SRTP_NONE, 0);
    for (int suite = TN_SRTP_NONE + 1; suite < TN_SRTP_SUITES; suite++)
        (void)run_suite((enum tn_srtp_suite)suite, plain_s);
    printf("memory of a stream: %zu bytes\n", sizeof(struct tn_stream));
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "../../tern_test.h"

static void *count_resize(void *user, void *ptr, size_t size)
{
    struct rig *rig = user;

    if (size == 0) {
        free(ptr);
        return NULL;
    }
    if (++rig->allocations == rig->fail_at) return NULL;
    return realloc(ptr, size);
}

tern_addr addr_of(const char *text)
{
    tern_addr addr;

    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &addr), 0);
    return addr;
}

static struct tn_media_plan plan_towards(tern_addr remote)
{
    struct tn_media_plan plan = {
        .active = true,
        .send = true,
        .listen = true,
        .send_codec = TN_CODEC_PCMU,
        .send_pt = 0,
        .event_send_pt = 101,
        .event_receive_pt = 101,
        .receive = {{0, TN_CODEC_PCMU}, {8, TN_CODEC_PCMA}},
        .receive_count = 2,
        .ptime_ms = 20,
        .remote_rtp = remote,
        .remote_rtcp = remote,
    };

    plan.remote_rtcp.port++;
    return plan;
}

void rig_start(struct rig *rig)
{
    static const uint8_t seed[32] = {1};
    struct tern_allocator alloc = {rig, count_resize};
    tern_addr address[SIDES] = {addr_of("192.0.2.1:4000"), addr_of("192.0.2.2:5000")};

    memset(rig, 0, sizeof(*rig));
    CHECK_EQ(tn_ctx_init(&rig->ctx, &alloc, seed), 0);
    tn_ctx_enter(&rig->ctx, TERN_SECONDS(1000));
    for (uint32_t i = 0; i < SIDES; i++) {
        struct tn_stream_opts opts = {
            .ctx = &rig->ctx,
            .rtp_socket = SOCKET_RTP + 2 * i,
            .rtcp_socket = SOCKET_RTCP + 2 * i,
            .ssrc = 0x1000 + i,
            .first_seq = 65530, /* so that it wraps soon */
            .first_timestamp = UINT32_MAX - 800,
            .cname = "abcdefghijklmnop",
            .symmetric = true,
        };
        rig->plan[i] = plan_towards(address[1 - i]);
        CHECK_EQ(tn_stream_init(&rig->side[i], &opts), 0);
        tn_stream_set_local(&rig->side[i], address[i]);
        tn_stream_configure(&rig->side[i], &rig->plan[i]);
    }
}

void rig_stop(struct rig *rig)
{
    for (int i = 0; i < SIDES; i++)
        tn_stream_fini(&rig->side[i]);
    tn_ctx_fini(&rig->ctx);
}

void rig_advance(struct rig *rig, tern_time span)
{
    tern_time end = rig->ctx.now + span;

    while (tn_ctx_deadline(&rig->ctx) <= end) {
        tn_ctx_enter(&rig->ctx, tn_ctx_deadline(&rig->ctx));
        CHECK(tn_ctx_fire(&rig->ctx));
    }
    tn_ctx_enter(&rig->ctx, end);
}

bool rig_next(struct rig *rig, struct packet *out)
{
    struct tern_output output;

    if (!tn_next_output(&rig->ctx, &output)) return false;
    CHECK_EQ(output.type, TERN_OUT_DATAGRAM);
    CHECK(output.media);
    CHECK(output.data.len <= sizeof(out->data));
    out->socket = output.id;
    out->local = output.local;
    out->remote = output.remote;
    out->len = output.data.len;
    memcpy(out->data, output.data.ptr, out->len);
    return true;
}

bool rig_next_rtp(struct rig *rig, int side, struct packet *out)
{
    while (rig_next(rig, out)) {
        if (out->socket == (uint32_t)(SOCKET_RTP + 2 * side)) return true;
    }
    return false;
}

void rig_deliver(struct rig *rig, int to, const struct packet *packet, tern_addr from)
{
    bool rtcp = packet->socket % 2 == 0;
    struct tern_datagram datagram = {
        .socket = (uint32_t)(SOCKET_RTP + 2 * to + rtcp),
        .local = packet->remote,
        .remote = from,
        .data = packet->data,
        .len = packet->len,
    };

    tn_stream_receive(&rig->side[to], &datagram);
}

void rig_exchange(struct rig *rig)
{
    struct packet packet;

    while (rig_next(rig, &packet)) {
        int from = packet.socket > 2;
        tern_addr source = rig->side[from].local;
        if (packet.socket % 2 == 0) source.port++;
        rig_deliver(rig, 1 - from, &packet, source);
    }
}

struct packet rig_say(struct rig *rig, int side)
{
    struct packet packet;

    rig_talk(rig, side, 8000);
    CHECK(rig_next_rtp(rig, side, &packet));
    return packet;
}

int rig_converse(struct rig *rig, int count)
{
    int16_t pcm[TERN_PCM_FRAME];
    int heard = 0;

    for (int i = 0; i < count; i++) {
        rig_talk(rig, 0, 8000);
        rig_talk(rig, 1, 8000);
        rig_exchange(rig);
        (void)tn_stream_take(&rig->side[0], pcm);
        heard += tn_stream_take(&rig->side[1], pcm);
        rig_advance(rig, TERN_MS(20));
    }
    return heard;
}

struct tern_media_stats rig_stats(const struct rig *rig, int side)
{
    struct tern_media_stats stats;

    tn_stream_stats(&rig->side[side], &stats);
    return stats;
}

void rig_set_keys(struct rig *rig, enum tn_srtp_suite suite, uint8_t seed)
{
    for (int i = 0; i < SIDES; i++) {
        struct tn_srtp_keys *keys = &rig->plan[i].keys;
        rig->plan[i].security = TN_PLAN_SDES;
        keys->suite = suite;
        memset(keys->send, seed + i, sizeof(keys->send));
        memset(keys->receive, seed + 1 - i, sizeof(keys->receive));
    }
}

void rig_configure(struct rig *rig)
{
    for (int i = 0; i < SIDES; i++)
        tn_stream_configure(&rig->side[i], &rig->plan[i]);
}

/* A sine by rotation: 400 Hz at 8000 Hz has 20 samples a period. */
void fill_tone(int16_t *pcm, size_t count, uint32_t *phase, int16_t level)
{
    static const int wave[20] = {0, 309,  588,  809,  951,  1000,  951,  809,  588,  309,
                                 0, -309, -588, -809, -951, -1000, -951, -809, -588, -309};

    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)(wave[(*phase)++ % 20] * level / 1000);
}

void rig_talk(struct rig *rig, int side, int16_t level)
{
    int16_t pcm[TERN_PCM_FRAME];
    uint32_t phase = 0; /* 160 samples are 8 periods */

    fill_tone(pcm, TERN_PCM_FRAME, &phase, level);
    CHECK_EQ(tn_stream_send(&rig->side[side], pcm), 0);
}

int64_t energy(const int16_t *pcm, size_t count)
{
    int64_t sum = 0;

    CHECK(count > 0);
    for (size_t i = 0; i < count; i++)
        sum += abs(pcm[i]);
    return sum / (int64_t)count;
}

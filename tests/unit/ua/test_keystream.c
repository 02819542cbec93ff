/* SPDX-License-Identifier: MIT */
/*
 * No key protects two packets with the same SSRC and index (RFC 3711 9.1), whatever is offered,
 * answered, refused and moved. A far end that says what it likes talks to one offer machine and one
 * stream; everything that leaves is remembered by its keystream.
 */
#include "media/stream.h"
#include "session/offer.h"

#include "tern_test.h"

#include "base/str.h"
#include "wire/sdp/crypto.h"

enum {
    STEPS = 1500,
    SLOTS = 1 << 18,
    LINES_MAX = 8,
    ADDRESSES = 3,
    SUITES = 4,
    CIPHERED_AT = 12, /* behind the RTP header */
    SILENCE = 0xd5,   /* of PCMA, the only codec here */
};

static const char *const suites[SUITES] = {
    "AEAD_AES_256_GCM",
    "AEAD_AES_128_GCM",
    "AES_256_CM_HMAC_SHA1_80",
    "AES_CM_128_HMAC_SHA1_80",
};

struct seen {
    uint64_t hash[SLOTS];
    size_t count;
};

struct world {
    struct tn_ctx ctx;
    struct tn_random dice;
    struct tn_offer offer;
    struct tn_stream stream;
    struct tn_srtp_keys keys; /* before the present step */
    tern_addr address[ADDRESSES];
    size_t at;
    char said[4000]; /* our offer */
    size_t protected, spent;
};

static struct seen seen;

static uint32_t roll(struct world *w, uint32_t sides)
{
    return tn_random_below(&w->dice, sides);
}

static void remember(uint64_t hash)
{
    size_t i = (size_t)hash % SLOTS;

    CHECK(seen.count < SLOTS / 2);
    for (; seen.hash[i] != 0; i = (i + 1) % SLOTS)
        CHECK(seen.hash[i] != hash); /* a two-time pad */
    seen.hash[i] = hash;
    seen.count++;
}

static uint64_t hash_of(const void *data, size_t len, uint8_t what)
{
    const uint8_t key[16] = {what};
    return tn_siphash(key, data, len) | 1;
}

static void remember_rtp(struct world *w, tern_str packet)
{
    char stream[16];

    CHECK(packet.len > CIPHERED_AT + 160);
    for (size_t i = 0; i < sizeof(stream); i++)
        stream[i] = (char)(packet.ptr[CIPHERED_AT + i] ^ (char)SILENCE);
    remember(hash_of(stream, sizeof(stream), 1));
    w->protected ++;
}

static void remember_rtcp(struct world *w, tern_str packet)
{
    struct tn_srtp_keys keys = w->stream.security.keys;
    uint8_t id[TN_SRTP_KEY_MAX + 8] = {0};

    uint32_t ssrc = (uint32_t)(uint8_t)packet.ptr[4] << 24 |
                    (uint32_t)(uint8_t)packet.ptr[5] << 16 | (uint32_t)(uint8_t)packet.ptr[6] << 8 |
                    (uint8_t)packet.ptr[7];
    if (ssrc != w->stream.sender.ssrc) keys = w->keys; /* the farewell of the one before */
    size_t tag = keys.suite < TN_SRTP_AEAD_AES_128_GCM ? 10 : 0;
    memcpy(id, keys.send, tn_srtp_key_len(keys.suite));
    memcpy(id + TN_SRTP_KEY_MAX, packet.ptr + 4, 4);
    memcpy(id + TN_SRTP_KEY_MAX + 4, packet.ptr + packet.len - tag - 4, 4);
    remember(hash_of(id, sizeof(id), 2));
}

static void drain(struct world *w)
{
    struct tern_output out;

    while (tn_next_output(&w->ctx, &out)) {
        if (out.type != TERN_OUT_DATAGRAM) continue;
        if (w->stream.security.state == TN_SECURITY_PLAIN) {
            CHECK(w->offer.opts.policy != TN_OFFER_SECURE); /* nothing leaves in the clear */
            continue;
        }
        if (((uint8_t)out.data.ptr[1] & 0x7f) >= 72) {
            remember_rtcp(w, out.data);
        } else {
            remember_rtp(w, out.data);
        }
    }
}

/* ---- what the far end says ---- */

static void put_key(struct world *w, struct tn_buf *body, uint32_t tag, tern_str suite)
{
    struct tn_sdes line = {.tag = tag, .suite = suite, .usable = true};

    line.key_len = tn_srtp_key_len(tn_srtp_suite_by_name(suite));
    tn_random_bytes(&w->dice, line.key, line.key_len);
    tn_buf_z(body, "a=crypto:");
    tn_sdes_print(&line, body);
    tn_buf_z(body, "\r\n");
}

static void put_head(struct world *w, struct tn_buf *body, bool rejected)
{
    static const char *const ways[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

    tn_buf_z(body, "v=0\r\no=x 5 6 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n");
    tn_buf_z(body, "m=audio ");
    tn_buf_u64(body, rejected ? 0 : 4000 + 2 * roll(w, 3));
    bool saved = w->offer.opts.policy == TN_OFFER_SECURE && roll(w, 5) > 0;
    tn_buf_z(body, saved ? " RTP/SAVP 8\r\n" : " RTP/AVP 8\r\n");
    tn_buf_z(body, "a=");
    tn_buf_z(body, ways[roll(w, 6) > 1 ? 0 : roll(w, 4)]);
    tn_buf_z(body, "\r\n");
}

static size_t read_said(struct world *w, struct tn_sdes lines[LINES_MAX])
{
    size_t count = 0;

    for (const char *at = w->said; count < LINES_MAX; at++) {
        at = strstr(at, "a=crypto:");
        if (!at) break;
        at += strlen("a=crypto:");
        tern_str value = {at, strcspn(at, "\r")};
        CHECK_EQ(tn_sdes_parse(value, &lines[count++]), 0);
    }
    return count;
}

static void use(struct world *w, int err, const struct tn_media_plan *plan)
{
    if (err != 0 && err != TERN_EUNSUPPORTED) return;
    if (plan->security == TN_PLAN_SDES && tn_security_is_spent(&w->stream.security, &plan->keys)) {
        w->spent++;
    }
    tn_stream_configure(&w->stream, plan);
}

static void take_answer(struct world *w)
{
    struct tn_sdes lines[LINES_MAX];
    size_t count = read_said(w, lines);
    uint32_t mood = roll(w, 12);
    struct tn_media_plan plan;
    struct tn_buf body;
    char room[4000];

    if (tn_offer_state(&w->offer) != TN_OFFER_LOCAL) return;
    tn_buf_fixed(&body, room, sizeof(room));
    put_head(w, &body, mood == 0);
    if (count > 0 && mood > 1) {
        const struct tn_sdes *line = &lines[roll(w, (uint32_t)count)];
        put_key(w, &body, line->tag + (mood == 2), line->suite);
    }
    memset(&plan, 0, sizeof(plan));
    int err = tn_offer_take_answer(&w->offer, tn_buf_view(&body), &plan);
    use(w, err, &plan);
}

static void take_offer(struct world *w)
{
    struct tn_offer_local local = {.rtp = w->address[w->at]};
    uint32_t mood = roll(w, 12);
    struct tn_media_plan plan;
    struct tn_buf body, answer;
    char room[4000], reply[4000];

    tn_buf_fixed(&body, room, sizeof(room));
    put_head(w, &body, mood == 0);
    for (uint32_t i = 1 + roll(w, 3); mood > 1 && i > 0; i--)
        put_key(w, &body, i, tn_str(suites[roll(w, SUITES)]));
    if (tn_offer_take(&w->offer, tn_buf_view(&body)) != 0) return;
    if (mood == 2) {
        tn_offer_rollback(&w->offer);
        return;
    }
    tn_buf_fixed(&answer, reply, sizeof(reply));
    CHECK_EQ(tn_offer_answer(&w->offer, &local, &answer, &plan), 0);
    use(w, 0, &plan);
}

/* ---- what we do ---- */

static void make(struct world *w)
{
    struct tn_offer_local local = {.rtp = w->address[w->at], .hold = roll(w, 8) == 0};
    struct tn_buf body;

    if (tn_offer_state(&w->offer) == TN_OFFER_LOCAL) return;
    memset(w->said, 0, sizeof(w->said));
    tn_buf_fixed(&body, w->said, sizeof(w->said) - 1);
    CHECK_EQ(tn_offer_make(&w->offer, &local, &body), 0);
}

static void talk(struct world *w)
{
    for (uint32_t i = roll(w, 40); i > 0; i--) {
        (void)tn_stream_send(&w->stream, NULL);
        drain(w);
        tern_time end = w->ctx.now + (roll(w, 30) == 0 ? TERN_SECONDS(3) : TERN_MS(20));
        while (tn_ctx_deadline(&w->ctx) <= end) {
            tn_ctx_enter(&w->ctx, tn_ctx_deadline(&w->ctx));
            CHECK(tn_ctx_fire(&w->ctx));
        }
        tn_ctx_enter(&w->ctx, end);
        drain(w);
    }
}

static void step(struct world *w)
{
    enum tn_offer_state state = tn_offer_state(&w->offer);

    w->keys = w->stream.security.keys;
    switch (roll(w, 16)) {
    case 0:
    case 1:
    case 2: make(w); break;
    case 3:
    case 4:
    case 5:
    case 6: take_answer(w); break;
    case 7:
    case 8: take_offer(w); break;
    case 9:
        if (state == TN_OFFER_LOCAL) tn_offer_rollback(&w->offer);
        break;
    case 10:
    case 11: (void)!tn_offer_reopen(&w->offer); break;
    case 12:
        w->at = roll(w, ADDRESSES);
        tn_stream_set_local(&w->stream, w->address[w->at]);
        break;
    case 13:
        if (roll(w, 50) == 0) tn_stream_change_ssrc(&w->stream); /* as a collision would */
        break;
    default: talk(w); break;
    }
    drain(w);
}

static void begin(struct world *w, uint8_t seed, enum tn_offer_policy policy)
{
    const uint8_t seeds[2][32] = {{seed, 1}, {seed, 2}};
    static const char *const addresses[] = {"10.0.0.1:5000", "10.0.9.1:5000", "10.0.9.1:5002"};

    memset(w, 0, sizeof(*w));
    CHECK_EQ(tn_ctx_init(&w->ctx, NULL, seeds[0]), 0);
    tn_ctx_enter(&w->ctx, TERN_SECONDS(1000));
    tn_random_init(&w->dice, seeds[1]);
    for (size_t i = 0; i < ADDRESSES; i++)
        CHECK_EQ(tern_addr_parse(tn_str(addresses[i]), &w->address[i]), 0);
    struct tn_offer_opts opts = {
        .alloc = &w->ctx.alloc,
        .session_id = 77,
        .codecs = {{TN_CODEC_PCMA, 8}},
        .codec_count = 1,
        .event_pt = -1,
        .policy = policy,
        .random = &w->ctx.random,
    };
    CHECK_EQ(tn_offer_init(&w->offer, &opts), 0);
    const struct tn_stream_opts stream = {
        .ctx = &w->ctx, .rtp_socket = 1, .rtcp_socket = 2, .ssrc = 7, .first_seq = 65000};
    CHECK_EQ(tn_stream_init(&w->stream, &stream), 0);
    tn_stream_set_local(&w->stream, w->address[0]);
}

static void no_history_of_offers_makes_a_key_protect_two_packets_alike(void)
{
    static struct world w;
    size_t protected = 0, spent = 0;

    for (uint8_t seed = 0; seed < 16; seed++) {
        memset(&seen, 0, sizeof(seen));
        begin(&w, seed, seed % 2 ? TN_OFFER_SECURE : TN_OFFER_OPPORTUNISTIC);
        for (int i = 0; i < STEPS; i++)
            step(&w);
        protected += w.protected;
        spent += w.spent;
        tn_stream_fini(&w.stream);
        tn_offer_fini(&w.offer);
        tn_ctx_fini(&w.ctx);
    }
    CHECK(protected > 20000);
    CHECK(spent > 10); /* keys did come back */
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(no_history_of_offers_makes_a_key_protect_two_packets_alike),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

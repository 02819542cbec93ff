/* SPDX-License-Identifier: MIT */
#include "media/srtp.h"

#include "../../tern_test.h"
#include "base/alloc.h"
#include "srtp_model.h"

#define RTP_LEN  172
#define RTCP_LEN 80
#define SSRC     0xcafebabeu

static const enum tn_srtp_suite suites[] = {
    TN_SRTP_AES_CM_128_HMAC_SHA1_80, TN_SRTP_AES_CM_128_HMAC_SHA1_32,
    TN_SRTP_AES_256_CM_HMAC_SHA1_80, TN_SRTP_AES_256_CM_HMAC_SHA1_32,
    TN_SRTP_AEAD_AES_128_GCM,        TN_SRTP_AEAD_AES_256_GCM,
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

static uint8_t master[TN_SRTP_KEY_MAX];
static struct tern_allocator alloc;
static struct tn_srtp *out_key, *in_key;

struct packet {
    size_t len;
    uint8_t bytes[512];
};

static uint8_t digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

    CHECK(at != NULL);
    return (uint8_t)(at - digits);
}

static void from_hex(const char *hex, uint8_t *out)
{
    for (; *hex; hex += 2)
        *out++ = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
}

static void check_hex(const uint8_t *got, const char *want)
{
    uint8_t bytes[256];

    from_hex(want, bytes);
    CHECK(memcmp(got, bytes, strlen(want) / 2) == 0);
}

static void start(enum tn_srtp_suite suite)
{
    alloc = tn_default_allocator();
    for (size_t i = 0; i < sizeof(master); i++)
        master[i] = (uint8_t)(i * 7 + 1);
    CHECK_EQ(tn_srtp_new(&alloc, suite, master, true, &out_key), 0);
    CHECK_EQ(tn_srtp_new(&alloc, suite, master, false, &in_key), 0);
}

static void stop(void)
{
    tn_srtp_free(out_key);
    tn_srtp_free(in_key);
}

static struct packet rtp(uint16_t sequence, uint32_t ssrc)
{
    struct packet packet = {RTP_LEN, {0x80, 0, (uint8_t)(sequence >> 8), (uint8_t)sequence}};

    for (int i = 0; i < 4; i++)
        packet.bytes[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    for (size_t i = 12; i < RTP_LEN; i++)
        packet.bytes[i] = (uint8_t)(i + sequence);
    return packet;
}

static struct packet rtcp(uint8_t mark)
{
    struct packet packet = {RTCP_LEN, {0x80, 200, 0, RTCP_LEN / 4 - 1, 0xca, 0xfe, 0xba, 0xbe}};

    memset(packet.bytes + 8, mark, RTCP_LEN - 8);
    return packet;
}

static struct packet sealed(uint16_t sequence)
{
    struct packet packet = rtp(sequence, SSRC);

    CHECK_EQ(tn_srtp_protect(out_key, packet.bytes, &packet.len, sizeof(packet.bytes)), 0);
    return packet;
}

static enum tn_srtp_verdict open_packet(const struct packet *packet, struct packet *clear)
{
    uint8_t bytes[TN_SRTP_PACKET];
    tern_str data = {(const char *)packet->bytes, packet->len};

    clear->len = 0;
    enum tn_srtp_verdict verdict = tn_srtp_unprotect(in_key, data, bytes, &clear->len);
    memcpy(clear->bytes, bytes, clear->len);
    return verdict;
}

static enum tn_srtp_verdict verdict_of(struct packet packet)
{
    struct packet clear;

    return open_packet(&packet, &clear);
}

/* RFC 3711 B.2 and B.3, RFC 6188 7.1 and 7.4, RFC 7714 16.1.1 and 16.1.2. */
static void the_model_agrees_with_the_vectors_of_the_rfcs(void)
{
    static const struct {
        enum tn_srtp_suite suite;
        const char *master, *key, *salt, *auth;
    } derive[] = {
        {TN_SRTP_AES_CM_128_HMAC_SHA1_80,
         "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6",
         "C61E7A93744F39EE10734AFE3FF7A087", "30CBBC08863D8C85D49DB34A9AE1",
         "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"},
        {TN_SRTP_AES_256_CM_HMAC_SHA1_80,
         "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
         "3b04803de51ee7c96423ab5b78d2",
         "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
         "fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"},
    };
    static const struct {
        const char *key, *iv, *stream;
    } streams[] = {
        {"2B7E151628AED2A6ABF7158809CF4F3C", "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000",
         "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"},
        {"57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
         "f0f1f2f3f4f5f6f7f8f9fafbfcfd0000", "92bdd28a93c3f52511c677d08b5515a4"},
    };
    uint8_t bytes[64], key[32], iv[16], text[64];

    for (size_t i = 0; i < sizeof(derive) / sizeof(derive[0]); i++) {
        from_hex(derive[i].master, bytes);
        struct model model = model_of(derive[i].suite, bytes);
        model_derive(&model, 0, key, model.key_len);
        check_hex(key, derive[i].key);
        model_derive(&model, 1, key, 20);
        check_hex(key, derive[i].auth);
        model_derive(&model, 2, key, 14);
        check_hex(key, derive[i].salt);
    }
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        from_hex(streams[i].key, key);
        from_hex(streams[i].iv, iv);
        model_stream(key, strlen(streams[i].key) / 2, iv, text, 32);
        check_hex(text, streams[i].stream);
    }
    from_hex("000102030405060708090a0b0c0d0e0f", key);
    from_hex("51753c6580c2726f20718414", iv);
    from_hex("8040f17b8041f8d35501a0b2", bytes);
    from_hex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573", text);
    model_seal(&(struct model_gcm){key, 16, iv, {(const char *)bytes, 12}}, text, 38);
    check_hex(text, "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf88"
                    "33899d7f27beb16a9152cf765ee4390cce");
}

static void each_suite_makes_the_packets_that_the_rfcs_ask_for(void)
{
    for (size_t i = 0; i < SUITES; i++) {
        start(suites[i]);
        struct model model = model_of(suites[i], master);
        for (uint16_t sequence = 1000; sequence < 1003; sequence++) {
            struct packet ours = sealed(sequence), theirs = rtp(sequence, SSRC), clear;
            theirs.len = model_rtp(&model, 0, theirs.bytes, theirs.len);
            CHECK_EQ(ours.len, theirs.len);
            CHECK(memcmp(ours.bytes, theirs.bytes, ours.len) == 0);
            CHECK_EQ(open_packet(&theirs, &clear), TN_SRTP_NEWEST);
            struct packet plain = rtp(sequence, SSRC);
            CHECK_EQ(clear.len, plain.len);
            CHECK(memcmp(clear.bytes, plain.bytes, plain.len) == 0);
        }
        for (uint8_t n = 1; n < 4; n++) {
            struct packet ours = rtcp(n), theirs = rtcp(n);
            uint8_t clear[TN_SRTP_PACKET];
            size_t len = 0;
            CHECK_EQ(tn_srtp_protect_rtcp(out_key, ours.bytes, &ours.len, sizeof(ours.bytes)), 0);
            theirs.len = model_rtcp(&model, n, theirs.bytes, theirs.len);
            CHECK_EQ(ours.len, theirs.len);
            CHECK(memcmp(ours.bytes, theirs.bytes, ours.len) == 0);
            tern_str data = {(const char *)theirs.bytes, theirs.len};
            CHECK_EQ(tn_srtp_unprotect_rtcp(in_key, data, clear, &len), TN_SRTP_NEWEST);
            CHECK_EQ(len, RTCP_LEN);
            CHECK(memcmp(clear, rtcp(n).bytes, len) == 0);
            CHECK_EQ(tn_srtp_unprotect_rtcp(in_key, data, clear, &len), TN_SRTP_REPLAYED);
        }
        stop();
    }
}

static void order_is_told_by_the_index_also_across_the_wrap(void)
{
    static const struct {
        uint16_t sequence;
        enum tn_srtp_verdict verdict;
    } cases[] = {
        {65533, TN_SRTP_NEWEST},   {65535, TN_SRTP_NEWEST}, {65534, TN_SRTP_LATE},
        {65534, TN_SRTP_REPLAYED}, {1, TN_SRTP_NEWEST},     {65532, TN_SRTP_LATE},
        {0, TN_SRTP_LATE},         {1, TN_SRTP_REPLAYED},   {65535, TN_SRTP_REPLAYED},
        {2, TN_SRTP_NEWEST},
    };

    for (size_t s = 0; s < SUITES; s++) {
        struct packet packets[6];
        start(suites[s]);
        for (uint16_t i = 0; i < 6; i++)
            packets[i] = sealed((uint16_t)(65532 + i));
        struct packet last = sealed(2);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            uint16_t at = (uint16_t)(cases[i].sequence - 65532);
            CHECK_EQ(verdict_of(at < 6 ? packets[at] : last), cases[i].verdict);
        }
        stop();
    }
}

static void the_replay_window_is_1024_packets_wide(void)
{
    start(TN_SRTP_AEAD_AES_128_GCM);
    struct packet old = sealed(999), edge = sealed(1000);

    CHECK_EQ(verdict_of(sealed(1000 + TN_SRTP_WINDOW - 1)), TN_SRTP_NEWEST);
    CHECK_EQ(verdict_of(edge), TN_SRTP_LATE);
    CHECK_EQ(verdict_of(edge), TN_SRTP_REPLAYED);
    CHECK_EQ(verdict_of(old), TN_SRTP_REPLAYED);
    stop();
}

static void a_packet_with_any_bit_flipped_or_cut_is_forged(void)
{
    for (size_t s = 0; s < SUITES; s++) {
        start(suites[s]);
        CHECK_EQ(verdict_of(sealed(1)), TN_SRTP_NEWEST);
        struct packet good = sealed(2);
        for (size_t bit = 0; bit < good.len * 8; bit += 5) {
            struct packet bad = good;
            bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(verdict_of(bad) != TN_SRTP_NEWEST && verdict_of(bad) != TN_SRTP_LATE);
        }
        for (size_t len = 0; len < good.len; len++) {
            struct packet bad = good;
            bad.len = len;
            CHECK_EQ(verdict_of(bad), TN_SRTP_FORGED);
        }
        CHECK_EQ(verdict_of(rtp(3, SSRC)), TN_SRTP_FORGED);
        CHECK_EQ(verdict_of(good), TN_SRTP_NEWEST);
        stop();
    }
}

/* The first packets under a new key are lost, and with them the wrap of the sequence number. */
static void a_key_that_is_first_heard_behind_the_wrap_is_understood(void)
{
    for (size_t s = 0; s < SUITES; s++) {
        start(suites[s]);
        (void)sealed(65535);
        CHECK_EQ(verdict_of(sealed(0)), TN_SRTP_NEWEST);
        CHECK_EQ(verdict_of(sealed(1)), TN_SRTP_NEWEST);
        stop();
    }
}

static void looking_twice_at_a_fresh_key_has_an_end(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    for (uint16_t i = 0; i < 2 * TN_SRTP_WRAPTRY; i++)
        CHECK_EQ(verdict_of(rtp(i, SSRC + i)), TN_SRTP_FORGED);
    CHECK_EQ(verdict_of(sealed(7)), TN_SRTP_NEWEST);
    stop();
}

static void a_number_is_never_used_twice_with_a_key(void)
{
    start(TN_SRTP_AEAD_AES_256_GCM);
    (void)sealed(10);
    struct packet again = rtp(10, SSRC);
    CHECK_EQ(tn_srtp_protect(out_key, again.bytes, &again.len, sizeof(again.bytes)), TERN_EINVAL);
    CHECK_EQ(again.len, RTP_LEN);
    stop();
}

static void the_sources_under_one_key_are_bounded(void)
{
    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    for (uint32_t i = 0; i <= TN_SRTP_SOURCES; i++) {
        struct packet packet = rtp(1, SSRC + i);
        CHECK_EQ(tn_srtp_protect(out_key, packet.bytes, &packet.len, sizeof(packet.bytes)), 0);
        CHECK_EQ(verdict_of(packet), i < TN_SRTP_SOURCES ? TN_SRTP_NEWEST : TN_SRTP_FORGED);
    }
    /* One that comes back plays, and leads again from its second packet on. */
    CHECK_EQ(verdict_of(sealed(2)), TN_SRTP_LATE);
    CHECK_EQ(verdict_of(sealed(3)), TN_SRTP_NEWEST);
    stop();
}

static void what_cannot_be_is_refused(void)
{
    struct tn_srtp *none = NULL;
    struct packet packet = rtp(1, SSRC);

    start(TN_SRTP_AES_CM_128_HMAC_SHA1_80);
    CHECK_EQ(tn_srtp_prepare(), 0);
    CHECK_EQ(tn_srtp_new(&alloc, TN_SRTP_NONE, master, true, &none), TERN_EINVAL);
    CHECK(none == NULL);
    CHECK_EQ(tn_srtp_protect(out_key, packet.bytes, &packet.len, RTP_LEN + 4), TERN_ENOBUF);
    packet.len = 11;
    CHECK_EQ(tn_srtp_protect(out_key, packet.bytes, &packet.len, 100), TERN_EINVAL);
    packet.len = 7;
    CHECK_EQ(tn_srtp_protect_rtcp(out_key, packet.bytes, &packet.len, 100), TERN_EINVAL);
    stop();
    tn_srtp_free(NULL);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_model_agrees_with_the_vectors_of_the_rfcs),
        TEST(each_suite_makes_the_packets_that_the_rfcs_ask_for),
        TEST(order_is_told_by_the_index_also_across_the_wrap),
        TEST(the_replay_window_is_1024_packets_wide),
        TEST(a_packet_with_any_bit_flipped_or_cut_is_forged),
        TEST(a_key_that_is_first_heard_behind_the_wrap_is_understood),
        TEST(looking_twice_at_a_fresh_key_has_an_end),
        TEST(a_number_is_never_used_twice_with_a_key),
        TEST(the_sources_under_one_key_are_bounded),
        TEST(what_cannot_be_is_refused),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* DTLS-SRTP between two ends on a network that loses, repeats and reorders: RFC 6347, RFC 5764. */
#include "crypto/dtls_impl.h"
#include "crypto/pem.h"
#include "crypto/random.h"
#include "rig.h"
#include "tern_test.h"

enum { QUEUE = 256, LATENCY_MS = 20 };

static const struct tern_allocator libc = {0};
static struct rig_identity ids[2];

/* Ends: 0 is active, 1 is passive. */
static struct tn_dtls_ctx *ctx[2];
static struct tn_dtls *end[2];

/* What is on its way, and what the network does with the nth datagram. */
static struct packet {
    int64_t at;
    int to;
    size_t len;
    uint8_t bytes[TN_DTLS_MTU];
} queue[QUEUE];
static size_t queued, sent;
static size_t lose_from, lose_until; /* by number, from 1 */
static unsigned loss_percent;
static bool shuffle, twice;
static struct tn_random chance;

static void fingerprint_of(int of, const char *hash, char out[TN_FINGERPRINT_MAX])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    STACK_OF(X509) * certs;

    CHECK_EQ(tn_pem_certs(rig_cert(&ids[of]), &certs), 0);
    CHECK_EQ(X509_digest(sk_X509_value(certs, 0), EVP_get_digestbyname(hash), bytes, &len), 1);
    sk_X509_pop_free(certs, X509_free);
    size_t at = (size_t)snprintf(out, TN_FINGERPRINT_MAX, "%.3s-%s ", hash, hash + 3);
    for (unsigned int i = 0; i < len; i++)
        at += (size_t)snprintf(out + at, TN_FINGERPRINT_MAX - at, i ? ":%02x" : "%02x", bytes[i]);
}

static void start_with(const struct tern_allocator *alloc)
{
    rig_set_day(1);
    queued = sent = lose_from = lose_until = loss_percent = 0;
    shuffle = twice = false;
    for (int i = 0; i < 2; i++)
        CHECK_EQ(tn_dtls_ctx_new(alloc, rig_cert(&ids[i]), rig_key(&ids[i]), &ctx[i]), 0);
}

static void associate(const char *active_expects, const char *passive_expects)
{
    CHECK_EQ(tn_dtls_new(ctx[0], true, tern_cstr(active_expects), &end[0]), 0);
    CHECK_EQ(tn_dtls_new(ctx[1], false, tern_cstr(passive_expects), &end[1]), 0);
    for (int i = 1; i >= 0; i--)
        CHECK_EQ(tn_dtls_start(end[i]), 0);
}

static void start(void)
{
    start_with(&libc);
    associate(tn_dtls_fingerprint(ctx[1]), tn_dtls_fingerprint(ctx[0]));
}

static void stop(void)
{
    for (int i = 0; i < 2; i++) {
        tn_dtls_free(end[i]);
        tn_dtls_ctx_free(ctx[i]);
        end[i] = NULL;
        ctx[i] = NULL;
    }
}

static void put(int to, tern_str datagram)
{
    int64_t late = shuffle ? tn_random_below(&chance, 60) : 0;

    CHECK(queued < QUEUE);
    struct packet *packet = &queue[queued++];
    *packet = (struct packet){rig_now + TERN_MS(LATENCY_MS + late), to, datagram.len, {0}};
    memcpy(packet->bytes, datagram.ptr, datagram.len);
}

/* What answers a stranger goes to the stranger, and not over this network. */
static bool is_for_stranger(int from)
{
    unsigned char hello[TN_DTLS_HELLO_BYTES] = {0};

    if (from == 0 || tn_dtls_state(end[1]) != TN_DTLS_HANDSHAKE) return false;
    (void)SSL_get_client_random(end[0]->ssl, hello, sizeof(hello));
    return memcmp(hello, end[1]->hello, sizeof(hello)) != 0;
}

static void collect(int from)
{
    tern_str datagram;

    while (tn_dtls_take(end[from], &datagram)) {
        CHECK(datagram.len > 0 && datagram.len <= TN_DTLS_MTU);
        if (is_for_stranger(from)) continue;
        sent++;
        if (sent >= lose_from && sent < lose_until) continue;
        if (tn_random_below(&chance, 100) < loss_percent) continue;
        put(1 - from, datagram);
        if (twice) put(1 - from, datagram);
    }
}

static int64_t next_time(void)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < queued; i++)
        if (queue[i].at < next) next = queue[i].at;
    for (int i = 0; i < 2; i++) {
        tern_time in;
        if (tn_dtls_due(end[i], &in) && rig_now + in < next) next = rig_now + in;
    }
    return next;
}

static void deliver(void)
{
    for (size_t i = 0; i < queued;) {
        if (queue[i].at > rig_now) {
            i++;
            continue;
        }
        struct packet packet = queue[i];
        memmove(&queue[i], &queue[i + 1], (--queued - i) * sizeof(*queue));
        if (tn_dtls_receive(end[packet.to], packet.bytes, packet.len) != 0)
            CHECK_EQ(tn_dtls_state(end[packet.to]), TN_DTLS_FAILED);
        collect(packet.to);
    }
}

/* Until nothing happens any more. @return milliseconds */
static int64_t run(void)
{
    int64_t began = rig_now;

    for (int i = 0; i < 2; i++)
        collect(i);
    for (int steps = 0;; steps++) {
        int64_t next = next_time();
        if (next == INT64_MAX) break;
        CHECK(steps < 10000);
        rig_now = next;
        deliver();
        for (int i = 0; i < 2; i++) {
            tern_time in;
            if (tn_dtls_due(end[i], &in) && in == 0)
                if (tn_dtls_timeout(end[i]) != 0) CHECK_EQ(tn_dtls_state(end[i]), TN_DTLS_FAILED);
            collect(i);
        }
    }
    return (rig_now - began) / 1000;
}

static bool is_open(void)
{
    return tn_dtls_state(end[0]) == TN_DTLS_OPEN && tn_dtls_state(end[1]) == TN_DTLS_OPEN;
}

static void check_keys(enum tn_srtp_suite suite)
{
    struct tn_srtp_keys a, b;
    size_t len = tn_srtp_key_len(suite);

    CHECK_EQ(tn_dtls_keys(end[0], &a), 0);
    CHECK_EQ(tn_dtls_keys(end[1], &b), 0);
    CHECK_EQ(a.suite, suite);
    CHECK_EQ(b.suite, suite);
    CHECK(memcmp(a.send, b.receive, TN_SRTP_KEY_MAX) == 0);
    CHECK(memcmp(a.receive, b.send, TN_SRTP_KEY_MAX) == 0);
    CHECK(memcmp(a.send, a.receive, len - 14) != 0);
    CHECK(memcmp(a.send + len - 12, a.receive + len - 12, 12) != 0);
    for (size_t i = len; i < TN_SRTP_KEY_MAX; i++)
        CHECK_EQ(a.send[i], 0);
}

static void both_ends_have_the_same_keys_after_two_round_trips(void)
{
    struct tn_srtp_keys keys;

    start();
    CHECK_EQ(tn_dtls_start(end[0]), TERN_ESTATE);
    CHECK_EQ(tn_dtls_keys(end[0], &keys), TERN_ESTATE);
    CHECK_EQ(run(), 4 * LATENCY_MS);
    CHECK(is_open());
    check_keys(TN_SRTP_AEAD_AES_256_GCM);
    stop();
}

static void the_best_suite_of_both_is_used(void)
{
    static const struct {
        const char *profiles;
        enum tn_srtp_suite suite;
    } cases[] = {
        {"SRTP_AES128_CM_SHA1_80", TN_SRTP_AES_CM_128_HMAC_SHA1_80},
        {"SRTP_AEAD_AES_128_GCM", TN_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AEAD_AES_256_GCM", TN_SRTP_AEAD_AES_256_GCM},
        {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", TN_SRTP_AES_CM_128_HMAC_SHA1_80},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (int who = 0; who < 2; who++) {
            start_with(&libc);
            CHECK_EQ(SSL_CTX_set_tlsext_use_srtp(ctx[who]->ssl, cases[i].profiles), 0);
            associate(tn_dtls_fingerprint(ctx[1]), tn_dtls_fingerprint(ctx[0]));
            (void)run();
            CHECK(is_open());
            check_keys(cases[i].suite);
            stop();
        }
    }
}

/* RFC 5764 4.1.1: without a profile in common there are no keys. */
static void a_far_end_without_srtp_is_refused(void)
{
    for (int who = 0; who < 2; who++) {
        start_with(&libc);
        SSL_CTX_free(ctx[who]->ssl);
        ctx[who]->ssl = SSL_CTX_new(DTLS_method());
        CHECK_EQ(tn_pem_use(ctx[who]->ssl, rig_cert(&ids[who]), rig_key(&ids[who])), 0);
        associate(tn_dtls_fingerprint(ctx[1]), tn_dtls_fingerprint(ctx[0]));
        (void)run();
        CHECK_EQ(tn_dtls_state(end[1 - who]), TN_DTLS_FAILED);
        CHECK_EQ(tn_dtls_state(end[who]), TN_DTLS_FAILED);
        stop();
    }
}

static void older_versions_are_refused(void)
{
    for (int who = 0; who < 2; who++) {
        start_with(&libc);
        SSL_CTX_set_security_level(ctx[who]->ssl, 0);
        CHECK_EQ(SSL_CTX_set_min_proto_version(ctx[who]->ssl, DTLS1_VERSION), 1);
        CHECK_EQ(SSL_CTX_set_max_proto_version(ctx[who]->ssl, DTLS1_VERSION), 1);
        CHECK_EQ(SSL_CTX_set_cipher_list(ctx[who]->ssl, "ALL:@SECLEVEL=0"), 1);
        associate(tn_dtls_fingerprint(ctx[1]), tn_dtls_fingerprint(ctx[0]));
        (void)run();
        CHECK_EQ(tn_dtls_state(end[0]), TN_DTLS_FAILED);
        CHECK_EQ(tn_dtls_state(end[1]), TN_DTLS_FAILED);
        stop();
    }
}

static void fingerprints_of_each_hash_are_believed(void)
{
    static const char *const hashes[] = {"sha1", "sha256", "sha384", "sha512"};
    char expect[2][TN_FINGERPRINT_MAX];

    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
        start_with(&libc);
        for (int of = 0; of < 2; of++)
            fingerprint_of(of, hashes[i], expect[of]);
        associate(expect[1], expect[0]);
        (void)run();
        CHECK(is_open());
        stop();
    }
    start_with(&libc);
    CHECK_EQ(tn_dtls_new(ctx[0], true, TERN_STR("md5 00"), &end[0]), TERN_EPARSE);
    CHECK_EQ(tn_dtls_new(ctx[0], true, TERN_STR(""), &end[0]), TERN_EPARSE);
    stop();
}

/* RFC 5763 5: who is in the middle has another certificate. */
static void another_certificate_than_that_of_the_fingerprint_is_refused(void)
{
    static const char why[] = "the far end's certificate is not the one of its a=fingerprint";
    struct tn_srtp_keys keys;

    for (int who = 0; who < 2; who++) {
        start_with(&libc);
        associate(tn_dtls_fingerprint(ctx[who == 0 ? 0 : 1]),
                  tn_dtls_fingerprint(ctx[who == 1 ? 1 : 0]));
        (void)run();
        CHECK_EQ(tn_dtls_state(end[who]), TN_DTLS_FAILED);
        CHECK(strcmp(tn_dtls_reason(end[who]), why) == 0);
        CHECK_EQ(tn_dtls_state(end[1 - who]), TN_DTLS_FAILED);
        CHECK(strstr(tn_dtls_reason(end[1 - who]), "the far end refused: ") != NULL);
        CHECK_EQ(tn_dtls_keys(end[0], &keys), TERN_ESTATE);
        CHECK_EQ(tn_dtls_receive(end[who], queue[0].bytes, 100), TERN_EPARSE);
        CHECK_EQ(tn_dtls_timeout(end[who]), 0);
        stop();
    }
}

/* RFC 6347 4.1.1.1: certificates of 2 KiB go in fragments of the MTU. */
static void long_certificates_go_in_fragments(void)
{
    struct rig_identity usual = ids[1];
    char names[8 * 250 + 1];

    memset(names, 'a', sizeof(names) - 1);
    for (size_t i = 249; i < sizeof(names) - 1; i += 250)
        names[i] = ' ';
    names[sizeof(names) - 2] = '\0';
    rig_make(&ids[1], names, NULL);
    for (size_t lost = 0; lost < 8; lost++) {
        start();
        lose_from = lost;
        lose_until = lost + 1;
        (void)run();
        CHECK(is_open() && sent > 4);
        stop();
    }
    rig_free(&ids[1]);
    ids[1] = usual;
}

static void any_one_datagram_may_be_lost(void)
{
    for (size_t n = 1; n < 12; n++) {
        start();
        lose_from = n;
        lose_until = n + 1;
        int64_t took = run();
        CHECK(is_open());
        CHECK(took <= 4 * LATENCY_MS + 250 + 2 * LATENCY_MS);
        check_keys(TN_SRTP_AEAD_AES_256_GCM);
        stop();
    }
}

static void a_whole_second_may_be_lost_at_any_point(void)
{
    for (size_t n = 1; n < 8; n++) {
        start();
        lose_from = n;
        lose_until = n + 5;
        CHECK(run() < 10000);
        CHECK(is_open());
        stop();
    }
}

static void heavy_loss_repetition_and_disorder_only_delay(void)
{
    uint8_t seed[32] = {7};
    int64_t worst = 0;

    tn_random_init(&chance, seed);
    for (int i = 0; i < 60; i++) {
        start();
        loss_percent = 30;
        shuffle = true;
        twice = i % 2;
        int64_t took = run();
        CHECK(is_open());
        check_keys(TN_SRTP_AEAD_AES_256_GCM);
        if (took > worst) worst = took;
        stop();
    }
    CHECK(worst < 20000);
}

/* 250 ms, doubling, at most 4 s; and an end. */
static void an_active_end_that_hears_nothing_repeats_itself_and_gives_up(void)
{
    static const int64_t want_ms[] = {250, 500, 1000, 2000, 4000, 4000, 4000};
    tern_str datagram;
    tern_time in;

    start();
    CHECK(tn_dtls_take(end[0], &datagram));
    CHECK(!tn_dtls_take(end[0], &datagram));
    CHECK(!tn_dtls_due(end[1], &in));
    for (size_t i = 0; i < sizeof(want_ms) / sizeof(*want_ms); i++) {
        CHECK(tn_dtls_due(end[0], &in));
        CHECK_EQ(in, TERN_MS(want_ms[i]));
        rig_now += in / 2;
        CHECK_EQ(tn_dtls_timeout(end[0]), 0); /* too early: nothing */
        CHECK(!tn_dtls_take(end[0], &datagram));
        rig_now += in - in / 2;
        CHECK(tn_dtls_due(end[0], &in));
        CHECK_EQ(in, 0);
        CHECK_EQ(tn_dtls_timeout(end[0]), 0);
        CHECK(tn_dtls_take(end[0], &datagram));
    }
    lose_from = 1;
    lose_until = SIZE_MAX;
    CHECK(run() < 60000);
    CHECK_EQ(tn_dtls_state(end[0]), TN_DTLS_FAILED);
    CHECK(strcmp(tn_dtls_reason(end[0]), "the far end does not answer the DTLS handshake") == 0);
    stop();
}

/* The last flight is the passive end's: it is OPEN and must answer a repetition all the same. */
static void an_open_end_repeats_its_last_flight(void)
{
    start();
    lose_from = 4; /* of ClientHello, ServerHello…, Certificate…, Finished */
    lose_until = 5;
    for (int i = 0; i < 2; i++)
        collect(i);
    while (tn_dtls_state(end[1]) != TN_DTLS_OPEN) {
        rig_now = next_time();
        deliver();
    }
    CHECK_EQ(sent, 4);
    CHECK_EQ(tn_dtls_state(end[0]), TN_DTLS_HANDSHAKE);
    (void)run();
    CHECK(is_open());
    check_keys(TN_SRTP_AEAD_AES_256_GCM);
    stop();
}

/* Strangers say hello and no more. @return flights that the passive end made for it */
static size_t flood(int hellos)
{
    size_t flights = 0;

    for (int i = 0; i < hellos; i++) {
        struct tn_dtls *stranger;
        tern_str datagram;
        CHECK_EQ(tn_dtls_new(ctx[0], true, tern_cstr(tn_dtls_fingerprint(ctx[1])), &stranger), 0);
        CHECK_EQ(tn_dtls_start(stranger), 0);
        CHECK(tn_dtls_take(stranger, &datagram));
        CHECK_EQ(tn_dtls_receive(end[1], datagram.ptr, datagram.len), 0);
        while (tn_dtls_take(end[1], &datagram))
            flights++;
        tn_dtls_free(stranger);
    }
    return flights;
}

static void strangers_who_say_hello_cost_little_and_only_delay(void)
{
    start();
    CHECK_EQ(flood(200), 1);
    CHECK(run() < 1000);
    CHECK(is_open());
    check_keys(TN_SRTP_AEAD_AES_256_GCM);
    CHECK_EQ(flood(5), 0); /* nor do they take an association away */
    CHECK(is_open());
    stop();
}

static void what_is_no_dtls_is_ignored(void)
{
    static const uint8_t cases[][20] = {
        {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42},       /* STUN */
        {0x80, 0x00, 0x12, 0x34},                               /* RTP */
        {0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, /* a length that is not there */
        {0x17, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 7},       /* of an epoch that is to come */
        {0x3f, 0xfe, 0xfd},
        {0x14, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1, 1}, /* ChangeCipherSpec, too early */
    };
    static uint8_t huge[TN_DTLS_DATAGRAM_MAX + 1] = {0x16, 0xfe, 0xfd};
    tern_str datagram;

    for (int phase = 0; phase < 2; phase++) {
        start();
        if (phase == 1) (void)run();
        enum tn_dtls_state before = tn_dtls_state(end[1]);
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
            CHECK_EQ(tn_dtls_receive(end[1], cases[i], sizeof(cases[i])), 0);
        CHECK_EQ(tn_dtls_receive(end[1], huge, sizeof(huge)), 0);
        CHECK_EQ(tn_dtls_receive(end[1], huge, 1), 0);
        CHECK_EQ(tn_dtls_receive(end[1], huge, 0), 0);
        CHECK_EQ(tn_dtls_state(end[1]), before);
        CHECK(!tn_dtls_take(end[1], &datagram));
        (void)run();
        CHECK(is_open());
        stop();
    }
}

/* A record that was tampered with is dropped, not believed (RFC 6347 4.1.2.7); the timer mends it. */
static void a_tampered_finished_is_dropped(void)
{
    start();
    for (int i = 0; i < 2; i++)
        collect(i);
    while (sent < 3) {
        rig_now = next_time();
        deliver();
    }
    CHECK_EQ(queued, 1);
    queue[0].bytes[queue[0].len - 1] ^= 1;
    (void)run();
    CHECK(is_open());
    stop();
}

/* What arrives again, long after, is known to be old. */
static void replayed_flights_change_nothing(void)
{
    struct packet seen[16];
    struct tn_srtp_keys before, after;
    size_t count = 0;

    start();
    for (int i = 0; i < 2; i++)
        collect(i);
    while (queued > 0) {
        CHECK(count < 16);
        seen[count++] = queue[0];
        rig_now = next_time();
        deliver();
    }
    CHECK(is_open());
    CHECK_EQ(tn_dtls_keys(end[1], &before), 0);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(tn_dtls_receive(end[seen[i].to], seen[i].bytes, seen[i].len), 0);
    (void)run();
    CHECK(is_open());
    CHECK_EQ(tn_dtls_keys(end[1], &after), 0);
    CHECK(memcmp(&before, &after, sizeof(after)) == 0);
    stop();
}

static void close_notify_closes(void)
{
    struct tn_srtp_keys keys;

    start();
    tn_dtls_close(end[0]); /* too early */
    (void)run();
    tn_dtls_close(end[0]);
    (void)run();
    CHECK_EQ(tn_dtls_state(end[1]), TN_DTLS_CLOSED);
    CHECK_EQ(tn_dtls_keys(end[1], &keys), TERN_ESTATE);
    CHECK_EQ(tn_dtls_receive(end[1], queue[0].bytes, 50), 0);
    stop();
}

static void unusable_pem_is_refused(void)
{
    tern_str cert = rig_cert(&ids[0]), key = rig_key(&ids[0]), other = rig_key(&ids[1]);

    CHECK_EQ(tn_dtls_ctx_new(&libc, cert, other, &ctx[0]), TERN_EPARSE);
    CHECK_EQ(tn_dtls_ctx_new(&libc, cert, TERN_STR(""), &ctx[0]), TERN_EPARSE);
    CHECK_EQ(tn_dtls_ctx_new(&libc, TERN_STR("junk"), key, &ctx[0]), TERN_EPARSE);
    CHECK(ctx[0] == NULL);
}

/* Whatever fails costs a datagram at most: the handshake is made all the same. */
static void every_allocation_may_fail(void)
{
    for (long n = 1;; n++) {
        struct rig_memory memory = {.fail_at = n};
        struct tern_allocator alloc = rig_allocator(&memory);
        int err = tn_dtls_ctx_new(&alloc, rig_cert(&ids[0]), rig_key(&ids[0]), &ctx[0]);
        if (!err) err = tn_dtls_ctx_new(&alloc, rig_cert(&ids[1]), rig_key(&ids[1]), &ctx[1]);
        if (!err) {
            rig_set_day(1);
            tern_str expect[2] = {tern_cstr(tn_dtls_fingerprint(ctx[0])),
                                  tern_cstr(tn_dtls_fingerprint(ctx[1]))};
            err = tn_dtls_new(ctx[0], true, expect[1], &end[0]);
            if (!err) err = tn_dtls_new(ctx[1], false, expect[0], &end[1]);
        }
        if (!err) {
            CHECK_EQ(tn_dtls_start(end[0]), 0);
            (void)run();
            CHECK(is_open());
        }
        CHECK(err == 0 || err == TERN_ENOMEM);
        stop();
        CHECK_EQ(memory.live, 0);
        if (memory.count < n) break;
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(both_ends_have_the_same_keys_after_two_round_trips),
        TEST(the_best_suite_of_both_is_used),
        TEST(a_far_end_without_srtp_is_refused),
        TEST(older_versions_are_refused),
        TEST(fingerprints_of_each_hash_are_believed),
        TEST(another_certificate_than_that_of_the_fingerprint_is_refused),
        TEST(long_certificates_go_in_fragments),
        TEST(any_one_datagram_may_be_lost),
        TEST(a_whole_second_may_be_lost_at_any_point),
        TEST(heavy_loss_repetition_and_disorder_only_delay),
        TEST(an_active_end_that_hears_nothing_repeats_itself_and_gives_up),
        TEST(an_open_end_repeats_its_last_flight),
        TEST(strangers_who_say_hello_cost_little_and_only_delay),
        TEST(what_is_no_dtls_is_ignored),
        TEST(a_tampered_finished_is_dropped),
        TEST(replayed_flights_change_nothing),
        TEST(close_notify_closes),
        TEST(unusable_pem_is_refused),
        TEST(every_allocation_may_fail),
    };
    uint8_t seed[32] = {1};

    tn_random_init(&chance, seed);
    for (int i = 0; i < 2; i++)
        rig_make(&ids[i], "", NULL);
    int result = run_tests(tests, sizeof(tests) / sizeof(*tests), argc, argv);
    for (int i = 0; i < 2; i++)
        rig_free(&ids[i]);
    return result;
}

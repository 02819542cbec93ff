/* SPDX-License-Identifier: MIT */
/*
 * Tags, branches, Call-IDs, nonces of ours, SSRCs, ports and first numbers come from the seed and
 * from nothing else: the same seed gives the same, another one shares none, and none tells the next.
 */
#include "base/str.h"
#include "peer.h"

#define CALLS 24

/* What one call shows to the far end. */
struct shown {
    char branch[40], tag[40], call_id[64], session[32];
    unsigned long cseq, port, ssrc, sequence, timestamp;
};

static struct world world;
static struct host *alice, *peer;
static uint8_t seed;
static struct shown *present;
static void (*take_sip)(struct host *host, const char *data, size_t len, tern_addr remote);

static void tune(struct tern_endpoint_opts *opts)
{
    memset(opts->seed, seed, sizeof(opts->seed));
}

static unsigned long number(const char *data, size_t bytes)
{
    unsigned long n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)data[i];
    return n;
}

static void take(struct host *host, const char *data, size_t len, tern_addr remote)
{
    bool is_rtp = len > 12 && ((unsigned char)data[0] & 0xc0) == 0x80 && (data[1] & 0x7f) < 64;
    if (is_rtp && present->ssrc == 0) {
        present->sequence = number(data + 2, 2);
        present->timestamp = number(data + 4, 4);
        present->ssrc = number(data + 8, 4);
    }
    take_sip(host, data, len, remote);
}

static void copy_after(char *out, size_t room, const char *text, const char *mark, const char *end)
{
    const char *at = strstr(text, mark);
    CHECK(at != NULL);
    at += strlen(mark);
    snprintf(out, room, "%.*s", (int)strcspn(at, end), at);
}

static bool answer(struct host *host, const char *text)
{
    struct peer_answer reply = {.status = "200 OK", .tag = "far"};
    char port[16];
    if (strncmp(text, "ACK", 3) == 0) return true;
    if (strncmp(text, "INVITE", 6) == 0) {
        reply.headers = "Contact: <sip:bob@10.0.0.7>\r\n";
        reply.body = PEER_SDP;
        copy_after(present->branch, sizeof(present->branch), text, "branch=", ";\r");
        copy_after(present->tag, sizeof(present->tag), text, ";tag=", "\r");
        copy_after(present->call_id, sizeof(present->call_id), text, "Call-ID: ", "\r");
        copy_after(present->session, sizeof(present->session), text, "\r\no=- ", " ");
        copy_after(port, sizeof(port), text, "m=audio ", " ");
        present->port = strtoul(port, NULL, 10);
        present->cseq = strtoul(peer_header(text, "CSeq"), NULL, 10);
    }
    peer_reply(host, text, &reply);
    return true;
}

static void live(uint8_t with_seed, struct shown calls[CALLS])
{
    seed = with_seed;
    memset(calls, 0, CALLS * sizeof(calls[0]));
    world_start(&world, TERN_MS(5));
    alice = world_host(&world, "alice", "10.0.1.1", tune);
    peer = peer_new(&world, "10.0.0.7");
    peer_of(peer)->answer = answer;
    take_sip = peer->take;
    peer->take = take;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@10.0.1.1", NULL, NULL);
    for (int i = 0; i < CALLS; i++) {
        present = &calls[i];
        host_call(alice, "sip:bob@10.0.0.7");
        world_run(&world, TERN_MS(100));
        CHECK(present->ssrc != 0);
        CHECK_EQ(tern_call_hangup(alice->ep, world.now, alice->call, 0), 0);
        world_run(&world, TERN_MS(100));
    }
    world_end(&world);
}

static struct shown a[CALLS], b[CALLS];

static bool all_equal(void)
{
    return memcmp(a, b, sizeof(a)) == 0;
}

static void the_same_seed_gives_the_same(void)
{
    live(1, a);
    live(1, b);
    CHECK(all_equal());
}

static void share_nothing(const struct shown *x, const struct shown *y)
{
    CHECK(strcmp(x->branch, y->branch) != 0);
    CHECK(strcmp(x->tag, y->tag) != 0);
    CHECK(strcmp(x->call_id, y->call_id) != 0);
    CHECK(strcmp(x->session, y->session) != 0);
    CHECK(x->ssrc != y->ssrc);
    CHECK(x->timestamp != y->timestamp);
    CHECK(strcmp(x->tag, y->call_id) != 0);
}

static void two_seeds_share_nothing_and_no_call_repeats_another(void)
{
    live(1, a);
    live(2, b);
    for (int i = 0; i < CALLS; i++) {
        for (int k = 0; k < CALLS; k++) {
            share_nothing(&a[i], &b[k]);
            if (i == k) continue;
            share_nothing(&a[i], &a[k]);
            share_nothing(&b[i], &b[k]);
        }
    }
}

/* How many values of a small number stand in the calls of one life. */
static int kinds_of(size_t at)
{
    int kinds = 0;
    for (int i = 0; i < CALLS; i++) {
        bool fresh = true;
        for (int k = 0; k < i; k++) {
            fresh = fresh && memcmp((char *)&a[i] + at, (char *)&a[k] + at, sizeof(long)) != 0;
        }
        kinds += fresh;
    }
    return kinds;
}

/* A counter has the same step between each two; a draw from thousands hardly ever comes twice. */
static void check_steps(size_t at)
{
    int equal = 0;
    CHECK(kinds_of(at) >= CALLS - 3);
    for (int i = 2; i < CALLS; i++) {
        unsigned long n[3];
        for (int k = 0; k < 3; k++)
            memcpy(&n[k], (char *)&a[i - k] + at, sizeof(n[k]));
        equal += n[0] - n[1] == n[1] - n[2];
    }
    CHECK(equal <= 2);
}

static void nothing_is_counted(void)
{
    live(3, a);
    check_steps(offsetof(struct shown, cseq));
    check_steps(offsetof(struct shown, port));
    check_steps(offsetof(struct shown, ssrc));
    check_steps(offsetof(struct shown, sequence));
    check_steps(offsetof(struct shown, timestamp));
}

/* RFC 3261 19.3 asks for 32 random bits in a tag; each place of a token takes many values. */
static void each_character_of_a_token_is_drawn(void)
{
    static char *const tokens[] = {a[0].tag, a[0].call_id, a[0].branch + 7};
    live(4, a);
    for (size_t t = 0; t < sizeof(tokens) / sizeof(tokens[0]); t++) {
        size_t len = strlen(tokens[t]);
        CHECK(len >= 8);
        for (size_t i = 0; i < len; i++) {
            unsigned long long seen = 0;
            int kinds = 0;
            for (int c = 0; c < CALLS; c++) {
                unsigned bit =
                    (unsigned char)*((char *)&a[c] + (tokens[t] - (char *)&a[0]) + i) & 63;
                kinds += !(seen >> bit & 1);
                seen |= 1ULL << bit;
            }
            CHECK(kinds >= 8);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_same_seed_gives_the_same),
        TEST(two_seeds_share_nothing_and_no_call_repeats_another),
        TEST(nothing_is_counted),
        TEST(each_character_of_a_token_is_drawn),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

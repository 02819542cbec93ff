/* SPDX-License-Identifier: MIT */
/* Names: against a name server of the test's own, on loopback. RFC 1035, RFC 2782. */
#include "../../../drivers/uv/srv.h"
#include "drive.h"
#include "tern_test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct drive drive;
static struct tern_endpoint *ep;
static struct tern_uv *uv;

/* ---- the name server ---- */

static uv_udp_t server;
static unsigned asked, ignored;

static const uint8_t srv_data[] = {0xc0, 0x0c, 0, 33, 0,    1,    0, 0,   1,   44,  0,    12,
                                   0,    10,   0, 60, 0x13, 0xc4, 3, 's', 'i', 'p', 0xc0, 0x16};
/* 10 20 "s" "SIP+D2U" "" sip.<the name asked for> */
static const uint8_t naptr_data[] = {0xc0, 0x0c, 0,   35,  0,  1, 0,   0,   0,   9,    0,
                                     21,   0,    10,  0,   20, 1, 's', 7,   'S', 'I',  'P',
                                     '+',  'D',  '2', 'U', 0,  3, 's', 'i', 'p', 0xc0, 0x0c};
static const uint8_t a_data[] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 77, 0, 4, 192, 0, 2, 5};

/* _sip has an SRV record, "sip" an address, "rules" a NAPTR record, "empty" nothing, "broken" half a record, "deaf" no
 * answer, "angry" a refusal; all else does not exist. */
static size_t answer(uint8_t *m, size_t len)
{
    char label[64] = {0};
    const uint8_t *data = NULL;
    size_t data_len = 0;

    memcpy(label, m + 13, m[12] < 60 ? m[12] : 60);
    m[2] = 0x81; /* response, recursion desired */
    m[3] = 0x80;
    m[10] = m[11] = 0;
    if (strcmp(label, "_sip") == 0) data = srv_data, data_len = sizeof(srv_data);
    if (strcmp(label, "sip") == 0) data = a_data, data_len = sizeof(a_data);
    if (strcmp(label, "rules") == 0) data = naptr_data, data_len = sizeof(naptr_data);
    if (strcmp(label, "broken") == 0) data = srv_data, data_len = sizeof(srv_data) - 3;
    if (strcmp(label, "angry") == 0) m[3] |= 5;
    if (strcmp(label, "missing") == 0) m[3] |= 3;
    if (!data) return len;
    m[7] = 1;
    memcpy(m + len, data, data_len);
    return len + data_len;
}

static void give_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static char room[2048];

    (void)handle;
    (void)size;
    *buf = uv_buf_init(room, sizeof(room));
}

static void hear(uv_udp_t *handle, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from,
                 unsigned flags)
{
    uint8_t message[4096];

    (void)flags;
    if (len < 12 || !from) return;
    asked++;
    if (ignored > 0) {
        ignored--;
        return;
    }
    /* What follows the question (EDNS) is cut off. */
    memcpy(message, buf->base, (size_t)len);
    size_t end = 12;
    while (message[end] != 0) {
        end += message[end] + 1U;
    }
    uv_buf_t out = uv_buf_init((char *)message, (unsigned)answer(message, end + 5));
    CHECK(uv_udp_try_send(handle, &out, 1, from) > 0);
}

static void begin(void)
{
    struct sockaddr_in at;
    struct tern_uv_opts opts;
    int len = sizeof(at);
    char servers[64];

    drive_init(&drive);
    CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &at), 0);
    CHECK_EQ(uv_udp_init(&drive.loop, &server), 0);
    CHECK_EQ(uv_udp_bind(&server, (struct sockaddr *)&at, 0), 0);
    CHECK_EQ(uv_udp_getsockname(&server, (struct sockaddr *)&at, &len), 0);
    CHECK_EQ(uv_udp_recv_start(&server, give_room, hear), 0);
    asked = ignored = 0;
    snprintf(servers, sizeof(servers), "127.0.0.1:%d", ntohs(at.sin_port));
    ep = fake_new();
    tern_uv_opts_init(&opts);
    opts.loop = &drive.loop;
    opts.no_monitor = true;
    opts.dns_servers = (tern_str){servers, strlen(servers)};
    CHECK_EQ(tern_uv_new(ep, &opts, &uv), 0);
}

static void end(void)
{
    uv_close((uv_handle_t *)&server, NULL);
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

static const struct fake_input *resolve(const char *name, uint16_t type)
{
    size_t before = fake_count(ep, FAKE_RESOLVED);

    fake_want(ep, (struct tern_output){.type = TERN_OUT_RESOLVE,
                                       .id = 40,
                                       .dns_type = type,
                                       .data = {name, strlen(name)}});
    CHECK(drive_until(&drive, ep, FAKE_RESOLVED, before + 1));
    CHECK_EQ(fake_nth(ep, FAKE_RESOLVED, before)->id, 40);
    return fake_nth(ep, FAKE_RESOLVED, before);
}

static void an_srv_record_comes_with_its_lifetime(void)
{
    begin();
    const struct fake_input *got = resolve("_sip._udp.example.test", TERN_DNS_SRV);
    CHECK(!got->failed);
    CHECK_EQ(got->count, 1);
    CHECK_EQ(got->records[0].type, TERN_DNS_SRV);
    CHECK_EQ(got->records[0].priority, 10);
    CHECK_EQ(got->records[0].weight, 60);
    CHECK_EQ(got->records[0].port, 5060);
    CHECK_EQ(got->records[0].ttl_s, 300);
    CHECK(strcmp(got->target, "sip.example.test") == 0);
    end();
}

static void a_naptr_record_leads_to_its_replacement(void)
{
    begin();
    const struct fake_input *got = resolve("rules.example.test", TERN_DNS_NAPTR);
    CHECK(!got->failed);
    CHECK_EQ(got->count, 1);
    CHECK_EQ(got->records[0].priority, 10);
    CHECK_EQ(got->records[0].weight, 20);
    CHECK_EQ(got->records[0].ttl_s, 9);
    CHECK(!got->records[0].regexp);
    CHECK(strcmp(got->target, "sip.rules.example.test") == 0);
    end();
}

static void an_address_comes_with_its_lifetime(void)
{
    begin();
    const struct fake_input *got = resolve("sip.example.test", TERN_DNS_A);
    CHECK_EQ(got->count, 1);
    CHECK_EQ(got->records[0].ttl_s, 77);
    CHECK(tern_addr_equal(got->records[0].addr, drive_addr("192.0.2.5")));
    end();
}

/* RFC 6761 6.3 */
static void localhost_needs_no_server(void)
{
    static const struct {
        const char *name;
        uint16_t type;
        const char *addr;
    } cases[] = {
        {"localhost", TERN_DNS_A, "127.0.0.1"},   {"LocalHost.", TERN_DNS_AAAA, "::1"},
        {"a.localhost", TERN_DNS_A, "127.0.0.1"}, {"_sip._udp.localhost", TERN_DNS_SRV, NULL},
        {"localhost", TERN_DNS_NAPTR, NULL},
    };

    begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fake_input *got = resolve(cases[i].name, cases[i].type);
        CHECK(!got->failed);
        CHECK_EQ(got->count, cases[i].addr != NULL);
        if (cases[i].addr) CHECK(tern_addr_equal(got->records[0].addr, drive_addr(cases[i].addr)));
    }
    CHECK_EQ(asked, 0);
    CHECK_EQ(resolve("notlocalhost", TERN_DNS_SRV)->count, 0);
    CHECK_EQ(asked, 1);
    end();
}

static void a_name_without_such_a_record_is_no_failure_but_a_refusal_is(void)
{
    static const struct {
        const char *name;
        uint16_t type;
        bool failed;
    } cases[] = {
        {"missing.example.test", TERN_DNS_A, false},
        {"missing.example.test", TERN_DNS_SRV, false},
        {"empty.example.test", TERN_DNS_AAAA, false},
        {"empty.example.test", TERN_DNS_SRV, false},
        {"angry.example.test", TERN_DNS_A, true},
        {"angry.example.test", TERN_DNS_SRV, true},
        {"broken.example.test", TERN_DNS_SRV, true},
        {"missing.example.test", TERN_DNS_NAPTR, false},
        {"angry.example.test", TERN_DNS_NAPTR, true},
        {"not..a..name", TERN_DNS_A, true},
        {"example.test", 99, true},
    };

    begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fake_input *got = resolve(cases[i].name, cases[i].type);
        CHECK_EQ(got->count, 0);
        if (got->failed != cases[i].failed) printf("%s\n", cases[i].name);
        CHECK_EQ(got->failed, cases[i].failed);
    }
    end();
}

static void after_a_change_of_network_a_pending_name_is_asked_again_at_once(void)
{
    begin();
    ignored = 1;
    fake_want(ep, (struct tern_output){.type = TERN_OUT_RESOLVE,
                                       .id = 41,
                                       .dns_type = TERN_DNS_A,
                                       .data = TERN_STR("sip.example.test")});
    tern_time start = tern_uv_now(uv);
    drive_for(&drive, 50);
    CHECK_EQ(asked, 1);
    CHECK_EQ(fake_count(ep, FAKE_RESOLVED), 0);
    ep->network.address_count = 1;
    CHECK(drive_until(&drive, ep, FAKE_RESOLVED, 1));
    CHECK_EQ(fake_nth(ep, FAKE_RESOLVED, 0)->count, 1);
    CHECK(fake_nth(ep, FAKE_RESOLVED, 0)->now - start < TERN_SECONDS(2));
    end();
}

static void a_name_that_waits_dies_with_the_driver(void)
{
    begin();
    ignored = 1;
    fake_want(ep, (struct tern_output){.type = TERN_OUT_RESOLVE,
                                       .id = 41,
                                       .dns_type = TERN_DNS_A,
                                       .data = TERN_STR("sip.example.test")});
    drive_for(&drive, 20);
    end();
}

static void servers_that_are_no_addresses_are_refused(void)
{
    struct tern_uv_opts opts;
    struct tern_uv *none = NULL;

    ep = fake_new();
    tern_uv_opts_init(&opts);
    opts.no_monitor = true;
    opts.dns_servers = TERN_STR("not an address");
    CHECK_EQ(tern_uv_new(ep, &opts, &none), TERN_EINVAL);
    CHECK(!none);
    fake_free(ep);
}

static void cut_everywhere(const uint8_t *question, size_t question_len, const uint8_t *data,
                           size_t data_len, uint16_t type)
{
    uint8_t whole[128];
    struct tn_uv_srv out[4];
    size_t sum = question_len + data_len;

    CHECK(sum <= sizeof(whole));
    memcpy(whole, question, question_len);
    memcpy(whole + question_len, data, data_len);
    CHECK_EQ(tn_uv_srv_parse(whole, sum, type, out, 4), 1);
    for (size_t len = 0; len < sum; len++) {
        uint8_t *cut = malloc(len + 1);
        CHECK(cut);
        memcpy(cut, whole, len);
        CHECK(tn_uv_srv_parse(cut, len, type, out, 4) < 0);
        free(cut);
    }
    /* Whatever the bytes are, nothing outside of them is read. */
    for (size_t at = question_len; at < sum; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            whole[at] ^= (uint8_t)(1U << bit);
            uint8_t *same = malloc(sum);
            CHECK(same);
            memcpy(same, whole, sum);
            CHECK(tn_uv_srv_parse(same, sum, type, out, 4) <= 1);
            free(same);
            whole[at] ^= (uint8_t)(1U << bit);
        }
    }
}

static void every_cut_of_an_answer_is_survived(void)
{
    static const uint8_t srv[] = {0,   1,   0x81, 0x80, 0,   1,   0,   1,   0, 0, 0,  0, 4, '_',
                                  's', 'i', 'p',  4,    '_', 'u', 'd', 'p', 0, 0, 33, 0, 1};
    static const uint8_t naptr[] = {0, 1, 0x81, 0x80, 0, 1, 0,  1, 0, 0,
                                    0, 0, 1,    'a',  0, 0, 35, 0, 1};

    cut_everywhere(srv, sizeof(srv), srv_data, sizeof(srv_data), TERN_DNS_SRV);
    cut_everywhere(naptr, sizeof(naptr), naptr_data, sizeof(naptr_data), TERN_DNS_NAPTR);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_srv_record_comes_with_its_lifetime),
        TEST(a_naptr_record_leads_to_its_replacement),
        TEST(an_address_comes_with_its_lifetime),
        TEST(localhost_needs_no_server),
        TEST(a_name_without_such_a_record_is_no_failure_but_a_refusal_is),
        TEST(after_a_change_of_network_a_pending_name_is_asked_again_at_once),
        TEST(a_name_that_waits_dies_with_the_driver),
        TEST(servers_that_are_no_addresses_are_refused),
        TEST(every_cut_of_an_answer_is_survived),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

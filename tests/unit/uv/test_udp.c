/* SPDX-License-Identifier: MIT */
/* UDP of the uv driver, on loopback addresses. */
#include "drive.h"
#include "tern_test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct drive drive;
static struct tern_endpoint *ep;
static struct tern_uv *uv;

static void begin(void)
{
    drive_init(&drive);
    ep = fake_new();
    uv = drive_attach(&drive, ep);
}

static void end(void)
{
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

/* @return the port of socket `id`. */
static uint16_t open_socket(uint32_t id, bool media)
{
    size_t before = fake_count(ep, FAKE_SOCKET_OPENED);

    fake_want(ep, (struct tern_output){.type = TERN_OUT_UDP_OPEN, .id = id, .media = media});
    tern_uv_flush(uv);
    CHECK_EQ(fake_count(ep, FAKE_SOCKET_OPENED), before + 1);
    const struct fake_input *opened = fake_nth(ep, FAKE_SOCKET_OPENED, before);
    CHECK_EQ(opened->id, id);
    CHECK(opened->port != 0);
    return opened->port;
}

static void want_datagram(uint32_t id, const char *local, const char *remote, uint16_t port,
                          tern_str data)
{
    struct tern_output out = {.type = TERN_OUT_DATAGRAM, .id = id, .data = data};

    if (local) out.local = drive_addr(local);
    out.remote = drive_addr(remote);
    out.remote.port = port;
    fake_want(ep, out);
}

static void a_datagram_leaves_from_the_address_asked_for_and_tells_where_it_arrived(void)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"127.0.0.2", "127.0.0.3"},
        {"127.0.0.4", "127.0.0.2"},
        {"::1", "::1"},
    };

    begin();
    uint16_t one = open_socket(7, false), two = open_socket(8, true);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        want_datagram(7, cases[i].from, cases[i].to, two, TERN_STR("hello"));
        if (!drive_until(&drive, ep, FAKE_RECEIVED, i + 1)) {
            CHECK(strchr(cases[i].to, ':')); /* a host without IPv6 */
            CHECK_EQ(fake_count(ep, FAKE_SEND_FAILED), 1);
            break;
        }
        const struct fake_input *got = fake_nth(ep, FAKE_RECEIVED, i);
        tern_addr from = drive_addr(cases[i].from), to = drive_addr(cases[i].to);
        from.port = one;
        to.port = two;
        CHECK_EQ(got->id, 8);
        CHECK(tern_addr_equal(got->local, to));
        CHECK(tern_addr_equal(got->remote, from));
        CHECK(got->data.len == 5 && memcmp(got->data.ptr, "hello", 5) == 0);
    }
    end();
}

static void many_datagrams_leave_in_order_and_the_largest_fits(void)
{
    static char big[60000];

    begin();
    uint16_t port = open_socket(2, false);
    for (int i = 0; i < 100; i++) {
        big[0] = (char)i;
        want_datagram(2, "127.0.0.1", "127.0.0.1", port, (tern_str){big, 200});
    }
    CHECK(drive_until(&drive, ep, FAKE_RECEIVED, 100));
    for (size_t i = 0; i < 100; i++) {
        CHECK_EQ(fake_nth(ep, FAKE_RECEIVED, i)->data.ptr[0], i);
    }
    want_datagram(2, "127.0.0.1", "127.0.0.1", port, (tern_str){big, sizeof(big)});
    CHECK(drive_until(&drive, ep, FAKE_RECEIVED, 101));
    CHECK_EQ(fake_nth(ep, FAKE_RECEIVED, 100)->data.len, sizeof(big));
    end();
}

static void a_source_address_that_is_gone_is_reported_and_spoils_nothing_else(void)
{
    begin();
    uint16_t port = open_socket(2, false);
    want_datagram(2, "127.0.0.1", "127.0.0.1", port, TERN_STR("one"));
    want_datagram(2, "192.0.2.77", "127.0.0.1", port, TERN_STR("two"));
    want_datagram(2, "127.0.0.1", "127.0.0.1", port, TERN_STR("three"));
    want_datagram(2, "127.0.0.1", "::1", port, TERN_STR("mixed"));
    want_datagram(99, "127.0.0.1", "127.0.0.1", port, TERN_STR("no such socket"));
    CHECK(drive_until(&drive, ep, FAKE_RECEIVED, 2));
    CHECK_EQ(fake_count(ep, FAKE_SEND_FAILED), 2);
    CHECK(tern_addr_same_host(fake_nth(ep, FAKE_SEND_FAILED, 1)->local, drive_addr("192.0.2.77")) ||
          tern_addr_same_host(fake_nth(ep, FAKE_SEND_FAILED, 0)->local, drive_addr("192.0.2.77")));
    CHECK_EQ(fake_nth(ep, FAKE_RECEIVED, 1)->data.len, 5);
    end();
}

static void a_port_in_use_is_refused_with_a_hint_and_is_free_after_closing(void)
{
    begin();
    uint16_t port = open_socket(2, false);
    fake_want(ep, (struct tern_output){.type = TERN_OUT_UDP_OPEN, .id = 3, .port = port});
    tern_uv_flush(uv);
    CHECK_EQ(fake_count(ep, FAKE_SOCKET_FAILED), 1);
    CHECK_EQ(fake_nth(ep, FAKE_SOCKET_FAILED, 0)->id, 3);
    CHECK(strstr(fake_nth(ep, FAKE_SOCKET_FAILED, 0)->data.ptr, "already in use"));
    fake_want(ep, (struct tern_output){.type = TERN_OUT_UDP_CLOSE, .id = 2});
    fake_want(ep, (struct tern_output){.type = TERN_OUT_UDP_OPEN, .id = 4, .port = port});
    tern_uv_flush(uv);
    CHECK_EQ(fake_count(ep, FAKE_SOCKET_OPENED), 2);
    CHECK_EQ(fake_nth(ep, FAKE_SOCKET_OPENED, 1)->port, port);
    end();
}

static void a_closed_port_at_the_far_end_is_no_failure(void)
{
    begin();
    open_socket(2, false);
    for (int i = 0; i < 3; i++) {
        want_datagram(2, "127.0.0.1", "127.0.0.1", 9, TERN_STR("anybody?"));
        drive_for(&drive, 20);
    }
    CHECK_EQ(fake_count(ep, FAKE_SEND_FAILED), 0);
    end();
}

static void a_core_without_room_is_asked_twice(void)
{
    begin();
    uint16_t port = open_socket(2, false);
    want_datagram(2, "127.0.0.1", "127.0.0.1", port, TERN_STR("one"));
    ep->busy = 1;
    CHECK(drive_until(&drive, ep, FAKE_RECEIVED, 1));
    CHECK_EQ(ep->busy, 0);
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_datagram_leaves_from_the_address_asked_for_and_tells_where_it_arrived),
        TEST(many_datagrams_leave_in_order_and_the_largest_fits),
        TEST(a_source_address_that_is_gone_is_reported_and_spoils_nothing_else),
        TEST(a_port_in_use_is_refused_with_a_hint_and_is_free_after_closing),
        TEST(a_closed_port_at_the_far_end_is_no_failure),
        TEST(a_core_without_room_is_asked_twice),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/* TCP of the uv driver, on loopback addresses. */
#include "drive.h"
#include "tern_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENER 5
#define CLIENT   6
#define SERVER   1000 /* the first id that the fake core gives */

static struct drive drive;
static struct tern_endpoint *ep;
static struct tern_uv *uv;
static uint16_t port;

static void begin(void)
{
    drive_init(&drive);
    ep = fake_new();
    uv = drive_attach(&drive, ep);
    fake_want(ep, (struct tern_output){
                      .type = TERN_OUT_LISTEN, .id = LISTENER, .local = drive_addr("127.0.0.1")});
    tern_uv_flush(uv);
    CHECK_EQ(fake_count(ep, FAKE_SOCKET_OPENED), 1);
    port = fake_nth(ep, FAKE_SOCKET_OPENED, 0)->port;
}

static void end(void)
{
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

static void want_connect(const char *local, uint16_t to_port)
{
    struct tern_output out = {.type = TERN_OUT_CONNECT, .id = CLIENT};

    out.local = drive_addr(local);
    out.remote = drive_addr("127.0.0.1");
    out.remote.port = to_port;
    fake_want(ep, out);
}

static void want_write(uint32_t id, tern_str data)
{
    fake_want(ep, (struct tern_output){.type = TERN_OUT_WRITE, .id = id, .data = data});
}

static void want_disconnect(uint32_t id, bool abort_it)
{
    fake_want(ep, (struct tern_output){.type = TERN_OUT_DISCONNECT, .id = id, .abort = abort_it});
}

static void join(void)
{
    want_connect("127.0.0.2", port);
    CHECK(drive_until(&drive, ep, FAKE_STREAM_OPENED, 1));
    CHECK(drive_until(&drive, ep, FAKE_STREAM_ACCEPTED, 1));
}

/* A far end that is not ours: connects to the listener. */
static int connect_plain(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void a_connection_comes_from_the_address_asked_for_and_carries_bytes_both_ways(void)
{
    begin();
    join();
    const struct fake_input *opened = fake_nth(ep, FAKE_STREAM_OPENED, 0);
    const struct fake_input *accepted = fake_nth(ep, FAKE_STREAM_ACCEPTED, 0);
    CHECK_EQ(opened->id, CLIENT);
    CHECK_EQ(accepted->id, LISTENER);
    CHECK(tern_addr_same_host(opened->local, drive_addr("127.0.0.2")));
    CHECK(tern_addr_equal(opened->local, accepted->remote));
    CHECK(tern_addr_equal(opened->remote, accepted->local));
    want_write(CLIENT, TERN_STR("there"));
    want_write(SERVER, TERN_STR("and back"));
    CHECK(drive_until(&drive, ep, FAKE_STREAM_RECEIVED, 2));
    CHECK_EQ(fake_bytes(ep, FAKE_STREAM_RECEIVED, SERVER), 5);
    CHECK_EQ(fake_bytes(ep, FAKE_STREAM_RECEIVED, CLIENT), 8);
    end();
}

static void what_was_written_arrives_although_the_stream_is_closed_right_after(void)
{
    static char data[400000];

    begin();
    join();
    want_write(CLIENT, (tern_str){data, sizeof(data)});
    want_write(CLIENT, (tern_str){data, sizeof(data)});
    want_disconnect(CLIENT, false);
    CHECK(drive_until(&drive, ep, FAKE_STREAM_CLOSED, 1));
    CHECK_EQ(fake_nth(ep, FAKE_STREAM_CLOSED, 0)->id, SERVER);
    CHECK(strstr(fake_nth(ep, FAKE_STREAM_CLOSED, 0)->data.ptr, "closed by the far end"));
    CHECK_EQ(fake_bytes(ep, FAKE_STREAM_RECEIVED, SERVER), 2 * sizeof(data));
    CHECK_EQ(fake_count(ep, FAKE_STREAM_CLOSED), 1); /* nothing about our own closing */
    end();
}

static void an_aborted_stream_is_reset(void)
{
    begin();
    join();
    want_disconnect(CLIENT, true);
    CHECK(drive_until(&drive, ep, FAKE_STREAM_CLOSED, 1));
    CHECK(strstr(fake_nth(ep, FAKE_STREAM_CLOSED, 0)->data.ptr, "reset"));
    end();
}

static void a_far_end_that_does_not_read_is_given_up_at_a_bound(void)
{
    static char data[1000000];

    begin();
    int fd = connect_plain();
    CHECK(drive_until(&drive, ep, FAKE_STREAM_ACCEPTED, 1));
    for (int i = 0; i < 20; i++) {
        want_write(SERVER, (tern_str){data, sizeof(data)});
    }
    CHECK(drive_until(&drive, ep, FAKE_STREAM_CLOSED, 1));
    CHECK(strstr(fake_nth(ep, FAKE_STREAM_CLOSED, 0)->data.ptr, "does not read"));
    close(fd);
    end();
}

static void connecting_to_nobody_or_from_nowhere_fails_with_a_reason(void)
{
    begin();
    want_connect("127.0.0.1", 9);
    CHECK(drive_until(&drive, ep, FAKE_STREAM_CLOSED, 1));
    CHECK(strstr(fake_nth(ep, FAKE_STREAM_CLOSED, 0)->data.ptr, "refused"));
    want_connect("192.0.2.77", port);
    CHECK(drive_until(&drive, ep, FAKE_STREAM_CLOSED, 2));
    CHECK(strstr(fake_nth(ep, FAKE_STREAM_CLOSED, 1)->data.ptr, "does not have that address"));
    fake_want(ep, (struct tern_output){
                      .type = TERN_OUT_LISTEN, .id = 9, .local = drive_addr("192.0.2.77")});
    CHECK(drive_until(&drive, ep, FAKE_SOCKET_FAILED, 1));
    end();
}

static void a_core_without_room_gets_the_same_bytes_later(void)
{
    begin();
    join();
    ep->busy = 7;
    want_write(CLIENT, TERN_STR("patience"));
    CHECK(drive_until(&drive, ep, FAKE_STREAM_RECEIVED, 1));
    want_write(CLIENT, TERN_STR(" please"));
    CHECK(drive_until(&drive, ep, FAKE_STREAM_RECEIVED, 2));
    CHECK_EQ(fake_bytes(ep, FAKE_STREAM_RECEIVED, SERVER), 15);
    end();
}

static void a_connection_that_the_core_refuses_is_closed(void)
{
    char byte;

    begin();
    ep->refuse_accept = 1;
    int fd = connect_plain();
    drive_for(&drive, 50);
    CHECK_EQ(recv(fd, &byte, 1, 0), 0);
    close(fd);
    join();
    end();
}

static void without_descriptors_a_listener_rests_and_recovers(void)
{
    struct rlimit limit, tight;

    begin();
    int fd = connect_plain();
    int lowest = dup(fd);
    CHECK(lowest >= 0);
    close(lowest);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    tight = limit;
    tight.rlim_cur = (rlim_t)lowest;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    drive_for(&drive, 100);
    CHECK_EQ(fake_count(ep, FAKE_STREAM_ACCEPTED), 0);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    int another = connect_plain(); /* valgrind, out of descriptors, loses the first one */
    CHECK(drive_until(&drive, ep, FAKE_STREAM_ACCEPTED, 1));
    close(another);
    close(fd);
    end();
}

static void an_unlistened_port_is_free_and_its_connections_go_on(void)
{
    begin();
    join();
    fake_want(ep, (struct tern_output){.type = TERN_OUT_UNLISTEN, .id = LISTENER});
    fake_want(ep, (struct tern_output){.type = TERN_OUT_LISTEN,
                                       .id = LISTENER,
                                       .local = drive_addr("127.0.0.1"),
                                       .port = port});
    CHECK(drive_until(&drive, ep, FAKE_SOCKET_OPENED, 2));
    want_write(CLIENT, TERN_STR("still here"));
    CHECK(drive_until(&drive, ep, FAKE_STREAM_RECEIVED, 1));
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_connection_comes_from_the_address_asked_for_and_carries_bytes_both_ways),
        TEST(what_was_written_arrives_although_the_stream_is_closed_right_after),
        TEST(an_aborted_stream_is_reset),
        TEST(a_far_end_that_does_not_read_is_given_up_at_a_bound),
        TEST(connecting_to_nobody_or_from_nowhere_fails_with_a_reason),
        TEST(a_core_without_room_gets_the_same_bytes_later),
        TEST(a_connection_that_the_core_refuses_is_closed),
        TEST(without_descriptors_a_listener_rests_and_recovers),
        TEST(an_unlistened_port_is_free_and_its_connections_go_on),
    };

    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * The network monitor, in a network namespace of its own with TUN devices for Wi-Fi and LTE.
 * Where namespaces or TUN devices are not permitted, it says so and tests what can be tested.
 */
#include "drive.h"
#include "tern_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct drive drive;
static struct tern_endpoint *ep;
static struct tern_uv *uv;
static bool permitted;

static void begin(uint32_t poll_ms)
{
    struct tern_uv_opts opts;

    drive_init(&drive);
    ep = fake_new();
    tern_uv_opts_init(&opts);
    opts.loop = &drive.loop;
    opts.poll_ms = poll_ms;
    CHECK_EQ(tern_uv_new(ep, &opts, &uv), 0);
}

static void end(void)
{
    tern_uv_free(uv);
    drive_fini(&drive);
    fake_free(ep);
}

/* ---- changing the network ---- */

static void do_ioctl(unsigned long what, void *arg)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    CHECK(fd >= 0);
    if (ioctl(fd, what, arg) != 0) {
        perror("ioctl");
        abort();
    }
    close(fd);
}

static struct ifreq request(const char *name)
{
    struct ifreq ifr;

    memset(&ifr, 0, sizeof(ifr));
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
    return ifr;
}

static void put_ip(struct sockaddr *to, const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    tern_addr addr = drive_addr(text);

    memcpy(&in.sin_addr, addr.ip, 4);
    memcpy(to, &in, sizeof(in));
}

static void set_address(const char *name, const char *text)
{
    struct ifreq ifr = request(name);

    put_ip(&ifr.ifr_addr, text);
    do_ioctl(SIOCSIFADDR, &ifr);
    if (strcmp(text, "0.0.0.0") == 0) return; /* removed */
    put_ip(&ifr.ifr_netmask, "255.255.255.0");
    do_ioctl(SIOCSIFNETMASK, &ifr);
}

static void set_up(const char *name, bool up)
{
    struct ifreq ifr = request(name);

    do_ioctl(SIOCGIFFLAGS, &ifr);
    ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
    do_ioctl(SIOCSIFFLAGS, &ifr);
}

static void add_default_route(char *name, int metric)
{
    struct rtentry route;

    memset(&route, 0, sizeof(route));
    route.rt_dev = name;
    route.rt_flags = RTF_UP;
    route.rt_metric = (short)(metric + 1); /* as the ioctl counts */
    put_ip(&route.rt_dst, "0.0.0.0");
    put_ip(&route.rt_genmask, "0.0.0.0");
    do_ioctl(SIOCADDRT, &route);
}

static int open_tun(const char *name)
{
    struct ifreq ifr = request(name);
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0) return -1;
    ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &ifr) == 0) return fd;
    close(fd);
    return -1;
}

static const struct tern_net_address *find(const char *text)
{
    return tern_network_find(&ep->network, drive_addr(text));
}

static bool until_found(const char *text, bool there)
{
    tern_time start = tern_uv_now(uv);

    while ((find(text) != NULL) != there) {
        if (tern_uv_now(uv) - start > TERN_SECONDS(10)) return false;
        drive_for(&drive, 5);
    }
    return true;
}

/* ---- tests ---- */

static void the_first_snapshot_is_there_when_the_driver_is(void)
{
    begin(0);
    if (permitted) {
        CHECK_EQ(fake_count(ep, FAKE_NETWORK), 1);
        CHECK(find("127.0.0.1"));
        CHECK_EQ(find("127.0.0.1")->kind, TERN_LINK_LOOPBACK);
    }
    end();
    begin(50);
    CHECK_EQ(fake_count(ep, FAKE_NETWORK) > 0, ep->network.address_count > 0);
    end();
}

static void a_phone_that_leaves_wi_fi_for_lte_is_seen(void)
{
    static char wlan[] = "wlan0", lte[] = "lte0";
    tern_addr source;

    if (!permitted) return;
    int wlan_fd = open_tun(wlan), lte_fd = open_tun(lte);
    if (wlan_fd < 0 || lte_fd < 0) {
        printf("  skipped: TUN devices are not permitted\n");
        return;
    }
    begin(0);
    set_up(wlan, true);
    set_address(wlan, "192.0.2.10");
    add_default_route(wlan, 100);
    CHECK(until_found("192.0.2.10", true));
    drive_for(&drive, 20);
    CHECK_EQ(find("192.0.2.10")->kind, TERN_LINK_WIFI);
    CHECK_EQ(find("192.0.2.10")->prefix_len, 24);
    CHECK_EQ(ep->network.routes[0].metric, 100);
    CHECK_EQ(ep->network.routes[0].prefix_len, 0);

    set_up(lte, true);
    set_address(lte, "203.0.113.10");
    add_default_route(lte, 600);
    CHECK(until_found("203.0.113.10", true));
    drive_for(&drive, 20);
    CHECK_EQ(find("203.0.113.10")->kind, TERN_LINK_CELLULAR);
    CHECK_EQ(tern_network_source(&ep->network, drive_addr("198.51.100.1"), &source), 0);
    CHECK(tern_addr_same_host(source, drive_addr("192.0.2.10")));

    set_up(wlan, false); /* its routes vanish without a notice */
    CHECK(until_found("192.0.2.10", false));
    CHECK_EQ(tern_network_source(&ep->network, drive_addr("198.51.100.1"), &source), 0);
    CHECK(tern_addr_same_host(source, drive_addr("203.0.113.10")));
    close(lte_fd);
    CHECK(until_found("203.0.113.10", false));
    CHECK_EQ(ep->network.route_count, 0);
    close(wlan_fd);
    end();
}

static void an_address_that_is_replaced_is_noticed_within_milliseconds(void)
{
    static char name[] = "wlan1";

    if (!permitted) return;
    int fd = open_tun(name);
    if (fd < 0) return;
    set_up(name, true);
    set_address(name, "192.0.2.20");
    begin(0);
    CHECK(find("192.0.2.20"));
    set_address(name, "192.0.2.21");
    CHECK(until_found("192.0.2.21", true));
    CHECK(!find("192.0.2.20"));
    set_address(name, "0.0.0.0");
    CHECK(until_found("192.0.2.21", false));
    close(fd);
    end();
}

static void the_poll_sees_the_same(void)
{
    static char name[] = "wlan2";

    if (!permitted) return;
    int fd = open_tun(name);
    if (fd < 0) return;
    begin(10);
    set_up(name, true);
    set_address(name, "192.0.2.30");
    CHECK(until_found("192.0.2.30", true));
    CHECK_EQ(find("192.0.2.30")->kind, TERN_LINK_WIFI);
    set_up(name, false);
    CHECK(until_found("192.0.2.30", false));
    close(fd);
    end();
}

/* Reads what leaves a TUN device. @return whether one of our datagrams did. */
static bool left_by(int tun)
{
    uint8_t packet[2048];
    ssize_t len;

    while ((len = read(tun, packet, sizeof(packet))) > 0) {
        if (len == 28 + 4 && packet[9] == IPPROTO_UDP) return true;
    }
    return false;
}

static void old_and_new_path_are_used_side_by_side(void)
{
    static char wlan[] = "wlan3", lte[] = "lte3";
    static const char *const sources[] = {"192.0.2.40", "203.0.113.40"};

    if (!permitted) return;
    int tun[2] = {open_tun(wlan), open_tun(lte)};
    if (tun[0] < 0 || tun[1] < 0) return;
    set_up(wlan, true);
    set_address(wlan, sources[0]);
    add_default_route(wlan, 100);
    set_up(lte, true);
    set_address(lte, sources[1]);
    add_default_route(lte, 600);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(fcntl(tun[i], F_SETFL, O_NONBLOCK), 0);
    }
    begin(0);
    fake_want(ep, (struct tern_output){.type = TERN_OUT_UDP_OPEN, .id = 3});
    for (int i = 0; i < 2; i++) {
        struct tern_output out = {.type = TERN_OUT_DATAGRAM, .id = 3, .data = TERN_STR("here")};
        out.local = drive_addr(sources[i]);
        out.remote = drive_addr("198.51.100.1:5060");
        left_by(tun[0]);
        left_by(tun[1]);
        fake_want(ep, out);
        drive_for(&drive, 20);
        CHECK_EQ(left_by(tun[0]), i == 0);
        CHECK_EQ(left_by(tun[1]), i == 1);
    }
    CHECK_EQ(fake_count(ep, FAKE_SEND_FAILED), 0);
    close(tun[0]);
    close(tun[1]);
    end();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_first_snapshot_is_there_when_the_driver_is),
        TEST(a_phone_that_leaves_wi_fi_for_lte_is_seen),
        TEST(an_address_that_is_replaced_is_noticed_within_milliseconds),
        TEST(the_poll_sees_the_same),
        TEST(old_and_new_path_are_used_side_by_side),
    };

    permitted = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (permitted) {
        set_up("lo", true);
    } else {
        printf("skipped in part: network namespaces are not permitted here\n");
    }
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

/* SPDX-License-Identifier: MIT */
/*
 * The core on nothing but poll(2). The program splits in two: Alice at 127.0.0.2 calls Bob at
 * 127.0.0.3, they listen to each other for a second, she hangs up. Exit status 0 if all that worked.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tern/tern.h>

static struct tern_endpoint *ep;
static tern_addr self;
static tern_call call;
static int heard;
static bool ended;

/* Open sockets; none is closed before the end. */
static struct pollfd polled[8];
static struct tern_datagram sockets[8];
static nfds_t count;

static tern_time now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return TERN_SECONDS(t.tv_sec) + t.tv_nsec / 1000;
}

static void check(int err)
{
    if (err >= 0) return;
    fprintf(stderr, "%s\n", tern_strerror(err));
    exit(1);
}

/* What the core wants done: sockets and datagrams. There is no TCP and no name to look up here. */
static void carry_out(const struct tern_output *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET};

    if (out->type == TERN_OUT_DATAGRAM) {
        memcpy(&in.sin_addr, out->remote.ip, 4);
        in.sin_port = htons(out->remote.port);
        for (nfds_t i = 0; i < count; i++) {
            if (sockets[i].socket != out->id) continue;
            sendto(polled[i].fd, out->data.ptr, out->data.len, 0, (void *)&in, sizeof(in));
        }
    } else if (out->type == TERN_OUT_UDP_OPEN && count < 8) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        memcpy(&in.sin_addr, self.ip, 4);
        in.sin_port = htons(out->port);
        if (bind(fd, (void *)&in, sizeof(in)) != 0) {
            close(fd);
            tern_socket_failed(ep, now(), out->id, TERN_STR("port in use"));
            return;
        }
        polled[count] = (struct pollfd){.fd = fd, .events = POLLIN};
        sockets[count] = (struct tern_datagram){.socket = out->id, .local = self};
        sockets[count++].local.port = out->port;
        tern_socket_opened(ep, now(), out->id, out->port);
    }
}

static void receive(struct tern_datagram *datagram, int fd)
{
    static char data[65536];
    struct sockaddr_in in = {0};
    socklen_t in_len = sizeof(in);
    ssize_t len = recvfrom(fd, data, sizeof(data), 0, (void *)&in, &in_len);

    if (len < 0) return;
    datagram->remote = (tern_addr){.family = TERN_FAMILY_IPV4, .port = ntohs(in.sin_port)};
    memcpy(datagram->remote.ip, &in.sin_addr, 4);
    datagram->data = data;
    datagram->len = (size_t)len;
    check(tern_receive(ep, now(), datagram));
}

/* One turn of the loop: do what is due, wait for what comes next, take what arrives. */
static void turn(void)
{
    static tern_time frame_due;
    struct tern_output out;
    struct tern_event event;
    int16_t pcm[TERN_PCM_FRAME];

    tern_advance(ep, now());
    while (tern_next_event(ep, &event)) {
        if (event.type == TERN_EV_CALL_ENDED) ended = true;
        if (event.type != TERN_EV_CALL_INCOMING) continue;
        call = event.u.incoming.call;
        check(tern_call_answer(ep, now(), call, 200));
    }
    if (call.id && !ended && frame_due <= now()) { /* silence, too, travels in packets */
        frame_due = now() + TERN_MS(20);
        check(tern_audio_send(ep, now(), call, NULL));
        if (tern_audio_receive(ep, now(), call, pcm) == 1) heard++;
    }
    while (tern_next_output(ep, &out)) {
        carry_out(&out);
    }
    tern_time wake = call.id && frame_due < tern_deadline(ep) ? frame_due : tern_deadline(ep);
    tern_time wait_ms = wake > now() ? (wake - now()) / 1000 + 1 : 0;
    poll(polled, count, wait_ms < 1000 ? (int)wait_ms : 1000);
    for (nfds_t i = 0; i < count; i++) {
        if (polled[i].revents) receive(&sockets[i], polled[i].fd);
    }
}

int main(void)
{
    struct tern_network network = {.address_count = 1};
    struct tern_endpoint_opts opts;
    struct tern_account_opts account;
    struct tern_call_opts call_opts;
    tern_time limit = now() + TERN_SECONDS(10);
    bool is_alice = fork() != 0;
    int status = 0;

    check(tern_addr_parse(is_alice ? TERN_STR("127.0.0.2") : TERN_STR("127.0.0.3"), &self));
    tern_endpoint_opts_init(&opts);
    opts.no_tcp = true;
    opts.sip_port = 15060;
    if (getentropy(opts.seed, sizeof(opts.seed)) != 0) return 1;
    check(tern_endpoint_new(&opts, &ep));
    network.addresses[0] = (struct tern_net_address){.addr = self, .interface = 1};
    check(tern_set_network(ep, now(), &network));
    check(tern_endpoint_start(ep, now()));
    tern_account_opts_init(&account);
    account.uri = is_alice ? TERN_STR("sip:alice@127.0.0.2") : TERN_STR("sip:bob@127.0.0.3");
    tern_call_opts_init(&call_opts);
    check(tern_account_add(ep, now(), &account, &call_opts.account));
    call_opts.target = TERN_STR("sip:bob@127.0.0.3:15060");
    if (is_alice) check(tern_call_make(ep, now(), &call_opts, &call));
    while (!ended && now() < limit) {
        turn();
        if (is_alice && !ended && heard >= 50) check(tern_call_hangup(ep, now(), call, 0));
    }
    printf("%s heard %d frames\n", is_alice ? "Alice" : "Bob", heard);
    tern_endpoint_free(ep);
    if (is_alice) wait(&status);
    return ended && heard > 0 && status == 0 ? 0 : 1;
}

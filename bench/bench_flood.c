/* SPDX-License-Identifier: MIT */
/*
 * What a flood of SIP over UDP costs an endpoint of the default size: bytes at most above rest, and
 * messages a second that it gets through, from one address and from as many as can be feigned. At
 * its height a call is set up by way of the registrar's proxy. Prints figures, judges nothing but
 * that call; tests/unit/ua/test_flood.c asserts the bounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "world.h"

#define MESSAGES 200000

/* Each block has its size in front of it. */
union header {
    size_t size;
    max_align_t align;
};

struct meter {
    size_t bytes, most;
};

static void *count_resize(void *user, void *ptr, size_t size)
{
    struct meter *meter = user;
    union header *old = ptr ? (union header *)ptr - 1 : NULL;
    if (old) meter->bytes -= old->size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    union header *block = realloc(old, sizeof(*block) + size);
    require(block != NULL, "out of memory");
    block->size = size;
    meter->bytes += size;
    if (meter->bytes > meter->most) meter->most = meter->bytes;
    return block + 1;
}

static int write_message(char *out, size_t cap, const char *method, unsigned n)
{
    if (method[0] == '\0') return snprintf(out, cap, "no SIP at all, number %u\r\n\r\n", n);
    const char *body =
        strcmp(method, "INVITE") == 0
            ? "v=0\r\no=- 1 1 IN IP4 10.9.9.9\r\ns=-\r\nc=IN IP4 10.9.9.9\r\nt=0 0\r\n"
              "m=audio 4000 RTP/AVP 0 8\r\n"
            : "";
    return snprintf(out, cap,
                    "%s sip:line0@10.0.0.101 SIP/2.0\r\n"
                    "Via: SIP/2.0/UDP 10.9.9.9:5060;rport;branch=z9hG4bK%x\r\n"
                    "Max-Forwards: 70\r\nFrom: <sip:x@10.9.9.9>;tag=%x\r\n"
                    "To: <sip:line0@10.0.0.101>\r\nCall-ID: %x\r\nCSeq: 1 %s\r\n"
                    "Contact: <sip:x@10.9.9.9>\r\n%sContent-Length: %zu\r\n\r\n%s",
                    method, n, n, n, method, body[0] ? "Content-Type: application/sdp\r\n" : "",
                    strlen(body), body);
}

static void swallow(struct world *world)
{
    struct tern_output out;
    struct tern_event event;
    while (tern_next_output(world->ep, &out)) {
        if (out.type == TERN_OUT_UDP_OPEN) {
            tern_socket_opened(world->ep, world->now, out.id, out.port);
        }
    }
    while (tern_next_event(world->ep, &event)) {
    }
}

/* @return seconds of CPU in the endpoint */
static double flood(struct world *world, struct tern_datagram *d, const char *method, bool feigned)
{
    char text[1024];
    double spent = 0;
    d->remote = (tern_addr){.family = TERN_FAMILY_IPV4, .port = 5060, .ip = {10, 9, 9, 9}};
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (feigned) {
            d->remote.ip[0] = 99;
            d->remote.ip[1] = (uint8_t)(i >> 16);
            d->remote.ip[2] = (uint8_t)(i >> 8);
            d->remote.ip[3] = (uint8_t)i;
        }
        d->data = text;
        d->len = (size_t)write_message(text, sizeof(text), method, i);
        double began = cpu_now();
        require(tern_receive(world->ep, world->now, d) == 0, "the endpoint is busy");
        swallow(world);
        spent += cpu_now() - began;
    }
    return spent;
}

static void measure(const char *method, bool feigned)
{
    struct meter meter = {0};
    struct world world;
    const struct world_opts opts = {.accounts = 1, .calls = 1, .allocator = {&meter, count_resize}};
    world_open(&world, &opts);
    world_register(&world, 1);
    require(world.coming.count > 0, "nothing has come");
    struct tern_datagram d = {.socket = world.coming.items[0].socket,
                              .local = world.coming.items[0].local};
    meter.most = meter.bytes;
    size_t before = meter.bytes;
    double spent = flood(&world, &d, method, feigned);
    size_t most = meter.most - before;
    world_call(&world, 1); /* or the program ends */
    printf("%-9s %-12s %10.2f MiB at most  %9.0f messages a second\n",
           method[0] ? method : "garbage", feigned ? "many sources" : "one source",
           (double)most / (1024 * 1024), MESSAGES / spent);
    world_end(&world);
}

int main(void)
{
    static const char *const methods[] = {"OPTIONS", "INVITE", "REGISTER", ""};
    print_machine();
    printf("%d messages each, in one instant; then a call by way of the proxy\n", MESSAGES);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        measure(methods[i], false);
        measure(methods[i], true);
    }
    return 0;
}

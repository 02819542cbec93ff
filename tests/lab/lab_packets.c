/* SPDX-License-Identifier: MIT */
/*
 * Prints the packets of a capture by `tern lab --capture`, a line each, for scripts:
 *
 *   MICROSECONDS NODE.IFNAME out|in FROM TO rtp SSRC SEQUENCE PAYLOAD-TYPE
 *   MICROSECONDS NODE.IFNAME out|in FROM TO udp|tcp PAYLOAD-LENGTH [FIRST LINE]
 *
 * UDP is taken for RTP (RFC 3550) between even ports where both are above SIP's. Only what such
 * a capture contains is read: pcapng in the byte order of this machine, and IP without a link layer.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_MAX = 70000,
    LINKS_MAX = 64,
    NAME_MAX_LEN = 40,
    OUTBOUND = 2,
    RTP_PORT_MIN = 10000,
};

struct capture {
    char names[LINKS_MAX][NAME_MAX_LEN + 1];
    unsigned link_count;
};

struct packet {
    const unsigned char *data; /* of the transport layer */
    uint32_t len;
    int family;
    char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
    unsigned protocol;
};

static uint32_t native32(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static unsigned native16(const unsigned char *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static unsigned network16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void read_interface(struct capture *capture, const unsigned char *body, uint32_t len)
{
    char *name = capture->names[capture->link_count];

    if (capture->link_count == LINKS_MAX) return;
    capture->link_count++;
    if (len < 12 || native16(body + 8) != 2) return; /* the name is the first option */
    uint32_t size = native16(body + 10);
    if (size > len - 12 || size > NAME_MAX_LEN) return;
    memcpy(name, body + 12, size);
    name[size] = '\0';
}

/* ---- packets ---- */

static bool read_ip(const unsigned char *ip, uint32_t len, struct packet *out)
{
    bool v4 = len >= 20 && ip[0] >> 4 == 4, v6 = len >= 40 && ip[0] >> 4 == 6;
    uint32_t header = v4 ? 4u * (ip[0] & 15u) : 40u;

    if ((!v4 && !v6) || header > len) return false;
    out->family = v4 ? AF_INET : AF_INET6;
    out->protocol = ip[v4 ? 9 : 6];
    inet_ntop(out->family, ip + (v4 ? 12 : 8), out->from, sizeof(out->from));
    inet_ntop(out->family, ip + (v4 ? 16 : 24), out->to, sizeof(out->to));
    out->data = ip + header;
    out->len = len - header;
    return true;
}

static void print_first_line(const unsigned char *payload, uint32_t len)
{
    uint32_t end = 0;

    while (end < len && end < 200 && payload[end] >= ' ' && payload[end] < 127)
        end++;
    printf(" %.*s\n", (int)end, (const char *)payload);
}

/* 0: no UDP or TCP, or cut short. */
static uint32_t header_len(const struct packet *p)
{
    bool udp = p->protocol == 17, tcp = p->protocol == 6;

    if ((!udp && !tcp) || p->len < (udp ? 8 : 20)) return 0;
    uint32_t len = udp ? 8 : 4u * (p->data[12] >> 4);
    return len <= p->len ? len : 0;
}

static void print_packet(const struct packet *p, uint32_t header)
{
    bool udp = p->protocol == 17;
    unsigned from = network16(p->data), to = network16(p->data + 2);
    const unsigned char *payload = p->data + header;
    uint32_t len = p->len - header;
    bool high = from >= RTP_PORT_MIN && to >= RTP_PORT_MIN;
    bool rtcp = len >= 12 && payload[1] >= 192 && payload[1] <= 223; /* RFC 5761 4 */
    bool rtp = udp && high && len >= 12 && payload[0] >> 6 == 2 && !rtcp;

    printf(" %s:%u %s:%u ", p->from, from, p->to, to);
    if (!rtp) {
        printf("%s %u", udp ? "udp" : "tcp", (unsigned)len);
        print_first_line(payload, len);
        return;
    }
    uint32_t ssrc = (uint32_t)network16(payload + 8) << 16 | network16(payload + 10);
    printf("rtp %08x %u %u\n", (unsigned)ssrc, network16(payload + 2), payload[1] & 127u);
}

static void read_packet(const struct capture *capture, const unsigned char *body, uint32_t len)
{
    struct packet packet;

    if (len < 20) return;
    uint32_t link = native32(body), size = native32(body + 12);
    uint32_t padded = (size + 3) & ~3u;
    uint64_t nanoseconds = (uint64_t)native32(body + 4) << 32 | native32(body + 8);
    if (link >= capture->link_count || size > len - 20 || padded + 8 > len - 20) return;
    bool out = (native32(body + 20 + padded + 4) & 3u) == OUTBOUND; /* flags, the first option */
    if (!read_ip(body + 20, size, &packet)) return;
    uint32_t header = header_len(&packet);
    if (header == 0) return;
    printf("%llu %s %s", (unsigned long long)(nanoseconds / 1000), capture->names[link],
           out ? "out" : "in");
    print_packet(&packet, header);
}

int main(int argc, char **argv)
{
    static unsigned char body[BLOCK_MAX];
    static struct capture capture;
    unsigned char head[8];
    FILE *file = argc == 2 ? fopen(argv[1], "rbe") : NULL;

    if (file == NULL) {
        fprintf(stderr, "usage: lab_packets CAPTURE\n");
        return 2;
    }
    while (fread(head, 1, sizeof(head), file) == sizeof(head)) {
        uint32_t type = native32(head), total = native32(head + 4);
        if (total < 12 || total > BLOCK_MAX || total % 4 != 0) break;
        if (fread(body, 1, total - 8, file) != total - 8) break; /* cut off: the lab was killed */
        if (type == BLOCK_INTERFACE) read_interface(&capture, body, total - 12);
        if (type == BLOCK_PACKET) read_packet(&capture, body, total - 12);
    }
    fclose(file);
    return 0;
}

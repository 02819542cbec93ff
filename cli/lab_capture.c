/* SPDX-License-Identifier: MIT */
/*
 * pcapng (draft-ietf-opsawg-pcapng): section header, interface description and
 * enhanced packet blocks, in the byte order of this machine as the format has it.
 */
#define _GNU_SOURCE
#include "lab_capture.h"

#include <string.h>
#include <time.h>

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    LINKTYPE_RAW = 101, /* starts with the IP header, version 4 or 6 */
    OPTION_END = 0,
    OPTION_NAME = 2,
    OPTION_TIME_RESOLUTION = 9,
    OPTION_FLAGS = 2,
};

static void put(FILE *file, const void *data, size_t len)
{
    (void)fwrite(data, 1, len, file);
}

static void put16(FILE *file, unsigned value)
{
    uint16_t v = (uint16_t)value;
    put(file, &v, sizeof(v));
}

static void put32(FILE *file, uint32_t value)
{
    put(file, &value, sizeof(value));
}

static uint32_t padded(uint32_t len)
{
    return (len + 3) & ~3u;
}

static void put_padded(FILE *file, const void *data, uint32_t len)
{
    put(file, data, len);
    put(file, "\0\0\0", padded(len) - len);
}

void lab_capture_start(FILE *file)
{
    put32(file, BLOCK_SECTION);
    put32(file, 28);
    put32(file, 0x1A2B3C4D);
    put16(file, 1);
    put16(file, 0);
    put32(file, UINT32_MAX); /* the section's length, 64 bits: not known */
    put32(file, UINT32_MAX);
    put32(file, 28);
}

void lab_capture_link(FILE *file, const char *name)
{
    uint32_t len = (uint32_t)strlen(name);
    uint32_t total = 20 + 4 + padded(len) + 8 + 4;

    put32(file, BLOCK_INTERFACE);
    put32(file, total);
    put16(file, LINKTYPE_RAW);
    put16(file, 0);
    put32(file, 0); /* no limit of length */
    put16(file, OPTION_NAME);
    put16(file, len);
    put_padded(file, name, len);
    put16(file, OPTION_TIME_RESOLUTION);
    put16(file, 1);
    put_padded(file, "\x09", 1); /* nanoseconds */
    put32(file, OPTION_END);
    put32(file, total);
}

void lab_capture_packet(FILE *file, const struct lab_capture_packet *packet)
{
    uint32_t total = 32 + padded(packet->len) + 12;
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    uint64_t stamp = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    put32(file, BLOCK_PACKET);
    put32(file, total);
    put32(file, packet->link);
    put32(file, (uint32_t)(stamp >> 32));
    put32(file, (uint32_t)stamp);
    put32(file, packet->len);
    put32(file, packet->len);
    put_padded(file, packet->data, packet->len);
    put16(file, OPTION_FLAGS);
    put16(file, 4);
    put32(file, packet->direction);
    put32(file, OPTION_END);
    put32(file, total);
}

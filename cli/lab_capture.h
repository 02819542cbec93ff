/* SPDX-License-Identifier: MIT */
/* A pcapng file with one interface per link; packets marked as in or out. */
#ifndef TERN_CLI_LAB_CAPTURE_H
#define TERN_CLI_LAB_CAPTURE_H

#include <stdint.h>
#include <stdio.h>

enum { LAB_CAPTURE_IN = 1, LAB_CAPTURE_OUT = 2 };

/* Start a file, and add its next interface: numbers count up from 0. */
void lab_capture_start(FILE *file);
void lab_capture_link(FILE *file, const char *name);

/* A packet at `direction` of the node's interface, as the node sees it; stamped with the wall clock. */
struct lab_capture_packet {
    uint32_t link;
    uint32_t direction;
    uint32_t len;
    const void *data;
};
void lab_capture_packet(FILE *file, const struct lab_capture_packet *packet);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Listens to a call: when packets came in, and whether what they carry is the
 * sound that the other end makes.
 */
#ifndef TERN_CLI_DEMO_EAR_H
#define TERN_CLI_DEMO_EAR_H

#include "demo.h"

enum {
    DEMO_EAR_WINDOW = 5 * TERN_PCM_FRAME, /* a tenth of a second: 10 Hz resolution */
    DEMO_EAR_ARRIVALS = 16384,            /* five minutes of packets */
};

struct demo_ear {
    struct tern_audio_sink sink; /* first: the driver knows only this */
    double hz;                   /* 0: any sound will do */
    int16_t window[DEMO_EAR_WINDOW];
    size_t fill;
    bool whole; /* nothing in the window is made up */
    double share, level_db;
    tern_time heard;
    tern_time arrivals[DEMO_EAR_ARRIVALS];
    uint64_t count;
};

void demo_ear_init(struct demo_ear *ear, double hz);

/** A packet came in. @return the time since the one before, 0 for the first */
tern_time demo_ear_arrival(struct demo_ear *ear, tern_time at);

/** Longest time between two packets that lies at least partly between `from` and `to`. */
void demo_ear_measure(const struct demo_ear *ear, tern_time from, tern_time to,
                      struct demo_measure *out);

#endif

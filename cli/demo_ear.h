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
    DEMO_ARRIVALS = 16384,                /* five minutes of packets */
};

/* When packets came: the last ones of them. */
struct demo_arrivals {
    tern_time at[DEMO_ARRIVALS];
    uint64_t count;
};

/** A packet came in. @return the time since the one before, 0 for the first */
tern_time demo_arrivals_add(struct demo_arrivals *arrivals, tern_time at);
/** The last one; TERN_TIME_NEVER for none. */
tern_time demo_arrivals_last(const struct demo_arrivals *arrivals);
/**
 * Longest time between two packets that lies at least partly between `from` and `to`.
 *
 * @param open  set when it still lasted at `to`
 */
tern_time demo_arrivals_gap(const struct demo_arrivals *arrivals, tern_time from, tern_time to,
                            bool *open);

struct demo_ear {
    struct tern_audio_sink sink; /* first: the driver knows only this */
    double hz;                   /* 0: any sound will do */
    int16_t window[DEMO_EAR_WINDOW];
    size_t fill;
    bool whole; /* nothing in the window is made up */
    double share, level_db;
    tern_time heard;
    struct demo_arrivals arrivals; /* of packets that the core accepted */
};

void demo_ear_init(struct demo_ear *ear, double hz);

/** What was heard, and the longest time between packets that lies between `from` and `to`. */
void demo_ear_measure(const struct demo_ear *ear, tern_time from, tern_time to,
                      struct demo_measure *out);

#endif

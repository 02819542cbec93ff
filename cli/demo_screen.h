/* SPDX-License-Identifier: MIT */
/*
 * Lines on the screen, in the order of their times though they come from
 * several processes: each waits a moment in case an earlier one is under way.
 * As text for people, or as one JSON object per line.
 */
#ifndef TERN_CLI_DEMO_SCREEN_H
#define TERN_CLI_DEMO_SCREEN_H

#include <stdio.h>

#include "demo.h"
#include "json.h"

enum demo_tint {
    DEMO_PLAIN,
    DEMO_BOLD,
    DEMO_DIM,
    DEMO_GOOD,
    DEMO_CARE,
    DEMO_BAD,
    DEMO_OUT, /* what the phone sends */
    DEMO_IN,
};

enum demo_mark { DEMO_DOT, DEMO_TICK, DEMO_AGAIN, DEMO_CROSS, DEMO_NOTE, DEMO_MARKS };

struct demo_line;

struct demo_screen {
    FILE *out;
    bool json, colour, utf8;
    tern_time zero, zero_before; /* times are counted from here; earlier ones from `zero_before` */
    unsigned change, change_before;
    struct demo_line *waiting; /* ordered by time */
};

void demo_screen_init(struct demo_screen *screen, bool json);

/** From `at` on, times count from there; `change` is 0 before the first. */
void demo_screen_phase(struct demo_screen *screen, tern_time at, unsigned change);
/** Time since the zero that holds at `at`. */
tern_time demo_screen_since(const struct demo_screen *screen, tern_time at);

/**
 * Begin a line: write to the stream, then end it. Without memory the stream is
 * one that goes nowhere.
 */
struct demo_writer {
    struct demo_screen *screen;
    struct demo_line *line;
    FILE *to;
    struct json json; /* writes there too */
};
struct demo_writer demo_write(struct demo_screen *screen, tern_time at);
void demo_write_end(struct demo_writer *writer);

/* ---- text ---- */

/** The column of the time, and a mark. */
void demo_put_time(struct demo_writer *writer, tern_time at);
void demo_put_blank(struct demo_writer *writer);
void demo_put_mark(struct demo_writer *writer, enum demo_mark mark);
void demo_tint(struct demo_writer *writer, enum demo_tint tint);
/** An arrow with a label in it: of fixed width, unless the label takes more. */
void demo_put_arrow(struct demo_writer *writer, bool right, const char *label);

/* ---- JSON ---- */

/** Begins an object with its time, the number of the change and the time since it. */
struct demo_writer demo_json(struct demo_screen *screen, tern_time at, const char *event);
/** A number with two digits after the point. */
void demo_json_ratio(struct demo_writer *writer, const char *key, double value);
void demo_json_end(struct demo_writer *writer);

/* ---- */

/** Print what has waited long enough; all of it when `now` is TERN_TIME_NEVER. */
void demo_screen_flush(struct demo_screen *screen, tern_time now);
void demo_screen_fini(struct demo_screen *screen);

#endif

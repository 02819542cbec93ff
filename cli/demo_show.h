/* SPDX-License-Identifier: MIT */
/*
 * The director's desk: what is known of the nodes, and how to wait for them.
 * demo_watch.c listens, demo_show.c directs.
 */
#ifndef TERN_CLI_DEMO_SHOW_H
#define TERN_CLI_DEMO_SHOW_H

#include "demo_stage.h"
#include "demo_story.h"
#include "demo_tap.h"

/* What the nodes have said of themselves. */
struct demo_known {
    bool ready, registered, answered, ended, gone;
    enum tern_end_cause cause;
    struct demo_measure measure;
    unsigned measures; /* how many came */
};

struct demo_show {
    const struct demo_opts *opts;
    struct demo_stage stage;
    struct demo_story story;
    struct demo_tap taps[DEMO_CAST]; /* of far end and phone, in the lab */
    struct demo_known known[DEMO_CAST];
    struct demo_result results[DEMO_CHANGES_MAX];
    size_t result_count;
    struct demo_result *present; /* the change that is on */
    tern_time usable;            /* when its new address was there */
    tern_time completed;         /* NEVER: not yet */
    bool hangup_reported, bye_answered;
    struct demo_bindings bindings;
    bool bindings_known;
    tern_time talk_began, talk_ended; /* NEVER: not yet */
    char failure[256];
    int interrupted; /* by this signal; 0: not */
};

/** From now on SIGINT, SIGTERM and SIGHUP break the show, in good order. */
void demo_catch_signals(void);

/** Waits a little, hears whoever has something to say, and tells it. */
void demo_attend(struct demo_show *show);

/** Ends the show; the first reason counts. @return false */
__attribute__((format(printf, 2, 3))) bool demo_fail(struct demo_show *show, const char *format,
                                                     ...);
bool demo_is_broken(struct demo_show *show);

typedef bool (*demo_condition)(struct demo_show *show);

/** @return false when it has not come true in time, or the show is broken */
bool demo_wait(struct demo_show *show, demo_condition is_true, int limit_ms);
/** @return false when the show is broken */
bool demo_pause(struct demo_show *show, tern_time duration);

/** Asks both ends what they have heard between `from` and now. */
bool demo_measure(struct demo_show *show, tern_time from);

#endif

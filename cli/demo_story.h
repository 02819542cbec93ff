/* SPDX-License-Identifier: MIT */
/* What happens, told line by line: to people or as JSON. */
#ifndef TERN_CLI_DEMO_STORY_H
#define TERN_CLI_DEMO_STORY_H

#include "demo_screen.h"
#include "demo_stage.h"
#include "demo_tap.h"

/* Audio of one direction across a change. */
struct demo_way {
    tern_time gap;       /* longest time between two packets that reach the hearing end */
    tern_time accepted;  /* ... and between two that it accepts; on loopback the same */
    tern_time concealed; /* sound that had to be made up */
    bool open;           /* the gap still lasts */
    uint64_t lost;       /* packets, by their sequence numbers */
    bool heard;          /* the right sound, after the change */
};

/* A request, as time since the new address was there; NEVER: not yet. */
struct demo_answer {
    tern_time sent;     /* first */
    tern_time answered; /* with 2xx */
};

/* What became of one change. */
struct demo_result {
    struct demo_place from, to;
    tern_time began;   /* the old address goes, or the better one comes */
    tern_time offline; /* how long there was no address */
    struct demo_way up, down;
    struct demo_answer registered, refreshed;
    struct demo_secured secured; /* the connection that they went by */
    const char *refresh;         /* with which method; NULL: none was sent */
    bool alive;                  /* the call */
    bool hung_up;                /* as asked, both ends know, and it was reported */
};

/* The whole of it. */
struct demo_summary {
    const struct demo_result *results;
    size_t count;
    tern_time talked;
    bool lived, success;
    bool bindings_known;
    struct demo_bindings bindings;
    const char *failure; /* why the show stopped; NULL: it did not */
};

enum { DEMO_HELD_MAX = 4 };

/* A step that is told only if its change moves something. */
struct demo_held {
    tern_time at;
    struct tern_ip_change_progress progress;
};

struct demo_story {
    struct demo_screen screen;
    uint32_t moved; /* the newest change that has moved something */
    size_t held_count;
    struct demo_held held[DEMO_HELD_MAX];
    const struct demo_opts *opts;
    const struct demo_stage *stage;
};

void demo_tell_header(struct demo_story *story);
/** Times count from `at`; `change` 0 for what comes before and after. */
void demo_tell_phase(struct demo_story *story, tern_time at, unsigned change, const char *title);
__attribute__((format(printf, 4, 5))) void demo_tell(struct demo_story *story, tern_time at,
                                                     enum demo_mark mark, const char *format, ...);
void demo_tell_report(struct demo_story *story, const struct demo_report *report);
/** Audio reaches a node by another path. */
void demo_tell_path(struct demo_story *story, enum demo_who who, const struct demo_tap_news *news);
void demo_tell_result(struct demo_story *story, const struct demo_result *result);
void demo_tell_summary(struct demo_story *story, const struct demo_summary *summary);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A far end that has died says nothing: neither RTP nor RTCP comes while audio is expected. Then it is
 * asked whether it still has the call, by a refresh; and if nobody answers that, the call is over.
 *
 *            expected  not expected  heard     answered  time is over        the same, excused
 * OFF        >LIS      -             -         -         -                   -
 * LISTENING  -         >OFF          -         -         heard since: stay;  stay
 *                                                        else >ASK tell, ask
 * ASKING     -         >OFF back     >LIS back >SILENT   end                 stay
 * SILENT     -         >OFF back     >LIS back -         >ASK ask            stay
 *
 * LISTENING lasts for the time-out, ASKING for the grace, SILENT for twice the time-out, then four times
 * and so on: some far ends send nothing while nobody speaks. Excused is who has no network, or moves.
 */
#ifndef TN_SESSION_SILENCE_H
#define TN_SESSION_SILENCE_H

#include "core/ctx.h"

enum tn_silence_state {
    TN_SILENCE_OFF, /* on hold, or not wanted */
    TN_SILENCE_LISTENING,
    TN_SILENCE_ASKING, /* the application was told; a request is out, or waits to be sent */
    TN_SILENCE_SILENT, /* the far end has answered it, and still sends no audio */
    TN_SILENCE_STATES,
};

enum tn_silence_act {
    TN_SILENCE_WAIT,
    TN_SILENCE_TELL, /* that it is silent; then as ASK */
    TN_SILENCE_ASK,
    TN_SILENCE_BACK, /* tell that it is over */
    TN_SILENCE_END,
};

struct tn_silence {
    struct tn_ctx *ctx;
    enum tn_silence_state state;
    struct tn_timer timer;
    tern_time timeout, grace; /* timeout 0: OFF for good; a grace below 64*T1 counts as that */
    tern_time since;          /* OFF has ended */
    unsigned asked;           /* times in this silence */
};

/* `fire`: then ask tn_silence_fire(). */
void tn_silence_init(struct tn_silence *silence, struct tn_ctx *ctx,
                     void (*fire)(struct tn_timer *timer));
void tn_silence_fini(struct tn_silence *silence);
enum tn_silence_act tn_silence_expect(struct tn_silence *silence, bool expected);
/* A packet has come. */
enum tn_silence_act tn_silence_heard(struct tn_silence *silence);
/* The far end has answered a request, or sent one. */
void tn_silence_answered(struct tn_silence *silence);
/* `last`: when the last packet came; TERN_TIME_NEVER: none */
enum tn_silence_act tn_silence_fire(struct tn_silence *silence, tern_time last, bool excused);

const char *tn_silence_state_name(enum tn_silence_state state);

#endif

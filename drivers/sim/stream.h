/* SPDX-License-Identifier: MIT */
/* Between stream.c, where connections begin and end, and segment.c, what travels in them. */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "world.h"

bool sim_stream_stands(struct tern_sim *sim, const struct sim_stream *s, int side);
/* Time from `side` to the other; -1: lost. */
tern_time sim_stream_pass(struct tern_sim *sim, struct sim_stream *s, int side, size_t len);
struct sim_flight *sim_stream_post(struct tern_sim *sim, enum sim_kind kind, struct sim_stream *s,
                                   int side, tern_time due);
/* Write; empty: the end. */
void sim_stream_put(struct tern_sim *sim, struct sim_stream *s, int side, tern_str data);
void sim_stream_launch(struct tern_sim *sim, struct sim_stream *s, int side); /* what waits */
void sim_stream_drop(struct sim_stream *s, int side);                         /* what is written */
/* This side's endpoint hears that the stream is gone. */
void sim_stream_closed(struct tern_sim *sim, struct sim_stream *s, int side, const char *reason);
void sim_stream_reset(struct tern_sim *sim, struct sim_stream *s, int from);
void sim_stream_arrive(struct tern_sim *sim, struct sim_stream *s, struct sim_flight *flight);
void sim_stream_deliver(struct tern_sim *sim, struct sim_stream *s, int from);
void sim_stream_retry(struct tern_sim *sim, struct sim_stream *s, int side);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Audio: every 20 ms one frame from the source to the call, and one from the call to the sink. One
 * alarm serves all calls; pacer.c says whose turn it is.
 */
#include "driver.h"

#include <stdlib.h>

#include "pacer.h"

/* A call with its source and sink. */
struct lane {
    struct tn_uv_node node; /* key: the call's id */
    struct lane *next, **prev;
    tern_call call;
    struct tern_audio_source *source;
    struct tern_audio_sink *sink;
    bool source_ended;
    unsigned slot;
};

struct tn_uv_audio {
    struct tn_uv_alarm alarm;
    struct tn_uv_pacer pacer;
    struct tn_uv_table calls;
    struct lane *slots[TN_UV_PACER_SLOTS];
};

/* ---- lanes ---- */

static void close_ends(struct lane *lane)
{
    if (lane->source && lane->source->close) lane->source->close(lane->source);
    if (lane->sink && lane->sink->close) lane->sink->close(lane->sink);
    lane->source = NULL;
    lane->sink = NULL;
}

static void close_lane(struct tn_uv_audio *audio, struct lane *lane)
{
    *lane->prev = lane->next;
    if (lane->next) lane->next->prev = lane->prev;
    tn_uv_pacer_leave(&audio->pacer, lane->slot);
    tn_uv_table_remove(&audio->calls, &lane->node);
    close_ends(lane);
    free(lane);
}

static struct lane *open_lane(struct tn_uv_audio *audio, tern_call call)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (!lane || tn_uv_table_put(&audio->calls, &lane->node, call.id) != 0) {
        free(lane);
        return NULL;
    }
    lane->call = call;
    lane->slot = tn_uv_pacer_join(&audio->pacer, tn_uv_clock());
    lane->next = audio->slots[lane->slot];
    lane->prev = &audio->slots[lane->slot];
    if (lane->next) lane->next->prev = &lane->next;
    audio->slots[lane->slot] = lane;
    return lane;
}

/* ---- frames ---- */

static const int16_t *read_frame(struct lane *lane, int16_t *pcm)
{
    if (!lane->source || lane->source_ended) return NULL;
    if (lane->source->read(lane->source, pcm)) return pcm;
    lane->source_ended = true;
    return NULL;
}

/* Received audio is taken also without a sink: the jitter buffer lives by it.
 * @return false when the call has ended. */
static bool move_frames(struct tern_uv *uv, struct lane *lane, tern_time now)
{
    int16_t pcm[TERN_PCM_FRAME];

    if (tern_audio_send(uv->ep, now, lane->call, read_frame(lane, pcm)) == TERN_ESTALE) {
        return false;
    }
    int heard = tern_audio_receive(uv->ep, now, lane->call, pcm);
    if (heard == TERN_ESTALE) return false;
    if (heard >= 0 && lane->sink) lane->sink->write(lane->sink, pcm, heard > 0);
    return true;
}

static void elapsed(struct tern_uv *uv, tern_time now)
{
    struct tn_uv_audio *audio = uv->audio;
    unsigned slot;

    while (tn_uv_pacer_next(&audio->pacer, now, &slot)) {
        struct lane *lane = audio->slots[slot];
        while (lane) {
            struct lane *next = lane->next;
            if (!move_frames(uv, lane, now)) close_lane(audio, lane);
            lane = next;
        }
    }
    tn_uv_alarm_arm(&audio->alarm, tn_uv_pacer_due(&audio->pacer));
}

int tern_uv_audio(struct tern_uv *uv, tern_call call, struct tern_audio_source *source,
                  struct tern_audio_sink *sink)
{
    struct tn_uv_audio *audio = uv->audio;

    if (call.id == 0) return TERN_EINVAL;
    struct lane *lane = tn_uv_table_find(&audio->calls, call.id);
    if (!lane) lane = open_lane(audio, call);
    if (!lane) return TERN_ENOMEM;
    close_ends(lane);
    lane->source = source;
    lane->sink = sink;
    lane->source_ended = false;
    tn_uv_alarm_arm(&audio->alarm, tn_uv_pacer_due(&audio->pacer));
    return 0;
}

/* ---- life ---- */

int tn_uv_audio_init(struct tern_uv *uv)
{
    struct tn_uv_audio *audio = calloc(1, sizeof(*audio));

    if (!audio) return TERN_ENOMEM;
    int err = tn_uv_alarm_init(&audio->alarm, uv, elapsed);
    if (err) {
        free(audio);
        return err;
    }
    uv->audio = audio;
    return 0;
}

void tn_uv_audio_fini(struct tern_uv *uv)
{
    struct tn_uv_audio *audio = uv->audio;
    struct lane *lane;

    if (!audio) return;
    while ((lane = tn_uv_table_any(&audio->calls))) {
        close_lane(audio, lane);
    }
    tn_uv_table_fini(&audio->calls);
    tn_uv_alarm_fini(&audio->alarm);
    free(audio);
    uv->audio = NULL;
}

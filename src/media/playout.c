/* SPDX-License-Identifier: MIT */
#include "media/playout.h"

void tn_playout_init(struct tn_playout *playout)
{
    tn_jitter_init(&playout->jitter);
    tn_conceal_init(&playout->conceal);
    playout->concealed = 0;
}

void tn_playout_reset(struct tn_playout *playout)
{
    tn_jitter_reset(&playout->jitter);
    tn_conceal_seam(&playout->conceal);
}

void tn_playout_put(struct tn_playout *playout, const struct tn_jitter_packet *packet,
                    tern_time now)
{
    tn_jitter_put(&playout->jitter, packet, now);
}

/* @return how many samples were there */
static size_t read_frame(struct tn_playout *playout, int16_t *pcm)
{
    size_t real = 0;

    for (size_t at = 0; at < TERN_PCM_FRAME;) {
        bool there;
        size_t run = tn_jitter_run(&playout->jitter, TERN_PCM_FRAME - at, &there);
        if (there) {
            tn_jitter_peek(&playout->jitter, pcm + at, run);
            tn_conceal_good(&playout->conceal, pcm + at, run);
            real += run;
        } else {
            tn_conceal_missing(&playout->conceal, pcm + at, run);
        }
        tn_jitter_consume(&playout->jitter, run);
        at += run;
    }
    return real;
}

static void change_speed(struct tn_playout *playout, enum tn_jitter_advice advice, int16_t *pcm)
{
    int16_t in[TERN_PCM_FRAME + TN_LAG_MAX];
    size_t used;

    if (advice == TN_JITTER_SHORTEN) {
        tn_jitter_peek(&playout->jitter, in, TERN_PCM_FRAME + TN_LAG_MAX);
        used = tn_conceal_shorten(in, pcm);
    } else {
        tn_jitter_peek(&playout->jitter, in, TERN_PCM_FRAME);
        used = tn_conceal_stretch(&playout->conceal, in, pcm);
    }
    tn_conceal_good(&playout->conceal, pcm, TERN_PCM_FRAME);
    playout->jitter.lag += TERN_PCM_FRAME - (int32_t)used;
    tn_jitter_consume(&playout->jitter, used);
}

bool tn_playout_take(struct tn_playout *playout, int16_t *pcm, tern_time now)
{
    size_t real = TERN_PCM_FRAME;
    bool quiet = tn_conceal_quiet(&playout->conceal);
    enum tn_jitter_advice advice = tn_jitter_advise(&playout->jitter, now, quiet);

    switch (advice) {
    case TN_JITTER_SHORTEN:
    case TN_JITTER_STRETCH: change_speed(playout, advice, pcm); break;
    case TN_JITTER_HOLD:
        tn_conceal_missing(&playout->conceal, pcm, TERN_PCM_FRAME);
        real = 0;
        break;
    case TN_JITTER_JUMPED:
        tn_conceal_seam(&playout->conceal);
        real = read_frame(playout, pcm);
        break;
    case TN_JITTER_STEADY: real = read_frame(playout, pcm); break;
    }
    bool heard = real >= TERN_PCM_FRAME / 2;
    if (!heard && !tn_conceal_faded(&playout->conceal)) playout->concealed++;
    return heard;
}

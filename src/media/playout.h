/* SPDX-License-Identifier: MIT */
/* From packets to a steady stream of PCM frames: jitter buffer, change of speed, concealment. */
#ifndef TN_MEDIA_PLAYOUT_H
#define TN_MEDIA_PLAYOUT_H

#include "media/conceal.h"
#include "media/jitter.h"

struct tn_playout {
    struct tn_jitter jitter;
    struct tn_conceal conceal;
    uint64_t concealed; /* frames that were guessed; comfort noise does not count */
};

void tn_playout_init(struct tn_playout *playout);
/* Another far end's clock: what is stored is dropped, the sound is blended over. */
void tn_playout_reset(struct tn_playout *playout);
void tn_playout_put(struct tn_playout *playout, const struct tn_jitter_packet *packet,
                    tern_time now);
/* TERN_PCM_FRAME samples. @return true when at least half of them came from the far end */
bool tn_playout_take(struct tn_playout *playout, int16_t *pcm, tern_time now);

#endif

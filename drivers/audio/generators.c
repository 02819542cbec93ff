/* SPDX-License-Identifier: MIT */
/* Sources and sinks that need nothing: tone, silence, null. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <tern/media.h>

#define TWO_PI 6.283185307179586

struct tone {
    struct tern_audio_source source;
    double phase, step, level; /* phase in radians, below TWO_PI */
};

static bool read_tone(struct tern_audio_source *source, int16_t *pcm)
{
    struct tone *tone = (struct tone *)(void *)source;

    for (int i = 0; i < TERN_PCM_FRAME; i++) {
        pcm[i] = (int16_t)lrint(sin(tone->phase) * tone->level);
        tone->phase += tone->step;
        if (tone->phase >= TWO_PI) tone->phase -= TWO_PI;
    }
    return true;
}

static void close_source(struct tern_audio_source *source)
{
    free(source);
}

struct tern_audio_source *tern_audio_tone(double hz, double level)
{
    if (!(hz >= 1 && hz <= 3999) || !(level >= 0 && level <= 1)) return NULL;
    struct tone *tone = calloc(1, sizeof(*tone));
    if (!tone) return NULL;
    tone->source = (struct tern_audio_source){read_tone, close_source};
    tone->step = TWO_PI * hz / TERN_PCM_HZ;
    tone->level = level * INT16_MAX;
    return &tone->source;
}

static bool read_silence(struct tern_audio_source *source, int16_t *pcm)
{
    (void)source;
    memset(pcm, 0, TERN_PCM_FRAME * sizeof(*pcm));
    return true;
}

struct tern_audio_source *tern_audio_silence(void)
{
    struct tern_audio_source *source = calloc(1, sizeof(*source));

    if (source) *source = (struct tern_audio_source){read_silence, close_source};
    return source;
}

static void write_nowhere(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    (void)sink;
    (void)pcm;
    (void)heard;
}

static void close_sink(struct tern_audio_sink *sink)
{
    free(sink);
}

struct tern_audio_sink *tern_audio_null(void)
{
    struct tern_audio_sink *sink = calloc(1, sizeof(*sink));

    if (sink) *sink = (struct tern_audio_sink){write_nowhere, close_sink};
    return sink;
}

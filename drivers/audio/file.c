/* SPDX-License-Identifier: MIT */
/* Playing and recording files: libsndfile reads and writes them, SpeexDSP converts the rate. */
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tern/media.h>

#define WHY_MAX      256
#define BLOCK        512 /* frames read at once */
#define CHANNELS_MAX 16
#define QUALITY      7 /* of SPEEX_RESAMPLER_QUALITY_MIN .. MAX (0..10): beyond what G.711 keeps */
#define RATE_MAX     768000

struct file_source {
    struct tern_audio_source source;
    SNDFILE *file;
    SpeexResamplerState *resampler;
    int channels;
    bool loop, ended;
    size_t at, count; /* of `mono` */
    int16_t mono[BLOCK];
    int16_t wide[BLOCK * CHANNELS_MAX];
};

/* Reads the next block. @return false at the end */
static bool refill(struct file_source *self)
{
    sf_count_t got = sf_readf_short(self->file, self->wide, BLOCK);

    if (got <= 0 && self->loop && sf_seek(self->file, 0, SEEK_SET) == 0) {
        got = sf_readf_short(self->file, self->wide, BLOCK);
    }
    if (got <= 0) return false;
    for (sf_count_t i = 0; i < got; i++) {
        int sum = 0;
        for (int channel = 0; channel < self->channels; channel++)
            sum += self->wide[i * self->channels + channel];
        self->mono[i] = (int16_t)(sum / self->channels);
    }
    self->at = 0;
    self->count = (size_t)got;
    return true;
}

static bool read_file(struct tern_audio_source *source, int16_t *pcm)
{
    struct file_source *self = (struct file_source *)(void *)source;
    size_t done = 0;

    while (done < TERN_PCM_FRAME) {
        if (self->at == self->count && (self->ended || !refill(self))) {
            self->ended = true;
            break;
        }
        spx_uint32_t in = (spx_uint32_t)(self->count - self->at);
        spx_uint32_t out = (spx_uint32_t)(TERN_PCM_FRAME - done);
        if (speex_resampler_process_int(self->resampler, 0, self->mono + self->at, &in, pcm + done,
                                        &out) != RESAMPLER_ERR_SUCCESS ||
            (in == 0 && out == 0)) {
            self->ended = true;
            break;
        }
        self->at += in;
        done += out;
    }
    memset(pcm + done, 0, (TERN_PCM_FRAME - done) * sizeof(*pcm));
    return done > 0;
}

static void close_file_source(struct tern_audio_source *source)
{
    struct file_source *self = (struct file_source *)(void *)source;

    if (self->resampler) speex_resampler_destroy(self->resampler);
    if (self->file) (void)sf_close(self->file);
    free(self);
}

static int open_for_reading(struct file_source *self, const char *path, char *why)
{
    SF_INFO info = {0};
    int err = 0;

    self->file = sf_open(path, SFM_READ, &info);
    if (!self->file) {
        (void)snprintf(why, WHY_MAX, "cannot play %s: %s", path, sf_strerror(NULL));
        return TERN_EIO;
    }
    if (info.channels < 1 || info.channels > CHANNELS_MAX || info.samplerate < 1 ||
        info.samplerate > RATE_MAX) {
        (void)snprintf(why, WHY_MAX, "cannot play %s: %d channels at %d Hz", path, info.channels,
                       info.samplerate);
        return TERN_EIO;
    }
    self->channels = info.channels;
    self->resampler =
        speex_resampler_init(1, (spx_uint32_t)info.samplerate, TERN_PCM_HZ, QUALITY, &err);
    if (!self->resampler) {
        (void)snprintf(why, WHY_MAX, "cannot play %s: out of memory", path);
        return TERN_ENOMEM;
    }
    (void)speex_resampler_skip_zeros(self->resampler);
    return 0;
}

int tern_audio_file_source(const char *path, bool loop, struct tern_audio_source **out,
                           char why[WHY_MAX])
{
    struct file_source *self = calloc(1, sizeof(*self));

    if (!self) {
        (void)snprintf(why, WHY_MAX, "out of memory");
        return TERN_ENOMEM;
    }
    self->source = (struct tern_audio_source){read_file, close_file_source};
    self->loop = loop;
    int err = open_for_reading(self, path, why);
    if (err) {
        close_file_source(&self->source);
        return err;
    }
    *out = &self->source;
    return 0;
}

struct file_sink {
    struct tern_audio_sink sink;
    SNDFILE *file;
};

/* A full disk ends the recording, not the call. */
static void write_file(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    struct file_sink *self = (struct file_sink *)(void *)sink;

    (void)heard;
    (void)sf_writef_short(self->file, pcm, TERN_PCM_FRAME);
}

static void close_file_sink(struct tern_audio_sink *sink)
{
    struct file_sink *self = (struct file_sink *)(void *)sink;

    (void)sf_close(self->file);
    free(self);
}

int tern_audio_file_sink(const char *path, struct tern_audio_sink **out, char why[WHY_MAX])
{
    SF_INFO info = {
        .samplerate = TERN_PCM_HZ,
        .channels = 1,
        .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16,
    };
    struct file_sink *self = calloc(1, sizeof(*self));

    if (!self) {
        (void)snprintf(why, WHY_MAX, "out of memory");
        return TERN_ENOMEM;
    }
    self->sink = (struct tern_audio_sink){write_file, close_file_sink};
    self->file = sf_open(path, SFM_WRITE, &info);
    if (!self->file) {
        (void)snprintf(why, WHY_MAX, "cannot record to %s: %s", path, sf_strerror(NULL));
        free(self);
        return TERN_EIO;
    }
    /* The lengths in the header are right after each frame: a crash loses nothing. */
    (void)sf_command(self->file, SFC_SET_UPDATE_HEADER_AUTO, NULL, SF_TRUE);
    (void)sf_command(self->file, SFC_UPDATE_HEADER_NOW, NULL, 0);
    *out = &self->sink;
    return 0;
}

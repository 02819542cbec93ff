/* SPDX-License-Identifier: MIT */
/* The sound of one call: see phone_audio.h. */
#include <stdlib.h>
#include <string.h>

#include "phone_audio.h"

/* Echo: source and sink run in step, so a frame or two are ever in there. */
enum { ECHO_FRAMES = 4 };

struct phone_audio {
    struct tern_audio_source source;
    struct tern_audio_sink sink;
    unsigned holders;
    bool muted, echo;
    struct tern_audio_source *play, *microphone;
    struct tern_audio_sink *record, *loudspeaker;
    unsigned echo_first, echo_count;
    int16_t echo_ring[ECHO_FRAMES][TERN_PCM_FRAME];
};

static struct phone_audio *of_source(struct tern_audio_source *source)
{
    return (struct phone_audio *)(void *)((char *)source - offsetof(struct phone_audio, source));
}

static struct phone_audio *of_sink(struct tern_audio_sink *sink)
{
    return (struct phone_audio *)(void *)((char *)sink - offsetof(struct phone_audio, sink));
}

static void close_source(struct tern_audio_source *source)
{
    if (source != NULL && source->close != NULL) source->close(source);
}

static void close_sink(struct tern_audio_sink *sink)
{
    if (sink != NULL && sink->close != NULL) sink->close(sink);
}

void phone_audio_release(struct phone_audio *audio)
{
    if (audio == NULL || --audio->holders > 0) return;
    close_source(audio->play);
    close_sink(audio->record);
    free(audio);
}

/* ---- the echo ---- */

static void push_echo(struct phone_audio *audio, const int16_t *pcm)
{
    if (audio->echo_count == ECHO_FRAMES) {
        audio->echo_first = (audio->echo_first + 1) % ECHO_FRAMES;
        audio->echo_count--;
    }
    unsigned at = (audio->echo_first + audio->echo_count++) % ECHO_FRAMES;
    memcpy(audio->echo_ring[at], pcm, sizeof(audio->echo_ring[at]));
}

static bool pop_echo(struct phone_audio *audio, int16_t *pcm)
{
    if (audio->echo_count == 0) return false;
    memcpy(pcm, audio->echo_ring[audio->echo_first], sizeof(audio->echo_ring[0]));
    audio->echo_first = (audio->echo_first + 1) % ECHO_FRAMES;
    audio->echo_count--;
    return true;
}

/* ---- what the driver calls ---- */

/* Every source is read even when its sound is not sent, so that none of them lags behind. */
static bool read_frame(struct tern_audio_source *source, int16_t *pcm)
{
    struct phone_audio *audio = of_source(source);
    int16_t spoken[TERN_PCM_FRAME];
    bool some = false;

    if (audio->microphone != NULL && audio->microphone->read(audio->microphone, spoken)) {
        memcpy(pcm, spoken, sizeof(spoken));
        some = true;
    }
    if (audio->echo && pop_echo(audio, spoken)) {
        memcpy(pcm, spoken, sizeof(spoken));
        some = true;
    }
    if (audio->play != NULL) some = audio->play->read(audio->play, pcm);
    if (!some || audio->muted) memset(pcm, 0, TERN_PCM_FRAME * sizeof(*pcm));
    return true;
}

static void write_frame(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    struct phone_audio *audio = of_sink(sink);

    if (audio->echo) push_echo(audio, pcm);
    if (audio->record != NULL) audio->record->write(audio->record, pcm, heard);
    if (audio->loudspeaker != NULL) audio->loudspeaker->write(audio->loudspeaker, pcm, heard);
}

static void source_closed(struct tern_audio_source *source)
{
    phone_audio_release(of_source(source));
}

static void sink_closed(struct tern_audio_sink *sink)
{
    phone_audio_release(of_sink(sink));
}

/* ---- what the phone calls ---- */

struct phone_audio *phone_audio_new(void)
{
    struct phone_audio *audio = calloc(1, sizeof(*audio));

    if (audio == NULL) return NULL;
    audio->source = (struct tern_audio_source){.read = read_frame, .close = source_closed};
    audio->sink = (struct tern_audio_sink){.write = write_frame, .close = sink_closed};
    audio->holders = 1;
    return audio;
}

struct tern_audio_source *phone_audio_source(struct phone_audio *audio)
{
    audio->holders++;
    return &audio->source;
}

struct tern_audio_sink *phone_audio_sink(struct phone_audio *audio)
{
    audio->holders++;
    return &audio->sink;
}

void phone_audio_mute(struct phone_audio *audio, bool on)
{
    audio->muted = on;
}

void phone_audio_echo(struct phone_audio *audio, bool on)
{
    audio->echo = on;
    audio->echo_count = 0;
}

void phone_audio_play(struct phone_audio *audio, struct tern_audio_source *source)
{
    close_source(audio->play);
    audio->play = source;
}

void phone_audio_record(struct phone_audio *audio, struct tern_audio_sink *sink)
{
    close_sink(audio->record);
    audio->record = sink;
}

void phone_audio_device(struct phone_audio *audio, struct tern_audio_source *microphone,
                        struct tern_audio_sink *loudspeaker)
{
    audio->microphone = microphone;
    audio->loudspeaker = loudspeaker;
}

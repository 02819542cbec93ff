/* SPDX-License-Identifier: MIT */
/*
 * Microphone and loudspeaker through PortAudio. Its thread only copies between
 * the device and a ring; rate conversion and the choice of what to drop when
 * two clocks differ happen on our side.
 */
#include <tern/media.h>

#include <stdio.h>

#define WHY_MAX 256

#ifdef TERN_HAVE_PORTAUDIO

#include <fcntl.h>
#include <portaudio.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"

#define QUALITY    4   /* SPEEX_RESAMPLER_QUALITY_VOIP is 3; one more costs nothing today */
#define KEEP_MS    40  /* what stays in the ring when it is cut */
#define CUT_MS     120 /* more than this waiting is delay that nobody wants */
#define RATE_MAX   192000
#define BLOCK      (TERN_PCM_FRAME * (RATE_MAX / TERN_PCM_HZ))
#define SPEECH_MIN 8000 /* a device whose default is lower than we need is taken at our rate */

struct device {
    union {
        struct tern_audio_source source;
        struct tern_audio_sink sink;
    } face; /* first: what the application holds */
    PaStream *stream;
    SpeexResamplerState *resampler; /* NULL: the device runs at our rate */
    size_t hz;
    bool input;
    struct ring ring;
};

/* Sound systems write to standard error while they are probed; what matters is in `why`. */
static int mute_stderr(void)
{
    int saved = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)fflush(stderr);
    if (saved >= 0 && nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) (void)close(nowhere);
    return saved;
}

static void restore_stderr(int saved)
{
    if (saved < 0) return;
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
}

/* As PaStreamCallback has them. */
#define CALLBACK_PARAMETERS                                                                        \
    const void *in, void *out, unsigned long frames, const PaStreamCallbackTimeInfo *time,         \
        PaStreamCallbackFlags flags, void *user

static int on_input(CALLBACK_PARAMETERS)
{
    struct device *device = user;

    (void)out;
    (void)time;
    (void)flags;
    if (in) (void)ring_write(&device->ring, in, frames);
    return paContinue;
}

static int on_output(CALLBACK_PARAMETERS)
{
    struct device *device = user;
    int16_t *pcm = out;

    (void)in;
    (void)time;
    (void)flags;
    size_t got = ring_read(&device->ring, pcm, frames);
    memset(pcm + got, 0, (frames - got) * sizeof(*pcm));
    return paContinue;
}

/* ---- finding ---- */

static int channels_of(PaDeviceIndex index, bool input)
{
    const PaDeviceInfo *info = Pa_GetDeviceInfo(index);

    if (!info) return 0;
    return input ? info->maxInputChannels : info->maxOutputChannels;
}

static void list_devices(bool input, char *why)
{
    size_t used = strnlen(why, WHY_MAX - 1);

    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount() && used < WHY_MAX - 1; i++) {
        if (channels_of(i, input) == 0) continue;
        int more = snprintf(why + used, WHY_MAX - used, " \"%s\"", Pa_GetDeviceInfo(i)->name);
        if (more < 0) return;
        used += (size_t)more;
    }
}

static PaDeviceIndex find_device(const char *name, bool input, char *why)
{
    PaDeviceIndex found = paNoDevice;
    const char *what = input ? "microphone" : "loudspeaker";

    if (!name) found = input ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
    for (PaDeviceIndex i = 0; name && i < Pa_GetDeviceCount(); i++) {
        if (channels_of(i, input) == 0) continue;
        const char *candidate = Pa_GetDeviceInfo(i)->name;
        if (strcmp(candidate, name) == 0) return i;
        if (found == paNoDevice && strstr(candidate, name)) found = i;
    }
    if (found != paNoDevice) return found;
    if (name && Pa_GetDeviceCount() > 0) {
        (void)snprintf(why, WHY_MAX, "there is no %s \"%.64s\"; there are:", what, name);
        list_devices(input, why);
    } else {
        (void)snprintf(why, WHY_MAX,
                       "there is no %s on this machine: connect one, or use a file or a tone",
                       what);
    }
    return paNoDevice;
}

/* ---- opening ---- */

static PaError open_stream(struct device *device, PaDeviceIndex index)
{
    const PaDeviceInfo *info = Pa_GetDeviceInfo(index);
    PaStreamParameters parameters = {
        .device = index,
        .channelCount = 1,
        .sampleFormat = paInt16,
        .suggestedLatency =
            device->input ? info->defaultLowInputLatency : info->defaultLowOutputLatency,
    };
    const PaStreamParameters *in = device->input ? &parameters : NULL;
    const PaStreamParameters *out = device->input ? NULL : &parameters;
    double rate = TERN_PCM_HZ;

    if (Pa_IsFormatSupported(in, out, rate) != paFormatIsSupported &&
        info->defaultSampleRate >= SPEECH_MIN && info->defaultSampleRate <= RATE_MAX) {
        rate = info->defaultSampleRate;
    }
    device->hz = (size_t)rate;
    PaError err = Pa_OpenStream(&device->stream, in, out, rate, paFramesPerBufferUnspecified,
                                paNoFlag, device->input ? on_input : on_output, device);
    return err ? err : Pa_StartStream(device->stream);
}

static int add_resampler(struct device *device)
{
    spx_uint32_t hz = (spx_uint32_t)device->hz;
    int err = 0;

    if (hz == TERN_PCM_HZ) return 0;
    device->resampler = device->input ? speex_resampler_init(1, hz, TERN_PCM_HZ, QUALITY, &err)
                                      : speex_resampler_init(1, TERN_PCM_HZ, hz, QUALITY, &err);
    return device->resampler ? 0 : TERN_ENOMEM;
}

static void close_device(struct device *device)
{
    int saved = mute_stderr();

    if (device->stream) (void)Pa_CloseStream(device->stream);
    if (device->resampler) speex_resampler_destroy(device->resampler);
    free(device);
    (void)Pa_Terminate(); /* counted: one each Pa_Initialize() */
    restore_stderr(saved);
}

static int probe(struct device *device, const char *name, char *why)
{
    PaDeviceIndex index = find_device(name, device->input, why);
    if (index == paNoDevice) return TERN_EIO;
    PaError err = open_stream(device, index);
    if (err) {
        (void)snprintf(why, WHY_MAX, "cannot open \"%.64s\": %s; is another program using it?",
                       Pa_GetDeviceInfo(index)->name, Pa_GetErrorText(err));
        return TERN_EIO;
    }
    if (add_resampler(device) != 0) {
        (void)snprintf(why, WHY_MAX, "out of memory");
        return TERN_ENOMEM;
    }
    return 0;
}

static int open_device(const char *name, bool input, struct device **out, char *why)
{
    struct device *device = calloc(1, sizeof(*device));

    if (!device) {
        (void)snprintf(why, WHY_MAX, "out of memory");
        return TERN_ENOMEM;
    }
    device->input = input;
    int saved = mute_stderr();
    PaError failed = Pa_Initialize();
    int err = failed ? TERN_EIO : probe(device, name, why);
    restore_stderr(saved);
    if (failed) {
        (void)snprintf(why, WHY_MAX, "the sound system does not start: %s",
                       Pa_GetErrorText(failed));
        free(device);
        return TERN_EIO;
    }
    if (err) {
        close_device(device);
        return err;
    }
    *out = device;
    return 0;
}

/* ---- the two faces ---- */

static bool read_device(struct tern_audio_source *source, int16_t *pcm)
{
    struct device *device = (struct device *)(void *)source;
    size_t need = TERN_PCM_FRAME * device->hz / TERN_PCM_HZ, used = ring_used(&device->ring);
    static const size_t ms = 1000;
    int16_t wide[BLOCK];
    size_t got = 0;

    if (used > device->hz * CUT_MS / ms) {
        (void)ring_read(&device->ring, NULL, used - device->hz * KEEP_MS / ms);
    }
    if (device->resampler) {
        spx_uint32_t in = (spx_uint32_t)ring_read(&device->ring, wide, need);
        spx_uint32_t out = TERN_PCM_FRAME;
        (void)speex_resampler_process_int(device->resampler, 0, wide, &in, pcm, &out);
        got = out;
    } else {
        got = ring_read(&device->ring, pcm, TERN_PCM_FRAME);
    }
    memset(pcm + got, 0, (TERN_PCM_FRAME - got) * sizeof(*pcm));
    return true;
}

static void write_device(struct tern_audio_sink *sink, const int16_t *pcm, bool heard)
{
    struct device *device = (struct device *)(void *)sink;
    int16_t wide[BLOCK];
    spx_uint32_t in = TERN_PCM_FRAME, out = BLOCK;

    (void)heard;
    if (ring_used(&device->ring) > device->hz * CUT_MS / 1000) return; /* its clock is slower */
    if (!device->resampler) {
        (void)ring_write(&device->ring, pcm, TERN_PCM_FRAME);
        return;
    }
    (void)speex_resampler_process_int(device->resampler, 0, pcm, &in, wide, &out);
    (void)ring_write(&device->ring, wide, out);
}

static void close_device_source(struct tern_audio_source *source)
{
    close_device((struct device *)(void *)source);
}

static void close_device_sink(struct tern_audio_sink *sink)
{
    close_device((struct device *)(void *)sink);
}

int tern_audio_device_source(const char *name, struct tern_audio_source **out, char why[WHY_MAX])
{
    struct device *device;
    int err = open_device(name, true, &device, why);

    if (err) return err;
    device->face.source = (struct tern_audio_source){read_device, close_device_source};
    *out = &device->face.source;
    return 0;
}

int tern_audio_device_sink(const char *name, struct tern_audio_sink **out, char why[WHY_MAX])
{
    struct device *device;
    int err = open_device(name, false, &device, why);

    if (err) return err;
    device->face.sink = (struct tern_audio_sink){write_device, close_device_sink};
    *out = &device->face.sink;
    return 0;
}

#else

static int refuse(char *why)
{
    (void)snprintf(
        why, WHY_MAX,
        "this build has no audio devices (PortAudio was not found): use a file or a tone");
    return TERN_EUNSUPPORTED;
}

int tern_audio_device_source(const char *name, struct tern_audio_source **out, char why[WHY_MAX])
{
    (void)name;
    (void)out;
    return refuse(why);
}

int tern_audio_device_sink(const char *name, struct tern_audio_sink **out, char why[WHY_MAX])
{
    (void)name;
    (void)out;
    return refuse(why);
}

#endif

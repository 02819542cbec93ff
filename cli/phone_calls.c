/* SPDX-License-Identifier: MIT */
/* The phone's calls by number, which one is in the foreground, and the sound of each. */
#include <string.h>

#include "phone.h"

enum { TONE_LEVEL_PERCENT = 30 };

struct phone_call *phone_find_call(struct phone *phone, tern_call handle)
{
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        if (handle.id != 0 && phone->calls[i].handle.id == handle.id) return &phone->calls[i];
    }
    return NULL;
}

static struct phone_call *numbered(struct phone *phone, unsigned number)
{
    if (number == 0 || number > PHONE_CALLS_MAX) return NULL;
    return phone->calls[number - 1].handle.id != 0 ? &phone->calls[number - 1] : NULL;
}

struct phone_call *phone_pick_call(struct phone *phone, unsigned number)
{
    struct phone_call *call = number == 0 ? phone->foreground : numbered(phone, number);

    if (call == NULL && number == 0) phone_error(phone, "There is no call.");
    if (call == NULL && number != 0) phone_error(phone, "There is no call %u.", number);
    return call;
}

static bool rings_here(const struct phone *phone, const struct phone_call *call,
                       struct tern_call_info *info)
{
    return call->handle.id != 0 && tern_call_get_info(phone->ep, call->handle, info) == 0 &&
           info->state == TERN_CALL_INCOMING;
}

struct phone_call *phone_pick_ringing(struct phone *phone, unsigned number)
{
    struct phone_call *oldest = NULL;
    tern_time least = TERN_TIME_NEVER;
    struct tern_call_info info;

    if (number != 0) {
        struct phone_call *call = numbered(phone, number);
        if (call != NULL && rings_here(phone, call, &info)) return call;
        phone_error(phone, "Call %u does not ring here.", number);
        return NULL;
    }
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        if (!rings_here(phone, &phone->calls[i], &info) || info.started >= least) continue;
        least = info.started;
        oldest = &phone->calls[i];
    }
    if (oldest == NULL) phone_error(phone, "No call rings here.");
    return oldest;
}

unsigned phone_count_calls(const struct phone *phone)
{
    unsigned count = 0;

    for (size_t i = 0; i < PHONE_CALLS_MAX; i++)
        count += phone->calls[i].handle.id != 0;
    return count;
}

struct phone_call *phone_add_call(struct phone *phone, tern_call handle, tern_str peer)
{
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        struct phone_call *call = &phone->calls[i];
        if (call->handle.id != 0) continue;
        *call =
            (struct phone_call){.handle = handle, .number = i + 1, .answer_at = TERN_TIME_NEVER};
        call->audio = phone_audio_new();
        text_short_uri(peer, call->peer, sizeof(call->peer));
        phone->script.had_call = true;
        return call;
    }
    return NULL;
}

void phone_end_call(struct phone *phone, struct phone_call *call)
{
    struct phone_call *next = NULL;

    if (phone->foreground == call) phone_set_foreground(phone, NULL);
    phone_audio_release(call->audio);
    *call = (struct phone_call){.handle = {0}};
    if (phone->foreground != NULL) return;
    for (size_t i = 0; i < PHONE_CALLS_MAX && next == NULL; i++) {
        if (phone->calls[i].handle.id != 0 && phone->calls[i].answered) next = &phone->calls[i];
    }
    phone_set_foreground(phone, next);
}

/* ---- sound ---- */

/* @return whether there is one to be told of, in `why`. */
static bool open_microphone(struct phone *phone, const char *name, char why[256])
{
    const struct config *config = &phone->config;

    if (config->play[0] != '\0' || config->tone_hz > 0 || config->echo) return false;
    if (tern_audio_device_source(name, &phone->microphone, why) == 0) return false;
    phone->microphone = NULL;
    return true;
}

/* Once, when the first call needs it: where there is no device, nobody wants to hear it twice. */
static void open_devices(struct phone *phone)
{
    const char *name = phone->config.audio_device;
    char out[256] = "", in[256] = "", reason[256];

    if (phone->device_tried || strcmp(name, "none") == 0) return;
    phone->device_tried = true;
    if (strcmp(name, "default") == 0) name = NULL;
    bool deaf = tern_audio_device_sink(name, &phone->loudspeaker, out) < 0;
    if (deaf) phone->loudspeaker = NULL;
    bool mute = open_microphone(phone, name, in);
    if (deaf && mute && name == NULL) {
        phone_tell(phone, TONE_WARN,
                   "No audio device: nothing can be heard here, and silence is "
                   "sent until you play a file.");
        return;
    }
    if (deaf) {
        phone_tell(phone, TONE_WARN, "Nothing can be heard here: %s.",
                   text_reason(out, "", reason, sizeof(reason)));
    }
    if (mute) {
        phone_tell(phone, TONE_WARN, "Silence is sent: %s.",
                   text_reason(in, "", reason, sizeof(reason)));
    }
}

void phone_set_foreground(struct phone *phone, struct phone_call *call)
{
    if (phone->foreground != NULL && phone->foreground->audio != NULL) {
        phone_audio_device(phone->foreground->audio, NULL, NULL);
    }
    phone->foreground = call;
    if (call == NULL || call->audio == NULL || !call->connected) return;
    open_devices(phone);
    phone_audio_device(call->audio, phone->microphone, phone->loudspeaker);
}

int phone_play(struct phone *phone, struct phone_call *call, const char *path)
{
    struct tern_audio_source *source = NULL;
    char why[256] = "", reason[256], name[CONFIG_TEXT_CAP];
    int err = 0;

    if (call->audio == NULL) return TERN_ENOMEM;
    if (path[0] != '\0') {
        err = tern_audio_file_source(path, true, &source, why);
        text_clean(text_str(path), name, sizeof(name));
        if (err < 0) {
            phone_error(phone, "%s cannot be played: %s.", name,
                        text_reason(why, path, reason, sizeof(reason)));
        }
    } else if (phone->config.tone_hz > 0) {
        source = tern_audio_tone(phone->config.tone_hz, TONE_LEVEL_PERCENT / 100.0);
    }
    if (err == 0) phone_audio_play(call->audio, source);
    return err;
}

/* "talk.wav" for the first call that is recorded, "talk-2.wav" for the second. */
static void recording_name(struct phone *phone, char *out, size_t cap)
{
    const char *path = phone->config.record;
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    unsigned number = ++phone->recordings;

    if (number == 1) {
        snprintf(out, cap, "%s", path);
        return;
    }
    if (dot == NULL || dot == path || (slash != NULL && dot <= slash + 1))
        dot = path + strlen(path);
    snprintf(out, cap, "%.*s-%u%s", (int)(dot - path), path, number, dot);
}

int phone_record(struct phone *phone, struct phone_call *call, const char *path)
{
    struct tern_audio_sink *sink = NULL;
    char why[256] = "", reason[256], name[CONFIG_TEXT_CAP];
    int err = 0;

    if (call->audio == NULL) return TERN_ENOMEM;
    if (path[0] != '\0') {
        err = tern_audio_file_sink(path, &sink, why);
        text_clean(text_str(path), name, sizeof(name));
        if (err < 0) {
            phone_error(phone, "%s cannot be recorded: %s.", name,
                        text_reason(why, path, reason, sizeof(reason)));
        }
    }
    if (err == 0) phone_audio_record(call->audio, sink);
    return err;
}

void phone_connect_audio(struct phone *phone, struct phone_call *call)
{
    char path[CONFIG_TEXT_CAP + 16];

    if (call->connected || call->audio == NULL) return;
    struct tern_audio_source *source = phone_audio_source(call->audio);
    struct tern_audio_sink *sink = phone_audio_sink(call->audio);
    if (tern_uv_audio(phone->uv, call->handle, source, sink) < 0) {
        source->close(source);
        sink->close(sink);
        phone_error(phone, "Call %u stays silent: no memory for its sound.", call->number);
        return;
    }
    call->connected = true;
    phone_audio_echo(call->audio, phone->config.echo);
    (void)phone_play(phone, call, phone->config.play); /* it has told why not */
    if (phone->config.record[0] != '\0') {
        recording_name(phone, path, sizeof(path));
        (void)phone_record(phone, call, path);
    }
    if (phone->foreground == call) phone_set_foreground(phone, call);
}

void phone_close_audio(struct phone *phone)
{
    phone_set_foreground(phone, NULL);
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++)
        phone_audio_release(phone->calls[i].audio);
    if (phone->microphone != NULL && phone->microphone->close != NULL) {
        phone->microphone->close(phone->microphone);
    }
    if (phone->loudspeaker != NULL && phone->loudspeaker->close != NULL) {
        phone->loudspeaker->close(phone->loudspeaker);
    }
}

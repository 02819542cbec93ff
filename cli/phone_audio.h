/* SPDX-License-Identifier: MIT */
/*
 * The sound of one call: what it sends, what becomes of what it hears.
 *
 * The driver gets one source and one sink a call and keeps them for its life; what stands behind
 * them changes with commands. Out goes a file, a tone, the echo, the microphone or silence; in goes
 * to a WAV file and to the loudspeaker. All of it happens on the loop's thread.
 */
#ifndef TERN_CLI_PHONE_AUDIO_H
#define TERN_CLI_PHONE_AUDIO_H

#include <tern/media.h>

struct phone_audio;

/* Held by the caller, who gives it back with phone_audio_release(). NULL without memory. */
struct phone_audio *phone_audio_new(void);
void phone_audio_release(struct phone_audio *audio);

/* For tern_uv_audio(), once each; they hold the object until they are closed. */
struct tern_audio_source *phone_audio_source(struct phone_audio *audio);
struct tern_audio_sink *phone_audio_sink(struct phone_audio *audio);

void phone_audio_mute(struct phone_audio *audio, bool on);
void phone_audio_echo(struct phone_audio *audio, bool on);

/* What is sent in place of the microphone; taken over. NULL: nothing else than the microphone. */
void phone_audio_play(struct phone_audio *audio, struct tern_audio_source *source);
/* Where to record; taken over. NULL: nowhere. */
void phone_audio_record(struct phone_audio *audio, struct tern_audio_sink *sink);
/* Microphone and loudspeaker: borrowed until they are taken away with NULL. */
void phone_audio_device(struct phone_audio *audio, struct tern_audio_source *microphone,
                        struct tern_audio_sink *loudspeaker);

#endif

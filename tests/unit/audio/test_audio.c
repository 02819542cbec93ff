/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tern/media.h>
#include <unistd.h>

#include "../../tern_test.h"

static char folder[] = "/tmp/tern-audio-XXXXXX";
static char path[64];
static char why[256];

static const char *in_folder(const char *name)
{
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* A stereo WAV file: a square wave of `hz` on the left at twice `level`, nothing on the right. */
static void write_wav(const char *name, uint32_t rate, uint32_t frames, uint32_t hz, int16_t level)
{
    uint8_t header[44] = "RIFF____WAVEfmt ____________________data";
    FILE *file = fopen(in_folder(name), "wb");

    CHECK(file);
    put32(header + 4, 36 + frames * 4);
    put32(header + 16, 16);
    put32(header + 20, 2 << 16 | 1);
    put32(header + 24, rate);
    put32(header + 28, rate * 4);
    put32(header + 32, 16 << 16 | 4);
    put32(header + 40, frames * 4);
    CHECK_EQ(fwrite(header, 1, sizeof(header), file), sizeof(header));
    for (uint32_t i = 0; i < frames; i++) {
        int value = i * hz * 2 / rate % 2 ? -2 * level : 2 * level;
        uint8_t frame[4] = {(uint8_t)value, (uint8_t)(value >> 8), 0, 0};
        CHECK_EQ(fwrite(frame, 1, 4, file), 4);
    }
    CHECK_EQ(fclose(file), 0);
}

static int crossings(struct tern_audio_source *source, int frames, int64_t *mean)
{
    int16_t pcm[TERN_PCM_FRAME], last = 0;
    int count = 0;
    int64_t sum = 0;

    for (int i = 0; i < frames; i++) {
        CHECK(source->read(source, pcm));
        for (int at = 0; at < TERN_PCM_FRAME; at++) {
            count += (last < 0) != (pcm[at] < 0);
            sum += abs(pcm[at]);
            last = pcm[at];
        }
    }
    if (mean) *mean = sum / (frames * TERN_PCM_FRAME);
    return count;
}

static void a_tone_has_its_frequency_and_level(void)
{
    int64_t mean;
    struct tern_audio_source *tone = tern_audio_tone(440, 0.5);

    CHECK(tone);
    int count = crossings(tone, 50, &mean);
    CHECK(count >= 878 && count <= 881);
    CHECK(mean > 10300 && mean < 10600); /* 2/pi of the peak */
    tone->close(tone);
}

static void tones_that_cannot_be_are_refused(void)
{
    CHECK(!tern_audio_tone(0, 0.5));
    CHECK(!tern_audio_tone(4000, 0.5));
    CHECK(!tern_audio_tone(440, 1.5));
    CHECK(!tern_audio_tone(440, -0.5));
}

static void silence_is_silent_and_null_takes_anything(void)
{
    int16_t pcm[TERN_PCM_FRAME] = {7};
    struct tern_audio_source *silence = tern_audio_silence();
    struct tern_audio_sink *null = tern_audio_null();

    CHECK(silence);
    CHECK(null);
    CHECK(silence->read(silence, pcm));
    CHECK_EQ(pcm[0], 0);
    null->write(null, pcm, true);
    silence->close(silence);
    null->close(null);
}

static void a_file_of_any_rate_and_two_channels_is_played_at_8_khz_mono(void)
{
    static const uint32_t rates[] = {8000, 16000, 44100, 48000, 11025};
    struct tern_audio_source *source;
    int16_t pcm[TERN_PCM_FRAME];

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        int64_t mean;
        write_wav("in.wav", rates[i], rates[i], 300, 5000);
        CHECK_EQ(tern_audio_file_source(path, false, &source, why), 0);
        int count = crossings(source, 49, &mean);
        CHECK(count >= 580 && count <= 592);
        CHECK(mean > 4000 && mean < 5200);
        int more = 0;
        while (source->read(source, pcm))
            more++;
        CHECK(more <= 1); /* a second is 50 frames */
        CHECK(!source->read(source, pcm));
        CHECK_EQ(pcm[0], 0);
        source->close(source);
    }
}

static void a_looped_file_does_not_end(void)
{
    struct tern_audio_source *source;

    write_wav("loop.wav", 44100, 4410, 300, 5000);
    CHECK_EQ(tern_audio_file_source(path, true, &source, why), 0);
    CHECK(crossings(source, 500, NULL) > 5000);
    source->close(source);
}

static void what_cannot_be_played_is_said(void)
{
    struct tern_audio_source *source;
    FILE *file = fopen(in_folder("text.wav"), "w");

    CHECK(file && fputs("this is no audio", file) >= 0 && fclose(file) == 0);
    CHECK_EQ(tern_audio_file_source(path, false, &source, why), TERN_EIO);
    CHECK(strstr(why, "text.wav"));
    CHECK_EQ(tern_audio_file_source(in_folder("missing.wav"), false, &source, why), TERN_EIO);
    CHECK(strstr(why, "missing.wav"));
    write_wav("empty.wav", 8000, 0, 300, 5000);
    int16_t pcm[TERN_PCM_FRAME];
    CHECK_EQ(tern_audio_file_source(path, true, &source, why), 0);
    CHECK(!source->read(source, pcm)); /* and it does not hang */
    source->close(source);
}

static void a_recording_can_be_read_while_it_goes_on(void)
{
    struct tern_audio_sink *sink;
    struct tern_audio_source *tone = tern_audio_tone(500, 0.5), *copy;
    int16_t pcm[TERN_PCM_FRAME];

    CHECK_EQ(tern_audio_file_sink(in_folder("out.wav"), &sink, why), 0);
    for (int i = 0; i < 100; i++) {
        CHECK(tone->read(tone, pcm));
        sink->write(sink, pcm, true);
    }
    CHECK_EQ(tern_audio_file_source(path, false, &copy, why), 0);
    int count = crossings(copy, 99, NULL);
    CHECK(count >= 1970 && count <= 1985);
    copy->close(copy);
    sink->close(sink);
    tone->close(tone);
    struct stat info;
    CHECK_EQ(stat(path, &info), 0);
    CHECK_EQ(info.st_size, 44 + 100 * TERN_PCM_FRAME * 2);
}

static void a_recording_that_cannot_begin_says_why(void)
{
    struct tern_audio_sink *sink;

    CHECK_EQ(tern_audio_file_sink(in_folder("no/such/folder.wav"), &sink, why), TERN_EIO);
    CHECK(strstr(why, "folder.wav"));
}

/* Where there is no such device, or no PortAudio: a sentence, and nothing on standard error. */
static void a_device_that_is_not_there_is_a_sentence_not_noise(void)
{
    struct tern_audio_source *source;
    struct tern_audio_sink *sink;
    char noise[64];

    (void)in_folder("stderr");
    (void)fflush(stderr);
    int saved = dup(STDERR_FILENO);
    FILE *file = fopen(path, "w+");
    CHECK(saved >= 0);
    CHECK(file);
    CHECK(dup2(fileno(file), STDERR_FILENO) >= 0);
    int source_err = tern_audio_device_source("no device is called this", &source, why);
    size_t source_why = strlen(why);
    int sink_err = tern_audio_device_sink("no device is called this", &sink, why);
    (void)fflush(stderr);
    CHECK(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    CHECK(source_err == TERN_EIO || source_err == TERN_EUNSUPPORTED);
    CHECK(sink_err == TERN_EIO || sink_err == TERN_EUNSUPPORTED);
    CHECK(source_why > 20 && strlen(why) > 20);
    rewind(file);
    CHECK_EQ(fread(noise, 1, sizeof(noise), file), 0);
    CHECK_EQ(fclose(file), 0);
}

static void remove_folder(void)
{
    static const char *const names[] = {"in.wav",    "loop.wav", "text.wav",
                                        "empty.wav", "out.wav",  "stderr"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(in_folder(names[i]));
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_tone_has_its_frequency_and_level),
        TEST(tones_that_cannot_be_are_refused),
        TEST(silence_is_silent_and_null_takes_anything),
        TEST(a_file_of_any_rate_and_two_channels_is_played_at_8_khz_mono),
        TEST(a_looped_file_does_not_end),
        TEST(what_cannot_be_played_is_said),
        TEST(a_recording_can_be_read_while_it_goes_on),
        TEST(a_recording_that_cannot_begin_says_why),
        TEST(a_device_that_is_not_there_is_a_sentence_not_noise),
    };
    CHECK(mkdtemp(folder));
    int result = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    remove_folder();
    return result;
}

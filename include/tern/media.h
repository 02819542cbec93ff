/* SPDX-License-Identifier: MIT */
/*
 * Audio: PCM in and out of a call, and the sources and sinks that a driver
 * connects to it.
 *
 * All PCM is signed 16-bit, mono, 8000 Hz. The core paces nothing: 160 samples
 * given every 20 ms become one RTP packet at once; what is asked for comes from
 * the jitter buffer, with gaps concealed.
 */
#ifndef TERN_MEDIA_H
#define TERN_MEDIA_H

#include <tern/err.h>
#include <tern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_endpoint;

#define TERN_PCM_HZ    8000
#define TERN_PCM_FRAME 160 /**< samples in 20 ms */

/** Whether a call's audio is protected. */
enum tern_media_security {
    TERN_MEDIA_CLEAR = 0,
    TERN_MEDIA_SECURING = 1, /**< to be protected; no keys yet, so that nothing is sent or heard */
    TERN_MEDIA_SECURE = 2,   /**< SRTP */
    TERN_MEDIA_INSECURE = 3, /**< the keys could not be agreed on: nothing is sent or heard */
};

/** For people: "in the clear", "secure" …; of any other value "unknown". Static storage. */
TERN_API const char *tern_media_security_name(enum tern_media_security security);

/** What an RTP stream has seen. Times in microseconds, counts since the call began. */
struct tern_media_stats {
    uint64_t packets_sent, bytes_sent;
    uint64_t packets_received, bytes_received;
    uint64_t packets_lost, packets_late, packets_duplicate, packets_dropped;
    uint64_t frames_concealed;
    uint32_t jitter_us;        /**< interarrival jitter, RFC 3550 6.4.1 */
    uint32_t jitter_buffer_us; /**< present depth */
    uint32_t round_trip_us;    /**< from RTCP; 0 while unknown */
    uint32_t remote_lost;      /**< cumulative, as the far end reports */
    uint32_t remote_jitter_us; /**< as the far end reports */
    tern_time last_received;   /**< TERN_TIME_NEVER while nothing came */
    tern_time last_sent;       /**< TERN_TIME_NEVER while nothing went */
    uint32_t source_switches;  /**< how often the far end's source address moved */
    uint64_t packets_forged;   /**< of those dropped: not made with this call's key (SRTP) */
    uint64_t packets_replayed; /**< of those dropped: a second time, or too old to tell */
};

/**
 * Send one frame of audio on a call. Ignored while the call may not send (hold, not answered).
 *
 * @param pcm  TERN_PCM_FRAME samples; NULL sends silence
 *
 * @return             0
 * @retval TERN_ESTALE the call has ended
 * @rfc 3551 4.5.14
 */
TERN_API TERN_CHECK int tern_audio_send(struct tern_endpoint *ep, tern_time now, tern_call call,
                                        const int16_t *pcm);

/**
 * Take one frame of received audio, concealed or comfort where none came.
 *
 * @param pcm  receives TERN_PCM_FRAME samples; untouched on failure
 *
 * @return             1 when it is audio from the far end, 0 when it is concealment or silence
 * @retval TERN_ESTALE the call has ended
 */
TERN_API TERN_CHECK int tern_audio_receive(struct tern_endpoint *ep, tern_time now, tern_call call,
                                           int16_t *pcm);

/**
 * Read what a call's RTP has seen until now; all zero, and never sent or received, before there is
 * any. TERN_EV_CALL_ENDED brings the last word.
 *
 * @param out  receives a copy; untouched on failure
 *
 * @return             0
 * @retval TERN_ESTALE the call has ended
 * @rfc 3550 6.4.1, A.3
 */
TERN_API TERN_CHECK int tern_call_media_stats(const struct tern_endpoint *ep, tern_call call,
                                              struct tern_media_stats *out);

/**
 * Where audio comes from. Implemented by the application or by tern_audio_* below. Whoever has it
 * calls `close`, once: the application, or the driver that took it over with tern_uv_audio().
 */
struct tern_audio_source {
    /** Fill `pcm` with TERN_PCM_FRAME samples. @return false at the end: silence from then on. */
    bool (*read)(struct tern_audio_source *source, int16_t *pcm);
    void (*close)(struct tern_audio_source *source); /**< frees it; may be NULL */
};

/** Where audio goes to. Ownership as for a source. */
struct tern_audio_sink {
    /** `heard` is false for concealment and silence. */
    void (*write)(struct tern_audio_sink *sink, const int16_t *pcm, bool heard);
    void (*close)(struct tern_audio_sink *sink); /**< frees it; may be NULL */
};

/**
 * @name Ready-made sources and sinks (library tern-audio)
 *
 * Each is the caller's: it is freed through its `close`, or taken over by tern_uv_audio(), which
 * closes it. One belongs to one call.
 */
/**@{*/
/** A sine, `hz` 1..3999, `level` 0..1 of full scale. @return NULL: out of range, or no memory. */
TERN_API struct tern_audio_source *tern_audio_tone(double hz, double level);
/** Silence without end. @return NULL without memory. */
TERN_API struct tern_audio_source *tern_audio_silence(void);
/** Everything written vanishes. @return NULL without memory. */
TERN_API struct tern_audio_sink *tern_audio_null(void);

/**
 * Play a sound file (WAV, FLAC …: whatever libsndfile reads), converted to 8 kHz mono.
 *
 * @param path  NUL-terminated
 * @param loop  begin anew at the end
 * @param out   receives the source, see above; untouched on failure
 * @param why   receives a NUL-terminated reason on failure
 *
 * @return             0
 * @retval TERN_EIO    there is no such file, or it is not readable as audio
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_audio_file_source(const char *path, bool loop,
                                               struct tern_audio_source **out, char why[256]);

/**
 * Record to a WAV file (16 bit, 8 kHz, mono), readable at any moment even if the program dies. A
 * file of that name is overwritten. When the disk is full, the recording ends and the call goes on.
 *
 * @param path  NUL-terminated
 * @param out   receives the sink, see above; untouched on failure
 * @param why   receives a NUL-terminated reason on failure
 *
 * @return             0
 * @retval TERN_EIO    the file cannot be made
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_audio_file_sink(const char *path, struct tern_audio_sink **out,
                                             char why[256]);

/**
 * The microphone. The device has a thread of its own and meets this side in a lock-free ring.
 *
 * @param device  name, NUL-terminated; NULL for the system's default
 * @param out     receives the source, see above; untouched on failure
 * @param why     receives a NUL-terminated reason on failure, and what to do
 *
 * @return                   0
 * @retval TERN_EUNSUPPORTED built without PortAudio
 * @retval TERN_EIO          there is no such device, or it does not open
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_audio_device_source(const char *device, struct tern_audio_source **out,
                                                 char why[256]);

/** The loudspeaker; parameters, result and ownership as for the microphone. */
TERN_API TERN_CHECK int tern_audio_device_sink(const char *device, struct tern_audio_sink **out,
                                               char why[256]);
/**@}*/

#ifdef __cplusplus
}
#endif
#endif

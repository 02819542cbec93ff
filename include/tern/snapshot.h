/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: what an endpoint needs to survive its own program. Saved while calls are up, and taken up
 * by a new process after `kill -9`, a crash or a power cut, the calls go on as after an IP change.
 *
 * What is in it: the accounts with their credentials, registrations and digest nonces; each call that
 * is answered, with its dialog, its session and its SRTP keys; calls whose BYE waits for an answer.
 * A call that nobody had answered yet is not carried on: an outgoing one that rang is ended with BYE,
 * a late answer to another is acknowledged and ended, and what rang here is not answered.
 *
 * Three rules keep SRTP safe, because an index must never be used twice under a key (RFC 3711 9.1):
 *
 * - A snapshot reserves the next packets of each stream, 30 s of audio, and the new process goes on
 *   behind them. An endpoint that has saved once sends no further than that without saving again: so
 *   save when TERN_EV_SNAPSHOT_DUE asks for it: after changes, and every 15 s of protected audio.
 * - What has been taken up sends no protected packet before it has been saved anew.
 * - Only the newest snapshot may be taken up, once, and only when the process that made it is gone.
 *
 * The uv driver does all of this with a file: tern_uv_snapshot_open() and its like in tern/uv.h.
 */
#ifndef TERN_SNAPSHOT_H
#define TERN_SNAPSHOT_H

#include <tern/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TERN_SNAPSHOT_KEY 32 /**< bytes of a key */

/** How a snapshot is made, and read. Fill with tern_snapshot_opts_init(). */
struct tern_snapshot_opts {
    size_t size;
    /** Seals the snapshot (AES-256-GCM), which holds passwords and media keys. From a random source;
        keep it where the snapshot is not. */
    uint8_t key[TERN_SNAPSHOT_KEY];
    /** The time of day in microseconds, from any origin that both processes share (1970). Between the
        two it tells how much time has passed, which the monotonic time cannot; 0: unknown, then it is
        taken for none. */
    int64_t wall_us;
    /** Restoring: how old it may be; default 86400. Needs `wall_us`. */
    uint32_t max_age_s;
};

/**
 * What tern_snapshot_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_snapshot_opts_init_sized(struct tern_snapshot_opts *opts, size_t size);

/** Set `opts` to the defaults; `key` stays to be set. */
static inline void tern_snapshot_opts_init(struct tern_snapshot_opts *opts)
{
    tern_snapshot_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Where a snapshot goes. Called once with all of it.
 *
 * It must not return 0 before the bytes are where a crash does not reach them, in place of the
 * snapshot before: write another file, fsync it, rename it, fsync the folder. It must not call the
 * library.
 *
 * @return 0, or an error that tern_snapshot_save() then returns
 */
typedef int (*tern_snapshot_sink)(void *user, const void *data, size_t len);

/**
 * Save the endpoint. From the first time on TERN_EV_SNAPSHOT_DUE asks for the next.
 *
 * @param opts  read during this function only
 * @param sink  takes the bytes before this returns
 *
 * @return                   0
 * @retval TERN_EINVAL       the key is all zero
 * @retval TERN_EUNSUPPORTED this system's policy forbids AES-256-GCM or HMAC-SHA256
 * @retval TERN_ENOMEM, TERN_EVERSION
 * @retval ...               what `sink` returned. The snapshot before counts, with what is left of
 *                           its reserve: save again soon
 */
TERN_API TERN_CHECK int tern_snapshot_save(struct tern_endpoint *ep, tern_time now,
                                           const struct tern_snapshot_opts *opts,
                                           tern_snapshot_sink sink, void *user);

/**
 * When the next one should be saved: a time that is past means now.
 *
 * @return TERN_TIME_NEVER when nothing has changed, or none was ever saved or taken up
 */
TERN_API tern_time tern_snapshot_due(const struct tern_endpoint *ep);

/**
 * No snapshot of this endpoint will be taken up any more: the application has removed them. What is
 * sent needs no reserve, and nothing is asked for until the next tern_snapshot_save().
 */
TERN_API void tern_snapshot_forget(struct tern_endpoint *ep);

/**
 * Take up a snapshot. The endpoint is new: not started, without accounts and a network; its options should
 * be those of the one before, and its `seed` another. All is taken up, or nothing.
 *
 * Then start it and give it a network, as always. It registers with its old Call-ID, opens the media
 * ports, sends media at once and refreshes each call, with TERN_EV_IP_CHANGE_PROGRESS as after an IP
 * change. Bindings and calls whose time has passed meanwhile are treated as such.
 *
 * @param opts      the key that it was saved with; read during this function only
 * @param snapshot  read during this function only
 *
 * @return               0
 * @retval TERN_EPARSE   this is no snapshot of a Tern endpoint, or the beginning of one: begin without
 * @retval TERN_EKEY     another key, or altered bytes: look whether key and file belong together
 * @retval TERN_EVERSION made by a newer library: use that; or unknown members in `opts`
 * @retval TERN_EAGE     older than `max_age_s`: remove it and begin without
 * @retval TERN_ESTATE   the endpoint is not new
 * @retval TERN_ELIMIT   more accounts or calls than the endpoint's options allow
 * @retval TERN_EINVAL   the key is all zero
 * @retval TERN_EUNSUPPORTED it needs TLS or SRTP, which the endpoint's options or this build do not have
 * @retval TERN_ENOMEM
 *
 * @events TERN_EV_RESTORED for each account and each call, then TERN_EV_SNAPSHOT_DUE
 */
TERN_API TERN_CHECK int tern_snapshot_restore(struct tern_endpoint *ep, tern_time now,
                                              const struct tern_snapshot_opts *opts,
                                              tern_str snapshot);

#ifdef __cplusplus
}
#endif
#endif

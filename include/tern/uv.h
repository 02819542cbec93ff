/* SPDX-License-Identifier: MIT */
/*
 * The uv driver: gives an endpoint sockets, names, the time and the network, on libuv.
 *
 * Attach it to your own loop, let it run a loop of its own, or let that loop have a thread of its
 * own. It opens what the endpoint asks for, watches the network (route netlink on Linux), paces
 * audio, and calls tern_dispatch() once per loop turn. Library tern-uv.
 *
 * All functions belong to the loop's thread, save tern_uv_post(), tern_uv_stop() and those that read
 * PEM.
 */
#ifndef TERN_UV_H
#define TERN_UV_H

#include <tern/endpoint.h>
#include <tern/event.h>
#include <tern/media.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tern_uv;
struct uv_loop_s; /* uv_loop_t */

/** Driver configuration. Fill with tern_uv_opts_init(). */
struct tern_uv_opts {
    size_t size;            /**< set by tern_uv_opts_init() */
    struct uv_loop_s *loop; /**< the application's loop; NULL: the driver makes one */
    bool no_monitor;        /**< no network monitor: the application calls tern_set_network() */
    bool dscp;              /**< mark media EF and signalling CS3 (RFC 4594); default off: some
                                 networks drop what is marked */
    uint32_t poll_ms;       /**< look at the interfaces every so often instead of using netlink;
                                 0: netlink, or each second where there is none */
    const struct tern_callbacks *callbacks; /**< for tern_dispatch(), must outlive the driver; NULL:
                                                 the application drains tern_next_event() itself,
                                                 each loop turn */
    void *user;                             /**< for the callbacks */
    tern_str dns_servers; /**< "192.0.2.1,192.0.2.2:5353"; empty: those of /etc/resolv.conf */
};

/**
 * What tern_uv_opts_init() calls; it lets programs and libraries of different age meet.
 *
 * @param size  that of the struct as the program knows it; so many bytes are written
 */
TERN_API void tern_uv_opts_init_sized(struct tern_uv_opts *opts, size_t size);

/** Set `opts` to the defaults, all zero. */
static inline void tern_uv_opts_init(struct tern_uv_opts *opts)
{
    tern_uv_opts_init_sized(opts, sizeof(*opts));
}

/**
 * Attach a driver to an endpoint.
 *
 * The network monitor runs and has given the endpoint the first snapshot when this returns, and
 * what the endpoint wanted has been opened. Callbacks are not called before the loop turns. While
 * attached, the driver keeps its loop alive.
 *
 * @param ep    must outlive the driver; not shared with another driver
 * @param opts  read during this function only; NULL for the defaults
 * @param out   receives the driver, to be freed with tern_uv_free()
 *
 * @return               0
 * @retval TERN_EINVAL   `dns_servers` is not a list of addresses
 * @retval TERN_EVERSION `opts` has set members that this library does not know
 * @retval TERN_EIO      the system gave no descriptors for the loop or its timers
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_uv_new(struct tern_endpoint *ep, const struct tern_uv_opts *opts,
                                    struct tern_uv **out);

/**
 * Detach: close every socket, source and sink. NULL is allowed.
 *
 * What the endpoint wanted to send until now still leaves, and functions that wait in
 * tern_uv_post() are called. To end calls and registrations in good order, call
 * tern_endpoint_stop() before, and wait for TERN_EV_STOPPED.
 *
 * Not from a callback, source or sink, and not while the driver's thread runs. The endpoint is not
 * touched afterwards. On the application's own loop the last memory goes when the loop has turned
 * once more (uv_run()), which must happen before uv_loop_close().
 */
TERN_API void tern_uv_free(struct tern_uv *uv);

/**
 * Run the loop until tern_uv_stop().
 *
 * @return             0
 * @retval TERN_ESTATE it runs already, here or on a thread
 */
TERN_API TERN_CHECK int tern_uv_run(struct tern_uv *uv);

/**
 * Make tern_uv_run() return. From any thread, and from a signal handler; if it is not running, the
 * next tern_uv_run() returns at once.
 */
TERN_API void tern_uv_stop(struct tern_uv *uv);

/**
 * Run the driver's own loop on a thread of its own. From here on, touch driver and endpoint from
 * functions given to tern_uv_post() and from callbacks only.
 *
 * @return             0
 * @retval TERN_ESTATE it runs already, or the loop is the application's
 * @retval TERN_EIO    no thread to be had
 */
TERN_API TERN_CHECK int tern_uv_thread_start(struct tern_uv *uv);

/**
 * Stop that thread and wait for its end. Driver and endpoint belong to the caller again.
 *
 * @return             0
 * @retval TERN_ESTATE no thread was started, or this is that thread
 */
TERN_API TERN_CHECK int tern_uv_thread_stop(struct tern_uv *uv);

/**
 * Have `fn` called on the loop's thread, in the order of the posts. From any thread.
 *
 * @param arg          passed to `fn`; the driver neither reads nor frees it
 * @return             0: `fn` will be called exactly once, by tern_uv_free() at the latest
 * @retval TERN_ELIMIT 65536 functions are waiting
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_uv_post(struct tern_uv *uv, void (*fn)(struct tern_uv *uv, void *arg),
                                     void *arg);

/**
 * The present time for calls into the core: monotonic, in microseconds, and it goes on while the
 * machine sleeps (CLOCK_BOOTTIME on Linux). Safe from any thread.
 */
TERN_API tern_time tern_uv_now(const struct tern_uv *uv);

/** The endpoint that was given to tern_uv_new(). */
TERN_API struct tern_endpoint *tern_uv_endpoint(const struct tern_uv *uv);

/**
 * Send now what a call into the core has caused, and hand out its events.
 *
 * Never needed: the driver does it before and after each wait of the loop. It saves the rest of a
 * loop turn in latency. From a callback it does nothing.
 */
TERN_API void tern_uv_flush(struct tern_uv *uv);

/**
 * Connect a source and a sink to a call. The driver then moves one frame each way every 20 ms, on
 * a schedule that does not drift; after a stall it makes up for three frames at most.
 *
 * Until this is called for a call nothing is sent on it; with both NULL, silence keeps its path open.
 * Without a source silence is sent; without a sink what comes in is dropped. A source that has
 * ended is followed by silence. Calling it again replaces both and closes the former ones.
 *
 * Source and sink are called on the loop's thread and must not call tern_uv_audio(); they may use
 * tern_uv_post().
 *
 * @param call    may be not yet answered, or on hold: sound then waits for nothing and is dropped
 * @param source  taken over, closed when replaced, when the call has ended, or with the driver;
 *                may be NULL
 * @param sink    as `source`
 *
 * @return             0; a stale call is noticed, and source and sink closed, within 20 ms
 * @retval TERN_EINVAL `call` is {0}; source and sink stay with the caller
 * @retval TERN_ENOMEM the same
 */
TERN_API TERN_CHECK int tern_uv_audio(struct tern_uv *uv, tern_call call,
                                      struct tern_audio_source *source,
                                      struct tern_audio_sink *sink);

/** A snapshot (tern/snapshot.h) in a file, with its key beside it; for one process at a time. */
struct tern_uv_snapshot;

/**
 * Open a snapshot's file for this process. Its key is in `path`.key, mode 0600, and made at first use.
 *
 * @param path  NUL-terminated; the folder must be there, the file need not
 * @param out   receives it, to be given to tern_uv_snapshot_close()
 *
 * @return                0
 * @retval TERN_EBUSY     another process uses it: it lives, and there is nothing to take up
 * @retval TERN_ENOTFOUND there is no such folder
 * @retval TERN_EIO       not permitted, the disk is full, or the key is somebody else's file, or one that
 *                        others may read
 * @retval TERN_ENOMEM
 */
TERN_API TERN_CHECK int tern_uv_snapshot_open(const char *path, struct tern_uv_snapshot **out);

/**
 * Take up what the file has, as tern_snapshot_restore(): before tern_endpoint_start() and
 * tern_uv_new(), which gives the endpoint its network.
 *
 * @return                0
 * @retval TERN_ENOTFOUND there is none
 * @retval TERN_EIO, and what tern_snapshot_restore() returns
 */
TERN_API TERN_CHECK int tern_uv_snapshot_restore(struct tern_uv_snapshot *snapshot,
                                                 struct tern_endpoint *ep);

/**
 * Save the endpoint, in place of what the file has: once at the start, and on TERN_EV_SNAPSHOT_DUE.
 * It waits for the disk. A crash at any moment leaves the one before or this one, whole.
 *
 * @return          0
 * @retval TERN_EIO, and what tern_snapshot_save() returns
 */
TERN_API TERN_CHECK int tern_uv_snapshot_save(struct tern_uv_snapshot *snapshot,
                                              struct tern_endpoint *ep);

/**
 * Let another process have it. NULL is allowed.
 *
 * @param remove  the endpoint has ended in good order: there is nothing to take up
 */
TERN_API void tern_uv_snapshot_close(struct tern_uv_snapshot *snapshot, bool remove);

/** A file's text, as the TLS options of the endpoint want it. Leave it zero before the first use. */
struct tern_uv_pem {
    char *text; /**< NUL-terminated; NULL: none */
    size_t len;
};

/**
 * Read a file of certificates, or of a key.
 *
 * @param path  NUL-terminated
 * @param out   owned by the caller, who gives it to tern_uv_pem_free(); untouched on failure
 *
 * @return                0
 * @retval TERN_ENOTFOUND there is no such file
 * @retval TERN_EIO       it cannot be read: a folder, or not permitted
 * @retval TERN_EPARSE    there is nothing in it that begins as PEM does
 * @retval TERN_ELIMIT    it has more than 4 MiB
 * @retval TERN_ENOMEM
 * @rfc 7468 2
 */
TERN_API TERN_CHECK int tern_uv_read_pem(const char *path, struct tern_uv_pem *out);

/**
 * The authorities that this system trusts, for `tls_ca`: the file that SSL_CERT_FILE names in the
 * environment, else the first of those that distributions use.
 *
 * @return                0
 * @retval TERN_ENOTFOUND no such file; on Debian the package ca-certificates has it
 * @retval TERN_EIO, TERN_EPARSE, TERN_ELIMIT, TERN_ENOMEM as tern_uv_read_pem()
 */
TERN_API TERN_CHECK int tern_uv_system_ca(struct tern_uv_pem *out);

/** Wipe and free the text, and leave `pem` empty. An empty one is allowed. */
TERN_API void tern_uv_pem_free(struct tern_uv_pem *pem);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/*
 * A snapshot (tern/snapshot.h) in a file, such that a crash at any moment leaves the last one whole:
 * FILE.new is written and forced to the disk, takes the place of FILE, and then the folder is forced to
 * the disk. FILE.key has the key. It is locked as long as a process uses the snapshot, for two that
 * send with the same keys would be worse than none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <tern/snapshot.h>

#include "driver.h"

#define SNAPSHOT_MAX ((off_t)1 << 28)

struct tern_uv_snapshot {
    int key_fd; /* locked */
    struct tern_snapshot_opts opts;
    char *path, *fresh, *folder;
};

static int failure_of(int error)
{
    if (error == ENOENT || error == ENOTDIR) return TERN_ENOTFOUND;
    return error == ENOMEM ? TERN_ENOMEM : TERN_EIO;
}

static char *join(const char *path, const char *suffix)
{
    size_t size = strlen(path) + strlen(suffix) + 1;
    char *out = malloc(size);
    if (out) snprintf(out, size, "%s%s", path, suffix);
    return out;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return join(".", "");
    char *out = join(path, "");
    if (out) out[slash == path ? 1 : slash - path] = '\0';
    return out;
}

static void set_wall(struct tern_uv_snapshot *s)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    s->opts.wall_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- bytes ---- */

static int read_whole(int fd, void *out, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t got = read(fd, (char *)out + at, len - at);
        if (got < 0 && errno != EINTR) return failure_of(errno);
        if (got == 0) return TERN_EPARSE;
        if (got > 0) at += (size_t)got;
    }
    return 0;
}

static int write_whole(int fd, const void *data, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t put = write(fd, (const char *)data + at, len - at);
        if (put < 0 && errno != EINTR) return failure_of(errno);
        if (put > 0) at += (size_t)put;
    }
    return fsync(fd) == 0 ? 0 : failure_of(errno);
}

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failure_of(errno);
    int err = fsync(fd) == 0 ? 0 : failure_of(errno);
    close(fd);
    return err;
}

/* ---- the key ---- */

static int make_key(struct tern_uv_snapshot *s)
{
    uint8_t *key = s->opts.key;
    if (getrandom(key, sizeof(s->opts.key), 0) != (ssize_t)sizeof(s->opts.key)) return TERN_EIO;
    int err = write_whole(s->key_fd, key, sizeof(s->opts.key));
    return err ? err : sync_folder(s->folder);
}

/* Whoever can read it can read the snapshot, and who has made it knows it. */
static bool is_private(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

/* An empty one is being made, here or by a process that died over it. */
static int take_key(struct tern_uv_snapshot *s)
{
    struct stat st;
    if (flock(s->key_fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? TERN_EBUSY : TERN_EIO;
    }
    if (fstat(s->key_fd, &st) != 0) return failure_of(errno);
    if (!is_private(&st)) return TERN_EIO;
    if (st.st_size < (off_t)sizeof(s->opts.key)) {
        if (ftruncate(s->key_fd, 0) != 0) return failure_of(errno);
        return make_key(s);
    }
    return read_whole(s->key_fd, s->opts.key, sizeof(s->opts.key));
}

static int open_all(struct tern_uv_snapshot *s, const char *path)
{
    s->path = join(path, "");
    s->fresh = join(path, ".new");
    s->folder = folder_of(path);
    char *key = join(path, ".key");
    int err = s->path && s->fresh && s->folder && key ? 0 : TERN_ENOMEM;
    if (!err) {
        s->key_fd = open(key, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        err = s->key_fd < 0 ? failure_of(errno) : take_key(s);
    }
    free(key);
    return err;
}

static void release(struct tern_uv_snapshot *s)
{
    if (s->key_fd >= 0) close(s->key_fd);
    explicit_bzero(&s->opts, sizeof(s->opts));
    free(s->path);
    free(s->fresh);
    free(s->folder);
    free(s);
}

int tern_uv_snapshot_open(const char *path, struct tern_uv_snapshot **out)
{
    struct tern_uv_snapshot *s = calloc(1, sizeof(*s));
    if (!s) return TERN_ENOMEM;
    s->key_fd = -1;
    tern_snapshot_opts_init(&s->opts);
    int err = open_all(s, path);
    if (err) {
        release(s);
        return err;
    }
    *out = s;
    return 0;
}

void tern_uv_snapshot_close(struct tern_uv_snapshot *s, bool remove)
{
    if (!s) return;
    if (remove && unlink(s->path) == 0) (void)!sync_folder(s->folder);
    release(s);
}

/* ---- saving and taking up ---- */

static int store(void *user, const void *data, size_t len)
{
    struct tern_uv_snapshot *s = user;
    int fd = open(s->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failure_of(errno);
    int err = write_whole(fd, data, len);
    close(fd);
    if (!err && rename(s->fresh, s->path) != 0) err = failure_of(errno);
    return err ? err : sync_folder(s->folder);
}

int tern_uv_snapshot_save(struct tern_uv_snapshot *s, struct tern_endpoint *ep)
{
    set_wall(s);
    return tern_snapshot_save(ep, tn_uv_clock(), &s->opts, store, s);
}

int tern_uv_snapshot_restore(struct tern_uv_snapshot *s, struct tern_endpoint *ep)
{
    struct stat st;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failure_of(errno);
    int err = fstat(fd, &st) == 0 ? 0 : failure_of(errno);
    if (!err && (!S_ISREG(st.st_mode) || st.st_size > SNAPSHOT_MAX)) err = TERN_EPARSE;
    size_t len = err ? 0 : (size_t)st.st_size;
    char *bytes = err ? NULL : malloc(len + 1);
    if (!err && !bytes) err = TERN_ENOMEM;
    if (!err) err = read_whole(fd, bytes, len);
    close(fd);
    set_wall(s);
    if (!err) err = tern_snapshot_restore(ep, tn_uv_clock(), &s->opts, (tern_str){bytes, len});
    free(bytes);
    return err;
}

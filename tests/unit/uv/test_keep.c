/* SPDX-License-Identifier: MIT */
/* The file of a snapshot, and its key: whose they are, and what a crash leaves. */
#include "fake_core.h"
#include "tern_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/snapshot.h>

static char folder[] = "/tmp/tern-keep-XXXXXX";
static const char *saves;
static char taken[64];
static uint8_t key[TERN_SNAPSHOT_KEY];

/* ---- the core's part: bytes as they are ---- */

void tern_snapshot_opts_init_sized(struct tern_snapshot_opts *opts, size_t size)
{
    memset(opts, 0, size);
    opts->size = size;
}

int tern_snapshot_save(struct tern_endpoint *ep, tern_time now,
                       const struct tern_snapshot_opts *opts, tern_snapshot_sink sink, void *user)
{
    (void)ep, (void)now;
    memcpy(key, opts->key, sizeof(key));
    return sink(user, saves, strlen(saves));
}

int tern_snapshot_restore(struct tern_endpoint *ep, tern_time now,
                          const struct tern_snapshot_opts *opts, tern_str snapshot)
{
    (void)ep, (void)now;
    CHECK(memcmp(key, opts->key, sizeof(key)) == 0);
    snprintf(taken, sizeof(taken), "%.*s", (int)snapshot.len, snapshot.ptr);
    return 0;
}

/* ---- the tests ---- */

static const char *path_of(const char *name)
{
    static char path[2][128];
    static unsigned which;
    char *out = path[which++ % 2];
    snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
    return out;
}

static struct tern_uv_snapshot *open_one(void)
{
    struct tern_uv_snapshot *s = NULL;
    CHECK_EQ(tern_uv_snapshot_open(path_of("calls"), &s), 0);
    return s;
}

static void the_next_process_takes_up_what_was_saved_last(void)
{
    struct tern_uv_snapshot *s = open_one();
    CHECK_EQ(tern_uv_snapshot_restore(s, NULL), TERN_ENOTFOUND);
    saves = "first";
    CHECK_EQ(tern_uv_snapshot_save(s, NULL), 0);
    saves = "the second";
    CHECK_EQ(tern_uv_snapshot_save(s, NULL), 0);
    tern_uv_snapshot_close(s, false);
    s = open_one();
    CHECK_EQ(tern_uv_snapshot_restore(s, NULL), 0);
    CHECK(strcmp(taken, "the second") == 0);
    tern_uv_snapshot_close(s, true);
    CHECK(access(path_of("calls"), F_OK) != 0);
}

/* What was cut off in the middle of writing is beside the file, and not in its place. */
static void a_save_that_was_cut_off_leaves_the_one_before(void)
{
    struct tern_uv_snapshot *s = open_one();
    saves = "whole";
    CHECK_EQ(tern_uv_snapshot_save(s, NULL), 0);
    int fd = open(path_of("calls.new"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK_EQ(write(fd, "ha", 2), 2);
    close(fd);
    CHECK_EQ(tern_uv_snapshot_restore(s, NULL), 0);
    CHECK(strcmp(taken, "whole") == 0);
    tern_uv_snapshot_close(s, true);
    unlink(path_of("calls.new"));
}

static void two_processes_do_not_share_one(void)
{
    struct tern_uv_snapshot *first = open_one(), *second = NULL;
    CHECK_EQ(tern_uv_snapshot_open(path_of("calls"), &second), TERN_EBUSY);
    CHECK(second == NULL);
    tern_uv_snapshot_close(first, true);
    tern_uv_snapshot_close(open_one(), true);
}

static void a_key_that_others_may_read_is_no_key(void)
{
    static const mode_t modes[] = {0604, 0640, 0620, 0666};
    struct tern_uv_snapshot *s = NULL;
    struct stat st;
    tern_uv_snapshot_close(open_one(), true);
    CHECK_EQ(stat(path_of("calls.key"), &st), 0);
    CHECK_EQ(st.st_mode & 07777, 0600);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        CHECK_EQ(chmod(path_of("calls.key"), modes[i]), 0);
        CHECK_EQ(tern_uv_snapshot_open(path_of("calls"), &s), TERN_EIO);
        CHECK(s == NULL);
    }
    CHECK_EQ(chmod(path_of("calls.key"), 0600), 0);
    tern_uv_snapshot_close(open_one(), true);
}

/* By a process that died over it: nothing was sealed with it. */
static void half_a_key_is_made_anew(void)
{
    struct stat st;
    CHECK_EQ(truncate(path_of("calls.key"), 7), 0);
    tern_uv_snapshot_close(open_one(), true);
    CHECK_EQ(stat(path_of("calls.key"), &st), 0);
    CHECK_EQ(st.st_size, TERN_SNAPSHOT_KEY);
}

static void without_a_folder_there_is_none(void)
{
    struct tern_uv_snapshot *s = NULL;
    CHECK_EQ(tern_uv_snapshot_open(path_of("nowhere/calls"), &s), TERN_ENOTFOUND);
    CHECK(s == NULL);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_next_process_takes_up_what_was_saved_last),
        TEST(a_save_that_was_cut_off_leaves_the_one_before),
        TEST(two_processes_do_not_share_one),
        TEST(a_key_that_others_may_read_is_no_key),
        TEST(half_a_key_is_made_anew),
        TEST(without_a_folder_there_is_none),
    };

    if (!mkdtemp(folder)) return 1;
    int status = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    unlink(path_of("calls.key"));
    rmdir(folder);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "base/str.h"
#include "tern_test.h"

int64_t rig_now = (int64_t)RIG_START_S * 1000000;

__attribute__((visibility("default"))) time_t time(time_t *out)
{
    time_t now = (time_t)(rig_now / 1000000);
    if (out) *out = now;
    return now;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
                                                        void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(rig_now / 1000000);
    tv->tv_usec = (suseconds_t)(rig_now % 1000000);
    return 0;
}

static void make(struct rig_identity *identity, const char *text, bool authority,
                 const struct rig_identity *issuer)
{
    static const struct tern_allocator alloc = {0};
    tern_str names[8], rest = tern_cstr(text);
    struct tn_cert_opts opts = {
        .names = names, .days = authority ? 1000 : 100, .authority = authority};

    while (rest.len > 0) {
        CHECK(opts.name_count < 8);
        names[opts.name_count++] = tn_str_cut(rest, ' ', &rest);
    }
    if (issuer) {
        opts.issuer_cert_pem = tn_buf_view(&issuer->cert);
        opts.issuer_key_pem = tn_buf_view(&issuer->key);
    }
    tn_buf_init(&identity->cert, &alloc, TN_CERT_PEM_MAX);
    tn_buf_init(&identity->key, &alloc, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&opts, &identity->cert, &identity->key), 0);
}

void rig_make(struct rig_identity *identity, const char *names, const struct rig_identity *issuer)
{
    make(identity, names, false, issuer);
}

void rig_make_authority(struct rig_identity *identity, const char *name)
{
    make(identity, name, true, NULL);
}

void rig_free(struct rig_identity *identity)
{
    tn_buf_fini(&identity->cert);
    tn_buf_fini(&identity->key);
}

static void *resize(void *user, void *ptr, size_t size)
{
    struct rig_memory *memory = user;

    if (size == 0) {
        memory->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (++memory->count == memory->fail_at) return NULL;
    memory->live += ptr == NULL;
    return realloc(ptr, size);
}

struct tern_allocator rig_allocator(struct rig_memory *memory)
{
    struct tern_allocator alloc = {memory, resize};
    return alloc;
}

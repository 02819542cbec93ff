/* SPDX-License-Identifier: MIT */
/*
 * The value types that every other header uses. A typedef in this library
 * means: small, passed by value, owns nothing.
 */
#ifndef TERN_TYPES_H
#define TERN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __GNUC__
#define TERN_CHECK __attribute__((warn_unused_result))
#define TERN_API   __attribute__((visibility("default")))
#else
#define TERN_CHECK
#define TERN_API
#endif

/** Version of this header; the library says its own in the User-Agent. */
#define TERN_VERSION "0.1.0"

/** Monotonic time in microseconds. Its origin means nothing; only differences do. */
typedef int64_t tern_time;

#define TERN_MS(n)      ((tern_time)(n)*1000)
#define TERN_SECONDS(n) ((tern_time)(n)*1000000)
#define TERN_TIME_NEVER INT64_MAX

/** A view of bytes that somebody else owns. Not NUL-terminated; ptr may be NULL when len is 0. */
typedef struct tern_str {
    const char *ptr;
    size_t len;
} tern_str;

/** A view of a NUL-terminated string; NULL gives the empty text. */
static inline tern_str tern_cstr(const char *text)
{
    tern_str s = {text, text ? strlen(text) : 0};
    return s;
}

#ifdef __cplusplus
#define TERN_STR(literal)                                                                          \
    tern_str                                                                                       \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#else
#define TERN_STR(literal) ((tern_str){"" literal, sizeof(literal) - 1})
#endif

/**
 * An account, by value. A handle outlives its object safely: once the account is
 * removed, each function given the handle returns TERN_ESTALE. {0} is no account.
 */
typedef struct tern_account {
    uint64_t id;
} tern_account;

/**
 * A call, by value, with the same rule: it is stale as soon as the call has ended, which may be
 * a moment before TERN_EV_CALL_ENDED is read. {0} is no call.
 */
typedef struct tern_call {
    uint64_t id;
} tern_call;

/** What carries SIP. */
enum tern_transport {
    TERN_TRANSPORT_UDP = 1,
    TERN_TRANSPORT_TCP = 2,
    TERN_TRANSPORT_TLS = 3, /**< over TCP; RFC 3261 26.2 */
};

/** Where memory comes from. Zeroed members mean the C library's realloc() and free(). */
struct tern_allocator {
    void *user;
    /** As realloc(3); `size` 0 frees and returns NULL. Must not call the library. */
    void *(*resize)(void *user, void *ptr, size_t size);
};

#endif

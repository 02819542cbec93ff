/* SPDX-License-Identifier: MIT */
/*
 * Error codes. Every function that can fail returns an int: 0 or a positive
 * count on success, one of these negative codes on failure.
 *
 * An error says that the *program* cannot go on with what it asked for. A SIP
 * answer such as 486 Busy Here, or no answer at all, is an *outcome*: it
 * arrives as an event and never as an error code.
 */
#ifndef TERN_ERR_H
#define TERN_ERR_H

#include <tern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, text). Values are ABI: append, never renumber. */
#define TERN_ERR_MAP(X)                                                                            \
    X(TERN_EINVAL, -1, "invalid argument")                                                         \
    X(TERN_ESTATE, -2, "not allowed in the present state")                                         \
    X(TERN_ESTALE, -3, "the handle's object has ended")                                            \
    X(TERN_ELIMIT, -4, "a configured limit is reached")                                            \
    X(TERN_ENOMEM, -5, "out of memory")                                                            \
    X(TERN_EPARSE, -6, "malformed input")                                                          \
    X(TERN_ENOBUF, -7, "the output buffer is too small")                                           \
    X(TERN_ENOROUTE, -8, "no usable network path")                                                 \
    X(TERN_EVERSION, -9, "struct is from a newer header than this library")                        \
    X(TERN_EBUSY, -10, "drain the outputs and events first")                                       \
    X(TERN_EUNSUPPORTED, -11, "not supported by this build or platform")                           \
    X(TERN_EIO, -12, "the operating system refused; see the message that came with it")            \
    X(TERN_ENOTFOUND, -13, "no such object or name")                                               \
    X(TERN_EKEY, -14, "another key than it was made with, or it has been altered")                 \
    X(TERN_EAGE, -15, "too old to be used")

enum tern_err {
    TERN_OK = 0,
#define TERN_ERR_ENUM(name, value, text) name = (value),
    TERN_ERR_MAP(TERN_ERR_ENUM)
#undef TERN_ERR_ENUM
};

/**
 * The text for an error code, in English, without a full stop.
 *
 * @param err  any int; an unknown code gives "unknown error"
 * @return     static storage, never NULL
 */
TERN_API const char *tern_strerror(int err);

#ifdef __cplusplus
}
#endif
#endif

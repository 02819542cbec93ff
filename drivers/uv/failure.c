/* SPDX-License-Identifier: MIT */
/* Why the system refused, in words that help: see tn_uv_failure(). */
#include "driver.h"

#include <errno.h>
#include <stdio.h>

tern_str tn_uv_failure(int error, uint16_t port, char text[160])
{
    int len;

    switch (error) {
    case EADDRINUSE:
        len = snprintf(text, 160,
                       "port %u is already in use by another program; stop that, or choose "
                       "another port",
                       (unsigned)port);
        break;
    case EACCES:
        len = snprintf(text, 160, "not permitted to use port %u; ports below 1024 need privileges",
                       (unsigned)port);
        break;
    case EADDRNOTAVAIL:
        len = snprintf(text, 160, "this host does not have that address (any more)");
        break;
    case EMFILE:
    case ENFILE:
        len = snprintf(text, 160, "no file descriptors left; raise the limit (ulimit -n)");
        break;
    default: len = snprintf(text, 160, "%s", uv_strerror(uv_translate_sys_error(error))); break;
    }
    return (tern_str){text, len > 0 ? (size_t)len : 0};
}

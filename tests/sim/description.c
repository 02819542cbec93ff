/* SPDX-License-Identifier: MIT */
/* SDP, strictly: RFC 4566 5 and 9, and what RFC 3264 5 wants of it. */
#include <string.h>

#include "message.h"

static tern_str last_word(tern_str line)
{
    tern_str word = {NULL, 0};
    while (line.len)
        word = cut(&line, ' ');
    return word;
}

/* user, session id, version, "IN", family, address */
static const char *read_origin(tern_str value, struct description *sdp)
{
    tern_str head = value, number;
    (void)cut(&value, ' ');
    number = cut(&value, ' ');
    head.len = (size_t)(number.ptr - head.ptr) + number.len;
    uint64_t id;
    if (!read_number(number, UINT64_MAX, &id)) return "the session of o=";
    if (!read_number(cut(&value, ' '), UINT64_MAX, &sdp->version)) return "the version of o=";
    sdp->origin = hash_text(hash_text(0, head), value);
    return last_word(value).len ? NULL : "the address of o=";
}

static const char *read_media(tern_str value, struct description *sdp)
{
    uint64_t port;
    tern_str kind = cut(&value, ' ');
    if (!read_number(cut(&value, ' '), 65535, &port)) return "the port of m=";
    tern_str protocol = cut(&value, ' ');
    if (value.len == 0) return "an m= without formats";
    if (sdp->lines++ == 0) sdp->formats = value;
    sdp->port = (uint16_t)port;
    sdp->kinds = hash_text(hash_text(sdp->kinds, kind), protocol);
    return NULL;
}

static void read_direction(tern_str value, struct description *sdp)
{
    bool both = str_is(value, "sendrecv"), none = str_is(value, "inactive");
    bool send = str_is(value, "sendonly"), hear = str_is(value, "recvonly");
    if (!both && !none && !send && !hear) return;
    sdp->sends = both || send;
    sdp->hears = both || hear;
}

static const char *read_line(char type, tern_str value, struct description *sdp)
{
    if (type == 'o') return read_origin(value, sdp);
    if (type == 'm') return read_media(value, sdp);
    if (type == 'a') read_direction(value, sdp);
    if (type == 'c') sdp->address = last_word(value);
    return NULL;
}

const char *description_read(tern_str body, struct description *sdp)
{
    const char *order = "vosctma";
    size_t at = 0;
    *sdp = (struct description){.sends = true, .hears = true};
    while (body.len) {
        tern_str line = cut(&body, '\n');
        if (line.len < 3 || line.ptr[line.len - 1] != '\r' || line.ptr[1] != '=')
            return "a line of the SDP";
        line.len--;
        const char *place = strchr(order + at, line.ptr[0]);
        if (place == NULL && !strchr("camb", line.ptr[0])) return "the order of the SDP";
        if (place) at = (size_t)(place - order);
        const char *why = read_line(line.ptr[0], (tern_str){line.ptr + 2, line.len - 2}, sdp);
        if (why) return why;
        if (line.ptr[0] != 'o') sdp->content = hash_text(sdp->content, line);
    }
    if (sdp->origin == 0) return "an SDP without o=";
    return at >= 5 ? NULL : "an SDP without m=";
}

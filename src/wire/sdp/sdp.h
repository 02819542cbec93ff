/* SPDX-License-Identifier: MIT */
/*
 * Session descriptions: RFC 8866 (and 4566, which peers still speak), a=rtcp of RFC 3605.
 *
 * Read leniently where nothing is lost by it: LF alone ends a line, the last line needs no end,
 * empty lines and missing s= and t= lines do not matter, lines of the session part may come in
 * any order after v=. Ports, addresses, counts and type letters must be right, or the whole
 * description is refused (RFC 8866 5). An attribute that is unknown, repeated or malformed is
 * kept as it stands and otherwise without effect. The lines i u e p b r z k are read over:
 * nothing in a call depends on them.
 */
#ifndef TN_WIRE_SDP_SDP_H
#define TN_WIRE_SDP_SDP_H

#include <tern/err.h>
#include <tern/network.h>

#include "base/arena.h"
#include "base/buf.h"

#define TN_SDP_BYTES_MAX   16384 /* twice what a browser with everything offers */
#define TN_SDP_MEDIA_MAX   16    /* m= lines; a conference with screen sharing has 3 or 4 */
#define TN_SDP_FORMATS_MAX 256   /* over all m= lines */
#define TN_SDP_ATTRS_MAX   512   /* kept attributes over the whole description */
#define TN_SDP_ARENA_MAX   65536 /* what a parse within these limits can need, and some room */

/* Ordered so that nothing depends on it; ask tn_sdp_sends() and tn_sdp_receives(). */
enum tn_sdp_direction {
    TN_SDP_UNSAID, /* means sendrecv, or what the session part says */
    TN_SDP_SENDRECV,
    TN_SDP_SENDONLY,
    TN_SDP_RECVONLY,
    TN_SDP_INACTIVE,
};

/* "a=name:value" or, without value, "a=name". */
struct tn_sdp_attr {
    tern_str name, value;
    bool has_value;
    struct tn_sdp_attr *next;
};

/* "IN IP4 host" of a c= line or behind a=rtcp. */
struct tn_sdp_connection {
    uint8_t family;  /* enum tern_family that the line names; NONE: there is no such line */
    tern_addr addr;  /* port 0; family NONE when the host is a name */
    tern_str host;   /* as written; printed only where addr has none */
    tern_str suffix; /* "/ttl/count" of multicast, as written */
};

/* One format of an m= line with its rtpmap and fmtp. */
struct tn_sdp_format {
    tern_str text;
    int pt;            /* 0..127, or -1: not a payload type */
    tern_str encoding; /* of the rtpmap; empty: none */
    uint32_t clock_hz;
    tern_str channels; /* third part of the rtpmap, as written; empty: none */
    tern_str fmtp;     /* empty: none */
};

struct tn_sdp_media {
    tern_str type, proto; /* "audio", "RTP/AVP" */
    uint16_t port;        /* 0: rejected or withdrawn */
    uint16_t port_count;  /* 1 unless the port is written "p/n" */
    struct tn_sdp_format *formats;
    size_t format_count;
    struct tn_sdp_connection connection;
    enum tn_sdp_direction direction;
    uint32_t ptime_ms;  /* 0: unsaid */
    uint16_t rtcp_port; /* RFC 3605; 0: unsaid */
    struct tn_sdp_connection rtcp;
    struct tn_sdp_attr *attrs; /* all others */
};

struct tn_sdp {
    tern_str user, id, version; /* o=; id and version are digits of any number */
    tern_str origin;            /* rest of o=: "IN IP4 host"; nobody connects to it */
    tern_str name;              /* s=; empty when missing, printed as "-" */
    tern_str time;              /* first t=; empty when missing, printed as "0 0" */
    struct tn_sdp_connection connection;
    enum tn_sdp_direction direction;
    struct tn_sdp_attr *attrs;
    struct tn_sdp_media *media;
    size_t media_count;
};

/**
 * Parses a description. What `out` points to lies in `arena` or in `in`; both must outlive it.
 *
 * @return             0
 * @retval TERN_EPARSE not a description, or over a limit above; `out` untouched
 * @retval TERN_ENOMEM the arena has no more; `out` untouched
 */
TERN_CHECK int tn_sdp_parse(struct tn_arena *arena, tern_str in, struct tn_sdp *out);

/** Appends the description, with CRLF line ends. Texts must be free of CR, LF and NUL. */
void tn_sdp_print(const struct tn_sdp *sdp, struct tn_buf *buf);

/** The line's own direction, else that of the session part, else sendrecv. */
enum tn_sdp_direction tn_sdp_direction(const struct tn_sdp *sdp, const struct tn_sdp_media *media);

/** The line's own c=, else that of the session part, else NULL. */
const struct tn_sdp_connection *tn_sdp_connection(const struct tn_sdp *sdp,
                                                  const struct tn_sdp_media *media);

/** The first kept attribute of that name, or NULL. */
const struct tn_sdp_attr *tn_sdp_attr_find(const struct tn_sdp_attr *attrs, tern_str name);

static inline bool tn_sdp_sends(enum tn_sdp_direction d)
{
    return d == TN_SDP_SENDRECV || d == TN_SDP_SENDONLY || d == TN_SDP_UNSAID;
}

static inline bool tn_sdp_receives(enum tn_sdp_direction d)
{
    return d == TN_SDP_SENDRECV || d == TN_SDP_RECVONLY || d == TN_SDP_UNSAID;
}

/** "sendrecv" …; empty for UNSAID. */
tern_str tn_sdp_direction_name(enum tn_sdp_direction d);

#endif

/* SPDX-License-Identifier: MIT */
/* Printing session descriptions (RFC 8866 5 and 9), and questions to parsed ones. */
#include "wire/sdp/sdp.h"

#include "base/str.h"

tern_str tn_sdp_direction_name(enum tn_sdp_direction d)
{
    switch (d) {
    case TN_SDP_SENDRECV: return TERN_STR("sendrecv");
    case TN_SDP_SENDONLY: return TERN_STR("sendonly");
    case TN_SDP_RECVONLY: return TERN_STR("recvonly");
    case TN_SDP_INACTIVE: return TERN_STR("inactive");
    case TN_SDP_UNSAID: break;
    }
    return TERN_STR("");
}

static void put_line(struct tn_buf *buf, const char *start, tern_str value)
{
    tn_buf_z(buf, start);
    tn_buf_str(buf, value);
    tn_buf_z(buf, "\r\n");
}

static void put_connection(struct tn_buf *buf, const struct tn_sdp_connection *c)
{
    char text[TERN_ADDR_TEXT_MAX];
    tern_addr addr = c->addr;

    addr.port = 0; /* no brackets, no port, no scope: they mean nothing in SDP */
    addr.scope = 0;
    tn_buf_z(buf, c->family == TERN_FAMILY_IPV6 ? "IN IP6 " : "IN IP4 ");
    if (addr.family) {
        tn_buf_z(buf, tern_addr_print(addr, text));
    } else {
        tn_buf_str(buf, c->host);
    }
    tn_buf_str(buf, c->suffix);
}

static void put_connection_line(struct tn_buf *buf, const struct tn_sdp_connection *c)
{
    if (!c->family) return;
    tn_buf_z(buf, "c=");
    put_connection(buf, c);
    tn_buf_z(buf, "\r\n");
}

static void put_direction(struct tn_buf *buf, enum tn_sdp_direction d)
{
    if (d != TN_SDP_UNSAID) put_line(buf, "a=", tn_sdp_direction_name(d));
}

static void put_attrs(struct tn_buf *buf, const struct tn_sdp_attr *attr)
{
    for (; attr; attr = attr->next) {
        tn_buf_z(buf, "a=");
        tn_buf_str(buf, attr->name);
        if (attr->has_value) tn_buf_char(buf, ':');
        put_line(buf, "", attr->value);
    }
}

static void put_format_attrs(struct tn_buf *buf, const struct tn_sdp_format *f)
{
    if (f->encoding.len > 0) {
        tn_buf_z(buf, "a=rtpmap:");
        tn_buf_str(buf, f->text);
        tn_buf_char(buf, ' ');
        tn_buf_str(buf, f->encoding);
        tn_buf_char(buf, '/');
        tn_buf_u64(buf, f->clock_hz);
        if (f->channels.len > 0) tn_buf_char(buf, '/');
        put_line(buf, "", f->channels);
    }
    if (f->fmtp.len > 0) {
        tn_buf_z(buf, "a=fmtp:");
        tn_buf_str(buf, f->text);
        put_line(buf, " ", f->fmtp);
    }
}

static void put_media_line(struct tn_buf *buf, const struct tn_sdp_media *m)
{
    tn_buf_z(buf, "m=");
    tn_buf_str(buf, m->type);
    tn_buf_char(buf, ' ');
    tn_buf_u64(buf, m->port);
    if (m->port_count > 1) {
        tn_buf_char(buf, '/');
        tn_buf_u64(buf, m->port_count);
    }
    tn_buf_char(buf, ' ');
    tn_buf_str(buf, m->proto);
    for (size_t i = 0; i < m->format_count; i++) {
        tn_buf_char(buf, ' ');
        tn_buf_str(buf, m->formats[i].text);
    }
    tn_buf_z(buf, "\r\n");
}

static void put_media(struct tn_buf *buf, const struct tn_sdp_media *m)
{
    put_media_line(buf, m);
    put_connection_line(buf, &m->connection);
    for (size_t i = 0; i < m->format_count; i++)
        put_format_attrs(buf, &m->formats[i]);
    if (m->ptime_ms) {
        tn_buf_z(buf, "a=ptime:");
        tn_buf_u64(buf, m->ptime_ms);
        tn_buf_z(buf, "\r\n");
    }
    if (m->rtcp_port) {
        tn_buf_z(buf, "a=rtcp:");
        tn_buf_u64(buf, m->rtcp_port);
        if (m->rtcp.family) {
            tn_buf_char(buf, ' ');
            put_connection(buf, &m->rtcp);
        }
        tn_buf_z(buf, "\r\n");
    }
    put_direction(buf, m->direction);
    put_attrs(buf, m->attrs);
}

void tn_sdp_print(const struct tn_sdp *sdp, struct tn_buf *buf)
{
    tn_buf_z(buf, "v=0\r\no=");
    tn_buf_str(buf, sdp->user);
    tn_buf_char(buf, ' ');
    tn_buf_str(buf, sdp->id);
    tn_buf_char(buf, ' ');
    tn_buf_str(buf, sdp->version);
    put_line(buf, " ", sdp->origin);
    put_line(buf, "s=", sdp->name.len ? sdp->name : TERN_STR("-"));
    put_connection_line(buf, &sdp->connection);
    put_line(buf, "t=", sdp->time.len ? sdp->time : TERN_STR("0 0"));
    put_direction(buf, sdp->direction);
    put_attrs(buf, sdp->attrs);
    for (size_t i = 0; i < sdp->media_count; i++)
        put_media(buf, &sdp->media[i]);
}

enum tn_sdp_direction tn_sdp_direction(const struct tn_sdp *sdp, const struct tn_sdp_media *media)
{
    if (media->direction != TN_SDP_UNSAID) return media->direction;
    return sdp->direction != TN_SDP_UNSAID ? sdp->direction : TN_SDP_SENDRECV;
}

const struct tn_sdp_connection *tn_sdp_connection(const struct tn_sdp *sdp,
                                                  const struct tn_sdp_media *media)
{
    if (media->connection.family) return &media->connection;
    return sdp->connection.family ? &sdp->connection : NULL;
}

const struct tn_sdp_attr *tn_sdp_attr_find(const struct tn_sdp_attr *attrs, tern_str name)
{
    for (; attrs; attrs = attrs->next) {
        if (tn_str_eq(attrs->name, name)) return attrs;
    }
    return NULL;
}

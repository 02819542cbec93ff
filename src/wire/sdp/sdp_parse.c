/* SPDX-License-Identifier: MIT */
/*
 * Reading session descriptions: RFC 8866 9, one pass over the lines, borrowed from the input.
 * Each line costs at most one allocation, and lines, formats and attributes are counted.
 */
#include "wire/sdp/sdp.h"

#include "base/assert.h"
#include "base/str.h"

struct parser {
    struct tn_arena *arena;
    struct tn_sdp sdp;
    struct tn_sdp_media *media; /* NULL in the session part */
    struct tn_sdp_attr **attr_end;
    size_t media_cap, format_count, attr_count;
    bool has_name; /* s= may be empty, so its text does not tell */
};

/* ---- words and lines ---- */

/* The next line without its end; CR LF or LF. @return false after the last. */
static bool next_line(tern_str *rest, tern_str *line)
{
    if (rest->len == 0) return false;
    *line = tn_str_cut(*rest, '\n', rest);
    if (line->len > 0 && line->ptr[line->len - 1] == '\r') line->len--;
    return true;
}

/* Words are parted by one space; several are forgiven. */
static tern_str next_word(tern_str *rest)
{
    while (rest->len > 0 && rest->ptr[0] == ' ')
        *rest = tn_str_from(*rest, 1);
    return tn_str_cut(*rest, ' ', rest);
}

static tern_str trim_spaces(tern_str s)
{
    while (s.len > 0 && s.ptr[0] == ' ')
        s = tn_str_from(s, 1);
    while (s.len > 0 && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

static bool is_last(tern_str rest)
{
    return next_word(&rest).len == 0 && rest.len == 0;
}

static bool is_number(tern_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    }
    return s.len > 0;
}

static bool is_clean(tern_str line)
{
    return tn_str_find(line, '\0') == SIZE_MAX && tn_str_find(line, '\r') == SIZE_MAX;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

/* ---- addresses ---- */

/* What ends in a number is a broken address and no host name (RFC 1123 2.1). */
static bool is_host_name(tern_str s)
{
    bool number = true;

    for (size_t i = 0; i < s.len; i++) {
        if (!is_name_char(s.ptr[i])) return false;
        if (s.ptr[i] == '.') {
            number = true;
        } else if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            number = false;
        }
    }
    return s.len > 0 && !number;
}

/* "/ttl" and "/count" behind a multicast address; here only that they are numbers. */
static bool is_suffix(tern_str s)
{
    uint64_t value;

    for (int parts = 0; s.len > 0; parts++) {
        tern_str rest, part = tn_str_cut(tn_str_from(s, 1), '/', &rest);
        if (parts == 2 || !tn_str_u64(part, UINT16_MAX, &value)) return false;
        s = tn_str_from(s, 1 + part.len);
    }
    return true;
}

/* "IN IP4 192.0.2.1/127", RFC 8866 5.7. */
static bool parse_connection(tern_str s, struct tn_sdp_connection *out)
{
    struct tn_sdp_connection c = {0};
    tern_str net = next_word(&s), type = next_word(&s), word = next_word(&s);
    size_t slash = tn_str_find(word, '/');

    if (!is_last(s) || !tn_str_eq(net, TERN_STR("IN"))) return false;
    if (tn_str_eq(type, TERN_STR("IP4"))) c.family = TERN_FAMILY_IPV4;
    if (tn_str_eq(type, TERN_STR("IP6"))) c.family = TERN_FAMILY_IPV6;
    if (!c.family) return false;
    c.host = tn_str_sub(word, 0, slash);
    if (slash != SIZE_MAX) c.suffix = tn_str_from(word, slash);
    if (!is_suffix(c.suffix)) return false;

    bool odd = tn_str_find(c.host, '[') != SIZE_MAX || tn_str_find(c.host, '%') != SIZE_MAX;
    if (odd || tern_addr_parse(c.host, &c.addr) != 0) {
        if (!is_host_name(c.host)) return false;
    } else if (c.addr.family != c.family || c.addr.port) {
        return false;
    }
    *out = c;
    return true;
}

/* ---- lines of the session part ---- */

/* o=user id version IN IP4 host. The host is often a name of the peer's own making: not looked at. */
static int parse_origin(struct parser *p, tern_str s)
{
    struct tn_sdp *sdp = &p->sdp;
    tern_str user = next_word(&s), id = next_word(&s), version = next_word(&s);
    tern_str host, origin = trim_spaces(s);

    if (sdp->user.len > 0) return TERN_EPARSE; /* a second one */
    if (user.len == 0 || !is_number(id) || !is_number(version)) return TERN_EPARSE;
    (void)next_word(&s);
    (void)next_word(&s);
    host = next_word(&s);
    if (host.len == 0 || !is_last(s)) return TERN_EPARSE;
    sdp->user = user;
    sdp->id = id;
    sdp->version = version;
    sdp->origin = origin;
    return 0;
}

static int parse_name(struct parser *p, tern_str s)
{
    if (p->has_name) return TERN_EPARSE;
    p->has_name = true;
    p->sdp.name = s;
    return 0;
}

/* A call has one t= line; of a broadcast's several the first is kept. */
static int parse_time(struct parser *p, tern_str s)
{
    tern_str rest = s, start = next_word(&rest), stop = next_word(&rest);

    if (!is_number(start) || !is_number(stop) || !is_last(rest)) return TERN_EPARSE;
    if (p->sdp.time.len == 0) p->sdp.time = s;
    return 0;
}

/* Several c= lines of one m= line are layers of multicast: the first counts. */
static int parse_connection_line(struct parser *p, tern_str s)
{
    struct tn_sdp_connection c;
    struct tn_sdp_connection *to = p->media ? &p->media->connection : &p->sdp.connection;

    if (!parse_connection(s, &c)) return TERN_EPARSE;
    if (to->family && !p->media) return TERN_EPARSE;
    if (!to->family) *to = c;
    return 0;
}

/* ---- m= ---- */

static bool parse_port(tern_str s, struct tn_sdp_media *m)
{
    bool counted = tn_str_find(s, '/') != SIZE_MAX;
    tern_str count, first = tn_str_cut(s, '/', &count);
    uint64_t port, ports = 1;

    if (!tn_str_u64(first, UINT16_MAX, &port)) return false;
    if (counted && !tn_str_u64(count, UINT16_MAX, &ports)) return false;
    if (ports == 0) return false;
    m->port = (uint16_t)port;
    m->port_count = (uint16_t)ports;
    return true;
}

static size_t count_words(tern_str s)
{
    size_t n = 0;
    while (next_word(&s).len > 0)
        n++;
    return n;
}

static int payload_type(tern_str s)
{
    uint64_t pt;
    return tn_str_u64(s, 127, &pt) ? (int)pt : -1;
}

static int parse_formats(struct parser *p, tern_str s, struct tn_sdp_media *m)
{
    size_t count = count_words(s);

    if (count > TN_SDP_FORMATS_MAX - p->format_count) return TERN_EPARSE;
    if (count == 0) return m->port ? TERN_EPARSE : 0; /* some leave them out when rejecting */
    m->formats = tn_arena_alloc(p->arena, count * sizeof(*m->formats));
    if (!m->formats) return TERN_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        m->formats[i].text = next_word(&s);
        m->formats[i].pt = payload_type(m->formats[i].text);
    }
    m->format_count = count;
    p->format_count += count;
    return 0;
}

/* m=audio 49170 RTP/AVP 0 8 97, RFC 8866 5.14 */
static int parse_media(struct parser *p, tern_str s)
{
    struct tn_sdp_media m = {0};
    tern_str type = next_word(&s), port = next_word(&s), proto = next_word(&s);

    TN_ASSERT(p->sdp.media_count < p->media_cap); /* counted ahead */
    if (type.len == 0 || proto.len == 0 || !parse_port(port, &m)) return TERN_EPARSE;
    m.type = type;
    m.proto = proto;
    int err = parse_formats(p, s, &m);
    if (err) return err;
    p->media = &p->sdp.media[p->sdp.media_count++];
    *p->media = m;
    p->attr_end = &p->media->attrs;
    return 0;
}

/* ---- a= ---- */

static struct tn_sdp_format *find_format(const struct tn_sdp_media *m, tern_str text)
{
    for (size_t i = 0; i < m->format_count; i++) {
        if (tn_str_eq(m->formats[i].text, text)) return &m->formats[i];
    }
    return NULL;
}

/* a=rtpmap:97 iLBC/8000, RFC 8866 6.6 */
static bool take_rtpmap(struct tn_sdp_media *m, tern_str s)
{
    struct tn_sdp_format *f = find_format(m, next_word(&s));
    tern_str map = next_word(&s), channels, clock;
    tern_str name = tn_str_cut(map, '/', &clock);
    uint32_t clock_hz;

    clock = tn_str_cut(clock, '/', &channels);
    if (!f || f->encoding.len > 0 || name.len == 0 || !is_last(s)) return false;
    if (!tn_str_u32(clock, &clock_hz) || clock_hz == 0) return false;
    f->encoding = name;
    f->clock_hz = clock_hz;
    f->channels = channels;
    return true;
}

static bool take_fmtp(struct tn_sdp_media *m, tern_str s)
{
    struct tn_sdp_format *f = find_format(m, next_word(&s));

    s = trim_spaces(s);
    if (!f || f->fmtp.len > 0 || s.len == 0) return false;
    f->fmtp = s;
    return true;
}

static bool take_ptime(struct tn_sdp_media *m, tern_str s)
{
    return m->ptime_ms == 0 && tn_str_u32(trim_spaces(s), &m->ptime_ms) && m->ptime_ms > 0;
}

/* a=rtcp:53020 IN IP6 2001:db8::1, RFC 3605 2.1 */
static bool take_rtcp(struct tn_sdp_media *m, tern_str s)
{
    struct tn_sdp_connection c = {0};
    uint64_t port;

    if (m->rtcp_port || !tn_str_u64(next_word(&s), UINT16_MAX, &port) || port == 0) return false;
    if (!is_last(s) && !parse_connection(s, &c)) return false;
    m->rtcp_port = (uint16_t)port;
    m->rtcp = c;
    return true;
}

static bool take_direction(struct parser *p, tern_str name)
{
    enum tn_sdp_direction *to = p->media ? &p->media->direction : &p->sdp.direction;

    if (*to != TN_SDP_UNSAID) return false;
    for (int d = TN_SDP_SENDRECV; d <= TN_SDP_INACTIVE; d++) {
        if (!tn_str_eq(name, tn_sdp_direction_name((enum tn_sdp_direction)d))) continue;
        *to = (enum tn_sdp_direction)d;
        return true;
    }
    return false;
}

/* @return whether the attribute is one that has a field, is well-formed and the first of its kind */
static bool take_known(struct parser *p, const struct tn_sdp_attr *a)
{
    if (!a->has_value) return take_direction(p, a->name);
    if (!p->media) return false;
    if (tn_str_eq(a->name, TERN_STR("rtpmap"))) return take_rtpmap(p->media, a->value);
    if (tn_str_eq(a->name, TERN_STR("fmtp"))) return take_fmtp(p->media, a->value);
    if (tn_str_eq(a->name, TERN_STR("ptime"))) return take_ptime(p->media, a->value);
    if (tn_str_eq(a->name, TERN_STR("rtcp"))) return take_rtcp(p->media, a->value);
    return false;
}

static int parse_attr(struct parser *p, tern_str s)
{
    struct tn_sdp_attr a = {0};

    a.has_value = tn_str_find(s, ':') != SIZE_MAX;
    a.name = tn_str_cut(s, ':', &a.value);
    if (a.name.len == 0) return 0; /* says nothing */
    if (take_known(p, &a)) return 0;
    if (p->attr_count++ == TN_SDP_ATTRS_MAX) return TERN_EPARSE;
    struct tn_sdp_attr *kept = tn_arena_alloc(p->arena, sizeof(*kept));
    if (!kept) return TERN_ENOMEM;
    *kept = a;
    *p->attr_end = kept;
    p->attr_end = &kept->next;
    return 0;
}

/* ---- the whole ---- */

static int parse_session_line(struct parser *p, char type, tern_str value)
{
    switch (type) {
    case 'o': return parse_origin(p, value);
    case 's': return parse_name(p, value);
    case 't': return parse_time(p, value);
    case 'u':
    case 'e':
    case 'p':
    case 'r':
    case 'z': return 0;
    default: return TERN_EPARSE; /* RFC 8866 5: a letter that is not understood spoils all */
    }
}

static int parse_line(struct parser *p, tern_str line)
{
    if (line.len == 0) return 0;
    if (line.len < 2 || line.ptr[1] != '=' || !is_clean(line)) return TERN_EPARSE;
    tern_str value = tn_str_from(line, 2);
    switch (line.ptr[0]) {
    case 'm': return parse_media(p, value);
    case 'c': return parse_connection_line(p, value);
    case 'a': return parse_attr(p, value);
    case 'i':
    case 'b':
    case 'k': return 0;
    default: return p->media ? TERN_EPARSE : parse_session_line(p, line.ptr[0], value);
    }
}

static int make_room_for_media(struct parser *p, tern_str in)
{
    tern_str line;

    while (next_line(&in, &line))
        p->media_cap += tn_str_starts(line, TERN_STR("m="));
    if (p->media_cap > TN_SDP_MEDIA_MAX) return TERN_EPARSE;
    if (p->media_cap == 0) return 0;
    p->sdp.media = tn_arena_alloc(p->arena, p->media_cap * sizeof(*p->sdp.media));
    return p->sdp.media ? 0 : TERN_ENOMEM;
}

int tn_sdp_parse(struct tn_arena *arena, tern_str in, struct tn_sdp *out)
{
    struct parser p = {.arena = arena};
    tern_str line;

    if (in.len > TN_SDP_BYTES_MAX) return TERN_EPARSE;
    if (!next_line(&in, &line) || !tn_str_eq(line, TERN_STR("v=0"))) return TERN_EPARSE;
    int err = make_room_for_media(&p, in);
    if (err) return err;
    p.attr_end = &p.sdp.attrs;
    while (next_line(&in, &line)) {
        err = parse_line(&p, line);
        if (err) return err;
    }
    if (p.sdp.user.len == 0) return TERN_EPARSE; /* no o= */
    *out = p.sdp;
    return 0;
}

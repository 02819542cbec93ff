/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <string.h>

static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-.!%*_+`'~", c) != NULL);
}

static bool is_token(tern_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!token_char(s.ptr[i])) return false;
    }
    return s.len > 0;
}

bool str_is(tern_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool name_is(tern_str s, const char *name)
{
    if (s.len != strlen(name)) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (low(s.ptr[i]) != low(name[i])) return false;
    }
    return true;
}

static bool number(tern_str s, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0 || s.len > 10) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    *out = n;
    return n <= most;
}

/* Cuts `s` at the first `c`; what is before it is returned, `*s` is what comes after. */
static tern_str cut(tern_str *s, char c)
{
    const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;
    tern_str head = {s->ptr, at ? (size_t)(at - s->ptr) : s->len};
    size_t skip = at ? head.len + 1 : s->len;
    s->ptr += skip;
    s->len -= skip;
    return head;
}

static tern_str trim(tern_str s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* The value of ;name=value after the address part. */
static tern_str parameter(tern_str value, const char *name)
{
    const char *angle = value.len ? memchr(value.ptr, '>', value.len) : NULL;
    if (angle) {
        value.len -= (size_t)(angle + 1 - value.ptr);
        value.ptr = angle + 1;
    }
    (void)cut(&value, ';');
    while (value.len) {
        tern_str one = cut(&value, ';');
        if (name_is(trim(cut(&one, '=')), name)) return trim(one);
    }
    return (tern_str){NULL, 0};
}

/* Host of "host", "host:port", "[v6]:port". */
static tern_str host_of(tern_str s)
{
    if (s.len && s.ptr[0] == '[') {
        (void)cut(&s, '[');
        return cut(&s, ']');
    }
    return cut(&s, ':');
}

/* Host of a URI, in angle brackets or not. */
static tern_str uri_host(tern_str s)
{
    const char *angle = s.len ? memchr(s.ptr, '<', s.len) : NULL;
    if (angle) {
        s.len -= (size_t)(angle + 1 - s.ptr);
        s.ptr = angle + 1;
        s = cut(&s, '>');
    }
    if (s.len < 5 || memcmp(s.ptr, "sip:", 4) != 0) return (tern_str){NULL, 0};
    s.ptr += 4;
    s.len -= 4;
    if (memchr(s.ptr, '@', s.len)) (void)cut(&s, '@');
    s = cut(&s, ';');
    return host_of(s);
}

/* ---- headers ---- */

enum seen {
    VIA = 1,
    FROM = 2,
    TO = 4,
    CALL_ID = 8,
    CSEQ = 16,
    FORWARDS = 32,
    LENGTH = 64,
    CONTACT = 128,
    TYPE = 256,
};

static const char *read_via(tern_str value, struct message *m)
{
    tern_str protocol = cut(&value, ' ');
    if (!str_is(protocol, "SIP/2.0/UDP") && !str_is(protocol, "SIP/2.0/TCP"))
        return "the protocol of a Via";
    m->branch = parameter(value, "branch");
    tern_str rest = value;
    m->sent_by = host_of(trim(cut(&rest, ';')));
    if (m->branch.len <= 7 || memcmp(m->branch.ptr, "z9hG4bK", 7) != 0)
        return "a branch without the magic cookie";
    return is_token(m->branch) ? NULL : "a branch that is no token";
}

static const char *read_cseq(tern_str value, struct message *m)
{
    uint64_t n;
    tern_str method;
    if (!number(cut(&value, ' '), 0x7fffffff, &n)) return "the number of the CSeq";
    method = trim(value);
    if (!is_token(method)) return "the method of the CSeq";
    if (m->request &&
        (method.len != m->method.len || memcmp(method.ptr, m->method.ptr, method.len) != 0))
        return "the CSeq has another method";
    m->cseq = (uint32_t)n;
    m->method = method;
    return NULL;
}

static const char *read_authorization(tern_str value, struct message *m)
{
    if (!str_is(cut(&value, ' '), "Digest")) return "credentials that are not Digest";
    while (value.len) {
        tern_str one = trim(cut(&value, ','));
        tern_str name = cut(&one, '=');
        if (name_is(name, "nonce")) m->nonce = one;
        if (!name_is(name, "nc")) continue;
        if (one.len != 8) return "nc is 8 digits";
        m->nonce_count = 0;
        for (size_t i = 0; i < 8; i++) {
            const char *digit = strchr("0123456789abcdef", one.ptr[i]);
            if (digit == NULL) return "nc is lower-case hexadecimal";
            m->nonce_count = m->nonce_count * 16 + (uint32_t)(digit - "0123456789abcdef");
        }
    }
    return NULL;
}

/* What may stand once; `seen` gets its bit. */
static const char *once(unsigned *seen, unsigned bit)
{
    bool twice = *seen & bit;
    *seen |= bit;
    return twice ? "a header twice" : NULL;
}

static const char *read_header(tern_str name, tern_str value, struct message *m, unsigned *seen)
{
    uint64_t n;
    if (name_is(name, "Via")) {
        bool first = !(*seen & VIA);
        *seen |= VIA;
        return first ? read_via(value, m) : NULL;
    }
    if (name_is(name, "From") || name_is(name, "To")) {
        bool from = name_is(name, "From");
        *(from ? &m->from_tag : &m->to_tag) = parameter(value, "tag");
        if (uri_host(value).len == 0) return "From or To without a URI";
        return once(seen, from ? FROM : TO);
    }
    if (name_is(name, "Call-ID")) {
        m->call_id = value;
        return value.len ? once(seen, CALL_ID) : "an empty Call-ID";
    }
    if (name_is(name, "CSeq")) {
        const char *why = read_cseq(value, m);
        return why ? why : once(seen, CSEQ);
    }
    if (name_is(name, "Max-Forwards"))
        return number(value, 255, &n) ? once(seen, FORWARDS) : "hops";
    if (name_is(name, "Content-Length")) {
        if (!number(value, 65535, &n)) return "Content-Length";
        m->body.len = (size_t)n;
        return once(seen, LENGTH);
    }
    if (name_is(name, "Content-Type")) return once(seen, TYPE);
    if (name_is(name, "Contact")) {
        *seen |= CONTACT;
        while (value.len && m->contact.len == 0) {
            tern_str one = cut(&value, ',');
            if (!str_is(parameter(one, "expires"), "0")) m->contact = uri_host(one);
        }
    }
    if (name_is(name, "Authorization") || name_is(name, "Proxy-Authorization"))
        return read_authorization(value, m);
    return NULL;
}

static const char *read_start(tern_str line, struct message *m)
{
    if (line.len > 8 && memcmp(line.ptr, "SIP/2.0 ", 8) == 0) {
        uint64_t n;
        (void)cut(&line, ' ');
        if (!number(cut(&line, ' '), 699, &n) || n < 100) return "the status code";
        m->status = (int)n;
        return NULL;
    }
    m->request = true;
    m->method = cut(&line, ' ');
    m->uri = cut(&line, ' ');
    if (!is_token(m->method)) return "the method";
    if (uri_host(m->uri).len == 0) return "the Request-URI";
    return str_is(line, "SIP/2.0") ? NULL : "the version";
}

/* ---- SDP ---- */

static const char *read_sdp(struct message *m)
{
    tern_str body = m->body;
    const char *order = "vosctma";
    size_t at = 0;
    while (body.len) {
        tern_str line = cut(&body, '\n');
        if (line.len < 3 || line.ptr[line.len - 1] != '\r' || line.ptr[1] != '=')
            return "a line of the SDP";
        line.len--;
        const char *place = strchr(order + at, line.ptr[0]);
        if (place == NULL && !strchr("camb", line.ptr[0])) return "the order of the SDP";
        if (place) at = (size_t)(place - order);
        tern_str value = {line.ptr + 2, line.len - 2};
        if (line.ptr[0] == 'c') {
            (void)cut(&value, ' ');
            (void)cut(&value, ' ');
            m->media = value;
        } else if (line.ptr[0] == 'm') {
            uint64_t port;
            (void)cut(&value, ' ');
            if (!number(cut(&value, ' '), 65535, &port)) return "the port of m=";
            m->media_port = (uint16_t)port;
        }
    }
    return at >= 5 ? NULL : "an SDP without m=";
}

/* ---- the whole ---- */

static const char *complete(const struct message *m, unsigned seen)
{
    if ((seen & (VIA | FROM | TO | CALL_ID | CSEQ)) != (VIA | FROM | TO | CALL_ID | CSEQ))
        return "a mandatory header is missing";
    if (m->request && !(seen & FORWARDS)) return "no Max-Forwards";
    if (m->from_tag.len == 0) return "no From tag";
    if (!(seen & LENGTH)) return "no Content-Length";
    if (m->body.len && !(seen & TYPE)) return "a body without Content-Type";
    bool invite = str_is(m->method, "INVITE"), update = str_is(m->method, "UPDATE");
    if ((invite || update) && (m->request || (m->status >= 200 && m->status < 300)) &&
        m->contact.len == 0)
        return "no Contact";
    return NULL;
}

static const char *read_headers(tern_str *rest, struct message *m, unsigned *seen)
{
    for (;;) {
        if (rest->len == 0) return "no empty line";
        tern_str line = cut(rest, '\n');
        if (line.len == 0 || line.ptr[line.len - 1] != '\r') return "a line without CRLF";
        line.len--;
        if (line.len == 0) return NULL;
        for (size_t i = 0; i < line.len; i++) {
            unsigned char c = (unsigned char)line.ptr[i];
            if (c == 127 || (c < 32 && c != '\t')) return "a control character";
        }
        if (line.ptr[0] == ' ' || line.ptr[0] == '\t') return "a folded line";
        tern_str name = cut(&line, ':');
        if (!is_token(name)) return "a header's name";
        const char *why = read_header(name, trim(line), m, seen);
        if (why) return why;
    }
}

const char *message_read(tern_str data, struct message *m, size_t *used)
{
    unsigned seen = 0;
    tern_str rest = data;
    *m = (struct message){0};
    tern_str line = cut(&rest, '\n');
    if (line.len == 0 || line.ptr[line.len - 1] != '\r') return "a start line without CRLF";
    line.len--;
    const char *why = read_start(line, m);
    if (why == NULL) why = read_headers(&rest, m, &seen);
    if (why == NULL) why = complete(m, seen);
    if (why) return why;
    if (m->body.len > rest.len) return "a body shorter than its Content-Length";
    m->body.ptr = rest.ptr;
    m->text = (tern_str){data.ptr, (size_t)(rest.ptr - data.ptr) + m->body.len};
    *used = m->text.len;
    return m->body.len ? read_sdp(m) : NULL;
}

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

bool same_text(tern_str a, tern_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

uint64_t hash_text(uint64_t before, tern_str s)
{
    uint64_t h = before ^ 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (uint8_t)s.ptr[i]) * 0x100000001b3u;
    return h;
}

bool read_number(tern_str s, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;
    if (s.len == 0 || s.len > 19) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    *out = n;
    return n <= most;
}

tern_str cut(tern_str *s, char c)
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

/* A URI without its angle brackets, if it has them. */
static tern_str uri_of(tern_str s)
{
    const char *angle = s.len ? memchr(s.ptr, '<', s.len) : NULL;
    if (angle) {
        s.len -= (size_t)(angle + 1 - s.ptr);
        s.ptr = angle + 1;
        s = cut(&s, '>');
    }
    return s;
}

static tern_str uri_host(tern_str s)
{
    s = uri_of(s);
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
    REPLACES = 512,
};

static const char *read_via(tern_str value, struct message *m)
{
    tern_str protocol = cut(&value, ' ');
    if (!str_is(protocol, "SIP/2.0/UDP") && !str_is(protocol, "SIP/2.0/TCP") &&
        !str_is(protocol, "SIP/2.0/TLS"))
        return "the protocol of a Via";
    m->branch = parameter(value, "branch");
    tern_str rest = value;
    m->sent_by = host_of(trim(cut(&rest, ';')));
    if (m->branch.len <= 7 || memcmp(m->branch.ptr, "z9hG4bK", 7) != 0)
        return "a branch without the magic cookie";
    return is_token(m->branch) ? NULL : "a branch that is no token";
}

/* RFC 3891 6.1 */
static const char *read_replaces(tern_str value, struct message *m)
{
    if (!is_token(parameter(value, "to-tag")) || !is_token(parameter(value, "from-tag")))
        return "Replaces without a tag";
    m->replaces = trim(cut(&value, ';'));
    return m->replaces.len ? NULL : "Replaces without a Call-ID";
}

static const char *read_cseq(tern_str value, struct message *m)
{
    uint64_t n;
    tern_str method;
    if (!read_number(cut(&value, ' '), 0x7fffffff, &n)) return "the number of the CSeq";
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

/* 20.32: the far end must refuse what it does not know. Nothing of these is asked of anybody yet. */
static const char *read_require(tern_str value, struct message *m)
{
    while (value.len) {
        tern_str option = trim(cut(&value, ','));
        m->wants_reliable |= name_is(option, "100rel");
        if (!name_is(option, "100rel") && !name_is(option, "timer") &&
            !name_is(option, "replaces") && !name_is(option, "outbound"))
            return "a Require that nobody knows";
    }
    return NULL;
}

/* RSeq: one number; RAck: it, and the CSeq that it was the answer to (RFC 3262 7). */
static const char *read_number_of_1xx(tern_str value, struct message *m)
{
    uint64_t n;
    if (!read_number(cut(&value, ' '), 0x7fffffff, &n) || n == 0)
        return "the number of RSeq or RAck";
    m->rseq = (uint32_t)n;
    if (!m->request) return value.len ? "more than a number in RSeq" : NULL;
    if (!read_number(cut(&value, ' '), 0x7fffffff, &n)) return "the CSeq in RAck";
    m->rack_cseq = (uint32_t)n;
    return str_is(value, "INVITE") ? NULL : "the method in RAck";
}

static const char *read_contact(tern_str value, struct message *m)
{
    bool first = true;
    while (value.len && m->contact.len == 0) {
        tern_str one = cut(&value, ',');
        if (!first && m->request && !str_is(m->method, "REGISTER")) return "more than one Contact";
        first = false;
        if (str_is(parameter(one, "expires"), "0")) continue;
        m->contact = uri_host(one);
        m->contact_uri = uri_of(trim(one));
    }
    return NULL;
}

static const char *read_routes(tern_str value, tern_str *list, uint32_t *count)
{
    while (value.len) {
        tern_str one = uri_of(trim(cut(&value, ',')));
        if (uri_host(one).len == 0) return "a Route without a URI";
        if (*count == ROUTES_MAX) return "more Routes than there are proxies";
        list[(*count)++] = one;
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
        if (!first) m->vias_below = hash_text(m->vias_below, value);
        return first ? read_via(value, m) : NULL;
    }
    if (name_is(name, "From") || name_is(name, "To")) {
        bool from = name_is(name, "From");
        *(from ? &m->from_tag : &m->to_tag) = parameter(value, "tag");
        *(from ? &m->from : &m->to) = value;
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
    if (name_is(name, "Max-Forwards")) {
        if (!read_number(value, 255, &n)) return "hops";
        m->hops = (uint32_t)n;
        return once(seen, FORWARDS);
    }
    if (name_is(name, "Route")) return read_routes(value, m->routes, &m->route_count);
    if (name_is(name, "Record-Route"))
        return read_routes(value, m->record_routes, &m->record_route_count);
    if (name_is(name, "Require")) return read_require(value, m);
    if (name_is(name, "RSeq") || name_is(name, "RAck")) return read_number_of_1xx(value, m);
    if (name_is(name, "Replaces")) {
        const char *why = read_replaces(value, m);
        return why ? why : once(seen, REPLACES);
    }
    if (name_is(name, "Content-Length")) {
        if (!read_number(value, 65535, &n)) return "Content-Length";
        m->body.len = (size_t)n;
        return once(seen, LENGTH);
    }
    if (name_is(name, "Content-Type")) return once(seen, TYPE);
    if (name_is(name, "Contact")) return read_contact(value, m);
    if (name_is(name, "Authorization") || name_is(name, "Proxy-Authorization"))
        return read_authorization(value, m);
    return NULL;
}

static const char *read_start(tern_str line, struct message *m)
{
    if (line.len > 8 && memcmp(line.ptr, "SIP/2.0 ", 8) == 0) {
        uint64_t n;
        (void)cut(&line, ' ');
        if (!read_number(cut(&line, ' '), 699, &n) || n < 100) return "the status code";
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
    if (str_is(m->method, "INFO")) return NULL; /* the application's */
    return m->body.len ? description_read(m->body, &m->sdp) : NULL;
}

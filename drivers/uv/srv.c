/* SPDX-License-Identifier: MIT */
/* SRV and NAPTR records of an answer: RFC 1035 4.1, RFC 2782, RFC 3403 4.1. c-ares does the names. */
#include "srv.h"

#include <ares.h>
#include <string.h>

#include <tern/err.h>

#define HEADER_LEN        12
#define QUESTION_TAIL_LEN 4  /* type, class */
#define RECORD_TAIL_LEN   10 /* type, class, ttl, length */
#define SRV_HEAD_LEN      6  /* priority, weight, port */
#define NAPTR_HEAD_LEN    4  /* order, preference */

struct reader {
    const uint8_t *start;
    size_t len, at;
};

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static bool left(const struct reader *r, size_t len)
{
    return r->len - r->at >= len;
}

/* Expands the name at the reader's place. */
static bool take_name(struct reader *r, char text[TN_UV_NAME_MAX])
{
    char *name = NULL;
    long used = 0;

    if (r->at >= r->len) return false;
    if (ares_expand_name(r->start + r->at, r->start, (int)r->len, &name, &used) != ARES_SUCCESS) {
        return false;
    }
    size_t len = strlen(name);
    bool fits = len < TN_UV_NAME_MAX && used > 0 && left(r, (size_t)used);
    if (fits) memcpy(text, name, len + 1);
    ares_free_string(name);
    if (fits) r->at += (size_t)used;
    return fits;
}

/* A text with its length before it (RFC 1035 3.3); it points to the answer. */
static bool take_text(struct reader *r, tern_str *out)
{
    if (!left(r, 1)) return false;
    size_t len = r->start[r->at++];
    if (!left(r, len)) return false;
    *out = (tern_str){(const char *)r->start + r->at, len};
    r->at += len;
    return true;
}

static bool take_service(struct reader *r, struct tern_dns_record *record)
{
    const uint8_t *data = r->start + r->at;

    if (!left(r, SRV_HEAD_LEN)) return false;
    record->priority = u16(data);
    record->weight = u16(data + 2);
    record->port = u16(data + 4);
    r->at += SRV_HEAD_LEN;
    return true;
}

static bool take_rule(struct reader *r, struct tern_dns_record *record)
{
    const uint8_t *data = r->start + r->at;
    tern_str regexp;

    if (!left(r, NAPTR_HEAD_LEN)) return false;
    record->priority = u16(data);
    record->weight = u16(data + 2);
    r->at += NAPTR_HEAD_LEN;
    if (!take_text(r, &record->flags) || !take_text(r, &record->service)) return false;
    if (!take_text(r, &regexp)) return false;
    record->regexp = regexp.len > 0;
    return true;
}

/* @return 1 for a record of the type, 0 for another one, TERN_EPARSE. */
static int take_record(struct reader *r, uint16_t type, struct tn_uv_srv *out)
{
    char owner[TN_UV_NAME_MAX];

    if (!take_name(r, owner) || !left(r, RECORD_TAIL_LEN)) return TERN_EPARSE;
    const uint8_t *tail = r->start + r->at;
    size_t len = u16(tail + 8);
    r->at += RECORD_TAIL_LEN;
    if (!left(r, len)) return TERN_EPARSE;
    size_t end = r->at + len;
    if (u16(tail) != type) {
        r->at = end;
        return 0;
    }
    out->record = (struct tern_dns_record){.type = type,
                                           .ttl_s = (uint32_t)u16(tail + 4) << 16 | u16(tail + 6)};
    bool good = type == TERN_DNS_SRV ? take_service(r, &out->record) : take_rule(r, &out->record);
    if (!good || r->at >= end || !take_name(r, out->target) || r->at != end) return TERN_EPARSE;
    out->record.target = (tern_str){out->target, strlen(out->target)};
    return 1;
}

int tn_uv_srv_parse(const uint8_t *answer, size_t len, uint16_t type, struct tn_uv_srv *out,
                    int max)
{
    struct reader r = {.start = answer, .len = len, .at = HEADER_LEN};
    char name[TN_UV_NAME_MAX];
    int count = 0;

    if (len < HEADER_LEN) return TERN_EPARSE;
    unsigned questions = u16(answer + 4), records = u16(answer + 6);
    for (unsigned i = 0; i < questions; i++) {
        if (!take_name(&r, name) || !left(&r, QUESTION_TAIL_LEN)) return TERN_EPARSE;
        r.at += QUESTION_TAIL_LEN;
    }
    for (unsigned i = 0; i < records && count < max; i++) {
        int got = take_record(&r, type, &out[count]);
        if (got < 0) return got;
        count += got;
    }
    return count;
}

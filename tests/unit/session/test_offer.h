/* SPDX-License-Identifier: MIT */
/* What the tests of the offer/answer machine share: two ends, and bodies to throw at them. */
#ifndef TEST_OFFER_H
#define TEST_OFFER_H

#include "session/offer.h"

#include "tern_test.h"

#include "base/alloc.h"
#include "base/str.h"

/* A body of theirs at 192.0.2.9, from the m= line on. */
#define THEIRS(lines)                                                                              \
    "v=0\r\no=bob 5 6 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n" lines
#define AUDIO "m=audio 4000 RTP/AVP "

struct budget {
    long left; /* allocations that succeed; negative: all */
    long live; /* blocks that are not freed */
};

static struct budget budget = {-1, 0};

static inline void *resize_in_budget(void *user, void *ptr, size_t size)
{
    struct budget *b = user;

    if (size == 0) {
        b->live -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (b->left == 0) return NULL;
    if (b->left > 0) b->left--;
    void *block = realloc(ptr, size);
    CHECK(block != NULL);
    b->live += ptr == NULL;
    return block;
}

static const struct tern_allocator allocator = {&budget, resize_in_budget};

static inline struct tn_offer_opts both_codecs(void)
{
    struct tn_offer_opts opts = {.alloc = &allocator, .session_id = 77, .event_pt = 101};
    opts.codecs[0].codec = TN_CODEC_PCMU;
    opts.codecs[0].pt = 0;
    opts.codecs[1].codec = TN_CODEC_PCMA;
    opts.codecs[1].pt = 8;
    opts.codec_count = 2;
    return opts;
}

static inline void start_with(struct tn_offer *o, const struct tn_offer_opts *opts)
{
    CHECK_EQ(tn_offer_init(o, opts), 0);
}

static inline void start(struct tn_offer *o)
{
    struct tn_offer_opts opts = both_codecs();
    start_with(o, &opts);
}

static inline tern_addr at(const char *text)
{
    tern_addr addr;
    CHECK_EQ(tern_addr_parse(tn_str(text), &addr), 0);
    return addr;
}

static inline struct tn_offer_local here(const char *rtp)
{
    struct tn_offer_local local = {.rtp = at(rtp)};
    return local;
}

static inline struct tn_offer_local holding(const char *rtp)
{
    struct tn_offer_local local = here(rtp);
    local.hold = true;
    return local;
}

struct text {
    char z[8192];
};

static inline struct text text_of(struct tn_buf *buf)
{
    struct text t;
    CHECK_EQ(buf->err, 0);
    CHECK(buf->len < sizeof(t.z));
    memcpy(t.z, buf->ptr, buf->len);
    t.z[buf->len] = '\0';
    return t;
}

static inline struct text make(struct tn_offer *o, struct tn_offer_local local)
{
    char room[8000];
    struct tn_buf buf;
    tn_buf_fixed(&buf, room, sizeof(room));
    CHECK_EQ(tn_offer_make(o, &local, &buf), 0);
    CHECK_EQ(tn_offer_state(o), TN_OFFER_LOCAL);
    return text_of(&buf);
}

static inline struct text answer(struct tn_offer *o, struct tn_offer_local local,
                                 struct tn_media_plan *plan)
{
    char room[8000];
    struct tn_buf buf;
    tn_buf_fixed(&buf, room, sizeof(room));
    CHECK_EQ(tn_offer_answer(o, &local, &buf, plan), 0);
    CHECK_EQ(tn_offer_state(o), TN_OFFER_STABLE);
    return text_of(&buf);
}

static inline struct text repeat(struct tn_offer *o)
{
    char room[8000];
    struct tn_buf buf;
    tn_buf_fixed(&buf, room, sizeof(room));
    CHECK_EQ(tn_offer_repeat(o, &buf), 0);
    return text_of(&buf);
}

static inline int take(struct tn_offer *o, const char *body)
{
    return tn_offer_take(o, tn_str(body));
}

static inline int take_answer(struct tn_offer *o, const char *body, struct tn_media_plan *plan)
{
    return tn_offer_take_answer(o, tn_str(body), plan);
}

static inline void check_has(const char *text, const char *part)
{
    if (strstr(text, part)) return;
    fprintf(stderr, "no \"%s\" in:\n%s", part, text);
    abort();
}

static inline void check_lacks(const char *text, const char *part)
{
    if (!strstr(text, part)) return;
    fprintf(stderr, "\"%s\" in:\n%s", part, text);
    abort();
}

static inline void check_same(const char *got, const char *want)
{
    if (strcmp(got, want) == 0) return;
    fprintf(stderr, "got:\n%swant:\n%s", got, want);
    abort();
}

static inline void check_addr(tern_addr addr, const char *want)
{
    char text[TERN_ADDR_TEXT_MAX];
    check_same(tern_addr_print(addr, text), want);
}

static inline bool same_plan(const struct tn_media_plan *a, const struct tn_media_plan *b)
{
    if (a->active != b->active || a->send != b->send || a->listen != b->listen) return false;
    if (a->send_codec != b->send_codec || a->send_pt != b->send_pt) return false;
    if (a->event_send_pt != b->event_send_pt) return false;
    if (a->event_receive_pt != b->event_receive_pt) return false;
    if (a->receive_count != b->receive_count || a->ptime_ms != b->ptime_ms) return false;
    for (size_t i = 0; i < a->receive_count; i++) {
        if (a->receive[i].pt != b->receive[i].pt) return false;
        if (a->receive[i].codec != b->receive[i].codec) return false;
    }
    return tern_addr_equal(a->remote_rtp, b->remote_rtp) &&
           tern_addr_equal(a->remote_rtcp, b->remote_rtcp);
}

#endif

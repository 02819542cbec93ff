/* SPDX-License-Identifier: MIT */
/*
 * Any input: what the SDP parser accepts survives print and parse, and the second print gives the
 * same bytes. The offer/answer machine takes it as offer and as answer, and what it says to that
 * has as many m= lines as it must have; a machine of the same make can always answer it.
 */
#include "session/offer.h"
#include "wire/sdp/sdp.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tern_allocator libc;

/* Prints, parses and prints again. @return m= lines */
static size_t check_round_trip(const struct tn_sdp *sdp)
{
    struct tn_buf first, second;
    struct tn_arena arena;
    struct tn_sdp again;
    tern_str a, b;

    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    tn_buf_init(&first, &libc, 2 * TN_SDP_BYTES_MAX); /* CRLF, s= and t= may make it longer */
    tn_buf_init(&second, &libc, 2 * TN_SDP_BYTES_MAX);
    tn_sdp_print(sdp, &first);
    REQUIRE(tn_buf_end(&first, &a) == 0);
    if (a.len <= TN_SDP_BYTES_MAX) {
        REQUIRE(tn_sdp_parse(&arena, a, &again) == 0);
        REQUIRE(again.media_count == sdp->media_count);
        REQUIRE(again.direction == sdp->direction);
        tn_sdp_print(&again, &second);
        REQUIRE(tn_buf_end(&second, &b) == 0);
        REQUIRE(tn_str_eq(a, b));
    }
    tn_buf_fini(&first);
    tn_buf_fini(&second);
    tn_arena_fini(&arena);
    return sdp->media_count;
}

static void start(struct tn_offer *o)
{
    struct tn_offer_opts opts = {.alloc = &libc, .session_id = 1, .event_pt = 101};

    opts.codecs[0].codec = TN_CODEC_PCMU;
    opts.codecs[1].codec = TN_CODEC_PCMA;
    opts.codecs[1].pt = 8;
    opts.codec_count = 2;
    REQUIRE(tn_offer_init(o, &opts) == 0);
}

static struct tn_offer_local here(void)
{
    struct tn_offer_local local = {.hold = false};

    local.rtp.family = TERN_FAMILY_IPV4;
    local.rtp.ip[0] = 192;
    local.rtp.port = 4000;
    return local;
}

static size_t count_lines(const struct tn_buf *body)
{
    struct tn_arena arena;
    struct tn_sdp sdp;

    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    REQUIRE(tn_sdp_parse(&arena, tn_buf_view(body), &sdp) == 0);
    tn_arena_fini(&arena);
    return sdp.media_count;
}

/* Our re-offer, and the answer of another of us to it. */
static void check_re_offer(struct tn_offer *o, size_t lines)
{
    struct tn_offer peer;
    struct tn_offer_local local = here();
    struct tn_buf offer, answer;

    tn_buf_init(&offer, &libc, TN_SDP_BYTES_MAX);
    tn_buf_init(&answer, &libc, TN_SDP_BYTES_MAX);
    start(&peer);
    REQUIRE(tn_offer_make(o, &local, &offer) == 0);
    REQUIRE(count_lines(&offer) == lines);
    REQUIRE(tn_offer_take(&peer, tn_buf_view(&offer)) == 0);
    REQUIRE(tn_offer_answer(&peer, &local, &answer, NULL) == 0);
    REQUIRE(tn_offer_take_answer(o, tn_buf_view(&answer), NULL) == 0);
    REQUIRE(tn_offer_plan(o)->active);
    tn_offer_fini(&peer);
    tn_buf_fini(&offer);
    tn_buf_fini(&answer);
}

static void check_as_offer(tern_str in, size_t lines)
{
    struct tn_offer o;
    struct tn_offer_local local = here();
    struct tn_buf body;

    tn_buf_init(&body, &libc, TN_SDP_BYTES_MAX);
    start(&o);
    if (tn_offer_take(&o, in) == 0) {
        struct tn_media_plan plan;
        REQUIRE(tn_offer_answer(&o, &local, &body, &plan) == 0);
        REQUIRE(plan.active && plan.receive_count > 0);
        REQUIRE(count_lines(&body) == lines);
        check_re_offer(&o, lines);
    }
    tn_offer_fini(&o);
    tn_buf_fini(&body);
}

static void check_as_answer(tern_str in)
{
    struct tn_offer o;
    struct tn_offer_local local = here();
    struct tn_media_plan plan;
    struct tn_buf body;

    tn_buf_init(&body, &libc, TN_SDP_BYTES_MAX);
    start(&o);
    REQUIRE(tn_offer_make(&o, &local, &body) == 0);
    int err = tn_offer_take_answer(&o, in, &plan);
    if (err == 0) REQUIRE(plan.active && plan.receive_count == 2);
    if (err == TERN_EUNSUPPORTED) REQUIRE(!plan.active);
    if (err != TERN_EPARSE) check_re_offer(&o, 1);
    tn_offer_fini(&o);
    tn_buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tn_arena arena;
    struct tn_sdp sdp;
    tern_str in = {(const char *)data, size};

    libc = tn_default_allocator();
    tn_arena_init(&arena, &libc, TN_SDP_ARENA_MAX, NULL, 0);
    int err = tn_sdp_parse(&arena, in, &sdp);
    REQUIRE(err == 0 || err == TERN_EPARSE);
    if (err == 0) check_as_offer(in, check_round_trip(&sdp));
    check_as_answer(in);
    tn_arena_fini(&arena);
    return 0;
}

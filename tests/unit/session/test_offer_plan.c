/* SPDX-License-Identifier: MIT */
/* What offer and answer agree on: codecs, payload types, directions, addresses, other streams. */
#include "test_offer.h"

#include "wire/sdp/sdp.h"

#define EVENT(pt) "a=rtpmap:" pt " telephone-event/8000\r\n"

/* The plan that their answer makes of our ordinary offer. */
static struct tn_media_plan plan_by_answer(const char *body, int want)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    memset(&plan, 0xee, sizeof(plan));
    start(&o);
    make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, body, &plan), want);
    CHECK(same_plan(&plan, tn_offer_plan(&o)));
    tn_offer_fini(&o);
    return plan;
}

static struct tn_media_plan plan_by_offer(const char *body, struct text *sent)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    memset(&plan, 0xee, sizeof(plan));
    start(&o);
    CHECK_EQ(take(&o, body), 0);
    struct text t = answer(&o, here("10.0.0.1:5000"), &plan);
    if (sent) *sent = t;
    tn_offer_fini(&o);
    return plan;
}

/* ---- codecs ---- */

static void codecs_are_known_by_number_or_by_rtpmap(void)
{
    static const struct {
        const char *lines;
        enum tn_codec codec; /* NONE: refused */
        int pt;
    } cases[] = {
        {AUDIO "0\r\n", TN_CODEC_PCMU, 0},
        {AUDIO "8\r\n", TN_CODEC_PCMA, 8},
        {AUDIO "8 0\r\n", TN_CODEC_PCMA, 8},
        {AUDIO "18 3 0 8\r\n", TN_CODEC_PCMU, 0},
        {AUDIO "96\r\na=rtpmap:96 PCMA/8000\r\n", TN_CODEC_PCMA, 96},
        {AUDIO "96\r\na=rtpmap:96 pcmu/8000/1\r\n", TN_CODEC_PCMU, 96},
        {AUDIO "0 96\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:0 PcmU/8000\r\n", TN_CODEC_PCMU, 0},
        {AUDIO "96\r\n", TN_CODEC_NONE, 0},
        {AUDIO "96\r\na=rtpmap:96 PCMU/16000\r\n", TN_CODEC_NONE, 0},
        {AUDIO "96\r\na=rtpmap:96 PCMU/8000/2\r\n", TN_CODEC_NONE, 0},
        {AUDIO "0\r\na=rtpmap:0 G729/8000\r\n", TN_CODEC_NONE, 0},
        {AUDIO "x\r\na=rtpmap:x PCMU/8000\r\n", TN_CODEC_NONE, 0},
        {AUDIO "101\r\n" EVENT("101"), TN_CODEC_NONE, 0},
        {"m=audio 4000 RTP/SAVP 0\r\n", TN_CODEC_NONE, 0},
        {"m=audio 4000 RTP/AVPF 0\r\n", TN_CODEC_PCMU, 0},
        {"m=audio 4000 udp 0\r\n", TN_CODEC_NONE, 0},
        {"m=video 4000 RTP/AVP 0\r\n", TN_CODEC_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        struct tn_offer o;
        struct tn_media_plan plan;

        snprintf(body, sizeof(body), THEIRS("%s"), cases[i].lines);
        start(&o);
        if (cases[i].codec == TN_CODEC_NONE) {
            CHECK_EQ(take(&o, body), TERN_EUNSUPPORTED);
        } else {
            CHECK_EQ(take(&o, body), 0);
            answer(&o, here("10.0.0.1:5000"), &plan);
            CHECK(plan.active && plan.send && plan.listen);
            CHECK_EQ(plan.send_codec, cases[i].codec);
            CHECK_EQ(plan.send_pt, cases[i].pt);
            CHECK_EQ(plan.receive[0].pt, cases[i].pt);
            CHECK_EQ(plan.receive[0].codec, cases[i].codec);
        }
        tn_offer_fini(&o);
    }
}

/* RFC 3264 7: the first of the answer is what they want; what we offered may still come in. */
static void an_answer_with_several_codecs_is_followed(void)
{
    struct tn_media_plan plan = plan_by_answer(THEIRS(AUDIO "18 8 0 101\r\n" EVENT("101")), 0);

    CHECK_EQ(plan.send_codec, TN_CODEC_PCMA);
    CHECK_EQ(plan.send_pt, 8);
    CHECK_EQ(plan.receive_count, 2);
    CHECK_EQ(plan.receive[0].codec, TN_CODEC_PCMU);
    CHECK_EQ(plan.receive[1].codec, TN_CODEC_PCMA);
    CHECK_EQ(plan.event_send_pt, 101);
    CHECK_EQ(plan.event_receive_pt, 101);
}

static void a_codec_that_we_did_not_offer_is_passed_over(void)
{
    struct tn_offer_opts opts = both_codecs();
    struct tn_media_plan plan;
    struct tn_offer o;

    opts.codecs[0] = opts.codecs[1];
    opts.codec_count = 1;
    start_with(&o, &opts);
    check_has(make(&o, here("10.0.0.1:5000")).z, "RTP/AVP 8 101\r\n");
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0 8\r\n"), &plan), 0);
    CHECK_EQ(plan.send_codec, TN_CODEC_PCMA);
    make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0\r\n"), &plan), TERN_EUNSUPPORTED);
    CHECK(!plan.active);
    tn_offer_fini(&o);
}

static void each_side_receives_events_by_its_own_number(void)
{
    static const struct {
        const char *lines;
        int send, receive;
    } cases[] = {
        {AUDIO "0 101\r\n" EVENT("101"), 101, 101},
        {AUDIO "0 97\r\n" EVENT("97"), 97, 101},
        {AUDIO "0 97 98\r\na=rtpmap:97 telephone-event/48000\r\n" EVENT("98"), 98, 101},
        {AUDIO "0 97\r\na=rtpmap:97 TELEPHONE-EVENT/8000\r\na=fmtp:97 0-16\r\n", 97, 101},
        {AUDIO "0 101\r\n", -1, -1},
        {AUDIO "0\r\n", -1, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        snprintf(body, sizeof(body), THEIRS("%s"), cases[i].lines);
        struct tn_media_plan plan = plan_by_answer(body, 0);
        CHECK_EQ(plan.event_send_pt, cases[i].send);
        CHECK_EQ(plan.event_receive_pt, cases[i].receive);
        plan = plan_by_offer(body, NULL);
        CHECK_EQ(plan.event_send_pt, cases[i].send);
        CHECK_EQ(plan.event_receive_pt, cases[i].send); /* the answer mirrors the number */
    }
}

static void without_events_of_ours_none_are_agreed(void)
{
    struct tn_offer_opts opts = both_codecs();
    struct tn_media_plan plan;
    struct tn_offer o;

    opts.event_pt = -1;
    start_with(&o, &opts);
    CHECK_EQ(take(&o, THEIRS(AUDIO "0 101\r\n" EVENT("101"))), 0);
    check_lacks(answer(&o, here("10.0.0.1:5000"), &plan).z, "telephone-event");
    CHECK_EQ(plan.event_send_pt, -1);
    check_lacks(make(&o, here("10.0.0.1:5000")).z, "telephone-event");
    tn_offer_fini(&o);
}

static void the_answer_mirrors_order_and_numbers_of_the_offer(void)
{
    struct text t;
    struct tn_media_plan plan =
        plan_by_offer(THEIRS(AUDIO "96 97 8 98 99\r\na=rtpmap:96 opus/48000/2\r\n"
                                   "a=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 PCMU/8000\r\n"
                                   "a=rtpmap:99 PCMU/8000\r\n"),
                      &t);

    check_has(t.z, "m=audio 5000 RTP/AVP 97 8 98\r\n"
                   "a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-15\r\n"
                   "a=rtpmap:8 PCMA/8000\r\na=rtpmap:98 PCMU/8000\r\n");
    CHECK_EQ(plan.send_codec, TN_CODEC_PCMA);
    CHECK_EQ(plan.receive_count, 2);
    CHECK_EQ(plan.receive[1].pt, 98);
    CHECK_EQ(plan.receive[1].codec, TN_CODEC_PCMU);
}

/* RFC 3264 8.3.2: what 101 meant once, it means for the whole session. */
static void payload_types_keep_their_meaning_in_our_next_offer(void)
{
    static const struct {
        const char *lines, *want;
    } cases[] = {
        {AUDIO "0 96\r\n" EVENT("96"), " 0 8 96\r\n"},
        {AUDIO "0 101\r\na=rtpmap:101 opus/48000/2\r\n", " 0 8 96\r\n"},
        {AUDIO "0 101 96\r\na=rtpmap:101 x/8000\r\na=rtpmap:96 y/8000\r\n", " 0 8 97\r\n"},
        {AUDIO "98\r\na=rtpmap:98 PCMA/8000\r\n", " 98 0 101\r\n"},
        {AUDIO "101\r\na=rtpmap:101 PCMU/8000\r\n", " 101 8 96\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        struct tn_offer o;
        snprintf(body, sizeof(body), THEIRS("%s"), cases[i].lines);
        start(&o);
        CHECK_EQ(take(&o, body), 0);
        answer(&o, here("10.0.0.1:5000"), NULL);
        check_has(make(&o, here("10.0.0.1:5000")).z, cases[i].want);
        tn_offer_fini(&o);
    }
}

static void no_free_payload_type_means_no_events(void)
{
    char body[4000];
    size_t len = (size_t)snprintf(body, sizeof(body), THEIRS(AUDIO "0"));
    struct tn_offer o;

    for (int pt = 96; pt < 128; pt++)
        len += (size_t)snprintf(body + len, sizeof(body) - len, " %d", pt);
    snprintf(body + len, sizeof(body) - len, "\r\n");
    start(&o);
    CHECK_EQ(take(&o, body), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    check_has(make(&o, here("10.0.0.1:5000")).z, "RTP/AVP 0 8\r\n");
    tn_offer_fini(&o);
}

static void a_re_offer_puts_the_codec_in_use_first(void)
{
    struct tn_offer o;

    start(&o);
    make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "8\r\n"), NULL), 0);
    check_has(make(&o, here("10.0.0.1:5000")).z, "RTP/AVP 8 0 101\r\n");
    tn_offer_fini(&o);
}

static void ptime_is_theirs_when_it_is_sane(void)
{
    static const struct {
        const char *text;
        uint32_t want;
    } cases[] = {{"30", 30},  {"10", 10}, {"200", 200},       {"9", 20},
                 {"201", 20}, {"0", 20},  {"4294967295", 20}, {"x", 20}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        snprintf(body, sizeof(body), THEIRS(AUDIO "0\r\na=ptime:%s\r\n"), cases[i].text);
        CHECK_EQ(plan_by_answer(body, 0).ptime_ms, cases[i].want);
    }
}

/* ---- directions and hold: RFC 3264 6.1, 8.4 ---- */

static void the_answer_takes_their_direction_and_our_hold_together(void)
{
    static const struct {
        const char *theirs, *ours;
        bool hold, send, listen, remote_hold;
    } cases[] = {
        {"", "sendrecv", false, true, true, false},
        {"a=sendrecv\r\n", "sendrecv", false, true, true, false},
        {"a=sendrecv\r\n", "sendonly", true, true, false, false},
        {"a=sendonly\r\n", "recvonly", false, false, true, true},
        {"a=sendonly\r\n", "inactive", true, false, false, true},
        {"a=recvonly\r\n", "sendonly", false, true, false, false},
        {"a=recvonly\r\n", "sendonly", true, true, false, false},
        {"a=inactive\r\n", "inactive", false, false, false, true},
        {"a=inactive\r\n", "inactive", true, false, false, true},
        {"c=IN IP4 0.0.0.0\r\n", "recvonly", false, false, true, true},
        {"c=IN IP4 0.0.0.0\r\na=inactive\r\n", "inactive", false, false, false, true},
        {"c=IN IP6 ::\r\n", "recvonly", false, false, true, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512], line[64];
        struct tn_media_plan plan;
        struct tn_offer o;

        snprintf(body, sizeof(body), THEIRS(AUDIO "0\r\n%s"), cases[i].theirs);
        snprintf(line, sizeof(line), "a=%s\r\n", cases[i].ours);
        start(&o);
        CHECK_EQ(take(&o, body), 0);
        struct tn_offer_local local = here("10.0.0.1:5000");
        local.hold = cases[i].hold;
        check_has(answer(&o, local, &plan).z, line);
        CHECK(plan.active);
        CHECK_EQ(plan.send, cases[i].send);
        CHECK_EQ(plan.listen, cases[i].listen);
        CHECK_EQ(tn_offer_remote_hold(&o), cases[i].remote_hold);
        CHECK_EQ(plan.remote_rtp.family == TERN_FAMILY_NONE, cases[i].theirs[0] == 'c');
        CHECK_EQ(plan.remote_rtcp.family, plan.remote_rtp.family);
        tn_offer_fini(&o);
    }
}

static void their_answer_can_only_narrow_what_we_offered(void)
{
    static const struct {
        const char *theirs;
        bool hold, send, listen, remote_hold;
    } cases[] = {
        {"a=sendrecv\r\n", false, true, true, false},
        {"a=recvonly\r\n", false, true, false, false},
        {"a=sendonly\r\n", false, false, true, true},
        {"a=inactive\r\n", false, false, false, true},
        {"c=IN IP4 0.0.0.0\r\n", false, false, true, true},
        {"a=recvonly\r\n", true, true, false, false},
        {"a=sendrecv\r\n", true, true, false, false}, /* wrong of them, and harmless */
        {"a=inactive\r\n", true, false, false, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        struct tn_media_plan plan;
        struct tn_offer o;
        struct tn_offer_local local = here("10.0.0.1:5000");

        local.hold = cases[i].hold;
        snprintf(body, sizeof(body), THEIRS(AUDIO "0\r\n%s"), cases[i].theirs);
        start(&o);
        check_has(make(&o, local).z, cases[i].hold ? "a=sendonly\r\n" : "a=sendrecv\r\n");
        CHECK_EQ(take_answer(&o, body, &plan), 0);
        CHECK_EQ(plan.send, cases[i].send);
        CHECK_EQ(plan.listen, cases[i].listen);
        CHECK_EQ(tn_offer_remote_hold(&o), cases[i].remote_hold);
        tn_offer_fini(&o);
    }
}

static void a_direction_of_the_session_part_counts(void)
{
    struct tn_media_plan plan = plan_by_answer(
        "v=0\no=- 1 1 IN IP4 h\nc=IN IP4 192.0.2.9\na=recvonly\nm=audio 4000 RTP/AVP 0", 0);
    CHECK(plan.send);
    CHECK(!plan.listen);
}

/* MOBILITY: moving a call that is held does not ask the other side to talk again. */
static void an_offer_while_held_keeps_the_direction(void)
{
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, THEIRS(AUDIO "0\r\na=sendonly\r\n")), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    check_has(make(&o, here("10.0.0.2:5000")).z, "a=recvonly\r\n");
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0\r\na=sendonly\r\n"), NULL), 0);
    CHECK(tn_offer_remote_hold(&o)); /* the answer could not say anything about it */
    check_has(make(&o, holding("10.0.0.2:5000")).z, "a=inactive\r\n");
    tn_offer_fini(&o);
}

/* One re-offer between two of our machines. */
static void exchange(struct tn_offer *from, struct tn_offer *to, bool from_holds, bool to_holds)
{
    struct tn_offer_local a = here("10.0.0.1:5000"), b = here("10.0.0.2:5000");

    a.hold = from_holds;
    b.hold = to_holds;
    struct text offer = make(from, a);
    CHECK_EQ(take(to, offer.z), 0);
    struct text reply = answer(to, b, NULL);
    CHECK_EQ(take_answer(from, reply.z, NULL), 0);
}

/* RFC 6337 5.3: no order of holds may leave a call that nobody holds mute. */
static void whoever_holds_and_resumes_in_whatever_order_both_talk_at_the_end(void)
{
    for (unsigned history = 0; history < 1u << 8; history++) {
        struct tn_offer ends[2];
        bool holds[2] = {false, false};

        start(&ends[0]);
        start(&ends[1]);
        exchange(&ends[0], &ends[1], false, false);
        for (int i = 0; i < 4; i++) { /* two bits a step: who offers, and does it hold */
            unsigned who = history >> (2 * i) & 1;
            holds[who] = history >> (2 * i + 1) & 1;
            exchange(&ends[who], &ends[1 - who], holds[who], holds[1 - who]);
            for (int end = 0; end < 2; end++) {
                const struct tn_media_plan *plan = tn_offer_plan(&ends[end]);
                CHECK_EQ(tn_offer_remote_hold(&ends[end]), holds[1 - end]);
                CHECK_EQ(plan->send, !holds[1 - end]);
                CHECK_EQ(plan->listen, !holds[end]);
            }
        }
        tn_offer_fini(&ends[0]);
        tn_offer_fini(&ends[1]);
    }
}

/* ---- addresses ---- */

static void media_addresses_are_read_or_the_stream_is_refused(void)
{
    static const struct {
        const char *lines, *rtp, *rtcp; /* NULL: refused */
    } cases[] = {
        {AUDIO "0\r\n", "192.0.2.9:4000", "192.0.2.9:4001"},
        {AUDIO "0\r\nc=IN IP4 192.0.2.8\r\n", "192.0.2.8:4000", "192.0.2.8:4001"},
        {AUDIO "0\r\nc=IN IP6 2001:db8::1\r\n", "[2001:db8::1]:4000", "[2001:db8::1]:4001"},
        {AUDIO "0\r\na=rtcp:9\r\n", "192.0.2.9:4000", "192.0.2.9:9"},
        {AUDIO "0\r\na=rtcp:9 IN IP4 192.0.2.7\r\n", "192.0.2.9:4000", "192.0.2.7:9"},
        {AUDIO "0\r\na=rtcp:9 IN IP6 2001:db8::1\r\n", "192.0.2.9:4000", "192.0.2.9:9"},
        {AUDIO "0\r\na=rtcp:9 IN IP4 224.0.0.1\r\n", "192.0.2.9:4000", "192.0.2.9:9"},
        {AUDIO "0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n", "192.0.2.9:4000", "192.0.2.9:9"},
        {AUDIO "0\r\na=rtcp:9 IN IP4 a.example\r\n", "192.0.2.9:4000", "192.0.2.9:9"},
        {AUDIO "0\r\na=rtcp:99999\r\n", "192.0.2.9:4000", "192.0.2.9:4001"},
        {"m=audio 65535 RTP/AVP 0\r\n", "192.0.2.9:65535", ""},
        {"m=audio 65535 RTP/AVP 0\r\na=rtcp:7\r\n", "192.0.2.9:65535", "192.0.2.9:7"},
        {"m=audio 4000/2 RTP/AVP 0\r\n", "192.0.2.9:4000", "192.0.2.9:4001"},
        {AUDIO "0\r\nc=IN IP4 224.2.1.1/127\r\n", NULL, NULL},
        {AUDIO "0\r\nc=IN IP4 255.255.255.255\r\n", NULL, NULL},
        {AUDIO "0\r\nc=IN IP6 ff15::1\r\n", NULL, NULL},
        {AUDIO "0\r\nc=IN IP6 ::ffff:192.0.2.1\r\n", NULL, NULL},
        {AUDIO "0\r\nc=IN IP4 media.example.com\r\n", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        struct tn_offer o;

        snprintf(body, sizeof(body), THEIRS("%s"), cases[i].lines);
        struct tn_media_plan plan = plan_by_answer(body, cases[i].rtp ? 0 : TERN_EUNSUPPORTED);
        CHECK_EQ(plan.active, cases[i].rtp != NULL);
        start(&o);
        CHECK_EQ(take(&o, body), cases[i].rtp ? 0 : TERN_EUNSUPPORTED);
        if (cases[i].rtp) {
            check_addr(plan.remote_rtp, cases[i].rtp);
            check_addr(plan.remote_rtcp, cases[i].rtcp);
            check_addr(tn_offer_remote_rtp(&o), cases[i].rtp);
            answer(&o, here("10.0.0.1:5000"), &plan); /* IPv4 to IPv6 too: no crash */
            check_addr(plan.remote_rtp, cases[i].rtp);
        }
        CHECK_EQ(tn_offer_remote_rtp(&o).family, TERN_FAMILY_NONE);
        tn_offer_fini(&o);
    }
}

static void a_rejected_stream_gives_an_inactive_plan(void)
{
    struct tn_media_plan plan =
        plan_by_answer(THEIRS("m=audio 0 RTP/AVP 0\r\n"), TERN_EUNSUPPORTED);

    CHECK(!plan.active && !plan.send && !plan.listen);
    CHECK_EQ(plan.event_send_pt, -1);
    CHECK_EQ(plan.event_receive_pt, -1);
    CHECK_EQ(plan.receive_count, 0);
    CHECK_EQ(plan.remote_rtp.family, TERN_FAMILY_NONE);
    CHECK_EQ(plan.ptime_ms, 20);
}

/* ---- other streams: RFC 3264 6 and 8 ---- */

static void all_other_streams_are_rejected_in_place(void)
{
    struct text t;

    (void)plan_by_offer(THEIRS("t=1 2\r\nm=video 51372 RTP/AVP 31 32\r\na=rtpmap:31 H261/90000\r\n"
                               "m=audio 0 RTP/AVP 0\r\n"
                               "m=audio 49170 RTP/SAVP 0\r\n"
                               "m=audio 49172 RTP/AVP 8\r\n"
                               "m=audio 49174 RTP/AVP 0\r\n"
                               "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                               "m=image 0 udptl\r\n"),
                        &t);
    check_has(t.z, "m=video 0 RTP/AVP 31\r\n"
                   "m=audio 0 RTP/AVP 0\r\n"
                   "m=audio 0 RTP/SAVP 0\r\n"
                   "m=audio 5000 RTP/AVP 8\r\n"
                   "a=rtpmap:8 PCMA/8000\r\n"
                   "a=ptime:20\r\n"
                   "a=sendrecv\r\n"
                   "m=audio 0 RTP/AVP 0\r\n"
                   "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                   "m=image 0 udptl 0\r\n");
}

static void the_answer_repeats_the_time_of_the_offer(void)
{
    struct text t;
    (void)plan_by_offer("v=0\no=- 1 1 IN IP4 h\nc=IN IP4 192.0.2.9\nt=5 9\nm=audio 4000 RTP/AVP 0",
                        &t);
    check_has(t.z, "t=5 9\r\n");
}

static void our_re_offer_keeps_number_and_order_of_lines(void)
{
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, THEIRS("m=video 1 RTP/AVP 31\r\n" AUDIO "0\r\nm=text 1 RTP/AVP 98\r\n")), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    check_has(make(&o, here("10.0.0.2:6000")).z, "m=video 0 RTP/AVP 31\r\n"
                                                 "m=audio 6000 RTP/AVP 0 8 101\r\n"
                                                 "a=rtpmap:0 PCMU/8000\r\n"
                                                 "a=rtpmap:8 PCMA/8000\r\n"
                                                 "a=rtpmap:101 telephone-event/8000\r\n"
                                                 "a=fmtp:101 0-15\r\n"
                                                 "a=ptime:20\r\n"
                                                 "a=sendrecv\r\n"
                                                 "m=text 0 RTP/AVP 98\r\n");
    /* Our line of the answer is looked for in its place and nowhere else. */
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0\r\n"), NULL), TERN_EPARSE);
    CHECK_EQ(take_answer(&o, THEIRS("m=video 0 RTP/AVP 31\r\n" AUDIO "0\r\n"), NULL), 0);
    make(&o, here("10.0.0.2:6000"));
    tn_offer_fini(&o);
}

static void the_stream_stays_in_its_line_and_moves_only_when_that_is_gone(void)
{
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, THEIRS("m=audio 0 RTP/AVP 0\r\n" AUDIO "0\r\n")), 0);
    answer(&o, here("10.0.0.1:5000"), NULL);
    CHECK_EQ(take(&o, THEIRS("m=audio 7000 RTP/AVP 0\r\n" AUDIO "0\r\n")), 0);
    check_has(answer(&o, here("10.0.0.1:5000"), NULL).z, "m=audio 0 RTP/AVP 0\r\nm=audio 5000");
    CHECK_EQ(take(&o, THEIRS("m=audio 7000 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n")), 0);
    check_has(answer(&o, here("10.0.0.1:5000"), NULL).z, "m=audio 5000 RTP/AVP 0\r\n");
    check_addr(tn_offer_plan(&o)->remote_rtp, "192.0.2.9:7000");
    tn_offer_fini(&o);
}

/* RFC 3264 8.2 */
static void a_stream_that_they_withdraw_is_gone_until_somebody_offers_it_again(void)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    start(&o);
    make(&o, here("10.0.0.1:5000"));
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0\r\n"), NULL), 0);
    CHECK_EQ(take(&o, THEIRS("m=audio 0 RTP/AVP 0\r\n")), 0);
    CHECK_EQ(tn_offer_remote_rtp(&o).family, TERN_FAMILY_NONE);
    check_has(answer(&o, here("10.0.0.1:5000"), &plan).z, "m=audio 0 RTP/AVP 0\r\n");
    CHECK(!plan.active);
    check_has(make(&o, here("10.0.0.1:5000")).z, "m=audio 5000 RTP/AVP 0 8 101\r\n");
    CHECK_EQ(take_answer(&o, THEIRS(AUDIO "0\r\n"), &plan), 0);
    CHECK(plan.active && plan.send && plan.listen);
    tn_offer_fini(&o);
}

/* ---- RFC 3264 10, for audio ---- */

/* 10.1: one stream is taken, the others are not; then the answerer adds and changes. */
static void the_basic_exchange_of_the_rfc_works(void)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, "v=0\r\n"
                      "o=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\n"
                      "s= \r\n"
                      "c=IN IP4 192.0.2.5\r\n"
                      "t=0 0\r\n"
                      "m=audio 49170 RTP/AVP 0\r\n"
                      "a=rtpmap:0 PCMU/8000\r\n"
                      "m=video 51372 RTP/AVP 31\r\n"
                      "a=rtpmap:31 H261/90000\r\n"
                      "m=video 53000 RTP/AVP 32\r\n"
                      "a=rtpmap:32 MPV/90000\r\n"),
             0);
    check_same(answer(&o, here("192.0.2.1:49920"), &plan).z, "v=0\r\n"
                                                             "o=- 77 1 IN IP4 192.0.2.1\r\n"
                                                             "s=-\r\n"
                                                             "c=IN IP4 192.0.2.1\r\n"
                                                             "t=0 0\r\n"
                                                             "m=audio 49920 RTP/AVP 0\r\n"
                                                             "a=rtpmap:0 PCMU/8000\r\n"
                                                             "a=ptime:20\r\n"
                                                             "a=sendrecv\r\n"
                                                             "m=video 0 RTP/AVP 31\r\n"
                                                             "m=video 0 RTP/AVP 32\r\n");
    check_addr(plan.remote_rtp, "192.0.2.5:49170");

    struct text moved = make(&o, here("192.0.2.1:65422"));
    check_has(moved.z, "o=- 77 2 IN IP4 192.0.2.1\r\n");
    check_has(moved.z, "m=audio 65422 RTP/AVP 0 8 101\r\n");
    check_has(moved.z, "m=video 0 RTP/AVP 31\r\nm=video 0 RTP/AVP 32\r\n");
    tn_offer_fini(&o);
}

/* 10.2: one of N codecs; the offer is cut down to the one that was chosen by a second exchange. */
static void one_of_several_codecs_is_chosen(void)
{
    struct tn_media_plan plan;
    struct tn_offer o;

    start(&o);
    CHECK_EQ(take(&o, THEIRS("m=audio 62986 RTP/AVP 4 18 0\r\na=rtpmap:0 PCMU/8000\r\n"
                             "a=rtpmap:4 G723/8000\r\na=rtpmap:18 G729/8000\r\na=inactive\r\n")),
             0);
    struct text t = answer(&o, here("192.0.2.1:54344"), &plan);
    check_has(t.z, "m=audio 54344 RTP/AVP 0\r\n");
    check_has(t.z, "a=inactive\r\n");
    CHECK(plan.active && !plan.send && !plan.listen);
    CHECK_EQ(take(&o, THEIRS("m=audio 62986 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n")),
             0);
    check_has(answer(&o, here("192.0.2.1:54344"), &plan).z, "a=sendrecv\r\n");
    CHECK(plan.send && plan.listen);
    CHECK(!tn_offer_remote_hold(&o));
    tn_offer_fini(&o);
}

/* 9, and RFC 3261 11.2 */
static void capabilities_are_a_description_with_port_zero(void)
{
    struct tn_offer_opts opts = both_codecs();
    struct tn_buf buf;
    char room[1000];

    tn_buf_fixed(&buf, room, sizeof(room));
    tn_offer_capabilities(&opts, at("192.0.2.1:5060"), &buf);
    check_same(text_of(&buf).z, "v=0\r\n"
                                "o=- 77 1 IN IP4 192.0.2.1\r\n"
                                "s=-\r\n"
                                "c=IN IP4 192.0.2.1\r\n"
                                "t=0 0\r\n"
                                "m=audio 0 RTP/AVP 0 8 101\r\n"
                                "a=rtpmap:0 PCMU/8000\r\n"
                                "a=rtpmap:8 PCMA/8000\r\n"
                                "a=rtpmap:101 telephone-event/8000\r\n"
                                "a=fmtp:101 0-15\r\n");
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(codecs_are_known_by_number_or_by_rtpmap),
        TEST(an_answer_with_several_codecs_is_followed),
        TEST(a_codec_that_we_did_not_offer_is_passed_over),
        TEST(each_side_receives_events_by_its_own_number),
        TEST(without_events_of_ours_none_are_agreed),
        TEST(the_answer_mirrors_order_and_numbers_of_the_offer),
        TEST(payload_types_keep_their_meaning_in_our_next_offer),
        TEST(no_free_payload_type_means_no_events),
        TEST(a_re_offer_puts_the_codec_in_use_first),
        TEST(ptime_is_theirs_when_it_is_sane),
        TEST(the_answer_takes_their_direction_and_our_hold_together),
        TEST(their_answer_can_only_narrow_what_we_offered),
        TEST(a_direction_of_the_session_part_counts),
        TEST(an_offer_while_held_keeps_the_direction),
        TEST(whoever_holds_and_resumes_in_whatever_order_both_talk_at_the_end),
        TEST(media_addresses_are_read_or_the_stream_is_refused),
        TEST(a_rejected_stream_gives_an_inactive_plan),
        TEST(all_other_streams_are_rejected_in_place),
        TEST(the_answer_repeats_the_time_of_the_offer),
        TEST(our_re_offer_keeps_number_and_order_of_lines),
        TEST(the_stream_stays_in_its_line_and_moves_only_when_that_is_gone),
        TEST(a_stream_that_they_withdraw_is_gone_until_somebody_offers_it_again),
        TEST(the_basic_exchange_of_the_rfc_works),
        TEST(one_of_several_codecs_is_chosen),
        TEST(capabilities_are_a_description_with_port_zero),
    };
    int result = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    CHECK_EQ(budget.live, 0);
    return result;
}

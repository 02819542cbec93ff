/* SPDX-License-Identifier: MIT */
/* Calls that are protected: over TLS, with keys by SDES and by DTLS, and what an IP change does to them. */
#include "phones.h"

#include "base/str.h"
#include "ua/call.h"

#define FOR_BOTH_KINDS_OF_KEYS                                                                     \
    for (int k_ = 0; srtp_keys = k_ == 1 ? TERN_SRTP_DTLS : TERN_SRTP_SDES, k_ < 2; k_++)

static void begin(enum tern_srtp wanted)
{
    srtp = wanted;
    over = TERN_TRANSPORT_TLS;
    talk();
}

static void part(void)
{
    world_end(&world);
    srtp = TERN_SRTP_OFF;
    srtp_keys = TERN_SRTP_SDES;
    over = TERN_TRANSPORT_UDP;
    tune_alice = NULL;
}

static enum tern_media_security security_of(const struct host *host)
{
    struct tern_call_info info;
    CHECK_EQ(tern_call_get_info(host->ep, host->call, &info), 0);
    return info.security;
}

static void both_are(enum tern_media_security want)
{
    CHECK_EQ(security_of(alice), want);
    CHECK_EQ(security_of(bob), want);
}

static void a_protected_call_is_heard_both_ways(void)
{
    FOR_BOTH_KINDS_OF_KEYS
    {
        begin(TERN_SRTP_MANDATORY);
        still_talking();
        both_are(TERN_MEDIA_SECURE);
        part();
    }
}

static void audio_of_a_protected_call_goes_on_through_a_change(void)
{
    FOR_BOTH_KINDS_OF_KEYS
    {
        struct tern_media_stats before, after;
        begin(TERN_SRTP_MANDATORY);
        still_talking();
        CHECK_EQ(tern_call_media_stats(bob->ep, bob->call, &before), 0);
        alice->longest_gap = bob->longest_gap = 0;
        host_network(alice, at(5), NULL);
        world_run(&world, TERN_SECONDS(2));
        moved(1);
        still_talking();
        both_are(TERN_MEDIA_SECURE);
        /* Half a round trip up; one down; a frame each for pacing. Authentic packets need no proof. */
        CHECK(bob->longest_gap <= TERN_MS(40));
        CHECK(alice->longest_gap <= 2 * world.delay + TERN_MS(40));
        CHECK_EQ(tern_call_media_stats(bob->ep, bob->call, &after), 0);
        CHECK_EQ(after.packets_replayed, before.packets_replayed);
        part();
    }
}

static void a_hold_and_ten_changes_leave_it_protected(void)
{
    FOR_BOTH_KINDS_OF_KEYS
    {
        begin(TERN_SRTP_MANDATORY);
        for (int i = 0; i < 10; i++) {
            if (i == 3) CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
            if (i == 6) CHECK_EQ(tern_call_resume(alice->ep, world.now, alice->call), 0);
            host_network(alice, at(5 + i % 3), NULL);
            world_run(&world, TERN_MS(700));
        }
        world_run(&world, TERN_SECONDS(3));
        still_talking();
        both_are(TERN_MEDIA_SECURE);
        part();
    }
}

static void clear(struct tern_account_opts *opts)
{
    opts->srtp = TERN_SRTP_OFF;
}

static void who_insists_is_not_called_in_the_clear(void)
{
    FOR_BOTH_KINDS_OF_KEYS
    {
        tune_alice = clear;
        srtp = TERN_SRTP_MANDATORY;
        over = TERN_TRANSPORT_TLS;
        meet();
        host_call(alice, "bob");
        world_run(&world, TERN_SECONDS(2));
        CHECK_EQ(alice->ended, 1);
        CHECK_EQ(alice->last_ended.status, 488);
        part();
    }
}

static void who_can_but_need_not_talks_with_everybody(void)
{
    FOR_BOTH_KINDS_OF_KEYS
    {
        begin(TERN_SRTP_OPTIONAL);
        both_are(TERN_MEDIA_SECURE);
        still_talking();
        part();
        tune_alice = clear;
        begin(TERN_SRTP_OPTIONAL);
        both_are(TERN_MEDIA_CLEAR);
        still_talking();
        part();
    }
}

/* RFC 8446 2.2: the first connection brings the keys that those after it begin with. */
static void a_connection_after_a_change_is_resumed_and_told(void)
{
    begin(TERN_SRTP_MANDATORY);
    CHECK_EQ(alice->secured, 1);
    CHECK_EQ(alice->resumed, 0);
    host_network(alice, at(5), NULL);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->secured, 2);
    CHECK_EQ(alice->resumed, 1);
    part();
}

/* As if the server had answered the INVITE of a call to "sips:" so. */
static void redirect(tern_call handle, const char *contact)
{
    struct tn_call *call = tn_call_find(alice->ep, handle);
    struct tn_msg *msg;
    char text[1000];

    int len = snprintf(text, sizeof(text),
                       "SIP/2.0 302 Moved\r\nVia: SIP/2.0/TLS 10.0.1.1;branch=z9hG4bKx\r\n"
                       "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"
                       "CSeq: 1 INVITE\r\nContact: %s\r\nContent-Length: 0\r\n\r\n",
                       contact);
    CHECK(call != NULL && call->invite != 0);
    CHECK_EQ(tn_msg_parse(&alice->ep->ctx.alloc, (tern_str){text, (size_t)len}, &msg), 0);
    struct tn_effect effect = {.kind = TN_EFFECT_RESPONSE, .id = call->invite, .msg = msg};
    tn_call_out_effect(call, &effect);
    tn_msg_unref(msg);
}

/* RFC 5630 3.1.2 and 4: what was asked for is TLS on every hop. */
static void a_call_to_sips_is_not_redirected_into_the_clear(void)
{
    static const struct {
        const char *target, *contact;
        bool followed, sips;
    } cases[] = {
        {"sips:bob@10.0.9.1", "<sip:bob@10.0.2.1>", false, true},
        {"sips:bob@10.0.9.1", "<sip:bob@10.0.2.1;transport=udp>", false, true},
        {"sips:bob@10.0.9.1", "<sip:bob@10.0.2.1;transport=tls>", false, true},
        {"sips:bob@10.0.9.1", "<sips:bob@10.0.2.1>", true, true},
        {"sip:bob@10.0.9.1", "<sips:bob@10.0.2.1>", true, true},
        {"sip:bob@10.0.9.1", "<sip:bob@10.0.2.1>", true, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        over = TERN_TRANSPORT_TLS;
        meet();
        tern_call call = host_call(alice, cases[i].target);
        world_run(&world, TERN_MS(1));
        redirect(call, cases[i].contact);
        const struct tn_call *now = tn_call_find(alice->ep, call);
        CHECK_EQ(now != NULL && now->redirects == 1, cases[i].followed);
        if (cases[i].followed) {
            CHECK_EQ(now->sips, cases[i].sips);
            CHECK_EQ(now->dialog.secure, cases[i].sips);
        }
        part();
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_protected_call_is_heard_both_ways),
        TEST(audio_of_a_protected_call_goes_on_through_a_change),
        TEST(a_connection_after_a_change_is_resumed_and_told),
        TEST(a_hold_and_ten_changes_leave_it_protected),
        TEST(who_insists_is_not_called_in_the_clear),
        TEST(who_can_but_need_not_talks_with_everybody),
        TEST(a_call_to_sips_is_not_redirected_into_the_clear),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

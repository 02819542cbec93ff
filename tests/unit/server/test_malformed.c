/* SPDX-License-Identifier: MIT */
/* What no honest peer sends: the server answers it or not, and goes on. */
#include "rig.h"

#include "base/str.h"
#include "crypto/random.h"

static struct rig rig;

static const char *const honest[] = {
    "REGISTER sip:" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKr;rport\n"
    "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:alice@" DOMAIN ">\nCall-ID: r\n"
    "CSeq: 1 REGISTER\nMax-Forwards: 70\nSupported: path, outbound\nPath: <sip:192.0.2.50;lr>\n"
    "Contact: <sip:alice@" ALICE ";ob>;q=0.5;expires=60;+sip.instance=\"<urn:uuid:1>\";reg-id=1\n"
    "Contact: <sip:alice@192.0.2.11>;expires=0\nExpires: 600\nContent-Length: 0\n\n",
    "INVITE sip:bob@" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKi;rport\n"
    "Route: <sip:" SERVER ";lr>\nFrom: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:bob@" DOMAIN ">\n"
    "Call-ID: i\nCSeq: 1 INVITE\nMax-Forwards: 70\nProxy-Require: x\n"
    "Proxy-Authorization: Digest realm=\"" DOMAIN "\", nonce=\"0\", username=\"alice\"\n"
    "Content-Length: 0\n\n",
    "ACK sip:bob@" BOB " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKa;rport\n"
    "Route: <sip:" SERVER ";lr>, <sip:192.0.2.98>\nFrom: <sip:alice@" DOMAIN ">;tag=1\n"
    "To: <sip:bob@" DOMAIN ">;tag=2\nCall-ID: a\nCSeq: 1 ACK\nContent-Length: 0\n\n",
    "CANCEL sip:bob@" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE ";branch=z9hG4bKi;rport\n"
    "From: <sip:alice@" DOMAIN ">;tag=1\nTo: <sip:bob@" DOMAIN ">\nCall-ID: i\n"
    "CSeq: 1 CANCEL\nReason: SIP;cause=200\nContent-Length: 0\n\n",
    "SIP/2.0 200 OK\nVia: SIP/2.0/UDP " SERVER ";branch=z9hG4bKx\n"
    "Via: SIP/2.0/UDP " ALICE ";branch=z9hG4bKi\nFrom: <sip:alice@" DOMAIN ">;tag=1\n"
    "To: <sip:bob@" DOMAIN ">;tag=2\nCall-ID: i\nCSeq: 1 INVITE\nContent-Length: 0\n\n",
};

/* Cuts, doubles or changes a few bytes. */
static void spoil(struct tn_random *random, char *text)
{
    static const char odd[] = "<>;,:\"@*%? \n=\\[]";

    for (uint32_t changes = 1 + tn_random_below(random, 4); changes > 0; changes--) {
        size_t len = strlen(text), at = tn_random_below(random, (uint32_t)len);
        switch (tn_random_below(random, 3)) {
        case 0: text[at] = odd[tn_random_below(random, sizeof(odd) - 1)]; break;
        case 1: memmove(text + at, text + at + 1, len - at); break;
        default: text[at] = (char)(1 + tn_random_below(random, 255)); break;
        }
    }
}

static void spoiled_messages_do_no_harm(void)
{
    static const uint8_t seed[32] = {42};
    struct tn_random random;
    char text[2048];

    tn_random_init(&random, seed);
    for (int round = 0; round < 40; round++) {
        rig_start(&rig, (struct rig_opts){.no_auth = round % 2 == 0});
        for (int i = 0; i < 60; i++) {
            const char *message = honest[tn_random_below(&random, 5)];
            snprintf(text, sizeof(text), "%s", message);
            if (i % 4) spoil(&random, text);
            rig.count = 0;
            rig_udp(&rig, ALICE, text);
        }
        rig.count = 0;
        rig_stop(&rig);
    }
    tn_random_fini(&random);
}

/* Each list that a peer can make long. */
static void long_lists_are_borne(void)
{
    static const char *const names[] = {"Route", "Contact", "Require", "Proxy-Require", "Path"};

    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        static char text[RIG_TEXT_MAX];
        rig_start(&rig, (struct rig_opts){.no_auth = true});
        size_t len =
            (size_t)snprintf(text, sizeof(text),
                             "%s sip:bob@" DOMAIN " SIP/2.0\nVia: SIP/2.0/UDP " ALICE
                             ";branch=z9hG4bK1;rport\nFrom: <sip:a@" DOMAIN ">;tag=1\n"
                             "To: <sip:bob@" DOMAIN ">\nCall-ID: x\nCSeq: 1 %s\n%s: <sip:x>",
                             n == 0 || n == 3 ? "INVITE" : "REGISTER",
                             n == 0 || n == 3 ? "INVITE" : "REGISTER", names[n]);
        while (len < 6000)
            len += (size_t)snprintf(text + len, sizeof(text) - len, ", <sip:%zu>", len);
        snprintf(text + len, sizeof(text) - len, "\nContent-Length: 0\n\n");
        rig_udp(&rig, ALICE, text);
        rig_expect(&rig, ALICE, "SIP/2.0 ");
        rig_advance(&rig, TERN_SECONDS(5));
        rig_stop(&rig);
    }
}

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(spoiled_messages_do_no_harm),
        TEST(long_lists_are_borne),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

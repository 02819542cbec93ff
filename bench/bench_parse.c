/* SPDX-License-Identifier: MIT */
/* How fast messages are parsed: prints rates and the machine, judges nothing. */
#include <stdio.h>

#include "base/alloc.h"
#include "measure.h"
#include "wire/sip/msg.h"

#define SAMPLES   5
#define SECONDS   0.2
#define BUDGET_US 0.7

static const char invite[] =
    "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74bf9;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n"
    "To: \"Bob\" <sip:bob@biloxi.example.com>\r\n"
    "Call-ID: 3848276298220188511@atlanta.example.com\r\n"
    "CSeq: 2 INVITE\r\n"
    "Contact: <sip:alice@client.atlanta.example.com:5060;transport=udp>\r\n"
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, PRACK\r\n"
    "Supported: replaces, 100rel, timer, outbound\r\n"
    "User-Agent: Tern/0.1 (a softphone)\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 223\r\n"
    "\r\n"
    "v=0\r\n"
    "o=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\n"
    "s=-\r\n"
    "c=IN IP4 192.0.2.101\r\n"
    "t=0 0\r\n"
    "m=audio 49172 RTP/AVP 0 8 101\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=ptime:20\r\n"
    "a=sendrecv\r\n";

static const char ringing[] =
    "SIP/2.0 180 Ringing\r\n"
    "Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74bf9;rport=5060"
    ";received=192.0.2.101\r\n"
    "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n"
    "To: \"Bob\" <sip:bob@biloxi.example.com>;tag=8321234356\r\n"
    "Call-ID: 3848276298220188511@atlanta.example.com\r\n"
    "CSeq: 2 INVITE\r\n"
    "Contact: <sip:bob@client.biloxi.example.com>\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

static void bench(const char *name, tern_str text)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct samples each = {0};

    for (int i = 0; i < SAMPLES; i++) {
        unsigned long count = 0;
        double start = cpu_now(), spent;
        do {
            for (int k = 0; k < 1000; k++, count++) {
                struct tn_msg *msg;
                if (tn_msg_parse(&alloc, text, &msg) != 0 || msg->defect_status != 0) {
                    printf("%s: not parsed\n", name);
                    return;
                }
                tn_msg_unref(msg);
            }
            spent = cpu_now() - start;
        } while (spent < SECONDS);
        samples_add(&each, spent / (double)count);
    }
    double median_s = samples_median(&each);
    printf("%-10s %4zu bytes ", name, text.len);
    samples_print(&each, 1e6, 3);
    printf(" us each  %5.2f of the budget  %5.2f million/s  %6.1f MB/s\n",
           median_s * 1e6 / BUDGET_US, 1e-6 / median_s, (double)text.len / median_s / 1e6);
}

int main(void)
{
    print_machine();
    printf("budget: %.1f us for an INVITE of 800 bytes; median of %d samples (least to most)\n",
           BUDGET_US, SAMPLES);
    bench("INVITE", (tern_str){invite, sizeof(invite) - 1});
    bench("response", (tern_str){ringing, sizeof(ringing) - 1});
    return 0;
}

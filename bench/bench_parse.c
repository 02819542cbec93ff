/* SPDX-License-Identifier: MIT */
/* How fast messages are parsed: prints rates and the machine, judges nothing. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "wire/sip/msg.h"

#define ROUNDS  7 /* the best one is printed: the others met something else on the machine */
#define SECONDS 0.2

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

static double now_s(void)
{
    struct timespec now;

    (void)timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_cpu(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "model name", 10) != 0) continue;
        printf("cpu: %s", strchr(line, ':') != NULL ? strchr(line, ':') + 2 : line);
        break;
    }
    if (file != NULL) (void)fclose(file);
}

static void bench(const char *name, tern_str text)
{
    struct tern_allocator alloc = tn_default_allocator();
    double best_s = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        unsigned long count = 0;
        double start = now_s(), spent;
        do {
            for (int i = 0; i < 1000; i++, count++) {
                struct tn_msg *msg;
                if (tn_msg_parse(&alloc, text, &msg) != 0 || msg->defect_status != 0) {
                    printf("%s: not parsed\n", name);
                    return;
                }
                tn_msg_unref(msg);
            }
            spent = now_s() - start;
        } while (spent < SECONDS);
        if (spent / (double)count < best_s) best_s = spent / (double)count;
    }
    printf("%-10s %4zu bytes  %7.3f us each  %6.2f million/s  %7.1f MB/s\n", name, text.len,
           best_s * 1e6, 1e-6 / best_s, (double)text.len / best_s / 1e6);
}

int main(void)
{
    print_cpu();
    bench("INVITE", (tern_str){invite, sizeof(invite) - 1});
    bench("response", (tern_str){ringing, sizeof(ringing) - 1});
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A call comes by a connection that the proxy has begun, from a port where it does not listen: the
 * answer goes to its Via once our address has gone (RFC 3261 18.2.2; MOBILITY S3).
 */
#include "phones.h"

#define SDP                                                                                        \
    "v=0\r\no=- 1 1 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\n"                      \
    "m=audio 4000 RTP/AVP 8 0 101\r\n"

/* The proxy's own server listens at its port 5060, and knows nothing of this. */
static void be_called(void)
{
    char invite[1024];
    tern_addr local = alice->network.addresses[0].addr, remote = server->network.addresses[0].addr;
    uint32_t stream;

    int len = snprintf(
        invite, sizeof(invite),
        "INVITE sip:alice@10.0.1.1:5060;transport=tcp SIP/2.0\r\n"
        "Via: SIP/2.0/TCP 10.0.9.1;branch=z9hG4bKone\r\n"
        "Record-Route: <sip:10.0.9.1;transport=tcp;lr>\r\nMax-Forwards: 70\r\n"
        "From: <sip:far@10.0.9.1>;tag=far\r\nTo: <sip:alice@10.0.9.1>\r\nCall-ID: one\r\n"
        "CSeq: 1 INVITE\r\nContact: <sip:far@10.0.9.1>\r\nContent-Type: application/sdp\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        sizeof(SDP) - 1, SDP);
    local.port = 5060;
    remote.port = 41457;
    CHECK_EQ(tern_stream_accepted(alice->ep, world.now, world_socket(alice, 5060, true), local,
                                  remote, &stream),
             0);
    CHECK_EQ(tern_stream_received(alice->ep, world.now, stream, invite, (size_t)len), 0);
    world_run(&world, TERN_MS(50));
    CHECK_EQ(alice->incoming, 1);
}

static void an_answer_goes_to_where_the_proxy_listens(void)
{
    for (int refused = 0; refused < 2; refused++) {
        over = TERN_TRANSPORT_TCP;
        meet();
        over = TERN_TRANSPORT_UDP;
        alice->auto_answer = false;
        be_called();
        host_network(alice, at(3), NULL);
        world_run(&world, TERN_SECONDS(1));
        int err = refused ? tern_call_hangup(alice->ep, world.now, alice->call, 486)
                          : tern_call_answer(alice->ep, world.now, alice->call, 200);
        CHECK_EQ(err, 0);
        world_run(&world, TERN_SECONDS(1));
        CHECK_EQ(host_count(alice, refused ? "> 486" : "> 200 OK (INVITE)", 0), 1);
        world_end(&world);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(an_answer_goes_to_where_the_proxy_listens),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

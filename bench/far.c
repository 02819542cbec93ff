/* SPDX-License-Identifier: MIT */
#include "far.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

#define ANSWER_MAX 4096
#define RTP_MIN    12
#define SSRC_AT    8

/* ---- packets ---- */

void packets_add(struct packets *packets, const struct packet *packet, const char *bytes)
{
    if (packets->count == packets->cap) {
        packets->cap = packets->cap ? packets->cap * 2 : 1024;
        packets->items = realloc(packets->items, packets->cap * sizeof(packets->items[0]));
    }
    while (packets->len + packet->len > packets->bytes_cap) {
        packets->bytes_cap = packets->bytes_cap ? packets->bytes_cap * 2 : 1 << 20;
        packets->bytes = realloc(packets->bytes, packets->bytes_cap);
    }
    require(packets->items != NULL && packets->bytes != NULL, "out of memory");
    struct packet *kept = &packets->items[packets->count++];
    *kept = *packet;
    kept->at = packets->len;
    memcpy(packets->bytes + packets->len, bytes, packet->len);
    packets->len += packet->len;
}

void packets_clear(struct packets *packets)
{
    packets->count = packets->len = 0;
}

void packets_free(struct packets *packets)
{
    free(packets->items);
    free(packets->bytes);
    *packets = (struct packets){0};
}

/* ---- SIP ---- */

struct answer {
    char text[ANSWER_MAX];
    size_t len;
};

static void put(struct answer *answer, const char *text, size_t len)
{
    require(len <= sizeof(answer->text) - answer->len, "an answer is too long");
    memcpy(answer->text + answer->len, text, len);
    answer->len += len;
}

static void put_z(struct answer *answer, const char *text)
{
    put(answer, text, strlen(text));
}

static tern_str find(tern_str text, const char *what)
{
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= text.len; i++) {
        const char *at = memchr(text.ptr + i, what[0], text.len - len - i + 1);
        if (at == NULL) break;
        i = (size_t)(at - text.ptr);
        if (memcmp(at, what, len) == 0) return (tern_str){at, text.len - i};
    }
    return (tern_str){NULL, 0};
}

/* The first line that starts with `name` ("\nVia:"), with its line end; as the endpoint writes it. */
static tern_str line_of(tern_str text, const char *name)
{
    tern_str from = find(text, name);
    require(from.ptr != NULL, "a header is missing");
    const char *end = memchr(from.ptr + 1, '\n', from.len - 1);
    require(end != NULL, "a line does not end");
    return (tern_str){from.ptr + 1, (size_t)(end - from.ptr)};
}

static void put_line(struct answer *answer, tern_str text, const char *name)
{
    tern_str line = line_of(text, name);
    put(answer, line.ptr, line.len);
}

/* "To: <sip:bob@host>" gets the peer's tag where it has none. */
static void put_to(struct answer *answer, tern_str text)
{
    tern_str line = line_of(text, "\nTo:");
    put(answer, line.ptr, line.len - 2);
    if (find(line, ";tag=").ptr == NULL) put_z(answer, ";tag=far");
    put_z(answer, "\r\n");
}

static void put_head(struct answer *answer, tern_str text, const char *status)
{
    answer->len = 0;
    put_z(answer, "SIP/2.0 ");
    put_z(answer, status);
    put_z(answer, "\r\n");
    put_line(answer, text, "\nVia:");
    put_line(answer, text, "\nFrom:");
    put_to(answer, text);
    put_line(answer, text, "\nCall-ID:");
    put_line(answer, text, "\nCSeq:");
}

/* The new binding alone: what follows it in our Contact is a removal. */
static void put_binding(struct answer *answer, tern_str text)
{
    tern_str line = line_of(text, "\nContact:");
    tern_str end = find(line, ">");
    put(answer, line.ptr, line.len - end.len + 1);
    put_z(answer, ";expires=3600\r\n");
}

static bool answer_register(struct far *far, tern_str text, struct answer *answer)
{
    if (find(text, "\nAuthorization:").ptr == NULL) {
        far->challenged++;
        put_head(answer, text, "401 Unauthorized");
        put_z(answer, "WWW-Authenticate: Digest realm=\"bench\", qop=\"auth\", algorithm=MD5, "
                      "nonce=\"6f1c2d4e8a9b0c7d5e3f1a2b\"\r\n");
    } else {
        put_head(answer, text, "200 OK");
        if (find(text, ";expires=0\r\n").ptr == NULL || find(text, ", <").ptr != NULL)
            put_binding(answer, text);
    }
    put_z(answer, "Server: far\r\nContent-Length: 0\r\n\r\n");
    return true;
}

static const char description[] = "v=0\r\n"
                                  "o=far 3724394400 3724394405 IN IP4 10.0.0.9\r\n"
                                  "s=-\r\n"
                                  "c=IN IP4 10.0.0.9\r\n"
                                  "t=0 0\r\n"
                                  "m=audio 20000 RTP/AVP 8 101\r\n"
                                  "a=rtpmap:8 PCMA/8000\r\n"
                                  "a=rtpmap:101 telephone-event/8000\r\n"
                                  "a=fmtp:101 0-15\r\n"
                                  "a=ptime:20\r\n"
                                  "a=sendrecv\r\n";

static bool answer_in_call(const struct far *far, tern_str text, tern_addr peer,
                           struct answer *answer)
{
    char length[64], address[TERN_ADDR_TEXT_MAX];
    bool described = find(text, "\r\n\r\nv=0").ptr != NULL;
    put_head(answer, text, "200 OK");
    if (!far->direct) put_z(answer, "Record-Route: <sip:10.0.0.1;lr>\r\n");
    put_z(answer, "Contact: <sip:bob@");
    put_z(answer, far->direct ? tern_addr_print(peer, address) : "10.0.0.9:5060");
    put_z(answer, ">\r\n");
    put_z(answer, far->no_update ? "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
                                 : "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n");
    put_z(answer, "Server: far\r\n");
    if (described) put_z(answer, "Content-Type: application/sdp\r\n");
    (void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n",
                   described ? sizeof(description) - 1 : 0);
    put_z(answer, length);
    if (described) put_z(answer, description);
    return true;
}

static bool answer_plain(tern_str text, struct answer *answer)
{
    put_head(answer, text, "200 OK");
    put_z(answer, "Content-Length: 0\r\n\r\n");
    return true;
}

static bool starts(tern_str text, const char *what)
{
    size_t len = strlen(what);
    return text.len >= len && memcmp(text.ptr, what, len) == 0;
}

static bool answer_sip(struct far *far, tern_str text, tern_addr peer, struct answer *answer)
{
    if (text.len < 8 || starts(text, "ACK ") || starts(text, "SIP/2.0 ")) return false;
    far->requests++;
    if (starts(text, "REGISTER ")) return answer_register(far, text, answer);
    if (starts(text, "INVITE ") || starts(text, "UPDATE ")) {
        return answer_in_call(far, text, peer, answer);
    }
    return answer_plain(text, answer);
}

/* ---- both ---- */

static bool answer_media(const struct far *far, tern_str bytes, struct answer *answer)
{
    unsigned char payload_type = bytes.len > RTP_MIN ? (unsigned char)bytes.ptr[1] : 0xff;
    bool rtcp = payload_type >= 192 && payload_type <= 223; /* RFC 5761 4 */
    if (far->mute || bytes.len <= RTP_MIN || rtcp) return false;
    answer->len = 0;
    put(answer, bytes.ptr, bytes.len);
    answer->text[SSRC_AT] ^= 0x55;
    return true;
}

void far_answer(struct far *far, const struct packets *in, const struct packet *packet,
                struct packets *out)
{
    struct answer answer;
    tern_str text = {in->bytes + packet->at, packet->len};
    bool any = packet->media ? answer_media(far, text, &answer)
                             : answer_sip(far, text, packet->remote, &answer);
    if (!any) return;
    struct packet back = *packet; /* `local` and `remote` are the endpoint's, both ways */
    back.len = answer.len;
    packets_add(out, &back, answer.text);
}

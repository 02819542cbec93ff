/* SPDX-License-Identifier: MIT */
/*
 * Any challenge, from anybody: what is written in answer is one well-formed
 * line a challenge, and says back realm, nonce and opaque as they came.
 * The first byte chooses status, method and round; the rest is header lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "txn/digest.h"

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) abort();                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tn_credentials alice = {{"al\"ice\\", 7}, {"secret", 6}, {NULL, 0}};

static struct tn_msg *response(uint8_t choice, const uint8_t *lines, size_t size,
                               const struct tern_allocator *alloc)
{
    static char text[8192];
    struct tn_msg *msg;
    int head =
        snprintf(text, 400,
                 "SIP/2.0 %d X\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
                 "To: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 %s\r\n",
                 choice & 1 ? 407 : 401, choice & 2 ? "REGISTER" : "INVITE");
    size_t len = (size_t)head;

    if (size > sizeof(text) - len - 4) return NULL;
    memcpy(text + len, lines, size);
    memcpy(text + len + size, "\r\n\r\n", 4);
    if (tn_msg_parse(alloc, (tern_str){text, len + size + 4}, &msg) != 0) return NULL;
    if (!msg->defect_status) return msg;
    tn_msg_unref(msg);
    return NULL;
}

static void check_line(tern_str line)
{
    struct tn_auth_params params;
    tern_str value;
    tern_str name = tn_str_cut(line, ':', &value);
    enum tn_hdr_id id = tn_hdr_parse_name(name);

    REQUIRE(id == TN_HDR_AUTHORIZATION || id == TN_HDR_PROXY_AUTHORIZATION);
    REQUIRE(tn_auth_parse(tn_str_trim(value), &params) == 0);
    REQUIRE(tn_str_eq(params.username, TERN_STR("al\\\"ice\\\\")));
    REQUIRE(params.nonce.len > 0);
    REQUIRE(params.response.len == 32 || params.response.len == 64);
    REQUIRE(params.qop.len == 0 || params.nc.len == 8);
}

static void check_answer(struct tn_auth *auth, enum tn_method method)
{
    struct tn_buf out;
    tern_str text;

    tn_buf_init(&out, &auth->ctx->alloc, 1 << 20);
    REQUIRE(tn_auth_put(auth, method, TERN_STR("sip:a@b"), TERN_STR("body"), &out) == 0);
    REQUIRE(tn_buf_end(&out, &text) == 0);
    REQUIRE((text.len > 0) == tn_auth_ready(auth, method));
    while (text.len > 0) {
        tern_str line = tn_str_cut(text, '\n', &text);
        REQUIRE(line.len > 0 && line.ptr[line.len - 1] == '\r');
        REQUIRE(tn_str_find(tn_str_sub(line, 0, line.len - 1), '\r') == SIZE_MAX);
        check_line(line);
    }
    tn_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    struct tn_auth auth;
    struct tn_ctx ctx;

    if (size == 0) return 0;
    if (tn_ctx_init(&ctx, NULL, seed) != 0) return 0;
    REQUIRE(tn_auth_init(&auth, &ctx, &alice) == 0);
    struct tn_msg *msg = response(data[0], data + 1, size - 1, &ctx.alloc);
    enum tn_method method = msg ? msg->method : TN_METHOD_INVITE;
    for (unsigned round = 0; msg && round < 2; round++) {
        enum tn_auth_result result = tn_auth_challenge(&auth, msg, round);
        if (result == TN_AUTH_RETRY) REQUIRE(tn_auth_ready(&auth, method));
        check_answer(&auth, method);
        tn_auth_info(&auth, msg);
        check_answer(&auth, method);
    }
    tn_msg_unref(msg);
    tn_auth_fini(&auth);
    tn_ctx_fini(&ctx);
    return 0;
}

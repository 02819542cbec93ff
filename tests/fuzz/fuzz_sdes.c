/* SPDX-License-Identifier: MIT */
/*
 * Any input, as the value of a=crypto and of a=fingerprint and as base64: what is accepted survives
 * print and parse; one key of a line is kept, so that a line with several prints as one with one.
 */
#include "wire/sdp/crypto.h"
#include "wire/sdp/setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char printed[4096];

static void try_base64(tern_str text)
{
    uint8_t bytes[1024], again[1024];
    size_t len, again_len;
    struct tn_buf buf;

    if (tn_base64_parse(text, bytes, sizeof(bytes), &len) != 0) return;
    tn_buf_fixed(&buf, printed, sizeof(printed));
    tn_base64_print(&buf, bytes, len);
    REQUIRE(buf.err == 0 && buf.len >= text.len);
    REQUIRE(tn_base64_parse(tn_buf_view(&buf), again, sizeof(again), &again_len) == 0);
    REQUIRE(again_len == len && memcmp(bytes, again, len) == 0);
}

static void try_sdes(tern_str text)
{
    struct tn_sdes first, again;
    struct tn_buf buf;

    if (tn_sdes_parse(text, &first) != 0) return;
    REQUIRE(first.usable == (first.obstacle.len == 0));
    tn_buf_fixed(&buf, printed, sizeof(printed));
    tn_sdes_print(&first, &buf);
    REQUIRE(buf.err == 0);
    REQUIRE(tn_sdes_parse(tn_buf_view(&buf), &again) == 0);
    REQUIRE(again.tag == first.tag && tn_str_eq(again.suite, first.suite));
    REQUIRE(again.key_len == first.key_len);
    REQUIRE(memcmp(again.key, first.key, first.key_len) == 0);
    REQUIRE(again.lifetime == first.lifetime && tn_str_eq(again.mki, first.mki));
    REQUIRE(tn_str_eq(again.params, first.params));
}

static void try_fingerprint(tern_str text)
{
    struct tn_sdp_fingerprint first, again;
    struct tn_buf buf;

    if (tn_sdp_fingerprint_parse(text, &first) != 0) return;
    tn_buf_fixed(&buf, printed, sizeof(printed));
    tn_sdp_fingerprint_print(&first, &buf);
    REQUIRE(buf.err == 0);
    REQUIRE(tn_sdp_fingerprint_parse(tn_buf_view(&buf), &again) == 0);
    REQUIRE(tn_sdp_fingerprint_equal(&first, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tern_str text = {(const char *)data, size};

    if (size > 1024) return 0;
    try_base64(text);
    try_sdes(text);
    try_fingerprint(text);
    return 0;
}

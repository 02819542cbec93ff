/* SPDX-License-Identifier: MIT */
/* Any text: refused, or a URI that survives print and parse, in no more bytes, and equals itself. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "wire/sip/msg.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_escapes(tern_str user, const struct tern_allocator *alloc)
{
    struct tn_buf plain, again;

    tn_buf_init(&plain, alloc, SIZE_MAX / 2);
    tn_buf_init(&again, alloc, SIZE_MAX / 2);
    REQUIRE(tn_uri_unescape(user, &plain) == 0);
    tn_uri_escape_user(tn_buf_view(&plain), &again);
    tn_buf_reset(&plain);
    REQUIRE(tn_uri_unescape(tn_buf_view(&again), &plain) == 0);
    tn_buf_fini(&plain);
    tn_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_uri first, again;
    struct tn_buf buf;
    tern_str value;

    if (tn_uri_parse((tern_str){(const char *)data, size}, &first) != 0) return 0;

    tn_buf_init(&buf, &alloc, SIZE_MAX / 2);
    tn_uri_print(&first, &buf);
    REQUIRE(buf.err == 0);
    REQUIRE(buf.len <= size);
    REQUIRE(tn_uri_parse(tn_buf_view(&buf), &again) == 0);
    REQUIRE(again.scheme == first.scheme);
    REQUIRE(tn_str_eq(again.user, first.user));
    REQUIRE(tn_str_eq(again.password, first.password));
    REQUIRE(tn_str_eq(again.host, first.host));
    REQUIRE(again.host_is_ipv6 == first.host_is_ipv6);
    REQUIRE(again.port == first.port);
    REQUIRE(tn_str_eq(again.params, first.params));
    REQUIRE(tn_str_eq(again.headers, first.headers));
    REQUIRE(tn_uri_equal(&first, &again));
    REQUIRE(tn_uri_equal(&again, &first));
    (void)tn_uri_param(&first, TERN_STR("lr"), &value);
    if (first.scheme == TN_SCHEME_SIP) check_escapes(first.user, &alloc);
    tn_buf_fini(&buf);
    return 0;
}

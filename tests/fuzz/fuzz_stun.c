/* SPDX-License-Identifier: MIT */
/* Any STUN message: what is accepted survives print and parse, in no more bytes. */
#include <stdlib.h>
#include <string.h>

#include <tern/err.h>

#include "base/str.h"
#include "wire/stun/stun.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())
#define ROOM          4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_address(enum tn_stun_type type)
{
    return type == TN_STUN_MAPPED_ADDRESS || type == TN_STUN_XOR_MAPPED_ADDRESS ||
           type == TN_STUN_ALTERNATE_SERVER;
}

/* Typed where the type has a meaning and the value makes sense, and otherwise as it is. */
static void print_again(struct tn_buf *buf, const struct tn_stun *msg, enum tn_stun_type type,
                        tern_str value)
{
    struct tn_stun one = *msg;
    tern_addr addr;
    tern_str reason;
    unsigned code;
    uint32_t number;
    uint64_t wide;

    one.attributes = (tern_str){value.ptr - TN_STUN_ATTRIBUTE, value.len + TN_STUN_ATTRIBUTE};
    one.attributes.len = (one.attributes.len + 3) & ~(size_t)3;
    if (is_address(type) && value.len > 0 && value.ptr[0] == 0 &&
        tn_stun_address(&one, type, &addr) == 0) {
        tn_stun_print_address(buf, type, addr);
    } else if (type == TN_STUN_PRIORITY && tn_stun_u32(&one, type, &number) == 0) {
        tn_stun_print_u32(buf, type, number);
    } else if (type == TN_STUN_ICE_CONTROLLED && tn_stun_u64(&one, type, &wide) == 0) {
        tn_stun_print_u64(buf, type, wide);
    } else if (type == TN_STUN_ERROR_CODE && tn_stun_error(&one, &code, &reason) == 0 &&
               reason.len <= TN_STUN_REASON_MAX && memcmp(value.ptr, "\0\0", 2) == 0 &&
               (uint8_t)value.ptr[2] <= 7) {
        tn_stun_print_error(buf, code, reason);
    } else {
        tn_stun_print(buf, type, value);
    }
}

static void print_integrity(struct tn_buf *buf, const struct tn_stun *msg, enum tn_stun_type type)
{
    struct tn_stun_covered covered;

    if (!tn_stun_covered(msg, type, &covered)) return;
    REQUIRE(covered.rest.len + TN_STUN_HEADER <= msg->text.len);
    tern_str printed = tn_stun_print_covered(buf, covered.mac.len);
    REQUIRE(printed.len <= covered.rest.len + TN_STUN_HEADER);
    tn_stun_print(buf, type, covered.mac);
}

static void check_equal(const struct tn_stun *a, const struct tn_stun *b)
{
    tern_str left = a->attributes, right = b->attributes, one, other;
    enum tn_stun_type type, same;

    REQUIRE(a->kind == b->kind && a->method == b->method);
    REQUIRE(memcmp(a->id, b->id, TN_STUN_ID) == 0);
    REQUIRE(a->fingerprint == b->fingerprint);
    REQUIRE((a->integrity == 0) == (b->integrity == 0));
    REQUIRE((a->integrity_sha256 == 0) == (b->integrity_sha256 == 0));
    while (tn_stun_next(&left, &type, &one)) {
        REQUIRE(tn_stun_next(&right, &same, &other));
        REQUIRE(type == same && tn_str_eq(one, other));
    }
    REQUIRE(left.len == 0 && right.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[ROOM];
    uint16_t unknown[TN_STUN_UNKNOWN_MAX];
    struct tn_stun msg, again;
    enum tn_stun_type type;
    tern_str text = {(const char *)data, size}, value;
    struct tn_buf buf;

    if (size > ROOM || tn_stun_parse(text, &msg) != 0) return 0;
    REQUIRE(tn_stun_is_message(text));
    tn_buf_fixed(&buf, room, sizeof(room));
    tn_stun_print_header(&buf, &msg);
    for (tern_str rest = msg.attributes; tn_stun_next(&rest, &type, &value);)
        print_again(&buf, &msg, type, value);
    print_integrity(&buf, &msg, TN_STUN_MESSAGE_INTEGRITY);
    print_integrity(&buf, &msg, TN_STUN_MESSAGE_INTEGRITY_SHA256);
    if (msg.fingerprint) tn_stun_print_fingerprint(&buf);
    REQUIRE(tn_buf_end(&buf, &text) == 0);
    REQUIRE(text.len <= size);
    REQUIRE(tn_stun_parse(text, &again) == 0);
    check_equal(&msg, &again);
    REQUIRE(tn_stun_unknown(&msg, unknown, TN_STUN_UNKNOWN_MAX) ==
            tn_stun_unknown(&again, unknown, TN_STUN_UNKNOWN_MAX));
    return 0;
}

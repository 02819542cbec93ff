/* SPDX-License-Identifier: MIT */
#include "crypto/seal.h"

#include <tern/err.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tern_test.h"

#define LIMIT 4096

static struct tern_allocator alloc;
static struct tn_random stream;
static const uint8_t key[TN_SEAL_KEY] = {1, 2, 3};
static const struct tn_seal with = {.key = key, .header = {"header", 6}};

static void seal_text(tern_str text, struct tn_buf *out)
{
    tn_buf_init(out, &alloc, LIMIT);
    CHECK_EQ(tn_seal(&with, &stream, text, out), 0);
    CHECK_EQ(out->len, text.len + TN_SEAL_EXTRA);
}

static void what_was_sealed_is_opened_with_the_same_key_and_header(void)
{
    static const char *const texts[] = {"", "x", "a text of several blocks, so that it goes on"};
    for (size_t i = 0; i < 3; i++) {
        struct tn_buf sealed, text;
        seal_text(tn_str(texts[i]), &sealed);
        tn_buf_init_secret(&text, &alloc, LIMIT);
        CHECK_EQ(tn_unseal(&with, tn_buf_view(&sealed), &text), 0);
        CHECK(tn_str_eq(tn_buf_view(&text), tn_str(texts[i])));
        tn_buf_fini(&sealed);
        tn_buf_fini(&text);
    }
}

static void refused(const struct tn_seal *seal, tern_str sealed)
{
    struct tn_buf text;
    tn_buf_init_secret(&text, &alloc, LIMIT);
    CHECK_EQ(tn_unseal(seal, sealed, &text), TERN_EKEY);
    CHECK_EQ(text.len, 0);
    tn_buf_fini(&text);
}

static void each_altered_byte_each_truncation_and_another_key_or_header_is_refused(void)
{
    static const uint8_t other_key[TN_SEAL_KEY] = {1, 2, 4};
    const struct tn_seal other = {.key = other_key, .header = with.header};
    const struct tn_seal renamed = {.key = key, .header = {"Header", 6}};
    struct tn_buf sealed;
    seal_text(TERN_STR("keys and passwords"), &sealed);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] = (char)(sealed.ptr[i] ^ 0x40);
        refused(&with, tn_buf_view(&sealed));
        sealed.ptr[i] = (char)(sealed.ptr[i] ^ 0x40);
        refused(&with, (tern_str){sealed.ptr, i});
    }
    refused(&other, tn_buf_view(&sealed));
    refused(&renamed, tn_buf_view(&sealed));
    tn_buf_fini(&sealed);
}

static void the_same_random_bytes_give_another_nonce_for_another_text(void)
{
    const uint8_t seed[32] = {9};
    struct tn_buf first, second;
    tn_random_init(&stream, seed);
    seal_text(TERN_STR("one"), &first);
    tn_random_init(&stream, seed);
    seal_text(TERN_STR("two"), &second);
    CHECK(memcmp(first.ptr, second.ptr, TN_SEAL_NONCE) != 0);
    tn_buf_fini(&second);
    seal_text(TERN_STR("one"), &second);
    CHECK(memcmp(first.ptr, second.ptr, TN_SEAL_NONCE) != 0);
    tn_buf_fini(&first);
    tn_buf_fini(&second);
}

static void a_buffer_that_is_too_small_is_an_error(void)
{
    char small[20];
    struct tn_buf out;
    tn_buf_fixed(&out, small, sizeof(small));
    CHECK_EQ(tn_seal(&with, &stream, TERN_STR("too long"), &out), TERN_ENOBUF);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_was_sealed_is_opened_with_the_same_key_and_header),
        TEST(each_altered_byte_each_truncation_and_another_key_or_header_is_refused),
        TEST(the_same_random_bytes_give_another_nonce_for_another_text),
        TEST(a_buffer_that_is_too_small_is_an_error),
    };
    const uint8_t seed[32] = {7};
    alloc = tn_default_allocator();
    tn_random_init(&stream, seed);
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

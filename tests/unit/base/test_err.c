/* SPDX-License-Identifier: MIT */
#include <tern/err.h>

#include "tern_test.h"

static void every_code_has_a_text_of_its_own(void)
{
    for (int a = TERN_ENOTFOUND; a <= TERN_OK; a++) {
        CHECK(strcmp(tern_strerror(a), "unknown error") != 0);
        for (int b = TERN_ENOTFOUND; b < a; b++)
            CHECK(strcmp(tern_strerror(a), tern_strerror(b)) != 0);
    }
    CHECK(strcmp(tern_strerror(7), "success") == 0);
    CHECK(strcmp(tern_strerror(-9999), "unknown error") == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {TEST(every_code_has_a_text_of_its_own)};
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

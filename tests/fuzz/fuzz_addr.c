/* SPDX-License-Identifier: MIT */
/* Whatever is read as an address survives print and parse, and its print is canonical. */
#include <stdlib.h>
#include <string.h>

#include <tern/network.h>

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tern_addr first, again;
    char text[TERN_ADDR_TEXT_MAX], text_again[TERN_ADDR_TEXT_MAX];

    if (tern_addr_parse((tern_str){(const char *)data, size}, &first) != 0) return 0;
    tern_addr_print(first, text);
    REQUIRE(tern_addr_parse((tern_str){text, strlen(text)}, &again) == 0);
    REQUIRE(tern_addr_equal(first, again));
    REQUIRE(strcmp(text, tern_addr_print(again, text_again)) == 0);
    return 0;
}

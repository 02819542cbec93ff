/* SPDX-License-Identifier: MIT */
/* Any input, as a packed record: it is read in every way, never beyond its end, and what was read and
 * is written reads the same. */
#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct record {
    uint32_t number;
    bool flag;
    tern_time time;
    tern_addr addr;
    tern_str str;
};

static void pack(struct tn_pack *p, struct record *r)
{
    r->number = tn_pack_u32(p, 1, r->number);
    r->flag = tn_pack_bool(p, 2, r->flag);
    r->time = tn_pack_time(p, 3, r->time);
    tn_pack_addr(p, 4, &r->addr);
    r->str = tn_pack_str(p, 5, r->str);
}

static void again(struct record *first)
{
    static char room[1 << 16];
    struct record second = {0};
    struct tn_pack p;
    struct tn_buf buf;

    tn_buf_fixed(&buf, room, sizeof(room));
    tn_pack_write(&p, &buf, 1000);
    pack(&p, first);
    REQUIRE(p.err == 0 && buf.err == 0);
    tn_pack_read(&p, tn_buf_view(&buf), NULL, 1000);
    pack(&p, &second);
    REQUIRE(p.err == 0);
    REQUIRE(second.number == first->number && second.flag == first->flag);
    REQUIRE(second.time == first->time && tern_addr_equal(second.addr, first->addr));
    REQUIRE(tn_str_eq(second.str, first->str));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tern_str in = {(const char *)data, size};
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_pack p, inner;
    struct record r = {0};
    size_t cursor = 0;

    if (size > 4096) return 0;
    tn_pack_read(&p, in, &alloc, 1000);
    pack(&p, &r);
    if (p.err == 0) again(&r);
    p.err = 0;
    while (tn_pack_begin(&p, 6, &cursor, &inner)) {
        struct record one = {0};
        pack(&inner, &one);
        tn_pack_end(&p, &inner);
    }
    return 0;
}

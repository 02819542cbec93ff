/* SPDX-License-Identifier: MIT */
/* The order in which servers are tried: RFC 2782, "The format of the SRV RR". */
#include "net/dns.h"

/* By priority; within one, those of weight 0 come first, as the draw below wants it. Insertion
 * sort: there are few, and it keeps the order of equals. */
static void sort(struct tern_dns_record *r, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct tern_dns_record x = r[i];
        size_t at = i;
        while (at > 0 &&
               (r[at - 1].priority > x.priority ||
                (r[at - 1].priority == x.priority && r[at - 1].weight > 0 && x.weight == 0))) {
            r[at] = r[at - 1];
            at--;
        }
        r[at] = x;
    }
}

/* Moves the one that is drawn to the front; the others keep their order. */
static void draw_first(struct tern_dns_record *r, size_t count, struct tn_random *random)
{
    uint32_t sum = 0, running = 0;
    size_t chosen = 0;

    for (size_t i = 0; i < count; i++)
        sum += r[i].weight;
    uint32_t draw = tn_random_below(random, sum + 1);
    for (; chosen < count; chosen++) {
        running += r[chosen].weight;
        if (running >= draw) break;
    }
    struct tern_dns_record x = r[chosen];
    for (; chosen > 0; chosen--)
        r[chosen] = r[chosen - 1];
    r[0] = x;
}

void tn_srv_order(struct tern_dns_record *records, size_t count, struct tn_random *random)
{
    sort(records, count);
    for (size_t i = 0; i < count; i++) {
        size_t equals = 1;
        while (i + equals < count && records[i + equals].priority == records[i].priority)
            equals++;
        if (equals > 1) draw_first(records + i, equals, random);
    }
}

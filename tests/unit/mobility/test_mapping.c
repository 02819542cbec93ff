/* SPDX-License-Identifier: MIT */
/* MOBILITY S20: which observation of our public address is a change of it. */
#include "mobility/mapping.h"
#include "tern_test.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static tern_addr at(uint8_t last, uint16_t port)
{
    return (tern_addr){.family = TERN_FAMILY_IPV4, .port = port, .ip = {203, 0, 113, last}};
}

struct sight {
    int64_t at_s;
    uint8_t local, remote, mapped;
    enum tn_mapping_verdict verdict;
};

static void see(const struct sight *sights, size_t count, bool unstable)
{
    struct tn_mapping mapping = {0};
    for (size_t i = 0; i < count; i++) {
        const struct sight *s = &sights[i];
        struct tn_path path = {at(s->local, 5060), at(s->remote, 5060)};
        CHECK_EQ(tn_mapping_see(&mapping, TERN_SECONDS(1000 + s->at_s), &path, at(s->mapped, 7)),
                 s->verdict);
    }
    CHECK_EQ(mapping.unstable, unstable);
}

static void another_public_address_is_a_change_and_the_same_is_none(void)
{
    static const struct sight sights[] = {
        {0, 1, 2, 9, TN_MAPPING_FIRST},     {20, 1, 2, 9, TN_MAPPING_SAME},
        {21, 1, 2, 10, TN_MAPPING_CHANGED}, {22, 1, 2, 10, TN_MAPPING_SAME},
        {31, 1, 2, 9, TN_MAPPING_CHANGED},
    };
    see(sights, COUNT(sights), false);
}

static void two_changes_within_ten_seconds_end_it(void)
{
    static const struct sight sights[] = {
        {0, 1, 2, 9, TN_MAPPING_FIRST},      {1, 1, 2, 10, TN_MAPPING_CHANGED},
        {10, 1, 2, 11, TN_MAPPING_UNSTABLE}, {11, 1, 2, 12, TN_MAPPING_SAME},
        {500, 1, 2, 13, TN_MAPPING_SAME},    {600, 1, 3, 14, TN_MAPPING_FIRST},
        {601, 1, 3, 15, TN_MAPPING_SAME}, /* the NAT is the same */
    };
    see(sights, COUNT(sights), true);
}

static void another_path_begins_anew(void)
{
    static const struct sight sights[] = {
        {0, 1, 2, 9, TN_MAPPING_FIRST},     {1, 1, 2, 10, TN_MAPPING_CHANGED},
        {2, 1, 2, 11, TN_MAPPING_UNSTABLE}, {3, 4, 2, 12, TN_MAPPING_FIRST},
        {4, 4, 2, 13, TN_MAPPING_CHANGED},
    };
    see(sights, COUNT(sights), false);
}

/* Whatever a NAT or a liar says, of a thousand changes at most two are acted on in ten seconds. */
static void it_never_loops(void)
{
    struct tn_mapping mapping = {0};
    struct tn_path path = {at(1, 5060), at(2, 5060)};
    unsigned acted = 0;
    for (uint16_t i = 0; i < 1000; i++) {
        enum tn_mapping_verdict v =
            tn_mapping_see(&mapping, TERN_SECONDS(1000) + TERN_MS(50) * i, &path, at(9, i));
        acted += v == TN_MAPPING_CHANGED || v == TN_MAPPING_UNSTABLE;
    }
    CHECK_EQ(acted, 2);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(another_public_address_is_a_change_and_the_same_is_none),
        TEST(two_changes_within_ten_seconds_end_it),
        TEST(another_path_begins_anew),
        TEST(it_never_loops),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}

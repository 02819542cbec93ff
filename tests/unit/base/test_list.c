/* SPDX-License-Identifier: MIT */
#include "base/list.h"

#include "tern_test.h"

struct item {
    int number;
    struct tn_list link;
};

static void items_come_in_order_and_may_leave_inside_a_walk(void)
{
    struct item items[10];
    struct tn_list head;
    int next = 0;

    tn_list_init(&head);
    CHECK(tn_list_empty(&head));
    for (int i = 0; i < 10; i++) {
        items[i].number = i;
        tn_list_push(&head, &items[i].link);
    }
    CHECK_EQ(tn_list_count(&head), 10);
    TN_LIST_FOR(node, &head)
    {
        struct item *item = TN_OWNER(node, struct item, link);
        CHECK_EQ(item->number, next);
        next++;
        if (item->number % 2) tn_list_remove(node);
    }
    CHECK_EQ(next, 10);
    CHECK_EQ(tn_list_count(&head), 5);
    TN_LIST_FOR(left, &head)
    {
        CHECK_EQ(TN_OWNER(left, struct item, link)->number % 2, 0);
        tn_list_remove(left);
        tn_list_remove(left);
    }
    CHECK(tn_list_empty(&head));
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {TEST(items_come_in_order_and_may_leave_inside_a_walk)};
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

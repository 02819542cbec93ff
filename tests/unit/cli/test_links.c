/* SPDX-License-Identifier: MIT */
/* Policies of links in words. */
#include "links.h"
#include "tern_test.h"
#include "text.h"

static void what_is_read_is_printed_as_it_is_written(void)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"", "any"},
        {"any", "any"},
        {"wifi", "wifi"},
        {" WiFi,ethernet  cellular ", "wifi, ethernet, cellular"},
        {"only wifi", "only wifi"},
        {"only wlan1, vpn, other", "only wlan1, vpn, other"},
        {"never cellular", "never cellular"},
        {"any never cellular,wwan1", "never cellular, wwan1"},
        {"metered avoid", "metered avoid"},
        {"wifi metered use", "wifi"},
        {"wifi never vpn metered never", "wifi never vpn metered never"},
        {"metered avoid wifi", "wifi metered avoid"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tern_link_policy policy, again;
        char text[LINKS_TEXT_CAP];
        tern_link_policy_init(&policy);
        tern_link_policy_init(&again);
        CHECK(links_read(cases[i].text, LINKS_ALL, &policy) == NULL);
        printf("  %s\n", links_print(&policy, text));
        CHECK(strcmp(text, cases[i].printed) == 0);
        CHECK(links_read(text, LINKS_ALL, &again) == NULL);
        CHECK_EQ(memcmp(&policy, &again, sizeof(policy)), 0);
    }
}

static void what_is_no_policy_is_refused(void)
{
    static const char *const cases[] = {
        "only",
        "only never vpn",
        "never",
        "wifi never",
        "metered",
        "metered little",
        "loopback",
        "a/b",
        "an-interface-with-a-name-too-long",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tern_link_policy policy;
        tern_link_policy_init(&policy);
        const char *expected = links_read(cases[i], LINKS_ALL, &policy);
        printf("  %s: expected %s\n", cases[i], expected ? expected : "that");
        CHECK(expected != NULL);
    }
}

static int set(struct config *config, const char *name, const char *value)
{
    char why[CONFIG_WHY_CAP];
    return config_set(config, NULL, config_find(name), value, why);
}

static void the_settings_make_one_policy(void)
{
    static struct config config;
    struct tern_link_policy policy;
    char text[LINKS_TEXT_CAP];

    config_init(&config);
    links_policy(&config, &policy);
    CHECK(strcmp(links_print(&policy, text), "any") == 0);
    CHECK_EQ(set(&config, "links", "only wifi, eth1"), 0);
    CHECK_EQ(set(&config, "links-never", "wlan7"), 0);
    CHECK_EQ(set(&config, "links-metered", "avoid"), 0);
    links_policy(&config, &policy);
    CHECK(strcmp(links_print(&policy, text), "only wifi, eth1 never wlan7 metered avoid") == 0);
    CHECK_EQ(set(&config, "links", "wifi never vpn metered/"), TERN_EINVAL);
    CHECK_EQ(set(&config, "links-never", "wlan7/"), TERN_EINVAL);
    CHECK_EQ(set(&config, "links-metered", "little"), TERN_EINVAL);
    CHECK_EQ(set(&config, "links-never", "none"), 0);
    CHECK_EQ(set(&config, "links", ""), 0);
    links_policy(&config, &policy);
    CHECK(strcmp(links_print(&policy, text), "metered avoid") == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(what_is_read_is_printed_as_it_is_written),
        TEST(what_is_no_policy_is_refused),
        TEST(the_settings_make_one_policy),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

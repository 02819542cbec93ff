/* SPDX-License-Identifier: MIT */
/*
 * Whatever a configuration file holds, it is read or refused with a line number; and what was read
 * is the same when each setting is printed and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_settings(struct config *config, struct config_account *account)
{
    char first[CONFIG_TEXT_CAP], again[CONFIG_TEXT_CAP], why[CONFIG_WHY_CAP];

    for (size_t i = 0; i < config_setting_count; i++) {
        const struct config_setting *s = &config_settings[i];
        config_print(config, account, s, first);
        if (strlen(first) + 4 >= CONFIG_TEXT_CAP) continue; /* a scheme was put before it */
        if (strcmp(s->name, "uri") == 0 && account->uri[0] == '\0') continue;
        REQUIRE(config_set(config, account, s, first, why) == 0);
        REQUIRE(strcmp(config_print(config, account, s, again), first) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    char why[CONFIG_WHY_CAP] = "";

    config_init(&config);
    int err = config_parse(&config, "fuzz", (tern_str){(const char *)data, size}, why);
    if (err < 0) {
        REQUIRE(strncmp(why, "fuzz:", 5) == 0);
        REQUIRE(strlen(why) < CONFIG_WHY_CAP);
        return 0;
    }
    REQUIRE(config.account_count <= CONFIG_ACCOUNTS_MAX);
    check_settings(&config, &config.defaults);
    for (size_t i = 0; i < config.account_count; i++) {
        REQUIRE(strchr(config.accounts[i].uri, '@') != NULL);
        check_settings(&config, &config.accounts[i]);
    }
    return 0;
}

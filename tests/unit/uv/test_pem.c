/* SPDX-License-Identifier: MIT */
/* Certificates from files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tern/uv.h>

#include "tern_test.h"

static char folder[] = "/tmp/tern-pem.XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static const char *file_with(const char *name, const char *text, size_t copies)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    for (size_t i = 0; i < copies; i++)
        fputs(text, file);
    CHECK_EQ(fclose(file), 0);
    return path;
}

#define PEM "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"

static void a_file_is_read_whole(void)
{
    struct tern_uv_pem pem = {0};

    CHECK_EQ(tern_uv_read_pem(file_with("good", PEM, 3), &pem), 0);
    CHECK_EQ(pem.len, 3 * strlen(PEM));
    CHECK(memcmp(pem.text, PEM, strlen(PEM)) == 0);
    CHECK_EQ(pem.text[pem.len], '\0');
    tern_uv_pem_free(&pem);
    CHECK(pem.text == NULL);
    CHECK_EQ(pem.len, 0);
    tern_uv_pem_free(&pem);
}

static void what_is_no_pem_is_refused_and_nothing_touched(void)
{
    struct tern_uv_pem pem = {.len = 7};
    const struct {
        const char *path;
        int err;
    } cases[] = {
        {"nothing", TERN_ENOTFOUND},   {"empty", TERN_EPARSE}, {"text", TERN_EPARSE},
        {"huge", TERN_ELIMIT},         {"folder", TERN_EIO},   {"fifo", TERN_EIO},
        {"text/more", TERN_ENOTFOUND},
    };

    file_with("empty", "", 1);
    file_with("text", "hello\n", 1);
    file_with("huge", PEM, 80000);
    CHECK_EQ(mkdir(path_of("folder"), 0700), 0);
    CHECK_EQ(mkfifo(path_of("fifo"), 0600), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(tern_uv_read_pem(path_of(cases[i].path), &pem), cases[i].err);
        CHECK(pem.text == NULL);
        CHECK_EQ(pem.len, 7);
    }
    CHECK_EQ(rmdir(path_of("folder")), 0);
}

static void the_environment_says_whom_the_system_trusts(void)
{
    struct tern_uv_pem pem = {0};

    CHECK_EQ(setenv("SSL_CERT_FILE", file_with("trusted", PEM, 1), 1), 0);
    CHECK_EQ(tern_uv_system_ca(&pem), 0);
    CHECK_EQ(pem.len, strlen(PEM));
    tern_uv_pem_free(&pem);
    CHECK_EQ(setenv("SSL_CERT_FILE", path_of("gone"), 1), 0);
    CHECK_EQ(tern_uv_system_ca(&pem), TERN_ENOTFOUND);
    CHECK_EQ(unsetenv("SSL_CERT_FILE"), 0);
    int err = tern_uv_system_ca(&pem);
    CHECK(err == 0 || err == TERN_ENOTFOUND); /* as this system has it */
    tern_uv_pem_free(&pem);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(a_file_is_read_whole),
        TEST(what_is_no_pem_is_refused_and_nothing_touched),
        TEST(the_environment_says_whom_the_system_trusts),
    };
    static const char *const files[] = {"good", "empty", "text", "huge", "fifo", "trusted"};

    if (!mkdtemp(folder)) return 1;
    int status = run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(path_of(files[i]));
    rmdir(folder);
    return status;
}

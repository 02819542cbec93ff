/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files and folders of files, with any compiler, so
 * that every corpus is part of the ordinary test suite. Each input is given
 * in a block of exactly its size, where a sanitizer notices a read past it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return -1;
    }
    long size = ftell(file);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    rewind(file);
    if (!data || size < 0 || fread(data, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout); /* names the culprit, should the target crash */
    (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

/* Number of files that were run, or -1. */
static int run_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort), ran = 0;

    if (n < 0) perror(path);
    for (int i = 0; i < n; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && ran >= 0) {
            ran = run_file(name) < 0 ? -1 : ran + 1;
        }
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return n < 0 ? -1 : ran;
}

int main(int argc, char **argv)
{
    int total = 0;

    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) != 0) {
            perror(argv[i]);
            return 1;
        }
        int ran = S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
        if (ran < 0) return 1;
        total += ran;
    }
    if (argc > 1 && total == 0) {
        fprintf(stderr, "the corpus is empty\n");
        return 1;
    }
    return 0;
}

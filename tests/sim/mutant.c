/* SPDX-License-Identifier: MIT */
/* Deliberate mistakes in the library: their names, and the one that is made. See README.md. */
#include "base/mutant.h"

#include <string.h>

#include "tool.h"

static const struct {
    const char *name, *what;
} mutants[TN_MUTANT_COUNT] = {
#define MUTANT_TEXTS(NAME, name, what) [TN_MUTANT_##NAME] = {name, what},
    TN_MUTANTS(MUTANT_TEXTS)
#undef MUTANT_TEXTS
};

void mutant_list(void)
{
    for (int i = TN_MUTANT_NONE + 1; i < TN_MUTANT_COUNT; i++)
        printf("%-16s %s\n", mutants[i].name, mutants[i].what);
}

bool mutant_choose(const char *name)
{
#ifdef TERN_MUTANTS
    for (int i = TN_MUTANT_NONE + 1; i < TN_MUTANT_COUNT; i++) {
        if (strcmp(mutants[i].name, name) != 0) continue;
        tn_mutant_choose((enum tn_mutant)i);
        return true;
    }
    fprintf(stderr, "There is no mutant %s; --mutants lists them.\n", name);
#else
    fprintf(stderr, "%s: this build has no mutants; configure one with -DTERN_MUTANTS=ON.\n", name);
#endif
    return false;
}

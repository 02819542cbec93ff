/* SPDX-License-Identifier: MIT */
#include "base/mutant.h"

#ifdef TERN_MUTANTS

enum tn_mutant tn_mutant_chosen = TN_MUTANT_NONE;

void tn_mutant_choose(enum tn_mutant mutant)
{
    tn_mutant_chosen = mutant;
}

#endif

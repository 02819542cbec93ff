/* SPDX-License-Identifier: MIT */
/* tern-sim: lives through histories of networks, and says which invariant did not hold. */

#include "tool.h"

static void list_scenarios(void)
{
    const struct scenario *s;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++)
        printf("%-28s %-4s %s\n", s->name, s->row, s->text);
}

/* One after another, with all that happens on standard output. */
static int run_traced(const struct work *work, const struct options *options)
{
    struct failure failure;
    int status = EXIT_GOOD;
    stop_listen();
    for (uint64_t number = work->first; number <= work->last && !stop_asked(); number++) {
        work_item(work, number, &failure.item);
        try_plan(&failure.item.plan, options->twice, stdout, &failure.verdict);
        if (!failure.verdict.failed) continue;
        report_failure(&failure, options);
        status = EXIT_FAILED;
    }
    return stop_asked() ? EXIT_SIGNAL + stop_signal() : status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct work work;
    int status = EXIT_USAGE;

    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a trace that ends in a crash is whole so far */
    if (!options_read(&options, argc, argv)) return EXIT_USAGE;
    if (options.mutant && !mutant_choose(options.mutant)) return EXIT_USAGE;
    if (options.help) {
        options_help();
        return EXIT_GOOD;
    }
    if (options.mutants || options.list) {
        if (options.mutants) mutant_list();
        if (options.list) list_scenarios();
        return EXIT_GOOD;
    }
    if (work_begin(&work, &options))
        status = options.trace ? run_traced(&work, &options) : jobs_run(&work, &options);
    work_end(&work);
    return status;
}

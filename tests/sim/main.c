/* SPDX-License-Identifier: MIT */
/* tern-sim: lives through histories of networks, and says which invariant did not hold. */
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const char usage_text[] =
    "usage: tern-sim [OPTION…]\n"
    "\n"
    "  --seeds A..B      live through the histories of these seeds (the default is 1..1000)\n"
    "  --seed N          … of this one\n"
    "  --from-commit DIR start at a seed that follows from the commit that is checked out there\n"
    "  --count N         so many seeds from there on (2000)\n"
    "  --minutes M       … of as many seeds as M minutes allow, from A on\n"
    "  --jobs N          in so many processes (1)\n"
    "  --failures N      stop after so many failures (20)\n"
    "  --twice           live each twice: both lives must be the same, byte for byte\n"
    "  --list            the named scenarios\n"
    "  --scenario NAME   live through it; \"all\" for all of them\n"
    "  --plan TEXT       live through this plan\n"
    "  --regressions F   live through each plan of a file\n"
    "  --replay N        as --seed, with a trace on standard output\n"
    "  --trace           the same for --scenario and --plan\n"
    "  --shrink N        find the fewest faults with which seed N still fails\n"
    "  --mutant NAME     with this deliberate mistake in the library (builds with TERN_MUTANTS)\n"
    "  --mutants         the deliberate mistakes\n"
    "  --quiet           no progress\n";

void print_failure(const struct plan *plan, const struct verdict *verdict, const char *what)
{
    char text[4096];
    plan_print(plan, text, sizeof(text));
    printf("FAILED %s: %s at %.3f s%s%s\n    %s\n", what, verdict->invariant, verdict->at_s,
           verdict->detail[0] ? ": " : "", verdict->detail, text);
}

/* ---- one plan ---- */

/* As a story, a line for each thing that happens. */
static void print_story(const struct plan *plan)
{
    char text[4096], *save = NULL;
    plan_print(plan, text, sizeof(text));
    for (char *line = strtok_r(text, ";", &save); line; line = strtok_r(NULL, ";", &save))
        printf("   %s%s\n", *line == ' ' ? "" : " ", line);
}

static int run_one(const struct plan *plan, const char *what, bool traced, bool twice)
{
    struct verdict verdict;
    if (traced) {
        live_plan(plan, stdout, twice, &verdict);
    } else {
        try_plan(plan, &verdict);
        if (!verdict.failed && twice) live_plan(plan, NULL, true, &verdict);
    }
    if (verdict.failed) print_failure(plan, &verdict, what);
    return verdict.failed;
}

static int run_scenarios(const char *name, bool traced, bool twice)
{
    const struct scenario *s;
    int failed = 0, lived = 0;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++) {
        struct plan plan;
        if (strcmp(name, "all") != 0 && strcmp(name, s->name) != 0) continue;
        plan_init(&plan, 1);
        const char *why = plan_read(&plan, s->text);
        if (why) {
            printf("%s: %s\n", s->name, why);
            failed++;
            continue;
        }
        failed += run_one(&plan, s->name, traced, twice);
        lived++;
    }
    printf("%d scenarios, %d failed\n", lived, failed);
    return failed || lived == 0;
}

static int run_regressions(const char *path, bool twice)
{
    char line[4096];
    int failed = 0, lived = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    while (fgets(line, sizeof(line), file)) {
        struct plan plan;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        plan_init(&plan, 1);
        const char *why = plan_read(&plan, line);
        if (why) {
            printf("%s\n    %s\n", why, line);
            failed++;
            continue;
        }
        failed += run_one(&plan, "regression", false, twice);
        lived++;
    }
    fclose(file);
    printf("%d regressions, %d failed\n", lived, failed);
    return failed != 0;
}

static int run_shrink(uint64_t seed)
{
    struct plan plan;
    struct verdict verdict;
    char text[4096];
    plan_draw(&plan, seed);
    try_plan(&plan, &verdict);
    if (!verdict.failed) {
        printf("Seed %llu does not fail.\n", (unsigned long long)seed);
        return 0;
    }
    shrink(&plan, verdict.invariant);
    try_plan(&plan, &verdict);
    printf("%s: %s\n", verdict.invariant, verdict.detail);
    print_story(&plan);
    plan_print(&plan, text, sizeof(text));
    printf("Again with: tern-sim --trace --plan '%s'\n", text);
    return 1;
}

static void list_scenarios(void)
{
    const struct scenario *s;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++)
        printf("%-28s %-4s %s\n", s->name, s->row, s->text);
}

/* ---- options ---- */

struct command {
    struct options options;
    const char *scenario, *plan, *regressions;
    bool list, mutants, trace, replay, shrink, wrong;
    const char *commit_of;
    uint64_t count;
};

static bool read_seeds(struct options *o, const char *text)
{
    char *end;
    o->seeds = true;
    o->first = o->last = strtoull(text, &end, 10);
    if (end != text && *end == '\0') return true;
    if (end == text || strncmp(end, "..", 2) != 0) return false;
    o->last = strtoull(end + 2, &end, 10);
    return *end == '\0' && o->last >= o->first;
}

static bool read_value(struct command *c, const char *name, const char *value)
{
    struct options *o = &c->options;
    if (strcmp(name, "--seeds") == 0 || strcmp(name, "--seed") == 0) return read_seeds(o, value);
    if (strcmp(name, "--from-commit") == 0) return (c->commit_of = value) != NULL;
    if (strcmp(name, "--count") == 0) return (c->count = strtoull(value, NULL, 10)) > 0;
    if (strcmp(name, "--minutes") == 0) return (o->minutes = strtod(value, NULL)) > 0;
    if (strcmp(name, "--jobs") == 0)
        return (o->jobs = (int)strtol(value, NULL, 10)) > 0 && o->jobs <= 64;
    if (strcmp(name, "--failures") == 0)
        return (o->failures_max = (int)strtol(value, NULL, 10)) > 0;
    if (strcmp(name, "--scenario") == 0) return (c->scenario = value) != NULL;
    if (strcmp(name, "--mutant") == 0) return mutant_choose(value);
    if (strcmp(name, "--plan") == 0) return (c->plan = value) != NULL;
    if (strcmp(name, "--regressions") == 0) return (c->regressions = value) != NULL;
    if (strcmp(name, "--replay") == 0) return (c->replay = true) && read_seeds(o, value);
    if (strcmp(name, "--shrink") == 0) return (c->shrink = true) && read_seeds(o, value);
    return false;
}

static void read_options(struct command *c, int argc, char **argv)
{
    for (int i = 1; i < argc && !c->wrong; i++) {
        if (strcmp(argv[i], "--twice") == 0) {
            c->options.twice = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            c->options.quiet = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            c->list = true;
        } else if (strcmp(argv[i], "--mutants") == 0) {
            c->mutants = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            c->trace = true;
        } else if (i + 1 < argc) {
            c->wrong = !read_value(c, argv[i], argv[i + 1]);
            i++;
        } else {
            c->wrong = true;
        }
    }
}

/* Without git, or outside of a repository, from seed 1. */
static void seeds_of_commit(struct command *c)
{
    char command[1024], hash[64] = "";
    snprintf(command, sizeof(command), "git -C '%s' rev-parse HEAD 2>/dev/null", c->commit_of);
    FILE *git = popen(command, "r");
    if (git) {
        if (fgets(hash, sizeof(hash), git) == NULL) hash[0] = '\0';
        (void)pclose(git);
    }
    hash[8] = '\0';
    c->options.first = strtoull(hash, NULL, 16) + 1;
    c->options.last = c->options.first + c->count - 1;
    printf("seeds %llu..%llu\n", (unsigned long long)c->options.first,
           (unsigned long long)c->options.last);
}

static int run_plan(const struct command *c)
{
    struct plan plan;
    plan_init(&plan, 1);
    if (c->replay) {
        plan_draw(&plan, c->options.first);
    } else {
        const char *why = plan_read(&plan, c->plan);
        if (why) {
            fprintf(stderr, "%s\n", why);
            return 2;
        }
    }
    return run_one(&plan, "plan", c->replay || c->trace, c->options.twice);
}

int main(int argc, char **argv)
{
    struct command c = {.options = {.first = 1, .last = 1000, .jobs = 1, .failures_max = 20},
                        .count = 2000};
    read_options(&c, argc, argv);
    if (c.wrong) {
        fputs(usage_text, stderr);
        return 2;
    }
    if (c.commit_of) seeds_of_commit(&c);
    if (c.options.minutes > 0 && c.options.first == c.options.last) c.options.last = UINT64_MAX;
    if (c.options.minutes > 0 && !c.options.seeds) c.options.last = UINT64_MAX;
    if (c.mutants) {
        mutant_list();
        return 0;
    }
    if (c.list) {
        list_scenarios();
        return 0;
    }
    if (c.scenario) return run_scenarios(c.scenario, c.trace, c.options.twice);
    if (c.regressions) return run_regressions(c.regressions, c.options.twice);
    if (c.replay || c.plan) return run_plan(&c);
    if (c.shrink) return run_shrink(c.options.first);
    return jobs_run(&c.options) > 0;
}

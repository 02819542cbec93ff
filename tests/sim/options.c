/* SPDX-License-Identifier: MIT */
/* What tern-sim is asked for: a table of options, from which help and complaints are made. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum kind {
    FLAG,
    NUMBER, /* an int from 1 to `most` */
    COUNT,  /* uint64_t */
    REAL,   /* double, above 0 */
    TEXT,
    SEED,
    SEEDS,
    SHRINK, /* a flag that may bring a seed */
};

static const struct option {
    const char *name;
    enum kind kind;
    int most;
    size_t field; /* of struct options */
    const char *value, *what;
} table[] = {
#define FIELD(name) offsetof(struct options, name)
    {"--seeds", SEEDS, 0, FIELD(seeds), "A..B",
     "live through these seeds; A.. goes on until told to stop"},
    {"--seed", SEED, 0, FIELD(seeds), "N", "through this one"},
    {"--from-commit", TEXT, 0, FIELD(commit_of), "DIR",
     "from a seed that follows from the commit checked out there"},
    {"--count", COUNT, 0, FIELD(count), "N", "so many from there on (2000)"},
    {"--scenario", TEXT, 0, FIELD(scenario), "NAME",
     "through this named scenario; all for all of them"},
    {"--plan", TEXT, 0, FIELD(plan), "TEXT", "through this plan"},
    {"--regressions", TEXT, 0, FIELD(regressions), "FILE", "through each plan of a file"},
    {"--set", TEXT, 0, FIELD(set), "TEXT", "change each of them so: \"transport 2; srtp 1\""},
    {"--minutes", REAL, 0, FIELD(minutes), "M", "stop after so many minutes"},
    {"--failures", NUMBER, 1000000, FIELD(failures_max), "N", "stop after so many failures (20)"},
    {"--tolerate", NUMBER, 1000000, FIELD(tolerated), "N",
     "so many may fail before the whole has failed (0)"},
    {"--jobs", NUMBER, JOBS_MAX, FIELD(jobs), "N", "in so many processes (1)"},
    {"--twice", FLAG, 0, FIELD(twice), NULL,
     "live each twice: both must be the same, byte for byte"},
    {"--traces", TEXT, 0, FIELD(traces), "DIR",
     "write traces of failures there (.); none for none"},
    {"--replay", SEED, 0, FIELD(trace), "N", "as --seed, with a trace on standard output"},
    {"--trace", FLAG, 0, FIELD(trace), NULL, "write the trace to standard output"},
    {"--shrink", SHRINK, 0, FIELD(shrink), "[N]",
     "reduce what fails (seed N) to the fewest faults, as a story"},
    {"--quiet", FLAG, 0, FIELD(quiet), NULL, "show no progress"},
    {"--progress", FLAG, 0, FIELD(progress), NULL,
     "show it where there is no terminal: a line every 10 s"},
    {"--json", FLAG, 0, FIELD(json), NULL, "print JSON, an object a line"},
    {"--list", FLAG, 0, FIELD(list), NULL, "print the named scenarios"},
    {"--mutant", TEXT, 0, FIELD(mutant), "NAME",
     "with this mistake in the library (built with TERN_MUTANTS)"},
    {"--mutants", FLAG, 0, FIELD(mutants), NULL, "print the mistakes"},
    {"--help", FLAG, 0, FIELD(help), NULL, "print this"},
#undef FIELD
};
#define OPTIONS (sizeof(table) / sizeof(table[0]))

void complain(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs("tern-sim: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void options_help(void)
{
    puts("usage: tern-sim [OPTION...]\n\n"
         "Lives through histories of phones in networks that change, and says which invariant did\n"
         "not hold. Without options: seeds 1..1000.\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *o = &table[i];
        char left[32];
        snprintf(left, sizeof(left), "%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        printf("  %-19s %s\n", left, o->what);
    }
    puts("\nExit status: 0 when all went well, 1 when something failed, 2 for wrong usage.");
}

/* ---- values ---- */

static const char *read_seed(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9') return NULL; /* strtoull() takes a sign */
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 ? end : NULL;
}

static bool read_seeds(struct options *o, const char *text, bool range)
{
    const char *end = read_seed(text, &o->first);
    o->last = o->first;
    o->seeds = true;
    if (end == NULL || *end == '\0' || !range) return end != NULL && *end == '\0';
    if (strncmp(end, "..", 2) != 0) return false;
    o->last = SEED_LAST;
    if (end[2] == '\0') return true;
    end = read_seed(end + 2, &o->last);
    return end != NULL && *end == '\0' && o->last >= o->first;
}

static bool read_whole(int *out, const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    *out = value >= 1 && value <= most ? (int)value : 0;
    return end != text && *end == '\0' && *out != 0;
}

static bool read_real(double *out, const char *text)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out > 0 && *out < 1e6;
}

static bool read_value(struct options *o, const struct option *option, const char *text)
{
    void *field = (char *)o + option->field;
    switch (option->kind) {
    case NUMBER: return read_whole(field, text, option->most);
    case COUNT: {
        const char *end = read_seed(text, field);
        return end != NULL && *end == '\0' && *(uint64_t *)field > 0;
    }
    case REAL: return read_real(field, text);
    case SEED:
    case SHRINK:
    case SEEDS: *(bool *)field = true; return read_seeds(o, text, option->kind == SEEDS);
    case TEXT: *(const char **)field = text; return *text != '\0';
    case FLAG: break;
    }
    return false;
}

/* ---- complaints ---- */

static void complain_of_value(const struct option *option, const char *text)
{
    static const char *const wants[] = {
        [COUNT] = "a number from 1 on",
        [REAL] = "a number of minutes above 0, such as 0.5",
        [SEED] = "one seed, such as 42",
        [SEEDS] = "seeds, such as 42, or 1..1000, or 1.. to go on until told to stop",
        [SHRINK] = "a seed, such as 42, or nothing",
    };
    const char *got = text ? text : "nothing";
    const char *quote = text ? "\"" : "";
    if (option->kind == NUMBER) {
        complain("%s wants a number from 1 to %d, and got %s%s%s.", option->name, option->most,
                 quote, got, quote);
    } else if (option->kind == TEXT) {
        complain("%s wants something after it: %s %s.", option->name, option->name, option->value);
    } else {
        complain("%s wants %s; it got %s%s%s.", option->name, wants[option->kind], quote, got,
                 quote);
    }
}

static const struct option *find(const char *name)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcmp(name, table[i].name) == 0) return &table[i];
    }
    if (strcmp(name, "-h") == 0) return find("--help");
    complain("there is no option %s; tern-sim --help lists those there are.", name);
    return NULL;
}

/* Which of them would it be? */
static bool is_one_thing(const struct options *o)
{
    const char *names[5];
    size_t count = 0;
    if (o->seeds) names[count++] = "seeds";
    if (o->commit_of) names[count++] = "--from-commit";
    if (o->scenario) names[count++] = "--scenario";
    if (o->plan) names[count++] = "--plan";
    if (o->regressions) names[count++] = "--regressions";
    if (count > 1)
        complain("%s and %s are two things to live through: leave one of them out.", names[0],
                 names[1]);
    return count <= 1;
}

bool options_read(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .first = 1, .last = 1000, .count = 2000, .jobs = 1, .failures_max = 20, .traces = "."};
    for (int i = 1; i < argc; i++) {
        const struct option *option = find(argv[i]);
        const char *text = i + 1 < argc ? argv[i + 1] : NULL;
        if (option == NULL) return false;
        bool alone = option->kind == FLAG ||
                     (option->kind == SHRINK && (text == NULL || strncmp(text, "--", 2) == 0));
        if (alone) {
            *(bool *)((char *)o + option->field) = true;
            continue;
        }
        if (text == NULL || !read_value(o, option, text)) {
            complain_of_value(option, text);
            return false;
        }
        i++;
    }
    return is_one_thing(o);
}

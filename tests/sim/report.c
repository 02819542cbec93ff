/* SPDX-License-Identifier: MIT */
/* What failed, where its trace is, and what it comes down to; as text, or as JSON (RFC 8259). */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

#define TRACES_MAX 100 /* of one run: a megabyte each, and nobody reads more */

/* ---- JSON ---- */

/* Bytes that are no ASCII are taken for Latin-1: that is valid whatever they are. */
static void put_string(const char *key, const char *value)
{
    printf(",\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') {
            printf("\\u%04x", *p);
        } else {
            putchar(*p);
        }
    }
    putchar('"');
}

static void put_failure(const struct item *item, const struct verdict *verdict, const char *trace)
{
    char text[PLAN_TEXT];
    plan_print(&item->plan, text, sizeof(text));
    printf("{\"event\":\"failure\"");
    put_string("name", item->name);
    put_string("invariant", verdict->invariant);
    put_string("detail", verdict->detail);
    if (!verdict->crashed) printf(",\"at\":%.6f", verdict->at_s);
    put_string("plan", text);
    if (trace) put_string("trace", trace);
    puts("}");
}

/* ---- traces ---- */

/* @return whether it could be written */
static bool write_trace(const struct failure *failure, const char *path)
{
    struct verdict again;
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        complain("the trace %s cannot be written: %s.", path, strerror(errno));
        return false;
    }
    (void)setvbuf(out, NULL, _IOLBF, 0); /* a crash leaves nothing behind in a buffer */
    bool twice = strcmp(failure->verdict.invariant, "determinism") == 0;
    try_plan(&failure->item.plan, twice, out, &again);
    if (!again.failed) fprintf(out, "###### this time nothing failed\n");
    if (again.crashed) fprintf(out, "###### %s: %s\n", again.invariant, again.detail);
    bool good = fclose(out) == 0;
    if (!good) complain("the trace %s could not be written whole.", path);
    if (!again.failed)
        complain("%s did not fail again: it depends on more than its seed.", failure->item.name);
    return good;
}

/* @return the path in `path`, or NULL: there is none */
static const char *trace_of(const struct failure *failure, const struct options *options,
                            char *path, size_t room)
{
    static unsigned written;
    if (options->trace || strcmp(options->traces, "none") == 0 || written == TRACES_MAX)
        return NULL;
    bool here = strcmp(options->traces, ".") == 0;
    if (!here && mkdir(options->traces, 0777) != 0 && errno != EEXIST)
        complain("the folder %s cannot be made: %s.", options->traces, strerror(errno));
    snprintf(path, room, "%s%stern-sim-%s.trace", here ? "" : options->traces, here ? "" : "/",
             failure->item.stem);
    if (!write_trace(failure, path)) return NULL;
    if (++written == TRACES_MAX) complain("no more traces are written: %u are enough.", written);
    return path;
}

/* ---- all of it ---- */

static void print_smaller(const struct failure *failure, const struct options *options)
{
    struct plan plan = failure->item.plan;
    struct verdict verdict;
    char text[PLAN_TEXT];
    const char *invariant = failure->verdict.invariant;
    bool twice = strcmp(invariant, "determinism") == 0;
    unsigned tries = shrink(&plan, invariant, twice);
    try_plan(&plan, twice, NULL, &verdict);
    if (options->json) {
        struct item item = {.plan = plan};
        snprintf(item.name, sizeof(item.name), "%s", failure->item.name);
        put_failure(&item, &verdict, NULL);
        return;
    }
    printf("\n%s after %u tries, %zu of %zu steps:\n\n", failure->item.name, tries, plan.count,
           failure->item.plan.count);
    print_story(&plan, &verdict);
    plan_print(&plan, text, sizeof(text));
    printf("\nAgain with: tern-sim --trace%s --plan '%s'\n", twice ? " --twice" : "", text);
}

void report_failure(const struct failure *failure, const struct options *options)
{
    const struct verdict *v = &failure->verdict;
    char path[1024], text[PLAN_TEXT];
    const char *trace = trace_of(failure, options, path, sizeof(path));
    if (options->json) {
        put_failure(&failure->item, v, trace);
    } else {
        plan_print(&failure->item.plan, text, sizeof(text));
        printf("FAILED %s: %s", failure->item.name, v->invariant);
        if (!v->crashed) printf(" at %.3f s", v->at_s);
        printf("%s%s\n    %s\n", v->detail[0] ? ": " : "", v->detail, text);
        if (trace) printf("    trace: %s\n", trace);
    }
    fflush(stdout);
    if (options->shrink) print_smaller(failure, options);
    fflush(stdout);
}

void report_summary(const struct tally *t, const struct work *work, uint64_t last,
                    const struct options *options)
{
    double per_s = (double)t->lived / (t->elapsed_s > 0 ? t->elapsed_s : 1);
    double per_core = (double)t->lived / (t->cpu_s > 0 ? t->cpu_s : 1);
    if (options->json) {
        printf("{\"event\":\"summary\",\"histories\":%llu,\"seconds\":%.3f,\"per_second\":%.1f,"
               "\"per_core_second\":%.1f,\"jobs\":%d,\"failed\":%llu",
               (unsigned long long)t->lived, t->elapsed_s, per_s, per_core, options->jobs,
               (unsigned long long)t->failed);
        if (work->seeds)
            printf(",\"first\":%llu,\"last\":%llu", (unsigned long long)work->first,
                   (unsigned long long)last);
        puts("}");
        return;
    }
    if (work->seeds && t->lived > 0)
        printf("seeds %llu..%llu: ", (unsigned long long)work->first, (unsigned long long)last);
    printf("%llu %s in %.1f s: %.0f a second, %.0f a second and core; %llu failed\n",
           (unsigned long long)t->lived, t->lived == 1 ? "history" : "histories", t->elapsed_s,
           per_s, per_core, (unsigned long long)t->failed);
}

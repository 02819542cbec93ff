/* SPDX-License-Identifier: MIT */
/* What is lived through: the seeds, scenarios and plans that the options name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define ITEMS_MAX 1024

/* ---- plans that are known ---- */

static struct item *add(struct work *work)
{
    size_t count = work->items ? (size_t)work->last + 1 : 0;
    if (count == ITEMS_MAX) {
        complain("there are more than %d plans; share them out among files.", ITEMS_MAX);
        return NULL;
    }
    struct item *items = realloc(work->items, (count + 1) * sizeof(*items));
    if (items == NULL) abort();
    work->items = items;
    work->last = count;
    plan_init(&items[count].plan, 1);
    return &items[count];
}

/* Clause by clause, so that a complaint names the one that is wrong. */
static bool read_plan(struct item *item, const char *text)
{
    while (*text) {
        char clause[256];
        size_t len = strcspn(text, ";");
        snprintf(clause, sizeof(clause), "%.*s", (int)len, text);
        const char *why = len < sizeof(clause) ? plan_read(&item->plan, clause) : "it is too long";
        if (why) {
            complain("%s: \"%s\": %s", item->name, clause + strspn(clause, " "), why);
            return false;
        }
        text += len + (text[len] == ';');
    }
    return true;
}

static bool add_scenarios(struct work *work, const char *name)
{
    const struct scenario *s;
    for (size_t i = 0; (s = scenario_at(i)) != NULL; i++) {
        if (strcmp(name, "all") != 0 && strcmp(name, s->name) != 0) continue;
        struct item *item = add(work);
        if (item == NULL) return false;
        snprintf(item->name, sizeof(item->name), "%s", s->name);
        snprintf(item->stem, sizeof(item->stem), "%s", s->name);
        if (!read_plan(item, s->text)) return false;
    }
    if (work->items == NULL) complain("there is no scenario %s; --list names them.", name);
    return work->items != NULL;
}

static bool add_line(struct work *work, const char *line, int number)
{
    if (line[0] == '#' || line[strspn(line, " \t")] == '\0') return true;
    struct item *item = add(work);
    if (item == NULL) return false;
    snprintf(item->name, sizeof(item->name), "regression in line %d", number);
    snprintf(item->stem, sizeof(item->stem), "regression-%d", number);
    return read_plan(item, line);
}

static bool add_regressions(struct work *work, const char *path)
{
    char line[PLAN_TEXT];
    bool good = true;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        complain("%s cannot be read: %s.", path, strerror(errno));
        return false;
    }
    for (int number = 1; good && fgets(line, sizeof(line), file); number++) {
        line[strcspn(line, "\n")] = '\0';
        good = add_line(work, line, number);
    }
    fclose(file);
    if (good && work->items == NULL) complain("there is no plan in %s.", path);
    return good && work->items != NULL;
}

static bool add_plan(struct work *work, const char *text)
{
    struct item *item = add(work);
    if (item == NULL) return false;
    snprintf(item->name, sizeof(item->name), "plan");
    snprintf(item->stem, sizeof(item->stem), "plan");
    return read_plan(item, text);
}

/* ---- seeds ---- */

/* What git says of a folder's commit; nothing where there is no git, or no repository. */
static void read_commit(const char *folder, char *out, size_t room)
{
    int ends[2];
    size_t len = 0;
    ssize_t got;
    out[0] = '\0';
    if (pipe(ends) != 0) return;
    fflush(NULL);
    pid_t git = fork();
    if (git == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        if (freopen("/dev/null", "w", stderr) != NULL)
            execlp("git", "git", "-C", folder, "rev-parse", "--verify", "HEAD", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (git > 0 && len < room - 1 && (got = read(ends[0], out + len, room - 1 - len)) > 0)
        len += (size_t)got;
    close(ends[0]);
    int status = 1;
    if (git > 0) (void)waitpid(git, &status, 0);
    out[status == 0 ? len : 0] = '\0';
}

/* Where there is none, as in an unpacked archive: from seed 1. */
static void seeds_of_commit(struct options *o)
{
    char hash[64];
    read_commit(o->commit_of, hash, sizeof(hash));
    hash[hash[0] ? 8 : 0] = '\0';
    o->first = strtoull(hash, NULL, 16) + 1;
    o->last = o->first + o->count - 1;
    if (o->json) return;
    printf("Seeds %llu..%llu, from commit %s.\n", (unsigned long long)o->first,
           (unsigned long long)o->last, hash[0] ? hash : "none");
}

/* ---- both ---- */

static bool is_plan(const char *text)
{
    struct plan plan;
    plan_init(&plan, 1);
    const char *why = plan_read(&plan, text);
    if (why) complain("What --set says is no part of a plan: %s.", why);
    return why == NULL;
}

bool work_begin(struct work *work, struct options *o)
{
    *work = (struct work){.set = o->set};
    if (o->set && !is_plan(o->set)) return false;
    if (o->scenario) return add_scenarios(work, o->scenario);
    if (o->regressions) return add_regressions(work, o->regressions);
    if (o->plan) return add_plan(work, o->plan);
    if (o->commit_of) seeds_of_commit(o);
    /* For so many minutes: then a seed is where to begin. */
    if (o->minutes > 0 && (o->first == o->last || !o->seeds)) o->last = SEED_LAST;
    work->first = o->first;
    work->last = o->last;
    work->seeds = true;
    return true;
}

void work_item(const struct work *work, uint64_t number, struct item *out)
{
    if (!work->seeds) {
        *out = work->items[number];
    } else {
        snprintf(out->name, sizeof(out->name), "--seed %llu", (unsigned long long)number);
        snprintf(out->stem, sizeof(out->stem), "%llu", (unsigned long long)number);
        plan_draw(&out->plan, number);
    }
    if (work->set) (void)plan_read(&out->plan, work->set);
}

void work_end(struct work *work)
{
    free(work->items);
    work->items = NULL;
}

/* SPDX-License-Identifier: MIT */
/* Plans as text. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int32_t preset, least, most;
} settings[] = {
#define SETTING_ROW(name, preset, least, most, what) {#name, preset, least, most},
    SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};

static const struct {
    const char *name;
    int args;
    bool fault;
} verbs[] = {
#define VERB_ROW(name, args, fault) {#name, args, fault},
    VERBS(VERB_ROW)
#undef VERB_ROW
};

static const char *const people[WHO_COUNT] = {"alice", "bob", "carol", "server", "net"};

int32_t setting_preset(enum setting setting)
{
    return settings[setting].preset;
}

const char *verb_name(enum verb verb)
{
    return verbs[verb].name;
}

bool verb_is_fault(enum verb verb)
{
    return verbs[verb].fault;
}

void plan_init(struct plan *plan, uint64_t seed)
{
    memset(plan, 0, sizeof(*plan));
    plan->seed = seed;
    for (int i = 0; i < SETTING_COUNT; i++)
        plan->set[i] = settings[i].preset;
}

void plan_add(struct plan *plan, struct step step)
{
    if (plan->count == STEPS_MAX) return;
    size_t at = plan->count++;
    for (; at > 0 && plan->steps[at - 1].at_ms > step.at_ms; at--)
        plan->steps[at] = plan->steps[at - 1];
    plan->steps[at] = step;
}

void plan_remove(struct plan *plan, size_t at)
{
    plan->count--;
    for (; at < plan->count; at++)
        plan->steps[at] = plan->steps[at + 1];
}

/* ---- reading ---- */

static bool read_int(const char *word, int32_t *out)
{
    char *end;
    long value = strtol(word, &end, 10);
    if (end == word || *end || value < -1000000 || value > 1000000000) return false;
    *out = (int32_t)value;
    return true;
}

static const char *read_setting(struct plan *plan, char **words, int count)
{
    if (count == 2 && strcmp(words[0], "seed") == 0) {
        plan->seed = strtoull(words[1], NULL, 10);
        return NULL;
    }
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(words[0], settings[i].name) != 0) continue;
        int32_t value;
        if (count != 2 || !read_int(words[1], &value)) return "a setting has one number";
        if (value < settings[i].least || value > settings[i].most) return "out of range";
        plan->set[i] = value;
        return NULL;
    }
    return "neither a time nor a setting";
}

static const char *read_step(struct plan *plan, struct step step, char **words, int count)
{
    int who = 0, verb = 0;
    if (count < 3) return "a step has a time, somebody, and what he does";
    while (who < WHO_COUNT && strcmp(words[1], people[who]) != 0)
        who++;
    while (verb < VERB_COUNT && strcmp(words[2], verbs[verb].name) != 0)
        verb++;
    if (who == WHO_COUNT) return "who is that?";
    if (verb == VERB_COUNT) return "what is that?";
    if (count - 3 > ARGS_MAX) return "too many numbers";
    for (int i = 3; i < count; i++) {
        if (!read_int(words[i], &step.arg[i - 3])) return "not a number";
    }
    step.who = (enum who)who;
    step.verb = (enum verb)verb;
    plan_add(plan, step);
    return NULL;
}

static const char *read_clause(struct plan *plan, char *text)
{
    char *words[8], *save = NULL;
    int count = 0;
    for (char *w = strtok_r(text, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save)) {
        if (count == 8) return "too many words";
        words[count++] = w;
    }
    if (count == 0) return NULL;
    struct step step = {0};
    if (!read_int(words[0], &step.at_ms)) return read_setting(plan, words, count);
    return read_step(plan, step, words, count);
}

const char *plan_read(struct plan *plan, const char *text)
{
    char clause[256];
    while (*text) {
        size_t len = strcspn(text, ";");
        if (len >= sizeof(clause)) return "a clause is too long";
        memcpy(clause, text, len);
        clause[len] = '\0';
        const char *why = read_clause(plan, clause);
        if (why) return why;
        text += len + (text[len] == ';');
    }
    return NULL;
}

/* ---- printing ---- */

void plan_print(const struct plan *plan, char *text, size_t room)
{
    size_t at = (size_t)snprintf(text, room, "seed %llu", (unsigned long long)plan->seed);
    for (int i = 0; i < SETTING_COUNT && at < room; i++) {
        if (plan->set[i] == settings[i].preset) continue;
        at += (size_t)snprintf(text + at, room - at, "; %s %d", settings[i].name, plan->set[i]);
    }
    for (size_t i = 0; i < plan->count && at < room; i++) {
        const struct step *s = &plan->steps[i];
        at += (size_t)snprintf(text + at, room - at, "; %d %s %s", s->at_ms, people[s->who],
                               verbs[s->verb].name);
        for (int k = 0; k < verbs[s->verb].args && at < room; k++)
            at += (size_t)snprintf(text + at, room - at, " %d", s->arg[k]);
    }
}

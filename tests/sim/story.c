/* SPDX-License-Identifier: MIT */
/* A plan in sentences, for whoever has to find out what went wrong. */
#include <stdarg.h>

#include "tool.h"

struct story {
    int32_t nets[PHONES][2]; /* where each phone is */
    char text[256];          /* the sentence in the making */
    size_t len;
};

static void say(struct story *story, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct story *story, const char *format, ...)
{
    va_list args;
    size_t room = sizeof(story->text) - story->len;
    va_start(args, format);
    int len = vsnprintf(story->text + story->len, room, format, args);
    va_end(args);
    if (len > 0) story->len += (size_t)len < room ? (size_t)len : room - 1;
}

static const char *name_of(enum who who)
{
    return who == WORLD ? "the world" : host_name((uint32_t)who + 1);
}

static void say_ms(struct story *story, int32_t ms)
{
    if (ms >= 1000 && ms % 100 == 0) {
        say(story, "%d.%d s", ms / 1000, ms / 100 % 10);
    } else {
        say(story, "%d ms", ms);
    }
}

/* ---- what phones do ---- */

static bool is_on(const int32_t *nets, int32_t net)
{
    return net != 0 && (nets[0] == net || nets[1] == net);
}

static void say_path(struct story *story, const struct step *step)
{
    int32_t *old = story->nets[step->who], first = step->arg[0], second = step->arg[1];
    const char *name = name_of(step->who);
    if (first == 0) {
        say(story, "%s has no network any more", name);
    } else if (second == 0 || second == first) {
        bool stays = is_on(old, first);
        say(story, "%s %s net %d%s", name, stays ? "is on" : "moves to", first,
            old[0] == 0   ? ""
            : !stays      ? ", the old address is gone"
            : old[1] == 0 ? ", as before"
                          : " alone");
    } else if (is_on(old, second) && !is_on(old, first)) {
        say(story, "%s gets net %d, which is better; net %d stays", name, first, second);
    } else if (is_on(old, first) && !is_on(old, second)) {
        say(story, "%s gets net %d besides, which is no better than net %d", name, second, first);
    } else {
        say(story, "%s is on net %d, with net %d as the second best", name, first, second);
    }
    old[0] = first;
    old[1] = second == first ? 0 : second;
}

/* Without a number alice calls bob, and the others alice. */
static void say_call(struct story *story, const struct step *step)
{
    int32_t whom = step->arg[0] ? step->arg[0] - 1 : step->who == ALICE ? BOB : ALICE;
    bool known = whom >= 0 && whom < PHONES;
    say(story, "%s calls %s", name_of(step->who), known ? name_of((enum who)whom) : "nobody");
}

static const char *event_text(int32_t type)
{
    static const char *const texts[] = {
        [TERN_EV_LISTENER] = "LISTENER",
        [TERN_EV_NETWORK] = "NETWORK",
        [TERN_EV_REGISTRATION] = "REGISTRATION",
        [TERN_EV_CALL_INCOMING] = "CALL_INCOMING",
        [TERN_EV_CALL_PROGRESS] = "CALL_PROGRESS",
        [TERN_EV_CALL_ANSWERED] = "CALL_ANSWERED",
        [TERN_EV_CALL_MEDIA] = "CALL_MEDIA",
        [TERN_EV_CALL_DTMF] = "CALL_DTMF",
        [TERN_EV_CALL_ENDED] = "CALL_ENDED",
        [TERN_EV_IP_CHANGE_PROGRESS] = "IP_CHANGE_PROGRESS",
        [TERN_EV_STOPPED] = "STOPPED",
        [TERN_EV_SECURED] = "SECURED",
        [TERN_EV_CALL_SILENT] = "CALL_SILENT",
        [TERN_EV_CALL_RESPONSE] = "CALL_RESPONSE",
        [TERN_EV_CALL_INFO] = "CALL_INFO",
        [TERN_EV_RESTORED] = "RESTORED",
        [TERN_EV_SNAPSHOT_DUE] = "SNAPSHOT_DUE",
    };
    bool known = type > 0 && type < (int32_t)(sizeof(texts) / sizeof(texts[0])) && texts[type];
    return known ? texts[type] : "unknown";
}

static void say_on(struct story *story, const struct step *step)
{
    bool known = step->arg[1] >= 0 && step->arg[1] < VERB_COUNT;
    say(story, "from now on %s waits for an event %s, and straight after it does: %s",
        name_of(step->who), event_text(step->arg[0]),
        known ? verb_name((enum verb)step->arg[1]) : "nothing");
}

/* ---- what happens to servers and nets ---- */

static void say_fault(struct story *story, const struct step *step)
{
    static const char *const methods[] = {"REGISTER", "INVITE", "UPDATE", "BYE"};
    const char *method = step->arg[0] >= 0 && step->arg[0] < 4 ? methods[step->arg[0]] : "?";
    if (step->arg[1] < 0) {
        say(story, "the server treats each %s as it should again", method);
    } else if (step->arg[1] == 0) {
        say(story, "the server does not answer any %s", method);
    } else {
        say(story, "the server answers each %s with %d", method, step->arg[1]);
    }
}

static void say_dns(struct story *story, const struct step *step)
{
    int32_t how = step->arg[0];
    if (how >= 0) {
        say(story, "name servers take ");
        say_ms(story, how);
    } else {
        say(story, "name servers %s",
            how == -1   ? "are dead"
            : how == -2 ? "refuse to answer"
            : how == -3 ? "answer what is wrong"
                        : "answer as before");
    }
}

static void say_place(struct story *story, const struct step *step)
{
    static const char *const stages[] = {
        "", "a new address beside the old one, still tentative", "a new address beside the old one",
        "a new address; the old one is deprecated", "a new address; the old one is gone"};
    const char *name = name_of(step->who);
    int32_t n = step->arg[0];
    if (step->verb == DO_renumber) {
        bool known = n >= 1 && n <= 4;
        say(story, "%s has %s", name, known ? stages[n] : "the address that it had");
    } else if (n == 0) {
        say(story, "%s has no VPN any more", name);
    } else {
        say(story, "%s has a VPN that takes %s", name, n == 2 ? "what is for the server" : "all");
    }
}

static void say_nat(struct story *story, const struct step *step)
{
    static const char *const kinds[] = {"no", "endpoint-independent", "address-dependent",
                                        "address-and-port-dependent"};
    const char *mapping = step->arg[1] >= 0 && step->arg[1] < 4 ? kinds[step->arg[1]] : "?";
    const char *filtering = step->arg[2] >= 0 && step->arg[2] < 4 ? kinds[step->arg[2]] : "?";
    say(story, "there is a NAT in front of net %d, with %s mapping and %s filtering%s%s",
        step->arg[0], mapping, filtering, step->arg[3] & 1 ? ", without hairpinning" : "",
        step->arg[3] & 2 ? ", for IPv6 as well" : "");
}

static const char *const deeds[VERB_COUNT] = {
    [DO_hangup] = "hangs up",
    [DO_hold] = "puts the call on hold",
    [DO_resume] = "takes the call off hold",
    [DO_reinvite] = "sends a re-INVITE",
    [DO_update] = "sends an UPDATE",
    [DO_dtmf] = "presses a key",
    [DO_info] = "sends an INFO",
    [DO_options] = "sends OPTIONS",
    [DO_register] = "registers by hand",
    [DO_unregister] = "unregisters",
    [DO_remove] = "removes the account",
    [DO_ipchange] = "asks for an IP change (tern_handle_ip_change)",
    [DO_die] = "loses power",
    [DO_crash] = "crashes, and is started again with what it has saved",
    [DO_answer] = "takes what rings",
    [DO_reject] = "refuses what rings",
    [DO_stop] = "is switched off in good order",
    [DO_attack] = "is attacked",
    [DO_restart] = "restarts with empty memory",
};

/* "net 3 ...": the second number is not 0, or is. */
static const struct {
    const char *on, *off;
} states[VERB_COUNT] = {
    [DO_down] = {"goes dead, and nobody is told", "lets everything pass again"},
    [DO_captive] = {"has a portal now: nothing gets through", "has no portal any more"},
    [DO_rebind] = {"has a NAT that forgets its bindings", "has a NAT that forgets its bindings"},
};

static const int arguments[VERB_COUNT] = {
#define VERB_ARGUMENTS(name, args, fault) args,
    VERBS(VERB_ARGUMENTS)
#undef VERB_ARGUMENTS
};

static void say_deed(struct story *story, const struct step *step)
{
    const char *what = step->verb == DO_reject  ? "with"
                       : step->verb == DO_crash ? "after ms"
                                                : "call";
    say(story, "%s %s", name_of(step->who), deeds[step->verb]);
    if (arguments[step->verb] > 0 && step->arg[0] != 0) say(story, " (%s %d)", what, step->arg[0]);
}

/* Also whatever this file has not heard of. */
static void say_rest(struct story *story, const struct step *step)
{
    if (states[step->verb].on) {
        say(story, "net %d %s", step->arg[0],
            step->arg[1] ? states[step->verb].on : states[step->verb].off);
    } else if (deeds[step->verb]) {
        say_deed(story, step);
    } else {
        say(story, "%s: %s", name_of(step->who), verb_name(step->verb));
        for (int i = 0; i < arguments[step->verb]; i++)
            say(story, " %d", step->arg[i]);
    }
}

static void say_step(struct story *story, const struct step *step)
{
    const char *name = name_of(step->who);
    if (step->verb == DO_path && step->who >= PHONES) {
        say(story, "%s moves to another address, and its name with it", name);
    } else if (step->verb == DO_path) {
        say_path(story, step);
    } else if (step->verb == DO_vpn || step->verb == DO_renumber) {
        say_place(story, step);
    } else if (step->verb == DO_call) {
        say_call(story, step);
    } else if (step->verb == DO_on) {
        say_on(story, step);
    } else if (step->verb == DO_fault) {
        say_fault(story, step);
    } else if (step->verb == DO_dns) {
        say_dns(story, step);
    } else if (step->verb == DO_nat) {
        say_nat(story, step);
    } else if (step->verb == DO_sleep) {
        say(story, "%s is suspended for ", name);
        say_ms(story, step->arg[0]);
    } else if (step->verb == DO_refuse) {
        say(story, "%s %s new connections", name, step->arg[0] ? "refuses" : "takes");
    } else if (step->verb == DO_loss) {
        say(story, "net %d loses %d of 1000 packets", step->arg[0], step->arg[1]);
    } else if (step->verb == DO_mtu) {
        say(story, "net %d carries no more than %d bytes", step->arg[0], step->arg[1]);
    } else {
        say_rest(story, step);
    }
}

/* ---- all of it ---- */

static void print_settings(const struct plan *plan)
{
    static const struct {
        const char *name, *what;
    } texts[SETTING_COUNT] = {
#define SETTING_TEXT(name, preset, least, most, what) {#name, what},
        SETTINGS(SETTING_TEXT)
#undef SETTING_TEXT
    };
    bool any = false;
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (plan->set[i] == setting_preset((enum setting)i)) continue;
        printf("%s%s is %d (%s)", any ? ",\n        " : "  Where ", texts[i].name, plan->set[i],
               texts[i].what);
        any = true;
    }
    if (any) puts(":");
}

void print_story(const struct plan *plan, const struct verdict *verdict)
{
    struct story story = {.nets = {{0}}};
    for (int i = 0; i < PHONES; i++)
        story.nets[i][0] = i + 1;
    print_settings(plan);
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        if (verdict->at_s > 0 && verdict->at_s * 1000 < step->at_ms) break; /* too late to matter */
        story.len = 0;
        say_step(&story, step);
        printf("  at %7.3f s %s;\n", (double)step->at_ms / 1000, story.text);
    }
    if (verdict->crashed) {
        printf("  and then: %s, %s.\n", verdict->invariant, verdict->detail);
        return;
    }
    printf("  at %7.3f s it fails: %s%s%s.\n", verdict->at_s, verdict->invariant,
           verdict->detail[0] ? ": " : "", verdict->detail);
}

/* SPDX-License-Identifier: MIT */
/* What one can type into the phone: the table of commands, and lines parsed by it. */
#ifndef TERN_CLI_PHONE_COMMAND_H
#define TERN_CLI_PHONE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phone_verb {
    VERB_NONE, /* an empty line or a comment */
    VERB_ACCOUNT,
    VERB_ANSWER,
    VERB_CALL,
    VERB_DTMF,
    VERB_HANGUP,
    VERB_HELP,
    VERB_HOLD,
    VERB_IPCHANGE,
    VERB_LINKS,
    VERB_LIST,
    VERB_MUTE,
    VERB_NETWORK,
    VERB_PLAY,
    VERB_QUIT,
    VERB_RECORD,
    VERB_REGISTER,
    VERB_REJECT,
    VERB_RESUME,
    VERB_STATS,
    VERB_SWITCH,
    VERB_UNMUTE,
    VERB_UNREGISTER,
    VERB_WAIT,
};

enum phone_wait {
    WAIT_TIME,
    WAIT_REGISTERED,
    WAIT_ANSWERED,
    WAIT_ENDED,
    WAIT_COMPLETED,
};

enum { PHONE_LINE_CAP = 1024, PHONE_WHY_CAP = 256, PHONE_WAIT_MS = 30000 };

struct phone_command {
    enum phone_verb verb;
    unsigned number; /* of a call or an account; 0: not said */
    bool all;
    char text[PHONE_LINE_CAP]; /* whom to call, digits, file, topic, links; may be empty */
    enum phone_wait wait;
    uint32_t wait_ms; /* how long, or how long at most */
    /* ipchange */
    bool keep_listeners, keep_transports;
    uint32_t delay_ms;
};

struct phone_verb_info {
    enum phone_verb verb;
    const char *name;
    const char *alias; /* or NULL */
    const char *usage; /* what follows the name */
    const char *summary;
    const char *help; /* more, for `help NAME`; or NULL */
};

extern const struct phone_verb_info phone_verbs[];
extern const size_t phone_verb_count;

/* By name, alias, or the beginning of just one name. NULL for none. */
const struct phone_verb_info *phone_find_verb(const char *name);

/*
 * Read a line.
 *
 * @param why  PHONE_WHY_CAP bytes; on failure a sentence for the user
 * @return     0 or TERN_EINVAL
 */
int phone_parse(const char *line, struct phone_command *out, char *why);

/*
 * What could stand for the last word of `line`, in alphabetical order.
 *
 * @param from  receives where that word starts
 * @param out   receives up to `cap` words, static storage
 * @return      how many
 */
size_t phone_complete(const char *line, size_t *from, const char **out, size_t cap);

#endif

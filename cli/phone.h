/* SPDX-License-Identifier: MIT */
/*
 * `tern phone`, inside. Its files: phone.c (start and end), phone_options.c (flags), phone_calls.c
 * (calls and their sound), phone_event*.c and phone_change.c (what the endpoint tells),
 * phone_action.c (what commands do), phone_show.c and phone_network.c (tables), phone_script.c (commands one after the
 * other, and waiting), phone_secure.c (TLS and SRTP), phone_snapshot.c (--snapshot), phone_say.c (lines and JSON), phone_status.c
 * (the line above the prompt). All run on the loop's thread.
 */
#ifndef TERN_CLI_PHONE_H
#define TERN_CLI_PHONE_H

#include <uv.h>

#include <tern/tern.h>
#include <tern/uv.h>

#include "config.h"
#include "json.h"
#include "phone_audio.h"
#include "phone_command.h"
#include "phone_prompt.h"
#include "text.h"

enum {
    PHONE_CALLS_MAX = 32, /* more than a person or a script keeps apart */
    PHONE_LISTENERS_MAX = 2 * TERN_NET_ADDRESSES_MAX + 1, /* UDP; TCP and TLS for each address */
    PHONE_STOP_MS = 2000,
    PHONE_NAME_CAP = 128,
    PHONE_SCRIPT_MAX = 65536, /* what is read ahead of the command that runs */
};

struct phone_account {
    tern_account handle;
    enum tern_registration_state state;
    int status;

    char told[512]; /* the last line about it, so that it is not said twice */
    char name[PHONE_NAME_CAP];
};

/* A listener that has opened. What closes later is not news; what never opened is. */
struct phone_listener {
    enum tern_transport transport;
    tern_addr local;
};

struct phone_call {
    tern_call handle; /* {0}: free */
    unsigned number;
    struct phone_audio *audio;
    bool incoming, answered, muted, connected;
    bool held_here, held_there;        /* as last told */
    enum tern_media_security security; /* as last told */
    tern_time answer_at;               /* auto answer; TERN_TIME_NEVER: not */
    char peer[PHONE_NAME_CAP];
};

struct phone_script {
    uv_poll_t poll;
    bool polling, open; /* `poll` runs; `poll` is initialised */
    bool end_of_file;
    size_t len;
    char text[PHONE_SCRIPT_MAX];

    bool waiting;
    enum phone_wait wait;
    tern_time until;
    unsigned answered, answered_seen;   /* calls answered, and how many of them were waited for */
    unsigned completed, completed_seen; /* the same of IP changes */
    bool had_call;                      /* a call was there since this wait began */
};

struct phone {
    struct config config;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[4];
    struct tern_endpoint *ep;
    struct tern_uv *uv;
    struct tern_uv_snapshot *snapshot; /* NULL: none is kept */
    int snapshot_error;                /* as last told */
    struct phone_prompt *prompt;
    struct phone_script script;

    tern_time started;

    uint32_t change_told;
    bool colour, unicode;
    bool stopping;
    bool dialled; /* what --call said */
    bool network_usable, network_told;
    int exit_status;

    bool listener_told[TERN_TRANSPORT_TLS + 1]; /* that it cannot be listened for */
    size_t listener_count;
    struct phone_listener listeners[PHONE_LISTENERS_MAX];
    size_t account_count, account_used;
    struct phone_account accounts[CONFIG_ACCOUNTS_MAX];
    struct phone_call calls[PHONE_CALLS_MAX];
    struct phone_call *foreground;
    unsigned recordings;
    bool device_tried;
    struct tern_audio_source *microphone;
    struct tern_audio_sink *loudspeaker;
    char history_path[CONFIG_TEXT_CAP + 32];
};

/* ---- phone_options.c ---- */

/* @return -1 to go on, else an exit status. Passwords on the command line are overwritten. */
int phone_read_options(struct config *config, int argc, char **argv);
/* The same for `tern init`, which reads no file: `path` is what --config says, or NULL. */
int phone_init_options(struct config *config, int argc, char **argv, const char **path,
                       bool *force);
/* The options that belong to an account, for the library; they point into `from`. */
void phone_account_opts(const struct config_account *from, char registrar[CONFIG_TEXT_CAP],
                        struct tern_account_opts *out);

/* ---- phone.c ---- */

tern_time phone_now(const struct phone *phone);
/* End in good order; later calls only change the status where it was 0. */
void phone_stop(struct phone *phone, int status);
/* Something changed that a timer may wait for. */
void phone_schedule(struct phone *phone);

/* ---- phone_say.c ---- */

enum phone_tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_STRONG };

/* A line about something that happened; not with --quiet or --json. */
void phone_tell(struct phone *phone, enum phone_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A line that answers a command; not with --json. */
void phone_answer(struct phone *phone, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What went wrong: always, with --json as an event. */
void phone_error(struct phone *phone, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* On a terminal too narrow for it, without the columns named in `spare`, the first first. */
void phone_print_table(struct phone *phone, struct table *table, const char *const *spare);
/* With --json: begins a line of this event and returns true; json_close() ends it. */
bool phone_json(struct phone *phone, const char *event, struct json *json);
/* Names that programs rely on; those of the library are for people. */
const char *phone_key(const char *const *keys, size_t count, unsigned value);
const char *phone_registration_key(enum tern_registration_state state);
const char *phone_call_key(enum tern_call_state state);
void phone_json_addr(struct json *json, const char *key, tern_addr addr);
/* " (486 Busy Here)", or "" where there is nothing to say. @return `out`. */
const char *phone_because(int status, tern_str reason, char *out, size_t cap);
/* "10.0.1.2", or with its interface "10.0.1.2 (wlan0)". @return `out`. */
const char *phone_place(const struct phone *phone, tern_addr addr, char out[PHONE_NAME_CAP]);
/* Around text of that tone; "" without colour. */
const char *phone_tone_on(const struct phone *phone, enum phone_tone tone);
const char *phone_tone_off(const struct phone *phone, enum phone_tone tone);
const char *phone_codec_name(int codec);
const char *phone_security_key(enum tern_media_security security);

/* ---- phone_secure.c ---- */

struct phone_pems {
    struct tern_uv_pem ca, cert, key;
};

/* An account's SIP goes over TLS, as far as its settings say. */
bool phone_wants_tls(const struct config_account *account);
/* What `auto` stands for. */
enum tern_srtp phone_srtp(const struct config_account *account);
/* Reads what TLS needs. They point into `pems`, which the caller frees. @return false, with a message */
bool phone_load_pems(const struct config *config, struct phone_pems *pems,
                     struct tern_endpoint_opts *opts);
void phone_free_pems(struct phone_pems *pems);
/* What a person can do about it; "" where we do not know. */
const char *phone_advice(tern_str reason, enum tern_transport transport);
/* ", secure" for a call as it is now; "" where nobody asked for that. */
const char *phone_protection(struct phone *phone, struct phone_call *call);
/* Tells when it has changed since. */
void phone_tell_security(struct phone *phone, struct phone_call *call,
                         enum tern_media_security now);

/* ---- phone_snapshot.c ---- */

/* Before the network is known. @return 0, or negative with a message printed */
int phone_snapshot_take_up(struct phone *phone);
/* The account with this URI, where it has been taken up. */
bool phone_snapshot_account(struct phone *phone, struct phone_account *account, tern_str uri);
/* All accounts are there: those that are not wanted any more go. */
void phone_snapshot_settle(struct phone *phone);
void phone_snapshot_save(struct phone *phone);
/* After a good end nothing is left to take up. */
void phone_snapshot_close(struct phone *phone);
void phone_on_restored(void *user, struct tern_endpoint *ep, const struct tern_ev_restored *ev);
void phone_on_snapshot_due(void *user, struct tern_endpoint *ep);

/* ---- phone_status.c ---- */

void phone_status_line(void *user, char *out, size_t cap, unsigned columns);

/* ---- phone_calls.c ---- */

struct phone_call *phone_find_call(struct phone *phone, tern_call handle);
/* By number; 0: the one in the foreground. NULL, with an error told, where there is none. */
struct phone_call *phone_pick_call(struct phone *phone, unsigned number);
/* The same for one that rings here; 0: the one that has rung longest. */
struct phone_call *phone_pick_ringing(struct phone *phone, unsigned number);
/* A place for a call, in the foreground if `foreground` or if nobody else is. NULL: all taken. */
struct phone_call *phone_add_call(struct phone *phone, tern_call handle, tern_str peer);
void phone_end_call(struct phone *phone, struct phone_call *call);
unsigned phone_count_calls(const struct phone *phone);
void phone_set_foreground(struct phone *phone, struct phone_call *call);
/* Connect sound to a call, once. */
void phone_connect_audio(struct phone *phone, struct phone_call *call);
/* @return 0, or negative with an error told. */
int phone_play(struct phone *phone, struct phone_call *call, const char *path);
int phone_record(struct phone *phone, struct phone_call *call, const char *path);
void phone_close_audio(struct phone *phone);

/* ---- phone_event.c, phone_event_call.c, phone_change.c ---- */

extern const struct tern_callbacks phone_callbacks;
void phone_on_incoming(void *user, struct tern_endpoint *ep,
                       const struct tern_ev_call_incoming *ev);
void phone_on_progress(void *user, struct tern_endpoint *ep,
                       const struct tern_ev_call_progress *ev);
void phone_on_answered(void *user, struct tern_endpoint *ep,
                       const struct tern_ev_call_answered *ev);
void phone_on_media(void *user, struct tern_endpoint *ep, const struct tern_ev_call_media *ev);
void phone_on_silent(void *user, struct tern_endpoint *ep, const struct tern_ev_call_silent *ev);
void phone_on_dtmf(void *user, struct tern_endpoint *ep, const struct tern_ev_call_dtmf *ev);
void phone_on_ended(void *user, struct tern_endpoint *ep, const struct tern_ev_call_ended *ev);
void phone_on_ip_change(void *user, struct tern_endpoint *ep,
                        const struct tern_ip_change_progress *progress);
struct phone_account *phone_find_account(struct phone *phone, tern_account handle);

/* ---- phone_action.c, phone_show.c, phone_network.c ---- */

void phone_run(struct phone *phone, const struct phone_command *command);
void phone_dial(struct phone *phone, size_t account, const char *target);
/* Answer a call that rings here, in the foreground. */
void phone_take_call(struct phone *phone, struct phone_call *call);
/* What --call asks for, as soon as it can be done. */
void phone_dial_at_start(struct phone *phone);
void phone_show_list(struct phone *phone);
/* NULL without memory, which nobody need be told. */
struct table *phone_new_table(const char *titles);
/* Where it has rows; takes it over. */
void phone_show_table(struct phone *phone, struct table *table);
/* The addresses and routes that there are, and which of them are used. */
void phone_show_network(struct phone *phone);
/* The policy of links, and where it leads. */
void phone_show_links(struct phone *phone);
void phone_show_stats(struct phone *phone);
void phone_show_help(struct phone *phone, const char *topic);

/* ---- phone_script.c ---- */

int phone_script_start(struct phone *phone);
void phone_script_stop(struct phone *phone);
/* More text to run. False when there is no room. */
bool phone_script_add(struct phone *phone, const char *text, size_t len);
void phone_script_wait(struct phone *phone, const struct phone_command *command);
/* Run what can be run now. */
void phone_script_run(struct phone *phone);
/* Read more of it where there is room. */
void phone_script_refill(struct phone *phone);
/* Something happened that a wait may wait for. */
void phone_script_note(struct phone *phone);
/* When the present wait ends. */
tern_time phone_script_deadline(const struct phone *phone);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Commands one after the other, from standard input or from the prompt, and waiting between them.
 *
 * Reading stops while much is waiting to be run, so that a script of any length needs little memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "phone.h"

static struct phone_script *script_of(struct phone *phone)
{
    return &phone->script;
}

bool phone_script_add(struct phone *phone, const char *text, size_t len)
{
    struct phone_script *script = script_of(phone);

    if (len > sizeof(script->text) - script->len) return false;
    memcpy(script->text + script->len, text, len);
    script->len += len;
    return true;
}

/* ---- waiting ---- */

/* @return 1: it has come, 0: not yet, -1: it will not come. */
static int waited(struct phone *phone)
{
    struct phone_script *script = script_of(phone);
    bool all = true;

    switch (script->wait) {
    case WAIT_TIME: return 0;
    case WAIT_REGISTERED:
        for (size_t i = 0; i < phone->account_count; i++) {
            struct tern_account_info info;
            if (tern_account_get_info(phone->ep, phone->accounts[i].handle, &info) < 0) continue;
            if (info.state == TERN_REGISTRATION_FAILED) return -1;
            all = all && (info.state == TERN_REGISTRATION_REGISTERED ||
                          info.state == TERN_REGISTRATION_REFRESHING);
        }
        return all ? 1 : 0;
    case WAIT_ANSWERED:
        if (script->answered != script->answered_seen) return 1;
        return script->had_call && phone_count_calls(phone) == 0 ? -1 : 0;
    case WAIT_ENDED: return phone_count_calls(phone) == 0 ? 1 : 0;
    case WAIT_COMPLETED: return script->completed != script->completed_seen ? 1 : 0;
    }
    return 0;
}

static void end_wait(struct phone *phone)
{
    struct phone_script *script = script_of(phone);

    script->waiting = false;
    if (script->wait == WAIT_ANSWERED) script->answered_seen = script->answered;
    if (script->wait == WAIT_COMPLETED) script->completed_seen = script->completed;
}

/* A person sees it and goes on; a script cannot. */
static void give_up(struct phone *phone, bool late)
{
    static const char *const what[] = {"", "registered", "answered", "ended", "completed"};

    end_wait(phone);
    phone_error(phone, late ? "wait %s: it did not come in time." : "wait %s: it will not come.",
                what[phone->script.wait]);
    if (phone->prompt != NULL) return;
    phone->script.len = 0;
    phone->script.end_of_file = true;
    phone_stop(phone, 1);
}

/* Ends the wait if it can be ended. */
static void check_wait(struct phone *phone)
{
    struct phone_script *script = script_of(phone);
    int state = waited(phone);
    bool late = phone_now(phone) >= script->until;

    if (state > 0 || (late && script->wait == WAIT_TIME)) {
        end_wait(phone);
    } else if (state < 0 || late) {
        give_up(phone, state >= 0);
    }
}

void phone_script_wait(struct phone *phone, const struct phone_command *command)
{
    struct phone_script *script = script_of(phone);

    script->waiting = true;
    script->wait = command->wait;
    script->until = phone_now(phone) + TERN_MS(command->wait_ms);
    script->had_call =
        phone_count_calls(phone) > 0 || (script->had_call && command->wait == WAIT_ANSWERED);
}

tern_time phone_script_deadline(const struct phone *phone)
{
    return phone->script.waiting ? phone->script.until : TERN_TIME_NEVER;
}

/* ---- running ---- */

/* @return false when there is no whole line. At the end of file the rest is one. */
static bool take_line(struct phone_script *script, char *out)
{
    const char *end = memchr(script->text, '\n', script->len);
    size_t len = end == NULL ? script->len : (size_t)(end - script->text);

    if (script->len == 0) return false;
    if (end == NULL && !script->end_of_file && script->len < sizeof(script->text)) return false;
    snprintf(out, PHONE_LINE_CAP + 1, "%.*s", (int)(len < PHONE_LINE_CAP ? len : PHONE_LINE_CAP),
             script->text);
    size_t used = end == NULL ? len : len + 1;
    script->len -= used;
    memmove(script->text, script->text + used, script->len);
    return true;
}

/* Nothing more will be said: a phone that has been given something to do goes on with it. */
static bool has_more_to_do(const struct phone *phone)
{
    const struct config *config = &phone->config;

    if (config->duration_s > 0 || config->auto_answer_ms >= 0) return true;
    return config->call[0] != '\0' && phone->exit_status == 0 &&
           (!phone->dialled || phone_count_calls(phone) > 0);
}

void phone_script_run(struct phone *phone)
{
    struct phone_script *script = script_of(phone);
    struct phone_command command;
    char line[PHONE_LINE_CAP + 1], why[PHONE_WHY_CAP];

    if (script->waiting) check_wait(phone);
    while (!script->waiting && !phone->stopping && take_line(script, line)) {
        if (phone_parse(line, &command, why) < 0) {
            phone_error(phone, "%s.", why);
            continue;
        }
        phone_run(phone, &command);
        if (script->waiting) check_wait(phone);
    }
    bool idle = !script->waiting && !phone->stopping && script->len == 0;
    if (idle && script->end_of_file && !has_more_to_do(phone)) phone_stop(phone, 0);
}

void phone_script_note(struct phone *phone)
{
    phone_schedule(phone);
}

/* ---- reading ---- */

/* @return false at the end, or when there is nothing more now. */
static bool read_some(struct phone *phone)
{
    struct phone_script *script = script_of(phone);
    size_t room = sizeof(script->text) - script->len;
    ssize_t got = room > 0 ? read(STDIN_FILENO, script->text + script->len, room) : -1;

    if (room == 0) return false;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) script->end_of_file = true;
    if (got > 0) script->len += (size_t)got;
    return got > 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct phone *phone = poll->data;
    struct phone_script *script = script_of(phone);

    (void)status;
    (void)events;
    if (phone->prompt != NULL) {
        phone_prompt_input(phone->prompt);
    } else {
        read_some(phone);
    }
    bool full = script->len == sizeof(script->text);
    if (script->end_of_file || full) {
        uv_poll_stop(poll);
        script->polling = false;
    }
    phone_schedule(phone);
}

static void resume_reading(struct phone *phone)
{
    struct phone_script *script = script_of(phone);

    if (!script->open || script->polling || script->end_of_file) return;
    if (script->len > sizeof(script->text) / 2) return;
    script->polling = uv_poll_start(&script->poll, UV_READABLE, on_readable) == 0;
}

/* A file, or /dev/null, cannot be waited for: it is read when there is room. */
int phone_script_start(struct phone *phone)
{
    struct phone_script *script = script_of(phone);

    int flags = fcntl(STDIN_FILENO, F_GETFL);

    script->poll.data = phone;
    if (uv_poll_init(&phone->loop, &script->poll, STDIN_FILENO) == 0) {
        script->open = true;
        /* libuv has made it non-blocking, and with it standard output, the shell's too. */
        if (flags >= 0) fcntl(STDIN_FILENO, F_SETFL, flags);
        script->polling = uv_poll_start(&script->poll, UV_READABLE, on_readable) == 0;
        return script->polling ? 0 : TERN_EIO;
    }
    while (read_some(phone)) {
        continue;
    }
    return 0;
}

void phone_script_refill(struct phone *phone)
{
    if (phone->script.open) {
        resume_reading(phone);
    } else if (!phone->script.end_of_file && phone->script.len == 0) {
        while (read_some(phone)) {
            continue;
        }
    }
}

void phone_script_stop(struct phone *phone)
{
    if (phone->script.open) uv_close((uv_handle_t *)&phone->script.poll, NULL);
    phone->script.open = false;
}

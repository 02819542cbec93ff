/* SPDX-License-Identifier: MIT */
/* What the phone's commands do. */
#include <string.h>
#include <strings.h>

#include "links.h"
#include "phone.h"

/* Tells of what the library refused. @return err. */
static int check(struct phone *phone, int err, const char *what)
{
    if (err == TERN_ESTATE) {
        phone_error(phone, "%s: not possible now.", what);
    } else if (err < 0) {
        phone_error(phone, "%s: %s.", what, tern_strerror(err));
    }
    return err;
}

static void refuse_target(struct phone *phone, const char *target, const char *name)
{
    if (strncasecmp(target, "sips:", 5) == 0) {
        phone_error(phone, "%s: sips: needs TLS, which is not supported yet.", name);
    } else {
        phone_error(phone, "'%s' is neither a SIP URI nor a user name.", name);
    }
}

void phone_dial(struct phone *phone, size_t account, const char *target)
{
    struct tern_call_opts opts;
    tern_call handle;
    char name[PHONE_NAME_CAP];

    tern_call_opts_init(&opts);
    opts.account = phone->accounts[account].handle;
    opts.target = text_str(target);
    text_short_uri(opts.target, name, sizeof(name));
    if (phone_count_calls(phone) == PHONE_CALLS_MAX) {
        phone_error(phone, "There are %d calls already.", PHONE_CALLS_MAX);
        return;
    }
    int err = tern_call_make(phone->ep, phone_now(phone), &opts, &handle);
    if (err == TERN_EINVAL) {
        refuse_target(phone, target, name);
        return;
    }
    if (check(phone, err, "The call") < 0) return;
    struct phone_call *call = phone_add_call(phone, handle, opts.target);
    if (call == NULL) return;
    phone_set_foreground(phone, call);
    phone_answer(phone, "Call %u: calling %s.", call->number, call->peer);
    struct json json;
    if (phone_json(phone, "call_started", &json)) {
        json_int(&json, "call", call->number);
        json_text(&json, "peer", call->peer);
        json_text(&json, "account", phone->accounts[account].name);
        json_close(&json);
    }
}

/* Where a call goes first is this machine itself: no network is needed for it. */
static bool stays_here(const struct phone *phone)
{
    const struct config_account *account = &phone->config.accounts[0];
    const char *target = phone->config.call;

    if (account->proxy[0] != '\0') return text_is_loopback(text_str(account->proxy));
    if (strncasecmp(target, "sip:", 4) != 0 && strchr(target, '@') == NULL) target = account->uri;
    return text_is_loopback(text_str(target));
}

void phone_dial_at_start(struct phone *phone)
{
    const struct phone_account *account = &phone->accounts[0];
    struct tern_account_info info;

    if (phone->config.call[0] == '\0' || phone->dialled || phone->stopping) return;
    if (phone->account_count == 0 || !phone->network_told) return;
    if (tern_account_get_info(phone->ep, account->handle, &info) < 0) return;
    bool registered = info.state == TERN_REGISTRATION_REGISTERED; /* so there is a way */
    if (!registered && !phone->network_usable && !stays_here(phone)) return;
    if (info.state == TERN_REGISTRATION_FAILED) {
        phone->dialled = true;
        phone_error(phone, "%s is not called: %s is not registered.", phone->config.call,
                    account->name);
        if (phone->exit_status == 0) phone->exit_status = 1;
        return;
    }
    if (info.state != TERN_REGISTRATION_NONE && !registered) return;
    phone->dialled = true;
    phone_dial(phone, 0, phone->config.call);
}

/* ---- accounts ---- */

/* @return false, with an error told, where there is no account of that number. */
static bool have_account(struct phone *phone, unsigned number)
{
    if (number <= phone->account_count) return true;
    phone_error(phone, "There is no account %u.", number);
    return false;
}

static void run_account(struct phone *phone, const struct phone_command *command)
{
    if (!have_account(phone, command->number)) return;
    if (command->number > 0) phone->account_used = command->number - 1;
    phone_answer(phone, "New calls are made as %s.", phone->accounts[phone->account_used].name);
}

static void run_register(struct phone *phone, const struct phone_command *command, bool on)
{
    if (!have_account(phone, command->number)) return;
    for (unsigned i = 0; i < phone->account_count; i++) {
        struct phone_account *account = &phone->accounts[i];
        if (command->number > 0 && command->number != i + 1) continue;
        account->told[0] = '\0'; /* the outcome is told even if it is the same */
        int err = on ? tern_account_register(phone->ep, phone_now(phone), account->handle)
                     : tern_account_unregister(phone->ep, phone_now(phone), account->handle);
        (void)check(phone, err, account->name);
    }
}

/* ---- calls ---- */

void phone_take_call(struct phone *phone, struct phone_call *call)
{
    call->answer_at = TERN_TIME_NEVER;
    if (check(phone, tern_call_answer(phone->ep, phone_now(phone), call->handle, 200), "The call") <
        0) {
        return;
    }
    phone_set_foreground(phone, call);
}

static void hang_up(struct phone *phone, struct phone_call *call, int status)
{
    (void)check(phone, tern_call_hangup(phone->ep, phone_now(phone), call->handle, status),
                "The call");
}

static void run_hangup(struct phone *phone, const struct phone_command *command)
{
    if (!command->all) {
        struct phone_call *call = phone_pick_call(phone, command->number);
        if (call != NULL) hang_up(phone, call, 0);
        return;
    }
    for (size_t i = 0; i < PHONE_CALLS_MAX; i++) {
        if (phone->calls[i].handle.id != 0) hang_up(phone, &phone->calls[i], 0);
    }
}

static void run_hold(struct phone *phone, struct phone_call *call, bool on)
{
    int err = on ? tern_call_hold(phone->ep, phone_now(phone), call->handle)
                 : tern_call_resume(phone->ep, phone_now(phone), call->handle);

    (void)check(phone, err, on ? "Hold" : "Resume");
}

static void run_mute(struct phone *phone, struct phone_call *call, bool on)
{
    call->muted = on;
    if (call->audio != NULL) phone_audio_mute(call->audio, on);
    phone_answer(phone, on ? "Call %u is muted." : "Call %u is not muted.", call->number);
}

static void run_switch(struct phone *phone, struct phone_call *call)
{
    phone_set_foreground(phone, call);
    phone_answer(phone, "Call %u with %s is in the foreground.", call->number, call->peer);
}

static void run_dtmf(struct phone *phone, struct phone_call *call, const char *digits)
{
    int err = tern_call_dtmf(phone->ep, phone_now(phone), call->handle, text_str(digits));

    if (err == TERN_EUNSUPPORTED) {
        phone_error(phone, "%s takes no digits in this call.", call->peer);
    } else {
        (void)check(phone, err, "The digits");
    }
}

/* @return false, with an error told, where the name is too long. */
static bool keep_path(struct phone *phone, const char *path, char out[CONFIG_TEXT_CAP])
{
    size_t len = strlen(path);

    if (len >= CONFIG_TEXT_CAP) {
        phone_error(phone, "The file's name is too long.");
        return false;
    }
    memcpy(out, path, len + 1);
    return true;
}

/* A sound without a call is for the calls to come. */
static void run_play(struct phone *phone, const char *path)
{
    struct phone_call *call = phone->foreground;

    if (call != NULL) {
        if (phone_play(phone, call, path) < 0) return;
        phone_answer(phone, path[0] != '\0' ? "Call %u hears the file." : "Call %u hears no file.",
                     call->number);
        return;
    }
    if (!keep_path(phone, path, phone->config.play)) return;
    phone_answer(phone, path[0] != '\0' ? "Later calls will hear the file."
                                        : "Later calls will hear no file.");
}

static void run_record(struct phone *phone, const char *path)
{
    struct phone_call *call = phone->foreground;

    if (call != NULL) {
        if (phone_record(phone, call, path) < 0) return;
        phone_answer(phone, path[0] != '\0' ? "Call %u is recorded." : "Call %u is not recorded.",
                     call->number);
        return;
    }
    if (!keep_path(phone, path, phone->config.record)) return;
    phone->recordings = 0;
    phone_answer(phone, path[0] != '\0' ? "Later calls will be recorded."
                                        : "Later calls will not be recorded.");
}

static void run_ipchange(struct phone *phone, const struct phone_command *command)
{
    struct tern_ip_change_param param;

    tern_ip_change_param_init(&param);
    param.restart_listener = !command->keep_listeners;
    param.shutdown_transport = !command->keep_transports;
    if (command->delay_ms > 0) param.restart_listener_delay_ms = command->delay_ms;
    phone->script.completed_seen = phone->script.completed;
    (void)check(phone, tern_handle_ip_change(phone->ep, phone_now(phone), &param), "The IP change");
}

/* What was in force is replaced. */
static void run_links(struct phone *phone, const char *text)
{
    struct tern_link_policy policy;

    if (text[0] != '\0') {
        tern_link_policy_init(&policy);
        (void)links_read(text, LINKS_ALL, &policy);
        int err = tern_set_link_policy(phone->ep, phone_now(phone), &policy);
        if (check(phone, err, "The links") < 0) return;
    }
    phone_show_links(phone);
}

/* ---- commands ---- */

static void run_on_call(struct phone *phone, const struct phone_command *command)
{
    struct phone_call *call = phone_pick_call(phone, command->number);

    if (call == NULL) return;
    if (command->verb == VERB_HOLD) run_hold(phone, call, true);
    if (command->verb == VERB_RESUME) run_hold(phone, call, false);
    if (command->verb == VERB_MUTE) run_mute(phone, call, true);
    if (command->verb == VERB_UNMUTE) run_mute(phone, call, false);
    if (command->verb == VERB_SWITCH) run_switch(phone, call);
    if (command->verb == VERB_DTMF) run_dtmf(phone, call, command->text);
}

static void run_on_ringing(struct phone *phone, const struct phone_command *command)
{
    struct phone_call *call = phone_pick_ringing(phone, command->number);

    if (call == NULL) return;
    if (command->verb == VERB_ANSWER) {
        phone_take_call(phone, call);
    } else {
        hang_up(phone, call, 603);
    }
}

void phone_run(struct phone *phone, const struct phone_command *command)
{
    switch (command->verb) {
    case VERB_NONE: break;
    case VERB_ACCOUNT: run_account(phone, command); break;
    case VERB_ANSWER:
    case VERB_REJECT: run_on_ringing(phone, command); break;
    case VERB_CALL: phone_dial(phone, phone->account_used, command->text); break;
    case VERB_DTMF:
    case VERB_HOLD:
    case VERB_MUTE:
    case VERB_RESUME:
    case VERB_SWITCH:
    case VERB_UNMUTE: run_on_call(phone, command); break;
    case VERB_HANGUP: run_hangup(phone, command); break;
    case VERB_HELP: phone_show_help(phone, command->text); break;
    case VERB_IPCHANGE: run_ipchange(phone, command); break;
    case VERB_LINKS: run_links(phone, command->text); break;
    case VERB_LIST: phone_show_list(phone); break;
    case VERB_NETWORK: phone_show_network(phone); break;
    case VERB_PLAY: run_play(phone, command->text); break;
    case VERB_QUIT: phone_stop(phone, 0); break;
    case VERB_RECORD: run_record(phone, command->text); break;
    case VERB_REGISTER: run_register(phone, command, true); break;
    case VERB_STATS: phone_show_stats(phone); break;
    case VERB_UNREGISTER: run_register(phone, command, false); break;
    case VERB_WAIT: phone_script_wait(phone, command); break;
    }
}

/* SPDX-License-Identifier: MIT */
/* --snapshot FILE: a phone that is killed and started again goes on with its calls (tern/snapshot.h). */
#include <string.h>

#include "phone.h"

int phone_snapshot_take_up(struct phone *phone)
{
    const char *path = phone->config.snapshot;
    char name[CONFIG_TEXT_CAP];

    if (path[0] == '\0') return 0;
    text_clean(text_str(path), name, sizeof(name));
    int err = tern_uv_snapshot_open(path, &phone->snapshot);
    if (err == TERN_EBUSY) {
        fprintf(stderr, "tern phone: another phone uses the snapshot %s\n", name);
    } else if (err < 0) {
        fprintf(stderr, "tern phone: snapshot %s: %s\n", name, tern_strerror(err));
    }
    if (err < 0) return err;
    err = tern_uv_snapshot_restore(phone->snapshot, phone->ep);
    if (err == TERN_ENOTFOUND) return 0;
    if (err == TERN_EAGE || err == TERN_EPARSE) { /* of no use any more: begin without */
        phone_tell(phone, TONE_WARN, "The snapshot %s is not used: %s.", name, tern_strerror(err));
        return 0;
    }
    if (err < 0) {
        fprintf(stderr, "tern phone: snapshot %s: %s. Remove it to begin without.\n", name,
                tern_strerror(err));
    }
    return err;
}

void phone_snapshot_save(struct phone *phone)
{
    if (phone->snapshot == NULL || phone->stopping) return;
    int err = tern_uv_snapshot_save(phone->snapshot, phone->ep);
    if (err < 0 && err != phone->snapshot_error) {
        phone_error(phone, "The snapshot could not be saved: %s.", tern_strerror(err));
    }
    phone->snapshot_error = err;
}

void phone_snapshot_close(struct phone *phone)
{
    tern_uv_snapshot_close(phone->snapshot, phone->stopping);
    phone->snapshot = NULL;
}

static bool has_uri(const struct phone *phone, tern_account handle, tern_str uri)
{
    struct tern_account_info info;
    return tern_account_get_info(phone->ep, handle, &info) == 0 && strlen(info.uri) == uri.len &&
           memcmp(info.uri, uri.ptr, uri.len) == 0;
}

bool phone_snapshot_account(struct phone *phone, struct phone_account *account, tern_str uri)
{
    tern_account handle = tern_account_next(phone->ep, (tern_account){0});

    for (; handle.id != 0; handle = tern_account_next(phone->ep, handle)) {
        if (phone_find_account(phone, handle) != NULL || !has_uri(phone, handle, uri)) continue;
        account->handle = handle;
        return true;
    }
    return false;
}

void phone_snapshot_settle(struct phone *phone)
{
    tern_account handle = tern_account_next(phone->ep, (tern_account){0});

    for (; handle.id != 0; handle = tern_account_next(phone->ep, handle)) {
        if (phone_find_account(phone, handle) != NULL) continue;
        if (tern_account_remove(phone->ep, phone_now(phone), handle) < 0) return;
    }
    phone_snapshot_save(phone);
}

void phone_on_restored(void *user, struct tern_endpoint *ep, const struct tern_ev_restored *ev)
{
    struct phone *phone = user;
    struct json json;

    if (ev->call.id == 0) return;
    struct phone_call *call = phone_add_call(phone, ev->call, ev->uri);
    if (call == NULL) {
        if (tern_call_hangup(ep, phone_now(phone), ev->call, 0) < 0) return;
        return;
    }
    call->incoming = ev->incoming;
    call->answered = true;
    phone->dialled = true; /* what --call asks for is here */
    if (phone->foreground == NULL) phone->foreground = call;
    if (phone_json(phone, "call_restored", &json)) {
        json_int(&json, "call", call->number);
        json_text(&json, "peer", call->peer);
        json_str(&json, "call_id", ev->call_id);
        json_close(&json);
    }
    phone_tell(phone, TONE_GOOD, "Call %u with %s goes on.", call->number, call->peer);
    phone_connect_audio(phone, call);
    phone_script_note(phone);
}

void phone_on_snapshot_due(void *user, struct tern_endpoint *ep)
{
    (void)ep;
    phone_snapshot_save(user);
}

/* SPDX-License-Identifier: MIT */
/* The queue of events towards the application, and the callbacks on it. */
#include <string.h>

#include "base/assert.h"
#include "ua/endpoint.h"

#define TEXTS_MAX     4   /* text members of one event */
#define RESERVED_TEXT 128 /* a reason as people write it; a longer one is cut without memory */

struct tn_event_item {
    struct tn_list node;
    struct tern_event event;
    char text[];
};

/* The text members of an event, which are copied with it. */
static size_t texts_of(struct tern_event *ev, tern_str *out[TEXTS_MAX])
{
    size_t n = 0;
    switch (ev->type) {
    case TERN_EV_LISTENER: out[n++] = &ev->u.listener.reason; break;
    case TERN_EV_REGISTRATION: out[n++] = &ev->u.registration.reason; break;
    case TERN_EV_CALL_INCOMING:
        out[n++] = &ev->u.incoming.from;
        out[n++] = &ev->u.incoming.display_name;
        out[n++] = &ev->u.incoming.to;
        out[n++] = &ev->u.incoming.subject;
        break;
    case TERN_EV_CALL_PROGRESS: out[n++] = &ev->u.progress.reason; break;
    case TERN_EV_CALL_ENDED: out[n++] = &ev->u.ended.reason; break;
    case TERN_EV_IP_CHANGE_PROGRESS: out[n++] = &ev->u.ip_change.reason; break;
    case TERN_EV_SIP_MESSAGE:
        out[n++] = &ev->u.sip.summary;
        out[n++] = &ev->u.sip.text;
        break;
    case TERN_EV_SECURED: out[n++] = &ev->u.secured.version; break;
    case TERN_EV_RESTORED:
        out[n++] = &ev->u.restored.uri;
        out[n++] = &ev->u.restored.call_id;
        break;
    case TERN_EV_CALL_RESPONSE:
        out[n++] = &ev->u.response.reason;
        out[n++] = &ev->u.response.content_type;
        out[n++] = &ev->u.response.body;
        break;
    case TERN_EV_CALL_INFO:
        out[n++] = &ev->u.info.content_type;
        out[n++] = &ev->u.info.body;
        break;
    case TERN_EV_SNAPSHOT_DUE:
    case TERN_EV_NETWORK:
    case TERN_EV_CALL_ANSWERED:
    case TERN_EV_CALL_MEDIA:
    case TERN_EV_CALL_DTMF:
    case TERN_EV_CALL_SILENT:
    case TERN_EV_STOPPED: break;
    }
    TN_ASSERT(n <= TEXTS_MAX);
    return n;
}

static struct tn_event_item *new_item(struct tern_endpoint *ep, size_t bytes)
{
    return tn_alloc(&ep->ctx.alloc, sizeof(struct tn_event_item) + bytes);
}

static size_t text_size(const struct tern_event *event)
{
    struct tern_event copy = *event;
    tern_str *texts[TEXTS_MAX];
    size_t count = texts_of(&copy, texts), bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += texts[i]->len;
    return bytes;
}

/* What does not fit into `room` is cut off. */
static void push(struct tern_endpoint *ep, struct tn_event_item *item,
                 const struct tern_event *event, size_t room)
{
    tern_str *texts[TEXTS_MAX];
    item->event = *event;
    size_t count = texts_of(&item->event, texts);
    char *at = item->text;
    for (size_t i = 0; i < count; i++) {
        if (texts[i]->len > room) texts[i]->len = room;
        room -= texts[i]->len;
        if (texts[i]->len > 0) memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
        at += texts[i]->len;
    }
    tn_list_push(&ep->events, &item->node);
    ep->event_count++;
}

void tn_ep_event(struct tern_endpoint *ep, const struct tern_event *event)
{
    size_t bytes = text_size(event);
    struct tn_event_item *item = new_item(ep, bytes);
    if (item == NULL) {
        ep->ctx.out_of_memory = true;
        return;
    }
    push(ep, item, event, bytes);
}

int tn_ep_event_reserve(struct tern_endpoint *ep, struct tn_event_item **reserve)
{
    *reserve = new_item(ep, RESERVED_TEXT);
    return *reserve ? 0 : TERN_ENOMEM;
}

void tn_ep_event_unreserve(struct tern_endpoint *ep, struct tn_event_item **reserve)
{
    tn_free(&ep->ctx.alloc, *reserve);
    *reserve = NULL;
}

void tn_ep_event_last(struct tern_endpoint *ep, struct tn_event_item **reserve,
                      const struct tern_event *event)
{
    size_t bytes = text_size(event);
    bool fits = *reserve != NULL && bytes <= RESERVED_TEXT;
    struct tn_event_item *item = fits ? NULL : new_item(ep, bytes);
    if (item == NULL) {
        TN_ASSERT(*reserve != NULL); /* an object has one last event */
        item = *reserve;
        *reserve = NULL;
        bytes = RESERVED_TEXT;
    }
    push(ep, item, event, bytes);
}

static void drop_shown(struct tern_endpoint *ep)
{
    tn_free(&ep->ctx.alloc, ep->event_out);
    ep->event_out = NULL;
}

bool tern_next_event(struct tern_endpoint *ep, struct tern_event *out)
{
    drop_shown(ep);
    if (tn_list_empty(&ep->events)) return false;
    struct tn_event_item *item = TN_OWNER(ep->events.next, struct tn_event_item, node);
    tn_list_remove(&item->node);
    ep->event_count--;
    ep->event_out = item;
    *out = item->event;
    return true;
}

void tn_ep_events_fini(struct tern_endpoint *ep)
{
    struct tern_event event;
    while (tern_next_event(ep, &event))
        continue;
}

#define HAND(field, member)                                                                        \
    if (cb->field) cb->field(user, ep, &ev->u.member)

static void hand_out(struct tern_endpoint *ep, const struct tern_event *ev,
                     const struct tern_callbacks *cb, void *user)
{
    switch (ev->type) {
    case TERN_EV_LISTENER: HAND(on_listener, listener); return;
    case TERN_EV_NETWORK: HAND(on_network, network); return;
    case TERN_EV_REGISTRATION: HAND(on_registration, registration); return;
    case TERN_EV_CALL_INCOMING: HAND(on_call_incoming, incoming); return;
    case TERN_EV_CALL_PROGRESS: HAND(on_call_progress, progress); return;
    case TERN_EV_CALL_ANSWERED: HAND(on_call_answered, answered); return;
    case TERN_EV_CALL_MEDIA: HAND(on_call_media, media); return;
    case TERN_EV_CALL_DTMF: HAND(on_call_dtmf, dtmf); return;
    case TERN_EV_CALL_ENDED: HAND(on_call_ended, ended); return;
    case TERN_EV_IP_CHANGE_PROGRESS: HAND(on_ip_change_progress, ip_change); return;
    case TERN_EV_SIP_MESSAGE: HAND(on_sip_message, sip); return;
    case TERN_EV_SECURED: HAND(on_secured, secured); return;
    case TERN_EV_CALL_SILENT: HAND(on_call_silent, silent); return;
    case TERN_EV_CALL_RESPONSE: HAND(on_call_response, response); return;
    case TERN_EV_CALL_INFO: HAND(on_call_info, info); return;
    case TERN_EV_RESTORED: HAND(on_restored, restored); return;
    case TERN_EV_SNAPSHOT_DUE:
        if (cb->on_snapshot_due) cb->on_snapshot_due(user, ep);
        return;
    case TERN_EV_STOPPED:
        if (cb->on_stopped) cb->on_stopped(user, ep);
        return;
    }
}

size_t tern_dispatch(struct tern_endpoint *ep, const struct tern_callbacks *callbacks, void *user)
{
    struct tern_callbacks known = {0};
    struct tern_event event;
    size_t count = 0;
    memcpy(&known, callbacks, callbacks->size < sizeof(known) ? callbacks->size : sizeof(known));
    while (tern_next_event(ep, &event)) {
        hand_out(ep, &event, &known, user);
        count++;
    }
    return count;
}

const char *tern_ip_change_op_name(enum tern_ip_change_op op)
{
    switch (op) {
    case TERN_IP_CHANGE_OP_RESTART_LISTENER: return "restart listener";
    case TERN_IP_CHANGE_OP_SHUTDOWN_TRANSPORT: return "shut down transport";
    case TERN_IP_CHANGE_OP_UPDATE_CONTACT: return "update contact";
    case TERN_IP_CHANGE_OP_HANGUP_CALL: return "hang up call";
    case TERN_IP_CHANGE_OP_REINVITE_CALL: return "re-INVITE call";
    case TERN_IP_CHANGE_OP_REPLACE_CALL: return "replace call";
    case TERN_IP_CHANGE_OP_MEDIA_MOVED: return "move media";
    case TERN_IP_CHANGE_OP_COMPLETED: return "completed";
    case TERN_IP_CHANGE_OP_PUBLIC_ADDRESS: return "public address";
    case TERN_IP_CHANGE_OP_INVITE_CALL: return "INVITE call";
    case TERN_IP_CHANGE_OP_KEEP_CALL: return "keep call";
    }
    return "unknown";
}

const char *tern_ip_change_status_name(enum tern_ip_change_status status)
{
    switch (status) {
    case TERN_IP_CHANGE_START: return "started";
    case TERN_IP_CHANGE_SUCCESS: return "succeeded";
    case TERN_IP_CHANGE_RETRY: return "to be tried again";
    case TERN_IP_CHANGE_FAILURE: return "failed";
    case TERN_IP_CHANGE_SUPERSEDED: return "superseded";
    }
    return "unknown";
}

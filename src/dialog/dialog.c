/* SPDX-License-Identifier: MIT */
#include "dialog/dialog.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "dialog/routes.h"

tern_str tn_dialog_local_tag(const struct tn_dialog *dialog)
{
    return (tern_str){dialog->local_tag, TN_TAG_LEN};
}

void tn_dialog_fini(struct tn_dialog *dialog)
{
    if (dialog->alloc == NULL) return;
    tn_text_fini(dialog->alloc, &dialog->call_id);
    tn_text_fini(dialog->alloc, &dialog->local);
    tn_text_fini(dialog->alloc, &dialog->remote);
    tn_text_fini(dialog->alloc, &dialog->remote_tag);
    tn_text_fini(dialog->alloc, &dialog->remote_target);
    tn_text_fini(dialog->alloc, &dialog->left_target);
    tn_text_fini(dialog->alloc, &dialog->routes);
    dialog->state = TN_DIALOG_ENDED;
}

int tn_dialog_init_uac(struct tn_dialog *dialog, struct tn_ctx *ctx,
                       const struct tn_dialog_uac *opts)
{
    *dialog =
        (struct tn_dialog){.alloc = &ctx->alloc, .is_uac = true, .local_cseq = opts->first_cseq};
    dialog->secure = tn_uri_is_sips(opts->target);
    tn_random_token(&ctx->random, dialog->local_tag, TN_TAG_LEN);
    int err = tn_text_set(&ctx->alloc, &dialog->call_id, opts->call_id);
    if (!err) err = tn_text_set(&ctx->alloc, &dialog->local, opts->local);
    if (!err) err = tn_text_set(&ctx->alloc, &dialog->remote, opts->remote);
    if (!err) err = tn_text_set(&ctx->alloc, &dialog->remote_target, opts->target);
    if (err) tn_dialog_fini(dialog);
    return err;
}

/* A From or To value without its tag parameter. Other parameters are kept, as 12.1.1 wants. */
static int without_tag(const struct tern_allocator *alloc, const struct tn_name_addr *from,
                       struct tn_text *out)
{
    struct tn_buf buf;
    tn_buf_init(&buf, alloc, TN_MSG_SIZE_MAX);
    if (from->display.len > 0) {
        tn_buf_char(&buf, '"');
        tn_buf_str(&buf, from->display);
        tn_buf_z(&buf, "\" ");
    }
    tn_buf_char(&buf, '<');
    tn_buf_str(&buf, from->uri.text);
    tn_buf_char(&buf, '>');
    tern_str rest = from->params, name, value;
    while (tn_params_next(&rest, &name, &value)) {
        if (tn_str_ieq(name, TERN_STR("tag"))) continue;
        tn_buf_char(&buf, ';');
        tn_buf_str(&buf, name);
        if (value.ptr == NULL) continue;
        bool quoted = value.ptr[-1] == '"'; /* an '=' is before any other */
        tn_buf_z(&buf, quoted ? "=\"" : "=");
        tn_buf_str(&buf, value);
        if (quoted) tn_buf_char(&buf, '"');
    }
    tern_str text;
    int err = tn_buf_end(&buf, &text);
    if (!err) err = tn_text_set(alloc, out, text);
    tn_buf_fini(&buf);
    return err;
}

static int read_contact(const struct tn_msg *msg, tern_str *uri)
{
    struct tn_list_cursor cursor = {0};
    tern_str element;
    struct tn_name_addr contact;
    if (!tn_msg_list_next(msg, TN_HDR_CONTACT, &cursor, &element)) return TERN_EINVAL;
    if (tn_name_addr_parse(element, &contact) != 0 || contact.is_star) return TERN_EINVAL;
    if (contact.uri.scheme != TN_SCHEME_SIP && contact.uri.scheme != TN_SCHEME_SIPS) {
        return TERN_EINVAL;
    }
    *uri = contact.uri.text;
    return 0;
}

static int take_contact(struct tn_dialog *dialog, const struct tn_msg *msg)
{
    tern_str uri;
    int err = read_contact(msg, &uri);
    if (err) return err;
    bool left = dialog->left_target.len > 0 && tn_str_eq(uri, tn_text_view(&dialog->left_target));
    if (left && !msg->is_request && msg->method == TN_METHOD_INVITE) return 0;
    return tn_text_set(dialog->alloc, &dialog->remote_target, uri);
}

/* Before the answer it is kept in mind what a 2xx that was sent earlier may name still. */
static int move_target(struct tn_dialog *dialog, const struct tn_msg *msg, tern_str uri)
{
    struct tn_text fresh = {NULL, 0};
    if (!tn_dialog_target_moves(dialog, msg)) return 0;
    int err = tn_text_set(dialog->alloc, &fresh, uri);
    if (err) return err;
    if (dialog->is_uac && dialog->state != TN_DIALOG_CONFIRMED) {
        tn_text_fini(dialog->alloc, &dialog->left_target);
        dialog->left_target = dialog->remote_target;
    } else {
        tn_text_fini(dialog->alloc, &dialog->remote_target);
    }
    dialog->remote_target = fresh;
    return 0;
}

static void take_abilities(struct tn_dialog *dialog, const struct tn_msg *msg)
{
    if (tn_msg_header(msg, TN_HDR_SUPPORTED, 0) != NULL) {
        dialog->peer_lacks_replaces = !tn_msg_list_has(msg, TN_HDR_SUPPORTED, TERN_STR("replaces"));
    }
    if (tn_msg_header(msg, TN_HDR_ALLOW, 0) == NULL) return;
    dialog->peer_update = tn_msg_list_has(msg, TN_HDR_ALLOW, TERN_STR("UPDATE"));
}

int tn_dialog_init_uas(struct tn_dialog *dialog, struct tn_ctx *ctx, const struct tn_msg *request)
{
    *dialog = (struct tn_dialog){.alloc = &ctx->alloc,
                                 .state = TN_DIALOG_EARLY,
                                 .secure = request->uri.scheme == TN_SCHEME_SIPS,
                                 .local_cseq = tn_random_below(&ctx->random, 1u << 16),
                                 .remote_cseq = request->cseq.number,
                                 .remote_cseq_known = true};
    tn_random_token(&ctx->random, dialog->local_tag, TN_TAG_LEN);
    int err = tn_text_set(&ctx->alloc, &dialog->call_id, request->call_id);
    if (!err) err = without_tag(&ctx->alloc, &request->to, &dialog->local);
    if (!err) err = without_tag(&ctx->alloc, &request->from, &dialog->remote);
    if (!err) err = tn_text_set(&ctx->alloc, &dialog->remote_tag, request->from_tag);
    if (!err) err = take_contact(dialog, request);
    if (!err) err = tn_routes_take(&ctx->alloc, request, false, &dialog->routes);
    if (!err) take_abilities(dialog, request);
    if (err) tn_dialog_fini(dialog);
    return err;
}

int tn_dialog_take_response(struct tn_dialog *dialog, const struct tn_msg *response)
{
    TN_ASSERT(dialog->is_uac);
    if (!tn_str_eq(response->to_tag, tn_text_view(&dialog->remote_tag))) {
        tn_text_fini(dialog->alloc, &dialog->left_target); /* another's */
    }
    int err = tn_text_set(dialog->alloc, &dialog->remote_tag, response->to_tag);
    if (!err) err = tn_routes_take(dialog->alloc, response, true, &dialog->routes);
    if (err) return err;
    err = take_contact(dialog, response);
    bool final = response->status >= 200;
    if (err == TERN_EINVAL && !final) err = 0; /* a 1xx may come without; the 2xx may not */
    if (err) return err;
    take_abilities(dialog, response);
    if (final) {
        dialog->state = TN_DIALOG_CONFIRMED;
        dialog->target_cseq = response->cseq.number;
        if (dialog->local_cseq < dialog->early_cseq) dialog->local_cseq = dialog->early_cseq;
    } else if (dialog->state == TN_DIALOG_NONE) {
        dialog->state = TN_DIALOG_EARLY;
    }
    return 0;
}

int tn_dialog_fork(struct tn_dialog *fork, const struct tn_dialog *dialog,
                   const struct tn_msg *response)
{
    *fork = (struct tn_dialog){
        .alloc = dialog->alloc, .is_uac = true, .local_cseq = dialog->local_cseq};
    fork->secure = dialog->secure;
    memcpy(fork->local_tag, dialog->local_tag, TN_TAG_LEN);
    int err = tn_text_set(fork->alloc, &fork->call_id, tn_text_view(&dialog->call_id));
    if (!err) err = tn_text_set(fork->alloc, &fork->local, tn_text_view(&dialog->local));
    if (!err) err = tn_text_set(fork->alloc, &fork->remote, tn_text_view(&dialog->remote));
    if (!err) err = tn_dialog_take_response(fork, response);
    if (err) tn_dialog_fini(fork);
    return err;
}

static void swap(struct tn_text *a, struct tn_text *b)
{
    struct tn_text kept = *a;
    *a = *b;
    *b = kept;
}

void tn_dialog_swap_left(struct tn_dialog *dialog, struct tn_dialog *early)
{
    swap(&dialog->remote_tag, &early->remote_tag);
    swap(&dialog->remote_target, &early->remote_target);
    swap(&dialog->left_target, &early->left_target);
}

void tn_dialog_confirm(struct tn_dialog *dialog)
{
    TN_ASSERT(dialog->state != TN_DIALOG_ENDED);
    dialog->state = TN_DIALOG_CONFIRMED;
}

void tn_dialog_end(struct tn_dialog *dialog)
{
    dialog->state = TN_DIALOG_ENDED;
}

int tn_dialog_refresh_target(struct tn_dialog *dialog, const struct tn_msg *msg)
{
    take_abilities(dialog, msg);
    if (tn_msg_header(msg, TN_HDR_CONTACT, 0) == NULL || TN_MUTANT(OLD_TARGET)) return 0;
    if (!msg->is_request) {
        if (msg->cseq.number <= dialog->target_cseq) return 0;
        dialog->target_cseq = msg->cseq.number;
    }
    tern_str uri;
    int err = read_contact(msg, &uri);
    if (err) return err;
    return move_target(dialog, msg, uri);
}

bool tn_dialog_target_moves(const struct tn_dialog *dialog, const struct tn_msg *msg)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr contact;
    tern_str element;
    return tn_msg_list_next(msg, TN_HDR_CONTACT, &cursor, &element) &&
           tn_name_addr_parse(element, &contact) == 0 && !contact.is_star &&
           !tn_str_eq(contact.uri.text, tn_text_view(&dialog->remote_target));
}

bool tn_dialog_matches_request(const struct tn_dialog *dialog, const struct tn_msg *request)
{
    return tn_str_eq(request->call_id, tn_text_view(&dialog->call_id)) &&
           tn_str_eq(request->to_tag, tn_dialog_local_tag(dialog)) &&
           tn_str_eq(request->from_tag, tn_text_view(&dialog->remote_tag));
}

bool tn_dialog_matches_response(const struct tn_dialog *dialog, const struct tn_msg *response)
{
    return tn_str_eq(response->call_id, tn_text_view(&dialog->call_id)) &&
           tn_str_eq(response->from_tag, tn_dialog_local_tag(dialog)) &&
           tn_str_eq(response->to_tag, tn_text_view(&dialog->remote_tag));
}

unsigned tn_dialog_take_cseq(struct tn_dialog *dialog, const struct tn_msg *request)
{
    if (dialog->remote_cseq_known && request->cseq.number <= dialog->remote_cseq) return 500;
    dialog->remote_cseq = request->cseq.number;
    dialog->remote_cseq_known = true;
    return 0;
}

/* A piece of the scratch buffer, which may move while it grows: a view only when all is written. */
struct span {
    size_t start, len;
};

static tern_str view(const struct tn_buf *scratch, struct span span)
{
    return (tern_str){scratch->ptr + span.start, span.len};
}

static struct span put_with_tag(struct tn_buf *scratch, tern_str value, tern_str tag)
{
    size_t start = scratch->len;
    tn_buf_str(scratch, value);
    if (tag.len > 0) {
        tn_buf_z(scratch, ";tag=");
        tn_buf_str(scratch, tag);
    }
    return (struct span){start, scratch->len - start};
}

int tn_dialog_request(struct tn_dialog *dialog, struct tn_buf *scratch,
                      struct tn_request_opts *opts)
{
    tern_str all, target = tn_text_view(&dialog->remote_target);
    tern_str routes = tn_text_view(&dialog->routes);
    struct span from =
        put_with_tag(scratch, tn_text_view(&dialog->local), tn_dialog_local_tag(dialog));
    struct span to =
        put_with_tag(scratch, tn_text_view(&dialog->remote), tn_text_view(&dialog->remote_tag));
    size_t start = scratch->len;
    tern_str strict_uri;
    bool strict = tn_routes_swap_strict(routes, target, scratch, &strict_uri);
    struct span swapped = {start, scratch->len - start};
    int err = tn_buf_end(scratch, &all);
    if (err) return err;

    opts->from = view(scratch, from);
    opts->to = view(scratch, to);
    opts->uri = strict ? strict_uri : target;
    opts->route = strict ? view(scratch, swapped) : routes;
    opts->call_id = tn_text_view(&dialog->call_id);
    opts->cseq = &dialog->local_cseq;
    opts->next_hop = tn_dialog_next_hop(dialog);
    opts->secure = dialog->secure;
    opts->came_by = dialog->came_by;
    return 0;
}

tern_str tn_dialog_next_hop(const struct tn_dialog *dialog)
{
    tern_str first;
    if (tn_routes_first(tn_text_view(&dialog->routes), &first)) return first;
    return tn_text_view(&dialog->remote_target);
}

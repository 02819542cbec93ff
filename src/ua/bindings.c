/* SPDX-License-Identifier: MIT */
/*
 * The bindings of an account: the one that is to stand at the registrar, and those that are to go
 * (RFC 3261 10.2.1 to 10.2.4).
 *
 * A REGISTER that was given up may arrive after the one that took its place. A registrar cannot tell
 * (10.3 step 7 compares with bindings that it has, and this one is new to it), and so the account
 * must: what such a REGISTER named is removed once more when no copy of it can be under way any
 * longer. The Contacts of each 2xx say whether that has helped. Where the next REGISTER names the same
 * Contact the registrar can tell, by the CSeq of that binding.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "dialog/routes.h"
#include "txn/timing.h"
#include "ua/account.h"

#define OLD_CONTACTS_MAX 1024 /* bytes; as many bindings are left over only by a phone in a storm */

/* What hangs on a Contact may have changed; the binding is that of its URI. */
bool tn_bindings_same(tern_str a, tern_str b)
{
    struct tn_name_addr one, other;
    if (a.len == 0 || b.len == 0) return false;
    return tn_name_addr_parse(a, &one) == 0 && tn_name_addr_parse(b, &other) == 0 &&
           tn_str_eq(one.uri.text, other.uri.text);
}

static bool has_element(tern_str list, tern_str wanted)
{
    tern_str element;
    while (tn_routes_next(&list, &element)) {
        if (tn_str_eq(element, wanted)) return true;
    }
    return false;
}

/* `contact` joins those that the next REGISTER removes. */
static void retire(struct tn_registration *reg, struct tn_text *contact)
{
    const struct tern_allocator *alloc = &reg->account->ep->ctx.alloc;
    tern_str old = tn_text_view(&reg->old_contacts), added = tn_text_view(contact), all;
    struct tn_buf buf;
    if (added.len > 0 && reg->late_until > reg->doubt_until) reg->doubt_until = reg->late_until;
    if (added.len > 0 && old.len <= OLD_CONTACTS_MAX && !has_element(old, added)) {
        tn_buf_init(&buf, alloc, TN_MSG_SIZE_MAX);
        tn_buf_str(&buf, old);
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, added);
        /* Without memory the old binding is left to expire. */
        if (tn_buf_end(&buf, &all) == 0) (void)!tn_text_set(alloc, &reg->old_contacts, all);
        tn_buf_fini(&buf);
    }
    tn_text_fini(alloc, contact);
}

void tn_bindings_retire(struct tn_registration *reg)
{
    retire(reg, &reg->contact);
    retire(reg, &reg->pending_contact);
}

void tn_bindings_hand_over(struct tn_registration *from, struct tn_registration *to)
{
    tern_str rest, element;
    tn_bindings_retire(from);
    rest = tn_text_view(&from->old_contacts);
    if (from->late_until > to->late_until) to->late_until = from->late_until;
    while (tn_routes_next(&rest, &element)) {
        struct tn_text one = {NULL, 0};
        /* Without memory it is left to expire. */
        if (tn_text_set(&to->account->ep->ctx.alloc, &one, element) == 0) retire(to, &one);
    }
    tn_bindings_forget(from);
}

void tn_bindings_doubt(struct tn_registration *reg, uint64_t request)
{
    struct tn_request_path path;
    if (!tn_request_path(&reg->account->ep->txns, request, &path) || path.cseq == 0) return;
    reg->late_until = reg->account->ep->ctx.now + TN_T4;
    reg->confirms = 0;
}

/* Sent before the handover that is to come, or in place of a REGISTER that named another address. */
static void overtake(struct tn_registration *reg, struct tn_text *contact, tern_str fresh)
{
    if (reg->account->ip_change.contact_flags == TERN_CONTACT_LEAVE_OLD) return;
    if (!tn_bindings_same(tn_text_view(contact), fresh)) retire(reg, contact);
}

static int put_fresh(struct tn_registration *reg, const struct tn_request_path *path,
                     struct tn_buf *buf)
{
    struct tn_reach reach = {path->transport, path->local, reg->account->sips};
    tern_str fresh;
    tn_public_rewrite(reg, path->flow, &reach);
    tn_put_contact(buf, tn_text_view(&reg->account->user), &reach);
    tn_outbound_put(reg, buf);
    int err = tn_buf_end(buf, &fresh);
    if (err) return err;
    overtake(reg, &reg->contact, fresh);
    overtake(reg, &reg->pending_contact, fresh);
    return tn_text_set(&reg->account->ep->ctx.alloc, &reg->pending_contact, fresh);
}

/*
 * "<sip:…>" alone: where it is not known that the registrar keeps flows, an old address of this one is
 * removed as such. With its reg-id, that would be the new one.
 */
static tern_str without_params(tern_str contact)
{
    struct tn_name_addr addr;
    if (tn_name_addr_parse(contact, &addr) != 0) return contact;
    size_t len = (size_t)(addr.uri.text.ptr + addr.uri.text.len - contact.ptr) + 1;
    return len <= contact.len && contact.ptr[len - 1] == '>' ? tn_str_sub(contact, 0, len)
                                                             : contact;
}

/* What the other registration has left here (tn_bindings_hand_over()): told apart by its reg-id. */
static bool is_of_other(const struct tn_registration *reg, tern_str contact)
{
    const struct tn_registration *other = &reg->account->regs[1 - reg->number];
    return reg->outbound && tn_outbound_names(other, contact);
}

/* It has another binding since, by which this one was replaced. */
static bool is_taken_back(const struct tn_registration *reg, tern_str contact)
{
    return is_of_other(reg, contact) &&
           reg->account->regs[1 - reg->number].state != TERN_REGISTRATION_NONE;
}

/* One that the next REGISTER does not have to remove: it names it itself, or takes its place. */
static bool is_covered(const struct tn_registration *reg, tern_str contact)
{
    if (is_of_other(reg, contact)) return is_taken_back(reg, contact);
    return tn_bindings_same(contact, tn_text_view(&reg->pending_contact)) ||
           (reg->state != TERN_REGISTRATION_REMOVING && tn_outbound_replaces(reg, contact));
}

static tern_str as_removed(const struct tn_registration *reg, tern_str contact)
{
    bool leaving = reg->state == TERN_REGISTRATION_REMOVING;
    bool by_flow = (leaving && reg->outbound) || is_of_other(reg, contact);
    return by_flow ? contact : without_params(contact);
}

int tn_bindings_put(struct tn_registration *reg, const struct tn_request_path *path,
                    bool only_removes, struct tn_buf *buf)
{
    bool leaving = reg->state == TERN_REGISTRATION_REMOVING;
    tern_str text, element;
    int err = leaving ? 0 : put_fresh(reg, path, buf);
    if (err) return err;
    if (only_removes) {
        tn_buf_reset(buf);
    } else {
        tn_buf_z(buf, ";expires=");
        tn_buf_u64(buf, reg->asked_expires_s);
    }
    tern_str old = tn_text_view(&reg->old_contacts);
    while (tn_routes_next(&old, &element)) {
        if (TN_MUTANT(OLD_BINDING) && !leaving) break;
        if (is_covered(reg, element)) continue;
        if (buf->len > 0) tn_buf_z(buf, ", ");
        tn_buf_str(buf, as_removed(reg, element));
        tn_buf_z(buf, ";expires=0");
    }
    return tn_buf_end(buf, &text);
}

/* RFC 5626 6: the other flow of this phone may have taken over the address of this one. */
static bool same_flow(const struct tn_name_addr *a, const struct tn_name_addr *b)
{
    tern_str one, other, name = TERN_STR("reg-id");
    if (!tn_params_get(a->params, name, &one) || !tn_params_get(b->params, name, &other)) {
        return true;
    }
    return tn_str_eq(one, other);
}

/* The element of a 2xx that is this Contact of ours. */
static bool listed(const struct tn_msg *rsp, tern_str contact, struct tn_name_addr *out)
{
    struct tn_list_cursor cursor = {0};
    struct tn_name_addr ours;
    tern_str element;
    if (tn_name_addr_parse(contact, &ours) != 0) return false;
    while (tn_msg_list_next(rsp, TN_HDR_CONTACT, &cursor, &element)) {
        if (tn_name_addr_parse(element, out) != 0 || out->is_star) continue;
        if (tn_uri_equal(&ours.uri, &out->uri) && same_flow(&ours, out)) return true;
    }
    return false;
}

tern_str tn_bindings_params(const struct tn_registration *reg, const struct tn_msg *rsp)
{
    struct tn_name_addr theirs;
    if (!listed(rsp, tn_text_view(&reg->pending_contact), &theirs)) return (tern_str){NULL, 0};
    return theirs.params;
}

uint32_t tn_bindings_granted(const struct tn_registration *reg, const struct tn_msg *rsp)
{
    struct tn_name_addr theirs;
    tern_str value;
    uint32_t seconds;
    if (listed(rsp, tn_text_view(&reg->pending_contact), &theirs) &&
        tn_params_get(theirs.params, TERN_STR("expires"), &value) && tn_str_u32(value, &seconds)) {
        return seconds;
    }
    if (tn_msg_number(rsp, TN_HDR_EXPIRES, &seconds)) return seconds;
    return reg->asked_expires_s;
}

/*
 * It stands, or its place is taken: what came late would be out of order, by CSeq and reg-id. Not so
 * where nothing stands any more.
 */
static bool is_settled(const struct tn_registration *reg, tern_str contact)
{
    if (is_of_other(reg, contact)) return is_taken_back(reg, contact);
    if (reg->state == TERN_REGISTRATION_REMOVING) return false;
    return tn_bindings_same(contact, tn_text_view(&reg->contact)) ||
           tn_outbound_replaces(reg, contact);
}

bool tn_bindings_settle(struct tn_registration *reg, const struct tn_msg *rsp)
{
    const struct tern_allocator *alloc = &reg->account->ep->ctx.alloc;
    bool doubtful = reg->sent_at < reg->doubt_until;
    tern_str old = tn_text_view(&reg->old_contacts), element, left;
    struct tn_name_addr theirs;
    struct tn_buf buf;
    tn_buf_init(&buf, alloc, TN_MSG_SIZE_MAX);
    while (tn_routes_next(&old, &element)) {
        if (is_settled(reg, element)) continue;
        if (!doubtful && !listed(rsp, element, &theirs)) continue;
        if (buf.len > 0) tn_buf_z(&buf, ", ");
        tn_buf_str(&buf, element);
    }
    /* Without memory all of them are removed once more. */
    if (tn_buf_end(&buf, &left) == 0) (void)!tn_text_set(alloc, &reg->old_contacts, left);
    tn_buf_fini(&buf);
    return reg->old_contacts.len > 0;
}

void tn_bindings_forget(struct tn_registration *reg)
{
    tn_text_fini(&reg->account->ep->ctx.alloc, &reg->old_contacts);
    reg->late_until = reg->doubt_until = 0;
    reg->confirms = 0;
}

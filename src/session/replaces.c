/* SPDX-License-Identifier: MIT */
#include "session/replaces.h"

#include "base/assert.h"
#include "base/str.h"

static bool is_tag(tern_str named, tern_str tag)
{
    if (tn_str_eq(named, tag)) return true;
    return tag.len == 0 && tn_str_eq(named, TERN_STR("0"));
}

bool tn_replaces_names(const struct tn_replaces *replaces, const struct tn_dialog *dialog)
{
    return tn_str_eq(replaces->call_id, tn_text_view(&dialog->call_id)) &&
           is_tag(replaces->to_tag, tn_dialog_local_tag(dialog)) &&
           is_tag(replaces->from_tag, tn_text_view(&dialog->remote_tag));
}

bool tn_replaces_is_person(const struct tn_dialog *dialog, const struct tn_uri *from)
{
    struct tn_name_addr remote;
    if (tn_name_addr_parse(tn_text_view(&dialog->remote), &remote) != 0) return false;
    return remote.uri.port == from->port && tn_str_eq(remote.uri.user, from->user) &&
           from->host.len > 0 && tn_str_ieq(remote.uri.host, from->host);
}

bool tn_replaces_wins(const struct tn_dialog *dialog)
{
    int order = tn_str_cmp(tn_dialog_local_tag(dialog), tn_text_view(&dialog->remote_tag));
    return order != 0 ? order < 0 : dialog->is_uac;
}

struct tn_replaces tn_replaces_of(const struct tn_dialog *dialog)
{
    tern_str remote = tn_text_view(&dialog->remote_tag);
    return (struct tn_replaces){
        .call_id = tn_text_view(&dialog->call_id),
        .to_tag = remote.len > 0 ? remote : TERN_STR("0"),
        .from_tag = tn_dialog_local_tag(dialog),
    };
}

/* It has been replaced. Only who may not know that yet is followed to where the call is now. */
static unsigned judge_past(const struct tn_replaces_facts *facts)
{
    if (facts->ours_open) return 491; /* which names the present dialog, as this should */
    if (facts->formed_by_us) return 481;
    if (facts->same_leg) return facts->newer ? 0 : 481;
    return facts->confirmed ? 481 : 0;
}

unsigned tn_replaces_judge(const struct tn_replaces *replaces,
                           const struct tn_replaces_facts *facts)
{
    switch (facts->place) {
    case TN_REPLACES_NOTHING:
    case TN_REPLACES_EARLY: return 481;
    case TN_REPLACES_ENDED: return 603;
    case TN_REPLACES_CURRENT:
    case TN_REPLACES_PENDING:
    case TN_REPLACES_PAST:
        if (!facts->same_person || !facts->secured) return 403;
        if (replaces->early_only) return 486;
        if (facts->place == TN_REPLACES_PAST) return judge_past(facts);
        if (facts->place != TN_REPLACES_CURRENT || !facts->ours_open) return 0;
        return facts->we_win && !facts->in_vain ? 491 : 0;
    }
    TN_UNREACHABLE();
}

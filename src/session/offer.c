/* SPDX-License-Identifier: MIT */
/*
 * The offer/answer machine: RFC 3264, RFC 6337 for what it leaves open. What was said is kept as
 * text, ours in `agreed` and `pending`, and read again when it is needed: there is no second
 * account of it that could differ.
 */
#include "session/offer.h"

#include <string.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "base/str.h"
#include "session/offer_secure.h"

enum {
    PT_MAX = 127,
    SCRATCH_BYTES = 2048, /* an ordinary SDP is read without an allocation */
    REMOTE_BYTES_MAX = TN_SDP_BYTES_MAX + TN_SDP_ARENA_MAX,
    REFUSED = TN_OFFER_STATES,
};

/* ---- the machine ---- */

/* clang-format off */
static const unsigned char successors[TN_OFFER_STATES][TN_OFFER_EVENTS] = {
    /*                    MAKE            TAKE_ANSWER      TAKE             ANSWER */
    [TN_OFFER_IDLE]   = { TN_OFFER_LOCAL, REFUSED,         TN_OFFER_REMOTE, REFUSED,
                          TN_OFFER_IDLE,  REFUSED,         REFUSED },
    [TN_OFFER_LOCAL]  = { REFUSED,        TN_OFFER_STABLE, REFUSED,         REFUSED,
                          TN_OFFER_IDLE,  TN_OFFER_STABLE, REFUSED },
    [TN_OFFER_REMOTE] = { REFUSED,        REFUSED,         REFUSED,         TN_OFFER_STABLE,
                          TN_OFFER_IDLE,  TN_OFFER_STABLE, REFUSED },
    [TN_OFFER_STABLE] = { TN_OFFER_LOCAL, REFUSED,         TN_OFFER_REMOTE, REFUSED,
                          REFUSED,        TN_OFFER_STABLE, TN_OFFER_LOCAL },
    /*                    ROLLBACK_FIRST  ROLLBACK         REOPEN */
};
/* clang-format on */

static bool allows(const struct tn_offer *o, enum tn_offer_event event)
{
    return successors[o->state][event] != REFUSED;
}

static void forget_remote(struct tn_offer *o)
{
    tn_arena_fini(&o->arena);
    memset(&o->remote, 0, sizeof(o->remote));
    o->withdrawn = false;
}

/* The only writer of the state, and of what belongs to it: their offer lives in REMOTE alone. */
static void enter(struct tn_offer *o, enum tn_offer_state next)
{
    if (o->state == TN_OFFER_REMOTE && next != TN_OFFER_REMOTE) forget_remote(o);
    if (next == TN_OFFER_STABLE) o->agreed_once = true;
    o->state = next;
}

static void step(struct tn_offer *o, enum tn_offer_event event)
{
    TN_ASSERT(allows(o, event));
    enter(o, (enum tn_offer_state)successors[o->state][event]);
}

/* ---- start and end ---- */

static bool is_codec(enum tn_codec codec)
{
    return codec == TN_CODEC_PCMU || codec == TN_CODEC_PCMA;
}

static bool repeats(const struct tn_offer_opts *opts, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (opts->codecs[j].codec == opts->codecs[i].codec) return true;
        if (opts->codecs[j].pt == opts->codecs[i].pt) return true;
    }
    return opts->codecs[i].pt == opts->event_pt;
}

static bool is_valid(const struct tn_offer_opts *opts)
{
    if (!opts->alloc || opts->codec_count == 0 || opts->codec_count > TN_OFFER_CODECS_MAX)
        return false;
    if (opts->policy != TN_OFFER_PLAIN && !opts->random) return false;
    if (opts->event_pt < -1 || opts->event_pt > PT_MAX) return false;
    for (size_t i = 0; i < opts->codec_count; i++) {
        if (!is_codec(opts->codecs[i].codec) || opts->codecs[i].pt > PT_MAX) return false;
        if (repeats(opts, i)) return false;
    }
    return true;
}

static void init_remote(struct tn_offer *o)
{
    tn_arena_init(&o->arena, o->opts.alloc, REMOTE_BYTES_MAX, NULL, 0);
}

int tn_offer_init(struct tn_offer *o, const struct tn_offer_opts *opts)
{
    if (!is_valid(opts)) return TERN_EINVAL;
    memset(o, 0, sizeof(*o));
    o->opts = *opts;
    tn_buf_init_secret(&o->agreed, opts->alloc, TN_SDP_BYTES_MAX);
    tn_buf_init_secret(&o->pending, opts->alloc, TN_SDP_BYTES_MAX);
    init_remote(o);
    tn_offer_no_plan(&o->plan);
    return 0;
}

void tn_offer_fini(struct tn_offer *o)
{
    tn_buf_fini(&o->agreed);
    tn_buf_fini(&o->pending);
    forget_remote(o);
    tn_plan_wipe(&o->plan);
}

int tn_offer_clone(const struct tn_offer *o, struct tn_offer *out)
{
    if (o->state == TN_OFFER_REMOTE) return TERN_ESTATE;
    *out = *o;
    tn_buf_init_secret(&out->agreed, o->opts.alloc, TN_SDP_BYTES_MAX);
    tn_buf_init_secret(&out->pending, o->opts.alloc, TN_SDP_BYTES_MAX);
    init_remote(out);
    tn_buf_str(&out->agreed, tn_buf_view(&o->agreed));
    tn_buf_str(&out->pending, tn_buf_view(&o->pending));
    if (!out->agreed.err && !out->pending.err) return 0;
    tn_offer_fini(out);
    return TERN_ENOMEM;
}

/* ---- our SDP ---- */

static tern_str last_sent(const struct tn_offer *o)
{
    return tn_buf_view(o->pending.len ? &o->pending : &o->agreed);
}

static bool has_address(const struct tn_offer_local *local)
{
    return local->rtp.family && local->rtp.port;
}

static void start_draft(const struct tn_offer *o, const struct tn_offer_local *local,
                        struct tn_offer_draft *d)
{
    /* MOBILITY: the o= address names the session for its whole life and is no way to reach us. */
    tern_addr origin = o->version ? o->origin : local->rtp;
    tn_offer_draft_start(d, o->opts.session_id, origin, local->rtp);
}

/* Prints with the version that RFC 3264 8 asks for: the next one, unless nothing differs. */
static int print(const struct tn_offer *o, struct tn_offer_draft *d, struct tn_buf *text,
                 uint64_t *version)
{
    tern_str printed;

    *version = o->version ? o->version : 1;
    tn_offer_draft_version(d, *version);
    tn_sdp_print(&d->sdp, text);
    int err = tn_buf_end(text, &printed);
    if (err || !o->version || tn_str_eq(printed, last_sent(o)) || TN_MUTANT(OLD_VERSION))
        return err;
    tn_buf_reset(text);
    tn_offer_draft_version(d, ++*version);
    tn_sdp_print(&d->sdp, text);
    return tn_buf_end(text, &printed);
}

static int append(struct tn_buf *body, tern_str text)
{
    tern_str all;
    tn_buf_str(body, text);
    return tn_buf_end(body, &all);
}

/* Prints the draft, appends it to `body` and, when nothing has failed, makes it `*to`. */
static int send_draft(struct tn_offer *o, struct tn_offer_draft *d, struct tn_buf *body,
                      struct tn_buf *to)
{
    struct tn_buf text;
    uint64_t version;

    tn_buf_init_secret(&text, o->opts.alloc, TN_SDP_BYTES_MAX);
    int err = print(o, d, &text, &version);
    if (!err) err = append(body, tn_buf_view(&text));
    if (err) {
        tn_buf_fini(&text);
        return err;
    }
    tn_buf_fini(to);
    *to = text;
    o->version = version;
    return 0;
}

static void settle(struct tn_offer *o, const struct tn_media_plan *plan, size_t slot,
                   struct tn_media_plan *out)
{
    o->plan = *plan;
    o->slot = slot;
    if (out) *out = *plan;
}

/* ---- we offer ---- */

/* Draws up the m= lines: those of the agreement, all but ours with port 0 as they were. */
static void draft_offer(const struct tn_offer *o, const struct tn_offer_own *own,
                        const struct tn_offer_local *local, struct tn_offer_draft *d)
{
    const struct tn_sdp *before = &own->agreed;
    size_t count = before->media_count ? before->media_count : 1;

    TN_ASSERT(o->slot < count);
    for (size_t i = 0; i < count; i++) {
        if (i != o->slot) {
            tn_offer_draft_rejected(d, &before->media[i]);
            continue;
        }
        struct tn_sdp_media *m = tn_offer_draft_audio(d, local);
        m->direction = tn_offer_direction(!o->remote_hold, !local->hold);
        tn_offer_draft_formats(d, o, i < before->media_count ? &before->media[i] : NULL);
        tn_offer_draft_secure_offer(d, o, own, local->rtp);
    }
}

static int parse_own(struct tn_arena *arena, const struct tn_buf *own, struct tn_sdp *out)
{
    memset(out, 0, sizeof(*out));
    if (own->len == 0) return 0;
    int err = tn_sdp_parse(arena, tn_buf_view(own), out);
    TN_ASSERT(err != TERN_EPARSE); /* we have written it */
    return err;
}

static int parse_all_own(struct tn_arena *arena, const struct tn_offer *o, struct tn_offer_own *out)
{
    int err = parse_own(arena, &o->agreed, &out->agreed);
    return err ? err : parse_own(arena, &o->pending, &out->pending);
}

int tn_offer_make(struct tn_offer *o, const struct tn_offer_local *local, struct tn_buf *body)
{
    struct tn_offer_draft draft;
    struct tn_offer_own own;
    struct tn_arena arena;
    char scratch[SCRATCH_BYTES];

    if (!allows(o, TN_OFFER_EV_MAKE)) return TERN_ESTATE;
    if (!has_address(local)) return TERN_EINVAL;
    tn_arena_init(&arena, o->opts.alloc, 2 * TN_SDP_ARENA_MAX, scratch, sizeof(scratch));
    int err = parse_all_own(&arena, o, &own);
    if (err) goto out;
    start_draft(o, local, &draft);
    draft_offer(o, &own, local, &draft);
    tern_addr origin = o->version ? o->origin : local->rtp;
    err = send_draft(o, &draft, body, &o->pending);
    tn_wipe(draft.room, sizeof(draft.room));
    if (err) goto out;
    o->origin = origin;
    step(o, TN_OFFER_EV_MAKE);
out:
    tn_arena_fini(&arena);
    return err;
}

/* Our offer becomes the agreement, with or without a usable stream. */
static void accept_answer(struct tn_offer *o)
{
    tn_buf_fini(&o->agreed);
    o->agreed = o->pending;
    tn_buf_init_secret(&o->pending, o->opts.alloc, TN_SDP_BYTES_MAX);
    o->our_offer = true;
    step(o, TN_OFFER_EV_TAKE_ANSWER);
}

/* What an answer says about hearing us only counts where we offered to send. */
static void learn_hold(struct tn_offer *o, const struct tn_sdp_media *ours,
                       const struct tn_sdp *sdp, const struct tn_sdp_media *theirs)
{
    if (tn_sdp_sends(ours->direction)) o->remote_hold = !tn_offer_they_listen(sdp, theirs);
}

static int use_answer(struct tn_offer *o, const struct tn_sdp *own, const struct tn_sdp *answer,
                      struct tn_media_plan *out)
{
    struct tn_media_plan plan;
    const struct tn_sdp_media *ours = &own->media[o->slot], *theirs;

    TN_ASSERT(o->slot < own->media_count);
    if (o->slot >= answer->media_count || !tn_offer_connected(answer)) return TERN_EPARSE;
    theirs = &answer->media[o->slot];
    if (!tn_str_eq(theirs->type, ours->type)) return TERN_EPARSE;
    tn_offer_no_plan(&plan);
    if (tn_offer_usable(&o->opts, answer, theirs)) {
        tn_offer_agree(ours, answer, theirs, &plan);
        if (!tn_offer_agree_security(o, ours, answer, theirs, &plan)) tn_offer_no_plan(&plan);
        learn_hold(o, ours, answer, theirs);
        o->taken |= tn_offer_taken(&o->opts, theirs);
    }
    settle(o, &plan, o->slot, out);
    tn_plan_wipe(&plan);
    return o->plan.active ? 0 : TERN_EUNSUPPORTED;
}

int tn_offer_take_answer(struct tn_offer *o, tern_str body, struct tn_media_plan *plan)
{
    struct tn_sdp own, answer;
    struct tn_arena arena;
    char scratch[SCRATCH_BYTES];

    if (!allows(o, TN_OFFER_EV_TAKE_ANSWER)) return TERN_ESTATE;
    tn_arena_init(&arena, o->opts.alloc, 2 * TN_SDP_ARENA_MAX, scratch, sizeof(scratch));
    int err = tn_sdp_parse(&arena, body, &answer);
    if (!err) err = parse_own(&arena, &o->pending, &own);
    if (!err) err = use_answer(o, &own, &answer, plan);
    if (!err || err == TERN_EUNSUPPORTED) accept_answer(o);
    tn_arena_fini(&arena);
    return err;
}

/* ---- they offer ---- */

/* RFC 3264 8.2: port 0 in our line takes the stream away; there is nothing to refuse. */
static bool is_withdrawn(const struct tn_offer *o, const struct tn_sdp *sdp)
{
    return o->agreed_once && o->slot < sdp->media_count && sdp->media[o->slot].port == 0;
}

static int read_offer(struct tn_offer *o, tern_str body)
{
    struct tn_sdp sdp;
    tern_str copy;

    if (body.len > TN_SDP_BYTES_MAX) return TERN_EPARSE;
    int err = tn_arena_dup(&o->arena, body, &copy);
    if (!err) err = tn_sdp_parse(&o->arena, copy, &sdp);
    if (err) return err;
    if (!tn_offer_connected(&sdp)) return TERN_EPARSE;
    size_t slot = tn_offer_choose(&o->opts, &sdp, o->slot);
    bool withdrawn = slot == TN_OFFER_ANY && is_withdrawn(o, &sdp);
    if (slot == TN_OFFER_ANY && !withdrawn) return TERN_EUNSUPPORTED;
    o->remote = sdp;
    o->remote_slot = withdrawn ? o->slot : slot;
    o->withdrawn = withdrawn;
    return 0;
}

int tn_offer_take(struct tn_offer *o, tern_str body)
{
    if (!allows(o, TN_OFFER_EV_TAKE)) return TERN_ESTATE;
    int err = read_offer(o, body);
    if (err) {
        forget_remote(o);
        return err;
    }
    step(o, TN_OFFER_EV_TAKE);
    return 0;
}

/* RFC 3264 6.1: we send if they listen, we listen if they send and we do not hold. */
static void draft_our_answer(const struct tn_offer *o, const struct tn_offer_own *own,
                             const struct tn_offer_local *local, struct tn_offer_draft *d)
{
    const struct tn_sdp_media *theirs = &o->remote.media[o->remote_slot];
    bool they_send = tn_sdp_sends(tn_sdp_direction(&o->remote, theirs));
    struct tn_sdp_media *m = tn_offer_draft_audio(d, local);

    m->direction =
        tn_offer_direction(tn_offer_they_listen(&o->remote, theirs) || TN_MUTANT(ANSWER_WIDE),
                           they_send && !local->hold);
    tn_offer_draft_mirror(d, &o->opts, theirs);
    tn_offer_draft_secure_answer(d, o, own, local->rtp);
}

static void draft_answer(const struct tn_offer *o, const struct tn_offer_own *own,
                         const struct tn_offer_local *local, struct tn_offer_draft *d)
{
    d->sdp.time = o->remote.time; /* RFC 3264 6: the same */
    for (size_t i = 0; i < o->remote.media_count; i++) {
        if (i == o->remote_slot && !o->withdrawn) {
            draft_our_answer(o, own, local, d);
        } else {
            tn_offer_draft_rejected(d, &o->remote.media[i]);
        }
    }
}

/* What was agreed by the answer in the draft. */
static void use_offer(struct tn_offer *o, const struct tn_offer_draft *d, struct tn_media_plan *out)
{
    const struct tn_sdp_media *theirs = &o->remote.media[o->remote_slot];
    struct tn_media_plan plan;

    tn_offer_no_plan(&plan);
    if (d->audio) {
        tn_offer_agree(d->audio, &o->remote, theirs, &plan);
        if (!tn_offer_agree_security(o, d->audio, &o->remote, theirs, &plan)) {
            tn_offer_no_plan(&plan);
        }
        o->remote_hold = !tn_offer_they_listen(&o->remote, theirs);
        o->taken |= tn_offer_taken(&o->opts, theirs);
    }
    settle(o, &plan, o->remote_slot, out);
    tn_plan_wipe(&plan);
}

/* All of it but the state. */
static int answer(struct tn_offer *o, const struct tn_offer_own *own,
                  const struct tn_offer_local *local, struct tn_buf *body,
                  struct tn_media_plan *plan)
{
    struct tn_offer_draft draft;

    start_draft(o, local, &draft);
    draft_answer(o, own, local, &draft);
    tern_addr origin = o->version ? o->origin : local->rtp;
    int err = send_draft(o, &draft, body, &o->agreed); /* what `own` points to is gone */
    if (!err) {
        o->origin = origin;
        o->our_offer = false;
        tn_buf_fini(&o->pending); /* an offer that was refused is not the last sent any more */
        use_offer(o, &draft, plan);
    }
    tn_wipe(draft.room, sizeof(draft.room));
    return err;
}

int tn_offer_answer(struct tn_offer *o, const struct tn_offer_local *local, struct tn_buf *body,
                    struct tn_media_plan *plan)
{
    struct tn_offer_own own;
    struct tn_arena arena;
    char scratch[SCRATCH_BYTES];

    if (!allows(o, TN_OFFER_EV_ANSWER)) return TERN_ESTATE;
    if (!has_address(local)) return TERN_EINVAL;
    tn_arena_init(&arena, o->opts.alloc, 2 * TN_SDP_ARENA_MAX, scratch, sizeof(scratch));
    int err = parse_all_own(&arena, o, &own);
    if (!err) err = answer(o, &own, local, body, plan);
    tn_arena_fini(&arena);
    if (err) return err;
    step(o, TN_OFFER_EV_ANSWER);
    return 0;
}

/* ---- the rest ---- */

void tn_offer_rollback(struct tn_offer *o)
{
    /* One that was reopened is no offer that was refused: its keys are spent (offer_secure.c). */
    if (tn_str_eq(tn_buf_view(&o->pending), tn_buf_view(&o->agreed))) tn_buf_fini(&o->pending);
    step(o, o->agreed_once ? TN_OFFER_EV_ROLLBACK : TN_OFFER_EV_ROLLBACK_FIRST);
}

int tn_offer_reopen(struct tn_offer *o)
{
    struct tn_buf copy;

    if (!allows(o, TN_OFFER_EV_REOPEN) || !o->our_offer) return TERN_ESTATE;
    tn_buf_init_secret(&copy, o->opts.alloc, TN_SDP_BYTES_MAX);
    int err = append(&copy, tn_buf_view(&o->agreed));
    if (err) {
        tn_buf_fini(&copy);
        return err;
    }
    tn_buf_fini(&o->pending);
    o->pending = copy;
    step(o, TN_OFFER_EV_REOPEN);
    return 0;
}

int tn_offer_repeat(struct tn_offer *o, struct tn_buf *body)
{
    bool ours_is_out = o->state == TN_OFFER_LOCAL;
    const struct tn_buf *which = ours_is_out || !o->agreed_once ? &o->pending : &o->agreed;

    if (which->len == 0) return TERN_ESTATE;
    return append(body, tn_buf_view(which));
}

enum tn_offer_state tn_offer_state(const struct tn_offer *o)
{
    return o->state;
}

const char *tn_offer_state_name(enum tn_offer_state state)
{
    switch (state) {
    case TN_OFFER_IDLE: return "idle";
    case TN_OFFER_LOCAL: return "local";
    case TN_OFFER_REMOTE: return "remote";
    case TN_OFFER_STABLE: return "stable";
    case TN_OFFER_STATES: break;
    }
    TN_UNREACHABLE();
}

bool tn_offer_remote_hold(const struct tn_offer *o)
{
    return o->remote_hold;
}

const struct tn_media_plan *tn_offer_plan(const struct tn_offer *o)
{
    return &o->plan;
}

tern_addr tn_offer_remote_rtp(const struct tn_offer *o)
{
    static const tern_addr none;
    if (o->state != TN_OFFER_REMOTE || o->withdrawn) return none;
    return tn_offer_address(&o->remote, &o->remote.media[o->remote_slot]);
}

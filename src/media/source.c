/* SPDX-License-Identifier: MIT */
#include "media/source.h"

#include <string.h>

#include "base/assert.h"

#define DEAF TERN_MS(200) /* silence after which what is said counts again */

void tn_source_init(struct tn_source *source)
{
    memset(source, 0, sizeof(*source));
    source->last_heard = TERN_TIME_NEVER;
    source->last_move = TERN_TIME_NEVER;
}

bool tn_source_is_current(const struct tn_source *source, tern_addr remote)
{
    return !tn_source_is_open(source) && tern_addr_equal(source->accepted, remote);
}

bool tn_source_is_open(const struct tn_source *source)
{
    return source->state == TN_SOURCE_SILENT || source->state == TN_SOURCE_RENEWED;
}

bool tn_source_may_change_ssrc(const struct tn_source *source, tern_addr remote)
{
    return tn_source_is_open(source) || tn_source_is_current(source, remote) ||
           tern_addr_equal(source->announced, remote);
}

tern_addr tn_source_target(const struct tn_source *source)
{
    return tn_source_is_open(source) ? source->announced : source->accepted;
}

static bool past(tern_time since, tern_time span, tern_time now)
{
    return since == TERN_TIME_NEVER || now - since >= span;
}

/*
 * After a new plan the source before it may still have packets in flight, which must not bind us
 * to where the far end no longer is. Two cases are told apart from that: a source that we had
 * followed to where no plan had sent us (a NAT, which the new plan does not show either) is
 * accepted again at once; and any source that goes on for long after the plan is real.
 */
static bool is_early(const struct tn_source *source, tern_addr remote, tern_time now)
{
    return source->state == TN_SOURCE_RENEWED && !source->replay &&
           tern_addr_equal(source->accepted, remote) &&
           !tern_addr_equal(source->announced, remote) &&
           !past(source->planned, TN_SOURCE_MOVE_GAP, now);
}

static bool same_family(const struct tn_source *source, tern_addr remote)
{
    return source->announced.family == TERN_FAMILY_NONE ||
           source->announced.family == remote.family;
}

static bool proven(const struct tn_source *source, tern_time now)
{
    return source->candidate_count + 1 >= TN_SOURCE_PROOF &&
           past(source->last_heard, TN_SOURCE_SILENCE, now) &&
           past(source->last_move, TN_SOURCE_MOVE_GAP, now);
}

static enum tn_source_event classify_authentic(const struct tn_source *source,
                                               const struct tn_source_packet *packet, tern_time now)
{
    if (packet->proof == TN_SOURCE_OVERTAKEN) return TN_SOURCE_EV_OVERTAKEN;
    if (!same_family(source, packet->remote)) return TN_SOURCE_EV_OVERTAKEN;
    return is_early(source, packet->remote, now) ? TN_SOURCE_EV_EARLY : TN_SOURCE_EV_NEWEST;
}

static enum tn_source_event classify(const struct tn_source *source,
                                     const struct tn_source_packet *packet, tern_time now)
{
    if (tn_source_is_current(source, packet->remote)) return TN_SOURCE_EV_CURRENT;
    if (!packet->plausible) return TN_SOURCE_EV_ODD;
    if (packet->proof != TN_SOURCE_UNPROVEN) return classify_authentic(source, packet, now);
    if (!same_family(source, packet->remote)) return TN_SOURCE_EV_ODD;
    if (is_early(source, packet->remote, now)) return TN_SOURCE_EV_EARLY;
    if (packet->new_ssrc && !tn_source_is_open(source)) return TN_SOURCE_EV_CLAIM;
    if (source->state != TN_SOURCE_PROVING || !tern_addr_equal(source->candidate, packet->remote)) {
        return TN_SOURCE_EV_FIRST;
    }
    uint16_t step = (uint16_t)(packet->sequence - source->candidate_sequence);
    if (step == 0 || step >= TN_SEQUENCE_GAP) return TN_SOURCE_EV_ODD;
    return proven(source, now) ? TN_SOURCE_EV_PROOF : TN_SOURCE_EV_REPEAT;
}

static enum tn_source_verdict accept_source(struct tn_source *source,
                                            const struct tn_source_packet *packet, tern_time now)
{
    bool first = source->state == TN_SOURCE_SILENT;
    bool same = tern_addr_equal(source->accepted, packet->remote);
    bool free_move = source->state == TN_SOURCE_RENEWED;

    if (!first && !same) source->moves++;
    if (!first && !free_move) source->last_move = now;
    source->state = TN_SOURCE_FOLLOWING;
    source->accepted = packet->remote;
    source->observed = !tern_addr_equal(source->announced, packet->remote);
    source->last_heard = now;
    return TN_SOURCE_MOVED;
}

static enum tn_source_verdict hear(struct tn_source *source, tern_time now)
{
    source->state = TN_SOURCE_FOLLOWING; /* a candidate has to begin anew: the old one is alive */
    source->last_heard = now;
    return TN_SOURCE_PLAY;
}

static enum tn_source_verdict try_source(struct tn_source *source,
                                         const struct tn_source_packet *packet)
{
    source->state = TN_SOURCE_PROVING;
    source->candidate = packet->remote;
    source->candidate_sequence = packet->sequence;
    source->candidate_count = 1;
    return TN_SOURCE_HOLD;
}

static enum tn_source_verdict count_source(struct tn_source *source,
                                           const struct tn_source_packet *packet)
{
    source->candidate_sequence = packet->sequence;
    if (source->candidate_count < UINT8_MAX) source->candidate_count++;
    return TN_SOURCE_HOLD;
}

/* clang-format off */
static enum tn_source_verdict step(struct tn_source *source, enum tn_source_event event,
                                   const struct tn_source_packet *packet, tern_time now)
{
    switch (source->state) {
    case TN_SOURCE_SILENT:
    case TN_SOURCE_RENEWED:
        switch (event) {
        case TN_SOURCE_EV_EARLY:
        case TN_SOURCE_EV_OVERTAKEN: return TN_SOURCE_PLAY;
        case TN_SOURCE_EV_FIRST:
        case TN_SOURCE_EV_NEWEST:  return accept_source(source, packet, now);
        case TN_SOURCE_EV_ODD:     return TN_SOURCE_IGNORE;
        case TN_SOURCE_EV_PLAN: case TN_SOURCE_EV_CURRENT: case TN_SOURCE_EV_REPEAT:
        case TN_SOURCE_EV_PROOF: case TN_SOURCE_EV_CLAIM: case TN_SOURCE_EVENTS: break;
        }
        break;

    case TN_SOURCE_FOLLOWING:
    case TN_SOURCE_PROVING:
        switch (event) {
        case TN_SOURCE_EV_CURRENT: return hear(source, now);
        case TN_SOURCE_EV_FIRST:   return try_source(source, packet);
        case TN_SOURCE_EV_REPEAT:  return count_source(source, packet);
        case TN_SOURCE_EV_OVERTAKEN: return TN_SOURCE_PLAY;
        case TN_SOURCE_EV_PROOF:
        case TN_SOURCE_EV_CLAIM:
        case TN_SOURCE_EV_NEWEST:  return accept_source(source, packet, now);
        case TN_SOURCE_EV_ODD:     return TN_SOURCE_IGNORE;
        case TN_SOURCE_EV_PLAN: case TN_SOURCE_EV_EARLY: case TN_SOURCE_EVENTS: break;
        }
        break;

    case TN_SOURCE_STATES: break;
    }
    TN_UNREACHABLE(); /* classify() gives no such event in this state */
}
/* clang-format on */

enum tn_source_verdict tn_source_packet(struct tn_source *source,
                                        const struct tn_source_packet *packet, tern_time now)
{
    return step(source, classify(source, packet, now), packet, now);
}

/*
 * Nothing has come from the accepted source lately, which is not what the far end says: who says once
 * more where he is may have been away, and is back (MOBILITY S15).
 */
static bool is_deaf(const struct tn_source *source, tern_time now)
{
    bool follows = source->state == TN_SOURCE_FOLLOWING || source->state == TN_SOURCE_PROVING;
    return follows && !tern_addr_equal(source->accepted, source->announced) &&
           source->last_heard != TERN_TIME_NEVER && now - source->last_heard >= DEAF;
}

void tn_source_plan(struct tn_source *source, tern_addr announced, tern_time now)
{
    if (announced.family == TERN_FAMILY_NONE) return;
    if (tern_addr_equal(announced, source->announced) && !is_deaf(source, now)) return;
    bool confirmed = tn_source_is_current(source, announced);
    bool first = source->announced.family == TERN_FAMILY_NONE;

    source->announced = announced;
    source->planned = now;
    if (confirmed) source->observed = false; /* the far end now says what we had seen */
    if (confirmed || first || source->state == TN_SOURCE_SILENT) return;
    if (source->state != TN_SOURCE_RENEWED) source->replay = source->observed;
    source->state = TN_SOURCE_RENEWED;
}

const char *tn_source_state_name(enum tn_source_state state)
{
    switch (state) {
    case TN_SOURCE_SILENT: return "silent";
    case TN_SOURCE_RENEWED: return "renewed";
    case TN_SOURCE_FOLLOWING: return "following";
    case TN_SOURCE_PROVING: return "proving";
    case TN_SOURCE_STATES: break;
    }
    TN_UNREACHABLE();
}

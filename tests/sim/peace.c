/* SPDX-License-Identifier: MIT */
/* Liveness: what must be true some time after all that was wrong is mended. */
#include <string.h>

#include "life.h"

#define LISTEN    TERN_SECONDS(2)    /* how long both ends are listened to */
#define HEARD_MIN 80                 /* frames of 100 */
#define FORGET    TERN_SECONDS(4300) /* the longest that the core keeps an idle flow or stream */
#define REST      TERN_SECONDS(200)  /* timer C, the longest of a proxy, and some */

static void run(struct life *life, tern_time duration)
{
    if (life->failed) return;
    if (tern_sim_run(life->sim, tern_sim_now(life->sim) + duration) != 0)
        fail(life, "spin", "an endpoint goes round in circles");
}

/* ---- calls ---- */

static void listen_first(struct life *life)
{
    for (int who = 0; who < PHONES; who++) {
        struct phone *phone = &life->phones[who];
        for (uint32_t i = 0; i < phone->end_count; i++)
            phone->ends[i].before =
                tern_sim_get_hearing(life->sim, phone->host, phone->ends[i].call);
    }
    run(life, LISTEN);
}

/* STUN leads through two NATs that map as RFC 4787 REQ-1 asks, and stand side by side. */
static bool is_punched(const struct life *life, const struct end *end)
{
    const int32_t *set = life->plan->set;
    int32_t net = life->phones[end->peer].nets[0];
    bool apart = true;
    for (int i = 0; i < PHONES; i++)
        apart = apart && (i == end->peer || life->phones[i].nets[0] != net);
    return set[SET_stun] == 1 && !set[SET_router] && !set[SET_no_record_route] && !life->fickle &&
           apart;
}

static unsigned excuses_of(struct life *life, const struct end *end)
{
    const struct end *other = app_other_end(life, end);
    unsigned excuses = end->excuses | (other ? other->excuses : 0);
    bool there = life->phones[end->peer].natted;
    bool here = other && life->phones[other->peer].natted;
    bool direct = life->plan->set[SET_no_record_route] != 0;
    if ((direct ? here || there : here && there) && !is_punched(life, end))
        excuses |= 1u << EXCUSE_NAT;
    /* An INVITE with Replaces that has left is in no snapshot. */
    for (int i = 0; i < SERVER_HOST && crash_happened(life); i++)
        if (life->rules[i].replaces) excuses |= 1u << EXCUSE_DEAD;
    if (life->plan->set[SET_hangup_calls]) excuses |= 1u << EXCUSE_POLICY;
    if (life->plan->set[SET_reinvite] != 7) excuses |= 1u << EXCUSE_POLICY;
    return excuse_counts(life, excuses);
}

/* The far end has hung up on one of the legs of a call that was made anew. */
static bool is_refused(const struct life *life, const struct end *end)
{
    const struct phone *peer = &life->phones[end->peer];
    for (uint32_t i = 0; i < peer->end_count; i++) {
        const struct end *e = &peer->ends[i];
        if (e->by_app && e->dialled == end->dialled) return true;
    }
    return false;
}

static void check_lost(struct life *life, int who, const struct end *end)
{
    const struct end *other = app_other_end(life, end);
    if (end->by_app || (other && other->by_app) || is_refused(life, end)) return;
    if (excuses_of(life, end) || app_is_replaced(life, who, end)) return;
    fail(life, "call-lost", "%s: cause %d, status %d", host_name(life->phones[who].host),
         end->cause, end->status);
}

/*
 * One hung up on an end that was away, or on its way, and has itself left where that knows it (S15). Or
 * before they could find each other, and is registered nowhere: the far end asks for it in vain.
 */
static bool both_moved(const struct life *life, int who, const struct end *end,
                       const struct end *other)
{
    const struct phone *here = &life->phones[who], *there = &life->phones[end->peer];
    tern_time last = here->moved > there->moved ? here->moved : there->moved;
    if (here->moved < life->start || there->moved < life->start) return false;
    return here->moved >= other->over ||
           (!there->wants_binding && other->over - last < TERN_SECONDS(2));
}

/* Who was hung up on has heard of it. */
static void check_over(struct life *life, int who, const struct end *end)
{
    const struct end *other = app_other_end(life, end);
    if (!other || !other->by_app || !other->ended) return;
    if (excuses_of(life, end) || both_moved(life, who, end, other)) return;
    fail(life, "over", "%s: does not know that the other end has hung up",
         host_name(life->phones[who].host));
}

/*
 * A far end without power answers nothing: after 20 s of silence it is asked, and after 300 s more the
 * call is over; a few round trips and pauses come on top. On hold nothing is missed.
 */
static bool outlives(const struct life *life, const struct end *end)
{
    const struct phone *peer = &life->phones[end->peer];
    return end->answered && peer->died && tern_sim_now(life->sim) - peer->died > TERN_SECONDS(340);
}

static void check_up(struct life *life, int who, const struct end *end)
{
    struct phone *phone = &life->phones[who];
    const struct end *other = app_other_end(life, end);
    const char *name = host_name(phone->host);
    struct tern_call_info info;
    if (tern_call_get_info(phone->ep, end->call, &info) != 0) {
        fail(life, "handles", "%s: a call is gone without an event", name);
        return;
    }
    unsigned excuses = excuses_of(life, end);
    if (outlives(life, end) && info.state == TERN_CALL_ACTIVE && !info.held_here &&
        !info.held_there) {
        fail(life, "dead", "%s: a call to who lost his power %lld s ago", name,
             (long long)((tern_sim_now(life->sim) - life->phones[end->peer].died) /
                         TERN_SECONDS(1)));
        return;
    }
    if (excuses || end->by_app || (other && other->by_app)) return;
    if (info.state != TERN_CALL_ACTIVE || info.moving || !other || other->ended) {
        fail(life, "call-up", "%s: %s%s, the other end %s", name, tern_call_state_name(info.state),
             info.moving ? ", moving" : "",
             !other         ? "never heard of it"
             : other->ended ? "has ended"
                            : "is up");
        return;
    }
    if (info.held_here != end->hold || info.held_there != other->hold) {
        fail(life, "hold", "%s: held here %d, want %d; there %d, want %d", name, info.held_here,
             end->hold, info.held_there, other->hold);
        return;
    }
    asks_check(life, phone, end, other);
    struct tern_sim_hearing now = tern_sim_get_hearing(life->sim, phone->host, end->call);
    bool apart = place_apart(life, phone, &life->phones[end->peer]);
    bool talking = !info.held_here && !info.held_there && !apart;
    if (talking && now.heard - end->before.heard < HEARD_MIN)
        fail(life, "audio", "%s: hears %llu frames of %lld", name,
             (unsigned long long)(now.heard - end->before.heard),
             (long long)(LISTEN / TERN_MS(20)));
    /* A queue that is full holds back more than the numbers of frames tell apart: 1.28 s. */
    const int32_t *set = life->plan->set;
    /* Before the answer it may have heard an end that was given up: that one's numbers were others. */
    if (app_is_replaced(life, end->peer, other) && set[SET_early]) return;
    if (now.backward > 0 && !life->disturbed && !crash_happened(life) && !set[SET_loss] &&
        !set[SET_jitter] && !set[SET_reorder] && !set[SET_rate])
        fail(life, "audio", "%s: frames out of order", name);
}

void peace_calls(struct life *life)
{
    listen_first(life);
    attack_check(life);
    rings_check(life);
    for (int who = 0; who < PHONES && !life->failed; who++) {
        struct phone *phone = &life->phones[who];
        if (phone->ep == NULL) continue;
        for (uint32_t i = 0; i < phone->end_count && !life->failed; i++) {
            if (phone->ends[i].ended) {
                check_lost(life, who, &phone->ends[i]);
            } else {
                check_over(life, who, &phone->ends[i]);
                check_up(life, who, &phone->ends[i]);
            }
        }
    }
}

/* ---- the registrar ---- */

static bool names_host(tern_str contact, tern_addr addr)
{
    char text[TERN_ADDR_TEXT_MAX];
    (void)tern_addr_print(addr, text);
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= contact.len; i++) {
        if (memcmp(contact.ptr + i, text, len) == 0) return true;
    }
    return false;
}

/* The outside address of a NAT of world.c. */
static bool names_nat(const struct phone *phone, tern_str contact)
{
    static const char ip4[] = "@100.64.", ip6[] = "@[2001:db8:64";
    if (!phone->natted) return false;
    for (size_t i = 0; i + sizeof(ip6) <= contact.len; i++) {
        if (memcmp(contact.ptr + i, ip4, sizeof(ip4) - 1) == 0) return true;
        if (memcmp(contact.ptr + i, ip6, sizeof(ip6) - 1) == 0) return true;
    }
    return false;
}

static bool has_second(const struct tern_account_info *info)
{
    return info->calls > 0 && info->second.family != TERN_FAMILY_NONE;
}

static void check_binding(struct life *life, struct phone *phone)
{
    const char *name = host_name(phone->host);
    struct tern_server_binding binding;
    struct tern_account_info info = {.local = {0}};
    bool leaves = life->plan->set[SET_contact] == TERN_CONTACT_LEAVE_OLD;
    unsigned bindings = 0, right = 0, second = 0, outside = 0;
    size_t cursor = 0;
    if (phone->ep == NULL) return;
    if (secrecy_is_refused(life, phone->host)) return;
    if (life->plan->set[SET_shared] && phone->who != ALICE) return; /* two are right */
    bool known =
        phone->wants_account && tern_account_get_info(phone->ep, phone->account, &info) == 0;
    while (tern_server_next_binding(life->server, tern_sim_now(life->sim), &cursor, &binding)) {
        if (!str_is(binding.user, name)) continue;
        bindings++;
        if (known && names_host(binding.contact, info.local)) {
            right++;
        } else if (known && has_second(&info) && names_host(binding.contact, info.second)) {
            second++; /* RFC 5626: one for each flow, and there are two at most */
        } else if (known && names_nat(phone, binding.contact)) {
            outside++; /* of either */
        }
    }
    if (outside > 0 && right == 0) outside--, right++;
    if (outside > 0 && second == 0 && known && has_second(&info)) outside--, second++;
    right += outside;
    if (!phone->wants_binding) {
        if (bindings > 0 && !phone->denied &&
            life->plan->set[SET_contact] != TERN_CONTACT_LEAVE_OLD)
            fail(life, "bindings", "%s: has left, and is still registered", name);
        return;
    }
    /* A second flow that died with its program, at the address where the first is now: one instance. */
    bool twice = life->plan->set[SET_outbound] > 0 && crash_happened(life) && right == 2;
    if (!tern_network_find(links_network(life, phone), info.local)) {
        fail(life, "bindings", "%s: registered from an address that has gone", name);
    } else if (right == 0 || second > 1 ||
               (right != 1 && !(phone->natted && (leaves || phone->crash.unsaved)) && !twice) ||
               (bindings != 1 + second && !phone->crash.unsaved && !leaves && !twice)) {
        fail(life, "bindings", "%s: %u bindings, %u of them right", name, bindings, right);
    }
}

static void check_bindings(struct life *life)
{
    for (int i = 0; i < PHONES && !life->failed; i++)
        check_binding(life, &life->phones[i]);
    for (int i = 0; i < PHONES && !life->failed; i++)
        links_check(life, &life->phones[i]);
}

/*
 * A REGISTER is on its way to where nobody is, by a wrong name or a dead connection, for 32 s each; or
 * its connection takes long through losses.
 */
static bool is_misled(const struct life *life, const struct tern_account_info *info)
{
    const int32_t *set = life->plan->set;
    bool slow = set[SET_loss] && (set[SET_transport] || set[SET_bob_transport]);
    return (life->registrar_refused || slow) && (info->state == TERN_REGISTRATION_REGISTERING ||
                                                 info->state == TERN_REGISTRATION_REFRESHING);
}

/* It comes by itself soon: a call needs it, and no server has said no. */
static bool is_hasty(const struct tern_account_info *info)
{
    bool refused = info->status >= 400 && info->status < 500 && info->status != 408;
    return info->calls > 0 && (!refused || info->status == 480);
}

/*
 * The person asks for it: where the phone was idle, its pause before the next try may be half an hour
 * (RFC 5626 4.5), and that a server has forgotten everything no phone can know.
 */
static tern_time ask(struct life *life, struct phone *phone)
{
    struct tern_account_info info;
    if (phone->ep == NULL || !phone->wants_account || !phone->wants_binding) return 0;
    if (tern_account_get_info(phone->ep, phone->account, &info) != 0) return 0;
    bool waits = info.state == TERN_REGISTRATION_WAITING || info.state == TERN_REGISTRATION_FAILED;
    bool misled = is_misled(life, &info);
    if (!life->forgotten && !misled && (!waits || is_hasty(&info))) return 0;
    if (tern_account_register(phone->ep, tern_sim_now(life->sim), phone->account) != 0)
        fail(life, "api", "register");
    again_spur(life, phone);
    tern_sim_touch(life->sim, phone->host);
    /* A connection that turns out to be dead costs a pause; a wrong name is believed for a while. */
    return misled ? TERN_SECONDS(200) : TERN_SECONDS(70);
}

void peace_bindings(struct life *life)
{
    tern_time wait = 0;
    for (int i = 0; i < PHONES; i++) {
        tern_time most = ask(life, &life->phones[i]);
        if (most > wait) wait = most;
    }
    if (wait) run(life, wait);
    check_bindings(life);
}

/* ---- rest ---- */

static void check_rest(struct life *life, struct tern_endpoint *ep, uint32_t host)
{
    struct tern_stats stats;
    if (ep == NULL) return;
    tern_get_stats(ep, &stats);
    bool slow = life->plan->set[SET_loss] || life->plan->set[SET_burst];
    uint32_t most = life->registrar_refused || slow ? 1 : 0; /* a REGISTER into a dead connection */
    if (stats.calls || stats.transactions > most)
        fail(life, "rest", "%s: %u calls and %u transactions are left", host_name(host),
             stats.calls, stats.transactions);
    if (host != SERVER_HOST && tern_call_next(ep, (tern_call){0}).id != 0)
        fail(life, "rest", "%s: a call is left", host_name(host));
    tern_time quiet = tern_sim_now(life->sim) - life->witness[host - 1].last_sent;
    if (quiet < TERN_SECONDS(2) && life->witness[host - 1].sent > 0 && !life->registrar_refused)
        fail(life, "rest", "%s: still sends", host_name(host));
}

static void check_stopped(struct life *life, struct phone *phone)
{
    struct tern_sim_use use = tern_sim_get_use(life->sim, phone->host);
    const char *name = host_name(phone->host);
    if (phone->ep == NULL) return;
    if (!phone->stopped) fail(life, "rest", "%s: does not stop", name);
    for (uint32_t i = 0; i < phone->end_count; i++) {
        if (!phone->ends[i].ended) fail(life, "handles", "%s: a call without CALL_ENDED", name);
    }
    /* The listeners stay until the endpoint is freed: one socket, and one for each address. */
    uint32_t most = tern_sim_network(life->sim, phone->host)->address_count;
    if (most < phone->addresses_then) most = phone->addresses_then;
    if (use.sockets > 1 || use.listeners > most)
        fail(life, "rest", "%s: %u sockets, %u listeners, %u streams are open", name, use.sockets,
             use.listeners, use.streams);
    if (tern_deadline(phone->ep) != TERN_TIME_NEVER)
        fail(life, "rest", "%s: a timer is left after the end", name);
    const struct progress *g = &phone->progress;
    if (g->generation && !g->closed)
        fail(life, "progress", "%s: generation %u was never completed", name, g->generation);
}

/* Bindings run out before the calls' last timer. */
static bool is_refreshed(const struct life *life)
{
    return TERN_SECONDS(life->plan->set[SET_expires]) < REST;
}

void peace_rest(struct life *life)
{
    for (int i = 0; i < PHONES; i++) {
        if (life->phones[i].ep) act_hangup_all(life, &life->phones[i]);
    }
    run(life, REST);
    if (is_refreshed(life)) { /* RFC 3261 10.2.4; and so nothing rests */
        check_bindings(life);
    } else {
        for (int i = 0; i < PHONES && !life->failed; i++)
            check_rest(life, life->phones[i].ep, life->phones[i].host);
        if (!life->failed) check_rest(life, life->server, SERVER_HOST);
    }
    for (int i = 0; i < PHONES && !life->failed; i++) {
        struct phone *p = &life->phones[i];
        if (p->ep == NULL || p->stopped) continue;
        again_spur(life, p);
        if (tern_endpoint_stop(p->ep, tern_sim_now(life->sim), 5000) != 0)
            fail(life, "api", "stop");
        tern_sim_touch(life->sim, p->host);
    }
    run(life, TERN_SECONDS(6));
    /* After the limit of the stop, a REGISTER that nobody answers goes on to the end of timer F. */
    const int32_t *set = life->plan->set;
    unsigned targets = set[SET_names] && set[SET_family] == 46 ? 2 : 1; /* RFC 3263 4.3 */
    tern_time quiet = tern_sim_now(life->sim) + TERN_SECONDS(32) * targets;
    run(life, FORGET);
    for (int i = 0; i < PHONES && !life->failed; i++) {
        if (life->phones[i].ep && life->witness[i].last_sent > quiet)
            fail(life, "rest", "%s: sends after its end", host_name(life->phones[i].host));
    }
    for (int i = 0; i < PHONES && !life->failed; i++)
        check_stopped(life, &life->phones[i]);
}

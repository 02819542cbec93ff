/* SPDX-License-Identifier: MIT */
/*
 * The policy of a handover: facts about the network, accounts and calls come
 * in, decisions come out. It sends nothing, knows no socket and no message, and
 * can be tested with thousands of histories. ua/handover.c carries it out.
 *
 * Whether a path must move is decided per destination: the address in use is
 * held against the one that the newest snapshot gives (MOBILITY C1).
 *
 * Order of use for a new snapshot or tern_handle_ip_change():
 *   1. tn_mob_judge_*() for each account and call; the worst verdict decides whether there is a
 *      generation at all, at once or after `settle` (tn_mob_when());
 *   2. tn_mob_begin(), then for each call tn_mob_call_media(), for each account
 *      tn_mob_account_begin(), for each call tn_mob_call_begin(), then tn_mob_begun();
 *   3. results as they come; tn_mob_advance() when tn_mob_deadline() says so.
 * After each of these, drain tn_mob_next().
 *
 * Account task                            begin    listening result            timer  its turn
 *   IDLE       nothing to do              >LIS QUE OFF
 *   LISTENING  waits for the listener              >QUE
 *   QUEUED     waits for its turn: pace.h >QUE                                        >REG
 *   REGISTERING REGISTER is under way              -         >DONE >WAIT >FAIL
 *   WAITING    for the next try                                                >QUE
 *   OFFLINE    no path to the registrar   >QUE                                 >FAIL
 *   DONE, FAILED                          as IDLE
 *
 * Call task
 *   IDLE
 *   LISTENING  waits for the listener              >QUE HEL
 *   HELD_BACK  waits for the registration                    account settled: >QUE
 *   QUEUED     waits for its turn: pace.h                                      its turn: >REF REP
 *   REFRESHING UPDATE or re-INVITE under way                 >VER DON WAI HEL LOS >QUE
 *              the same by the other next hop (MOBILITY C6 c) >QUE                 >QUE
 *   REPLACING  INVITE with Replaces under way                >VER DON WAI LOS     >QUE LOST
 *   WAITING    for the next try                                                >QUE LOST
 *   ASKING     unanswered: its INVITE goes by the new path   heard: >TEL DON; answered: >VER QUE
 *   TELLING    unanswered: an UPDATE says where we are       >VER DON ASK; answered: >VER QUE
 *   VERIFYING  refreshed; audio has not come in yet          media seen: >DONE >DONE
 *   OFFLINE    no path to the peer                                             >LOST
 *   HANGING_UP as the account's policy asks                  gone: >DONE
 *   DONE, LOST
 *
 * The far end asks for the call by an INVITE with Replaces of its own, and has it: LISTENING to WAITING
 * go to VERIFYING or DONE.
 */
#ifndef TN_MOBILITY_MOBILITY_H
#define TN_MOBILITY_MOBILITY_H

#include <tern/event.h>

#include "base/heap.h"
#include "base/list.h"
#include "mobility/pace.h"

/* An address in use and where it leads to. local.family 0: nothing is in use yet. */
struct tn_path {
    tern_addr local;
    tern_addr remote;
};

/* Where requests of a dialog go next. */
struct tn_hop {
    tern_addr addr;
    bool by_server; /* it is the account's server, and not where the dialog leads */
};

struct tn_account_facts {
    uint64_t id;
    bool registers; /* wants a binding */
    enum tern_transport transport;
    struct tn_path path;    /* Contact in force, or of the first REGISTER under way */
    tern_addr pending_from; /* local address of a REGISTER under way; family 0: none */
    tern_addr warm;         /* local address of a second flow that stands; family 0: none */
    tern_addr server; /* that requests of a dialog may go to, whatever its route; family 0: none */
    bool offline;     /* an earlier change has left it without a path */
    bool remapped;    /* the path stands, and leads out by another public address (S20) */
    const struct tern_account_ip_change *policy;
};

enum tn_call_phase { TN_PHASE_EARLY, TN_PHASE_CONFIRMED, TN_PHASE_ENDING };

/* What a call that nobody has answered needs in the network as it is (MOBILITY S1 to S3, S13). */
enum tn_early_need {
    TN_EARLY_KEEPS, /* nothing, or nothing that may be said before the answer */
    TN_EARLY_TELLS, /* an UPDATE */
    TN_EARLY_ASKS,  /* its INVITE has lost its path */
};

struct tn_call_facts {
    uint64_t id;
    enum tn_call_phase phase;
    struct tn_path signalling; /* Contact that the peer has of us, and the dialog's next hop */
    struct tn_path media;
    tern_addr pending_from; /* local media address in a refresh under way; family 0: none */
    bool talking;           /* audio is expected to come in */
    bool offline;           /* an earlier change has left it without a path */
    bool remapped;          /* the peer has a public address of us that is not ours any more */
    bool may_replace;       /* an INVITE may find the far end where the dialog does not */
    bool goes_first;        /* of both ends: see session/replaces.h */
    bool by_server;         /* its requests go to the account's server: hop.c */
    bool elsewhere;         /* the dialog leads to another place than that */
    enum tn_early_need early;
    bool may_offer; /* early: what it is told with may name the address for audio */
    const struct tern_account_ip_change *policy;
};

enum tn_verdict {
    TN_VERDICT_STAYS,  /* nothing to do */
    TN_VERDICT_BETTER, /* the path stands; another is preferred now */
    TN_VERDICT_LOST,   /* the address in use is gone, or leads nowhere */
};

enum tn_account_task_state {
    TN_ACCOUNT_IDLE,
    TN_ACCOUNT_LISTENING,
    TN_ACCOUNT_QUEUED,
    TN_ACCOUNT_REGISTERING,
    TN_ACCOUNT_WAITING,
    TN_ACCOUNT_OFFLINE,
    TN_ACCOUNT_DONE,
    TN_ACCOUNT_FAILED,
    TN_ACCOUNT_STATES,
};

enum tn_call_task_state {
    TN_CALL_IDLE,
    TN_CALL_LISTENING,
    TN_CALL_HELD_BACK,
    TN_CALL_QUEUED,
    TN_CALL_REFRESHING,
    TN_CALL_REPLACING,
    TN_CALL_WAITING,
    TN_CALL_ASKING,
    TN_CALL_TELLING,
    TN_CALL_VERIFYING,
    TN_CALL_OFFLINE,
    TN_CALL_HANGING_UP,
    TN_CALL_DONE,
    TN_CALL_LOST,
    TN_CALL_STATES,
};

struct tn_task_timer {
    struct tn_heap_node node;
    bool of_call; /* whose it is: a call task's, else an account task's */
};

struct tn_account_task {
    enum tn_account_task_state state;
    struct tn_task_timer timer;
    struct tn_ticket ticket;
    struct tn_list node;      /* of the mobility's accounts */
    struct tn_list held_back; /* calls that wait for the registration */
    uint64_t id;
    const struct tern_account_ip_change *policy;
    enum tern_transport transport;
    tern_addr old_local, local, remote;
    tern_addr server; /* as last heard of: it may have moved while its name stays */
    bool
        old_stands; /* the old path is still there: close its flow when the new one is registered */
    bool warm;      /* where it moves to, a second flow stands already */
    uint32_t attempt;
    tern_time give_up; /* end of the rescue window */
    tern_time asked;   /* when the last REGISTER was sent */
    tern_time took;    /* the last one that was answered, connection and all */
};

struct tn_call_task {
    enum tn_call_task_state state;
    struct tn_task_timer timer;
    struct tn_ticket ticket;
    struct tn_list node;
    struct tn_list held; /* HELD_BACK: in its account's list */
    uint64_t id;
    struct tn_account_task *account; /* may be NULL once the account is gone */
    const struct tern_account_ip_change *policy;
    tern_addr server;                        /* that the refresh goes to */
    tern_addr signalling_local, media_local; /* where to */
    tern_addr remote;                        /* of media */
    enum tn_verdict verdict;                 /* before tn_mob_call_media() moved it */
    enum tn_call_phase phase;
    enum tn_early_need early;
    bool unheard; /* ASKING: nobody has heard the last INVITE */
    bool talking;
    bool media_late;    /* the old path stands: media moves when the peer knows (no packet lost) */
    bool media_started; /* MEDIA_MOVED START was reported */
    bool media_seen;    /* audio has come in by the new path */
    bool refused_once;  /* 403, 404, 410 or 481 was answered once already */
    bool used_update;
    bool may_replace, goes_first;
    bool by_server; /* the next hop is the account's server */
    bool elsewhere; /* the dialog's own is another, for sure */
    bool turned;    /* it is the other one than before: both have been tried since the last pause */
    bool replaces;  /* the next try is an INVITE with Replaces */
    bool replace_refused; /* one was answered 404, 410 or 481 */
    uint32_t replace_attempt;
    tern_time asked; /* when the refresh under way was sent */
    uint32_t attempt;
    tern_time give_up;
};

enum tn_decision_kind {
    TN_DECIDE_LISTEN,     /* make the listeners match; `reopen` survivors after `delay` */
    TN_DECIDE_CLOSE_DEAD, /* close every flow whose local address is gone */
    TN_DECIDE_CLOSE_FLOW, /* account: close the registration's old flow */
    TN_DECIDE_REGISTER,   /* account: register from `local`; aborts one under way */
    TN_DECIDE_MOVE_MEDIA, /* call: audio leaves from `local` from now on; family 0: no path */
    TN_DECIDE_REFRESH,    /* call: UPDATE (`use_update`, where allowed) or re-INVITE with `flags` */
    TN_DECIDE_TURN,       /* call: its requests go to the account's server (`by_server`), or not */
    TN_DECIDE_ASK,        /* call: its INVITE goes by the new path, the same or another */
    TN_DECIDE_TELL,       /* call: UPDATE, before it is answered */
    TN_DECIDE_REPLACE,    /* call: INVITE with Replaces to the far end's address of record */
    TN_DECIDE_HANG_UP,    /* call: policy */
    TN_DECIDE_GIVE_UP,    /* call: lost, with `sip_code` */
    TN_DECIDE_PAUSE,      /* no usable network: transactions wait */
    TN_DECIDE_RESUME,
    TN_DECIDE_REPORT, /* pass `report` to the application */
};

struct tn_decision {
    enum tn_decision_kind kind;
    uint64_t account, call;
    tern_addr local;
    uint32_t flags;
    int sip_code;
    bool use_update;
    bool by_server;
    bool warm; /* REGISTER: by the second flow, which is the first from now on */
    bool reopen;
    tern_time delay;
    struct tern_ip_change_progress report;
};

#define TN_DECISIONS_MAX 16 /* most that one input and one task can lead to, with room */

struct tn_mobility {
    uint32_t generation;
    tern_time now;
    tern_time changed; /* when the present generation's change was noticed */
    bool open;         /* the present generation is not completed */
    bool beginning;    /* between tn_mob_begin() and tn_mob_begun() */
    bool forced;
    bool online;
    bool paused;
    struct tern_ip_change_param param;
    const struct tern_network *network;    /* in force */
    bool listener_pending, listener_gates; /* gates: tasks wait for it */
    bool listener_failed;
    size_t active; /* tasks not at rest */
    uint32_t accounts_moved, accounts_failed, calls_kept, calls_lost;
    tern_time gap_out, gap_in;
    struct tn_heap timers;
    struct tn_pace pace;
    struct tn_list accounts, calls;
    struct tn_decision decisions[TN_DECISIONS_MAX];
    size_t decision_head, decision_count;
};

void tn_mob_init(struct tn_mobility *mob);

/* ---- is there anything to do? ---- */

enum tn_verdict tn_mob_judge_account(const struct tern_network *network,
                                     const struct tn_account_facts *facts);
enum tn_verdict tn_mob_judge_call(const struct tern_network *network,
                                  const struct tn_call_facts *facts);
/*
 * Where a second flow to the registrar may stand beside the first (RFC 5626 4.2): on another
 * interface that reaches it. Family 0: nowhere.
 */
tern_addr tn_mob_second_path(const struct tern_network *network, tern_addr first, tern_addr server);
/* How long to wait before tn_mob_begin(): 0, `settle`, or TERN_TIME_NEVER for not at all. */
tern_time tn_mob_when(enum tn_verdict worst, bool forced, tern_time settle);

/* A usable network is there again while transactions stand still: begin, whatever the verdicts. */
bool tn_mob_must_resume(const struct tn_mobility *mob, bool online);

/* ---- a generation ---- */

struct tn_change {
    const struct tern_network *network; /* must stay until the next begin */
    const struct tern_ip_change_param *param;
    bool forced; /* the application asked */
    bool online; /* something of what is in use can be reached; else transactions stand still */
};

/* Supersedes what is under way. */
void tn_mob_begin(struct tn_mobility *mob, tern_time now, const struct tn_change *change);
void tn_mob_call_media(struct tn_mobility *mob, struct tn_call_task *task,
                       const struct tn_call_facts *facts);
void tn_mob_account_begin(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                          const struct tn_account_facts *facts);
void tn_mob_call_begin(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                       struct tn_account_task *account, const struct tn_call_facts *facts);
void tn_mob_begun(struct tn_mobility *mob, tern_time now);
/* Between the two: what it is about is the public address that this local one has now. */
void tn_mob_public(struct tn_mobility *mob, tern_addr local, tern_addr mapped);

/* ---- results ---- */

void tn_mob_listeners(struct tn_mobility *mob, tern_time now, bool ready, tern_str reason);
/* Final answer to TN_DECIDE_REGISTER. `code` 0: none came. `retry_after` 0: not said. */
void tn_mob_registered(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                       int code, tern_time retry_after);
/* The old flow was closed. */
void tn_mob_flow_closed(struct tn_mobility *mob, tern_time now, struct tn_account_task *task,
                        tern_addr local);
/*
 * A refresh that the user asked for, or the far end, goes out before the next try is due: it is that
 * try, and says what the policy has it say. @return the flags that it needs besides its own
 */
uint32_t tn_mob_refresh_taken(struct tn_mobility *mob, tern_time now, struct tn_call_task *task);
/* What the refresh that leaves now says: it may have waited for a connection, and aimed elsewhere. */
void tn_mob_refresh_leaves(struct tn_call_task *task, tern_addr media_local);
/* The next hop that it leaves for: the account's server, or where the dialog leads. */
void tn_mob_call_goes(struct tn_call_task *task, const struct tn_hop *hop);
/* It was not passed on, and the next hop does not say that it is the far end who refuses. */
bool tn_mob_is_unreached(int code);
/*
 * What proxies say to a request in a dialog that does not come by a Route of theirs: that it is not
 * for them (404, 405, 482, 483), that they know nobody there (410, 480, 481), or that it is not allowed
 * (403). Of the far end and of the dialog that says nothing.
 */
bool tn_mob_is_servers_no(int code);
/* What the account's server is located as: where its last answer came from. */
void tn_mob_server_is(struct tn_account_task *task, tern_addr server);
/* Final answer to TN_DECIDE_REFRESH; the fall-back from UPDATE and 491 are settled below. */
void tn_mob_refreshed(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code,
                      bool used_update, tern_time retry_after);
/* The dialog finds the far end: it has asked for something itself, or has answered 491. */
void tn_mob_call_alive(struct tn_mobility *mob, tern_time now, struct tn_call_task *task);
/* Final answer to TN_DECIDE_REPLACE. */
void tn_mob_replaced(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code,
                     tern_time retry_after);
/* The call goes on in a dialog that the far end has formed, and audio to `remote`. */
void tn_mob_was_replaced(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                         tern_addr remote);
/*
 * Of a call that nobody has answered, to TN_DECIDE_ASK: nobody has heard that INVITE by the new path
 * (`code` 0), or who has cannot help now; another leaves; one of them has been answered, for good or
 * not, and `tells`: an UPDATE is under way.
 */
void tn_mob_invite_unheard(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                           int code);
void tn_mob_invite_anew(struct tn_mobility *mob, tern_time now, struct tn_call_task *task);
void tn_mob_invite_heard(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                         int code, bool tells);
/* To TN_DECIDE_TELL: a final answer. `code` 0: none came. */
struct tn_told {
    int code;
    bool again;   /* another UPDATE is under way, or follows */
    bool offered; /* the far end has accepted an address for audio */
};
void tn_mob_told(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                 const struct tn_told *told);
/* It is up. `moves`: the far end has yet to hear where we are. */
void tn_mob_call_answered(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                          const struct tn_call_facts *facts, bool moves);
/* It ends before anybody has answered; `lost`: because of the change. */
struct tn_early_end {
    int code;
    tern_str reason; /* static storage */
    bool lost;
};
void tn_mob_early_ended(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                        const struct tn_early_end *end);
/* Audio has come in by the new local address; `gap` since the last packet before. */
void tn_mob_media_seen(struct tn_mobility *mob, tern_time now, struct tn_call_task *task);
/* Audio goes to another address now: the far end has named it. */
void tn_mob_media_goes(struct tn_call_task *task, tern_addr remote);
/* Hold, or its end, was agreed on: whether audio is expected to come in. */
void tn_mob_talking(struct tn_mobility *mob, tern_time now, struct tn_call_task *task,
                    bool talking);
/* The longest silence so far, either way, of a call that moves. */
void tn_mob_gap(struct tn_mobility *mob, tern_time out, tern_time in);
/* The object goes away. */
void tn_mob_account_gone(struct tn_mobility *mob, tern_time now, struct tn_account_task *task);
void tn_mob_call_gone(struct tn_mobility *mob, tern_time now, struct tn_call_task *task, int code);

tern_time tn_mob_deadline(const struct tn_mobility *mob);
void tn_mob_advance(struct tn_mobility *mob, tern_time now);

/* Takes the next decision; runs tasks that are due, one at a time, as long as there is none; then
   those whose turn it is. */
bool tn_mob_next(struct tn_mobility *mob, struct tn_decision *out);

void tn_account_task_init(struct tn_account_task *task);
void tn_call_task_init(struct tn_call_task *task);
bool tn_account_task_active(const struct tn_account_task *task);
bool tn_call_task_active(const struct tn_call_task *task);
/* A refresh is decided, and has not left yet. */
bool tn_call_task_begins(const struct tn_call_task *task);

#endif

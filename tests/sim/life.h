/* SPDX-License-Identifier: MIT */
/*
 * One history: a plan that is lived through. Two phones, a registrar and proxy, and what is watched
 * while they live. life.c runs it, act.c carries out the steps, app.c is the phones' application;
 * wire.c, progress.c and peace.c hold what must always be true.
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include <stdio.h>

#include <tern/server.h>
#include <tern/sim.h>

#include "eyes.h"
#include "message.h"
#include "plan.h"

#define CALLS_MAX     32
#define REACTIONS_MAX 8
#define LEGS_MAX      128
#define BRANCHES      2048 /* of one endpoint, in one history; a power of 2 */
#define NONCES_MAX    16
#define TAGS_MAX      64
#define STREAMS_MAX   32
#define SERVER_HOST   4 /* alice is 1, bob 2, carol 3 */
#define PHONE_OFF     0
#define FREED_KEPT    256
#define OFFERS_MAX    16
#define INVITES_KEPT  64 /* a 2xx comes for 64*T1 and is acknowledged each time: one in T1 */
#define SECRECY_TEXT  8192
#define PASSWORD      "open-sesame" /* no random token has a hyphen */

/* Why a call may be lost, for now: see promises.c. */
enum excuse {
    EXCUSE_EARLY,
    EXCUSE_BOTH,
    EXCUSE_NAT,
    EXCUSE_DEAD,
    EXCUSE_REFUSED,
    EXCUSE_POLICY,
    EXCUSE_COUNT,
};
struct life;
struct excuse_text {
    const char *name, *row, *what;
};
const struct excuse_text *excuse_text(enum excuse excuse);
/* Those of these bits that the plan lets pass. */
unsigned excuse_counts(const struct life *life, unsigned bits);

/* One end of a call. */
struct end {
    tern_call call;
    tern_call was;    /* in the process before: crash.c */
    int peer;         /* enum who: the phone at the other end */
    uint32_t dialled; /* which of the calls that somebody has dialled, under whatever Call-IDs */
    uint64_t call_id; /* when it began */
    tern_time began;
    bool answered, ended, by_app; /* by_app: it hung up here */
    bool hold;                    /* what the application wants */
    unsigned excuses;             /* bits */
    enum tern_end_cause cause;
    int status;
    tern_time over; /* when it ended */
    struct tern_sim_hearing before;
    struct {
        uint32_t cseq;
        tern_addr media;
    } offers[OFFERS_MAX]; /* the last INVITEs and UPDATEs with SDP */
    uint32_t offer_next;
    bool plain;         /* the UPDATE that was answered with 2xx last had no SDP */
    tern_addr accepted; /* the address in the one that was answered with 2xx last */
    struct {
        uint32_t asked, replied; /* by this process */
        uint32_t infos, heard;   /* sent; the number of the last that came */
        int refused;             /* status of a reply other than 200; 1: none came */
    } asks;
};

struct leg { /* of a dialog, or of a registration: by Call-ID */
    uint64_t call_id, local_tag;
    uint32_t cseq;
    uint32_t invites[INVITES_KEPT]; /* CSeq of the last ones */
    uint32_t invite_count;
};

struct branch {
    uint64_t key; /* of the branch; 0: free */
    uint64_t text;
    uint32_t cseq;
    uint64_t method;
};

struct rtp_stream {
    uint32_t ssrc;
    uint16_t sequence;
    uint64_t count;
    bool leaps;     /* its program has died since: crash.c */
    uint64_t bytes; /* hash of the last packet */
};

/* What one endpoint has sent. */
struct witness {
    struct leg legs[LEGS_MAX];
    uint32_t leg_count;
    uint64_t tags[TAGS_MAX]; /* that the far end has named, each with its Call-ID */
    uint32_t tag_next;
    struct branch branches[BRANCHES];
    uint32_t branch_count;
    struct {
        uint64_t nonce, used; /* bits: counts up to 63 */
    } nonces[NONCES_MAX];
    uint32_t nonce_next;
    struct rtp_stream streams[STREAMS_MAX];
    uint32_t stream_count;
    uint32_t sent; /* SIP messages */
    uint32_t second_sent;
    tern_time second;
    tern_time last_sent;
};

struct progress {
    uint32_t generation;
    bool closed;
    tern_time since;
    uint32_t completed;
};

/* A program that dies and is started again. */
struct crash {
    bool saves, dead;
    bool unsaved; /* something had changed a moment before, once */
    uint32_t count;
    uint8_t *bytes; /* what it has saved */
    size_t len;
};

struct phone {
    uint32_t host;
    int who;
    struct tern_endpoint *ep;
    tern_account account;
    bool wants_account, wants_binding;
    struct end ends[CALLS_MAX];
    uint32_t end_count;
    struct {
        int32_t event, verb;
    } reactions[REACTIONS_MAX];
    uint32_t reaction_count;
    bool stopped, stopping;
    uint32_t addresses_then; /* when it had stopped: a change after that is none of its business */
    bool natted;             /* it is, or was, behind a NAT */
    bool hasty;              /* moved twice within seconds: see wire.c */
    tern_time overtaken;     /* when one change last followed another within seconds */
    tern_time left;          /* when its binding was to go; 0: it was not */
    bool denied;             /* and could not: see leave() */
    struct progress progress;
    struct sound sound;
    struct pace pace;
    struct again again;
    struct attack attack;
    struct crash crash;
    tern_time died;        /* its power was cut; 0: it was not */
    tern_time removed;     /* its account; 0: it has it */
    tern_time remapped;    /* a NAT gives it another address; until it is sure to know */
    tern_time moved;       /* last change of its network */
    int32_t nets[2];       /* where it is plugged in */
    int32_t vpn, vpn_over; /* the verb's number; the net that it rides over */
    bool choosy;           /* it has had a policy of links */
    struct tern_link_policy links;
    struct tern_network allowed; /* links.c */
    int32_t renumber;            /* how far it is, the verb's number; 0: at rest */
    uint32_t suffix;             /* how often it was renumbered */
    uint16_t new_flags;
    struct tern_network network_before, network_then; /* dns.c: of the last change, and notice */
    uint32_t asked_before, asked_then;
};

struct life {
    const struct plan *plan;
    struct tern_sim *sim;
    FILE *trace; /* may be NULL */
    struct phone phones[PHONES];
    struct tern_endpoint *server;
    uint8_t server_at; /* last part of its address */
    bool wrong_names;
    bool tunnels; /* somebody has, or had, a VPN */
    struct witness witness[SERVER_HOST];
    struct rules rules[SERVER_HOST];
    struct rings rings;
    struct keys keys;
    unsigned excuses; /* of every call from now on */
    bool natted;      /* a NAT stands, or stood, on the way of somebody */
    bool fickle;      /* one of them has a mapping for each destination */
    uint32_t nats;    /* bits: the nets that have one */
    bool disturbed;   /* a fault is in force that is no change of address */
    bool registrar_refused;
    bool forgotten;         /* the server has lost its memory */
    int32_t register_fault; /* the status that answers every REGISTER; -1: none */
    bool calm;
    bool talks;                    /* everybody, all the time */
    tern_time acted, acted_before; /* the last two steps */
    tern_time start;
    int64_t blocks; /* allocated by the endpoints */
    uint32_t asked; /* how often they wanted memory, where they starve */
    bool starves;
    void *freed[FREED_KEPT]; /* the last ones: see memory.c */
    uint32_t freed_next;
    uint64_t hash; /* of all that was sent and told */
    bool failed;
    tern_time failed_at;
    char invariant[32];
    char detail[512];
};

/* ---- life.c ---- */
/* Lives through it. @return whether every invariant held */
bool life_run(struct life *life, const struct plan *plan, FILE *trace);
void fail(struct life *life, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void trace(struct life *life, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mix(struct life *life, const void *data, size_t len);
uint64_t hash_of(const void *data, size_t len);
const char *host_name(uint32_t host);
const char *phone_name(int who);
bool life_restart_server(struct life *life);
struct tern_endpoint *life_endpoint(struct life *life, uint32_t host);

/* ---- act.c ---- */
void act(struct life *life, const struct step *step);
void act_plug(struct life *life, struct phone *phone, int32_t first, int32_t second);
void act_hangup_all(struct life *life, struct phone *phone);
void act_calm(struct life *life);
void act_remap(struct life *life, struct phone *phone);
void disturb(struct life *life, const struct phone *of);

/* ---- links.c: which nets a phone likes ---- */
uint8_t links_kind(int32_t net);
/* What the phone may use of what there is. */
const struct tern_network *links_network(const struct life *life, struct phone *phone);
void links_read(struct phone *phone, const int32_t arg[3]);
void links_tell(struct life *life, struct phone *phone);
void links_check(struct life *life, struct phone *phone);

/* ---- places.c: where a phone is ---- */
bool place_apart(const struct life *life, const struct phone *a, const struct phone *b);
int32_t place_families(const struct plan *plan, int32_t net);
void place_plug(struct life *life, struct phone *phone);
void place_renumber(struct phone *phone, int32_t stage, int32_t flags);
void place_vpn(struct phone *phone, int32_t how);
bool place_is_tunnel_dead(const struct phone *phone);
/* A NAT has come, or the phone has: who has been behind one cannot always be sent audio. */
void place_see_nat(const struct life *life, struct phone *phone);

/* ---- world.c: nets, names and the server ---- */
bool world_begin(struct life *life);
/* Answers each REGISTER in a way after which none is sent again. */
bool world_refuses(const struct life *life);
void world_act(struct life *life, const struct step *step);
void world_calm(struct life *life);
void excuse_all(struct life *life, enum excuse excuse);
/* The calls that are not answered yet. */
void excuse_early(struct life *life, enum excuse excuse);

/* ---- app.c ---- */
void app_event(void *user, uint32_t host, const struct tern_event *event);
/* Takes what rings (200), or refuses it. */
void app_answer(struct life *life, struct phone *phone, int status);
struct end *app_end(struct phone *phone, tern_call call);
struct end *app_add(struct life *life, struct phone *phone, tern_call call, int peer);
/* The end of the same call at its peer, or NULL. */
struct end *app_other_end(struct life *life, const struct end *end);
/* Its INVITE was cancelled, and another took its place, or it rang in a second place as well. */
bool app_is_replaced(const struct life *life, int who, const struct end *end);

/* ---- rings.c: what is dialled, and what rings of it ---- */
uint32_t rings_dialled(struct life *life, tern_str call_id); /* 0: not known */
uint32_t rings_number(struct life *life, tern_str call_id);  /* a new one, where it is not known */
/* An INVITE outside any dialog leaves: its Call-ID may be another one of a call that was dialled. */
void rings_invites(struct life *life, uint32_t host, const struct message *m);
void rings_incoming(struct life *life, struct phone *phone, const struct end *fresh);
void rings_heard(struct life *life, uint32_t host, const struct message *m);
void rings_sent(struct life *life, uint32_t host, const struct message *m);
void rings_check(struct life *life);

/* ---- keys.c ---- */
void keys_media(struct life *life, const struct tern_sim_wire *wire);
void keys_said(struct life *life, uint32_t host, const struct message *m);
void keys_end(struct life *life);

/* ---- attack.c: what somebody tries who can send, and does not know the keys ---- */
void attack_begin(struct life *life, struct phone *phone, int32_t kind);
/* Media that this phone sends or receives. */
void attack_media(struct life *life, const struct tern_sim_wire *wire);
void attack_injected(struct life *life, const struct tern_sim_wire *wire);
bool attack_is_sender(tern_addr addr);
void attack_check(struct life *life); /* at the end: nobody was heard who is not in the call */

/* ---- asks.c: INFO and OPTIONS ---- */
int asks_do(struct life *life, struct phone *phone, struct end *end, bool info);
void asks_event(struct life *life, const struct phone *phone, struct end *end,
                const struct tern_event *e);
void asks_forget(struct end *end); /* its program has died */
void asks_check(struct life *life, const struct phone *phone, const struct end *end,
                const struct end *other);

/* ---- crash.c: programs that die, and go on with what they have saved ---- */
void crash_begin(struct life *life, struct phone *phone);
void crash_end(struct life *life);
void crash_die(struct life *life, struct phone *phone, int32_t ms);
void crash_event(struct life *life, struct phone *phone, const struct tern_event *e);
bool crash_happened(const struct life *life);
/* Whether this may be the first packet of another process. */
bool crash_leaps(const struct rtp_stream *stream, uint16_t sequence);

/* ---- memory.c ---- */
void *memory_resize(void *user, void *ptr, size_t size);
/* The setting `starve`, from now on, or no more. */
void memory_starve(struct life *life, bool on);
/* What holds however little memory there is. */
bool memory_excuses(const struct life *life, const char *invariant);
void memory_end(struct life *life);

/* ---- dns.c ---- */
/* Hands the snapshot to the phone's endpoint. */
/* Its network is about to be another one. */
void dns_before(struct life *life, struct phone *phone);
void dns_notice(struct life *life, struct phone *phone);
void dns_heard(struct life *life, struct phone *phone); /* on TERN_EV_NETWORK */
void dns_check(struct life *life, uint32_t host, const struct message *m);

/* ---- secrecy.c: TLS and SRTP ---- */
/* Whether what this endpoint writes is ciphered: then it is told by its events what is said. */
bool secrecy_is_ciphered(const struct life *life, uint32_t host);
bool secrecy_is_wanted(const struct plan *plan); /* TLS */
/* The certificates that all worlds share, made once. @return false: no memory */
bool secrecy_prepare(void);
void secrecy_endpoint(const struct life *life, uint32_t host, struct tern_endpoint_opts *opts);
/* The text of an event, with something in the place of the keys that were left out of its body. */
size_t secrecy_restore(tern_str text, char room[SECRECY_TEXT]);
/* No phone on TLS may register: the server's certificate is not good. */
bool secrecy_is_refused(const struct life *life, uint32_t host);
void secrecy_registered(struct life *life, uint32_t host);
void secrecy_account(const struct life *life, struct tern_account_opts *opts);

/* ---- wire.c, progress.c, peace.c ---- */
/* The outside address of a NAT of world.c, and there is one. */
bool wire_is_nats(const struct life *life, tern_addr addr);
void wire_check(void *user, const struct tern_sim_wire *wire);
void wire_told(struct life *life, uint32_t host, const struct tern_ev_sip_message *m);
void progress_sent(struct life *life, uint32_t host, const struct message *m);
void progress_heard(struct life *life, uint32_t host, const struct message *m);
void progress_check(struct life *life, uint32_t host, const struct tern_ip_change_progress *p);
void peace_calls(struct life *life);    /* every call is up, or ended as it may */
void peace_bindings(struct life *life); /* the registrar has what is true */
void peace_rest(struct life *life);     /* nothing is left */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the invariants remember of one endpoint: rules.c and offers.c of dialogs, pace.c of what a
 * change may cost, sound.c of audio. life.h has one of each for everybody.
 */
#ifndef SIM_EYES_H
#define SIM_EYES_H

#include <tern/event.h>
#include <tern/sim.h>

#include "message.h"

#define ASKED_MAX      128
#define DIALOGS_MAX    64
#define AUDIO_MAX      32
#define DIALLED_MAX    256
#define OWED_MAX       64
#define KEYS_KEPT      256
#define CAPTURED       8
#define SOUGHT_MAX     8
#define AGAIN_LEGS     8
#define CAPTURED_BYTES 320

struct life;
struct phone;

/* A request that this endpoint has sent or heard, and what was said to it. */
struct asked {
    uint64_t key; /* of branch and method; 0: free */
    uint64_t call, from, to, vias_below, record_routes;
    uint64_t routes, uri; /* sent: that an ACK of a failure and a CANCEL repeat */
    uint64_t contact;
    uint64_t own_tag; /* heard: the To tag that it was answered with */
    uint32_t cseq;
    int final;                                          /* status; 0: none yet */
    uint64_t words;                                     /* of the final response */
    uint32_t rseq, racked;                              /* heard INVITE: the last, and its PRACK */
    bool described;                                     /* that one, with SDP */
    uint64_t early;                                     /* the content of SDP before the answer */
    bool heard, in_dialog, invite, registers, answered; /* answered: with SDP */
    tern_time at;
    struct description offer; /* lines 0: none. Its text has gone: `formats` is not to be read */
    char formats[64];
};

/* One side of a dialog (12.1), and of its offers and answers (RFC 3264). */
struct dialog {
    uint64_t key; /* of Call-ID and both tags */
    uint64_t routes;
    uint64_t target, target_before;
    uint64_t left;           /* a target that an UPDATE has replaced before the answer; 0: none */
    uint32_t target_cseq[2]; /* by a request that was heard, by one that was sent */
    tern_time target_changed;
    bool confirmed;
    uint32_t rseq, racked; /* that were heard, and acknowledged by us, last */
    uint32_t rseq_of;      /* CSeq of the INVITE */
};

struct session { /* by Call-ID and own tag: forks share what is offered */
    uint64_t key;
    uint64_t origin, content, version;
};

struct rules {
    struct asked asked[ASKED_MAX];
    uint32_t asked_next;
    struct dialog dialogs[DIALOGS_MAX];
    uint32_t dialog_next;
    struct session sessions[DIALOGS_MAX];
    uint32_t session_next;
    uint64_t sought[SOUGHT_MAX]; /* Contacts of those that were heard */
    uint32_t sought_next;
    bool replaces; /* it has sent an INVITE with Replaces */
};

/* What rings.c remembers: a Call-ID of a call that somebody has dialled, and 2xx without an ACK. */
struct dialled {
    uint64_t call_id;
    uint32_t number; /* of the call: it may have had several Call-IDs */
    bool heard;      /* the caller knows that it rings */
};

struct owed {
    uint64_t call_id, tag;
    uint32_t cseq, host;
    tern_time since; /* TERN_TIME_NEVER: paid */
};

struct rings {
    struct dialled dialled[DIALLED_MAX];
    uint32_t count, numbers;
    struct owed owed[OWED_MAX];
    uint32_t owed_count, owed_next;
};

/* Audio of one phone. */
struct sound {
    bool quiet;      /* nobody need hear it, as of the last look */
    tern_time since; /* when it was so last; may lie ahead, while it sleeps */
    tern_time wakes; /* from its last sleep: what it has not heard is missed a little later */
    struct {
        uint32_t ssrc;
        tern_time last;
    } out[AUDIO_MAX];
    uint32_t out_count;
    struct {
        uint32_t ssrc;
        uint16_t sequence;
    } in[AUDIO_MAX];
    uint32_t in_count;
    uint64_t missing; /* packets that have not come before a later one, of all streams */
};

/* A change of one phone's network that nothing else disturbs: what it costs is known exactly. */
struct pace {
    bool open;
    bool alive;                    /* the addresses that audio leaves from stand */
    tern_time began;               /* when the endpoint acts: at once, or after settle_ms */
    tern_time challenged[2];       /* when the proxy, the registrar gave it a nonce last */
    uint32_t calls;                /* that are up */
    uint32_t asked;                /* requests and ACKs, repeats not counted */
    uint32_t registers, refreshes; /* challenges: of REGISTER, in calls */
    bool listens;                  /* one call, and audio both ways, with: */
    int far;
    tern_time first_sent, first_heard; /* from and at the new address; 0: not yet */
    uint64_t missing_here, missing_there;
};

/* Media that a phone has received, as anybody on the way may keep it. */
struct captured {
    tern_addr local, remote;
    uint16_t len;
    uint8_t data[CAPTURED_BYTES];
};

/* Attacks on one phone. */
struct attack {
    tern_time began, until; /* the last one has its effect until then */
    bool calm;              /* nothing else has happened in it */
    uint64_t foreign;
    struct captured recent[CAPTURED], old[CAPTURED]; /* old: one a second */
    uint32_t recent_next, old_next, kept;
    tern_time kept_at;
};

/* Keys of all phones. */
struct keys {
    uint64_t *seen; /* of each keystream */
    size_t room, count;
    struct {
        uint64_t key, place;
    } said[KEYS_KEPT];
    uint32_t said_next;
};

/* What one phone has asked since its user or its network moved it last. */
struct again {
    tern_time since;
    uint32_t calls, asked;
    tern_time failed_register; /* 0: not since then */
    struct again_leg {
        uint64_t key;     /* of Call-ID and own tag; 0: free */
        uint32_t cseq;    /* of the last refresh that was sent; 0: none */
        tern_time failed; /* 0: it has not */
    } legs[AGAIN_LEGS];   /* a dialog and those that take its place refresh side by side */
    uint32_t leg_next;
};

/* ---- rules.c: responses, dialogs and their routes (RFC 3261 8.2.6, 12, 16.12, 17.2) ---- */
void rules_sent(struct life *life, uint32_t host, const struct message *m, bool repeated);
void rules_heard(struct life *life, uint32_t host, const struct message *m);
/* The request that `m` answers, or is about; NULL: not known. */
struct asked *rules_asked(struct life *life, uint32_t host, const struct message *m, bool heard);

/* Round trips until a connection of this phone is up; 0: its calls need none. */
int32_t rules_connects(const struct life *life, uint32_t host);
/* Whether what it writes may wait for a connection while the world goes on. */
bool rules_may_wait(const struct life *life, uint32_t host);

struct dialog *rules_dialog(struct rules *rules, const struct message *m, bool from_here);

/* ---- reliable.c: provisional answers that arrive for certain (RFC 3262) ---- */
void reliable_answered(struct life *life, uint32_t host, const struct message *m,
                       struct asked *asked);
void reliable_heard(struct life *life, uint32_t host, const struct message *m);
void reliable_asked(struct life *life, uint32_t host, const struct message *m);

/* ---- offers.c ---- */
void offers_sent(struct life *life, uint32_t host, const struct message *m, struct asked *asked);

/* ---- sound.c ---- */
void sound_look(struct life *life, struct phone *phone); /* something may have changed */
void sound_sleeps(struct phone *phone, tern_time until);
void sound_sent(struct life *life, const struct tern_sim_wire *wire, uint32_t ssrc);
void sound_heard(struct phone *phone, const struct tern_sim_wire *wire);
/* Whether audio of this call should flow at present. */
bool sound_flows(const struct life *life, const struct phone *phone, tern_call call);

/* ---- pace.c ---- */
void pace_act(struct life *life);                         /* a step is about to be carried out */
void pace_notice(struct life *life, struct phone *phone); /* the phone is about to hear of it */
void pace_sent(struct life *life, uint32_t host, const struct message *m);
void pace_heard(struct life *life, uint32_t host, const struct message *m);
void pace_media(struct life *life, const struct tern_sim_wire *wire);
void pace_completed(struct life *life, uint32_t host, const struct tern_ip_change_progress *c);

/* ---- again.c ---- */
void again_spur(struct life *life, struct phone *phone);
void again_sent(struct life *life, uint32_t host, const struct message *m);
void again_heard(struct life *life, uint32_t host, const struct message *m);

/* ---- handles.c ---- */
void handles_call_ended(struct life *life, struct phone *phone, tern_call call);
void handles_account_removed(struct life *life, struct phone *phone);
void handles_event(struct life *life, const struct phone *phone, const struct tern_event *e);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The demo: a phone, a far end and a server, each a process of its own, and a
 * director who lets the phone's address change while the two talk.
 *
 *     director (demo_show.c) ---- stage (demo_stage.c: the lab, or loopback)
 *        |  orders  ^ reports
 *        v          |                      screen (demo_screen.c, demo_story.c)
 *     nodes (demo_node.c): server, far, phone
 *
 * Director and nodes are forks of one program and share a clock, so what they
 * say to each other over sequenced-packet sockets are plain structs.
 */
#ifndef TERN_CLI_DEMO_H
#define TERN_CLI_DEMO_H

#include <tern/secure.h>
#include <tern/tern.h>

enum {
    DEMO_CHANGES_MAX = 50,
    DEMO_RTT_MAX_MS = 4000,
    DEMO_OFFLINE_MAX_MS = 120000,
    DEMO_BINDINGS_MAX = 4,
    DEMO_TEXT_MAX = 4096,
    DEMO_ADDRESS_CAP = 48,
};

#define DEMO_DOMAIN   "demo.test"
#define DEMO_PHONE_HZ 440.0
#define DEMO_FAR_HZ   660.0

enum demo_scenario {
    DEMO_BREAK,   /* the old address goes, the new one comes at once */
    DEMO_MAKE,    /* the new one comes first; the old one goes when all has moved */
    DEMO_OFFLINE, /* no network in between */
};

enum demo_srtp { DEMO_SRTP_UNSAID, DEMO_SRTP_OFF, DEMO_SRTP_SDES, DEMO_SRTP_DTLS };

struct demo_opts {
    enum tern_transport transport;
    enum demo_srtp srtp; /* UNSAID until options are read */
    enum demo_scenario scenario;
    tern_time rtt;     /* phone to far end and back; a quarter of it on each link */
    tern_time offline; /* how long there is no network */
    tern_time jitter;  /* of the phone's links */
    uint32_t loss_permille;
    unsigned changes;
    bool hangup, loopback, json, verbose;
    bool far_follows_sdp; /* the far end sends where SDP says, not where it hears from */
    const char *wav;      /* what the phone plays; NULL: a tone */
    const char *capture;  /* pcapng file; NULL: none */
};

enum demo_who { DEMO_SERVER, DEMO_FAR, DEMO_PHONE, DEMO_CAST };

/* An address that a node has. */
struct demo_place {
    char ifname[16];
    char address[DEMO_ADDRESS_CAP]; /* without length */
    uint8_t prefix_len;
    uint32_t interface; /* loopback only: which index the node shall believe in */
    int32_t preference;
};

/* ---- director to node ---- */

enum demo_order_kind {
    DEMO_ORDER_CALL = 1, /* phone: call the far end */
    DEMO_ORDER_HANG_UP,  /* phone */
    DEMO_ORDER_NETWORK,  /* loopback: this is the network now */
    DEMO_ORDER_MEASURE,  /* answered with DEMO_MEASURED */
    DEMO_ORDER_BINDINGS, /* server: answered with DEMO_BINDINGS */
    DEMO_ORDER_QUIT,     /* end calls and registrations, then the process */
};

struct demo_order {
    enum demo_order_kind kind;
    uint32_t place_count;
    struct demo_place places[2];
    tern_time from, to; /* MEASURE: where to look for gaps */
};

/* ---- node to director ---- */

enum demo_report_kind {
    DEMO_READY = 1,  /* server: it listens */
    DEMO_REGISTERED, /* `status`, `reason` */
    DEMO_UNREGISTERED,
    DEMO_ANSWERED,
    DEMO_RESUMED, /* audio comes in again; `gap` */
    DEMO_ENDED,   /* the call; `cause`, `status`, `reason` */
    DEMO_PROGRESS,
    DEMO_SECURED, /* a TLS connection is up; `reason` is the version */
    DEMO_SIP,     /* `text`: the message, when asked for */
    DEMO_MEASURED,
    DEMO_BINDINGS,
    DEMO_FAILED, /* `reason` */
};

struct demo_measure {
    tern_time gap;       /* longest time between two packets that were accepted */
    bool open;           /* ... and it still lasts */
    tern_time heard;     /* last tenth of a second in which the right sound was heard, or NEVER */
    double level_db;     /* of it, against full scale */
    double share;        /* of its power that is at the expected frequency */
    uint64_t lost;       /* packets, since the call began */
    tern_time concealed; /* sound that was made up, since the call began */
    enum tern_media_security security;
};

/* A TLS connection of the node's that has come up. */
struct demo_secured {
    bool known, resumed;
    tern_time took; /* with TCP */
    tern_addr remote;
};

struct demo_bindings {
    uint32_t count; /* of the phone; the first few follow */
    char contacts[DEMO_BINDINGS_MAX][128];
};

struct demo_sip {
    bool sent, again;
    tern_addr remote;
    char summary[96];
};

struct demo_report {
    enum demo_report_kind kind;
    enum demo_who who; /* filled in by the director */
    tern_time at;
    union {
        struct {
            int status;
            enum tern_end_cause cause;
            tern_time gap;
        } plain;
        struct tern_ip_change_progress progress; /* its `reason` is `reason` below */
        struct demo_sip sip;
        struct demo_secured secured;
        struct demo_measure measure;
        struct demo_bindings bindings;
    } u;
    char reason[128];
    uint32_t text_len;
    char text[DEMO_TEXT_MAX]; /* only so much of it travels */
};

/* Made before the nodes start; empty without TLS. */
struct demo_certs {
    struct tern_cert authority, server;
};

/* Everything a node is told before it starts. */
struct demo_part {
    enum demo_who who;
    int channel;
    const struct demo_opts *opts;
    bool by_hand;            /* loopback: the network is what we are told */
    struct demo_place place; /* where it is first */
    char server[64];         /* "ADDRESS:PORT" */
    const struct demo_certs *certs;
    uint16_t sip_port; /* 0: any */
    uint16_t rtp_min, rtp_max;
};

/** In a forked child: plays a part until ordered to quit. @return exit status */
int demo_node_run(const struct demo_part *part);

/** The clock that the driver uses too. */
tern_time demo_now(void);

/** Runs the whole show. @return exit status */
int demo_show(const struct demo_opts *opts);

/** The command `tern demo`; see tern-demo(1). */
int cmd_demo(int argc, char **argv);

#endif

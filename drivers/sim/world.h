/* SPDX-License-Identifier: MIT */
/* What the parts of the simulator share: the world, its hosts and nets, and things on their way. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <tern/sim.h>

#define SIM_HOSTS_MAX    16 /* a conference of endpoints, not a load test */
#define SIM_NETS_MAX     32
#define SIM_SOCKETS_MAX  64 /* one for SIP and one a call, RTP and RTCP */
#define SIM_BINDINGS_MAX 128
#define SIM_PEERS_MAX    16
#define SIM_RECORDS_MAX  32
#define SIM_CHAIN_MAX    4 /* nets between a host and the backbone */
#define SIM_NAME_MAX     256
#define SIM_SERVICE_MAX  16
#define SIM_HEARD_MAX    64  /* calls with audio at one time, a host */
#define SIM_SMALL        256 /* holds an RTP packet of 20 ms */
#define SIM_LARGE        2048

/* An event to come. What it is about depends on its kind. */
enum sim_kind {
    SIM_DATAGRAM,
    SIM_INJECTED, /* a datagram from nowhere */
    SIM_STREAM_SYN,
    SIM_STREAM_OPENED,
    SIM_STREAM_REFUSED,
    SIM_STREAM_DATA,
    SIM_STREAM_RETRY,
    SIM_STREAM_RESET,
    SIM_STREAM_ROOM, /* the kernel takes more */
    SIM_STREAM_READ, /* a late reader */
    SIM_ANSWER,      /* of a name server */
    SIM_CALLER,      /* tern_sim_at() */
};

struct sim_flight {
    tern_time due;
    uint64_t order; /* first of those due at the same time */
    struct sim_flight *next_free;
    size_t room; /* 0: more than SIM_LARGE */
    enum sim_kind kind;
    bool media;
    uint32_t host;    /* receiver, or who asked; 0: inside a NAT, not known yet */
    uint32_t net;     /* whose NAT it must pass first; 0: none */
    uint32_t id;      /* query */
    uint16_t type;    /* of a record */
    uint32_t out_net; /* where it was sent */
    tern_addr from, to;
    struct sim_stream *stream;
    struct sim_chunk *chunk;
    int side;
    uint32_t attempt;
    void (*fn)(void *user, uint64_t arg);
    void *user;
    uint64_t arg;
    size_t len;
    uint8_t data[];
};

struct sim_entry {
    tern_time due;
    uint64_t order;
    struct sim_flight *flight;
};

struct sim_socket {
    uint32_t id; /* 0: free */
    uint16_t port;
    bool tcp;
    tern_addr local; /* tcp */
};

struct sim_heard {
    uint64_t call;
    uint32_t number; /* of the next frame sent */
    int last;        /* number heard last; -1: none */
    tern_time anew;  /* when it was heard after a silence */
    struct tern_sim_hearing hearing;
};

struct sim_host {
    struct tern_endpoint *ep;
    struct tern_network network;
    uint32_t net_of[TERN_NET_ADDRESSES_MAX]; /* of each address */
    tern_addr over[TERN_NET_ADDRESSES_MAX];  /* what each rides over; family 0: nothing */
    struct sim_socket sockets[SIM_SOCKETS_MAX];
    uint32_t socket_count; /* highest in use + 1 */
    uint32_t queries, asked;
    uint16_t next_port;
    tern_time asleep; /* until then */
    bool refuses;
    bool talks;
    struct sim_heard heard[SIM_HEARD_MAX];
    uint32_t heard_next;
};

struct sim_binding {
    tern_addr inside, remote; /* remote: as far as the mapping depends on it */
    uint16_t port;            /* outside; 0: free */
    tern_time used;
    tern_addr peers[SIM_PEERS_MAX]; /* who may send to it */
    uint32_t peer_count;
};

struct sim_net {
    struct tern_sim_path path;
    struct tern_sim_nat nat;
    uint32_t up; /* the net it is behind; 0: the backbone */
    struct sim_binding bindings[SIM_BINDINGS_MAX];
    uint16_t next_port;
    uint32_t epoch; /* of the bindings: connections of an older one are dead */
    tern_time burst_ends;
    tern_time free_at[2]; /* when the queue out and in is empty */
};

/*
 * A segment of what was written to a stream, until it is read. The last one of a piece holds all of
 * the piece: the world is told of pieces, and travels in segments.
 */
struct sim_chunk {
    struct sim_chunk *next;
    enum { SIM_WAITING, SIM_FLYING, SIM_ARRIVED } state;
    bool end;   /* FIN */
    size_t len; /* what travels: the last bytes of the data */
    size_t whole;
    uint8_t data[];
};

struct sim_stream {
    struct sim_stream *next;
    bool open;
    tern_time opened;
    uint32_t host[2], id[2]; /* id 0: not known yet, or closed */
    bool gone[2];            /* this side has forgotten it: what arrives is answered with a reset */
    tern_addr addr[2];       /* own address of each side */
    tern_addr seen[2];       /* as the other one sees it */
    uint32_t net[2], epoch[2];            /* NATs on the way */
    struct sim_chunk *head[2], **tail[2]; /* written by this side */
    tern_time last_due[2];
    bool retrying[2];
    bool full[2]; /* the kernel takes no more from this side for now */
    bool late[2]; /* this side will read later */
    uint32_t failures[2];
    uint32_t in_flight; /* events that name it */
};

struct sim_record {
    uint32_t net; /* 0: everywhere */
    char name[SIM_NAME_MAX];
    size_t name_len;
    struct tern_dns_record record;
    char target[SIM_NAME_MAX];
    char service[SIM_SERVICE_MAX], flags[SIM_SERVICE_MAX];
};

struct tern_sim {
    struct tern_sim_opts opts;
    tern_time now;
    uint64_t random;
    uint64_t order;
    struct sim_entry *heap;
    size_t heap_count, heap_room;
    struct sim_flight *free_small, *free_large;
    struct sim_host hosts[SIM_HOSTS_MAX];
    uint32_t host_count;
    struct sim_net *nets[SIM_NETS_MAX];
    uint32_t net_count;
    struct sim_stream *streams;
    struct sim_record records[SIM_RECORDS_MAX];
    uint32_t record_count;
    struct tern_sim_tcp tcp;
    tern_time dns_delay;
    bool dns_fails;
    tern_time next_frame;
    bool out_of_memory;
};

/* ---- queue.c: events in the order of time ---- */
struct sim_flight *sim_flight_new(struct tern_sim *sim, enum sim_kind kind, size_t len);
void sim_flight_free(struct tern_sim *sim, struct sim_flight *flight);
void sim_schedule(struct tern_sim *sim, struct sim_flight *flight, tern_time due);
struct sim_flight *sim_next(struct tern_sim *sim); /* the earliest, or NULL; taken out */
void sim_queue_fini(struct tern_sim *sim);

/* ---- net.c, nat.c: what lies between hosts ---- */
bool sim_chance(struct tern_sim *sim, uint32_t of_a_million);
/* A place, and what it rides over (0: nothing). */
struct sim_place {
    uint32_t net, over;
};
/* Where a packet goes. `why` is set where it goes nowhere. */
struct sim_way {
    struct sim_place from, to;
    uint32_t to_host;               /* 0: behind a NAT */
    uint32_t nat;                   /* that one */
    uint32_t leaves[SIM_CHAIN_MAX]; /* the NATs that it goes out through */
    uint32_t leave_count;
    tern_addr seen;    /* the sender's address, as the receiver sees it */
    tern_addr to_addr; /* what it was sent to, beyond a NAT64 */
    const char *why;
};
struct sim_way sim_find_way(struct tern_sim *sim, uint32_t host, tern_addr local, tern_addr remote);
/* Goes out through the NATs: sets `seen`, and `to` where that is behind one. */
void sim_leave(struct tern_sim *sim, struct sim_way *way, tern_addr local, tern_addr remote);
/* Comes in through a NAT, and those behind it. @return the host; 0, and *why is set */
uint32_t sim_enter(struct tern_sim *sim, uint32_t nat, tern_addr from, tern_addr *to,
                   const char **why);
/* Where an address of a host is. @return false: it rides over one that has gone */
bool sim_place_of(const struct sim_host *host, int index, struct sim_place *out);
/* How long a packet takes; -1: lost, and `why` is set. */
tern_time sim_pass(struct tern_sim *sim, struct sim_way *way, size_t len, bool stream);
/* Neither this net nor those on its way to the backbone are down; `captive`: nor a portal. */
bool sim_is_open(const struct tern_sim *sim, struct sim_place place);
bool sim_is_captive(const struct tern_sim *sim, struct sim_place place);
/* The IPv4 address behind one that a NAT64 of the net stands for, and back. */
bool sim_from_nat64(const struct sim_net *net, tern_addr v6, tern_addr *v4);
tern_addr sim_to_nat64(const struct sim_net *net, tern_addr v4);
bool sim_translates(const struct sim_net *net, uint8_t family);
/* Changes when a NAT between the net and the backbone forgets. */
uint32_t sim_epoch(const struct tern_sim *sim, uint32_t net, uint8_t family);
tern_addr sim_nat_out(struct tern_sim *sim, uint32_t number, tern_addr inside, tern_addr remote);
bool sim_nat_in(struct tern_sim *sim, uint32_t net, tern_addr from, tern_addr *to);
void sim_nat_forget(struct sim_net *net);
/* The entry of a local address that is in use, or -1. */
int sim_address_index(const struct sim_host *host, tern_addr addr);

/* ---- host.c: the kernel of a host ---- */
struct sim_host *sim_host(struct tern_sim *sim, uint32_t host);
bool sim_awake(const struct tern_sim *sim, uint32_t host);
void sim_drain(struct tern_sim *sim, uint32_t number);
void sim_tell(struct tern_sim *sim, const struct tern_sim_wire *wire);
struct sim_socket *sim_socket_at(struct sim_host *host, bool tcp, tern_addr local);

/* ---- udp.c, stream.c, dns.c, audio.c ---- */
void sim_udp_send(struct tern_sim *sim, uint32_t host, const struct tern_output *out);
void sim_udp_arrive(struct tern_sim *sim, struct sim_flight *flight);
void sim_stream_connect(struct tern_sim *sim, uint32_t host, const struct tern_output *out);
void sim_stream_write(struct tern_sim *sim, uint32_t host, const struct tern_output *out);
void sim_stream_close(struct tern_sim *sim, uint32_t host, const struct tern_output *out);
void sim_stream_event(struct tern_sim *sim, struct sim_flight *flight);
void sim_streams_power_cut(struct tern_sim *sim, uint32_t host);
uint32_t sim_streams_of(const struct tern_sim *sim, uint32_t host);
void sim_streams_fini(struct tern_sim *sim);
void sim_resolve(struct tern_sim *sim, uint32_t host, const struct tern_output *out);
void sim_answer(struct tern_sim *sim, struct sim_flight *flight);
void sim_audio_frame(struct tern_sim *sim, uint32_t number);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A history before it happens: settings, and steps at their times. It is a value, drawn from a seed
 * (draw.c), named (scenarios/) or read from text, and reads as a story:
 *
 *     transport 1; delay 40; 1000 alice call; 3000 alice path 3; 3050 alice path 4 1; 9000 alice hangup
 *
 * Times are milliseconds since both phones were switched on.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEPS_MAX  64
#define PHONE_NETS 6
#define SERVER_NET 7
#define ROUTER_NET 8 /* see the setting `router` */
#define VPN_NET    9
#define NETS       9
#define ARGS_MAX   4
#define ATTACKS    9 /* kinds, from 1 */

/* X(name, default, least, most, what) */
#define SETTINGS(X)                                                                                \
    X(phones, 2, 2, 3, "alice and bob; 3: carol as well")                                          \
    X(shared, 0, 0, 1, "carol has bob's address of record: both ring")                             \
    X(transport, 0, 0, 2, "0 UDP, 1 TCP, 2 TLS")                                                   \
    X(bob_transport, 0, 0, 2, "the same for the others")                                           \
    X(cert, 0, 0, 2, "of the server: 0 good, 1 for another name, 2 by another authority")          \
    X(srtp, 0, 0, 2, "calls must be protected, keys by 1 SDES, 2 DTLS")                            \
    X(family, 4, 4, 46, "4, 6, or 46 for both")                                                    \
    X(families, 0, 0, 888888,                                                                      \
      "of nets 1 to 6, a digit each: 0 as `family`, 4, 6, 8 for IPv6 with NAT64 and DNS64")        \
    X(black_hole, 0, 0, 6, "the family, 4 or 6, that nothing gets through by from nets 3 to 6")    \
    X(delay, 25, 0, 2000, "ms from a phone to the server and back to the other: one way")          \
    X(jitter, 0, 0, 500, "ms")                                                                     \
    X(loss, 0, 0, 300, "per mille, on each phone's nets")                                          \
    X(burst, 0, 0, 100, "per mille, to begin 200 ms of loss")                                      \
    X(duplicate, 0, 0, 200, "per mille")                                                           \
    X(reorder, 0, 0, 200, "per mille")                                                             \
    X(rate, 0, 0, 10000, "kbit/s; 0 no limit")                                                     \
    X(no_auth, 0, 0, 1, "the server accepts everybody")                                            \
    X(nonce, 300, 1, 3600, "s that a nonce is good for")                                           \
    X(outbound, 0, 0, 2, "the server knows flows (RFC 5626); 2: and GRUUs (RFC 5627)")             \
    X(forgets, 0, 0, 1, "the server takes an older REGISTER for what was removed since")           \
    X(no_record_route, 0, 0, 1, "the server leaves the path of calls")                             \
    X(private, 0, 0, 5,                                                                            \
      "nets 1 to this one, and those beyond: phones have no way from the one to the other but by " \
      "the server; audio has")                                                                     \
    X(names, 0, 0, 2, "the registrar is a name; 2: with NAPTR and SRV")                            \
    X(lone, 0, 0, 1, "the server has one address at a time: the old one goes with it")             \
    X(ttl, 60, 1, 3600, "s that an answer about it is good for")                                   \
    X(inside, 0, 0, 1, "net 9, the VPN's, has an answer of its own")                               \
    X(router, 0, 0, 2, "net 8 is the way out of nets 1 to 3 (1), of all phones' nets (2)")         \
    X(split, 0, 0, 100, "percent of what is written to TCP: cut, taken in part, read late")        \
    X(stun, 0, 0, 3, "STUN for audio: 1 a server, 2 a dead one, 3 one after the other")            \
    X(starve, 0, 0, 100000, "until peace every n-th allocation of the endpoints fails")            \
    X(no_update, 0, 0, 1, "refresh calls with re-INVITE only")                                     \
    X(order, 0, 0, 1, "1: calls after the registration")                                           \
    X(contact, 0, 0, 2, "enum tern_contact_flags")                                                 \
    X(hangup_calls, 0, 0, 1, "policy of alice: no call is moved")                                  \
    X(reinvite, 7, 0, 7, "enum tern_reinvite_flags")                                               \
    X(reliable, 0, 0, 2, "enum tern_reliable: provisional answers of all phones")                  \
    X(early, 0, 0, 1, "phones ring with audio: 183")                                               \
    X(answer, 300, 0, 60000, "ms until a call is answered")                                        \
    X(reject, 0, 0, 699, "status that refuses it instead")                                         \
    X(notice, 0, 0, 5000, "ms until an endpoint hears of its network")                             \
    X(expires, 3600, 60, 86400, "s that phones register for")                                      \
    X(session, 1800, 0, 86400, "s that calls last without a refresh; 0 none is asked for")         \
    X(min_se, 90, 90, 86400, "the least of it that others take")                                   \
    X(doubled, 0, 0, 60000, "ms that alice sends audio by two paths")                              \
    X(strict, 0, 0, 63, "excuses that count for nothing, as bits: 1 the first in promises.c")      \
    X(settle, 45000, 1000, 500000, "ms of peace at the end")

enum setting {
#define SETTING_ENUM(name, preset, least, most, what) SET_##name,
    SETTINGS(SETTING_ENUM)
#undef SETTING_ENUM
        SETTING_COUNT
};

enum who { ALICE, BOB, CAROL, SERVER, WORLD, WHO_COUNT };
#define PHONES 3

/* X(name, arguments, is it a fault) */
#define VERBS(X)                                                                                   \
    X(path, 2,                                                                                     \
      true) /* the addresses of these nets, the first preferred; 0 for none. Server:      \
                        another address, and its record follows; only with `names` */        \
    X(call, 1, false)   /* 1 alice, 2 bob, 3 carol; 0: alice calls bob, others alice */            \
    X(hangup, 1, false) /* its n-th call, 0: every one; so with what follows */                    \
    X(hold, 1, false)                                                                              \
    X(resume, 1, false)                                                                            \
    X(reinvite, 1, false)                                                                          \
    X(update, 1, false)                                                                            \
    X(dtmf, 1, false)                                                                              \
    X(register, 0, false)                                                                          \
    X(unregister, 0, false)                                                                        \
    X(remove, 0, false)  /* the account */                                                         \
    X(ipchange, 0, true) /* tern_handle_ip_change() */                                             \
    X(sleep, 1, true)    /* suspended for so many ms */                                            \
    X(crash, 1, false)   /* ms until its program runs again, with the last snapshot: crash.c */    \
    X(die, 0, true)      /* the power is cut */                                                    \
    X(on, 2, false)      /* straight after an event of this kind: that verb, once */               \
    X(fault, 2, true)    /* server: method (0 REGISTER 1 INVITE 2 UPDATE 3 BYE), status or -1 */   \
    X(restart, 0, true)  /* server: with empty memory */                                           \
    X(refuse, 1, true)   /* server: new connections are refused (1) or not (0) */                  \
    X(down, 2, true)     /* net: 1 nothing passes, 0 as before */                                  \
    X(captive, 2, true)  /* net: a portal */                                                       \
    X(loss, 2, true)     /* net: per mille */                                                      \
    X(mtu, 2, true)      /* net */                                                                 \
    X(nat, 4,                                                                                      \
      true) /* net: mapping, filtering (RFC 4787: 1 2 3); 1 no hairpin, 2 IPv6 too, 4 forgets \
                            what is unused for 30 s */    \
    X(rebind, 1, true) /* net: its NAT forgets */                                                  \
    X(dns, 1, true)    /* ms, -1 dead, -2 refuses, -3 wrong, -4 as before */                       \
    X(vpn, 1, true)    /* 0 down; up for 1 all destinations, 2 the server alone */                 \
    X(links, 3, true)  /* kinds in order, -: only these; never these; enum tern_metered: links.c */ \
    X(renumber, 2,                                                                                 \
      true) /* new address: 1 tentative, 2 good; old one: 3 deprecated, 4 gone;       \
                            enum tern_net_flags of the new one */            \
    X(answer, 0, false)  /* what rings */                                                          \
    X(reject, 1, false)  /* what rings, with this status, 0: 486 */                                \
    X(stop, 0, false)    /* tern_endpoint_stop() */                                                \
    X(attack, 1, true)   /* on this phone, in one of the ways of attack.c */                       \
    X(info, 1, false)    /* the far end of its n-th call, 0: of every one */                       \
    X(options, 1, false) /* the same */

enum verb {
#define VERB_ENUM(name, args, fault) DO_##name,
    VERBS(VERB_ENUM)
#undef VERB_ENUM
        VERB_COUNT
};

struct step {
    int32_t at_ms;
    enum who who;
    enum verb verb;
    int32_t arg[ARGS_MAX];
};

struct plan {
    uint64_t seed;
    int32_t set[SETTING_COUNT];
    struct step steps[STEPS_MAX];
    size_t count;
};

void plan_init(struct plan *plan, uint64_t seed);
/* Adds what the text says. @return NULL, or what is wrong with it */
const char *plan_read(struct plan *plan, const char *text);
/* One line, as plan_read() takes it; `room` 4096 is enough. */
void plan_print(const struct plan *plan, char *text, size_t room);
void plan_add(struct plan *plan, struct step step); /* kept in the order of time */
void plan_remove(struct plan *plan, size_t at);
int32_t setting_preset(enum setting setting);
const char *verb_name(enum verb verb);
bool verb_is_fault(enum verb verb);

/* draw.c */
void plan_draw(struct plan *plan, uint64_t seed);
/* scenarios.c, of scenarios/: NULL at the end */
struct scenario {
    const char *name, *row, *text;
};
const struct scenario *scenario_at(size_t index);
const struct scenario *scenario_find(const char *name);

#endif

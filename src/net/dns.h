/* SPDX-License-Identifier: MIT */
/*
 * Questions to the driver's resolver and the answers, kept for their TTL. The same question is
 * asked once at a time, however many wait for it.
 */
#ifndef TN_NET_DNS_H
#define TN_NET_DNS_H

#include "base/slots.h"
#include "core/ctx.h"

struct tn_net;

struct tn_answer {
    struct tn_list link; /* in dns.answers, longest unused first */
    struct tn_net *net;
    uint16_t type;  /* enum tern_dns_type */
    uint32_t query; /* being asked with this number; 0: known */
    bool failed;    /* nobody said that there is no such record */
    struct tn_timer timer;
    tern_time asked, answered, expires;
    struct tern_dns_record *records; /* with the text of their targets behind them */
    size_t count;
    size_t name_len;
    char name[];
};

struct tn_dns {
    struct tn_list answers;
    size_t asking, known;
    struct tn_slots lookups; /* of locate.c */
    struct tn_list waiting;
    uint32_t era; /* changes when the answers are flushed; never 0 */
};

void tn_dns_init(struct tn_net *net);
void tn_dns_fini(struct tn_net *net);
/* Letters, digits, '-', '_' and '.', not too long. */
bool tn_dns_is_name(tern_str name);
/*
 * An answer that is fresh, or came after `since`: who has waited for several may use all of them.
 *
 * @return 0 with `*out` (which lives until the next input), 1: being asked; `*out` says since when,
 *         TERN_ENOMEM, TERN_ELIMIT: too many questions at once, try again after the next answer
 */
int tn_dns_ask(struct tn_net *net, tern_str name, uint16_t type, tern_time since,
               const struct tn_answer **out);
/* Forgets all; late answers fit nothing. */
void tn_dns_flush(struct tn_net *net);

/* RFC 2782: by priority, then drawn by weight. */
void tn_srv_order(struct tern_dns_record *records, size_t count, struct tn_random *random);

/* locate.c: something became known. */
void tn_lookups_wake(struct tn_net *net);
void tn_lookups_fini(struct tn_net *net);

#endif

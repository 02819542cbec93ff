/* SPDX-License-Identifier: MIT */
/* RFC 3263 against tables of names, with a resolver that is a list. */
#include "base/str.h"
#include "net/naptr.h"
#include "world.h"

static const struct tn_owner owner = {.kind = TN_OWNER_REQUEST, .id = 77};

/* ---- a resolver ---- */

struct zone_line {
    const char *name;
    uint16_t type, priority, weight, port;
    const char *value;
};

static size_t questions;

static size_t collect(const struct zone_line *zone, const struct tern_output *question,
                      struct tern_dns_record *records)
{
    size_t count = 0;

    for (const struct zone_line *line = zone; line->name; line++) {
        if (!tn_str_ieq(tn_str(line->name), question->data)) continue;
        if (line->type != question->dns_type) continue;
        struct tern_dns_record *r = &records[count++];
        *r = (struct tern_dns_record){.type = line->type,
                                      .priority = line->priority,
                                      .weight = line->weight,
                                      .port = line->port,
                                      .ttl_s = 60};
        if (line->type == TERN_DNS_NAPTR) {
            r->flags = tn_str("s");
            r->service = tn_str_cut(tn_str(line->value), ' ', &r->target);
        } else if (line->type == TERN_DNS_SRV) {
            r->target = tn_str(line->value);
        } else {
            r->addr = addr(line->value);
        }
    }
    return count;
}

/* Answers all that is asked, until nothing is. */
static void resolve(const struct zone_line *zone)
{
    struct tern_dns_record records[64];
    struct tern_output out;

    while (next_output(TERN_OUT_RESOLVE, &out)) {
        questions++;
        size_t count = collect(zone, &out, records);
        tn_locate_resolved(&net, out.id, records, count, false);
    }
}

static int locate(const char *text, enum tern_transport preferred, struct tn_targets *out,
                  uint64_t *query)
{
    struct tn_uri uri;

    CHECK_EQ(tn_uri_parse(tn_str(text), &uri), 0);
    struct tn_wanted wanted = {.uri = &uri, .preferred = preferred, .owner = owner};
    return tn_locate(&net, &wanted, out, query);
}

/* Targets as "udp 192.0.2.1:5060 tcp …". */
static const char *print(const struct tn_targets *targets)
{
    static char text[2048];
    char one[TERN_ADDR_TEXT_MAX];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < targets->count; i++) {
        const struct tn_target *t = &targets->list[i];
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %s", i ? " " : "",
                               t->transport == TERN_TRANSPORT_TCP ? "tcp" : "udp",
                               tern_addr_print(t->addr, one));
    }
    return text;
}

/* The whole way; @return the targets, or "" */
static const char *find(const struct zone_line *zone, const char *uri,
                        enum tern_transport preferred)
{
    struct tn_targets targets = {0};
    struct tn_effect effect;
    uint64_t query = 0;

    questions = 0;
    int err = locate(uri, preferred, &targets, &query);
    if (err == 0) return print(&targets);
    CHECK_EQ(err, 1);
    CHECK_EQ(tn_locate_result(&net, query, &targets),
             ctx.effect_count ? TERN_ENOTFOUND : TERN_ESTALE);
    if (ctx.effect_count) {
        drain_effects();
        return "";
    }
    resolve(zone);
    CHECK_EQ(next_effect(&effect), TN_EFFECT_LOCATED);
    CHECK_EQ(effect.id, query);
    CHECK_EQ(effect.owner.id, owner.id);
    err = tn_locate_result(&net, query, &targets);
    CHECK(err == 0 || err == TERN_ENOTFOUND);
    CHECK_EQ(tn_locate_result(&net, query, &targets), TERN_ESTALE);
    return err ? "" : print(&targets);
}

/* ---- URIs ---- */

static const struct {
    const char *uri;
    enum tern_transport preferred;
    const char *targets;
} literals[] = {
    {"sip:192.0.2.7", TERN_TRANSPORT_UDP, "udp 192.0.2.7:5060"},
    {"sip:a@192.0.2.7:5070", TERN_TRANSPORT_UDP, "udp 192.0.2.7:5070"},
    {"sip:192.0.2.7", TERN_TRANSPORT_TCP, "tcp 192.0.2.7:5060"},
    {"sip:192.0.2.7;transport=TCP", TERN_TRANSPORT_UDP, "tcp 192.0.2.7:5060"},
    {"sip:192.0.2.7;transport=udp", TERN_TRANSPORT_TCP, "udp 192.0.2.7:5060"},
    {"sip:[2001:db8::1]:5060;transport=tcp", TERN_TRANSPORT_UDP, "tcp [2001:db8::1]:5060"},
    {"sip:a@example.com;maddr=192.0.2.9", TERN_TRANSPORT_UDP, "udp 192.0.2.9:5060"},
    {"sip:a@example.com:5070;maddr=[2001:db8::9]", TERN_TRANSPORT_UDP, "udp [2001:db8::9]:5070"},
};

static void numeric_hosts_are_answered_at_once(void)
{
    struct tern_output out;

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(literals); i++)
        CHECK(strcmp(find(NULL, literals[i].uri, literals[i].preferred), literals[i].targets) == 0);
    CHECK(!tn_next_output(&ctx, &out));
    world_stop();
}

static void a_transport_parameter_fixes_the_transport(void)
{
    struct tn_targets targets;
    uint64_t query;

    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:192.0.2.7", TERN_TRANSPORT_UDP, &targets, &query), 0);
    CHECK(!targets.transport_fixed);
    CHECK_EQ(locate("sip:192.0.2.7;transport=udp", TERN_TRANSPORT_UDP, &targets, &query), 0);
    CHECK(targets.transport_fixed);
    world_stop();
}

static const struct {
    const char *uri;
    int err;
} refused[] = {
    {"sips:a@example.com", TERN_EUNSUPPORTED},
    {"tel:+15551234", TERN_EINVAL},
    {"http://example.com", TERN_EINVAL},
    {"sip:example.com;transport=tls", TERN_EUNSUPPORTED},
    {"sip:example.com;transport=ws", TERN_EUNSUPPORTED},
};

static void what_cannot_be_reached_is_refused(void)
{
    struct tn_targets targets;
    uint64_t query;

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(refused); i++)
        CHECK_EQ(locate(refused[i].uri, TERN_TRANSPORT_UDP, &targets, &query), refused[i].err);
    world_stop();
}

/* ---- names ---- */

static const struct zone_line zone[] = {
    {"plain.test", TERN_DNS_A, 0, 0, 0, "192.0.2.10"},
    {"plain.test", TERN_DNS_A, 0, 0, 0, "192.0.2.11"},
    {"plain.test", TERN_DNS_AAAA, 0, 0, 0, "2001:db8::10"},
    {"_sip._udp.srv.test", TERN_DNS_SRV, 20, 0, 5080, "backup.srv.test"},
    {"_sip._udp.srv.test", TERN_DNS_SRV, 10, 0, 5070, "main.srv.test"},
    {"_sip._tcp.srv.test", TERN_DNS_SRV, 10, 0, 5090, "main.srv.test"},
    {"main.srv.test", TERN_DNS_A, 0, 0, 0, "192.0.2.20"},
    {"backup.srv.test", TERN_DNS_A, 0, 0, 0, "192.0.2.21"},
    {"srv.test", TERN_DNS_A, 0, 0, 0, "192.0.2.29"},
    {"_sip._tcp.onlytcp.test", TERN_DNS_SRV, 1, 1, 5060, "main.srv.test"},
    {"onlytcp.test", TERN_DNS_A, 0, 0, 0, "192.0.2.30"},
    {"_sip._udp.none.test", TERN_DNS_SRV, 0, 0, 0, "."},
    {"none.test", TERN_DNS_A, 0, 0, 0, "192.0.2.31"},
    {"_sip._udp.literal.test", TERN_DNS_SRV, 0, 0, 5061, "192.0.2.40"},
    {"_sip._udp.lost.test", TERN_DNS_SRV, 0, 0, 5061, "nowhere.test"},
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct {
    const char *addresses, *uri;
    enum tern_transport preferred;
    const char *targets;
    size_t questions;
} names[] = {
    /* no SRV: addresses at port 5060; NAPTR, SRV of both transports and one family asked */
    {"192.0.2.1", "sip:a@plain.test", TERN_TRANSPORT_UDP, "udp 192.0.2.10:5060 udp 192.0.2.11:5060",
     4},
    {"192.0.2.1", "sip:a@PLAIN.test.", TERN_TRANSPORT_TCP,
     "tcp 192.0.2.10:5060 tcp 192.0.2.11:5060", 4},
    /* a port: no SRV */
    {"192.0.2.1", "sip:a@plain.test:5099", TERN_TRANSPORT_UDP,
     "udp 192.0.2.10:5099 udp 192.0.2.11:5099", 1},
    /* both families, in turn */
    {"192.0.2.1 2001:db8::1", "sip:plain.test:5099", TERN_TRANSPORT_UDP,
     "udp [2001:db8::10]:5099 udp 192.0.2.10:5099 udp 192.0.2.11:5099", 2},
    {"2001:db8::1", "sip:plain.test:5099", TERN_TRANSPORT_UDP, "udp [2001:db8::10]:5099", 1},
    /* link-local and loopback alone are no family … */
    {"192.0.2.1 fe80::1 ::1", "sip:plain.test:5099", TERN_TRANSPORT_UDP,
     "udp 192.0.2.10:5099 udp 192.0.2.11:5099", 1},
    /* by priority, with their ports */
    {"192.0.2.1", "sip:srv.test", TERN_TRANSPORT_UDP, "udp 192.0.2.20:5070 udp 192.0.2.21:5080", 5},
    {"192.0.2.1", "sip:srv.test", TERN_TRANSPORT_TCP, "tcp 192.0.2.20:5090", 4},
    {"192.0.2.1", "sip:srv.test;transport=tcp", TERN_TRANSPORT_UDP, "tcp 192.0.2.20:5090", 2},
    {"192.0.2.1", "sip:srv.test:5060", TERN_TRANSPORT_UDP, "udp 192.0.2.29:5060", 1},
    /* the other transport, unless the URI says which */
    {"192.0.2.1", "sip:onlytcp.test", TERN_TRANSPORT_UDP, "tcp 192.0.2.20:5060", 4},
    {"192.0.2.1", "sip:onlytcp.test;transport=udp", TERN_TRANSPORT_UDP, "udp 192.0.2.30:5060", 2},
    /* RFC 2782: "." says no */
    {"192.0.2.1", "sip:none.test;transport=udp", TERN_TRANSPORT_UDP, "", 2},
    {"192.0.2.1", "sip:literal.test", TERN_TRANSPORT_UDP, "udp 192.0.2.40:5061", 3},
    {"192.0.2.1", "sip:lost.test", TERN_TRANSPORT_UDP, "", 4},
    {"192.0.2.1", "sip:missing.test", TERN_TRANSPORT_UDP, "", 4},
    /* no network: nobody is asked for addresses */
    {"", "sip:plain.test:5060", TERN_TRANSPORT_UDP, "", 0},
};

static void names_lead_to_the_servers_of_rfc_3263(void)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        world_start_open(names[i].addresses);
        const char *got = find(zone, names[i].uri, names[i].preferred);
        if (strcmp(got, names[i].targets) != 0) {
            fprintf(stderr, "%s: got \"%s\"\n", names[i].uri, got);
            abort();
        }
        CHECK_EQ(questions, names[i].questions);
        world_stop();
    }
}

/* ---- NAPTR ---- */

static const struct zone_line naptr_zone[] = {
    {"a.test", TERN_DNS_NAPTR, 20, 0, 0, "SIP+D2U u.a.test"},
    {"a.test", TERN_DNS_NAPTR, 10, 2, 0, "SIP+D2U later.a.test"},
    {"a.test", TERN_DNS_NAPTR, 10, 1, 0, "SIP+D2T first.a.test"},
    {"a.test", TERN_DNS_NAPTR, 1, 0, 0, "SIPS+D2T secret.a.test"},
    {"a.test", TERN_DNS_NAPTR, 0, 0, 0, "E2U+sip enum.a.test"},
    {"first.a.test", TERN_DNS_SRV, 1, 0, 5071, "192.0.2.71"},
    {"later.a.test", TERN_DNS_SRV, 1, 0, 5072, "192.0.2.72"},
    {"u.a.test", TERN_DNS_SRV, 1, 0, 5073, "192.0.2.73"},
    {"_sip._udp.a.test", TERN_DNS_SRV, 1, 0, 5074, "192.0.2.74"},
    /* what we cannot do is passed over, and the order above it counts then */
    {"b.test", TERN_DNS_NAPTR, 1, 0, 0, "SIPS+D2T secret.a.test"},
    {"b.test", TERN_DNS_NAPTR, 2, 0, 0, "sip+d2u u.a.test"},
    /* nothing that we can do: as without */
    {"c.test", TERN_DNS_NAPTR, 1, 0, 0, "SIP+D2S sctp.c.test"},
    {"_sip._udp.c.test", TERN_DNS_SRV, 1, 0, 5076, "192.0.2.76"},
    /* it leads nowhere: as without */
    {"d.test", TERN_DNS_NAPTR, 1, 0, 0, "SIP+D2U nothing.d.test"},
    {"d.test", TERN_DNS_A, 0, 0, 0, "192.0.2.77"},
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct {
    const char *uri;
    enum tern_transport preferred;
    const char *targets;
} naptrs[] = {
    {"sip:a.test", TERN_TRANSPORT_UDP, "tcp 192.0.2.71:5071 udp 192.0.2.72:5072"},
    {"sip:x@A.TEST.", TERN_TRANSPORT_TCP, "tcp 192.0.2.71:5071 udp 192.0.2.72:5072"},
    {"sip:a.test;transport=udp", TERN_TRANSPORT_UDP, "udp 192.0.2.74:5074"},
    {"sip:b.test", TERN_TRANSPORT_TCP, "udp 192.0.2.73:5073"},
    {"sip:c.test", TERN_TRANSPORT_UDP, "udp 192.0.2.76:5076"},
    {"sip:d.test", TERN_TRANSPORT_UDP, "udp 192.0.2.77:5060"},
};

/* RFC 3263 4.1, RFC 3403 4.1 */
static void naptr_chooses_among_the_transports_that_we_have(void)
{
    for (size_t i = 0; i < COUNT(naptrs); i++) {
        world_start_open("192.0.2.1");
        const char *got = find(naptr_zone, naptrs[i].uri, naptrs[i].preferred);
        if (strcmp(got, naptrs[i].targets) != 0) {
            fprintf(stderr, "%s: got \"%s\"\n", naptrs[i].uri, got);
            abort();
        }
        world_stop();
    }
}

static void only_plain_records_of_sip_count(void)
{
    static const struct {
        const char *service, *flags;
        bool regexp, counts;
    } cases[] = {
        {"SIP+D2U", "s", false, true},  {"sip+d2t", "S", false, true},
        {"SIP+D2U", "a", false, false}, {"SIP+D2U", "", false, false},
        {"SIP+D2U", "s", true, false},  {"SIP+D2L", "s", false, false},
        {"", "s", false, false},
    };
    enum tern_transport transport;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct tern_dns_record r = {.service = tn_str(cases[i].service),
                                          .flags = tn_str(cases[i].flags),
                                          .regexp = cases[i].regexp};
        CHECK_EQ(tn_naptr_transport(&r, &transport), cases[i].counts);
    }
}

/* ---- what is not waited for ---- */

/* Answers all but questions of this type. */
static void resolve_but(const struct zone_line *lines, uint16_t type)
{
    struct tern_dns_record records[64];
    struct tern_output out;

    while (next_output(TERN_OUT_RESOLVE, &out)) {
        size_t count = collect(lines, &out, records);
        if (out.dns_type != type) tn_locate_resolved(&net, out.id, records, count, false);
    }
}

/* @return when the look-up was done */
static tern_time time_without(const char *uri, uint16_t type, struct tn_targets *targets)
{
    tern_time start = ctx.now;
    uint64_t query;

    CHECK_EQ(locate(uri, TERN_TRANSPORT_UDP, targets, &query), 1);
    while (ctx.effect_count == 0) {
        resolve_but(zone, type);
        if (ctx.effect_count == 0) pass(TERN_MS(10));
    }
    drain_effects();
    CHECK_EQ(tn_locate_result(&net, query, targets), 0);
    return ctx.now - start;
}

/* RFC 8305 3 */
static void the_other_family_is_waited_for_50_ms(void)
{
    struct tn_targets targets;

    world_start_open("192.0.2.1 2001:db8::1");
    CHECK_EQ(time_without("sip:plain.test:5060", TERN_DNS_AAAA, &targets), TERN_MS(50));
    CHECK(targets.partial);
    CHECK(strcmp(print(&targets), "udp 192.0.2.10:5060 udp 192.0.2.11:5060") == 0);
    world_stop();
    world_start_open("192.0.2.1 2001:db8::1");
    CHECK_EQ(time_without("sip:plain.test:5060", TERN_DNS_A, &targets), TERN_MS(50));
    CHECK(strcmp(print(&targets), "udp [2001:db8::10]:5060") == 0);
    world_stop();
}

static void naptr_is_waited_for_a_second_and_srv_to_the_end(void)
{
    struct tn_targets targets;

    world_start_open("192.0.2.1");
    CHECK_EQ(time_without("sip:srv.test", TERN_DNS_NAPTR, &targets), TERN_SECONDS(1));
    CHECK(strcmp(print(&targets), "udp 192.0.2.20:5070 udp 192.0.2.21:5080") == 0);
    /* while it is being asked for, the next one does not wait again */
    CHECK_EQ(time_without("sip:plain.test:5060", TERN_DNS_NAPTR, &targets), 0);
    uint64_t query;
    CHECK_EQ(locate("sip:srv.test", TERN_TRANSPORT_UDP, &targets, &query), 0);
    world_stop();
    world_start_open("192.0.2.1");
    CHECK_EQ(time_without("sip:plain.test", TERN_DNS_SRV, &targets), TN_QUESTION_TIME);
    world_stop();
}

/* ---- the last good server ---- */

static void the_last_good_server_is_known_in_the_next_network(void)
{
    struct tn_targets targets, again;
    uint64_t query;

    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:srv.test", TERN_TRANSPORT_UDP, &targets, &query), 1);
    uint64_t key = targets.key;
    CHECK(!tn_locate_last_good(&net, key, &again));
    resolve(zone);
    CHECK_EQ(tn_locate_result(&net, query, &targets), 0);
    CHECK_EQ(targets.key, key);
    tn_locate_answered(&net, &targets, 1);
    drain_effects();
    world_network("198.51.100.1");
    tn_locate_flush(&net);
    CHECK_EQ(locate("sip:SRV.test.", TERN_TRANSPORT_UDP, &again, &query), 1);
    CHECK_EQ(again.key, key);
    CHECK(tn_locate_last_good(&net, key, &again));
    CHECK(strcmp(print(&again), "udp 192.0.2.21:5080") == 0);
    CHECK(tn_locate_is_old(&net, &again));
    CHECK_EQ(locate("sip:srv.test;transport=tcp", TERN_TRANSPORT_UDP, &again, &query), 1);
    CHECK(again.key != key);
    world_network("2001:db8::1"); /* cannot reach it */
    CHECK(!tn_locate_last_good(&net, key, &again));
    world_stop();
}

static const struct zone_line equals[] = {
    {"_sip._udp.eq.test", TERN_DNS_SRV, 1, 1, 5060, "192.0.2.50"},
    {"_sip._udp.eq.test", TERN_DNS_SRV, 1, 1, 5060, "192.0.2.51"},
    {"_sip._udp.eq.test", TERN_DNS_SRV, 2, 1, 5060, "192.0.2.52"},
    {NULL, 0, 0, 0, 0, NULL},
};

/* Its calls are to go where its registration is; but what is preferred is tried again. */
static void among_equals_the_same_server_is_asked_again(void)
{
    struct tn_targets targets;
    uint64_t query;

    world_start_open("192.0.2.1");
    (void)find(equals, "sip:eq.test", TERN_TRANSPORT_UDP);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(locate("sip:eq.test", TERN_TRANSPORT_UDP, &targets, &query), 0);
        if (i == 0) tn_locate_answered(&net, &targets, 1);
        if (i > 0) CHECK_EQ(targets.list[0].addr.ip[3], i < 10 ? 50 : 51);
        for (size_t k = 0; i == 0 && k < 2; k++)
            if (targets.list[k].addr.ip[3] == 50) tn_locate_answered(&net, &targets, k);
        for (size_t k = 0; i == 9 && k < 2; k++)
            if (targets.list[k].addr.ip[3] == 51) tn_locate_answered(&net, &targets, k);
        CHECK_EQ(targets.list[2].addr.ip[3], 52);
    }
    tn_locate_answered(&net, &targets, 2);
    CHECK_EQ(locate("sip:eq.test", TERN_TRANSPORT_UDP, &targets, &query), 0);
    CHECK(targets.list[0].addr.ip[3] != 52);
    world_stop();
}

static void what_the_network_does_not_reach_comes_last(void)
{
    struct tern_network network;

    world_start_open("192.0.2.1 2001:db8::1");
    network = net.network; /* IPv6 has addresses but no route */
    network.route_count = 1;
    network.routes[0].destination.family = TERN_FAMILY_IPV4;
    network.routes[0].interface = network.addresses[0].interface;
    tn_net_set_network(&net, &network);
    CHECK(strcmp(find(zone, "sip:plain.test:5099", TERN_TRANSPORT_UDP),
                 "udp 192.0.2.10:5099 udp 192.0.2.11:5099 udp [2001:db8::10]:5099") == 0);
    world_stop();
}

static void weights_share_the_load(void)
{
    int first_heavy = 0, first_zero = 0;
    struct tern_dns_record records[3];
    uint8_t seed[32] = {3};
    struct tn_random random;

    tn_random_init(&random, seed);
    for (int i = 0; i < 4000; i++) {
        for (size_t k = 0; k < 3; k++)
            records[k] = (struct tern_dns_record){.port = (uint16_t)k};
        records[0].weight = 30;
        records[1].weight = 10;
        tn_srv_order(records, 3, &random);
        first_heavy += records[0].port == 0;
        first_zero += records[0].port == 2;
        CHECK_EQ(records[0].port + records[1].port + records[2].port, 3);
    }
    CHECK(first_heavy > 2700 && first_heavy < 3200);
    CHECK(first_zero > 0 && first_zero < 300);
}

/* ---- the cache ---- */

static void answers_are_kept_for_their_ttl(void)
{
    world_start_open("192.0.2.1");
    (void)find(zone, "sip:srv.test", TERN_TRANSPORT_UDP);
    CHECK_EQ(questions, 5);
    (void)find(zone, "sip:srv.test", TERN_TRANSPORT_UDP);
    CHECK_EQ(questions, 0);
    pass(TERN_SECONDS(59));
    (void)find(zone, "sip:srv.test", TERN_TRANSPORT_UDP);
    CHECK_EQ(questions, 0);
    pass(TERN_SECONDS(1));
    CHECK(strcmp(find(zone, "sip:srv.test", TERN_TRANSPORT_UDP),
                 "udp 192.0.2.20:5070 udp 192.0.2.21:5080") == 0);
    CHECK_EQ(questions, 4); /* that there is no NAPTR is believed longer */
    world_stop();
}

static void a_new_network_asks_anew_for_those_who_wait_too(void)
{
    struct tn_targets targets;
    struct tern_output out;
    uint64_t query;

    world_start_open("192.0.2.1");
    (void)find(zone, "sip:srv.test", TERN_TRANSPORT_UDP);
    CHECK_EQ(locate("sip:plain.test:5060", TERN_TRANSPORT_UDP, &targets, &query), 1);
    CHECK(next_output(TERN_OUT_RESOLVE, &out));
    uint32_t old = out.id;
    world_network("2001:db8::1");
    tn_locate_flush(&net);
    tn_locate_resolved(&net, old, NULL, 0, false); /* too late */
    CHECK_EQ(ctx.effect_count, 0);
    resolve(zone);
    CHECK_EQ(count_effects(TN_EFFECT_LOCATED), 1);
    CHECK_EQ(tn_locate_result(&net, query, &targets), 0);
    CHECK(strcmp(print(&targets), "udp [2001:db8::10]:5060") == 0);
    (void)find(zone, "sip:srv.test", TERN_TRANSPORT_UDP);
    CHECK_EQ(questions, 5);
    world_stop();
}

static void the_same_name_is_asked_once_for_all_who_wait(void)
{
    struct tn_targets targets;
    uint64_t query[1000];

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(query); i++)
        CHECK_EQ(locate("sip:srv.test", TERN_TRANSPORT_UDP, &targets, &query[i]), 1);
    tn_locate_cancel(&net, query[5]);
    questions = 0;
    resolve(zone);
    CHECK_EQ(questions, 5);
    CHECK_EQ(count_effects(TN_EFFECT_LOCATED), COUNT(query) - 1);
    for (size_t i = 0; i < COUNT(query); i++)
        CHECK_EQ(tn_locate_result(&net, query[i], &targets), i == 5 ? TERN_ESTALE : 0);
    world_stop();
}

static void many_names_wait_for_their_turn_and_little_is_kept(void)
{
    static uint64_t query[500];
    struct tn_targets targets;
    char uri[64];

    world_start_open("192.0.2.1");
    for (size_t i = 0; i < COUNT(query); i++) {
        (void)snprintf(uri, sizeof(uri), "sip:host%d.test:5060", (int)i);
        CHECK_EQ(locate(uri, TERN_TRANSPORT_UDP, &targets, &query[i]), 1);
    }
    CHECK(net.impl->dns.asking <= TN_QUESTIONS_MAX);
    questions = 0;
    resolve(zone);
    CHECK_EQ(questions, COUNT(query));
    CHECK_EQ(count_effects(TN_EFFECT_LOCATED), COUNT(query));
    CHECK_EQ(net.impl->dns.asking, 0);
    CHECK(net.impl->dns.known <= TN_ANSWERS_MAX);
    CHECK_EQ(tn_list_count(&net.impl->dns.answers), net.impl->dns.known);
    world_stop();
}

static void a_resolver_that_says_nothing_does_not_hold_anyone_up(void)
{
    struct tn_targets targets;
    uint64_t query;

    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:plain.test", TERN_TRANSPORT_UDP, &targets, &query), 1);
    pass(TN_LOOKUP_TIME);
    CHECK_EQ(count_effects(TN_EFFECT_LOCATED), 1);
    CHECK_EQ(tn_locate_result(&net, query, &targets), TERN_ENOTFOUND);
    world_stop();
}

static void a_failure_is_soon_tried_again(void)
{
    struct tn_targets targets;
    struct tern_output out;
    uint64_t query;

    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:plain.test:5060", TERN_TRANSPORT_UDP, &targets, &query), 1);
    CHECK(next_output(TERN_OUT_RESOLVE, &out));
    tn_locate_resolved(&net, out.id, NULL, 0, true);
    CHECK_EQ(tn_locate_result(&net, query, &targets), TERN_ENOTFOUND);
    drain_effects();
    pass(TERN_SECONDS(2));
    CHECK(find(zone, "sip:plain.test:5060", TERN_TRANSPORT_UDP)[0] != '\0');
    world_stop();
}

/* ---- bad answers ---- */

static void answers_of_the_wrong_kind_and_bad_names_are_left_out(void)
{
    static char long_name[300];
    const tern_str bad[] = {
        {NULL, 0}, TERN_STR("a b"), TERN_STR("a\r\nb"), {long_name, sizeof(long_name)}};
    struct tern_dns_record records[6];
    struct tn_targets targets;
    struct tern_output out;
    uint64_t query;

    memset(records, 0, sizeof(records));
    memset(long_name, 'a', sizeof(long_name));
    for (size_t i = 0; i < COUNT(bad); i++) {
        records[i].type = TERN_DNS_SRV;
        records[i].target = bad[i];
    }
    records[4].type = TERN_DNS_A;
    records[4].addr = addr("192.0.2.66");
    records[5].type = 4711;
    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:x.test;transport=udp", TERN_TRANSPORT_UDP, &targets, &query), 1);
    CHECK(next_output(TERN_OUT_RESOLVE, &out));
    tn_locate_resolved(&net, out.id, records, 6, false);
    CHECK(next_output(TERN_OUT_RESOLVE, &out)); /* no SRV then: the host itself */
    CHECK_EQ(out.dns_type, TERN_DNS_A);
    records[4].addr = addr("2001:db8::66"); /* an A record with the wrong address */
    tn_locate_resolved(&net, out.id, records, 6, false);
    CHECK_EQ(tn_locate_result(&net, query, &targets), TERN_ENOTFOUND);
    world_stop();
}

static void a_mass_of_records_is_cut(void)
{
    static struct tern_dns_record records[1000];
    struct tn_targets targets;
    struct tern_output out;
    uint64_t query;

    for (size_t i = 0; i < COUNT(records); i++) {
        records[i] = (struct tern_dns_record){.type = TERN_DNS_A, .addr = addr("10.0.0.0")};
        records[i].addr.ip[2] = (uint8_t)(i >> 8);
        records[i].addr.ip[3] = (uint8_t)i;
    }
    world_start_open("192.0.2.1");
    CHECK_EQ(locate("sip:x.test:1", TERN_TRANSPORT_UDP, &targets, &query), 1);
    CHECK(next_output(TERN_OUT_RESOLVE, &out));
    tn_locate_resolved(&net, out.id, records, COUNT(records), false);
    CHECK_EQ(tn_locate_result(&net, query, &targets), 0);
    CHECK_EQ(targets.count, TN_TARGETS_MAX);
    world_stop();
}

static void look_up(void)
{
    struct tn_targets targets;
    uint64_t query;

    world_start_open("192.0.2.1 2001:db8::1");
    for (int i = 0; i < 2; i++) {
        if (locate("sip:srv.test", TERN_TRANSPORT_UDP, &targets, &query) != 1) continue;
        resolve(zone);
        CHECK_EQ(count_effects(TN_EFFECT_LOCATED), 1);
        (void)!tn_locate_result(&net, query, &targets);
        tn_locate_flush(&net);
    }
    world_stop();
}

static void every_allocation_may_fail(void)
{
    with_each_failure(look_up);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(numeric_hosts_are_answered_at_once),
        TEST(a_transport_parameter_fixes_the_transport),
        TEST(what_cannot_be_reached_is_refused),
        TEST(names_lead_to_the_servers_of_rfc_3263),
        TEST(what_the_network_does_not_reach_comes_last),
        TEST(naptr_chooses_among_the_transports_that_we_have),
        TEST(only_plain_records_of_sip_count),
        TEST(the_other_family_is_waited_for_50_ms),
        TEST(naptr_is_waited_for_a_second_and_srv_to_the_end),
        TEST(the_last_good_server_is_known_in_the_next_network),
        TEST(among_equals_the_same_server_is_asked_again),
        TEST(weights_share_the_load),
        TEST(answers_are_kept_for_their_ttl),
        TEST(a_new_network_asks_anew_for_those_who_wait_too),
        TEST(the_same_name_is_asked_once_for_all_who_wait),
        TEST(many_names_wait_for_their_turn_and_little_is_kept),
        TEST(a_resolver_that_says_nothing_does_not_hold_anyone_up),
        TEST(a_failure_is_soon_tried_again),
        TEST(answers_of_the_wrong_kind_and_bad_names_are_left_out),
        TEST(a_mass_of_records_is_cut),
        TEST(every_allocation_may_fail),
    };
    return run_tests(tests, COUNT(tests), argc, argv);
}

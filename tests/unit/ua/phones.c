/* SPDX-License-Identifier: MIT */
#include "phones.h"

#include "base/alloc.h"
#include "crypto/cert.h"

struct world world;
struct host *server, *alice, *bob;
enum tern_transport over = TERN_TRANSPORT_UDP;
bool over_ip6, no_gruu, no_record_route;
enum tern_srtp srtp = TERN_SRTP_OFF;
enum tern_srtp_keys srtp_keys = TERN_SRTP_SDES;
void (*tune_bob_endpoint)(struct tern_endpoint_opts *opts);
void (*tune_alice_endpoint)(struct tern_endpoint_opts *opts);
void (*tune_alice)(struct tern_account_opts *opts);

/* The n-th network's address of a host, in the family of the test. */
const char *at(int n)
{
    static char text[4][32];
    static int next;
    char *out = text[next++ % 4];
    if (over_ip6) {
        snprintf(out, 32, "2001:db8:%d::1", n);
    } else {
        snprintf(out, 32, "10.0.%d.1", n);
    }
    return out;
}

const char *registrar_uri(void)
{
    static char text[64];
    static const char *const transports[] = {"", "", ";transport=tcp", ";transport=tls"};
    snprintf(text, sizeof(text), "sip:%s%s", over_ip6 ? "[2001:db8:9::1]" : "10.0.9.1",
             transports[over]);
    return text;
}

tern_time handshake_time(void)
{
    if (over == TERN_TRANSPORT_UDP) return 0;
    return (over == TERN_TRANSPORT_TLS ? 4 : 2) * world.delay;
}

/* The server's certificate, made once: it signs itself, and so is all that is trusted. */
static struct tern_allocator memory;
static struct tn_buf certificate, private_key;

static void make_certificate(void)
{
    const tern_str names[] = {TERN_STR("10.0.9.1"), TERN_STR("2001:db8:9::1")};
    const struct tn_cert_opts opts = {
        .names = names, .name_count = 2, .days = 1, .authority = true};
    if (certificate.len > 0) return;
    memory = tn_default_allocator();
    tn_buf_init(&certificate, &memory, TN_CERT_PEM_MAX);
    tn_buf_init(&private_key, &memory, TN_CERT_PEM_MAX);
    CHECK_EQ(tn_cert_make(&opts, &certificate, &private_key), 0);
}

static void as_server(struct tern_endpoint_opts *opts)
{
    opts->sip_events = false;
    if (over != TERN_TRANSPORT_TLS) return;
    opts->tls_cert = tn_buf_view(&certificate);
    opts->tls_key = tn_buf_view(&private_key);
}

void trust_the_server(struct tern_endpoint_opts *opts)
{
    if (over == TERN_TRANSPORT_TLS) opts->tls_ca = tn_buf_view(&certificate);
}

static void as_alice(struct tern_endpoint_opts *opts)
{
    trust_the_server(opts);
    if (tune_alice_endpoint) tune_alice_endpoint(opts);
}

static void as_bob(struct tern_endpoint_opts *opts)
{
    trust_the_server(opts);
    if (tune_bob_endpoint) tune_bob_endpoint(opts);
}

static void tune_bob(struct tern_account_opts *opts)
{
    opts->transport = over;
    opts->srtp = srtp;
    opts->srtp_keys = srtp_keys;
}

void tune_account(struct tern_account_opts *opts)
{
    tune_bob(opts);
    if (tune_alice) tune_alice(opts);
}

void meet_server(void)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave"};
    struct tern_server_opts opts;
    world_start(&world, TERN_MS(25));
    if (over == TERN_TRANSPORT_TLS) make_certificate();
    server = world_host(&world, "server", NULL, as_server);
    tern_server_opts_init(&opts);
    opts.domain = TERN_STR("example.com");
    opts.no_gruu = no_gruu;
    opts.no_record_route = no_record_route;
    CHECK_EQ(tern_server_attach(server->ep, &opts), 0);
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        tern_str user = {users[i], strlen(users[i])};
        CHECK_EQ(tern_server_add_user(server->ep, user, TERN_STR("secret")), 0);
    }
    server->talks = false;
    CHECK_EQ(tern_endpoint_start(server->ep, world.now), 0);
}

static void add_phones(void)
{
    alice = world_host(&world, "alice", at(1), as_alice);
    bob = world_host(&world, "bob", at(2), as_bob);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    CHECK_EQ(tern_endpoint_start(bob->ep, world.now), 0);
}

void meet(void)
{
    meet_server();
    host_network(server, at(9), NULL);
    add_phones();
    host_account(alice, "sip:alice@example.com", registrar_uri(), tune_account);
    host_account(bob, "sip:bob@example.com", registrar_uri(), tune_bob);
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(bob->registration, TERN_REGISTRATION_REGISTERED);
}

void meet_directly(void)
{
    world_start(&world, TERN_MS(25));
    server = NULL;
    over = TERN_TRANSPORT_UDP;
    over_ip6 = false;
    add_phones();
    host_account(alice, "sip:alice@10.0.1.1", NULL, tune_alice);
    host_account(bob, "sip:bob@10.0.2.1", NULL, NULL);
}

void talk_directly(void)
{
    meet_directly();
    host_call(alice, "sip:bob@10.0.2.1");
    world_run(&world, TERN_SECONDS(1));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
}

void talk(void)
{
    meet();
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->answered, 1);
    CHECK_EQ(bob->answered, 1);
}

void still_talking(void)
{
    uint64_t a = alice->heard, b = bob->heard;
    world_run(&world, TERN_SECONDS(1));
    CHECK(alice->heard > a + 40);
    CHECK(bob->heard > b + 40);
    CHECK_EQ(alice->ended, 0);
    CHECK_EQ(bob->ended, 0);
}

/* ---- what every change must end with ---- */

void each_generation_has_one_completed(const struct host *host)
{
    uint32_t generation = 0;
    bool closed = true;
    tern_time last = 0;
    for (size_t i = 0; i < host->step_count; i++) {
        const struct tern_ip_change_progress *step = &host->steps[i];
        if (step->generation != generation) {
            CHECK(closed);
            CHECK_EQ(step->generation, generation + 1);
            generation = step->generation;
            closed = false;
            last = 0;
        }
        CHECK(!closed);
        CHECK(step->since_change >= last);
        last = step->since_change;
        closed = step->op == TERN_IP_CHANGE_OP_COMPLETED;
    }
    CHECK(closed);
}

size_t bindings(const char *user, const char *contact_part)
{
    struct tern_server_binding binding;
    size_t cursor = 0, n = 0;
    while (tern_server_next_binding(server->ep, world.now, &cursor, &binding)) {
        if (strlen(user) != binding.user.len ||
            memcmp(user, binding.user.ptr, binding.user.len) != 0) {
            continue;
        }
        char text[256];
        snprintf(text, sizeof(text), "%.*s", (int)binding.contact.len, binding.contact.ptr);
        n += strstr(text, contact_part) != NULL;
    }
    return n;
}

void registered_only_at(const char *address)
{
    CHECK_EQ(bindings("alice", address), 1);
    CHECK_EQ(bindings("alice", ""), 1);
}

void moved(uint32_t calls)
{
    each_generation_has_one_completed(alice);
    CHECK_EQ(alice->last_completed.status, TERN_IP_CHANGE_SUCCESS);
    CHECK_EQ(alice->last_completed.totals.calls_kept, calls);
    CHECK_EQ(alice->last_completed.totals.calls_lost, 0);
}

void server_fault(const char *method, int status)
{
    CHECK_EQ(tern_server_set_fault(server->ep, (tern_str){method, strlen(method)}, status), 0);
}

/* SPDX-License-Identifier: MIT */
/*
 * What an endpoint says to its application, with every event and the trace switched on, has no
 * password, no proof of one, no key of SRTP and no private key in it; and the password leaves
 * nothing behind in memory that is given back.
 */
#include "base/str.h"
#include "core/service.h"
#include "phones.h"

/* ---- what must not be said ---- */

#define NEEDLES_MAX 256

static char needles[NEEDLES_MAX][96];
static size_t needle_count, said;

static void forbid(const char *text, size_t len)
{
    if (len < 6 || needle_count == NEEDLES_MAX) return;
    snprintf(needles[needle_count++], sizeof(needles[0]), "%.*s", (int)len, text);
}

static void check(tern_str text)
{
    char copy[70000];
    if (text.len == 0) return;
    CHECK(text.len < sizeof(copy));
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    said++;
    for (size_t i = 0; i < needle_count; i++)
        CHECK(strstr(copy, needles[i]) == NULL);
}

/* Secrets as they come in at a host: nobody is to be told of them. */
static void forbid_after(const char *text, const char *mark, const char *end)
{
    for (const char *at = text; (at = strstr(at, mark)) != NULL; at += strlen(mark))
        forbid(at + strlen(mark), strcspn(at + strlen(mark), end));
}

static bool learn(struct host *host, const char *text, size_t len)
{
    char copy[70000];
    (void)host;
    snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
    forbid_after(copy, "response=\"", "\"");
    forbid_after(copy, "inline:", "|; \r\n");
    return false;
}

/* ---- all that is said ---- */

static void watch(struct host *host, const struct tern_event *ev)
{
    (void)host;
    switch (ev->type) {
    case TERN_EV_LISTENER: check(ev->u.listener.reason); return;
    case TERN_EV_REGISTRATION: check(ev->u.registration.reason); return;
    case TERN_EV_CALL_INCOMING:
        check(ev->u.incoming.from);
        check(ev->u.incoming.display_name);
        check(ev->u.incoming.to);
        check(ev->u.incoming.subject);
        return;
    case TERN_EV_CALL_PROGRESS: check(ev->u.progress.reason); return;
    case TERN_EV_CALL_ENDED: check(ev->u.ended.reason); return;
    case TERN_EV_IP_CHANGE_PROGRESS: check(ev->u.ip_change.reason); return;
    case TERN_EV_SIP_MESSAGE:
        check(ev->u.sip.summary);
        check(ev->u.sip.text);
        return;
    case TERN_EV_NETWORK:
    case TERN_EV_CALL_ANSWERED:
    case TERN_EV_CALL_MEDIA:
    case TERN_EV_CALL_DTMF:
    case TERN_EV_CALL_SILENT:
    case TERN_EV_CALL_RESPONSE:
    case TERN_EV_CALL_INFO:
    case TERN_EV_SECURED:
    case TERN_EV_RESTORED:
    case TERN_EV_SNAPSHOT_DUE:
    case TERN_EV_STOPPED: return;
    }
}

static void trace(void *user, const char *machine, uint64_t id, const char *from, const char *to)
{
    (void)user, (void)id;
    check(tn_str(machine));
    check(tn_str(from));
    check(tn_str(to));
}

static void listen_to(struct host *host)
{
    host->watch = watch;
    tn_endpoint_ctx(host->ep)->trace = trace;
}

/* A key of Alice's own: each line of its PEM is a secret. */
static struct tern_cert own;

static void give_key(struct tern_endpoint_opts *opts)
{
    if (over != TERN_TRANSPORT_TLS) return;
    opts->tls_cert = (tern_str){own.cert_pem, own.cert_len};
    opts->tls_key = (tern_str){own.key_pem, own.key_len};
}

static void forbid_key(void)
{
    tern_str rest = {own.key_pem, own.key_len};
    while (rest.len > 0) {
        tern_str line = tn_str_cut(rest, '\n', &rest);
        forbid(line.ptr, line.len);
    }
}

static void wrong_password(struct tern_account_opts *opts)
{
    opts->password = TERN_STR("not-the-password");
}

static void a_life(void)
{
    meet();
    listen_to(alice);
    listen_to(bob);
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_SECONDS(1));
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->answered, 1);
    host_network(alice, at(5), NULL);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(tern_call_hold(alice->ep, world.now, alice->call), 0);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(tern_call_hangup(bob->ep, world.now, bob->call, 0), 0);
    world_run(&world, TERN_SECONDS(1));
    host_account(alice, "sip:carol@example.com", registrar_uri(), wrong_password);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_FAILED);
}

/* With keys by SDES and by DTLS, over each transport. */
static void nothing_that_is_said_has_a_secret_in_it(void)
{
    struct tern_cert_opts opts;
    tern_cert_opts_init(&opts);
    CHECK_EQ(tern_cert_make(&opts, &own), 0);
    tune_alice_endpoint = give_key;
    srtp = TERN_SRTP_MANDATORY;
    for (int keys = 0; keys < 2; keys++) {
        srtp_keys = keys ? TERN_SRTP_DTLS : TERN_SRTP_SDES;
        FOR_EACH_TRANSPORT
        {
            needle_count = said = 0;
            forbid("secret", 6);
            forbid("not-the-password", 16);
            forbid_key();
            a_life();
            world_end(&world);
            CHECK(said > 100);
        }
    }
    tune_alice_endpoint = NULL;
    tern_cert_free(&own);
    srtp = TERN_SRTP_OFF;
    srtp_keys = TERN_SRTP_SDES;
}

/* Over UDP the secrets themselves can be read on the wire, each before the far end has told of it. */
static void what_is_on_the_wire_is_blank_in_the_events(void)
{
    srtp = TERN_SRTP_MANDATORY;
    needle_count = said = 0;
    meet();
    server->drop = alice->drop = bob->drop = learn;
    listen_to(alice);
    listen_to(bob);
    CHECK_EQ(tern_account_register(alice->ep, world.now, alice->account), 0);
    host_call(alice, "bob");
    world_run(&world, TERN_SECONDS(2));
    host_network(alice, at(5), NULL);
    world_run(&world, TERN_SECONDS(2));
    CHECK_EQ(alice->answered, 1);
    CHECK(needle_count >= 5);
    CHECK(said > 50);
    world_end(&world);
    srtp = TERN_SRTP_OFF;
}

/* ---- memory that is given back ---- */

static const char password[] = "a password of some length";

union header {
    size_t size;
    max_align_t align;
};

static void look(const char *bytes, size_t size)
{
    size_t len = sizeof(password) - 1;
    for (size_t i = 0; i + len <= size; i++)
        CHECK(memcmp(bytes + i, password, len) != 0);
}

/* Never in place, so that what a block leaves behind is seen. */
static void *watch_resize(void *user, void *ptr, size_t size)
{
    union header *old = ptr ? (union header *)ptr - 1 : NULL, *block = NULL;
    (void)user;
    if (size > 0) {
        block = calloc(1, sizeof(*block) + size); /* all of it is looked at when it goes */
        block->size = size;
        if (old) memcpy(block + 1, ptr, old->size < size ? old->size : size);
    }
    if (old) look(ptr, old->size);
    free(old);
    return block ? block + 1 : NULL;
}

static void watch_memory(struct tern_endpoint_opts *opts)
{
    opts->allocator = (struct tern_allocator){NULL, watch_resize};
}

static void use_long_password(struct tern_account_opts *opts)
{
    opts->password = (tern_str){password, sizeof(password) - 1};
    opts->expires_s = 60;
}

static void a_password_is_wiped_when_it_goes(void)
{
    struct tern_account_opts opts;
    tune_alice_endpoint = watch_memory;
    meet_server();
    CHECK_EQ(tern_server_add_user(server->ep, TERN_STR("alice"),
                                  (tern_str){password, sizeof(password) - 1}),
             0);
    host_network(server, at(9), NULL);
    alice = world_host(&world, "alice", at(1), watch_memory);
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    host_account(alice, "sip:alice@example.com", registrar_uri(), use_long_password);
    world_run(&world, TERN_SECONDS(100));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    tern_account_opts_init(&opts);
    opts.uri = TERN_STR("sip:alice@example.com");
    opts.registrar = TERN_STR("sip:10.0.9.1:5060");
    use_long_password(&opts);
    CHECK_EQ(tern_account_modify(alice->ep, world.now, alice->account, &opts), 0);
    world_run(&world, TERN_SECONDS(10));
    CHECK_EQ(alice->registration, TERN_REGISTRATION_REGISTERED);
    CHECK_EQ(tern_account_remove(alice->ep, world.now, alice->account), 0);
    world_run(&world, TERN_SECONDS(60));
    host_account(alice, "sip:alice@example.com", registrar_uri(), use_long_password);
    world_end(&world);
    tune_alice_endpoint = NULL;
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(nothing_that_is_said_has_a_secret_in_it),
        TEST(what_is_on_the_wire_is_blank_in_the_events),
        TEST(a_password_is_wiped_when_it_goes),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

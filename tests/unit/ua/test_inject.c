/* SPDX-License-Identifier: MIT */
/*
 * Nothing that an application hands in can add to a message, end it, or turn it into two: each
 * text of the API, with each of a list of nasty pieces in its middle, is either refused or sent so
 * that it reads back as it was meant. All else of all messages stays as with a harmless text.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "peer.h"
#include "wire/sip/msg.h"

static struct world world;
static struct host *alice, *peer;
static struct tern_allocator memory;

/* What is filled in; the rest have harmless values. */
struct texts {
    tern_str user_agent, uri, display_name, registrar, proxy, auth_user, password, realm;
    tern_str target, subject, why;
};

static const struct texts harmless = {
    .user_agent = {"Phone/1 (x)", 11},
    .uri = {"sip:alice@example.com", 21},
    .display_name = {"Alice", 5},
    .registrar = {"sip:10.0.0.7", 12},
    .proxy = {"sip:10.0.0.7;lr", 15},
    .auth_user = {"al", 2},
    .password = {"secret", 6},
    .realm = {"home", 4},
    .target = {"sip:bob@10.0.0.7", 16},
    .subject = {"Hello", 5},
    .why = {"Bye", 3},
};

#define CHALLENGE "WWW-Authenticate: Digest realm=\"home\", nonce=\"n\", qop=\"auth\"\r\n"

/* ---- the peer: registrar, proxy and far end ---- */

static bool rings; /* an INVITE is not answered but with 180 */
static char invite[4096];

static void reply(const char *request, const char *status, const char *headers, const char *body)
{
    const struct peer_answer answer = {
        .status = status, .tag = "far", .headers = headers, .body = body};
    peer_reply(peer, request, &answer);
}

static bool answer(struct host *host, const char *text)
{
    bool authorised = strstr(text, "\r\nAuthorization: ") != NULL;
    (void)host;
    if (strncmp(text, "REGISTER", 8) == 0) {
        reply(text, authorised ? "200 OK" : "401 Who", authorised ? NULL : CHALLENGE, NULL);
    } else if (strncmp(text, "INVITE", 6) == 0 && !authorised) {
        reply(text, "401 Who", CHALLENGE, NULL);
    } else if (strncmp(text, "INVITE", 6) == 0 && rings) {
        snprintf(invite, sizeof(invite), "%s", text);
        reply(text, "180 Ringing", NULL, NULL);
    } else if (strncmp(text, "INVITE", 6) == 0) {
        reply(text, "200 OK", "Contact: <sip:bob@10.0.0.7>\r\n", PEER_SDP);
    } else if (strncmp(text, "BYE", 3) == 0) {
        reply(text, "200 OK", NULL, NULL);
    } else if (strncmp(text, "CANCEL", 6) == 0) {
        reply(text, "200 OK", NULL, NULL);
        reply(invite, "487 Gone", NULL, NULL);
    }
    return true;
}

/* ---- a life with these texts ---- */

static const struct texts *in_use;
static bool refused;

static void note(int err)
{
    CHECK(err == 0 || err == TERN_EINVAL || err == TERN_ESTALE);
    refused = refused || err == TERN_EINVAL;
}

static void tune(struct tern_endpoint_opts *opts)
{
    struct tern_endpoint *ep = NULL;
    opts->user_agent = in_use->user_agent;
    int err = tern_endpoint_new(opts, &ep);
    note(err);
    tern_endpoint_free(ep);
    if (err) opts->user_agent = harmless.user_agent;
}

static void add_account(void)
{
    struct tern_account_opts opts;
    tern_account_opts_init(&opts);
    opts.uri = in_use->uri;
    opts.display_name = in_use->display_name;
    opts.registrar = in_use->registrar;
    opts.proxy = in_use->proxy;
    opts.auth_user = in_use->auth_user;
    opts.password = in_use->password;
    opts.realm = in_use->realm;
    note(tern_account_add(alice->ep, world.now, &opts, &alice->account));
    world_run(&world, TERN_MS(500));
}

static void end_call(void)
{
    struct tern_call_end_opts opts;
    tern_call_end_opts_init(&opts);
    opts.cause = 200;
    opts.text = in_use->why;
    note(tern_call_end(alice->ep, world.now, alice->call, &opts));
    world_run(&world, TERN_MS(500));
}

static void call(void)
{
    struct tern_call_opts opts;
    tern_call_opts_init(&opts);
    opts.account = alice->account;
    opts.target = in_use->target;
    opts.subject = in_use->subject;
    note(tern_call_make(alice->ep, world.now, &opts, &alice->call));
    world_run(&world, TERN_MS(500));
    end_call();
}

static void live(const struct texts *texts)
{
    in_use = texts;
    refused = rings = false;
    world_start(&world, TERN_MS(10));
    alice = world_host(&world, "alice", "10.0.1.1", tune);
    alice->talks = alice->auto_answer = false;
    peer = peer_new(&world, "10.0.0.7");
    peer_of(peer)->answer = answer;
    CHECK_EQ(tern_endpoint_start(alice->ep, world.now), 0);
    add_account();
    call();
    rings = true;
    call();
    peer_invite(peer, "10.0.1.1", NULL, PEER_SDP);
    world_run(&world, TERN_MS(500));
    end_call();
}

/* ---- reading ---- */

static struct tn_msg *parse(const char *text)
{
    struct tn_msg *msg;
    CHECK_EQ(tn_msg_parse(&memory, tn_str(text), &msg), 0);
    CHECK_EQ(msg->defect_status, 0);
    return msg;
}

/* Methods, statuses and names of header fields of all that was sent. */
static char *shape(void)
{
    static char room[2][65536];
    static int next;
    char *out = room[next++ % 2];
    size_t len = 0;
    for (size_t i = 0; i < peer_of(peer)->count; i++) {
        const char *text = peer_of(peer)->inbox[i];
        struct tn_msg *msg = parse(text);
        len += (size_t)snprintf(out + len, 65536 - len, "%.*s%u",
                                (int)(msg->is_request ? msg->method_text.len : 0),
                                msg->method_text.ptr, msg->is_request ? 0 : msg->status);
        for (const char *line = strstr(text, "\r\n") + 2; line[0] != '\r';
             line = strstr(line, "\r\n") + 2) {
            len += (size_t)snprintf(out + len, 65536 - len, " %.*s", (int)strcspn(line, ":"), line);
        }
        len += (size_t)snprintf(out + len, 65536 - len, "\n");
        tn_msg_unref(msg);
    }
    return out;
}

static bool unquoted_is(tern_str quoted, tern_str want)
{
    char plain[512];
    size_t len = 0;
    for (size_t i = 0; i < quoted.len; i++) {
        if (quoted.ptr[i] == '\\') i++;
        plain[len++] = quoted.ptr[i];
    }
    return tn_str_eq((tern_str){plain, len}, want);
}

static bool reason_is(const struct tn_msg *msg, tern_str want)
{
    struct tn_reason reason;
    const struct tn_hdr *hdr = tn_msg_header(msg, TN_HDR_REASON, 0);
    return hdr && tn_reason_parse(hdr->value, &reason) == 0 && reason.cause == 200 &&
           unquoted_is(reason.text, want);
}

static bool user_is(const struct tn_msg *msg, tern_str want)
{
    struct tn_auth_params params;
    const struct tn_hdr *hdr = tn_msg_header(msg, TN_HDR_AUTHORIZATION, 0);
    return !hdr || (tn_auth_parse(hdr->value, &params) == 0 && unquoted_is(params.username, want));
}

static void check_request(const struct tn_msg *msg, const struct texts *t)
{
    bool is_call = msg->method == TN_METHOD_INVITE;
    CHECK(tn_str_eq(msg->from.uri.text, t->uri));
    CHECK(user_is(msg, t->auth_user));
    if (tn_msg_header(msg, TN_HDR_USER_AGENT, 0)) {
        CHECK(
            tn_str_eq(tn_msg_header(msg, TN_HDR_USER_AGENT, 0)->value, tn_str_trim(t->user_agent)));
    }
    if (msg->method == TN_METHOD_REGISTER) CHECK(tn_str_eq(msg->uri.text, t->registrar));
    if (is_call) {
        CHECK(unquoted_is(msg->from.display, t->display_name));
        bool whole = tn_str_starts(t->target, TERN_STR("sip:"));
        CHECK(tn_str_eq(tn_str_from(msg->uri.text, whole ? 0 : 4), tn_str_trim(t->target)));
        CHECK(tn_str_eq(tn_msg_header(msg, TN_HDR_SUBJECT, 0)->value, tn_str_trim(t->subject)));
    }
    if (msg->method == TN_METHOD_BYE || msg->method == TN_METHOD_CANCEL) {
        CHECK(reason_is(msg, t->why));
    }
}

static void reads_back(const struct texts *t)
{
    for (size_t i = 0; i < peer_of(peer)->count; i++) {
        struct tn_msg *msg = parse(peer_of(peer)->inbox[i]);
        if (msg->is_request) check_request(msg, t);
        if (!msg->is_request && msg->status >= 300) CHECK(reason_is(msg, t->why));
        tn_msg_unref(msg);
    }
}

/* ---- the table ---- */

#define PIECE(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const tern_str pieces[] = {
    PIECE("\r\nX-Evil: 1"),
    PIECE("\nX-Evil: 1"),
    PIECE("\rX-Evil: 1"),
    PIECE("\r\n X-Evil: 1"),
    PIECE("\r\n\r\nBYE sip:a@b SIP/2.0\r\n"),
    PIECE("\0"),
    PIECE("\x01"),
    PIECE("\x7f"),
    PIECE("\x1b[2J"),
    PIECE("\t"),
    PIECE(" "),
    PIECE("\""),
    PIECE("\\"),
    PIECE("\\\""),
    PIECE("\" <sip:evil@x>;y=\""),
    PIECE("<"),
    PIECE(">"),
    PIECE(">;tag=evil"),
    PIECE("<sip:evil@x>"),
    PIECE(";tag=evil"),
    PIECE(","),
    PIECE(", <sip:evil@x>"),
    PIECE("?X-Evil=1"),
    PIECE("%0d%0aX-Evil:%201"),
    PIECE("%"),
    PIECE("("),
    PIECE(")"),
    PIECE("(\\"),
    PIECE("'"),
    PIECE("é"),
    PIECE("\xff"),
    PIECE("\xc3("),
    PIECE("\xc0\xaf"),
    PIECE("\xe0\x80\xaf"),
    PIECE("\xed\xa0\x80"),
    PIECE("\xf4\x90\x80\x80"),
    PIECE("\xf0\x9f\x98\x80"),
    PIECE("\xc2\x85"),
    PIECE("\xe2\x82"),
};

#define FIELD(member, before, after)                                                               \
    {                                                                                              \
#member, offsetof(struct texts, member), before, after                                     \
    }

static const struct {
    const char *name;
    size_t at;
    const char *before, *after;
} fields[] = {
    FIELD(user_agent, "Phone", "X/1 (c)"),
    FIELD(user_agent, "Phone/1 (c", "d)"),
    FIELD(uri, "sip:al", "ice@example.com"),
    FIELD(uri, "sip:alice@example.com", ""),
    FIELD(uri, "", "sip:alice@example.com"),
    FIELD(display_name, "Al", "ice"),
    FIELD(display_name, "Al", ""),
    FIELD(registrar, "sip:10.0.0.7", ""),
    FIELD(registrar, "sip:10.0.0.7;x=", ""),
    FIELD(proxy, "sip:10.0.0.7;lr", ""),
    FIELD(proxy, "sip:10.0.0.7;lr;x=", "y"),
    FIELD(auth_user, "al", "ice"),
    FIELD(password, "sec", "ret"),
    FIELD(realm, "ho", "me"),
    FIELD(target, "sip:bo", "b@10.0.0.7"),
    FIELD(target, "sip:bob@10.0.0.7", ""),
    FIELD(target, "bo", "b@10.0.0.7"),
    FIELD(subject, "Hel", "lo"),
    FIELD(subject, "", "lo"),
    FIELD(subject, "Hel", ""),
    FIELD(why, "By", "e"),
};

static tern_str join(const char *before, tern_str piece, const char *after)
{
    static char room[256];
    struct tn_buf out;
    tn_buf_fixed(&out, room, sizeof(room));
    tn_buf_z(&out, before);
    tn_buf_str(&out, piece);
    tn_buf_z(&out, after);
    CHECK_EQ(out.err, 0);
    return tn_buf_view(&out);
}

/* @return whether it was refused */
static bool try(size_t field, tern_str piece)
{
    struct texts texts = harmless;
    tern_str *text = (tern_str *)(void *)((char *)&texts + fields[field].at);

    *text = join(fields[field].before, (tern_str){"x", 1}, fields[field].after);
    if (fields[field].at == offsetof(struct texts, realm)) texts.realm = TERN_STR("hoxme");
    live(&texts);
    const char *want = refused ? NULL : shape();
    world_end(&world);

    *text = join(fields[field].before, piece, fields[field].after);
    live(&texts);
    bool no = refused;
    if (!no && want) CHECK(strcmp(shape(), want) == 0);
    if (!no) reads_back(&texts);
    world_end(&world);
    return no;
}

static void no_text_of_the_api_can_add_to_a_message(void)
{
    unsigned sent = 0, refusals = 0;
    memory = tn_default_allocator();
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
        for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
            bool no = try(f, pieces[p]);
            refusals += no;
            sent += !no;
            if (getenv("WORLD_TRACE")) printf("%s %zu %d\n", fields[f].name, p, no);
        }
    }
    CHECK(sent > 200);
    CHECK(refusals > 200);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(no_text_of_the_api_can_add_to_a_message),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

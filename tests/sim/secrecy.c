/* SPDX-License-Identifier: MIT */
/*
 * TLS and SRTP in a life: certificates, what endpoints and accounts are told, and whose messages are
 * read from their events, since the wire shows ciphers only. Certificates are made once: they are
 * the same in every life of a process, and follow from nothing but themselves.
 */
#include <stdlib.h>
#include <string.h>
#include <tern/secure.h>

#include "life.h"

#define NAMES_MAX 40
#define NAME_ROOM 24
#define DAYS      3650

enum { GOOD, OTHER_NAME, OTHER_AUTHORITY, KINDS };

static struct {
    bool made;
    struct tern_cert authority, stranger, server[KINDS];
} certs;

static bool is_tls(const struct plan *plan, int who)
{
    return plan->set[who == ALICE ? SET_transport : SET_bob_transport] == 2;
}

bool secrecy_is_wanted(const struct plan *plan)
{
    return is_tls(plan, ALICE) || is_tls(plan, BOB);
}

bool secrecy_is_ciphered(const struct life *life, uint32_t host)
{
    if (host == SERVER_HOST) return secrecy_is_wanted(life->plan);
    return host > 0 && is_tls(life->plan, (int)host - 1);
}

bool secrecy_is_refused(const struct life *life, uint32_t host)
{
    return life->plan->set[SET_cert] != GOOD && secrecy_is_ciphered(life, host);
}

/* RFC 5922 7.2, RFC 5280 6 */
void secrecy_registered(struct life *life, uint32_t host)
{
    if (secrecy_is_refused(life, host))
        fail(life, "certificate", "%s: registers at a server that cannot prove who it is",
             host_name(host));
}

/* ---- certificates ---- */

static bool make(struct tern_cert *out, tern_str *names, size_t count,
                 const struct tern_cert *issuer)
{
    struct tern_cert_opts opts;
    tern_cert_opts_init(&opts);
    opts.names = names;
    opts.name_count = count;
    opts.days = DAYS;
    opts.authority = issuer == NULL;
    if (issuer) {
        opts.issuer_cert_pem = (tern_str){issuer->cert_pem, issuer->cert_len};
        opts.issuer_key_pem = (tern_str){issuer->key_pem, issuer->key_len};
    }
    return tern_cert_make(&opts, out) == 0;
}

/* All that the server is ever called: see world.c for its addresses. */
static size_t list_names(char room[NAMES_MAX][NAME_ROOM], tern_str names[NAMES_MAX])
{
    size_t count = 0;
    names[count++] = TERN_STR("example.com");
    for (int i = 0; i <= 15; i++) {
        for (int family = 4; family <= 6; family += 2, count++) {
            int last = i < 15 ? 9 + 16 * i : 10;
            int len = snprintf(room[count], NAME_ROOM, family == 4 ? "10.7.0.%d" : "2001:db8:7::%x",
                               last);
            names[count] = (tern_str){room[count], (size_t)len};
        }
    }
    return count;
}

bool secrecy_prepare(void)
{
    char room[NAMES_MAX][NAME_ROOM];
    tern_str names[NAMES_MAX], one = TERN_STR("example.com"), other = TERN_STR("other.example");
    if (certs.made) return true;
    size_t count = list_names(room, names);
    certs.made = make(&certs.authority, &one, 1, NULL) && make(&certs.stranger, &other, 1, NULL) &&
                 make(&certs.server[GOOD], names, count, &certs.authority) &&
                 make(&certs.server[OTHER_NAME], &other, 1, &certs.authority) &&
                 make(&certs.server[OTHER_AUTHORITY], names, count, &certs.stranger);
    return certs.made;
}

/* ---- who is told what ---- */

static tern_str pem(const char *ptr, size_t len)
{
    return (tern_str){ptr, len};
}

void secrecy_endpoint(const struct life *life, uint32_t host, struct tern_endpoint_opts *opts)
{
    if (!secrecy_is_ciphered(life, host)) return;
    opts->sip_events = true;
    if (host == SERVER_HOST) {
        const struct tern_cert *cert = &certs.server[life->plan->set[SET_cert]];
        opts->tls_cert = pem(cert->cert_pem, cert->cert_len);
        opts->tls_key = pem(cert->key_pem, cert->key_len);
    } else {
        opts->tls_ca = pem(certs.authority.cert_pem, certs.authority.cert_len);
    }
}

void secrecy_account(const struct life *life, struct tern_account_opts *opts)
{
    int32_t srtp = life->plan->set[SET_srtp];
    if (srtp == 0) return;
    opts->srtp = TERN_SRTP_MANDATORY;
    opts->srtp_keys = srtp == 1 ? TERN_SRTP_SDES : TERN_SRTP_DTLS;
}

/* ---- what is read ---- */

static const char *after(tern_str s, const char *mark)
{
    size_t len = strlen(mark);
    for (size_t i = 0; i + len <= s.len; i++) {
        if (memcmp(s.ptr + i, mark, len) == 0) return s.ptr + i + len;
    }
    return NULL;
}

/* Content-Length counts what was there: all that is missing goes to where the first key was. */
size_t secrecy_restore(tern_str text, char room[SECRECY_TEXT])
{
    const char *length = after(text, "Content-Length: "), *body = after(text, "\r\n\r\n");
    if (text.len > SECRECY_TEXT) text.len = SECRECY_TEXT;
    memcpy(room, text.ptr, text.len);
    if (length == NULL || body == NULL) return text.len;
    tern_str rest = {body, (size_t)(text.ptr + text.len - body)};
    size_t want = strtoul(length, NULL, 10);
    const char *key = after(rest, "inline:");
    if (key == NULL || want <= rest.len || text.len + want - rest.len > SECRECY_TEXT)
        return text.len;
    size_t at = (size_t)(key - text.ptr), missing = want - rest.len;
    memset(room + at, '.', missing);
    memcpy(room + at + missing, key, text.len - at);
    return text.len + missing;
}

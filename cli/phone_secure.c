/* SPDX-License-Identifier: MIT */
/* The phone's TLS and SRTP: what is read for them, and what is said of them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs.h"
#include "phone.h"

/* ---- what accounts want ---- */

static bool is_secure_uri(const char *uri)
{
    return strncasecmp(uri, "sips:", 5) == 0 || strcasestr(uri, ";transport=tls") != NULL;
}

bool phone_wants_tls(const struct config_account *account)
{
    return account->transport == TERN_TRANSPORT_TLS || is_secure_uri(account->uri) ||
           is_secure_uri(account->registrar) || is_secure_uri(account->proxy);
}

enum tern_srtp phone_srtp(const struct config_account *account)
{
    if (account->srtp != CONFIG_SRTP_AUTO) return (enum tern_srtp)account->srtp;
    return phone_wants_tls(account) ? TERN_SRTP_OPTIONAL : TERN_SRTP_OFF;
}

/* ---- files ---- */

static bool complain(const char *why)
{
    fprintf(stderr, "tern phone: %s\n", why);
    return false;
}

static tern_str view(const struct tern_uv_pem *pem)
{
    return (tern_str){pem->text, pem->len};
}

static bool is_needed(const struct config *config)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (phone_wants_tls(&config->accounts[i])) return true;
    return false;
}

/* Without any, an account of UDP or TCP is none the worse, and sips: URIs cannot be called. */
static bool load_ca(const struct config *config, struct tern_uv_pem *out, char *why)
{
    if (!config->verify) return true;
    if (config->ca[0] != '\0') return certs_read(config->ca, out, why) == 0;
    int err = tern_uv_system_ca(out);
    if (err == 0 || !is_needed(config)) return true;
    snprintf(
        why, CERTS_WHY_CAP,
        "TLS needs authorities to trust, and this system's cannot be read: %s\n"
        "Install them (Debian: package ca-certificates), or give your server's with --ca FILE.",
        tern_strerror(err));
    return false;
}

static bool load_own(const struct config *config, struct phone_pems *pems, char *why)
{
    if ((config->cert[0] != '\0') != (config->key[0] != '\0')) {
        snprintf(why, CERTS_WHY_CAP, "cert and key belong together: give both");
        return false;
    }
    return config->cert[0] == '\0' || (certs_read(config->cert, &pems->cert, why) == 0 &&
                                       certs_read(config->key, &pems->key, why) == 0);
}

bool phone_load_pems(const struct config *config, struct phone_pems *pems,
                     struct tern_endpoint_opts *opts)
{
    char why[CERTS_WHY_CAP];

    *pems = (struct phone_pems){0};
    if (!load_ca(config, &pems->ca, why) || !load_own(config, pems, why)) {
        phone_free_pems(pems);
        return complain(why);
    }
    opts->tls_ca = view(&pems->ca);
    opts->tls_cert = view(&pems->cert);
    opts->tls_key = view(&pems->key);
    opts->tls_no_verify = !config->verify;
    opts->tls_port = (uint16_t)config->tls_port;
    return true;
}

void phone_free_pems(struct phone_pems *pems)
{
    tern_uv_pem_free(&pems->ca);
    tern_uv_pem_free(&pems->cert);
    tern_uv_pem_free(&pems->key);
}

/* ---- what to do about it ---- */

static bool has(tern_str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

const char *phone_advice(tern_str reason, enum tern_transport transport)
{
    static const struct {
        const char *part, *advice;
    } known[] = {
        {"the certificate is for ", " Call the server by a name that its certificate has, or have "
                                    "it made for the one that you use."},
        {"no trusted authority signed",
         " If the server is your own, give its ca.pem with --ca FILE (tern.conf: ca = FILE)."},
        {"is signed by itself only",
         " If the server is your own, give its certificate with --ca FILE (tern.conf: ca = FILE)."},
        {" has expired", " The server needs a new one, unless the clock here is wrong."},
        {" is not valid before ", " Is the clock here right?"},
        {"certificate required", " The server wants one of yours: --cert FILE and --key FILE."},
        {"handshake", " Does that port speak TLS? The usual one is 5061."},
        {"closed by the far end", " Does that port speak TLS? The usual one is 5061."},
        {"connection refused", " Does the server listen for TLS there? The usual port is 5061."},
    };

    if (transport != TERN_TRANSPORT_TLS || reason.len == 0) return "";
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (has(reason, known[i].part)) return known[i].advice;
    return "";
}

/* ---- calls ---- */

static bool anybody_cares(const struct phone *phone)
{
    for (size_t i = 0; i < phone->config.account_count; i++)
        if (phone_srtp(&phone->config.accounts[i]) != TERN_SRTP_OFF) return true;
    return false;
}

const char *phone_protection(struct phone *phone, struct phone_call *call)
{
    struct tern_call_info info;

    if (tern_call_get_info(phone->ep, call->handle, &info) < 0) return "";
    call->security = info.security;
    switch (info.security) {
    case TERN_MEDIA_CLEAR: return anybody_cares(phone) ? ", in the clear" : "";
    case TERN_MEDIA_SECURING: return ", agreeing on keys";
    case TERN_MEDIA_SECURE: return ", secure";
    case TERN_MEDIA_INSECURE: return ", without keys";
    }
    return "";
}

void phone_tell_security(struct phone *phone, struct phone_call *call, enum tern_media_security now)
{
    if (now == call->security) return;
    call->security = now;
    if (!call->answered) return;
    switch (now) {
    case TERN_MEDIA_CLEAR:
        phone_tell(phone, TONE_WARN, "Call %u is not secure any more: audio is in the clear.",
                   call->number);
        return;
    case TERN_MEDIA_SECURING: return;
    case TERN_MEDIA_SECURE:
        phone_tell(phone, TONE_GOOD, "Call %u is secure.", call->number);
        return;
    case TERN_MEDIA_INSECURE:
        phone_tell(phone, TONE_BAD, "Call %u: no keys could be agreed on; nothing is sent.",
                   call->number);
        return;
    }
}

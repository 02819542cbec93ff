/* SPDX-License-Identifier: MIT */
#include "demo_secure.h"

#include <string.h>

/* ---- certificates ---- */

static tern_str view(const char *text)
{
    return (tern_str){text, strlen(text)};
}

int demo_certs_make(struct demo_certs *certs, const char *address)
{
    const tern_str names[] = {view(address), TERN_STR(DEMO_DOMAIN)};
    struct tern_cert_opts opts;

    tern_cert_opts_init(&opts);
    opts.authority = true;
    int err = tern_cert_make(&opts, &certs->authority);
    if (err) return err;
    tern_cert_opts_init(&opts);
    opts.names = names;
    opts.name_count = sizeof(names) / sizeof(names[0]);
    opts.issuer_cert_pem = (tern_str){certs->authority.cert_pem, certs->authority.cert_len};
    opts.issuer_key_pem = (tern_str){certs->authority.key_pem, certs->authority.key_len};
    return tern_cert_make(&opts, &certs->server);
}

void demo_certs_free(struct demo_certs *certs)
{
    tern_cert_free(&certs->authority);
    tern_cert_free(&certs->server);
}

void demo_secure_endpoint(const struct demo_part *part, struct tern_endpoint_opts *opts)
{
    const struct demo_certs *certs = part->certs;

    opts->tls_ca = (tern_str){certs->authority.cert_pem, certs->authority.cert_len};
    if (part->who != DEMO_SERVER) return;
    opts->tls_cert = (tern_str){certs->server.cert_pem, certs->server.cert_len};
    opts->tls_key = (tern_str){certs->server.key_pem, certs->server.key_len};
}

void demo_secure_account(const struct demo_opts *from, struct tern_account_opts *opts)
{
    if (from->srtp == DEMO_SRTP_OFF) return;
    opts->srtp = TERN_SRTP_MANDATORY;
    opts->srtp_keys = from->srtp == DEMO_SRTP_DTLS ? TERN_SRTP_DTLS : TERN_SRTP_SDES;
}

/* ---- names ---- */

const char *demo_transport_key(enum tern_transport transport)
{
    switch (transport) {
    case TERN_TRANSPORT_UDP: return "udp";
    case TERN_TRANSPORT_TCP: return "tcp";
    case TERN_TRANSPORT_TLS: return "tls";
    }
    return "unknown";
}

const char *demo_srtp_key(enum demo_srtp srtp)
{
    return srtp == DEMO_SRTP_SDES ? "sdes" : srtp == DEMO_SRTP_DTLS ? "dtls" : "off";
}

const char *demo_srtp_text(enum demo_srtp srtp)
{
    if (srtp == DEMO_SRTP_SDES) return ", audio over SRTP with keys by SDES";
    return srtp == DEMO_SRTP_DTLS ? ", audio over SRTP with keys by DTLS" : "";
}

/* ---- what is told ---- */

void demo_tell_secured(struct demo_story *story, const struct demo_report *report)
{
    const struct demo_secured *secured = &report->u.secured;
    const char *how = secured->resumed ? "resumed" : "full handshake";

    if (story->screen.json) {
        struct demo_writer w = demo_json(&story->screen, report->at, "secured");
        json_text(&w.json, "version", report->reason);
        json_bool(&w.json, "resumed", secured->resumed);
        json_time(&w.json, "took", secured->took);
        demo_json_end(&w);
        return;
    }
    demo_tell(story, report->at, DEMO_TICK, "%-10s with the server, %s, %.0f ms with TCP",
              report->reason, how, (double)secured->took / 1000);
}

void demo_put_connecting(struct demo_writer *w, const struct demo_story *story,
                         const struct demo_secured *secured, bool by_far)
{
    switch (story->opts->transport) {
    case TERN_TRANSPORT_UDP: return;
    case TERN_TRANSPORT_TCP:
        fprintf(w->to, ",\n%14s%s to connect", "", by_far ? "half of one" : "one of them");
        return;
    case TERN_TRANSPORT_TLS: break;
    }
    if (!secured->known) return;
    fprintf(w->to, ",\n%14s%.1f of them for TCP and TLS, %s", "",
            (double)secured->took / (double)story->opts->rtt / (by_far ? 2 : 1),
            secured->resumed ? "resumed" : "full handshake");
}

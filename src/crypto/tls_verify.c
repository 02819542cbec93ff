/* SPDX-License-Identifier: MIT */
/*
 * Whether a certificate is for the SIP domain that was asked for (RFC 5922 7.1, 7.2), and why it was
 * refused. OpenSSL checks the chain and its dates; its own check of names knows wildcards, which SIP
 * forbids, and no SIP URIs.
 */
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/str.h"
#include "crypto/tls_impl.h"

static tern_str text_of(const ASN1_STRING *string)
{
    tern_str text = {(const char *)ASN1_STRING_get0_data(string),
                     (size_t)ASN1_STRING_length(string)};
    return text;
}

/* RFC 5922 7.1: the host of a sip URI without user is an identity; any other URI is none. */
static bool sip_identity(tern_str uri, tern_str *out)
{
    tern_str rest;

    if (!tn_str_ieq(tn_str_sub(uri, 0, 4), TERN_STR("sip:"))) return false;
    if (tn_str_find(uri, '@') != SIZE_MAX) return false;
    tern_str host = tn_str_cut(tn_str_from(uri, 4), ';', &rest);
    host = tn_str_cut(host, '?', &rest);
    *out = tn_str_cut(host, ':', &rest);
    return out->len > 0;
}

static bool has_sip_identity(const GENERAL_NAMES *names)
{
    tern_str identity;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI && sip_identity(text_of(name->d.ia5), &identity)) return true;
    }
    return false;
}

/* An identity among those that count: DNS names do only where no sip URI stands. */
static bool identity_of(const GENERAL_NAME *name, bool sip_only, tern_str *out)
{
    if (name->type == GEN_URI) return sip_identity(text_of(name->d.ia5), out);
    if (name->type != GEN_DNS || sip_only) return false;
    *out = text_of(name->d.ia5);
    return true;
}

static bool is_literal(const struct tn_tls *tls, const GENERAL_NAME *name)
{
    size_t len = tls->literal.family == TERN_FAMILY_IPV4 ? 4 : 16;

    if (name->type != GEN_IPADD) return false;
    tern_str bytes = text_of(name->d.ip);
    return bytes.len == len && memcmp(bytes.ptr, tls->literal.ip, len) == 0;
}

/* `*other` becomes an identity of somebody else. */
static bool match_names(const struct tn_tls *tls, const GENERAL_NAMES *names, tern_str *other)
{
    bool sip_only = has_sip_identity(names);
    tern_str identity;

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (tls->literal.family && is_literal(tls, name)) return true;
        if (!identity_of(name, sip_only, &identity)) continue;
        if (!tls->literal.family && tn_str_ieq(identity, tn_text_view(&tls->domain))) return true;
        if (other->len == 0) *other = identity;
    }
    return false;
}

/* RFC 5922 7.1: only where there is no subjectAltName at all. */
static bool match_common_name(const struct tn_tls *tls, const X509 *cert, tern_str *other)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at < 0) return false;
    *other = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    return !tls->literal.family && tn_str_ieq(*other, tn_text_view(&tls->domain));
}

static void explain_name(struct tn_tls *tls, tern_str other)
{
    char room[TN_REASON_MAX];
    struct tn_buf text;

    tn_buf_fixed(&text, room, sizeof(room));
    tn_buf_z(&text, "the certificate is for ");
    if (other.len > 0)
        tn_reason_quote(&text, other);
    else
        tn_buf_z(&text, "nobody");
    tn_buf_z(&text, ", not ");
    tn_reason_quote(&text, tn_text_view(&tls->domain));
    tn_reason_set_text(&tls->reason, &text);
}

bool tn_tls_verify_name(struct tn_tls *tls, X509 *cert)
{
    tern_str other = {NULL, 0};
    int critical; /* -1: no such extension, or one that cannot be read */
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    bool matches = false;

    if (names)
        matches = match_names(tls, names, &other);
    else if (critical == -1)
        matches = match_common_name(tls, cert, &other);
    if (!matches) explain_name(tls, other);
    GENERAL_NAMES_free(names);
    return matches;
}

static void explain_signer(struct tn_tls *tls, struct tn_buf *text)
{
    tn_buf_z(text, "no trusted authority signed the certificate");
    if (!tls->client) return;
    tn_buf_z(text, " of ");
    tn_reason_quote(text, tn_text_view(&tls->domain));
}

static void explain(struct tn_tls *tls, X509_STORE_CTX *store)
{
    const X509 *cert = X509_STORE_CTX_get_current_cert(store);
    int error = X509_STORE_CTX_get_error(store);
    const char *whose = X509_STORE_CTX_get_error_depth(store) > 0
                            ? "the certificate of its authority"
                            : "the certificate";
    char room[TN_REASON_MAX];
    struct tn_buf text;

    tn_buf_fixed(&text, room, sizeof(room));
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        tn_buf_z(&text, whose);
        tn_buf_z(&text, " has expired (");
        tn_reason_date(&text, X509_get0_notAfter(cert));
        tn_buf_char(&text, ')');
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        tn_buf_z(&text, whose);
        tn_buf_z(&text, " is not valid before ");
        tn_reason_date(&text, X509_get0_notBefore(cert));
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: explain_signer(tls, &text); break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        tn_buf_z(&text, "the certificate is signed by itself only, and not trusted");
        break;
    default:
        tn_buf_z(&text, "the certificate is refused: ");
        tn_buf_z(&text, X509_verify_cert_error_string(error));
    }
    tn_reason_set_text(&tls->reason, &text);
}

int tn_tls_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tn_tls *tls = SSL_get_app_data(ssl);

    if (!ok) {
        explain(tls, store);
        return 0;
    }
    if (!tls->client || X509_STORE_CTX_get_error_depth(store) > 0) return 1;
    if (TN_MUTANT(TLS_ANY_NAME)) return 1;
    if (tn_tls_verify_name(tls, X509_STORE_CTX_get_current_cert(store))) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

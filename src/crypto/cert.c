/* SPDX-License-Identifier: MIT */
/* RFC 5280 profiles by OpenSSL; names as RFC 5922 7.1 reads them, fingerprints as RFC 8122 5. */
#include "crypto/cert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <tern/err.h>
#include <tern/network.h>

#include "base/alloc.h"
#include "base/str.h"
#include "crypto/fingerprint.h"
#include "crypto/pem.h"

enum { VERSION_3 = 2, HOUR_S = 3600, SERIAL_BYTES = 16, COMMON_NAME_MAX = 64, NAME_MAX = 255 };

/* Who signs: the issuer that was given, or the new certificate itself. */
struct issuer {
    X509 *cert;
    EVP_PKEY *key;
};

static bool usable(tern_str name)
{
    if (name.len == 0 || name.len > NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] > '~') return false;
    return true;
}

static bool valid(const struct tn_cert_opts *opts)
{
    if (opts->days == 0 || opts->days > TN_CERT_DAYS_MAX) return false;
    if (opts->name_count > TN_CERT_NAMES_MAX) return false;
    if ((opts->issuer_cert_pem.len == 0) != (opts->issuer_key_pem.len == 0)) return false;
    for (size_t i = 0; i < opts->name_count; i++)
        if (!usable(opts->names[i])) return false;
    return true;
}

/* An IP literal as its bytes, anything else as its text. */
static int name_type(tern_str name, tern_addr *addr)
{
    if (tern_addr_parse(name, addr) == 0 && addr->port == 0 && addr->scope == 0) return GEN_IPADD;
    return tn_str_ieq(tn_str_sub(name, 0, 4), TERN_STR("sip:")) ? GEN_URI : GEN_DNS;
}

static GENERAL_NAME *make_name(tern_str text)
{
    tern_addr addr = {0};
    int type = name_type(text, &addr);
    if (type == GEN_IPADD)
        text = (tern_str){(const char *)addr.ip, addr.family == TERN_FAMILY_IPV4 ? 4 : 16};
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (!value || !name || ASN1_STRING_set(value, text.ptr, (int)text.len) != 1) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

static bool add_names(X509 *cert, const struct tn_cert_opts *opts)
{
    if (opts->name_count == 0) return true;
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < opts->name_count; i++) {
        GENERAL_NAME *name = make_name(opts->names[i]);
        ok = name && sk_GENERAL_NAME_push(names, name) > 0;
        if (!ok) GENERAL_NAME_free(name);
    }
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) == 1;
    GENERAL_NAMES_free(names);
    return ok;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* RFC 5280 4.2.1. RFC 5924 would want a usage of its own for SIP, which others do not know. */
static bool add_extensions(X509 *cert, X509 *issuer, const struct tn_cert_opts *opts)
{
    const char *basic = opts->authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
    const char *usage = opts->authority ? "critical,keyCertSign,cRLSign,digitalSignature"
                                        : "critical,digitalSignature";

    return add_extension(cert, issuer, NID_basic_constraints, basic) &&
           add_extension(cert, issuer, NID_key_usage, usage) &&
           (opts->authority ||
            add_extension(cert, issuer, NID_ext_key_usage, "serverAuth,clientAuth")) &&
           add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(cert, issuer, NID_authority_key_identifier, "keyid:always") &&
           add_names(cert, opts);
}

static bool set_subject(X509 *cert, const struct tn_cert_opts *opts)
{
    tern_str name = opts->name_count > 0 ? opts->names[0] : TERN_STR("tern");
    X509_NAME *subject = X509_get_subject_name(cert);

    if (name.len > COMMON_NAME_MAX) name.len = COMMON_NAME_MAX;
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)name.ptr, (int)name.len, -1, 0) == 1;
}

/* The serial number comes from the key, which is random: one issuer never gives it twice. */
static bool set_serial(X509 *cert)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (X509_pubkey_digest(cert, EVP_sha256(), hash, &len) != 1) return false;
    hash[0] = (unsigned char)((hash[0] & 0x7f) | 0x40); /* positive, and of one length */
    BIGNUM *number = BN_bin2bn(hash, SERIAL_BYTES, NULL);
    bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return ok;
}

static bool fill(X509 *cert, EVP_PKEY *key, struct issuer issuer, const struct tn_cert_opts *opts)
{
    return X509_set_version(cert, VERSION_3) == 1 && X509_set_pubkey(cert, key) == 1 &&
           set_serial(cert) && set_subject(cert, opts) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer.cert)) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR_S) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), (int)opts->days, 0, NULL) &&
           add_extensions(cert, issuer.cert, opts) && X509_sign(cert, issuer.key, EVP_sha256()) > 0;
}

static int load_issuer(const struct tn_cert_opts *opts, struct issuer *issuer)
{
    STACK_OF(X509) * certs;

    if (opts->issuer_cert_pem.len == 0) return 0;
    int err = tn_pem_certs(opts->issuer_cert_pem, &certs);
    if (err) return err;
    issuer->cert = sk_X509_shift(certs);
    sk_X509_pop_free(certs, X509_free);
    err = tn_pem_key(opts->issuer_key_pem, &issuer->key);
    if (!err && X509_check_private_key(issuer->cert, issuer->key) != 1) err = TERN_EPARSE;
    ERR_clear_error();
    return err;
}

/* Both or neither. */
static int print(X509 *cert, const EVP_PKEY *key, struct tn_buf *cert_pem, struct tn_buf *key_pem)
{
    size_t before = cert_pem->len;
    int err = tn_pem_print_cert(cert, cert_pem);
    if (!err) err = tn_pem_print_key(key, key_pem);
    if (err) cert_pem->len = before;
    return err;
}

int tn_cert_make(const struct tn_cert_opts *opts, struct tn_buf *cert_pem, struct tn_buf *key_pem)
{
    struct issuer issuer = {0};

    if (!valid(opts)) return TERN_EINVAL;
    int err = load_issuer(opts, &issuer);
    EVP_PKEY *key = err ? NULL : EVP_EC_gen("P-256");
    X509 *cert = key ? X509_new() : NULL;
    struct issuer signer = issuer.cert ? issuer : (struct issuer){cert, key};
    if (!err && !cert) err = TERN_ENOMEM;
    if (!err && !fill(cert, key, signer, opts)) err = TERN_EUNSUPPORTED;
    if (!err) err = print(cert, key, cert_pem, key_pem);
    ERR_clear_error();
    X509_free(cert);
    EVP_PKEY_free(key);
    X509_free(issuer.cert);
    EVP_PKEY_free(issuer.key);
    return err;
}

int tn_cert_fingerprint(tern_str cert_pem, char out[TN_FINGERPRINT_MAX])
{
    STACK_OF(X509) * certs;

    int err = tn_pem_certs(cert_pem, &certs);
    if (err) return err;
    err = tn_fingerprint_print(sk_X509_value(certs, 0), out);
    sk_X509_pop_free(certs, X509_free);
    return err;
}

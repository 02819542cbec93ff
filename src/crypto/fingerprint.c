/* SPDX-License-Identifier: MIT */
#include "crypto/fingerprint.h"

#include <openssl/crypto.h>
#include <tern/err.h>

#include "base/str.h"

/* RFC 8122 5: MD5 and MD2 must not be used, and nobody uses SHA-224. */
static const EVP_MD *find_hash(tern_str name)
{
    if (tn_str_ieq(name, TERN_STR("sha-256"))) return EVP_sha256();
    if (tn_str_ieq(name, TERN_STR("sha-384"))) return EVP_sha384();
    if (tn_str_ieq(name, TERN_STR("sha-512"))) return EVP_sha512();
    if (tn_str_ieq(name, TERN_STR("sha-1"))) return EVP_sha1();
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

int tn_fingerprint_parse(tern_str text, struct tn_fingerprint *out)
{
    struct tn_fingerprint parsed = {0};
    tern_str hex;

    parsed.hash = find_hash(tn_str_cut(tn_str_trim(text), ' ', &hex));
    if (!parsed.hash) return TERN_EPARSE;
    hex = tn_str_trim(hex);
    parsed.len = (size_t)EVP_MD_get_size(parsed.hash);
    if (hex.len != 3 * parsed.len - 1) return TERN_EPARSE;
    for (size_t i = 0; i < parsed.len; i++) {
        int high = hex_value(hex.ptr[3 * i]), low = hex_value(hex.ptr[3 * i + 1]);
        if (high < 0 || low < 0) return TERN_EPARSE;
        if (i + 1 < parsed.len && hex.ptr[3 * i + 2] != ':') return TERN_EPARSE;
        parsed.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = parsed;
    return 0;
}

bool tn_fingerprint_matches(const struct tn_fingerprint *fingerprint, const X509 *cert)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (X509_digest(cert, fingerprint->hash, hash, &len) != 1) return false;
    return len == fingerprint->len && CRYPTO_memcmp(hash, fingerprint->bytes, len) == 0;
}

int tn_fingerprint_print(const X509 *cert, char out[TN_FINGERPRINT_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    struct tn_buf text;

    if (X509_digest(cert, EVP_sha256(), hash, &len) != 1) return TERN_ENOMEM;
    tn_buf_fixed(&text, out, TN_FINGERPRINT_MAX);
    tn_buf_z(&text, "sha-256 ");
    for (unsigned int i = 0; i < len; i++) {
        if (i > 0) tn_buf_char(&text, ':');
        tn_buf_char(&text, digits[hash[i] >> 4]);
        tn_buf_char(&text, digits[hash[i] & 15]);
    }
    tn_buf_char(&text, '\0');
    return text.err;
}

/* SPDX-License-Identifier: MIT */
#include "wire/sdp/setup.h"

#include <string.h>

#include "base/str.h"

static const struct {
    enum tn_sdp_setup setup;
    tern_str name;
} setups[] = {
    {TN_SDP_SETUP_ACTIVE, {"active", 6}},
    {TN_SDP_SETUP_PASSIVE, {"passive", 7}},
    {TN_SDP_SETUP_ACTPASS, {"actpass", 7}},
    {TN_SDP_SETUP_HOLDCONN, {"holdconn", 8}},
};

/* MD5 and MD2 are named by RFC 8122, too, and forbidden by it. */
static const struct {
    tern_str name;
    size_t len;
} hashes[] = {
    {{"sha-1", 5}, 20},   {{"sha-224", 7}, 28}, {{"sha-256", 7}, 32},
    {{"sha-384", 7}, 48}, {{"sha-512", 7}, 64},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum tn_sdp_setup tn_sdp_setup(const struct tn_sdp *sdp, const struct tn_sdp_media *media)
{
    const struct tn_sdp_attr *attr = tn_sdp_attr_find(media->attrs, TERN_STR("setup"));

    if (!attr) attr = tn_sdp_attr_find(sdp->attrs, TERN_STR("setup"));
    if (!attr) return TN_SDP_SETUP_UNSAID;
    for (size_t i = 0; i < COUNT(setups); i++) {
        if (tn_str_ieq(tn_str_trim(attr->value), setups[i].name)) return setups[i].setup;
    }
    return TN_SDP_SETUP_UNSAID;
}

tern_str tn_sdp_setup_name(enum tn_sdp_setup setup)
{
    for (size_t i = 0; i < COUNT(setups); i++) {
        if (setups[i].setup == setup) return setups[i].name;
    }
    return (tern_str){"", 0};
}

enum tn_sdp_setup tn_sdp_setup_answer(enum tn_sdp_setup offer)
{
    switch (offer) {
    case TN_SDP_SETUP_PASSIVE:
    case TN_SDP_SETUP_ACTPASS: return TN_SDP_SETUP_ACTIVE;
    case TN_SDP_SETUP_HOLDCONN: return TN_SDP_SETUP_HOLDCONN;
    case TN_SDP_SETUP_UNSAID:
    case TN_SDP_SETUP_ACTIVE: break;
    }
    return TN_SDP_SETUP_PASSIVE;
}

/* ---- fingerprints ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "AB:CD:…", exactly `len` bytes */
static bool read_bytes(tern_str text, uint8_t *out, size_t len)
{
    if (text.len != 3 * len - 1) return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_of(text.ptr[3 * i]), low = hex_of(text.ptr[3 * i + 1]);
        if (high < 0 || low < 0) return false;
        if (i + 1 < len && text.ptr[3 * i + 2] != ':') return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

int tn_sdp_fingerprint_parse(tern_str value, struct tn_sdp_fingerprint *out)
{
    struct tn_sdp_fingerprint print = {.text = tn_str_trim(value)};
    tern_str hex;

    print.hash = tn_str_cut(print.text, ' ', &hex);
    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (tn_str_ieq(print.hash, hashes[i].name)) print.len = hashes[i].len;
    }
    if (print.len == 0 || !read_bytes(tn_str_trim(hex), print.bytes, print.len)) {
        return TERN_EPARSE;
    }
    *out = print;
    return 0;
}

void tn_sdp_fingerprint_print(const struct tn_sdp_fingerprint *fingerprint, struct tn_buf *buf)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < COUNT(hashes); i++) {
        if (hashes[i].len == fingerprint->len) tn_buf_str(buf, hashes[i].name);
    }
    for (size_t i = 0; i < fingerprint->len; i++) {
        tn_buf_char(buf, i == 0 ? ' ' : ':');
        tn_buf_char(buf, digits[fingerprint->bytes[i] >> 4]);
        tn_buf_char(buf, digits[fingerprint->bytes[i] & 15]);
    }
}

bool tn_sdp_fingerprint_equal(const struct tn_sdp_fingerprint *a,
                              const struct tn_sdp_fingerprint *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool strongest(const struct tn_sdp_attr *attrs, struct tn_sdp_fingerprint *out)
{
    bool found = false;

    for (; attrs != NULL; attrs = attrs->next) {
        struct tn_sdp_fingerprint print;
        if (!tn_str_eq(attrs->name, TERN_STR("fingerprint"))) continue;
        if (tn_sdp_fingerprint_parse(attrs->value, &print) != 0) continue;
        if (found && print.len <= out->len) continue;
        *out = print;
        found = true;
    }
    return found;
}

bool tn_sdp_fingerprint(const struct tn_sdp *sdp, const struct tn_sdp_media *media,
                        struct tn_sdp_fingerprint *out)
{
    if (tn_sdp_attr_find(media->attrs, TERN_STR("fingerprint"))) {
        return strongest(media->attrs, out);
    }
    return strongest(sdp->attrs, out);
}

/* ---- the rest ---- */

static bool is_id_char(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

    return letter || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '-' || c == '_';
}

tern_str tn_sdp_tls_id(const struct tn_sdp_media *media)
{
    static const tern_str none = {"", 0};
    const struct tn_sdp_attr *attr = tn_sdp_attr_find(media->attrs, TERN_STR("tls-id"));

    if (!attr || attr->value.len < 20 || attr->value.len > 255) return none;
    for (size_t i = 0; i < attr->value.len; i++) {
        if (!is_id_char(attr->value.ptr[i])) return none;
    }
    return attr->value;
}

bool tn_sdp_rtcp_mux(const struct tn_sdp_media *media)
{
    return tn_sdp_attr_find(media->attrs, TERN_STR("rtcp-mux")) != NULL;
}

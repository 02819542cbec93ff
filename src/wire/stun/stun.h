/* SPDX-License-Identifier: MIT */
/*
 * STUN messages: RFC 8489 5 (header), 14 (attributes), and the attributes of ICE (RFC 8445 16.1).
 *
 * Reading copies nothing: what was parsed are views into the datagram. Writing appends to a tn_buf
 * that holds this message and nothing else, and keeps the length in its header right, so the
 * message is whole after each attribute.
 *
 * The codec knows no keys. It says which bytes an integrity attribute covers; whoever has the key
 * makes the HMAC (crypto/hmac.h) and compares, or writes it.
 */
#ifndef TN_WIRE_STUN_STUN_H
#define TN_WIRE_STUN_STUN_H

#include "base/buf.h"

#define TN_STUN_HEADER      20
#define TN_STUN_ID          12
#define TN_STUN_ATTRIBUTE   4      /* type and length, before each value */
#define TN_STUN_BODY_MAX    0xfffc /* what the length can say */
#define TN_STUN_SHA1        20     /* MESSAGE-INTEGRITY */
#define TN_STUN_SHA256      32     /* MESSAGE-INTEGRITY-SHA256, which may be cut … */
#define TN_STUN_SHA256_MIN  16     /* … to this, by fours */
#define TN_STUN_REASON_MAX  128    /* characters, RFC 8489 14.8; we write only ASCII */
#define TN_STUN_UNKNOWN_MAX 16     /* that we complain of at once */

/* Only Binding (RFC 8489 18.2); the others are TURN's. */
#define TN_STUN_BINDING    1
#define TN_STUN_METHOD_MAX 0xff /* larger ones would look like DTLS (RFC 7983 4) */

enum tn_stun_class { TN_STUN_REQUEST, TN_STUN_INDICATION, TN_STUN_SUCCESS, TN_STUN_ERROR };

/* RFC 8489 18.3, RFC 8445 20.1. Below 0x8000 whoever does not know one must not act on the message. */
enum tn_stun_type {
    TN_STUN_MAPPED_ADDRESS = 0x0001,
    TN_STUN_USERNAME = 0x0006,
    TN_STUN_MESSAGE_INTEGRITY = 0x0008,
    TN_STUN_ERROR_CODE = 0x0009,
    TN_STUN_UNKNOWN_ATTRIBUTES = 0x000a,
    TN_STUN_REALM = 0x0014,
    TN_STUN_NONCE = 0x0015,
    TN_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001c,
    TN_STUN_PASSWORD_ALGORITHM = 0x001d,
    TN_STUN_USERHASH = 0x001e,
    TN_STUN_XOR_MAPPED_ADDRESS = 0x0020,
    TN_STUN_PRIORITY = 0x0024,
    TN_STUN_USE_CANDIDATE = 0x0025,
    TN_STUN_OPTIONAL = 0x8000, /* the first that may be passed over */
    TN_STUN_PASSWORD_ALGORITHMS = 0x8002,
    TN_STUN_ALTERNATE_DOMAIN = 0x8003,
    TN_STUN_SOFTWARE = 0x8022,
    TN_STUN_ALTERNATE_SERVER = 0x8023,
    TN_STUN_FINGERPRINT = 0x8028,
    TN_STUN_ICE_CONTROLLED = 0x8029,
    TN_STUN_ICE_CONTROLLING = 0x802a,
};

struct tn_stun {
    enum tn_stun_class kind;
    uint16_t method;
    uint8_t id[TN_STUN_ID];
    /* The rest is only read. */
    tern_str attributes; /* those that count: before the first integrity, and the fingerprint */
    tern_str text;       /* the whole message */
    size_t integrity, integrity_sha256; /* where in it they begin; 0: absent */
    bool fingerprint;                   /* has one, and it is right */
};

/* ---- reading ---- */

/*
 * Is this datagram STUN rather than DTLS, RTP, RTCP or SIP? By its first byte (RFC 7983 7; that of
 * SIP is a letter or a line end, RFC 5626 8), its cookie, and room for a header. It may still be
 * malformed. RFC 3489's STUN, which has no cookie, is not recognised.
 */
bool tn_stun_is_message(tern_str datagram);

/**
 * One message, the whole datagram. What follows an integrity attribute is left out, as RFC 8489
 * 14.5 and 14.6 ask. A fingerprint must be last and right.
 *
 * @return 0, or TERN_EPARSE with `out` untouched
 */
TERN_CHECK int tn_stun_parse(tern_str datagram, struct tn_stun *out);

/** The next of `*rest`, which begins as msg->attributes and is cut. @return false at the end */
bool tn_stun_next(tern_str *rest, enum tn_stun_type *type, tern_str *value);
/** The first of this type; later ones do not count (RFC 8489 14). @return false when absent */
bool tn_stun_find(const struct tn_stun *msg, enum tn_stun_type type, tern_str *value);

/*
 * The first attribute of this type as what it holds. Each: @return 0, TERN_ENOTFOUND, or TERN_EPARSE;
 * the outputs stay untouched on failure.
 */

/** Any of the addresses; XOR-MAPPED-ADDRESS comes out plain. */
TERN_CHECK int tn_stun_address(const struct tn_stun *msg, enum tn_stun_type type, tern_addr *out);
TERN_CHECK int tn_stun_u32(const struct tn_stun *msg, enum tn_stun_type type, uint32_t *out);
TERN_CHECK int tn_stun_u64(const struct tn_stun *msg, enum tn_stun_type type, uint64_t *out);
/** `code`: 300 to 699. */
TERN_CHECK int tn_stun_error(const struct tn_stun *msg, unsigned *code, tern_str *reason);

/**
 * Comprehension: types below 0x8000 that enum tn_stun_type does not have, each once for each time it
 * is there (RFC 8489 6.3). A request with any is refused with 420, other messages are dropped.
 *
 * @return how many were written to `types`; the rest is not told
 */
size_t tn_stun_unknown(const struct tn_stun *msg, uint16_t *types, size_t max);

/* What an integrity attribute covers, in two pieces. */
struct tn_stun_covered {
    uint8_t header[TN_STUN_HEADER]; /* as it was when the attribute was the last */
    tern_str rest;
    tern_str mac; /* what the message claims; SHA-256 possibly cut */
};

/** @param type MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256  @return false when absent */
bool tn_stun_covered(const struct tn_stun *msg, enum tn_stun_type type,
                     struct tn_stun_covered *out);

/* ---- writing ---- */

/* The header; only kind, method and id are used. `buf` is empty. */
void tn_stun_print_header(struct tn_buf *buf, const struct tn_stun *msg);
/* A whole request that asks where it comes from: RFC 8489 3. */
void tn_stun_print_binding(struct tn_buf *buf, const uint8_t id[TN_STUN_ID]);
void tn_stun_print(struct tn_buf *buf, enum tn_stun_type type, tern_str value);
/* XOR-MAPPED-ADDRESS is written mixed with the header's id. */
void tn_stun_print_address(struct tn_buf *buf, enum tn_stun_type type, tern_addr addr);
void tn_stun_print_u32(struct tn_buf *buf, enum tn_stun_type type, uint32_t value);
void tn_stun_print_u64(struct tn_buf *buf, enum tn_stun_type type, uint64_t value);
/* `code`: 300 to 699. */
void tn_stun_print_error(struct tn_buf *buf, unsigned code, tern_str reason);
void tn_stun_print_unknown(struct tn_buf *buf, const uint16_t *types, size_t count);
/*
 * What the HMAC of an integrity attribute is made of, which is to come next and whose value has
 * `mac_len` bytes. The header counts it already: write it, or do not send.
 */
tern_str tn_stun_print_covered(struct tn_buf *buf, size_t mac_len);
/* The last attribute. */
void tn_stun_print_fingerprint(struct tn_buf *buf);

#endif

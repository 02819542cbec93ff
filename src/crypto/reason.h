/* SPDX-License-Identifier: MIT */
/* Why a connection failed, in words for people. The first reason stays. Private to crypto. */
#ifndef TN_CRYPTO_REASON_H
#define TN_CRYPTO_REASON_H

#include <openssl/x509.h>
#include <tern/types.h>

#include "base/buf.h"

#define TN_REASON_MAX 200

struct tn_reason {
    char text[TN_REASON_MAX]; /* always ends in NUL */
};

/** "before" then "after"; either may be "". */
void tn_reason_set(struct tn_reason *reason, const char *before, const char *after);
/** From OpenSSL's queue of errors, which is emptied; "before" stands in front. */
void tn_reason_set_error(struct tn_reason *reason, const char *before);
/** For a far end's fatal alert (RFC 8446 6); "before" stands in front. */
void tn_reason_set_alert(struct tn_reason *reason, const char *before, int alert);
/** As far as it fits. */
void tn_reason_set_text(struct tn_reason *reason, const struct tn_buf *text);

/** What a stranger wrote, so that it can be shown: printable ASCII only, and not much of it. */
void tn_reason_quote(struct tn_buf *buf, tern_str stranger);
/** "2026-01-02" */
void tn_reason_date(struct tn_buf *buf, const ASN1_TIME *time);

#endif

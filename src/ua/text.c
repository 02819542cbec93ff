/* SPDX-License-Identifier: MIT */
/* Header values that several machines write. */
#include "txn/timing.h"
#include "ua/endpoint.h"
#include "wire/sip/uri.h"

void tn_put_contact(struct tn_buf *buf, tern_str user, const struct tn_reach *reach)
{
    tern_addr local = reach->local;
    tn_buf_z(buf, reach->sips ? "<sips:" : "<sip:");
    if (user.len > 0) {
        tn_buf_str(buf, user);
        tn_buf_char(buf, '@');
    }
    tn_buf_host(buf, local);
    if (local.port) { /* RFC 3261 25.1 and 19.1.1: 0 is none, and none is 5060 */
        tn_buf_char(buf, ':');
        tn_buf_u64(buf, local.port);
    }
    /* RFC 5630 3.1.3: "sips:" says TLS by itself. */
    if (!reach->sips) tn_put_transport(buf, reach->transport);
    tn_buf_char(buf, '>');
}

tern_time tn_retry_after(const struct tn_msg *rsp)
{
    const struct tn_hdr *header = tn_msg_header(rsp, TN_HDR_RETRY_AFTER, 0);
    uint32_t seconds;
    if (header == NULL || tn_retry_after_parse(header->value, &seconds) != 0) return 0;
    if (seconds == 0) return TN_T1;
    return TERN_SECONDS(seconds < 3600 ? seconds : 3600);
}

void tn_put_display_name(struct tn_buf *buf, tern_str display)
{
    for (size_t i = 0; i < display.len; i++) {
        if (display.ptr[i] == '\\' && i + 1 < display.len) i++;
        tn_buf_char(buf, display.ptr[i]);
    }
}

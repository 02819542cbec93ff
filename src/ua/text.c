/* SPDX-License-Identifier: MIT */
/* Header values that several machines write. */
#include "ua/endpoint.h"
#include "wire/sip/uri.h"

void tn_put_contact(struct tn_buf *buf, tern_str user, enum tern_transport transport,
                    tern_addr local)
{
    tn_buf_z(buf, "<sip:");
    if (user.len > 0) {
        tn_buf_str(buf, user);
        tn_buf_char(buf, '@');
    }
    tn_buf_host(buf, local);
    tn_buf_char(buf, ':');
    tn_buf_u64(buf, local.port);
    if (transport == TERN_TRANSPORT_TCP) tn_buf_z(buf, ";transport=tcp");
    tn_buf_char(buf, '>');
}

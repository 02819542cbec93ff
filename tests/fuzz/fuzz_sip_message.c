/* SPDX-License-Identifier: MIT */
/*
 * Any datagram: refused, or a message in which each accessor stays inside the message, and whose
 * lines, printed again, give the same message.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/str.h"
#include "wire/sip/msg.h"
#include "wire/sip/replaces.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long sum; /* of every byte that a view shows: a sanitizer watches the reads */

static void look_at(tern_str s)
{
    for (size_t i = 0; i < s.len; i++)
        sum += (unsigned char)s.ptr[i];
}

static void look_inside(const struct tn_msg *msg, tern_str s)
{
    look_at(s);
    if (s.len == 0) return;
    REQUIRE(s.ptr >= msg->raw.ptr);
    REQUIRE(s.ptr + s.len <= msg->raw.ptr + msg->raw.len);
}

static void walk_params(const struct tn_msg *msg, tern_str params)
{
    tern_str name, value;

    while (tn_params_next(&params, &name, &value)) {
        look_inside(msg, name);
        look_inside(msg, value);
    }
}

static void walk_uri(const struct tn_msg *msg, const struct tn_uri *uri)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_uri again;
    struct tn_buf buf;

    look_inside(msg, uri->user);
    look_inside(msg, uri->host);
    look_inside(msg, uri->params);
    look_inside(msg, uri->headers);
    if (tn_uri_parse(uri->text, &again) != 0) return; /* a defect: only the text was kept */
    tn_buf_init(&buf, &alloc, SIZE_MAX / 2);
    tn_uri_print(uri, &buf);
    REQUIRE(tn_uri_parse(tn_buf_view(&buf), &again) == 0);
    REQUIRE(tn_uri_equal(uri, &again));
    tn_buf_fini(&buf);
}

static void walk_replaces(const struct tn_msg *msg, const struct tn_replaces *replaces)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_replaces again;
    struct tn_buf buf;

    look_inside(msg, replaces->call_id);
    look_inside(msg, replaces->to_tag);
    look_inside(msg, replaces->from_tag);
    tn_buf_init(&buf, &alloc, SIZE_MAX / 2);
    tn_put_replaces(&buf, replaces);
    REQUIRE(tn_replaces_parse(tn_buf_view(&buf), &again) == 0);
    REQUIRE(tn_str_eq(again.from_tag, replaces->from_tag));
    tn_buf_fini(&buf);
}

static void walk_name_addr(const struct tn_msg *msg, const struct tn_name_addr *addr)
{
    look_inside(msg, addr->display);
    walk_params(msg, addr->params);
    if (!addr->is_star) walk_uri(msg, &addr->uri);
}

/* Each reader is tried on each element, whatever the header: none may trust the name. */
static void walk_value(const struct tn_msg *msg, tern_str value)
{
    struct tn_name_addr addr;
    struct tn_via via;
    struct tn_cseq cseq;
    struct tn_rack rack;
    struct tn_auth_params auth;
    struct tn_replaces replaces;
    uint32_t seconds;

    look_inside(msg, value);
    if (tn_name_addr_parse(value, &addr) == 0) walk_name_addr(msg, &addr);
    if (tn_via_parse(value, &via) == 0) walk_params(msg, via.params);
    if (tn_cseq_parse(value, &cseq) == 0) look_inside(msg, cseq.method);
    if (tn_rack_parse(value, &rack) == 0) look_inside(msg, rack.cseq.method);
    if (tn_replaces_parse(value, &replaces) == 0) walk_replaces(msg, &replaces);
    if (tn_auth_parse(value, &auth) == 0) look_inside(msg, auth.nonce);
    if (tn_auth_info_parse(value, &auth) == 0) look_inside(msg, auth.nextnonce);
    if (tn_retry_after_parse(value, &seconds) == 0) sum += seconds;
}

static void walk(const struct tn_msg *msg)
{
    tern_str element;
    uint32_t number;

    for (size_t i = 0; i < msg->header_count; i++) {
        REQUIRE(tn_msg_header_named(msg, msg->headers[i].name, 0) != NULL);
        look_inside(msg, msg->headers[i].name);
        walk_value(msg, msg->headers[i].value);
    }
    for (int id = 0; id < TN_HDR_IDS; id++) {
        struct tn_list_cursor cursor = {0};
        while (tn_msg_list_next(msg, (enum tn_hdr_id)id, &cursor, &element)) {
            walk_value(msg, element);
        }
        if (tn_msg_number(msg, (enum tn_hdr_id)id, &number)) sum += number;
    }
    (void)tn_msg_list_has(msg, TN_HDR_SUPPORTED, TERN_STR("timer"));
    (void)tn_msg_has_body_type(msg, TERN_STR("application/sdp"));
    look_inside(msg, msg->reason);
    look_inside(msg, msg->via.host);
    look_inside(msg, msg->via.branch);
    look_inside(msg, msg->call_id);
    look_inside(msg, msg->from_tag);
    look_inside(msg, msg->to_tag);
    look_inside(msg, msg->body);
    if (msg->is_request) walk_uri(msg, &msg->uri);
}

static void print(const struct tn_msg *msg, struct tn_buf *buf)
{
    if (msg->is_request) {
        tn_buf_str(buf, msg->method_text);
        tn_buf_char(buf, ' ');
        tn_uri_print(&msg->uri, buf);
        tn_buf_str(buf, TERN_STR(" SIP/2.0\r\n"));
    } else {
        tn_buf_str(buf, TERN_STR("SIP/2.0 "));
        tn_buf_u64(buf, msg->status);
        tn_buf_char(buf, ' ');
        tn_buf_str(buf, msg->reason);
        tn_buf_str(buf, TERN_STR("\r\n"));
    }
    for (size_t i = 0; i < msg->header_count; i++) {
        const struct tn_hdr *hdr = &msg->headers[i];
        if (hdr->id != TN_HDR_OTHER) {
            tn_put_header(buf, hdr->id, hdr->value);
        } else {
            tn_buf_str(buf, hdr->name);
            tn_buf_char(buf, ':');
            tn_buf_str(buf, hdr->value);
            tn_buf_str(buf, TERN_STR("\r\n"));
        }
    }
    tn_buf_str(buf, TERN_STR("\r\n"));
    tn_buf_str(buf, msg->body);
}

static void check_reparse(const struct tn_msg *first, const struct tern_allocator *alloc)
{
    struct tn_msg *again;
    struct tn_buf buf;

    tn_buf_init(&buf, alloc, SIZE_MAX / 2);
    print(first, &buf);
    REQUIRE(buf.err == 0);
    if (buf.len <= TN_MSG_SIZE_MAX) { /* compact forms grew */
        REQUIRE(tn_msg_parse(alloc, tn_buf_view(&buf), &again) == 0);
        REQUIRE(again->defect_status == 0);
        REQUIRE(again->status == first->status);
        REQUIRE(again->method == first->method);
        REQUIRE(again->header_count == first->header_count);
        for (size_t i = 0; i < first->header_count; i++) {
            REQUIRE(again->headers[i].id == first->headers[i].id);
            REQUIRE(tn_str_eq(again->headers[i].value, first->headers[i].value));
        }
        REQUIRE(tn_str_eq(again->body, first->body));
        tn_msg_unref(again);
    }
    tn_buf_fini(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_allocator alloc = tn_default_allocator();
    struct tn_msg *msg;

    if (tn_msg_parse(&alloc, (tern_str){(const char *)data, size}, &msg) != 0) return 0;
    walk(msg);
    if (msg->defect_status == 0) check_reparse(msg, &alloc);
    tn_msg_unref(msg);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Any compound packet: the walk ends, reads nothing outside, and reports survive print and parse. */
#include <stdlib.h>
#include <string.h>

#include "wire/rtp/rtcp.h"

#define REQUIRE(cond) ((cond) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sender(const struct tn_rtcp *part)
{
    static char bytes[1024];
    struct tn_rtcp_report reports[TN_RTCP_REPORTS_MAX];
    struct tn_rtcp again;
    struct tn_buf buf;
    tern_str text;

    for (size_t i = 0; i < part->report_count; i++)
        reports[i] = tn_rtcp_report_at(part, i);
    tn_buf_fixed(&buf, bytes, sizeof(bytes));
    if (part->type == TN_RTCP_SR) tn_rtcp_print_sr(&buf, part, reports, part->report_count);
    if (part->type == TN_RTCP_RR) tn_rtcp_print_rr(&buf, part->ssrc, reports, part->report_count);
    REQUIRE(tn_buf_end(&buf, &text) == 0);
    REQUIRE(tn_rtcp_check(text) == 0);
    REQUIRE(tn_rtcp_next(&text, &again) == 1);
    REQUIRE(again.type == part->type && again.ssrc == part->ssrc && again.ntp == part->ntp);
    REQUIRE(again.report_count == part->report_count);
    REQUIRE(part->report_count == 0 ||
            memcmp(again.reports, part->reports, part->report_count * 24u) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tern_str rest = {(const char *)data, size};
    struct tn_rtcp part;
    volatile uint8_t sum = 0;
    int more;

    if (tn_rtcp_check(rest) != 0) return 0;
    while ((more = tn_rtcp_next(&rest, &part)) != 0) {
        if (more < 0) continue;
        for (size_t i = 0; i < part.cname.len; i++)
            sum = (uint8_t)(sum + (uint8_t)part.cname.ptr[i]);
        for (size_t i = 0; i < part.reason.len; i++)
            sum = (uint8_t)(sum + (uint8_t)part.reason.ptr[i]);
        for (size_t i = 0; part.type == TN_RTCP_BYE && i < part.source_count; i++)
            sum = (uint8_t)(sum + tn_rtcp_source_at(&part, i));
        if (part.type == TN_RTCP_SR || part.type == TN_RTCP_RR) check_sender(&part);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Defaults of the public option structs that make endpoints, accounts and calls. */
#include "base/options.h"

#include <tern/tern.h>

void tern_endpoint_opts_init_sized(struct tern_endpoint_opts *opts, size_t size)
{
    const struct tern_endpoint_opts defaults = {
        .rtp_port_min = 16384,
        .rtp_port_max = 32767,
        .settle_ms = 75,
        .max_calls = 20000,
        .max_accounts = 4096,
        .handover_rate = 1000,
        .handover_in_flight = 200,
    };
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

void tern_ip_change_param_init_sized(struct tern_ip_change_param *param, size_t size)
{
    const struct tern_ip_change_param defaults = {
        .restart_listener = true,
        .restart_listener_delay_ms = 10,
        .shutdown_transport = true,
    };
    tn_options_give(param, size, &defaults, sizeof(defaults));
}

void tern_account_opts_init_sized(struct tern_account_opts *opts, size_t size)
{
    const struct tern_account_opts defaults = {
        .transport = TERN_TRANSPORT_UDP,
        .expires_s = 600,
        .keepalive_s = 25,
        .answer_timeout_s = 180,
        .ip_change =
            {
                .update_contact = true,
                .contact_flags = TERN_CONTACT_REPLACE,
                .shutdown_transport = true,
                .reinvite_flags = TERN_CALL_REINVITE_DEFAULT,
                .use_update = true,
                .order = TERN_ORDER_PARALLEL,
                .rescue_window_ms = 60000,
                .offline_window_ms = 300000,
            },
        .session_expires_s = 1800,
        .min_se_s = 90,
        .contact_rewrite = true,
        .media_timeout_s = 20,
        .gruu = TERN_GRUU_PUBLIC,
        .second_flow = TERN_SECOND_FLOW_WITH_CALL,
        .stream_keepalive_s = 110,
    };
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

void tern_call_opts_init_sized(struct tern_call_opts *opts, size_t size)
{
    const struct tern_call_opts defaults = {0};
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

void tern_call_end_opts_init_sized(struct tern_call_end_opts *opts, size_t size)
{
    const struct tern_call_end_opts defaults = {.status = 0};
    tn_options_give(opts, size, &defaults, sizeof(defaults));
}

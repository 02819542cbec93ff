/* SPDX-License-Identifier: MIT */
/* Defaults of every public option struct, in one place. */
#include "ua/options.h"

#include <string.h>
#include <tern/tern.h>

int tn_options_take(const void *given, void *ours, size_t ours_size)
{
    size_t size;
    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size) || size > 65536) return TERN_EVERSION;
    const uint8_t *bytes = given;
    for (size_t i = ours_size; i < size; i++) {
        if (bytes[i] != 0) return TERN_EVERSION;
    }
    memcpy(ours, given, size < ours_size ? size : ours_size);
    return 0;
}

/* Sets `size` bytes of the caller's struct from our defaults. */
static void give(void *opts, size_t size, const void *defaults, size_t defaults_size)
{
    memset(opts, 0, size);
    memcpy(opts, defaults, size < defaults_size ? size : defaults_size);
    memcpy(opts, &size, sizeof(size));
}

void tern_endpoint_opts_init_sized(struct tern_endpoint_opts *opts, size_t size)
{
    const struct tern_endpoint_opts defaults = {
        .rtp_port_min = 16384,
        .rtp_port_max = 32767,
        .settle_ms = 75,
        .max_calls = 20000,
        .max_accounts = 4096,
    };
    give(opts, size, &defaults, sizeof(defaults));
}

void tern_ip_change_param_init_sized(struct tern_ip_change_param *param, size_t size)
{
    const struct tern_ip_change_param defaults = {
        .restart_listener = true,
        .restart_listener_delay_ms = 10,
        .shutdown_transport = true,
    };
    give(param, size, &defaults, sizeof(defaults));
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
    };
    give(opts, size, &defaults, sizeof(defaults));
}

void tern_call_opts_init_sized(struct tern_call_opts *opts, size_t size)
{
    const struct tern_call_opts defaults = {0};
    give(opts, size, &defaults, sizeof(defaults));
}

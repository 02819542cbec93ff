/* SPDX-License-Identifier: MIT */
/* The endpoint's life, and what the driver calls. */
#include "ua/endpoint.h"

#include <string.h>

#include "base/links.h"
#include "base/options.h"
#include "base/str.h"
#include "crypto/dtls.h"
#include "crypto/tls.h"
#include "ua/call.h"

#define PRODUCT "Tern/" TERN_VERSION

/* ---- parts for services (core/service.h) ---- */

struct tn_ctx *tn_endpoint_ctx(struct tern_endpoint *ep)
{
    return &ep->ctx;
}

struct tn_net *tn_endpoint_net(struct tern_endpoint *ep)
{
    return &ep->net;
}

struct tn_txns *tn_endpoint_txns(struct tern_endpoint *ep)
{
    return &ep->txns;
}

struct tn_service *tn_endpoint_service(struct tern_endpoint *ep)
{
    return ep->service;
}

int tn_endpoint_set_service(struct tern_endpoint *ep, struct tn_service *service)
{
    if (ep->state != TN_ENDPOINT_NEW || ep->service != NULL) return TERN_ESTATE;
    ep->service = service;
    return 0;
}

void tn_endpoint_run(struct tern_endpoint *ep)
{
    tn_ep_run(ep);
}

/* ---- life ---- */

static int check_opts(const struct tern_endpoint_opts *opts)
{
    static const uint8_t no_seed[sizeof(opts->seed)];
    if (memcmp(opts->seed, no_seed, sizeof(no_seed)) == 0) return TERN_EINVAL;
    if (opts->rtp_port_min < 2 || opts->rtp_port_max <= opts->rtp_port_min) return TERN_EINVAL;
    if (opts->max_calls == 0 || opts->max_accounts == 0) return TERN_EINVAL;
    if (!tn_stun_is_list(opts->stun_servers)) return TERN_EINVAL;
    if (!tn_is_media_type_list(opts->info_types)) return TERN_EINVAL;
    bool named = opts->user_agent.len > 0;
    return named && !tn_is_product_line(opts->user_agent) ? TERN_EINVAL : 0;
}

static void stop_fired(struct tn_timer *timer);

static void init_plain(struct tern_endpoint *ep, const struct tern_endpoint_opts *opts,
                       const struct tern_link_policy *links)
{
    ep->links = *links;
    ep->rtp_port_min = opts->rtp_port_min;
    ep->rtp_port_max = opts->rtp_port_max;
    ep->sip_events = opts->sip_events;
    ep->auto_ip_change = !opts->no_auto_ip_change;
    ep->symmetric_rtp = !opts->no_symmetric_rtp;
    ep->settle = TERN_MS(opts->settle_ms);
    ep->max_calls = opts->max_calls;
    tn_list_init(&ep->events);
    for (size_t i = 0; i < TN_REGISTRATION_FLOW_LISTS; i++)
        tn_list_init(&ep->registration_flows[i]);
    tn_mob_init(&ep->mob);
    tn_snapshots_init(ep);
    tn_pace_init(&ep->mob.pace, opts->handover_rate, opts->handover_in_flight);
    tn_timer_init(&ep->settle_timer, 0, tn_ep_settle_fired);
    tn_timer_init(&ep->mob_timer, 0, tn_ep_mob_fired);
    tn_timer_init(&ep->stop_timer, 0, stop_fired);
    tn_slots_init(&ep->accounts, &ep->ctx.alloc, opts->max_accounts);
    /* Calls that are over for the application still finish their BYE: leave room for these. */
    tn_slots_init(&ep->calls, &ep->ctx.alloc, opts->max_calls * 2);
    tn_slots_init(&ep->forks, &ep->ctx.alloc, TN_FORKS_MAX);
}

static int init_tls(struct tern_endpoint *ep, const struct tern_endpoint_opts *opts)
{
    const struct tn_tls_opts tls = {.ca_pem = opts->tls_ca,
                                    .cert_pem = opts->tls_cert,
                                    .key_pem = opts->tls_key,
                                    .no_verify = opts->tls_no_verify,
                                    .client_certs = opts->tls_client_certs};
    if (opts->tls_ca.len == 0 && opts->tls_cert.len == 0 && !opts->tls_no_verify) return 0;
    return tn_tls_ctx_new(&ep->ctx.alloc, &tls, &ep->tls);
}

static void free_texts(struct tern_endpoint *ep)
{
    tn_text_fini(&ep->ctx.alloc, &ep->product);
    tn_text_fini(&ep->ctx.alloc, &ep->stun_servers);
    tn_text_fini(&ep->ctx.alloc, &ep->info_types);
}

static int set_texts(struct tern_endpoint *ep, const struct tern_endpoint_opts *opts)
{
    tern_str product = opts->user_agent.len > 0 ? opts->user_agent : TERN_STR(PRODUCT);
    int err = tn_text_set(&ep->ctx.alloc, &ep->product, product);
    if (!err) err = tn_text_set(&ep->ctx.alloc, &ep->stun_servers, opts->stun_servers);
    if (!err) err = tn_text_set(&ep->ctx.alloc, &ep->info_types, opts->info_types);
    if (err) free_texts(ep);
    return err;
}

int tern_endpoint_new(const struct tern_endpoint_opts *given, struct tern_endpoint **out)
{
    struct tern_endpoint_opts opts = {0};
    struct tern_link_policy links;
    uint8_t key[16];
    int err = tn_options_take(given, &opts, sizeof(opts));
    if (!err) err = check_opts(&opts);
    if (!err) err = tn_links_take(opts.links, &links);
    if (err) return err;

    struct tern_allocator alloc = opts.allocator.resize ? opts.allocator : tn_default_allocator();
    struct tern_endpoint *ep = tn_alloc(&alloc, sizeof(*ep));
    if (ep == NULL) return TERN_ENOMEM;
    err = tn_ctx_init(&ep->ctx, &alloc, opts.seed);
    if (err) goto fail_ctx;
    init_plain(ep, &opts, &links);
    err = tn_instance_init(&ep->instance, &opts);
    if (!err) err = init_tls(ep, &opts);
    if (err) goto fail_tls;
    struct tn_net_opts net_opts = {.port = opts.sip_port,
                                   .tls_port = opts.tls_port,
                                   .tls = ep->tls,
                                   .no_udp = opts.no_udp,
                                   .no_tcp = opts.no_tcp,
                                   .sip_events = opts.sip_events};
    err = tn_ep_event_reserve(ep, &ep->last_event);
    if (err) goto fail_event;
    err = set_texts(ep, &opts);
    if (err) goto fail_texts;
    tn_random_bytes(&ep->ctx.random, key, sizeof(key));
    err = tn_map_init(&ep->sockets, &ep->ctx.alloc, key);
    if (err) goto fail_sockets;
    err = tn_map_init(&ep->dialogs, &ep->ctx.alloc, key);
    if (err) goto fail_dialogs;
    err = tn_map_init(&ep->replaces, &ep->ctx.alloc, key);
    if (err) goto fail_replaces;
    err = tn_map_init(&ep->fork_map, &ep->ctx.alloc, key);
    if (err) goto fail_forks;
    err = tn_net_init(&ep->net, &ep->ctx, &net_opts);
    if (err) goto fail_net;
    err = tn_txns_init(&ep->txns, &ep->ctx, &ep->net, tn_text_view(&ep->product));
    if (err) goto fail_txns;
    tn_txns_limit(&ep->txns, opts.max_calls);
    *out = ep;
    return 0;

fail_txns:
    tn_net_fini(&ep->net);
fail_net:
    tn_map_fini(&ep->fork_map);
fail_forks:
    tn_map_fini(&ep->replaces);
fail_replaces:
    tn_map_fini(&ep->dialogs);
fail_dialogs:
    tn_map_fini(&ep->sockets);
fail_sockets:
    free_texts(ep);
fail_texts:
    tn_ep_event_unreserve(ep, &ep->last_event);
fail_event:
    tn_tls_ctx_free(ep->tls);
fail_tls:
    tn_slots_fini(&ep->accounts);
    tn_slots_fini(&ep->calls);
    tn_slots_fini(&ep->forks);
    tn_ctx_fini(&ep->ctx);
fail_ctx:
    tn_free(&alloc, ep);
    return err;
}

void tern_endpoint_free(struct tern_endpoint *ep)
{
    if (ep == NULL) return;
    struct tern_allocator alloc = ep->ctx.alloc;
    uint32_t cursor = 0;
    struct tn_call *call;
    struct tn_account *account;
    ep->mob.open = false; /* nobody hears what becomes of the present generation */
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL)
        tn_call_free(call);
    tn_forks_fini(ep);
    cursor = 0;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL)
        tn_account_free(account);
    if (ep->service) ep->service->free(ep->service);
    tn_timer_cancel(&ep->ctx, &ep->settle_timer);
    tn_timer_cancel(&ep->ctx, &ep->mob_timer);
    tn_timer_cancel(&ep->ctx, &ep->stop_timer);
    tn_snapshots_fini(ep);
    tn_ep_events_fini(ep);
    tn_ep_event_unreserve(ep, &ep->last_event);
    tn_txns_fini(&ep->txns);
    tn_net_fini(&ep->net);
    tn_tls_ctx_free(ep->tls);
    tn_dtls_ctx_free(ep->dtls);
    tn_map_fini(&ep->replaces);
    tn_map_fini(&ep->dialogs);
    tn_map_fini(&ep->sockets);
    tn_slots_fini(&ep->accounts);
    tn_slots_fini(&ep->calls);
    free_texts(ep);
    tn_ctx_fini(&ep->ctx);
    tn_free(&alloc, ep);
}

int tern_endpoint_start(struct tern_endpoint *ep, tern_time now)
{
    if (ep->state != TN_ENDPOINT_NEW) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    ep->state = TN_ENDPOINT_RUNNING;
    tn_net_start(&ep->net);
    tn_net_sync_listeners(&ep->net, false, 0);
    (void)tn_snapshot_resume(ep);
    tn_ep_run(ep);
    return 0;
}

static void each_account_removed(struct tern_endpoint *ep)
{
    uint32_t cursor = 0;
    struct tn_account *account;
    while ((account = tn_slots_each(&ep->accounts, &cursor)) != NULL) {
        account->removed = true;
        tn_mob_account_gone(&ep->mob, ep->ctx.now, &account->task);
        tn_account_leave(account);
    }
}

int tern_endpoint_stop(struct tern_endpoint *ep, tern_time now, uint32_t limit_ms)
{
    uint32_t cursor = 0;
    struct tn_call *call;
    if (ep->state != TN_ENDPOINT_NEW && ep->state != TN_ENDPOINT_RUNNING) return TERN_ESTATE;
    tn_ep_enter(ep, now);
    ep->state = TN_ENDPOINT_STOPPING;
    while ((call = tn_slots_each(&ep->calls, &cursor)) != NULL) {
        tn_call_end(call, TERN_END_LOCAL, 480, TERN_STR("the phone is being switched off"));
    }
    each_account_removed(ep);
    tn_timer_arm(&ep->ctx, &ep->stop_timer, TERN_MS(limit_ms));
    tn_ep_run(ep);
    return 0;
}

static void tell_stopped(struct tern_endpoint *ep)
{
    ep->state = TN_ENDPOINT_STOPPED;
    /* Nobody waits for a network any more: their timers end what is left. */
    ep->mob.paused = false;
    tn_txns_pause(&ep->txns, false);
    tn_timer_cancel(&ep->ctx, &ep->stop_timer);
    tn_ep_event_last(ep, &ep->last_event, &(struct tern_event){.type = TERN_EV_STOPPED});
}

void tn_ep_check_stopped(struct tern_endpoint *ep)
{
    if (ep->state != TN_ENDPOINT_STOPPING) return;
    if (ep->calls.count > 0 || ep->accounts.count > 0) return;
    tell_stopped(ep);
}

static void stop_fired(struct tn_timer *timer)
{
    struct tern_endpoint *ep = TN_OWNER(timer, struct tern_endpoint, stop_timer);
    if (ep->state != TN_ENDPOINT_STOPPING) return;
    tell_stopped(ep);
    tn_ep_close_left_flows(ep); /* calls that have not ended yet would keep them alive */
}

/* ---- input ---- */

int tern_receive(struct tern_endpoint *ep, tern_time now, const struct tern_datagram *datagram)
{
    if (tn_ep_busy(ep)) return TERN_EBUSY;
    tn_ep_enter(ep, now);
    struct tn_call *call = tn_call_for_socket(ep, datagram->socket);
    if (call) {
        tn_call_media_datagram(call, datagram);
    } else {
        tn_net_datagram(&ep->net, datagram);
    }
    tn_ep_run(ep);
    return 0;
}

void tern_socket_opened(struct tern_endpoint *ep, tern_time now, uint32_t socket, uint16_t port)
{
    tn_ep_enter(ep, now);
    struct tn_call *call = tn_call_for_socket(ep, socket);
    if (call) {
        tn_call_socket_opened(call, socket, port);
    } else {
        tn_net_socket_opened(&ep->net, socket, port);
    }
    tn_ep_run(ep);
}

void tern_socket_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket, tern_str reason)
{
    tn_ep_enter(ep, now);
    struct tn_call *call = tn_call_for_socket(ep, socket);
    if (call) {
        tn_call_socket_failed(call, socket, reason);
    } else {
        tn_net_socket_failed(&ep->net, socket, reason);
    }
    tn_ep_run(ep);
}

void tern_send_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket, tern_addr local,
                      tern_addr remote)
{
    tn_ep_enter(ep, now);
    if (tn_net_owns_socket(&ep->net, socket)) tn_net_send_failed(&ep->net, local, remote);
    tn_ep_run(ep);
}

void tern_stream_opened(struct tern_endpoint *ep, tern_time now, uint32_t stream, tern_addr local,
                        tern_addr remote)
{
    tn_ep_enter(ep, now);
    tn_net_stream_opened(&ep->net, stream, local, remote);
    tn_ep_run(ep);
}

int tern_stream_accepted(struct tern_endpoint *ep, tern_time now, uint32_t listener,
                         tern_addr local, tern_addr remote, uint32_t *out)
{
    tn_ep_enter(ep, now);
    int err = tn_net_stream_accepted(&ep->net, listener, local, remote, out);
    tn_ep_run(ep);
    return err;
}

int tern_stream_received(struct tern_endpoint *ep, tern_time now, uint32_t stream, const void *data,
                         size_t len)
{
    if (tn_ep_busy(ep)) return TERN_EBUSY;
    tn_ep_enter(ep, now);
    tn_net_stream_received(&ep->net, stream, data, len);
    tn_ep_run(ep);
    return 0;
}

void tern_stream_closed(struct tern_endpoint *ep, tern_time now, uint32_t stream, tern_str reason)
{
    tn_ep_enter(ep, now);
    tn_net_stream_closed(&ep->net, stream, reason);
    tn_ep_run(ep);
}

void tern_resolved(struct tern_endpoint *ep, tern_time now, uint32_t query,
                   const struct tern_dns_record *records, size_t count, bool failed)
{
    tn_ep_enter(ep, now);
    tn_locate_resolved(&ep->net, query, records, count, failed);
    tn_ep_run(ep);
}

void tern_advance(struct tern_endpoint *ep, tern_time now)
{
    tn_ep_enter(ep, now);
    tn_ep_run(ep);
}

tern_time tern_deadline(const struct tern_endpoint *ep)
{
    return tn_ctx_deadline(&ep->ctx);
}

bool tern_next_output(struct tern_endpoint *ep, struct tern_output *out)
{
    return tn_next_output(&ep->ctx, out);
}

void tern_get_stats(const struct tern_endpoint *ep, struct tern_stats *out)
{
    *out = ep->ctx.stats;
    out->calls = ep->calls_visible;
    out->accounts = ep->accounts.count;
    out->transactions = ep->txns.clients.count + ep->txns.servers.count;
    out->flows = ep->net.flows.count;
    out->ip_changes = ep->mob.generation;
}

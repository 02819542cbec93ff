/* SPDX-License-Identifier: MIT */
/* From C events to virtual functions, and the two ends of an endpoint's life. */
#ifndef TERN_HPP_CALLBACKS_HPP
#define TERN_HPP_CALLBACKS_HPP

#include <tern/hpp/call.hpp>

namespace tern {

/** `user` is the Endpoint. An exception that leaves a callback ends the program. */
struct Callbacks {
    static Endpoint &endpoint(void *user) noexcept
    {
        return *static_cast<Endpoint *>(user);
    }

    template <class Map> static auto find(const Map &map, std::uint64_t id) noexcept
    {
        auto found = map.find(id);
        return found == map.end() ? nullptr : found->second;
    }

    static Call *call(void *user, tern_call id) noexcept
    {
        return find(endpoint(user).calls_, id.id);
    }

    static void state(Call *call, CallState state, int status, tern_str reason) noexcept
    {
        if (call) call->onCallState({state, status, text(reason), nullptr});
    }

    static void on_listener(void *user, tern_endpoint *, const tern_ev_listener *ev) noexcept
    {
        endpoint(user).onListener(*ev);
    }
    static void on_network(void *user, tern_endpoint *, const tern_ev_network *ev) noexcept
    {
        endpoint(user).onNetwork(*ev);
    }
    static void on_sip_message(void *user, tern_endpoint *, const tern_ev_sip_message *ev) noexcept
    {
        endpoint(user).onSipMessage(*ev);
    }
    static void on_secured(void *user, tern_endpoint *, const tern_ev_secured *ev) noexcept
    {
        endpoint(user).onSecured(*ev);
    }
    static void on_ip_change_progress(void *user, tern_endpoint *,
                                      const tern_ip_change_progress *progress) noexcept
    {
        endpoint(user).onIpChangeProgress(*progress);
    }

    static void on_registration(void *user, tern_endpoint *,
                                const tern_ev_registration *ev) noexcept
    {
        Account *account = find(endpoint(user).accounts_, ev->account.id);
        if (account) account->onRegState(*ev);
    }

    static void on_call_incoming(void *user, tern_endpoint *ep,
                                 const tern_ev_call_incoming *ev) noexcept
    {
        tern_call id = ev->call;
        Account *account = find(endpoint(user).accounts_, ev->account.id);
        if (account) account->onIncomingCall(*ev);
        /* Nobody took it. It may have ended meanwhile, which is as well. */
        if (!call(user, id))
            static_cast<void>(!tern_call_hangup(ep, endpoint(user).now(), id, 480));
    }

    static void on_call_progress(void *user, tern_endpoint *,
                                 const tern_ev_call_progress *ev) noexcept
    {
        state(call(user, ev->call), ev->status > 100 ? CallState::Early : CallState::Calling,
              ev->status, ev->reason);
    }
    static void on_call_answered(void *user, tern_endpoint *,
                                 const tern_ev_call_answered *ev) noexcept
    {
        state(call(user, ev->call), CallState::Confirmed, 200, tern_str{nullptr, 0});
    }
    static void on_call_media(void *user, tern_endpoint *, const tern_ev_call_media *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (found) found->onCallMediaState(*ev);
    }
    static void on_call_dtmf(void *user, tern_endpoint *, const tern_ev_call_dtmf *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (found) found->onDtmfDigit(*ev);
    }

    static void on_call_ended(void *user, tern_endpoint *, const tern_ev_call_ended *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (!found) return;
        endpoint(user).calls_.erase(ev->call.id);
        found->id_ = tern_call{};
        found->onCallState({CallState::Disconnected, ev->status, text(ev->reason), ev});
    }

    static void on_stopped(void *user, tern_endpoint *) noexcept
    {
        Endpoint &ep = endpoint(user);
        ep.onStopped();
        if (!std::exchange(ep.ended_, true)) ep.stopped_.set_value();
        if (ep.own_loop_ && !ep.thread_) ep.stop();
    }

    static void on_restored(void *user, tern_endpoint *, const tern_ev_restored *ev) noexcept
    {
        endpoint(user).onRestored(*ev);
    }
    static void on_snapshot_due(void *user, tern_endpoint *) noexcept
    {
        endpoint(user).onSnapshotDue();
    }

    static void on_call_silent(void *user, tern_endpoint *, const tern_ev_call_silent *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (found) found->onSilent(*ev);
    }

    static void on_call_response(void *user, tern_endpoint *,
                                 const tern_ev_call_response *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (found) found->onResponse(*ev);
    }
    static void on_call_info(void *user, tern_endpoint *, const tern_ev_call_info *ev) noexcept
    {
        Call *found = call(user, ev->call);
        if (found) found->onInfo(*ev);
    }

    static const tern_callbacks *table() noexcept
    {
        static const tern_callbacks callbacks = {
            sizeof(tern_callbacks),
            on_listener,
            on_network,
            on_registration,
            on_call_incoming,
            on_call_progress,
            on_call_answered,
            on_call_media,
            on_call_dtmf,
            on_call_ended,
            on_ip_change_progress,
            on_sip_message,
            on_stopped,
            on_secured,
            on_restored,
            on_snapshot_due,
            on_call_silent,
            on_call_response,
            on_call_info,
        };
        return &callbacks;
    }
};

inline void Endpoint::open(const EpConfig &config)
{
    tern_endpoint_opts opts = config.opts;
    opts.user_agent = view(config.userAgent);
    opts.tls_ca = view(config.tlsCa);
    opts.tls_cert = view(config.tlsCert);
    opts.tls_key = view(config.tlsKey);
    opts.info_types = view(config.infoTypes);
    bool seeded = false;
    for (std::uint8_t byte : opts.seed) {
        seeded = seeded || byte != 0;
    }
    if (!seeded) {
        std::random_device random;
        for (std::uint8_t &byte : opts.seed) {
            byte = static_cast<std::uint8_t>(random());
        }
    }
    int err = tern_endpoint_new(&opts, &ep_);
    if (err) throw Error(err);

    tern_uv_opts uv = config.uv;
    uv.callbacks = Callbacks::table();
    uv.user = this;
    uv.dns_servers = view(config.dnsServers);
    err = tern_uv_new(ep_, &uv, &uv_);
    if (err) {
        tern_endpoint_free(ep_);
        throw Error(err);
    }
}

inline Endpoint::Endpoint(const EpConfig &config)
    : own_loop_(config.uv.loop == nullptr), thread_(config.thread && config.uv.loop == nullptr)
{
    open(config);
}

inline int Endpoint::libDestroy(std::uint32_t limitMs)
{
    if (loop_thread_.load() == std::this_thread::get_id()) return TERN_ESTATE;
    if (!started_ || stopping_) return 0;
    int err = invoke([&] { return tern_endpoint_stop(ep_, now(), limitMs); });
    if (err) return err;
    stopping_ = true;
    if (!own_loop_) return 0;
    while (!thread_ && !ended_ && !err) {
        err = run();
    }
    if (!thread_) return err;
    stopped_.get_future().wait();
    err = tern_uv_thread_stop(uv_);
    loop_thread_ = std::thread::id();
    return err;
}

inline Endpoint::~Endpoint()
{
    libDestroy();
    tern_uv_free(uv_);
    tern_endpoint_free(ep_);
}

} // namespace tern

#endif

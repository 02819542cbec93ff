/* SPDX-License-Identifier: MIT */
/* tern::Endpoint: an endpoint and its driver. Include <tern/tern.hpp>, which says how to use it. */
#ifndef TERN_HPP_ENDPOINT_HPP
#define TERN_HPP_ENDPOINT_HPP

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include <tern/tern.h>
#include <tern/uv.h>

namespace tern {

class Account;
class Call;

/** A view for the C functions; lives as long as what it views. */
inline tern_str view(std::string_view text) noexcept
{
    return {text.data(), text.size()};
}

/** A copy of text that an event points to. */
inline std::string text(tern_str view)
{
    return view.len ? std::string(view.ptr, view.len) : std::string();
}

/** "192.0.2.1:5060", "[2001:db8::1]:5060"; empty for no address. */
inline std::string text(tern_addr addr)
{
    char printed[TERN_ADDR_TEXT_MAX];
    return addr.family == TERN_FAMILY_NONE ? std::string() : tern_addr_print(addr, printed);
}

/** What a constructor throws. code() is a TERN_E… of <tern/err.h>. */
class Error : public std::runtime_error {
  public:
    explicit Error(int code) : std::runtime_error(tern_strerror(code)), code_(code)
    {
    }
    int code() const noexcept
    {
        return code_;
    }

  private:
    int code_;
};

/** How an endpoint is made. */
struct EpConfig {
    EpConfig() noexcept
    {
        tern_endpoint_opts_init(&opts);
        tern_uv_opts_init(&uv);
    }

    std::string userAgent;
    std::string tlsCa;   /**< PEM, as `opts.tls_ca` */
    std::string tlsCert; /**< PEM; its key is `tlsKey` */
    std::string tlsKey;
    std::string infoTypes;   /**< as `opts.info_types` */
    std::string dnsServers;  /**< "192.0.2.1,192.0.2.2:5353"; empty: the system's */
    tern_endpoint_opts opts; /**< what is no text; `seed` is filled in when left zero */
    tern_uv_opts uv;         /**< what is no text; `loop`: the application's own */
    bool thread = true;      /**< without `uv.loop`: the loop runs on a thread of its own, else the
                                  application calls run() */
};

/** For Endpoint::handleIpChange(); see docs/ip-change.md. */
struct IpChangeParam : tern_ip_change_param {
    IpChangeParam() noexcept
    {
        tern_ip_change_param_init(this);
    }
};

/** For Endpoint::setLinkPolicy(): routing decides, unless something is added. */
struct LinkPolicy : tern_link_policy {
    LinkPolicy() noexcept
    {
        tern_link_policy_init(this);
    }
    /** The next in the order. */
    LinkPolicy &prefer(tern_link_kind kind) noexcept
    {
        return add(order, order_count, kind);
    }
    LinkPolicy &exclude(tern_link_kind kind) noexcept
    {
        return add(never, never_count, kind);
    }

  private:
    LinkPolicy &add(tern_link_match *list, std::uint8_t &count, tern_link_kind kind) noexcept
    {
        if (count < TERN_LINK_MATCHES_MAX) list[count++].kind = static_cast<std::uint8_t>(kind);
        return *this;
    }
};

using OnIpChangeProgressParam = tern_ip_change_progress;
using OnListenerParam = tern_ev_listener;
using OnNetworkParam = tern_ev_network;
using OnSipMessageParam = tern_ev_sip_message;
using OnSecuredParam = tern_ev_secured;

class Endpoint {
  public:
    /** @throws Error: a bad option, no memory, no descriptors */
    explicit Endpoint(const EpConfig &config = EpConfig());
    /** libDestroy(), and everything goes. */
    virtual ~Endpoint();
    Endpoint(const Endpoint &) = delete;
    Endpoint &operator=(const Endpoint &) = delete;

    /** Open the listeners and, where asked for, start the thread. @retval TERN_ESTATE twice */
    int libStart();

    /**
     * End in good order: calls are hung up and bindings removed, for at most `limitMs`; then the
     * thread ends. Again, it does nothing. On the application's own loop it only begins: let the
     * loop turn until onStopped().
     * @retval TERN_ESTATE called from a callback
     */
    int libDestroy(std::uint32_t limitMs = 2000);

    /** Without a thread: run the loop here until stop(). */
    int run()
    {
        return tern_uv_run(uv_);
    }
    /** From any thread, and from a signal handler. */
    void stop() noexcept
    {
        tern_uv_stop(uv_);
    }

    /** The IP address has changed: see tern_handle_ip_change(). Needed only without the monitor. */
    int handleIpChange(const IpChangeParam &param = IpChangeParam())
    {
        return invoke([&] { return tern_handle_ip_change(ep_, now(), &param); });
    }
    /** For platforms that tell the application; see tern_set_network(), and `uv.no_monitor`. */
    int setNetwork(const tern_network &network)
    {
        return invoke([&] { return tern_set_network(ep_, now(), &network); });
    }

    /** Which links are used, in which order: see tern_set_link_policy(). */
    int setLinkPolicy(const LinkPolicy &policy)
    {
        return invoke([&] { return tern_set_link_policy(ep_, now(), &policy); });
    }

    /** Have `fn` called on the loop's thread, later. From any thread. */
    int post(std::function<void()> fn);

    /**
     * Run `fn` on the loop's thread and return what it returned; on that thread, and without a
     * thread, at once. For calls into the C interface.
     */
    template <class Fn> int invoke(Fn &&fn) noexcept;

    tern_endpoint *get() const noexcept
    {
        return ep_;
    }
    tern_uv *driver() const noexcept
    {
        return uv_;
    }
    tern_time now() const noexcept
    {
        return tern_uv_now(uv_);
    }

    /** The steps of an IP change, in order; the last says TERN_IP_CHANGE_OP_COMPLETED. */
    virtual void onIpChangeProgress(const OnIpChangeProgressParam &)
    {
    }
    virtual void onListener(const OnListenerParam &)
    {
    }
    virtual void onNetwork(const OnNetworkParam &)
    {
    }
    /** With `opts.sip_events` only. */
    virtual void onSipMessage(const OnSipMessageParam &)
    {
    }
    /** A TLS connection of ours is up. */
    virtual void onSecured(const OnSecuredParam &)
    {
    }
    /** Out of a snapshot (tern/snapshot.h). */
    virtual void onRestored(const tern_ev_restored &)
    {
    }
    virtual void onSnapshotDue()
    {
    }
    virtual void onStopped()
    {
    }

  private:
    friend class Account;
    friend class Call;
    friend struct Callbacks;

    void open(const EpConfig &config);

    tern_endpoint *ep_ = nullptr;
    tern_uv *uv_ = nullptr;
    bool own_loop_ = true, thread_ = true, started_ = false, stopping_ = false, ended_ = false;
    std::atomic<std::thread::id> loop_thread_{}; /* none: no thread runs the loop for us */
    std::promise<void> stopped_;
    std::unordered_map<std::uint64_t, Account *> accounts_; /* loop's thread only */
    std::unordered_map<std::uint64_t, Call *> calls_;
};

template <class Fn> int Endpoint::invoke(Fn &&fn) noexcept
{
    std::thread::id loop_thread = loop_thread_.load();
    if (loop_thread == std::thread::id() || loop_thread == std::this_thread::get_id()) return fn();

    struct Job {
        Fn &fn;
        std::promise<int> result;
    } job{fn, {}};
    int err = tern_uv_post(
        uv_,
        [](tern_uv *, void *arg) noexcept {
            Job *waiting = static_cast<Job *>(arg);
            waiting->result.set_value(waiting->fn());
        },
        &job);
    return err ? err : job.result.get_future().get();
}

inline int Endpoint::post(std::function<void()> fn)
{
    std::unique_ptr<std::function<void()>> job(new (std::nothrow)
                                                   std::function<void()>(std::move(fn)));
    if (!job) return TERN_ENOMEM;
    int err = tern_uv_post(
        uv_,
        [](tern_uv *, void *arg) noexcept {
            std::unique_ptr<std::function<void()>> due(static_cast<std::function<void()> *>(arg));
            (*due)();
        },
        job.get());
    if (!err) static_cast<void>(job.release()); /* freed when it has run */
    return err;
}

inline int Endpoint::libStart()
{
    if (started_) return TERN_ESTATE;
    int err = tern_endpoint_start(ep_, now());
    if (!err && thread_) err = tern_uv_thread_start(uv_);
    if (err) return err;
    started_ = true;
    if (!thread_) return 0;

    std::promise<std::thread::id> id;
    err = tern_uv_post(
        uv_,
        [](tern_uv *, void *arg) noexcept {
            static_cast<std::promise<std::thread::id> *>(arg)->set_value(
                std::this_thread::get_id());
        },
        &id);
    if (err) {
        started_ = tern_uv_thread_stop(uv_) != 0;
        return err;
    }
    loop_thread_ = id.get_future().get();
    return 0;
}

} // namespace tern

#endif

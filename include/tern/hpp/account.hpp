/* SPDX-License-Identifier: MIT */
/* tern::Account. Include <tern/tern.hpp>, which says how to use it. */
#ifndef TERN_HPP_ACCOUNT_HPP
#define TERN_HPP_ACCOUNT_HPP

#include <tern/hpp/endpoint.hpp>

namespace tern {

/** Who we are and where we register. */
struct AccountConfig {
    AccountConfig() noexcept
    {
        tern_account_opts_init(&opts);
    }

    std::string idUri; /**< "sip:alice@example.com"; required */
    std::string displayName;
    std::string registrarUri; /**< empty: no registration */
    std::string proxyUri;
    std::string authUser; /**< empty: the user of `idUri` */
    std::string password;
    std::string realm;      /**< empty: any */
    tern_account_opts opts; /**< what is no text; `opts.ip_change` is PJSUA2's ipChangeConfig */
};

using AccountInfo = tern_account_info;
using OnRegStateParam = tern_ev_registration;
using OnIncomingCallParam = tern_ev_call_incoming;

class Account {
  public:
    explicit Account(Endpoint &ep) noexcept : ep_(ep)
    {
    }
    /** shutdown() */
    virtual ~Account()
    {
        shutdown();
    }
    Account(const Account &) = delete;
    Account &operator=(const Account &) = delete;

    /** Add it, and register. @retval TERN_ESTATE is there already @see tern_account_add() */
    int create(const AccountConfig &config)
    {
        return ep_.invoke([&] {
            if (isValid()) return static_cast<int>(TERN_ESTATE);
            tern_account_opts opts = options(config);
            tern_account id;
            int err = tern_account_add(ep_.ep_, ep_.now(), &opts, &id);
            if (err) return err;
            id_ = id;
            ep_.accounts_[id.id] = this;
            return 0;
        });
    }

    /** @see tern_account_modify() */
    int modify(const AccountConfig &config)
    {
        return ep_.invoke([&] {
            tern_account_opts opts = options(config);
            return tern_account_modify(ep_.ep_, ep_.now(), id_, &opts);
        });
    }

    /** Register, or refresh ahead of time; false: remove the binding. */
    int setRegistration(bool renew)
    {
        return ep_.invoke([&] {
            return renew ? tern_account_register(ep_.ep_, ep_.now(), id_)
                         : tern_account_unregister(ep_.ep_, ep_.now(), id_);
        });
    }

    /** Remove it: calls are hung up, the binding is removed, no callback comes any more. */
    int shutdown()
    {
        return ep_.invoke([&] {
            if (!isValid()) return 0;
            tern_account id = id_.exchange(tern_account{});
            ep_.accounts_.erase(id.id);
            return tern_account_remove(ep_.ep_, ep_.now(), id);
        });
    }

    int getInfo(AccountInfo &out) const
    {
        return ep_.invoke([&] { return tern_account_get_info(ep_.ep_, id_, &out); });
    }

    bool isValid() const noexcept
    {
        return getId().id != 0;
    }
    tern_account getId() const noexcept
    {
        return id_;
    }
    Endpoint &endpoint() const noexcept
    {
        return ep_;
    }

    virtual void onRegState(const OnRegStateParam &)
    {
    }
    /** Make a Call of `prm.call` in here, or it is refused with 480. Answer it whenever you like. */
    virtual void onIncomingCall(const OnIncomingCallParam &)
    {
    }

  private:
    static tern_account_opts options(const AccountConfig &config) noexcept
    {
        tern_account_opts opts = config.opts;
        opts.uri = view(config.idUri);
        opts.display_name = view(config.displayName);
        opts.registrar = view(config.registrarUri);
        opts.proxy = view(config.proxyUri);
        opts.auth_user = view(config.authUser);
        opts.password = view(config.password);
        opts.realm = view(config.realm);
        return opts;
    }

    Endpoint &ep_;
    std::atomic<tern_account> id_{tern_account{}};
};

} // namespace tern

#endif

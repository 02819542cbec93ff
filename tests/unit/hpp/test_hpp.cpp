/* SPDX-License-Identifier: MIT */
/* tern.hpp: two endpoints on loopback, each with a thread of its own, and what the classes promise. */
#include <condition_variable>
#include <mutex>

#include <tern/tern.hpp>

#include "tern_test.h"

namespace {

/* Set on one thread, awaited on another. */
class Flag {
  public:
    void set()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        set_ = true;
        changed_.notify_all();
    }
    bool wait()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return set_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

tern_network network_of(const char *address)
{
    tern_network network = {};

    network.address_count = 1;
    network.addresses[0].interface = 1;
    CHECK_EQ(tern_addr_parse(tern::view(address), &network.addresses[0].addr), 0);
    return network;
}

tern::EpConfig loopback_only()
{
    tern::EpConfig config;

    config.uv.no_monitor = true;
    return config;
}

class Host : public tern::Endpoint {
  public:
    explicit Host(const char *address, const tern::EpConfig &config = loopback_only())
        : Endpoint(config)
    {
        CHECK_EQ(setNetwork(network_of(address)), 0);
    }
    ~Host() override
    {
        libDestroy();
    }

    void onListener(const tern::OnListenerParam &prm) override
    {
        if (prm.transport != TERN_TRANSPORT_UDP || !prm.open) return;
        port = prm.local.port;
        listening.set();
    }
    void onIpChangeProgress(const tern::OnIpChangeProgressParam &prm) override
    {
        if (prm.op != TERN_IP_CHANGE_OP_COMPLETED) return;
        calls_kept = prm.totals.calls_kept;
        completed.set();
    }
    void onStopped() override
    {
        stopped = true;
    }

    std::atomic<unsigned> port{0}, calls_kept{0};
    std::atomic<bool> stopped{false};
    Flag listening, completed;
};

class Phone : public tern::Account {
  public:
    using Account::Account;
    ~Phone() override
    {
        shutdown();
    }

    void onIncomingCall(const tern::OnIncomingCallParam &prm) override;

    bool takes_calls = true;
    std::unique_ptr<class Talk> incoming;
};

class Ear : public tern::AudioMediaPort {
  public:
    explicit Ear(std::atomic<int> &alive) : alive_(alive)
    {
        alive_++;
    }
    ~Ear() override
    {
        alive_--;
    }
    void onFrameReceived(const std::int16_t *, bool heard) override
    {
        if (heard) hears.set();
    }

    Flag hears;

  private:
    std::atomic<int> &alive_;
};

class Talk : public tern::Call {
  public:
    using Call::Call;
    ~Talk() override
    {
        leave();
    }

    void onCallState(const tern::OnCallStateParam &prm) override
    {
        if (prm.state == tern::CallState::Confirmed) confirmed.set();
        if (prm.state != tern::CallState::Disconnected) return;
        CHECK(prm.ended != nullptr);
        status = prm.lastStatusCode;
        disconnected.set();
    }
    void onCallMediaState(const tern::OnCallMediaStateParam &prm) override
    {
        if (prm.held_there) held.set();
    }
    void onDtmfDigit(const tern::OnDtmfDigitParam &prm) override
    {
        if (prm.digit == '5') digit.set();
    }

    void onResponse(const tern::OnResponseParam &prm) override
    {
        if (prm.number == 1 && prm.status == 200) replied.set();
    }

    Flag confirmed, disconnected, held, digit, replied;
    std::atomic<int> status{0};
};

void Phone::onIncomingCall(const tern::OnIncomingCallParam &prm)
{
    if (!takes_calls) return;
    incoming = std::make_unique<Talk>(*this, prm.call);
    CHECK_EQ(incoming->answer(), 0);
    CHECK_EQ(incoming->setAudio(std::make_shared<tern::AudioMediaPort>()), 0);
}

tern::AccountConfig without_registrar(const char *uri)
{
    tern::AccountConfig config;

    config.idUri = uri;
    return config;
}

std::string uri_of(const Host &host, const char *address)
{
    return std::string("sip:bob@") + address + ":" + std::to_string(host.port);
}

void talk_and_move(std::atomic<int> &ears)
{
    Host here("127.0.0.2"), there("127.0.0.3");
    Phone alice(here), bob(there);
    Talk call(alice);
    auto ear = std::make_shared<Ear>(ears);

    CHECK_EQ(here.libStart(), 0);
    CHECK_EQ(there.libStart(), 0);
    CHECK(there.listening.wait());
    CHECK_EQ(alice.create(without_registrar("sip:alice@127.0.0.2")), 0);
    CHECK_EQ(bob.create(without_registrar("sip:bob@127.0.0.3")), 0);

    CHECK_EQ(call.makeCall(uri_of(there, "127.0.0.3"), "greetings"), 0);
    CHECK_EQ(call.setAudio(ear), 0);
    CHECK(call.confirmed.wait());
    CHECK(bob.incoming->confirmed.wait());
    CHECK(ear->hears.wait());

    tern::CallInfo info;
    CHECK_EQ(call.getInfo(info), 0);
    CHECK_EQ(info.state, TERN_CALL_ACTIVE);
    CHECK_EQ(call.dialDtmf("5"), 0);
    CHECK(bob.incoming->digit.wait());
    CHECK_EQ(call.sendRequest(), 1);
    CHECK(call.replied.wait());
    CHECK_EQ(call.setHold(), 0);
    CHECK(bob.incoming->held.wait());
    CHECK_EQ(call.setHold(false), 0);

    CHECK_EQ(here.setNetwork(network_of("127.0.0.4")), 0);
    CHECK(here.completed.wait());
    CHECK_EQ(here.calls_kept, 1);
    CHECK_EQ(here.setLinkPolicy(tern::LinkPolicy().prefer(TERN_LINK_WIFI)), 0);
    CHECK_EQ(here.setLinkPolicy(tern::LinkPolicy().exclude(TERN_LINK_LOOPBACK)), TERN_EINVAL);

    CHECK_EQ(bob.incoming->hangup(), 0);
    CHECK(call.disconnected.wait());
    CHECK(!call.isActive());
    CHECK_EQ(call.hangup(), TERN_ESTALE);
    CHECK_EQ(here.libDestroy(), 0);
    CHECK(here.stopped);
    CHECK_EQ(here.libDestroy(), 0);
}

void calls_are_made_held_moved_and_ended_from_any_thread()
{
    std::atomic<int> ears{0};

    talk_and_move(ears);
    CHECK_EQ(ears, 0);
}

void a_call_that_nobody_takes_is_refused()
{
    Host here("127.0.0.2"), there("127.0.0.3");
    Phone alice(here), bob(there);
    Talk call(alice);

    bob.takes_calls = false;
    CHECK_EQ(here.libStart(), 0);
    CHECK_EQ(there.libStart(), 0);
    CHECK(there.listening.wait());
    CHECK_EQ(alice.create(without_registrar("sip:alice@127.0.0.2")), 0);
    CHECK_EQ(bob.create(without_registrar("sip:bob@127.0.0.3")), 0);
    CHECK_EQ(call.makeCall(uri_of(there, "127.0.0.3")), 0);
    CHECK(call.disconnected.wait());
    CHECK_EQ(call.status, 480);
}

void an_object_may_go_while_its_call_is_up()
{
    Host here("127.0.0.2"), there("127.0.0.3");
    Phone alice(here), bob(there);

    CHECK_EQ(here.libStart(), 0);
    CHECK_EQ(there.libStart(), 0);
    CHECK(there.listening.wait());
    CHECK_EQ(alice.create(without_registrar("sip:alice@127.0.0.2")), 0);
    CHECK_EQ(bob.create(without_registrar("sip:bob@127.0.0.3")), 0);
    {
        Talk call(alice);
        CHECK_EQ(call.makeCall(uri_of(there, "127.0.0.3")), 0);
        CHECK(call.confirmed.wait());
    }
    CHECK(bob.incoming->disconnected.wait());
}

void a_bad_option_throws_its_error()
{
    tern::EpConfig config;

    config.opts.rtp_port_min = 30000;
    config.opts.rtp_port_max = 20000;
    try {
        tern::Endpoint ep(config);
    } catch (const tern::Error &error) {
        CHECK_EQ(error.code(), TERN_EINVAL);
        return;
    }
    CHECK(false);
}

void wrong_use_is_an_error_code()
{
    Host host("127.0.0.2");
    Phone account(host);
    Talk call(account);
    tern::AccountInfo info;

    CHECK_EQ(host.handleIpChange(), TERN_ESTATE);
    CHECK_EQ(account.getInfo(info), TERN_ESTALE);
    CHECK_EQ(account.setRegistration(true), TERN_ESTALE);
    CHECK_EQ(account.create(without_registrar("nonsense")), TERN_EINVAL);
    CHECK(!account.isValid());
    CHECK_EQ(call.makeCall("sip:bob@127.0.0.3"), TERN_ESTALE);
    CHECK_EQ(call.answer(), TERN_ESTALE);
    CHECK_EQ(host.libStart(), 0);
    CHECK_EQ(host.libStart(), TERN_ESTATE);
    CHECK_EQ(account.create(without_registrar("sip:alice@127.0.0.2")), 0);
    CHECK_EQ(account.create(without_registrar("sip:alice@127.0.0.2")), TERN_ESTATE);
}

void a_change_that_changes_nothing_completes_at_once()
{
    Host host("127.0.0.2");

    CHECK_EQ(host.libStart(), 0);
    CHECK(host.listening.wait());
    CHECK_EQ(host.handleIpChange(), 0);
    CHECK(host.completed.wait());
}

void without_a_thread_the_application_runs_the_loop()
{
    tern::EpConfig config = loopback_only();
    bool posted = false;

    config.thread = false;
    Host host("127.0.0.2", config);
    CHECK_EQ(host.libStart(), 0);
    CHECK_EQ(host.post([&] {
        posted = true;
        host.stop();
    }),
             0);
    CHECK_EQ(host.run(), 0);
    CHECK(posted);
    CHECK_EQ(host.libDestroy(), 0);
    CHECK(host.stopped);
}

void the_endpoint_cannot_be_ended_from_its_own_thread()
{
    Host host("127.0.0.2");
    int err = 0;
    Flag done;

    CHECK_EQ(host.libStart(), 0);
    CHECK_EQ(host.post([&] {
        err = host.libDestroy();
        done.set();
    }),
             0);
    CHECK(done.wait());
    CHECK_EQ(err, TERN_ESTATE);
}

} // namespace

int main(int argc, char **argv)
{
    const struct test tests[] = {
        TEST(calls_are_made_held_moved_and_ended_from_any_thread),
        TEST(a_call_that_nobody_takes_is_refused),
        TEST(an_object_may_go_while_its_call_is_up),
        TEST(a_bad_option_throws_its_error),
        TEST(wrong_use_is_an_error_code),
        TEST(a_change_that_changes_nothing_completes_at_once),
        TEST(without_a_thread_the_application_runs_the_loop),
        TEST(the_endpoint_cannot_be_ended_from_its_own_thread),
    };
    return run_tests(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}

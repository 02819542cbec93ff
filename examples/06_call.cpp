/* SPDX-License-Identifier: MIT */
/*
 * The library from C++: registers, calls, plays a tone of its own making, prints each step of an
 * IP change, and hangs up after some seconds:
 *     06_call sip:alice@example.com SECRET sip:example.com sip:bob@example.com 5
 */
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include <tern/tern.hpp>

namespace {

class Phone : public tern::Endpoint {
  public:
    ~Phone() override
    {
        libDestroy();
    }

    void onIpChangeProgress(const tern::OnIpChangeProgressParam &prm) override
    {
        std::cout << double(prm.since_change) / 1000 << " ms: " << tern_ip_change_op_name(prm.op)
                  << " " << tern_ip_change_status_name(prm.status) << std::endl;
    }
};

class MyAccount : public tern::Account {
  public:
    using Account::Account;
    ~MyAccount() override
    {
        shutdown();
    }

    void onRegState(const tern::OnRegStateParam &prm) override
    {
        std::cout << tern_registration_state_name(prm.state) << std::endl;
    }
};

class Tone : public tern::AudioMediaPort {
  public:
    bool onFrameRequested(std::int16_t *pcm) override
    {
        for (int i = 0; i < TERN_PCM_FRAME; i++) {
            pcm[i] = static_cast<std::int16_t>(8000 * std::sin(at_++ * 0.3456)); // 440 Hz
        }
        return true;
    }

  private:
    int at_ = 0;
};

class MyCall : public tern::Call {
  public:
    using Call::Call;
    ~MyCall() override
    {
        leave();
    }

    void onCallState(const tern::OnCallStateParam &prm) override
    {
        if (prm.state == tern::CallState::Early) std::cout << "ringing" << std::endl;
        if (prm.state == tern::CallState::Confirmed) std::cout << "answered" << std::endl;
        if (prm.state == tern::CallState::Disconnected) {
            std::cout << "ended: " << prm.lastReason << std::endl;
        }
        std::lock_guard<std::mutex> lock(mutex_);
        state_ = prm.state;
        if (state_ == tern::CallState::Confirmed) answered_ = true;
        changed_.notify_all();
    }

    // Whether the call was answered within half a minute.
    bool waitForAnswer()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(30),
                          [this] { return answered_ || state_ == tern::CallState::Disconnected; });
        return answered_;
    }

    void waitForEnd(std::chrono::seconds limit)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait_for(lock, limit, [this] { return state_ == tern::CallState::Disconnected; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    tern::CallState state_ = tern::CallState::Null;
    bool answered_ = false;
};

int check(int err)
{
    if (err) std::cerr << tern_strerror(err) << std::endl;
    return err;
}

int run(char **argv)
{
    Phone phone;
    if (check(phone.libStart())) return 1;

    tern::AccountConfig config;
    config.idUri = argv[1];
    config.password = argv[2];
    config.registrarUri = argv[3];
    config.opts.ip_change.order = TERN_ORDER_PARALLEL; // any setting of docs/ip-change.md
    MyAccount account(phone);
    if (check(account.create(config))) return 1;

    MyCall call(account);
    if (check(call.makeCall(argv[4]))) return 1;
    if (check(call.setAudio(std::make_shared<Tone>()))) return 1;
    if (!call.waitForAnswer()) return 1;

    call.waitForEnd(std::chrono::seconds(std::strtol(argv[5], nullptr, 10)));
    if (call.isActive() && call.hangup() == 0) call.waitForEnd(std::chrono::seconds(5));
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 6) {
        std::cerr << "usage: " << argv[0] << " URI PASSWORD REGISTRAR TARGET SECONDS" << std::endl;
        return 2;
    }
    try {
        return run(argv);
    } catch (const std::exception &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}

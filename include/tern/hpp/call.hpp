/* SPDX-License-Identifier: MIT */
/* tern::Call and its audio. Include <tern/tern.hpp>, which says how to use it. */
#ifndef TERN_HPP_CALL_HPP
#define TERN_HPP_CALL_HPP

#include <algorithm>
#include <utility>

#include <tern/hpp/account.hpp>

namespace tern {

/** The application's side of a call's audio: 160 samples of 16 bits each way, every 20 ms. */
class AudioMediaPort {
  public:
    virtual ~AudioMediaPort() = default;
    /** Fill `pcm` with TERN_PCM_FRAME samples to be sent. @return false at the end */
    virtual bool onFrameRequested(std::int16_t *pcm)
    {
        std::fill_n(pcm, TERN_PCM_FRAME, std::int16_t{0});
        return true;
    }
    /** @param heard  false: concealment or silence, made up here */
    virtual void onFrameReceived(const std::int16_t *, bool /* heard */)
    {
    }
};

/** The states that PJSUA2 users know, without their prefix. */
enum class CallState { Null, Calling, Incoming, Early, Confirmed, Disconnected };

struct OnCallStateParam {
    CallState state;
    int lastStatusCode; /**< SIP status that brought it here; 0: none */
    std::string lastReason;
    const tern_ev_call_ended *ended; /**< Disconnected: cause, duration, statistics; else NULL */
};

using CallInfo = tern_call_info;
using StreamStat = tern_media_stats;
using OnCallMediaStateParam = tern_ev_call_media;
using OnDtmfDigitParam = tern_ev_call_dtmf;
using OnSilentParam = tern_ev_call_silent;
using OnResponseParam = tern_ev_call_response;
using OnInfoParam = tern_ev_call_info;

class Call {
  public:
    /** @param id  of an incoming call, in Account::onIncomingCall(); none for makeCall() */
    explicit Call(Account &account, tern_call id = {}) : account_(account), id_(id)
    {
        if (!isActive()) return;
        endpoint().invoke([&] {
            endpoint().calls_[getId().id] = this;
            return 0;
        });
    }
    /** Hangs up if need be. */
    virtual ~Call()
    {
        leave();
    }
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    /** @param target  SIP URI, or a user at the account's domain @see tern_call_make() */
    int makeCall(std::string_view target, std::string_view subject = {})
    {
        return endpoint().invoke([&] {
            if (isActive()) return static_cast<int>(TERN_ESTATE);
            tern_call_opts opts;
            tern_call_opts_init(&opts);
            opts.account = account_.getId();
            opts.target = view(target);
            opts.subject = view(subject);
            tern_call id;
            int err = tern_call_make(ep(), now(), &opts, &id);
            if (err) return err;
            id_ = id;
            endpoint().calls_[id.id] = this;
            return 0;
        });
    }

    /** @param status  180..183: it rings on; 200: take it */
    int answer(int status = 200)
    {
        return endpoint().invoke([&] { return tern_call_answer(ep(), now(), id_, status); });
    }

    /** @param status  refuses an unanswered incoming call; 0: 603 */
    int hangup(int status = 0)
    {
        return endpoint().invoke([&] { return tern_call_hangup(ep(), now(), id_, status); });
    }

    /** Hold; false: resume. */
    int setHold(bool hold = true)
    {
        return endpoint().invoke([&] {
            return hold ? tern_call_hold(ep(), now(), id_) : tern_call_resume(ep(), now(), id_);
        });
    }

    /** Refresh the call as an IP change does. @param flags  enum tern_reinvite_flags */
    int reinvite(std::uint32_t flags = TERN_CALL_REINVITE_DEFAULT)
    {
        return endpoint().invoke([&] { return tern_call_reinvite(ep(), now(), id_, flags); });
    }
    int update(std::uint32_t flags = TERN_CALL_REINVITE_DEFAULT)
    {
        return endpoint().invoke([&] { return tern_call_update(ep(), now(), id_, flags); });
    }

    int dialDtmf(std::string_view digits)
    {
        return endpoint().invoke([&] { return tern_call_dtmf(ep(), now(), id_, view(digits)); });
    }

    /**
     * tern_call_request(): an INFO with this body, or OPTIONS where there is none.
     * @return what OnResponseParam names it by, or a negative TERN_E…
     */
    int sendRequest(std::string_view contentType = {}, std::string_view body = {})
    {
        tern_call_request_opts opts;
        tern_call_request_opts_init(&opts);
        if (body.empty()) opts.method = TERN_CALL_REQUEST_OPTIONS;
        opts.content_type = view(contentType);
        opts.body = view(body);
        return endpoint().invoke([&] {
            std::uint32_t number = 0;
            int err = tern_call_request(ep(), now(), id_, &opts, &number);
            return err ? err : static_cast<int>(number);
        });
    }

    /** Connect a source and a sink, which the driver takes over unless this fails; may be NULL. */
    int setAudio(tern_audio_source *source, tern_audio_sink *sink)
    {
        return endpoint().invoke([&] { return tern_uv_audio(driver(), id_, source, sink); });
    }
    /** The same with an object, kept until it is replaced or the call has ended. */
    int setAudio(const std::shared_ptr<AudioMediaPort> &port);

    int getInfo(CallInfo &out) const
    {
        return endpoint().invoke([&] { return tern_call_get_info(ep(), id_, &out); });
    }
    int getStreamStat(StreamStat &out) const
    {
        return endpoint().invoke([&] { return tern_call_media_stats(ep(), id_, &out); });
    }

    /** Hang up and hear no more of it. */
    void leave()
    {
        endpoint().invoke([&] {
            if (!isActive()) return 0;
            tern_call id = id_.exchange(tern_call{});
            endpoint().calls_.erase(id.id);
            return tern_call_hangup(ep(), now(), id, 0);
        });
    }

    /** There is a call, not yet ended. */
    bool isActive() const noexcept
    {
        return getId().id != 0;
    }
    tern_call getId() const noexcept
    {
        return id_;
    }
    Account &account() const noexcept
    {
        return account_;
    }

    /** Disconnected is the last callback of a call; the object may be deleted in it. */
    virtual void onCallState(const OnCallStateParam &)
    {
    }
    /** Direction, codec or addresses of the audio have changed: hold, and IP changes. */
    virtual void onCallMediaState(const OnCallMediaStateParam &)
    {
    }
    virtual void onDtmfDigit(const OnDtmfDigitParam &)
    {
    }
    /** No audio has come for a while, or it is back. */
    virtual void onSilent(const OnSilentParam &)
    {
    }
    /** What has become of sendRequest(). */
    virtual void onResponse(const OnResponseParam &)
    {
    }
    /** The far end has sent an INFO of one of the endpoint's `info_types`. */
    virtual void onInfo(const OnInfoParam &)
    {
    }

  private:
    friend struct Callbacks;

    Endpoint &endpoint() const noexcept
    {
        return account_.endpoint();
    }
    tern_endpoint *ep() const noexcept
    {
        return endpoint().get();
    }
    tern_uv *driver() const noexcept
    {
        return endpoint().driver();
    }
    tern_time now() const noexcept
    {
        return endpoint().now();
    }

    Account &account_;
    std::atomic<tern_call> id_;
};

/** An AudioMediaPort as the driver sees it. */
struct PortSource : tern_audio_source {
    explicit PortSource(std::shared_ptr<AudioMediaPort> given)
        : tern_audio_source{on_read, on_close}, port(std::move(given))
    {
    }
    static bool on_read(tern_audio_source *self, std::int16_t *pcm) noexcept
    {
        return static_cast<PortSource *>(self)->port->onFrameRequested(pcm);
    }
    static void on_close(tern_audio_source *self) noexcept
    {
        delete static_cast<PortSource *>(self);
    }
    std::shared_ptr<AudioMediaPort> port;
};

struct PortSink : tern_audio_sink {
    explicit PortSink(std::shared_ptr<AudioMediaPort> given)
        : tern_audio_sink{on_write, on_close}, port(std::move(given))
    {
    }
    static void on_write(tern_audio_sink *self, const std::int16_t *pcm, bool heard) noexcept
    {
        static_cast<PortSink *>(self)->port->onFrameReceived(pcm, heard);
    }
    static void on_close(tern_audio_sink *self) noexcept
    {
        delete static_cast<PortSink *>(self);
    }
    std::shared_ptr<AudioMediaPort> port;
};

inline int Call::setAudio(const std::shared_ptr<AudioMediaPort> &port)
{
    if (!port) return setAudio(nullptr, nullptr);
    std::unique_ptr<PortSource> source(new (std::nothrow) PortSource(port));
    std::unique_ptr<PortSink> sink(new (std::nothrow) PortSink(port));
    if (!source || !sink) return TERN_ENOMEM;
    int err = setAudio(source.get(), sink.get());
    if (!err) {
        static_cast<void>(source.release()); /* closed by the driver */
        static_cast<void>(sink.release());
    }
    return err;
}

} // namespace tern

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Tern for C++17, header only, on the uv driver. Link what C links: tern-uv and tern.
 *
 *     class MyCall : public tern::Call {
 *         using Call::Call;
 *         void onCallState(const tern::OnCallStateParam &prm) override { … }
 *     };
 *
 *     tern::Endpoint ep;          // throws tern::Error, as no other function here does
 *     ep.libStart();              // from here on the endpoint has a thread of its own
 *     tern::Account account(ep);
 *     account.create(config);     // int: 0 or a TERN_E… of <tern/err.h>
 *     MyCall call(account);
 *     call.makeCall("sip:bob@example.com");
 *
 * Names follow PJSUA2 where it has one for the same thing. What differs:
 *
 * - There is no library to create and to initialise; there may be many endpoints.
 * - Functions return an int and throw nothing; where the C++ library finds no memory, the program
 *   ends. Text in options is std::string, the rest is the C struct of the same name, documented
 *   there.
 * - Any thread may call: on another thread than the loop's, a function waits until the loop has
 *   done its work. So do not hold a lock that a callback wants. Callbacks come on the loop's
 *   thread, may call anything but libDestroy() and run(), and must not throw.
 * - A class derived from Endpoint, Account or Call whose callbacks may come while it is being
 *   destroyed calls libDestroy(), shutdown() or leave() in its own destructor: at the base's
 *   its callbacks are gone already.
 * - An Endpoint outlives its accounts, an Account its calls. A Call may be deleted in its own
 *   onCallState().
 */
#ifndef TERN_TERN_HPP
#define TERN_TERN_HPP

#include <tern/hpp/endpoint.hpp>

#include <tern/hpp/account.hpp>
#include <tern/hpp/call.hpp>

#include <tern/hpp/callbacks.hpp>

#endif

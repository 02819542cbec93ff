/* SPDX-License-Identifier: MIT */
/* Everything that needs no driver. With libuv, include <tern/uv.h> as well. */
#ifndef TERN_TERN_H
#define TERN_TERN_H

#include <tern/account.h>
#include <tern/call.h>
#include <tern/endpoint.h>
#include <tern/err.h>
#include <tern/event.h>
#include <tern/links.h>
#include <tern/media.h>
#include <tern/network.h>
#include <tern/secure.h>
#include <tern/server.h>
#include <tern/snapshot.h>
#include <tern/types.h>

#endif

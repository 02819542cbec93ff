/* SPDX-License-Identifier: MIT */
/* How much others may make the server hold. */
#ifndef TN_SERVER_LIMITS_H
#define TN_SERVER_LIMITS_H

#include <tern/types.h>

/* A small server: an office, a laboratory. Without authentication whoever registers becomes one. */
#define TN_USERS_MAX         4096
/* Devices of one person, some of them twice while they move. Each call forks to all of them. */
#define TN_BINDINGS_MAX      16
/* Temporary GRUUs of a user: one for each REGISTER; that of ten hours ago is in no call any more. */
#define TN_TEMP_GRUUS_MAX    256
/* Bindings of a user that were removed, each for as long as an older REGISTER may come: 64*T1. */
#define TN_REMOVED_MAX       16
#define TN_REMOVED_TIME      TERN_SECONDS(32)
/* Contacts of one REGISTER: all that a user can have, once as old and once as new. */
#define TN_CONTACTS_MAX      32
/* User names, unescaped; longer ones exist nowhere. */
#define TN_USER_NAME_MAX     256
/* Requests in progress: calls that ring, and what is inside dialogs. */
#define TN_PROXIED_MAX       16384
/* Methods with a fault at the same time. */
#define TN_FAULTS_MAX        16
/* A method name with a fault. */
#define TN_FAULT_METHOD_MAX  32
/*
 * RFC 5393: bindings that lead back here double with each round. A request may come by a second
 * time (a spiral over another proxy), no more.
 */
#define TN_SPIRALS_MAX       2
/* RFC 3261 10.2.1.1 and 10.3: what a malformed or absent expiry means. */
#define TN_EXPIRES_DEFAULT_S 3600
/* Addresses of ours that stand in the route sets of calls, whether they are ours still or not. */
#define TN_RECORDED_MAX      16
/* RFC 3261 16.6, for a request that has none. */
#define TN_MAX_FORWARDS      70
/* How long a call waits for a phone whose connection broke just now: several round trips. */
#define TN_RECOVERY          TERN_SECONDS(4)
/* A user's reply that found no memory is tried again after this. */
#define TN_ANSWER_AGAIN      TERN_SECONDS(1)

#endif

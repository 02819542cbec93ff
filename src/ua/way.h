/* SPDX-License-Identifier: MIT */
/*
 * The next hop of a call's requests (MOBILITY C6 c): where the dialog leads (RFC 3261 12.2.1.1), or the
 * account's server, located anew, with the same route set. The latter once the former has swallowed
 * something, and from then on, until the far end says that it is elsewhere, or the server fails.
 *
 * RFC 3261 8.1.2 lets local policy send a request to another place than its first Route names. Who gets
 * it there: a back-to-back user agent knows its dialog by Call-ID and tags, wherever it has moved; a
 * proxy takes a Route of its own off, under whichever of its addresses, and passes on what comes without
 * a Route as the Request-URI says. Strict ones answer 403, 404 or 481 to what does not come by their own
 * Route ("loose_route()" of Kamailio's usual script does): that says nothing of the dialog.
 *
 *                  a request fails, or is not answered   far end comes by the server   moves   new dialog
 * BY_DIALOG        >BY_SERVER if that is elsewhere       >BY_SERVER                    -       -
 * BY_SERVER        >BY_DIALOG                            -                             >BY_D   >BY_DIALOG
 */
#ifndef TN_UA_WAY_H
#define TN_UA_WAY_H

#include "dialog/dialog.h"

struct tn_account;
struct tn_call;
struct tn_msg;
struct tn_flow;

struct tn_call_way {
    bool by_server;
    bool asked_server; /* the refresh under way has gone there */
    bool turned;       /* outside of mobility: since the last refresh that was answered */
    unsigned bye_turns;
    uint32_t acked_cseq; /* the last 2xx that was acknowledged, and how often it came */
    unsigned acks;
    struct tn_timer silence; /* mobility has patience of its own */
};

/* Whether requests of this dialog would go to another place by the account's server. */
bool tn_way_has_other(const struct tn_account *account, const struct tn_dialog *dialog);
/* The same as far as nobody knows: the server's name may lead elsewhere by now. For what has failed. */
bool tn_way_may_have_other(const struct tn_account *account, const struct tn_dialog *dialog);
/* `opts`, filled by tn_dialog_request(), go to the account's server. Its text lives as long as that. */
void tn_way_by_server(const struct tn_account *account, struct tn_request_opts *opts);

void tn_call_way_init(struct tn_call *call);
void tn_call_way_fini(struct tn_call *call);
/* So long a hop may be silent, outside of mobility: three datagrams, and what the way takes. */
tern_time tn_call_way_patience(const struct tn_call *call);
/* The next hop of a request of this call. */
void tn_call_way_aim(const struct tn_call *call, struct tn_request_opts *opts);
/* The same for an ACK: what comes again has not been acknowledged, so that every other goes the other way. */
void tn_call_way_aim_ack(struct tn_call *call, uint32_t cseq, struct tn_request_opts *opts);
/* The other hop from now on. @return false: there is none */
bool tn_call_way_turn(struct tn_call *call);
/* The same for an early dialog: all of a call have one hop. */
bool tn_call_way_turn_early(struct tn_call *call, const struct tn_dialog *dialog);
/* Nobody has answered a refresh that mobility does not know of: the other hop, once. */
bool tn_call_way_retry(struct tn_call *call, int code);
/* A status that comes from the account's server, which does not want it, and not from the far end. */
bool tn_call_way_is_refused(const struct tn_call *call, int code);
/* A request of the far end, in the dialog, before its Contact is taken. */
void tn_call_way_heard(struct tn_call *call, const struct tn_msg *request,
                       const struct tn_flow *flow);
/* A refresh is on its way. */
void tn_call_way_asked(struct tn_call *call);
/* A refresh has been accepted. */
void tn_call_way_proved(struct tn_call *call);
/* The route set is another. */
void tn_call_way_anew(struct tn_call *call);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Deliberate mistakes, each at the place where somebody might make it, to prove that the simulator
 * sees them (tests/sim/README.md). They exist only in builds with the CMake option TERN_MUTANTS,
 * where one is chosen at run time; in all others TN_MUTANT() is a constant false: no code, no data.
 *
 *     if (!TN_MUTANT(LOST_TIMER)) tn_timer_arm(…);
 */
#ifndef TN_BASE_MUTANT_H
#define TN_BASE_MUTANT_H

/* X(NAME, its name on the command line, what is wrong) */
#define TN_MUTANTS(X)                                                                              \
    X(OLD_CONTACT, "old-contact", "a refresh after a move keeps the old Contact")                  \
    X(OLD_SDP, "old-sdp", "a refresh after a move names the old address in SDP")                   \
    X(OLD_BINDING, "old-binding", "the REGISTER after a move leaves the old binding")              \
    X(OLD_TARGET, "old-target", "the far end's new Contact is not taken from its refresh")         \
    X(OLD_FLOW, "old-flow", "flows of an address that has gone stay in use")                       \
    X(OLD_STREAM, "old-stream", "connections of others do, where nothing of ours has to move")     \
    X(STALE_DNS, "stale-dns", "DNS answers outlive the network that gave them")                    \
    X(MEDIA_LAST, "media-last", "audio moves when the refresh is answered, not first")             \
    X(RTP_ANEW, "rtp-anew", "the RTP sequence starts anew after a move")                           \
    X(SSRC_ANEW, "ssrc-anew", "the RTP source changes with a move")                                \
    X(HOLD_LOST, "hold-lost", "the offer after a move forgets the hold")                           \
    X(HOLD_IGNORED, "hold-ignored", "a hold is offered and not kept in mind")                      \
    X(GENERATION_OPEN, "generation-open", "a change does not close the generation before it")      \
    X(COMPLETED_TWICE, "completed-twice", "a generation is not marked closed when it completes")   \
    X(OLD_REFRESH, "old-refresh", "a new generation waits for the old one's refresh")              \
    X(LATE_EVENT, "late-event", "CALL_ENDED comes once more when the far end hangs up, too")       \
    X(NONCE_COUNT, "nonce-count", "a nonce count is used again")                                   \
    X(CSEQ_AGAIN, "cseq-again", "a request that is challenged repeats its CSeq")                   \
    X(BRANCH_AGAIN, "branch-again", "a branch has one random letter")                              \
    X(INVITE_ONCE, "invite-once", "an INVITE is not repeated")                                     \
    X(OK_ONCE, "ok-once", "a 2xx to an INVITE is not repeated")                                    \
    X(ACK_ONCE, "ack-once", "the ACK is not repeated when its 2xx comes again")                    \
    X(RING_TWICE, "ring-twice", "the INVITE that takes another's place leaves it ringing")         \
    X(LATE_ACK, "late-ack", "a 2xx that comes too late is not acknowledged")                       \
    X(BYE_LOST, "bye-lost", "a BYE that got lost is not sent anew")                                \
    X(ASK_LOST, "ask-lost", "a question in a call that got lost is not asked again")               \
    X(GLARE_FINAL, "glare-final", "491 counts as refused and is not tried again")                  \
    X(LOST_TIMER, "lost-timer", "timers that stood still without a network never go on")           \
    X(LOST_REFRESH, "lost-refresh", "a registration's refresh is not armed after a move")          \
    X(NO_LADDER, "no-ladder", "no INVITE with Replaces looks for a far end that has moved, too")   \
    X(NO_SERVER_HOP, "no-server-hop",                                                              \
      "what a dialog's next hop swallows is not sent to our server")                               \
    X(SESSION_STALE, "session-stale", "a session that is due is not refreshed")                    \
    X(DEAD_UNSEEN, "dead-unseen", "a far end that has lost its power is not missed")               \
    X(DOUBLED_ANEW, "doubled-anew", "what the second path carries is not the same packet")         \
    X(LOST_RETRY, "lost-retry", "a refresh that failed is never tried again")                      \
    X(LEFT_TIMER, "left-timer", "the timers of a request that is given up outlive it")             \
    X(LEFT_KEEPALIVE, "left-keepalive", "the keep-alive timer outlives its account")               \
    X(DEAF_KEEPALIVE, "deaf-keepalive", "a flow that has become silent stays in use")              \
    X(NAT_UNSEEN, "nat-unseen", "another public address of ours is nobody's business")             \
    X(LEFT_LISTENER, "left-listener", "the listener of an address that has gone is not closed")    \
    X(LEFT_SOCKET, "left-socket", "a call's RTCP socket is not closed")                            \
    X(LEFT_MEMORY, "left-memory", "the Contact of a REGISTER under way is not freed")              \
    X(OLD_VERSION, "old-version", "changed SDP keeps its version in o=")                           \
    X(ANSWER_WIDE, "answer-wide", "an answer sends to somebody who only sends")                    \
    X(ROUTES_ASTRAY, "routes-astray", "a caller's route set is not turned round")                  \
    X(MEDIA_WAITS, "media-waits", "audio waits while a registration is under way")                 \
    X(CALLS_LAST, "calls-last", "calls are refreshed after the registration, not beside it")       \
    X(COLD_NONCE, "cold-nonce", "a nonce that is known is not used ahead of time")                 \
    X(NO_PAUSE, "no-pause", "what has failed is tried again 1 ms later")                           \
    X(SECRET_SENT, "secret-sent", "the credentials name the password for the user")                \
    X(ROC_RESET_BY_MOVE, "roc-reset-by-move", "the plan after a move resets the SRTP rollover")    \
    X(REPLAY_WINDOW_LOST, "replay-window-lost", "the plan after a move forgets what was heard")    \
    X(INDEX_AGAIN, "index-again", "a snapshot that repeats an SRTP index")                         \
    X(KEY_AGAIN, "key-again", "SDES keys are used again from another address")                     \
    X(TLS_ANY_NAME, "tls-any-name", "the name in a server's certificate is not looked at")         \
    X(SWITCH_BEFORE_AUTHENTICATION, "switch-before-authentication",                                \
      "media follows a packet's source before the packet is authenticated")

enum tn_mutant {
    TN_MUTANT_NONE,
#define TN_MUTANT_ENUM(NAME, name, what) TN_MUTANT_##NAME,
    TN_MUTANTS(TN_MUTANT_ENUM)
#undef TN_MUTANT_ENUM
        TN_MUTANT_COUNT
};

#ifdef TERN_MUTANTS
extern enum tn_mutant tn_mutant_chosen;
void tn_mutant_choose(enum tn_mutant mutant);
#define TN_MUTANT(NAME) (tn_mutant_chosen == TN_MUTANT_##NAME)
#else
#define TN_MUTANT(NAME) (TN_MUTANT_NONE == TN_MUTANT_##NAME)
#endif

#endif

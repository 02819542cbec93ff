/* SPDX-License-Identifier: MIT */
/* The table of the phone's settings, and their defaults. */
#include <string.h>

#include "config.h"
#include "links.h"

static const struct config_word transports[] = {{"udp", TERN_TRANSPORT_UDP},
                                                {"tcp", TERN_TRANSPORT_TCP},
                                                {"tls", TERN_TRANSPORT_TLS},
                                                {NULL, 0}};
static const struct config_word srtps[] = {{"auto", CONFIG_SRTP_AUTO},
                                           {"off", TERN_SRTP_OFF},
                                           {"optional", TERN_SRTP_OPTIONAL},
                                           {"mandatory", TERN_SRTP_MANDATORY},
                                           {NULL, 0}};
static const struct config_word reliables[] = {{"supported", TERN_RELIABLE_SUPPORTED},
                                               {"off", TERN_RELIABLE_OFF},
                                               {"required", TERN_RELIABLE_REQUIRED},
                                               {NULL, 0}};
static const struct config_word gruus[] = {{"off", TERN_GRUU_OFF},
                                           {"public", TERN_GRUU_PUBLIC},
                                           {"temporary", TERN_GRUU_TEMPORARY},
                                           {NULL, 0}};
static const struct config_word second_flows[] = {{"off", TERN_SECOND_FLOW_OFF},
                                                  {"with-call", TERN_SECOND_FLOW_WITH_CALL},
                                                  {"always", TERN_SECOND_FLOW_ALWAYS},
                                                  {NULL, 0}};
static const struct config_word srtp_keys[] = {
    {"sdes", TERN_SRTP_SDES}, {"dtls", TERN_SRTP_DTLS}, {NULL, 0}};
static const struct config_word contacts[] = {{"replace", TERN_CONTACT_REPLACE},
                                              {"unregister-first", TERN_CONTACT_UNREGISTER_FIRST},
                                              {"leave", TERN_CONTACT_LEAVE_OLD},
                                              {NULL, 0}};
static const struct config_word reinvites[] = {{"media", TERN_CALL_REINIT_MEDIA},
                                               {"contact", TERN_CALL_UPDATE_CONTACT},
                                               {"via", TERN_CALL_UPDATE_VIA},
                                               {NULL, 0}};
static const struct config_word orders[] = {
    {"parallel", TERN_ORDER_PARALLEL}, {"after-register", TERN_ORDER_AFTER_REGISTER}, {NULL, 0}};
static const struct config_word metereds[] = {{"use", TERN_METERED_USE},
                                              {"avoid", TERN_METERED_AVOID},
                                              {"never", TERN_METERED_NEVER},
                                              {NULL, 0}};

#define ROOT(member) offsetof(struct config, member)
#define ACCT(member) offsetof(struct config_account, member)
#define A_DAY_MS     86400000

/* clang-format off */
const struct config_setting config_settings[] = {
    {"sip-port", CONFIG_PHONE, CONFIG_NUMBER, ROOT(sip_port), 0, 65535, NULL, "PORT",
     "UDP and TCP port for SIP; 0 lets the system choose"},
    {"rtp-ports", CONFIG_PHONE, CONFIG_PORTS, ROOT(rtp_port_min), 1024, 65535, NULL, "A-B",
     "ports for audio"},
    {"auto-ip-change", CONFIG_PHONE, CONFIG_SWITCH, ROOT(auto_ip_change), 0, 0, NULL, "yes|no",
     "move registrations and calls by itself when the IP address changes"},
    {"settle-ms", CONFIG_PHONE, CONFIG_NUMBER, ROOT(settle_ms), 0, 60000, NULL, "MS",
     "how long a better network must last before it is used"},
    {"links", CONFIG_PHONE, CONFIG_LINKS, ROOT(links), LINKS_ORDER, 0, NULL, "[only] LINK,...",
     "networks in order: ethernet, wifi, cellular, vpn, or interfaces by name; empty for routing"},
    {"links-never", CONFIG_PHONE, CONFIG_LINKS, ROOT(links_never), LINKS_NEVER, 0, NULL, "LINK,...",
     "networks that are never used"},
    {"links-metered", CONFIG_PHONE, CONFIG_CHOICE, ROOT(links_metered), 0, 0, metereds,
     "use|avoid|never", "what to do with networks that count what they carry: cellular ones"},
    {"network-monitor", CONFIG_PHONE, CONFIG_SWITCH, ROOT(network_monitor), 0, 0, NULL, "yes|no",
     "ask the kernel to tell of changes; without it the interfaces are looked at now and then"},
    {"poll-ms", CONFIG_PHONE, CONFIG_NUMBER, ROOT(poll_ms), 0, 3600000, NULL, "MS",
     "how often they are looked at; 0 leaves it to the kernel to tell"},
    {"ca", CONFIG_PHONE, CONFIG_TEXT, ROOT(ca), 0, 0, NULL, "FILE",
     "TLS: authorities that may vouch for servers, PEM; by default those of the system"},
    {"verify", CONFIG_PHONE, CONFIG_SWITCH, ROOT(verify), 0, 0, NULL, "yes|no",
     "TLS: check the server's certificate; without it anybody can pretend to be the server"},
    {"cert", CONFIG_PHONE, CONFIG_TEXT, ROOT(cert), 0, 0, NULL, "FILE",
     "TLS: a certificate of your own, PEM, where the server asks for one"},
    {"key", CONFIG_PHONE, CONFIG_TEXT, ROOT(key), 0, 0, NULL, "FILE",
     "TLS: its key, PEM"},
    {"tls-port", CONFIG_PHONE, CONFIG_NUMBER, ROOT(tls_port), 0, 65535, NULL, "PORT",
     "TLS port for calls without a server, with cert; 0 for the one after sip-port"},
    {"dns-servers", CONFIG_PHONE, CONFIG_TEXT, ROOT(dns_servers), 0, 0, NULL, "ADDRESS,...",
     "name servers instead of the system's"},
    {"snapshot", CONFIG_PHONE, CONFIG_TEXT, ROOT(snapshot), 0, 0, NULL, "FILE",
     "keep calls there, sealed: a phone that is killed and started again goes on with them"},
    {"stun", CONFIG_PHONE, CONFIG_TEXT, ROOT(stun), 0, 0, NULL, "HOST[:PORT],...",
     "servers that say how audio looks from outside a NAT"},
    {"symmetric-rtp", CONFIG_PHONE, CONFIG_SWITCH, ROOT(symmetric_rtp), 0, 0, NULL, "yes|no",
     "send audio to where it comes from, if that is not where the far end said"},
    {"dscp", CONFIG_PHONE, CONFIG_SWITCH, ROOT(dscp), 0, 0, NULL, "yes|no",
     "mark packets for quality of service"},
    {"auto-answer", CONFIG_PHONE, CONFIG_DELAY, ROOT(auto_answer_ms), 0, 600000, NULL, "yes|no|MS",
     "answer calls, at once or after so many milliseconds"},
    {"play", CONFIG_PHONE, CONFIG_TEXT, ROOT(play), 0, 0, NULL, "FILE",
     "sound file to send in place of the microphone, over and over"},
    {"record", CONFIG_PHONE, CONFIG_TEXT, ROOT(record), 0, 0, NULL, "FILE",
     "WAV file for what is heard; later calls get FILE-2.wav and so on"},
    {"tone", CONFIG_PHONE, CONFIG_NUMBER, ROOT(tone_hz), 0, 3999, NULL, "HZ",
     "send a tone in place of the microphone; 0 for none"},
    {"echo", CONFIG_PHONE, CONFIG_SWITCH, ROOT(echo), 0, 0, NULL, "yes|no",
     "send back what is heard"},
    {"audio-device", CONFIG_PHONE, CONFIG_DEVICE, ROOT(audio_device), 0, 0, NULL, "NAME",
     "microphone and loudspeaker: a name, 'default' or 'none'"},
    {"trace", CONFIG_PHONE, CONFIG_SWITCH, ROOT(trace), 0, 0, NULL, "yes|no",
     "show every SIP message"},

    {"json", CONFIG_FLAG, CONFIG_SWITCH, ROOT(json), 0, 0, NULL, "yes|no",
     "events as JSON lines on standard output"},
    {"quiet", CONFIG_FLAG, CONFIG_SWITCH, ROOT(quiet), 0, 0, NULL, "yes|no",
     "show errors, and answers to commands, but no events"},
    {"call", CONFIG_FLAG, CONFIG_TEXT, ROOT(call), 0, 0, NULL, "URI",
     "dial as soon as the first account is registered"},
    {"duration", CONFIG_FLAG, CONFIG_NUMBER, ROOT(duration_s), 0, 31536000, NULL, "SECONDS",
     "quit after so long"},

    {"uri", CONFIG_ACCOUNT, CONFIG_URI, ACCT(uri), 0, 0, NULL, "URI",
     "address of record: user@domain; as a flag --account URI"},
    {"display-name", CONFIG_ACCOUNT, CONFIG_TEXT, ACCT(display_name), 0, 0, NULL, "NAME",
     "shown to those who are called"},
    {"registrar", CONFIG_ACCOUNT, CONFIG_URI, ACCT(registrar), 0, 0, NULL, "URI|none",
     "where to register; by default the domain of the URI"},
    {"proxy", CONFIG_ACCOUNT, CONFIG_URI, ACCT(proxy), 0, 0, NULL, "URI",
     "outbound proxy"},
    {"auth-user", CONFIG_ACCOUNT, CONFIG_TEXT, ACCT(auth_user), 0, 0, NULL, "USER",
     "user name for authentication; by default that of the URI"},
    {"password", CONFIG_ACCOUNT, CONFIG_TEXT, ACCT(password), 0, 0, NULL, "PASSWORD",
     "password; TERN_PASSWORD in the environment serves accounts that have none"},
    {"password-file", CONFIG_ACCOUNT, CONFIG_TEXT, ACCT(password_file), 0, 0, NULL, "FILE",
     "file whose first line is the password"},
    {"realm", CONFIG_ACCOUNT, CONFIG_TEXT, ACCT(realm), 0, 0, NULL, "REALM",
     "answer challenges of this realm only"},
    {"transport", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(transport), 0, 0, transports, "udp|tcp|tls",
     "what carries SIP where the URIs do not say"},
    {"srtp", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(srtp), 0, 0, srtps, "auto|off|optional|mandatory",
     "protect audio; auto is optional where SIP runs over TLS, else off"},
    {"srtp-keys", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(srtp_keys), 0, 0, srtp_keys, "sdes|dtls",
     "how our calls agree on keys: in SIP, or by a handshake beside the audio"},
    {"expires", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(expires_s), 60, 86400, NULL, "SECONDS",
     "how long a registration lasts without a refresh"},
    {"keepalive", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(keepalive_s), 0, 3600, NULL, "SECONDS",
     "how often UDP is kept alive through NATs; 0 for never"},
    {"contact-rewrite", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(contact_rewrite), 0, 0, NULL, "yes|no",
     "behind a NAT, register the address and port that the registrar sees"},
    {"stream-keepalive", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(stream_keepalive_s), 0, 3600, NULL,
     "SECONDS", "the same for TCP and TLS"},
    {"answer-timeout", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(answer_timeout_s), 1, 3600, NULL,
     "SECONDS", "how long a call of ours may ring"},
    {"session-expires", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(session_expires_s), 0, 86400, NULL,
     "SECONDS", "how long a call may last without a refresh, which is sent by itself; 0 for ever"},
    {"media-timeout", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(media_timeout_s), 0, 86400, NULL,
     "SECONDS", "without any audio for so long, the far end is asked for a sign of life; 0 for never"},
    {"doubled-send-ms", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(doubled_send_ms), 0, 60000, NULL, "MS",
     "IP change: audio leaves by the old and by the new path for so long, while both stand"},
    {"min-se", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(min_se_s), 90, 86400, NULL, "SECONDS",
     "the least of that which callers may ask for"},
    {"reliable", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(reliable), 0, 0, reliables,
     "supported|off|required", "whether 180 and 183 arrive for certain (100rel)"},
    {"outbound", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(outbound), 0, 0, NULL, "yes|no",
     "tell the registrar of flows (RFC 5626)"},
    {"gruu", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(gruu), 0, 0, gruus, "off|public|temporary",
     "our address in calls, where the registrar gives one that leads here wherever we are"},
    {"second-flow", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(second_flow), 0, 0, second_flows,
     "off|with-call|always", "keep a second way to the registrar ready on another interface"},
    {"register", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(register_at_start), 0, 0, NULL, "yes|no",
     "register at start; otherwise when told"},
    {"update-contact", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(update_contact), 0, 0, NULL, "yes|no",
     "IP change: register the new address"},
    {"contact", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(contact), 0, 0, contacts,
     "replace|unregister-first|leave", "IP change: what becomes of the old registration"},
    {"shutdown-transport", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(shutdown_transport), 0, 0, NULL,
     "yes|no", "IP change: close the registration's connection even if its address stands"},
    {"hangup-calls", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(hangup_calls), 0, 0, NULL, "yes|no",
     "IP change: end calls instead of moving them"},
    {"reinvite", CONFIG_ACCOUNT, CONFIG_SET, ACCT(reinvite), 0, 0, reinvites,
     "media,contact,via|none", "IP change: what the far end of a call is told"},
    {"update", CONFIG_ACCOUNT, CONFIG_SWITCH, ACCT(update), 0, 0, NULL, "yes|no",
     "IP change: tell it with UPDATE where it allows that, else with re-INVITE"},
    {"order", CONFIG_ACCOUNT, CONFIG_CHOICE, ACCT(order), 0, 0, orders,
     "parallel|after-register", "IP change: calls together with the registration, or after it"},
    {"rescue-window-ms", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(rescue_window_ms), 0, A_DAY_MS, NULL,
     "MS", "IP change: how long a call is kept that the far end does not answer for"},
    {"offline-window-ms", CONFIG_ACCOUNT, CONFIG_NUMBER, ACCT(offline_window_ms), 0, A_DAY_MS, NULL,
     "MS", "IP change: how long a call is kept without any network"},
};
/* clang-format on */

const size_t config_setting_count = sizeof(config_settings) / sizeof(config_settings[0]);

static void init_account(struct config_account *account)
{
    struct tern_account_opts opts;

    tern_account_opts_init(&opts);
    *account = (struct config_account){
        .transport = TERN_TRANSPORT_UDP,
        .srtp = CONFIG_SRTP_AUTO,
        .srtp_keys = opts.srtp_keys,
        .reliable = opts.reliable,
        .outbound = !opts.no_outbound,
        .gruu = opts.gruu,
        .second_flow = opts.second_flow,
        .expires_s = opts.expires_s,
        .keepalive_s = opts.keepalive_s,
        .stream_keepalive_s = opts.stream_keepalive_s,
        .contact_rewrite = opts.contact_rewrite,
        .answer_timeout_s = opts.answer_timeout_s,
        .session_expires_s = opts.session_expires_s,
        .min_se_s = opts.min_se_s,
        .doubled_send_ms = opts.doubled_send_ms,
        .media_timeout_s = opts.media_timeout_s,
        .register_at_start = true,
        .update_contact = opts.ip_change.update_contact,
        .shutdown_transport = opts.ip_change.shutdown_transport,
        .hangup_calls = opts.ip_change.hangup_calls,
        .update = opts.ip_change.use_update,
        .contact = opts.ip_change.contact_flags,
        .reinvite = opts.ip_change.reinvite_flags,
        .order = opts.ip_change.order,
        .rescue_window_ms = opts.ip_change.rescue_window_ms,
        .offline_window_ms = opts.ip_change.offline_window_ms,
    };
}

void config_init(struct config *config)
{
    struct tern_endpoint_opts opts;

    tern_endpoint_opts_init(&opts);
    memset(config, 0, sizeof(*config));
    config->rtp_port_min = opts.rtp_port_min;
    config->rtp_port_max = opts.rtp_port_max;
    config->settle_ms = opts.settle_ms;
    config->auto_ip_change = true;
    config->network_monitor = true;
    config->symmetric_rtp = true;
    config->verify = true;
    config->auto_answer_ms = -1;
    memcpy(config->audio_device, "default", sizeof("default"));
    init_account(&config->defaults);
}

void config_fini(struct config *config)
{
    explicit_bzero(config, sizeof(*config));
}

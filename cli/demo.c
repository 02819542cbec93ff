/* SPDX-License-Identifier: MIT */
/* The command `tern demo`: its options. The show is in demo_show.c. */
#define _GNU_SOURCE
#include "demo.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_secure.h"
#include "text.h"

static const char help[] =
    "usage: tern demo [OPTION...]\n"
    "\n"
    "Shows a call that survives a change of its IP address: a phone, a far end and a server, each\n"
    "in its own network namespace. The phone calls, both talk, the phone moves from Wi-Fi to LTE.\n"
    "\n"
    "  --transport udp|tcp|tls\n"
    "                         what carries SIP (default udp)\n"
    "  --srtp off|sdes|dtls   protect audio, with keys in SIP or by a handshake of its own\n"
    "                         (default: sdes with tls, else off)\n"
    "  --rtt MS               round trip from the phone to the far end, and to the server\n"
    "                         (default 100)\n"
    "  --changes N            change the address so often, between Wi-Fi and LTE (default 1)\n"
    "  --scenario break       the old address goes as the new one comes (default)\n"
    "  --scenario make        the new address comes first\n"
    "  --scenario offline     no network in between\n"
    "  --offline-ms MS        ... for so long (default 5000)\n"
    "  --hangup               let the policy hang the call up instead of moving it\n"
    "  --far-follows-sdp      the far end sends where SDP says, not where it hears the phone from\n"
    "  --wav FILE             what the phone plays (default: a tone)\n"
    "  --loss PERCENT         packets that the phone's links lose (default 0)\n"
    "  --jitter MS            and by how much they vary in delay (default 0)\n"
    "  --loopback             on loopback addresses, as where namespaces are not permitted\n"
    "  --capture FILE         write a pcapng capture of all links\n"
    "  --verbose              print SIP messages in full\n"
    "  --json                 print JSON, one object per line\n"
    "  --help                 this text\n"
    "\n"
    "Exit status: 0 when the call lived and audio runs both ways again (with --hangup: when the\n"
    "call was hung up as asked), 1 when not, 2 for a wrong option.\n";

enum option_id {
    OPTION_TRANSPORT = 1,
    OPTION_SRTP,
    OPTION_RTT,
    OPTION_CHANGES,
    OPTION_SCENARIO,
    OPTION_OFFLINE,
    OPTION_HANGUP,
    OPTION_FAR_FOLLOWS_SDP,
    OPTION_WAV,
    OPTION_LOSS,
    OPTION_JITTER,
    OPTION_LOOPBACK,
    OPTION_CAPTURE,
    OPTION_VERBOSE,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option options[] = {
    {"transport", required_argument, NULL, OPTION_TRANSPORT},
    {"srtp", required_argument, NULL, OPTION_SRTP},
    {"rtt", required_argument, NULL, OPTION_RTT},
    {"changes", required_argument, NULL, OPTION_CHANGES},
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"offline-ms", required_argument, NULL, OPTION_OFFLINE},
    {"hangup", no_argument, NULL, OPTION_HANGUP},
    {"far-follows-sdp", no_argument, NULL, OPTION_FAR_FOLLOWS_SDP},
    {"wav", required_argument, NULL, OPTION_WAV},
    {"loss", required_argument, NULL, OPTION_LOSS},
    {"jitter", required_argument, NULL, OPTION_JITTER},
    {"loopback", no_argument, NULL, OPTION_LOOPBACK},
    {"capture", required_argument, NULL, OPTION_CAPTURE},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

/* @return the option's value, or -1 for what is no number in the range */
static double value_of(double most)
{
    char *end;

    errno = 0;
    double value = strtod(optarg, &end);
    bool good = end != optarg && *end == '\0' && errno == 0 && isfinite(value);
    return good && value >= 0 && value <= most ? value : -1;
}

/* @return false, with a message, when it is no number in the range */
static bool read_number(const char *option, double most, double *out)
{
    *out = value_of(most);
    if (*out >= 0) return true;
    fprintf(stderr, "tern demo: --%s: want a number from 0 to %g, not '%s'\n", option, most,
            optarg);
    return false;
}

static bool read_transport(struct demo_opts *opts)
{
    if (strcmp(optarg, "udp") == 0) {
        opts->transport = TERN_TRANSPORT_UDP;
    } else if (strcmp(optarg, "tcp") == 0) {
        opts->transport = TERN_TRANSPORT_TCP;
    } else if (strcmp(optarg, "tls") == 0) {
        opts->transport = TERN_TRANSPORT_TLS;
    } else {
        fprintf(stderr, "tern demo: --transport: want udp, tcp or tls, not '%s'\n", optarg);
        return false;
    }
    return true;
}

static bool read_srtp(struct demo_opts *opts)
{
    for (enum demo_srtp srtp = DEMO_SRTP_OFF; srtp <= DEMO_SRTP_DTLS; srtp++) {
        if (strcmp(optarg, demo_srtp_key(srtp)) != 0) continue;
        opts->srtp = srtp;
        return true;
    }
    fprintf(stderr, "tern demo: --srtp: want off, sdes or dtls, not '%s'\n", optarg);
    return false;
}

static bool read_scenario(struct demo_opts *opts)
{
    static const char *const names[] = {
        [DEMO_BREAK] = "break", [DEMO_MAKE] = "make", [DEMO_OFFLINE] = "offline"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(optarg, names[i]) != 0) continue;
        opts->scenario = (enum demo_scenario)i;
        return true;
    }
    fprintf(stderr, "tern demo: --scenario: want break, make or offline, not '%s'\n", optarg);
    return false;
}

static bool read_changes(struct demo_opts *opts)
{
    double value = value_of(DEMO_CHANGES_MAX);

    opts->changes = value > 0 ? (unsigned)value : 0;
    if (opts->changes > 0 && (double)opts->changes == value) return true;
    fprintf(stderr, "tern demo: --changes: want a whole number from 1 to %d, not '%s'\n",
            DEMO_CHANGES_MAX, optarg);
    return false;
}

static bool read_ms(const char *option, double most, tern_time *out)
{
    double value;

    if (!read_number(option, most, &value)) return false;
    *out = (tern_time)(value * 1000);
    return true;
}

static bool read_loss(struct demo_opts *opts)
{
    double value;

    if (!read_number("loss", 100, &value)) return false;
    opts->loss_permille = (uint32_t)(value * 10 + 0.5);
    return true;
}

/* -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct demo_opts *opts)
{
    int option;
    bool ok = true;

    optind = 0; /* glibc: start over, whoever has used getopt before */
    while (ok && (option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
        switch (option) {
        case OPTION_TRANSPORT: ok = read_transport(opts); break;
        case OPTION_SRTP: ok = read_srtp(opts); break;
        case OPTION_RTT: ok = read_ms("rtt", DEMO_RTT_MAX_MS, &opts->rtt); break;
        case OPTION_CHANGES: ok = read_changes(opts); break;
        case OPTION_SCENARIO: ok = read_scenario(opts); break;
        case OPTION_OFFLINE: ok = read_ms("offline-ms", DEMO_OFFLINE_MAX_MS, &opts->offline); break;
        case OPTION_HANGUP: opts->hangup = true; break;
        case OPTION_FAR_FOLLOWS_SDP: opts->far_follows_sdp = true; break;
        case OPTION_WAV: opts->wav = optarg; break;
        case OPTION_LOSS: ok = read_loss(opts); break;
        case OPTION_JITTER: ok = read_ms("jitter", DEMO_RTT_MAX_MS, &opts->jitter); break;
        case OPTION_LOOPBACK: opts->loopback = true; break;
        case OPTION_CAPTURE: opts->capture = optarg; break;
        case OPTION_VERBOSE: opts->verbose = true; break;
        case OPTION_JSON: opts->json = true; break;
        case OPTION_HELP:
        case 'h': fputs(help, stdout); return 0;
        default:
            fprintf(stderr, "tern demo: %s '%s'\nTry 'tern demo --help'.\n",
                    option == ':' ? "a value is missing after" : "no option", argv[optind - 1]);
            return 2;
        }
    }
    if (opts->srtp == DEMO_SRTP_UNSAID) {
        opts->srtp = opts->transport == TERN_TRANSPORT_TLS ? DEMO_SRTP_SDES : DEMO_SRTP_OFF;
    }
    return ok ? -1 : 2;
}

/* Better now, by name, than from the phone's process. */
static bool is_playable(const char *path)
{
    struct tern_audio_source *source;
    char why[256], reason[256];

    if (tern_audio_file_source(path, true, &source, why) == 0) {
        source->close(source);
        return true;
    }
    fprintf(stderr, "tern demo: --wav %s: %s\n", path,
            text_reason(why, path, reason, sizeof(reason)));
    return false;
}

int cmd_demo(int argc, char **argv)
{
    struct demo_opts opts = {.transport = TERN_TRANSPORT_UDP,
                             .rtt = TERN_MS(100),
                             .offline = TERN_MS(5000),
                             .changes = 1};
    int status = read_options(argc, argv, &opts);

    if (status >= 0) return status;
    if (optind != argc) {
        fprintf(stderr, "tern demo: '%s' is too much\nTry 'tern demo --help'.\n", argv[optind]);
        return 2;
    }
    if (opts.wav != NULL && !is_playable(opts.wav)) return 1;
    return demo_show(&opts);
}

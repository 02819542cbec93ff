/* SPDX-License-Identifier: MIT */
/*
 * The phone's settings: one table of names, which the configuration file and the flags share.
 *
 *     # a comment
 *     [phone]
 *     sip-port = 5060
 *     [account]
 *     uri = sip:alice@example.com
 *     password = "with blanks at its end  "
 *
 * Each [account] begins another account. A value may stand in double quotes, in which \" and \\ are
 * the only escapes. See tern.conf(5).
 */
#ifndef TERN_CLI_CONFIG_H
#define TERN_CLI_CONFIG_H

#include <tern/account.h>
#include <tern/endpoint.h>

enum {
    CONFIG_ACCOUNTS_MAX = 16,
    CONFIG_TEXT_CAP = 256,
    CONFIG_LINE_MAX = 1024,
    CONFIG_FILE_MAX = 1024 * 1024,
    CONFIG_WHY_CAP = 512,
    CONFIG_SRTP_AUTO = TERN_SRTP_MANDATORY + 1, /* optional where SIP runs over TLS, else off */
};

struct config_account {
    char uri[CONFIG_TEXT_CAP];
    char display_name[CONFIG_TEXT_CAP];
    char registrar[CONFIG_TEXT_CAP]; /* empty: the URI's domain; "none": do not register */
    char proxy[CONFIG_TEXT_CAP];
    char auth_user[CONFIG_TEXT_CAP];
    char password[CONFIG_TEXT_CAP];
    char password_file[CONFIG_TEXT_CAP];
    char realm[CONFIG_TEXT_CAP];
    uint32_t transport; /* enum tern_transport */
    uint32_t srtp;      /* enum tern_srtp, or CONFIG_SRTP_AUTO */
    uint32_t srtp_keys; /* enum tern_srtp_keys */
    uint32_t reliable;  /* enum tern_reliable */
    bool outbound;
    uint32_t gruu;        /* enum tern_gruu */
    uint32_t second_flow; /* enum tern_second_flow */
    uint32_t expires_s, keepalive_s, stream_keepalive_s, answer_timeout_s;
    uint32_t session_expires_s, min_se_s, media_timeout_s, doubled_send_ms;
    bool register_at_start;
    bool contact_rewrite;
    bool update_contact, shutdown_transport, hangup_calls, update;
    uint32_t contact;  /* enum tern_contact_flags */
    uint32_t reinvite; /* enum tern_reinvite_flags */
    uint32_t order;    /* enum tern_order */
    uint32_t rescue_window_ms, offline_window_ms;
};

struct config {
    uint32_t sip_port, rtp_port_min, rtp_port_max;
    uint32_t settle_ms, poll_ms;
    bool auto_ip_change, network_monitor, symmetric_rtp, dscp;
    char links[CONFIG_TEXT_CAP], links_never[CONFIG_TEXT_CAP]; /* cli/links.h */
    uint32_t links_metered;                                    /* enum tern_metered */
    char dns_servers[CONFIG_TEXT_CAP];
    char snapshot[CONFIG_TEXT_CAP];                                        /* file; empty: none */
    char ca[CONFIG_TEXT_CAP], cert[CONFIG_TEXT_CAP], key[CONFIG_TEXT_CAP]; /* files */
    bool verify;
    uint32_t tls_port;
    int32_t auto_answer_ms; /* -1: no */
    char play[CONFIG_TEXT_CAP], record[CONFIG_TEXT_CAP];
    char stun[CONFIG_TEXT_CAP];
    uint32_t tone_hz; /* 0: none */
    bool echo;
    char audio_device[CONFIG_TEXT_CAP]; /* "default", "none" or a name */
    bool trace;
    /* What only flags can say. */
    bool json, quiet;
    char call[CONFIG_TEXT_CAP];
    uint32_t duration_s; /* 0: no limit */

    struct config_account defaults; /* what was said before the first account */
    size_t account_count;
    struct config_account accounts[CONFIG_ACCOUNTS_MAX];
};

/* Where a setting may stand. */
enum config_scope {
    CONFIG_PHONE = 1,   /* [phone], and a flag */
    CONFIG_ACCOUNT = 2, /* [account], and a flag */
    CONFIG_FLAG = 3,    /* a flag only */
};

enum config_kind {
    CONFIG_TEXT,
    CONFIG_URI, /* text; "sip:" is put before what has no scheme */
    CONFIG_NUMBER,
    CONFIG_SWITCH, /* yes or no; as flags --name and --no-name */
    CONFIG_CHOICE, /* one word of `words` */
    CONFIG_SET,    /* words of `words` with commas, or none */
    CONFIG_PORTS,  /* A-B, into two numbers */
    CONFIG_DELAY,  /* yes, no, or milliseconds; as a flag the value may be left out */
    CONFIG_DEVICE, /* text; --no-name is "none" */
    CONFIG_LINKS,  /* text that links_read() takes; `min` is the enum links_part */
};

struct config_word {
    const char *word;
    uint32_t value;
};

struct config_setting {
    const char *name;
    enum config_scope scope;
    enum config_kind kind;
    size_t offset; /* in struct config or struct config_account */
    uint32_t min, max;
    const struct config_word *words;
    const char *value; /* what the value is, for help: "URI" */
    const char *help;  /* one sentence without a full stop */
};

extern const struct config_setting config_settings[];
extern const size_t config_setting_count;

/* Everything at its default, no account. */
void config_init(struct config *config);

/* Wipe, passwords included. */
void config_fini(struct config *config);

/* NULL when there is no such setting. '_' counts as '-'. */
const struct config_setting *config_find(const char *name);

/*
 * Give a setting a value.
 *
 * @param account  where account settings go; may be NULL for others
 * @param why      on failure: what was expected and what was found; passwords are not repeated
 * @return         0 or TERN_EINVAL
 */
TERN_CHECK int config_set(struct config *config, struct config_account *account,
                          const struct config_setting *setting, const char *value, char *why);

/* Begin another account, with the defaults. NULL and `why` when there are too many. */
struct config_account *config_add_account(struct config *config, const char *uri, char *why);

/*
 * Read the text of a file.
 *
 * @param name  what to call it in messages: "tern.conf:3: expected …"
 * @param why   CONFIG_WHY_CAP bytes
 * @return      0, TERN_EPARSE or TERN_ELIMIT
 */
TERN_CHECK int config_parse(struct config *config, const char *name, tern_str text, char *why);

/* The same from a file. @retval TERN_ENOTFOUND there is no such file; TERN_EIO */
TERN_CHECK int config_read(struct config *config, const char *path, char *why);

/* A line from a file, such as a password, without its end of line. @retval TERN_EIO */
TERN_CHECK int config_read_line(const char *path, char out[CONFIG_TEXT_CAP], char *why);

/* ~/.config/tern/tern.conf, or as XDG_CONFIG_HOME says. Empty where there is no home. */
const char *config_default_path(char *out, size_t cap);

/* The value as the file would have it, for `tern init` and manuals. @return `out`. */
const char *config_print(const struct config *config, const struct config_account *account,
                         const struct config_setting *setting, char out[CONFIG_TEXT_CAP]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The language of `tern lab`: one command a line, words with quotes, '#' for
 * comments. Each command is a row of the table at the end.
 */
#define _GNU_SOURCE
#include "lab_script.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { LINE_CAP = 4096, WORDS_MAX = 128, STOP_MS = 2000 };

/* What `expect-exit` asked of the next `run`, `wait` or `shell`. */
enum expectation { EXPECT_SUCCESS, EXPECT_CODE, EXPECT_FAILURE, EXPECT_ANY };

struct script {
    struct lab *lab;
    struct lab_jobs jobs;
    const char *name;
    unsigned line;
    enum expectation expectation;
    int expected_code;
};

struct command {
    const char *name;
    const char *usage;
    int min_words, max_words; /* without the name; max -1 for any number */
    int (*run)(struct script *s, int argc, char **argv);
};

enum { FAILED = 1, WRONG = 2 };

/* Prints "FILE:LINE: ..." and returns the exit status. */
__attribute__((format(printf, 3, 4))) static int complain(const struct script *s, int status,
                                                          const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fprintf(stderr, "%s:%u: ", s->name, s->line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

/* What a lab_...() call returned. */
static int check(const struct script *s, int err)
{
    if (err >= 0) return 0;
    bool wrong = err == TERN_EINVAL || err == TERN_ENOTFOUND || err == TERN_ELIMIT;
    return complain(s, wrong ? WRONG : FAILED, "%s", lab_error(s->lab));
}

/* A number of at most `max`, in thousandths: "25" is 25000, "0.5" is 500. */
static bool parse_thousandths(const char *text, int64_t max, int64_t *value)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    double number = strtod(text, &end);
    if (*end == '%' && end[1] == '\0') end++;
    if (errno != 0 || *end != '\0' || !(number >= 0) || number > (double)max) return false;
    *value = (int64_t)(number * 1000 + 0.5);
    return true;
}

static bool parse_number(const char *text, unsigned long max, unsigned long *value)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number > max) return false;
    *value = number;
    return true;
}

static int set_option(const struct script *s, struct lab_link_opts *opts, const char *key,
                      const char *text)
{
    unsigned long number = 0;
    int64_t thousandths = 0;
    bool is_time = strcmp(key, "delay") == 0 || strcmp(key, "jitter") == 0;

    if (is_time) {
        if (!parse_thousandths(text, LAB_DELAY_MAX_US / 1000, &thousandths)) {
            return complain(s, WRONG, "%s: want milliseconds, 0 to %d, not '%s'", key,
                            LAB_DELAY_MAX_US / 1000, text);
        }
        *(key[0] == 'd' ? &opts->delay_us : &opts->jitter_us) = thousandths;
    } else if (strcmp(key, "loss") == 0) {
        if (!parse_thousandths(text, 100, &thousandths)) {
            return complain(s, WRONG, "loss: want percent, 0 to 100, not '%s'", text);
        }
        opts->loss_permille = (uint32_t)((thousandths + 50) / 100);
    } else if (strcmp(key, "rate") == 0) {
        if (!parse_number(text, 10000000, &number)) {
            return complain(s, WRONG, "rate: want kbit/s, 0 for no limit, not '%s'", text);
        }
        opts->rate_kbps = (uint32_t)number;
    } else if (strcmp(key, "mtu") == 0) {
        if (!parse_number(text, 9000, &number)) {
            return complain(s, WRONG, "mtu: want 576 to 9000, not '%s'", text);
        }
        opts->mtu = (uint32_t)number;
    } else if (strcmp(key, "reorder") == 0 && (!strcmp(text, "on") || !strcmp(text, "off"))) {
        opts->reorder = text[1] == 'n';
    } else {
        return complain(s, WRONG,
                        "'%s %s': want delay MS, jitter MS, loss PERCENT, rate KBPS, "
                        "mtu BYTES or reorder on|off",
                        key, text);
    }
    return 0;
}

static int set_options(const struct script *s, struct lab_link_opts *opts, int argc, char **argv)
{
    int status = 0;

    if (argc % 2 != 0) return complain(s, WRONG, "'%s' has no value", argv[argc - 1]);
    for (int i = 0; i < argc && status == 0; i += 2) {
        status = set_option(s, opts, argv[i], argv[i + 1]);
    }
    return status;
}

/* ---- the network ---- */

static int do_node(struct script *s, int argc, char **argv)
{
    int status = 0;

    for (int i = 0; i < argc && status == 0; i++) {
        status = check(s, lab_node_add(s->lab, argv[i]));
    }
    return status;
}

static int do_link(struct script *s, int argc, char **argv)
{
    struct lab_link_opts opts = lab_link_opts_init();
    int status = set_options(s, &opts, argc - 2, argv + 2);

    return status != 0 ? status : check(s, lab_link_add(s->lab, argv[0], argv[1], &opts));
}

static int do_set(struct script *s, int argc, char **argv)
{
    struct lab_link_opts opts = {0};
    int status = check(s, lab_link_get(s->lab, argv[0], argv[1], &opts));

    for (int i = 2; i < argc && status == 0; i += 2) {
        if (strcmp(argv[i], "mtu") == 0) {
            return complain(s, WRONG, "a link's MTU is fixed when it is added");
        }
    }
    if (status == 0) status = set_options(s, &opts, argc - 2, argv + 2);
    return status != 0 ? status : check(s, lab_link_set(s->lab, argv[0], argv[1], &opts));
}

static int do_address(struct script *s, int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[0], "add") == 0) {
        return check(s, lab_address_add(s->lab, argv[1], argv[2], argv[3]));
    }
    if (strcmp(argv[0], "del") == 0) {
        return check(s, lab_address_del(s->lab, argv[1], argv[2], argv[3]));
    }
    return complain(s, WRONG, "address: want add or del, not '%s'", argv[0]);
}

static int do_up(struct script *s, int argc, char **argv)
{
    (void)argc;
    return check(s, lab_link_up(s->lab, argv[0], argv[1]));
}

static int do_down(struct script *s, int argc, char **argv)
{
    (void)argc;
    return check(s, lab_link_down(s->lab, argv[0], argv[1]));
}

static int do_route(struct script *s, int argc, char **argv)
{
    unsigned long metric = 0;

    if (strcmp(argv[2], "default") != 0 || strcmp(argv[3], "dev") != 0) {
        return complain(s, WRONG, "route: want 'default dev IFNAME'");
    }
    if (strcmp(argv[0], "del") == 0 && argc == 5) {
        return check(s, lab_route_default_del(s->lab, argv[1], argv[4]));
    }
    if (strcmp(argv[0], "add") != 0) {
        return complain(s, WRONG, "route: want add or del, not '%s'", argv[0]);
    }
    if (argc != 5 && (argc != 7 || strcmp(argv[5], "metric") != 0 ||
                      !parse_number(argv[6], UINT32_MAX, &metric))) {
        return complain(s, WRONG, "route: want 'metric NUMBER' after the interface");
    }
    return check(s, lab_route_default(s->lab, argv[1], argv[4], (uint32_t)metric));
}

/* ---- programs ---- */

static int judge(struct script *s, const char *what, int code)
{
    enum expectation expectation = s->expectation;
    int want = s->expected_code;

    s->expectation = EXPECT_SUCCESS;
    switch (expectation) {
    case EXPECT_SUCCESS:
        if (code == 0) return 0;
        return complain(s, FAILED, "%s: exit status %d", what, code);
    case EXPECT_CODE:
        if (code == want) return 0;
        return complain(s, FAILED, "%s: exit status %d, expected %d", what, code, want);
    case EXPECT_FAILURE:
        if (code != 0) return 0;
        return complain(s, FAILED, "%s: succeeded, but was expected to fail", what);
    case EXPECT_ANY: return 0;
    }
    return 0;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int finish(struct script *s, struct lab_job *job, const char *what)
{
    if (!lab_job_wait(&s->jobs, job, TERN_TIME_NEVER)) return 0; /* a signal: the loop sees it */
    int code = exit_code(job->status);

    lab_job_free(job);
    return judge(s, what, code);
}

static struct lab_job *start(struct script *s, const char *node, const char *name, char **argv)
{
    int err;
    struct lab_job *job = lab_job_start(&s->jobs, node, name, argv, &err);

    if (job == NULL) {
        complain(s, FAILED, "%s", err == TERN_ELIMIT ? "too many programs" : lab_error(s->lab));
    }
    return job;
}

static int do_run(struct script *s, int argc, char **argv)
{
    (void)argc;
    struct lab_job *job = start(s, argv[0], "", argv + 1);
    return job == NULL ? FAILED : finish(s, job, argv[1]);
}

static int do_start(struct script *s, int argc, char **argv)
{
    (void)argc;
    if (strlen(argv[1]) >= LAB_NAME_CAP || argv[1][0] == '\0') {
        return complain(s, WRONG, "a program's name has 1 to %d characters", LAB_NAME_CAP - 1);
    }
    if (lab_job_find(&s->jobs, argv[1]) != NULL) {
        return complain(s, WRONG, "there is a program %s already; stop it or wait for it", argv[1]);
    }
    return start(s, argv[0], argv[1], argv + 2) == NULL ? FAILED : 0;
}

static int do_wait(struct script *s, int argc, char **argv)
{
    struct lab_job *job = lab_job_find(&s->jobs, argv[0]);

    (void)argc;
    if (job == NULL || argv[0][0] == '\0') return complain(s, WRONG, "no program %s", argv[0]);
    return finish(s, job, argv[0]);
}

/* Asks, then insists. Its exit status does not matter, unless it had failed before. */
static int do_stop(struct script *s, int argc, char **argv)
{
    struct lab_job *job = lab_job_find(&s->jobs, argv[0]);

    (void)argc;
    if (job == NULL || argv[0][0] == '\0') return complain(s, WRONG, "no program %s", argv[0]);
    lab_jobs_sleep(&s->jobs, 0);
    if (job->ended) return finish(s, job, argv[0]);
    kill(job->pid, SIGTERM);
    if (!lab_job_wait(&s->jobs, job, TERN_MS(STOP_MS)) && s->jobs.caught == 0) {
        kill(job->pid, SIGKILL);
        (void)lab_job_wait(&s->jobs, job, TERN_TIME_NEVER);
    }
    if (job->ended) lab_job_free(job);
    return 0;
}

static int do_shell(struct script *s, int argc, char **argv)
{
    char *shell = getenv("SHELL");
    char fallback[] = "/bin/sh";
    char *words[] = {shell != NULL && shell[0] != '\0' ? shell : fallback, NULL};

    (void)argc;
    fflush(stdout);
    int code = lab_jobs_shell(&s->jobs, argv[0], words);
    return check(s, code); /* a shell's status is that of its last command: no verdict */
}

static int do_sleep(struct script *s, int argc, char **argv)
{
    int64_t us;

    (void)argc;
    if (!parse_thousandths(argv[0], 86400000, &us)) {
        return complain(s, WRONG, "sleep: want milliseconds, not '%s'", argv[0]);
    }
    lab_jobs_sleep(&s->jobs, us);
    return 0;
}

static int do_expect_exit(struct script *s, int argc, char **argv)
{
    unsigned long code = 0;

    (void)argc;
    if (strcmp(argv[0], "any") == 0) {
        s->expectation = EXPECT_ANY;
    } else if (strcmp(argv[0], "failure") == 0) {
        s->expectation = EXPECT_FAILURE;
    } else if (parse_number(argv[0], 255, &code)) {
        s->expectation = EXPECT_CODE;
        s->expected_code = (int)code;
    } else {
        return complain(s, WRONG, "expect-exit: want 0 to 255, failure or any, not '%s'", argv[0]);
    }
    return 0;
}

static int do_echo(struct script *s, int argc, char **argv)
{
    (void)s;
    for (int i = 0; i < argc; i++) {
        printf("%s%s", argv[i], i + 1 < argc ? " " : "");
    }
    printf("\n");
    fflush(stdout);
    return 0;
}

static int do_stats(struct script *s, int argc, char **argv)
{
    struct lab_stats t = {0};
    int status = argc == 1 ? complain(s, WRONG, "stats: want nothing, or NODE IFNAME")
                           : check(s, lab_stats_get(s->lab, argc == 2 ? argv[0] : NULL,
                                                    argc == 2 ? argv[1] : NULL, &t));
    if (status != 0) return status;
    printf("%s%s%s: sent %" PRIu64 " delivered %" PRIu64 " lost %" PRIu64 " unknown %" PRIu64
           " ignored %" PRIu64 " spoofed %" PRIu64 " too-big %" PRIu64 " queue %" PRIu64
           " down %" PRIu64 " in-flight %" PRIu64 "\n",
           argc == 2 ? argv[0] : "lab", argc == 2 ? " " : "", argc == 2 ? argv[1] : "", t.sent,
           t.delivered, t.lost, t.unknown, t.ignored, t.spoofed, t.too_big, t.queue, t.down,
           t.in_flight);
    fflush(stdout);
    return 0;
}

/* ---- lines ---- */

/* clang-format off */
static const struct command commands[] = {
    {"node", "NAME...", 1, -1, do_node},
    {"link", "NODE IFNAME [delay MS] [jitter MS] [loss PERCENT] [rate KBPS] [mtu BYTES] "
             "[reorder on|off]", 2, 14, do_link},
    {"set", "NODE IFNAME delay|jitter|loss|rate|reorder VALUE ...", 4, 12, do_set},
    {"address", "add|del NODE IFNAME ADDRESS/LENGTH", 4, 4, do_address},
    {"up", "NODE IFNAME", 2, 2, do_up},
    {"down", "NODE IFNAME", 2, 2, do_down},
    {"route", "add|del NODE default dev IFNAME [metric NUMBER]", 5, 7, do_route},
    {"run", "NODE COMMAND [ARGUMENT...]", 2, -1, do_run},
    {"start", "NODE NAME COMMAND [ARGUMENT...]", 3, -1, do_start},
    {"stop", "NAME", 1, 1, do_stop},
    {"wait", "NAME", 1, 1, do_wait},
    {"expect-exit", "CODE|failure|any", 1, 1, do_expect_exit},
    {"shell", "NODE", 1, 1, do_shell},
    {"sleep", "MS", 1, 1, do_sleep},
    {"echo", "[TEXT...]", 0, -1, do_echo},
    {"stats", "[NODE IFNAME]", 0, 2, do_stats},
};
/* clang-format on */

/* Cuts a line into words, in place. Quotes group, '\' takes the next character as it is. */
static int split(const struct script *s, char *line, char **words)
{
    char *in = line, *out = line;
    int count = 0;

    for (;;) {
        while (*in == ' ' || *in == '\t' || *in == '\n' || *in == '\r') {
            in++;
        }
        if (*in == '\0' || *in == '#') return count;
        if (count == WORDS_MAX) {
            complain(s, WRONG, "more than %d words", WORDS_MAX);
            return -1;
        }
        words[count++] = out;
        char quote = '\0';
        for (; *in != '\0' && (quote != '\0' || strchr(" \t\r\n", *in) == NULL); in++) {
            if (quote == '\0' && (*in == '"' || *in == '\'')) {
                quote = *in;
            } else if (*in == quote) {
                quote = '\0';
            } else if (*in == '\\' && quote != '\'' && in[1] != '\0' && in[1] != '\n') {
                *out++ = *++in;
            } else {
                *out++ = *in;
            }
        }
        if (quote != '\0') {
            complain(s, WRONG, "a %c is not closed", quote);
            return -1;
        }
        if (*in != '\0') in++; /* before `out` may write there */
        *out++ = '\0';
    }
}

static int run_line(struct script *s, char *line)
{
    char *words[WORDS_MAX + 1];
    int count = split(s, line, words);

    if (count <= 0) return count < 0 ? WRONG : 0;
    words[count] = NULL;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *command = &commands[i];
        if (strcmp(words[0], command->name) != 0) continue;
        if (count - 1 < command->min_words ||
            (command->max_words >= 0 && count - 1 > command->max_words)) {
            return complain(s, WRONG, "want: %s %s", command->name, command->usage);
        }
        return command->run(s, count - 1, words + 1);
    }
    return complain(s, WRONG, "no command '%s'; see tern lab --help", words[0]);
}

static int run_lines(struct script *s, FILE *script)
{
    char line[LINE_CAP];
    int status = 0;

    /* Unbuffered, so that poll() sees what is left: programs go on printing while we wait. */
    setvbuf(script, NULL, _IONBF, 0);
    while (status == 0 && s->jobs.caught == 0) {
        lab_jobs_wait_input(&s->jobs, fileno(script));
        if (s->jobs.caught != 0 || fgets(line, sizeof(line), script) == NULL) break;
        s->line++;
        if (strlen(line) == sizeof(line) - 1 && line[sizeof(line) - 2] != '\n') {
            return complain(s, WRONG, "the line is longer than %d bytes", LINE_CAP - 2);
        }
        status = run_line(s, line);
    }
    if (status == 0 && s->jobs.caught == 0 && ferror(script)) {
        return complain(s, FAILED, "cannot be read");
    }
    return s->jobs.caught != 0 ? 128 + s->jobs.caught : status;
}

int lab_script_run(struct lab *lab, FILE *script, const char *name)
{
    struct script *s = calloc(1, sizeof(*s));

    if (s == NULL || lab_jobs_init(&s->jobs, lab) < 0) {
        free(s);
        fprintf(stderr, "tern lab: out of memory\n");
        return FAILED;
    }
    s->lab = lab;
    s->name = name;
    int status = run_lines(s, script);
    lab_jobs_fini(&s->jobs);
    free(s);
    return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * Line editing with libedit on an event loop, and a status line above it.
 *
 * libedit runs unbuffered: each el_gets() takes the bytes that are there and returns. Its own
 * reading would wait for the rest of an escape sequence for ever, and the call would fall silent
 * meanwhile; ours waits for a moment only.
 */
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "phone_command.h"
#include "phone_prompt.h"
#include "text.h"

enum {
    HISTORY_LINES = 500,
    ESCAPE_WAIT_MS = 20, /* between the bytes of one key */
    STATUS_CAP = 1024,
    CANDIDATES_MAX = 32,
};

static const char prompt_text[] = "> ";

struct phone_prompt {
    struct phone_prompt_opts opts;
    EditLine *el;
    History *history;
    unsigned hidden; /* how many want it hidden */
    bool shown;
    bool first_byte; /* of a key: it is known to be there */
    bool end_of_file;
    char entered[PHONE_LINE_CAP];
    char listing[PHONE_LINE_CAP]; /* candidates that Tab has found, to be shown */
};

unsigned phone_prompt_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

/* ---- what libedit asks for ---- */

static struct phone_prompt *prompt_of(EditLine *el)
{
    struct phone_prompt *prompt = NULL;

    el_get(el, EL_CLIENTDATA, &prompt);
    return prompt;
}

static char *give_prompt(EditLine *el)
{
    static char text[sizeof(prompt_text)];

    (void)el;
    memcpy(text, prompt_text, sizeof(text));
    return text;
}

/* @return 1 with a byte, 0 when none came in time, -1 at the end. */
static int read_byte(struct phone_prompt *prompt, char *out)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    if (!prompt->first_byte && poll(&fd, 1, ESCAPE_WAIT_MS) <= 0) return 0;
    prompt->first_byte = false;
    ssize_t got = read(STDIN_FILENO, out, 1);
    if (got == 1) return 1;
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
    prompt->end_of_file = true;
    return -1;
}

static int read_key(EditLine *el, wchar_t *out)
{
    struct phone_prompt *prompt = prompt_of(el);
    mbstate_t state = {0};
    char byte;

    for (size_t i = 0; i < 8; i++) {
        int got = read_byte(prompt, &byte);
        if (got <= 0) return got;
        size_t used = mbrtowc(out, &byte, 1, &state);
        if (used <= 1) return 1;
        if (used == (size_t)-1) {
            *out = L'?';
            return 1;
        }
    }
    return 0;
}

static size_t common_len(const char *const *words, size_t count)
{
    size_t len = strlen(words[0]);

    for (size_t i = 1; i < count; i++) {
        size_t same = 0;
        while (same < len && words[0][same] == words[i][same])
            same++;
        len = same;
    }
    return len;
}

static void list_candidates(struct phone_prompt *prompt, const char *const *words, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count && at < sizeof(prompt->listing); i++) {
        at += (size_t)snprintf(prompt->listing + at, sizeof(prompt->listing) - at, "%s%s",
                               i > 0 ? "  " : "", words[i]);
    }
}

static unsigned char complete(EditLine *el, int ch)
{
    struct phone_prompt *prompt = prompt_of(el);
    const LineInfo *info = el_line(el);
    const char *words[CANDIDATES_MAX];
    char before[PHONE_LINE_CAP], more[64];
    size_t len = (size_t)(info->cursor - info->buffer), from;

    (void)ch;
    if (len >= sizeof(before)) return CC_ERROR;
    memcpy(before, info->buffer, len);
    before[len] = '\0';
    size_t count = phone_complete(before, &from, words, CANDIDATES_MAX);
    if (count == 0) return CC_ERROR;
    size_t typed = len - from, common = common_len(words, count);
    if (common > typed || count == 1) {
        snprintf(more, sizeof(more), "%.*s%s", (int)(common - typed), words[0] + typed,
                 count == 1 ? " " : "");
        return el_insertstr(el, more) == 0 ? CC_REFRESH : CC_ERROR;
    }
    list_candidates(prompt, words, count);
    return CC_NORM;
}

/* ---- drawing ---- */

/* Rows between the status line and the cursor. */
static unsigned rows_to_cursor(struct phone_prompt *prompt)
{
    const LineInfo *info = el_line(prompt->el);
    char before[PHONE_LINE_CAP];
    size_t len = (size_t)(info->cursor - info->buffer);

    if (len >= sizeof(before)) len = sizeof(before) - 1;
    memcpy(before, info->buffer, len);
    before[len] = '\0';
    return 1 + (unsigned)(sizeof(prompt_text) - 1 + text_columns(before)) / phone_prompt_columns();
}

static void print_status(struct phone_prompt *prompt)
{
    char status[STATUS_CAP];

    prompt->opts.status(prompt->opts.user, status, sizeof(status), phone_prompt_columns() - 1);
    printf("\r%s\x1b[K", status);
}

static void erase(struct phone_prompt *prompt)
{
    printf("\x1b[%uA\r\x1b[J", rows_to_cursor(prompt));
    fflush(stdout);
    prompt->shown = false;
}

static void draw(struct phone_prompt *prompt)
{
    print_status(prompt);
    putchar('\n');
    fflush(stdout);
    el_set(prompt->el, EL_REFRESH);
    prompt->shown = true;
}

void phone_prompt_hide(struct phone_prompt *prompt)
{
    if (prompt == NULL) return;
    if (prompt->hidden++ == 0 && prompt->shown) erase(prompt);
}

void phone_prompt_show(struct phone_prompt *prompt)
{
    if (prompt == NULL || --prompt->hidden > 0) return;
    draw(prompt);
}

void phone_prompt_refresh(struct phone_prompt *prompt)
{
    if (prompt == NULL || !prompt->shown) return;
    printf("\x1b"
           "7\x1b[%uA",
           rows_to_cursor(prompt));
    print_status(prompt);
    printf("\x1b"
           "8");
    fflush(stdout);
}

void phone_prompt_resized(struct phone_prompt *prompt)
{
    if (prompt == NULL) return;
    phone_prompt_hide(prompt);
    el_resize(prompt->el);
    phone_prompt_show(prompt);
}

void phone_prompt_resumed(struct phone_prompt *prompt)
{
    if (prompt == NULL) return;
    el_set(prompt->el, EL_PREP_TERM, 0);
    el_set(prompt->el, EL_PREP_TERM, 1);
    draw(prompt);
}

/* ---- lines ---- */

static void remember(struct phone_prompt *prompt, const char *line)
{
    HistEvent event;

    if (line[strspn(line, " \t")] == '\0') return;
    history(prompt->history, &event, H_ENTER, line);
}

/*
 * The cursor stands below the entered line. Status and line are replaced by the line alone, so that
 * what scrolls away reads as a conversation.
 */
static void line_entered(struct phone_prompt *prompt, const char *line)
{
    unsigned columns = phone_prompt_columns();
    unsigned rows = (unsigned)(sizeof(prompt_text) - 1 + text_columns(line)) / columns + 2;

    snprintf(prompt->entered, sizeof(prompt->entered), "%s", line);
    prompt->hidden++;
    prompt->shown = false;
    printf("\x1b[%uA\r\x1b[J", rows);
    if (line[0] != '\0') printf("%s%s\n", prompt_text, prompt->entered);
    fflush(stdout);
    remember(prompt, prompt->entered);
    el_set(prompt->el, EL_UNBUFFERED, 0);
    prompt->opts.line(prompt->opts.user, prompt->entered);
    el_set(prompt->el, EL_UNBUFFERED, 1);
    prompt->hidden--;
    printf("\r\x1b[J");
    draw(prompt);
}

static void show_listing(struct phone_prompt *prompt)
{
    phone_prompt_hide(prompt);
    printf("%s\n", prompt->listing);
    prompt->listing[0] = '\0';
    phone_prompt_show(prompt);
}

/* @return false when nothing is left to read. */
static bool more_input(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

void phone_prompt_input(struct phone_prompt *prompt)
{
    char line[PHONE_LINE_CAP];

    while (!prompt->end_of_file && more_input()) {
        int count = 0;
        prompt->first_byte = true;
        const char *text = el_gets(prompt->el, &count);
        if (prompt->listing[0] != '\0') show_listing(prompt);
        if (text == NULL || count <= 0) continue;
        if (count == 1 && text[0] == 4) prompt->end_of_file = true; /* Ctrl-D */
        if (text[count - 1] != '\n' && text[count - 1] != '\r') continue;
        snprintf(line, sizeof(line), "%.*s", count - 1, text);
        line_entered(prompt, line);
    }
    if (prompt->end_of_file) prompt->opts.line(prompt->opts.user, NULL);
}

/* ---- life ---- */

static void load_history(struct phone_prompt *prompt)
{
    HistEvent event;

    history(prompt->history, &event, H_SETSIZE, HISTORY_LINES);
    history(prompt->history, &event, H_SETUNIQUE, 1);
    if (prompt->opts.history_path[0] == '\0') return;
    history(prompt->history, &event, H_LOAD, prompt->opts.history_path);
}

static void save_history(struct phone_prompt *prompt)
{
    HistEvent event;
    mode_t before;

    if (prompt->opts.history_path[0] == '\0') return;
    before = umask(077);
    history(prompt->history, &event, H_SAVE, prompt->opts.history_path);
    umask(before);
}

struct phone_prompt *phone_prompt_new(const struct phone_prompt_opts *opts)
{
    struct phone_prompt *prompt = calloc(1, sizeof(*prompt));

    if (prompt == NULL) return NULL;
    prompt->opts = *opts;
    prompt->history = history_init();
    prompt->el = el_init("tern", stdin, stdout, stderr);
    if (prompt->history == NULL || prompt->el == NULL) {
        if (prompt->history != NULL) history_end(prompt->history);
        if (prompt->el != NULL) el_end(prompt->el);
        free(prompt);
        return NULL;
    }
    load_history(prompt);
    el_set(prompt->el, EL_CLIENTDATA, prompt);
    el_set(prompt->el, EL_PROMPT, give_prompt);
    el_set(prompt->el, EL_EDITOR, "emacs");
    el_set(prompt->el, EL_HIST, history, prompt->history);
    el_set(prompt->el, EL_GETCFN, read_key);
    /* Wide, because el_set() copies these names and loses the copies. */
    el_wset(prompt->el, EL_ADDFN, L"tern-complete", L"complete a command", complete);
    el_set(prompt->el, EL_BIND, "^I", "tern-complete", NULL);
    /* What would wait for another key by itself cannot be had. */
    el_set(prompt->el, EL_BIND, "^R", "ed-search-prev-history", NULL);
    el_set(prompt->el, EL_BIND, "^S", "ed-search-next-history", NULL);
    el_set(prompt->el, EL_BIND, "^V", "ed-unassigned", NULL);
    el_set(prompt->el, EL_BIND, "^Q", "ed-unassigned", NULL);
    el_set(prompt->el, EL_BIND, "\\ex", "ed-unassigned", NULL);
    el_set(prompt->el, EL_BIND, "\\eX", "ed-unassigned", NULL);
    print_status(prompt);
    putchar('\n');
    fflush(stdout);
    el_set(prompt->el, EL_UNBUFFERED, 1);
    prompt->shown = true;
    return prompt;
}

void phone_prompt_free(struct phone_prompt *prompt)
{
    if (prompt == NULL) return;
    if (prompt->shown) erase(prompt);
    el_set(prompt->el, EL_UNBUFFERED, 0);
    save_history(prompt);
    el_end(prompt->el);
    history_end(prompt->history);
    free(prompt);
}

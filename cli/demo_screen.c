/* SPDX-License-Identifier: MIT */
/* Lines that wait for their turn, colours, arrows and JSON members. */
#define _GNU_SOURCE
#include "demo_screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARROW_WIDTH = 40 };

/* Reports cross a socket and a loop turn: well within this. */
#define HOLD_BACK TERN_MS(40)

struct demo_line {
    struct demo_line *next;
    tern_time at;
    char *text;
    size_t len;
};

static bool wants_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (no_color != NULL && no_color[0] != '\0') return false;
    if (term == NULL || strcmp(term, "dumb") == 0) return false;
    return isatty(fileno(out));
}

void demo_screen_init(struct demo_screen *screen, bool json)
{
    *screen = (struct demo_screen){.out = stdout, .json = json};
    screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    screen->colour = !json && wants_colour(stdout);
    screen->zero = screen->zero_before = demo_now();
}

void demo_screen_phase(struct demo_screen *screen, tern_time at, unsigned change)
{
    screen->zero_before = screen->zero;
    screen->change_before = screen->change;
    screen->zero = at;
    screen->change = change;
}

tern_time demo_screen_since(const struct demo_screen *screen, tern_time at)
{
    return at - (at < screen->zero ? screen->zero_before : screen->zero);
}

/* ---- lines ---- */

struct demo_writer demo_write(struct demo_screen *screen, tern_time at)
{
    struct demo_writer writer = {.screen = screen, .line = calloc(1, sizeof(struct demo_line))};

    if (writer.line != NULL) {
        writer.line->at = at;
        writer.to = open_memstream(&writer.line->text, &writer.line->len);
    }
    if (writer.to == NULL) {
        fputs("tern demo: out of memory\n", stderr);
        exit(1); /* the nodes die with us */
    }
    writer.json.out = writer.to;
    return writer;
}

/* Behind what has the same time: a node tells in the right order. */
static void put_line(struct demo_writer *writer)
{
    struct demo_line **place = &writer->screen->waiting;

    if (fclose(writer->to) != 0) {
        free(writer->line->text);
        free(writer->line);
        return;
    }
    while (*place != NULL && (*place)->at <= writer->line->at) {
        place = &(*place)->next;
    }
    writer->line->next = *place;
    *place = writer->line;
}

void demo_write_end(struct demo_writer *writer)
{
    fputc('\n', writer->to);
    put_line(writer);
}

void demo_screen_flush(struct demo_screen *screen, tern_time now)
{
    bool any = false;

    while (screen->waiting != NULL &&
           (now == TERN_TIME_NEVER || screen->waiting->at <= now - HOLD_BACK)) {
        struct demo_line *line = screen->waiting;
        screen->waiting = line->next;
        fwrite(line->text, 1, line->len, screen->out);
        free(line->text);
        free(line);
        any = true;
    }
    if (any) fflush(screen->out);
}

void demo_screen_fini(struct demo_screen *screen)
{
    demo_screen_flush(screen, TERN_TIME_NEVER);
}

/* ---- text ---- */

void demo_tint(struct demo_writer *writer, enum demo_tint tint)
{
    static const char *const codes[] = {
        [DEMO_PLAIN] = "\033[0m", [DEMO_BOLD] = "\033[1m",  [DEMO_DIM] = "\033[2m",
        [DEMO_GOOD] = "\033[32m", [DEMO_CARE] = "\033[33m", [DEMO_BAD] = "\033[31m",
        [DEMO_OUT] = "\033[36m",  [DEMO_IN] = "\033[34m",
    };

    if (writer->screen->colour) fputs(codes[tint], writer->to);
}

void demo_put_time(struct demo_writer *writer, tern_time at)
{
    demo_tint(writer, DEMO_DIM);
    fprintf(writer->to, "%10.1f ms  ", (double)demo_screen_since(writer->screen, at) / 1000);
    demo_tint(writer, DEMO_PLAIN);
}

void demo_put_blank(struct demo_writer *writer)
{
    fprintf(writer->to, "%15s", "");
}

void demo_put_mark(struct demo_writer *writer, enum demo_mark mark)
{
    static const struct {
        const char *utf8, *ascii;
        enum demo_tint tint;
    } marks[DEMO_MARKS] = {
        [DEMO_DOT] = {"·", "-", DEMO_DIM},    [DEMO_TICK] = {"✓", "+", DEMO_GOOD},
        [DEMO_AGAIN] = {"↻", "~", DEMO_CARE}, [DEMO_CROSS] = {"✗", "!", DEMO_BAD},
        [DEMO_NOTE] = {"♪", "*", DEMO_PLAIN},
    };

    demo_tint(writer, marks[mark].tint);
    fputs(writer->screen->utf8 ? marks[mark].utf8 : marks[mark].ascii, writer->to);
    demo_tint(writer, DEMO_PLAIN);
    fputc(' ', writer->to);
}

static void put_stroke(struct demo_writer *writer, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        fputs(writer->screen->utf8 ? "─" : "-", writer->to);
    }
}

void demo_put_arrow(struct demo_writer *writer, bool right, const char *label)
{
    const char *left_tip = writer->screen->utf8 ? "◀" : "<";
    const char *right_tip = writer->screen->utf8 ? "▶" : ">";
    const size_t before = 3;
    size_t len = strlen(label), used = before + len + 2 + (right ? 1 : 0);

    demo_tint(writer, right ? DEMO_OUT : DEMO_IN);
    if (!right) fputs(left_tip, writer->to);
    put_stroke(writer, right ? before : before - 1);
    demo_tint(writer, DEMO_PLAIN);
    fprintf(writer->to, " %s ", label);
    demo_tint(writer, right ? DEMO_OUT : DEMO_IN);
    put_stroke(writer, used < ARROW_WIDTH ? ARROW_WIDTH - used : 1);
    if (right) fputs(right_tip, writer->to);
    demo_tint(writer, DEMO_PLAIN);
}

/* ---- JSON ---- */

struct demo_writer demo_json(struct demo_screen *screen, tern_time at, const char *event)
{
    struct demo_writer writer = demo_write(screen, at);

    json_open(&writer.json);
    json_text(&writer.json, "event", event);
    json_int(&writer.json, "change", at < screen->zero ? screen->change_before : screen->change);
    json_time(&writer.json, "since", demo_screen_since(screen, at));
    return writer;
}

void demo_json_ratio(struct demo_writer *writer, const char *key, double value)
{
    fprintf(writer->to, ",\"%s\":%.2f", key, value); /* never the first member */
}

void demo_json_end(struct demo_writer *writer)
{
    json_close(&writer->json);
    put_line(writer);
}

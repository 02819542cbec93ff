/* SPDX-License-Identifier: MIT */
/*
 * Text for people: UTF-8, display columns, durations, and tables that line up.
 *
 * Text from the network goes through text_clean() before it meets a terminal: an escape sequence in
 * a display name must not move anybody's cursor.
 */
#ifndef TERN_CLI_TEXT_H
#define TERN_CLI_TEXT_H

#include <stdio.h>

#include <tern/network.h>

/* One code point. @return the code point, or -1 for bytes that are no UTF-8; `used` is at least 1. */
long text_decode(const char *text, size_t len, size_t *used);

/* Columns that NUL-terminated text takes on a terminal; escape sequences "ESC [ ... m" take none. */
unsigned text_columns(const char *text);

/* Cut `text` in place to `columns`, with "…" in the last one where it was longer. */
void text_cut(char *text, size_t cap, unsigned columns);

/* Copy to `out`, printable: control characters and what is no UTF-8 become '?'. @return `out`. */
const char *text_clean(tern_str from, char *out, size_t cap);

/* "alice@example.com" from "sip:alice@example.com;transport=tcp", cleaned. @return `out`. */
const char *text_short_uri(tern_str uri, char *out, size_t cap);

/* Does the host of this URI, or of "alice@127.0.0.1:5070", name this machine by its loopback address? */
bool text_is_loopback(tern_str uri);

/* What follows `path` and a colon in "cannot play PATH: no such file.", without full stop. */
const char *text_reason(const char *why, const char *path, char *out, size_t cap);

/* "00:42", "1:02:03". @return `out`. */
const char *text_clock(tern_time duration, char out[16]);

/* "0.4 ms", "812 ms", "12.3 s": what a person compares with a round trip. @return `out`. */
const char *text_span(tern_time duration, char out[24]);

static inline tern_str text_str(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0')
        len++;
    return (tern_str){text, len};
}

/* ---- tables ---- */

enum { TABLE_COLUMNS_MAX = 9, TABLE_ROWS_MAX = 160, TABLE_CELL_CAP = 96 };

struct table {
    unsigned columns, rows;
    unsigned right; /* bit set of columns that are numbers */
    char cells[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX][TABLE_CELL_CAP];
};

/* Begin with the titles, separated by '|'; "N|" right-aligns with a leading '>': ">N|PEER". */
void table_init(struct table *table, const char *titles);
/* Add a row: cells separated by '\x1f' after formatting. Rows beyond the limit are dropped. */
void table_row(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Columns of the terminal that the table takes. */
unsigned table_width(const struct table *table);
/* Take the column of this title out, if it is there. */
void table_drop(struct table *table, const char *title);
/* One line of the table, without trailing blanks. @return `out`. */
const char *table_line(const struct table *table, unsigned row, char *out, size_t cap);

#endif

/* SPDX-License-Identifier: MIT */
/* Text for people: see text.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "text.h"

/* RFC 3629: shortest form only, no surrogates, nothing above U+10FFFF. */
long text_decode(const char *text, size_t len, size_t *used)
{
    static const long least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t need = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    long code;

    *used = 1;
    if (need == 0 || need > len || first > 0xf4) return -1;
    if (need == 1) return first;
    code = first & (0x7f >> need);
    for (size_t i = 1; i < need; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80) return -1;
        code = code << 6 | (next & 0x3f);
    }
    if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return -1;
    *used = need;
    return code;
}

/* "ESC [ ... m" at `text`: its length, else 0. */
static size_t escape_len(const char *text)
{
    size_t len = 2;

    if (text[0] != '\x1b' || text[1] != '[') return 0;
    while (text[len] == ';' || (text[len] >= '0' && text[len] <= '9'))
        len++;
    return text[len] == 'm' ? len + 1 : 0;
}

/* Bytes until `columns` are full; those columns that were used come back in `columns`. */
static size_t span_of(const char *text, size_t len, unsigned *columns)
{
    unsigned limit = *columns, width = 0;
    size_t at = 0;

    while (at < len) {
        size_t used = escape_len(text + at);
        unsigned wide = 0;

        if (used == 0) {
            long code = text_decode(text + at, len - at, &used);
            int cells = code < 0 ? 1 : wcwidth((wchar_t)code);
            wide = cells < 0 ? 1 : (unsigned)cells;
        }
        if (width + wide > limit) break;
        width += wide;
        at += used;
    }
    *columns = width;
    return at;
}

unsigned text_columns(const char *text)
{
    unsigned columns = ~0U / 2;

    span_of(text, strlen(text), &columns);
    return columns;
}

void text_cut(char *text, size_t cap, unsigned columns)
{
    if (columns == 0 || text_columns(text) <= columns) return;
    unsigned room = columns - 1;
    size_t end = span_of(text, strlen(text), &room);
    if (strchr(text, '\x1b') != NULL) {
        snprintf(text + end, cap - end, "\x1b[0m…");
    } else {
        snprintf(text + end, cap - end, "…");
    }
}

const char *text_clean(tern_str from, char *out, size_t cap)
{
    size_t at = 0, used;

    for (size_t i = 0; i < from.len; i += used) {
        long code = text_decode(from.ptr + i, from.len - i, &used);
        bool printable = code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0) &&
                         !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);

        if (at + used >= cap) break;
        if (printable) {
            memcpy(out + at, from.ptr + i, used);
            at += used;
        } else {
            out[at++] = '?';
        }
    }
    out[at] = '\0';
    return out;
}

const char *text_short_uri(tern_str uri, char *out, size_t cap)
{
    size_t start = 0, end;

    if (uri.len > 4 && memcmp(uri.ptr, "sip:", 4) == 0) start = 4;
    if (uri.len > 5 && memcmp(uri.ptr, "sips:", 5) == 0) start = 5;
    end = start;
    while (end < uri.len && uri.ptr[end] != ';' && uri.ptr[end] != '?' && uri.ptr[end] != '>')
        end++;
    return text_clean((tern_str){uri.ptr + start, end - start}, out, cap);
}

/* What stands between the user and the port, without brackets. */
static void host_of(tern_str uri, char *out, size_t cap)
{
    char name[256];
    const char *at = strrchr(text_short_uri(uri, name, sizeof(name)), '@');
    const char *host = at != NULL ? at + 1 : name;
    const char *end = host[0] == '[' ? "]" : ":";

    host += host[0] == '[';
    snprintf(out, cap, "%.*s", (int)strcspn(host, end), host);
}

bool text_is_loopback(tern_str uri)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    char host[256];
    tern_addr addr;

    host_of(uri, host, sizeof(host));
    if (strcasecmp(host, "localhost") == 0) return true; /* RFC 6761 6.3 */
    if (tern_addr_parse(text_str(host), &addr) < 0) return false;
    if (addr.family == TERN_FAMILY_IPV4) return addr.ip[0] == 127;
    return memcmp(addr.ip, loopback6, sizeof(loopback6)) == 0;
}

const char *text_reason(const char *why, const char *path, char *out, size_t cap)
{
    const char *found = path[0] != '\0' ? strstr(why, path) : NULL;
    const char *reason = found != NULL ? found + strlen(path) : why;
    size_t len;

    if (found != NULL && strncmp(reason, ": ", 2) != 0) reason = why;
    if (reason != why) reason += 2;
    if (strncmp(reason, "System error : ", 15) == 0) reason += 15; /* so libsndfile puts it */
    len = strlen(reason);
    while (len > 0 && (reason[len - 1] == '.' || reason[len - 1] == ' '))
        len--;
    return text_clean((tern_str){reason, len}, out, cap);
}

const char *text_clock(tern_time duration, char out[16])
{
    int64_t s = duration < 0 ? 0 : duration / 1000000;

    if (s >= 3600) {
        snprintf(out, 16, "%" PRId64 ":%02d:%02d", s / 3600 % 10000, (int)(s / 60 % 60),
                 (int)(s % 60));
    } else {
        snprintf(out, 16, "%02d:%02d", (int)(s / 60), (int)(s % 60));
    }
    return out;
}

const char *text_span(tern_time duration, char out[24])
{
    double ms = (double)duration / 1000;

    if (ms < 9.95) {
        snprintf(out, 24, "%.1f ms", ms);
    } else if (ms < 9999.5) {
        snprintf(out, 24, "%.0f ms", ms);
    } else {
        snprintf(out, 24, "%.1f s", ms / 1000);
    }
    return out;
}

/* ---- tables ---- */

static void split(struct table *table, unsigned row, const char *text, char separator)
{
    for (unsigned i = 0; i < TABLE_COLUMNS_MAX; i++) {
        const char *end = strchr(text, separator);
        size_t len = end == NULL ? strlen(text) : (size_t)(end - text);

        text_clean((tern_str){text, len}, table->cells[row][i], TABLE_CELL_CAP);
        if (i >= table->columns) table->columns = i + 1;
        if (end == NULL) return;
        text = end + 1;
    }
}

void table_init(struct table *table, const char *titles)
{
    memset(table, 0, sizeof(*table));
    split(table, 0, titles, '|');
    table->rows = 1;
    for (unsigned i = 0; i < table->columns; i++) {
        char *cell = table->cells[0][i];
        if (cell[0] != '>') continue;
        table->right |= 1U << i;
        memmove(cell, cell + 1, strlen(cell));
    }
}

void table_row(struct table *table, const char *format, ...)
{
    char text[TABLE_COLUMNS_MAX * TABLE_CELL_CAP];
    va_list args;

    if (table->rows == TABLE_ROWS_MAX) return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    split(table, table->rows++, text, '\x1f');
}

static unsigned width_of(const struct table *table, unsigned column)
{
    unsigned widest = 0;

    for (unsigned row = 0; row < table->rows; row++) {
        unsigned columns = text_columns(table->cells[row][column]);
        if (columns > widest) widest = columns;
    }
    return widest;
}

unsigned table_width(const struct table *table)
{
    unsigned width = 0;

    for (unsigned i = 0; i < table->columns; i++)
        width += width_of(table, i) + (i > 0 ? 2 : 0);
    return width;
}

void table_drop(struct table *table, const char *title)
{
    unsigned at = 0;

    while (at < table->columns && strcmp(table->cells[0][at], title) != 0)
        at++;
    if (at == table->columns) return;
    unsigned before = (1U << at) - 1;
    table->right = (table->right & before) | (table->right >> 1 & ~before);
    table->columns--;
    for (unsigned row = 0; row < table->rows; row++) {
        for (unsigned i = at; i < table->columns; i++)
            memcpy(table->cells[row][i], table->cells[row][i + 1], TABLE_CELL_CAP);
    }
}

const char *table_line(const struct table *table, unsigned row, char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < table->columns; i++) {
        const char *cell = table->cells[row][i];
        int pad = (int)(width_of(table, i) - text_columns(cell));
        bool right = table->right >> i & 1;
        int wrote = right ? snprintf(out + at, cap - at, "%*s%s  ", pad, "", cell)
                          : snprintf(out + at, cap - at, "%s%*s  ", cell, pad, "");
        if (wrote < 0 || (size_t)wrote >= cap - at) break;
        at += (size_t)wrote;
    }
    while (at > 0 && out[at - 1] == ' ')
        out[--at] = '\0';
    return out;
}

/* SPDX-License-Identifier: MIT */
/* How far it is: a bar on a terminal, or a line now and then where somebody wants it. */
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define WIDTH       24
#define BAR_EACH_S  0.1
#define LINE_EACH_S 10.0

double clock_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool on_terminal(const struct options *options)
{
    return !options->quiet && isatty(STDERR_FILENO);
}

/* What is done of what is to be done; below 0: there is no end to it. */
static double share_done(const struct tally *t)
{
    double by_count = t->all ? (double)t->lived / (double)t->all : -1;
    double by_time = t->whole_s > 0 ? t->elapsed_s / t->whole_s : -1;
    double share = by_count > by_time ? by_count : by_time;
    return share > 1 ? 1 : share;
}

static double left_s(const struct tally *t, double share)
{
    double left = share > 0 ? t->elapsed_s / share - t->elapsed_s : 0;
    double by_time = t->whole_s - t->elapsed_s;
    return t->whole_s > 0 && left > by_time ? by_time : left;
}

static void put_time(char *text, size_t room, double seconds)
{
    unsigned long s = seconds > 0 ? (unsigned long)(seconds + 0.5) : 0;
    if (s >= 3600) {
        snprintf(text, room, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    } else {
        snprintf(text, room, "%lu:%02lu", s / 60, s % 60);
    }
}

static void put_bar(char *text, double share)
{
    int full = (int)(share * WIDTH);
    for (int i = 0; i < WIDTH; i++)
        text[i] = i < full ? '#' : '-';
    text[WIDTH] = '\0';
}

static void print(const struct tally *t, bool terminal)
{
    char bar[WIDTH + 1], time[32];
    double share = share_done(t);
    put_time(time, sizeof(time), share < 0 ? t->elapsed_s : left_s(t, share));
    if (share >= 0) put_bar(bar, share);
    if (terminal) fputs("\r", stderr);
    if (terminal && share >= 0) fprintf(stderr, "[%s] ", bar);
    if (share >= 0) fprintf(stderr, "%.0f %%, ", share * 100);
    fprintf(stderr, "%llu histories, %.0f a second, %llu failed, %s %s",
            (unsigned long long)t->lived, (double)t->lived / (t->elapsed_s > 0 ? t->elapsed_s : 1),
            (unsigned long long)t->failed, time, share < 0 ? "so far" : "left");
    fputs(terminal ? "\033[K" : "\n", stderr);
    fflush(stderr);
}

void bar_show(const struct options *options, const struct tally *tally)
{
    static double next_s;
    bool terminal = on_terminal(options);
    double now = clock_s();
    if (!terminal && !(options->progress && !options->quiet)) return;
    if (next_s <= 0 && !terminal) next_s = now + LINE_EACH_S;
    if (now < next_s) return;
    next_s = now + (terminal ? BAR_EACH_S : LINE_EACH_S);
    print(tally, terminal);
}

void bar_clear(const struct options *options)
{
    if (!on_terminal(options)) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

/* SPDX-License-Identifier: MIT */
/*
 * The bottom of the terminal: a status line, and below it the line being typed. What happens
 * meanwhile is written above both, and neither is disturbed.
 */
#ifndef TERN_CLI_PHONE_PROMPT_H
#define TERN_CLI_PHONE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct phone_prompt;

struct phone_prompt_opts {
    const char *history_path; /* empty: none is kept */
    /* Write the status line, without a line end, at most `columns` wide. */
    void (*status)(void *user, char *out, size_t cap, unsigned columns);
    /* A line was entered; NULL: end of file. */
    void (*line)(void *user, const char *line);
    void *user;
};

/* NULL where the terminal cannot do it. Standard input and output must be terminals. */
struct phone_prompt *phone_prompt_new(const struct phone_prompt_opts *opts);
/* Leaves the terminal as it was found, and saves the history. */
void phone_prompt_free(struct phone_prompt *prompt);

/* Standard input has something to read. */
void phone_prompt_input(struct phone_prompt *prompt);

/* Around writing lines to stdout. They nest. */
void phone_prompt_hide(struct phone_prompt *prompt);
void phone_prompt_show(struct phone_prompt *prompt);

/* Write the status line anew where it stands. */
void phone_prompt_refresh(struct phone_prompt *prompt);

/* The terminal has another size. */
void phone_prompt_resized(struct phone_prompt *prompt);

/* The program goes on after it was stopped; the shell has changed the terminal meanwhile. */
void phone_prompt_resumed(struct phone_prompt *prompt);

unsigned phone_prompt_columns(void);

#endif

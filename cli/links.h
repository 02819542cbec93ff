/* SPDX-License-Identifier: MIT */
/*
 * Policies of links (tern/links.h) as people write them:
 *
 *     wifi, ethernet never vpn metered avoid
 *     only wlan1
 *     any
 *
 * A word that is no kind of link is the name of an interface.
 */
#ifndef TERN_CLI_LINKS_H
#define TERN_CLI_LINKS_H

#include <tern/links.h>

#include "config.h"

enum links_part {
    LINKS_ALL,   /* as above */
    LINKS_ORDER, /* "only wifi, ethernet" and no more */
    LINKS_NEVER, /* "vpn, wwan0" and no more; or "none" */
};

enum { LINKS_TEXT_CAP = 1024 }; /* room for the longest policy in words */

/*
 * @param policy  what the text says is added to it
 * @return        NULL, or what was expected
 */
const char *links_read(const char *text, enum links_part part, struct tern_link_policy *policy);

/* What the settings say. */
void links_policy(const struct config *config, struct tern_link_policy *policy);

/* The policy in words; "any" where routing decides. @return `out` */
const char *links_print(const struct tern_link_policy *policy, char out[LINKS_TEXT_CAP]);

#endif

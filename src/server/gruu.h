/* SPDX-License-Identifier: MIT */
/*
 * GRUUs, the registrar's side: RFC 5627 5. The public one of an instance is made of its address of
 * record and instance-id, and needs no memory. Temporary ones are random names in a table; each
 * lasts as long as its instance has a binding, the newest of each instance (limits.h).
 */
#ifndef TN_SERVER_GRUU_H
#define TN_SERVER_GRUU_H

#include "server/server.h"

#define TN_GRUU_NAME_LEN 24

struct tn_temp_gruu {
    struct tn_map_node node; /* by name */
    struct tn_list link;     /* in its user's, oldest first */
    struct tn_user *user;
    struct tn_text instance;
    char name[TN_GRUU_NAME_LEN];
};

/* An instance's name as registrars and proxies hand it on: without the brackets of +sip.instance. */
tern_str tn_gruu_instance(const struct tn_binding *binding);
/* What stands behind `pub-gruu=` and `temp-gruu=` of a Contact of this binding. */
void tn_gruu_put(struct tn_buf *out, const struct tn_binding *binding, const struct tn_uri *aor,
                 const struct tn_temp_gruu *temporary);
/* One more for the instance; the oldest goes where there are too many. NULL without memory. */
const struct tn_temp_gruu *tn_gruu_new(struct tn_server *server, const struct tn_binding *binding);
/* The user's last binding of that instance is gone. */
void tn_gruu_forget(struct tn_location *location, struct tn_user *user, tern_str instance);
void tn_gruu_forget_all(struct tn_location *location, struct tn_user *user);

/* Whom a URI of ours is for. */
struct tn_gruu {
    struct tn_user *user; /* NULL: nobody */
    bool is_gruu;         /* then only this instance is meant */
    tern_str instance;    /* with brackets; lives as long as the URI's text and its user */
    char text[160];
};
void tn_gruu_read(const struct tn_server *server, const struct tn_uri *uri, struct tn_gruu *out);

#endif

/* SPDX-License-Identifier: MIT */
/* Policies of links in words: see links.h. */
#include "links.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const metered[] = {"use", "avoid", "never"};

static const char expected_links[] = "ethernet, wifi, cellular, vpn, other, or interfaces by name";
static const char expected_metered[] = "use, avoid or never after 'metered'";

/* Where the reading is. */
struct reading {
    struct tern_link_policy *policy;
    enum links_part part; /* that the text may have */
    bool never, metered;  /* what the next word is about */
    bool begun;
};

static bool is(const char *word, const char *wanted)
{
    return strcasecmp(word, wanted) == 0;
}

static bool read_kind(const char *word, uint8_t *kind)
{
    for (*kind = 0; *kind < TERN_LINK_LOOPBACK; (*kind)++)
        if (is(word, tern_link_kind_name((enum tern_link_kind) * kind))) return true;
    return false;
}

static bool is_interface(const char *word)
{
    struct tern_link_match match;

    for (const char *c = word; *c != '\0'; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || *c == '/') return false;
    return word[0] != '\0' && strlen(word) < sizeof(match.name);
}

static const char *add_link(struct reading *r, const char *word)
{
    struct tern_link_policy *p = r->policy;
    uint8_t *count = r->never ? &p->never_count : &p->order_count;
    struct tern_link_match *match = (r->never ? p->never : p->order) + *count;

    if (*count == TERN_LINK_MATCHES_MAX) return "at most 16 links";
    memset(match, 0, sizeof(*match));
    if (!read_kind(word, &match->kind)) {
        if (!is_interface(word) || is(word, "loopback")) return expected_links;
        match->kind = 0;
        memcpy(match->name, word, strlen(word)); /* what follows is 0 */
    }
    (*count)++;
    return NULL;
}

static const char *read_metered(struct reading *r, const char *word)
{
    r->metered = false;
    for (uint8_t i = 0; i < 3; i++) {
        if (!is(word, metered[i])) continue;
        r->policy->metered = i;
        return NULL;
    }
    return expected_metered;
}

static const char *read_word(struct reading *r, const char *word)
{
    bool first = !r->begun;

    r->begun = true;
    if (r->metered) return read_metered(r, word);
    if (first && is(word, "any") && r->part != LINKS_NEVER) return NULL;
    if (first && is(word, "none") && r->part == LINKS_NEVER) return NULL;
    if (first && is(word, "only") && r->part != LINKS_NEVER) {
        r->policy->only_listed = true;
        return NULL;
    }
    if (r->part == LINKS_ALL && is(word, "metered")) {
        r->metered = true;
    } else if (r->part == LINKS_ALL && is(word, "never") && !r->never) {
        r->never = true;
    } else {
        return add_link(r, word);
    }
    return NULL;
}

const char *links_read(const char *text, enum links_part part, struct tern_link_policy *policy)
{
    struct reading r = {.policy = policy, .part = part, .never = part == LINKS_NEVER};
    char word[64];

    for (;;) {
        text += strspn(text, " \t,");
        size_t len = strcspn(text, " \t,");
        if (len == 0) break;
        if (len >= sizeof(word)) return expected_links;
        memcpy(word, text, len);
        word[len] = '\0';
        const char *wrong = read_word(&r, word);
        if (wrong) return wrong;
        text += len;
    }
    if (r.metered) return expected_metered;
    if (r.never && part == LINKS_ALL && policy->never_count == 0) return expected_links;
    return policy->only_listed && policy->order_count == 0 ? expected_links : NULL;
}

/* The texts have been read once already, when they were set. */
void links_policy(const struct config *config, struct tern_link_policy *policy)
{
    tern_link_policy_init(policy);
    (void)links_read(config->links, LINKS_ORDER, policy);
    (void)links_read(config->links_never, LINKS_NEVER, policy);
    policy->metered = (uint8_t)config->links_metered;
}

static size_t put(char *out, size_t at, const char *before, const char *word)
{
    int len = snprintf(out + at, LINKS_TEXT_CAP - at, "%s%s", before, word);
    return at + (size_t)len;
}

static size_t put_list(char *out, size_t at, const struct tern_link_match *list, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        const char *kind = tern_link_kind_name((enum tern_link_kind)list[i].kind);
        at = put(out, at, i > 0 ? ", " : "", list[i].name[0] ? list[i].name : kind);
    }
    return at;
}

const char *links_print(const struct tern_link_policy *policy, char out[LINKS_TEXT_CAP])
{
    size_t at = 0;

    out[0] = '\0';
    if (policy->only_listed) at = put(out, at, "only ", "");
    at = put_list(out, at, policy->order, policy->order_count);
    if (policy->never_count > 0) {
        at = put(out, at, at > 0 ? " never " : "never ", "");
        at = put_list(out, at, policy->never, policy->never_count);
    }
    if (policy->metered != TERN_METERED_USE) {
        at = put(out, at, at > 0 ? " metered " : "metered ", metered[policy->metered]);
    }
    if (at == 0) snprintf(out, LINKS_TEXT_CAP, "any");
    return out;
}

/* SPDX-License-Identifier: MIT */
/*
 * What keys must never do. Without knowing one: frames of the world's audio are one byte repeated,
 * so that neighbours of a ciphered frame, added up, show what it was ciphered with (RFC 3711 9.1: a
 * keystream is used once). In SDP that can be read: a key belongs to one end and one transport
 * address (RFC 4568 6.1, 7.1.4).
 */
#include <stdlib.h>
#include <string.h>

#include "life.h"

#define HEADER 12
#define FRAME  160

void keys_end(struct life *life)
{
    free(life->keys.seen);
    life->keys.seen = NULL;
}

/* @return false: it was there */
static bool put(uint64_t *seen, size_t room, uint64_t hash)
{
    size_t at = hash & (room - 1);
    for (; seen[at]; at = (at + 1) & (room - 1)) {
        if (seen[at] == hash) return false;
    }
    seen[at] = hash;
    return true;
}

static bool grow(struct keys *keys)
{
    size_t room = keys->room ? 2 * keys->room : 4096;
    uint64_t *seen = calloc(room, sizeof(*seen));
    if (seen == NULL) return false;
    for (size_t i = 0; i < keys->room; i++) {
        if (keys->seen[i]) (void)put(seen, room, keys->seen[i]);
    }
    free(keys->seen);
    keys->seen = seen;
    keys->room = room;
    return true;
}

/* The same for every frame under one keystream. */
static uint64_t trace_of(const uint8_t *frame)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i + 9 <= FRAME; i += 8) {
        uint64_t a, b;
        memcpy(&a, frame + i, 8);
        memcpy(&b, frame + i + 1, 8);
        h = (h ^ a ^ b) * 0x100000001b3u;
        h ^= h >> 29;
    }
    return h | 1;
}

void keys_media(struct life *life, const struct tern_sim_wire *wire)
{
    struct keys *keys = &life->keys;
    const uint8_t *p = wire->data;
    if (life->plan->set[SET_srtp] == 0 || wire->len < HEADER + FRAME) return;
    if (wire->len == HEADER + FRAME) {
        fail(life, "keys", "%s: sends audio in the clear", host_name(wire->host));
        return;
    }
    if (2 * keys->count >= keys->room && !grow(keys)) {
        fail(life, "memory", "keystreams");
        return;
    }
    keys->count++;
    if (!put(keys->seen, keys->room, trace_of(p + HEADER)))
        fail(life, "keys", "%s: sequence %d is ciphered as another packet was",
             host_name(wire->host), p[2] << 8 | p[3]);
}

static void check_key(struct life *life, uint32_t host, const struct message *m, tern_str key)
{
    struct keys *keys = &life->keys;
    uint64_t hash = hash_text(0, key) | 1;
    uint64_t place = hash_text(host, m->sdp.address) + m->sdp.port;
    for (uint32_t i = 0; i < KEYS_KEPT; i++) {
        if (keys->said[i].key != hash) continue;
        if (keys->said[i].place != place)
            fail(life, "keys", "%s: a key that was said for another address is said for %.*s:%u",
                 host_name(host), (int)m->sdp.address.len, m->sdp.address.ptr, m->sdp.port);
        return;
    }
    keys->said[keys->said_next].key = hash;
    keys->said[keys->said_next].place = place;
    keys->said_next = (keys->said_next + 1) % KEYS_KEPT;
}

void keys_said(struct life *life, uint32_t host, const struct message *m)
{
    const tern_str mark = TERN_STR("inline:");
    tern_str body = m->body;
    while (body.len) {
        tern_str line = cut(&body, '\n');
        if (line.len < 9 || memcmp(line.ptr, "a=crypto:", 9) != 0) continue;
        while (line.len > mark.len && memcmp(line.ptr, mark.ptr, mark.len) != 0)
            line.ptr++, line.len--;
        line.ptr += mark.len;
        line.len -= mark.len;
        tern_str key = cut(&line, '\r');
        if (key.len && key.ptr[0] != '.') check_key(life, host, m, key); /* dots: blanked */
    }
}

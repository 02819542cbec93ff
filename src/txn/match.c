/* SPDX-License-Identifier: MIT */
/*
 * Which server transaction a request belongs to: RFC 3261 17.2.3, and 9.2 for
 * CANCEL. With the magic cookie the branch, sent-by and method decide; without
 * it the identity of the request, as RFC 2543 peers have no usable branch.
 */
#include "base/str.h"
#include "txn/txn_impl.h"

static bool has_cookie(const struct tn_msg *msg)
{
    tern_str cookie = TN_BRANCH_COOKIE;
    return msg->via.branch.len > cookie.len &&
           tn_str_ieq(tn_str_sub(msg->via.branch, 0, cookie.len), cookie);
}

static uint64_t mix(uint64_t hash, uint64_t more)
{
    return (hash << 13 | hash >> 51) ^ more;
}

static uint64_t hash_text(const struct tn_map *map, tern_str text)
{
    return tn_map_hash(map, text.ptr, text.len);
}

/* Host names are compared without case, so they count by their length only; the branch has the bits.
 */
uint64_t tn_server_hash(const struct tn_txns *txns, const struct tn_msg *request,
                        enum tn_method method)
{
    const struct tn_map *map = &txns->server_map;
    uint64_t hash;

    if (has_cookie(request)) {
        hash = hash_text(map, request->via.branch);
        hash = mix(hash, (uint64_t)request->via.port << 16 | request->via.host.len);
    } else {
        hash = hash_text(map, request->call_id);
        hash = mix(hash, hash_text(map, request->from_tag));
        hash = mix(hash, request->cseq.number);
    }
    return mix(hash, (uint64_t)method + 1);
}

uint64_t tn_merge_hash(const struct tn_txns *txns, const struct tn_msg *request)
{
    const struct tn_map *map = &txns->merge_map;
    uint64_t hash = hash_text(map, request->call_id);
    hash = mix(hash, hash_text(map, request->from_tag));
    return mix(hash, request->cseq.number);
}

static bool same_sent_by(const struct tn_via *a, const struct tn_via *b)
{
    return a->port == b->port && tn_str_ieq(a->host, b->host);
}

/* An ACK has the To tag of the response that it is for, hence no test of the To tag then. */
static bool same_request(const struct tn_msg *a, const struct tn_msg *b, bool is_ack)
{
    if (a->cseq.number != b->cseq.number) return false;
    if (!tn_str_eq(a->call_id, b->call_id)) return false;
    if (!tn_str_eq(a->from_tag, b->from_tag)) return false;
    if (!is_ack && !tn_str_eq(a->to_tag, b->to_tag)) return false;
    return tn_uri_equal(&a->uri, &b->uri) && tn_str_eq(a->via.text, b->via.text);
}

struct tn_server *tn_server_find(const struct tn_txns *txns, const struct tn_msg *request,
                                 enum tn_method method)
{
    uint64_t hash = tn_server_hash(txns, request, method);
    bool cookie = has_cookie(request);

    for (struct tn_map_node *node = tn_map_first(&txns->server_map, hash); node;
         node = tn_map_next(node)) {
        struct tn_server *server = TN_OWNER(node, struct tn_server, by_key);
        const struct tn_msg *known = server->request;
        if (known->method != method) continue;
        if (method == TN_METHOD_OTHER && !tn_str_eq(known->method_text, request->method_text)) {
            continue;
        }
        if (cookie ? tn_str_eq(known->via.branch, request->via.branch) &&
                         same_sent_by(&known->via, &request->via)
                   : same_request(known, request, request->method == TN_METHOD_ACK)) {
            return server;
        }
    }
    return NULL;
}

uint64_t tn_server_find_invite(const struct tn_txns *txns, const struct tn_msg *cancel)
{
    const struct tn_server *server = tn_server_find(txns, cancel, TN_METHOD_INVITE);
    return server ? server->id : 0;
}

uint64_t tn_server_merged(const struct tn_txns *txns, uint64_t id)
{
    const struct tn_server *server = tn_slots_get(&txns->servers, id);

    if (!server || !server->by_request.linked) return 0;
    const struct tn_msg *request = server->request;
    uint64_t merged = 0;
    for (struct tn_map_node *node = tn_map_first(&txns->merge_map, server->by_request.hash); node;
         node = tn_map_next(node)) {
        const struct tn_server *other = TN_OWNER(node, struct tn_server, by_request);
        const struct tn_msg *known = other->request;
        if (other == server || known->cseq.number != request->cseq.number) continue;
        if (!tn_str_eq(known->cseq.method, request->cseq.method)) continue;
        if (!tn_str_eq(known->call_id, request->call_id)) continue;
        if (!tn_str_eq(known->from_tag, request->from_tag)) continue;
        merged = other->id;
        if (other->owner.kind != TN_OWNER_NONE) return merged;
    }
    return merged;
}

/* SPDX-License-Identifier: MIT */
/*
 * UDP: sending. Consecutive datagrams of one socket leave with one sendmmsg(), each with the source
 * address that the core chose. What the socket has no room for waits in a bounded queue.
 */
#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES (2 * TN_UV_DATAGRAM_MAX)

struct tn_uv_batch {
    struct tn_uv_udp_half *half; /* whose datagrams these are */
    unsigned count;
    size_t bytes;
    struct mmsghdr messages[TN_UV_BATCH];
    struct iovec pieces[TN_UV_BATCH];
    struct tn_uv_control controls[TN_UV_BATCH];
    union tn_uv_sockaddr to[TN_UV_BATCH];
    tern_addr locals[TN_UV_BATCH], remotes[TN_UV_BATCH];
    uint8_t data[BATCH_BYTES];
};

/* ---- the way out ---- */

static uint32_t pin_of(struct tn_uv_udp *socket, tern_addr local, tern_addr remote)
{
    struct tern_uv *uv = socket->uv;

    if (socket->pin_generation == uv->network_generation &&
        tern_addr_same_host(socket->pin_local, local) &&
        tern_addr_same_host(socket->pin_remote, remote)) {
        return socket->pin_interface;
    }
    socket->pin_generation = uv->network_generation;
    socket->pin_local = local;
    socket->pin_remote = remote;
    socket->pin_interface = tn_uv_pin(&uv->system, local, remote);
    return socket->pin_interface;
}

static size_t put_control(struct tn_uv_control *control, int type, const void *info, size_t len)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)control->room;

    memset(control, 0, sizeof(*control));
    c->cmsg_level = type == IP_PKTINFO ? IPPROTO_IP : IPPROTO_IPV6;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), info, len);
    return CMSG_SPACE(len);
}

/* @return the length; 0 leaves the source to the kernel. */
static size_t name_source(struct tn_uv_control *control, tern_addr local, uint32_t pin)
{
    if (local.family == TERN_FAMILY_IPV4) {
        struct in_pktinfo info = {.ipi_ifindex = (int)pin};
        memcpy(&info.ipi_spec_dst, local.ip, 4);
        return put_control(control, IP_PKTINFO, &info, sizeof(info));
    }
    if (local.family == TERN_FAMILY_IPV6) {
        struct in6_pktinfo info = {.ipi6_ifindex = local.scope ? local.scope : pin};
        memcpy(&info.ipi6_addr, local.ip, 16);
        return put_control(control, IPV6_PKTINFO, &info, sizeof(info));
    }
    return 0;
}

/* ---- waiting for room ---- */

void tn_uv_udp_drop_waiting(struct tn_uv_udp_half *half)
{
    while (half->first) {
        struct tn_uv_waiting *waiting = half->first;
        half->first = waiting->next;
        free(waiting);
    }
    half->last = &half->first;
    half->waiting_bytes = 0;
}

static void wait_for_room(struct tn_uv_udp_half *half, const struct tern_output *out)
{
    if (half->waiting_bytes + out->data.len > TN_UV_UDP_QUEUE_MAX) return;
    struct tn_uv_waiting *waiting = malloc(sizeof(*waiting) + out->data.len);
    if (!waiting) return;
    waiting->next = NULL;
    waiting->local = out->local;
    waiting->remote = out->remote;
    waiting->len = out->data.len;
    memcpy(waiting->data, out->data.ptr, out->data.len);
    *half->last = waiting;
    half->last = &waiting->next;
    half->waiting_bytes += out->data.len;
    tn_uv_watch_set(half->watch, UV_READABLE | UV_WRITABLE);
}

static struct tern_output nth(const struct tn_uv_batch *batch, unsigned i)
{
    return (struct tern_output){
        .local = batch->locals[i],
        .remote = batch->remotes[i],
        .data = {batch->pieces[i].iov_base, batch->pieces[i].iov_len},
    };
}

/* ---- batches ---- */

/* Lack of buffers passes by, and a refusal by ICMP says nothing about the path. */
static bool is_failure(int error)
{
    return error != ENOBUFS && error != ENOMEM && error != ECONNREFUSED;
}

/* One system call. @return the number of datagrams that are dealt with. */
static unsigned send_some(struct tern_uv *uv, struct tn_uv_batch *batch, unsigned from)
{
    struct tn_uv_udp *socket = batch->half->socket;
    int sent = sendmmsg(tn_uv_watch_fd(batch->half->watch), batch->messages + from,
                        batch->count - from, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent > 0) return (unsigned)sent;
    if (errno == EINTR) return 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        for (unsigned i = from; i < batch->count; i++) {
            struct tern_output out = nth(batch, i);
            wait_for_room(batch->half, &out);
        }
        return batch->count - from;
    }
    if (is_failure(errno)) {
        tern_send_failed(uv->ep, tn_uv_clock(), socket->id, batch->locals[from],
                         batch->remotes[from]);
    }
    return 1;
}

void tn_uv_udp_flush(struct tern_uv *uv)
{
    struct tn_uv_batch *batch = uv->batch;
    unsigned done = 0;

    if (!batch || batch->count == 0) return;
    while (done < batch->count) {
        done += send_some(uv, batch, done);
    }
    batch->count = 0;
    batch->bytes = 0;
}

static void append(struct tn_uv_batch *batch, const struct tern_output *out, uint32_t pin)
{
    unsigned i = batch->count++;
    struct msghdr *header = &batch->messages[i].msg_hdr;

    memset(&batch->messages[i], 0, sizeof(batch->messages[i]));
    memcpy(batch->data + batch->bytes, out->data.ptr, out->data.len);
    batch->pieces[i] = (struct iovec){batch->data + batch->bytes, out->data.len};
    batch->bytes += out->data.len;
    batch->locals[i] = out->local;
    batch->remotes[i] = out->remote;
    header->msg_iov = &batch->pieces[i];
    header->msg_iovlen = 1;
    header->msg_namelen = tn_uv_addr_to(out->remote, &batch->to[i]);
    header->msg_name = &batch->to[i];
    header->msg_controllen = name_source(&batch->controls[i], out->local, pin);
    if (header->msg_controllen > 0) header->msg_control = &batch->controls[i];
}

/* @return a batch of this half with room for `len` more bytes; NULL without memory. */
static struct tn_uv_batch *batch_for(struct tern_uv *uv, struct tn_uv_udp_half *half, size_t len)
{
    if (!uv->batch) uv->batch = calloc(1, sizeof(*uv->batch));
    struct tn_uv_batch *batch = uv->batch;
    if (!batch) return NULL;
    if (batch->half != half || batch->count == TN_UV_BATCH || batch->bytes + len > BATCH_BYTES) {
        tn_uv_udp_flush(uv);
        batch->half = half;
    }
    return batch;
}

void tn_uv_udp_send(struct tern_uv *uv, const struct tern_output *out)
{
    struct tn_uv_udp *socket = tn_uv_table_find(&uv->sockets, out->id);

    if (!socket || out->data.len > TN_UV_DATAGRAM_MAX) return;
    struct tn_uv_udp_half *half = tn_uv_udp_half(socket, out->remote.family);
    bool mixed = out->local.family && out->local.family != out->remote.family;
    if (!half->watch || mixed) {
        tern_send_failed(uv->ep, tn_uv_clock(), out->id, out->local, out->remote);
        return;
    }
    if (half->first) {
        wait_for_room(half, out);
        return;
    }
    struct tn_uv_batch *batch = batch_for(uv, half, out->data.len);
    if (batch) append(batch, out, pin_of(socket, out->local, out->remote));
}

/* Runs from a socket's event, when no batch is being built. */
void tn_uv_udp_writable(struct tn_uv_udp_half *half)
{
    struct tn_uv_udp *socket = half->socket;
    struct tn_uv_waiting *waiting = half->first;

    half->first = NULL;
    half->last = &half->first;
    half->waiting_bytes = 0;
    tn_uv_watch_set(half->watch, UV_READABLE);
    while (waiting) {
        struct tn_uv_waiting *next = waiting->next;
        struct tern_output out = {
            .type = TERN_OUT_DATAGRAM,
            .id = socket->id,
            .local = waiting->local,
            .remote = waiting->remote,
            .data = {(const char *)waiting->data, waiting->len},
        };
        tn_uv_udp_send(socket->uv, &out);
        free(waiting);
        waiting = next;
    }
    tn_uv_udp_flush(socket->uv);
}

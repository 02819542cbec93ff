/* SPDX-License-Identifier: MIT */
/* The core that only listens: see fake_core.h. */
#include "fake_core.h"

#include "tern_test.h"

static char *copy(tern_str text)
{
    char *kept = calloc(1, text.len + 1);

    CHECK(kept);
    if (text.len > 0) memcpy(kept, text.ptr, text.len);
    return kept;
}

static struct fake_input *note(struct tern_endpoint *ep, enum fake_kind kind, tern_time now,
                               uint32_t id, tern_str data)
{
    struct fake_input *input = &ep->inputs[ep->input_count++];

    CHECK(ep->input_count <= FAKE_INPUTS_MAX);
    input->kind = kind;
    input->now = now;
    input->id = id;
    input->data = (tern_str){copy(data), data.len};
    return input;
}

static bool is_busy(struct tern_endpoint *ep)
{
    if (ep->busy == 0) return false;
    ep->busy--;
    return true;
}

struct tern_endpoint *fake_new(void)
{
    struct tern_endpoint *ep = calloc(1, sizeof(*ep));

    CHECK(ep);
    ep->deadline = TERN_TIME_NEVER;
    ep->next_stream = 1000;
    return ep;
}

static void drop(tern_str *text)
{
    union {
        const char *given;
        char *owned;
    } both = {text->ptr};

    free(both.owned);
}

void fake_free(struct tern_endpoint *ep)
{
    for (size_t i = 0; i < ep->input_count; i++) {
        drop(&ep->inputs[i].data);
    }
    for (size_t i = 0; i < ep->output_end; i++) {
        drop(&ep->outputs[i].data);
    }
    free(ep);
}

void fake_want(struct tern_endpoint *ep, struct tern_output out)
{
    CHECK(ep->output_end < sizeof(ep->outputs) / sizeof(ep->outputs[0]));
    out.data.ptr = copy(out.data);
    ep->outputs[ep->output_end++] = out;
}

const struct fake_input *fake_nth(const struct tern_endpoint *ep, enum fake_kind kind, size_t n)
{
    for (size_t i = 0; i < ep->input_count; i++) {
        if (ep->inputs[i].kind == kind && n-- == 0) return &ep->inputs[i];
    }
    return NULL;
}

size_t fake_count(const struct tern_endpoint *ep, enum fake_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < ep->input_count; i++) {
        count += ep->inputs[i].kind == kind;
    }
    return count;
}

size_t fake_bytes(const struct tern_endpoint *ep, enum fake_kind kind, uint32_t id)
{
    size_t bytes = 0;

    for (size_t i = 0; i < ep->input_count; i++) {
        if (ep->inputs[i].kind == kind && ep->inputs[i].id == id) bytes += ep->inputs[i].data.len;
    }
    return bytes;
}

/* ---- what a driver calls ---- */

int tern_receive(struct tern_endpoint *ep, tern_time now, const struct tern_datagram *datagram)
{
    tern_str data = {datagram->data, datagram->len};

    if (is_busy(ep)) return TERN_EBUSY;
    struct fake_input *input = note(ep, FAKE_RECEIVED, now, datagram->socket, data);
    input->local = datagram->local;
    input->remote = datagram->remote;
    return 0;
}

void tern_socket_opened(struct tern_endpoint *ep, tern_time now, uint32_t socket, uint16_t port)
{
    note(ep, FAKE_SOCKET_OPENED, now, socket, TERN_STR(""))->port = port;
}

void tern_socket_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket, tern_str reason)
{
    note(ep, FAKE_SOCKET_FAILED, now, socket, reason);
}

void tern_send_failed(struct tern_endpoint *ep, tern_time now, uint32_t socket, tern_addr local,
                      tern_addr remote)
{
    struct fake_input *input = note(ep, FAKE_SEND_FAILED, now, socket, TERN_STR(""));

    input->local = local;
    input->remote = remote;
}

void tern_stream_opened(struct tern_endpoint *ep, tern_time now, uint32_t stream, tern_addr local,
                        tern_addr remote)
{
    struct fake_input *input = note(ep, FAKE_STREAM_OPENED, now, stream, TERN_STR(""));

    input->local = local;
    input->remote = remote;
}

int tern_stream_accepted(struct tern_endpoint *ep, tern_time now, uint32_t listener,
                         tern_addr local, tern_addr remote, uint32_t *out)
{
    if (is_busy(ep)) return TERN_EBUSY;
    if (ep->refuse_accept > 0) {
        ep->refuse_accept--;
        return TERN_ELIMIT;
    }
    struct fake_input *input = note(ep, FAKE_STREAM_ACCEPTED, now, listener, TERN_STR(""));
    input->local = local;
    input->remote = remote;
    *out = ep->next_stream++;
    return 0;
}

int tern_stream_received(struct tern_endpoint *ep, tern_time now, uint32_t stream, const void *data,
                         size_t len)
{
    if (is_busy(ep)) return TERN_EBUSY;
    note(ep, FAKE_STREAM_RECEIVED, now, stream, (tern_str){data, len});
    return 0;
}

void tern_stream_closed(struct tern_endpoint *ep, tern_time now, uint32_t stream, tern_str reason)
{
    note(ep, FAKE_STREAM_CLOSED, now, stream, reason);
}

void tern_resolved(struct tern_endpoint *ep, tern_time now, uint32_t query,
                   const struct tern_dns_record *records, size_t count, bool failed)
{
    struct fake_input *input = note(ep, FAKE_RESOLVED, now, query, TERN_STR(""));

    input->count = count;
    input->failed = failed;
    for (size_t i = 0; i < count && i < 4; i++) {
        input->records[i] = records[i];
    }
    if (count == 0 || records[0].target.len >= sizeof(input->target)) return;
    if (records[0].target.len > 0) {
        memcpy(input->target, records[0].target.ptr, records[0].target.len);
    }
}

void tern_advance(struct tern_endpoint *ep, tern_time now)
{
    ep->advances++;
    if (ep->deadline <= now && !ep->deadline_stuck) ep->deadline = TERN_TIME_NEVER;
}

tern_time tern_deadline(const struct tern_endpoint *ep)
{
    return ep->deadline;
}

bool tern_next_output(struct tern_endpoint *ep, struct tern_output *out)
{
    if (ep->output_first == ep->output_end) return false;
    *out = ep->outputs[ep->output_first++];
    return true;
}

int tern_set_network(struct tern_endpoint *ep, tern_time now, const struct tern_network *network)
{
    if (is_busy(ep)) return TERN_EBUSY;
    if (memcmp(&ep->network, network, sizeof(*network)) == 0) return 0;
    ep->network = *network;
    note(ep, FAKE_NETWORK, now, network->address_count, TERN_STR(""));
    return 0;
}

const struct tern_network *tern_get_network(const struct tern_endpoint *ep)
{
    return &ep->network;
}

const struct tern_network *tern_get_system_network(const struct tern_endpoint *ep)
{
    return &ep->network;
}

int tern_audio_send(struct tern_endpoint *ep, tern_time now, tern_call call, const int16_t *pcm)
{
    if (ep->call_ended) return TERN_ESTALE;
    note(ep, FAKE_AUDIO_SENT, now, (uint32_t)call.id, TERN_STR(""))->count = pcm != NULL;
    return 0;
}

int tern_audio_receive(struct tern_endpoint *ep, tern_time now, tern_call call, int16_t *pcm)
{
    (void)now;
    (void)call;
    if (ep->call_ended) return TERN_ESTALE;
    memset(pcm, 0, TERN_PCM_FRAME * sizeof(*pcm));
    return 1;
}

size_t tern_dispatch(struct tern_endpoint *ep, const struct tern_callbacks *callbacks, void *user)
{
    (void)ep;
    (void)callbacks;
    (void)user;
    return 0;
}

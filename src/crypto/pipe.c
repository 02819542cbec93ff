/* SPDX-License-Identifier: MIT */
#include "crypto/pipe.h"

#include "base/str.h"

/* A datagram in `out` stands after its length in two bytes. */
enum { LENGTH_BYTES = 2 };

void tn_pipe_init(struct tn_pipe *pipe, const struct tern_allocator *alloc, size_t out_limit)
{
    memset(pipe, 0, sizeof(*pipe));
    pipe->budget = SIZE_MAX;
    tn_buf_init(&pipe->out, alloc, out_limit);
}

void tn_pipe_fini(struct tn_pipe *pipe)
{
    tn_buf_fini(&pipe->out);
}

/* A failure of `out` is kept: for a stream it means that bytes are missing. */
void tn_pipe_begin(struct tn_pipe *pipe)
{
    int err = pipe->out.err;

    if (pipe->taken == 0) return;
    tn_buf_consume(&pipe->out, pipe->taken);
    pipe->taken = 0;
    if (pipe->out.len == 0) tn_buf_fini(&pipe->out);
    pipe->out.err = err;
}

bool tn_pipe_take(struct tn_pipe *pipe, tern_str *out)
{
    if (pipe->taken == pipe->out.len) return false;
    tern_str rest = tn_str_from(tn_buf_view(&pipe->out), pipe->taken);
    if (pipe->datagrams) {
        const unsigned char *head = (const unsigned char *)rest.ptr;
        rest = tn_str_sub(rest, LENGTH_BYTES, (size_t)(head[0] << 8 | head[1]));
        pipe->taken += LENGTH_BYTES;
    }
    pipe->taken += rest.len;
    *out = rest;
    return true;
}

static int read_bytes(BIO *bio, char *to, int cap)
{
    struct tn_pipe *pipe = BIO_get_data(bio);
    size_t len = pipe->in.len < (size_t)cap ? pipe->in.len : (size_t)cap;

    BIO_clear_retry_flags(bio);
    if (cap <= 0) return 0;
    if (len > pipe->budget) {
        pipe->exhausted = true;
        len = pipe->budget;
    }
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(to, pipe->in.ptr, len);
    pipe->in.ptr += len;
    pipe->in.len -= len;
    if (pipe->datagrams) pipe->in.len = 0; /* as recvfrom(): what did not fit is lost */
    if (pipe->budget != SIZE_MAX) pipe->budget -= len;
    return (int)len;
}

/* A datagram for which there is no room is lost, as on any network; a stream breaks. */
static int write_datagram(struct tn_pipe *pipe, const char *from, int len)
{
    size_t need = LENGTH_BYTES + (size_t)len;

    if (len > UINT16_MAX || need > pipe->out.limit - pipe->out.len) return len;
    const char head[LENGTH_BYTES] = {(char)(len >> 8), (char)(len & 0xff)};
    size_t before = pipe->out.len;
    tn_buf_bytes(&pipe->out, head, sizeof(head));
    tn_buf_bytes(&pipe->out, from, (size_t)len);
    if (pipe->out.err) {
        pipe->out.len = before;
        pipe->out.err = 0;
    }
    return len;
}

static int write_bytes(BIO *bio, const char *from, int len)
{
    struct tn_pipe *pipe = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (len <= 0) return 0;
    if (pipe->datagrams) return write_datagram(pipe, from, len);
    tn_buf_bytes(&pipe->out, from, (size_t)len);
    return pipe->out.err ? -1 : len;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tn_pipe_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pipe");

    if (!method) return NULL;
    BIO_meth_set_read(method, read_bytes);
    BIO_meth_set_write(method, write_bytes);
    BIO_meth_set_ctrl(method, control);
    return method;
}

BIO *tn_pipe_bio(const BIO_METHOD *method, struct tn_pipe *pipe)
{
    BIO *bio = BIO_new(method);

    if (!bio) return NULL;
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    return bio;
}

/* SPDX-License-Identifier: MIT */
/* Messages with a descriptor between the processes of a lab, and its address type. */
#define _GNU_SOURCE
#include "lab_proto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int))];
};

int lab_send(int sock, const void *data, size_t len, int fd)
{
    union control control = {.room = {0}};
    struct iovec iov = {.iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    memcpy(&iov.iov_base, &data, sizeof(data)); /* sendmsg() does not write to it */
    if (fd >= 0) {
        msg.msg_control = control.room;
        msg.msg_controllen = sizeof(control.room);
        struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    }
    do {
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int lab_recv(int sock, void *data, size_t len, int *got)
{
    union control control = {.room = {0}};
    struct iovec iov = {.iov_base = data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.room,
                         .msg_controllen = sizeof(control.room)};
    ssize_t n;
    int fd = -1;

    do {
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return -errno;
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    }
    if ((size_t)n != len || got == NULL) {
        if (fd >= 0) close(fd);
        fd = -1;
    }
    if ((size_t)n != len) return -EPIPE;
    if (got != NULL) *got = fd;
    return 0;
}

bool lab_address_parse(const char *text, struct lab_address *address)
{
    char host[INET6_ADDRSTRLEN];
    struct lab_address parsed = {0};
    const char *slash = strchr(text, '/');
    char *end;

    if (slash == NULL || (size_t)(slash - text) >= sizeof(host)) return false;
    if (slash[1] < '0' || slash[1] > '9') return false;
    unsigned long prefix = strtoul(slash + 1, &end, 10);
    if (*end != '\0') return false;
    memcpy(host, text, (size_t)(slash - text));
    host[slash - text] = '\0';
    parsed.family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(parsed.family, host, parsed.bytes) != 1) return false;
    if (prefix > (parsed.family == AF_INET ? 32 : 128)) return false;
    parsed.prefix = (uint8_t)prefix;
    *address = parsed;
    return true;
}

bool lab_address_equal(const struct lab_address *a, const struct lab_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

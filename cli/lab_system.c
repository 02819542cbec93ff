/* SPDX-License-Identifier: MIT */
/*
 * What the keeper asks of the kernel outside netlink: rights in a user namespace,
 * TUN devices, sysctls, and closed descriptors.
 */
#define _GNU_SOURCE
#include "lab_proto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return err;
}

int lab_become_root(void)
{
    char line[64];
    unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();

    if (unshare(CLONE_NEWUSER) < 0) return -errno;
    /* gid_map asks for this; old kernels do not have it. */
    (void)write_file("/proc/self/setgroups", "deny");
    snprintf(line, sizeof(line), "0 %u 1", uid);
    int err = write_file("/proc/self/uid_map", line);
    if (err < 0) return err;
    snprintf(line, sizeof(line), "0 %u 1", gid);
    return write_file("/proc/self/gid_map", line);
}

int lab_open_tun(const char *ifname)
{
    struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) return -errno;
    snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
    if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

void lab_set_sysctl(const char *name, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
    (void)write_file(path, value);
}

static void close_between(int first, int last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    long max = sysconf(_SC_OPEN_MAX);
    if (max < 0 || max > 65536) max = 65536;
    for (int fd = first; fd <= last && fd < max; fd++) {
        close(fd);
    }
}

void lab_let_go(int ctl, int capture)
{
    int low = capture >= 0 && capture < ctl ? capture : ctl;
    int high = capture > ctl ? capture : ctl;

    close_between(3, low - 1);
    close_between(low + 1, high - 1);
    close_between(high + 1, INT_MAX);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO) close(null);
}

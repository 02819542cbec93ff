/* SPDX-License-Identifier: MIT */
/*
 * Exact timers: a timerfd each, since libuv's own have a granularity of a millisecond and stand
 * still while the machine sleeps. CLOCK_BOOTTIME does neither, and a timer that fell due during
 * sleep fires on waking. The same clock gives the time, so a timer never fires ahead of its time.
 */
#include "driver.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

tern_time tn_uv_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return TERN_SECONDS(now.tv_sec) + now.tv_nsec / 1000;
}

static void elapsed(void *owner, int events)
{
    struct tn_uv_alarm *alarm = owner;
    uint64_t times;

    (void)events;
    if (read(tn_uv_watch_fd(alarm->watch), &times, sizeof(times)) < 0) return; /* moved meanwhile */
    alarm->armed = TERN_TIME_NEVER;
    alarm->fire(alarm->uv, tn_uv_clock());
}

int tn_uv_alarm_init(struct tn_uv_alarm *alarm, struct tern_uv *uv,
                     void (*fire)(struct tern_uv *uv, tern_time now))
{
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);

    if (fd < 0) return TERN_EIO;
    alarm->armed = TERN_TIME_NEVER;
    alarm->uv = uv;
    alarm->fire = fire;
    alarm->watch = tn_uv_watch_new(uv, fd, elapsed, alarm);
    if (!alarm->watch) return TERN_EIO;
    tn_uv_watch_set(alarm->watch, UV_READABLE);
    return 0;
}

void tn_uv_alarm_fini(struct tn_uv_alarm *alarm)
{
    tn_uv_watch_free(alarm->watch);
    alarm->watch = NULL;
}

/* Moving it back costs a system call for each packet and gains one spare wake-up: not done. */
void tn_uv_alarm_arm(struct tn_uv_alarm *alarm, tern_time due)
{
    struct itimerspec when = {0};

    if (due >= alarm->armed) return;
    if (due <= 0) due = 1; /* zero would switch it off */
    when.it_value.tv_sec = (time_t)(due / TERN_SECONDS(1));
    when.it_value.tv_nsec = (long)(due % TERN_SECONDS(1)) * 1000;
    if (timerfd_settime(tn_uv_watch_fd(alarm->watch), TFD_TIMER_ABSTIME, &when, NULL) == 0) {
        alarm->armed = due;
    }
}

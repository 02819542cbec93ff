/* SPDX-License-Identifier: MIT */
/* Running the loop in tests: see drive.h. */
#include "drive.h"

#include "tern_test.h"

#define PATIENCE_MS 10000

static void elapsed(uv_timer_t *timer)
{
    bool *over = timer->data;

    *over = true;
}

/*
 * It repeats: when it fires before the loop waits, as on a busy machine, that wait has an end, too.
 */
static void start_timer(struct drive *drive, bool *over, unsigned ms)
{
    drive->timer.data = over;
    uv_update_time(&drive->loop);
    uv_timer_start(&drive->timer, elapsed, ms, ms > 0 ? ms : 1);
}

void drive_init(struct drive *drive)
{
    CHECK_EQ(uv_loop_init(&drive->loop), 0);
    CHECK_EQ(uv_timer_init(&drive->loop, &drive->timer), 0);
}

struct tern_uv *drive_attach(struct drive *drive, struct tern_endpoint *ep)
{
    struct tern_uv_opts opts;
    struct tern_uv *uv = NULL;

    tern_uv_opts_init(&opts);
    opts.loop = &drive->loop;
    opts.no_monitor = true;
    CHECK_EQ(tern_uv_new(ep, &opts, &uv), 0);
    return uv;
}

bool drive_until(struct drive *drive, const struct tern_endpoint *ep, enum fake_kind kind,
                 size_t count)
{
    bool over = false;

    start_timer(drive, &over, PATIENCE_MS);
    uv_run(&drive->loop, UV_RUN_NOWAIT); /* what happens at once wakes nobody */
    while (!over && fake_count(ep, kind) < count) {
        uv_run(&drive->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&drive->timer);
    return fake_count(ep, kind) >= count;
}

bool drive_until_advanced(struct drive *drive, const struct tern_endpoint *ep)
{
    bool over = false;

    start_timer(drive, &over, PATIENCE_MS);
    while (!over && ep->advances == 0) {
        uv_run(&drive->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&drive->timer);
    return ep->advances > 0;
}

void drive_for(struct drive *drive, unsigned ms)
{
    bool over = false;

    start_timer(drive, &over, ms);
    while (!over) {
        uv_run(&drive->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&drive->timer);
}

void drive_fini(struct drive *drive)
{
    uv_close((uv_handle_t *)&drive->timer, NULL);
    while (uv_run(&drive->loop, UV_RUN_NOWAIT) != 0) {
    }
    CHECK_EQ(uv_loop_close(&drive->loop), 0);
}

tern_addr drive_addr(const char *text)
{
    tern_addr addr;

    CHECK_EQ(tern_addr_parse((tern_str){text, strlen(text)}, &addr), 0);
    return addr;
}

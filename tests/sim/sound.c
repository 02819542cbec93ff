/* SPDX-License-Identifier: MIT */
/*
 * Audio never pauses on the sending side: where there is a network, and the call is up and nobody
 * holds it, a frame leaves every 20 ms, through every change.
 */
#include "life.h"

#define FRAME TERN_MS(20)

bool sound_flows(const struct life *life, const struct phone *phone, tern_call call)
{
    struct tern_call_info info;
    tern_addr source;
    if (!life->talks || tern_get_network(phone->ep)->address_count == 0) return false;
    if (tern_call_get_info(phone->ep, call, &info) != 0) return false;
    /* In the other family nothing reaches the far end until it has said where (MOBILITY S16). */
    bool reaches =
        tern_network_source(tern_get_network(phone->ep), info.remote_media, &source) == 0;
    if (!reaches && info.remote_media.family != TERN_FAMILY_NONE) return false;
    return info.state == TERN_CALL_ACTIVE && !info.held_here && !info.held_there;
}

/* Which call a stream is of is not known from outside: all of them must be well. */
static bool is_quiet(const struct life *life, const struct phone *phone)
{
    tern_call call = {0};
    if (phone->ep == NULL) return true;
    while ((call = tern_call_next(phone->ep, call)).id != 0) {
        if (!sound_flows(life, phone, call)) return true;
    }
    return false;
}

void sound_look(struct life *life, struct phone *phone)
{
    struct sound *s = &phone->sound;
    tern_time now = tern_sim_now(life->sim);
    bool quiet = is_quiet(life, phone);
    if ((quiet || s->quiet) && s->since < now) s->since = now;
    s->quiet = quiet;
}

void sound_sleeps(struct phone *phone, tern_time until)
{
    if (phone->sound.since < until) phone->sound.since = until;
    phone->sound.wakes = until;
}

void sound_sent(struct life *life, const struct tern_sim_wire *wire, uint32_t ssrc)
{
    struct phone *phone = &life->phones[wire->host - 1];
    struct sound *s = &phone->sound;
    tern_time now = tern_sim_now(life->sim);
    uint32_t i = 0;
    sound_look(life, phone);
    while (i < s->out_count && s->out[i].ssrc != ssrc)
        i++;
    if (i == AUDIO_MAX) return;
    if (i == s->out_count) {
        s->out[s->out_count++].ssrc = ssrc;
    } else {
        tern_time from = s->out[i].last > s->since ? s->out[i].last : s->since;
        if (now - from > FRAME)
            fail(life, "pause", "%s: no audio for %lld ms", host_name(phone->host),
                 (long long)(now - from) / 1000);
    }
    s->out[i].last = now;
}

void sound_heard(struct phone *phone, const struct tern_sim_wire *wire)
{
    const uint8_t *p = wire->data;
    struct sound *s = &phone->sound;
    uint32_t i = 0,
             ssrc = (uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 | (uint32_t)p[10] << 8 | p[11];
    uint16_t sequence = (uint16_t)(p[2] << 8 | p[3]);
    while (i < s->in_count && s->in[i].ssrc != ssrc)
        i++;
    if (i == AUDIO_MAX) return;
    uint16_t step = (uint16_t)(sequence - s->in[i].sequence);
    if (i == s->in_count) {
        s->in[s->in_count++].ssrc = ssrc;
    } else if (step == 0 || step > 0x8000) { /* late: overtaken on a shorter way */
        if (step && s->missing) s->missing--;
        return;
    } else {
        s->missing += step - 1u;
    }
    s->in[i].sequence = sequence;
}

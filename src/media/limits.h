/* SPDX-License-Identifier: MIT */
/* The bounds of the media engine, each with its reason. Samples are 1/8000 s. */
#ifndef TN_MEDIA_LIMITS_H
#define TN_MEDIA_LIMITS_H

#include <tern/media.h>

#define TN_SAMPLES_MS(ms) ((ms)*8)

/* Packets. */
#define TN_PACKET_MIN (TN_SAMPLES_MS(1))  /* shorter ones are an attack or a bug */
#define TN_PACKET_MAX (TN_SAMPLES_MS(60)) /* the longest that phones send */

/* Jitter buffer. */
#define TN_RING            4096 /* 512 ms: the longest delay, twice; a power of two */
#define TN_DELAY_BUCKET    TN_SAMPLES_MS(5)
#define TN_DELAY_BUCKETS   48                 /* jitter up to 240 ms is told apart */
#define TN_DELAY_MIN       TN_SAMPLES_MS(20)  /* one frame: what take() asks for at once */
#define TN_DELAY_MAX       TN_SAMPLES_MS(240) /* beyond, loss hurts a conversation less than delay */
#define TN_DELAY_FIRST     TN_SAMPLES_MS(40)  /* before anything was measured */
#define TN_DELAY_WINDOW    TERN_SECONDS(2) /* a longer path or a drifting clock is noticed after two */
#define TN_DELAY_WILD      TN_SAMPLES_MS(1000) /* no path jitters so; the clock was set anew */
#define TN_REWIND_MAX      TN_SAMPLES_MS(80) /* audio this late is still played after a dry spell */
#define TN_DRY_SPELL       TN_SAMPLES_MS(60) /* after this, moving the play point is free */
#define TN_LAG_SHORTEN     TN_SAMPLES_MS(25) /* above the target: play a little faster */
#define TN_LAG_STRETCH     TN_SAMPLES_MS(2)  /* below the target: play a little slower */
#define TN_LAG_JUMP        TN_SAMPLES_MS(160) /* above the target: skip */
#define TN_ADAPT_PAUSE     5 /* frames between two changes of speed: at most 10 % in speech */
#define TN_ADAPT_PAUSE_LOW 1 /* the same in silence, where nobody hears it */

/* Concealment. */
#define TN_LAG_MIN      40  /* 200 Hz */
#define TN_LAG_MAX      160 /* 50 Hz */
#define TN_TEMPLATE     160 /* what is compared when a pitch period is looked for */
#define TN_HISTORY      (TN_TEMPLATE + TN_LAG_MAX + TN_LAG_MAX / 4)
#define TN_CONCEAL_FULL TN_SAMPLES_MS(10) /* at full level, then fading ... */
#define TN_CONCEAL_END  TN_SAMPLES_MS(60) /* ... to comfort noise here */
#define TN_FADE_IN      64                /* samples of cross-fade into real audio */
#define TN_COMFORT_MAX  100 /* mean amplitude, about -50 dBov: noise, not a nuisance */

/* Sources. */
#define TN_SOURCE_PROOF    2            /* packets in sequence before media moves */
#define TN_SOURCE_SILENCE  TERN_MS(35)  /* its next packet is overdue: the old source has stopped */
#define TN_SOURCE_MOVE_GAP TERN_MS(500) /* at most one move in this time */
#define TN_SEQUENCE_GAP    3000         /* MAX_DROPOUT of RFC 3550 A.1 */
#define TN_SEQUENCE_BACK   100          /* MAX_MISORDER */
#define TN_SSRC_PROOF      2            /* MIN_SEQUENTIAL */
#define TN_HELD_PACKETS    4            /* of a source on trial, played when it passes */
#define TN_HELD_BYTES      240
#define TN_HELD_AGE        TERN_MS(200) /* older ones are of no use to the jitter buffer */

/* Keys. */
#define TN_KEY_OVERLAP        TERN_SECONDS(5) /* the old receive key is tried; no path is slower */
#define TN_HANDSHAKE_RESTARTS 8               /* after one that a stranger has spoilt */
/* RFC 6347 4.2.4: longer than any repetition waits; ours give up after 36 s. */
#define TN_HANDSHAKE_LINGER   TERN_SECONDS(40)
#define TN_HANDSHAKE_PAUSE    TERN_MS(200) /* then one that has failed begins anew … */
#define TN_HANDSHAKE_DOUBLED  4            /* … and so often twice that */
#define TN_HANDSHAKE_STUCK    3 /* repetitions to a far end that has answered, and is silent */
#define TN_HANDSHAKE_LAST     TERN_SECONDS(2) /* until when it wants our last flight again */
#define TN_HANDSHAKE_REPEATS  16              /* of a flight, for a ClientHello that comes again */
#define TN_HANDSHAKE_FLIGHT   8192            /* bytes kept of one; ours has 1000 */

/* DTMF. */
#define TN_DTMF_QUEUE       32
#define TN_DTMF_MIN_MS      40           /* ITU-T Q.24: shorter ones may be missed */
#define TN_DTMF_MAX_MS      8000         /* the duration has 16 bits */
#define TN_DTMF_END_PACKETS 3            /* RFC 4733 2.5.1.4 */
#define TN_DTMF_PAUSE       2            /* ticks without event after the last end packet */
#define TN_DTMF_LOST        TERN_MS(150) /* no packet for so long: the end packets were lost */

/* RTCP. */
#define TN_RTCP_INTERVAL TERN_SECONDS(5) /* RFC 3550 6.2 */
#define TN_RTCP_BYTES    128             /* SR with one report, CNAME, BYE take 88, SRTCP 20 */

#endif

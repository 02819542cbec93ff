/* SPDX-License-Identifier: MIT */
/* Timer values of RFC 3261 table 4, and of RFC 6026 for L and M. */
#ifndef TN_TXN_TIMING_H
#define TN_TXN_TIMING_H

#include <tern/types.h>

#define TN_T1      TERN_MS(500)
#define TN_T2      TERN_SECONDS(4)
#define TN_T4      TERN_SECONDS(5)
#define TN_TIMER_B (64 * TN_T1)
#define TN_TIMER_C TERN_SECONDS(181) /* proxies: more than three minutes */
#define TN_TIMER_D TERN_SECONDS(32)
#define TN_TIMER_F (64 * TN_T1)
#define TN_TIMER_H (64 * TN_T1)
#define TN_TIMER_I TN_T4        /* 0 on streams */
#define TN_TIMER_J (64 * TN_T1) /* 0 on streams */
#define TN_TIMER_K TN_T4        /* 0 on streams */
#define TN_TIMER_L (64 * TN_T1)
#define TN_TIMER_M (64 * TN_T1)

#define TN_TRYING_DELAY TERN_MS(200) /* RFC 3261 17.2.1: 100 unless the user answers before */

#endif

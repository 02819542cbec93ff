/* SPDX-License-Identifier: MIT */
/* Numbers in network byte order. The caller has checked the room. */
#ifndef TN_BASE_BYTES_H
#define TN_BASE_BYTES_H

#include <stdint.h>

static inline uint16_t tn_get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t tn_get24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t tn_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | tn_get24(p + 1);
}

static inline void tn_put16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void tn_put24(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 16);
    tn_put16(p + 1, (uint16_t)value);
}

static inline void tn_put32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    tn_put24(p + 1, value);
}

#endif

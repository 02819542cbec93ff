/* SPDX-License-Identifier: MIT */
/* PCMU and PCMA: ITU-T G.711, as RFC 3551 4.5.14 carries them. 16-bit PCM on the other side. */
#ifndef TN_WIRE_RTP_G711_H
#define TN_WIRE_RTP_G711_H

#include <stddef.h>
#include <stdint.h>

#define TN_PCMU_SILENCE 0xff
#define TN_PCMA_SILENCE 0xd5

uint8_t tn_pcmu_encode(int16_t sample);
int16_t tn_pcmu_decode(uint8_t code);
uint8_t tn_pcma_encode(int16_t sample);
int16_t tn_pcma_decode(uint8_t code);

#endif

/* SPDX-License-Identifier: MIT */
/* What reading and writing share. */
#ifndef TN_WIRE_STUN_IMPL_H
#define TN_WIRE_STUN_IMPL_H

#include "wire/stun/stun.h"

#define TN_STUN_COOKIE      0x2112a442u
#define TN_STUN_FINGER_MASK 0x5354554eu /* what the CRC is mixed with */

/* Where things are in the header, and in the value of an address. */
enum { TN_STUN_LENGTH_AT = 2, TN_STUN_COOKIE_AT = 4, TN_STUN_ID_AT = 8, TN_STUN_ADDRESS_AT = 4 };
enum { TN_STUN_IPV4 = 1, TN_STUN_IPV6 = 2 };

/* CRC-32 of ISO/IEC 3309: of a header that says `body` bytes follow, and `rest` (RFC 8489 14.7). */
uint32_t tn_stun_crc(const uint8_t header[TN_STUN_HEADER], size_t body, tern_str rest);
/* Mixes the address, or takes it apart again: the same operation (RFC 8489 14.2). */
void tn_stun_mix(tern_addr *addr, const uint8_t id[TN_STUN_ID]);

#endif

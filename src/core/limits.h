/* SPDX-License-Identifier: MIT */
/* How much one endpoint may hold between two visits of its driver. */
#ifndef TN_CORE_LIMITS_H
#define TN_CORE_LIMITS_H

/* Outputs are gathered in chunks of this size: a datagram of the largest size fits. */
#define TN_OUT_CHUNK_BYTES   (64 * 1024)
/* Sockets to open and close, lookups: room for a few dozen of them is there when memory is not. */
#define TN_OUT_RESERVE_BYTES (8 * 1024)
/* Chunks kept for later; a handover of a thousand calls then allocates nothing. */
#define TN_OUT_SPARES_MAX    16
/* From here on inputs are refused with TERN_EBUSY until the driver has drained: a handover of ten
 * thousand calls (a re-INVITE of 1.5 KiB each) still fits into one visit. */
#define TN_OUT_BYTES_MAX     (16 * 1024 * 1024)
/* What a single input may still add is bounded too; beyond it outputs are lost (out_of_memory). */
#define TN_OUT_BYTES_LIMIT   (64 * 1024 * 1024)

/* Effects are drained within the input that caused them. The most at once: one flow goes down that
 * carries a few transactions of each of 20000 calls. */
#define TN_EFFECTS_FIRST 64
#define TN_EFFECTS_LIMIT (256 * 1024)

#endif

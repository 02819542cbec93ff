/* SPDX-License-Identifier: MIT */
/*
 * A small world for tests of the simulator: each host runs the core that only listens
 * (unit/uv/fake_core.h), with a UDP socket 1 on port 5060.
 */
#ifndef SIM_RIG_H
#define SIM_RIG_H

#include <tern/sim.h>

#include "unit/uv/fake_core.h"

#define RIG_HOSTS 4

extern struct tern_sim *sim;
extern struct tern_endpoint *hosts[RIG_HOSTS + 1]; /* from 1 */

/* A world with so many nets, each of 10 ms, and so many hosts; no addresses. */
void rig_begin(uint32_t nets, uint32_t host_count);
void rig_end(void);
tern_addr rig_addr(const char *text);
void rig_plug(uint32_t host, uint32_t net, const char *address, int32_t preference);
void rig_nat(uint32_t net, struct tern_sim_nat nat, const char *outside);
void rig_run(tern_time duration);
/* One datagram from socket 1. @return whether `to` has got it within 200 ms */
bool rig_reaches(uint32_t from, const char *local, const char *remote, uint32_t to);
/* A datagram straight back to where the last one came from. */
bool rig_answers(uint32_t from, uint32_t to);
/* The last datagram that the host has received. */
const struct fake_input *rig_last(uint32_t host, enum fake_kind kind);

#endif

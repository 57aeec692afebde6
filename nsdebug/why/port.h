/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port - may somebody bind a port in the target's network namespace? inet_bind() and
 * inet_port_requires_bind_service() of Linux 6.1. And does somebody have it already: who
 * listens, or a connection as its own port, which bind(2) minds as well.
 */
#ifndef NSDEBUG_WHY_PORT_H
#define NSDEBUG_WHY_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

struct ending;
struct inside;
struct target;

/* In a ROLE_PROC child with NETS_OWN; dir: /proc/PID of who asks.
 * Of one that is in use word says who has it: its program and pid, the container's own number.
 * WHY_UNKNOWN where the namespace could not be looked into. */
void port_judge(struct inside *in, const struct target *t, int dir, const struct creds *c,
		uint16_t port, bool udp, struct reason *ret);

/* Of one that has ended, by what is recorded of its network namespace. */
void port_left(const struct ending *x, const struct creds *c, uint16_t port, struct reason *ret);

#endif

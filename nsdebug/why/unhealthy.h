/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unhealthy - what is said of a container whose health checks fail, by what its engine has written
 * down of them. Pure.
 */
#ifndef NSDEBUG_WHY_UNHEALTHY_H
#define NSDEBUG_WHY_UNHEALTHY_H

#include <stdbool.h>

struct ending;
struct finding;
struct findings;

/* Does it run, and its engine call it unhealthy? */
bool unhealthy_is(const struct ending *x);
/* Adds a finding if its checks fail, or did so when it ended; else NULL. */
struct finding *unhealthy_say(struct findings *f, const struct ending *x);

#endif

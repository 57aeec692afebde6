/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the clocks of the machine, in nanoseconds.
 */
#ifndef NSDEBUG_BASE_CLOCK_H
#define NSDEBUG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

static inline uint64_t clock_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_ns(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

#endif

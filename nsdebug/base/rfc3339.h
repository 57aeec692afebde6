/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc3339 - times as runtimes write them and users type them.
 */
#ifndef NSDEBUG_BASE_RFC3339_H
#define NSDEBUG_BASE_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

/* 2026-01-31T12:00:00.5Z, of UTC; the Z may be left out, or an offset be there: +01:00. Seconds
 * since 1970, and nanoseconds. */
bool time_parse(const char *text, int64_t *sec, uint32_t *nsec);

#endif

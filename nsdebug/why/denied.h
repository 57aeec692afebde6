/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denied - what a program's own words say of a file that it could not write, held against what is
 * known of its mounts. Pure.
 */
#ifndef NSDEBUG_WHY_DENIED_H
#define NSDEBUG_WHY_DENIED_H

#include <stdbool.h>

struct ending;
struct findings;
struct look_ids;

/* Adds a finding if the line tells of a path that cannot be written and the container's records
 * say why; the line alone proves nothing. The cure is for who wrote it. */
bool denied_line(struct findings *f, const struct ending *x, const struct look_ids *as,
		 const char *line);

#endif

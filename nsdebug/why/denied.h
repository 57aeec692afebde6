/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denied - what a program's own words say of a file that was refused to it, held against what is
 * known of its mounts and, of a mode, against its files. Pure, but for these.
 */
#ifndef NSDEBUG_WHY_DENIED_H
#define NSDEBUG_WHY_DENIED_H

#include <stdbool.h>

struct ending;
struct finding;
struct findings;
struct look_ids;
struct root;

/* Adds a finding if the line tells of a path that cannot be written and the container's records
 * say why; the line alone proves nothing. The cure is for who wrote it. */
bool denied_line(struct findings *f, const struct ending *x, const struct look_ids *as,
		 const char *line);

/* Of a finding that its words alone have, with a path for which rights are missing: which component
 * of it refuses it, and the cure; or why that was not looked at. With one that is missing, or of a
 * socket that is in use or has no listener: which. The last such path counts. */
void denied_path(struct findings *f, const struct ending *x, const struct look_ids *as,
		 struct finding *s);

/* Of the last finding, that its program may not be executed (EPERM): has its file capabilities? */
void denied_start(struct findings *f, const struct root *root, const struct ending *x);

#endif

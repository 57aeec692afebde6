/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm - what a program's own words name as the reason (words.h), held against its files and its
 * configuration: users and groups, certificates, limits. In a ROLE_READER child.
 *
 * What is seen there is told as the reason. Where nothing can be seen, the words stay as they are:
 * they say what to look at.
 */
#ifndef NSDEBUG_WHY_CONFIRM_H
#define NSDEBUG_WHY_CONFIRM_H

struct ending;
struct finding;
struct findings;
struct root;

/* root: of its files; counts only if x->image has any. */
void confirm(struct findings *f, const struct ending *x, const struct root *root,
	     struct finding *s);

#endif

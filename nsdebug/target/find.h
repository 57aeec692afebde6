/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find - from a word of the user to one container.
 *
 * A word is a name, an id or a unique prefix of an id, with or without the runtime's scheme
 * ("docker://web", "containerd://NAMESPACE/ID"); "pod/NAME[/CONTAINER]" or
 * "NAMESPACE/POD[/CONTAINER]"; or "pid://N". What names mean, in this order:
 *
 *	- A whole generated id is that container's, whatever others are called.
 *	- An exact name or id counts before any prefix. But a name that reads like the beginning of
 *	  another container's generated id (six hex digits or more) is ambiguous, never a guess;
 *	  only an id with its scheme before it, which nobody types by hand, is exact all the same.
 *	- Records of the same process are one container, told by its outermost owner.
 *	- Of several attempts of one container of a pod, the one that lives is meant.
 *	- What processes claim about themselves is asked only where no file of root knows the word;
 *	  what a program calls itself (comm) finds nothing.
 *	- Anything else that fits more than one is ambiguous, whether or not they live.
 */
#ifndef NSDEBUG_TARGET_FIND_H
#define NSDEBUG_TARGET_FIND_H

struct arena;
struct container;
struct err;
struct target;
struct target_want;

/* Finds and pins. Unknown: ST_TARGET, with the nearest name; ambiguous: ST_USAGE, with the list. */
int target_find(struct target *t, const char *word, const struct target_want *want, struct err *e);
/* Only finds it: it may have exited, or not begun. Its strings live in *a. */
int target_look_up(struct container *c, struct arena *a, const char *word,
		   const struct target_want *want, struct err *e);
/* What "pod/NAME" and the like say; *pod is NULL for a word of another kind, *space for any. */
int target_pod_word(const char **space, const char **pod, struct arena *a, const char *word,
		    const struct target_want *want, struct err *e);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold - where many files of a directory were used, a rule of that directory in the place of
 * theirs: thousands of rules keep an AppArmor parser busy, and with more than ten thousand it has
 * too many states, and ends.
 *
 * Only as many as it takes, those of the most files first, and directories before what is below
 * them. What a rule grants then is what was done to all that it stands for: files that were used in
 * another way, or run, or mapped to run, keep their own, and so do those of the kernel's own file
 * systems. No rule is of the whole tree.
 */
#ifndef NSDEBUG_ADVISE_FOLD_H
#define NSDEBUG_ADVISE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/str.h"

struct arena;
struct used_path;

enum fold_kind {
	FOLD_FILES,
	FOLD_DIRS,
	FOLD_NAMES,	/* either: only names are known */
	FOLD_BELOW,	/* all that is below, however deep */
};

struct fold {
	struct bytes dir;	/* of the root nothing */
	uint32_t access;	/* enum used_access */
	enum fold_kind kind;
	uint32_t files;		/* that it stands for */
	uint32_t rules;		/* that these take */
	bool one;		/* namely this one */
	bool put;		/* for who writes it: it stands there already */
	struct fold *into;	/* that of a directory above has its rule */
	struct fold *next;	/* of the same hash */
};

struct folds {
	struct arena *arena;
	struct map by_hash;
	struct fold **items;
	size_t count, rules;
};

/* One that takes a rule. */
void fold_add(struct folds *f, const struct used_path *p);
/* After all of them: no more than `most` rules, if that can be. How many are of directories. */
size_t fold_settle(struct folds *f, size_t most);
/* The rule that it has part in, or NULL: it has its own. */
struct fold *fold_of(const struct folds *f, const struct used_path *p);
void fold_free(struct folds *f);

#define auto_folds __attribute__((cleanup(fold_free)))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* advise/fold: rules of directories, only as many as it takes, and of nothing but what was used. */
#include "nsdebug/advise/fold.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/trace/used.h"
#include "tests/unit/check.h"

#define MAX 5000

static struct used_path paths[MAX];
static char names[MAX][64];
static unsigned int count;

static __attribute__((format(printf, 3, 4))) struct used_path *
add(uint32_t access, uint32_t mode, const char *fmt, ...)
{
	struct used_path *p = &paths[count];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(names[count], sizeof(names[0]), fmt, ap);
	va_end(ap);
	*p = (struct used_path){ .path = { names[count++], (size_t)n }, .access = access,
		.mode = mode };
	return p;
}

static struct folds folds;

static size_t settle(size_t most)
{
	fold_free(&folds);
	folds = (struct folds){ 0 };
	for (unsigned int i = 0; i < count; i++)
		fold_add(&folds, &paths[i]);
	return fold_settle(&folds, most);
}

static bool is_in(const struct used_path *p, const char *dir, enum fold_kind kind)
{
	const struct fold *f = fold_of(&folds, p);

	return f && f->kind == kind && bytes_same(f->dir, (struct bytes){ dir, strlen(dir) });
}

/* Directories of 10, 20, ... files. */
static void some(void)
{
	struct used_path *few, *most, *dir, *run, *proc, *written;

	count = 0;
	for (unsigned int d = 1; d <= 9; d++)
		for (unsigned int f = 0; f < d * 10; f++)
			add(USED_READ, S_IFREG, "/a/d%u/f%u", d, f);
	few = &paths[0];
	most = &paths[count - 1];
	for (unsigned int d = 0; d < 30; d++)
		dir = add(USED_READ, S_IFDIR, "/b/%u", d);
	run = add(USED_READ | USED_EXEC | USED_MAP, S_IFREG, "/a/d9/run");
	written = add(USED_READ | USED_CREATE, S_IFREG, "/a/d9/new");
	for (unsigned int f = 0; f < 200; f++)
		proc = add(USED_READ, S_IFREG, "/proc/sys/%u", f);
	ok(settle(count) == 0 && !fold_of(&folds, most), "as many as may be are left as they are");
	ok(settle(count - 1) == 1 && is_in(most, "/a/d9", FOLD_FILES) && folds.rules < count,
	   "one more: the one with the most files");
	ok(!fold_of(&folds, few) && !fold_of(&folds, dir), "no more than that");
	settle(250);
	ok(is_in(dir, "/b", FOLD_DIRS), "directories by themselves");
	ok(!fold_of(&folds, run), "what is run keeps its rule");
	ok(!fold_of(&folds, written), "what is written, too, where others are read");
	ok(!fold_of(&folds, proc), "and the kernel's own files");
}

/* Many directories of few files: what is below one that is above them. */
static void deep(void)
{
	struct used_path *other, *near;
	size_t n;

	count = 0;
	for (unsigned int d = 0; d < 400; d++)
		for (unsigned int f = 0; f < 5; f++)
			add(USED_READ, S_IFREG, "/app/modules/m%u/lib/f%u", d, f);
	near = add(USED_READ, S_IFREG, "/app/main");
	other = add(USED_READ, S_IFREG, "/etc/f");
	n = settle(100);
	ok(n == 1 && is_in(&paths[0], "/app/modules", FOLD_BELOW) &&
	   fold_of(&folds, &paths[0])->files == 2000, "all that is below, where that is enough");
	ok(!fold_of(&folds, near) && !fold_of(&folds, other) && folds.rules == 3,
	   "and not below what is above that");
	count = 0;
	for (unsigned int d = 0; d < 300; d++)
		add(USED_READ, S_IFREG, "/top%u/f", d);
	ok(settle(10) == 0 && !fold_of(&folds, &paths[0]) && folds.rules == 300,
	   "never the whole tree");
	count = 0;
	for (unsigned int f = 0; f < 300; f++)
		add(USED_WRITE, 0, "/f%u", f);
	ok(settle(10) == 1 && is_in(&paths[0], "", FOLD_NAMES), "files of / itself");
}

int main(void)
{
	some();
	deep();
	fold_free(&folds);
	return done();
}

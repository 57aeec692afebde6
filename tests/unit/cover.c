/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cover: which mounts can be reached, and what hides the others. */
#include "nsdebug/sys/cover.h"

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/mounts.h"
#include "tests/unit/check.h"

static struct arena *a;

/* Lines of "ID PARENT POINT". */
static struct cover made(struct mounts *m, const char *lines, uint64_t root)
{
	char text[4096];
	size_t n = 0;
	struct cover c;

	while (*lines) {
		const char *end = strchr(lines, '\n');
		int id, parent, at;

		sscanf(lines, "%d %d %n", &id, &parent, &at);
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"%d %d 0:%d / %.*s rw - tmpfs t rw\n",
				      id, parent, id, (int)(end - lines) - at, lines + at);
		lines = end + 1;
	}
	*m = (struct mounts){ .root = root };
	mounts_parse(m, arena_dup(a, text, n), a);
	cover_make(&c, m, a);
	return c;
}

/* Id of what hides the mount with this id; 0: nothing. */
static uint64_t hider(const struct cover *c, uint64_t id)
{
	for (size_t i = 0; i < c->mounts->count; i++)
		if (c->mounts->items[i].id == id)
			return c->items[i].hidden_by == NO_MOUNT ? 0 :
				c->mounts->items[c->items[i].hidden_by].id;
	return UINT64_MAX;
}

static uint64_t holder(const struct cover *c, const char *path)
{
	uint32_t at = cover_holding(c, path);

	return at == NO_MOUNT ? 0 : c->mounts->items[at].id;
}

static void plain(void)
{
	struct mounts m;
	struct cover c = made(&m, "1 99 /\n2 1 /a\n3 2 /a/b\n4 1 /ab\n5 1 /a\\040b\n", 0);

	ok(c.root == 0 && c.reachable == 5, "all can be reached");
	ok(holder(&c, "/") == 1 && holder(&c, "/x/y") == 1 && holder(&c, "/aa") == 1, "the root");
	ok(holder(&c, "/a") == 2 && holder(&c, "/a/c") == 2 && holder(&c, "/a/bc") == 2,
	   "one on it");
	ok(holder(&c, "/a/b") == 3 && holder(&c, "/a/b/c/d") == 3, "one on that");
	ok(holder(&c, "/ab") == 4 && holder(&c, "/ab/a") == 4, "a longer name is another");
	ok(c.items[2].parent == 1 && !strcmp(c.items[2].below, "/b"), "where it is on its parent");
	ok(c.items[1].parent == 0 && !strcmp(c.items[1].below, "/a"), "and on the root");
	ok(c.items[0].parent == NO_MOUNT, "the root's parent is none of ours");
}

static void stacked(void)
{
	struct mounts m;
	struct cover c = made(&m,
		"1 99 /\n2 1 /a\n3 2 /a\n4 3 /a\n5 2 /a/x\n6 4 /a/x\n7 5 /a/x/y\n", 1);

	ok(hider(&c, 2) == 3 && hider(&c, 3) == 4 && !hider(&c, 4), "the uppermost counts");
	ok(hider(&c, 5) == 3, "what is on a lower one is hidden");
	ok(hider(&c, 7) == 3, "and what is on that");
	ok(!hider(&c, 6) && holder(&c, "/a/x/y") == 6, "what is on the uppermost is not");
	ok(holder(&c, "/a/z") == 4, "a path leads to the uppermost");
}

static void parents(void)
{
	struct mounts m;
	struct cover c = made(&m, "1 99 /\n2 1 /a/b/c\n3 1 /a\n4 2 /a/b/c/d\n5 1 /a/b\n6 3 /a/b\n"
			      "7 1 /a-\n8 1 /b\n9 1 /b\n", 1);

	ok(hider(&c, 2) == 3 && hider(&c, 5) == 3, "hidden by one on a directory above");
	ok(hider(&c, 4) == 3, "and what is on it");
	ok(!hider(&c, 6) && holder(&c, "/a/b/c") == 6, "what came later is not");
	ok(!hider(&c, 7), "a name that begins like it is another");
	ok(hider(&c, 8) == 9 && !hider(&c, 9), "two at one place: the later one");
}

static void roots(void)
{
	struct mounts m;
	struct cover c = made(&m, "1 99 /\n2 1 /\n3 2 /a\n4 1 /a\n", 1);

	ok(hider(&c, 2) == 1 && hider(&c, 3) == 1, "over the root: not seen");
	ok(!hider(&c, 4) && holder(&c, "/a") == 4 && holder(&c, "/") == 1, "below it: seen");
	c = made(&m, "2 1 /a\n3 2 /a/b\n4 1 /\n5 4 /c\n", 77);
	ok(c.root == NO_MOUNT && !holder(&c, "/x"), "a root on no mount of the table");
	ok(holder(&c, "/a/b") == 3 && hider(&c, 4) == 4 && hider(&c, 5) == 4, "what is over it");
	c = made(&m, "7 6 /\n", 0);
	ok(c.root == 0, "the root, where the kernel does not tell");
	c = made(&m, "", 0);
	ok(c.root == NO_MOUNT && !holder(&c, "/"), "no table at all");
}

static void moved(void)
{
	struct mounts m;
	struct cover c = made(&m, "3 2 /a/b\n2 1 /a\n1 99 /\n", 1);

	ok(c.reachable == 3 && holder(&c, "/a/b/c") == 3, "parents may come later");
	c = made(&m, "1 2 /a\n2 1 /b\n3 3 /c\n", 0);
	ok(m.count == 3, "a ring, which no kernel makes, ends");
	c = made(&m, "1 99 /\n2 1 /old\n3 2 /new/b\n", 1);
	ok(holder(&c, "/new/b") == 3, "a directory that was renamed meanwhile");
}

static void words(void)
{
	ok(!strcmp(cover_below("/a/b", "/a"), "/b") && !strcmp(cover_below("/a", "/a"), "") &&
	   !strcmp(cover_below("/a", "/"), "/a") && !strcmp(cover_below("/", "/"), "") &&
	   !strcmp(cover_below("/a/b", "/a/"), "/b"), "below a directory");
	ok(!cover_below("/ab", "/a") && !cover_below("/", "/a") && !cover_below("", "/a"),
	   "not below");
	ok(cover_path_order("/a", "/a/b") < 0 && cover_path_order("/a/b", "/a b") < 0 &&
	   cover_path_order("/a-", "/a/b") > 0 && cover_path_order("/a", "/a") == 0 &&
	   cover_path_order("/a\377", "/a/b") > 0, "a directory, then what is in it");
}

int main(void)
{
	a = arena_new();
	plain();
	stacked();
	parents();
	roots();
	moved();
	words();
	arena_free(&a);
	return done();
}

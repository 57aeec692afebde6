/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/devrules.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/cgset.h"

#define LIST_MAX (64u << 10)
#define EVERY (DEV_READ | DEV_WRITE | DEV_MKNOD)

/* ---- a list ---- */

static bool scan_number(const char **p, uint32_t *ret)
{
	uint64_t n;

	if (**p == '*') {
		*ret = DEVRULES_ANY;
		++*p;
		return true;
	}
	if (!scan_u64(p, &n) || n >= DEVRULES_ANY)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static uint8_t scan_access(const char **p)
{
	static const char letters[] = "rwm";
	const char *at;
	uint8_t ret = 0;

	for (; **p && (at = strchr(letters, **p)); ++*p)
		ret |= (uint8_t)(1u << (at - letters));
	return ret;
}

/* "c 136:* rwm\n" */
static bool scan_rule(const char **p, struct devrule *r, char *type)
{
	*type = **p;
	if (!*type || !strchr("abc", *type) || *++*p != ' ')
		return false;
	++*p;
	r->block = *type == 'b';
	if (!scan_number(p, &r->major) || *(*p)++ != ':' || !scan_number(p, &r->minor) ||
	    *(*p)++ != ' ')
		return false;
	r->access = scan_access(p);
	if (**p && **p != '\n')
		return false;
	*p += **p == '\n';
	return r->access != 0;
}

bool devrules_parse(struct devrules *r, const char *text)
{
	char type;

	r->kind = DEVRULES_UNKNOWN;
	for (r->count = 0; *text; r->count++) {
		if (r->count == DEVRULES_MAX || !scan_rule(&text, &r->rules[r->count], &type))
			return false;
		if (type == 'a') {
			r->kind = DEVRULES_ALL;
			return true;
		}
	}
	r->kind = DEVRULES_LIST;
	return true;
}

/* ---- of a process ---- */

static void read_v1(struct devrules *r, int dir)
{
	auto_buf struct buf b = { 0 };
	struct stat st;

	if (fd_read_file(dir, "devices.list", &b, LIST_MAX) != 0 ||
	    !devrules_parse(r, b.len ? b.bytes : ""))
		r->kind = DEVRULES_UNKNOWN;
	/* a directory has a link of each one in it */
	r->some = fstat(dir, &st) < 0 || st.st_nlink > 2;
}

/* Those of the cgroups above it count, too. */
static bool is_free_v2(int dir)
{
	union bpf_attr a = { .query = { .target_fd = (uint32_t)dir,
		.attach_type = BPF_CGROUP_DEVICE, .query_flags = BPF_F_QUERY_EFFECTIVE } };

	return syscall(SYS_bpf, BPF_PROG_QUERY, &a, sizeof(a)) == 0 && !a.query.prog_cnt;
}

static void read_set(struct devrules *r, const struct cgset *s)
{
	const struct cgset_at *v1 = NULL;
	bool known = true;

	r->kind = DEVRULES_FREE;
	for (size_t i = 0; i < s->count; i++) {
		const struct cgset_at *at = &s->at[i];

		if (!at->controllers[0])
			known &= at->dir >= 0 && is_free_v2(at->dir);
		else if (strstr(at->controllers, "devices"))
			v1 = at;
	}
	if (v1)
		read_v1(r, v1->dir);
	if (!known)
		r->kind = DEVRULES_UNKNOWN;
}

void devrules_read(struct devrules *r, int proc, int self, struct arena *a)
{
	struct cgroup_mounts mounts = { 0 };
	struct cgset set = { .count = 0 };

	*r = (struct devrules){ .kind = DEVRULES_UNKNOWN };
	if (cgroup_mounts_read(&mounts, self) == 0 && cgset_open(&set, proc, &mounts, a) == 0)
		read_set(r, &set);
	cgset_close(&set);
	cgroup_mounts_free(&mounts);
}

/* ---- questions ---- */

static bool is_number(uint32_t rule, uint32_t n)
{
	return rule == DEVRULES_ANY || rule == n;
}

/* match_exception(): one rule has to allow all of it. */
static bool is_in(const struct devrule *r, size_t n, const struct devrule *ask)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].block == ask->block && is_number(r[i].major, ask->major) &&
		    is_number(r[i].minor, ask->minor) && !(ask->access & ~r[i].access))
			return true;
	return false;
}

static bool is_usual(const struct devrule *ask)
{
	static const struct devrule usual[] = {
		{ .major = 1, .minor = 3, .access = EVERY },	/* null */
		{ .major = 1, .minor = 5, .access = EVERY },	/* zero */
		{ .major = 1, .minor = 7, .access = EVERY },	/* full */
		{ .major = 1, .minor = 8, .access = EVERY },	/* random */
		{ .major = 1, .minor = 9, .access = EVERY },	/* urandom */
		{ .major = 5, .minor = 0, .access = EVERY },	/* tty */
		{ .major = 5, .minor = 2, .access = EVERY },	/* ptmx */
		{ .major = 136, .minor = DEVRULES_ANY, .access = EVERY },	/* pts */
	};

	return !(ask->access & ~(uint32_t)DEV_MKNOD) || is_in(usual, ARRAY_SIZE(usual), ask);
}

enum devrules_answer devrules_ask(const struct devrules *r, bool block, uint32_t major,
				  uint32_t minor, uint32_t access)
{
	const struct devrule ask = { .major = major, .minor = minor, .block = block,
		.access = (uint8_t)access };

	switch (r->kind) {
	case DEVRULES_LIST:
		return is_in(r->rules, r->count, &ask) ? DEVRULES_YES : DEVRULES_NO;
	case DEVRULES_UNKNOWN:
		return is_usual(&ask) ? DEVRULES_YES : DEVRULES_MAYBE;
	default:
		return DEVRULES_YES;
	}
}

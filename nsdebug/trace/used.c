/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/used.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/usedcalls.h"
#include "used.skel.h"

#define RING_SIZE (16u << 20)

TRACER_OBJECT(used)

/* ---- what is noted ---- */

struct used_path *used_find(const struct used *u, struct bytes path)
{
	struct used_path *p = map_get(&u->by_hash, map_hash(MAP_HASH, path.p, path.len));

	while (p && !bytes_same(p->path, path))
		p = p->next;
	return p;
}

static struct bytes parent_of(struct bytes path)
{
	while (path.len > 1 && path.p[path.len - 1] != '/')
		path.len--;
	if (path.len > 1)
		path.len--;
	return path;
}

static struct used_path *add(struct used *u, struct bytes path)
{
	uint64_t hash = map_hash(MAP_HASH, path.p, path.len);
	struct used_path *p;

	if (u->count >= USED_PATHS_MAX || arena_bytes(u->arena) > USED_PATHS_BYTES) {
		u->cut = true;
		return NULL;
	}
	p = arena_alloc(u->arena, sizeof(*p));
	p->path = (struct bytes){ arena_dup(u->arena, path.p, path.len), path.len };
	p->next = map_get(&u->by_hash, hash);
	map_put(&u->by_hash, hash, p);
	u->paths = mem_more(u->paths, u->count);
	u->paths[u->count++] = p;
	return p;
}

/* There may be no end to files with names of their own. */
static struct used_path *add_made(struct used *u, struct bytes path, uint32_t access)
{
	struct bytes above = parent_of(path);
	struct used_path *dir = used_find(u, above);

	if (!dir)
		dir = add(u, above);
	if (!dir)
		return NULL;
	dir->here |= !(access & USED_ELSEWHERE);
	if (dir->made < USED_MADE_MAX) {
		dir->made++;
		return add(u, path);
	}
	dir->many = true;
	dir->mode = S_IFDIR;
	dir->access |= access & (USED_CREATE | USED_REMOVE);
	return NULL;
}

struct used_path *used_note(struct used *u, struct bytes path, uint32_t access)
{
	struct used_path *p = used_find(u, path), *dir;

	/* of one that is not noted there is also a name */
	if (!p && access == USED_TOUCH) {
		dir = used_find(u, parent_of(path));
		if (dir && dir->many)
			return NULL;
	}
	if (!p)
		p = access & (USED_CREATE | USED_REMOVE) ? add_made(u, path, access) : add(u, path);
	if (p) {
		p->access |= access & ~USED_ELSEWHERE;
		p->here |= !(access & USED_ELSEWHERE);
	}
	return p;
}

/* ---- paths ---- */

/* The names of a way, innermost first, as a path; *mount: how much of it is where it is mounted. */
static void put_way(struct buf *b, const char *names, size_t len, uint32_t *mount)
{
	size_t inner = 0;	/* names of the innermost mount */

	while (inner < len && names[inner])
		inner += strlen(names + inner) + 1;
	*mount = 0;
	for (size_t end = len; end > 0;) {
		size_t from = end - 1;

		while (from > 0 && names[from - 1])
			from--;
		if (from < inner && !*mount)
			*mount = b->len ? (uint32_t)b->len : 1;
		if (names[from])
			buf_addf(b, "/%s", names + from);
		end = from;
	}
	if (!b->len)
		buf_char(b, '/');
	if (!*mount)
		*mount = (uint32_t)b->len;
}

/* Appends a name to where it begins, without "." and "..", which lead nowhere above the root: an
 * absolute one begins there. */
static void join(struct buf *b, const char *name)
{
	size_t root = *name == '/' ? b->len : 0;

	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && name[0] == '.' && name[1] == '.') {
			while (b->len > root && b->bytes[b->len - 1] != '/')
				b->len--;
			if (b->len > root)
				b->len--;
		} else if (n && !(n == 1 && name[0] == '.')) {
			if (b->len && b->bytes[b->len - 1] == '/')
				b->len--;
			buf_char(b, '/');
			buf_add(b, name, n);
		}
		name += n + strspn(name + n, "/");
	}
	if (!b->len)
		buf_char(b, '/');
}

static void take_file(struct used *u, const struct used_file *f, const char *names)
{
	auto_buf struct buf b = { 0 };
	struct used_path *p;
	uint32_t mount;

	if (f->cut) {
		u->cut = true;
		return;
	}
	put_way(&b, names, f->len, &mount);
	p = used_note(u, (struct bytes){ b.bytes, b.len }, f->access);
	if (!p)
		return;
	p->mode = f->mode;
	p->magic = f->magic;
	p->mount = mount;
	p->deleted = f->deleted;
	p->named = false;
}

static void take_name(struct used *u, const struct used_name *n, const char *bytes)
{
	auto_buf struct buf b = { 0 };
	struct used_path *p;
	uint32_t mount, access = used_access_of(n->nr, n->arg);
	bool known;

	if (n->cut) {
		u->cut = true;
		return;
	}
	if (n->string)
		put_way(&b, bytes, n->string, &mount);
	join(&b, bytes + n->string);
	known = used_find(u, (struct bytes){ b.bytes, b.len });
	p = used_note(u, (struct bytes){ b.bytes, b.len },
		      access | (n->elsewhere ? USED_ELSEWHERE : 0));
	if (p && !known)
		p->named = true;
}

static void take_cred(struct used *u, const struct used_cred *c)
{
	if (u->ncreds < USED_CREDS_MAX)
		u->creds[u->ncreds++] = *c;
	else
		u->creds_cut = true;
}

static void take_port(struct used *u, const struct used_port *p)
{
	if (u->nports < USED_PORTS_MAX)
		u->ports[u->nports++] = *p;
	else
		u->ports_cut = true;
}

/* The kernel's ring: records are as the programs of this binary made them. */
static int take(void *ctx, void *bytes, size_t len)
{
	struct used *u = ctx;
	const struct used_file *f = bytes;
	const struct used_name *n = bytes;
	const char *after = (const char *)(f + 1);

	if (len >= sizeof(*f) && f->record == USED_FILE && f->len <= len - sizeof(*f) &&
	    (!f->len || !after[f->len - 1]))
		take_file(u, f, after);
	else if (len > sizeof(*f) && n->record == USED_NAME && n->len <= len - sizeof(*f) &&
		 n->string < n->len && !after[n->len - 1])
		take_name(u, n, after);
	else if (len >= sizeof(struct used_cred) && f->record == USED_CRED)
		take_cred(u, bytes);
	else if (len >= sizeof(struct used_port) && f->record == USED_PORT)
		take_port(u, bytes);
	return 0;
}

/* ---- start ---- */

static bool has_iterator(const char *name)
{
	return libbpf_find_vmlinux_btf_id(name, BPF_TRACE_ITER) > 0;
}

static void choose(struct used *u, struct used_bpf *b)
{
	struct capable *c = &u->capable;
	bool there = !u->tracer.next, finds;
	struct err none;

	if (capable_hook(c, &none) < 0)
		c->hook = CAPABLE_NONE;
	bpf_program__set_autoload(b->progs.on_check, c->hook == CAPABLE_TRACEPOINT);
	bpf_program__set_autoload(b->progs.on_check_exit, c->hook == CAPABLE_FEXIT);
	bpf_map__set_autocreate(b->maps.cap_counts, c->hook != CAPABLE_NONE);
	b->rodata->is_modern = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT,
						       BPF_FUNC_task_pt_regs, NULL) > 0;
	finds = b->rodata->is_modern &&
		libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_find_vma, NULL) > 0;
	bpf_program__set_autoload(b->progs.used_loader, finds);
	bpf_program__set_autoload(b->progs.used_exit, finds);
	bpf_program__set_autoload(b->progs.used_loader_old, !finds);
	bpf_program__set_autoload(b->progs.used_exit_old, !finds);
	c->asked = c->hook == CAPABLE_FEXIT || capable_askers(c->symbols, c->askers);
	for (size_t i = 0; i < CAP_ASKERS; i++)
		b->rodata->cap_askers[i] = c->askers[i];
	for (unsigned int i = 0; i < used_entry_count; i++)
		b->rodata->known_calls[used_entries[i].nr] = used_entries[i].call;
	b->rodata->visits_vma = has_iterator("task_vma");
	bpf_program__set_autoload(b->progs.look_task, there);
	bpf_program__set_autoload(b->progs.look_file, there);
	bpf_program__set_autoload(b->progs.look_mapping, there && b->rodata->visits_vma);
	bpf_map__set_max_entries(b->maps.ring, RING_SIZE);
}

/* Runs an iterator once, on all that there is: there is nothing to read. */
static int look(struct bpf_program *p, struct err *e)
{
	auto_close int iter = -1;
	struct bpf_link *link;
	char none[64];
	ssize_t n;

	if (!bpf_program__autoload(p))
		return 0;
	link = bpf_program__attach(p);
	if (!link)
		return err_bpf(e, -errno, bpf_program__name(p));
	iter = bpf_iter_create(bpf_link__fd(link));
	while ((n = iter < 0 ? -1 : read(iter, none, sizeof(none))) < 0 && errno == EAGAIN)
		;
	bpf_link__destroy(link);
	return n < 0 ? err_sys(e, "look at what is there") : 0;
}

/* Calls are seen to begin before they are seen to end, and both before we look around: what comes
 * meanwhile is told twice. */
static int attach(struct used *u, struct used_bpf *b, struct err *e)
{
	struct bpf_program *const looks[] = { b->progs.look_task, b->progs.look_file,
					      b->progs.look_mapping };
	struct bpf_program *p;

	if (tracer_attach(&u->tracer, b->progs.used_enter, false, e) < 0)
		return -1;
	bpf_object__for_each_program(p, b->obj) {
		bool optional = p == b->progs.on_uring || p == b->progs.on_uring_old;

		if (p != looks[0] && p != looks[1] && p != looks[2] &&
		    tracer_attach(&u->tracer, p, optional, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
		if (look(looks[i], e) < 0)
			return -1;
	b->bss->settled = true;
	TRACER_LISTEN(&u->tracer, b);
	u->entered = b->bss->entered;
	u->refused = b->bss->refused;
	u->families = b->bss->families;
	u->signals = &b->bss->signals;
	u->compat = &b->bss->compat;
	u->strange = &b->bss->strange;
	u->left_out = &b->bss->left_out;
	u->too_long = &b->bss->too_long;
	u->uring = &b->bss->uring;
	u->spaces = &b->bss->spaces;
	u->leaves = &b->bss->leaves;
	u->gains = &b->bss->gains;
	u->gained = &b->bss->gained;
	u->outside = &b->bss->outside;
	u->unsure = &b->bss->unsure;
	u->end = (const volatile struct used_end *)&b->bss->outcome;
	return tracer_seal(&u->tracer, bpf_map__fd(b->maps.ring), take, u, e);
}

static bool has_apparmor(void)
{
	auto_close int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char said = 'N';

	return fd >= 0 && read(fd, &said, 1) == 1 && said == 'Y';
}

static int start(struct used *u, struct inside *in, const struct tracer_opts *opts,
		 const struct target *target, struct err *e)
{
	struct bpf_object_open_opts o;
	struct used_bpf *b;
	int ret;

	if (tracer_init(&u->tracer, in, opts, target, e) < 0)
		return -1;
	tracer_open_opts(&u->tracer, &o);
	b = used_bpf__open_opts(&o);
	if (!b)
		return err_bpf(e, -errno, "open the programs");
	choose(u, b);
	u->apparmor = has_apparmor();
	TRACER_SET_FILTER(&u->tracer, b);
	b->rodata->filter_userns = (uint32_t)target->ns.user;
	ret = used_bpf__load(b);
	if (ret < 0)
		return err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&u->tracer, b->obj, e) < 0)
		return -1;
	b->bss->outcome.first = target->next ? 0 : (uint32_t)target->pid;
	if (u->capable.hook != CAPABLE_NONE &&
	    capable_map(&u->capable, bpf_map__fd(b->maps.cap_counts), e) < 0)
		return -1;
	return attach(u, b, e);
}

static int by_path(const void *a, const void *b)
{
	const struct used_path *x = *(struct used_path *const *)a;
	const struct used_path *y = *(struct used_path *const *)b;
	size_t n = x->path.len < y->path.len ? x->path.len : y->path.len;
	int c = memcmp(x->path.p, y->path.p, n);

	return c ? c : x->path.len < y->path.len ? -1 : x->path.len > y->path.len;
}

void used_sort(struct used *u)
{
	if (u->count)
		qsort(u->paths, u->count, sizeof(*u->paths), by_path);
}

bool used_run(struct used *u, struct inside *in, const struct tracer_opts *opts,
	      const struct target *target)
{
	struct err e;

	u->arena = arena_new();
	if (start(u, in, opts, target, &e) < 0) {
		emit_err(&in->emit, &e);
		return false;
	}
	u->tracer.counts = true;
	tracer_run(&u->tracer);
	u->ended_ns = clock_ns();
	used_sort(u);
	return true;
}

void used_free(struct used *u)
{
	free(u->paths);
	map_free(&u->by_hash);
	arena_free(&u->arena);
}

/* What a thread may do in a user namespace that it has made, nobody need give it. */
uint64_t used_cap_in(const struct used *u, unsigned int cap, enum cap_sort sort, unsigned int call)
{
	const struct cap_count *c;
	uint64_t sum = 0;

	if (!u->capable.counts || cap >= CAP_MAX || call >= CAP_CALLS)
		return 0;
	c = &u->capable.counts[call * CAP_MAX + cap];
	for (unsigned int ns = 0; ns < CAP_NS_COUNT; ns++)
		if (ns != CAP_NS_INNER)
			sum += c->n[ns][sort];
	return sum;
}

uint64_t used_cap(const struct used *u, unsigned int cap, enum cap_sort sort)
{
	uint64_t sum = 0;

	for (unsigned int call = 0; call < CAP_CALLS; call++)
		sum += used_cap_in(u, cap, sort, call);
	return sum;
}

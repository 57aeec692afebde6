/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/types.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "bpf.inc"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/mintypes.h"
#include "nsdebug/trace/tracer.h"

#define KERNEL "/sys/kernel/btf/vmlinux"
#define NOTES "/sys/kernel/notes"
#define RUN "/run"
#define DIR_NAME "nsdebug"
#define FILE_MAX (1u << 20)
#define NAME_ROOM 64

struct header {
	char magic[8];
	uint64_t sum;		/* of what follows */
};

static const char magic[8] = "nsd-bt2";

static uint64_t sum_of(uint64_t sum, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 1099511628211u;
	return sum;
}

/* Its name for this kernel and these programs; false: there is no telling kernels apart. */
static bool name_it(char name[NAME_ROOM])
{
	auto_buf struct buf notes = { 0 };

	if (fd_read_file(AT_FDCWD, NOTES, &notes, 65536) < 0 || !notes.len)
		return false;
	snprintf(name, NAME_ROOM, "btf.%016llx.%s",
		 (unsigned long long)sum_of(14695981039346656037u, notes.bytes, notes.len),
		 BPF_SUM);
	return true;
}

/* ---- the file ---- */

static bool is_roots(const struct stat *st, mode_t type, mode_t others)
{
	return (st->st_mode & S_IFMT) == type && !st->st_uid && !(st->st_mode & others);
}

/* The directory, made if it is not there; -1: there is none, with e->msg if one is not ours. */
static int open_dir(struct err *e)
{
	auto_close int run = open(RUN, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), dir = -1;
	struct stat st;
	bool made;

	if (run < 0 || geteuid())
		return -1;
	made = mkdirat(run, DIR_NAME, 0700) == 0;
	dir = openat(run, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0 && made)
		fchmod(dir, 0700);	/* not the umask's to say */
	if (dir >= 0 && fstat(dir, &st) == 0 && is_roots(&st, S_IFDIR, 077))
		return take_fd(&dir);
	if (dir >= 0 || errno == ELOOP || errno == ENOTDIR)
		err_set(e, ST_REFUSED, RUN "/" DIR_NAME " is not a directory of root's alone "
			"(0700): nothing is kept there, and each trace starts a little later");
	return -1;
}

/* True if there is one that can be believed. */
static bool load(int dir, const char *name, struct buf *b)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const struct header *h;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_roots(&st, S_IFREG, 077) || st.st_nlink != 1 ||
	    fd_read_all(fd, b, FILE_MAX) != 0)
		return false;
	h = (const void *)b->bytes;
	return b->len > sizeof(*h) && !memcmp(h->magic, magic, sizeof(magic)) &&
		h->sum == sum_of(0, h + 1, b->len - sizeof(*h));
}

/* Others see the old one or the new one, never half of it. */
static void keep(int dir, const char *name, const struct buf *b)
{
	char new[NAME_ROOM + 32];
	auto_close int fd = -1;

	snprintf(new, sizeof(new), "%s.%d", name, (int)getpid());
	unlinkat(dir, new, 0);	/* of one that was killed here, with this pid */
	fd = openat(dir, new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (fchmod(fd, 0600) < 0 || fd_write_all(fd, b->bytes, b->len) < 0 ||
	    renameat(dir, new, dir, name) < 0)
		unlinkat(dir, new, 0);
}

/* ---- what is in it ---- */

#define DECLARE(name) object_fn name##_object;
BPF_OBJECTS(DECLARE)
#define GIVE(name) name##_object,
static object_fn *const objects[] = { BPF_OBJECTS(GIVE) };

/* Numbers are kept as those of an enumeration. */
static const char numbers[] = "nsdebug_functions";
static const char *const functions[] = { "bpf_iter_task" };

static bool add_numbers(struct btf *to, const struct btf *kernel)
{
	if (btf__add_enum(to, numbers, sizeof(uint32_t)) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		int id = btf__find_by_name_kind(kernel, functions[i], BTF_KIND_FUNC);

		if (id > 0 && btf__add_enum_value(to, functions[i], id) < 0)
			return false;
	}
	return true;
}

uint32_t types_function(const char *path, const char *name)
{
	struct btf *types = btf__parse(path, NULL);
	int id = types ? btf__find_by_name_kind(types, numbers, BTF_KIND_ENUM) : -1;
	const struct btf_type *t = id > 0 ? btf__type_by_id(types, (uint32_t)id) : NULL;
	uint32_t ret = 0;

	for (uint32_t i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(types, btf_enum(t)[i].name_off), name))
			ret = (uint32_t)btf_enum(t)[i].val;
	btf__free(types);
	return ret;
}

/* The types in the objects, and of these what the kernel has. */
static struct btf *make(void)
{
	struct bpf_object *opened[ARRAY_SIZE(objects)] = { NULL };
	struct btf *kernel, *ours[ARRAY_SIZE(objects)], *ret = NULL;
	size_t n = 0;

	kernel = btf__parse_raw(KERNEL);
	if (!kernel)
		return NULL;
	for (; n < ARRAY_SIZE(objects); n++) {
		size_t len;
		const void *bytes = objects[n](&len);

		opened[n] = bpf_object__open_mem(bytes, len, NULL);
		ours[n] = opened[n] ? bpf_object__btf(opened[n]) : NULL;
		if (!ours[n])
			break;
	}
	if (n == ARRAY_SIZE(objects))
		ret = mintypes(kernel, ours, n);
	if (ret && !add_numbers(ret, kernel)) {
		btf__free(ret);
		ret = NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		bpf_object__close(opened[i]);
	btf__free(kernel);
	return ret;
}

static bool make_file(struct buf *b)
{
	struct header h = { .sum = 0 };
	struct btf *types = make();
	const void *bytes;
	uint32_t len = 0;

	buf_clear(b);
	bytes = types ? btf__raw_data(types, &len) : NULL;
	if (bytes) {
		memcpy(h.magic, magic, sizeof(magic));
		h.sum = sum_of(0, bytes, len);
		buf_add(b, &h, sizeof(h));
		buf_add(b, bytes, len);
	}
	btf__free(types);
	return bytes;
}

/* libbpf takes a path: the child's is that of a descriptor, which is only for reading. */
static int in_memory(const struct buf *b)
{
	auto_close int fd = memfd_create("btf", MFD_CLOEXEC);
	char path[TYPES_PATH];

	if (fd < 0 || fd_write_all(fd, b->bytes + sizeof(struct header),
				   b->len - sizeof(struct header)) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A write beyond it would end us. */
static bool may_write(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_cur >= FILE_MAX;
}

int types_open(struct err *e)
{
	auto_buf struct buf b = { 0 };
	auto_close int dir = -1;
	char name[NAME_ROOM];

	*e = (struct err){ 0 };
	libbpf_set_print(NULL);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (!may_write() || !name_it(name))
		return -1;
	dir = open_dir(e);
	if (dir >= 0 && load(dir, name, &b))
		return in_memory(&b);
	if (!make_file(&b))
		return -1;
	if (dir >= 0)
		keep(dir, name, &b);
	return in_memory(&b);
}

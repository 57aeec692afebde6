/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/holders.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/descr.h"
#include "nsdebug/sys/proc.h"

static void add(struct holders *h, const struct holder *one)
{
	if (h->count == HOLDERS_MAX) {
		h->cut = true;
		return;
	}
	h->items = mem_more(h->items, h->count);
	h->items[h->count++] = *one;
	h->sorted = false;
}

int holders_add(struct holders *h, int dir, pid_t pid, const struct map *only)
{
	auto_close int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t n;

	if (fds < 0)
		return -1;
	proc_dir_init(&d, fds);
	while (proc_dir_next(&d, &n) > 0) {
		struct holder one = { .pid = pid, .fd = (uint32_t)n };
		enum descr_type type;
		struct stat st;
		char name[16];

		snprintf(name, sizeof(name), "%d", (int)n);
		type = descr_object(fds, name, &one.inode);
		if (type == DESCR_UNKNOWN || (only && !map_get(only, one.inode)))
			continue;
		one.socket = type == DESCR_SOCKET;
		/* the link itself has the rights of the descriptor */
		if (!one.socket && fstatat(fds, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			one.reads = st.st_mode & S_IRUSR;
			one.writes = st.st_mode & S_IWUSR;
		}
		add(h, &one);
	}
	return 0;
}

static int in_order(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->socket != y->socket)
		return x->socket ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

const struct holder *holders_of(struct holders *h, bool socket, uint64_t inode, size_t *count)
{
	size_t low = 0, high = h->count, n = 0;

	if (!h->sorted && h->count)
		qsort(h->items, h->count, sizeof(*h->items), in_order);
	h->sorted = true;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct holder *m = &h->items[mid];

		if (m->inode < inode || (m->inode == inode && m->socket && !socket))
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < h->count && h->items[low + n].inode == inode &&
	       h->items[low + n].socket == socket)
		n++;
	*count = n;
	return n ? &h->items[low] : NULL;
}

void holders_free(struct holders *h)
{
	free(h->items);
	*h = (struct holders){ 0 };
}

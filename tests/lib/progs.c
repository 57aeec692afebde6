/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progs - the BPF programs that this kernel holds, one a line:
 *
 *	ID NAME WHERE RUNS
 *
 * WHERE is the tracepoint or iterator that a link attaches it to, "link" for one of another kind,
 * "-" if there is none. RUNS is 0 unless kernel.bpf_stats_enabled is set.
 */
#include <err.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX 1024

static struct {
	__u32 prog;
	char where[64];
} links[LINKS_MAX];
static int count;

static long bpf(int cmd, union bpf_attr *a)
{
	return syscall(SYS_bpf, cmd, a, sizeof(*a));
}

/* The next one's descriptor, or -1 when there is no more. One that is gone by then is passed. */
static int next(int walk, int open, __u32 *id)
{
	for (;;) {
		union bpf_attr a = { .start_id = *id };
		long fd;

		if (bpf(walk, &a) < 0) {
			if (errno != ENOENT)
				err(1, "bpf: next id");
			return -1;
		}
		*id = a.next_id;
		a = (union bpf_attr){ .prog_id = *id };
		fd = bpf(open, &a);
		if (fd >= 0)
			return (int)fd;
		if (errno != ENOENT)
			err(1, "bpf: open %u", *id);
	}
}

static void info(int fd, void *to, __u32 len)
{
	union bpf_attr a = { .info = {
		.bpf_fd = (__u32)fd, .info_len = len, .info = (__u64)(unsigned long)to,
	} };

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &a) < 0)
		err(1, "bpf: info");
}

static void read_links(void)
{
	__u32 id = 0;
	int fd;

	while (count < LINKS_MAX &&
	       (fd = next(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, &id)) >= 0) {
		char *where = links[count].where;
		struct bpf_link_info l = { 0 };

		info(fd, &l, sizeof(l));
		links[count++].prog = l.prog_id;
		strcpy(where, "link");
		if (l.type == BPF_LINK_TYPE_RAW_TRACEPOINT || l.type == BPF_LINK_TYPE_ITER) {
			__u64 name = (__u64)(unsigned long)where;

			l = (struct bpf_link_info){ 0 };
			/* iter.target_name is the same place */
			l.raw_tracepoint.tp_name = name;
			l.raw_tracepoint.tp_name_len = sizeof(links[0].where);
			info(fd, &l, sizeof(l));
		}
		close(fd);
	}
}

int main(void)
{
	__u32 id = 0;
	int fd;

	read_links();
	while ((fd = next(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, &id)) >= 0) {
		struct bpf_prog_info p = { 0 };
		const char *where = "-";

		info(fd, &p, sizeof(p));
		for (int i = 0; i < count; i++)
			if (links[i].prog == p.id)
				where = links[i].where;
		printf("%u %s %s %llu\n", p.id, p.name[0] ? p.name : "?", where,
		       (unsigned long long)p.run_cnt);
		close(fd);
	}
	return 0;
}

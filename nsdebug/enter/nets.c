/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/nets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"

static bool have(const struct inside *in, uint64_t id)
{
	for (size_t i = 0; i < in->nnets; i++)
		if (in->nets[i].id == id)
			return true;
	return false;
}

/* In the namespace that ns is open on. Connected to the kernel, the socket takes nothing of others:
 * who has CAP_NET_ADMIN in there may send to any that is not. */
static int add(struct inside *in, int ns)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	auto_close int fd = -1;
	struct stat st;

	if (fstat(ns, &st) < 0 || setns(ns, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0 || connect(fd, (const void *)&kernel, sizeof(kernel)) < 0)
		return -1;
	in->nets = mem_more(in->nets, in->nnets);
	in->nets[in->nnets++] = (struct net){ st.st_ino, take_fd(&fd), -1, -1, -1 };
	return 0;
}

static void learn_pings(struct inside *in)
{
	uint64_t first, last;
	char text[64];
	const char *p = text;

	if (fd_read_at(in->procfs, "sys/net/ipv4/ping_group_range", text, sizeof(text)) <= 0 ||
	    !scan_u64(&p, &first))
		return;
	p += strspn(p, " \t");
	if (!scan_u64(&p, &last) || first > UINT32_MAX || last > UINT32_MAX)
		return;
	in->nets[0].ping_first = (int64_t)first;
	in->nets[0].ping_last = (int64_t)last;
}

/* What /proc/sys/net says is of the network namespace of who looks: asked in the target's. */
static void learn_ports(struct inside *in)
{
	const char *p;
	char text[32];
	uint64_t port;

	if (fd_read_at(in->procfs, "sys/net/ipv4/ip_unprivileged_port_start", text,
		       sizeof(text)) <= 0)
		return;
	p = text;
	if (scan_u64(&p, &port) && port <= UINT16_MAX + 1u)
		in->nets[0].first_port = (int64_t)port;
}

/* A process may be gone, or its namespace not ours to join: then it is left out. */
static void add_process(struct inside *in, pid_t pid)
{
	auto_close int ns = -1;
	char path[32];
	uint64_t id;

	snprintf(path, sizeof(path), "%d/ns/net", (int)pid);
	id = ns_id_at(in->procfs, path);
	if (!id || have(in, id))
		return;
	in->nets_cut = in->nnets == NETS_MAX;
	if (in->nets_cut)
		return;
	ns = openat(in->procfs, path, O_RDONLY | O_CLOEXEC);
	if (ns >= 0)
		add(in, ns);
}

static void add_node(struct inside *in)
{
	auto_close int procs = openat(in->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t pid;

	if (procs < 0)
		return;
	proc_dir_init(&d, procs);
	while (!in->nets_cut && proc_dir_next(&d, &pid) > 0)
		add_process(in, pid);
}

int nets_open(struct inside *in, enum nets which, struct err *e)
{
	auto_close int home = openat(in->procfs, "self/ns/net", O_RDONLY | O_CLOEXEC);
	auto_close int ns = openat(in->proc, "ns/net", O_RDONLY | O_CLOEXEC);

	if (home < 0 || ns < 0 || add(in, ns) < 0)
		in->nets_err = errno;
	else if (which == NETS_OWN)
		learn_ports(in), learn_pings(in);
	else if (which == NETS_NODE)
		add_node(in);
	if (home >= 0 && setns(home, CLONE_NEWNET) < 0 && in->nnets)
		return err_sys(e, "return to the host's network namespace");
	return 0;
}

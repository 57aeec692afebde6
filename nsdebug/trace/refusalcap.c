/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusalcap - which capabilities a call that was refused asks for, and other rules of it: the
 * manual of each, section 2, up to Linux 6.18.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/own.h"
#include "nsdebug/trace/refusal.h"
#include "nsdebug/why/callcap.h"
#include "nsdebug/why/capable.h"

static struct callcap_call of_view(const struct sysview *v)
{
	struct callcap_call c = { .unknown = 0 };

	memcpy(c.args, v->call->args, sizeof(c.args));
	return c;
}

/* Files are judged by their own rights. */
uint64_t refusal_caps(const struct sysview *v)
{
	const struct callcap *k = callcap_of(v->call->nr);
	struct callcap_call c = of_view(v);

	return k && !k->file ? callcap_set(k, &c) : 0;
}

uint64_t refusal_caps_always(const struct sysview *v, bool *host)
{
	const struct callcap *k = callcap_of(v->call->nr);
	struct callcap_call c = of_view(v);

	*host = k && k->over == OVER_HOST;
	return k && callcap_asks(k, &c) == CALLCAP_YES ? callcap_set(k, &c) : 0;
}

static const struct {
	uint16_t nr, err;
	const char *text;
} rules[] = {
	{ SYS_prlimit64, EPERM, "RLIMIT_NOFILE cannot be above fs.nr_open" },
	{ SYS_setrlimit, EPERM, "RLIMIT_NOFILE cannot be above fs.nr_open" },
	{ SYS_openat2, ELOOP, "a link is on its way, which RESOLVE_NO_SYMLINKS or "
		"RESOLVE_NO_MAGICLINKS of its own flags does not allow" },
	{ SYS_openat2, EXDEV, "it leads out of what RESOLVE_* of its own flags allow" },
	{ SYS_copy_file_range, EXDEV, "the two files are on file systems of different kinds" },
	{ SYS_unshare, EPERM, "user namespaces: its own user or group is not mapped, it has "
	  "another root than its mount namespace, or a sysctl forbids them" },
	{ SYS_clone, EPERM, "user namespaces: its own user or group is not mapped, it has "
	  "another root than its mount namespace, or a sysctl forbids them" },
	{ SYS_setpgid, EPERM, "the process leads its session, or that group is of another one" },
	{ SYS_setsid, EPERM, "the process leads a group already" },
	{ SYS_setpgid, EACCES, "the child has run a program since" },
	{ SYS_write, EPERM, "the file is sealed against writing" },
	{ SYS_ftruncate, EPERM, "the file is sealed, or only appended to" },
	{ SYS_fallocate, EPERM, "the file is sealed, or only appended to" },
	{ SYS_mmap, EPERM, "the file is sealed, or is on a mount without exec" },
	{ SYS_mmap, EACCES, "the file is not open for this" },
	{ SYS_mprotect, EACCES, "what is mapped there was not opened for this" },
	{ SYS_epoll_ctl, EPERM, "a file of this kind cannot be waited for" },
	{ SYS_sendto, EPERM, "a packet filter (iptables, nftables, BPF) of the network namespace" },
	{ SYS_sendmsg, EPERM, "a packet filter (iptables, nftables, BPF) of the network "
	  "namespace" },
	{ SYS_sendmmsg, EPERM, "a packet filter (iptables, nftables, BPF) of the network "
	  "namespace" },
	{ SYS_sendto, EACCES, "a broadcast address without SO_BROADCAST" },
	{ SYS_connect, EACCES, "a broadcast address without SO_BROADCAST, or a routing rule" },
	{ SYS_connect, EPERM, "a packet filter or a BPF program of the cgroup" },
	{ SYS_bind, EPERM, "a BPF program of the cgroup" },
	{ SYS_sched_setscheduler, EPERM, "its cpu cgroup has no real-time runtime "
	  "(cpu.rt_runtime_us)" },
	{ SYS_sched_setattr, EPERM, "its cpu cgroup has no real-time runtime "
	  "(cpu.rt_runtime_us)" },
	{ SYS_io_uring_setup, EPERM, "kernel.io_uring_disabled" },
	{ SYS_userfaultfd, EPERM, "vm.unprivileged_userfaultfd" },
};

const char *refusal_rule(const struct sysview *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].nr == v->call->nr && rules[i].err == -v->call->ret)
			return rules[i].text;
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curesysctl - of files below /proc/sys.
 */
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/why/curing.h"

/* Those that are of a namespace, which runtimes set. */
static bool is_of_namespace(const char *name)
{
	static const char *const all[] = { "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni",
		"kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
		"kernel.shm_rmid_forced" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i]))
			return true;
	return str_prefix(name, "net.") || str_prefix(name, "fs.mqueue.");
}

/* Which the kubelet lets every pod set (Kubernetes 1.29; pkg/kubelet/sysctl/safe_sysctls.go). */
static bool is_safe(const char *name)
{
	static const char *const all[] = { "kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i]))
			return true;
	return false;
}

void curing_uts(struct making *m, bool domain)
{
	if (m->r->hint & HINT_HOST_UTS) {
		TEXT(m, "it is the node's name: leave it to the node; the program goes on without");
		return;
	}
	TEXT(m, "let the runtime set it when the container starts, which takes no call and no "
	     "capability: %s; the program goes on without", domain ? "--domainname of docker, "
	     "domainname in config.json; podman and Kubernetes have nothing for it" : "--hostname, "
	     "spec.hostname of a pod, hostname in config.json (not with --uts host or "
	     "hostNetwork: that name is the node's)");
	if (domain) {
		curing_say(m->cure->docker, "--domainname VALUE");
		return;
	}
	KUBERNETES(m, "spec: {hostname: VALUE}");
	curing_both(m, "--hostname VALUE");
}

/* /proc/sys/net/core/somaxconn is net.core.somaxconn */
void curing_sysctl(struct making *m)
{
	char name[CURE_TEXT];
	size_t n = 0;

	TEXT(m, "it is the node's, not of a namespace: let the node set it");
	if (!str_prefix(m->r->path, "/proc/sys/") || !curing_plain(m->r->path))
		return;
	for (const char *p = m->r->path + 10; *p && n + 1 < sizeof(name); p++)
		name[n++] = *p == '/' ? '.' : *p;
	name[n] = '\0';
	if (str_prefix(name, "user.")) {
		TEXT(m, "it is of the user namespace, and takes CAP_SYS_RESOURCE in it and a "
		     "/proc/sys that can be written to: let the node set its own");
	} else if (!strcmp(name, "kernel.hostname")) {
		curing_uts(m, false);
	} else if (str_prefix(name, "net.") && m->r->hint & HINT_HOST_NET) {
		return;
	} else if (is_of_namespace(name)) {
		TEXT(m, "let the runtime set it when the container starts%s", is_safe(name) ? "" :
		     "; in Kubernetes the kubelet has to allow it (--allowed-unsafe-sysctls)");
		KUBERNETES(m, "spec: {securityContext: {sysctls: [{name: %s, value: "
			   "\"VALUE\"}]}}", name);
		curing_both(m, "--sysctl %s=VALUE", name);
	}
}

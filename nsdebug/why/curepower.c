/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curepower - of files that hand over the node, or capabilities, to who may use them.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/why/curing.h"

/* Of runtimes and what else does root's work on a node. */
bool curing_is_control(const char *path)
{
	static const char *const all[] = { "docker.sock", "containerd.sock",
		"containerd.sock.ttrpc", "crio.sock", "podman.sock", "io.podman", "dockershim.sock",
		"cri-dockerd.sock", "buildkitd.sock", "kubelet.sock", "nri.sock", "libvirt-sock",
		"unix.socket" };
	const char *name = strrchr(path, '/');

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name ? name + 1 : path, all[i]))
			return true;
	return false;
}

/* Its server is root, and does what root may for who may use it: of what group? */
static bool is_roots(const struct making *m)
{
	const struct reason *r = m->r;

	return r->hint & HINT_CONTROL || curing_is_control(r->path) ||
		(!r->uid && !curing_group_does(m));
}

static void cure_of_socket(struct making *m)
{
	char group[40] = "";

	if (m->r->mode & S_IWGRP)
		snprintf(group, sizeof(group), ", and group %u%s", m->group,
			 m->r->gid ? "" : ", root's own");
	TEXT(m, "its server lets only root use it%s: who may use it may often do what root may, "
	     "and of a runtime's socket (docker, containerd) is root on the node: leave it to the "
	     "node; or let a server that is meant for it give it to a group of its own, and the "
	     "process be in that", group);
}

/* Of devices that are all of the node's memory or disks, whatever file systems are on them. */
static bool is_raw(const struct reason *r)
{
	static const char *const all[] = { "mem", "kmem", "port", "nvram", "sg" };
	const char *name = strrchr(r->path, '/');
	size_t n = name ? strcspn(name + 1, "0123456789") : 0;

	for (size_t i = 0; name && S_ISCHR(r->mode) && i < ARRAY_SIZE(all); i++)
		if (strlen(all[i]) == n && !memcmp(all[i], name + 1, n))
			return true;
	return S_ISBLK(r->mode);
}

/* What hands over the node with a group that may use it: no group is a cure. */
bool curing_powers(struct making *m)
{
	const struct reason *r = m->r;

	if (r->whose == CLASS_OWNER)
		return false;
	if (S_ISSOCK(r->mode) && is_roots(m))
		cure_of_socket(m);
	else if (is_raw(r))
		TEXT(m, "it is a device of the node's: who may use it, or is in its group, reads "
		     "or writes all that is behind it, past every file's mode, and is as good "
		     "as root on the node: leave it to the node, and mount what is on a disk as "
		     "a volume");
	else
		return false;
	return true;
}

/* ---- capabilities ---- */

/* What it is for is the node's, and of no namespace. */
const char *curing_nodes(const struct making *m, unsigned int cap)
{
	bool net = m->r->hint & HINT_HOST_NET;

	if (m->r->hint & HINT_FAULTS)
		return "ask for UFFD_USER_MODE_ONLY, which takes none, or let all on the node ask "
			"for more: sysctl -w vm.unprivileged_userfaultfd=1";
	if (cap == CAP_SYS_TIME)
		return "the clock is the node's: leave it to the node";
	if (cap == CAP_SYSLOG)
		return "the log is that of the node's kernel: leave it to the node";
	if (net && (cap == CAP_NET_ADMIN || cap == CAP_NET_RAW))
		return "the network is the node's, and what all on it send: leave it to the node";
	return "";
}

static void put_caps(struct making *m)
{
	auto_buf struct buf yaml = { 0 }, options = { 0 };

	for (unsigned int cap = 0; cap < CREDS_CAPS; cap++) {
		if (!(m->r->caps >> cap & 1))
			continue;
		buf_addf(&yaml, "%s%s", yaml.len ? ", " : "", cap_name(cap) + strlen("CAP_"));
		buf_addf(&options, "%s--cap-add %s", options.len ? " " : "",
			 cap_name(cap) + strlen("CAP_"));
	}
	KUBERNETES(m, "spec: {containers: [{name: CONTAINER, securityContext: {capabilities: {add: "
		   "[%s]}}}]}", yaml.bytes);
	curing_both(m, "%s", options.bytes);
}

/* What is said of each that is about what is the node's. */
static void put_warnings(const struct making *m, struct buf *b)
{
	for (unsigned int cap = 0; cap < CREDS_CAPS; cap++) {
		const char *text = m->r->caps >> cap & 1 ? curing_nodes(m, cap) : "";

		if (*text && !(b->len && strstr(b->bytes, text)))
			buf_addf(b, "%s; or ", text);
	}
}

/* It takes all of them; one that makes root of who has it is not offered. */
void curing_file_caps(struct making *m)
{
	auto_buf struct buf names = { 0 }, warnings = { 0 };
	bool root = false;

	for (unsigned int cap = 0; cap < CREDS_CAPS; cap++)
		root |= m->r->caps >> cap & 1 && curing_is_root(m, cap);
	cap_list(&names, m->r->caps, ", ");
	put_warnings(m, &warnings);
	if (!root && m->r->caps)
		TEXT(m, "%sgive the container exactly these: %s; or take them off the file where "
		     "it is made (setcap -r FILE)", warnings.len ? warnings.bytes : "",
		     names.bytes);
	/* nothing is given without the words that go with it */
	if (m->cure->text[0])
		put_caps(m);
	else
		TEXT(m, "take them off the file where it is made (setcap -r FILE), or use another "
		     "program%s", root ? ": who has these is as good as root" : "");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/context.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/target/runtime.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/creds.h"

#define LLU(x) ((unsigned long long)(x))

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_' || c == '.';
}

void context_name(const char *target, char ret[CONTEXT_NAME])
{
	const char *word = strrchr(target, '/');
	size_t n = (size_t)snprintf(ret, CONTEXT_NAME, "nsdebug-");

	for (word = word ? word + 1 : target; *word && n < CONTEXT_NAME - 1; word++)
		ret[n++] = is_plain(*word) ? *word : '-';
	ret[n] = '\0';
}

static bool is_plain_path(struct bytes p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!is_plain(p.p[i]) && p.p[i] != '/')
			return false;
	return true;
}

/* Its own layer has to be written to, and nothing can be mounted in the place of it. */
static const struct place_written *at_root(const struct advice *a)
{
	for (size_t i = 0; i < a->nplaces; i++)
		if (a->places[i].path.len == 1 && a->places[i].on == PLACE_IMAGE)
			return &a->places[i];
	return NULL;
}

/* Where something has to be mounted that can be written to and needs not be kept; none: no path.
 * What is a volume is left to who knows what is in it, and /dev/shm is always there. */
static struct bytes volume_at(const struct advice *a, size_t i)
{
	const struct place_written *w = &a->places[i];
	struct bytes at = w->on == PLACE_MEMORY ? w->mount : w->path;
	static const struct bytes none;

	if (w->on == PLACE_VOLUME || at_root(a) || !is_plain_path(at) ||
	    (at.len >= 5 && !memcmp(at.p, "/dev/", 5)))
		return none;
	for (size_t j = 0; j < i; j++)
		if (a->places[j].on == PLACE_MEMORY && bytes_same(a->places[j].mount, at))
			return none;
	return at;
}

static void put_caps(struct buf *b, uint64_t caps, const char *before, const char *sep)
{
	for (unsigned int cap = 0; cap < CAP_MAX; cap++) {
		if (!(caps >> cap & 1) || !cap_name(cap))
			continue;
		buf_addf(b, "%s%s", before, cap_name(cap) + strlen("CAP_"));
		before = sep;
	}
}

static void put_user(struct buf *b, const struct advice *a)
{
	if (a->uid == NEEDS_UNKNOWN)
		return;
	if (a->uid)
		buf_str(b, "  runAsNonRoot: true\n");
	buf_addf(b, "  runAsUser: %llu%s\n", LLU(a->uid), a->uid ? "" :
		 "  # root: it may do with less, which was not tried");
	if (a->gid != NEEDS_UNKNOWN)
		buf_addf(b, "  runAsGroup: %llu\n", LLU(a->gid));
}

/* What is mounted there begins empty in a pod: the image's files that are in use would be gone. */
static const struct place_written *among_files(const struct advice *a)
{
	for (size_t i = 0; i < a->nplaces; i++)
		if (a->places[i].on == PLACE_IMAGE && a->places[i].hidden)
			return &a->places[i];
	return NULL;
}

static void put_root(struct buf *b, const struct advice *a)
{
	if (at_root(a))
		buf_str(b, "  readOnlyRootFilesystem: false  # it writes to / itself\n");
	else if (among_files(a))
		buf_str(b, "  readOnlyRootFilesystem: false  # it writes among files of the image "
			"that are in use: see the report\n");
	else
		buf_str(b, "  readOnlyRootFilesystem: true\n");
}

/* volumes: what goes with them in the pod. */
static void put_mounts(struct buf *b, struct buf *volumes, const struct advice *a)
{
	unsigned int n = 0;

	for (size_t i = 0; i < a->nplaces; i++) {
		const struct place_written *w = &a->places[i];
		struct bytes at = volume_at(a, i);

		if (w->on == PLACE_IMAGE && !at_root(a) && !is_plain_path(w->path))
			buf_str(b, "# a directory is left out for the characters in its path: "
				"see the report\n");
		if (!at.p || w->hidden)
			continue;
		n++;
		buf_addf(b, "%s- name: written-%u\n  mountPath: \"%.*s\"%s\n",
			 n > 1 ? "" : "volumeMounts:\n", n, (int)at.len, at.p, w->dirs ?
			 "  # hides directories of the image: make them there first" : "");
		buf_addf(volumes, "%s- name: written-%u\n  emptyDir: %s\n", n > 1 ? "" :
			 "volumes:\n", n, w->on == PLACE_MEMORY ? "{medium: Memory}" : "{}");
	}
}

/* The same port at another address has been told. */
static bool is_again(const struct used *u, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (u->ports[j].port == u->ports[i].port && needs_is_server(&u->ports[j]) &&
		    u->ports[j].protocol == u->ports[i].protocol)
			return true;
	return false;
}

static void put_ports(struct buf *b, const struct advice *a)
{
	const char *head = "ports:\n";

	for (size_t i = 0; i < a->u->nports; i++) {
		const struct used_port *p = &a->u->ports[i];

		if (!needs_is_server(p) || p->chosen || (p->protocol != 6 && p->protocol != 17) ||
		    is_again(a->u, i))
			continue;
		buf_addf(b, "%s- containerPort: %u\n  protocol: %s\n", head, p->port,
			 p->protocol == 6 ? "TCP" : "UDP");
		head = "";
	}
}

static void put_groups(struct buf *b, const struct advice *a)
{
	if (!a->ngroups)
		return;
	buf_str(b, "securityContext:\n  supplementalGroups: [");
	for (unsigned int i = 0; i < a->ngroups; i++)
		buf_addf(b, "%s%llu", i ? ", " : "", LLU(a->groups[i]));
	buf_str(b, "]\n");
}

void context_kubernetes(struct buf *b, const struct advice *a, const char *name)
{
	auto_buf struct buf pod = { 0 };

	buf_str(b, "# of the container:\nsecurityContext:\n");
	put_user(b, a);
	buf_addf(b, "  allowPrivilegeEscalation: %s\n", a->gains ?
		 "true  # a program that it starts gets more rights (setuid, setgid, setcap)" :
		 "false");
	put_root(b, a);
	buf_str(b, "  capabilities:\n    drop: [\"ALL\"]\n");
	if (a->caps) {
		put_caps(b, a->caps, "    add: [\"", "\", \"");
		buf_addf(b, "\"]%s\n", a->uid && a->uid != NEEDS_UNKNOWN && !a->gains ?
			 "  # who is not root gets these only with the program's file (setcap)" :
			 "");
	}
	buf_addf(b, "  seccompProfile:\n    type: Localhost\n"
		 "    localhostProfile: %s.json  # seccomp.json, in /var/lib/kubelet/seccomp of "
		 "each node\n", name);
	buf_addf(b, "  appArmorProfile:%s\n    type: Localhost\n    localhostProfile: %s"
		 "  # loaded on each node that has AppArmor; others refuse it\n", a->u->apparmor ?
		 "" : "  # this node has no AppArmor: here leave out these three lines", name);
	put_mounts(b, &pod, a);
	put_ports(b, a);
	if (a->bytecode)
		buf_str(b, "env:\n- name: PYTHONDONTWRITEBYTECODE\n  value: \"1\"\n");
	put_groups(&pod, a);
	if (pod.len)
		buf_addf(b, "# of the pod:\n%s", pod.bytes);
}

/* runc gives a tmpfs the mode of the image's directory below it, whatever is asked for, and root as
 * its owner; podman takes no ids, but U for those of who runs. */
static void put_owner(struct buf *b, const struct advice *a)
{
	const struct runtime *runtime = a->target->container.runtime;

	if (!a->uid || a->uid == NEEDS_UNKNOWN || a->gid == NEEDS_UNKNOWN)
		return;
	if (runtime && !strcmp(runtime->name, "podman"))
		buf_str(b, ",U");
	else
		buf_addf(b, ",uid=%llu,gid=%llu", LLU(a->uid), LLU(a->gid));
}

void context_docker(struct buf *b, const struct advice *a, const char *name)
{
	if (a->uid != NEEDS_UNKNOWN && a->gid != NEEDS_UNKNOWN)
		buf_addf(b, "--user %llu:%llu ", LLU(a->uid), LLU(a->gid));
	for (unsigned int i = 0; i < a->ngroups; i++)
		buf_addf(b, "--group-add %llu ", LLU(a->groups[i]));
	buf_str(b, "--cap-drop ALL");
	put_caps(b, a->caps, " --cap-add ", " --cap-add ");
	if (!a->gains)
		buf_str(b, " --security-opt no-new-privileges");
	buf_str(b, " --security-opt seccomp=seccomp.json");
	if (!at_root(a))
		buf_str(b, " --read-only");
	if (a->bytecode)
		buf_str(b, " --env PYTHONDONTWRITEBYTECODE=1");
	for (size_t i = 0; i < a->nplaces; i++) {
		struct bytes at = volume_at(a, i);

		if (!at.p)
			continue;
		/* a new volume begins as a copy of what the image has there */
		if (a->places[i].hidden || a->places[i].dirs) {
			buf_addf(b, " --volume %.*s", (int)at.len, at.p);
		} else {
			buf_addf(b, " --tmpfs %.*s:mode=1777%s", (int)at.len, at.p,
				 a->places[i].code ? ",exec" : "");
			put_owner(b, a);
		}
	}
}

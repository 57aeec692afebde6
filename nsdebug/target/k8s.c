/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/k8s.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"

#define PARTS 6

bool k8s_name(struct container *c, struct arena *a, const char *name)
{
	const char *part[PARTS];

	if (!str_prefix(name, "k8s_"))
		return false;
	for (int i = 0; i < PARTS; i++) {
		size_t n = strcspn(name, "_");

		part[i] = arena_dup(a, name, n);
		if (!n || (name[n] == '_') != (i < PARTS - 1))
			return false;
		name += n + (name[n] == '_');
	}
	c->pod = part[2];
	c->pod_space = part[3];
	if (!strcmp(part[1], "POD")) {
		c->kind = KIND_SANDBOX;
		return true;
	}
	c->name = c->part = part[1];
	k8s_logs(c, a, part[4]);
	return true;
}

void k8s_logs(struct container *c, struct arena *a, const char *uid)
{
	char path[NAME_BYTES_MAX];
	int n;

	if (!c->pod_space || !c->pod || !c->part || strchr(c->pod_space, '/') ||
	    strchr(c->pod, '/') || strchr(c->part, '/') || strchr(uid, '/'))
		return;
	n = snprintf(path, sizeof(path), "/var/log/pods/%s_%s_%s/%s", c->pod_space, c->pod, uid,
		     c->part);
	if (n > 0 && (size_t)n < sizeof(path))
		c->logs = arena_dup(a, path, (size_t)n);
}

/* Which field of a container an annotation fills. */
static const struct annotation {
	const char *key;
	size_t field;
} annotations[] = {
#define FIELD(f) offsetof(struct container, f)
	{ "io.kubernetes.cri.container-name", FIELD(part) },
	{ "io.kubernetes.cri.sandbox-name", FIELD(pod) },
	{ "io.kubernetes.cri.sandbox-namespace", FIELD(pod_space) },
	{ "io.kubernetes.cri.image-name", FIELD(image) },
	{ "io.kubernetes.cri-o.KubeName", FIELD(pod) },
	{ "io.kubernetes.cri-o.Namespace", FIELD(pod_space) },
	{ "io.kubernetes.cri-o.ImageName", FIELD(image) },
	{ "io.kubernetes.container.name", FIELD(part) },
	{ "io.kubernetes.pod.name", FIELD(pod) },
	{ "io.kubernetes.pod.namespace", FIELD(pod_space) },
};

static bool is_type(const char *key)
{
	return !strcmp(key, "io.kubernetes.cri.container-type") ||
		!strcmp(key, "io.kubernetes.cri-o.ContainerType");
}

bool k8s_annotation(struct container *c, struct arena *a, const char *key, struct jvalue v)
{
	const char *text;

	if (is_type(key)) {
		c->kind = jvalue_is(v, "sandbox") ? KIND_SANDBOX : KIND_APP;
		return true;
	}
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++)
		if (!strcmp(key, annotations[i].key)) {
			text = runtime_text(a, v);
			memcpy((char *)c + annotations[i].field, &text, sizeof(text));
			return true;
		}
	return false;
}

void k8s_settle(struct container *c)
{
	if (!c->pod || !c->pod_space)
		c->pod = c->pod_space = c->part = NULL;
	if (c->part)
		c->name = c->part;
}

uint64_t k8s_restarts(const struct container *c)
{
	DIR *d = c->logs ? opendir(c->logs) : NULL;
	uint64_t last = UINT64_MAX, n;
	const struct dirent *de;

	while (d && (de = readdir(d))) {
		const char *p = de->d_name;

		if (scan_u64(&p, &n) && !strncmp(p, ".log", 4) && (last == UINT64_MAX || n > last))
			last = n;
	}
	if (d)
		closedir(d);
	return last;
}

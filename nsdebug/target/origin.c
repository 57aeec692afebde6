/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/origin.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/mounts.h"

static const char *const words[ORIGIN_KINDS] = {
	[ORIGIN_OTHER] = "other", [ORIGIN_IMAGE] = "image", [ORIGIN_VOLUME] = "volume",
	[ORIGIN_CONFIGMAP] = "configmap", [ORIGIN_SECRET] = "secret",
	[ORIGIN_PROJECTED] = "projected", [ORIGIN_TOKEN] = "serviceaccount",
	[ORIGIN_EMPTYDIR] = "emptydir", [ORIGIN_DOWNWARD] = "downwardapi", [ORIGIN_PV] = "pv",
	[ORIGIN_SUBPATH] = "subpath", [ORIGIN_INJECTED] = "injected", [ORIGIN_BIND] = "bind",
	[ORIGIN_REMOUNT] = "remount", [ORIGIN_TMPFS] = "tmpfs", [ORIGIN_OVERLAY] = "overlay",
	[ORIGIN_DEVICE] = "device", [ORIGIN_MASKED] = "masked", [ORIGIN_READONLY] = "readonly",
	[ORIGIN_PROC] = "proc", [ORIGIN_SYSFS] = "sysfs", [ORIGIN_CGROUP] = "cgroup",
	[ORIGIN_MQUEUE] = "mqueue", [ORIGIN_DEVPTS] = "devpts",
	[ORIGIN_NAMESPACE] = "namespace", [ORIGIN_KERNEL] = "kernel",
};

const char *origin_word(enum origin_kind k)
{
	return words[k];
}

/* ---- what is kept where on a host ---- */

/*
 * A component of a pattern is literal text, then perhaps one of: * anything, %n the name, %p the
 * uid of a pod, %d the driver. Ends with a name: what follows in the path is inside of it.
 */
struct pattern {
	const char *text;
	enum origin_kind kind;
	const char *name;	/* instead of %n */
};

static const char *const kubelets[] = {
	"/var/lib/kubelet", "/var/lib/k0s/kubelet", "/var/snap/microk8s/common/var/lib/kubelet",
};

/* Below one of these. */
static const struct pattern of_kubelet[] = {
	{ "/pods/%p/volumes/kubernetes.io~configmap/%n", ORIGIN_CONFIGMAP, NULL },
	{ "/pods/%p/volumes/kubernetes.io~secret/%n", ORIGIN_SECRET, NULL },
	{ "/pods/%p/volumes/kubernetes.io~projected/kube-api-access-*", ORIGIN_TOKEN,
	  "kube-api-access" },
	{ "/pods/%p/volumes/kubernetes.io~projected/%n", ORIGIN_PROJECTED, NULL },
	{ "/pods/%p/volumes/kubernetes.io~empty-dir/%n", ORIGIN_EMPTYDIR, NULL },
	{ "/pods/%p/volumes/kubernetes.io~downward-api/%n", ORIGIN_DOWNWARD, NULL },
	{ "/pods/%p/volumes/kubernetes.io~%d/%n/mount", ORIGIN_PV, NULL },
	{ "/pods/%p/volumes/kubernetes.io~%d/%n", ORIGIN_PV, NULL },
	{ "/pods/%p/volumes/%d/%n", ORIGIN_PV, NULL },	/* FlexVolume: vendor~driver */
	{ "/pods/%p/etc-hosts", ORIGIN_INJECTED, "hosts" },
	{ "/pods/%p/containers/*/*", ORIGIN_INJECTED, "termination-log" },
	{ "/pods/%p/volume-subpaths/%n/*/*", ORIGIN_SUBPATH, NULL },
};

static const struct pattern of_engines[] = {
	{ "/var/lib/docker/volumes/%n/_data", ORIGIN_VOLUME, NULL },
	{ "/var/lib/containers/storage/volumes/%n/_data", ORIGIN_VOLUME, NULL },
	{ "/home/*/.local/share/docker/volumes/%n/_data", ORIGIN_VOLUME, NULL },
	{ "/home/*/.local/share/containers/storage/volumes/%n/_data", ORIGIN_VOLUME, NULL },
	{ "/var/lib/nerdctl/*/volumes/*/%n/_data", ORIGIN_VOLUME, NULL },
	{ "/var/lib/docker/containers/*/mounts/%n", ORIGIN_INJECTED, NULL },
	{ "/var/lib/docker/containers/*/%n", ORIGIN_INJECTED, NULL },
	{ "/home/*/.local/share/docker/containers/*/mounts/%n", ORIGIN_INJECTED, NULL },
	{ "/home/*/.local/share/docker/containers/*/%n", ORIGIN_INJECTED, NULL },
	{ "/var/lib/containers/storage/overlay-containers/*/userdata/%n", ORIGIN_INJECTED, NULL },
	{ "/run/containers/storage/overlay-containers/*/userdata/%n", ORIGIN_INJECTED, NULL },
	{ "/home/*/.local/share/containers/storage/overlay-containers/*/userdata/%n",
	  ORIGIN_INJECTED, NULL },
	{ "/run/user/*/containers/overlay-containers/*/userdata/%n", ORIGIN_INJECTED, NULL },
	{ "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/*/%n", ORIGIN_INJECTED, NULL },
	{ "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/*/%n", ORIGIN_INJECTED, NULL },
	{ "/run/systemd/inaccessible/*", ORIGIN_MASKED, NULL },
	{ "/run/systemd/nspawn/inaccessible/*", ORIGIN_MASKED, NULL },
};

static void take_word(struct origin *o, char what, const char *p, size_t len)
{
	struct bytes word = { p, len };

	if (what == 'n')
		o->name = word;
	else if (what == 'p')
		o->pod = word;
	else if (what == 'd')
		o->driver = word;
}

/* One component of both; false if they differ. */
static bool match_part(const char **pattern, const char **path, struct origin *o)
{
	const char *p = *pattern, *s = *path;
	size_t len;

	while (*p && *p != '/' && *p != '*' && *p != '%')
		if (*p++ != *s++)
			return false;
	len = strcspn(s, "/");
	if (*p == '*' || *p == '%') {
		if (!len)
			return false;
		take_word(o, *p == '%' ? p[1] : '*', s, len);
		p += *p == '%' ? 2 : 1;
		s += len;
	} else if (len) {
		return false;
	}
	*pattern = p;
	*path = s;
	return true;
}

static bool match(const struct pattern *t, const char *path, struct origin *ret)
{
	struct origin o = *ret;
	const char *p = t->text;

	while (*p) {
		if (*p++ != '/' || *path++ != '/' || !match_part(&p, &path, &o))
			return false;
	}
	o.kind = t->kind;
	o.inside = path;
	if (t->name)
		o.name = (struct bytes){ t->name, strlen(t->name) };
	*ret = o;
	return true;
}

bool origin_by_path(const char *path, struct origin *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kubelets); i++) {
		const char *below = cover_below(path, kubelets[i]);

		for (size_t n = 0; below && n < ARRAY_SIZE(of_kubelet); n++)
			if (match(&of_kubelet[n], below, ret))
				return true;
	}
	for (size_t n = 0; n < ARRAY_SIZE(of_engines); n++)
		if (match(&of_engines[n], path, ret))
			return true;
	return false;
}

/* ---- the same files elsewhere: by device, and root within it ---- */

struct at_device {
	uint64_t device;
	const char *root;
	uint32_t at;
};

static uint64_t device_of(const struct mount *m)
{
	return (uint64_t)m->major << 32 | m->minor;
}

static int by_device(const void *a, const void *b)
{
	const struct at_device *x = a, *y = b;
	int d = (x->device > y->device) - (x->device < y->device);

	if (!d)
		d = cover_path_order(x->root, y->root);
	return d ? d : (x->at > y->at) - (x->at < y->at);
}

static struct at_device at_device(const struct mounts *m, uint32_t i)
{
	return (struct at_device){ device_of(&m->items[i]), m->items[i].root, i };
}

/* Indices of the reachable mounts, those of a file system together. */
static uint32_t *sort_by_device(const struct cover *c, struct arena *a)
{
	auto_free struct at_device *all = mem_alloc((c->reachable + 1) * sizeof(*all));
	uint32_t *ret = arena_alloc(a, (c->reachable + 1) * sizeof(*ret));

	for (uint32_t i = 0; i < c->reachable; i++)
		all[i] = at_device(c->mounts, c->by_path[i]);
	qsort(all, c->reachable, sizeof(*all), by_device);
	for (uint32_t i = 0; i < c->reachable; i++)
		ret[i] = all[i].at;
	return ret;
}

/*
 * For each mount the reachable one of the same file system that shows most around it. In this order
 * a directory comes right before what is in it, so the directories that are around the current one
 * are a stack: a container may have as many mounts as it likes.
 */
static uint32_t *find_parts(const struct cover *c, struct arena *a)
{
	size_t count = c->mounts->count, depth = 0;
	auto_free struct at_device *all = mem_alloc((count + 1) * sizeof(*all));
	auto_free struct at_device *around = mem_alloc((count + 1) * sizeof(*around));
	uint32_t *ret = arena_alloc(a, (count + 1) * sizeof(*ret));

	for (uint32_t i = 0; i < count; i++)
		all[i] = at_device(c->mounts, i);
	qsort(all, count, sizeof(*all), by_device);
	for (size_t n = 0; n < count; n++) {
		const char *below = NULL;
		bool same;

		while (depth && (around[depth - 1].device != all[n].device ||
				 !(below = cover_below(all[n].root, around[depth - 1].root))))
			depth--;
		same = depth && !*below;
		ret[all[n].at] = depth > same ? around[depth - 1 - same].at : NO_MOUNT;
		if (!same && c->items[all[n].at].hidden_by == NO_MOUNT)
			around[depth++] = all[n];
	}
	return ret;
}

static uint32_t first_of_device(const struct cover *c, const uint32_t *sorted, uint64_t device)
{
	uint32_t low = 0, high = c->reachable;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (device_of(&c->mounts->items[sorted[mid]]) < device)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void join(struct buf *b, const char *dir, const char *below)
{
	buf_clear(b);
	if (strcmp(dir, "/") != 0 || !*below)
		buf_str(b, dir);
	buf_str(b, below);
}

/* ---- the path on the host ---- */

struct candidate {
	uint32_t at;		/* a mount of the host that holds the same files */
	unsigned int rank;	/* the higher, the more its path says */
	size_t root;		/* length of its root */
};

enum { MAY_BE = 16, BY_PATH = 8, NOT_SUBPATH = 4, OF_POD = 2, SAME_PEERS = 1 };

/* A mount made from another keeps its shifted owners. */
static bool may_come_of(const struct mount *m, const struct mount *h)
{
	return !mounts_option(h->options, "idmapped") || mounts_option(m->options, "idmapped");
}


static bool same_peers(const struct mount *a, const struct mount *b)
{
	return b->shared && (a->shared == b->shared || a->master == b->shared);
}

static bool is_pod(const struct origins *s, struct bytes uid)
{
	return uid.len && uid.len == s->pod.len && !memcmp(uid.p, s->pod.p, uid.len);
}

/* The files of m by the path of the host's mount; false if that path does not lead there. */
static bool try_host(const struct origins *s, const struct mount *m, struct candidate *c,
		     struct buf *path)
{
	const struct mount *h = &s->host->items[c->at];
	const char *below = cover_below(m->root, h->root);
	struct origin o = { 0 };

	/* where something was removed there are others' files by now */
	if (!below || h->deleted)
		return false;
	join(path, h->point, below);
	if (cover_holding(&s->host_cover, path->bytes) != c->at)
		return false;
	c->root = strlen(h->root);
	if (may_come_of(m, h))
		c->rank = MAY_BE;
	if (origin_by_path(path->bytes, &o)) {
		c->rank |= BY_PATH | (o.kind != ORIGIN_SUBPATH ? NOT_SUBPATH : 0);
		if (is_pod(s, o.pod))
			c->rank |= OF_POD;
	}
	if (same_peers(m, h))
		c->rank |= SAME_PEERS;
	return true;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
	if (b->at == NO_MOUNT || a->rank != b->rank)
		return b->at == NO_MOUNT || a->rank > b->rank;
	return a->root > b->root;
}

static bool find_host(const struct origins *s, const struct mount *m, struct origin *ret)
{
	auto_buf struct buf path = { 0 };
	struct candidate best = { .at = NO_MOUNT };

	for (uint32_t i = first_of_device(&s->host_cover, s->host_by_device, device_of(m));
	     i < s->host_cover.reachable; i++) {
		struct candidate c = { .at = s->host_by_device[i] };

		if (device_of(&s->host->items[c.at]) != device_of(m))
			break;
		if (try_host(s, m, &c, &path) && is_better(&c, &best))
			best = c;
	}
	if (best.at == NO_MOUNT)
		return false;
	join(&path, s->host->items[best.at].point,
	     cover_below(m->root, s->host->items[best.at].root));
	ret->host = arena_dup(s->a, path.bytes, path.len);
	if (!origin_by_path(ret->host, ret))
		ret->kind = ORIGIN_BIND;
	return true;
}

/* Several pods may have the same volume, so not all say which pod this is; a root that names it
 * does: "/var/lib/kubelet/pods/UID/etc-hosts" within the file system. */
static void find_pod(struct origins *s)
{
	static const char pods[] = "/pods/";

	for (uint32_t i = 0; i < s->own->count && !s->pod.len; i++) {
		const char *p = strstr(s->own->items[i].root, pods);
		struct origin o = { 0 };

		if (!p || !find_host(s, &s->own->items[i], &o) || !o.pod.len)
			continue;
		p += strlen(pods);
		if (!strncmp(p, o.pod.p, o.pod.len) && p[o.pod.len] == '/')
			s->pod = o.pod;
	}
}

void origins_init(struct origins *s, const struct mounts *own, const struct mounts *host,
		  struct arena *a)
{
	*s = (struct origins){ .own = own, .host = host, .a = a };
	cover_make(&s->own_cover, own, a);
	cover_make(&s->host_cover, host, a);
	s->own_parts = find_parts(&s->own_cover, a);
	s->host_by_device = sort_by_device(&s->host_cover, a);
	find_pod(s);
}

/* ---- what it is ---- */

static const struct { const char *type; enum origin_kind kind; } of_type[] = {
	{ "proc", ORIGIN_PROC }, { "sysfs", ORIGIN_SYSFS }, { "cgroup", ORIGIN_CGROUP },
	{ "cgroup2", ORIGIN_CGROUP }, { "mqueue", ORIGIN_MQUEUE }, { "devpts", ORIGIN_DEVPTS },
	{ "devtmpfs", ORIGIN_DEVICE }, { "nsfs", ORIGIN_NAMESPACE },
	{ "securityfs", ORIGIN_KERNEL }, { "debugfs", ORIGIN_KERNEL },
	{ "tracefs", ORIGIN_KERNEL }, { "configfs", ORIGIN_KERNEL }, { "bpf", ORIGIN_KERNEL },
	{ "pstore", ORIGIN_KERNEL }, { "efivarfs", ORIGIN_KERNEL }, { "fusectl", ORIGIN_KERNEL },
	{ "selinuxfs", ORIGIN_KERNEL }, { "binfmt_misc", ORIGIN_KERNEL },
	{ "hugetlbfs", ORIGIN_KERNEL }, { "rpc_pipefs", ORIGIN_KERNEL },
};

static enum origin_kind kind_of_type(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_type); i++)
		if (!strcmp(of_type[i].type, type))
			return of_type[i].kind;
	return ORIGIN_OTHER;
}

static bool is_read_only(const struct mount *m)
{
	return mounts_option(m->options, "ro") || mounts_option(m->fs_options, "ro");
}

static bool is_below(const char *path, const char *dir)
{
	const char *below = cover_below(path, dir);

	return below && *below;
}

/* Does it show the directory that it lies on? Then it is there for its options: read-only. */
static bool is_remount(const struct origins *s, uint32_t i)
{
	const struct mount *m = &s->own->items[i];
	uint32_t parent = s->own_cover.items[i].parent;
	const char *below;

	if (parent == NO_MOUNT || device_of(m) != device_of(&s->own->items[parent]))
		return false;
	below = cover_below(m->root, s->own->items[parent].root);
	return below && !strcmp(below, s->own_cover.items[i].below);
}

/* The mount on /dev, whose null runtimes lay over what is to be hidden. */
static bool is_null(const struct origins *s, const struct mount *m)
{
	uint32_t dev;

	if (strcmp(m->root, "/null") != 0 || !strcmp(m->point, "/dev/null"))
		return false;
	dev = cover_holding(&s->own_cover, "/dev");
	return !strcmp(m->type, "devtmpfs") ||
		(dev != NO_MOUNT && device_of(m) == device_of(&s->own->items[dev]));
}

/* An empty read-only tmpfs hides a directory of the kernel's. */
static bool is_masking_tmpfs(const struct origins *s, const struct mount *m)
{
	return !strcmp(m->type, "tmpfs") && !strcmp(m->root, "/") && is_read_only(m) &&
		strcmp(m->point, "/sys/fs/cgroup") != 0 &&
		(is_below(m->point, "/proc") || is_below(m->point, "/sys"));
}

/* Of a file system that the host has not mounted, or not where one could get at it. */
static void from_own(const struct origins *s, uint32_t i, struct origin *o)
{
	const struct mount *m = &s->own->items[i];

	o->part_of = s->own_parts[i];
	if (o->part_of != NO_MOUNT)
		o->inside = cover_below(m->root, s->own->items[o->part_of].root);
	if (o->part_of != NO_MOUNT)
		o->kind = ORIGIN_BIND;
	else if (!strcmp(m->type, "tmpfs") || !strcmp(m->type, "ramfs"))
		o->kind = ORIGIN_TMPFS;
	else if (!strcmp(m->type, "overlay"))
		o->kind = ORIGIN_OVERLAY;
	else
		o->kind = ORIGIN_OTHER;
}

static void of_kernel(const struct origins *s, uint32_t i, enum origin_kind kind,
		      struct origin *o)
{
	const struct mount *m = &s->own->items[i];

	o->kind = kind;
	if (kind == ORIGIN_NAMESPACE)
		o->name = (struct bytes){ m->root, strlen(m->root) };
	else if (kind == ORIGIN_DEVICE && !strcmp(m->root, "/"))
		o->kind = o->host ? ORIGIN_BIND : ORIGIN_DEVICE;
	else if (kind == ORIGIN_DEVPTS && strcmp(m->root, "/") != 0)
		o->kind = ORIGIN_DEVICE;
}

/* The host's own instance can do more harm than one of the container's. */
static bool is_plumbing(const struct mount *m, const struct origin *o)
{
	switch (o->kind) {
	case ORIGIN_PROC:
		return !o->host;
	case ORIGIN_SYSFS:
	case ORIGIN_KERNEL:
		return !o->host || is_read_only(m);
	case ORIGIN_CGROUP:
	case ORIGIN_MQUEUE:
	case ORIGIN_DEVPTS:
	case ORIGIN_DEVICE:
	case ORIGIN_MASKED:
	case ORIGIN_READONLY:
		return true;
	case ORIGIN_TMPFS:
		return !strcmp(m->point, "/dev");
	default:
		return false;
	}
}

static void choose_kind(const struct origins *s, uint32_t i, struct origin *o)
{
	const struct mount *m = &s->own->items[i];
	enum origin_kind kind = kind_of_type(m->type);
	bool on_host = find_host(s, m, o);

	if (is_null(s, m) || (!on_host && is_masking_tmpfs(s, m))) {
		o->kind = ORIGIN_MASKED;
	} else if (is_remount(s, i)) {
		o->part_of = s->own_cover.items[i].parent;
		o->kind = kind != ORIGIN_OTHER && is_read_only(m) ? ORIGIN_READONLY :
			ORIGIN_REMOUNT;
	} else if (kind != ORIGIN_OTHER) {
		of_kernel(s, i, kind, o);
	} else if (i == s->own_cover.root) {
		o->kind = ORIGIN_IMAGE;
	} else if (!on_host && !strcmp(m->point, "/sys/fs/cgroup")) {
		o->kind = ORIGIN_CGROUP;	/* of v1: a tmpfs with a directory a hierarchy */
	} else if (!on_host) {
		from_own(s, i, o);
	} else if (o->kind == ORIGIN_BIND && !strcmp(m->type, "overlay") &&
		   !strcmp(m->root, "/")) {
		o->kind = ORIGIN_OVERLAY;
	}
}

static bool is_token_dir(const char *point)
{
	return !strcmp(point, "/var/run/secrets/kubernetes.io/serviceaccount") ||
		!strcmp(point, "/run/secrets/kubernetes.io/serviceaccount");
}

void origin_of(const struct origins *s, uint32_t mount, struct origin *ret)
{
	const struct mount *m = &s->own->items[mount];

	*ret = (struct origin){ .inside = "", .part_of = NO_MOUNT };
	choose_kind(s, mount, ret);
	/* before Kubernetes 1.21 the token was a Secret like others */
	if (ret->kind == ORIGIN_SECRET && is_token_dir(m->point))
		ret->kind = ORIGIN_TOKEN;
	ret->plumbing = is_plumbing(m, ret);
}

/* ---- overlay ---- */

static void add_layer(struct layers *l, const char *p, size_t len)
{
	if (!len)
		return;
	l->lower = mem_more(l->lower, l->count);
	l->lower[l->count++] = (struct bytes){ p, len };
}

/* "a:b\:c::d": a colon within a path is escaped, two stand before layers of data only. */
static void add_layers(struct layers *l, const char *text)
{
	const char *start = text, *p = text;

	for (; *p; p++) {
		if (p[0] == '\\' && p[1]) {
			p++;
		} else if (*p == ':') {
			add_layer(l, start, (size_t)(p - start));
			start = p + 1;
		}
	}
	add_layer(l, start, (size_t)(p - start));
}

static void take_layer_option(struct layers *l, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return;
	*value++ = '\0';
	mounts_unescape(value);
	if (!strcmp(word, "lowerdir"))
		add_layers(l, value);
	else if (!strcmp(word, "lowerdir+") || !strcmp(word, "datadir+"))	/* Linux 6.8 */
		add_layer(l, value, strlen(value));
	else if (!strcmp(word, "upperdir"))
		l->upper = (struct bytes){ value, strlen(value) };
	else if (!strcmp(word, "workdir"))
		l->work = (struct bytes){ value, strlen(value) };
}

void origin_layers(const struct mount *m, struct layers *ret, struct arena *a)
{
	char *p = arena_dup(a, m->fs_options, strlen(m->fs_options));

	*ret = (struct layers){ 0 };
	while (*p) {
		char *end = strchrnul(p, ','), *next = *end ? end + 1 : end;

		*end = '\0';
		take_layer_option(ret, p);
		p = next;
	}
}

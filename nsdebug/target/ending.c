/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/ending.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/cgstat.h"
#include "nsdebug/sys/rlimits.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/specmounts.h"

#define TEXT_MAX 8192		/* a list of layers: 128 of 28 bytes */
#define WORD_MAX 8192		/* one argument that is kept */
#define FRESH_PORT 1024		/* inet_init_net() of net/ipv4/af_inet.c */

const char *ending_string(struct arena *a, struct jvalue v)
{
	size_t len = v.text.len < WORD_MAX ? v.text.len : WORD_MAX;

	if (v.type != J_STRING || !len || memchr(v.text.p, '\0', len))
		return NULL;
	return arena_dup(a, v.text.p, len);
}

/* Arguments may be long, and empty. */
void words_add(struct words_list *l, struct arena *a, struct jvalue v)
{
	const char **more;
	size_t len = v.text.len < WORD_MAX ? v.text.len : WORD_MAX;

	if (v.type != J_STRING || l->count >= ENDING_WORDS_MAX)
		return;
	if ((l->count & (l->count - 1)) == 0) {
		more = arena_alloc(a, (l->count ? l->count * 2 : 1) * sizeof(*more));
		if (l->count)
			memcpy(more, l->items, l->count * sizeof(*more));
		l->items = more;
	}
	l->items[l->count++] = arena_dup(a, v.text.p, len);
}

void ending_group(struct ending *x, struct jvalue v)
{
	uint64_t n;

	if (!jvalue_u64(v, &n) || n >= UINT32_MAX || x->ngroups == ENDING_GROUPS_MAX)
		x->groups_cut = true;
	else
		x->groups[x->ngroups++] = (uint32_t)n;
}

struct ending_mount *ending_mount_add(struct ending *x, struct arena *a)
{
	struct ending_mount *more;

	if (x->nmounts >= ENDING_WORDS_MAX)
		return NULL;
	if ((x->nmounts & (x->nmounts - 1)) == 0) {
		more = arena_alloc(a, (x->nmounts ? x->nmounts * 2 : 1) * sizeof(*more));
		if (x->nmounts)
			memcpy(more, x->mounts, x->nmounts * sizeof(*more));
		x->mounts = more;
	}
	return &x->mounts[x->nmounts++];
}

const struct ending_mount *ending_mount_of(const struct ending *x, const char *path)
{
	const struct ending_mount *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < x->nmounts; i++) {
		const char *at = x->mounts[i].at;
		size_t len = at ? strlen(at) : 0;

		while (len && at[len - 1] == '/')
			len--;
		/* of two at one place the last one is seen */
		if (len && len >= most && !strncmp(path, at, len) &&
		    (!path[len] || path[len] == '/')) {
			best = &x->mounts[i];
			most = len;
		}
	}
	return best;
}

void ending_tmpfs(struct ending_mount *m, const char *options)
{
	while (*options) {
		size_t n = strcspn(options, ",");

		tmpfs_option(&m->tmpfs, options, n);
		mountflags_option(&m->flags, options, n, true);
		options += n + (options[n] == ',');
	}
}

size_t ending_depth(const char *path)
{
	size_t n = 0;

	for (const char *p = path ? path : ""; *p; p++)
		n += *p == '/' && p[1];
	return n;
}

int64_t ending_written(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : time_ns(st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec);
}

bool ending_is_later(const struct ending *x, int64_t sec, uint32_t nsec)
{
	return x->begun_ns && time_ns(sec, nsec) >= x->begun_ns;
}

const char *ending_text(struct arena *a, const char *path)
{
	auto_close int fd = runtime_open_file(path, NULL);
	auto_buf struct buf b = { 0 };

	if (fd < 0 || fd_read_all(fd, &b, TEXT_MAX) != 0 || !b.len || memchr(b.bytes, 0, b.len))
		return NULL;
	while (b.len && b.bytes[b.len - 1] == '\n')
		b.len--;
	return arena_dup(a, b.bytes, b.len);
}

/* ---- an OCI spec ---- */

struct spec {
	struct ending *x;
	struct arena *a;
	const char *root;
	uint64_t uid, gid;
	unsigned int ns;		/* the namespace that is read: jread.h */
	bool is_pids, is_net, path, made;	/* of it */
	bool own_pids, joins, has_net, has_uts;	/* of all */
	struct specmounts mounts;
	struct words_list masked;	/* paths */
};

/* More than there are pids is none: podman does not leave itself more. */
static uint64_t most_pids(void)
{
	return ending_number("/proc/sys/kernel/pid_max");
}

/* RL_COUNT: there is none of that name. */
static enum rlimit_id limit_id(const char *type)
{
	unsigned int i = 0;

	if (!type || !str_prefix(type, "RLIMIT_"))
		return RL_COUNT;
	while (i < RL_COUNT && strcasecmp(type + 7, rlimit_kinds[i].name))
		i++;
	return (enum rlimit_id)i;
}

static uint64_t most_of(enum rlimit_id which)
{
	uint64_t most = which == RL_NPROC ? most_pids() : UINT64_MAX;
	struct rlimit mine;

	if (which == RL_COUNT || getrlimit((__rlimit_resource_t)which, &mine) < 0)
		return UINT64_MAX;
	return mine.rlim_max < most ? mine.rlim_max : most;
}

static uint64_t fixed_at(enum rlimit_id which)
{
	uint64_t most = which == RL_COUNT ? UINT64_MAX : rlimits_most(which);

	return most == UINT64_MAX ? 0 : most;
}

void ending_limit_add(struct ending *x, const char *type)
{
	struct ending_limit *l;

	if (x->nlimits == ENDING_LIMITS_MAX)
		return;
	l = &x->limits[x->nlimits++];
	l->type = type;
	l->most = most_of(limit_id(type));
	l->fixed = fixed_at(limit_id(type));
}

/* It begins with its type, as a mount with its destination. */
static void take_limit(struct spec *s, const char *key, struct jvalue v)
{
	struct ending *x = s->x;
	struct ending_limit *l = x->nlimits ? &x->limits[x->nlimits - 1] : NULL;

	if (!strcmp(key, "type")) {
		ending_limit_add(x, runtime_text(s->a, v));
	} else if (l && !strcmp(key, "soft")) {
		jvalue_u64(v, &l->soft);
	} else if (l && !strcmp(key, "hard")) {
		jvalue_u64(v, &l->hard);
	}
}

/* "CHOWN" no runtime knows, and leaves it out; "cap_chown" crun knows, and runc does not. */
static bool is_cap(struct spec *s, struct jvalue v)
{
	if (v.text.len < 4 || strncasecmp(v.text.p, "CAP_", 4))
		return false;
	for (size_t i = 0; i < v.text.len; i++)
		s->x->caps_odd |= v.text.p[i] >= 'a' && v.text.p[i] <= 'z';
	return true;
}

static void take_caps(struct spec *s, const char *key, struct jvalue v)
{
	if (v.type != J_STRING || !is_cap(s, v))
		return;
	if (!strcmp(key, "bounding[]"))
		words_add(&s->x->bounding, s->a, v);
	else if (!strcmp(key, "permitted[]"))
		words_add(&s->x->permitted, s->a, v);
	else if (!strcmp(key, "inheritable[]"))
		words_add(&s->x->inheritable, s->a, v);
	else if (!strcmp(key, "ambient[]"))
		words_add(&s->x->ambient, s->a, v);
}

static void take_process(struct spec *s, const char *key, struct jvalue v)
{
	if (!strcmp(key, "args[]"))
		words_add(&s->x->args, s->a, v);
	else if (!strcmp(key, "env[]"))
		words_add(&s->x->env, s->a, v);
	else if (!strcmp(key, "cwd"))
		s->x->cwd = runtime_text(s->a, v);
	else if (!strcmp(key, "user.uid"))
		jvalue_u64(v, &s->uid);
	else if (!strcmp(key, "user.gid"))
		jvalue_u64(v, &s->gid);
	else if (!strcmp(key, "user.additionalGids[]"))
		ending_group(s->x, v);
	else if (str_prefix(key, "capabilities."))
		take_caps(s, key + strlen("capabilities."), v);
	else if (!strcmp(key, "noNewPrivileges"))
		s->x->no_new_privs = jvalue_is(v, "true");
	else if (str_prefix(key, "rlimits[]."))
		take_limit(s, key + strlen("rlimits[]."), v);
}

/* podman makes them itself, one for each (containers/common, libnetwork/netns). */
static bool is_made_for(struct jvalue v)
{
	const char *own = "/run/netns/netns-";

	return v.text.len > strlen(own) && !memcmp(v.text.p, own, strlen(own));
}

/* One with a path is another's. */
static void take_namespace(struct spec *s, const char *key, struct jvalue v)
{
	if (v.object != s->ns)
		s->is_pids = s->is_net = s->path = s->made = false;
	s->ns = v.object;
	if (!strcmp(key, "type")) {
		s->is_pids = jvalue_is(v, "pid");
		s->is_net = jvalue_is(v, "network");
		s->x->other_ids |= jvalue_is(v, "user");
		s->has_uts |= jvalue_is(v, "uts");
	} else if (!strcmp(key, "path")) {
		s->path = v.type == J_STRING && v.text.len;
		s->made = is_made_for(v);
	}
	s->has_net |= s->is_net;
	s->own_pids |= s->is_pids;
	s->joins |= s->is_pids && s->path;
	s->x->joined_net |= s->is_net && s->path && !s->made;
}

static bool take_spec(void *ctx, const char *path, struct jvalue v)
{
	struct spec *s = ctx;

	if (str_prefix(path, "process."))
		take_process(s, path + strlen("process."), v);
	else if (str_prefix(path, "mounts[]."))
		specmounts_take(&s->mounts, path + strlen("mounts[]."), v);
	else if (!strcmp(path, "root.path"))
		s->root = runtime_text(s->a, v);
	else if (!strcmp(path, "root.readonly"))
		s->x->read_only_root = jvalue_is(v, "true");
	else if (!strcmp(path, "linux.uidMappings[].hostID"))
		s->x->other_ids = true;
	else if (!strcmp(path, "annotations.run.oci.keep_original_groups"))
		s->x->groups_cut = true;	/* crun(1): those of who started it */
	else if (str_prefix(path, "linux.namespaces[]."))
		take_namespace(s, path + strlen("linux.namespaces[]."), v);
	else if (str_prefix(path, "linux.seccomp."))
		callrules_take(&s->x->calls, s->a, path + strlen("linux.seccomp."), v);
	else if (str_prefix(path, "linux.sysctl."))
		ending_sysctl(s->x, s->a, path + strlen("linux.sysctl."), v);
	else if (!strcmp(path, "linux.maskedPaths[]") || !strcmp(path, "linux.readonlyPaths[]"))
		words_add(&s->masked, s->a, v);
	else if (!strcmp(path, "linux.resources.memory.limit"))
		jvalue_u64(v, &s->x->memory_limit);
	else if (!strcmp(path, "linux.resources.pids.limit"))
		jvalue_u64(v, &s->x->pids_limit);
	return true;
}

int ending_spec(struct ending *x, struct arena *a, const char *path, struct err *e)
{
	auto_close int fd = runtime_open_file(path, e);
	struct spec s = { .x = x, .a = a, .mounts = { .x = x, .a = a } };
	char user[48];
	const char *dir;

	if (fd < 0)
		return -1;
	if (jread(fd, STATE_MAX, take_spec, &s, e) < 0)
		return err_wrap(e, "%s", path);
	specmounts_mask(x, a, &s.masked);
	x->spec = path;
	x->caps_told = true;	/* of what it does not name there is none */
	x->host_net = !s.has_net;
	x->host_uts = !s.has_uts;
	ending_first_port(x, FRESH_PORT);
	x->shared_pids = s.joins || !s.own_pids;
	snprintf(user, sizeof(user), "%llu:%llu", (unsigned long long)s.uid,
		 (unsigned long long)s.gid);
	x->user = arena_dup(a, user, strlen(user));
	if (!s.root || x->image.count)
		return 0;
	dir = arena_dup(a, path, (size_t)(strrchr(path, '/') - path));
	x->image.layers = arena_alloc(a, sizeof(*x->image.layers));
	x->image.layers[0] = *s.root == '/' ? s.root : runtime_join(a, dir, s.root);
	x->image.count = 1;
	x->own_root = true;
	return 0;
}

void bundle_ending(const struct container *c, struct ending *x, struct arena *a)
{
	x->runc = !strcmp(c->runtime->name, "runc");
	if (c->bundle)
		ending_spec(x, a, runtime_join(a, c->bundle, "config.json"), NULL);
}

/* ---- the layers of an overlay ---- */

/* "l/SHORT" is a link to "../ID/diff". */
static const char *layer_of(struct arena *a, const char *dir, const char *link)
{
	const char *path = runtime_join(a, dir, link), *end;
	char to[NAME_BYTES_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);

	if (n <= 0)
		return NULL;
	to[n] = '\0';
	end = str_prefix(to, "../") ? strchr(to + 3, '/') : NULL;
	if (!end || end == to + 3 || to[3] == '.' || strcmp(end, "/diff"))
		return NULL;
	return runtime_join(a, dir, to + 3);
}

static bool take_lower(struct ending *x, struct arena *a, const char *dir, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ":");
		const char *link = arena_dup(a, list, n);

		if (x->image.count == IMAGE_LAYERS_MAX || !str_prefix(link, "l/") ||
		    strchr(link + 2, '/'))
			return false;
		x->image.layers[x->image.count] = layer_of(a, dir, link);
		if (!x->image.layers[x->image.count++])
			return false;
		list += n + (list[n] == ':');
	}
	return true;
}

void ending_overlay(struct ending *x, struct arena *a, const char *dir, const char *id)
{
	const char *own = runtime_join(a, dir, id), *lower;
	auto_buf struct buf why = { 0 };

	x->image.layers = arena_alloc(a, IMAGE_LAYERS_MAX * sizeof(*x->image.layers));
	x->own_root = false;
	x->image.layers[0] = runtime_join(a, own, "diff");
	x->image.count = 1;
	lower = ending_text(a, runtime_join(a, own, "lower"));
	if (access(x->image.layers[0], F_OK) == 0 && (!lower || take_lower(x, a, dir, lower)))
		return;
	x->image.count = 0;
	buf_addf(&why, "the layers of its image are not where %s should name them", own);
	x->no_files = arena_dup(a, why.bytes, why.len);
}

/* ---- its memory cgroup ---- */

struct paths {
	struct arena *a;
	const char *v1, *v2, *crun;
};

static bool take_path(void *ctx, const char *path, struct jvalue v)
{
	struct paths *p = ctx;

	if (!strcmp(path, "cgroup_paths.memory"))
		p->v1 = runtime_text(p->a, v);
	else if (!strcmp(path, "cgroup_paths."))
		p->v2 = runtime_text(p->a, v);
	else if (!strcmp(path, "cgroup-path"))
		p->crun = runtime_text(p->a, v);
	return true;
}

static void read_kills(const char *dir, struct arena *a, const char **file, uint64_t *kills)
{
	static const char *const files[] = { "memory.events", "memory.oom_control" };
	auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*kills = NONE_U64;
	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(files) && *kills == NONE_U64; i++) {
		*kills = cgstat_file_key(fd, files[i], "oom_kill");
		if (*kills != NONE_U64)
			*file = runtime_join(a, dir, files[i]);
	}
}

/* Where the whole hierarchy is mounted for us, that memory is accounted in. */
static bool memory_mount(bool v2, char *point, size_t room)
{
	auto_close int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup c = { .path = "/" };
	struct cgroup_mounts m = { .count = 0 };
	bool ret;

	snprintf(c.controllers, sizeof(c.controllers), "%s", v2 ? "" : "memory");
	ret = self >= 0 && cgroup_mounts_read(&m, self) == 0 && m.text.bytes &&
		cgroup_mount_point(m.text.bytes, &c, point, room);
	cgroup_mounts_free(&m);
	return ret;
}

static bool is_pod(const char *name)
{
	return str_prefix(name, "pod") || str_prefix(name, "kubepods-");
}

static void take_cgroup(struct ending *x, struct arena *a, const char *path, bool v2)
{
	const char *slash = strrchr(path, '/'), *above;
	char point[NAME_BYTES_MAX];

	if (memory_mount(v2, point, sizeof(point)) && str_prefix(path, point) &&
	    path[strlen(point)] == '/')
		x->cgroup = path + strlen(point);
	read_kills(path, a, &x->cgroup_file, &x->oom_kills);
	if (!slash || slash == path)
		return;
	above = arena_dup(a, path, (size_t)(slash - path));
	if (is_pod(strrchr(above, '/') + 1))
		read_kills(above, a, &x->pod_cgroup_file, &x->pod_oom_kills);
}

void ending_cgroup(struct ending *x, struct arena *a, const char *state_dir)
{
	static const char *const files[] = { "state.json", "status" };
	struct paths p = { .a = a };
	char point[NAME_BYTES_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(files) && !p.v1 && !p.v2 && !p.crun; i++) {
		auto_close int fd = runtime_open_file(runtime_join(a, state_dir, files[i]), NULL);

		if (fd >= 0)
			jread(fd, STATE_MAX, take_path, &p, NULL);
	}
	/* crun names it below the hierarchy's mount */
	for (int v2 = 0; p.crun && *p.crun == '/' && !p.v1 && v2 < 2; v2++)
		if (memory_mount(v2, point, sizeof(point)))
			*(v2 ? &p.v2 : &p.v1) = runtime_join(a, point, p.crun + 1);
	if (p.v1 || p.v2)
		take_cgroup(x, a, p.v1 ? p.v1 : p.v2, !p.v1);
}

/* ---- all of it ---- */

void ending_pod_log(const struct container *c, struct ending *x, struct arena *a)
{
	uint64_t last = k8s_restarts(c);
	char name[32];

	if (last == UINT64_MAX || (x->previous && !last--))
		return;
	snprintf(name, sizeof(name), "%llu.log", (unsigned long long)last);
	x->output = runtime_join(a, c->logs, name);
}

/* A root that its engine mounts for it (podman run --rootfs DIR:O) is not there when it is not. */
static bool is_empty(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	bool ret = d;

	while (d && ret && (e = readdir(d)))
		ret = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return ret;
}

struct ending *ending_read(struct container *c, struct arena *a)
{
	struct ending *x = arena_alloc(a, sizeof(*x));
	auto_buf struct buf labels = { 0 };

	*x = (struct ending){
		.exit_code = c->exit_code, .restarts = NONE_U64, .memory_limit = NONE_U64,
		.pids_limit = NONE_U64, .first_port = -1,
		.oom_kills = NONE_U64, .pod_oom_kills = NONE_U64, .log = -1,
	};
	x->kernel = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	x->kernel_err = x->kernel < 0 ? errno : 0;
	if (c->runtime->detail)
		c->runtime->detail(c, a, &labels, NULL);
	if (c->runtime->ending)
		c->runtime->ending(c, x, a);
	if (c->state_dir)
		ending_cgroup(x, a, c->state_dir);
	if (x->restarts == NONE_U64)
		x->restarts = k8s_restarts(c);
	if (x->image.count == 1 && is_empty(x->image.layers[0])) {
		x->image.count = 0;
		x->no_files = "the directory of its root is empty: what it had was mounted there";
	}
	if (!x->image.count && !x->no_files)
		x->no_files = "its runtime's files do not tell where those of its image are";
	if (x->output)
		x->log = runtime_open_file(x->output, NULL);
	return x;
}

void ending_forget(struct ending *x)
{
	if (!x->again)
		return;
	x->started = x->again;
	x->again = x->finished = NULL;
	x->exit_code = INT64_MIN;
}

void ending_close(struct ending *x)
{
	own_close(&x->log);
	own_close(&x->kernel);
}

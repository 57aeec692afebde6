/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dockerend - how a container of docker ended: State, Path, Args, Config and MountPoints of
 * config.v2.json (moby 20.10, container/container.go and state.go), hostconfig.json, and its
 * layers, DATA/overlay2/ID, whose ID is in DATA/image/overlay2/layerdb/mounts/CONTAINER/mount-id.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/ownprofile.h"
#include "nsdebug/target/specmounts.h"

#define DRIVER "overlay2"
#define LIMIT_NAME 16
#define FRESH_PORT 0		/* WithCommonOptions() of moby's daemon/oci_linux.go, 20.10 */

/* Files that it mounts in each of them, and where config.v2.json tells of them (moby 20.10,
 * container/container_unix.go, NetworkMounts()). */
static const struct own_file { const char *key, *at; } own_files[] = {
	{ "ResolvConfPath", "/etc/resolv.conf" }, { "HostnamePath", "/etc/hostname" },
	{ "HostsPath", "/etc/hosts" },
};

struct reading {
	struct ending *x;
	struct arena *a;
	const char *driver;
	struct ending_mount *m;
	const char *entry;		/* its path in the document, with a dot */
	unsigned int object;		/* it is this one of it */
	bool running;		/* as far as dockerd has heard; between two attempts, too */
	bool privileged;
	bool host_ids;		/* with userns-remap not for this one */
	const char *own[ARRAY_SIZE(own_files)];
	const char *calls;	/* its seccomp profile: "unconfined", its text, or NULL */
	struct words_list add, drop;	/* capabilities, with "CAP_" or without */
	struct words_list masked;	/* paths that are, or are read-only */
};

/* A time that was never: Go's zero. */
static const char *time_text(struct arena *a, struct jvalue v)
{
	const char *text = runtime_text(a, v);

	return text && str_prefix(text, "0001-") ? NULL : text;
}

static void take_state(struct reading *r, const char *key, struct jvalue v)
{
	struct ending *x = r->x;
	uint64_t n;

	if (!strcmp(key, "Running"))
		r->running = jvalue_is(v, "true");
	else if (!strcmp(key, "Restarting"))
		x->between = jvalue_is(v, "true");
	else if (!strcmp(key, "OOMKilled"))
		x->oom_killed = jvalue_is(v, "true");
	else if (!strcmp(key, "Error"))
		x->error = ending_string(r->a, v);
	else if (!strcmp(key, "ExitCode") && jvalue_u64(v, &n) && n <= INT32_MAX)
		x->exit_code = (int64_t)n;
	else if (str_prefix(key, "Health."))
		health_take(&x->health, r->a, key + strlen("Health."), v);
	else if (!strcmp(key, "StartedAt"))
		x->started = time_text(r->a, v);
	else if (!strcmp(key, "FinishedAt"))
		x->finished = time_text(r->a, v);
}

static void take_config(struct reading *r, const char *key, struct jvalue v)
{
	if (!strcmp(key, "Env[]"))
		words_add(&r->x->env, r->a, v);
	else if (!strcmp(key, "User"))
		r->x->user = runtime_text(r->a, v);
	else if (!strcmp(key, "WorkingDir"))
		r->x->cwd = runtime_text(r->a, v);
	else if (!strcmp(key, "Healthcheck.Test[]") && !r->x->health.word)
		r->x->health.word = ending_string(r->a, v);
}

/* What was asked for stands in the mount, too, and has a source of its own. */
static bool is_in_spec(const struct reading *r, const char *path, unsigned int object)
{
	return r->entry && object == r->object + 1 && str_prefix(path, r->entry) &&
		!strcmp(path + strlen(r->entry), "Spec.Source");
}

/* "MountPoints./data.Destination": the key is the destination, which may hold a dot. */
static void take_mount(struct reading *r, const char *path, struct jvalue v)
{
	const char *key = strrchr(path, '.') + 1;
	uint64_t mode;

	if (!strcmp(key, "Source")) {
		if (is_in_spec(r, path, v.object))
			return;
		r->m = ending_mount_add(r->x, r->a);
		r->entry = arena_dup(r->a, path, (size_t)(key - path));
		r->object = v.object;
		if (r->m)
			*r->m = (struct ending_mount){
				.source = runtime_text(r->a, v), .volume = true,
			};
	} else if (!r->m) {
		return;
	} else if (!strcmp(key, "Destination")) {
		r->m->at = runtime_text(r->a, v);
	} else if (!strcmp(key, "RW")) {
		r->m->flags.set = jvalue_is(v, "false") ? MOUNT_RO : 0;
		r->m->flags.named = r->m->flags.set;
	} else if (!strcmp(key, "Type") && jvalue_is(v, "tmpfs")) {
		r->m->type = "tmpfs";
		r->m->tmpfs.anew = true;
		r->m->volume = false;
	} else if (strstr(path, ".VolumeOptions.Subpath")) {
		r->m->part |= v.type == J_STRING && v.text.len;
	} else if (strstr(path, ".TmpfsOptions.Mode") && jvalue_u64(v, &mode) && mode) {
		r->m->tmpfs.has_mode = true;
		r->m->tmpfs.mode = (uint32_t)mode & 07777;
	}
}

static void take_own(struct reading *r, const char *key, struct jvalue v)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++)
		if (!strcmp(key, own_files[i].key))
			r->own[i] = runtime_text(r->a, v);
}

static bool take_value(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;
	uint64_t n;

	if (str_prefix(path, "State."))
		take_state(r, path + strlen("State."), v);
	else if (str_prefix(path, "Config."))
		take_config(r, path + strlen("Config."), v);
	else if (str_prefix(path, "MountPoints."))
		take_mount(r, path, v);
	else if (!strcmp(path, "Path") || !strcmp(path, "Args[]"))
		words_add(&r->x->args, r->a, v);
	else if (!strcmp(path, "Driver"))
		r->driver = runtime_text(r->a, v);
	else if (!strcmp(path, "LogPath"))
		r->x->output = runtime_text(r->a, v);
	else if (!strcmp(path, "RestartCount") && jvalue_u64(v, &n))
		r->x->restarts = n;
	else if (!strcmp(path, "HasBeenManuallyStopped"))
		r->x->stopped = jvalue_is(v, "true");
	else if (!strcmp(path, "SeccompProfile"))	/* the last of SecurityOpt */
		r->calls = ending_string(r->a, v);
	else if (!strcmp(path, "NoNewPrivileges"))	/* the same, or dockerd's default */
		r->x->no_new_privs = jvalue_is(v, "true");
	else
		take_own(r, path, v);
	return true;
}

/* --init: inInitPath of moby's daemon/oci_linux.go. */
static void add_init(struct reading *r)
{
	struct ending_mount *m = ending_mount_add(r->x, r->a);

	if (m)
		*m = (struct ending_mount){ .at = "/sbin/docker-init", .type = "bind" };
}

/* It begins with its name (docker/go-units, ulimit.go): "nofile"; of what has no limit it is -1. */
static void take_limit(struct reading *r, const char *key, struct jvalue v)
{
	struct ending *x = r->x;
	struct ending_limit *l = x->nlimits ? &x->limits[x->nlimits - 1] : NULL;
	auto_buf struct buf b = { 0 };

	if (!strcmp(key, "Name")) {
		buf_str(&b, "RLIMIT_");
		for (size_t i = 0; i < v.text.len && i < LIMIT_NAME; i++)
			buf_char(&b, (char)toupper((unsigned char)v.text.p[i]));
		ending_limit_add(x, arena_dup(r->a, b.bytes, b.len));
	} else if (l && !strcmp(key, "Soft") && !jvalue_u64(v, &l->soft)) {
		l->soft = UINT64_MAX;
	} else if (l && !strcmp(key, "Hard") && !jvalue_u64(v, &l->hard)) {
		l->hard = UINT64_MAX;
	}
}

static bool take_host(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;
	struct ending *x = r->x;
	const char *text;
	uint64_t n;

	if (!strcmp(path, "ReadonlyRootfs")) {
		x->read_only_root = jvalue_is(v, "true");
	} else if (!strcmp(path, "Memory") && jvalue_u64(v, &n) && n) {
		x->memory_limit = n;
	} else if (!strcmp(path, "PidsLimit") && jvalue_u64(v, &n) && n) {
		x->pids_limit = n;
	} else if (str_prefix(path, "Ulimits[].")) {
		take_limit(r, path + strlen("Ulimits[]."), v);
	} else if (!strcmp(path, "CapAdd[]") || !strcmp(path, "CapDrop[]")) {
		words_add(path[3] == 'A' ? &r->add : &r->drop, r->a, v);
	} else if (!strcmp(path, "Privileged")) {
		r->privileged = jvalue_is(v, "true");
	} else if (!strcmp(path, "GroupAdd[]")) {
		words_add(&x->add_groups, r->a, v);
	} else if (!strcmp(path, "Init")) {
		if (jvalue_is(v, "true"))
			add_init(r);
	} else if (!strcmp(path, "PidMode")) {
		x->shared_pids = v.type == J_STRING && v.text.len;
	} else if (!strcmp(path, "NetworkMode")) {
		x->host_net = jvalue_is(v, "host");
		x->joined_net = jvalue_begins(v, "container:");
	} else if (!strcmp(path, "MaskedPaths[]") || !strcmp(path, "ReadonlyPaths[]")) {
		words_add(&r->masked, r->a, v);
	} else if (!strcmp(path, "UTSMode")) {
		x->host_uts = jvalue_is(v, "host");
	} else if (str_prefix(path, "Sysctls.")) {
		ending_sysctl(x, r->a, path + strlen("Sysctls."), v);
	} else if (!strcmp(path, "Runtime")) {
		x->runc = jvalue_is(v, "runc");
	} else if (!strcmp(path, "UsernsMode")) {
		r->host_ids = jvalue_is(v, "host");
	} else if (!strcmp(path, "RestartPolicy.Name")) {
		text = runtime_text(r->a, v);
		x->policy = text && strcmp(text, "no") ? text : NULL;
	} else if (str_prefix(path, "Tmpfs.")) {
		r->m = ending_mount_add(x, r->a);
		text = runtime_text(r->a, v);
		if (!r->m)
			return true;
		*r->m = (struct ending_mount){
			.at = runtime_join(r->a, path + strlen("Tmpfs."), NULL),
			.type = "tmpfs", .tmpfs.anew = true,
		};
		ending_tmpfs(r->m, text ? text : "");
	}
	return true;
}

static bool has_cap(const struct words_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++) {
		const char *word = l->items[i];

		if (!strcasecmp(word + (strncasecmp(word, "CAP_", 4) ? 0 : 4), name))
			return true;
	}
	return false;
}

/* TweakCapabilities() of moby's oci/caps/utils.go, and its defaults: the bounding set; who is not
 * root has none at first. Of ALL without some nothing is told. */
static void take_caps(struct reading *r)
{
	static const char *const defaults[] = {
		"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
		"SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
	};
	bool none = has_cap(&r->drop, "ALL");
	struct ending *x = r->x;

	x->all_caps = r->privileged || has_cap(&r->add, "ALL");
	x->caps_told = r->privileged || !x->all_caps || !r->drop.count;
	x->bounding = r->add;
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && !none; i++)
		if (!has_cap(&r->drop, defaults[i]))
			words_add(&x->bounding, r->a, (struct jvalue){ .type = J_STRING,
				.text = { defaults[i], strlen(defaults[i]) } });
	x->permitted = x->bounding;
}

/* WithSeccomp() of moby's daemon/seccomp_linux.go: of one that is privileged a profile counts only
 * since 23.0. */
static const char *why_calls_unknown(const struct reading *r)
{
	if (r->calls && !strcmp(r->calls, "unconfined"))
		return NULL;
	if (r->calls && strcmp(r->calls, "builtin") != 0)
		return "its seccomp profile is in docker's own form, which is not read";
	return r->privileged ? NULL :
		"its seccomp profile is docker's own, which is in no file";
}

/* With userns-remap DATA is DATA/UID.GID. */
static bool is_remapped(const char *data)
{
	const char *p = strrchr(data, '/');
	size_t uid = p ? strspn(p + 1, "0123456789") : 0, gid;

	if (!uid || p[1 + uid] != '.')
		return false;
	gid = strspn(p + uid + 2, "0123456789");
	return gid && !p[uid + 2 + gid];
}

static void find_layers(struct reading *r, const char *root, const char *id)
{
	struct arena *a = r->a;
	const char *data, *mount;
	auto_buf struct buf b = { 0 };

	data = arena_dup(a, root, strlen(root) - strlen("/containers"));
	r->x->other_ids = is_remapped(data) && !r->host_ids;
	if (!r->driver || strcmp(r->driver, DRIVER)) {
		buf_addf(&b, "docker keeps its image by the driver %s, which is not known here",
			 r->driver ? r->driver : "(none)");
		r->x->no_files = arena_dup(a, b.bytes, b.len);
		return;
	}
	buf_addf(&b, "%s/image/" DRIVER "/layerdb/mounts/%s/mount-id", data, id);
	mount = ending_text(a, b.bytes);
	if (mount && *mount != '.' && !strchr(mount, '/')) {
		ending_overlay(r->x, a, runtime_join(a, data, DRIVER), mount);
		return;
	}
	buf_addf(&b, " cannot be read, which names its layers");
	r->x->no_files = arena_dup(a, b.bytes, b.len);
}

/* What it mounts in each of them, without writing it down (moby, oci/defaults.go). */
static void add_defaults(struct reading *r)
{
	static const struct ending_mount all[] = {
		{ .at = "/proc", .type = "proc" }, { .at = "/dev", .type = "tmpfs" },
		{ .at = "/sys", .type = "sysfs" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct ending_mount *m = ending_mount_add(r->x, r->a);

		if (m)
			*m = all[i];
	}
}

/* What a volume is mounted on is that. They are made when it is first started. */
static void add_own_files(struct reading *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++) {
		const char *at = own_files[i].at;
		const struct ending_mount *on = ending_mount_of(r->x, at);
		struct ending_mount *m;

		if (on && !strcmp(on->at, at))
			continue;
		m = ending_mount_add(r->x, r->a);
		if (m)
			*m = (struct ending_mount){ .at = at, .source = r->own[i], .volume = true,
				.flags.set = r->x->read_only_root ? MOUNT_RO : 0,
				.flags.named = r->x->read_only_root };
	}
}

/* As docker does before it asks for them: what is in a mount comes after it. */
static void sort_mounts(struct ending *x)
{
	for (size_t i = 1; i < x->nmounts; i++) {
		struct ending_mount m = x->mounts[i];
		size_t k = i;

		for (; k && ending_depth(x->mounts[k - 1].at) > ending_depth(m.at); k--)
			x->mounts[k] = x->mounts[k - 1];
		x->mounts[k] = m;
	}
}

/* daemon.initializeNetworking() writes its name; what is mounted there it may write itself, and set
 * back when it was written, but not when it was changed; nor when dockerd says that it was
 * started. */
static int64_t begun(const struct ending *x, const char *hostname)
{
	int64_t at, most = x->failed_ns, sec;
	uint32_t nsec;
	struct stat st;

	if (stat(hostname, &st) < 0)
		return 0;
	at = time_ns(st.st_ctim.tv_sec, (uint32_t)st.st_ctim.tv_nsec);
	if (!x->error && x->started && time_parse(x->started, &sec, &nsec))
		most = time_ns(sec, nsec);
	return most && at > most ? most : at;
}

void docker_ending(const struct container *c, struct ending *x, struct arena *a)
{
	auto_close int fd = runtime_open(c->root, c->id, "config.v2.json", NULL);
	auto_close int host = runtime_open(c->root, c->id, "hostconfig.json", NULL);
	struct reading r = { .x = x, .a = a };
	const char *dir = runtime_join(a, c->root, c->id);

	add_defaults(&r);
	if (fd < 0 || jread(fd, STATE_MAX, take_value, &r, NULL) < 0)
		return;
	x->source = x->spec = x->health.source = runtime_join(a, dir, "config.v2.json");
	/* State.SetRestarting() keeps it running, and what the attempt ended with; else it is 0 */
	if (r.running && !x->between)
		x->exit_code = INT64_MIN;
	if (host >= 0 && jread(host, STATE_MAX, take_host, &r, NULL) >= 0) {
		take_caps(&r);
		ending_first_port(x, FRESH_PORT);
	}
	x->calls.unknown = why_calls_unknown(&r);
	x->calls.usual = x->calls.unknown && ownprofile_dockers(c);
	add_own_files(&r);
	sort_mounts(x);
	specmounts_mask(x, a, &r.masked);
	/* moby forgets the error of a start when a later one succeeds */
	x->never_ran = !x->started || x->error;
	/* it has no field for that, and was written then */
	if (x->error)
		x->failed_ns = ending_written(x->spec);
	if (r.own[1] && str_prefix(r.own[1], dir))
		x->begun_ns = begun(x, r.own[1]);
	x->output_form = OUTPUT_DOCKER;
	find_layers(&r, c->root, c->id);
}

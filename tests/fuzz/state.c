/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the state of every runtime, read by the real code from its real places, which are
 * empty file systems in a mount namespace of the fuzzer's own: it needs root. The first byte says
 * whose files they are; a byte 0xff ends one and begins the next. What comes of them is a container
 * whose words hold together, or an error with a reason.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/find.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TASK "/run/containerd/io.containerd.runtime.v2.task/"
#define STORED "/overlay-containers/"
#define CRI "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/"

#define FILES_MAX 4

static const char *const files[][FILES_MAX] = {
	{ "/run/runc/" HEX "/state.json" },
	{ "/run/crun/" HEX "/status" },
	{ "/var/lib/docker/containers/" HEX "/config.v2.json",
	  "/run/docker/runtime-runc/moby/" HEX "/state.json", "/etc/docker/daemon.json" },
	{ TASK "nsd/" HEX "/init.pid", "/run/containerd/runc/nsd/" HEX "/state.json",
	  TASK "nsd/" HEX "/config.json" },
	{ TASK "k8s.io/" HEX "/config.json", TASK "k8s.io/" HEX "/init.pid",
	  "/run/containerd/runc/k8s.io/" HEX "/state.json" },
	{ "/var/lib/containers/storage" STORED "containers.json",
	  "/run/containers/storage" STORED HEX "/userdata/config.json",
	  "/run/containers/storage" STORED HEX "/userdata/pidfile",
	  "/run/runc/" HEX "/state.json" },
	{ CRI HEX "/status" },
};

static void make_dirs(const char *path)
{
	char dir[512];

	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(p - path), path);
		mkdir(dir, 0755);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const empty[] = { "/run", "/var/lib", "/var/log", "/etc" };

	(void)argc;
	(void)argv;
	umask(022);
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, "") < 0)
		err(2, "a mount namespace of our own");
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		if (mount("fuzz", empty[i], "tmpfs", 0, "") < 0)
			err(2, "a file system at %s", empty[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		for (size_t f = 0; f < FILES_MAX && files[i][f]; f++)
			make_dirs(files[i][f]);
	return 0;
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		err(2, "%s", path);
}

static void plant(const char *const *of, const uint8_t *p, size_t len)
{
	for (size_t f = 0; f < FILES_MAX && of[f]; f++) {
		const uint8_t *end = len ? memchr(p, 0xff, len) : NULL;
		size_t n = end ? (size_t)(end - p) : len;

		write_file(of[f], p, n);
		n += end != NULL;
		p += n;
		len -= n;
	}
}

static void uproot(const char *const *of)
{
	for (size_t f = 0; f < FILES_MAX && of[f]; f++)
		unlink(of[f]);
}

struct seen {
	struct arena *a;
	struct container first;
	unsigned int count;
};

static void check_error(const struct err *e)
{
	if (!e->msg[0] || strlen(e->msg) >= sizeof(e->msg) || !status_known(e->status) ||
	    e->status == ST_OK)
		abort();
}

static void check(const struct container *c)
{
	char word[TARGET_NAME_MAX], id[TARGET_NAME_MAX];

	container_word(c, word, sizeof(word));
	container_id_word(c, id, sizeof(id));
	if (!c->id || !c->name || !*c->id || !*c->name || !*word || !*id ||
	    !c->pod != !c->pod_space || (c->part && !c->pod) || c->pid < 0 ||
	    strlen(c->name) > NAME_BYTES_MAX)
		abort();
}

static bool take(void *ctx, const struct container *c)
{
	struct seen *s = ctx;
	struct container copy = *c;
	struct buf labels = { 0 };
	struct err e = { 0 };

	if (!c->id || !c->name)
		abort();
	if (copy.runtime->load(&copy, s->a, &e) < 0) {
		check_error(&e);
		return true;
	}
	check(&copy);
	if (!s->count++)
		s->first = copy;
	if (copy.runtime->detail(&copy, s->a, &labels, &e) < 0)
		check_error(&e);
	check(&copy);
	if (labels.len && (labels.bytes[labels.len - 1] != '\n' || labels.len > LABELS_MAX))
		abort();
	container_has_label(&copy, s->a, "app=web");
	container_owns(&s->first, &copy);
	k8s_restarts(&copy);
	buf_free(&labels);
	return true;
}

static void look_through(struct seen *s)
{
	struct err e = { 0 };

	for (const struct runtime *const *r = runtimes; *r; r++) {
		struct ask all = { .arena = s->a, .names = true };
		struct ask one = { .arena = s->a, .id = HEX, .inner = true };

		if ((*r)->scanned)
			continue;
		if ((*r)->each(*r, &all, take, s, &e) < 0 || (*r)->each(*r, &one, take, s, &e) < 0)
			check_error(&e);
	}
}

/* One of the words of which no process is asked. */
static void find(unsigned int which)
{
	static const char *const words[] = {
		"runc://" HEX, "crun://0123", "docker://web", "containerd://nsd/" HEX,
		"cri-o://web", "pod/shop", "prod/shop/web",
	};

	const struct target_want want = { 0 };
	struct err e = { 0 };
	struct target t;

	if (target_find(&t, words[which % ARRAY_SIZE(words)], &want, &e) < 0)
		check_error(&e);
	target_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	unsigned int which = len ? bytes[0] : 0;
	const char *const *of = files[which % ARRAY_SIZE(files)];
	struct seen s = { .a = arena_new() };
	struct container named = container_new(runtimes[0], "", "id");
	char *text = mem_dup(bytes, len);

	if (k8s_name(&named, s.a, text) && (!named.pod || !named.pod_space || !*named.pod))
		abort();
	check(&named);
	plant(of, bytes + (len != 0), len - (len != 0));
	look_through(&s);
	find(which / ARRAY_SIZE(files));
	uproot(of);
	free(text);
	arena_free(&s.a);
	return 0;
}

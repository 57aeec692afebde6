/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/denied.h"

#include <string.h>
#include <strings.h>

#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"

#define PATH_SHOWN 1024

/* The words of strerror(3) in C, Go, Java, Python and Node. */
static bool says_read_only(const char *line)
{
	return strcasestr(line, "read-only file system") || strstr(line, "EROFS");
}

/* The next word that begins with a slash, up to what no path in such a line goes on with. */
static bool next_path(const char **line, char *ret)
{
	const char *p = *line;

	while ((p = strchr(p, '/'))) {
		size_t n = strcspn(p, " :'\"`(),;");

		if ((p == *line || strchr(" :'\"`(=", p[-1])) && n > 1 && n < PATH_SHOWN) {
			memcpy(ret, p, n);
			ret[n] = '\0';
			*line = p + n;
			return true;
		}
		p += n ? n : 1;
	}
	return false;
}

static const struct ending_mount *mount_of(const struct ending *x, const char *path)
{
	const struct ending_mount *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < x->nmounts; i++) {
		const char *at = x->mounts[i].at;
		size_t len = at ? strlen(at) : 0;

		if (len > most && !strncmp(path, at, len) && (!path[len] || path[len] == '/')) {
			best = &x->mounts[i];
			most = len;
		}
	}
	return best;
}

static void say_mount(struct findings *f, const struct ending *x, const struct ending_mount *m,
		      const char *path)
{
	struct finding *s = finding_add(f, "read-only-mount");

	s->what = finding_text(f, "it could not write %s: what is mounted at %s is read-only", path,
			       m->at);
	s->source = x->spec;
	s->cure = finding_text(f, "mount it writable, or have it write to another place: a volume "
			       "or emptyDir of its own");
	s->kubernetes = finding_text(f, "volumeMounts: [{name: data, mountPath: %s, readOnly: "
				     "false}]", m->at);
	s->docker = finding_text(f, "--volume %s:%s", m->source ? m->source : "data", m->at);
}

static void say_root(struct findings *f, const struct ending *x, const char *path)
{
	struct finding *s = finding_add(f, "read-only-root");
	const char *slash = strrchr(path, '/');
	const char *dir = slash == path ? path :
		finding_text(f, "%.*s", (int)(slash - path), path);

	s->what = finding_text(f, "it could not write %s: its root file system is read-only", path);
	s->source = x->spec;
	s->cure = finding_text(f, "keep the root read-only, and give it a tmpfs, an emptyDir or a "
			       "volume at %s", dir);
	s->kubernetes = finding_text(f, "volumes: [{name: data, emptyDir: {}}], volumeMounts: "
				     "[{name: data, mountPath: %s}]", dir);
	s->docker = finding_text(f, "--tmpfs %s", dir);
}

static bool says_no_process(const char *line)
{
	return strcasestr(line, "resource temporarily unavailable") || strstr(line, "EAGAIN") ||
		strcasestr(line, "unable to create native thread");
}

static void say_pids(struct findings *f, const struct ending *x, const char *line)
{
	struct finding *s = finding_add(f, "pids-limit");

	s->what = finding_text(f, "it could not make a process or thread: its cgroup may have %llu",
			       (unsigned long long)x->pids_limit);
	s->evidence = finding_text(f, "exit code %lld, and its own words: %s",
				   (long long)x->exit_code, line);
	s->source = x->spec;
	s->cure = "raise the limit of processes and threads, or have it make fewer (a pool's size)";
	s->kubernetes = "(kubelet) podPidsLimit: 100";
	s->docker = "--pids-limit 100";
}

bool denied_line(struct findings *f, const struct ending *x, const char *line)
{
	const char *rest = line;
	char path[PATH_SHOWN];

	if (says_no_process(line) && x->pids_limit != NONE_U64) {
		say_pids(f, x, line);
		return true;
	}
	if (!says_read_only(line))
		return false;
	while (next_path(&rest, path)) {
		const struct ending_mount *m = mount_of(x, path);

		if (m ? !m->read_only : !x->read_only_root)
			continue;
		if (m)
			say_mount(f, x, m, path);
		else
			say_root(f, x, path);
		f->items[f->count - 1].evidence = finding_text(f, "exit code %lld, and its own "
			"words: %s", (long long)x->exit_code, line);
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/summary.h"

#include <string.h>
#include <sys/wait.h>

#include "nsdebug/advise/files.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/advise/remarks.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/creds.h"

#define S(t, f, fl, h, ...) COL(t, struct summary, f, fl, h, ##__VA_ARGS__)

const struct col summary_cols[] = {
	S(COL_BOOL, from_start, COL_HIDE, "it was watched from its first program on (--next)"),
	S(COL_BOOL, complete, COL_HIDE, "its start was seen, nothing since was missed, and it did "
	  "not fail"),
	S(COL_BOOL, failed, COL_HIDE, "it, or a process of it, failed while it was watched: this "
	  "is of a run that went wrong"),
	S(COL_U64, exit_code, COL_HIDE, "with which its first process ended; null: it runs, or "
	  "was ended by a signal"),
	S(COL_STR, signal, COL_HIDE, "that ended its first process"),
	S(COL_DUR, watched_s, COL_HIDE, "how long it was watched"),
	S(COL_U64, syscalls, COL_HIDE, "in the seccomp profile"),
	S(COL_U64, files, COL_HIDE, "that were opened, mapped or run"),
	S(COL_U64, widened, COL_HIDE, "rules of the AppArmor profile that are of all files of a "
	  "directory"),
	S(COL_U64, image_files, COL_HIDE, "of its image, and what it has made there; null: they "
	  "were not looked at"),
	S(COL_SIZE, image_size, COL_HIDE, "bytes of these"),
	S(COL_U64, unused_files, COL_HIDE, "of these, neither opened, mapped nor looked at"),
	S(COL_SIZE, unused_size, COL_HIDE, "bytes of these"),
	S(COL_U64, uid, COL_HIDE, "of its first process"),
	S(COL_U64, gid, COL_HIDE, "of its first process"),
	S(COL_LIST, capabilities, COL_HIDE, "that it needs"),
	S(COL_BYTES, seccomp, COL_HIDE, "the seccomp profile, as docker, podman, containerd and "
	  "runc read it"),
	S(COL_BYTES, apparmor, COL_HIDE, "the AppArmor profile, for apparmor_parser"),
	S(COL_BYTES, kubernetes, COL_HIDE, "YAML of a pod: its securityContext, and volumes"),
	S(COL_BYTES, docker, COL_HIDE, "options of docker run; of podman run if it is podman's"),
	S(COL_BYTES, text, COL_NOJSON, "all of it on one line"),
	COL_END
};

static void fill_end(struct summary *s, const struct used *u)
{
	int code = u->end->code;

	s->failed = remarks_failed(u);
	s->exit_code = NONE_U64;
	if (u->end->over && WIFSIGNALED(code))
		s->signal = word_signal((uint32_t)WTERMSIG(code), s->signal_room);
	else if (u->end->over)
		s->exit_code = (uint64_t)WEXITSTATUS(code);
}

static void fill_caps(struct summary *s, uint64_t caps)
{
	size_t n = 0;

	for (unsigned int cap = 0; cap < CAP_MAX; cap++) {
		const char *name = caps >> cap & 1 ? cap_name(cap) : NULL;

		if (name)
			s->caps[n++] = (struct bytes){ name, strlen(name) };
	}
	s->capabilities = (struct col_list){ s->caps, n };
}

void summary_fill(struct summary *s, const struct advice *a, const struct files_unused *f)
{
	s->from_start = a->whole;
	s->files = files_count(a->u);
	s->uid = a->uid;
	s->gid = a->gid;
	s->watched_s = (int64_t)(a->u->ended_ns - a->u->tracer.started_ns);
	s->image_files = f->known ? f->all_files : NONE_U64;
	s->image_size = f->known ? f->all_bytes : NONE_U64;
	s->unused_files = f->known ? f->files : NONE_U64;
	s->unused_size = f->known ? f->bytes : NONE_U64;
	fill_end(s, a->u);
	fill_caps(s, a->caps);
}

void summary_text(struct buf *b, const struct summary *s)
{
	buf_addf(b, "%llu system calls, %zu capabilit%s, %llu files in %.3g s%s%s",
		 (unsigned long long)s->syscalls, s->capabilities.count,
		 s->capabilities.count == 1 ? "y" : "ies", (unsigned long long)s->files,
		 (double)s->watched_s / 1e9, s->failed ? "; it failed" : "",
		 s->complete ? "" : "; not all was seen");
}

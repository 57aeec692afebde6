/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/exits.h"

#include <signal.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/fdinfo.h"
#include "nsdebug/why/finding.h"

unsigned int exits_signal(int64_t code)
{
	return code > 128 && code <= 128 + 64 ? (unsigned int)(code - 128) : 0;
}

const char *exits_signal_name(struct findings *f, unsigned int sig)
{
	auto_buf struct buf b = { 0 };

	fdinfo_put_signals(&b, 1ull << (sig - 1));
	return finding_text(f, "SIG%s", b.bytes);
}

#define SEE_WHERE "'nsdebug trace signal --stack NAME' shows where, while it runs; if it does " \
	"not run long enough, let it write a core file (--ulimit core=-1; the node's " \
	"/proc/sys/kernel/core_pattern says where): 'nsdebug stack --core FILE NAME' reads it"

/* Signals that a program gets for what it did. */
static const struct crash {
	unsigned int sig;
	const char *what, *cure;
} crashes[] = {
	{ SIGSEGV, "it used memory that it has not got",
	  SEE_WHERE },
	{ SIGBUS, "it used memory whose file is shorter, or that is not aligned",
	  "a file that it has mapped was cut, or /dev/shm is full: give it more (docker run "
	  "--shm-size, in a pod an emptyDir with medium: Memory at /dev/shm)" },
	{ SIGILL, "it ran an instruction that this processor has not, or none at all",
	  "build it for an older processor (GOAMD64=v1, -march=x86-64), or run it on a node that "
	  "has the instruction" },
	{ SIGFPE, "it divided by zero, or calculated what cannot be",
	  SEE_WHERE },
	{ SIGABRT,
	  "it gave up by itself: an assertion, or its memory allocator, found something wrong",
	  "its last words say what; " SEE_WHERE },
	{ SIGTRAP, "it ran into a breakpoint, or gave up by itself",
	  "its last words say what; " SEE_WHERE },
};

/* abort() of a first process, which ignores signals without a handler, ends in a fault. */
static const char *doubt(struct findings *f, unsigned int sig, bool proven)
{
	if (proven)
		return "";
	return finding_text(f, "%s; unless the program chose the number %u itself",
			    sig == SIGSEGV ? " (or abort(), which ends a first process so)" : "",
			    128 + sig);
}

static struct finding *say_signal(struct findings *f, unsigned int sig, bool proven)
{
	const char *name = exits_signal_name(f, sig), *but = doubt(f, sig, proven);
	struct finding *x;

	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		if (crashes[i].sig == sig) {
			x = finding_add(f, "crashed");
			x->what = finding_text(f, "it crashed with %s: %s%s", name,
					       crashes[i].what, but);
			x->cure = crashes[i].cure;
			return x;
		}
	if (sig == SIGSYS) {
		x = finding_add(f, "seccomp");
		x->what = finding_text(f, "it was killed with SIGSYS: it made a system call that "
				       "its seccomp profile kills for%s", but);
		x->cure = "'nsdebug trace denied --next NAME' names the call; let the profile "
			"allow it, or answer it with an error (SCMP_ACT_ERRNO), which programs can "
			"handle";
		return x;
	}
	x = finding_add(f, sig == SIGKILL ? "killed" : "signal");
	x->what = finding_text(f, "it was ended by %s%s", name, but);
	return x;
}

/* podman writes down that it was asked to stop one only if it had to kill it. */
static void say_done(struct finding *x, const char *runtime)
{
	bool podman = !strcmp(runtime, "podman");

	x->what = podman ? "it ended with 0: it had done what it was to do, or it was asked to "
		"stop (of 'podman stop' that is seldom recorded)" :
		"it ended by itself, with 0: it had done what it was to do";
	x->cure = podman ? "if it is to stay, and nobody stopped it: its program went to the "
		"background or had nothing to do; keep it in the foreground" :
		"if it is to stay: its program went to the background or had nothing to do; keep "
		"it in the foreground";
}

struct finding *exits_say(struct findings *f, int64_t code, bool proven, const char *runtime)
{
	struct finding *x;

	if (exits_signal(code))
		return say_signal(f, exits_signal(code), proven);
	x = finding_add(f, "exited");
	switch (code) {
	case 0:
		say_done(x, runtime);
		break;
	case 126:
		x->what = "it ended with 126: by custom, a command was found that cannot be "
			"executed";
		break;
	case 127:
		x->what = "it ended with 127: by custom, a shell did not find a command, or the "
			"loader not a library";
		break;
	default:
		x->what = finding_text(f, "it ended by itself, with %lld", (long long)code);
		x->cure = "the number is its program's own: its last words and its manual say what "
			"it means";
	}
	return x;
}

void exits_unknown(struct findings *f)
{
	struct finding *x = finding_add(f, "ended");

	x->what = "it has ended; how is not recorded";
	x->cure = "'nsdebug trace exit --next NAME', begun before it is started again, tells how "
		"it ends then";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/fault.h"

#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/kmsg.h"

#define PAGE_MIN 4096
#define START_US 10000000	/* a start fails, its engine cleans up and writes that down */
#define NS_PER_US 1000
#if defined(__x86_64__)
#define AUDIT_ARCH_OWN AUDIT_ARCH_X86_64
#else
#define AUDIT_ARCH_OWN AUDIT_ARCH_AARCH64
#endif

/* ---- which one ---- */

static void want_around(struct kmsg_want *want, const char *path, unsigned int sig, int64_t at_us,
			int64_t before_us)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path || at_us <= 0)
		return;
	snprintf(want->comm, sizeof(want->comm), "%s", slash ? slash + 1 : path);
	want->sig = sig;
	want->fault_at_us = (uint64_t)at_us;
	want->fault_from_us = at_us > before_us ? (uint64_t)(at_us - before_us) : 0;
	want->fault_to_us = (uint64_t)(at_us + KMSG_SLACK_US);
}

void fault_want(const struct ending *x, int64_t ended_ns, int64_t boot_us, struct kmsg_want *want)
{
	if (x->never_ran && x->error)
		want_around(want, "runc:[2:INIT]", SIGSYS, x->failed_ns / NS_PER_US - boot_us,
			    START_US);
	else if (x->args.count && exits_signal(x->exit_code))
		want_around(want, x->args.items[0], exits_signal(x->exit_code),
			    ended_ns / NS_PER_US - boot_us, KMSG_SLACK_US);
}

/* ---- in words ---- */

static bool is_protection(const struct kmsg_fault *k)
{
	return k->sig == SIGSEGV && str_prefix(k->what, "general protection");
}

static bool is_libc(const char *file)
{
	return str_prefix(file, "libc.") || str_prefix(file, "libc-") ||
		str_prefix(file, "ld-musl-");
}

static const char *called(struct findings *f, const struct kmsg_fault *k, fault_call_fn *call_name)
{
	char room[16];

	return k->arch == AUDIT_ARCH_OWN ?
		finding_text(f, "%s", call_name((unsigned int)k->syscall, room)) : NULL;
}

/* What follows "a process that": "wrote to address 0x0 (a null pointer)". */
static const char *fault_words(struct findings *f, const struct kmsg_fault *k,
			       fault_call_fn *call_name)
{
	const char *how = k->code & 16 ? "ran code at" : k->code & 2 ? "wrote to" : "read from";
	const char *what = str_prefix(k->what, "trap ") ? k->what + strlen("trap ") : k->what;
	const char *call;

	if (k->sig == SIGSYS) {
		call = called(f, k, call_name);
		return call ? finding_text(f, "called %s", call) :
			finding_text(f, "made call %llu of another architecture",
				     (unsigned long long)k->syscall);
	}
	if (*what)
		return finding_text(f, "had %s %s%s%s", strchr("aeiou", *what) ? "an" : "a", what,
				    k->file[0] ? " in " : "", k->file);
	return finding_text(f, "%s address 0x%llx%s%s%s", how, (unsigned long long)k->address,
			    k->address < PAGE_MIN ? " (a null pointer)" : "",
			    k->file[0] ? ", in " : "", k->file);
}

const char *fault_evidence(struct findings *f, const struct kmsg_found *log, const char *at,
			   fault_call_fn *call_name)
{
	const struct kmsg_fault *k = &log->fault;

	return finding_text(f, "at %s the kernel's log has a process %s (host's pid %llu) that "
			    "%s%s", at, k->comm, (unsigned long long)k->pid,
			    fault_words(f, k, call_name), log->faults ? "; and others of that "
			    "name, which may be another container's" : "");
}

static void explain_call(struct findings *f, struct finding *x, const char *call)
{
	x->what = finding_text(f, "it was killed with SIGSYS: it called %s, which its seccomp "
			       "profile kills for", call);
	x->cure = finding_text(f, "let its seccomp profile allow %s, or answer it with an error "
			       "(SCMP_ACT_ERRNO), which programs can handle", call);
}

/* The code of a container is that of its first process, which has its own pids unless shared. */
static void explain_protection(struct findings *f, struct finding *x, const struct kmsg_fault *k)
{
	if (is_libc(k->file)) {
		x->what = "it crashed with SIGSEGV: probably abort(): an assertion, or its memory "
			"allocator, found something wrong. The first process of a container "
			"ignores the SIGABRT of abort(), and its C library then ends it so";
		x->cure = finding_text(f, "its last words say what was wrong; %s", x->cure);
		return;
	}
	x->what = "it crashed with SIGSEGV: it used what can be no address, or called abort(), "
		"which ends the first process of a container so if its C library is linked into "
		"it";
}

void fault_explain(struct findings *f, struct finding *x, const struct kmsg_fault *k,
		   bool shared_pids, fault_call_fn *call_name)
{
	const char *call = k->sig == SIGSYS ? called(f, k, call_name) : NULL;

	if (call)
		explain_call(f, x, call);
	else if (is_protection(k) && !shared_pids)
		explain_protection(f, x, k);
}

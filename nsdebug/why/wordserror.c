/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wordserror - errors that a program's last words name.
 */
#include <ctype.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/output.h"
#include "nsdebug/why/words.h"

#define WORDS_MAX 6

#define LL(n) ((long long)(n))

#define SEE_DENIED "'nsdebug trace denied --once --next NAME' before it is started again names " \
	"the path or port, as whom it was asked for, and what to change"
#define SEE_PORT SEE_DENIED "; or, with the port that it listens on: 'nsdebug why NAME --port N'"

#define SEE_USER "started nonroot, it need not become another: take the name out of its " \
	"configuration (nginx: the line 'user'), or add it where the image is built, where it is " \
	"missing in /etc/passwd or /etc/group"
#define SEE_NAMES "'nsdebug trace dns --next NAME' before it is started again shows what is " \
	"asked, whom, and the answers"

/* Of several that fit one line the first counts: what is said in few words of much stands below. */
static const struct error {
	const char *words[WORDS_MAX];
	const char *kind, *what, *cure;
} errors[] = {
	{ { "mlock", "mlockall", "lock memory", "lock JVM memory" }, "locked-memory",
	  "it may not lock so much memory (RLIMIT_MEMLOCK)",
	  "raise that limit (docker run --ulimit memlock=-1:-1), which needs no capability, or let "
	  "the program do without (Vault: disable_mlock); while it runs 'nsdebug limits NAME' "
	  "shows it" },
	{ { "certificate has expired", "not yet valid", "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID",
	    "CertificateExpiredException", "CertificateNotYetValidException" }, "bad-time",
	  "by the clock the other side's certificate, or that of who vouches for it, is not valid "
	  "yet or not any more",
	  "a container has the node's clock: set that if it is wrong; if it is right the other "
	  "side needs a new certificate, or an old image newer authorities (package "
	  "ca-certificates)" },
	{ { "permission denied", "EACCES", "AccessDeniedException" }, "permission-denied",
	  "something was refused to it", SEE_DENIED },
	{ { "operation not permitted", "EPERM" }, "permission-denied",
	  "something was refused to it", SEE_DENIED },
	{ { "no space left on device", "ENOSPC" }, "no-space", "a file system was full",
	  "give it more, or a volume of its own; an emptyDir and a tmpfs have a limit, /dev/shm is "
	  "64 MiB (docker run --shm-size); 'nsdebug mounts NAME' shows them while it runs" },
	{ { "too many open files", "EMFILE", "ENFILE" }, "too-many-files",
	  "it had as many files open as it may", "raise the limit (docker run --ulimit "
	  "nofile=65536), or look for what it does not close" },
	{ { "address already in use", "EADDRINUSE" }, "address-in-use",
	  "another process listens where it wants to",
	  "another container of its pod or network, or an earlier process of it: let it listen "
	  "on another port" },
	{ { "cannot assign requested address", "EADDRNOTAVAIL", "address not available" },
	  "no-address", "it asked for an address that its network namespace does not have",
	  "let it listen at 0.0.0.0 or [::]: an address of the node, or of an earlier container, "
	  "is not its own; 'nsdebug trace bind --next NAME' before it is started again shows it" },
	{ { "can't start new thread", "unable to create native thread", "can't fork",
	    "pthread_create failed", "create new OS thread" }, "too-many-processes",
	  "it had as many processes and threads as it may", "raise the pids limit (docker run "
	  "--pids-limit), or the limit of its user (--ulimit nproc); while it runs 'nsdebug limits "
	  "NAME' shows both" },
	{ { "failure in name resolution", "no such host", "UnknownHostException", "ENOTFOUND" },
	  "unknown-host", "a name was not known to the DNS, or that did not answer",
	  SEE_NAMES },
	{ { "connection refused", "ECONNREFUSED" }, "connection-refused",
	  "nobody listened where it wanted to connect to",
	  "'nsdebug trace tcp --failed --next NAME' before it is started again shows the address; "
	  "if it looked a name up, 'nsdebug trace dns --next NAME' that of the server" },
	{ { "unknown authority", "local issuer certificate", "CERTIFICATE_VERIFY_FAILED",
	    "PKIX path building failed", "unable to get issuer certificate" }, "no-authority",
	  "the image does not have the certificate of who vouches for the other side",
	  "copy /etc/ssl/certs/ca-certificates.crt into the image (package ca-certificates), or "
	  "mount the one that is missing and name it in SSL_CERT_FILE" },
	{ { "unknown time zone", "No time zone found" }, "no-time-zone",
	  "the image does not have that time zone",
	  "copy /usr/share/zoneinfo into the image (package tzdata; Go: -tags timetzdata)" },
	{ { "uid not found", "unknown userid", "cannot find name for user" }, "unknown-user",
	  "its user has no name in the image's /etc/passwd",
	  "add a line for it where the image is built, or tell the program what it asks for (HOME, "
	  "USER)" },
	{ { "getpwnam", "unknown user", "invalid user", "bad user name", "find user",
	    "no such user" }, "unknown-user",
	  "it looked for a user by a name, in vain", SEE_USER },
	{ { "getgrnam", "unknown group", "invalid group", "bad group name", "find group",
	    "no such group" }, "unknown-user",
	  "it looked for a group by a name, in vain", SEE_USER },
	{ { "i/o timeout", "connection timed out", "ETIMEDOUT", "operation timed out",
	    "connect timed out" }, "no-answer",
	  "whom it wanted to reach did not answer in time",
	  "'nsdebug trace tcp --failed --next NAME' before it is started again shows the address: "
	  "is it right, and does a firewall or a NetworkPolicy let it through? If it looked a name "
	  "up, 'nsdebug trace dns --next NAME' shows whether that was answered" },
	{ { "cannot allocate memory", "ENOMEM" }, "no-memory",
	  "the kernel did not give it more memory",
	  "the limit of its memory cgroup is not that, which kills: look at its own limits (ulimit "
	  "-v, -d, -l), at vm.max_map_count, and at vm.overcommit_memory of the node; 'nsdebug "
	  "trace denied --once --next NAME' before it is started again names the call and the "
	  "limit" },
	{ { "cannot find module", "no module named", "MODULE_NOT_FOUND" }, "missing-file",
	  "a module that it needs is not in the image",
	  "install it where the image is built, and copy it into the stage that runs" },
	{ { "no such file or directory", "ENOENT", "NoSuchFileException" }, "missing-file",
	  "a file that it needs is not there",
	  "copy it into the image, or mount it (a ConfigMap, a Secret, a volume) where it looks; a "
	  "relative path begins at the working directory" },
};

/* "ModuleNotFoundError" is no ENOTFOUND. */
static bool has_word(const char *line, const char *word)
{
	for (const char *at = line; (at = strcasestr(at, word)); at++)
		if (at == line || !isalnum((unsigned char)at[-1]))
			return true;
	return false;
}

static const struct error *error_of(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		for (size_t k = 0; k < WORDS_MAX && errors[i].words[k]; k++)
			if (has_word(line, errors[i].words[k]))
				return &errors[i];
	return NULL;
}

bool words_error(struct findings *f, const struct ending *x, const struct output *o)
{
	const char *best = NULL;
	struct finding *s;

	for (size_t i = o->count; i-- > words_first(o);) {
		const char *line = o->lines[i];

		/* of several, one with a path tells more */
		if (words_mild(line) || !error_of(line) ||
		    (best && (strchr(best, '/') || !strchr(line, '/'))))
			continue;
		best = line;
	}
	if (!best)
		return false;
	s = words_say(f, x, error_of(best)->kind, best + strspn(best, " \t"));
	s->what = finding_text(f, "it ended by itself, with %lld: %s", LL(x->exit_code),
			       error_of(best)->what);
	s->cure = error_of(best)->cure;
	if (!strcmp(s->kind, "no-answer") && (strstr(best, "lookup ") || strstr(best, ":53:"))) {
		s->what = finding_text(f, "it ended by itself, with %lld: its DNS server did not "
				       "answer in time", LL(x->exit_code));
		s->cure = SEE_NAMES;
	}
	if (!strcmp(s->kind, "permission-denied") &&
	    (strstr(best, "bind") || strstr(best, "listen")))
		s->cure = SEE_PORT;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* why/confirm: words held against what a configuration says; why/unhealthy: health checks. Of files
 * runtimes/why-said.t tells. */
#include "nsdebug/why/confirm.h"

#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/unhealthy.h"
#include "tests/unit/check.h"

static struct arena *a;
static struct findings f;
static struct ending x;

static struct finding *about(const char *kind, const char *line)
{
	struct finding *s;

	f = (struct findings){ .a = a };
	s = finding_add(&f, kind);
	s->what = "it did not";
	s->cure = "look";
	s->evidence = line;
	confirm(&f, &x, NULL, s);
	return s;
}

static void limits(void)
{
	const struct finding *s = about("locked-memory", "mlock");

	ok(!strcmp(s->what, "it did not") && !strcmp(s->cure, "look") && !s->docker,
	   "of a limit that its configuration does not have nothing is said");
	x.nlimits = 1;
	x.limits[0] = (struct ending_limit){ "RLIMIT_MEMLOCK", 4096, 8192, 65536 };
	s = about("locked-memory", "mlock");
	ok(strstr(s->what, "has memlock=4096:8192") && s->limit == 4096 &&
	   !strcmp(s->docker, "--ulimit memlock=8192:8192"), "one that it has");
	x.limits[0].hard = x.limits[0].fixed = 4096;
	s = about("locked-memory", "mlock");
	ok(strstr(s->cure, "root may set no more than 4096") && !*s->docker,
	   "and that this node gives no more");
	x.limits[0].soft = UINT64_MAX;
	s = about("locked-memory", "mlock");
	ok(!strcmp(s->what, "it did not"), "no limit at all is none");
	x.limits[0] = (struct ending_limit){ "RLIMIT_NPROC", 7, 7, 32768 };
	s = about("too-many-processes", "create new OS thread");
	ok(strstr(s->what, "nproc=7:7") && !strcmp(s->docker, "--ulimit nproc=14:14"),
	   "of processes");
	x = (struct ending){ .finished = "2026-01-01T00:00:00Z" };
}

static void addresses(void)
{
	const struct finding *s = about("no-address", "listen tcp [::1]:80: bind: cannot assign");

	ok(strstr(s->what, "IPv6") && strstr(s->docker, "disable_ipv6=0"), "of IPv6");
	x.host_net = true;
	s = about("no-address", "listen tcp [::1]:80: bind: cannot assign");
	ok(strstr(s->what, "IPv6") && !s->docker, "what engines do not set of the node's network");
	x.host_net = false;
	s = about("no-address", "dial tcp 10.0.0.1:1: connect: cannot assign requested address");
	ok(strstr(s->cure, "ip_local_port_range"), "to connect from");
	s = about("no-address", "listen tcp 10.0.0.1:1: bind: cannot assign requested address");
	ok(!strcmp(s->cure, "look"), "to listen at");
	s = about("bad-time", "certificate has expired");
	ok(strstr(s->what, "2026-01-01"), "and the time that it was");
}

static const struct finding *checked(struct health h)
{
	x.health = h;
	f = (struct findings){ .a = a };
	return unhealthy_say(&f, &x);
}

static void health(void)
{
	char large[5000];
	const struct finding *s;

	memset(large, 'y', sizeof(large));
	memcpy(large + sizeof(large) - 5, "end\n", 5);
	ok(!checked((struct health){ 0 }), "there are no checks");
	x.runs = true;
	ok(!checked((struct health){ .status = "healthy" }) && !unhealthy_is(&x), "it is healthy");
	s = checked((struct health){ .status = "unhealthy", .failing = 3, .code = 1,
			.ended = "2026-01-01T00:00:00Z", .output = large, .source = "/x" });
	ok(s && unhealthy_is(&x) && !strcmp(s->kind, "unhealthy") && strstr(s->what, "3 times") &&
	   strstr(s->what, "2026-01-01") && strstr(s->evidence, "exit code 1") &&
	   strlen(s->evidence) < 600 && !strcmp(strrchr(s->evidence, 'y'), "yend"),
	   "it is not: how often, and the end of what the check said");
	s = checked((struct health){ .status = "starting", .failing = 1, .code = 2 });
	ok(s && !strcmp(s->kind, "health") && !unhealthy_is(&x) &&
	   strstr(s->evidence, "said nothing"), "not yet");
	s = checked((struct health){ .status = "unhealthy", .failing = 1, .code = -1,
			.word = "CMD-SHELL", .output = "exec: \"/bin/sh\": stat /bin/sh: no such "
			"file or directory" });
	ok(strstr(s->evidence, "could not be started") && strstr(s->cure, "the image has no shell"),
	   "a check that wants a shell");
	s = checked((struct health){ .status = "unhealthy", .failing = 1, .code = -1,
			.output = "Health check exceeded timeout (1s)" });
	ok(strstr(s->cure, "--health-timeout"), "one that takes too long");
	x.runs = false;
	s = checked((struct health){ .status = "unhealthy", .failing = 2, .code = 1 });
	ok(s && !strcmp(s->kind, "health") && strstr(s->what, "when it ended"), "it has ended");
	ok(!checked((struct health){ .status = "unhealthy" }),
	   "docker calls so what was stopped, too");
}

int main(void)
{
	a = arena_new();
	limits();
	addresses();
	health();
	arena_free(&a);
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* why/curename: names that engines and Kubernetes take; and limits that they do; what is said of
 * the capabilities of a file. */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/why/curing.h"
#include "nsdebug/why/source.h"
#include "tests/unit/check.h"

static void names_of_volumes(void)
{
	static const struct { const char *dir, *name; } all[] = {
		{ "/_", "volume" }, { "/.-", "volume" }, { "/a", "volume-a" },
		{ "/.a", "volume-a" }, { "/var/Cache", "var-cache" }, { "/ab/", "ab" },
		{ "/2024-01-01", "volume-2024-01-01" }, { "/2024-01-01x", "2024-01-01x" },
	};
	char name[CURING_NAME];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		curing_volume_name(name, all[i].dir);
		ok(!strcmp(name, all[i].name), all[i].dir);
	}
}

/* A cure of a pod's container of this name. */
static bool is_quoted(const char *name)
{
	char with[64], without[64];
	struct cure c = { .kubernetes = "spec: {containers: [{name: CONTAINER, env: []}]}" };

	snprintf(with, sizeof(with), "[{name: \"%s\", env", name);
	snprintf(without, sizeof(without), "[{name: %s, env", name);
	source_put_part(&c, name);
	ok(!strstr(c.kubernetes, with) == !!strstr(c.kubernetes, without), name);
	return strstr(c.kubernetes, with);
}

/* As PyYAML and what Kubernetes reads with have it: 1.1 and 1.2. */
static void names_in_yaml(void)
{
	static const char *const others[] = { "1", "12", "007", "1e3", "1e-3", "0x1f", "0b11",
		"0o17", "1_000", "1.5", ".5", "-1", "+1", "true", "False", "null", "NULL", "yes",
		"no", "on", "off", "y", "n", ".inf", "-.Inf", ".nan", "2024-01-01", "2024-1-9" };
	static const char *const strings[] = { "app", "1a", "7zip", "0xg", "0x", "e3", "1e",
		"1-2", "nulls", "trues", "none", "x1", "0b12", "1e3e", "1.2.3", "inf", "a.1",
		"2048-game", "1-2", "12345-1-1", "2024-01-01a", "2024-01" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ok(is_quoted(others[i]), others[i]);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		ok(!is_quoted(strings[i]), strings[i]);
}

/* In a UTS namespace of its own, and in the node's. */
static void names_of_hosts(void)
{
	static struct reason r = { .kind = WHY_SECCOMP, .hint = HINT_HOSTNAME };
	static struct creds creds;
	struct cure c;

	cure_of(&r, &creds, OP_OPEN, 65532, 65532, 0, &c);
	ok(!strcmp(c.docker, "--hostname VALUE"), "its own name");
	r.hint |= HINT_HOST_UTS;
	cure_of(&r, &creds, OP_OPEN, 65532, 65532, 0, &c);
	ok(strstr(c.text, "the node's") && !c.docker[0] && !c.podman[0] && !c.kubernetes[0],
	   "the node's is not set by an option");
}

/* That of swap may have been set below what is given. */
static void limits_of_memory(void)
{
	static struct reason r = { .kind = WHY_MEMORY, .limit = 32 << 20 };
	static struct creds creds;
	struct cure c;

	cure_of(&r, &creds, OP_OPEN, 0, 0, 0, &c);
	ok(!strcmp(c.docker, "--memory 67108864 --memory-swap 67108864") &&
	   strstr(c.text, "a guess, twice the limit"), "memory, and no more swap than before");
}

/* What is the node's is said of what a file asks for, as of a single capability. */
static void caps_of_files(void)
{
	static const struct creds c = { .fsuid = 65532, .euid = 65532 };
	static struct reason r = { .kind = WHY_FILE_CAPS, .path = "/app/x" };
	static struct cure cure;

	r.caps = CREDS_CAP(NET_ADMIN) | CREDS_CAP(NET_RAW);
	cure_of(&r, &c, OP_EXEC, 101, 101, 0, &cure);
	ok(strstr(cure.text, "give the container exactly these") == cure.text,
	   "of its own network");
	r.hint = HINT_HOST_NET;
	cure_of(&r, &c, OP_EXEC, 101, 101, 0, &cure);
	ok(strstr(cure.text, "the network is the node's, and what all on it send: leave it to "
		  "the node; or give") == cure.text && strstr(cure.docker, "NET_RAW"),
	   "of the node's");
	r.caps = CREDS_CAP(SYS_TIME) | CREDS_CAP(NET_RAW) | CREDS_CAP(SYSLOG);
	cure_of(&r, &c, OP_EXEC, 101, 101, 0, &cure);
	ok(!cure.docker[0] == !strstr(cure.text, "the clock is the node's"),
	   "no option without the words that go with it");
}

int main(void)
{
	names_of_hosts();
	limits_of_memory();
	names_of_volumes();
	names_in_yaml();
	caps_of_files();
	return done();
}

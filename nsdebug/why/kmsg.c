/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/kmsg.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/target/runtime.h"

#define GENERATED 64
#define LEVEL_BITS 3	/* the facility is above them: syslog(2) */

/* From behind `key` to `end`. */
static bool take(const char *from, const char *end, char *to, size_t room)
{
	size_t n = (size_t)(end - from);

	if (end < from || n >= room)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

/* The only place where it is; NULL if it is nowhere, or *twice. */
static const char *only(const char *text, const char *key, bool *twice)
{
	const char *at = strstr(text, key);

	if (at && strstr(at + 1, key))
		*twice = true;
	return at;
}

static const char *last(const char *text, const char *key)
{
	const char *ret = NULL;

	for (const char *at = text; (at = strstr(at, key)); at++)
		ret = at;
	return ret;
}

/* COMM stands before the last pid and uid, which nobody but the kernel wrote. */
static int parse_body(const char *text, struct oom_kill *k)
{
	static const char oom[] = ",oom_memcg=", own[] = ",task_memcg=", task[] = ",task=";
	bool twice = false;
	const char *limit = only(text, oom, &twice), *memcg = only(text, own, &twice);
	const char *name = memcg ? strstr(memcg + 1, task) : NULL;
	const char *pid = name ? last(name + 1, ",pid=") : NULL;
	const char *uid = pid ? strstr(pid + 1, ",uid=") : NULL, *p;

	/* the kernel names a limit with this constraint alone */
	if (twice || (limit && !str_prefix(text, "oom-kill:constraint=CONSTRAINT_MEMCG,")))
		return -1;
	if (!uid)
		return 0;
	k->limit[0] = '\0';
	if ((limit && !take(limit + strlen(oom), memcg, k->limit, sizeof(k->limit))) ||
	    !take(memcg + strlen(own), name, k->cgroup, sizeof(k->cgroup)) ||
	    !take(name + strlen(task), pid, k->comm, sizeof(k->comm)))
		return -1;
	p = pid + strlen(",pid=");
	if (!scan_u64(&p, &k->pid) || p != uid)
		return -1;
	p = uid + strlen(",uid=");
	return scan_u64(&p, &k->uid) && !*p ? 1 : -1;
}

/* The kernel's own words in a record, or NULL. */
static const char *body_of(const char *record, size_t len, char text[KMSG_RECORD_MAX],
			   uint64_t *at_us)
{
	const char *p = text, *body;
	uint64_t level, n;

	if (len >= KMSG_RECORD_MAX)
		return NULL;
	memcpy(text, record, len);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';	/* then a dictionary */
	body = strchr(text, ';');
	if (!body || !scan_u64(&p, &level) || *p++ != ',' || !scan_u64(&p, &n) || *p++ != ',' ||
	    !scan_u64(&p, at_us))
		return NULL;
	/* what a program has written there is of another facility than the kernel's, 0 */
	return level >= 1 << LEVEL_BITS ? NULL : body + 1;
}

int kmsg_parse(const char *record, size_t len, struct oom_kill *ret)
{
	char text[KMSG_RECORD_MAX];
	const char *body;

	*ret = (struct oom_kill){ 0 };
	body = body_of(record, len, text, &ret->at_us);
	return body && str_prefix(body, "oom-kill:constraint=") ? parse_body(body, ret) : 0;
}

/* ---- faults ---- */

static bool hex(const char *text, const char *key, uint64_t *ret)
{
	const char *at = strstr(text, key);
	char *end;

	if (!at)
		return false;
	at += strlen(key);
	*ret = strtoull(at, &end, 16);
	return end > at;
}

/* "COMM[PID]" and what must be behind it; COMM may hold brackets, too. Returns what follows. */
static const char *take_who(const char *text, const char *behind, struct kmsg_fault *ret)
{
	for (size_t n = 0; n < sizeof(ret->comm) && text[n]; n++) {
		const char *p = text + n + 1;

		if (text[n] != '[' || !scan_u64(&p, &ret->pid) || !str_prefix(p, behind))
			continue;
		memcpy(ret->comm, text, n);
		ret->comm[n] = '\0';
		return p + strlen(behind);
	}
	return NULL;
}

/* "... error 4 in libc.so.6[1b83d9,7f5e2c000000+156000]"; a name may hold brackets. */
static void take_file(const char *text, struct kmsg_fault *ret)
{
	const char *at = strstr(text, " error"), *end;

	at = at ? strstr(at, " in ") : NULL;
	end = at ? last(at, "[") : NULL;
	if (!end || !take(at + strlen(" in "), end, ret->file, sizeof(ret->file)))
		ret->file[0] = '\0';
}

static bool parse_trap(const char *text, struct kmsg_fault *ret)
{
	static const struct { const char *what; unsigned int sig; } traps[] = {
		{ "general protection", SIGSEGV }, { "trap invalid opcode", SIGILL },
		{ "trap divide error", SIGFPE }, { "trap int3", SIGTRAP },
		{ "trap stack segment", SIGBUS },
	};
	const char *what = take_who(text, "] ", ret);

	for (size_t i = 0; what && i < ARRAY_SIZE(traps); i++)
		if (str_prefix(what, traps[i].what)) {
			const char *end = strstr(what, " ip:");

			ret->sig = traps[i].sig;
			take_file(what, ret);
			return end && take(what, end, ret->what, sizeof(ret->what));
		}
	return false;
}

/* A name with other bytes than plain ones is not in quotes there. */
static bool parse_seccomp(const char *text, struct kmsg_fault *ret)
{
	const char *pid = strstr(text, " pid="), *comm = pid ? strstr(pid, " comm=\"") : NULL;
	const char *end = comm ? strchr(comm + 7, '"') : NULL;
	const char *sig = end ? strstr(end, " sig=31 ") : NULL;
	const char *call = sig ? strstr(sig, " syscall=") : NULL;

	if (!call || !take(comm + 7, end, ret->comm, sizeof(ret->comm)) ||
	    !hex(sig, " arch=", &ret->arch))
		return false;
	pid += strlen(" pid=");
	call += strlen(" syscall=");
	ret->sig = SIGSYS;
	return scan_u64(&pid, &ret->pid) && scan_u64(&call, &ret->syscall);
}

bool kmsg_parse_fault(const char *record, size_t len, struct kmsg_fault *ret)
{
	char text[KMSG_RECORD_MAX];
	const char *body, *at;

	*ret = (struct kmsg_fault){ 0 };
	body = body_of(record, len, text, &ret->at_us);
	if (!body)
		return false;
	if (str_prefix(body, "audit: type=1326 "))
		return parse_seccomp(body, ret);
	if (str_prefix(body, "traps: "))
		return parse_trap(body + strlen("traps: "), ret);
	at = take_who(body, "]: segfault at ", ret);
	if (!at || !hex(at - 1, " ", &ret->address) || !hex(at, " error ", &ret->code))
		return false;
	ret->sig = SIGSEGV;
	take_file(at, ret);
	return true;
}

static uint64_t distance(const struct kmsg_fault *f, const struct kmsg_want *w)
{
	return f->at_us > w->fault_at_us ? f->at_us - w->fault_at_us : w->fault_at_us - f->at_us;
}

static void take_fault(const char *record, size_t len, const struct kmsg_want *w,
		       struct kmsg_found *ret)
{
	struct kmsg_fault f;

	if (!w->comm[0] || !kmsg_parse_fault(record, len, &f) || strcmp(f.comm, w->comm) ||
	    f.sig != w->sig || f.at_us < w->fault_from_us || f.at_us > w->fault_to_us)
		return;
	ret->faults |= ret->fault.sig && ret->fault.pid != f.pid;
	if (!ret->fault.sig || distance(&f, w) <= distance(&ret->fault, w))
		ret->fault = f;
}

/* What an engine calls a container's cgroup, without what is around the id: "docker-ID.scope". */
static size_t id_in(const char *name, size_t len, const char **id)
{
	const char *p = name + len;

	if (len > 6 && !memcmp(p - 6, ".scope", 6))
		p -= 6;
	if (p - name < GENERATED)
		return 0;
	*id = p - GENERATED;
	for (const char *c = *id; c < p; c++)
		if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f')))
			return 0;
	return *id == name || (*id)[-1] == '-' ? GENERATED : 0;
}

/*
 * The outermost name that has an id in it: what a container calls the cgroups below its own is its
 * own affair. Above it may be that of a pod of podman, bare in /libpod_parent.
 */
static bool has_id(const char *path, const char *id)
{
	bool pods = false;

	for (const char *name = path + 1; path[0] == '/' && *name;) {
		size_t len = strcspn(name, "/");
		const char *at;

		if (id_in(name, len, &at) && !(pods && at == name))
			return !memcmp(at, id, GENERATED);
		pods = bytes_is((struct bytes){ name, len }, "libpod_parent");
		name += len + (name[len] == '/');
	}
	return false;
}

bool kmsg_is_of(const struct oom_kill *k, const struct kmsg_want *w)
{
	size_t len = w->cgroup ? strlen(w->cgroup) : 0;

	if (k->at_us < w->from_us)
		return false;
	/* a cgroup below it is the container's, too */
	if (len > 1 && str_prefix(k->cgroup, w->cgroup) &&
	    (!k->cgroup[len] || k->cgroup[len] == '/'))
		return true;
	return w->id && is_generated_id(w->id) && has_id(k->cgroup, w->id);
}

int kmsg_find(int fd, const struct kmsg_want *w, struct kmsg_found *ret)
{
	char record[KMSG_RECORD_MAX];
	struct oom_kill k;
	ssize_t n;

	*ret = (struct kmsg_found){ 0 };
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	for (unsigned int i = 0; i < KMSG_RECORDS_MAX; i++) {
		n = read(fd, record, sizeof(record));
		if (n <= 0 && (!n || errno == EAGAIN))
			return 0;
		if (n < 0 && errno != EPIPE && errno != EINTR)
			return -1;
		if (n < 0)	/* EPIPE: overwritten meanwhile; the next one is there */
			continue;
		switch (kmsg_parse(record, (size_t)n, &k)) {
		case 1:
			if (!kmsg_is_of(&k, w))
				break;
			ret->last = k;
			ret->count++;
			break;
		case -1:
			ret->unclear++;
			break;
		}
		take_fault(record, (size_t)n, w, ret);
		if (!ret->first_us && k.at_us)
			ret->first_us = k.at_us;
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/capable.h"

#include <errno.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ns.h"

#define NESTED_MAX 33	/* user namespaces are 32 deep */

static const struct {
	const char *link, *name;
} namespaces[OVER_COUNT] = {
	[OVER_NET] = { "net", "network namespace" }, [OVER_MNT] = { "mnt", "mount namespace" },
	[OVER_UTS] = { "uts", "UTS namespace" }, [OVER_PID] = { "pid", "pid namespace" },
};

const char *capable_name(enum capable_over over)
{
	return namespaces[over].name;
}

enum capable_over capable_of(unsigned int cap)
{
	switch (cap) {
	case CAP_NET_BIND_SERVICE: case CAP_NET_ADMIN: case CAP_NET_RAW:
		return OVER_NET;
	case CAP_SYS_BOOT:
		return OVER_PID;
	default:
		return cap < CREDS_CAPS && CREDS_OF_HOST >> cap & 1 ? OVER_HOST : OVER_OWN;
	}
}

/* Up from the one that owns it: takes `user`. */
static uint64_t caps_over(int user, const struct creds *c)
{
	for (int i = 0; user >= 0 && i < NESTED_MAX; i++) {
		int above;
		uint32_t maker;

		if (ns_id_fd(user) == c->user_ns) {
			own_close(&user);
			return c->cap_eff;
		}
		above = ns_parent(user);
		if (above >= 0 && ns_id_fd(above) == c->user_ns &&
		    ns_creator(user, &maker) == 0 && maker == c->euid) {
			own_close(&above);
			own_close(&user);
			return (1ull << CREDS_CAPS) - 1;
		}
		own_close(&user);
		user = above;
	}
	own_close(&user);
	return 0;
}

uint64_t capable_over(int dir, const struct creds *c)
{
	return caps_over(ns_open(dir, "user"), c);
}

static void read_one(int dir, const struct creds *c, const char *link, uint64_t *caps,
		     uint64_t *owner)
{
	auto_close int fd = ns_open(dir, link);
	int user = fd < 0 ? -1 : ns_owner(fd);

	*caps = c->cap_eff;
	if (user < 0)
		return;
	*owner = ns_id_fd(user);
	*caps = caps_over(user, c);
}

void capable_read(int dir, const struct creds *c, struct capable *ret)
{
	*ret = (struct capable){ 0 };
	for (int i = 0; i < OVER_COUNT; i++)
		if (namespaces[i].link)
			read_one(dir, c, namespaces[i].link, &ret->caps[i], &ret->owner[i]);
	ret->host = c->host_user_ns;
	ret->caps[OVER_OWN] = c->cap_eff;
	ret->owner[OVER_OWN] = c->user_ns;
	ret->caps[OVER_HOST] = c->host_user_ns ? c->cap_eff : 0;
}

static bool has(const struct capable *c, enum capable_over over, unsigned int cap)
{
	return c->caps[over] >> cap & 1;
}

/* What it has is not all that somebody wants to do with it. */
static void put_over(struct buf *b, const struct capable *c, unsigned int cap)
{
	enum capable_over over = capable_of(cap);

	buf_addf(b, "it has %s over %s user namespace", cap_name(cap),
		 c->host ? "the host's" : "its own");
	if (c->owner[OVER_OWN])
		buf_addf(b, " %llu", (unsigned long long)c->owner[OVER_OWN]);
	if (c->host)
		return;
	if (over == OVER_HOST)
		buf_str(b, "; it counts only in the host's");
	else if (capable_name(over) && !has(c, over, cap))
		buf_addf(b, "; its %s belongs to %llu", capable_name(over),
			 (unsigned long long)c->owner[over]);
	else if (!has(c, OVER_MNT, cap))
		buf_addf(b, " only: its mounts belong to %llu",
			 (unsigned long long)c->owner[OVER_MNT]);
	else
		buf_str(b, ", not the host's");
}

void capable_judge(const struct capable *c, unsigned int cap, struct reason *ret, struct buf *text)
{
	*ret = (struct reason){ .kind = WHY_GRANTED };
	if (!has(c, capable_of(cap), cap)) {
		ret->kind = WHY_CAPABILITY;
		ret->err = EPERM;
		ret->caps = 1ull << cap;
		ret->host_ns = capable_of(cap) == OVER_HOST && !c->host;
	}
	if (has(c, OVER_OWN, cap))
		put_over(text, c, cap);
}

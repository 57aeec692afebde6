/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/creds.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/ns.h"

#define STATUS_MAX (4u << 20)	/* with all the groups that there can be */

static const char *const caps[CREDS_CAPS] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

const char *cap_name(unsigned int cap)
{
	return cap < CREDS_CAPS ? caps[cap] : NULL;
}

const char *cap_word(size_t i)
{
	/* then without CAP_, as it may be typed */
	return i < CREDS_CAPS ? caps[i] : i < 2 * CREDS_CAPS ? caps[i - CREDS_CAPS] + 4 : NULL;
}

int cap_of(const char *name)
{
	size_t skip = strncasecmp(name, "CAP_", 4) == 0 ? 0 : 4;

	for (int i = 0; i < CREDS_CAPS; i++)
		if (!strcasecmp(name, caps[i] + skip))
			return i;
	return -1;
}

void cap_list(struct buf *b, uint64_t set, const char *between)
{
	const char *sep = "";

	for (unsigned int i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		buf_str(b, sep);
		if (i < CREDS_CAPS)
			buf_str(b, caps[i]);
		else
			buf_addf(b, "capability %u", i);
		sep = between;
	}
}

bool creds_in_group(const struct creds *c, uint32_t gid)
{
	if (c->fsgid == gid)
		return true;
	for (uint32_t i = 0; i < c->ngroups && i < CREDS_GROUPS_MAX; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

/* ---- /proc/PID/status ---- */

/* What follows "\nKEY:"; NULL: no such line. */
static const char *line_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL)
		if (!strncmp(p, key, len) && p[len] == ':')
			return p + len + 1;
	return NULL;
}

static bool next_id(const char **p, uint32_t *ret)
{
	uint64_t n;

	*p += strspn(*p, " \t");
	if (!scan_u64(p, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* Real, effective, saved, of files. */
static bool take_ids(const char *p, uint32_t *real, uint32_t *effective, uint32_t *saved,
		     uint32_t *file)
{
	return p && next_id(&p, real) && next_id(&p, effective) && next_id(&p, saved) &&
		next_id(&p, file);
}

static uint64_t take_hex(const char *p)
{
	uint64_t n = 0;

	if (p) {
		p += strspn(p, " \t");
		scan_hex(&p, &n);
	}
	return n;
}

static uint32_t take_number(const char *p)
{
	uint32_t n = 0;

	return p && next_id(&p, &n) ? n : 0;
}

static void take_groups(const char *p, struct creds *ret)
{
	uint32_t id;

	while (p && next_id(&p, &id)) {
		if (ret->ngroups == CREDS_GROUPS_MAX) {
			ret->groups_cut = true;
			return;
		}
		ret->groups[ret->ngroups++] = id;
	}
}

bool creds_parse(const char *text, struct creds *ret)
{
	*ret = (struct creds){ 0 };
	if (!take_ids(line_of(text, "Uid"), &ret->uid, &ret->euid, &ret->suid, &ret->fsuid) ||
	    !take_ids(line_of(text, "Gid"), &ret->gid, &ret->egid, &ret->sgid, &ret->fsgid))
		return false;
	take_groups(line_of(text, "Groups"), ret);
	ret->cap_prm = take_hex(line_of(text, "CapPrm"));
	ret->cap_eff = take_hex(line_of(text, "CapEff"));
	ret->cap_bnd = take_hex(line_of(text, "CapBnd"));
	ret->no_new_privs = take_number(line_of(text, "NoNewPrivs")) != 0;
	ret->seccomp = take_number(line_of(text, "Seccomp"));
	return true;
}

int creds_read(int dir, uint64_t host, struct creds *ret)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(dir, "status", &b, STATUS_MAX) < 0)
		return -1;
	if (!b.len || !creds_parse(b.bytes, ret)) {
		errno = b.len ? EPROTO : ESRCH;
		return -1;
	}
	ret->user_ns = ns_id(dir, "user");
	ret->host_user_ns = ret->user_ns && ret->user_ns == host;
	return 0;
}

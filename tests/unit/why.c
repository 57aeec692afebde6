/* SPDX-License-Identifier: Apache-2.0 */
/* why: what touches nothing: permissions and ACLs, credentials, reasons, cures, programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "nsdebug/why/access.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/peek.h"
#include "nsdebug/why/perm.h"
#include "nsdebug/why/program.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/source.h"

#include "tests/unit/check.h"

static struct creds nobody = { .fsuid = 1000, .fsgid = 1000, .euid = 1000, .egid = 1000,
	.host_user_ns = true };

static struct perm_file file_of(uint32_t mode, uint32_t uid, uint32_t gid)
{
	return (struct perm_file){ .mode = mode, .uid = uid, .gid = gid, .uid_mapped = true,
		.gid_mapped = true };
}

/* ---- modes ---- */

static void modes(void)
{
	struct perm_file f = file_of(S_IFREG | 0640, 0, 0);
	struct creds c = nobody;
	struct reason r = { 0 };

	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_MODE && r.whose == CLASS_OTHER &&
	   r.caps == (CREDS_CAP(DAC_OVERRIDE) | CREDS_CAP(DAC_READ_SEARCH)), "other");
	c.groups[c.ngroups++] = 0;
	ok(perm_judge(&f, &c, NEED_R, &r) == 0, "a supplementary group");
	ok(perm_judge(&f, &c, NEED_R | NEED_W, &r) < 0 && r.whose == CLASS_GROUP &&
	   r.caps == CREDS_CAP(DAC_OVERRIDE), "its bits");
	f = file_of(S_IFREG | 0077, 1000, 1000);
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.whose == CLASS_OWNER, "an owner has his only");
	f = file_of(S_IFREG | 0070, 0, 1000);
	ok(perm_judge(&f, &c, NEED_X, &r) == 0, "the group, though others have less");
	f = file_of(S_IFREG | 0007, 0, 1000);
	ok(perm_judge(&f, &c, NEED_X, &r) < 0, "the group, though others have more");
	ok(perm_judge(&f, &c, 0, &r) == 0, "nothing is needed");
}

static void capabilities(void)
{
	struct perm_file f = file_of(S_IFREG | 0600, 0, 0), d = file_of(S_IFDIR | 0700, 0, 0);
	struct creds c = nobody;
	struct reason r = { 0 };

	c.cap_eff = CREDS_CAP(DAC_READ_SEARCH);
	ok(perm_judge(&f, &c, NEED_R, &r) == 0, "read with CAP_DAC_READ_SEARCH");
	ok(perm_judge(&f, &c, NEED_R | NEED_W, &r) < 0, "not write");
	ok(perm_judge(&d, &c, NEED_X, &r) == 0 && perm_judge(&d, &c, NEED_R, &r) == 0,
	   "pass and list a directory");
	ok(perm_judge(&d, &c, NEED_W | NEED_X, &r) < 0, "not change it");
	c.cap_eff = CREDS_CAP(DAC_OVERRIDE);
	ok(perm_judge(&f, &c, NEED_R | NEED_W, &r) == 0 && perm_judge(&d, &c, 7, &r) == 0,
	   "all with CAP_DAC_OVERRIDE");
	ok(perm_judge(&f, &c, NEED_X, &r) < 0 && !r.caps, "but run what nobody may run");
	f.uid_mapped = false;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_UNMAPPED && r.id == 0 && r.host_ns,
	   "not over an owner from outside");
	c.cap_eff = 0;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_MODE, "not known to be from there");
	f.uid_foreign = true;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_UNMAPPED && r.err == EACCES,
	   "known to be, by who has no capability");
	f.mode = S_IFREG | 0640;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_MODE, "but a group would do");
	f.mode = S_IFREG | 0600;
	c.cap_eff = CREDS_CAP(DAC_OVERRIDE);
	f.uid_foreign = false;
	f.uid_mapped = true;
	f.gid_mapped = false;
	f.gid = 77;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_UNMAPPED && r.id == 77,
	   "nor a group from there");
}

/* ---- mounts with mapped ids ---- */

static void lost(void)
{
	struct perm_file f = file_of(S_IFREG | 0666, 65534, 0);
	struct creds c = nobody;
	struct reason r = { 0 };

	c.fsuid = 65534;
	c.cap_eff = ~0ull;
	f.lost = f.uid_lost = true;
	f.uid_mapped = false;
	ok(perm_judge(&f, &c, NEED_R, &r) == 0, "what everybody may");
	ok(perm_judge(&f, &c, NEED_R | NEED_W, &r) < 0 && r.kind == WHY_IDMAPPED &&
	   r.err == EACCES && !r.caps && !r.host_ns, "but write");
	f.mode = S_IFREG | 0600;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_IDMAPPED,
	   "65534 is not its owner, and no capability helps");
	f.mode = S_IFREG | 0060;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0, "not of its group");
	c.groups[c.ngroups++] = 0;
	ok(perm_judge(&f, &c, NEED_R, &r) == 0, "of its group, which is there");
	f.gid_lost = true;
	ok(perm_judge(&f, &c, NEED_R, &r) < 0 && r.kind == WHY_IDMAPPED, "which is lost, too");
}

static void unsure(void)
{
	struct reason a = { .kind = WHY_GRANTED }, b = { .kind = WHY_IDMAPPED, .err = EACCES };

	access_unsure(&a, &b);
	ok(a.kind == WHY_UNKNOWN && !a.err && a.word[0], "allowed or not: not known");
	a = (struct reason){ .kind = WHY_MODE, .err = EACCES };
	access_unsure(&a, &b);
	ok(a.kind == WHY_MODE && a.guess, "refused in any case");
}

/* ---- other processes ---- */

static void peeks(void)
{
	struct creds c = nobody, other = nobody;
	struct peek p = { .creds = &other, .uid = 1000, .gid = 1000 };

	other.uid = other.suid = other.gid = other.sgid = 1000;
	ok(!peek_refused(&p, &c), "one's own");
	other.cap_prm = CREDS_CAP(CHOWN);
	ok(peek_refused(&p, &c) != NULL, "that has a capability more");
	c.cap_eff = CREDS_CAP(CHOWN);
	ok(!peek_refused(&p, &c), "the same ones");
	c.user_ns = 1;
	other.user_ns = 2;
	ok(peek_refused(&p, &c) != NULL, "of another user namespace");
	c.user_ns = 2;
	other.sgid = 7;
	ok(peek_refused(&p, &c) != NULL, "another saved group");
	other.sgid = 1000;
	p.uid = 0;
	ok(peek_refused(&p, &c) != NULL, "that is not dumped");
	p.caps = CREDS_CAP(SYS_PTRACE);
	other.uid = 0;
	ok(!peek_refused(&p, &c), "all of them with CAP_SYS_PTRACE over it");
	ok(peek_asks("environ") && peek_asks("fdinfo") && !peek_asks("status"), "files that ask");
}

/* ---- where a volume comes from ---- */

static void quotes(void)
{
	char word[64];

	ok(source_quote(word, sizeof(word), "/srv/a-b") && !strcmp(word, "/srv/a-b"), "a path");
	ok(source_quote(word, sizeof(word), "/srv/a b'c") && !strcmp(word, "'/srv/a b'\\''c'"),
	   "as one word");
	ok(!source_quote(word, sizeof(word), "/a:b") && !source_quote(word, sizeof(word), "") &&
	   !source_quote(word, sizeof(word), "/a\nb") && !source_quote(word, 20, "/much/too/long"),
	   "what no engine takes");
}

/* ---- ACLs ---- */

struct entry {
	uint16_t tag, perm;
	uint32_t id;
};

static bool grants(const struct entry *e, size_t count, const struct creds *c, uint32_t need,
		   struct reason *r)
{
	uint8_t acl[4 + 8 * 8] = { 2 };
	struct perm_file f = file_of(S_IFREG | 0670, 0, 50);

	memcpy(acl + 4, e, count * sizeof(*e));
	f.acl = acl;
	f.acl_len = 4 + count * sizeof(*e);
	*r = (struct reason){ 0 };
	return perm_judge(&f, c, need, r) == 0;
}

static void acls(void)
{
	static const struct entry user[] = {
		{ 1, 6, 0 }, { 2, 6, 1000 }, { 4, 7, 0 }, { 16, 4, 0 }, { 32, 7, 0 } };
	static const struct entry groups[] = {
		{ 1, 6, 0 }, { 4, 0, 0 }, { 8, 4, 60 }, { 8, 2, 61 }, { 16, 7, 0 }, { 32, 7, 0 } };
	struct creds c = nobody;
	struct reason r;

	ok(grants(user, 5, &c, NEED_R, &r), "an entry of the user");
	ok(!grants(user, 5, &c, NEED_W, &r) && r.kind == WHY_ACL && r.whose == CLASS_ACL_USER &&
	   r.id == 1000 && r.mask == 4 && r.number == 6, "and its mask");
	c.fsuid = 5;
	ok(grants(user, 5, &c, 7, &r), "other has no mask");
	c.groups[c.ngroups++] = 60;
	c.groups[c.ngroups++] = 61;
	ok(grants(groups, 6, &c, NEED_R, &r) && grants(groups, 6, &c, NEED_W, &r),
	   "the group that grants it decides");
	ok(!grants(groups, 6, &c, NEED_R | NEED_W, &r) && r.whose == CLASS_ACL_GROUP,
	   "two groups do not add up, and other is not asked");
	c.groups[c.ngroups++] = 50;
	ok(!grants(groups, 6, &c, NEED_X, &r) && r.whose == CLASS_ACL_OWNER_GROUP,
	   "the owning group is one of them");
	ok(!grants(groups, 0, &c, 7, &r) == false, "none: the mode");
	c.ngroups = 0;
	ok(!grants(groups, 2, &c, NEED_R, &r) && r.kind == WHY_MODE, "one without an end");
}

/* ---- credentials ---- */

static void credentials(void)
{
	static const char status[] = "Name:\tUid:\nUmask:\t0022\nUid:\t1\t2\t3\t4\n"
		"Gid:\t5\t6\t7\t8\nGroups:\t10 20 30 \nNStgid:\t9\nCapPrm:\t0000000000000003\n"
		"CapEff:\t0000000000000402\nCapBnd:\t00000000a80425fb\n"
		"NoNewPrivs:\t1\nSeccomp:\t2\n";
	auto_buf struct buf b = { 0 }, many = { 0 };
	struct creds c;

	ok(creds_parse(status, &c) && c.uid == 1 && c.euid == 2 && c.fsuid == 4 && c.gid == 5 &&
	   c.egid == 6 && c.fsgid == 8, "ids");
	ok(c.ngroups == 3 && c.groups[2] == 30 && !c.groups_cut, "groups");
	ok(creds_in_group(&c, 8) && creds_in_group(&c, 20) && !creds_in_group(&c, 6), "is in them");
	ok(c.cap_eff == 0x402 && c.cap_bnd == 0xa80425fb && c.no_new_privs && c.seccomp == 2,
	   "the rest");
	cap_list(&b, c.cap_eff, " or ");
	is(&b, "CAP_DAC_OVERRIDE or CAP_NET_BIND_SERVICE", "capabilities by name");
	ok(cap_of("net_raw") == CAP_NET_RAW && cap_of("CAP_NET_RAW") == CAP_NET_RAW &&
	   cap_of("RAW") < 0 && cap_of("") < 0, "and back");
	buf_str(&many, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t");
	for (int i = 0; i < 100; i++)
		buf_addf(&many, "%d ", 1000 + i);
	buf_str(&many, "\n");
	ok(creds_parse(many.bytes, &c) && c.ngroups == CREDS_GROUPS_MAX && c.groups_cut,
	   "more groups than are kept");
	ok(!creds_parse("", &c) && !creds_parse("Uid:\t1\t2\t3\n", &c), "what is none");
}

/* ---- what comes over a socket ---- */

static void checks_of_reasons(void)
{
	static struct reason r;
	auto_buf struct buf b = { 0 };
	bool all = true;

	ok(reason_check(&r), "an empty reason");
	r.kind = WHY_KINDS;
	ok(!reason_check(&r), "a kind that is none");
	r.kind = WHY_MODE;
	r.whose = CLASS_COUNT;
	ok(!reason_check(&r), "a class that is none");
	r.whose = 0;
	memset(r.path, 'x', sizeof(r.path));
	ok(!reason_check(&r), "a path without an end");
	memset(&r, 0xff, sizeof(r));
	ok(!reason_check(&r), "noise");
	for (uint32_t kind = 0; kind < WHY_KINDS; kind++) {
		for (uint32_t whose = 0; whose < CLASS_COUNT; whose++) {
			memset(&r, 0xff, sizeof(r));
			r.kind = kind;
			r.whose = whose;
			r.err = EACCES;
			r.path[0] = r.mount[0] = r.type[0] = r.word[0] = '\0';
			buf_clear(&b);
			if (!reason_check(&r))
				all = false;
			reason_text(&b, &r);
			all &= b.len > 5 && why_name(kind)[0];
		}
	}
	ok(all, "every kind has a name and words, whatever else is in it");
}

static void checks_of_asks(void)
{
	static struct access_ask a;

	ok(access_check(&a), "an empty ask");
	a.op = OP_COUNT;
	ok(!access_check(&a), "an operation that is none");
	a.op = OP_OPEN;
	a.creds.ngroups = CREDS_GROUPS_MAX + 1;
	ok(!access_check(&a), "more groups than there is room for");
	a.creds.ngroups = 0;
	memset(a.path2, 'x', sizeof(a.path2));
	ok(!access_check(&a), "a path without an end");
}

/* ---- programs ---- */

static void script(const char *text, const char *want)
{
	char head[PROGRAM_HEAD] = { 0 };
	struct program p = { .kind = PROGRAM_NONE };

	memcpy(head, text, strnlen(text, sizeof(head)));
	program_script(head, &p);
	ok(want ? p.kind == PROGRAM_SCRIPT && !strcmp(p.interpreter, want) :
	   p.kind == PROGRAM_NONE, want ? "a script's interpreter" : "a script without one");
}

static void programs(void)
{
	char longest[PROGRAM_HEAD + 1];

	script("#!/bin/sh\n", "/bin/sh");
	script("#! \t/bin/sh -e x\n", "/bin/sh");
	script("#!/bin/sh", "/bin/sh");
	script("#!/bin/sh\r\n", "/bin/sh\r");
	script("#!\n/bin/sh", NULL);
	script("#!   \n", NULL);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "#!/", 3);
	longest[PROGRAM_HEAD] = '\0';
	script(longest, NULL);
}

int main(void)
{
	modes();
	capabilities();
	lost();
	peeks();
	quotes();
	unsure();
	acls();
	credentials();
	checks_of_reasons();
	checks_of_asks();
	programs();
	return done();
}

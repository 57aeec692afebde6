/* SPDX-License-Identifier: Apache-2.0 */
/* why/cure: what is offered for each reason, and what never is. */
#include "nsdebug/why/cure.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/reason.h"
#include "tests/unit/check.h"

static struct creds nobody = { .fsuid = 1000, .fsgid = 1000, .euid = 1000, .egid = 1000 };

static bool says(const char *s, const char *what)
{
	return strstr(s, what) != NULL;
}

static void cures_beside_files(void)
{
	static struct reason r;
	static struct cure c;

	r.kind = WHY_SYSCTL;
	strcpy(r.path, "/proc/sys/kernel/hostname");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.docker, "--hostname VALUE"), "a name is no sysctl");
	strcpy(r.path, "/proc/sys/net/core/somaxconn");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.docker, "--sysctl net.core.somaxconn=VALUE"), "one of a namespace");
	strcpy(r.path, "/proc/sys/vm/swappiness");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!c.docker[0] && !c.kubernetes[0] && says(c.text, "node"), "one of the node");
	memset(&r, 0, sizeof(r));
	r.kind = WHY_RLIMIT;
	r.limit = 64;
	strcpy(r.word, "as");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!c.docker[0] && c.text[0], "a limit that no engine sets");
	r.kind = WHY_CAPABILITY;
	r.caps = CREDS_CAP(SYS_RESOURCE);
	strcpy(r.word, "nofile");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.docker, "--ulimit nofile=64:64"), "a hard limit takes no capability");
	r.number = 32;
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.podman, "--ulimit nofile=32:64"), "and its soft one is told with it");
	r.limit = UINT64_MAX;
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!c.podman[0] && says(c.text, "fs.nr_open"), "files have a limit always");
	strcpy(r.word, "memlock");
	r.number = UINT64_MAX;
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.podman, "--ulimit memlock=-1:-1"), "what is locked need not");
	r.number = 0;
	r.word[0] = '\0';
	r.caps = CREDS_CAP(SYS_ADMIN) | CREDS_CAP(BPF);
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(says(c.podman, "--cap-add BPF") && says(c.docker, "--cap-add SYS_ADMIN") &&
	   says(c.kubernetes, "add: [BPF]"), "not the one that does all, where it is not needed");
	memset(&r, 0, sizeof(r));
	r.kind = WHY_MODE;
	r.mode = S_IFREG | 0644;
	r.need = NEED_X;
	r.whose = CLASS_OTHER;
	strcpy(r.mount, "/data");
	strcpy(r.path, "/data/run");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(says(c.text, "chmod a+x") && !c.podman[0], "what not even its owner may");
}

/* ---- cures of files ---- */

static struct reason why;
static struct cure cure;
/* In a user namespace that begins at 100000. */
static struct creds inside = { .fsuid = 165532, .fsgid = 165532 };

static void refuse(enum why_kind kind, uint32_t mode, uint32_t need, const char *path,
		   const char *mount)
{
	memset(&why, 0, sizeof(why));
	why.kind = kind;
	why.whose = CLASS_OTHER;
	why.mode = mode;
	why.need = need;
	strcpy(why.path, path);
	strcpy(why.mount, mount);
}

static bool cured(const char *word)
{
	cure_of(&why, &inside, OP_OPEN, 65532, 65532, 9, &cure);
	return says(cure.text, word);
}

static void cures_of_ids(void)
{
	refuse(WHY_MODE, S_IFREG | 0600, NEED_R, "/data/f", "/data");
	ok(cured("chown on the host to 165532") && says(cure.text, "to user 65532"),
	   "a host's id, where it is for the host");
	ok(says(cure.kubernetes, "fsGroup: 65532"), "and the container's, where it is for that");
	why.mode = S_IFREG | 0640;
	why.gid = 100009;
	ok(cured("group 9") && !strcmp(cure.docker, "--group-add 9"), "a group as inside");
	why.gid = 0;
	ok(!cured("into group") && !cure.docker[0], "root's group is nobody's");
	refuse(WHY_MODE, S_IFSOCK | 0660, NEED_W, "/run/d.sock", "/run/d.sock");
	ok(cured("only root") && !cure.docker[0] && !cure.kubernetes[0], "nor a socket of root's");
	refuse(WHY_UNMAPPED, S_IFDIR | 0755, NEED_W, "/data", "/data");
	ok(cured("chown it on the host to 165532") && says(cure.text, "takes all that is there") &&
	   !strcmp(cure.podman, "--volume SOURCE:/data:U"), "an owner that is not mapped");
	why.nested = 1;
	ok(!cured("chown") && says(cure.text, "of the process's own"), "nor in one of its own");
	refuse(WHY_MODE, S_IFREG | 0600, NEED_R, "/data/f", "/data");
	why.mapping = MOUNT_IDS_KNOWN;
	why.kept_uid = 65532;
	ok(cured("chown on the host to 65532,"), "what is on disk, below mapped ids");
	why.kind = WHY_ACL;
	ok(cured("setfacl -m u:65532:r") && says(cure.text, "chown to 65532"), "in an ACL, too");
	why.mapping = MOUNT_IDS_UNKNOWN;
	ok(!cured("u:165532") && says(cure.text, "maps ids"), "a map that is not known");
}

/* Files that hand over the node, and groups that help nobody. */
static void cures_of_groups(void)
{
	refuse(WHY_MODE, S_IFSOCK | 0660, NEED_W, "/run2/docker.sock", "/run2");
	why.gid = 998;
	ok(cured("root on the node") && !cure.docker[0] && !cure.kubernetes[0],
	   "a runtime's socket");
	refuse(WHY_MODE, S_IFSOCK | 0660, NEED_W, "/run/php/fpm.sock", "/run/php");
	why.uid = why.gid = 100033;
	ok(cured("into group 9") && !strcmp(cure.docker, "--group-add 9") &&
	   says(cure.kubernetes, "supplementalGroups: [9]"), "a socket of a group's");
	why.uid = 0;
	ok(cured("root's server") && !strcmp(cure.podman, "--group-add 9"), "whose server is root");
	why.hint = HINT_CONTROL;
	ok(cured("root on the node") && !cure.docker[0] && !cure.kubernetes[0],
	   "a runtime's socket by another name");
	why.hint = 0;
	why.kind = WHY_ACL;
	strcpy(why.path, "/run/docker.sock");
	ok(cured("root on the node") && !says(cure.text, "setfacl"), "no entry for it either");
	why.kind = WHY_UNMAPPED;
	ok(cured("root on the node") && !says(cure.text, "chown"), "nor is it chowned");
	why.kind = WHY_MODE;
	strcpy(why.path, "/run/php/fpm.sock");
	why.gid = 0;
	ok(cured("root's own") && !cure.docker[0], "and of root's group");
	why.gid = 998;
	cure_of(&why, &inside, OP_OPEN, 65532, 65532, 65534, &cure);
	ok(!cure.docker[0] && !cure.kubernetes[0], "a group that the container does not have");
	refuse(WHY_MODE, S_IFBLK | 0660, NEED_R, "/dev/sda", "/dev");
	why.gid = 6;
	ok(cured("leave it to the node") && !cure.docker[0] && !cure.kubernetes[0], "a disk");
	why.mode = S_IFCHR | 0640;
	strcpy(why.path, "/dev/mem");
	ok(cured("leave it to the node") && !cure.docker[0], "memory");
	strcpy(why.path, "/dev/dri/renderD128");
	ok(cured("every device of that group") && says(cure.docker, "--group-add 9"),
	   "another device");
	refuse(WHY_MODE, S_IFREG | 0600, NEED_R, "/data/f", "/data");
	why.whose = CLASS_GROUP;
	ok(cured("chmod g+r") && !cure.kubernetes[0] && !says(cure.text, "fsGroup"),
	   "a group that it is in already");
	why.whose = CLASS_OTHER;
	cure_of(&why, &inside, OP_OPEN, 65532, 0, 0, &cure);
	ok(says(cure.kubernetes, "fsGroup: 65532"), "not root's");
}

static void cures_of_volumes(void)
{
	refuse(WHY_MODE, S_IFREG | 0700, NEED_X, "/data/run", "/data");
	ok(cured("chmod a+x") && !cure.kubernetes[0], "a group of a volume makes no program");
	refuse(WHY_OWNER, S_IFDIR | 0755, 0, "/data", "/data");
	ok(cured("only an owner may") && !cure.kubernetes[0], "nor an owner");
	refuse(WHY_CHOWN, S_IFREG | 0644, 0, "/data/f", "/data");
	why.caps = CREDS_CAP(CHOWN);
	ok(cured("(fsGroup)") && says(cure.kubernetes, "fsGroup: 65532"), "the group of a volume");
	why.gid = inside.fsgid;
	ok(cured("where the volume comes from") && !says(cure.text, "fsGroup") &&
	   !says(cure.kubernetes, "fsGroup"), "which the file has already");
	refuse(WHY_ACL, S_IFREG | 0644, NEED_R, "/data/f", "/data");
	why.whose = CLASS_ACL_USER;
	ok(cured("setfacl -m u:165532:r") && !cure.kubernetes[0], "an entry of one's own");
	refuse(WHY_MODE, S_IFREG | 0600, NEED_W, "/proc/1/environ", "/proc");
	strcpy(why.type, "proc");
	ok(cured("kernel's: proc") && !cure.kubernetes[0] && !cure.podman[0], "/proc is no volume");
	refuse(WHY_READ_ONLY_MOUNT, S_IFDIR | 0755, 0, "/sys", "/sys");
	ok(cured("kernel's") && !cure.docker[0], "nor is /sys");
	refuse(WHY_MODE, S_IFDIR | 0755, NEED_W, "/dev", "/dev");
	strcpy(why.type, "tmpfs");
	ok(cured("/dev is made by the runtime") && !cure.kubernetes[0], "nor /dev");
}

/* What would hide the program, or need not undo it, is no cure. */
static void cures_of_noexec(void)
{
	refuse(WHY_NOEXEC, S_IFREG | 0755, 0, "/noexec/prog", "/noexec");
	strcpy(why.type, "tmpfs");
	ok(cured("remount,exec") && !cure.docker[0] && !cure.podman[0] && !cure.kubernetes[0],
	   "nothing is mounted over a volume's programs");
	why.hint = HINT_TMPFS;
	ok(cured("without noexec") &&
	   !strcmp(cure.docker, "--tmpfs /noexec:exec,uid=65532,gid=65532") && cure.kubernetes[0],
	   "a tmpfs of the container's own");
}

/* What the container has in memory is nowhere on the host, and is no volume. */
static void tmpfs(enum why_kind kind, unsigned int mode, unsigned int need, const char *words,
		  const char *docker, const char *kubernetes)
{
	refuse(kind, mode, need, "/t/made", "/t");
	strcpy(why.type, "tmpfs");
	why.hint = HINT_TMPFS;
	why.caps = kind == WHY_CHOWN ? CREDS_CAP(CHOWN) : 0;
	ok(cured(words) && !says(cure.text, "host") && !says(cure.text, "volume") &&
	   !says(cure.docker, "--volume") && !says(cure.podman, "--volume") &&
	   says(cure.docker, docker) && says(cure.kubernetes, kubernetes), words);
}

static void cures_of_memory(void)
{
	static const char ids[] = "--tmpfs /t:uid=65532,gid=65532", group[] = "fsGroup: 65532}, "
		"volumes: [{name: volume-t, emptyDir: {}}]";
	tmpfs(WHY_MODE, S_IFDIR | 0700, NEED_W, "let who makes this in it", ids, group);
	ok(!strcmp(cure.podman, "--tmpfs /t:U"), "with podman it has no ids");
	why.ro = 1;
	ok(cured("mount /t without ro, and for user 65532"), "which is read-only besides");
	strcpy(why.path, "/t");
	ok(cured("in memory") && !says(cure.text, "who makes this"), "the mount itself");
	tmpfs(WHY_OWNER, S_IFREG | 0644, 0, "let who makes this in it ", ids, "");
	ok(!cure.kubernetes[0] && !says(cure.text, "fsGroup"), "a group makes no owner");
	tmpfs(WHY_ACL, S_IFREG | 0644, NEED_R, "it is in memory", ids, group);
	tmpfs(WHY_MODE, S_IFREG | 0644, NEED_X, "chmod a+x, where the container makes it", "", "");
	tmpfs(WHY_CHOWN, S_IFREG | 0644, 0, "let who makes it be its owner", "--cap-add CHOWN", "");
	tmpfs(WHY_READ_ONLY_MOUNT, S_IFDIR | 0755, 0, "mount /t without ro", ids, "emptyDir");
	why.rights = 1;
	ok(cured("mount /t without ro, and for user 65532") && says(cure.docker, ids), "or both");
}

/* What is mounted over a directory hides what is in it. */
static void cures_of_places(void)
{
	refuse(WHY_READ_ONLY_MOUNT, S_IFDIR | 0755, 0, "/app", "/");
	why.dir = 1;
	why.filled = DIR_EMPTY;
	ok(cured("on /app") && says(cure.docker, "--tmpfs /app") && !says(cure.text, "hidden"),
	   "over an empty one");
	why.filled = DIR_UNKNOWN;
	ok(cured("would be hidden"), "where it is not known, a warning");
	why.filled = DIR_FILLED;
	ok(cured("/app is not empty") && !cure.docker[0] && !cure.kubernetes[0] &&
	   !strcmp(cure.podman, "--volume app:/app:U"), "not over one that has something");
	why.uid = inside.fsuid;
	ok(cured("/app is not empty") && !strcmp(cure.docker, "--volume app:/app"),
	   "a named volume has a copy, with its owners");
	refuse(WHY_READ_ONLY_MOUNT, S_IFREG | 0644, NEED_W, "/etc/app.conf", "/");
	ok(cured("/tmp, if the image has it") && !cure.docker[0], "a place that can be written to");
	why.hint = HINT_TMP_ON_ROOT;
	ok(cured("on the read-only root, too") && !strcmp(cure.podman, "--tmpfs /tmp:U") &&
	   !strcmp(cure.docker, "--tmpfs /tmp:uid=65532,gid=65532") &&
	   says(cure.kubernetes, "mountPath: /tmp"), "or first has to be");
	refuse(WHY_MODE, S_IFREG | 0644, NEED_W, "/app/data", "/");
	why.filled = DIR_FILLED;
	why.ro = 1;
	ok(cured("read-only besides") && !says(cure.docker, "tmpfs"), "the second obstacle");
	refuse(WHY_ABSENT, 0, NEED_W, "/data", "/");
	why.dir = 1;
	ok(cured("make the directory in the image") && says(cure.docker, "--tmpfs /data:"),
	   "one that is not there");
}

/* Of one that has ended, whose user is known. */
static void cures_of_the_ended(void)
{
	auto_arena struct arena *a = arena_new();
	struct findings f = { .a = a };
	struct finding x = { 0 };

	refuse(WHY_MODE, S_IFDIR | 0755, NEED_W, "/var/lib", "/");
	why.dir = 1;
	why.filled = DIR_FILLED;
	finding_cure(&f, &x, &why, 65532, 65532);
	ok(says(x.cure, "not empty") && !x.docker[0] &&
	   !strcmp(x.podman, "--volume var-lib:/var/lib:U"), "a copy of what is root's is root's");
	why.uid = 65532;
	finding_cure(&f, &x, &why, 65532, 65532);
	ok(!strcmp(x.docker, "--volume var-lib:/var/lib"), "and of what is its own, its own");
	refuse(WHY_MODE, S_IFREG | 0600, NEED_R, "/data/f", "/data");
	finding_cure(&f, &x, &why, 65532, 65532);
	ok(says(x.cure, "chown on the host to 65532,"), "whom it is given to");
	f.part = "app";
	refuse(WHY_CAPABILITY, 0, 0, "", "");
	why.caps = CREDS_CAP(NET_RAW);
	finding_cure(&f, &x, &why, 65532, 65532);
	ok(says(x.kubernetes, "containers: [{name: app, securityContext"), "which one of its pod");
}

static void cures_of_rights(void)
{
	struct creds nnp = inside;

	refuse(WHY_CAPABILITY, 0, 0, "", "");
	why.caps = CREDS_CAP(SETUID);
	ok(cured("who may become any user is root") && !cure.docker[0] && !cure.kubernetes[0],
	   "nobody nonroot becomes root");
	why.caps = CREDS_CAP(NET_RAW);
	ok(cured("setcap CAP_NET_RAW") && says(cure.kubernetes, "Escalation: true"), "by setcap");
	ok(!strcmp(cure.image, "RUN setcap CAP_NET_RAW+ep PROGRAM") &&
	   !strcmp(cure.docker, "--cap-drop ALL --cap-add NET_RAW") &&
	   !strcmp(cure.podman, cure.docker), "options that are half a cure say so");
	cure_of(&why, &inside, OP_OPEN, 0, 0, 9, &cure);
	ok(!strcmp(cure.docker, "--cap-add NET_RAW"), "root keeps what it has");
	why.hint = HINT_PING;
	ok(cured("--sysctl 'net.ipv4.ping_group_range=65532 65532'") &&
	   says(cure.docker, "NET_RAW"), "who pings needs no raw socket");
	why.hint |= HINT_PINGS;
	ok(cured("as things are") && !says(cure.text, "sysctl"), "what holds already is no cure");
	why.hint = 0;
	nnp.cap_bnd = CREDS_CAP(NET_RAW);
	cure_of(&why, &nnp, OP_OPEN, 65532, 65532, 0, &cure);
	ok(says(cure.text, "may have CAP_NET_RAW already, but the program does not have it") &&
	   !says(cure.text, "leave this one"), "what the container has, and the program not");
	nnp.cap_bnd = 0;
	nnp.no_new_privs = true;
	cure_of(&why, &nnp, OP_OPEN, 65532, 65532, 0, &cure);
	ok(says(cure.docker, " --security-opt no-new-privileges=false"), "nor under no_new_privs");
	nnp.no_new_privs = false;
	cure_of(&why, &nnp, OP_OPEN, 0, 0, 0, &cure);
	ok(!says(cure.text, "setcap") && says(cure.docker, "--cap-add NET_RAW") &&
	   !says(cure.kubernetes, "allowPriv"), "who is root, by having it");
	nnp.host_user_ns = true;
	why.caps = CREDS_CAP(SYS_MODULE);
	cure_of(&why, &nnp, OP_OPEN, 65532, 65532, 0, &cure);
	ok(says(cure.text, "leave it to the node") && !cure.docker[0] && !cure.podman[0] &&
	   !cure.kubernetes[0], "what is the node is not given");
	why.caps = CREDS_CAP(SYS_ADMIN);
	cure_of(&why, &nnp, OP_OPEN, 65532, 65532, 0, &cure);
	ok(!strncmp(cure.text, "leave it to the node: CAP_SYS_ADMIN is as good as root", 54) &&
	   cure.docker[0], "what amounts to it, with a warning");
	ok(!cured("as good as root"), "in a user namespace it is not");
}

static void cures_of_limits(void)
{
	refuse(WHY_SECCOMP, 0, 0, "", "");
	strcpy(why.word, "mount");
	why.caps = CREDS_CAP(SYS_ADMIN);
	ok(cured("also takes CAP_SYS_ADMIN") &&
	   !strcmp(cure.podman, "--security-opt seccomp=FILE --cap-drop ALL --cap-add SYS_ADMIN") &&
	   !strcmp(cure.image, "RUN setcap CAP_SYS_ADMIN+ep PROGRAM") &&
	   says(cure.kubernetes, "add: [SYS_ADMIN]") && says(cure.kubernetes, "Localhost"),
	   "a filter, and what is refused next");
	ok(says(cure.text, "FILE: with it in an SCMP_ACT_ALLOW rule and in no "), "a profile");
	inside.host_user_ns = true;
	strcpy(why.word, "set_mempolicy_home_node");
	ok(cured("podman's default (/usr/share/containers/seccomp.json)"), "the longest of these");
	inside.host_user_ns = false;
	reason_call(&why, SYS_sethostname);
	ok(cured("spec.hostname of a pod") && !strcmp(cure.docker, "--hostname VALUE") &&
	   !strcmp(cure.podman, cure.docker) &&
	   !strcmp(cure.kubernetes, "spec: {hostname: VALUE}") && !cure.image[0],
	   "a name that is set from outside");
	why.kind = WHY_CAPABILITY;
	ok(cured("--hostname"), "also where only the capability is missing");
	why.hint = 0;
	reason_call(&why, SYS_setdomainname);
	ok(cured("--domainname of docker") && !strcmp(cure.docker, "--domainname VALUE") &&
	   !cure.podman[0] && !cure.kubernetes[0], "a domain's");
	refuse(WHY_RLIMIT, 0, 0, "", "");
	strcpy(why.word, "memlock");
	why.limit = 4096;
	why.hard = 100000;
	why.number = 65536;
	ok(cured("itself up to its hard limit of 100000") &&
	   !strcmp(cure.docker, "--ulimit memlock=65536:100000"), "all that was asked for");
	why.hard = 4096;
	ok(!cured("itself") && !strcmp(cure.docker, "--ulimit memlock=65536:65536"),
	   "where both have to be raised");
	why.hard = UINT64_MAX;
	ok(cured("no hard limit") && !strcmp(cure.docker, "--ulimit memlock=65536:-1"),
	   "a hard limit is not lowered");
}

static void cures_of_python(void)
{
	refuse(WHY_READ_ONLY_MOUNT, S_IFDIR | 0755, NEED_W, "/app", "/");
	reason_hint(&why, "/app/__pycache__");
	cure_of(&why, &inside, OP_MKDIR, 65532, 65532, 0, &cure);
	ok(says(cure.text, "none is needed") &&
	   !strcmp(cure.docker, "--env PYTHONDONTWRITEBYTECODE=1") &&
	   says(cure.kubernetes, "value: \"1\""), "what Python keeps for itself");
	cure_of(&why, &inside, OP_UNLINK, 65532, 65532, 0, &cure);
	ok(!says(cure.text, "Python"), "which it does not remove");
	why.hint = 0;
	reason_hint(&why, "/app/__pycache__2/x");
	ok(why.hint == 0, "nor is that any other name");
	reason_hint(&why, "/app/__pycache__/a.cpython-311.pyc.7");
	ok(why.hint == HINT_PYCACHE, "but all that is below it");
}

static bool told(const char *words)
{
	auto_buf struct buf b = { 0 };

	reason_text(&b, &why);
	buf_char(&b, '\0');
	return says(b.bytes, words);
}

/* In a user namespace that begins at 100000, with 65536 ids. */
static void ids_of_reasons(void)
{
	struct idmap ids = { 0 };

	idmap_add(&ids, 0, 100000, 65536);
	refuse(WHY_MODE, S_IFREG | 0600, NEED_R, "/data/f", "/data");
	why.uid = 100000;
	why.gid = 100007;
	ok(told("is 0600 100000:100007;"), "no map: the host's");
	reason_inside(&why, &ids, &ids);
	ok(told("is 0600 0:7 (100000:100007 on the host);"), "both, where they differ");
	why.uid = why.gid = 0;
	reason_inside(&why, &ids, &ids);
	ok(told("is 0600 65534:65534 (0:0 on the host);"), "one that is not mapped");
	refuse(WHY_STICKY, S_IFREG | 0600, 0, "/tmp/f", "/tmp");
	why.uid = 100005;
	reason_inside(&why, &ids, &ids);
	ok(told("is user 5's (100005 on the host), in a sticky"), "whose it is");
	refuse(WHY_ACL, S_IFREG | 0640, NEED_R, "/data/f", "/data");
	why.whose = CLASS_ACL_GROUP;
	why.id = 100009;
	reason_inside(&why, &ids, &ids);
	ok(told("group 9 (100009 on the host) has"), "whom an entry is for");
	refuse(WHY_UNMAPPED, S_IFDIR | 0755, NEED_W, "/data", "/data");
	why.id = 7;
	ok(told("belongs to id 7 of the host, which the container's"), "whom it has not");
	why.path[0] = '\0';
	ok(told("id 7, which the call names, is none of the container's") && cured("--uidmap") &&
	   !says(cure.text, "chown"), "nor can it become that");
	idmap_free(&ids);
}

/* What no container can set is not offered. */
static void cures_of_the_node(void)
{
	refuse(WHY_PORT, 0, 0, "", "");
	why.number = 80;
	why.limit = 1024;
	why.caps = CREDS_CAP(NET_BIND_SERVICE);
	why.hint = HINT_HOST_NET;
	ok(cured("such as 8080: the network") && !says(cure.docker, "sysctl") &&
	   !strcmp(cure.podman, "--cap-drop ALL --cap-add NET_BIND_SERVICE") &&
	   !says(cure.kubernetes, "sysctls"), "a port of the node's network");
	refuse(WHY_CAPABILITY, 0, 0, "", "");
	why.caps = CREDS_CAP(NET_ADMIN);
	ok(cured("leave this one"), "its own network is its to change");
	why.hint = HINT_HOST_NET;
	ok(cured("the network is the node's"), "the node's is not");
	why.caps = CREDS_CAP(SYS_TIME);
	ok(cured("the clock is the node's"), "nor its clock");
	refuse(WHY_INTERPRETER, S_IFREG | 0755, 0, "/app/x", "/");
	strcpy(why.word, "/no/ld.so.1");
	ok(cured("link it statically"), "a loader of any name is no interpreter of scripts");
	strcpy(why.word, "/bin/ldsh");
	ok(cured("through a script"), "nor the other way round");
	refuse(WHY_PING, 0, 0, "", "");
	why.hint = HINT_HOST_NET;
	ok(cured("the node's net.ipv4.ping_group_range") && !cure.docker[0] && !cure.kubernetes[0],
	   "to ping there");
	refuse(WHY_SYSCTL, S_IFREG | 0644, NEED_W, "/proc/sys/net/core/somaxconn", "/proc/sys");
	ok(cured("allowed-unsafe-sysctls") && says(cure.kubernetes, "net.core.somaxconn"),
	   "a sysctl that a kubelet has to allow");
	strcpy(why.path, "/proc/sys/net/ipv4/tcp_syncookies");
	ok(!cured("unsafe") && cure.docker[0], "one that it lets all set");
	why.hint = HINT_HOST_NET;
	ok(cured("the node's") && !cure.docker[0] && !cure.kubernetes[0], "but not of the node's");
	refuse(WHY_MODE, S_IFDIR | 0700, NEED_W, "/data", "/data");
	why.hint = HINT_HOST_PATH;
	ok(cured("chgrp and chmod g+rwX on the host") && !cure.kubernetes[0],
	   "no group of a pod is given to a directory of the node");
	why.ro = 1;
	ok(cured("two things") && !says(cure.kubernetes, "fsGroup") &&
	   says(cure.kubernetes, "readOnly: false"), "nor where it is read-only, too");
}

static void words_of_seccomp(void)
{
	refuse(WHY_SECCOMP, 0, 0, "", "");
	strcpy(why.word, "getpgid");
	why.number = 0x80000000;
	ok(told("ends who makes getpgid"), "seccomp that kills");
	why.number = 0x00030000;
	ok(told("getpgid with SIGSYS"), "that traps");
	why.number = 0x00050026;
	why.err = 38;
	ok(told("answers getpgid with Function not implemented"), "that answers");
}

static void words_of_reasons(void)
{
	auto_buf struct buf b = { 0 };

	refuse(WHY_INTERPRETER, S_IFREG | 0755, 0, "/run.sh", "/");
	strcpy(why.word, "/bin/sh\r");
	reason_text(&b, &why);
	ok(says(b.bytes, "carriage return"), "what cannot be seen is said");
}

/* Of every kind, with hostile words in it: no option that a shell could misread, never more than
 * one capability, never root. */
static void cures(void)
{
	static struct reason r;
	static struct cure c;
	bool good = true;

	for (uint32_t kind = 0; kind < WHY_KINDS; kind++) {
		memset(&r, 0, sizeof(r));
		r.kind = kind;
		r.mode = S_IFDIR | 0700;
		r.need = NEED_W;
		r.whose = CLASS_OTHER;
		r.caps = UINT64_MAX;
		strcpy(r.path, "/a/$(id)/x");
		strcpy(r.mount, "/a;id");
		strcpy(r.word, "`id`");
		strcpy(r.type, "tmpfs");
		cure_of(&r, &nobody, OP_OPEN, 65532, 65532, 0, &c);
		for (const char *p = c.docker; *p && *p != '#'; p++)
			good &= !strchr("$;`|&<>()", *p);
		for (const char *p = c.podman; *p; p++)
			good &= !strchr("$;`|&<>()", *p);
		good &= !says(c.kubernetes, "id") || says(c.kubernetes, "securityContext");
		good &= !says(c.kubernetes, "$(") && !says(c.kubernetes, ";");
		good &= !says(c.docker, "--privileged") && !says(c.docker, "cap-add ALL") &&
			!says(c.docker, "--user 0") && !says(c.docker, "limit 0") &&
			!says(c.docker, "memory 0");
	}
	ok(good, "no cure holds what a shell would run, or gives all away");
	memset(&r, 0, sizeof(r));
	r.kind = WHY_READ_ONLY_MOUNT;
	r.mode = S_IFDIR | 0755;
	r.dir = 1;
	strcpy(r.path, "/var/cache/nginx");
	strcpy(r.mount, "/");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.docker, "--tmpfs /var/cache/nginx:uid=101,gid=101") &&
	   says(c.kubernetes, "name: var-cache-nginx, emptyDir: {}"), "a place to write");
	strcpy(r.path, "/etc/app");
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!c.docker[0] && !c.kubernetes[0] && c.text[0], "none over what the image needs");
	r.kind = WHY_PORT;
	r.number = 80;
	r.limit = 1024;
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.docker, "--sysctl net.ipv4.ip_unprivileged_port_start=80") &&
	   says(c.text, "8080"), "a low port");
	memset(&r, 0, sizeof(r));
	r.kind = WHY_CAPABILITY;
	r.caps = CREDS_CAP(NET_RAW);
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!strcmp(c.podman, "--cap-drop ALL --cap-add NET_RAW") &&
	   says(c.kubernetes, "drop: [ALL], add: [NET_RAW]"), "exactly one capability");
	cures_beside_files();
	memset(&r, 0, sizeof(r));
	r.kind = WHY_READ_ONLY_MOUNT;
	memset(r.path, 'x', sizeof(r.path) - 1);
	r.path[0] = '/';
	cure_of(&r, &nobody, OP_OPEN, 101, 101, 0, &c);
	ok(!c.docker[0] && !c.kubernetes[0], "half a path is none");
}

int main(void)
{
	cures();
	cures_of_ids();
	cures_of_groups();
	cures_of_volumes();
	cures_of_noexec();
	cures_of_memory();
	cures_of_places();
	cures_of_the_ended();
	cures_of_rights();
	cures_of_limits();
	cures_of_python();
	cures_of_the_node();
	ids_of_reasons();
	words_of_seccomp();
	words_of_reasons();
	return done();
}

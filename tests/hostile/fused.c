/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fused - a FUSE server that answers everything but one kind of request, without a library.
 *
 *	fused MOUNTPOINT lookup|getattr|readlink|open|read|statfs|xattr|flush|opendir|readdir|none
 *		[FILE]		"file" is a program with these contents, and all is answered until
 *				the server gets a SIGUSR1
 *
 * Mounts and goes to the background; its pid is in MOUNTPOINT.pid. The file system holds a file
 * "file", a link "link" to it and an empty directory "dir". Runs as root of the container, with
 * CAP_SYS_ADMIN there.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX (128 * 1024)

enum { ROOT = 1, FIL, LNK, DIR_ };	/* inodes */

static const struct kind {
	const char *name;
	unsigned int mode;
} kinds[] = {
	[ROOT] = { "", S_IFDIR | 0755 }, [FIL] = { "file", S_IFREG | 0755 },
	[LNK] = { "link", S_IFLNK | 0777 }, [DIR_] = { "dir", S_IFDIR | 0755 },
};

static const struct silence {
	const char *name;
	unsigned int op, or_op;
} silences[] = {
	{ "lookup", FUSE_LOOKUP, 0 }, { "getattr", FUSE_GETATTR, 0 },
	{ "readlink", FUSE_READLINK, 0 }, { "open", FUSE_OPEN, 0 }, { "read", FUSE_READ, 0 },
	{ "statfs", FUSE_STATFS, 0 }, { "xattr", FUSE_GETXATTR, FUSE_LISTXATTR },
	{ "flush", FUSE_FLUSH, 0 }, { "opendir", FUSE_OPENDIR, 0 },
	{ "readdir", FUSE_READDIR, 0 }, { "none", ~0u, 0 },
};

static const char content[] = "benign fuse\n";
static int dev, served = -1;
static struct stat served_stat;
static volatile sig_atomic_t silent = 1;

static void fall_silent(int sig)
{
	silent = sig;
}

static void reply(const struct fuse_in_header *h, int error, const void *p, size_t len)
{
	static char out[sizeof(struct fuse_out_header) + READ_MAX];
	struct fuse_out_header o = { .len = sizeof(o) + len, .error = error, .unique = h->unique };

	memcpy(out, &o, sizeof(o));
	if (len)
		memcpy(out + sizeof(o), p, len);
	if (write(dev, out, o.len) < 0 && errno != ENOENT)
		err(1, "answer");
}

static struct fuse_attr attr_of(unsigned long ino)
{
	return (struct fuse_attr){ .ino = ino, .mode = kinds[ino].mode, .nlink = 1,
		.size = ino != FIL ? 0 : served < 0 ? sizeof(content) - 1 :
			(unsigned long)served_stat.st_size };
}

static void lookup(const struct fuse_in_header *h, const char *name)
{
	struct fuse_entry_out e = { 0 };

	for (unsigned long i = FIL; i <= DIR_; i++)
		if (!strcmp(name, kinds[i].name)) {
			e.nodeid = i;
			e.attr = attr_of(i);
			reply(h, 0, &e, sizeof(e));
			return;
		}
	reply(h, -ENOENT, NULL, 0);
}

static void readdir_root(const struct fuse_in_header *h, const struct fuse_read_in *r)
{
	char out[1024] = "";
	size_t len = 0;

	for (unsigned long i = r->offset < FIL ? FIL : r->offset; h->nodeid == ROOT && i <= DIR_;
	     i++) {
		struct fuse_dirent d = { .ino = i, .off = i + 1, .type = kinds[i].mode >> 12,
			.namelen = strlen(kinds[i].name) };

		memcpy(out + len, &d, FUSE_NAME_OFFSET);
		memcpy(out + len + FUSE_NAME_OFFSET, kinds[i].name, d.namelen);
		len += FUSE_DIRENT_SIZE(&d);
	}
	reply(h, 0, out, len);
}

static void read_file(const struct fuse_in_header *h, const struct fuse_read_in *r)
{
	static char bytes[READ_MAX];
	ssize_t n;

	if (served < 0) {
		reply(h, 0, content, r->offset ? 0 : sizeof(content) - 1);
		return;
	}
	n = pread(served, bytes, r->size < READ_MAX ? r->size : READ_MAX, (off_t)r->offset);
	reply(h, n < 0 ? -errno : 0, bytes, n > 0 ? (size_t)n : 0);
}

static void init(const struct fuse_in_header *h, const struct fuse_init_in *in)
{
	struct fuse_init_out o = { .major = FUSE_KERNEL_VERSION, .max_write = 4096,
		.minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor :
			FUSE_KERNEL_MINOR_VERSION, .max_background = 64 };

	reply(h, 0, &o, sizeof(o));
}

static void answer(const struct fuse_in_header *h, const void *body)
{
	struct fuse_attr_out a = { .attr = attr_of(h->nodeid <= DIR_ ? h->nodeid : ROOT) };
	struct fuse_open_out o = { .open_flags = served < 0 ? FOPEN_DIRECT_IO : 0 };
	struct fuse_statfs_out s = { .st = { .bsize = 4096, .namelen = 255 } };
	const struct fuse_read_in *r = body;

	switch (h->opcode) {
	case FUSE_INIT: init(h, body); break;
	case FUSE_LOOKUP: lookup(h, body); break;
	case FUSE_GETATTR: reply(h, 0, &a, sizeof(a)); break;
	case FUSE_READLINK: reply(h, 0, "file", 4); break;
	case FUSE_OPEN: case FUSE_OPENDIR: reply(h, 0, &o, sizeof(o)); break;
	case FUSE_READDIR: readdir_root(h, r); break;
	case FUSE_READ: read_file(h, r); break;
	case FUSE_STATFS: reply(h, 0, &s, sizeof(s)); break;
	case FUSE_GETXATTR: case FUSE_LISTXATTR: reply(h, -EOPNOTSUPP, NULL, 0); break;
	case FUSE_FLUSH: case FUSE_RELEASE: case FUSE_RELEASEDIR: case FUSE_ACCESS:
		reply(h, 0, NULL, 0);
		break;
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: break;
	default: reply(h, -ENOSYS, NULL, 0);
	}
}

static void serve(const struct silence *s)
{
	static char in[FUSE_MIN_READ_BUFFER + 4096] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = read(dev, in, sizeof(in));
		const struct fuse_in_header *h = (const void *)in;

		if (n < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		if (n <= 0)
			_exit(0);	/* unmounted */
		if (!silent || (h->opcode != s->op && h->opcode != s->or_op))
			answer(h, h + 1);
	}
}

static void write_pid(const char *point)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s.pid", point);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f))
		err(1, "%s", path);
}

static void serve_file(const char *path)
{
	served = open(path, O_RDONLY | O_CLOEXEC);
	if (served < 0 || fstat(served, &served_stat) < 0)
		err(1, "%s", path);
	silent = 0;
	signal(SIGUSR1, fall_silent);
}

int main(int argc, char **argv)
{
	const struct silence *s = silences;
	char options[128];

	if (argc != 3 && argc != 4)
		errx(2, "usage: fused MOUNTPOINT OPERATION [FILE]");
	if (argc == 4)
		serve_file(argv[3]);
	while (s < silences + sizeof(silences) / sizeof(*silences) && strcmp(s->name, argv[2]))
		s++;
	if (s == silences + sizeof(silences) / sizeof(*silences))
		errx(2, "no operation %s", argv[2]);
	dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		err(1, "/dev/fuse");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", dev);
	if (mount("fused", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		err(1, "mount %s", argv[1]);
	switch (fork()) {
	case -1: err(1, "fork");
	case 0: break;
	default: return 0;
	}
	setsid();
	write_pid(argv[1]);
	/* whoever started us waits for the end of our output */
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(1);
	serve(s);
}

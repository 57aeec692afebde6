/* SPDX-License-Identifier: Apache-2.0 */
/* sys/fdinfo: what kernels 5.10 to 6.18 write, and what is cut off or odd. */
#include "nsdebug/sys/fdinfo.h"

#include <fcntl.h>

#include "tests/unit/check.h"

#define HEAD "pos:\t7\nflags:\t02104002\nmnt_id:\t15\nino:\t1038\n"

static void files(void)
{
	struct fdinfo f;

	ok(fdinfo_parse(HEAD, &f, NULL, NULL), "a file");
	ok(f.pos == 7 && f.flags == 02104002 && f.mount == 15 && f.inode == 1038, "its fields");
	ok(f.count == FDINFO_NONE && f.pid == INT64_MIN && !f.watches && !f.locks,
	   "and none that it has not");
	ok(fdinfo_parse("pos:\t0\nflags:\t00\nmnt_id:\t9\n", &f, NULL, NULL) &&
	   f.inode == FDINFO_NONE, "no inode before Linux 5.14");
	ok(!fdinfo_parse("", &f, NULL, NULL), "nothing");
	ok(!fdinfo_parse("pos:\t1\n", &f, NULL, NULL), "cut off");
	ok(!fdinfo_parse("pos:\nflags:\t02\n", &f, NULL, NULL), "no number");
	ok(!fdinfo_parse("pos:\t\nflags:\n8", &f, NULL, NULL), "nor that of the next line");
}

static void objects(void)
{
	struct fdinfo f;

	ok(fdinfo_parse(HEAD "eventfd-count:               4d\neventfd-id: 9\n"
			"eventfd-semaphore: 1\n", &f, NULL, NULL) &&
	   f.count == 77 && f.count_id == 9 && f.semaphore, "eventfd: a hexadecimal count");
	ok(fdinfo_parse(HEAD "clockid: 1\nticks: 3\nsettime flags: 00\n"
			"it_value: (99, 998181509)\nit_interval: (2, 0)\n", &f, NULL, NULL) &&
	   f.clock == 1 && f.expired == 3 && f.left_ns == 99998181509 &&
	   f.interval_ns == 2000000000, "timerfd");
	ok(fdinfo_parse(HEAD "clockid: 1\nit_value: (99999999999999999, 1)\n"
			"it_interval: (1, 9999999999)\n", &f, NULL, NULL) &&
	   f.left_ns == FDINFO_NONE && f.interval_ns == FDINFO_NONE, "times that are none");
	ok(fdinfo_parse(HEAD "Pid:\t4211\nNSpid:\t4211\t7\n", &f, NULL, NULL) && f.pid == 4211,
	   "pidfd");
	ok(fdinfo_parse(HEAD "Pid:\t-1\nNSpid:\t-1\n", &f, NULL, NULL) && f.pid == -1, "one gone");
	ok(fdinfo_parse(HEAD "sigmask:\t0000000000004200\n", &f, NULL, NULL) &&
	   f.sigmask == 0x4200, "signalfd");
	ok(fdinfo_parse(HEAD "prog_type:\t6\nprog_jited:\t1\nprog_tag:\t3b185187f1855c4c\n"
			"memlock:\t4096\nprog_id:\t33\n", &f, NULL, NULL) && f.bpf_type == 6 &&
	   f.bpf_id == 33, "bpf");
	ok(fdinfo_parse(HEAD "iff:\ttun0\n", &f, NULL, NULL) && f.tun.len == 4 &&
	   !memcmp(f.tun.p, "tun0", 4), "tun");
}

struct seen {
	unsigned int count;
	struct fdinfo_watch last;
};

static void see(void *ctx, const struct fdinfo_watch *w)
{
	struct seen *s = ctx;

	s->count++;
	s->last = *w;
}

static void watches(void)
{
	struct seen s = { 0 };
	struct fdinfo f;

	ok(fdinfo_parse(HEAD
		"tfd:        4 events: 80000019 data:                4  pos:0 ino:6008 sdev:f\n"
		"tfd:       12 events:        4 data: ffffffffffffffff  pos:0 ino:1 sdev:fe00000\n",
		&f, see, &s) && f.watches == 2 && s.count == 2, "epoll");
	ok(s.last.fd == 12 && s.last.events == 4 && s.last.inode == 1 && s.last.dev == 0xfe00000 &&
	   s.last.wd == FDINFO_NONE, "what it watches");
	ok(fdinfo_parse(HEAD "tfd:        5 events:       19 data: 5\n", &f, see, &s) &&
	   s.last.fd == 5 && s.last.inode == FDINFO_NONE, "before Linux 4.15 without inode");
	ok(fdinfo_parse(HEAD "inotify wd:a ino:3c51a sdev:fe00000 mask:300 ignored_mask:0 "
			"fhandle-bytes:8 type:1 f_handle:1ac5030000000000\n", &f, see, &s) &&
	   s.last.wd == 10 && s.last.inode == 0x3c51a && s.last.events == 0x300 &&
	   s.last.fd == FDINFO_NONE, "inotify");
	ok(fdinfo_parse(HEAD "fanotify flags:0 event-flags:8000\n"
			"fanotify mnt_id:1b mflags:0 mask:8 ignored_mask:0\n", &f, see, &s) &&
	   f.watches == 1 && s.last.mount == 0x1b && s.last.events == 8, "fanotify");
}

static void locks(void)
{
	static const char text[] = HEAD
		"lock:\t1: FLOCK  ADVISORY  WRITE 20050 fe:00:10952708 0 EOF\n"
		"lock:\t2: POSIX  ADVISORY  READ 20050 fe:00:10952708 5 14\nlock:\n";
	struct buf b = { 0 };
	struct fdinfo f;
	size_t at = 0;

	ok(fdinfo_parse(text, &f, NULL, NULL) && f.locks == 3, "locks are counted");
	ok(fdinfo_next_lock(text, &at, &b), "the first");
	is(&b, "FLOCK WRITE 0 EOF", "kind, mode, from, to");
	ok(fdinfo_next_lock(text, &at, &b), "the second");
	is(&b, "POSIX READ 5 14", "of a range");
	ok(fdinfo_next_lock(text, &at, &b) && !b.len, "one without words");
	ok(!fdinfo_next_lock(text, &at, &b), "no more");
	at = 0;
	ok(!fdinfo_next_lock(HEAD, &at, &b), "none");
	buf_free(&b);
}

static void names(void)
{
	struct buf b = { 0 };

	fdinfo_put_flags(&b, O_WRONLY | O_APPEND | O_SYNC | O_CLOEXEC);
	is(&b, "SYNC APPEND CLOEXEC", "flags: SYNC is not DSYNC too");
	buf_clear(&b);
	fdinfo_put_flags(&b, O_TMPFILE | O_RDWR);
	is(&b, "TMPFILE", "TMPFILE is no DIRECTORY");
	buf_clear(&b);
	fdinfo_put_epoll(&b, 0x80000019);
	is(&b, "IN ET", "epoll");
	buf_clear(&b);
	fdinfo_put_signals(&b, 1ull << 14 | 1ull << 9 | 1ull << 63 | 1ull << 31);
	is(&b, "USR1 TERM RT0 RT32", "signals");
	buf_free(&b);
}

int main(void)
{
	files();
	objects();
	watches();
	locks();
	names();
	return done();
}

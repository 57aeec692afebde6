/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/layers.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/mounts.h"
#include "tests/unit/check.h"

#define HOST "1 0 8:1 / / rw - ext4 /dev/a rw\n" \
	"2 1 0:40 / /var/lib/snap/7/fs rw - fuse.rawBridge r rw\n" \
	"3 1 0:41 / /srv/a:b rw - fuse f rw\n" \
	"4 1 0:42 / /srv/c,d rw - nfs n rw\n"

static struct mounts parsed(struct arena *a, const char *text)
{
	struct mounts m = { 0 };

	mounts_parse(&m, arena_dup(a, text, strlen(text)), a);
	return m;
}

/* Of an overlay with these options at / of a container without any other mount. */
static bool is_stacked(struct arena *a, const char *options)
{
	struct mounts host = parsed(a, HOST), m;
	char line[1024];

	snprintf(line, sizeof(line), "9 8 0:50 / / rw - overlay overlay %s\n", options);
	m = parsed(a, line);
	layers_mark(&m, &host);
	return m.items[0].stacked;
}

static void options(struct arena *a)
{
	ok(is_stacked(a, "rw,lowerdir=/var/lib/snap/7/fs:/x,upperdir=/y"), "the first layer");
	ok(is_stacked(a, "rw,lowerdir=/x:/var/lib/snap/7/fs/deep,upperdir=/y"), "a lower one");
	ok(is_stacked(a, "ro,lowerdir=/x::/var/lib/snap/7/fs"), "one of data only");
	ok(is_stacked(a, "rw,lowerdir+=/x,lowerdir+=/var/lib/snap/7/fs"), "one by one");
	ok(is_stacked(a, "rw,lowerdir+=/x,datadir+=/var/lib/snap/7/fs"), "data, one by one");
	ok(is_stacked(a, "rw,lowerdir=/x,upperdir=/var/lib/snap/7/fs"), "the upper one");
	ok(is_stacked(a, "rw,lowerdir=/x:/srv/a\\134:b/l"), "a colon in a name");
	ok(is_stacked(a, "rw,lowerdir=/x:/srv/a\\072b/l"), "the same since Linux 6.8");
	ok(is_stacked(a, "rw,lowerdir=/x:/srv/c\\054d/l"), "a comma in a name");
	ok(!is_stacked(a, "rw,lowerdir=/x:/y,upperdir=/z,workdir=/w"), "none of a server");
	ok(!is_stacked(a, "rw,lowerdir=/x:/var/lib/snap/7/fs2"), "only a like name");
	ok(!is_stacked(a, "rw,lowerdir=/x,workdir=/var/lib/snap/7/fs"), "what is no layer");
	ok(!is_stacked(a, "rw,lowerdir=l/ABC:l/DEF"), "what is relative is not known");
	ok(!is_stacked(a, "") && !is_stacked(a, ",,lowerdir=,:") && !is_stacked(a, "lowerdir=:::"),
	   "nothing at all");
}

static void tables(struct arena *a)
{
	struct mounts none = { 0 }, host = parsed(a, HOST
		"5 1 0:60 / /m/one rw - overlay o ro,lowerdir=/x:/srv/a\\134:b\n"
		"6 1 0:61 / /m/two rw - overlay o ro,lowerdir=/x:/m/one/y\n");
	struct mounts m = parsed(a, "9 8 0:50 / / rw - overlay o rw,lowerdir=/a:/b\n"
		"10 9 0:51 / /srv rw - ext4 /dev/a rw\n"
		"11 9 0:52 / /fuse rw - fuse f rw\n"
		"12 9 0:53 / /o rw - overlay o ro,lowerdir=/fuse/x:/b\n"
		"13 9 0:54 / /p rw - overlay o ro,lowerdir=/m/two:/b\n"
		"14 9 0:55 / /q rw - tmpfs o rw,lowerdir=/fuse\n");

	layers_mark(&m, &none);
	ok(m.items[3].stacked, "a layer in the container's own table");
	ok(!m.items[0].stacked && !m.items[4].stacked, "others are not");
	layers_mark(&m, &host);
	ok(host.items[4].stacked && host.items[5].stacked, "an overlay on an overlay");
	ok(m.items[4].stacked, "and one on that, of the host's");
	ok(!m.items[0].stacked && !m.items[5].stacked, "what is none is none");
	layers_mark(&none, &none);
}

int main(void)
{
	auto_arena struct arena *a = arena_new();

	options(a);
	tables(a);
	return done();
}

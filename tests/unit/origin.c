/* SPDX-License-Identifier: Apache-2.0 */
/* target/origin: paths of the host, and what is kept where. */
#include "nsdebug/target/origin.h"

#include <stdlib.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/mounts.h"
#include "tests/unit/check.h"

static struct arena *a;

static void parse(struct mounts *m, const char *text)
{
	*m = (struct mounts){ 0 };
	mounts_parse(m, arena_dup(a, text, strlen(text)), a);
}

static bool equals(struct bytes s, const char *want)
{
	return want ? s.len == strlen(want) && s.p && !memcmp(s.p, want, s.len) : !s.len;
}

static void paths(void)
{
	static const struct {
		const char *path, *kind, *name, *pod, *driver, *inside;
	} rows[] = {
		{ "/var/lib/docker/volumes/v1/_data", "volume", "v1", NULL, NULL, "" },
		{ "/var/lib/docker/volumes/v1/_data/a/b", "volume", "v1", NULL, NULL, "/a/b" },
		{ "/var/lib/containers/storage/volumes/v/_data", "volume", "v", NULL, NULL, "" },
		{ "/home/u/.local/share/docker/volumes/v/_data", "volume", "v", NULL, NULL, "" },
		{ "/var/lib/nerdctl/1935db59/volumes/default/v/_data",
		  "volume", "v", NULL, NULL, "" },
		{ "/var/lib/docker/containers/0af/resolv.conf",
		  "injected", "resolv.conf", NULL, NULL, "" },
		{ "/var/lib/docker/containers/0af/mounts/shm", "injected", "shm", NULL, NULL, "" },
		{ "/run/containers/storage/overlay-containers/0af/userdata/hosts",
		  "injected", "hosts", NULL, NULL, "" },
		{ "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~configmap/c/..x/k",
		  "configmap", "c", "u-1", NULL, "/..x/k" },
		{ "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~projected/kube-api-access-a1b2c",
		  "serviceaccount", "kube-api-access", "u-1", NULL, "" },
		{ "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~csi/pvc-1/mount",
		  "pv", "pvc-1", "u-1", "csi", "" },
		{ "/var/lib/k0s/kubelet/pods/u-1/volumes/kubernetes.io~nfs/n/d",
		  "pv", "n", "u-1", "nfs", "/d" },
		{ "/var/lib/kubelet/pods/u-1/volumes/acme~disk/d",
		  "pv", "d", "u-1", "acme~disk", "" },
		{ "/var/lib/kubelet/pods/u-1/volume-subpaths/v/app/0",
		  "subpath", "v", "u-1", NULL, "" },
		{ "/var/lib/kubelet/pods/u-1/containers/app/1f",
		  "injected", "termination-log", "u-1", NULL, "" },
	};
	static const char *const none[] = {
		"/", "", "/data", "/var/lib/docker/volumes", "/var/lib/docker/volumes/v1",
		"/var/lib/docker/volumes//_data", "/var/lib/docker/volumes/v1/_dat",
		"/var/lib/docker/volumes/v1/_data2", "/srv/var/lib/docker/volumes/v1/_data",
		"/var/lib/kubelet", "/var/lib/kubelet/pods/u-1/volumes",
			"/var/lib/kubeletx/pods/u/etc-hosts",
		"/tmp/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~secret/s",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct origin o = { 0 };

		ok(origin_by_path(rows[i].path, &o) && !strcmp(origin_word(o.kind), rows[i].kind) &&
		   equals(o.name, rows[i].name) && equals(o.pod, rows[i].pod) && equals(o.driver,
		   rows[i].driver) &&
		   !strcmp(o.inside, rows[i].inside), rows[i].path);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct origin o = { 0 };

		ok(!origin_by_path(none[i], &o), none[i]);
	}
}

static struct origin of(struct origins *s, const char *point)
{
	struct origin o = { 0 };

	for (uint32_t i = 0; i < s->own->count; i++)
		if (!strcmp(s->own->items[i].point, point))
			origin_of(s, i, &o);
	return o;
}

static bool host_is(struct origins *s, const char *point, const char *want)
{
	struct origin o = of(s, point);

	return want ? o.host && !strcmp(o.host, want) : !o.host;
}

static bool part_is(struct origins *s, const char *point, const char *of_point, const char *inside)
{
	struct origin o = of(s, point);

	if (!of_point || o.part_of == NO_MOUNT)
		return !of_point && o.part_of == NO_MOUNT;
	return !strcmp(s->own->items[o.part_of].point, of_point) && !strcmp(o.inside, inside);
}

static void hosts(void)
{
	struct mounts own, host;
	struct origins s;

	parse(&host,
	      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
	      "2 1 0:40 /@ /fs rw - btrfs /dev/sdb rw\n"
	      "3 1 0:40 /@home /home rw shared:7 - btrfs /dev/sdb rw\n"
	      "4 1 0:41 / /srv rw - tmpfs t rw\n"
	      "5 1 0:42 / /srv rw - tmpfs t rw\n"
	      "6 1 8:1 /data /bound rw - ext4 /dev/sda1 rw\n"
	      "7 1 8:1 /shift /shifted rw,idmapped - ext4 /dev/sda1 rw\n");
	parse(&own,
	      "10 9 0:50 / / rw - overlay o rw\n"
	      "11 10 8:1 /etc/x /x rw - ext4 /dev/sda1 rw\n"
	      "12 10 0:40 /@home/u /u rw master:7 - btrfs /dev/sdb rw\n"
	      "13 10 0:40 /@other /o rw - btrfs /dev/sdb rw\n"
	      "14 10 0:41 /f /under rw - tmpfs t rw\n"
	      "15 10 0:42 /f /over rw - tmpfs t rw\n"
	      "16 10 8:1 /data/d /d rw - ext4 /dev/sda1 rw\n"
	      "17 10 8:1 /shift/d /s rw - ext4 /dev/sda1 rw\n"
	      "18 10 8:1 /srv/hidden /h rw - ext4 /dev/sda1 rw\n"
	      "19 10 0:60 / /t rw - tmpfs t rw\n"
	      "20 10 0:60 /p /q rw - tmpfs /var/lib/docker/volumes/v/_data rw\n"
	      "21 10 8:1 / /all rw - ext4 /dev/sda1 rw\n"
	      "22 10 0:60 /p/x/y /r rw - tmpfs t rw\n"
	      "23 10 0:60 /p /q2 rw - tmpfs t rw\n"
	      "24 10 0:61 /z /w rw - tmpfs t rw\n"
	      "25 10 0:61 /p /v rw - tmpfs t rw\n");
	origins_init(&s, &own, &host, a);
	ok(host_is(&s, "/x", "/etc/x"), "by device and root");
	ok(host_is(&s, "/all", "/"), "the host's whole file system");
	ok(host_is(&s, "/u", "/home/u"), "a subvolume");
	ok(host_is(&s, "/o", NULL), "a subvolume that is not mounted");
	ok(host_is(&s, "/under", NULL), "one that another hides on the host");
	ok(host_is(&s, "/over", "/srv/f"), "the one that hides it");
	ok(host_is(&s, "/d", "/bound/d"), "the longest root");
	ok(host_is(&s, "/s", "/shift/d"), "but not one with other owners");
	ok(host_is(&s, "/h", NULL), "a directory that a mount hides on the host");
	ok(of(&s, "/t").kind == ORIGIN_TMPFS && host_is(&s, "/t", NULL), "memory of its own");
	ok(of(&s, "/q").kind == ORIGIN_BIND && host_is(&s, "/q", NULL) && !of(&s, "/q").name.len &&
	   !strcmp(own.items[of(&s, "/q").part_of].point, "/t"), "a source is not believed");
	ok(part_is(&s, "/q2", "/t", "/p") && part_is(&s, "/r", "/q", "/x/y"), "a part of a part");
	ok(part_is(&s, "/w", NULL, NULL) && part_is(&s, "/v", NULL, NULL), "a part of nothing");
	ok(of(&s, "/").kind == ORIGIN_IMAGE, "the image");
}

static void kinds(void)
{
	struct mounts own, host;
	struct origins s;

	parse(&host, "1 0 8:1 / / rw - ext4 d rw\n2 1 0:5 / /proc rw - proc proc rw\n"
	      "3 1 0:6 / /dev rw - devtmpfs d rw\n4 1 0:7 / /sys rw - sysfs s rw\n");
	parse(&own,
	      "10 9 8:1 /root / rw - ext4 d rw\n"
	      "11 10 0:20 / /proc rw - proc proc rw\n"
	      "12 11 0:20 /sys /proc/sys ro - proc proc rw\n"
	      "13 11 0:21 / /proc/acpi ro - tmpfs t rw\n"
	      "14 11 0:6 /null /proc/keys rw - devtmpfs d rw\n"
	      "15 10 0:22 / /dev rw - tmpfs t rw\n"
	      "16 15 0:6 /null /dev/null rw - devtmpfs d rw\n"
	      "17 11 0:22 /null /proc/timer_list rw - tmpfs t rw\n"
	      "18 10 0:5 / /hostproc rw - proc proc rw\n"
	      "19 10 0:7 / /sys ro - sysfs s rw\n"
	      "20 19 0:23 / /sys/fs/cgroup ro - tmpfs t rw\n"
	      "21 10 8:1 /root/etc /etc ro - ext4 d rw\n"
	      "22 10 0:4 net:[4026531840] /ns rw - nsfs nsfs rw\n"
	      "23 10 0:24 / /nfs rw - nfs4 server:/e rw\n"
	      "24 10 0:6 / /hostdev rw - devtmpfs d rw\n"
	      "25 10 0:25 / /o rw - overlay o rw,lowerdir=/l\n");
	origins_init(&s, &own, &host, a);
	static const struct { const char *point, *kind; bool plumbing; } rows[] = {
		{ "/proc", "proc", true }, { "/proc/sys", "readonly", true },
		{ "/proc/acpi", "masked", true }, { "/proc/keys", "masked", true },
		{ "/dev", "tmpfs", true }, { "/dev/null", "device", true },
		{ "/proc/timer_list", "masked", true }, { "/hostproc", "proc", false },
		{ "/sys", "sysfs", true }, { "/sys/fs/cgroup", "cgroup", true },
		{ "/etc", "remount", false }, { "/ns", "namespace", false },
		{ "/nfs", "other", false }, { "/hostdev", "bind", false }, { "/o", "overlay",
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct origin o = of(&s, rows[i].point);

		ok(!strcmp(origin_word(o.kind), rows[i].kind) && o.plumbing == rows[i].plumbing,
		   rows[i].point);
	}
}

/* A volume of two pods is this pod's, when something else of it says which pod this is. */
static void pods(void)
{
	static const char host_text[] =
		"1 0 8:1 / / rw - ext4 d rw\n"
		"2 1 0:9 / /var/lib/kubelet/pods/aaa/volumes/kubernetes.io~csi/pv/mount "
		"rw - nfs s rw\n"
		"3 1 0:9 / /var/lib/kubelet/pods/bbb/volumes/kubernetes.io~csi/pv/mount "
		"rw - nfs s rw\n"
		"4 1 0:9 / /var/lib/kubelet/plugins/csi/globalmount rw - nfs s rw\n";
	struct mounts own, host;
	struct origins s;

	parse(&host, host_text);
	parse(&own, "10 9 0:50 / / rw - overlay o rw\n11 10 0:9 / /v rw - nfs s rw\n"
	      "12 10 8:1 /var/lib/kubelet/pods/bbb/etc-hosts /etc/hosts rw - ext4 d rw\n");
	origins_init(&s, &own, &host, a);
	ok(equals(s.pod, "bbb") && equals(of(&s, "/v").pod, "bbb") && equals(of(&s, "/v").name,
	   "pv"), "of bbb");
	parse(&host, host_text);
	parse(&own, "10 9 0:50 / / rw - overlay o rw\n11 10 0:9 /sub /v rw - nfs s rw\n"
	      "12 10 8:1 /var/lib/kubelet/pods/aaa/etc-hosts//deleted /etc/hosts rw - ext4 d rw\n");
	origins_init(&s, &own, &host, a);
	ok(equals(of(&s, "/v").pod, "aaa") && !strcmp(of(&s, "/v").inside, "/sub"), "of aaa");
}

static void layer_list(void)
{
	struct mounts m;
	struct layers l;

	parse(&m,
	      "1 0 0:1 / / rw - overlay o rw,lowerdir=/a:/b\\134:c\\054d::/data,upperdir=/u\\040p,"
	      "workdir=/w,xino=off\n");
	origin_layers(&m.items[0], &l, a);
	ok(l.count == 3 && equals(l.lower[0], "/a") && equals(l.lower[1], "/b\\:c,d") &&
	   equals(l.lower[2], "/data"), "a colon and a comma in a layer");
	ok(equals(l.upper, "/u p") && equals(l.work, "/w"), "upper and work");
	free(l.lower);
	parse(&m, "1 0 0:1 / / rw - overlay o ro,lowerdir+=/a,lowerdir+=/b,datadir+=/c\n");
	origin_layers(&m.items[0], &l, a);
	ok(l.count == 3 && equals(l.lower[2], "/c") && !l.upper.len, "one option a layer");
	free(l.lower);
	parse(&m, "1 0 0:1 / / rw - overlay o\n");
	origin_layers(&m.items[0], &l, a);
	ok(!l.count, "no options");
}

int main(void)
{
	a = arena_new();
	paths();
	hosts();
	kinds();
	pods();
	layer_list();
	arena_free(&a);
	return done();
}

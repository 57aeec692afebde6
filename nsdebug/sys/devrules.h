/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devrules - what the device cgroup of a process lets it do with which device.
 *
 * Of v1 the kernel lists the rules: devices.list, "c 1:3 rwm" (Linux Documentation/admin-guide/
 * cgroup-v1/devices.rst, devcgroup_seq_show() of security/device_cgroup.c). A cgroup that allows
 * all lists "a *:* rwm" alone, without what it refuses nevertheless. Of v2 the rules are a program,
 * of which only is asked whether there is one (BPF_PROG_QUERY); on a host that has both both count.
 */
#ifndef NSDEBUG_SYS_DEVRULES_H
#define NSDEBUG_SYS_DEVRULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define DEVRULES_MAX 256
#define DEVRULES_ANY UINT32_MAX	/* a number that stands for all */

enum { DEV_READ = 1, DEV_WRITE = 2, DEV_MKNOD = 4 };

struct devrule {
	uint32_t major, minor;		/* or DEVRULES_ANY */
	bool block;
	uint8_t access;			/* DEV_READ ... */
};

enum devrules_kind {
	DEVRULES_NONE,			/* it is not asked about */
	DEVRULES_UNKNOWN,		/* there may be some */
	DEVRULES_LIST,			/* all of them: what is not in it is refused */
	DEVRULES_ALL,			/* what is refused nevertheless is not listed */
	DEVRULES_FREE,			/* there are none */
};

struct devrules {
	enum devrules_kind kind;
	bool some;			/* processes in cgroups below it may have fewer */
	size_t count;
	struct devrule rules[DEVRULES_MAX];
};

enum devrules_answer { DEVRULES_NO, DEVRULES_YES, DEVRULES_MAYBE };

/* Of the directory /proc/PID, by the mounts of self, which is /proc/self. In the front: it opens
 * files of the node. */
void devrules_read(struct devrules *r, int proc, int self, struct arena *a);
/* False: it is no such list, or too long. */
bool devrules_parse(struct devrules *r, const char *text);
/* May it do all of that (DEV_READ ...)? What runc and crun let each container do, whatever its
 * configuration says, is allowed where the rules are not known: to make any, and the devices that
 * are in AllowedDevices of runc (libcontainer/specconv/spec_linux.go) as well as in what crun adds
 * (src/libcrun/cgroup-resources.c). The console (5:1) is in crun's, tun (10:200) in those of some
 * versions of runc. */
enum devrules_answer devrules_ask(const struct devrules *r, bool block, uint32_t major,
				  uint32_t minor, uint32_t access);

#endif

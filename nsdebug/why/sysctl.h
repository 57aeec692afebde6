/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl - who may read and write the files below /proc/sys: as sysctl_perm() of Linux
 * fs/proc/proc_sysctl.c, and what namespaces put in its place: net_ctl_permissions() of
 * net/sysctl_net.c, set_permissions() of kernel/ucount.c, ipc_permissions() and mq_permissions() of
 * ipc/ipc_sysctl.c and mq_sysctl.c (by owner since Linux 6.9), pid_table_root_permissions() of
 * kernel/pid.c (6.14).
 *
 * Their modes are of root of the host, or of the namespace, whoever the file seems to belong to; a
 * capability helps only where one of these asks for it.
 */
#ifndef NSDEBUG_WHY_SYSCTL_H
#define NSDEBUG_WHY_SYSCTL_H

#include <stdint.h>

struct step;
struct walk;

/* The name below /proc/sys, "net/core/somaxconn", "" of that itself; NULL: it is none. Good until
 * the next call. */
const char *sysctl_name(const struct walk *w, const struct step *s);
/* need: NEED_*. -1 with *w->why. */
int sysctl_judge(const struct walk *w, const struct step *s, const char *name, uint32_t need);

#endif

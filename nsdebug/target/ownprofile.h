/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ownprofile - which calls the seccomp profile that an engine gives of itself lets through for who
 * may have a capability: it follows --cap-add, where a profile of the user's does not.
 *
 * Of docker it is built in: profiles/seccomp/default_linux.go of moby, what 20.10 has and those up
 * to 28 have, too. Of podman it is a file of root's, of containers/common's form
 * (pkg/seccomp/types.go of 0.50): elements of "syscalls" with "includes.caps".
 *
 * Whether a container has it: docker's hostconfig.json has no "seccomp=" in SecurityOpt then;
 * podman's spec not the annotation that names another one (libpod 4.3, define/annotations.go). What
 * dockerd's command line says is not known here.
 */
#ifndef NSDEBUG_TARGET_OWNPROFILE_H
#define NSDEBUG_TARGET_OWNPROFILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct container;

/* Who may have it may make these calls, whatever their arguments. */
struct opening {
	const char *cap;	/* "CAP_SYS_ADMIN" */
	const char *calls;	/* "mount umount2", with a blank between them */
};

struct ownprofile {
	const struct opening *items;
	size_t count;		/* 0: it has another profile, or that is not known */
};

/* Never fails. Strings live in *a. */
void ownprofile_read(struct ownprofile *ret, const struct container *c, struct arena *a);
/* Of one of docker's: has it the profile that docker has built in? */
bool ownprofile_dockers(const struct container *c);
bool opening_has(const struct opening *o, const char *call);

#endif

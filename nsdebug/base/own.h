/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own - ownership, said in the declaration.
 *
 *	auto_close int fd = -1;		closed when the scope is left, errno kept
 *	auto_free char *s = NULL;	freed when the scope is left
 *	return take_fd(&fd);		given away: the variable is empty from here on
 *
 * The empty value is -1 for a descriptor and NULL for a pointer.
 */
#ifndef NSDEBUG_BASE_OWN_H
#define NSDEBUG_BASE_OWN_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void own_free(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define auto_close __attribute__((cleanup(own_close)))
#define auto_free __attribute__((cleanup(own_free)))
#define take_ptr(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dirent - entries of a directory as the kernel writes them: linux_dirent64 of getdents64(2).
 */
#ifndef NSDEBUG_SYS_DIRENT_H
#define NSDEBUG_SYS_DIRENT_H

#include <stdint.h>

struct dirent_raw {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

#endif

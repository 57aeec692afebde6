/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode - file types and permissions as people write them. inode(7), and ls of POSIX.1-2017.
 */
#ifndef NSDEBUG_SYS_MODE_H
#define NSDEBUG_SYS_MODE_H

#include <sys/stat.h>

#define MODE_TEXT 12

/* "drwxr-xr-t" and a NUL, with room for one more character behind it. */
void mode_text(mode_t m, char *text);
/* "file", "dir", "link" ...; NULL if the type is not known. */
const char *mode_word(mode_t m);
/* What ls -F puts behind a name: "/", "@", "*" ...; NULL for nothing. */
const char *mode_mark(mode_t m);

#endif

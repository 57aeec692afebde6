/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/mode.h"

#include <stddef.h>

const char *mode_word(mode_t m)
{
	switch (m & S_IFMT) {
	case S_IFDIR: return "dir";
	case S_IFLNK: return "link";
	case S_IFIFO: return "fifo";
	case S_IFSOCK: return "socket";
	case S_IFBLK: return "block";
	case S_IFCHR: return "char";
	case S_IFREG: return "file";
	default: return NULL;
	}
}

static char type_letter(mode_t m)
{
	switch (m & S_IFMT) {
	case S_IFDIR: return 'd';
	case S_IFLNK: return 'l';
	case S_IFIFO: return 'p';
	case S_IFSOCK: return 's';
	case S_IFBLK: return 'b';
	case S_IFCHR: return 'c';
	default: return '-';
	}
}

void mode_text(mode_t m, char *text)
{
	static const char bits[] = "rwxrwxrwx";

	text[0] = type_letter(m);
	for (int i = 0; i < 9; i++)
		text[1 + i] = m & (0400 >> i) ? bits[i] : '-';
	if (m & S_ISUID)
		text[3] = m & S_IXUSR ? 's' : 'S';
	if (m & S_ISGID)
		text[6] = m & S_IXGRP ? 's' : 'S';
	if (m & S_ISVTX)
		text[9] = m & S_IXOTH ? 't' : 'T';
	text[10] = text[11] = '\0';
}

const char *mode_mark(mode_t m)
{
	switch (m & S_IFMT) {
	case S_IFDIR: return "/";
	case S_IFLNK: return "@";
	case S_IFIFO: return "|";
	case S_IFSOCK: return "=";
	case S_IFREG: return m & 0111 ? "*" : NULL;
	default: return NULL;
	}
}

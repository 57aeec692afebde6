/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/program.h"

#include <string.h>
#include <unistd.h>

#include "nsdebug/sys/elfhead.h"

/* "#! /bin/sh -e\n": load_script(). A name that does not end within the head is none. */
void program_script(const char head[PROGRAM_HEAD], struct program *ret)
{
	size_t line = 2, from, len;

	while (line < PROGRAM_HEAD && head[line] && head[line] != '\n')
		line++;
	from = 2;
	while (from < line && (head[from] == ' ' || head[from] == '\t'))
		from++;
	len = 0;
	while (from + len < line && head[from + len] != ' ' && head[from + len] != '\t')
		len++;
	ret->kind = PROGRAM_NONE;
	if (!len || (line == PROGRAM_HEAD && from + len == line))
		return;
	memcpy(ret->interpreter, head + from, len);
	ret->interpreter[len] = '\0';
	ret->kind = PROGRAM_SCRIPT;
}

/* The name of its interpreter, if it wants one: load_elf_binary(). */
static enum program_kind read_segments(int fd, const struct elfhead *h, struct program *ret)
{
	Elf64_Phdr p;

	/* all of the table must be there */
	if (!h->phnum || h->phnum > PROGRAM_TABLE / h->phentsize ||
	    !elfhead_segment(fd, h, h->phnum - 1, &p))
		return PROGRAM_NONE;
	for (unsigned int i = 0; i < h->phnum; i++) {
		if (!elfhead_segment(fd, h, i, &p))
			return PROGRAM_NONE;
		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_filesz < 2 || p.p_filesz > sizeof(ret->interpreter) ||
		    !elfhead_get(fd, p.p_offset, ret->interpreter, p.p_filesz))
			return PROGRAM_NONE;
		return ret->interpreter[p.p_filesz - 1] ? PROGRAM_NONE : PROGRAM_ELF;
	}
	return PROGRAM_ELF;
}

static enum program_kind take_elf(int fd, const char *head, size_t len, struct program *ret)
{
	struct elfhead h;

	if (elfhead_parse(head, len, &h) != ELFHEAD_GOOD)
		return PROGRAM_NONE;
	ret->machine = h.machine;
	if (!elfhead_runs_here(&h))
		return PROGRAM_FOREIGN;
	if ((h.type != ET_EXEC && h.type != ET_DYN) || !h.phentsize)
		return PROGRAM_NONE;
	return read_segments(fd, &h, ret);
}

void program_read(int fd, struct program *ret)
{
	char head[PROGRAM_HEAD] = { 0 };
	ssize_t n = pread(fd, head, sizeof(head), 0);

	ret->kind = n < 0 ? PROGRAM_UNREAD : PROGRAM_NONE;
	ret->machine = 0;
	ret->interpreter[0] = '\0';
	if (n >= 2 && head[0] == '#' && head[1] == '!')
		program_script(head, ret);
	else if (n > 0)
		ret->kind = take_elf(fd, head, (size_t)n, ret);
	if (ret->kind != PROGRAM_SCRIPT && ret->kind != PROGRAM_ELF)
		ret->interpreter[0] = '\0';
}

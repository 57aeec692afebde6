/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -lunwind-ptrace -lunwind-x86_64 -lunwind -llzma */
/*
 * upt PID: the stack of each thread by libunwind-ptrace, as a program that is linked with it does:
 * all threads are attached to and wait, then their memory is read a word at a time.
 */
#include <dirent.h>
#include <err.h>
#include <libunwind-ptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define THREADS 4096

static pid_t tids[THREADS];
static int count;

static void attach_all(const char *pid)
{
	char path[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	if (!dir)
		err(1, "%s", path);
	while ((d = readdir(dir)) && count < THREADS) {
		pid_t tid = atoi(d->d_name);

		if (tid > 0 && ptrace(PTRACE_ATTACH, tid, NULL, NULL) == 0 &&
		    waitpid(tid, NULL, __WALL) == tid)
			tids[count++] = tid;
	}
	closedir(dir);
}

static int show(unw_addr_space_t space, pid_t tid)
{
	void *upt = _UPT_create(tid);
	unw_cursor_t c;
	int frames = 0;

	printf("TID %d:\n", tid);
	if (!upt || unw_init_remote(&c, space, upt) < 0)
		return 0;
	do {
		char name[256] = "?";
		unw_word_t pc, offset = 0;

		unw_get_reg(&c, UNW_REG_IP, &pc);
		unw_get_proc_name(&c, name, sizeof(name), &offset);
		printf("#%-2d 0x%016lx %s\n", frames++, (unsigned long)pc, name);
	} while (frames < 256 && unw_step(&c) > 0);
	_UPT_destroy(upt);
	return frames;
}

int main(int argc, char **argv)
{
	unw_addr_space_t space = unw_create_addr_space(&_UPT_accessors, 0);
	int frames = 0;

	if (argc != 2 || !space)
		errx(2, "usage: upt PID");
	attach_all(argv[1]);
	for (int i = 0; i < count; i++)
		frames += show(space, tids[i]);
	for (int i = 0; i < count; i++)
		ptrace(PTRACE_DETACH, tids[i], NULL, NULL);
	return !frames;
}

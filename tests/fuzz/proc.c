/* SPDX-License-Identifier: Apache-2.0 */
/* stat and status of a process with any name: every string ends, every count has its room. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/sys/proc.h"
#include "nsdebug/sys/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A process chooses its name, and the kernel the rest: the name never moves a field. */
static void named(const uint8_t *bytes, size_t len)
{
	static const char tail[] = ") S 41 2 3 0 -1 4194304 7 8 9 10 11 12 13 14 20 0 4 0 777 4096 "
		"55 1 1 1 0 0 0 0 0 0 0 0 0 0 17 3 0 0\n";
	char text[256] = "42 (", name[16];
	struct proc_stat st;

	len = len < 15 ? len : 15;
	memcpy(name, bytes, len);
	name[len] = '\0';
	strcat(text, name);
	strcat(text, tail);
	if (!proc_parse_stat(text, &st) || strcmp(st.comm, name) || st.ppid != 41 ||
	    st.start != 777 || st.state != 'S')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct proc_stat st;
	struct proc_status status;
	struct task_where where;

	memcpy(text, bytes, len);
	text[len] = '\0';
	if (proc_parse_status(text, &status) && status.levels > PROC_NSPID_MAX)
		abort();
	if (task_parse_where(text, &where) && where.running && (where.sp || where.pc))
		abort();
	if (proc_parse_stat(text, &st) && strnlen(st.comm, sizeof(st.comm)) == sizeof(st.comm))
		abort();
	free(text);
	named(bytes, len);
	return 0;
}

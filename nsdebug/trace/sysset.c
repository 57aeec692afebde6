/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sysset.h"

#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/trace/sysdef.h"

bool sysset_has(const struct sysset *s, unsigned int nr)
{
	return nr < SYS_NR_MAX && s->bits[nr / 64] >> (nr % 64) & 1;
}

void sysset_add(struct sysset *s, unsigned int nr)
{
	s->bits[nr / 64] |= 1ull << (nr % 64);
}

static bool is_word(const char *word, size_t len, const char *name)
{
	return bytes_is((struct bytes){ word, len }, name);
}

static const struct { const char *name; unsigned int class; } classes[] = {
	{ "%file", CLASS_FILE }, { "%desc", CLASS_DESC }, { "%network", CLASS_NET },
	{ "%net", CLASS_NET }, { "%process", CLASS_PROC }, { "%memory", CLASS_MEM },
	{ "%signal", CLASS_SIG }, { "%ipc", CLASS_IPC },
};

static unsigned int class_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (is_word(word, len, classes[i].name) ||
		    is_word(word, len, classes[i].name + 1))	/* as strace once had it */
			return classes[i].class;
	return 0;
}

static bool add_word(struct sysset *s, const char *word, size_t len)
{
	unsigned int class = class_of(word, len);
	bool all = is_word(word, len, "all"), found = all || class || is_word(word, len, "none");

	for (unsigned int nr = 0; nr < SYS_NR_MAX; nr++) {
		const struct sysdef *d = &sysdefs[nr];

		/* also those that are newer than we are */
		if (!all && (!d->name || (class ? !(sysdef_class(d) & class) :
					  !is_word(word, len, d->name))))
			continue;
		sysset_add(s, nr);
		found = true;
	}
	return found;
}

int sysset_parse(struct sysset *s, const char *text, struct err *e)
{
	const char *p = text ? text : "all";
	bool but;

	*s = (struct sysset){ { 0 } };
	if (str_prefix(p, "trace="))
		p += strlen("trace=");
	but = *p == '!';
	for (p += but;;) {
		size_t len = strcspn(p, ",");

		if (!add_word(s, p, len))
			return err_no_word(e, p, sysset_word, "-e: '%.*s' is no system call "
					   "of this machine, and none of %%file %%desc %%network "
					   "%%process %%memory %%signal %%ipc",
					   len < 64 ? (int)len : 64, p);
		p += len;
		if (!*p++)
			break;
	}
	for (size_t i = 0; but && i < ARRAY_SIZE(s->bits); i++)
		s->bits[i] = ~s->bits[i];
	return 0;
}

const char *sysset_word(size_t i)
{
	return i < ARRAY_SIZE(classes) ? classes[i].name : sysdef_word(i - ARRAY_SIZE(classes));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/mountflags.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/mounts.h"

static const struct flag_word {
	const char *set, *unset;
	uint8_t flag;
} words[] = {
	{ "ro", "rw", MOUNT_RO }, { "noexec", "exec", MOUNT_NOEXEC },
	{ "nodev", "dev", MOUNT_NODEV }, { "nosymfollow", "symfollow", MOUNT_NOSYMFOLLOW },
	{ "nosuid", "suid", MOUNT_NOSUID },
};

/* What only says what is mounted, or how it propagates. */
static bool is_no_flag(struct bytes word)
{
	static const char *const all[] = {
		"bind", "rbind", "private", "rprivate", "slave", "rslave", "shared", "rshared",
		"unbindable", "runbindable", "tmpcopyup",
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (bytes_is(word, all[i]))
			return true;
	return false;
}

static void put(struct mountflags *f, uint8_t flag, bool on, bool deep, bool runc)
{
	bool other = (on ? f->unset : f->set | f->unsure) & flag;
	bool differ = (other && (!runc || deep || f->deep & flag)) || f->unsure & flag ||
		(on && flag == MOUNT_NOSYMFOLLOW && !runc);

	f->deep |= deep ? flag : 0;
	f->unset |= on ? 0 : flag;
	f->set &= (uint8_t)~flag;
	if (differ)
		f->unsure |= flag;
	else
		f->set |= on ? flag : 0;
}

void mountflags_option(struct mountflags *f, const char *word, size_t len, bool runc)
{
	f->named |= len && !is_no_flag((struct bytes){ word, len });
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (size_t deep = 0; deep < 2 && len > deep; deep++) {
			struct bytes rest = { word + deep, len - deep };
			bool on = bytes_is(rest, words[i].set);

			if (deep && *word != 'r')
				continue;
			if (on || bytes_is(rest, words[i].unset))
				put(f, words[i].flag, on, deep, runc);
		}
}

void mountflags_node(struct mountflags *f, const char *options, bool runc)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (f->set & words[i].flag || !mounts_option(options, words[i].set))
			continue;
		if (runc && !f->named)
			f->set |= words[i].flag;
		else
			f->unsure |= words[i].flag;
	}
}

const char *mountflags_text(uint8_t flags)
{
	static char all[MOUNT_ALL + 1][sizeof("ro,noexec,nodev,nosymfollow,nosuid")];
	char *text = all[flags & MOUNT_ALL];

	snprintf(text, sizeof(all[0]), "%s%s%s%s%s", flags & MOUNT_RO ? "ro" : "rw",
		 flags & MOUNT_NOEXEC ? ",noexec" : "", flags & MOUNT_NODEV ? ",nodev" : "",
		 flags & MOUNT_NOSYMFOLLOW ? ",nosymfollow" : "",
		 flags & MOUNT_NOSUID ? ",nosuid" : "");
	return text;
}

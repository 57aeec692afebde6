/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/str.h"

static void format(struct err *e, const char *fmt, va_list ap)
{
	if (vsnprintf(e->msg, sizeof(e->msg), fmt, ap) < 0)
		e->msg[0] = '\0';
}

int err_set(struct err *e, enum status status, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	e->status = status;
	e->sys = 0;
	return -1;
}

static enum status status_of(int err)
{
	switch (err) {
	case EPERM:
		return ST_PRIVILEGE;
	case ESRCH:
		return ST_TARGET;
	case ENOSYS:
		return ST_REFUSED;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return ST_INTERNAL;
	default:
		return ST_FAILED;
	}
}

/* Cuts the text so that the cause, which is more than 2 bytes, fits behind it. */
static size_t leave_room(struct err *e, size_t cause)
{
	size_t used = strlen(e->msg), room = sizeof(e->msg) - 1;

	cause = cause < room / 2 ? cause : room / 2;
	if (used + cause <= room)
		return used;
	used = room - cause;
	memset(e->msg + used - 3, '.', 3);
	e->msg[used] = '\0';
	return used;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int err = errno;
	size_t used;
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	used = leave_room(e, strlen(errno_name(err)) + 2);
	snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", errno_name(err));
	e->status = status_of(err);
	e->sys = err;
	return -1;
}

int err_add(struct err *e, const char *fmt, ...)
{
	char more[sizeof(e->msg)];
	size_t used;
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	vsnprintf(more, sizeof(more), fmt, ap);
	va_end(ap);
	used = leave_room(e, strlen(more));
	snprintf(e->msg + used, sizeof(e->msg) - used, "%s", more);
	return -1;
}

int err_no_word(struct err *e, const char *word, const char *(*words)(size_t i),
		const char *fmt, ...)
{
	size_t len = strcspn(word, ",(");
	char given[64];
	struct str_near near = { .word = given };
	const char *name, *best = NULL;
	va_list ap;

	if (!e)
		return -1;
	e->status = ST_USAGE;
	e->sys = 0;
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	snprintf(given, sizeof(given), "%.*s", (int)(len < sizeof(given) ? len : 0), word);
	for (size_t i = 0; given[i] && isupper((unsigned char)*words(0)); i++)
		given[i] = (char)toupper((unsigned char)given[i]);
	for (size_t i = 0; *given && (name = words(i)); i++)
		if (*name && str_nearer(&near, name))
			best = name;
	return best ? err_add(e, "; did you mean %s?", best) : -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	size_t used;
	va_list ap;

	if (!e)
		return -1;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	format(e, fmt, ap);
	va_end(ap);
	used = leave_room(e, strlen(old) + 2);
	snprintf(e->msg + used, sizeof(e->msg) - used, ": %s", old);
	return -1;
}

enum status status_worse(enum status a, enum status b)
{
	static const enum status order[] = {
		ST_INTERNAL, ST_STUCK, ST_DEADLINE, ST_INTERRUPTED, ST_PRIVILEGE, ST_TARGET,
		ST_NOTHING, ST_INCOMPLETE, ST_REFUSED, ST_USAGE, ST_FAILED,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return ST_OK;
}

bool status_known(unsigned int n)
{
	return n == ST_OK || status_worse((enum status)n, ST_OK) == (enum status)n;
}

const char *errno_name(int err)
{
	/* strerrordesc_np() knows no locale and opens no catalogue; it is glibc 2.32. musl's
	 * strerror() has the same property. */
#ifdef __GLIBC__
	const char *s = strerrordesc_np(err);
#else
	const char *s = strerror(err);
#endif

	return s ? s : "unknown error";
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd-nspawn - /run/systemd/machines/NAME (systemd 252, src/machine/machine.c: machine_save)
 * has LEADER, the first process's pid, of each machine that systemd-machined knows. One that was
 * not registered is named by the arguments of its systemd-nspawn (src/nspawn/nspawn.c).
 */
#include <dirent.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/scan.h"

#define MACHINES "/run/systemd/machines"
#define MACHINE_MAX 65536

/* ---- the registered ones ---- */

static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 && line[len] == '=' ? line + len + 1 : NULL;
}

/* False: no container, a virtual machine. */
static bool read_machine(struct container *c, char *text)
{
	bool ret = true;
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *v;
		uint64_t n;

		if ((v = value_of(line, "LEADER")) && str_u64(v, &n) && n <= INT32_MAX)
			c->pid = (pid_t)n;
		else if ((v = value_of(line, "CLASS")))
			ret = !strcmp(v, "container");
		else if ((v = value_of(line, "REALTIME")) && str_u64(v, &n))
			c->noted = (int64_t)(n / 1000000);
	}
	return ret;
}

static int machine_load(struct container *c, struct arena *a, struct err *e)
{
	auto_close int fd = runtime_open_file(runtime_join(a, MACHINES, c->id), e);
	auto_buf struct buf b = { 0 };

	if (fd < 0)
		return -1;
	if (fd_read_all(fd, &b, MACHINE_MAX) != 0 || !b.len)
		return err_set(e, ST_FAILED, "%s/%s is empty, or too long", MACHINES, c->id);
	if (!read_machine(c, b.bytes))
		return err_set(e, ST_TARGET, "%s is no container", c->id);
	return 0;
}

static int machine_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
			struct err *e)
{
	DIR *d = opendir(MACHINES);
	const struct dirent *de;

	(void)e;
	/* "unit:NAME.service" is a link to the machine of that unit */
	while (d && (de = readdir(d))) {
		struct container c = container_new(r, MACHINES, NULL);

		if (de->d_name[0] == '.' || de->d_type != DT_REG ||
		    (ask->id && strcmp(ask->id, de->d_name)))
			continue;
		c.id = c.name = arena_dup(ask->arena, de->d_name, strlen(de->d_name));
		if (!found(ctx, &c))
			break;
	}
	if (d)
		closedir(d);
	return 0;
}

/* ---- the others ---- */

static bool is_nspawn(const char *comm)
{
	return !strcmp(comm, "systemd-nspawn");
}

/* Long options that take no value; any other takes the next word, if it has none after "=". */
static bool is_flag(struct bytes arg)
{
	static const char *const flags[] = {
		"--quiet", "--boot", "--as-pid2", "--ephemeral", "--read-only", "--volatile",
		"--private-users", "--private-users-chown", "--private-network", "--network-veth",
		"--keep-unit", "--share-system", "--pipe", "--console", "--no-pager",
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (bytes_is(arg, flags[i]))
			return true;
	return memchr(arg.p, '=', arg.len);
}

/* "/srv/web.raw" and "/srv/web/" are called web. */
static struct bytes name_of(struct bytes path)
{
	const char *slash;

	while (path.len > 1 && path.p[path.len - 1] == '/')
		path.len--;
	slash = memrchr(path.p, '/', path.len);
	if (slash) {
		path.len -= (size_t)(slash + 1 - path.p);
		path.p = slash + 1;
	}
	if (path.len > 4 && !memcmp(path.p + path.len - 4, ".raw", 4))
		path.len -= 4;
	return path;
}

/* "-qM" is two options, of which the last takes a value: here, or the next word. */
static char letter_of(struct bytes arg, struct bytes *args, struct bytes *ret)
{
	for (size_t i = 1; i < arg.len; i++) {
		if (!strchr("MDiuLSZpE", arg.p[i]))
			continue;
		*ret = (struct bytes){ arg.p + i + 1, arg.len - i - 1 };
		return ret->len || words_next(args, ret) ? arg.p[i] : '\0';
	}
	return '\0';
}

static bool read_args(struct bytes args, struct words *ret)
{
	struct bytes arg, value, at = { 0 };

	words_next(&args, &arg);
	/* what begins with no dash is the program, and the rest is its own */
	while (words_next(&args, &arg) && arg.len > 1 && arg.p[0] == '-' && !bytes_is(arg, "--")) {
		char letter = arg.p[1] == '-' ? '\0' : letter_of(arg, &args, &value);

		if (letter == 'M' || words_option(arg, &args, "--machine", "--machine", &value))
			ret->name = value;
		else if (letter == 'D' || letter == 'i' ||
			 words_option(arg, &args, "--directory", "--image", &value))
			at = value;
		else if (arg.p[1] == '-' && !is_flag(arg))
			words_next(&args, &value);
	}
	if (!ret->name.len && at.len)
		ret->name = name_of(at);
	return ret->name.len;
}

const struct monitor monitor_nspawn = { is_nspawn, read_args };

static int each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		struct err *e)
{
	return scan_each(r, &monitor_nspawn, ask, found, ctx, e);
}

extern const struct runtime runtime_machine, runtime_nspawn;
const struct runtime runtime_machine = {
	.name = "nspawn", .scheme = "machine", .where = MACHINES, .named = true,
	.each = machine_each, .load = machine_load, .detail = scan_detail,
};
const struct runtime runtime_nspawn = {
	.name = "nspawn", .scheme = "machine", .where = SCAN_WHERE, .named = true,
	.scanned = true, .each = each, .load = scan_load, .detail = scan_detail,
};

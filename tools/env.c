/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env - the environment that a process was started with, from /proc/PID/environ.
 *
 * That file is memory of the process: it may write there what it wants, and it may be large. What
 * looks like a secret is masked before it leaves this child, so the front never has it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/secret.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

#define ENV_BYTES_MAX (16u << 20)	/* execve(2) takes 6 MiB; more can be pointed to */
#define VALUE_MAX (512u << 10)		/* of one string; execve(2) takes 128 KiB */

struct env_opts {
	uint64_t pid;
	bool show_secrets, null;
};

static const struct opt env_opt[] = {
	OPT('p', "pid", OPT_U64, struct env_opts, pid, "PID",
	    "of this process, its pid in the container; else of the first one"),
	OPT(0, "show-secrets", OPT_FLAG, struct env_opts, show_secrets, NULL,
	    "mask nothing"),
	OPT('0', "null", OPT_FLAG, struct env_opts, null, NULL,
	    "bytes as they are, a NUL behind each variable: for xargs -0"),
	OPT_END
};

struct env_row {
	uint64_t pid, host_pid, masked, length;
	const char *why, *odd;
	struct bytes name, value;
};

#define C(t, f, fl, h, ...) COL(t, struct env_row, f, fl, h, ##__VA_ARGS__)

static const struct col env_col[] = {
	C(COL_U64, pid, COL_WIDE, "process, its number in the container"),
	C(COL_U64, host_pid, COL_HIDE, "its number on the host", .head = "HOSTPID"),
	C(COL_BYTES, name, COL_NAME | COL_CLAIMED, "up to the first ="),
	C(COL_BYTES, value, COL_GLUE | COL_CLAIMED, "behind it, secrets masked; none: no = in it",
	  .glue = "="),
	C(COL_BOOL, masked, COL_HIDE, "some of the value is masked"),
	C(COL_STR, why, COL_HIDE, "by what: name, url, parameter, jwt, aws-key-id, token, pem, "
	  "random"),
	C(COL_U64, length, COL_HIDE, "bytes of the value as it is"),
	C(COL_STR, odd, COL_HIDE, "what is out of the ordinary"),
	COL_END
};

struct job {
	struct run *r;
	const struct env_opts *o;
	struct env_row row;	/* pid and host_pid stay */
	struct map seen;	/* hash of a name -> where it begins */
	bool *found;		/* for each operand */
	size_t sent, empty, again, nameless;
};

/* ---- one variable ---- */

/* Environments come with their NULs, so a name that was seen ends at its =. */
static bool was_there(struct job *j, struct bytes name)
{
	uint64_t h = map_hash(MAP_HASH, name.p, name.len);
	const char *before = map_get(&j->seen, h);

	if (!before)
		map_put(&j->seen, h, (void *)(uintptr_t)name.p);
	return before && !memcmp(before, name.p, name.len) && before[name.len] == '=';
}

static bool is_asked_for(struct job *j, struct bytes name)
{
	bool asked = !j->r->nargs;

	for (int i = 0; i < j->r->nargs; i++) {
		const char *arg = j->r->args[i];

		if (strlen(arg) == name.len && !memcmp(arg, name.p, name.len))
			j->found[i] = asked = true;
	}
	return asked;
}

static void send(struct job *j, const struct bytes *value)
{
	struct emit *emit = j->r->emit;

	j->sent++;
	if (!j->o->null) {
		emit_row(emit, &j->row);
		return;
	}
	/* the front may have gone: then writing ends us, or the next frame does */
	fd_write_all(emit->data, j->row.name.p, j->row.name.len);
	if (value->p) {
		fd_write_all(emit->data, "=", 1);
		fd_write_all(emit->data, value->p, value->len);
	}
	fd_write_all(emit->data, "", 1);
}

static void show(struct job *j, struct bytes name, struct bytes value)
{
	auto_buf struct buf b = { 0 };

	j->row.name = name;
	j->row.value = value;
	j->row.length = value.p ? value.len : NONE_U64;
	j->row.why = NULL;
	if (value.len > VALUE_MAX) {
		value.len = VALUE_MAX;
		emit_cut(j->r->emit, "a value: only its first %u KiB", VALUE_MAX / 1024);
	}
	if (value.p && !j->o->show_secrets) {
		j->row.why = secret_mask(&b, name, value);
		value = (struct bytes){ b.bytes ? b.bytes : "", b.len };
	}
	j->row.masked = j->row.why != NULL;
	j->row.value = value;
	send(j, &value);
}

/* One string, torn if its NUL is missing. */
static void take(struct job *j, const char *p, size_t len, bool torn)
{
	const char *eq = memchr(p, '=', len);
	struct bytes name = { p, eq ? (size_t)(eq - p) : len };
	struct bytes value = { eq ? eq + 1 : NULL, eq ? len - name.len - 1 : 0 };

	if (!len) {
		j->empty++;
		return;
	}
	j->row.odd = NULL;
	if (torn)
		j->row.odd = "its end is missing: the process writes there";
	else if (!eq)
		j->row.odd = "no = in it: no variable, the process wrote there";
	else if (!name.len)
		j->row.odd = "no name";
	else if (was_there(j, name))
		j->row.odd = "again: most programs see the first of a name";
	j->nameless += !eq;
	j->again += eq && j->row.odd && !torn && name.len;
	if (name.len > VALUE_MAX)
		name.len = VALUE_MAX;
	if (is_asked_for(j, name))
		show(j, name, value);
}

static void take_all(struct job *j, const struct buf *b, bool cut)
{
	size_t at = 0;

	while (at < b->len) {
		size_t len = strnlen(b->bytes + at, b->len - at);

		emit_tick(j->r->emit);
		take(j, b->bytes + at, len, at + len == b->len && !cut);
		at += len + 1;
	}
}

/* ---- the process ---- */

static void say_odd(struct job *j, size_t bytes)
{
	struct emit *emit = j->r->emit;
	struct err e;

	if (j->empty)
		emit_note(emit, "process %llu wrote over its environment, as setproctitle(3) does: "
			  "of %zu bytes %zu are empty, and variables may be missing",
			  (unsigned long long)j->row.pid, bytes, j->empty);
	else if (j->nameless)
		emit_note(emit, "strings without =: %zu; the process may have written over its "
			  "environment", j->nameless);
	if (j->again)
		emit_note(emit, "variables that are there more than once: %zu; most programs see "
			  "the first of a name", j->again);
	if (!bytes)
		emit_note(emit, "process %llu has no environment",
			  (unsigned long long)j->row.pid);
	for (int i = 0; i < j->r->nargs; i++)
		if (!j->found[i]) {
			err_set(&e, ST_FAILED, "no variable %s in the environment of process %llu",
				j->r->args[i], (unsigned long long)j->row.pid);
			emit_err(emit, &e);
		}
}

static int who(struct job *j, int dir, struct err *e)
{
	struct proc_status status;
	struct proc_stat stat;

	if (proc_stat(dir, &stat) < 0 || proc_status(dir, &status) < 0)
		return err_set(e, ST_TARGET, "the process went away");
	j->row.pid = (uint64_t)target_pid(j->r->target, &status);
	j->row.host_pid = (uint64_t)status.nspid[0];
	if (stat.state == 'Z' || stat.state == 'X')
		return err_set(e, ST_FAILED, "process %llu is a zombie: it has ended, and its "
			       "environment is gone", (unsigned long long)j->row.pid);
	return 0;
}

static int read_env(struct job *j, int dir, struct err *e)
{
	auto_buf struct buf b = { 0 };
	int more;

	if (who(j, dir, e) < 0)
		return -1;
	more = fd_read_file(dir, "environ", &b, ENV_BYTES_MAX);
	if (more < 0 && errno == ESRCH)
		return err_set(e, ST_TARGET, "process %llu went away",
			       (unsigned long long)j->row.pid);
	if (more < 0 && (errno == EACCES || errno == EPERM))
		return err_set(e, ST_PRIVILEGE, "read the environment of process %llu: the kernel "
			       "refuses; run nsdebug as root on the node, or give it "
			       "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
			       (unsigned long long)j->row.pid);
	if (more < 0)
		return err_sys(e, "read the environment of process %llu",
			       (unsigned long long)j->row.pid);
	take_all(j, &b, more > 0);
	say_odd(j, b.len);
	if (more > 0)
		emit_cut(j->r->emit, "only the first %u MiB of the environment",
			 ENV_BYTES_MAX >> 20);
	map_free(&j->seen);	/* it points into b */
	return 0;
}

static void env_run(struct run *r)
{
	auto_free bool *found = mem_alloc((size_t)r->nargs + 1);
	struct job j = { .r = r, .o = r->opts, .found = found };
	auto_close int other = -1;
	struct err e;

	if (j.o->pid) {
		other = target_process(r->target, r->in, j.o->pid, &e);
		if (other < 0) {
			emit_err(r->emit, &e);
			return;
		}
	}
	if (read_env(&j, j.o->pid ? other : r->in->proc, &e) < 0)
		emit_err(r->emit, &e);
}

static int env_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct env_opts *o = opts;

	for (int i = 0; i < nargs; i++)
		if (strchr(args[i], '='))
			return err_set(e, ST_USAGE, "'%s' is not a name: nothing is ever set",
				       args[i]);
	if (o->null && (l->fields || l->format != OUT_TABLE))
		return err_set(e, ST_USAGE, "-0 has no columns: it does not go with -o");
	l->kind = o->null ? LAYOUT_RAW : LAYOUT_LIST;
	return 0;
}

static const struct arg env_arg = {
	"NAME", "only this variable", ARG_WORD, 0, -1,
};

static const struct example env_example[] = {
	{ "nsdebug env nsd-demo", "the environment of the first process, secrets masked" },
	{ "nsdebug env nsd-demo PATH", "one variable" },
	{ "nsdebug env nsd-demo -o value PATH", "and its value alone" },
	{ "nsdebug env -p 1 -0 --show-secrets nsd-demo | xargs -0 -n 1", "bytes as they are" },
	{ NULL }
};

const struct tool tool_env = {
	.name = "env",
	.summary = "show the environment of a process, secrets masked",
	.about = "It is what the process was started with: what it sets for itself later is kept "
		"elsewhere, and what it overwrites there (setproctitle) is gone, which is said. A "
		"variable a line, with control characters as \\xNN.\n"
		"\n"
		"Masked is all of a value whose name has PASSWORD, PASSWD, PASSPHRASE, SECRET, "
		"TOKEN, CREDENTIAL or CONNECTIONSTRING in it, or the word PASS, PWD, PW, KEY, "
		"KEYS, CRED, CREDS, COOKIE or SALT, or that ends in AUTH, AUTHORIZATION, PASS or "
		"KEY; but not yes, no, true, false, on, off, nor an absolute path in a name that "
		"ends in FILE, PATH or DIR, nor a number in one that ends in LENGTH, LIMIT, SIZE, "
		"COUNT, TTL, TIMEOUT or TOKENS. Of other values that part which is the password of "
		"a URL, a parameter of such a name (password=x, --password x, password: x, "
		"\"password\":\"x\"), "
		"a JSON web token, an AWS key id, a token of a known issuer, what follows Bearer "
		"or Basic, PEM but for certificates and public keys, 32 and more hexadecimal "
		"digits, or 24 and more letters and digits that look drawn by lot. A guess: a "
		"secret that looks like a word, under a name like any other, is shown.",
	.needs = NEED_PROC,
	.arg = &env_arg,
	.opts = env_opt, .opts_size = sizeof(struct env_opts),
	.cols = env_col,
	.data = true,
	.examples = env_example,
	.setup = env_setup,
	.run = env_run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sig.h"
#include "nsdebug/enter/killed.h"
#include "nsdebug/enter/seal.h"

#define READ_SIZE (64 * 1024)

struct wait {
	const struct relay *r;
	struct child *c;
	struct buf in;		/* bytes of the frame pipe that are not a whole frame yet */
	enum status ended;	/* of F_END */
	bool saw_end, asked_to_stop, keys_ended;
	uint64_t deadline_ns;
	uint64_t ran_ns;	/* on a processor, when a deadline was put off */
};

static void progress(struct wait *w)
{
	w->deadline_ns = clock_ns() + w->r->timeout_ns;
}

static int protocol(struct wait *w, struct err *e)
{
	return err_set(e, ST_INTERNAL, "%s: the %s child sent what it should not: a possible "
		       "attack from the target", w->r->who, seal_name(w->c->role));
}

static int take_frame(struct wait *w, enum frame_type type, struct bytes body, struct err *e)
{
	if (w->saw_end || type < F_ROW || type > F_END)
		return protocol(w, e);
	if (type == F_TICK)
		return 0;
	if (type != F_END)
		return w->r->frame(w->r->ctx, type, body, e);
	if (body.len != 1 || !status_known((unsigned char)body.p[0]))
		return protocol(w, e);
	w->saw_end = true;
	w->ended = (enum status)(unsigned char)body.p[0];
	return 0;
}

/* Hands on the whole frames of w->in and keeps the rest. */
static int take_frames(struct wait *w, struct err *e)
{
	size_t at = 0;
	uint32_t len;

	while (w->in.len - at >= sizeof(len) + 1) {
		memcpy(&len, w->in.bytes + at, sizeof(len));
		if (len < 1 || len > FRAME_MAX)
			return protocol(w, e);
		if (w->in.len - at < sizeof(len) + len)
			break;
		at += sizeof(len);
		if (take_frame(w, (enum frame_type)w->in.bytes[at],
			       (struct bytes){ w->in.bytes + at + 1, len - 1 }, e) < 0)
			return -1;
		at += len;
	}
	memmove(w->in.bytes, w->in.bytes + at, w->in.len - at);
	w->in.len -= at;
	return 0;
}

static int read_frames(struct wait *w, struct err *e)
{
	ssize_t n = read(w->c->frames, buf_reserve(&w->in, READ_SIZE), READ_SIZE);

	if (n < 0)
		return errno == EINTR ? 0 : err_sys(e, "read from the child");
	if (n == 0) {
		close(take_fd(&w->c->frames));
		return 0;
	}
	w->in.len += (size_t)n;
	if (take_frames(w, e) < 0)
		return -1;
	return w->r->batch ? w->r->batch(w->r->ctx, e) : 0;
}

static int read_data(struct wait *w, struct err *e)
{
	int n = w->r->data(w->r->ctx, w->c->data, e);

	if (n == 0)
		close(take_fd(&w->c->data));
	return n < 0 ? -1 : 0;
}

static int time_left_ms(const struct wait *w, bool *over)
{
	uint64_t now = clock_ns(), end = w->deadline_ns;

	if (w->r->until_ns && w->r->until_ns < end)
		end = w->r->until_ns;
	*over = now >= end;
	/* rounded up: a deadline is never early */
	return *over ? 0 : (int)((end - now + NS_PER_MS - 1) / NS_PER_MS);
}

/* It loads them with a capability, which it gives up then. */
static bool loads(pid_t pid)
{
	char path[64], text[4096], *caps;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (fd_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	caps = strstr(text, "CapEff:\t");
	return caps && strncmp(caps, "CapEff:\t0000000000000000", 24);
}

/* Meanwhile it can say nothing, and a busy machine makes it long. The kernel bounds what it does
 * there and nobody else has a part in it, so a turn on a processor is progress. */
static bool loads_on(struct wait *w)
{
	struct timespec ts;
	clockid_t clock;
	uint64_t ran;

	if (w->c->role != ROLE_TRACER || !loads(w->c->pid) ||
	    clock_getcpuclockid(w->c->pid, &clock) || clock_gettime(clock, &ts) < 0)
		return false;
	ran = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	if (ran <= w->ran_ns)
		return false;
	w->ran_ns = ran;
	progress(w);
	return true;
}

static const char *no_progress(const struct wait *w)
{
	if (w->c->role == ROLE_TRACER && loads(w->c->pid))
		return "the kernel loads the programs, and they get no processor?";
	if (killed_state(w->c->pid) == 'R')
		return "it is at work still: much to go through, or a busy machine?";
	if (w->c->role == ROLE_TRACER)
		return "it is stopped, or waits for its turn on a processor?";
	return "a file system that does not answer?";
}

/* --max-time */
static bool is_last(const struct wait *w)
{
	return w->r->until_ns && clock_ns() >= w->r->until_ns;
}

static int err_deadline(struct wait *w, struct err *e)
{
	if (is_last(w))
		return err_set(e, ST_DEADLINE, "%s: --max-time is over: output is incomplete",
			       w->r->who);
	return err_set(e, ST_DEADLINE, "%s: no progress for %.3g s (--timeout): %s", w->r->who,
		       (double)w->r->timeout_ns / 1e9, no_progress(w));
}

/* Who asks twice does not wait for what a tracer does at its end: detaches, says its totals. */
static int stop_asked(struct wait *w, struct err *e)
{
	if (w->c->stop < 0)
		return err_set(e, ST_INTERRUPTED, "%s", "");
	close(take_fd(&w->c->stop));
	w->asked_to_stop = true;
	progress(w);
	return 0;
}

/* Where to read what is typed for us; -1: what is typed is for somebody else. */
static int keys_of(const struct wait *w)
{
	return w->r->pokes && !w->keys_ended && isatty(0) && tcgetpgrp(0) == getpgrp() ? 0 : -1;
}

/* One that does not take it has enough of them waiting. */
static void poke(struct wait *w)
{
	if (w->c->stop >= 0 && write(w->c->stop, "p", 1) < 0)
		return;
}

static void take_keys(struct wait *w)
{
	char text[256];
	ssize_t n = read(0, text, sizeof(text));

	w->keys_ended = n == 0;
	if (n > 0)
		poke(w);
}

/*
 * Waits for the child and moves what it sent; 1 when there is no more to come. That is F_END and
 * the end of the data pipe: the child has closed every file of the target by then, and taking its
 * copy of the mount tree apart takes the kernel longer than an ls.
 */
static int step(struct wait *w, struct err *e)
{
	struct pollfd p[] = {
		{ .fd = w->c->data, .events = POLLIN },
		{ .fd = w->c->frames, .events = POLLIN },
		{ .fd = w->r->signals, .events = POLLIN },
		{ .fd = keys_of(w), .events = POLLIN },
	};
	bool over;
	int ms = time_left_ms(w, &over);

	if ((w->saw_end || w->c->frames < 0) && w->c->data < 0)
		return 1;
	if (over)
		return !is_last(w) && loads_on(w) ? 0 : err_deadline(w, e);
	if (poll(p, ARRAY_SIZE(p), ms) < 0)
		return errno == EINTR ? 0 : err_sys(e, "wait for the child");
	if (p[2].revents && sig_take(w->r->signals))
		return stop_asked(w, e);
	if (w->r->pokes && sig_poked())
		poke(w);
	if (p[3].revents)
		take_keys(w);
	if (p[0].revents) {
		if (read_data(w, e) < 0)
			return -1;
		progress(w);
	}
	if (p[1].revents) {
		if (read_frames(w, e) < 0)
			return -1;
		progress(w);
	}
	return 0;
}

static int end_of(struct child *c)
{
	int wstatus = 0;

	waitpid(c->pid, &wstatus, 0);
	c->pid = -1;
	return wstatus;
}

static int err_left(const struct wait *w, enum killed how, struct err *e)
{
	char where[64];

	if (how == KILLED_STARVED)
		return err_set(e, ST_STUCK, "%s: child %d was killed and is left behind: it has "
			       "not got a processor yet to end", w->r->who, (int)w->c->pid);
	killed_where(w->c->pid, where, sizeof(where));
	return err_set(e, ST_STUCK, "%s: child %d cannot be killed and is left behind, blocked in "
		       "%s: the file system's server must answer or be unmounted", w->r->who,
		       (int)w->c->pid, where);
}

/* SIGKILL and a grace; what survives is left behind and said. A guardian ends when it has done what
 * it is for, and not before. */
static void stop_child(struct wait *w, enum status *st, struct err *e)
{
	enum killed how;

	if (w->c->role == ROLE_GUARDIAN)
		return;
	syscall(SYS_pidfd_send_signal, w->c->pidfd, SIGKILL, NULL, 0);
	how = killed_wait(w->c->pid, w->c->pidfd);
	if (how == KILLED_GONE) {
		end_of(w->c);
		return;
	}
	*st = ST_STUCK;
	err_left(w, how, e);
}

static enum status died(struct wait *w, int wstatus, struct err *e)
{
	int sig = WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0;

	if (sig == SIGKILL && w->c->role == ROLE_STOPPER)
		err_set(e, ST_INCOMPLETE, "%s: a thread was not held longer than it may be: the "
			"stopper was ended by its own timer", w->r->who);
	else if (sig == SIGXCPU)
		err_set(e, ST_DEADLINE, "%s: the %s child used up its processor time",
			w->r->who, seal_name(w->c->role));
	else if (sig)
		err_set(e, ST_INTERNAL, "%s: the %s child was killed by signal %d%s", w->r->who,
			seal_name(w->c->role), sig, sig == SIGKILL ? "" :
			sig == SIGSYS ? ": a call outside its role: a possible attack" :
			": a bug of nsdebug, or a possible attack from the target");
	else
		err_set(e, ST_INTERNAL, "%s: the %s child ended early", w->r->who,
			seal_name(w->c->role));
	return e->status;
}

enum status relay_run(const struct relay *r, struct child *c, struct err *e)
{
	struct wait w = { .r = r, .c = c };
	enum status st = ST_OK;
	int wstatus = 0, done;

	e->msg[0] = '\0';
	progress(&w);
	while ((done = step(&w, e)) == 0)
		;
	if (done < 0) {
		st = e->status;
		stop_child(&w, &st, e);
	} else if (w.saw_end) {
		st = w.asked_to_stop ? status_worse(w.ended, ST_INTERRUPTED) : w.ended;
	} else {
		/* It closed its pipes without a word: it is dying. */
		if (!killed_within(c->pidfd, (int)(r->timeout_ns / NS_PER_MS)))
			stop_child(&w, &st, e);
		else
			wstatus = end_of(c);
		if (st == ST_OK)
			st = died(&w, wstatus, e);
	}
	buf_free(&w.in);
	enter_close(c);
	return st;
}

static void out_of_time(int sig)
{
	_exit(ST_DEADLINE);
}

void relay_bound(uint64_t max_ns)
{
	struct itimerval t = { .it_value.tv_sec = (time_t)(max_ns / NS_PER_S) + 1,
		.it_value.tv_usec = (suseconds_t)(max_ns % NS_PER_S / 1000) };

	signal(SIGALRM, out_of_time);
	setitimer(ITIMER_REAL, &t, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - the child that walks paths for another one: access_judge() behind a socket.
 *
 * A ROLE_PROC or ROLE_TRACER child may not look at the container's files, so a verb that wants to
 * know why says so in tool->judge, and finds in in->judge a socket to a ROLE_READER that does
 * nothing else. It stays open when the child becomes a parser. Whoever asks believes nothing of
 * what comes back: its strings have an end and its words are known, or there is no answer.
 */
#ifndef NSDEBUG_WHY_JUDGE_H
#define NSDEBUG_WHY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/why/access.h"
#include "nsdebug/why/reason.h"

struct inside;

/* The node's rules, and whose the namespaces of the directory /proc/PID are: read by the front
 * before it starts the child. */
void judge_rules(struct access_site *s, int dir);
/* The child, all of it: answers in->peer until it closes. arg is a struct access_site,
 * whose cover is made here. */
void judge_serve(struct inside *in, void *arg);

/*
 * Asks, and waits for at most wait_ns (0: for ever). False: there is no judge, it is gone, or it
 * does not answer in time; then *peer, which is in->judge, is closed and -1: what would come later
 * would be of another question.
 */
bool judge_ask(int *peer, const struct access_ask *a, struct reason *ret, uint64_t wait_ns);
/* The same for who is told by `stop`, which is readable then, that he has to end: from then on no
 * more than prompt_ns. After wait_ns `again` says whether to wait once more. */
struct judge_patience {
	int stop;
	uint64_t wait_ns, prompt_ns;
	bool (*again)(void *ctx);	/* or NULL */
	void *ctx;
};

bool judge_ask_until(int *peer, const struct access_ask *a, struct reason *ret,
		     const struct judge_patience *p);
/* Waits so for anything on a socket. */
bool judge_wait(int sock, const struct judge_patience *p);
/* The processor time that a process has had; 0: it is gone. */
uint64_t judge_time(pid_t pid);

#endif

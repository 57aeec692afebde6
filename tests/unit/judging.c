/* SPDX-License-Identifier: Apache-2.0 */
/* why/judging: when another judge is asked for, and when not. */
#include "nsdebug/why/judging.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/enter/emit.h"
#include "tests/unit/check.h"

#define TIMES 2000

static int doors[2], frames[2], asks[2], stop[2];
static struct judging_given given;
static struct access_ask ask;
static struct reason why;

static struct judging begin(struct emit *emit)
{
	*emit = (struct emit){ .fd = frames[1], .data = -1 };
	return (struct judging){ .emit = emit, .door = doors[0], .stop = -1, .judge = -1,
		.mounts = -1, .wait_ns = NS_PER_S };
}

/* What the front does. */
static void answer(bool there)
{
	int sv[2] = { -1, -1 };

	if (there && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) < 0)
		ok(false, "a socket pair");
	given.there = there;
	judging_give(doors[1], &given, sv[1], -1);
	close(asks[0]);
	asks[0] = sv[0];
	if (sv[1] >= 0)
		close(sv[1]);
}

static void once(void)
{
	struct emit emit;
	struct judging j = begin(&emit);
	volatile __u32 begun = 0;

	j.begun = &begun;
	judging_want(&j);
	ok(!j.asked, "not before the container has begun");
	begun = 1;
	judging_want(&j);
	ok(j.asked && !judging_is_good(&j), "then it is asked for");
	given.mnt = 7;
	given.user_ns = 9;
	given.nuids = 1;
	given.uids[0] = (struct judging_ids){ 0, 1000, 10 };
	answer(true);
	ok(judging_renew(&j) && judging_is_good(&j) && j.known && j.mnt == 7 && j.user_ns == 9 &&
	   idmap_outside(&j.uids, 3) == 1003, "and given, with what it is of");
	ok(!judging_renew(&j), "a good one is not replaced");
	close(asks[0]);
	asks[0] = -1;
	ok(!judging_ask(&j, &ask, &why) && j.dead, "one that is gone");
	judging_want(&j);
	ok(!j.asked, "nor is one that did not answer");
	j.changed = true;
	judging_want(&j);
	ok(j.asked, "before something has changed");
	judging_free(&j);
	answer(true);
	judging_renew(&j);
	judging_free(&j);
}

/* Of a container in the host's user namespace no extent was read. */
static void identity(void)
{
	const struct idmap same = { .identity = true };
	struct emit emit;
	struct judging j = begin(&emit);

	judging_want(&j);
	given.nuids = judging_put_ids(&same, given.uids);
	given.ngids = judging_put_ids(&same, given.gids);
	answer(true);
	ok(judging_renew(&j) && idmap_inside(&j.uids, 4000) == 4000 && idmap_has(&j.gids, 65532) &&
	   idmap_outside(&j.gids, 7) == 7, "the host's own ids are the container's");
	close(asks[0]);
	asks[0] = -1;
	judging_free(&j);
}

/* Something changes before each question. */
static void often(void)
{
	struct emit emit;
	struct judging j = begin(&emit);
	uint64_t from = clock_ns(), asked = 0, paid;

	for (int i = 0; i < TIMES; i++) {
		j.changed = true;
		judging_want(&j);
		if (!j.asked)
			continue;
		asked++;
		answer(i % 2);
		judging_renew(&j);
	}
	paid = JUDGING_BURST_NS + (clock_ns() - from) / JUDGING_SHARE;
	ok(asked > 1 && asked <= 1 + paid / JUDGING_LEAST_NS,
	   "one that changes all the time gets few of them");
	judging_free(&j);
}

/* Whoever asks is idle for a time before he takes the answer. */
static void late(void)
{
	struct emit emit;
	struct judging j = begin(&emit);

	judging_want(&j);
	given.took_ns = 3 * NS_PER_MS;
	answer(true);
	poll(NULL, 0, 60);
	ok(judging_renew(&j) && j.debt_ns == 3 * NS_PER_MS, "being late costs nothing");
	j.changed = true;
	judging_want(&j);
	given.took_ns = 2 * JUDGING_BURST_NS;
	answer(true);
	judging_renew(&j);
	j.changed = true;
	judging_want(&j);
	ok(!j.asked, "what the front did for it is paid first");
	given.took_ns = 0;
	judging_free(&j);
}

/* One that has answered before, and then hangs. */
static void hung(void)
{
	struct emit emit;
	struct judging j = begin(&emit);

	judging_want(&j);
	answer(true);
	judging_renew(&j);
	j.heard = true;
	j.wait_ns = 20 * NS_PER_MS;
	ok(!judging_ask(&j, &ask, &why) && j.dead && j.judge < 0 &&
	   j.debt_ns >= j.wait_ns, "what was waited in vain is paid, too");
	judging_free(&j);
}

/* A judge that needs this much time of a processor for its answer. */
static pid_t slow_judge(uint64_t takes_ns)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (recv(asks[0], &ask, sizeof(ask), 0) != sizeof(ask))
		_exit(1);
	/* of the clock, however little of a processor others leave it */
	for (uint64_t from = clock_ns(); clock_ns() < from + takes_ns;)
		;
	_exit(send(asks[0], &why, sizeof(why), 0) != sizeof(why));
}

/* One that others keep from going on is no one that hangs. */
static void slow(void)
{
	struct emit emit;
	struct judging j = begin(&emit);

	judging_want(&j);
	answer(true);
	judging_renew(&j);
	j.wait_ns = 200 * NS_PER_MS;
	j.pid = slow_judge(3 * j.wait_ns / 2);
	ok(j.pid > 0 && judging_ask(&j, &ask, &why) && !j.dead, "one that works is waited for");
	ok(waitpid(j.pid, NULL, 0) == j.pid && !judge_time(j.pid), "who is gone has no time");
	judging_free(&j);
}

/* The front does not answer, and the user has had enough. */
static void stopped(void)
{
	struct emit emit;
	struct judging j = begin(&emit);

	j.stop = stop[0];
	j.wait_ns = 0;
	close(stop[1]);
	ok(!judging_renew(&j) && j.asked, "an end is not waited with");
	close(doors[1]);
	ok(!judging_renew(&j) && j.door < 0, "a front that is gone is not asked");
}

/* Who asks and never reads: the front goes on. */
static void full(void)
{
	int sv[2];
	size_t n = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv) < 0)
		ok(false, "a socket pair");
	alarm(20);
	while (judging_give(sv[1], &given, -1, -1))
		n++;
	alarm(0);
	ok(n > 0, "a door that nobody reads at is not waited for");
	close(sv[0]);
	close(sv[1]);
}

/* By its name another one may be found, that began later. */
static void successor(void)
{
	struct emit emit;
	struct judging j = begin(&emit);
	volatile __u32 begun = 1, ended = 0;

	j.begun = &begun;
	j.ended = &ended;
	judging_want(&j);
	given.began_ns = j.asked_ns + 1;
	answer(true);
	ok(!judging_renew(&j) && j.judge < 0 && !j.known, "the judge of a successor is not taken");
	judging_want(&j);
	given.began_ns = j.asked_ns - 1;
	answer(true);
	ok(judging_renew(&j) && judging_is_good(&j), "that of the one that was waited for is");
	j.changed = true;
	ended = 1;
	judging_want(&j);
	ok(!j.asked, "after its end none is asked for");
	given.began_ns = 0;
	judging_free(&j);
}

int main(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, doors) < 0 || pipe(frames) < 0 ||
	    pipe(stop) < 0)
		return 1;
	asks[0] = -1;
	once();
	identity();
	often();
	late();
	hung();
	slow();
	full();
	successor();
	stopped();
	return done();
}

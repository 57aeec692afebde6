/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/sig.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t ending(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	return set;
}

int sig_open(void)
{
	sigset_t set = ending();

	sig_block();
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void sig_take(int fd)
{
	struct signalfd_siginfo si;

	while (fd >= 0 && read(fd, &si, sizeof(si)) > 0)
		;
}

void sig_allow(void)
{
	sigset_t set = ending();

	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void sig_block(void)
{
	sigset_t set = ending();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

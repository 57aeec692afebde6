/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/sig.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool poked;

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

void sig_open_poke(int fd)
{
	sigset_t set = ending();

	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signalfd(fd, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool sig_take(int fd)
{
	struct signalfd_siginfo si;
	bool ends = false;

	while (fd >= 0 && read(fd, &si, sizeof(si)) > 0)
		if (si.ssi_signo == SIGUSR1)
			poked = true;
		else
			ends = true;
	return ends;
}

bool sig_poked(void)
{
	bool was = poked;

	poked = false;
	return was;
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

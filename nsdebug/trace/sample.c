/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sample.h"

#include <asm/perf_regs.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"

#define PAGE 4096u
#define DATA_BYTES (64u << 10)		/* one record, and no second one */
#define RING_BYTES (PAGE + DATA_BYTES)
#define PERIOD_NS 10000			/* the shortest there is */
#define USER_CS 0x33			/* arch/x86/include/asm/segment.h: 64-bit code */

#define BIT(n) (1ull << PERF_REG_X86_##n)

/* In the order in which they come: that of their numbers. */
static const uint64_t wanted_regs = BIT(AX) | BIT(BX) | BIT(CX) | BIT(DX) | BIT(SI) | BIT(DI) |
	BIT(BP) | BIT(SP) | BIT(IP) | BIT(CS) | BIT(R8) | BIT(R9) | BIT(R10) | BIT(R11) |
	BIT(R12) | BIT(R13) | BIT(R14) | BIT(R15);

/* A record as the event below has it, linux/perf_event.h. The stack's bytes follow, and how many
 * of them are of the stack. */
struct record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t at;
	uint64_t abi;
	uint64_t ax, bx, cx, dx, si, di, bp, sp, ip, cs, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t stack_room;
	uint8_t stack[];
};

static int open_event(const struct sample_ask *ask)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS, .wakeup_events = 1, .disabled = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER |
			PERF_SAMPLE_STACK_USER,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC,
		.sample_regs_user = wanted_regs,
		.sample_stack_user = ((ask->bytes < SAMPLE_BYTES_MAX ? ask->bytes :
				       SAMPLE_BYTES_MAX) + 7) & ~7u,
	};

	return (int)syscall(SYS_perf_event_open, &a, ask->tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static const struct record *wait_record(int fd, const void *ring, uint64_t wait_ns)
{
	const volatile struct perf_event_mmap_page *page = ring;
	const struct record *r = (const void *)((const char *)ring + PAGE);
	uint64_t end = clock_ns() + wait_ns, now;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* one sample, then the event is disabled */
	if (ioctl(fd, PERF_EVENT_IOC_REFRESH, 1) < 0)
		return NULL;
	while (!page->data_head) {
		now = clock_ns();
		errno = ETIME;
		if (now >= end)
			return NULL;
		/* POLLHUP: it is disabled, so the sample is there, or the thread has ended */
		if (poll(&p, 1, (int)((end - now) / NS_PER_MS) + 1) == 1 && !page->data_head &&
		    p.revents & POLLHUP) {
			errno = ESRCH;
			return NULL;
		}
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	errno = ENOTSUP;
	return r->header.type == PERF_RECORD_SAMPLE && r->abi == PERF_SAMPLE_REGS_ABI_64 &&
		r->cs == USER_CS ? r : NULL;
}

static void fill(struct sample_answer *a, const struct record *r)
{
	const uint64_t values[SAMPLE_REGS] = {
		r->ax, r->dx, r->cx, r->bx, r->si, r->di, r->bp, r->sp, r->r8, r->r9, r->r10,
		r->r11, r->r12, r->r13, r->r14, r->r15, r->ip,
	};
	uint64_t len = 0;

	memcpy(a->regs, values, sizeof(values));
	a->pid = r->pid;
	a->tid = r->tid;
	a->at = r->at;
	if (r->stack_room)
		memcpy(&len, r->stack + r->stack_room, sizeof(len));
	a->stack_len = (uint32_t)len;
}

static bool give(int peer, const void *bytes, size_t len)
{
	return send(peer, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool refuse(int peer, int err)
{
	struct sample_answer a = { .err = err };

	return give(peer, &a, sizeof(a));
}

/* False: the reader is gone. */
static bool serve(int peer, const struct sample_ask *ask)
{
	auto_close int fd = open_event(ask);
	struct sample_answer a = { 0 };
	const struct record *r;
	bool given;
	void *ring;

	if (fd < 0)
		return refuse(peer, errno);
	ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return refuse(peer, errno);
	r = wait_record(fd, ring, ask->wait_ns);
	if (!r) {
		given = refuse(peer, errno);
	} else {
		fill(&a, r);
		given = give(peer, &a, sizeof(a)) &&
			(!a.stack_len || give(peer, r->stack, a.stack_len));
	}
	munmap(ring, RING_BYTES);
	return given;
}

void sample_serve(struct inside *in, void *arg)
{
	struct sample_ask ask;

	while (recv(in->peer, &ask, sizeof(ask), MSG_WAITALL) == sizeof(ask))
		if (!serve(in->peer, &ask))
			return;
}

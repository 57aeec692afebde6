/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/relay.h"
#include "nsdebug/trace/prof.h"
#include "nsdebug/trace/tracer.h"
#include "nsdebug/trace/types.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"
#define PATIENCE_NS (10ull * NS_PER_S)	/* for one program */
#define KERNEL_CURE "a newer kernel, or one with CONFIG_BPF_SYSCALL and CONFIG_BPF_EVENTS"

object_fn filters_object, life_object, net_object, prof_object, snap_object, sys_object,
	used_object;

/* One of the programs is enough: the kernels that have one do not have the other. */
static const struct hook {
	const char *name, *used_for, *cure;
	object_fn *object;
	const char *programs[2];
	enum bpf_func_id helper;	/* that it takes; or 0 */
} hooks[] = {
	{ "BPF: sys_exit", "trace syscalls, open, fs, mount", KERNEL_CURE, sys_object,
	  { "on_exit" } },
	{ "BPF: sys_enter", "trace syscalls -T, --slower", KERNEL_CURE, sys_object,
	  { "on_enter" } },
	{ "BPF: sched_process_exec", "trace exec, and execve in trace syscalls", KERNEL_CURE,
	  life_object, { "on_exec" } },
	{ "BPF: failed exec", "trace exec: what cannot start", KERNEL_CURE, life_object,
	  { "on_exec_failed" } },
	{ "BPF: sched_process_exit", "trace exit", KERNEL_CURE, life_object, { "on_exit" } },
	{ "BPF: exit(2)", "trace syscalls: calls that do not return", KERNEL_CURE, sys_object,
	  { "on_end" } },
	{ "BPF: refusals", "trace denied", KERNEL_CURE, sys_object, { "deny_exit" } },
	{ "BPF: registers", "traces: --stack, prof",
	  "Linux 5.15; without it there is no --stack and no prof", sys_object, { "on_exit" },
	  BPF_FUNC_task_pt_regs },
	{ "BPF: clock of a processor", "prof",
	  "Linux 5.15 with CONFIG_PERF_EVENTS; without it there is no prof", prof_object,
	  { "on_sample" }, BPF_FUNC_task_pt_regs },
	{ "BPF: sched_switch", "prof --off-cpu", "Linux 5.15; without it there is no --off-cpu",
	  prof_object, { "on_switch" }, BPF_FUNC_task_pt_regs },
	{ "BPF: signal_generate", "trace signal", KERNEL_CURE, life_object, { "on_signal" } },
	{ "BPF: mark_victim", "trace oom", KERNEL_CURE, life_object, { "on_oom" } },
	{ "BPF: cap_capable", "trace caps",
	  "Linux 6.14, or fexit; without both 'trace denied' shows what fails for want of one",
	  life_object, { "on_check", "on_check_exit" } },
	{ "BPF: inet_sock_set_state", "trace tcp", KERNEL_CURE, net_object, { "on_state" } },
	{ "BPF: tcp_receive_reset", "trace tcp: who resets", KERNEL_CURE, net_object,
	  { "on_reset" } },
	{ "BPF: calls about sockets", "trace tcp, udp, bind, dns", KERNEL_CURE, net_object,
	  { "on_call" } },
	{ "BPF: udp_fail_queue_rcv_skb", "trace udp: drops", KERNEL_CURE, net_object,
	  { "on_drop" } },
	{ "BPF: cgroup_mkdir", "trace --next", "CONFIG_CGROUPS", life_object, { "next_mkdir" } },
	{ "BPF: cgroup_notify_populated", "trace --next: its end", "CONFIG_CGROUPS", life_object,
	  { "next_populated" } },
	{ "BPF: io_uring", "trace syscalls: that there is io_uring is said",
	  "Linux 5.10, CONFIG_IO_URING; without it io_uring is not noticed", sys_object,
	  { "on_uring", "on_uring_old" } },
	{ "BPF: first uses", "advise", KERNEL_CURE, used_object, { "used_exit_old" } },
	{ "BPF: task iterator", "stack: registers of threads without stopping them",
	  "Linux 5.18 with CONFIG_DEBUG_INFO_BTF; without it such threads are stopped shortly",
	  snap_object, { "on_task" } },
	{ "BPF: seccomp filters", "why --syscall",
	  "CONFIG_DEBUG_INFO_BTF; without it what a filter answers is not known",
	  filters_object, { "on_task" } },
};

/* What the child found out, in memory that it shares with us. */
struct found {
	int err[ARRAY_SIZE(hooks)];	/* errno, -1: not tried */
	int fentry, lsm;
};

/* ---- in the child ---- */

/* On the first processor, which is never switched off. */
static int try_clock(const struct bpf_program *p)
{
	auto_close int link = prof_clock(p, 0, 100, false);

	return link < 0 ? -link : 0;
}

static int try_program(const struct inside *in, const struct hook *h, const char *name)
{
	static const char *const modern[] = { "began", "marks" };
	struct bpf_object_open_opts o;
	char path[TYPES_PATH];
	struct bpf_program *p, *wanted = NULL;
	struct bpf_link *link = NULL;
	struct bpf_object *obj;
	struct bpf_map *map;
	size_t len;
	const void *bytes = h->object(&len);
	int ret;

	if (h->helper && libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, h->helper,
						 NULL) <= 0)
		return EOPNOTSUPP;
	tracer_types(in, path, &o);
	obj = bpf_object__open_mem(bytes, len, &o);
	if (!obj)
		return errno;
	/* where there is no task storage other maps take its place (nsdebug/trace/sys.c) */
	for (size_t i = 0; i < ARRAY_SIZE(modern); i++) {
		map = bpf_object__find_map_by_name(obj, modern[i]);
		if (map)
			bpf_map__set_autocreate(map, false);
	}
	bpf_object__for_each_program(p, obj) {
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name));
		wanted = bpf_program__autoload(p) ? p : wanted;
	}
	ret = wanted ? -bpf_object__load(obj) : ENOENT;
	if (!ret && bpf_program__type(wanted) == BPF_PROG_TYPE_PERF_EVENT)
		ret = try_clock(wanted);
	/* an iterator runs when it is read, and a raw tracepoint may not be there */
	if (!ret && bpf_program__type(wanted) == BPF_PROG_TYPE_RAW_TRACEPOINT) {
		link = bpf_program__attach(wanted);
		ret = link ? 0 : errno;
	}
	bpf_link__destroy(link);
	bpf_object__close(obj);
	return ret;
}

/* r0 = 0; exit */
static int try_tracing(enum bpf_prog_type type, enum bpf_attach_type attach, const char *name)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = attach);
	int id = libbpf_find_vmlinux_btf_id(name, attach), fd;

	if (id < 0)
		return -id;
	o.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(type, "nsdebug_probe", "GPL", code, ARRAY_SIZE(code), &o);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void live(struct inside *in, void *arg)
{
	struct found *f = arg;

	libbpf_set_print(NULL);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		f->err[i] = try_program(in, &hooks[i], hooks[i].programs[0]);
		if (f->err[i] && hooks[i].programs[1])
			f->err[i] = try_program(in, &hooks[i], hooks[i].programs[1]);
		emit_tick(&in->emit);
	}
	f->fentry = try_tracing(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "vfs_read");
	f->lsm = try_tracing(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "file_open");
}

/* ---- in the front ---- */

static int take_frame(void *ctx, enum frame_type type, struct bytes body, struct err *e)
{
	(void)ctx;
	if (type == F_ERR && body.len > 1)
		return err_set(e, (enum status)(unsigned char)body.p[0], "%.*s",
			       (int)body.len - 1, body.p + 1);
	return 0;
}

static int run_child(struct found *f, int types, struct err *e)
{
	struct place place = { .pidfd = -1, .proc = -1, .procfs = -1, .cgroup = -1 };
	struct spawn s = {
		.role = ROLE_TRACER, .place = &place, .fn = live, .arg = f, .peer = -1,
		.second = -1, .types = types, .clocks = true,
	};
	struct relay r = {
		.frame = take_frame, .who = "the trial of programs", .timeout_ns = PATIENCE_NS,
		.signals = -1,
	};
	struct child c;

	if (enter_spawn(&c, &s, e) < 0)
		return -1;
	return relay_run(&r, &c, e) == ST_OK ? 0 : -1;
}

static void describe_types(struct probe *p, int types, const struct err *odd)
{
	struct stat st;

	*p = (struct probe){
		.name = "BPF: types of the kernel", .used_for = "traces", .cure = "a kernel with "
			"CONFIG_DEBUG_INFO_BTF, or a file with its types: --btf FILE",
		.state = !stat(KERNEL_TYPES, &st) && st.st_size ? FEATURE_OK : FEATURE_MISSING,
	};
	if (p->state == FEATURE_OK && types >= 0)
		snprintf(p->detail, sizeof(p->detail), KERNEL_TYPES "%s", odd->msg[0] ?
			 "; nothing can be kept of it in /run/nsdebug" : "");
}

static void describe(struct probe *p, const struct hook *h, int err)
{
	*p = (struct probe){
		.name = h->name, .used_for = h->used_for, .cure = h->cure,
		.state = !err ? FEATURE_OK :
			err == EPERM ? FEATURE_NO_PRIVILEGE : FEATURE_MISSING,
	};
	if (err)
		snprintf(p->detail, sizeof(p->detail), "%s", err < 0 ? "could not be tried" :
			 errno_name(err));
}

/* What others need and we do not: worth a line to who compares. */
static void describe_others(struct probe *p, const struct found *f)
{
	*p = (struct probe){
		.name = "BPF: fentry, LSM", .used_for = "nothing: not needed",
	};
	snprintf(p->detail, sizeof(p->detail), "fentry: %s; LSM: %s", f->fentry ?
		 "not here" : "here", f->lsm ? "not here" : "here");
}

int probe_all(struct probe *all, struct err *e)
{
	struct found *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	auto_close int types = -1;
	struct err odd;
	int n = 0, ret;

	_Static_assert(ARRAY_SIZE(hooks) + 2 <= PROBES_MAX, "room for all");
	if (f == MAP_FAILED)
		return err_sys(e, "share memory with a child");
	memset(f, 0xff, sizeof(*f));
	types = types_open(&odd);
	ret = run_child(f, types, e);
	describe_types(&all[n++], types, &odd);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		describe(&all[n++], &hooks[i], f->err[i]);
	describe_others(&all[n++], f);
	munmap(f, sizeof(*f));
	return ret < 0 ? -1 : n;
}

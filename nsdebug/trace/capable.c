/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/capable.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stddef.h>
#include <sys/mman.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/kallsyms.h"

#define WITHOUT "checks of capabilities are not seen on this kernel: it has no tracepoint " \
	"cap_capable (Linux 6.14)"
#define INSTEAD "'nsdebug trace denied' shows, without it, what fails for want of one"

/* Those through which Linux 6.18 gives cap_capable() CAP_OPT_NOAUDIT (kernel/capability.c; the
 * first by way of security/commoncap.c, which is called through a pointer and leaves by a jump). */
static const char *const names[] = {
	"security_vm_enough_memory_mm", "ns_capable_noaudit", "has_ns_capability_noaudit",
	"has_capability_noaudit",
};

bool capable_askers(int symbols, uint64_t askers[CAP_ASKERS])
{
	_Static_assert(ARRAY_SIZE(names) == CAP_ASKERS, "room for each");

	return symbols >= 0 && kallsyms_address(symbols, names, askers, CAP_ASKERS);
}

/* A program that does nothing is put there: what the kernel lists, it may not let us read. */
static bool has_tracepoint(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
	};
	auto_close int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nsdebug_probe", "GPL",
					       code, ARRAY_SIZE(code), NULL);
	auto_close int link = program < 0 ? -1 : bpf_raw_tracepoint_open("cap_capable", program);

	return link >= 0;
}

/* int cap_capable(const struct cred *, struct user_namespace *, int, unsigned int) */
static bool is_known(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_param *p;

	t = t ? btf__type_by_id(btf, t->type) : NULL;
	if (!t || !btf_is_func_proto(t) || btf_vlen(t) != 4)
		return false;
	p = btf_params(t);
	for (int i = 0; i < 4; i++) {
		const struct btf_type *a = btf__type_by_id(btf, p[i].type);

		if (!a || (i < 2 ? !btf_is_ptr(a) : !btf_is_int(a) || a->size != 4))
			return false;
	}
	return true;
}

static int find_function(struct err *e)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "cap_capable", BTF_KIND_FUNC) : -1;
	bool good = id > 0 && is_known(btf, btf__type_by_id(btf, (unsigned int)id));

	btf__free(btf);
	return good ? 0 : err_set(e, ST_NOTHING, WITHOUT ", and does not tell the types of the "
				  "function of this name as they are known: " INSTEAD);
}

int capable_hook(struct capable *c, struct err *e)
{
	c->hook = CAPABLE_TRACEPOINT;
	if (has_tracepoint())
		return 0;
	c->hook = CAPABLE_FEXIT;
	return find_function(e);
}

int capable_refused(int ret, struct err *e)
{
	return err_set(e, ST_NOTHING, WITHOUT ", and refuses programs at the end of functions "
		       "(fexit: %s; lockdown does that): " INSTEAD, errno_name(-ret));
}

int capable_map(struct capable *c, int map, struct err *e)
{
	void *p = mmap(NULL, CAP_CALLS * CAP_MAX * sizeof(*c->counts), PROT_READ, MAP_SHARED, map,
		       0);

	if (p == MAP_FAILED)
		return err_sys(e, "map the counters");
	c->counts = p;
	return 0;
}

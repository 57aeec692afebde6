/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/gofind.h"

#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/out/col.h"

#define CODE_MAX 4096u		/* of a function that is looked through */

static void add_once(uint64_t *to, size_t *count, size_t max, uint64_t value)
{
	for (size_t i = 0; i < *count; i++)
		if (to[i] == value)
			return;
	if (*count < max)
		to[(*count)++] = value;
}

/*
 * Adds the aligned addresses of data that the function's instructions refer to. An operand relative
 * to the instruction (Intel SDM, volume 2, 2.2.1.6) is a ModRM byte with mod 0 and rm 5, then 32
 * bits from the end of the instruction on, which is behind them where no constant follows.
 */
static void add_operands(struct code *c, uint64_t bias, const struct go_wanted *fn, uint64_t *to,
			 size_t *count, size_t max)
{
	size_t len = fn->len < CODE_MAX ? fn->len : CODE_MAX;
	uint8_t bytes[CODE_MAX];
	int32_t step;

	if (!len || !elf_image(&c->elf, fn->entry, bytes, len))
		return;
	for (size_t i = 1; i + 4 <= len; i++) {
		const struct elf_load *l;
		uint64_t at;

		if ((bytes[i - 1] & 0xc7) != 5)
			continue;
		memcpy(&step, bytes + i, 4);
		at = fn->entry + i + 4 + (uint64_t)(int64_t)step;
		l = elf_load_at(&c->elf, at, 8);
		if (l && l->write && !((at + bias) & 7))
			add_once(to, count, max, at + bias);
	}
}

static bool find_in(struct code *c, uint64_t bias, struct go_ask *ask)
{
	struct go_wanted want[] = {
		{ "runtime.allgadd" }, { "runtime.goroutineheader" },
	};
	struct go_func fn;

	/* any address: so the table is looked for */
	pclntab_find(&c->go, &c->elf, 0, &fn);
	if (!c->go.size)
		return false;
	pclntab_named(&c->go, &c->elf, want, ARRAY_SIZE(want));
	*ask = (struct go_ask){ .nlists = 0 };
	add_operands(c, bias, &want[0], ask->lists, &ask->nlists, GO_LISTS_MAX);
	add_operands(c, bias, &want[1], ask->tables, &ask->ntables, GO_TABLES_MAX);
	return ask->nlists > 0;
}

bool go_seen(const struct process *p)
{
	for (size_t i = 0; p->modules && i < p->maps.count; i++) {
		const struct code *c = p->modules[i] ? p->modules[i]->code : NULL;

		if (c && c->go.size)
			return true;
	}
	return false;
}

int go_find(const struct process *p, struct go_ask *ret, size_t *count, struct err *e)
{
	auto_map struct map seen = { 0 };
	size_t n = 0;

	for (size_t i = 0; p->modules && i < p->maps.count && n < GO_RUNTIMES_MAX; i++) {
		struct module *m = p->modules[i];
		uint64_t bias;

		if (!m || map_get(&seen, (uintptr_t)m))
			continue;
		map_put(&seen, (uintptr_t)m, m);
		if (process_code(p, p->maps.items[i].start, &m, &bias))
			n += find_in(m->code, bias, &ret[n]);
	}
	*count = n;
	return n || !go_seen(p) ? 0 :
		err_set(e, ST_FAILED, "goroutines of process %d: its Go runtime has no function "
			"runtime.allgadd that says where they are", p->nspid ? p->nspid : p->pid);
}

struct code *go_data(const struct process *p, uint64_t addr, uint64_t *bias)
{
	for (size_t i = 0; p->modules && i < p->maps.count; i++) {
		struct module *m = p->modules[i];
		struct code *c = m ? m->code : NULL;

		if (c && c->go.size && process_code(p, p->maps.items[i].start, &m, bias) &&
		    elf_load_at(&c->elf, addr - *bias, 8))
			return c;
	}
	return NULL;
}

static void put_list(struct buf *b, const uint64_t *at, size_t count)
{
	put_varint(b, count);
	for (size_t i = 0; i < count; i++)
		put_varint(b, at[i]);
}

void go_ask_put(struct buf *b, const struct go_ask *asks, size_t count)
{
	put_varint(b, count);
	for (size_t i = 0; i < count; i++) {
		put_list(b, asks[i].lists, asks[i].nlists);
		put_list(b, asks[i].tables, asks[i].ntables);
	}
}

static bool get_list(struct bytes *in, uint64_t *at, size_t max, size_t *count)
{
	uint64_t n;

	if (!get_varint(in, &n) || n > max)
		return false;
	for (*count = 0; *count < n; (*count)++)
		if (!get_varint(in, &at[*count]))
			return false;
	return true;
}

bool go_ask_get(struct bytes *in, struct go_ask *ret, size_t *count)
{
	uint64_t n;

	if (!get_varint(in, &n) || n > GO_RUNTIMES_MAX)
		return false;
	for (*count = 0; *count < n; (*count)++)
		if (!get_list(in, ret[*count].lists, GO_LISTS_MAX, &ret[*count].nlists) ||
		    !get_list(in, ret[*count].tables, GO_TABLES_MAX, &ret[*count].ntables))
			return false;
	return true;
}

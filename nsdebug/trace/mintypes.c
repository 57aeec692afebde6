/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/mintypes.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define DEPTH_MAX 32	/* structs in structs */

/* A type of the kernel's that is wanted, and which of its members or values are. */
struct wanted {
	uint32_t id;
	uint32_t made;		/* its id in the new BTF, 0: not yet */
	bool *members;
};

/* A name that programs use; the type that uses it, and those that use it as well. */
struct name {
	const struct btf *of;
	uint32_t id;
	struct name *next;
};

struct picker {
	const struct btf *kernel;
	struct btf *out;
	struct map names;	/* struct name, by the hash of a name */
	struct map wanted;	/* struct wanted, by id */
	struct wanted **roots;	/* those that are found by name */
	size_t count;
	int nothing;		/* id of "void *" in the new BTF */
};

static const struct btf_type *skip(const struct btf *b, uint32_t *id)
{
	const struct btf_type *t = btf__type_by_id(b, *id);

	while (btf_is_mod(t) || btf_is_typedef(t)) {
		*id = t->type;
		t = btf__type_by_id(b, *id);
	}
	return t;
}

static const char *name_of(const struct btf *b, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(b, t->name_off);

	return name ? name : "";
}

/* A name up to its ___FLAVOUR. */
static size_t essence(const char *name)
{
	const char *flavour = strstr(name, "___");

	return flavour && flavour != name ? (size_t)(flavour - name) : strlen(name);
}

static uint64_t hash(const char *name, size_t len)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211u;
	return h;
}

static bool has_name(const struct btf_type *t)
{
	return (btf_is_composite(t) || btf_is_any_enum(t)) && t->name_off;
}

/* ---- which members ---- */

static struct wanted *want(struct picker *p, uint32_t id)
{
	struct wanted *w = map_get(&p->wanted, id);

	if (w)
		return w;
	w = mem_alloc(sizeof(*w));
	w->id = id;
	w->members = mem_alloc(btf_vlen(btf__type_by_id(p->kernel, id)) + 1u);
	map_put(&p->wanted, id, w);
	return w;
}

/* Wants the member and what is around it, as C finds it: also in structs without a name. Its type,
 * or 0. */
static uint32_t want_member(struct picker *p, uint32_t id, const char *name, int depth)
{
	const struct btf_type *t = btf__type_by_id(p->kernel, id);
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; depth < DEPTH_MAX && i < btf_vlen(t); i++) {
		uint32_t inner = m[i].type, found = 0;

		if (m[i].name_off) {
			if (!strcmp(btf__name_by_offset(p->kernel, m[i].name_off), name))
				found = inner;
		} else if (btf_is_composite(skip(p->kernel, &inner))) {
			found = want_member(p, inner, name, depth + 1);
		}
		if (!found)
			continue;
		want(p, id)->members[i] = true;
		return found;
	}
	return 0;
}

static const struct btf_type *skip_arrays(const struct btf *b, uint32_t *id)
{
	const struct btf_type *t = skip(b, id);

	while (btf_is_array(t)) {
		*id = btf_array(t)->type;
		t = skip(b, id);
	}
	return t;
}

/* All that a program's struct names of the kernel's. */
static void want_members(struct picker *p, const struct btf *of, uint32_t ours, uint32_t theirs,
			 int depth)
{
	const struct btf_type *t = skip_arrays(of, &ours);
	const struct btf_member *m = btf_members(t);

	if (depth == DEPTH_MAX || !btf_is_composite(t) ||
	    !btf_is_composite(skip_arrays(p->kernel, &theirs)))
		return;
	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(of, m[i].name_off);
		uint32_t inner = name && name[0] ? want_member(p, theirs, name, depth) : theirs;

		if (inner)
			want_members(p, of, m[i].type, inner, depth + 1);
	}
}

static const char *value_name(const struct btf *b, const struct btf_type *t, uint32_t i)
{
	return btf__name_by_offset(b, btf_is_enum64(t) ? btf_enum64(t)[i].name_off :
				   btf_enum(t)[i].name_off);
}

static void want_values(struct picker *p, const struct btf *of, const struct btf_type *ours,
			struct wanted *w)
{
	const struct btf_type *t = btf__type_by_id(p->kernel, w->id);

	for (uint32_t i = 0; i < btf_vlen(t); i++)
		for (uint32_t j = 0; j < btf_vlen(ours) && !w->members[i]; j++)
			w->members[i] = !strcmp(value_name(p->kernel, t, i),
						value_name(of, ours, j));
}

/* ---- which types ---- */

static void learn_names(struct picker *p, const struct btf *of)
{
	for (uint32_t id = 1; id < btf__type_cnt(of); id++) {
		const struct btf_type *t = btf__type_by_id(of, id);
		const char *name = name_of(of, t);
		struct name *n;
		uint64_t key;

		if (!has_name(t))
			continue;
		key = hash(name, essence(name));
		n = mem_alloc(sizeof(*n));
		*n = (struct name){ of, id, map_get(&p->names, key) };
		map_put(&p->names, key, n);
	}
}

static void forget_names(void *names)
{
	for (struct name *n = names, *next; n; n = next) {
		next = n->next;
		free(n);
	}
}

static bool fits(const struct name *n, const struct btf_type *t, const char *name)
{
	const struct btf_type *ours = btf__type_by_id(n->of, n->id);
	const char *called = name_of(n->of, ours);
	size_t len = strlen(name);

	return (btf_kind(ours) == btf_kind(t) || (btf_is_any_enum(ours) && btf_is_any_enum(t))) &&
		essence(called) == len && !memcmp(called, name, len);
}

/* There can be several of one name: libbpf wants to see them all. */
static void want_type(struct picker *p, uint32_t id, const struct btf_type *t)
{
	const char *name = name_of(p->kernel, t);
	struct wanted *root = NULL;

	for (struct name *n = map_get(&p->names, hash(name, strlen(name))); n; n = n->next) {
		if (!fits(n, t, name))
			continue;
		root = want(p, id);
		if (btf_is_composite(t))
			want_members(p, n->of, n->id, id, 0);
		else
			want_values(p, n->of, btf__type_by_id(n->of, n->id), root);
	}
	if (!root)
		return;
	p->roots = mem_more(p->roots, p->count);
	p->roots[p->count++] = root;
}

/* ---- the new BTF; all return an id, or a negative errno ---- */

static int make(struct picker *p, uint32_t id, int depth);

static int make_enum(struct picker *p, const struct btf_type *t, const struct wanted *w)
{
	bool big = btf_is_enum64(t);
	const char *name = name_of(p->kernel, t);
	int id = big ? btf__add_enum64(p->out, name, t->size, btf_kflag(t)) :
		btf__add_enum(p->out, name, t->size);

	for (uint32_t i = 0; id > 0 && i < btf_vlen(t); i++) {
		const char *value = value_name(p->kernel, t, i);
		int ret = !w->members[i] ? 0 : big ?
			btf__add_enum64_value(p->out, value, btf_enum64_value(&btf_enum64(t)[i])) :
			btf__add_enum_value(p->out, value, btf_enum(t)[i].val);

		if (ret < 0)
			return ret;
	}
	return id;
}

/* The types of its members come before it, for fields are added to the last type. */
static int make_composite(struct picker *p, const struct btf_type *t, const struct wanted *w,
			  int depth)
{
	auto_free int *types = mem_alloc((btf_vlen(t) + 1u) * sizeof(*types));
	const struct btf_member *m = btf_members(t);
	const char *name = name_of(p->kernel, t);
	int id;

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		types[i] = w->members[i] ? make(p, m[i].type, depth + 1) : 0;
		if (types[i] < 0)
			return types[i];
	}
	id = btf_is_union(t) ? btf__add_union(p->out, name, t->size) :
		btf__add_struct(p->out, name, t->size);
	for (uint32_t i = 0; id > 0 && i < btf_vlen(t); i++) {
		int ret = !w->members[i] ? 0 :
			btf__add_field(p->out, btf__name_by_offset(p->kernel, m[i].name_off),
				       types[i], btf_member_bit_offset(t, i),
				       btf_member_bitfield_size(t, i));

		if (ret < 0)
			return ret;
	}
	return id;
}

static int make_array(struct picker *p, const struct btf_type *t, int depth)
{
	const struct btf_array *a = btf_array(t);
	int index = make(p, a->index_type, depth + 1), item = make(p, a->type, depth + 1);

	if (index < 0 || item < 0)
		return index < 0 ? index : item;
	return btf__add_array(p->out, index, item, (int)a->nelems);
}

static int make_plain(struct picker *p, const struct btf_type *t)
{
	const char *name = name_of(p->kernel, t);

	if (btf_is_int(t))
		return btf__add_int(p->out, name, t->size, btf_int_encoding(t));
	if (btf_is_float(t))
		return btf__add_float(p->out, name, t->size);
	if (btf_is_fwd(t))
		return btf__add_fwd(p->out, name, btf_kflag(t) ? BTF_FWD_UNION : BTF_FWD_STRUCT);
	/* what a pointer leads to is found by its own name */
	if (!p->nothing)
		p->nothing = btf__add_ptr(p->out, 0);
	return p->nothing;
}

static int make(struct picker *p, uint32_t id, int depth)
{
	const struct btf_type *t = skip(p->kernel, &id);
	struct wanted *w;
	int made;

	if (!id)
		return 0;
	if (depth > DEPTH_MAX)
		return -EINVAL;
	if (btf_is_ptr(t))
		return make_plain(p, t);
	w = want(p, id);
	if (w->made)
		return (int)w->made;
	made = btf_is_composite(t) ? make_composite(p, t, w, depth) :
		btf_is_any_enum(t) ? make_enum(p, t, w) :
		btf_is_array(t) ? make_array(p, t, depth) : make_plain(p, t);
	if (made > 0)
		w->made = (uint32_t)made;
	return made;
}

static void free_wanted(void *wanted)
{
	struct wanted *w = wanted;

	free(w->members);
	free(w);
}

struct btf *mintypes(const struct btf *kernel, struct btf *const *programs, size_t count)
{
	struct picker p = { .kernel = kernel, .out = btf__new_empty() };
	int ret = p.out ? 0 : -errno;

	for (size_t i = 0; i < count; i++)
		learn_names(&p, programs[i]);
	for (uint32_t id = 1; !ret && id < btf__type_cnt(kernel); id++) {
		const struct btf_type *t = btf__type_by_id(kernel, id);

		if (has_name(t))
			want_type(&p, id, t);
	}
	for (size_t i = 0; ret >= 0 && i < p.count; i++)
		ret = make(&p, p.roots[i]->id, 0);
	map_each(&p.names, forget_names);
	map_free(&p.names);
	map_each(&p.wanted, free_wanted);
	map_free(&p.wanted);
	free(p.roots);
	if (ret < 0) {
		btf__free(p.out);
		p.out = NULL;
		errno = -ret;
	}
	return p.out;
}

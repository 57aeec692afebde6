/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace/profile: more different stacks than there is room for, of a program that chooses them.
 */
#include <stdlib.h>

#include "nsdebug/base/own.h"
#include "nsdebug/trace/profile.h"
#include "tests/unit/check.h"

#define DEPTH 350u
#define STACKS 6000u
#define HEAVY 5000u	/* this one weighs more than all others */
#define HEAVY_NS 1000000u
#define ADDRESS 0xffffffff80000000ull

static unsigned int dice(unsigned int n)
{
	static unsigned int seed = 7;

	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void fold(struct profile *p, unsigned int nr)
{
	uint32_t places[DEPTH];

	for (unsigned int i = 0; i < DEPTH; i++)
		places[i] = profile_place(p, PLACE_KERNEL, NULL, ADDRESS + 16 * dice(32));
	profile_add(p, profile_who(p, (struct bytes){ "deep", 4 }, 0, 0), places, DEPTH,
		    nr == HEAVY ? HEAVY_NS : 10);
}

static void tree_is_bounded(void)
{
	uint64_t own = 0, samples = 0, functions = 0;
	struct debugfiles files = { .peer = -1 };
	auto_free uint32_t *heavy = NULL;
	struct profile p;

	profile_init(&p);
	for (unsigned int i = 0; i < STACKS; i++)
		fold(&p, i);
	profile_name(&p, -1, &files);
	profile_tree(&p);
	ok(p.nnodes <= PROFILE_NODES_MAX, "the tree is not larger than it may be");
	ok(p.nnodes > PROFILE_NODES_MAX / 2, "and makes use of that");
	for (size_t i = 0; i < p.nnodes; i++) {
		own += p.nodes[i].self;
		samples += p.nodes[i].samples;
	}
	for (size_t i = 0; i < p.nframes; i++)
		functions += p.frames[i]->self;
	/* nothing is left out, only shown as one */
	ok(own == p.value, "all of it is some stack's");
	ok(functions == p.value, "and some function's");
	ok(samples == STACKS, "so are all samples");
	ok(p.beyond > 0 && p.beyond < STACKS, "those shown as one are counted");
	heavy = profile_nodes_by_self(&p);
	ok(p.nodes[heavy[0]].self == HEAVY_NS, "the heaviest is not one of them");
	ok(p.nodes[heavy[0]].depth == DEPTH + 1, "and is whole");
	profile_free(&p);
}

/* Each sample brings new places, and threads of new names. */
static void folding_is_bounded(void)
{
	uint64_t at = ADDRESS;
	struct profile p;

	profile_init(&p);
	for (unsigned int i = 0; i < 2 * PROFILE_BYTES_MAX / (DEPTH * 72); i++) {
		uint32_t places[DEPTH];

		for (unsigned int k = 0; k < DEPTH; k++)
			places[k] = profile_place(&p, PLACE_KERNEL, NULL, at++);
		profile_add(&p, profile_who(&p, (struct bytes){ (char *)&i, sizeof(i) }, 0, 0),
			    places, DEPTH, 1);
	}
	ok(p.beyond > 0, "samples that find no room are counted");
	ok(p.nplaces * 256 <= PROFILE_BYTES_MAX, "places do not grow beyond it");
	profile_free(&p);
}

int main(void)
{
	tree_is_bounded();
	folding_is_bounded();
	return done();
}

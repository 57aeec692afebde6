/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/map.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <string.h>

#include "nsdebug/base/mem.h"

struct map_slot {
	uint64_t key;
	void *value;
};

/* Two numbers of this run alone: the sixteen random bytes that the kernel gives at exec. */
static uint64_t seed(int which)
{
	static uint64_t s[2];

	if (!s[0]) {
		const void *random = (const void *)getauxval(AT_RANDOM);

		s[0] = 0x9e3779b97f4a7c15;
		s[1] = 0xff51afd7ed558ccd;
		if (random)
			memcpy(s, random, sizeof(s));
		s[0] |= 1;
	}
	return s[which];
}

static size_t slot_of(const struct map *m, uint64_t key)
{
	uint64_t h = (key ^ seed(0)) * 0xff51afd7ed558ccd;
	size_t at = (size_t)(h ^ h >> 32) & (m->room - 1);

	while (m->slots[at].value && m->slots[at].key != key)
		at = (at + 1) & (m->room - 1);
	return at;
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->room ? m->slots[slot_of(m, key)].value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value)
{
	if (m->used * 2 >= m->room) {
		struct map old = *m;

		m->room = old.room ? old.room * 2 : 16;
		m->slots = mem_alloc(m->room * sizeof(*m->slots));
		for (size_t i = 0; i < old.room; i++)
			if (old.slots[i].value)
				m->slots[slot_of(m, old.slots[i].key)] = old.slots[i];
		free(old.slots);
	}
	size_t at = slot_of(m, key);

	if (!m->slots[at].value)
		m->used++;
	m->slots[at] = (struct map_slot){ key, value };
}

void *map_take(struct map *m, uint64_t key)
{
	size_t at = m->room ? slot_of(m, key) : 0;
	void *value = m->room ? m->slots[at].value : NULL;

	if (!value)
		return NULL;
	m->slots[at].value = NULL;
	m->used--;
	/* those behind it may be there only because it was here */
	for (at = (at + 1) & (m->room - 1); m->slots[at].value; at = (at + 1) & (m->room - 1)) {
		struct map_slot s = m->slots[at];

		m->slots[at].value = NULL;
		m->slots[slot_of(m, s.key)] = s;
	}
	return value;
}

void map_each(const struct map *m, void (*fn)(void *value))
{
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].value)
			fn(m->slots[i].value);
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

/* Nobody else knows what it is multiplied with, and every bit has part in all of the result. */
static uint64_t mix(uint64_t h, uint64_t word)
{
	unsigned __int128 p = (unsigned __int128)(h ^ seed(0)) * (word ^ seed(1));

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t map_hash(uint64_t h, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	uint64_t word;

	for (; len >= sizeof(word); b += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, b, sizeof(word));
		h = mix(h, word);
	}
	word = (uint64_t)len << 56;
	if (len)
		memcpy(&word, b, len);
	return mix(h, word);
}

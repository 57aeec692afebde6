/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first chunk is small: a page that is never touched is a page fault saved. */
#define CHUNK_FIRST 4000
#define CHUNK (64 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct arena {
	struct chunk *chunks;
	size_t bytes;
};

static void *checked(void *p)
{
	static const char text[] = "nsdebug: out of memory\n";

	if (p)
		return p;
	/* stderr may be a pipe to the front in a child: the text is for people either way. */
	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(126);
	_exit(126);
}

void *mem_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *mem_resize(void *p, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return checked(NULL);
	return checked(realloc(p, count && size ? count * size : 1));
}

char *mem_dup(const void *bytes, size_t len)
{
	char *s = checked(malloc(len + 1));

	if (len)
		memcpy(s, bytes, len);
	s[len] = '\0';
	return s;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s));
}

bool mem_fits(size_t count, size_t size, size_t cap)
{
	return size == 0 || count <= cap / size;
}

struct arena *arena_new(void)
{
	return mem_alloc(sizeof(struct arena));
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!c || c->size - c->used < size) {
		size_t room = c ? c->size * 2 : CHUNK_FIRST;

		room = room < CHUNK ? room : CHUNK;
		room = size > room ? size : room;
		c = mem_alloc(sizeof(*c) + room);	/* pages of the kernel are zero already */
		*c = (struct chunk){ .next = a->chunks, .size = room };
		a->chunks = c;
		a->bytes += sizeof(*c) + room;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

char *arena_dup(struct arena *a, const void *bytes, size_t len)
{
	char *s = arena_alloc(a, len + 1);

	if (len)
		memcpy(s, bytes, len);
	return s;
}

size_t arena_bytes(const struct arena *a)
{
	return a->bytes;
}

void arena_free(struct arena **a)
{
	if (!*a)
		return;
	for (struct chunk *c = (*a)->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(*a);
	*a = NULL;
}

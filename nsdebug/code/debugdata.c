/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/debugdata.h"

#include <lzma.h>
#include <stdlib.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/work.h"

#define PIECE 65536u
#define IN_COSTS 4	/* a byte of input takes about the time of so many that come out */

size_t debugdata_work;

static bool may(size_t in, size_t out)
{
	if (debugdata_work + in * IN_COSTS + out > DEBUGDATA_WORK)
		return false;
	debugdata_work += in * IN_COSTS + out;
	work_tick(in * IN_COSTS + out);
	return true;
}

/* The next piece of the section, or false: there is no more, or no more is read. */
static bool feed(lzma_stream *z, struct elf *of, uint64_t *done, uint8_t *piece)
{
	uint64_t left = of->debugdata.size - *done;
	size_t n = left < PIECE ? (size_t)left : PIECE;

	if (z->avail_in)
		return true;
	if (!n || !may(n, 0) || elf_stream(of, of->debugdata.off + *done, piece, n) != n)
		return false;
	*done += n;
	z->next_in = piece;
	z->avail_in = n;
	return true;
}

static bool unpack(lzma_stream *z, struct elf *of, struct buf *b)
{
	uint8_t piece[PIECE];
	uint64_t done = 0;

	while (b->len < DEBUGDATA_MAX && feed(z, of, &done, piece)) {
		lzma_ret ret;

		z->next_out = (uint8_t *)buf_reserve(b, PIECE);
		z->avail_out = PIECE;
		ret = lzma_code(z, LZMA_RUN);
		b->len += PIECE - z->avail_out;
		if (!may(0, PIECE - z->avail_out))
			return false;
		if (ret == LZMA_STREAM_END)
			return true;
		if (ret != LZMA_OK)
			return false;
	}
	return false;
}

bool debugdata_open(struct debugdata *d, struct elf *of)
{
	lzma_stream z = LZMA_STREAM_INIT;
	auto_buf struct buf b = { 0 };
	struct err e;

	if (d->tried)
		return d->bytes;
	d->tried = true;
	if (!of->debugdata.size ||
	    lzma_stream_decoder(&z, DEBUGDATA_MEMORY, 0) != LZMA_OK)
		return false;
	if (unpack(&z, of, &b)) {
		d->bytes = mem_resize(take_ptr(b.bytes), b.len + 1, 1);
		if (elf_open_bytes(&d->elf, d->bytes, b.len, &e) < 0)
			free(take_ptr(d->bytes));
	}
	lzma_end(&z);
	return d->bytes;
}

void debugdata_close(struct debugdata *d)
{
	if (d->bytes)
		elf_close(&d->elf);
	free(d->bytes);
	*d = (struct debugdata){ 0 };
}

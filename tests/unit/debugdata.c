/* SPDX-License-Identifier: Apache-2.0 */
/* code/debugdata: this very program, packed; whole, cut, damaged, and bombs. */
#include "nsdebug/code/debugdata.h"

#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

#define OWN_BYTES 60000u

static size_t pack(uint8_t *to, size_t room, const void *from, size_t len)
{
	size_t n = 0;

	return lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, from, len, to, &n, room) ==
		LZMA_OK ? n : 0;
}

static bool opens(struct debugdata *d, const uint8_t *bytes, size_t len)
{
	struct elf of = { .fd = -1, .bytes = bytes, .size = len, .debugdata = { .size = len } };

	*d = (struct debugdata){ 0 };
	return debugdata_open(d, &of);
}

static void test_cut(const uint8_t *packed, size_t len)
{
	unsigned int opened = 0;
	struct debugdata d;

	for (size_t n = 0; n < len; n += 97) {
		uint8_t *cut = (uint8_t *)mem_dup(packed, n);

		opened += opens(&d, cut, n);
		debugdata_close(&d);
		free(cut);
	}
	ok(!opened, "what is cut is not opened, wherever it is cut");
}

static void test_damaged(const uint8_t *packed, size_t len)
{
	auto_free uint8_t *copy = (uint8_t *)mem_dup(packed, len);
	struct debugdata d;

	copy[len / 2] ^= 0x10;
	ok(!opens(&d, copy, len), "nor is what is damaged");
	debugdata_close(&d);
}

static void test_bombs(void)
{
	size_t len = DEBUGDATA_MAX + 1, n;
	auto_free uint8_t *zeros = mem_alloc(len), *packed = mem_alloc(len / 64);
	struct debugdata d;

	debugdata_work = 0;
	n = pack(packed, len / 64, zeros, len);
	ok(n && !opens(&d, packed, n), "what is too long is left");
	ok(debugdata_work > DEBUGDATA_MAX, "and what it took is counted");
	opens(&d, packed, n);
	n = debugdata_work;
	opens(&d, packed, n);
	ok(debugdata_work == n && n <= DEBUGDATA_WORK, "until no more is done");
}

int main(void)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	auto_free uint8_t *own = mem_alloc(OWN_BYTES), *packed = mem_alloc(2 * OWN_BYTES);
	bool whole = pread(fd, own, OWN_BYTES, 0) == OWN_BYTES;
	size_t len = whole ? pack(packed, 2 * OWN_BYTES, own, OWN_BYTES) : 0;
	struct debugdata d;

	ok(len && opens(&d, packed, len) && d.elf.load_count, "what is packed is opened");
	ok(len && !memcmp(d.bytes, own, OWN_BYTES), "and is what was packed");
	debugdata_close(&d);
	test_cut(packed, len);
	test_damaged(packed, len);
	len = pack(packed, 2 * OWN_BYTES, "no ELF file", 11);
	ok(!opens(&d, packed, len), "nor what is no ELF file");
	test_bombs();
	return done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/hwcaps.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define C1_V2 (bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT)
#define C1_V3 (bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C)
#define B7_V3 (bit_AVX2 | bit_BMI | bit_BMI2)
#define B7_V4 (bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL)
#define XCR_AVX 0x06u		/* what the kernel keeps of a thread: XMM, YMM */
#define XCR_AVX512 0xe6u	/* and the rest */

static unsigned int kept_state(void)
{
	unsigned int low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static bool has(unsigned int set, unsigned int bits)
{
	return (set & bits) == bits;
}

unsigned int hwcaps_level(void)
{
	unsigned int a, b1, c1 = 0, d1, b7 = 0, c7, d7, b8, c8 = 0, d8, state;

	if (!__get_cpuid(1, &a, &b1, &c1, &d1) || !has(c1, C1_V2) ||
	    !__get_cpuid(0x80000001, &a, &b8, &c8, &d8) || !has(c8, bit_LAHF_LM))
		return 1;
	if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) || !has(c1, C1_V3) || !has(b7, B7_V3) ||
	    !has(c8, bit_LZCNT))
		return 2;
	state = kept_state();
	if (!has(state, XCR_AVX))
		return 2;
	return has(b7, B7_V4) && has(state, XCR_AVX512) ? 4 : 3;
}
#else
unsigned int hwcaps_level(void)
{
	return 1;
}
#endif

#define LEGACY_END 37		/* 2.37 has them no more */

/* The N of "stable release version 2.N", which a loader has since 2.33; 0: none. */
static unsigned int minor_of(const char *loader, size_t len)
{
	static const char words[] = "release version 2.";
	const char *at = memmem(loader, len, words, sizeof(words) - 1);
	unsigned int n = 0;

	if (!at)
		return 0;
	at += sizeof(words) - 1;
	for (; at < loader + len && *at >= '0' && *at <= '9' && n < 1000; at++)
		n = 10 * n + (unsigned int)(*at - '0');
	return n;
}

static void add(struct hwcaps *h, const char *name)
{
	if (h->count < HWCAPS_MAX)
		snprintf(h->dirs[h->count++], HWCAPS_NAME, "%s", name);
}

/* All sums of their parts, the longest first. */
static void add_legacy(struct hwcaps *h, unsigned int level)
{
	static const char *const parts[] = { "tls", "haswell", "avx512_1", "x86_64" };
	static const unsigned int levels[] = { 1, 3, 4, 1 };

	for (unsigned int set = 1u << ARRAY_SIZE(parts); --set;) {
		char name[HWCAPS_NAME] = "";
		bool good = true;

		for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
			unsigned int bit = set >> (ARRAY_SIZE(parts) - 1 - i) & 1;
			size_t n = strlen(name);

			good &= !bit || level >= levels[i];
			if (bit)
				snprintf(name + n, sizeof(name) - n, "%s%s", n ? "/" : "",
					 parts[i]);
		}
		if (good)
			add(h, name);
	}
}

void hwcaps_of(const char *loader, size_t len, unsigned int level, struct hwcaps *ret)
{
	static const char own[] = "glibc-hwcaps/x86-64-v";
	unsigned int minor = minor_of(loader, len);
	char name[HWCAPS_NAME];

	*ret = (struct hwcaps){ .count = 0 };
	for (unsigned int i = level; minor && i > 1; i--) {
		snprintf(name, sizeof(name), "%s%u", own, i);
		add(ret, name);
	}
	if (minor < LEGACY_END)
		add_legacy(ret, level);
}

bool hwcaps_is_above(const char *path, unsigned int level)
{
	static const char own[] = "/glibc-hwcaps/x86-64-v";
	const char *at = strstr(path, own);

	return at && (unsigned int)(at[sizeof(own) - 1] - '0') > level;
}

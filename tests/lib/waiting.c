/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: pauses in a function that is inlined, in one that is. Prints "ready". */
#include <stdio.h>
#include <unistd.h>

#define INLINE static inline __attribute__((always_inline))

INLINE int inner(int x)
{
	while (x)
		pause();
	return x;
}

INLINE int middle(int x)
{
	return inner(x) + 1;
}

__attribute__((noipa)) int outer(int x)
{
	int y = middle(x);

	return y + 2;
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	return outer(1) + 1;
}

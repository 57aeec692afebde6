/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack FILE NAME - a BPF object as the C function that its skeleton takes it from, compressed: a
 * third of its size, for objects that are wanted seldom. Runs when nsdebug is built, not in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

int main(int argc, char **argv)
{
	static unsigned char bytes[1 << 20], packed[1 << 20];
	FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
	size_t len = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	uLongf n = sizeof(packed);

	if (!len || len == sizeof(bytes) || compress2(packed, &n, bytes, len, 9) != Z_OK) {
		fprintf(stderr, "pack: %s: cannot be packed\n", argc == 3 ? argv[1] : "FILE NAME");
		return 1;
	}
	printf("#include \"nsdebug/trace/unpack.h\"\n"
	       "static inline const void *%s_bpf__elf_bytes(size_t *sz)\n{\n"
	       "\tstatic const unsigned char packed[%lu] = {", argv[2], n);
	for (uLongf i = 0; i < n; i++)
		printf("%s%u,", i % 20 ? " " : "\n\t\t", packed[i]);
	printf("\n\t};\n\tstatic const void *bytes;\n\n\tif (!bytes)\n"
	       "\t\tbytes = unpack(packed, sizeof(packed), %zu);\n\t*sz = %zu;\n"
	       "\treturn bytes;\n}\n", len, len);
	return fclose(f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curename - names that cures give.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/why/curing.h"

/* "var-cache" of "/var/cache". Docker takes no name of one letter. */
void curing_volume_name(char ret[CURING_NAME], const char *dir)
{
	char name[51];
	size_t n = 0;

	for (dir += *dir == '/'; *dir && n < sizeof(name) - 1; dir++) {
		if (isalnum((unsigned char)*dir))
			name[n++] = (char)tolower((unsigned char)*dir);
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	name[n] = '\0';
	snprintf(ret, CURING_NAME, "%s%s", n > 1 ? "" : n ? "volume-" : "volume", name);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/release.h"

#include <sys/utsname.h>

#include "nsdebug/base/str.h"

bool release_is_since(uint64_t major, uint64_t minor)
{
	uint64_t a = 0, b = 0;
	struct utsname u;
	const char *p = u.release;

	if (uname(&u) < 0 || !scan_u64(&p, &a) || *p++ != '.' || !scan_u64(&p, &b))
		return false;
	return a > major || (a == major && b >= minor);
}

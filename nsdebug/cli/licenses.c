/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/licenses.h"

/* licenses.inc is made by the Makefile from LICENSE and the packages' own copyright files. */
const char licenses[] =
#include "licenses.inc"
	;

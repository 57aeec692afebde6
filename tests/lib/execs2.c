/* SPDX-License-Identifier: Apache-2.0 */
/* The other one of execs.c. */
#define ONE uno
#define TWO due
#define THREE tre
#define SHIFT

#include "execs.c"

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capable - what programs that watch checks of capabilities (bpf/capable.h) need to know.
 */
#ifndef NSDEBUG_TRACE_CAPABLE_H
#define NSDEBUG_TRACE_CAPABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/cap.h"

/*
 * Where the kernel's functions are through which it asks when it only wants to know. `symbols` is
 * /proc/kallsyms, as the front opened it (struct aids), or -1. False: it tells no addresses, and
 * such checks cannot be told from the others.
 */
bool capable_askers(int symbols, uint64_t askers[CAP_ASKERS]);

#endif

// SPDX-License-Identifier: Apache-2.0

// With cgo there is a thread more, which waits in C.
package main

/*
#include <unistd.h>

__attribute__((noipa)) static int in_c(void)
{
	return pause() + 1;
}
*/
import "C"

import "runtime"

func init() {
	go func() {
		runtime.LockOSThread()
		C.in_c()
	}()
}

// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <unistd.h>

__attribute__((noipa)) static int in_c(void)
{
	return pause() + 1;
}
*/
import "C"

func inC() { C.in_c() }

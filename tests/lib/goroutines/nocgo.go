// SPDX-License-Identifier: Apache-2.0

//go:build !cgo

package main

import "syscall"

func inC() {
	var b [1]byte
	syscall.Read(blocking[0], b[:])
}

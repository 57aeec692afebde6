// SPDX-License-Identifier: Apache-2.0

// A Go program that lies about its goroutines: the runtime's list of them says something else, in
// the way that the first argument names. Says "ready", and waits without the runtime.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe"
)

//go:linkname allgs runtime.allgs
var allgs []uintptr

const (
	gBytes = 512
	top    = 1 << 47
)

func memory(size int) []byte {
	const anywhere = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, anywhere)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return b
}

func words(size int) []uintptr {
	b := memory(size)
	return unsafe.Slice((*uintptr)(unsafe.Pointer(&b[0])), size/8)
}

// Whoever touches it waits for a page that never comes.
func await(w []uintptr) {
	const api, register = 0xc018aa3f, 0xc020aa00
	fd, _, errno := syscall.RawSyscall(323, syscall.O_CLOEXEC, 0, 0)
	a := [3]uint64{0xaa}
	r := [4]uint64{uint64(address(w)), uint64(len(w) * 8), 1}
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(syscall.SYS_IOCTL, fd, api,
			uintptr(unsafe.Pointer(&a)))
	}
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(syscall.SYS_IOCTL, fd, register,
			uintptr(unsafe.Pointer(&r)))
	}
	if errno != 0 {
		fmt.Fprintln(os.Stderr, "userfaultfd:", errno)
		os.Exit(1)
	}
}

func address(w []uintptr) uintptr { return uintptr(unsafe.Pointer(&w[0])) }

// As many as n that look as goroutines do (Go 1.19), waiting at a stack pointer each; which words
// are what was read from a real one.
func fakes(n int, lo, hi, sp uintptr) []uintptr {
	real := unsafe.Slice((*uintptr)(unsafe.Pointer(allgs[1])), gBytes/8)
	all := words(n * gBytes)
	list := words(n * 8)
	for i := range list {
		g := all[i*gBytes/8 : (i+1)*gBytes/8]
		copy(g, real)
		list[i] = address(g)
		g[0], g[1] = lo, hi
		for k, w := range real[4:24] {
			if w == address(real) {
				g[4+k], g[2+k] = list[i], sp
			}
			if w == 2 {
				g[4+k] = uintptr(i + 1)
			}
		}
	}
	return list
}

func lie(what string) []uintptr {
	switch what {
	case "long": // more than there can be, of memory that is not there
		l := words(8 << 20)
		copy(l, allgs)
		return unsafe.Slice(&l[0], 1<<30)
	case "same": // each is the first
		l := words(8 << 17)
		for i := range l {
			l[i] = allgs[0]
		}
		return l
	case "wild": // the first are right, others point anywhere
		l := words(8 << 17)
		for i := range l {
			l[i] = uintptr(i)*0x9e3779b97f4a7c15 ^ uintptr(i)
		}
		copy(l, allgs)
		return l
	case "none": // no goroutine at all
		return words(4096)[:1]
	case "huge": // a stack that is all of memory, for each
		return fakes(1<<17, 0, top, address(words(1<<30)))
	case "shared": // all on one stack, which returns to itself
		stack := words(1 << 20)
		for i := range stack {
			stack[i] = address(stack) + uintptr(i%64)*8
		}
		return fakes(1<<12, address(stack), address(stack)+1<<20, address(stack))
	case "overlap": // long stacks, and short ones in the middle of them
		w := words(1 << 20)
		for i := range w {
			w[i] = 0x4141414141414141
		}
		at := address(w)
		l := fakes(64, at, at+1<<18, at)
		for i := 1; i < len(l); i += 2 {
			g := unsafe.Slice((*uintptr)(unsafe.Pointer(l[i])), 24)
			g[0], g[1] = at+8, at+72
			for k := 2; k < len(g); k++ {
				if g[k] == at {
					g[k] = at + 8
				}
			}
		}
		return l
	case "upside": // stacks that end before they begin
		return fakes(64, top, 4096, 4096)
	case "awaited": // one of them, and the stacks of all
		w := words(1 << 20)
		await(w)
		l := fakes(64, address(w), address(w)+1<<17, address(w)+4096)
		l[32] = address(w) + 1<<17
		return l
	}
	os.Exit(2)
	return nil
}

func main() {
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	allgs = lie(os.Args[1])
	syscall.Write(1, []byte("ready\n"))
	for {
		syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
	}
}

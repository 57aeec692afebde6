// SPDX-License-Identifier: Apache-2.0

// Threads that wait in read(2), each below a chain of calls of its own: methods by interface,
// with large frames and with none, generics, closures, deferred calls, variadic ones. Before a
// thread waits it prints its id and the chain, as the runtime has it. With an argument one thread
// writes again and again instead, below such a chain.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

type shape interface{ walk(n, fd int) }

type square struct{ a, b, c int }

type circle [300]byte

var (
	from      [4096]byte
	viaDefers int
	ticks     bool
)

//go:noinline
func chain() string {
	pcs := make([]uintptr, 500)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	names := []string{}
	for {
		f, more := frames.Next()
		names = append(names, f.Function)
		if !more {
			return strings.Join(names, " ")
		}
	}
}

//go:noinline
func block(fd int) {
	var b [1]byte
	if ticks {
		syscall.Write(fd, b[:])
		return
	}
	fmt.Println(syscall.Gettid(), chain())
	syscall.Read(fd, b[:])
}

// The interface's call goes through a function that the compiler makes: (*square).walk.
//
//go:noinline
func (s square) walk(n, fd int) { large(n, fd) }

//go:noinline
func (c *circle) walk(n, fd int) { generic(n, fd, *c) }

//go:noinline
func generic[T any](n, fd int, v T) T {
	w := v
	step(n-1, fd)
	return w
}

//go:noinline
func large(n, fd int) {
	var b [3000]byte
	copy(b[:], from[:])
	step(n-1, fd)
	copy(from[:], b[:])
}

//go:noinline
func variadic(fd int, more ...int) { step(more[0]-1, fd) }

//go:noinline
func deferring(n, fd int) {
	defer func() { step(n-1, fd) }()
	viaDefers++
}

//go:noinline
func step(n, fd int) {
	var s shape = square{n, n, n}
	if n%2 == 1 {
		s = &circle{byte(n)}
	}
	switch {
	case n <= 0:
		block(fd)
	case n%6 == 2:
		variadic(fd, n, n, n)
	case n%6 == 3:
		func() {
			defer func() { viaDefers++ }()
			step(n-1, fd)
		}()
	case n%6 == 4:
		deferring(n, fd)
	default:
		s.walk(n, fd)
	}
}

func main() {
	var p [2]int
	if syscall.Pipe(p[:]) != nil {
		os.Exit(1)
	}
	runtime.LockOSThread()
	for ticks = len(os.Args) > 1; ticks; time.Sleep(5 * time.Millisecond) {
		step(9, p[1])
		syscall.Read(p[0], make([]byte, 1))
	}
	for i := 1; i < 24; i++ {
		i := i
		go func() {
			runtime.LockOSThread()
			step(i, p[0])
		}()
	}
	step(7, p[0])
}

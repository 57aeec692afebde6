// SPDX-License-Identifier: Apache-2.0

// Threads that wait in read(2), below calls of which most are inlined. Before a thread waits it
// prints its id and the chain with file and line, as the runtime has it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

type walker interface{ walk(n, fd int) int }

type point struct{ x, y int }

var sink int

//go:noinline
func chain() string {
	pcs := make([]uintptr, 500)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	out := []string{}
	for {
		f, more := frames.Next()
		out = append(out, fmt.Sprintf("%s@%s:%d", f.Function, f.File, f.Line))
		if !more {
			return strings.Join(out, " ")
		}
	}
}

// The chain and the system call are on one line: it is the same in both.
//
//go:noinline
func block(fd int) {
	var b [1]byte
	for i := 0; i < 2; i++ {
		if i == 0 { fmt.Println(syscall.Gettid(), chain()) } else { syscall.Read(fd, b[:]) }
	}
}

func (p point) walk(n, fd int) int { return p.x + down(n-1, fd) }

//go:noinline
func down(n, fd int) int {
	if n <= 0 {
		block(fd)
		return 1
	}
	if n%3 == 0 {
		return first(n, fd)
	}
	var w walker = point{n, n}
	return w.walk(n, fd)
}

func first(n, fd int) int {
	sink += n
	return second(n, fd) + 1
}

func second(n, fd int) int {
	if n > 1 {
		return point{n, 1}.walk(n, fd) +
			third(n)
	}
	return third(n) + down(n-1, fd)
}

func third(n int) int { return n * sink }

func main() {
	fds := []int{0, 0}
	syscall.Pipe(fds)
	for i := 0; i < 12; i++ {
		n := i
		go func() {
			runtime.LockOSThread()
			sink += first(n, fds[0])
		}()
	}
	time.Sleep(time.Hour)
	os.Exit(0)
}

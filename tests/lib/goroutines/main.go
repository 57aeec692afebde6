// SPDX-License-Identifier: Apache-2.0

// Goroutines in all the states that they wait in, each below a chain of calls of its own; as many
// as the first argument says. Says "ready" when all wait. With "spin" one runs all the time, with
// "alone" the first one, on the first thread, and there are no others; with
// "churn" the others begin, end and wait for each other, and their stacks grow, for ever.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	receive, send chan int
	nothing       chan int
	group         sync.WaitGroup
	mutex         sync.Mutex
	cond          = sync.NewCond(&sync.Mutex{})
	file, other   *os.File
	blocking      [2]int
	listener      net.Listener
	spun          uint64
)

type worker interface{ work(n, kind int) }

type small struct{ n int }

type large [600]byte

//go:noinline
func (s small) work(n, kind int) { descend(n-1, kind) }

//go:noinline
func (l *large) work(n, kind int) {
	var b [1000]byte
	copy(b[:], l[:])
	descend(n-1, kind)
	copy(l[:], b[:])
}

//go:noinline
func generic[T any](v T, n, kind int) T {
	descend(n-1, kind)
	return v
}

//go:noinline
func descend(n, kind int) {
	var w worker = small{n}
	switch {
	case n <= 0:
		wait(kind)
	case n%4 == 1:
		generic("x", n, kind)
	case n%4 == 2:
		func() {
			defer func() { spun++ }()
			descend(n-1, kind)
		}()
	default:
		if n%4 == 3 {
			w = &large{byte(n)}
		}
		w.work(n, kind)
	}
}

//go:noinline
func wait(kind int) {
	var b [1]byte
	switch kind {
	case 0:
		<-receive
	case 1:
		send <- 1
	case 2:
		select {
		case <-receive:
		case send <- 2:
		}
	case 3:
		select {}
	case 4:
		<-nothing
	case 5:
		time.Sleep(1000 * time.Hour)
	case 6:
		group.Wait()
	case 7:
		mutex.Lock()
	case 8:
		cond.L.Lock()
		cond.Wait()
	case 9:
		file.Read(b[:])
	case 10:
		listener.Accept()
	case 11:
		runtime.LockOSThread()
		<-receive
	case 12:
		inC()
	case 13:
		syscall.Read(blocking[0], b[:])
	}
}

//go:noinline
func spin() {
	for {
		spun++
	}
}

//go:noinline
func grow(n int) int {
	var b [256]byte
	b[n%256] = byte(n)
	if n == 0 {
		runtime.Gosched()
		return int(b[1])
	}
	return grow(n-1) + int(b[n%256])
}

func churn(n int) {
	c := make(chan int)
	for {
		go func() { c <- grow(n % 50) }()
		grow(n % 200)
		<-c
		n++
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func start(n int) {
	for i := 0; i < n; i++ {
		kind := i % 12
		if i < 4 {
			kind = 12 + i%2
		}
		go descend(i%23, kind)
	}
	for i := 0; i < 3; i++ {
		go wait(0)
	}
}

// All but the one that asks.
func allWait() bool {
	b := make([]byte, 16<<20)
	s := string(b[:runtime.Stack(b, true)])
	return strings.Count(s, " [runn") == 1
}

func main() {
	// signals come to the first thread: so it is on no goroutine when one comes
	runtime.LockOSThread()
	n, err := strconv.Atoi(os.Args[1])
	check(err)
	receive, send = make(chan int), make(chan int)
	group.Add(1)
	mutex.Lock()
	file, other, err = os.Pipe()
	check(err)
	check(syscall.Pipe(blocking[:]))
	listener, err = net.Listen("tcp", "127.0.0.1:0")
	check(err)
	what := strings.Join(os.Args[2:], " ")
	if what == "alone" {
		fmt.Println("ready")
		spin()
	}
	if what == "churn" {
		for i := 0; i < n; i++ {
			go churn(i)
		}
		fmt.Println("ready")
		select {}
	}
	start(n)
	runtime.GC()
	debug.SetGCPercent(-1)
	for !allWait() {
		time.Sleep(10 * time.Millisecond)
	}
	if what == "spin" {
		go spin()
	}
	fmt.Println("ready")
	select {}
}

// SPDX-License-Identifier: Apache-2.0

// gowait COUNT: so many goroutines that wait below up to eight calls. Prints "ready" when they do.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

var (
	never   = make(chan int)
	started sync.WaitGroup
)

//go:noinline
func wait(calls int) int {
	if calls > 0 {
		return wait(calls-1) + 1
	}
	started.Done()
	return <-never
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	started.Add(count)
	for i := 0; i < count; i++ {
		go wait(i % 8)
	}
	started.Wait()
	for i := 0; i < count; i++ {
		runtime.Gosched()
	}
	fmt.Println("ready")
	time.Sleep(time.Duration(1 << 62))
}

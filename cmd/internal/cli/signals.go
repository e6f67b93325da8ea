package cli

import (
	"context"
	"os"
	"sync"
)

// interrupts turns signals into decisions. The first one drains if the command can (onDrain), else it cancels; the second one
// cancels. The operating system's own handling is not restored: a third signal changes nothing.
type interrupts struct {
	mu    sync.Mutex
	drain func()
	seen  int
	stop  chan struct{}
	ended chan struct{}
}

// watchInterrupts starts the one goroutine that reads signals; close ends it.
func watchInterrupts(signals <-chan os.Signal, cancel context.CancelCauseFunc) *interrupts {
	in := &interrupts{stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(in.ended)
		for {
			select {
			case <-signals:
				if !in.first() {
					cancel(&InterruptedError{})
				}
			case <-in.stop:
				return
			}
		}
	}()
	return in
}

// first counts a signal. It reports true if the signal is handled by draining.
func (in *interrupts) first() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seen++
	if in.seen == 1 && in.drain != nil {
		in.drain()
		return true
	}
	return false
}

// onDrain has f called at the first signal instead of canceling the context. f runs on the goroutine of the signals and must not
// block. The returned function takes it back.
func (in *interrupts) onDrain(f func()) (restore func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.drain = f
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.drain = nil
	}
}

// count is the number of signals so far.
func (in *interrupts) count() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.seen
}

func (in *interrupts) close() {
	close(in.stop)
	<-in.ended
}

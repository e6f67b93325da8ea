package cli

import (
	"bytes"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"time"
)

// memoryPeak watches how much memory the process has while something runs.
type memoryPeak struct {
	most  int64
	stop  chan struct{}
	ended sync.WaitGroup
}

// watchMemory starts to watch, after memory that is not in use was returned.
func watchMemory() *memoryPeak {
	debug.FreeOSMemory()
	p := &memoryPeak{most: residentMemory(), stop: make(chan struct{})}
	p.ended.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.most = max(p.most, residentMemory())
			case <-p.stop:
				return
			}
		}
	})
	return p
}

// end returns the most memory that was seen, in bytes.
func (p *memoryPeak) end() int64 {
	close(p.stop)
	p.ended.Wait()
	return max(p.most, residentMemory())
}

// residentMemory is the memory that the process has in bytes: what the system counts or, where it does not tell, what Go has of it,
// which leaves out the memory of SQLite.
func residentMemory() int64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(text); len(fields) > 1 {
			if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

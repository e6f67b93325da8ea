package cli

import (
	"runtime"
	"runtime/debug"
)

// garbageRoom is the memory that a run may fill with garbage before it is collected, whatever it keeps. The quanta of a run leave some kilobytes
// each: with the usual rule, which lets a small heap double, collecting took a tenth of the time of a short run, and a large graph had
// as much garbage beside it as it is large.
const garbageRoom = 128 << 20

// giveGarbageRoom sets how often memory is collected from now on, for a heap that hardly grows any more. back sets it as it was. A user's GOGC
// counts more.
func (a *App) giveGarbageRoom() (back func()) {
	if _, own := a.lookupEnv("GOGC"); own {
		return func() {}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	was := debug.SetGCPercent(garbagePercent(m.HeapAlloc))
	return func() { debug.SetGCPercent(was) }
}

// garbagePercent is the share of the live memory that garbage may take.
func garbagePercent(live uint64) int {
	const least, most = 10, 1000
	return int(min(max(100*garbageRoom/max(live, 1), least), most))
}

package executor

import (
	"time"

	"golang.org/x/sys/unix"

	"valet/tasks/metadata"
)

// snapshot is what the process had used at an instant (pipelines.md 5.2).
type snapshot struct {
	utc   time.Time
	cpu   int64 // nanoseconds
	usage unix.Rusage
}

func takeSnapshot() snapshot {
	var ts unix.Timespec
	s := snapshot{utc: time.Now().UTC()}
	// Neither call can fail with these arguments; zeros would be written if one did.
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	_ = unix.Getrusage(unix.RUSAGE_SELF, &s.usage)
	s.cpu = ts.Nano()
	return s
}

// append appends the arrays of the snapshot under keys that start with prefix, without a comma at the end. The memory is in bytes:
// version 1 of the layout.
func (s *snapshot) append(dst []byte, prefix string) []byte {
	key := func(name string) {
		dst = append(dst, '"')
		dst = append(dst, prefix...)
		dst = append(dst, name...)
		dst = append(dst, `":[`...)
	}
	number := func(name string, f float64) {
		dst = append(dst, "],"...)
		key(name)
		dst = metadata.AppendNumber(dst, f)
	}
	count := func(name string, n int64) {
		dst = append(dst, "],"...)
		key(name)
		dst = appendInt(dst, n)
	}
	key("Utc")
	dst = append(dst, '"')
	dst = s.utc.AppendFormat(dst, "2006-01-02T15:04:05.000000-07:00")
	dst = append(dst, '"')
	u := &s.usage
	number("CpuTime", float64(s.cpu)/1e9)
	number("UserTime", float64(u.Utime.Sec)+float64(u.Utime.Usec)/1e6)
	number("SystemTime", float64(u.Stime.Sec)+float64(u.Stime.Usec)/1e6)
	count("MaxResidentSetSize", u.Maxrss*1024)
	count("MinorPageFaults", u.Minflt)
	count("MajorPageFaults", u.Majflt)
	count("BlockInputs", u.Inblock)
	count("BlockOutputs", u.Oublock)
	count("VoluntaryContextSwitches", u.Nvcsw)
	count("InvoluntaryContextSwitches", u.Nivcsw)
	return append(dst, ']')
}

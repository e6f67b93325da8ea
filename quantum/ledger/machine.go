package ledger

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process names a process so that it is not mistaken for a later one with its number.
type Process struct {
	Host string
	// Boot is the identity of the machine's boot and of the process table, empty if unknown. Process numbers mean the same only where it
	// is the same: containers of one machine have tables of their own.
	Boot string
	PID  int
	// Started is when it started in the machine's own count, 0 if unknown.
	Started int64
}

// Machine is what leases ask of the machine they are held on.
type Machine struct {
	// Self is this process.
	Self Process
	// Booted is when the machine started, zero if unknown.
	Booted time.Time
	// Lookup tells whether a process of this machine lives, and when it started (0 if unknown).
	Lookup func(pid int) (started int64, lives bool)
}

// ThisMachine is the machine that the program runs on.
var ThisMachine = sync.OnceValue(func() *Machine {
	m := &Machine{Lookup: lookupProcess}
	m.Self.Host, _ = os.Hostname()
	if m.Self.Host == "" {
		m.Self.Host = "localhost"
	}
	m.Self.PID = os.Getpid()
	m.Self.Started, _ = lookupProcess(m.Self.PID)
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		table, _ := os.Readlink("/proc/self/ns/pid")
		m.Self.Boot = strings.TrimSpace(string(id)) + bootSeparator + table
	}
	if stat, err := os.ReadFile("/proc/stat"); err == nil {
		if _, rest, ok := bytes.Cut(stat, []byte("\nbtime ")); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			if seconds, err := strconv.ParseInt(string(line), 10, 64); err == nil {
				m.Booted = time.Unix(seconds, 0)
			}
		}
	}
	return m
})

// bootSeparator parts the identity of the boot from that of the process table.
const bootSeparator = " "

// lookupProcess asks by signal 0, which also finds processes that /proc hides, and reads the start time (field 22 of stat) where it can.
func lookupProcess(pid int) (started int64, lives bool) {
	if pid <= 0 {
		return 0, false
	}
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return 0, false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, true
	}
	// The name of the program is in parentheses and may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return 0, true
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return 0, false
	}
	started, _ = strconv.ParseInt(fields[19], 10, 64)
	return started, true
}

// lives reports whether the holder of a lease still lives, as far as can be known: by the process table on the same machine, by its
// heartbeat otherwise. A machine that was started since its last heartbeat does not run it any more.
func (m *Machine) lives(h *Holder, now time.Time, limit time.Duration) bool {
	p := &h.Process
	if p.Host == m.Self.Host && p.Boot != "" && m.Self.Boot != "" {
		if p.Boot == m.Self.Boot {
			started, lives := m.Lookup(p.PID)
			return lives && (started == p.Started || started == 0 || p.Started == 0)
		}
		theirs, _, _ := strings.Cut(p.Boot, bootSeparator)
		ours, _, _ := strings.Cut(m.Self.Boot, bootSeparator)
		if theirs != ours && !m.Booted.IsZero() && h.Heartbeat.Before(m.Booted) {
			return false
		}
	}
	return now.Sub(h.Heartbeat) <= limit
}

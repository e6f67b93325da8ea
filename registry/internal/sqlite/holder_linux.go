package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// SQLite locks single bytes at one gibibyte: the pending byte, the reserved byte behind it, and a range for readers.
const (
	reservedByte = 0x40000000 + 1
	sharedFirst  = 0x40000000 + 2
)

// holder describes a process of this machine that keeps others from writing to the database, as far as the system tells: the one
// with a write lock on it, else one that reads. It is empty if none is found.
func holder(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	return describe(locks, stat.Ino, os.Getpid(), func(pid int) string {
		command, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		return string(bytes.TrimRight(bytes.ReplaceAll(command, []byte{0}, []byte{' '}), " "))
	})
}

// describe finds the holder in the text of /proc/locks, whose lines are: number, POSIX, ADVISORY, READ or WRITE, process,
// major:minor:inode, first and last byte. Waiting locks have an arrow behind the number.
func describe(locks []byte, inode uint64, self int, command func(pid int) string) string {
	reader := ""
	for line := range strings.Lines(string(locks)) {
		f := strings.Fields(line)
		if len(f) < 8 || f[1] != "POSIX" || f[5][strings.LastIndexByte(f[5], ':')+1:] != strconv.FormatUint(inode, 10) {
			continue
		}
		pid, err := strconv.Atoi(f[4])
		first, err2 := strconv.ParseInt(f[6], 10, 64)
		if err != nil || err2 != nil || pid == self || pid <= 0 {
			continue
		}
		text := fmt.Sprintf("process %d", pid)
		if c := command(pid); c != "" {
			text += " (" + shorten(c) + ")"
		}
		if f[3] == "WRITE" {
			return text
		}
		if first >= sharedFirst || first == reservedByte {
			reader = text + ", which reads"
		}
	}
	return reader
}

// shorten keeps a command line to what a message can bear.
func shorten(s string) string {
	const longest = 120
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "..."
	}
	return s
}

//go:build linux

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDescribeHolder(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  READ 4711 08:01:131 1073741826 1073742335
2: POSIX  ADVISORY  WRITE 99 08:01:132 1073741825 1073741825
3: FLOCK  ADVISORY  WRITE 4712 08:01:131 0 EOF
2: -> POSIX  ADVISORY  WRITE 7 08:01:131 1073741825 1073741825
`
	command := func(pid int) string {
		if pid == 4711 {
			return "python " + strings.Repeat("x", 300)
		}
		return ""
	}
	for _, c := range []struct {
		name  string
		locks string
		inode uint64
		self  int
		want  string
	}{
		{"a reader", locks, 131, 1, "process 4711 (python xxx"},
		{"a writer comes first", locks + "9: POSIX  ADVISORY  WRITE 5 08:01:131 1073741825 1073741825\n", 131, 1, "process 5"},
		{"another file", locks, 133, 1, ""},
		{"oneself", locks, 132, 99, ""},
		{"nonsense", "x\n1: POSIX ADVISORY WRITE a b:131 c d\n", 131, 1, ""},
		{"nothing", "", 131, 1, ""},
	} {
		got := describe([]byte(c.locks), c.inode, c.self, command)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" || len(got) > 200 {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestHolder asks the system about files that nobody locks.
func TestHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gen3.sqlite3")
	if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := holder(path); got != "" {
		t.Errorf("%q holds a file that nobody opened", got)
	}
	if got := holder(path + "-none"); got != "" {
		t.Errorf("%q holds a file that is missing", got)
	}
}

package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"valet/datastore/vfs"
	"valet/quantum/executor"
	"valet/quantum/ledger"
	"valet/tasks"
)

// TestLockedByAnother lets another process lock the database in the middle of a run, past the deadline. The run ends with 75, what was
// committed stays, and the run is resumed.
func TestLockedByAnother(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	var once atomic.Bool
	var other *sql.Conn
	r.disk = vfs.NewFault(disk, func(op vfs.Op) error {
		if strings.Contains(op.Path, "timing_memory_log") && op.Kind == vfs.OpCreate && once.CompareAndSwap(false, true) {
			other = lockDatabase(t, r.database())
		}
		return nil
	})
	code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...)
	r.disk = disk
	if other == nil {
		t.Fatal("never locked")
	}
	if code != ExitTryAgain || !strings.Contains(stderr, "is locked by ") || !strings.Contains(stderr, "hint: ") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if _, err := other.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	other.Close()
	h := r.audit(t, "u/metrics")
	if len(h.problems) > 0 || len(h.content) < 8 {
		t.Errorf("%v, %d datasets", h.problems, len(h.content))
	}
	s.finish(r.now(t, disk), killed, nil)
}

// TestLockedByAnotherProcess does it to a real process, whose message names this one.
func TestLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	r := realRepo(t)
	conn := lockDatabase(t, r.database())
	defer conn.Close()
	cmd, stderr := process(t.Context(), r.runArgs(crashPipelineFile(t), false)...)
	cmd.Env = append(cmd.Env, "VALET_TEST_BUSY=1500ms")
	code := exitOf(t, cmd.Run())
	if code != ExitTryAgain || !strings.Contains(stderr.String(), "waiting") ||
		runtime.GOOS == "linux" && !strings.Contains(stderr.String(), fmt.Sprintf("locked by process %d", os.Getpid())) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// lockDatabase locks a database as another process would. The lock is that of another connection.
func lockDatabase(t testing.TB, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestCorruptPage runs on a database of which a page is damaged. The error says so, and nothing is changed.
func TestCorruptPage(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	good, err := os.ReadFile(r.database())
	if err != nil {
		t.Fatal(err)
	}
	pages := len(good) / 4096
	told := 0
	for page := 1; page < pages; page += max(1, pages/40) {
		bad := append([]byte(nil), good...)
		for i := range 64 {
			bad[page*4096+i] = 0xa5
		}
		if err := os.WriteFile(r.database(), bad, 0o666); err != nil {
			t.Fatal(err)
		}
		r.disk = disk.Clone()
		code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...)
		if code == s.code && strings.Contains(stderr, " planned=12 ") {
			continue // the page is of something else
		}
		told++
		if code != ExitFailure && code != ExitInternal || !strings.Contains(stderr, "error: ") || strings.Contains(stderr, "goroutine") {
			t.Errorf("page %d: exit code %d\n%s", page, code, stderr)
		}
	}
	if told == 0 {
		t.Error("no page mattered")
	}
}

// suspension is a file operation at which a process is suspended.
type suspension struct {
	kind vfs.Kind
	path string
}

var suspensions = []suspension{
	{vfs.OpCreate, "metricvalue_ap_association"}, {vfs.OpCreate, "timing_diaPipe_metadata/"}, {vfs.OpCreate, "memory_diaForcedSource_log/"},
	{vfs.OpRead, "diaPipe_metadata_TestCam"}, {vfs.OpSync, ""},
}

// suspend runs a process that is suspended until another one, on another machine, has taken its run over and finished it. The result is how
// the first one ends, and what it changed then. limit is that of the first one's lease.
func suspend(t *testing.T, s *crashScene, disk *vfs.Memory, at suspension, limit time.Duration) (code int, stderr string, changed []string) {
	r := s.repo
	var ahead atomic.Int64 // of the clock
	var once atomic.Bool
	var second *held
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	on := func(host string, limit time.Duration) ledger.Options {
		return ledger.Options{Now: clock, LeaseLimit: limit, Machine: &ledger.Machine{Self: ledger.Process{Host: host, PID: 1},
			Lookup: func(int) (int64, bool) { return 0, true }}}
	}
	a, _, errOut := testApp(r.runArgs(s.pipeline, false)...)
	a.Layer, a.BusyTimeout, a.Ledger = quick, 300*time.Millisecond, on("first", limit)
	a.Disk = vfs.NewFault(disk, func(op vfs.Op) error {
		if op.Kind != at.kind || !strings.Contains(op.Path, at.path) || strings.Contains(op.Path, "_config") || strings.Contains(op.Path, "packages") ||
			at.kind == vfs.OpSync && !hasLog(disk) || !once.CompareAndSwap(false, true) {
			return nil
		}
		// While it is suspended, its heartbeat becomes old.
		ahead.Store(int64(2 * ledger.DefaultLeaseLimit))
		b, _, errOut := testApp(r.runArgs(s.pipeline, true)...)
		b.Layer, b.BusyTimeout, b.Disk, b.Ledger = quick, 300*time.Millisecond, disk, on("second", 0)
		if code := b.Main(t.Context()); code != s.code {
			t.Errorf("the second ends with %d\n%s", code, errOut)
		}
		r.disk = disk
		second = r.audit(t, "u/metrics")
		return nil
	})
	code = a.Main(t.Context())
	if second == nil {
		t.Fatal("never suspended")
	}
	r.disk = disk
	h := r.audit(t, "u/metrics")
	return code, errOut.String(), append(h.problems, h.differences(second)...)
}

// TestSuspendedWriter suspends a process while it writes until another one has taken its run over and finished it. When it goes on, it
// stores nothing, and no file of the other one is changed.
func TestSuspendedWriter(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, at := range suspensions {
		t.Run(string(at.kind)+" "+at.path, func(t *testing.T) {
			r, disk := memoryRepo(t)
			s.t, s.repo = t, r
			code, stderr, changed := suspend(t, s, disk, at, 0)
			if code != ExitTryAgain || !strings.Contains(stderr, "taken over") && !strings.Contains(stderr, "not held") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
			for _, p := range changed {
				t.Errorf("changed: %s", p)
			}
			s.finish(r.now(t, disk), killed, nil)
		})
	}
}

// TestControlOfLease takes the check of the lease out of the first process: its heartbeat never becomes old in its own eyes. Then it writes
// over what the second one stored.
func TestControlOfLease(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	changed := 0
	for _, at := range suspensions {
		r, disk := memoryRepo(t)
		s.repo = r
		_, _, problems := suspend(t, s, disk, at, 1000*time.Hour)
		changed += len(problems)
	}
	if changed == 0 {
		t.Error("nothing was written over: the test of suspended writers proves nothing")
	}
}

func hasLog(disk *vfs.Memory) bool {
	for _, path := range disk.Files() {
		if strings.Contains(path, "u/metrics") && strings.Contains(path, "_log/") {
			return true
		}
	}
	return false
}

// TestReadOnlyDirectory runs where nothing can be written: the message says so, and nothing is left.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	r.disk = vfs.NewFault(disk, func(op vfs.Op) error {
		switch op.Kind {
		case vfs.OpCreate, vfs.OpMkdir, vfs.OpRename, vfs.OpRemove:
			return syscall.EROFS
		}
		return nil
	})
	code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...)
	if code != ExitFailure || !strings.Contains(stderr, "read-only") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	r.disk = disk
	if h := r.audit(t, "u/metrics"); len(h.problems)+len(h.stray)+len(h.content) > 0 {
		t.Errorf("%+v", h)
	}
}

// TestFullDisk runs on a small disk of its own until that is full, and goes on when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	var room atomic.Int64
	room.Store(20)
	r.disk = vfs.NewFault(disk, func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && room.Add(-1) < 0 {
			return syscall.ENOSPC
		}
		return nil
	})
	code, stderr := r.run(t, quick, r.runArgs(s.pipeline, false)...)
	if code != ExitTryAgain || !strings.Contains(stderr, "no space left") || !strings.Contains(stderr, "hint: free some") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	s.finish(r.now(t, disk), killed, nil)
}

// TestSecondSignalStopsAtOnce interrupts twice a run whose disk does not answer.
func TestSecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	signals := make(chan os.Signal)
	var once atomic.Bool
	a, _, stderr := testApp(append(r.runArgs(s.pipeline, false), "-j", "1")...)
	a.Layer, a.Signals = quick, signals
	a.Disk = vfs.NewFault(disk, func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && strings.Contains(op.Path, "timing_diaPipe_log") && once.CompareAndSwap(false, true) {
			signals <- os.Interrupt
			signals <- os.Interrupt
		}
		return nil
	})
	code := a.Main(t.Context())
	if code != ExitInterrupted || !strings.Contains(stderr.String(), "resume with: ") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	r.disk = disk
	if h := r.audit(t, "u/metrics"); len(h.problems)+len(h.stray) > 0 {
		t.Errorf("%v %v", h.problems, h.stray)
	}
	s.finish(r.now(t, disk), killed, nil)
}

// TestFencedMatchesExecutor holds the two packages together: what the ledger refuses is what the executor takes for the loss of its run.
func TestFencedMatchesExecutor(t *testing.T) {
	if !errors.Is(&ledger.FencedError{Run: "r"}, executor.ErrFenced) || exitCode(&ledger.FencedError{}) != ExitTryAgain {
		t.Error("a fenced process would remove files")
	}
}

// panicking is a task of which one run panics.
type panicking struct {
	tasks.Task
	runs *atomic.Int64
}

func (p panicking) Run(ctx context.Context, in tasks.Inputs) (tasks.Outputs, error) {
	if p.runs.Add(1) == 2 {
		panic("index out of range")
	}
	return p.Task.Run(ctx, in)
}

// TestPanickingTask lets a task panic: its quantum fails and tells of it, the others do not.
func TestPanickingTask(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	a, _, stderr := testApp(r.runArgs(s.pipeline, false)...)
	a.Layer, a.Disk, a.Tasks = quick, disk, slices.Clone(a.Tasks)
	var runs atomic.Int64
	for i, class := range a.Tasks {
		if class.ShortName() == "MemoryMetricTask" {
			bad := *class
			bad.New = func(c *tasks.Config) (tasks.Task, error) {
				good, err := class.New(c)
				return panicking{good, &runs}, err
			}
			a.Tasks[i] = &bad
		}
	}
	if code := a.Main(t.Context()); code != ExitFailure || strings.Contains(stderr.String(), "internal error") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	h := r.audit(t, "u/metrics")
	failures := 0
	for _, how := range h.content {
		if strings.HasSuffix(how, "Error") {
			failures++
		}
	}
	// One quantum fails in any case, unless it is the one that panics.
	if len(h.problems)+len(h.stray) > 0 || failures < 1 || failures > 2 || runs.Load() != 4 {
		t.Errorf("%v %v, %d failures, %d runs", h.problems, h.stray, failures, runs.Load())
	}
	s.again = true
	s.finish(r.now(t, disk), killed, nil)
}

package cli

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"

	"valet/datastore/vfs"
	"valet/registry/registrytest"
)

// fault is a way in which a step may fail, and the exit code that valet ends with if it cannot do without the step.
type fault struct {
	name string
	err  error
	code int
}

var fileFaults = []fault{
	{"ENOSPC", syscall.ENOSPC, ExitTryAgain}, {"EIO", syscall.EIO, ExitFailure}, {"EMFILE", syscall.EMFILE, ExitTryAgain},
	{"EACCES", syscall.EACCES, ExitFailure}, {"EROFS", syscall.EROFS, ExitFailure}, {"EDQUOT", syscall.EDQUOT, ExitTryAgain},
	{"a short write", vfs.Short{Err: syscall.ENOSPC}, ExitTryAgain},
}

var statementFaults = []fault{
	{"disk full", sqlite3.Error{Code: sqlite3.ErrFull}, ExitTryAgain},
	{"input/output error", sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync, SystemErrno: syscall.EIO}, ExitFailure},
	{"locked for a moment", sqlite3.Error{Code: sqlite3.ErrBusy}, ExitTryAgain},
	{"corrupt", sqlite3.Error{Code: sqlite3.ErrCorrupt, ExtendedCode: sqlite3.ErrCorruptVTab}, ExitFailure},
	{"read-only", sqlite3.Error{Code: sqlite3.ErrReadonly}, ExitFailure},
}

// faultyRun lets the n-th step of a command fail, file operations and statements counted together. met says which step that was; it is
// empty if there are fewer.
func (r *repo) faultyRun(t testing.TB, disk *vfs.Memory, n int, file, statement fault, args ...string) (met string, want, code int, stderr string) {
	t.Helper()
	var steps atomic.Int64
	next := func(what string, f fault) error {
		if steps.Add(1) != int64(n) {
			return nil
		}
		met, want = f.name+" at "+what, f.code
		return f.err
	}
	sql := registrytest.NewFault(func(s registrytest.Statement) error {
		what := s.Text
		f := statement
		if s.After {
			what = "the end of " + what
			if f.code == ExitTryAgain {
				f = statementFaults[1] // a lock or a full disk is met before
			}
		}
		return next(what, f)
	})
	r.disk = vfs.NewFault(disk, func(op vfs.Op) error {
		if _, short := file.err.(vfs.Short); short && op.Kind != vfs.OpCreate {
			return next(string(op.Kind)+" "+op.Path, fileFaults[0])
		}
		return next(string(op.Kind)+" "+op.Path, file)
	})
	code, stderr = r.run(t, func(under driver.Conn) driver.Conn { return sql.Layer(quick(under)) }, args...)
	r.disk = disk
	return met, want, code, stderr
}

// everyFault lets each step of the scene's command fail in turn, from the state that start holds.
func (s *crashScene) everyFault(start *instant) {
	t, r := s.t, s.repo
	first := ""
	stride := max(1, s.stride)
	if testing.Short() {
		stride = 5 * stride
	}
	steps := 0
	for n := 1; ; n += stride {
		disk := start.restore(t, r, killed)
		// Another fault at each step.
		file, statement := fileFaults[n%len(fileFaults)], statementFaults[n%len(statementFaults)]
		met, want, code, stderr := r.faultyRun(t, disk, n, file, statement, s.first()...)
		if met == "" {
			break
		}
		steps++
		// A fault that can be done without, or waited out, changes nothing; a quantum may fail of an input that cannot be read.
		done := strings.Contains(stderr, "\nrun=") && strings.Contains(stderr, " planned=12 ") || s.command != "" && code == s.code
		if code != want && !(code == s.code && done && !strings.Contains(stderr, "\nerror: run")) {
			t.Errorf("%s: exit code %d, want %d\n%s", met, code, want, stderr)
		}
		if code != s.code && first == "" {
			first = stderr
		}
		h := r.audit(t, "u/metrics")
		for _, p := range h.problems {
			t.Errorf("%s: %s\n%s", met, p, stderr)
		}
		if code == want && r.equals(t, disk, start) {
			// Nothing was done yet, so that nothing is to be resumed.
			continue
		}
		r.bury(t)
		if code, stderr := r.run(t, quick, s.args()...); code != s.code && !strings.Contains(stderr, "QuantumGraph was empty") {
			t.Errorf("%s: resumed with exit code %d\n%s", met, code, stderr)
		}
		h = r.audit(t, "u/metrics")
		ledger, _ := r.checkLedger(t)
		problems := slices.Concat(h.problems, h.stray, h.differences(s.want), ledger)
		if s.then != nil {
			problems = append(problems, s.then(h)...)
		}
		for _, p := range problems {
			t.Errorf("%s: resumed: %s", met, p)
		}
		for _, path := range s.keeps {
			if !h.failed[path] {
				t.Errorf("%s: the log of the failed attempt is lost: %s keeps %d", met, path, h.earlier[path])
			}
		}
	}
	t.Logf("%d faults; the first that ended a run:\n%s", steps, first)
}

// first is the command of the scene.
func (s *crashScene) first() []string {
	if s.command != "" {
		return s.args()
	}
	return s.repo.runArgs(s.pipeline, s.again)
}

// equals reports whether a repository is as it was at the start.
func (r *repo) equals(t testing.TB, disk *vfs.Memory, start *instant) bool {
	t.Helper()
	now := r.now(t, disk)
	return bytes.Equal(now.database, start.database) && len(now.journal) == 0 && slices.Equal(sizes(now.disks[killed]), sizes(start.disks[killed]))
}

// now is the state of a repository in memory.
func (r *repo) now(t testing.TB, disk *vfs.Memory) *instant {
	t.Helper()
	c := film(r, disk, nil)
	c.take("now")
	if len(c.taken) != 1 {
		t.Fatal(errors.New("nothing taken"))
	}
	return &c.taken[0]
}

// TestFaultAtEveryStep lets each file operation and each statement of a run fail.
func TestFaultAtEveryStep(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, disk := memoryRepo(t)
	s.repo = r
	s.everyFault(r.now(t, disk))
}

// TestFaultAtEveryStepOfRerun does the same to a run that repeats what failed.
func TestFaultAtEveryStepOfRerun(t *testing.T) {
	t.Parallel()
	s := newRerunScene(t, false, false)
	s.everyFault(s.repo.now(t, s.repo.disk.(*vfs.Memory)))
}

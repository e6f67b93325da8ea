package sqlite

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
)

func TestPath(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:////data/repo/gen3.sqlite3": "/data/repo/gen3.sqlite3", "sqlite:///rel.db": "rel.db", "sqlite+pysqlite:////a b/c%20d.db": "/a b/c%20d.db",
		"sqlite:///x.db?timeout=5": "x.db", "sqlite://": "", "sqlite:///": "", "sqlite:///:memory:": "", "postgresql://h/db": "", "": "", "x": "", "sqlitex:///a": "",
	} {
		if got, ok := Path(url); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v, want %q", url, got, ok, want)
		}
	}
}

func TestIDs(t *testing.T) {
	d := &SQLite{}
	rapid.Check(t, func(t *rapid.T) {
		var id dataset.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if back, err := d.DecodeID(d.EncodeID(id)); err != nil || back != id {
			t.Errorf("%v becomes %v: %v", id, back, err)
		}
	})
	for _, v := range []any{nil, int64(5), "", "0123", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcde\xff", "0123456789abcdef0123456789abcdef0"} {
		if id, err := d.DecodeID(v); err == nil {
			t.Errorf("%v becomes %v", v, id)
		}
	}
	if _, err := d.DecodeID("0123456789ABCDEF0123456789abcdef"); err != nil {
		t.Error(err)
	}
}

func TestGlobPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"a*b?c": "a*b?c", "[2]": "[[]2]", `\*`: "[*]", `\?`: "[?]", `\[a\]`: "[[]a]", `\\`: `\`, `\a`: `\a`, `a\`: `a\`, "": "",
	} {
		if _, got := (&SQLite{}).Glob(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	d := &SQLite{Path: "/r/gen3.sqlite3"}
	for _, c := range []struct {
		in   sqlite3.Error
		busy bool
		is   func(error) bool
	}{
		{sqlite3.Error{Code: sqlite3.ErrBusy}, true, is[*dialect.BusyError]},
		{sqlite3.Error{Code: sqlite3.ErrBusy, ExtendedCode: sqlite3.ErrBusySnapshot}, true, is[*dialect.BusyError]},
		{sqlite3.Error{Code: sqlite3.ErrFull}, false, is[*dialect.DiskFullError]},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite, SystemErrno: syscall.ENOSPC}, false, is[*dialect.DiskFullError]},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite, SystemErrno: syscall.EDQUOT}, false, is[*dialect.DiskFullError]},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite, SystemErrno: syscall.EROFS}, false, is[*dialect.ReadOnlyError]},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrRead, SystemErrno: syscall.EIO}, false, is[*dialect.IOError]},
		{sqlite3.Error{Code: sqlite3.ErrReadonly, ExtendedCode: sqlite3.ErrReadonlyRollback}, false, is[*dialect.ReadOnlyError]},
		{sqlite3.Error{Code: sqlite3.ErrNotADB}, false, is[*dialect.CorruptError]},
		{sqlite3.Error{Code: sqlite3.ErrCorrupt}, false, is[*dialect.CorruptError]},
		{sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EACCES}, false, is[*dialect.OpenError]},
		{sqlite3.Error{Code: sqlite3.ErrConstraint, ExtendedCode: sqlite3.ErrConstraintForeignKey}, false, func(err error) bool {
			var e *dialect.ConstraintError
			return errors.As(err, &e) && e.Kind == dialect.ForeignKeyViolation
		}},
		{sqlite3.Error{Code: sqlite3.ErrConstraint, ExtendedCode: sqlite3.ErrConstraintPrimaryKey}, false, func(err error) bool {
			var e *dialect.ConstraintError
			return errors.As(err, &e) && e.Kind == dialect.UniqueViolation
		}},
	} {
		wrapped := fmt.Errorf("somewhere: %w", c.in)
		got := d.Error(wrapped)
		if !c.is(got) || d.IsBusy(wrapped) != c.busy {
			t.Errorf("%v becomes %T, busy %v", c.in, got, d.IsBusy(wrapped))
		}
		if got != wrapped && !errors.Is(got, c.in) {
			t.Errorf("%T lost its cause", got)
		}
	}
	other := errors.New("other")
	if d.Error(other) != other || d.Error(nil) != nil || d.IsBusy(other) {
		t.Error("errors of others are changed")
	}
}

// is reports whether an error of type E is in err's tree.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

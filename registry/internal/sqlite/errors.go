package sqlite

import (
	"errors"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"valet/registry/internal/dialect"
)

// IsBusy reports whether another connection holds a lock that may be released.
func (*SQLite) IsBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked || e.Code == sqlite3.ErrProtocol)
}

// Error turns SQLite's errors into the registry's, by result code and where it matters by extended code.
func (s *SQLite) Error(err error) error {
	var e sqlite3.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return &dialect.BusyError{Database: s.Path, Cause: err}
	case sqlite3.ErrFull:
		return &dialect.DiskFullError{Database: s.Path, Cause: err}
	case sqlite3.ErrReadonly:
		reason := ""
		switch e.ExtendedCode {
		case sqlite3.ErrReadonlyRollback, sqlite3.ErrReadonlyRecovery:
			reason = "a writer crashed and left its journal; opening the repository once for writing repairs it"
		case sqlite3.ErrReadonlyCantLock:
			reason = "its directory does not let locks be made"
		case sqlite3.ErrReadonlyDbMoved:
			reason = "the file was moved or replaced while open"
		}
		return &dialect.ReadOnlyError{Database: s.Path, Reason: reason, Cause: err}
	case sqlite3.ErrPerm, sqlite3.ErrAuth:
		return &dialect.ReadOnlyError{Database: s.Path, Reason: "permission denied", Cause: err}
	case sqlite3.ErrNotADB:
		return &dialect.CorruptError{Database: s.Path, Reason: "it is not a SQLite database", Cause: err}
	case sqlite3.ErrCorrupt, sqlite3.ErrFormat:
		return &dialect.CorruptError{Database: s.Path, Reason: e.Error(), Cause: err}
	case sqlite3.ErrCantOpen:
		reason := "unable to open the file"
		if e.ExtendedCode == sqlite3.ErrCantOpenIsDir {
			reason = "it is a directory"
		} else if e.SystemErrno != 0 {
			reason = e.SystemErrno.Error()
		}
		return &dialect.OpenError{Database: s.Path, Reason: reason, Cause: err}
	case sqlite3.ErrIoErr:
		switch {
		case errors.Is(e.SystemErrno, syscall.ENOSPC), errors.Is(e.SystemErrno, syscall.EDQUOT):
			return &dialect.DiskFullError{Database: s.Path, Cause: err}
		case errors.Is(e.SystemErrno, syscall.EROFS), errors.Is(e.SystemErrno, syscall.EACCES), errors.Is(e.SystemErrno, syscall.EPERM):
			return &dialect.ReadOnlyError{Database: s.Path, Reason: e.SystemErrno.Error(), Cause: err}
		}
		return &dialect.IOError{Database: s.Path, Cause: err}
	case sqlite3.ErrConstraint:
		c := &dialect.ConstraintError{Detail: e.Error(), Cause: err}
		switch e.ExtendedCode {
		case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
			c.Kind = dialect.UniqueViolation
		case sqlite3.ErrConstraintForeignKey:
			c.Kind = dialect.ForeignKeyViolation
		case sqlite3.ErrConstraintNotNull:
			c.Kind = dialect.NotNullViolation
		case sqlite3.ErrConstraintCheck:
			c.Kind = dialect.CheckViolation
		}
		return c
	case sqlite3.ErrError:
		// SQLite has no code of its own for a missing table or column; the text is the only sign.
		if text := e.Error(); strings.HasPrefix(text, "no such table") || strings.HasPrefix(text, "no such column") || strings.Contains(text, "has no column named") {
			return &dialect.SchemaError{Database: s.Path, Cause: err}
		}
	}
	return err
}

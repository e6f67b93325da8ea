package dialect

import (
	"fmt"
	"time"
)

// BusyError says that the database stayed locked past the deadline.
type BusyError struct {
	Database string
	Waited   time.Duration
	// Holder describes the process that holds the lock, or is empty.
	Holder string
	Cause  error
}

func (e *BusyError) Error() string {
	by := e.Holder
	if by == "" {
		by = "another process"
	}
	return fmt.Sprintf("database %s is locked by %s; gave up after %s", e.Database, by, e.Waited.Round(time.Second/10))
}
func (e *BusyError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *BusyError) Hint() string {
	return "nothing was changed; try again when the other process is done, or raise the timeout"
}

// UnsettledError says that a transaction ended with an error and may have been stored all the same. What its rows name must stay until the
// database was asked.
type UnsettledError struct {
	Database string
	Cause    error
}

func (e *UnsettledError) Error() string {
	return fmt.Sprintf("database %s did not confirm what was stored: %s", e.Database, e.Cause)
}
func (e *UnsettledError) Unwrap() error { return e.Cause }

// DiskFullError says that the disk has no room for what is to be written.
type DiskFullError struct {
	Database string
	Cause    error
}

func (e *DiskFullError) Error() string {
	return fmt.Sprintf("no space left on the disk of database %s", e.Database)
}
func (e *DiskFullError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *DiskFullError) Hint() string { return "free some space and run the same command again" }

// ReadOnlyError says that the database cannot be written.
type ReadOnlyError struct {
	Database string
	// Reason is empty or says more than "read-only".
	Reason string
	Cause  error
}

func (e *ReadOnlyError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("database %s cannot be written: %s", e.Database, e.Reason)
	}
	return fmt.Sprintf("database %s is read-only", e.Database)
}
func (e *ReadOnlyError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *ReadOnlyError) Hint() string {
	return "check the permissions of the database file and of its directory, which SQLite also writes to"
}

// CorruptError says that the database, or something in it, cannot be what a repository holds.
type CorruptError struct {
	Database string
	Reason   string
	Cause    error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("database %s is damaged: %s", e.Database, e.Reason)
}
func (e *CorruptError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *CorruptError) Hint() string {
	return "restore it from a backup, or look at it with 'PRAGMA integrity_check'; nothing was changed"
}

// OpenError says that the database cannot be opened at all.
type OpenError struct {
	Database string
	Reason   string
	Cause    error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("database %s cannot be opened: %s", e.Database, e.Reason)
}
func (e *OpenError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *OpenError) Hint() string {
	return "check registry.db in butler.yaml and the permissions of the file and its directory"
}

// IOError says that reading or writing the database's file went wrong.
type IOError struct {
	Database string
	Cause    error
}

func (e *IOError) Error() string {
	return fmt.Sprintf("database %s cannot be read or written: %s", e.Database, e.Cause)
}
func (e *IOError) Unwrap() error { return e.Cause }

// Violation is the kind of a violated constraint.
type Violation uint8

// The kinds of constraints.
const (
	OtherViolation Violation = iota
	UniqueViolation
	ForeignKeyViolation
	NotNullViolation
	CheckViolation
)

func (v Violation) String() string {
	return [...]string{"constraint", "uniqueness", "foreign key", "not null", "check"}[v]
}

// ConstraintError says that rows do not satisfy a constraint of the schema.
type ConstraintError struct {
	Kind Violation
	// Detail is the database's own text.
	Detail string
	Cause  error
}

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("%s constraint violated: %s", e.Kind, e.Detail)
}
func (e *ConstraintError) Unwrap() error { return e.Cause }

// SchemaError says that a table or column the registry must have is missing.
type SchemaError struct {
	Database string
	Cause    error
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("database %s does not have the tables of a registry: %s", e.Database, e.Cause)
}
func (e *SchemaError) Unwrap() error { return e.Cause }

// Hint says how to go on.
func (e *SchemaError) Hint() string {
	return "the repository was made by a version that valet does not know, or is not complete"
}

// NotFoundError says that a named thing does not exist.
type NotFoundError struct {
	// Kind is what was looked for: collection, dataset type, dimension record, database.
	Kind string
	Name string
	// Near is an existing name that differs little from Name, or empty.
	Near  string
	Cause error
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("no %s %q", e.Kind, e.Name) }
func (e *NotFoundError) Unwrap() error { return e.Cause }

// ClassName is upstream's exception for it.
func (e *NotFoundError) ClassName() string {
	switch e.Kind {
	case "collection":
		return "lsst.daf.butler._exceptions.MissingCollectionError"
	case "dataset type":
		return "lsst.daf.butler._exceptions.MissingDatasetTypeError"
	case "dimension record":
		return "lsst.daf.butler._exceptions.DataIdValueError"
	}
	return "FileNotFoundError"
}

// Hint suggests the nearest name, or where to look.
func (e *NotFoundError) Hint() string {
	switch {
	case e.Near != "":
		return fmt.Sprintf("did you mean %q?", e.Near)
	case e.Kind == "collection":
		return "list the collections with 'valet query-collections'"
	case e.Kind == "dataset type":
		return "list the dataset types with 'valet query-dataset-types'; new ones need --register-dataset-types"
	case e.Kind == "database":
		return "check registry.db in butler.yaml; was the database moved, or is its disk not mounted?"
	}
	return ""
}

package registry

import (
	"fmt"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
	"valet/registry/internal/planner"
)

// Errors that come from the database or name what is missing. They are made in one place for all databases.
type (
	// NotFoundError says that a collection, dataset type, dimension record or the database itself does not exist.
	NotFoundError = dialect.NotFoundError
	// BusyError says that the database stayed locked past the deadline. Trying again later may help.
	BusyError = dialect.BusyError
	// UnsettledError says that a transaction ended with an error and may have been stored all the same.
	UnsettledError = dialect.UnsettledError
	// DiskFullError says that the disk has no room for what is to be written. Trying again later may help.
	DiskFullError = dialect.DiskFullError
	// ReadOnlyError says that the database cannot be written, or was opened for reading.
	ReadOnlyError = dialect.ReadOnlyError
	// CorruptError says that the database is damaged or holds what a repository cannot hold.
	CorruptError = dialect.CorruptError
	// OpenError says that the database cannot be opened.
	OpenError = dialect.OpenError
	// IOError says that reading or writing the database's file went wrong.
	IOError = dialect.IOError
	// SchemaError says that a table or column every registry has is missing.
	SchemaError = dialect.SchemaError
	// ConstraintError says that rows do not satisfy a constraint of the schema.
	ConstraintError = dialect.ConstraintError
	// UnsupportedError says that a query needs something valet does not do.
	UnsupportedError = planner.UnsupportedError
)

// VersionError says why a registry is refused: a manager or version that valet does not know.
type VersionError struct {
	// Manager is the full class name, or the role if there is none.
	Manager string
	// Stored is the version or class name found, Known what valet supports.
	Stored, Known string
	Reason        string
}

func (e *VersionError) Error() string {
	text := fmt.Sprintf("registry manager %s %s", e.Manager, e.Reason)
	if e.Stored != "" {
		text += fmt.Sprintf(" (stored: %s; known: %s)", e.Stored, e.Known)
	}
	return text
}

// Hint says how to go on.
func (e *VersionError) Hint() string {
	return "this repository was made by a version of the Python stack that this valet does not know; nothing was changed"
}

// ClassName is upstream's exception.
func (e *VersionError) ClassName() string {
	return "lsst.daf.butler.registry.versions.IncompatibleVersionError"
}

// CollectionKindError says that a collection is not of the kind that an operation needs.
type CollectionKindError struct {
	Name         string
	Is, Expected dataset.CollectionKind
}

func (e *CollectionKindError) Error() string {
	return fmt.Sprintf("collection %q is a %s collection, not %s", e.Name, e.Is, e.Expected)
}

// Hint says how to go on.
func (e *CollectionKindError) Hint() string { return "choose another name" }

// ClassName is upstream's exception.
func (e *CollectionKindError) ClassName() string {
	return "lsst.daf.butler._exceptions.CollectionTypeError"
}

// CycleError says that a chain would contain itself.
type CycleError struct{ Parent, Child string }

func (e *CycleError) Error() string {
	if e.Parent == e.Child {
		return fmt.Sprintf("chain %q would contain itself", e.Parent)
	}
	return fmt.Sprintf("chain %q would contain itself through %q", e.Parent, e.Child)
}

// Hint says how to go on.
func (e *CycleError) Hint() string {
	return fmt.Sprintf("leave %q out of the children", e.Child)
}

// ClassName is upstream's exception.
func (e *CycleError) ClassName() string { return "lsst.daf.butler._exceptions.CollectionCycleError" }

// DatasetExistsError says that a run has a dataset of the same type and data ID already, or that the ID is taken.
type DatasetExistsError struct {
	Ref dataset.Ref
	// ID is that of the dataset that exists.
	ID dataset.ID
}

func (e *DatasetExistsError) Error() string {
	if e.ID == e.Ref.ID {
		return fmt.Sprintf("dataset ID %s of %s@%s exists already", e.ID, e.Ref.Type.Name, e.Ref.DataID)
	}
	return fmt.Sprintf("dataset %s@%s exists already in run %q with ID %s", e.Ref.Type.Name, e.Ref.DataID, e.Ref.Run, e.ID)
}

// Hint says how to go on.
func (e *DatasetExistsError) Hint() string {
	return "write to another run, or skip what exists with --skip-existing"
}

// ClassName is upstream's exception.
func (e *DatasetExistsError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.ConflictingDefinitionError"
}

// RefusedError says that valet does not write to a registry that it could read.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "writing datasets is refused: " + e.Reason }

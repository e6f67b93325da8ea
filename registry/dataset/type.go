// Package dataset owns what is stored: dataset types, refs and IDs, and the collections that hold them (repository.md sections
// 6 to 8). It compiles without SQL and without files.
package dataset

import (
	"fmt"
	"regexp"
	"strings"

	"valet/registry/dimension"
)

// Type is a kind of dataset: a name, the dimensions that label its datasets, and the storage class they are read as. Two types
// of one repository are the same if Equal says so. It is immutable once registered.
type Type struct {
	Name         string
	Dimensions   *dimension.Group
	StorageClass string
	// IsCalibration types may have validity ranges in CALIBRATION collections.
	IsCalibration bool
}

var typeName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*$`)

// NameError says why a dataset type cannot have a name.
type NameError struct{ Name, Reason string }

func (e *NameError) Error() string { return fmt.Sprintf("dataset type name %q %s", e.Name, e.Reason) }

// ClassName is upstream's exception.
func (e *NameError) ClassName() string { return "ValueError" }

// Validate checks the name as upstream does: letters, digits and underscores, no governor's name, no component (repository.md 7).
func (t *Type) Validate() error {
	switch {
	case !typeName.MatchString(t.Name):
		return &NameError{t.Name, "must be letters, digits and underscores, not starting with a digit"}
	case strings.Contains(t.Name, "."):
		return &NameError{t.Name, "has a period: components cannot be registered"}
	}
	if t.Dimensions != nil {
		if e := t.Dimensions.Universe.Element(t.Name); e != nil && e.Governor {
			return &NameError{t.Name, "is the name of a governor dimension"}
		}
	}
	return nil
}

// Equal reports whether both definitions agree in everything.
func (t *Type) Equal(o *Type) bool { return *t == *o }

// String shows the definition as DatasetType('name', {dims}, Class) in upstream's style.
func (t *Type) String() string {
	calibration := ""
	if t.IsCalibration {
		calibration = ", isCalibration=True"
	}
	return fmt.Sprintf("DatasetType('%s', %s, %s%s)", t.Name, t.Dimensions, t.StorageClass, calibration)
}

// ConflictError says that a name is registered with another definition.
type ConflictError struct{ Registered, Given *Type }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("dataset type %q is registered as %s, not as %s", e.Registered.Name, e.Registered, e.Given)
}

// ClassName is upstream's exception.
func (e *ConflictError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.ConflictingDefinitionError"
}

// Hint says how to get out of the conflict.
func (e *ConflictError) Hint() string {
	return "choose another name (for metrics: another connections.package or connections.metric), or fix the dimensions"
}

// convertible lists, for each storage class, those it can be read as besides itself (repository.md 7, last paragraph).
var convertible = map[string][]string{
	"TaskMetadata": {"StructuredDataDict", "PropertySet"},
	"PropertySet":  {"TaskMetadata"},
}

var tables = map[string]bool{"ArrowTable": true, "DataFrame": true, "ArrowAstropy": true, "ArrowNumpy": true, "ArrowNumpyDict": true, "ArrowSchema": true}

// Convertible reports whether a dataset stored with one storage class can be read with the other.
func Convertible(stored, wanted string) bool {
	if stored == wanted || tables[stored] && tables[wanted] {
		return true
	}
	for _, c := range convertible[stored] {
		if c == wanted {
			return true
		}
	}
	return false
}

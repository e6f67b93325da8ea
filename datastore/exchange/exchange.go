// Package exchange is the YAML form in which repositories hand over datasets: what 'butler import' and Butler.export write and read. It owns
// the form alone, for version 1.0 of it: a header with the dimension universe, then items of five kinds (dimension records, collections,
// dataset types, datasets, associations with TAGGED and CALIBRATION collections). It knows no repository and no files.
//
// Writing streams. Reading streams where the text is in block style, as both programs write it: a list of records or datasets is parsed some
// hundred entries at a time, so that memory does not grow with their number. Other YAML of the same meaning (flow style, aliases, keys
// after a list) is parsed as a whole, and refused above MaxTree bytes.
//
// It refuses other versions of the form, tags that it does not know, and records of elements that the universe does not have. Scalars are those of
// YAML 1.1, which Python writes: yes is a truth value, 1e3 a text.
package exchange

import (
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Version is that of the form which is written; all with the same first two numbers and a third one of any size are read.
const Version = "1.0.2"

// MaxTree is how many bytes a text may have that cannot be read piece by piece, and a single entry of one that can.
const MaxTree = 32 << 20

// Header says of which universe the records are.
type Header struct {
	Namespace string
	Version   int
}

// Records are dimension records of one element, some of a list that may go on.
type Records struct {
	Element *dimension.Element
	Rows    []Record
}

// Record is a dimension record at a line.
type Record struct {
	Line   int
	Record *dimension.Record
}

// Collection is a collection at a line.
type Collection struct {
	Line int
	dataset.Collection
}

// Type is a dataset type at a line.
type Type struct {
	Line int
	Type *dataset.Type
}

// Datasets are datasets of one type in one run, some of a list that may go on.
type Datasets struct {
	Line      int
	Type, Run string
	Files     []File
}

// File is a file and the datasets that it holds, commonly one.
type File struct {
	Line     int
	Datasets []Dataset
	// Path is relative to the directory of the exported files, absolute, or a URI; it may end in #zip-path=NAME.
	Path string
	// Formatter is the Python class that reads the file; empty is the one that the repository has for the type.
	Formatter string
}

// Dataset is the ID of a dataset and its data ID.
type Dataset struct {
	ID     dataset.ID
	DataID []Named
}

// Named is the value of a dimension, int64 or string.
type Named struct {
	Name  string
	Value any
}

// Associations are members of a TAGGED or CALIBRATION collection, some of a list that may go on.
type Associations struct {
	Line       int
	Collection string
	Kind       dataset.CollectionKind
	Members    []Member
}

// Member is a dataset in a collection; Span is its validity range in a CALIBRATION collection.
type Member struct {
	Line int
	ID   dataset.ID
	Span dimension.Timespan
}

// Error is something wrong with a text.
type Error struct {
	// Name is that of the text, Line the number of a line of it, 0 if the whole is meant.
	Name   string
	Line   int
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Name, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Reason)
}

// Hint says how to go on.
func (e *Error) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *Error) ClassName() string { return "ValueError" }

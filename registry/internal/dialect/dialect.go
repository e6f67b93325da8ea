// Package dialect is the seam between the registry and the databases that can hold one. It owns what differs between them (how
// parameters, IDs, timespans and names are written, how errors are told apart) and what all of them share: the errors the
// registry reports, the text builder, and the reading and writing connections.
//
// It knows no table of the registry. Its weak spot: SQL that is the same in every database is written by the packages above it,
// so a new dialect is only proven by registry/registrytest.
package dialect

import (
	"database/sql/driver"

	"valet/registry/dataset"
)

// Dialect is one kind of database. Implementations are stateless apart from what Open was given and safe for concurrent use.
type Dialect interface {
	// Name is sqlite or postgresql.
	Name() string
	// Rebind turns the question marks of a statement into the database's placeholders. Statements hold question marks for
	// nothing else.
	Rebind(query string) string
	// Quote quotes an identifier in queries.
	Quote(name string) string
	// ObjectName shortens the name of a constraint or index as upstream does for this database (repository.md 3.2).
	ObjectName(name string) string

	// EncodeID and DecodeID convert dataset IDs to and from column values.
	EncodeID(id dataset.ID) driver.Value
	// TextIDs reports whether EncodeID gives ID.Hex.
	TextIDs() bool
	DecodeID(v driver.Value) (dataset.ID, error)

	// TimespanColumns are the columns that hold a timespan, in the order of EncodeTimespan.
	TimespanColumns() []string
	// TimespanBegin and TimespanEnd are expressions for the bounds of the timespan of a table alias. They are NULL if the
	// timespan is.
	TimespanBegin(alias string) string
	TimespanEnd(alias string) string

	// Glob is the operator and the pattern for a case-sensitive match of a whole string, where in the given pattern only * and ?
	// are special and \ escapes * ? [ ] and itself.
	Glob(pattern string) (operator, native string)

	// TimespanDeclaration are the columns of a timespan in CREATE TABLE; required ones default to all time.
	TimespanDeclaration(required bool) []string
	// InMany is the condition that x is one of many integers or strings, with few parameters.
	InMany(x *Text, values []driver.Value) *Text

	// ColumnType is the type of a column in CREATE TABLE, by logical type and declared length (repository.md 3.1).
	ColumnType(t Type, length int) string
	// LengthChecks reports whether short strings get a CHECK constraint (repository.md 3.3).
	LengthChecks() bool

	// Error turns an error of the driver into one of this package's errors, by the driver's extended code. It returns errors
	// that are no driver errors unchanged.
	Error(err error) error
	// IsBusy reports whether err says that another connection holds a lock that may be released.
	IsBusy(err error) bool
	// FindTable is the query that returns a row if there is a table of the name that is its only parameter.
	FindTable() string
	// Explain is the statement that tells how another one will be run, and the column of its rows that says so.
	Explain(query string) (statement string, column int)
	// Begin is the statement that opens a transaction, for writing or for a consistent view.
	Begin(write bool) string
}

// Type is a logical column type of repository.md 3.1.
type Type uint8

// The logical column types.
const (
	Int Type = iota + 1
	SmallInt
	AutoInt // autoincrementing integer primary key
	String
	Float
	Bool
	Hash
	Region
	UUID
	Time      // nanoseconds
	Timestamp // text of the 1.0.0 layout of datasets
	Name      // collection name of the nameKey layout
)
